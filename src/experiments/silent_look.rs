//! A connection on which nothing is said: whether it is what we say that ends it.

use std::time::Duration;

use super::{Cost, Experiment, Move, fact, says};
use crate::diagnosis::sign::Sign;
use crate::diagnosis::{Stand, Weight};
use crate::phase::Phase;
use crate::probe::attempt::{Knobs, Plan, When};
use crate::probe::observation::{End, Observation};

/// Whoever turns connections away does it sooner, or after as long as the one that spoke was held.
const LOOK: Duration = Duration::from_millis(500);
/// Who holds them for longer is not waited for.
const LONGEST: Duration = Duration::from_millis(2_500);

inventory::submit!(Experiment {
    name: "silent-look",
    question: "what becomes of a connection on which nothing is said?",
    parts: &[&["LIM-04", "LIM-05"], &["NET-03", "TLS-02", "TLS-06", "TLS-12", "TLS-11"]],
    cost: Cost {
        waits: LOOK,
        connections: 3,
        ..Cost::CONNECTION
    },
    brokers: 1,
    signs: &[Sign::TlsClosed],
    useful: |_, _| true,
    plans: |case, phase, plan| {
        let held = case
            .attempts()
            .filter(|o| o.broker == plan.broker)
            .filter_map(|o| o.phase(phase))
            .map(|record| Duration::from_micros(record.duration_us))
            .max();
        let look = LOOK + held.unwrap_or_default();
        // What stays open tells something only where one that speaks is still ended, and not once by chance: a rate lets one in.
        let spoken = Plan {
            until: Phase::Tls,
            mechanism: None,
            ..plan.clone()
        };
        let silent = Plan {
            until: Phase::Connect,
            knobs: Knobs {
                listen: Some(look.min(LONGEST)),
                ..Knobs::default()
            },
            ..spoken.clone()
        };
        let again = Plan {
            knobs: Knobs {
                when: When::Failed,
                ..silent.knobs.clone()
            },
            ..silent.clone()
        };
        vec![silent, spoken, again]
    },
    moves: |case, seen, answers| {
        let idle = |answer: &Observation| answer.connect().and_then(|connect| connect.idle);
        match answers {
            [silent, spoken, again]
                if !spoken.answered(Phase::Tls)
                    && [silent, again].map(|own| idle(own)) == [Some(End::Silence); 2] =>
            {
                let because = "a connection on which nothing is said stays open, and one that speaks is ended";
                vec![Move::new(&["LIM-04", "LIM-05"], Stand::excluded(because))]
            }
            [answer, ..] if matches!(idle(answer), Some(End::Fin | End::Rst)) => {
                let words = "a connection on which nothing is said is ended too";
                let facts = fact(answer).into_iter().collect();
                // A limit by address hits every broker; an operation takes one at a time.
                let mut others = case.attempts().filter(|o| o.broker != *seen.broker());
                let (limit, restart) = if others.any(|o| case.works(&o.broker)) {
                    (Weight::Open, Weight::Pointed)
                } else {
                    (Weight::Usual, Weight::Open)
                };
                vec![
                    Move::new(&["LIM-04"], says(limit, answer, words)),
                    Move::new(&["CLU-02"], says(restart, answer, words)),
                    Move::new(&["LIM-05"], says(Weight::Open, answer, words)),
                    Move::new(&["TCP-04"], Stand::Fits(Weight::Open, facts)),
                    Move::new(
                        &["NET-03", "TLS-02", "TLS-06", "TLS-12", "TLS-11"],
                        Stand::excluded(words),
                    ),
                ]
            }
            _ => Vec::new(),
        }
    },
});
