//! What one attempt on one address saw, phase by phase.

use std::fmt;
use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::certificate::CertificateJudgement;
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
    /// An experiment, by name.
    Experiment(String),
}

impl Purpose {
    /// The experiment's name, if it is one.
    #[must_use]
    pub fn experiment(&self) -> Option<&str> {
        match self {
            Purpose::Experiment(name) => Some(name),
            Purpose::Bootstrap | Purpose::Advertised => None,
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Purpose::Bootstrap => f.write_str("bootstrap"),
            Purpose::Advertised => f.write_str("advertised"),
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
            other => Purpose::Experiment(
                other
                    .strip_prefix("experiment:")
                    .unwrap_or(other)
                    .to_owned(),
            ),
        }
    }
}

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

    /// What `Metadata` said, when it was answered.
    #[must_use]
    pub fn metadata(&self) -> Option<&MetadataDetail> {
        self.phases.iter().find_map(|record| match &record.detail {
            Detail::Metadata(detail) if record.end == End::Answered => Some(detail),
            _ => None,
        })
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
}

/// What the kernel said of a TCP connection (Linux: `TCP_INFO`, tcp(7)).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TcpInfo {
    /// Smoothed round-trip time, microseconds.
    pub rtt_us: u32,
    /// Segments sent again, over the whole connection.
    pub total_retrans: u32,
    /// Segments sent and not acknowledged.
    pub unacked: u32,
    /// Segments that came out of order: a later one came, an earlier one did not.
    pub out_of_order: u32,
    /// The sending maximum segment size, bytes.
    pub snd_mss: u32,
    /// The path's maximum transmission unit as the kernel knows it, bytes.
    pub path_mtu: u32,
}

/// What the connect phase learnt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectDetail {
    /// Our own address and port, once the kernel chose them.
    pub local: Option<SocketAddr>,
    /// The error's name, `ECONNREFUSED` and the like.
    pub errno: Option<String>,
    /// The kernel's figures once connected.
    pub tcp: Option<TcpInfo>,
}

/// What the TLS phase learnt.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, each a yes or no of its own"
)]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TlsDetail {
    /// `TLSv1.2` or `TLSv1.3`.
    pub version: Option<String>,
    /// The cipher suite's IANA name.
    pub cipher: Option<String>,
    /// The server name sent (SNI); none for an IP address.
    pub sni: Option<String>,
    /// The fatal alert that the peer sent.
    pub alert_received: Option<String>,
    /// The fatal alert that we sent.
    pub alert_sent: Option<String>,
    /// Our side's reason for ending the handshake.
    pub error: Option<String>,
    /// Whether the broker asked for a client certificate.
    pub client_certificate_requested: bool,
    /// Whether we had one to send.
    pub client_certificate_sent: bool,
    /// Whether a `ServerHello` came.
    pub server_hello: bool,
    /// Whether the peer said `close_notify` before it closed.
    pub close_notify: bool,
    /// The first bytes of an answer that is not TLS, in hexadecimal.
    pub first_bytes: Option<String>,
    /// What those bytes are.
    pub speaks: Option<Speaks>,
    /// The chain and the verdicts on it.
    pub certificate: Option<CertificateJudgement>,
    /// The kernel's figures when the phase failed.
    pub tcp: Option<TcpInfo>,
}

/// What the first bytes of an answer are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Speaks {
    /// A TLS alert record.
    TlsAlert,
    /// Another TLS record.
    Tls,
    /// An HTTP answer.
    Http,
    /// An SSH banner.
    Ssh,
    /// A Kafka frame.
    Kafka,
    /// Something else.
    Unknown,
}

/// The versions of one request that a broker knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApiRange {
    /// The request's API key.
    pub key: i16,
    /// Its lowest version.
    pub min: i16,
    /// Its highest version.
    pub max: i16,
}

/// What `ApiVersions` learnt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApiVersionsDetail {
    /// The error code, 0 for none.
    pub error_code: i16,
    /// The versions of the requests that we use.
    pub versions: Vec<ApiRange>,
    /// How many requests the broker knows.
    pub keys: usize,
    /// Milliseconds the broker says it held the answer back.
    pub throttle_time_ms: i32,
    /// What was wrong with the answer.
    pub error: Option<String>,
    /// Whether the peer said `close_notify` before it closed.
    pub close_notify: bool,
    /// The first bytes of an answer that is not Kafka, in hexadecimal.
    pub first_bytes: Option<String>,
    /// What those bytes are.
    pub speaks: Option<Speaks>,
}

/// What `SaslHandshake` learnt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SaslHandshakeDetail {
    /// The request's version: 0 (a bare token follows) or 1 (`SaslAuthenticate` follows).
    pub version: i16,
    /// The mechanism asked for.
    pub mechanism: String,
    /// The error code, 0 for none.
    pub error_code: i16,
    /// The mechanisms that the listener offers.
    pub offered: Vec<String>,
    /// Whether the peer said `close_notify` before it closed.
    #[serde(default)]
    pub close_notify: bool,
    /// What was wrong with the answer.
    pub error: Option<String>,
}

/// How a token is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Framing {
    /// In `SaslAuthenticate`, so that the broker can say why it refuses (KIP-152).
    #[default]
    SaslAuthenticate,
    /// Bare, after `SaslHandshake` v0: a refusal is a close without words.
    Bare,
}

/// What the login learnt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SaslAuthenticateDetail {
    /// How the token was carried.
    pub framing: Framing,
    /// The error code, 0 for none.
    pub error_code: i16,
    /// The broker's words.
    pub error_message: Option<String>,
    /// The JSON challenge of RFC 7628, 3.2.2.
    pub challenge: Option<String>,
    /// How long the session lasts, milliseconds (KIP-368); 0 when the broker sets no limit.
    pub session_lifetime_ms: i64,
    /// Whether the peer said `close_notify` before it closed.
    pub close_notify: bool,
    /// What was wrong with the answer.
    pub error: Option<String>,
    /// The kernel's figures when no answer came.
    pub tcp: Option<TcpInfo>,
}

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
    /// The endpoint, when host and port are usable ones.
    #[must_use]
    pub fn endpoint(&self) -> Option<Endpoint> {
        let port = u16::try_from(self.port).ok().filter(|port| *port != 0)?;
        let usable = !self.host.is_empty()
            && self.host.len() <= 253
            && self
                .host
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-._:".contains(c));
        usable.then(|| Endpoint::new(&self.host, port))
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
}
