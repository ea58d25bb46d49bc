//! msk-doctor: where, exactly, a connection to Amazon MSK breaks, why, and what fixes it.
//!
//! ```text
//! Target ──> Observations (probes) ──> Case ──> Findings ──> Diagnosis ──> Report ──> text, json
//!                   ▲                                            │
//!                   └──────────── experiments ◄──────────────────┘
//! ```

#![warn(missing_docs)]

pub mod phase;
pub mod target;
pub mod kafka;
pub mod probe;
pub mod case;
pub mod catalogue;
pub mod checks;
pub mod diagnosis;
