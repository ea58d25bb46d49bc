//! The same token over `SaslHandshake` v0, as kafka-python 2.0 sends it: what a client sees that cannot be told the reason.

use super::{Cost, Experiment, Move, fact};
use crate::diagnosis::sign::Sign;
use crate::diagnosis::{Stand, Weight};
use crate::probe::attempt::Plan;
use crate::probe::observation::Framing;

inventory::submit!(Experiment {
    name: "sasl-handshake-v0",
    question: "what does a client see that cannot be told the reason?",
    parts: &[
        &[
            "IAM-01", "IAM-02", "IAM-03", "IAM-04", "IAM-05", "IAM-06", "IAM-08", "CLU-08"
        ],
        &["NET-03"],
    ],
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
            until: crate::phase::Phase::Metadata,
            ..plan
        }]
    },
    moves: |_, _, answers| {
        let facts = answers.iter().filter_map(|answer| fact(answer));
        let stand = Stand::Fits(Weight::Open, facts.collect());
        vec![Move::new(&["IAM-01", "NET-03"], stand)]
    },
});
