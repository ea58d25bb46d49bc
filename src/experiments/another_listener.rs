//! Another listener of the same broker: what is open there is not down, and the way there is one.

use std::time::Duration;

use super::{Cost, Experiment, Move, fact, says};
use crate::diagnosis::sign::{Seen, Sign};
use crate::diagnosis::{Stand, Weight};
use crate::phase::Phase;
use crate::probe::attempt::{Knobs, Plan};
use crate::probe::observation::Observation;
use crate::target::Auth;

/// Whoever answers at all does it soon.
const PATIENCE: Duration = Duration::from_secs(2);
/// MSK's listeners: within the VPC, public, and over IPv6.
/// Source: <https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html>.
const LISTENERS: [&[u16]; 3] = [
    &[9098, 9096, 9094, 9092],
    &[9198, 9196, 9194],
    &[20098, 20096, 20094, 20092],
];

inventory::submit!(Experiment {
    name: "another-listener",
    question: "does another listener of the same broker answer?",
    parts: &[
        &["LIM-06"],
        &["CLU-06", "NET-05", "TLS-13"],
        &["IAM-17", "CLU-07"],
        &["CLU-03", "RTE-02", "RTE-04", "RTE-12"],
    ],
    cost: Cost {
        connections: 3,
        at_once: true,
        ..Cost::CONNECTION
    },
    brokers: 1,
    signs: &[
        Sign::ConnectSilent,
        Sign::ConnectRefused,
        Sign::TlsSilent,
        Sign::TlsIncomplete,
    ],
    useful: |_, seen| others(seen.broker().port).next().is_some(),
    plans: |_, _, plan| {
        let to = |port: u16| {
            let tls = Auth::of_port(port).is_none_or(Auth::uses_tls);
            let mut other = plan.clone();
            other.address.set_port(port);
            Plan {
                tls,
                mechanism: None,
                until: if tls { Phase::Tls } else { Phase::ApiVersions },
                knobs: Knobs {
                    patience: Some(PATIENCE),
                    ..Knobs::default()
                },
                ..other
            }
        };
        others(plan.address.port()).map(to).collect()
    },
    moves: |_, seen, answers| moves(seen, answers),
});

/// The other ports of the listeners that stand beside this one.
fn others(port: u16) -> impl Iterator<Item = u16> {
    LISTENERS
        .into_iter()
        .filter(move |ports| ports.contains(&port))
        .flatten()
        .copied()
        .filter(move |other| *other != port)
}

fn port(answer: &Observation) -> u16 {
    answer.address.map_or(0, |address| address.port())
}

fn moves(seen: &Seen<'_>, answers: &[&Observation]) -> Vec<Move> {
    let stalled = matches!(seen.sign, Sign::TlsSilent | Sign::TlsIncomplete);
    // A kernel accepts for whoever does not read: only words are an answer then.
    let spoke = |answer: &&&Observation| {
        if stalled {
            answer.tls().is_some_and(|tls| tls.certificate.is_some())
        } else {
            answer.answered(Phase::Connect)
        }
    };
    let Some(other) = answers.iter().find(spoke) else {
        return Vec::new();
    };
    let words = format!(
        "port {} of the same address {}",
        port(other),
        if stalled { "answers a ClientHello" } else { "is open" }
    );
    if stalled {
        return vec![
            Move::new(&["LIM-06"], says(Weight::Pointed, other, &words)),
            Move::new(&["CLU-06", "NET-05", "TLS-13"], Stand::excluded(words)),
        ];
    }
    let mut moves = vec![Move::new(
        &["CLU-03", "RTE-02", "RTE-04", "RTE-12"],
        Stand::excluded(&words),
    )];
    if seen.sign == Sign::ConnectRefused {
        moves.push(Move::new(
            &["IAM-17", "CLU-07"],
            says(Weight::Pointed, other, &words),
        ));
    } else {
        // What is open there and silent here: something looks at the port.
        let facts: Vec<_> = fact(other).into_iter().collect();
        moves.push(Move::new(&["SG-06"], says(Weight::Usual, other, &words)));
        moves.push(Move::new(
            &["SG-02", "NACL-01"],
            Stand::Fits(Weight::Open, facts),
        ));
    }
    moves
}
