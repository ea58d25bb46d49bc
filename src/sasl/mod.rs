//! What a client says to log in: MSK IAM tokens, made and judged, and SCRAM.

pub mod inspect;
pub mod login;
pub mod msk_iam;
pub mod scram;
pub mod token_page;
