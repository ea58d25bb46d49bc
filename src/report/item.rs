//! What a report says, as the formats of CI systems have it: items of a level, the worst first.

use super::{Combined, Report, Tool};
use crate::diagnosis::{Status, Verdict};
use crate::gate::{Fate, Gate};

/// How many pieces of evidence are told; JSON has all.
const SHOWN: usize = 2;

/// How bad an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// It fails the client.
    Error,
    /// It works now and will hurt, or it is seen from elsewhere.
    Warning,
    /// It is not known.
    Note,
}

impl Level {
    /// The name in SARIF and in GitHub's annotations is nearly the same.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// Something that a report says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// The target's name, where there are several.
    pub target: Option<String>,
    pub level: Level,
    /// The catalogue's code; none for what is not known.
    pub code: Option<&'static str>,
    pub title: String,
    /// The brokers.
    pub subjects: Vec<String>,
    /// Why, and what is seen, in sentences.
    pub text: String,
    /// What to do.
    pub fix: Vec<String>,
    /// Why it does not count, where the baseline accepts it.
    pub accepted: Option<String>,
    /// Whether it makes the exit code 1.
    pub fails: bool,
}

impl Item {
    /// `IAM-01 IAM does not allow …`, or the title alone.
    pub fn name(&self) -> String {
        let name = match self.code {
            Some(code) => format!("{code} {}", self.title),
            None => self.title.clone(),
        };
        match &self.target {
            Some(target) => format!("{target}: {name}"),
            None => name,
        }
    }
}

/// How a target came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Its name, where there are several.
    pub target: Option<String>,
    pub exit_code: u8,
    /// In words.
    pub headline: String,
}

/// What the formats of CI systems tell.
#[derive(Debug)]
pub struct Summary {
    pub(super) tool: Tool,
    pub(super) verdict: Verdict,
    pub(super) exit_code: u8,
    pub(super) duration_ms: u64,
    pub(super) headline: String,
    pub(super) outcomes: Vec<Outcome>,
    /// The worst first.
    pub(super) items: Vec<Item>,
}

impl Summary {
    /// Of one target.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let headline = headline(report.verdict, report.exit_code, report.gate.as_ref());
        Self {
            tool: report.tool.clone(),
            verdict: report.verdict,
            exit_code: report.exit_code,
            duration_ms: report.duration_ms,
            outcomes: vec![Outcome {
                target: None,
                exit_code: report.exit_code,
                headline: headline.clone(),
            }],
            headline,
            items: items(report),
        }
    }

    /// Of several.
    #[must_use]
    pub fn of_all(combined: &Combined) -> Self {
        let mut outcomes = Vec::new();
        let mut all = Vec::new();
        for target in &combined.targets {
            let own = Self::of(&target.report);
            let name = Some(target.name.clone());
            outcomes.extend(own.outcomes.into_iter().map(|outcome| Outcome {
                target: name.clone(),
                ..outcome
            }));
            all.extend(own.items.into_iter().map(|item| Item {
                target: name.clone(),
                ..item
            }));
        }
        all.sort_by_key(|item| item.level);
        Self {
            tool: combined.tool.clone(),
            verdict: combined.verdict,
            exit_code: combined.exit_code,
            duration_ms: combined.duration_ms,
            headline: headline(combined.verdict, combined.exit_code, combined.gate.as_ref()),
            outcomes,
            items: all,
        }
    }
}

/// The items of a report.
fn items(report: &Report) -> Vec<Item> {
    let accepted = |code: &str, subjects: &[String]| {
        let entries = report.gate.iter().flat_map(|gate| &gate.accepted);
        let mut accepts = entries.filter(|entry| {
            let own = entry.subject.as_ref();
            entry.fate == Fate::Accepts
                && entry.code == code
                && own.is_none_or(|own| subjects.contains(own))
        });
        accepts.next().map(|entry| {
            format!(
                "accepted by {} until {}: {}",
                entry.owner, entry.expires, entry.reason
            )
        })
    };
    let mut found = Vec::new();
    for cause in &report.causes {
        let subjects: Vec<String> = cause.subjects.iter().map(ToString::to_string).collect();
        let mut sentences = vec![cause.why.clone()];
        let seen = cause.evidence.iter().take(SHOWN);
        sentences.extend(seen.map(|seen| format!("Seen: {seen}.")));
        let accepted = accepted(cause.code, &subjects);
        let is_error = report.verdict == Verdict::Faulty;
        found.push(Item {
            target: None,
            level: if is_error {
                Level::Error
            } else {
                Level::Warning
            },
            code: Some(cause.code),
            title: format!("{} ({})", cause.title, cause.confidence.name()),
            fails: is_error && accepted.is_none() && report.exit_code == 1,
            accepted,
            subjects,
            text: sentences.join(" "),
            fix: cause.fix.clone(),
        });
    }
    for finding in &report.findings {
        if finding.status != Status::Warning {
            continue;
        }
        let subjects = vec![finding.subject.to_string()];
        found.push(Item {
            target: None,
            fails: false,
            level: Level::Warning,
            code: Some(finding.code),
            title: finding.title.to_owned(),
            accepted: accepted(finding.code, &subjects),
            subjects,
            text: finding.evidence.seen.join(", "),
            fix: Vec::new(),
        });
    }
    if report.verdict != Verdict::Healthy {
        found.extend(report.unknown.iter().map(|unknown| Item {
            target: None,
            fails: false,
            level: Level::Note,
            code: None,
            title: "not known".to_owned(),
            subjects: Vec::new(),
            text: format!("{} (needs: {})", unknown.what, unknown.needs),
            fix: Vec::new(),
            accepted: None,
        }));
    }
    found.sort_by_key(|item| item.level);
    found
}

/// The verdict, what the exit code is, and the gate's word.
fn headline(verdict: Verdict, exit_code: u8, gate: Option<&Gate>) -> String {
    let verdict = verdict.name();
    let gate = match gate {
        Some(gate) if gate.passed => format!("; the gate lets it through: {}", gate.reason),
        Some(gate) => format!("; the gate does not: {}", gate.reason),
        None => String::new(),
    };
    format!("verdict {verdict}, exit code {exit_code}{gate}")
}
