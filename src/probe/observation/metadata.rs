//! What `Metadata` learns.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TcpInfo;
use crate::target::Endpoint;

/// What `Metadata` learnt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MetadataDetail {
    /// The cluster's id.
    pub cluster_id: Option<String>,
    /// The controller's broker id, -1 for none.
    pub controller_id: i32,
    /// The brokers that are alive, and where clients find them.
    pub brokers: Vec<AdvertisedBroker>,
    /// The topics that were asked for.
    pub topics: Vec<TopicAnswer>,
    /// Milliseconds the broker says it held the answer back.
    pub throttle_time_ms: i32,
    /// Whether the request was made without a login.
    pub without_login: bool,
    /// Whether the peer said `close_notify` before it closed.
    pub close_notify: bool,
    /// What was wrong with the answer.
    pub error: Option<String>,
    /// The kernel's figures when no answer came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp: Option<TcpInfo>,
}

/// A broker in an answer to `Metadata`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AdvertisedBroker {
    /// The broker's id.
    pub id: i32,
    /// The host that clients are sent to, as the broker wrote it.
    pub host: String,
    /// The port that clients are sent to, as the broker wrote it.
    pub port: i32,
}

impl AdvertisedBroker {
    /// The endpoint, when host and port can be a broker's.
    #[must_use]
    pub fn endpoint(&self) -> Option<Endpoint> {
        let port = u16::try_from(self.port).ok().filter(|port| *port != 0)?;
        Some(Endpoint::new(&self.host, port)).filter(Endpoint::is_plausible)
    }
}

/// A topic in an answer to `Metadata`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TopicAnswer {
    /// The topic's name.
    pub name: String,
    /// The error code, 0 for none.
    pub error_code: i16,
    /// How many partitions it has.
    pub partitions: usize,
    /// How many of them have no leader.
    pub without_leader: usize,
    /// What the client may do on it, a bit for each operation (KIP-430); `None` where the broker does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operations: Option<i32>,
}

impl TopicAnswer {
    /// Whether an operation is allowed, as far as the broker tells.
    fn allows(&self, operation: u8) -> Option<bool> {
        self.operations.map(|bits| bits >> operation & 1 == 1)
    }

    /// Whether records may be read (`AclOperation.READ`).
    #[must_use]
    pub fn may_read(&self) -> Option<bool> {
        self.allows(3)
    }

    /// Whether records may be written (`AclOperation.WRITE`).
    #[must_use]
    pub fn may_write(&self) -> Option<bool> {
        self.allows(4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_advertised_host_is_a_name_or_an_address() {
        let endpoint = |host: &str, port| {
            let host = host.to_owned();
            let broker = AdvertisedBroker { id: 1, host, port };
            broker.endpoint().map(|endpoint| endpoint.to_string())
        };
        let long = "a".repeat(64);
        for host in [
            "",
            ":",
            "::::",
            "-",
            "-b",
            "b-",
            "..",
            "a..b",
            "1.2.3",
            "999.1.1.1",
            "a:b",
            "a b",
            "[::1]",
            "é",
            &long,
        ] {
            assert_eq!(endpoint(host, 9098), None, "{host:?}");
        }
        for port in [0, -1, 65_536, i32::MIN] {
            assert_eq!(endpoint("b-1.example", port), None, "{port}");
        }
        for (host, want) in [
            ("B-1.Example.", "b-1.example:9098"),
            ("broker_1", "broker_1:9098"),
            ("10.0.0.1", "10.0.0.1:9098"),
            ("2001:db8::1", "[2001:db8::1]:9098"),
        ] {
            assert_eq!(endpoint(host, 9098).as_deref(), Some(want));
        }
    }
}
