//! The phases of one connection, in the order that the wire imposes.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One step on the way from a host name to a working Kafka client.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The name becomes addresses (DNS).
    Resolve,
    /// The TCP handshake (RFC 9293, 3.5).
    Connect,
    /// The TLS handshake (RFC 8446), and alerts that come after it.
    Tls,
    /// `ApiVersions`: the first Kafka request, allowed before a login (KIP-35).
    ApiVersions,
    /// `SaslHandshake`: the choice of a mechanism (KIP-43).
    SaslHandshake,
    /// `SaslAuthenticate` (KIP-152), or the bare token after `SaslHandshake` v0.
    SaslAuthenticate,
    /// `Metadata`: which brokers there are, and where.
    Metadata,
    /// Requests whose answer shows a right on a topic, group or transaction.
    Authorise,
    /// A record written and read back by a real client.
    Canary,
}

impl Phase {
    /// All phases, first to last.
    pub const ALL: [Phase; 9] = [
        Phase::Resolve,
        Phase::Connect,
        Phase::Tls,
        Phase::ApiVersions,
        Phase::SaslHandshake,
        Phase::SaslAuthenticate,
        Phase::Metadata,
        Phase::Authorise,
        Phase::Canary,
    ];

    /// The name in reports and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Phase::Resolve => "resolve",
            Phase::Connect => "connect",
            Phase::Tls => "tls",
            Phase::ApiVersions => "api-versions",
            Phase::SaslHandshake => "sasl-handshake",
            Phase::SaslAuthenticate => "sasl-authenticate",
            Phase::Metadata => "metadata",
            Phase::Authorise => "authorise",
            Phase::Canary => "canary",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
