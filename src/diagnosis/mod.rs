//! From signs to causes: which catalogue entries fit the evidence, which are excluded, and what
//! would settle the rest. Pure: a case in, a diagnosis out.

mod change;
mod conclude;
mod configuration;
mod merge;
mod paths;
mod setting;
pub mod sign;
mod verdict;

pub use change::Change;
pub use conclude::{conclude, conclude_with};
pub use paths::{prove, question};
pub use setting::Setting;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::catalogue::Fault;
use crate::phase::Phase;
use crate::probe::observation::End;
use crate::rights::Rights;
use crate::target::Endpoint;
use sign::Sign;

/// How sure a cause is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// The evidence fits it, and others as well.
    Possible,
    /// The evidence speaks for it; something else is not excluded.
    Likely,
    /// The evidence excludes every other catalogue entry that fits.
    Proven,
}

impl Confidence {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Confidence::Possible => "possible",
            Confidence::Likely => "likely",
            Confidence::Proven => "proven",
        }
    }
}

/// The answer to the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The client can log in and work, as far as was asked.
    Healthy,
    /// Something is wrong for the client.
    Faulty,
    /// It cannot be told from here.
    Inconclusive,
}

impl Verdict {
    /// The process's exit code.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Verdict::Healthy => 0,
            Verdict::Faulty => 1,
            Verdict::Inconclusive => 3,
        }
    }

    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Healthy => "healthy",
            Verdict::Faulty => "faulty",
            Verdict::Inconclusive => "inconclusive",
        }
    }
}

/// How much the evidence speaks for a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// It cannot be excluded.
    Open,
    /// It is the usual reading of the sign.
    Usual,
    /// Something in the evidence points at it in particular.
    Pointed,
    /// The evidence says it: the broker's words, a certificate's dates.
    Shown,
}

/// A piece of evidence. Words are made in `report`.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// A phase ended so.
    Ended {
        /// On which broker.
        broker: Endpoint,
        /// Which phase.
        phase: Phase,
        /// How.
        end: End,
        /// After how many microseconds.
        after_us: u64,
    },
    /// The broker said this.
    BrokerWords {
        /// Which broker.
        broker: Endpoint,
        /// Its words, as they came.
        words: String,
    },
    /// An experiment showed this.
    Experiment {
        /// Its name.
        name: String,
        /// On which broker.
        broker: Endpoint,
        /// The phase at which it ended.
        phase: Phase,
        /// How it ended.
        end: End,
        /// After how many microseconds.
        after_us: u64,
        /// The broker's words.
        words: Option<String>,
    },
    /// The listener offers these mechanisms.
    Offered {
        /// Which broker.
        broker: Endpoint,
        /// The mechanisms, as they came.
        mechanisms: Vec<String>,
    },
    /// Something else, in words; strings from strangers are escaped when printed.
    Says(String),
    /// A statement of a policy, quoted whole.
    Statement {
        /// Where it stands, in words.
        place: String,
        /// As it is written.
        statement: serde_json::Value,
    },
}

/// Where a catalogue entry stands towards a sign.
#[derive(Debug, Clone, PartialEq)]
pub enum Stand {
    /// It fits.
    Fits(Weight, Vec<Fact>),
    /// It is so, and this observation excludes every other entry that would fit the sign.
    Decides(Vec<Fact>, String),
    /// It does not, because of this observation.
    Excluded(String),
    /// It is about something that this client or cluster does not have.
    Foreign,
}

impl Stand {
    /// Fits with nothing more to say.
    #[must_use]
    pub fn open() -> Self {
        Stand::Fits(Weight::Open, Vec::new())
    }

    /// The usual reading.
    #[must_use]
    pub fn usual() -> Self {
        Stand::Fits(Weight::Usual, Vec::new())
    }

    /// Fits, with one fact in words.
    #[must_use]
    pub fn says(weight: Weight, words: impl Into<String>) -> Self {
        Stand::Fits(weight, vec![Fact::Says(words.into())])
    }

    /// Decided by this observation.
    #[must_use]
    pub fn decides(because: impl Into<String>) -> Self {
        let because = because.into();
        Stand::Decides(vec![Fact::Says(because.clone())], because)
    }

    /// Excluded by this observation.
    #[must_use]
    pub fn excluded(because: impl Into<String>) -> Self {
        Stand::Excluded(because.into())
    }
}

/// A cause: an entry of the catalogue, on these brokers, with what speaks for it and against others.
#[derive(Debug, Clone, PartialEq)]
pub struct Cause {
    /// The catalogue entry.
    pub fault: &'static Fault,
    /// How sure.
    pub confidence: Confidence,
    /// The brokers.
    pub subjects: Vec<Endpoint>,
    /// The signs that it explains.
    pub signs: Vec<Sign>,
    /// The phase at which the client meets it.
    pub phase: Phase,
    /// What speaks for it.
    pub evidence: Vec<Fact>,
    /// Symptom codes that are its consequences.
    pub explains: Vec<&'static str>,
    /// Entries that are excluded, with the observation that does so.
    pub ruled_out: Vec<(&'static Fault, String)>,
    /// Entries that fit as well.
    pub not_excluded: Vec<&'static Fault>,
    /// The AWS resource that does it, where the facts name one: the same fault at another is another cause.
    pub at: Option<String>,
    /// Whether the AWS facts prove it, wherever the probes were made.
    pub by_facts: bool,
    /// What would repair it, where the facts tell.
    pub repair: Repair,
}

impl Cause {
    /// Whether it is the client's: the facts prove it, or what was seen from here holds for the client too.
    #[must_use]
    pub fn is_the_clients(&self, case: &Case) -> bool {
        self.by_facts || self.signs.iter().any(|sign| case.shares(sign.needs()))
    }
}

/// Changes of the configuration, tried on a copy of the facts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Repair {
    /// The changes that take the cause away; empty where none is known.
    pub changes: Vec<Change>,
    /// What trying them on a copy of the facts showed.
    pub tried: Tried,
}

/// What trying changes on a copy of the facts showed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tried {
    /// The cause is gone, and something else is still in the way.
    #[default]
    NotEnough,
    /// The cause is gone, and so many paths, which are all, are reachable once the changes of all causes are made.
    Reachable(usize),
    /// The policies allow what they denied.
    Allowed,
    /// They do as far as they could be read.
    AllowedAsRead,
    /// The setting is no longer a fault.
    Mended,
}

/// The result of a check on one subject.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The catalogue entry that was checked.
    pub fault: &'static Fault,
    /// The result.
    pub status: Status,
    /// The broker.
    pub subject: Endpoint,
    /// What was seen.
    pub facts: Vec<Fact>,
}

/// A finding's result.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It is not so.
    Pass,
    /// It works now and will hurt.
    Warning,
    /// It could not be told.
    Unknown,
    /// It is so.
    Fault,
}

/// Something that could not be checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unknown {
    /// What.
    pub what: String,
    /// What it needs.
    pub needs: String,
}

/// The diagnosis of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnosis {
    /// The verdict on the client.
    pub verdict: Verdict,
    /// The causes, the origin first.
    pub causes: Vec<Cause>,
    /// All findings.
    pub findings: Vec<Finding>,
    /// What could not be checked.
    pub unknown: Vec<Unknown>,
    /// The proof of each path; empty without AWS facts.
    pub paths: Vec<crate::vpc::Path>,
    /// What the client's identity may do; `None` where no facts tell of it.
    pub rights: Option<Rights>,
}
