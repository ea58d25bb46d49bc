//! The same handshake without the server's name, again with it, and once more without: whether something on the way looks at names.

use super::{Cost, Experiment, Move, decides};
use crate::diagnosis::sign::Sign;
use crate::phase::Phase;
use crate::probe::attempt::{Knobs, Plan, When};

inventory::submit!(Experiment {
    name: "without-name",
    question: "is the handshake answered without the server's name?",
    parts: &[&["NET-03"]],
    cost: Cost {
        connections: 3,
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
        let nameless = Plan {
            until: Phase::Tls,
            mechanism: None,
            knobs: Knobs {
                without_name: true,
                ..Knobs::default()
            },
            ..plan
        };
        let as_usual = Plan {
            knobs: Knobs {
                when: When::Answered,
                ..Knobs::default()
            },
            ..nameless.clone()
        };
        let again = Plan {
            knobs: Knobs {
                when: When::Failed,
                ..nameless.knobs.clone()
            },
            ..nameless.clone()
        };
        vec![nameless, as_usual, again]
    },
    moves: |_, _, answers| match answers {
        [nameless, _, again] if nameless.answered(Phase::Tls) && again.answered(Phase::Tls) => {
            let because = "without the server's name the same handshake is answered: what ends it looks at the name";
            vec![Move::new(&["NET-03"], decides(nameless, because))]
        }
        _ => Vec::new(),
    },
});
