//! What a client says to log in: the MSK IAM token, made and judged.

pub mod inspect;
pub mod msk_iam;
pub mod token_page;
