//! A TLS `ClientHello` on a port that did not speak Kafka in clear text.

use super::{Cost, Experiment, Move, decides};
use crate::diagnosis::Stand;
use crate::diagnosis::sign::Sign;
use crate::phase::Phase;
use crate::probe::attempt::Plan;

inventory::submit!(Experiment {
    name: "tls-hello",
    question: "does the port speak TLS?",
    parts: &[&["TLS-01"]],
    cost: Cost::CONNECTION,
    brokers: 8,
    signs: &[
        Sign::ApiVersionsClosed,
        Sign::ApiVersionsSilent,
        Sign::NotKafka,
        Sign::AnswerMalformed,
    ],
    useful: |case, _| !case.target.auth.uses_tls(),
    plans: |_, _, plan| {
        vec![Plan {
            tls: true,
            mechanism: None,
            until: Phase::Tls,
            ..plan
        }]
    },
    moves: |_, _, answers| {
        let moves = answers.iter().map(|answer| {
            let stand = if answer.tls().is_some_and(|tls| tls.server_hello) {
                decides(answer, "the same port answers a TLS ClientHello")
            } else {
                Stand::excluded("a TLS ClientHello on the same port is not answered either")
            };
            Move::new(&["TLS-01"], stand)
        });
        moves.collect()
    },
});
