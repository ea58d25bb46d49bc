//! The same handshake with TLS 1.2 alone; where that is answered, again as it was, and once more with TLS 1.2 alone: what comes and goes
//! is not told by one of each.

use super::{Cost, Experiment, Move, decides};
use crate::diagnosis::Stand;
use crate::diagnosis::sign::Sign;
use crate::phase::Phase;
use crate::probe::attempt::{Knobs, Plan, When};

inventory::submit!(Experiment {
    name: "tls12-only",
    question: "is TLS 1.2 alone answered?",
    parts: &[&["TLS-06"]],
    cost: Cost {
        connections: 3,
        ..Cost::CONNECTION
    },
    brokers: 1,
    signs: &[
        Sign::TlsAlert,
        Sign::TlsError,
        Sign::TlsClosed,
        Sign::TlsCut,
    ],
    // Where certificates were shown, both sides agree on the rest.
    useful: |_, seen| {
        let tls = seen.observation.tls();
        tls.is_none_or(|tls| tls.certificate.is_none())
    },
    plans: |_, _, plan| {
        let old = Plan {
            until: Phase::Tls,
            mechanism: None,
            knobs: Knobs {
                tls12_only: true,
                ..Knobs::default()
            },
            ..plan
        };
        let as_usual = Plan {
            knobs: Knobs {
                when: When::Answered,
                ..Knobs::default()
            },
            ..old.clone()
        };
        let again = Plan {
            knobs: Knobs {
                when: When::Failed,
                ..old.knobs.clone()
            },
            ..old.clone()
        };
        vec![old, as_usual, again]
    },
    moves: |_, seen, answers| match answers {
        [old, _, again] if old.answered(Phase::Tls) && again.answered(Phase::Tls) => {
            let because = "TLS 1.2 alone is answered, and a ClientHello that offers TLS 1.3 too is not";
            vec![Move::new(&["TLS-06"], decides(old, because))]
        }
        [.., old]
            if answers.len() != 2
                && !old.answered(Phase::Tls)
                && matches!(seen.sign, Sign::TlsClosed | Sign::TlsCut) =>
        {
            let because = "TLS 1.2 alone fares no better";
            vec![Move::new(&["TLS-06"], Stand::excluded(because))]
        }
        _ => Vec::new(),
    },
});
