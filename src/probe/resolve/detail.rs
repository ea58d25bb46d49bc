//! What is recorded of one resolution; it serialises into the report.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What resolving one name showed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResolveDetail {
    /// Where the addresses to dial come from.
    pub source: ResolveSource,
    /// What the application was given; `None` when nothing was asked, or cancelled before an answer.
    pub application: Option<ApplicationAnswer>,
    /// One entry per question put to a name server, in the order of servers, names and types.
    pub wire: Vec<WireAnswer>,
    /// Why the system's resolver configuration could not be read; then no configured server is asked on the wire.
    pub configuration_error: Option<String>,
}

impl ResolveDetail {
    pub(super) fn without_asking(source: ResolveSource) -> Self {
        Self {
            source,
            application: None,
            wire: Vec::new(),
            configuration_error: None,
        }
    }
}

/// Where the addresses to dial come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ResolveSource {
    /// getaddrinfo.
    System,
    /// Name servers that were named in place of the system's.
    Servers,
    /// `--resolve`.
    Flag,
    /// The target was an IP address.
    Literal,
}

/// What the application gets: getaddrinfo's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ApplicationAnswer {
    /// In the order given (RFC 6724), which is the order clients dial in.
    pub addresses: Vec<IpAddr>,
    /// The name of the error code, as `EAI_NONAME`; a code without a name as its number.
    pub error: Option<String>,
    /// `errno`, where the error is `EAI_SYSTEM`.
    pub os_error: Option<i32>,
    /// No answer within the timeout; neither addresses nor an error.
    pub silent: bool,
    /// How long the answer took, in microseconds.
    pub duration_us: u64,
}

/// What one name server said to one question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WireAnswer {
    /// The server asked.
    pub server: SocketAddr,
    /// Whether the system's configuration names it; false for one that only `--dns-server` gave.
    pub configured: bool,
    /// The name as asked, with its search suffix if any.
    pub name: String,
    /// `A` or `AAAA`.
    pub record_type: String,
    /// The response code by its name in the IANA registry, as `NXDOMAIN`; one without a name as its number.
    pub rcode: Option<String>,
    /// The addresses at the end of the alias chain, at most 128.
    pub addresses: Vec<IpAddr>,
    /// The alias chain from the name asked, in order, without trailing dots.
    pub cnames: Vec<String>,
    /// The least time to live in the chain and its addresses, in seconds.
    pub ttl_s: Option<u32>,
    /// From the question to its end, in microseconds.
    pub duration_us: u64,
    /// How the exchange ended.
    pub end: WireEnd,
    /// The answer over UDP was truncated, so it was asked for again over TCP (RFC 7766); `end` is then TCP's.
    pub truncated_then_tcp: bool,
}

/// How one exchange with a name server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WireEnd {
    /// A DNS answer to our question, whatever its response code.
    Answered,
    /// Nothing within the timeout.
    Silence,
    /// This machine could not send there, or the network said that there is no way.
    Unreachable,
    /// ICMP port unreachable, or a RST: nothing listens there. (A server that declines has the rcode `REFUSED`.)
    Refused,
    /// Something came, but no DNS answer to our question.
    Malformed,
    /// Stopped before it ended.
    Cancelled,
}

/// Whole microseconds, for a report.
pub(super) fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
