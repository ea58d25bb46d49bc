//! The same handshake without the server's name, beside the usual one: whether something on the way looks at names.

use super::controlled::{self, Outcome};
use super::{Cost, Experiment, Move, decides};
use crate::diagnosis::sign::Sign;
use crate::phase::Phase;
use crate::probe::attempt::{Knobs, Plan};

inventory::submit!(Experiment {
    name: "without-name",
    question: "is the handshake answered without the server's name?",
    parts: &[&["NET-03"]],
    cost: Cost {
        connections: controlled::CONNECTIONS,
        ..Cost::CONNECTION
    },
    brokers: 1,
    signs: &[
        Sign::TlsClosed,
        Sign::TlsCut,
        Sign::TlsSilent,
        Sign::TlsAlert,
    ],
    useful: |_, seen| seen.observation.tls().is_some_and(|tls| tls.sni.is_some()),
    plans: |_, _, plan| {
        controlled::plans(&Plan {
            until: Phase::Tls,
            mechanism: None,
            knobs: Knobs {
                without_name: true,
                ..Knobs::default()
            },
            ..plan
        })
    },
    moves: |_, _, answers| match controlled::outcome(answers, Phase::Tls) {
        Some(Outcome::Mends(nameless)) => {
            let because = "without the server's name the same handshake is answered: what ends it looks at the name";
            vec![Move::new(&["NET-03"], decides(nameless, because))]
        }
        _ => Vec::new(),
    },
});
