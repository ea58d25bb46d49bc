//! Who sent the reset: the broker's own comes with the time to live of its handshake, another's mostly with another one.

use std::time::Duration;

use super::{Cost, Experiment, Move, decides, says};
use crate::diagnosis::sign::{Seen, Sign};
use crate::diagnosis::{Stand, Weight};
use crate::phase::Phase;
use crate::probe::attempt::{Knobs, Plan};
use crate::probe::observation::{End, Observation};

/// A reset that is let through comes as soon as the first did.
const PATIENCE: Duration = Duration::from_millis(700);

inventory::submit!(Experiment {
    name: "reset-origin",
    question: "who sent the reset?",
    parts: &[&["NET-03"]],
    cost: Cost {
        // The time to live is looked for once, with up to sixteen.
        connections: 18,
        ..Cost::CONNECTION
    },
    brokers: 1,
    signs: &[
        Sign::TlsClosed,
        Sign::TlsCut,
        Sign::ApiVersionsClosed,
        Sign::HandshakeClosed,
    ],
    useful: |_, seen| {
        cfg!(target_os = "linux")
            && seen.record.end == End::Rst
            && seen.address().is_some_and(|address| !address.ip().is_loopback())
    },
    plans: |_, phase, plan| {
        let with = |more| Plan {
            until: phase,
            knobs: Knobs {
                hops: Some((phase, more)),
                patience: Some(PATIENCE),
                ..Knobs::default()
            },
            ..plan.clone()
        };
        vec![with(0), with(1)]
    },
    moves: |_, seen, answers| match answers {
        [own, beyond] => {
            let ends = [own, beyond].map(|answer| ended(answer, seen.record.phase));
            moves(seen, beyond, ends)
        }
        _ => Vec::new(),
    },
});

/// How the phase ended, where the time to live was found.
fn ended(answer: &Observation, phase: Phase) -> Option<End> {
    answer.connect()?.hops?;
    answer.phase(phase).map(|record| record.end)
}

/// Whether the peer of the handshake is proven to be a broker of MSK's: what ends TCP in between has another certificate, or none yet.
fn is_msk(seen: &Seen<'_>) -> bool {
    let tls = seen.observation.tls();
    tls.and_then(|tls| tls.certificate.as_ref())
        .is_some_and(|judgement| judgement.verified() && judgement.issuer_is_amazon)
}

fn moves(seen: &Seen<'_>, answer: &Observation, ends: [Option<End>; 2]) -> Vec<Move> {
    // What comes before the reset is silenced with it, and a reset behind a gap is none (RFC 5961, 3.2).
    if seen.record.bytes_in > 0 && ends[1] == Some(End::Silence) {
        return Vec::new();
    }
    match ends {
        [Some(End::Rst), Some(End::Silence)] => {
            let because = "the reset comes from as far as the answer to the SYN: with the same time to live";
            let mut moves = vec![Move::new(
                &["TCP-04", "CLU-02", "LIM-07"],
                says(Weight::Open, answer, because),
            )];
            if is_msk(seen) {
                moves.push(Move::new(&["NET-03"], Stand::excluded(because)));
            }
            moves
        }
        [Some(End::Rst), Some(End::Rst)] => {
            let because = "the reset comes with more hops left than the answer to the SYN: something else sent it";
            vec![Move::new(&["NET-03"], decides(answer, because))]
        }
        [Some(End::Silence), Some(_)] => {
            let because = "the reset comes with fewer hops left than the answer to the SYN: something else sent it";
            vec![Move::new(&["NET-03"], says(Weight::Pointed, answer, because))]
        }
        // Where the time to live is not known, or the connection fares otherwise, nothing is told.
        _ => Vec::new(),
    }
}
