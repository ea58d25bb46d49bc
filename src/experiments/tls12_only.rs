//! The same handshake with TLS 1.2 alone, and where that is answered again as it was.

use super::{Cost, Experiment, Move, decides};
use crate::diagnosis::Stand;
use crate::diagnosis::sign::Sign;
use crate::phase::Phase;
use crate::probe::attempt::{Knobs, Plan};

inventory::submit!(Experiment {
    name: "tls12-only",
    question: "is TLS 1.2 alone answered?",
    parts: &[&["TLS-06"]],
    cost: Cost {
        connections: 2,
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
                compares: true,
                ..Knobs::default()
            },
            ..old.clone()
        };
        vec![old, as_usual]
    },
    moves: |_, seen, answers| match answers {
        [old, as_usual] if old.answered(Phase::Tls) && !as_usual.answered(Phase::Tls) => {
            let because = "TLS 1.2 alone is answered, and a ClientHello that offers TLS 1.3 too is not";
            vec![Move::new(&["TLS-06"], decides(old, because))]
        }
        [old, ..]
            if !old.answered(Phase::Tls)
                && matches!(seen.sign, Sign::TlsClosed | Sign::TlsCut) =>
        {
            let because = "TLS 1.2 alone fares no better";
            vec![Move::new(&["TLS-06"], Stand::excluded(because))]
        }
        _ => Vec::new(),
    },
});
