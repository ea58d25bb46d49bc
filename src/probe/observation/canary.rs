//! What the canary learns: a record written and read back by a real client.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What became of the record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CanaryDetail {
    /// What names the run in the record's key and header.
    pub run: String,
    /// The client's library and its version.
    pub client: String,
    /// The topic.
    pub topic: String,
    /// Whether the record may have reached a broker: it was handed to the client after it had connected.
    pub sent: bool,
    /// The partition that it was written to.
    pub partition: Option<i32>,
    /// Its offset there.
    pub offset: Option<i64>,
    /// From the client's start until it knew the topic, login included, microseconds.
    pub connect_us: Option<u64>,
    /// From the record's hand-over until it was acknowledged by all replicas in sync, microseconds.
    pub write_us: Option<u64>,
    /// From then until it was read back, the consumer's own connection and login included, microseconds.
    pub read_us: Option<u64>,
    /// Whether names were resolved by the client itself although addresses were given for them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_overrides: bool,
    /// The part that failed.
    pub failed: Option<CanaryPart>,
    /// The broker's error code, 0 for none.
    pub error_code: i16,
    /// The client's words.
    pub error: Option<String>,
    /// What it logged last, where it failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
}

/// The parts of a canary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CanaryPart {
    /// The client connects, logs in, and learns where the topic is.
    Connect,
    /// The record is written.
    Write,
    /// The record is read back.
    Read,
}

impl CanaryPart {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            CanaryPart::Connect => "connecting",
            CanaryPart::Write => "writing",
            CanaryPart::Read => "reading back",
        }
    }
}
