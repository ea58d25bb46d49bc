//! The same handshake in small segments, beside those of the path: whether large packets are lost.

use std::time::Duration;

use super::controlled::{self, Outcome};
use super::{Cost, Experiment, Move, decides};
use crate::diagnosis::Stand;
use crate::diagnosis::sign::Sign;
use crate::phase::Phase;
use crate::probe::attempt::{Knobs, Plan};

/// With headers well below what any link carries (RFC 791: 576 bytes).
const SEGMENT: u32 = 256;
/// An answer that comes at all comes soon: whoever was silent before was waited for.
const PATIENCE: Duration = Duration::from_secs(1);

inventory::submit!(Experiment {
    name: "small-segments",
    question: "is the handshake answered in small segments?",
    parts: &[&["NET-05"]],
    cost: Cost {
        connections: controlled::CONNECTIONS,
        ..Cost::CONNECTION
    },
    brokers: 2,
    signs: &[Sign::TlsSilent, Sign::TlsIncomplete],
    useful: |_, _| true,
    plans: |_, _, plan| {
        controlled::plans(&Plan {
            until: Phase::Tls,
            mechanism: None,
            knobs: Knobs {
                segment: Some(SEGMENT),
                patience: Some(PATIENCE),
                ..Knobs::default()
            },
            ..plan
        })
    },
    moves: |_, _, answers| {
        let stand = match controlled::outcome(answers, Phase::Tls) {
            Some(Outcome::Mends(small)) => decides(
                small,
                "in segments of 256 bytes the same handshake is answered, and in larger ones it is not",
            ),
            Some(Outcome::FaresNoBetter) => Stand::excluded("segments of 256 bytes fare no better"),
            Some(Outcome::ComesAndGoes) => Stand::excluded("the same handshake in large segments is answered now"),
            None => return Vec::new(),
        };
        vec![Move::new(&["NET-05"], stand)]
    },
});
