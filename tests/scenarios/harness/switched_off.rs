//! Every check matters: with any one of them switched off, the diagnosis of some scenario differs.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use msk_doctor::case::Case;
use msk_doctor::checks::{self, Check};
use msk_doctor::diagnosis::sign::Sign;
use msk_doctor::diagnosis::{Diagnosis, conclude, conclude_with};

use super::Outcome;

/// The cases that the scenarios saved.
static CASES: Mutex<Vec<Case>> = Mutex::new(Vec::new());

/// Checks whose sign no scenario shows yet: the entry, the sign, and what would show it.
const NOT_YET: &[(&str, Sign, &str)] = &[
    (
        "SASL-19",
        Sign::LoginRefused,
        "a session that authenticates again under another principal: a probe logs in once",
    ),
    (
        "SASL-22",
        Sign::LoginRefused,
        "a SCRAM login: msk-doctor makes none yet",
    ),
    (
        "SASL-23",
        Sign::LoginRefused,
        "a SCRAM login: msk-doctor makes none yet",
    ),
];

/// Keeps the case of a scenario.
pub fn keep(saved: &str) -> Outcome<()> {
    let case = serde_json::from_str(saved).map_err(|error| format!("the case: {error}"))?;
    CASES
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(case);
    Ok(())
}

/// The checks that could be taken away without any scenario's noticing, and excuses that are no
/// longer needed.
pub fn idle() -> Vec<String> {
    let cases = CASES.lock().unwrap_or_else(PoisonError::into_inner);
    let full: Vec<String> = cases.iter().map(|case| summary(&conclude(case))).collect();
    let mut idle = BTreeSet::new();
    for check in checks::all() {
        let others = |other: &Check| !std::ptr::eq(other, check);
        let noticed = cases
            .iter()
            .zip(&full)
            .any(|(case, full)| summary(&conclude_with(case, &others)) != *full);
        let excused = NOT_YET
            .iter()
            .any(|(code, sign, _)| *code == check.fault.code && check.explains.contains(sign));
        if noticed == excused {
            idle.insert(format!("{} for {:?}", check.fault.code, check.explains));
        }
    }
    idle.into_iter().collect()
}

/// What a reader of the report would notice.
fn summary(diagnosis: &Diagnosis) -> String {
    let causes: Vec<String> = diagnosis
        .causes
        .iter()
        .map(|cause| {
            let ruled_out: BTreeSet<&str> = cause
                .ruled_out
                .iter()
                .map(|(fault, _)| fault.code)
                .collect();
            let open: BTreeSet<&str> = cause.not_excluded.iter().map(|fault| fault.code).collect();
            format!(
                "{} {:?} {ruled_out:?} {open:?}",
                cause.fault.code, cause.confidence
            )
        })
        .collect();
    format!("{:?} {causes:?}", diagnosis.verdict)
}
