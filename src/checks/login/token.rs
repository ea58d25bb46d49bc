//! The token and the credentials that it is made from.

use super::words::{names, names_alone, names_another, words};
use crate::case::{Case, IdentityFacts, TokenJudgement};
use crate::diagnosis::sign::Seen;
use crate::diagnosis::{Fact, Stand, Weight};
use crate::target::Auth;

/// Beyond this, seconds, SigV4 services refuse (the usual tolerance is five minutes).
const SKEW_TOLERATED: f64 = 240.0;

/// What judging the token itself found under `code`.
fn token_problem<'a>(case: &'a Case, code: &str) -> Option<&'a str> {
    let token = case.token.as_ref()?;
    token
        .problems
        .iter()
        .find(|problem| problem.code == code)
        .map(|problem| problem.words.as_str())
}

/// An entry that the token's own text shows, or excludes with `sound`.
fn by_token(
    case: &Case,
    seen: &Seen<'_>,
    code: &str,
    sound: impl Fn(&TokenJudgement) -> Option<String>,
) -> Stand {
    let Some(token) = &case.token else {
        return Stand::Foreign;
    };
    let another = names_another(seen, code);
    if let Some(problem) = token_problem(case, code) {
        let words = format!("the token: {problem}");
        // The broker's own words weigh more than what we think of the token; and a token that
        // cannot be accepted does not show that a better one would be.
        let weight = if another { Weight::Open } else { Weight::Shown };
        return Stand::says(weight, words);
    }
    match sound(token) {
        Some(because) => Stand::excluded(because),
        None if another => Stand::excluded("the broker names another reason"),
        None => named_or_open(seen, code),
    }
}

/// Spoken for by the broker's own words; otherwise it cannot be excluded.
fn named_or_open(seen: &Seen<'_>, code: &str) -> Stand {
    match names(seen, code) {
        Some(phrase) => {
            let weight = if names_alone(seen, code) {
                Weight::Pointed
            } else {
                Weight::Usual
            };
            Stand::says(weight, format!("the broker says: {phrase}"))
        }
        None => Stand::open(),
    }
}

pub(super) fn malformed(case: &Case, seen: &Seen<'_>) -> Stand {
    let text = words(seen).unwrap_or_default();
    let refused_unread = text.contains("invalid authentication payload")
        || case.target.auth == Auth::Iam
            && text.contains("invalid credentials with sasl mechanism");
    if refused_unread {
        let because = "the broker says that it cannot read the token";
        let token = token_problem(case, "SASL-05").map(|words| format!("the token: {words}"));
        let facts = token.into_iter().chain([because.to_owned()]);
        return Stand::Decides(facts.map(Fact::Says).collect(), because.to_owned());
    }
    by_token(case, seen, "SASL-05", |_| {
        Some("the token reads as an MSK IAM token".to_owned())
    })
}

/// What a broker cannot read it may also close on, and a token that is known to be no good is never accepted.
pub(super) fn closed_on(case: &Case, code: &str, weight: Weight) -> Stand {
    match token_problem(case, code) {
        Some(problem) => Stand::says(weight, format!("the token: {problem}")),
        None => Stand::Foreign,
    }
}

pub(super) fn session_token_missing(case: &Case, seen: &Seen<'_>) -> Stand {
    by_token(case, seen, "SASL-12", |token| {
        Some(if token.session_token {
            "the token carries a session token".to_owned()
        } else {
            "the key is a long-term one, which has no session token".to_owned()
        })
    })
}

pub(super) fn token_expired(case: &Case, seen: &Seen<'_>) -> Stand {
    by_token(case, seen, "SASL-08", |token| {
        let left = token.expires_at? - case.now;
        Some(format!("the token had {left} s left"))
    })
}

pub(super) fn wrong_region(case: &Case, seen: &Seen<'_>) -> Stand {
    let wanted = case.target.region_of_names.clone();
    by_token(case, seen, "SASL-10", |token| {
        let (signed, wanted) = (token.region.as_deref()?, wanted.as_deref()?);
        (signed == wanted)
            .then(|| format!("the token is signed for {signed}, the cluster's region"))
    })
}

pub(super) fn credentials_expired(case: &Case, seen: &Seen<'_>) -> Stand {
    if case.target.auth != Auth::Iam {
        return Stand::Foreign;
    }
    if names_another(seen, "SASL-13") {
        return Stand::excluded("the broker names another reason");
    }
    if names(seen, "SASL-13").is_some() || case.token.as_ref().is_some_and(|token| token.given) {
        return named_or_open(seen, "SASL-13");
    }
    match &case.identity {
        IdentityFacts::Known { arn, .. } => {
            Stand::excluded(format!("STS accepts the credentials, as {arn}"))
        }
        IdentityFacts::Refused {
            code, clock: true, ..
        } => Stand::excluded(format!("STS refuses the time of the signature: {code}")),
        IdentityFacts::Refused { code, message, .. } if code.contains("Expired") => {
            Stand::decides(format!("STS: {code}: {message}"))
        }
        IdentityFacts::Refused { code, message, .. } => Stand::says(
            Weight::Pointed,
            format!("STS does not accept the credentials: {code}: {message}"),
        ),
        IdentityFacts::Unknown { .. } | IdentityFacts::NotAsked => {
            let over = case
                .credentials
                .expires
                .is_some_and(|expires| expires <= case.now);
            if over {
                Stand::decides("the credentials' own expiry is past")
            } else {
                Stand::open()
            }
        }
    }
}

pub(super) fn clock_skew(case: &Case, seen: &Seen<'_>) -> Stand {
    if case.target.auth != Auth::Iam {
        return Stand::Foreign;
    }
    if names_another(seen, "SASL-09") {
        return Stand::excluded("the broker names another reason");
    }
    if names(seen, "SASL-09").is_some() {
        return named_or_open(seen, "SASL-09");
    }
    if let Some(problem) = token_problem(case, "SASL-09") {
        return Stand::says(Weight::Pointed, format!("the token: {problem}"));
    }
    if let IdentityFacts::Refused {
        code,
        message,
        clock: true,
    } = &case.identity
    {
        return Stand::says(Weight::Pointed, format!("STS: {code}: {message}"));
    }
    match case.clock_ahead_s {
        Some(ahead) if ahead.abs() > SKEW_TOLERATED => Stand::says(
            Weight::Pointed,
            format!("the local clock is {ahead:+.0} s off AWS's"),
        ),
        Some(ahead) => Stand::excluded(format!("the clock is right ({ahead:+.1} s)")),
        None => Stand::open(),
    }
}
