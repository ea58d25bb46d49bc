//! msk-doctor: where, exactly, a connection to Amazon MSK breaks, why, and what fixes it.
//!
//! ```text
//! Target ──> Observations (probes) ──> Case ──> Findings ──> Diagnosis ──> Report ──> text, json
//!                   ▲                                            │
//!                   └──────────── experiments ◄──────────────────┘
//! ```

#![warn(missing_docs)]

pub mod aws;
pub mod canary;
pub mod case;
pub mod catalogue;
pub mod checks;
pub mod cli;
pub mod clients;
pub mod compare;
pub mod diagnosis;
pub mod experiments;
pub mod explain;
pub mod gate;
pub mod iam;
pub mod kafka;
pub mod lab;
pub mod machine;
pub mod named;
pub mod package;
pub mod phase;
pub mod pipeline;
pub mod probe;
pub mod redact;
pub mod remote;
pub mod report;
pub mod rights;
pub mod sasl;
pub mod secret;
pub mod target;
pub mod text;
pub mod vpc;
