//! One login after two seconds of quiet, where the broker could not say why it ended the first ones: a rate limit lets it in, a denial lasts.

use std::time::Duration;

use super::{Cost, Experiment, Move, says};
use crate::diagnosis::sign::Sign;
use crate::diagnosis::{Stand, Weight};
use crate::phase::Phase;
use crate::probe::attempt::{Knobs, Plan};
use crate::target::Auth;

/// MSK counts IAM connections by the second.
/// Source: <https://docs.aws.amazon.com/msk/latest/developerguide/limits.html>.
const QUIET: Duration = Duration::from_secs(2);

/// What refuses the same token again.
const LASTING: &[&str] = &[
    "SASL-05", "SASL-07", "SASL-08", "SASL-09", "SASL-10", "SASL-12", "SASL-13", "SASL-20", "SASL-21",
    "IAM-01", "IAM-02", "IAM-03", "IAM-04", "IAM-05", "IAM-06", "IAM-08", "CLU-08",
];

inventory::submit!(Experiment {
    name: "lone-login",
    question: "is a lone login accepted after two seconds of quiet?",
    parts: &[&["LIM-01"], LASTING],
    cost: Cost {
        credentials: 1,
        waits: QUIET,
        ..Cost::CONNECTION
    },
    brokers: 1,
    signs: &[Sign::LoginClosedBare],
    useful: |case, _| case.target.auth == Auth::Iam,
    plans: |_, _, plan| {
        vec![Plan {
            until: Phase::SaslAuthenticate.max(plan.until.min(Phase::Metadata)),
            topic: None,
            group: None,
            transactional_id: None,
            knobs: Knobs {
                wait: QUIET,
                ..Knobs::default()
            },
            ..plan
        }]
    },
    moves: |_, _, answers| {
        let Some(answer) = answers.first() else {
            return Vec::new();
        };
        if !answer.answered(Phase::SaslAuthenticate) {
            // One that fares no better leaves the limit open: others may use it up.
            let ended = answer.failure().is_some_and(|record| record.phase == Phase::SaslAuthenticate);
            let words = "a lone login after two seconds of quiet ends alike";
            let moved = || Move::new(&["SASL-07"], says(Weight::Open, answer, words));
            return ended.then(moved).into_iter().collect();
        }
        let words = "the same token is accepted from a lone connection after two seconds of quiet";
        vec![
            Move::new(&["LIM-01"], says(Weight::Pointed, answer, words)),
            Move::new(LASTING, Stand::excluded(words)),
        ]
    },
});
