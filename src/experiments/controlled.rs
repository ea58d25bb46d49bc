//! A changed attempt beside the usual one, in an order that neither turns nor chance make: a load balancer with one bad target fails every
//! second connection.

use crate::phase::Phase;
use crate::probe::attempt::{Knobs, Plan, When};
use crate::probe::observation::Observation;

/// Which attempts are changed. Turns differ from it at the third, and a coin fares so once in 64 times.
const CHANGED: [bool; 6] = [true, false, false, true, true, false];

/// How many connections it takes at most.
pub(super) const CONNECTIONS: u32 = 6;

/// The attempts: each is made only while the changed ones are answered and the usual ones are not.
pub(super) fn plans(changed: &Plan) -> Vec<Plan> {
    let mut when = When::Always;
    let mut plans = Vec::with_capacity(CHANGED.len());
    for is_changed in CHANGED {
        let knobs = if is_changed {
            changed.knobs.clone()
        } else {
            Knobs {
                patience: changed.knobs.patience,
                ..Knobs::default()
            }
        };
        plans.push(Plan {
            knobs: Knobs { when, ..knobs },
            ..changed.clone()
        });
        when = if is_changed {
            When::Answered
        } else {
            When::Failed
        };
    }
    plans
}

/// What the attempts showed.
pub(super) enum Outcome<'a> {
    /// Each changed one was answered, and no usual one was.
    Mends(&'a Observation),
    /// The first changed one was not answered either.
    FaresNoBetter,
    /// A usual one was answered: what ended the first comes and goes.
    ComesAndGoes,
}

/// What the attempts showed up to `phase`; `None` where they show nothing.
pub(super) fn outcome<'a>(answers: &[&'a Observation], phase: Phase) -> Option<Outcome<'a>> {
    let first = *answers.first()?;
    if !first.answered(phase) {
        return Some(Outcome::FaresNoBetter);
    }
    let mut usual = answers.iter().zip(CHANGED).filter(|(_, changed)| !changed);
    if usual.any(|(answer, _)| answer.answered(phase)) {
        return Some(Outcome::ComesAndGoes);
    }
    let mut changed = answers.iter().zip(CHANGED).filter(|(_, changed)| *changed);
    let all = answers.len() == CHANGED.len() && changed.all(|(answer, _)| answer.answered(phase));
    all.then_some(Outcome::Mends(first))
}
