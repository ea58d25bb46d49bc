//! What a report says, as the formats of CI systems have it: items of a level, the worst first.

use super::Report;
use crate::diagnosis::{Status, Verdict};
use crate::gate::Fate;

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
}

impl Item {
    /// `IAM-01 IAM does not allow …`, or the title alone.
    pub fn name(&self) -> String {
        match self.code {
            Some(code) => format!("{code} {}", self.title),
            None => self.title.clone(),
        }
    }
}

/// The items of a report.
pub(super) fn items(report: &Report) -> Vec<Item> {
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
        found.push(Item {
            level: match report.verdict {
                Verdict::Faulty => Level::Error,
                _ => Level::Warning,
            },
            code: Some(cause.code),
            title: format!("{} ({})", cause.title, cause.confidence.name()),
            accepted: accepted(cause.code, &subjects),
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
pub(super) fn headline(report: &Report) -> String {
    let verdict = match report.verdict {
        Verdict::Healthy => "healthy",
        Verdict::Faulty => "faulty",
        Verdict::Inconclusive => "inconclusive",
    };
    let gate = match &report.gate {
        Some(gate) if gate.passed => format!("; the gate lets it through: {}", gate.reason),
        Some(gate) => format!("; the gate does not: {}", gate.reason),
        None => String::new(),
    };
    format!("verdict {verdict}, exit code {}{gate}", report.exit_code)
}
