//! One connection after two seconds of quiet: a limit on how fast they are made lets it in.

use std::time::Duration;

use super::{Cost, Experiment, Move, says};
use crate::diagnosis::sign::Sign;
use crate::diagnosis::Weight;
use crate::phase::Phase;
use crate::probe::attempt::{Knobs, Plan};

/// Longer than Kafka throttles an address (`ConnectionQuotas`: a window of a second, and the throttle time).
const QUIET: Duration = Duration::from_secs(2);

inventory::submit!(Experiment {
    name: "lone-retry",
    question: "is a lone connection answered after two seconds of quiet?",
    parts: &[&["LIM-04", "LIM-05"]],
    cost: Cost {
        waits: QUIET,
        ..Cost::CONNECTION
    },
    brokers: 1,
    signs: &[Sign::TlsClosed],
    useful: |case, _| case.target.auth.uses_tls(),
    plans: |_, _, plan| {
        vec![Plan {
            until: Phase::Tls,
            mechanism: None,
            knobs: Knobs {
                wait: QUIET,
                ..Knobs::default()
            },
            ..plan
        }]
    },
    // One that fares no better tells nothing: others may use the limit up from behind the same address.
    moves: |_, _, answers| {
        let answered = answers.iter().filter(|answer| answer.answered(Phase::Tls));
        let moves = answered.map(|answer| {
            let words = "a lone connection after two seconds of quiet is answered";
            Move::new(&["LIM-05"], says(Weight::Pointed, answer, words))
        });
        moves.collect()
    },
});
