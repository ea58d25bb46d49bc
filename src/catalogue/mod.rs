//! Every fault that msk-doctor knows, one literal each.
//!
//! `explain`, the pages in `docs/faults/` and every report take their words from here. A code is
//! stable for ever: a retired one is never used again.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::phase::Phase;

mod client;
mod cluster;
mod dns;
mod esm;
mod function;
mod iam;
mod limits;
mod nacl;
mod net;
pub mod pages;
mod route;
mod sasl;
mod security_group;
mod tcp;
mod tls;
mod unseen;

pub use client::*;
pub use cluster::*;
pub use dns::*;
pub use esm::*;
pub use function::*;
pub use iam::*;
pub use limits::*;
pub use nacl::*;
pub use net::*;
pub use route::*;
pub use sasl::*;
pub use security_group::*;
pub use tcp::*;
pub use tls::*;
pub use unseen::{UNSEEN, missing_observation, unseen_words};

/// One thing that can be wrong, in words for the person whose client fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The code, stable for ever: `TCP-01`.
    pub code: &'static str,
    /// What is wrong, as a phrase without a full stop.
    pub title: &'static str,
    /// Where a client meets it.
    pub phase: Phase,
    /// Whose side it is on.
    pub side: Side,
    /// The same in words, short.
    pub place: &'static str,
    /// What happens on the wire, and why.
    pub explanation: &'static str,
    /// What separates it from its look-alikes.
    pub tell: &'static str,
    /// The probe or the API field that shows it.
    pub evidence: &'static str,
    /// What to do, as imperative sentences. Several are steps, or alternatives that begin with "Or".
    pub fix: &'static [&'static str],
    /// What would turn "likely" into "proven": a permission, an experiment, another vantage.
    pub settle: &'static [&'static str],
    /// How well it is known: the strongest that its sources allow.
    pub basis: Basis,
    /// Addresses of the sources.
    pub sources: &'static [&'static str],
}

impl Fault {
    /// The letters before the number: `TCP` of `TCP-01`.
    #[must_use]
    pub fn group(&self) -> &'static str {
        self.code
            .split_once('-')
            .map_or(self.code, |(group, _)| group)
    }
}

/// Whose side a fault is on.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The client: its code, its configuration, its host.
    Client,
    /// The path between client and broker.
    Path,
    /// The broker or the cluster.
    Broker,
    /// AWS configuration: groups, routes, policies, functions.
    Aws,
    /// Not to be told from what is seen.
    Unknown,
}

impl Side {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Side::Client => "client",
            Side::Path => "path",
            Side::Broker => "broker",
            Side::Aws => "aws",
            Side::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How an entry is known, strongest first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// A vendor's page says so, at least in part.
    Documented,
    /// The open source code was read.
    SourceRead,
    /// A client was run against a broker that does this.
    Reproduced,
    /// Public reports of users.
    Reported,
    /// Reasoned from the other entries.
    Inferred,
}

impl Basis {
    /// The basis as words of a sentence.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Basis::Documented => "documented",
            Basis::SourceRead => "read in the source code",
            Basis::Reproduced => "reproduced",
            Basis::Reported => "reported by users",
            Basis::Inferred => "inferred",
        }
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A family of faults: one layer, or one place to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// The letters before the number: `TCP`.
    pub code: &'static str,
    /// What its faults have in common.
    pub title: &'static str,
    /// The faults, by number.
    pub faults: &'static [&'static Fault],
}

/// All groups, from the name to the client's own quirks.
pub static GROUPS: [Group; 14] = [
    Group {
        code: "DNS",
        title: "The name never becomes the right address",
        faults: dns::FAULTS,
    },
    Group {
        code: "RTE",
        title: "Routes: packets have nowhere to go",
        faults: route::FAULTS,
    },
    Group {
        code: "SG",
        title: "Security groups",
        faults: security_group::FAULTS,
    },
    Group {
        code: "NACL",
        title: "Network ACLs",
        faults: nacl::FAULTS,
    },
    Group {
        code: "NET",
        title: "Middleboxes and the path itself",
        faults: net::FAULTS,
    },
    Group {
        code: "TCP",
        title: "What TCP shows",
        faults: tcp::FAULTS,
    },
    Group {
        code: "TLS",
        title: "TLS",
        faults: tls::FAULTS,
    },
    Group {
        code: "SASL",
        title: "SASL: who are you",
        faults: sasl::FAULTS,
    },
    Group {
        code: "IAM",
        title: "IAM and Kafka ACLs: what may you do",
        faults: iam::FAULTS,
    },
    Group {
        code: "LIM",
        title: "Limits and throttles",
        faults: limits::FAULTS,
    },
    Group {
        code: "CLU",
        title: "The cluster's state and addresses",
        faults: cluster::FAULTS,
    },
    Group {
        code: "FN",
        title: "The Lambda function",
        faults: function::FAULTS,
    },
    Group {
        code: "ESM",
        title: "The Lambda event source mapping",
        faults: esm::FAULTS,
    },
    Group {
        code: "CLI",
        title: "What client libraries hide or invent",
        faults: client::FAULTS,
    },
];

/// Every fault, group by group.
pub fn all() -> impl Iterator<Item = &'static Fault> {
    GROUPS.iter().flat_map(|group| group.faults.iter().copied())
}

/// The fault of a code, whatever its case and the space around it.
#[must_use]
pub fn find(code: &str) -> Option<&'static Fault> {
    let code = code.trim();
    all().find(|fault| fault.code.eq_ignore_ascii_case(code))
}

/// The fault whose code a person most likely meant: `tcp1`, `TCP_01`, `TPC-01`.
#[must_use]
pub fn nearest(code: &str) -> Option<&'static Fault> {
    let wanted = normal_form(code)?;
    find(&wanted).or_else(|| {
        all()
            .map(|fault| (edits(&wanted, fault.code), fault))
            .filter(|(distance, _)| *distance <= 2)
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, fault)| fault)
    })
}

/// Letters, a dash and two digits, as far as the input has them. `None` if it is no code at all.
fn normal_form(code: &str) -> Option<String> {
    let kept: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(12)
        .collect();
    let digits = kept
        .find(|c: char| c.is_ascii_digit())
        .unwrap_or(kept.len());
    let (letters, number) = kept.split_at(digits);
    (!letters.is_empty()).then(|| format!("{}-{number:0>2}", letters.to_ascii_uppercase()))
}

/// How many letters have to be added, removed, replaced or swapped with their neighbour.
fn edits(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            table[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = table[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let best = replaced.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
                let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                if swapped {
                    best.min(table[i - 2][j - 2] + 1)
                } else {
                    best
                }
            };
        }
    }
    table[a.len()][b.len()]
}

#[cfg(test)]
mod tests;
