//! The same login with a token for the region of the brokers' names, by AWS's clock.

use super::{Cost, Experiment, Move, decides, says};
use crate::case::Case;
use crate::diagnosis::Weight;
use crate::diagnosis::sign::Sign;
use crate::phase::Phase;
use crate::probe::attempt::{Knobs, Plan, Resigned};

/// Seconds within which a clock is right enough.
const RIGHT: f64 = 60.0;

inventory::submit!(Experiment {
    name: "resigned-token",
    question: "is a token for the names' region, by AWS's clock, accepted?",
    parts: &[&["SASL-10"], &["SASL-09"]],
    cost: Cost {
        credentials: 1,
        ..Cost::CONNECTION
    },
    brokers: 1,
    signs: &[Sign::LoginRefused],
    useful: |case, _| wrong(case).is_some() && case.token.as_ref().is_some_and(|own| !own.given),
    plans: |case, _, plan| {
        let region = case.target.region_of_names.clone().unwrap_or_default();
        #[expect(clippy::cast_possible_truncation, reason = "seconds of a clock")]
        let ahead_s = case.clock_ahead_s.unwrap_or_default() as i64;
        vec![Plan {
            until: Phase::SaslAuthenticate,
            mechanism: Some("OAUTHBEARER".to_owned()),
            knobs: Knobs {
                resigned: Some(Resigned { region, ahead_s }),
                ..Knobs::default()
            },
            ..plan
        }]
    },
    moves: |case, _, answers| {
        let (Some(wrong), [answer]) = (wrong(case), answers) else {
            return Vec::new();
        };
        let stand = if answer.answered(Phase::SaslAuthenticate) {
            let because = match wrong {
                Wrong::Region => "the same login with a token for the brokers' region is accepted",
                Wrong::Clock => "the same login with a token by AWS's clock is accepted",
            };
            decides(answer, because)
        } else {
            // A second fault beside it does not acquit the first.
            let words = match wrong {
                Wrong::Region => "a token for the brokers' region is refused too: something else is wrong as well",
                Wrong::Clock => "a token by AWS's clock is refused too: something else is wrong as well",
            };
            says(Weight::Open, answer, words)
        };
        vec![match wrong {
            Wrong::Region => Move::new(&["SASL-10"], stand),
            Wrong::Clock => Move::new(&["SASL-09"], stand),
        }]
    },
});

/// What is wrong with the token, where one thing is.
#[derive(Clone, Copy)]
enum Wrong {
    Region,
    Clock,
}

fn wrong(case: &Case) -> Option<Wrong> {
    let names = case.target.region_of_names.as_ref()?;
    let another = case.token.as_ref()?.region.as_ref().is_some_and(|own| own != names);
    let late = case.clock_ahead_s.is_some_and(|ahead| ahead.abs() > RIGHT);
    match (another, late) {
        (true, false) => Some(Wrong::Region),
        (false, true) => Some(Wrong::Clock),
        _ => None,
    }
}
