//! The edge that touches the network: each probe asks one question and records what came back.

pub mod resolve;
