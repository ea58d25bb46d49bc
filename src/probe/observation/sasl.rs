//! What the login learns.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TcpInfo;

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
    /// The kernel's figures when no answer came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp: Option<TcpInfo>,
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
    /// How many messages of the mechanism were sent: SCRAM has two.
    #[serde(default)]
    pub messages: u8,
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

impl SaslAuthenticateDetail {
    /// The error that ended the login, where it is none that says "refused" (`SASL_AUTHENTICATION_FAILED`, 58).
    #[must_use]
    pub fn other_error(&self) -> Option<i16> {
        let refused = matches!(self.error_code, 0 | 58) || self.challenge.is_some();
        (!refused).then_some(self.error_code)
    }
}
