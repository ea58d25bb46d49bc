//! The reports on several named targets, as one.

use schemars::JsonSchema;
use serde::Serialize;

use super::{REPORT_SCHEMA, Report, ReportCause, ReportFinding, Tool};
use crate::diagnosis::{Unknown, Verdict};
use crate::gate::{Entry, Gate};

/// What belongs to a target.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OfTarget<T> {
    /// The target's name in the configuration.
    pub target: String,
    /// What belongs to it.
    #[serde(flatten)]
    pub own: T,
}

/// A target's own report.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TargetReport {
    /// Its name in the configuration.
    pub name: String,
    /// Its report.
    pub report: Report,
}

/// The reports on several targets: the worst verdict, and all that was found.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Combined {
    /// [`REPORT_SCHEMA`].
    pub schema: u32,
    /// What made it.
    pub tool: Tool,
    /// `faulty` where one is, else `inconclusive` where one is.
    pub verdict: Verdict,
    /// 1 where one has 1, else 3 where one has 3.
    pub exit_code: u8,
    /// The gate's word on all of them.
    pub gate: Option<Gate>,
    /// When the first run began, RFC 3339.
    pub started: String,
    /// How long they took together, milliseconds.
    pub duration_ms: u64,
    /// Whether every run came to its end.
    pub complete: bool,
    /// The causes of all.
    pub causes: Vec<OfTarget<ReportCause>>,
    /// What was checked.
    pub findings: Vec<OfTarget<ReportFinding>>,
    /// What could not be checked.
    pub unknown: Vec<OfTarget<Unknown>>,
    /// Each target's report.
    pub targets: Vec<TargetReport>,
}

impl Combined {
    /// The reports as one; `unasked` are the targets that an interrupted run did not come to.
    #[must_use]
    pub fn new(targets: Vec<TargetReport>, unasked: &[String]) -> Self {
        fn of<T: Clone>(name: &str, all: &[T]) -> Vec<OfTarget<T>> {
            let all = all.iter().cloned();
            let named = all.map(|own| OfTarget {
                target: name.to_owned(),
                own,
            });
            named.collect()
        }
        let each = || {
            targets
                .iter()
                .map(|target| (target.name.as_str(), &target.report))
        };
        let has = |verdict| each().any(|(_, report)| report.verdict == verdict);
        let verdict = if has(Verdict::Faulty) {
            Verdict::Faulty
        } else if has(Verdict::Inconclusive) || !unasked.is_empty() {
            Verdict::Inconclusive
        } else {
            Verdict::Healthy
        };
        let mut codes: Vec<u8> = each().map(|(_, report)| report.exit_code).collect();
        codes.extend(unasked.iter().map(|_| 3));
        let exit_code = [1, 3].into_iter().find(|code| codes.contains(code));
        let mut unknown: Vec<OfTarget<Unknown>> = each()
            .flat_map(|(name, report)| of(name, &report.unknown))
            .collect();
        unknown.extend(unasked.iter().map(|name| OfTarget {
            target: name.clone(),
            own: Unknown {
                what: "the whole target: the run was ended before it".to_owned(),
                needs: "another run".to_owned(),
            },
        }));
        Self {
            schema: REPORT_SCHEMA,
            tool: Tool::own(),
            verdict,
            exit_code: exit_code.unwrap_or(0),
            gate: gate(&targets, unasked),
            started: each()
                .map(|(_, report)| report.started.clone())
                .min()
                .unwrap_or_default(),
            duration_ms: each().fold(0, |sum, (_, report)| sum.saturating_add(report.duration_ms)),
            complete: unasked.is_empty() && each().all(|(_, report)| report.complete),
            causes: each()
                .flat_map(|(name, report)| of(name, &report.causes))
                .collect(),
            findings: each()
                .flat_map(|(name, report)| of(name, &report.findings))
                .collect(),
            unknown,
            targets,
        }
    }
}

/// The gate's word on all: that on the first that it does not let through.
fn gate(targets: &[TargetReport], unasked: &[String]) -> Option<Gate> {
    let gates: Vec<(&str, &Gate)> = targets
        .iter()
        .filter_map(|target| Some((target.name.as_str(), target.report.gate.as_ref()?)))
        .collect();
    if gates.is_empty() {
        return None;
    }
    let mut stopped: Vec<String> = gates
        .iter()
        .filter(|(_, gate)| !gate.passed)
        .map(|(name, gate)| format!("{name}: {}", gate.reason))
        .collect();
    stopped.extend(unasked.iter().map(|name| format!("{name}: not asked")));
    // A file that several targets share is said once; what accepts something in one of them is not stale.
    let mut accepted: Vec<Entry> = Vec::new();
    for entry in gates.iter().flat_map(|(_, gate)| &gate.accepted) {
        match accepted.iter_mut().find(|own| own.is_same(entry)) {
            Some(own) => own.fate = own.fate.min(entry.fate),
            None => accepted.push(entry.clone()),
        }
    }
    Some(Gate {
        passed: stopped.is_empty(),
        reason: if stopped.is_empty() {
            match gates.len() {
                1 => "the target passes".to_owned(),
                count => format!("all {count} targets pass"),
            }
        } else {
            stopped.join("; ")
        },
        accepted,
    })
}
