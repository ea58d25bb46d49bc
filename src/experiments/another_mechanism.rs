//! The same login with OAUTHBEARER, which is not signed for the name that is dialled.

use super::{Cost, Experiment, Move, decides};
use crate::diagnosis::Stand;
use crate::diagnosis::sign::Sign;
use crate::phase::Phase;
use crate::probe::attempt::Plan;

inventory::submit!(Experiment {
    name: "oauthbearer",
    question: "is the same identity accepted with OAUTHBEARER?",
    parts: &[&["SASL-21"]],
    cost: Cost {
        credentials: 1,
        ..Cost::CONNECTION
    },
    brokers: 1,
    signs: &[Sign::LoginRefused],
    useful: |_, seen| crate::checks::is_native(seen),
    plans: |_, _, plan| {
        vec![Plan {
            until: Phase::SaslAuthenticate,
            mechanism: Some("OAUTHBEARER".to_owned()),
            ..plan
        }]
    },
    moves: |_, _, answers| {
        let moves = answers.iter().map(|answer| {
            let stand = if answer.answered(Phase::SaslAuthenticate) {
                decides(answer, "OAUTHBEARER, which does not sign the dialled name, is accepted")
            } else {
                Stand::excluded("OAUTHBEARER, which does not sign the dialled name, is refused too")
            };
            Move::new(&["SASL-21"], stand)
        });
        moves.collect()
    },
});
