//! Small `ClientHello`s, large ones, and large ones in small segments: whether it is their size that is not taken, or that of packets.

use std::time::Duration;

use super::{Cost, Experiment, Move, fact, says};
use crate::diagnosis::sign::Sign;
use crate::diagnosis::{Stand, Weight};
use crate::phase::Phase;
use crate::probe::attempt::{Knobs, Plan, When};

/// With headers well below what any link carries (RFC 791: 576 bytes).
const SEGMENT: u32 = 256;
/// An answer that comes at all comes soon, or as late as others of the same broker.
const PATIENCE: Duration = Duration::from_secs(1);
/// How much later than the slowest of them is still waited for.
const SLOWER: u32 = 3;

inventory::submit!(Experiment {
    name: "small-hello",
    question: "are small ClientHellos answered, and large ones not, in small segments either?",
    parts: &[&["TLS-13"], &["NET-05"]],
    cost: Cost {
        connections: 6,
        ..Cost::CONNECTION
    },
    brokers: 1,
    signs: &[Sign::LargeHelloLost],
    useful: |_, _| true,
    // Twice, for what comes and goes does so once by chance.
    plans: |case, _, plan| {
        let answered = case
            .attempts()
            .filter(|o| o.address == Some(plan.address) && o.answered(Phase::Tls))
            .filter_map(|o| o.phase(Phase::Tls));
        let slowest = answered.map(|record| Duration::from_micros(record.duration_us)).max();
        let patience = PATIENCE.max(slowest.unwrap_or_default().saturating_mul(SLOWER));
        let with = |large_hello, segment, when| Plan {
            until: Phase::Tls,
            mechanism: None,
            knobs: Knobs {
                large_hello,
                segment,
                when,
                patience: Some(patience),
                ..Knobs::default()
            },
            ..plan.clone()
        };
        let small = with(false, None, When::Always);
        let large = with(true, None, When::Answered);
        let segmented = with(true, Some(SEGMENT), When::Failed);
        vec![small.clone(), large.clone(), segmented.clone(), small, large, segmented]
    },
    moves: |_, _, answers| {
        let passed: Vec<bool> = answers.iter().map(|own| own.answered(Phase::Tls)).collect();
        let by_chance = &["LIM-04", "NET-08", "CLU-02"];
        let sizes = &["TLS-13", "NET-05"];
        match passed[..] {
            [_, true, ..] | [_, _, _, _, true, ..] => {
                vec![Move::new(sizes, Stand::excluded("a large ClientHello is answered now"))]
            }
            [false, ..] | [_, _, _, false, ..] => {
                vec![Move::new(sizes, Stand::excluded("small ClientHellos are not answered each time either"))]
            }
            [true, false, false, true, false, false] => {
                let words = "large ClientHellos are answered at no time, in segments of 256 bytes neither, and small ones between them are";
                vec![
                    Move::new(&["TLS-13"], says(Weight::Pointed, answers[1], words)),
                    Move::new(&["NET-05"], Stand::excluded(words)),
                    Move::new(by_chance, Stand::excluded(words)),
                ]
            }
            [true, false, true, true, false, true] => {
                let words = "large ClientHellos are answered in segments of 256 bytes, and in larger ones at no time";
                let facts = fact(answers[1]).into_iter().collect();
                vec![
                    Move::new(&["NET-05"], says(Weight::Pointed, answers[2], words)),
                    Move::new(&["TLS-13"], Stand::excluded(words)),
                    Move::new(&["NET-05"], Stand::Fits(Weight::Open, facts)),
                    Move::new(by_chance, Stand::excluded(words)),
                ]
            }
            _ => Vec::new(),
        }
    },
});
