//! What to check: brokers, authentication, region. Parsed once, at the edge.

mod bootstrap;
mod msk_name;

pub use bootstrap::{BootstrapError, parse_bootstrap};
pub use msk_name::{Flavour, MskName, is_region};

use std::fmt;
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a client authenticates, and over what: the port's role on MSK.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum Auth {
    /// SASL over TLS with an MSK IAM token.
    Iam,
    /// SASL/SCRAM over TLS.
    Scram,
    /// TLS with a client certificate.
    Mtls,
    /// TLS without a client certificate.
    Tls,
    /// Neither TLS nor SASL.
    Plaintext,
}

impl Auth {
    /// Whether the client opens with a TLS `ClientHello`.
    #[must_use]
    pub fn uses_tls(self) -> bool {
        self != Auth::Plaintext
    }

    /// The authentication that the listener on `port` expects on MSK.
    /// <https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html>
    #[must_use]
    pub fn of_port(port: u16) -> Option<Auth> {
        match port {
            9098 | 9198 | 20098 => Some(Auth::Iam),
            9096 | 9196 | 20096 => Some(Auth::Scram),
            9094 | 9194 | 20094 => Some(Auth::Tls),
            9092 | 20092 => Some(Auth::Plaintext),
            _ => None,
        }
    }

    /// The name on the command line and in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Auth::Iam => "iam",
            Auth::Scram => "scram",
            Auth::Mtls => "mtls",
            Auth::Tls => "tls",
            Auth::Plaintext => "plaintext",
        }
    }
}

/// A broker's address as a client is given it: a name or an IP address, and a port.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(into = "String", try_from = "String")]
#[schemars(with = "String")]
pub struct Endpoint {
    /// Lower case, without a trailing dot; an IPv6 address without brackets.
    pub host: String,
    /// 1 to 65535.
    pub port: u16,
}

impl Endpoint {
    /// An endpoint with `host` in its canonical form.
    #[must_use]
    pub fn new(host: &str, port: u16) -> Self {
        Self {
            host: host.trim_end_matches('.').to_ascii_lowercase(),
            port,
        }
    }

    /// Whether the host is an IP address or can be a name (RFC 1123, and the underscore that
    /// people use).
    #[must_use]
    pub fn is_plausible(&self) -> bool {
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        };
        let numeric = self.host.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let name = !numeric && self.host.len() <= 253 && self.host.split('.').all(label);
        name || self.ip().is_some()
    }

    /// The host as an IP address, when it is one.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl From<Endpoint> for String {
    fn from(endpoint: Endpoint) -> Self {
        endpoint.to_string()
    }
}

impl TryFrom<String> for Endpoint {
    type Error = String;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (host, port) = text
            .rsplit_once(':')
            .ok_or_else(|| format!("{text:?} is not host:port"))?;
        let port = port
            .parse()
            .map_err(|_| format!("{text:?} has no valid port"))?;
        Ok(Self::new(
            host.trim_start_matches('[').trim_end_matches(']'),
            port,
        ))
    }
}

/// Where a broker's address came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The bootstrap string.
    Bootstrap,
    /// A broker's answer to `Metadata`.
    Advertised,
}

/// One broker to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TargetBroker {
    /// The host name or address.
    pub name: String,
    /// The port.
    pub port: u16,
    /// Where it came from.
    pub from: Origin,
}

impl TargetBroker {
    /// The broker's endpoint.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint {
        Endpoint::new(&self.name, self.port)
    }
}

/// The whole question: brokers, how the client logs in, and what else is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// How the client authenticates.
    pub auth: Auth,
    /// The region that tokens are signed for.
    pub region: Option<String>,
    /// The region that the broker names state.
    pub region_of_names: Option<String>,
    /// The cluster's name, when the broker names or the user state it.
    pub cluster: Option<String>,
    /// The function on whose behalf the question is asked.
    pub function: Option<String>,
    /// The topic to ask for.
    pub topic: Option<String>,
    /// The consumer group to ask for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The transactional id to ask for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transactional_id: Option<String>,
    /// The brokers of the bootstrap string, in its order, without duplicates.
    pub brokers: Vec<TargetBroker>,
}

impl Target {
    /// Whether rights are asked for: on a topic, a group or a transactional id.
    #[must_use]
    pub fn asks_for_rights(&self) -> bool {
        let named = [&self.topic, &self.group, &self.transactional_id];
        named.into_iter().any(Option::is_some)
    }

    /// A target from bootstrap endpoints; region and cluster are read from their names, the
    /// authentication from the first port whose role is known, else IAM.
    #[must_use]
    pub fn from_endpoints(endpoints: &[Endpoint]) -> Self {
        let names: Vec<MskName> = endpoints
            .iter()
            .filter_map(|endpoint| MskName::parse(&endpoint.host))
            .collect();
        let region_of_names = names.first().map(|name| name.region.clone());
        let auth = endpoints
            .iter()
            .find_map(|endpoint| Auth::of_port(endpoint.port))
            .or_else(|| names.iter().find_map(|name| name.scheme))
            .unwrap_or(Auth::Iam);
        Self {
            auth,
            region: region_of_names.clone(),
            region_of_names,
            cluster: names.iter().find_map(|name| name.cluster.clone()),
            function: None,
            topic: None,
            group: None,
            transactional_id: None,
            brokers: endpoints
                .iter()
                .map(|endpoint| TargetBroker {
                    name: endpoint.host.clone(),
                    port: endpoint.port,
                    from: Origin::Bootstrap,
                })
                .collect(),
        }
    }
}
