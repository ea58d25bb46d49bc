//! The same handshake in small segments, and again in those of the path: whether large packets are lost.

use std::time::Duration;

use super::{Cost, Experiment, Move, decides};
use crate::diagnosis::Stand;
use crate::diagnosis::sign::Sign;
use crate::phase::Phase;
use crate::probe::attempt::{Knobs, Plan, When};

/// With headers well below what any link carries (RFC 791: 576 bytes).
const SEGMENT: u32 = 256;
/// An answer that comes at all comes soon: whoever was silent before was waited for.
const PATIENCE: Duration = Duration::from_secs(2);

inventory::submit!(Experiment {
    name: "small-segments",
    question: "is the handshake answered in small segments?",
    parts: &[&["NET-05"]],
    cost: Cost {
        connections: 3,
        ..Cost::CONNECTION
    },
    brokers: 2,
    signs: &[Sign::TlsSilent, Sign::TlsIncomplete],
    useful: |_, _| true,
    plans: |_, _, plan| {
        let small = Plan {
            until: Phase::Tls,
            mechanism: None,
            knobs: Knobs {
                segment: Some(SEGMENT),
                patience: Some(PATIENCE),
                ..Knobs::default()
            },
            ..plan
        };
        let as_usual = Plan {
            knobs: Knobs {
                patience: Some(PATIENCE),
                when: When::Answered,
                ..Knobs::default()
            },
            ..small.clone()
        };
        let again = Plan {
            knobs: Knobs {
                when: When::Failed,
                ..small.knobs.clone()
            },
            ..small.clone()
        };
        vec![small, as_usual, again]
    },
    moves: |_, _, answers| {
        let stand = match answers {
            [small] | [_, _, small] if !small.answered(Phase::Tls) => {
                Stand::excluded("segments of 256 bytes fare no better")
            }
            [small, _, _] => decides(
                small,
                "in segments of 256 bytes the same handshake is answered, and in larger ones it is not",
            ),
            // What passes is not told by one more attempt.
            [_, as_usual] if as_usual.answered(Phase::Tls) => Stand::excluded("the same handshake in large segments is answered now"),
            _ => return Vec::new(),
        };
        vec![Move::new(&["NET-05"], stand)]
    },
});
