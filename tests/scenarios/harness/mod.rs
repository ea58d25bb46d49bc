//! The harness: rows in, processes and network namespaces made, answers compared.

pub mod breadth;
pub mod expect;
pub mod lab;
pub mod net;
pub mod run;
pub mod secrets;
#[path = "../../token/server.rs"]
mod server;
pub mod spec;
pub mod sts;
pub mod switched_off;
#[path = "../../paths/world.rs"]
pub mod world;

/// What went wrong, in words.
pub type Outcome<T> = Result<T, String>;
