//! The same token over `SaslHandshake` v0, as kafka-python 2.0 sends it: what a client sees that cannot be told the reason.

use super::{Cost, Experiment, Move, fact, says};
use crate::diagnosis::sign::Sign;
use crate::diagnosis::{Stand, Weight};
use crate::phase::Phase;
use crate::probe::attempt::Plan;
use crate::probe::observation::Framing;

/// Policies that are as they are.
const LASTING: &[&str] = &[
    "IAM-01", "IAM-02", "IAM-03", "IAM-04", "IAM-05", "IAM-06", "IAM-08", "CLU-08",
];

inventory::submit!(Experiment {
    name: "sasl-handshake-v0",
    question: "what does a client see that cannot be told the reason?",
    parts: &[LASTING, &["IAM-09"], &["NET-03"]],
    cost: Cost {
        credentials: 1,
        ..Cost::CONNECTION
    },
    brokers: 1,
    signs: &[Sign::LoginRefused, Sign::LoginClosed],
    useful: |_, seen| {
        // A rate limit is not asked again at once, and a bare token tells no more than words.
        let words = seen
            .observation
            .login()
            .and_then(|login| login.error_message.as_deref());
        words.is_none_or(|words| words.contains("Access denied"))
    },
    plans: |_, _, plan| {
        vec![Plan {
            framing: Framing::Bare,
            until: Phase::Metadata,
            ..plan
        }]
    },
    moves: |_, seen, answers| {
        let accepted = answers.iter().find(|answer| answer.answered(Phase::SaslAuthenticate));
        if let (Sign::LoginRefused, Some(answer)) = (seen.sign, accepted) {
            let words = "the same token is accepted a moment later";
            return vec![
                Move::new(&["IAM-09"], says(Weight::Pointed, answer, words)),
                Move::new(LASTING, Stand::excluded(words)),
            ];
        }
        let facts = answers.iter().filter_map(|answer| fact(answer));
        let stand = Stand::Fits(Weight::Open, facts.collect());
        vec![Move::new(&["IAM-01", "NET-03"], stand)]
    },
});
