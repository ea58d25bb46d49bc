//! Kafka's wire protocol: frames, the requests that msk-doctor sends, and their answers.
//!
//! Messages are those of the `kafka-protocol` crate; frames and the checks before decoding are
//! ours, because what a broker sends is data from a stranger.

pub mod frame;
mod guard;
pub mod messages;

/// A Kafka error code as it is on the wire; a code we have no name for is kept.
/// <https://kafka.apache.org/protocol#protocol_error_codes>
#[must_use]
pub fn error_name(code: i16) -> String {
    kafka_protocol::error::ResponseError::try_from_code(code)
        .map_or_else(|| format!("error {code}"), |error| error.to_string())
}
