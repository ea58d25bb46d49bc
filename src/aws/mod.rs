//! What AWS says: credentials and the identity behind them, and the facts of its configuration.

pub mod calls;
pub mod credentials;
mod error;
pub mod files;
pub mod permissions;
pub mod read;
pub mod snapshot;
pub mod temporary;
