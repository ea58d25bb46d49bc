//! msk-doctor: where, exactly, a connection to Amazon MSK breaks, why, and what fixes it.

#![warn(missing_docs)]

pub mod aws;
pub mod sasl;
pub mod secret;
