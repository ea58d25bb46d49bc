//! A Kafka request in clear text on a port that did not speak TLS.

use std::time::Duration;

use super::{Cost, Experiment, Move, decides, says};
use crate::diagnosis::sign::Sign;
use crate::diagnosis::{Stand, Weight};
use crate::phase::Phase;
use crate::probe::attempt::{Knobs, Plan};
use crate::probe::observation::{End, Observation};

/// Whoever answers a request of a few bytes does so at once; Kafka throttles an address for a second.
const PATIENCE: Duration = Duration::from_secs(2);

inventory::submit!(Experiment {
    name: "plain-kafka",
    question: "does the port speak Kafka in clear text?",
    parts: &[&["TLS-02"], &["NET-05"], &["LIM-06", "CLU-06"]],
    cost: Cost::CONNECTION,
    brokers: 8,
    signs: &[
        Sign::TlsClosed,
        Sign::NotTls,
        Sign::TlsSilent,
        Sign::TlsIncomplete,
        Sign::TlsAlert,
    ],
    useful: |case, seen| {
        case.target.auth.uses_tls()
            && seen
                .observation
                .tls()
                .is_none_or(|tls| !tls.server_hello && tls.alert_received.is_none())
    },
    plans: |_, _, plan| {
        vec![Plan {
            tls: false,
            mechanism: None,
            until: Phase::ApiVersions,
            knobs: Knobs {
                patience: Some(PATIENCE),
                ..Knobs::default()
            },
            ..plan
        }]
    },
    moves: |_, _, answers| answers.iter().flat_map(|answer| moves(answer)).collect(),
});

/// A request of a few bytes on the same port: whether it was answered, or closed on, at once. A TLS listener answers it with an alert of
/// seven bytes.
fn is_answered_in_few_bytes(answer: &Observation) -> bool {
    answer.failure().is_some_and(|record| {
        record.phase == Phase::ApiVersions && matches!(record.end, End::NotKafka | End::Fin)
    })
}

fn moves(answer: &Observation) -> Vec<Move> {
    if answer.answered(Phase::ApiVersions) {
        let stand = decides(answer, "the same port answers Kafka in clear text");
        return vec![Move::new(&["TLS-02"], stand)];
    }
    let excluded = Stand::excluded("Kafka in clear text is not answered on the same port either");
    let mut moves = vec![Move::new(&["TLS-02"], excluded)];
    if is_answered_in_few_bytes(answer) {
        let words = "a small wrong request on the same port is answered at once, in few bytes; the answer to the ClientHello, which is large, never comes";
        moves.push(Move::new(&["NET-05"], says(Weight::Pointed, answer, words)));
        let reads = Stand::excluded("the broker reads: it answers a small request at once");
        moves.push(Move::new(&["LIM-06", "CLU-06"], reads));
    }
    moves
}
