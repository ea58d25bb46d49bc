//! What one attempt on one address saw, phase by phase.

mod api_versions;
mod authorise;
mod canary;
mod connect;
mod metadata;
mod sasl;
mod tls;

pub use api_versions::{ApiRange, ApiVersionsDetail};
pub use authorise::{Ask, AuthoriseDetail, RightAnswer, coordinates_the_group, coordinators};
pub use canary::{CanaryDetail, CanaryPart};
pub use connect::{ConnectDetail, TcpInfo};
pub use metadata::{AdvertisedBroker, MetadataDetail, TopicAnswer};
pub use sasl::{Framing, SaslAuthenticateDetail, SaslHandshakeDetail};
pub use tls::{Speaks, TlsDetail};

use std::fmt;
use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::resolve::ResolveDetail;
use crate::phase::Phase;
use crate::target::Endpoint;

/// How a phase ended. FIN and RST are never merged: they come from different places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// The answer that the phase waits for came.
    Answered,
    /// The peer closed in order (FIN, with or without a TLS `close_notify`).
    Fin,
    /// The peer, or something that speaks for it, reset an established connection.
    Rst,
    /// A reset in answer to the SYN.
    Refused,
    /// Nothing came in time.
    Silence,
    /// `EHOSTUNREACH`, `ENETUNREACH` and the like: from this machine or an ICMP message.
    Unreachable,
    /// The peer sent a fatal TLS alert.
    TlsAlert,
    /// The handshake could not go on, on our side.
    TlsError,
    /// A Kafka error code, or a JSON challenge.
    KafkaError,
    /// Bytes that are neither TLS nor Kafka where one of these was due.
    NotKafka,
    /// A malformed, oversized or mismatched frame.
    ProtocolError,
    /// Some bytes of the answer, then none in time.
    Incomplete,
    /// The name does not exist.
    Nxdomain,
    /// The name exists and has no address.
    NoAddress,
    /// The resolver answered with a failure.
    ResolverFailed,
    /// A real client gave up, for a reason of its own (the canary).
    ClientError,
    /// The run was over before the phase was.
    Cancelled,
}

impl End {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            End::Answered => "answered",
            End::Fin => "fin",
            End::Rst => "rst",
            End::Refused => "refused",
            End::Silence => "silence",
            End::Unreachable => "unreachable",
            End::TlsAlert => "tls-alert",
            End::TlsError => "tls-error",
            End::KafkaError => "kafka-error",
            End::NotKafka => "not-kafka",
            End::ProtocolError => "protocol-error",
            End::Incomplete => "incomplete",
            End::Nxdomain => "nxdomain",
            End::NoAddress => "no-address",
            End::ResolverFailed => "resolver-failed",
            End::ClientError => "client-error",
            End::Cancelled => "cancelled",
        }
    }
}

/// Why an attempt was made.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(into = "String", from = "String")]
#[schemars(with = "String")]
pub enum Purpose {
    /// A broker of the bootstrap string.
    Bootstrap,
    /// A broker that `Metadata` named.
    Advertised,
    /// A record written and read back by a real client.
    Canary,
    /// An experiment, by name.
    Experiment(String),
}

impl Purpose {
    /// The experiment's name, if it is one.
    #[must_use]
    pub fn experiment(&self) -> Option<&str> {
        match self {
            Purpose::Experiment(name) => Some(name),
            Purpose::Bootstrap | Purpose::Advertised | Purpose::Canary => None,
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Purpose::Bootstrap => f.write_str("bootstrap"),
            Purpose::Advertised => f.write_str("advertised"),
            Purpose::Canary => f.write_str("canary"),
            Purpose::Experiment(name) => write!(f, "experiment:{name}"),
        }
    }
}

impl From<Purpose> for String {
    fn from(purpose: Purpose) -> Self {
        purpose.to_string()
    }
}

impl From<String> for Purpose {
    fn from(text: String) -> Self {
        match text.as_str() {
            "bootstrap" => Purpose::Bootstrap,
            "advertised" => Purpose::Advertised,
            "canary" => Purpose::Canary,
            other => Purpose::Experiment(
                other
                    .strip_prefix("experiment:")
                    .unwrap_or(other)
                    .to_owned(),
            ),
        }
    }
}

/// The name of the handshake with a large `ClientHello` that is made beside each attempt.
pub const LARGE_HELLO: &str = "large-hello";

/// All that one attempt on one address of one broker saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Observation {
    /// The broker as the client names it.
    pub broker: Endpoint,
    /// The address that was tried; absent when the name gave none.
    pub address: Option<SocketAddr>,
    /// Why the attempt was made.
    pub purpose: Purpose,
    /// The phases in their order; the last one is where the attempt ended.
    pub phases: Vec<PhaseRecord>,
    /// Why the attempt went no further although its last phase was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stop>,
}

impl Observation {
    /// The record of one phase.
    #[must_use]
    pub fn phase(&self, phase: Phase) -> Option<&PhaseRecord> {
        self.phases.iter().find(|record| record.phase == phase)
    }

    /// Whether `phase` was answered.
    #[must_use]
    pub fn answered(&self, phase: Phase) -> bool {
        self.phase(phase)
            .is_some_and(|record| record.end == End::Answered)
    }

    /// The phase at which the attempt failed, if it did.
    #[must_use]
    pub fn failure(&self) -> Option<&PhaseRecord> {
        self.phases
            .last()
            .filter(|record| record.end != End::Answered)
    }

    /// What the TLS phase saw.
    #[must_use]
    pub fn tls(&self) -> Option<&TlsDetail> {
        self.phases.iter().find_map(|record| match &record.detail {
            Detail::Tls(detail) => Some(detail.as_ref()),
            _ => None,
        })
    }

    /// What the connect phase saw.
    #[must_use]
    pub fn connect(&self) -> Option<&ConnectDetail> {
        self.phases.iter().find_map(|record| match &record.detail {
            Detail::Connect(detail) => Some(detail),
            _ => None,
        })
    }

    /// What resolving the name saw.
    #[must_use]
    pub fn resolve(&self) -> Option<&ResolveDetail> {
        self.phases.iter().find_map(|record| match &record.detail {
            Detail::Resolve(detail) => Some(detail),
            _ => None,
        })
    }

    /// What the login saw.
    #[must_use]
    pub fn login(&self) -> Option<&SaslAuthenticateDetail> {
        self.phases.iter().find_map(|record| match &record.detail {
            Detail::SaslAuthenticate(detail) => Some(detail),
            _ => None,
        })
    }

    /// What `SaslHandshake` saw.
    #[must_use]
    pub fn handshake(&self) -> Option<&SaslHandshakeDetail> {
        self.phases.iter().find_map(|record| match &record.detail {
            Detail::SaslHandshake(detail) => Some(detail),
            _ => None,
        })
    }

    /// What the canary learnt.
    #[must_use]
    pub fn canary(&self) -> Option<&CanaryDetail> {
        self.phases.iter().find_map(|record| match &record.detail {
            Detail::Canary(detail) => Some(detail.as_ref()),
            _ => None,
        })
    }

    /// What `Metadata` said, when it was answered.
    #[must_use]
    pub fn metadata(&self) -> Option<&MetadataDetail> {
        self.phases.iter().find_map(|record| match &record.detail {
            Detail::Metadata(detail) if record.end == End::Answered => Some(detail),
            _ => None,
        })
    }

    /// The answers to the requests that ask for rights.
    #[must_use]
    pub fn rights(&self) -> &[RightAnswer] {
        match self.phase(Phase::Authorise).map(|record| &record.detail) {
            Some(Detail::Authorise(detail)) => &detail.answers,
            _ => &[],
        }
    }
}

/// Why an attempt stopped of its own will.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stop {
    /// The phases that were asked for are done.
    Asked,
    /// The certificate was not verified, so no credential was sent.
    UnverifiedBroker,
    /// There is no TLS, so no credential was sent.
    NoTls,
    /// There is no credential.
    NoCredential,
    /// This version cannot log in this way.
    LoginNotTried,
}

/// One phase of one attempt. Times are microseconds since the run began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseRecord {
    /// Which phase.
    pub phase: Phase,
    /// When it began.
    pub start_us: u64,
    /// How long it took.
    pub duration_us: u64,
    /// Bytes written to the socket, TLS records included.
    pub bytes_out: u64,
    /// Bytes read from the socket, TLS records included.
    pub bytes_in: u64,
    /// How it ended.
    pub end: End,
    /// What was learnt.
    pub detail: Detail,
}

/// Start, duration and bytes of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Meter {
    /// Microseconds since the run began.
    pub start_us: u64,
    /// Microseconds.
    pub duration_us: u64,
    /// Bytes written.
    pub bytes_out: u64,
    /// Bytes read.
    pub bytes_in: u64,
}

impl PhaseRecord {
    /// The kernel's figures where no answer came.
    #[must_use]
    pub fn kernel(&self) -> Option<&TcpInfo> {
        match &self.detail {
            Detail::Tls(detail) => detail.tcp.as_ref(),
            Detail::ApiVersions(detail) => detail.tcp.as_ref(),
            Detail::SaslHandshake(detail) => detail.tcp.as_ref(),
            Detail::SaslAuthenticate(detail) => detail.tcp.as_ref(),
            Detail::Metadata(detail) => detail.tcp.as_ref(),
            Detail::Authorise(detail) => detail.tcp.as_ref(),
            _ => None,
        }
    }

    /// Whether what was sent is never acknowledged, though it was sent again: it is lost on the way, for whoever is too busy to answer
    /// has a kernel that acknowledges.
    #[must_use]
    pub fn is_lost_on_the_way(&self) -> bool {
        self.kernel()
            .is_some_and(|tcp| tcp.unacked > 0 && tcp.total_retrans > 0)
    }

    /// A record of `phase` with what `meter` counted.
    #[must_use]
    pub fn new(phase: Phase, meter: Meter, end: End, detail: Detail) -> Self {
        Self {
            phase,
            start_us: meter.start_us,
            duration_us: meter.duration_us,
            bytes_out: meter.bytes_out,
            bytes_in: meter.bytes_in,
            end,
            detail,
        }
    }
}

/// What a phase learnt, by phase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "of", rename_all = "kebab-case")]
pub enum Detail {
    /// Nothing beyond how it ended.
    Nothing {},
    /// See [`ResolveDetail`].
    Resolve(ResolveDetail),
    /// See [`ConnectDetail`].
    Connect(ConnectDetail),
    /// See [`TlsDetail`].
    Tls(Box<TlsDetail>),
    /// See [`ApiVersionsDetail`].
    ApiVersions(ApiVersionsDetail),
    /// See [`SaslHandshakeDetail`].
    SaslHandshake(SaslHandshakeDetail),
    /// See [`SaslAuthenticateDetail`].
    SaslAuthenticate(SaslAuthenticateDetail),
    /// See [`MetadataDetail`].
    Metadata(MetadataDetail),
    /// See [`AuthoriseDetail`].
    Authorise(AuthoriseDetail),
    /// See [`CanaryDetail`].
    Canary(Box<CanaryDetail>),
}
