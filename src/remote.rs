//! The diagnosis from inside the VPC: what is created for it, and what is asked there.

pub mod event;
pub mod plan;
pub mod tags;
