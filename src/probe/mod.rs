//! What the wire says: attempts on brokers, phase by phase.

pub mod attempt;
pub mod certificate;
pub mod io;
pub mod observation;
pub mod resolve;
mod tcp_info;
pub mod tls;
