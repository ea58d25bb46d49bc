//! A diagnosis as a gate: what is accepted, from which confidence on a cause fails it, and what it is called then.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::Date;
use time::macros::format_description;

use crate::diagnosis::{Confidence, Status, Verdict};
use crate::report::{Report, ReportCause};

/// Exit codes: passed, a cause fails it, inconclusive.
const PASSED: u8 = 0;
const FAILED: u8 = 1;
const INCONCLUSIVE: u8 = 3;

/// From what on a gate fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum FailOn {
    /// Also what works now and will hurt.
    Warning,
    /// Every cause.
    Possible,
    /// Causes that the evidence speaks for.
    Likely,
    /// Causes that are proven.
    Proven,
}

impl FailOn {
    fn fails(self, confidence: Confidence) -> bool {
        match self {
            Self::Warning | Self::Possible => true,
            Self::Likely => confidence >= Confidence::Likely,
            Self::Proven => confidence == Confidence::Proven,
        }
    }
}

/// A finding that somebody accepts for a time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    /// The catalogue's code.
    pub code: String,
    /// The broker, as `host:port`; without one, all of them.
    pub subject: Option<String>,
    /// Why it is accepted.
    pub reason: String,
    /// Who accepts it.
    pub owner: String,
    /// The last day on which it is accepted, such as `2027-01-31`.
    pub expires: String,
}

/// What is accepted: a file in TOML with a table `[[accepted]]` for each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// The findings.
    #[serde(default)]
    pub accepted: Vec<Accepted>,
}

impl Baseline {
    /// Reads a file's text.
    ///
    /// # Errors
    /// What is wrong with it, with its line and column.
    pub fn read(text: &str) -> Result<Self, String> {
        let baseline: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        for entry in &baseline.accepted {
            day(&entry.expires).ok_or_else(|| {
                format!(
                    "expires = {:?} of {} is no day such as \"2027-01-31\"",
                    entry.expires, entry.code
                )
            })?;
            if crate::catalogue::find(&entry.code).is_none() {
                return Err(format!(
                    "{:?} is no code of the catalogue (msk-doctor explain --list)",
                    entry.code
                ));
            }
        }
        Ok(baseline)
    }
}

fn day(text: &str) -> Option<Date> {
    Date::parse(text, format_description!("[year]-[month]-[day]")).ok()
}

/// How an entry of the baseline fared, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It accepts a finding.
    Accepts,
    /// What it accepts was not found: it can be removed.
    Stale,
    /// Its time is over: it accepts nothing.
    Expired,
}

/// An entry of the baseline, and how it fared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Entry {
    /// The catalogue's code.
    pub code: String,
    /// The broker; `null` for all.
    pub subject: Option<String>,
    /// Why it is accepted.
    pub reason: String,
    /// Who accepts it.
    pub owner: String,
    /// The last day.
    pub expires: String,
    /// How it fared.
    pub fate: Fate,
}

impl Entry {
    /// Whether the two are one entry, however it fared.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        *self
            == Self {
                fate: self.fate,
                ..other.clone()
            }
    }
}

/// The gate's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Gate {
    /// Whether it lets through.
    pub passed: bool,
    /// Why, or why not.
    pub reason: String,
    /// The baseline's entries.
    pub accepted: Vec<Entry>,
}

/// When it lets through.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// From what on it fails.
    pub fail_on: Option<FailOn>,
    /// Whether a verdict that is inconclusive passes.
    pub inconclusive_ok: bool,
    /// What is accepted.
    pub baseline: Baseline,
    /// Today, in UTC.
    pub today: Option<Date>,
}

/// Judges a report; its exit code becomes the gate's.
pub fn judge(report: &mut Report, rules: &Rules) {
    let fail_on = rules.fail_on.unwrap_or(FailOn::Possible);
    let in_time = |entry: &&Accepted| match (day(&entry.expires), rules.today) {
        (Some(last), Some(today)) => last >= today,
        _ => false,
    };
    let accepts = |code: &str, subject: &str| {
        rules.baseline.accepted.iter().filter(in_time).any(|entry| {
            entry.code == code && entry.subject.as_deref().is_none_or(|own| own == subject)
        })
    };
    let is_accepted = |cause: &ReportCause| {
        let mut subjects = cause.subjects.iter().peekable();
        if subjects.peek().is_none() {
            return accepts(cause.code, "");
        }
        subjects.all(|subject| accepts(cause.code, &subject.to_string()))
    };
    let mut failing: Vec<String> = Vec::new();
    // What is seen from elsewhere makes the verdict inconclusive: it is nobody's fault.
    if report.verdict == Verdict::Faulty {
        let causes = report.causes.iter();
        failing.extend(
            causes
                .filter(|cause| fail_on.fails(cause.confidence) && !is_accepted(cause))
                .map(|cause| {
                    format!(
                        "{} {}, {}",
                        cause.code,
                        cause.title,
                        cause.confidence.name()
                    )
                }),
        );
    }
    if fail_on == FailOn::Warning {
        let warnings = report.findings.iter().filter(|finding| {
            finding.status == Status::Warning
                && !accepts(finding.code, &finding.subject.to_string())
        });
        failing.extend(
            warnings.map(|finding| format!("{} {}, a warning", finding.code, finding.title)),
        );
    }
    let accepted = entries(report, rules, in_time);
    let (passed, reason, exit_code) = match (failing.first(), report.verdict) {
        (Some(first), _) => {
            let more = match failing.len() {
                1 => String::new(),
                count => format!(" and {} more", count - 1),
            };
            (false, format!("{first}{more}"), FAILED)
        }
        (None, Verdict::Inconclusive) if !rules.inconclusive_ok => {
            let words = "the verdict is inconclusive (--inconclusive-ok lets it through)";
            (false, words.to_owned(), INCONCLUSIVE)
        }
        (None, Verdict::Inconclusive) => {
            (true, "inconclusive, which is accepted".to_owned(), PASSED)
        }
        (None, Verdict::Healthy) => (true, "healthy".to_owned(), PASSED),
        (None, Verdict::Faulty) => {
            let words = "every cause is accepted, or less sure than what fails";
            (true, words.to_owned(), PASSED)
        }
    };
    report.exit_code = exit_code;
    report.gate = Some(Gate {
        passed,
        reason,
        accepted,
    });
}

/// How each entry of the baseline fared.
fn entries(report: &Report, rules: &Rules, in_time: impl Fn(&&Accepted) -> bool) -> Vec<Entry> {
    let found = |entry: &Accepted| {
        let is_subject = |subject: &dyn fmt::Display| {
            let own = entry.subject.as_deref();
            own.is_none_or(|own| own == subject.to_string())
        };
        let in_causes = report.causes.iter().any(|cause| {
            cause.code == entry.code
                && (cause.subjects.is_empty() || cause.subjects.iter().any(|one| is_subject(one)))
        });
        let in_findings = report.findings.iter().any(|finding| {
            finding.code == entry.code
                && finding.status != Status::Pass
                && is_subject(&finding.subject)
        });
        in_causes || in_findings
    };
    let all = rules.baseline.accepted.iter();
    all.map(|entry| Entry {
        code: entry.code.clone(),
        subject: entry.subject.clone(),
        reason: entry.reason.clone(),
        owner: entry.owner.clone(),
        expires: entry.expires.clone(),
        fate: if !in_time(&entry) {
            Fate::Expired
        } else if found(entry) {
            Fate::Accepts
        } else {
            Fate::Stale
        },
    })
    .collect()
}
