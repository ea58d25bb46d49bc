//! The same connection from source ports far apart: a network ACL may let answers to some of them in and not to others.

use std::time::Duration;

use super::{Cost, Experiment, Move, says};
use crate::case::Case;
use crate::diagnosis::sign::Sign;
use crate::diagnosis::{Stand, Weight};
use crate::phase::Phase;
use crate::probe::attempt::{Knobs, Plan};
use crate::probe::observation::{End, Observation};

/// Where ranges begin or end in the field: Lambda and NAT gateways use 1024-65535, Linux 32768-60999, Windows 49152-65535.
const PORTS: [u16; 4] = [2_000, 20_000, 40_000, 62_000];
/// Runs that follow each other, or are made side by side, take other ports of the same ranges.
const SPREAD: i64 = 997;
/// Time for the SYN, and for its first repetition a second later (RFC 6298, 2.1).
const PATIENCE: Duration = Duration::from_millis(2_500);

inventory::submit!(Experiment {
    name: "source-ports",
    question: "does it depend on the port that the connection is made from?",
    parts: &[&["NACL-04"]],
    cost: Cost {
        connections: 4,
        at_once: true,
        ..Cost::CONNECTION
    },
    brokers: 1,
    signs: &[Sign::ConnectSilent],
    useful: |_, seen| seen.address().is_some_and(|address| !address.ip().is_loopback()),
    plans: |case, _, plan| {
        let from = |port| Plan {
            until: Phase::Connect,
            mechanism: None,
            knobs: Knobs {
                source_port: Some(port),
                patience: Some(PATIENCE),
                ..Knobs::default()
            },
            ..plan.clone()
        };
        ports(case).map(from).collect()
    },
    moves: |case, _, answers| moves(case, answers),
});

fn ports(case: &Case) -> impl Iterator<Item = u16> {
    let more = u16::try_from(case.now.rem_euclid(SPREAD)).unwrap_or(0);
    PORTS.into_iter().map(move |port| port + more)
}

fn moves(case: &Case, answers: &[&Observation]) -> Vec<Move> {
    let made: Vec<(u16, &&Observation)> = ports(case).zip(answers).collect();
    let with = |end: End| -> Vec<String> {
        let all = made.iter().filter(|(_, answer)| {
            answer
                .phase(Phase::Connect)
                .is_some_and(|record| record.end == end)
        });
        all.map(|(port, _)| port.to_string()).collect()
    };
    let (answered, silent) = (with(End::Answered), with(End::Silence));
    let witness = answers.iter().find(|answer| answer.answered(Phase::Connect));
    let (Some(witness), false) = (witness, silent.is_empty()) else {
        // Where all fare alike nothing is told: a NAT on the way picks ports of its own.
        return Vec::new();
    };
    let words = format!(
        "a connection from source port {} is answered, and from {} none is",
        answered.join(" and "),
        silent.join(" and ")
    );
    vec![
        Move::new(&["NACL-04"], says(Weight::Pointed, witness, &words)),
        Move::new(
            &[
                "CLU-03", "DNS-07", "RTE-02", "RTE-04", "RTE-12", "SG-01", "SG-02", "NACL-01",
                "NACL-02",
            ],
            Stand::excluded(words),
        ),
    ]
}
