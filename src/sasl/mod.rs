//! What a client says to log in: the MSK IAM token, made and judged.

pub mod msk_iam;
