//! The same handshake with TLS 1.2 alone, beside the usual one.

use super::controlled::{self, Outcome};
use super::{Cost, Experiment, Move, decides, says};
use crate::diagnosis::sign::Sign;
use crate::diagnosis::{Stand, Weight};
use crate::phase::Phase;
use crate::probe::attempt::{Knobs, Plan};

inventory::submit!(Experiment {
    name: "tls12-only",
    question: "is TLS 1.2 alone answered?",
    parts: &[&["TLS-06"]],
    cost: Cost {
        connections: controlled::CONNECTIONS,
        ..Cost::CONNECTION
    },
    brokers: 1,
    signs: &[
        Sign::TlsAlert,
        Sign::TlsError,
        Sign::TlsClosed,
        Sign::TlsCut,
    ],
    // Where certificates were shown, both sides agree on the rest.
    useful: |_, seen| {
        let tls = seen.observation.tls();
        tls.is_none_or(|tls| tls.certificate.is_none())
    },
    plans: |_, _, plan| {
        controlled::plans(&Plan {
            until: Phase::Tls,
            mechanism: None,
            knobs: Knobs {
                tls12_only: true,
                ..Knobs::default()
            },
            ..plan
        })
    },
    moves: |_, seen, answers| {
        let closed = matches!(seen.sign, Sign::TlsClosed | Sign::TlsCut);
        let stand = match controlled::outcome(answers, Phase::Tls) {
            // Who cannot agree says so with an alert; who closes may be the peer, or a device that knows TLS 1.2 alone.
            Some(Outcome::Mends(old)) if closed => says(
                Weight::Pointed,
                old,
                "TLS 1.2 alone is answered, and a ClientHello that offers TLS 1.3 too is not, without an alert",
            ),
            Some(Outcome::Mends(old)) => {
                decides(old, "TLS 1.2 alone is answered, and a ClientHello that offers TLS 1.3 too is not")
            }
            Some(Outcome::FaresNoBetter) if closed => Stand::excluded("TLS 1.2 alone fares no better"),
            Some(Outcome::ComesAndGoes) => Stand::excluded("the usual handshake is answered now"),
            Some(Outcome::FaresNoBetter) | None => return Vec::new(),
        };
        vec![Move::new(&["TLS-06"], stand)]
    },
});
