//! What `ApiVersions` learns.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Speaks, TcpInfo};

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
    /// The kernel's figures when no answer came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp: Option<TcpInfo>,
}
