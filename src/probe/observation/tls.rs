//! What the TLS handshake learns.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TcpInfo;
use crate::probe::certificate::CertificateJudgement;

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
