//! What AWS says: credentials and the identity behind them.

pub mod credentials;
