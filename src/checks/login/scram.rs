//! SCRAM: a user that the broker does not know is refused at its first message, a wrong password at the second.

use super::login;
use super::words::words;
use crate::case::Case;
use crate::diagnosis::sign::Seen;
use crate::diagnosis::{Stand, Weight};
use crate::phase::Phase;
use crate::target::Auth;

/// Whether the broker refuses a user and a password, in Kafka's words or in those of SCRAM (RFC 5802, 7).
fn is_refused(seen: &Seen<'_>) -> bool {
    const WORDS: [&str; 3] = [
        "invalid credentials with sasl mechanism scram",
        "invalid-proof",
        "unknown-user",
    ];
    words(seen).is_none_or(|words| WORDS.iter().any(|own| words.contains(own)))
}

/// Whether the broker asked for a proof, and so knows the user.
fn knows_the_user(seen: &Seen<'_>) -> bool {
    login(seen).is_some_and(|detail| detail.messages > 1)
}

pub(super) fn wrong_password(case: &Case, seen: &Seen<'_>) -> Stand {
    if case.target.auth != Auth::Scram {
        return Stand::Foreign;
    }
    if !is_refused(seen) {
        return Stand::excluded("the broker names another reason");
    }
    if others_accept(case, seen) {
        return Stand::excluded("other brokers accept the same user and password");
    }
    if knows_the_user(seen) {
        let words = "the broker knows the user, asks for the proof, and refuses it";
        return Stand::says(Weight::Pointed, words);
    }
    let words = "the broker refuses the user's name, before any proof";
    Stand::says(Weight::Usual, words)
}

pub(super) fn secret_unusable(case: &Case, seen: &Seen<'_>) -> Stand {
    if case.target.auth != Auth::Scram {
        return Stand::Foreign;
    }
    if !is_refused(seen) {
        return Stand::excluded("the broker names another reason");
    }
    if others_accept(case, seen) {
        return Stand::excluded("other brokers accept the same user and password");
    }
    if knows_the_user(seen) {
        // A secret that the cluster may not read any more keeps its old password there.
        let words = "the broker has a secret of that user, which may be an older one than Secrets Manager's";
        return Stand::says(Weight::Open, words);
    }
    Stand::says(
        Weight::Usual,
        "the broker does not know the user: no secret of that name is associated, or it cannot be read",
    )
}

/// Brokers that were replaced do not have the secrets for a while; the others have.
pub(super) fn after_healing(case: &Case, seen: &Seen<'_>) -> Stand {
    if case.target.auth != Auth::Scram {
        return Stand::Foreign;
    }
    if !is_refused(seen) {
        return Stand::excluded("the broker names another reason");
    }
    if knows_the_user(seen) {
        return Stand::excluded("the broker asked for a proof: it has a secret of that user");
    }
    let mut others = case
        .attempts()
        .filter(|other| other.broker != *seen.broker());
    if !others.any(|other| other.login().is_some()) {
        return Stand::open();
    }
    if others_accept(case, seen) {
        // Nothing but the cluster's operations shows that this one was replaced.
        return Stand::says(
            Weight::Usual,
            "other brokers of the cluster accept the same user and password",
        );
    }
    Stand::excluded("every broker refuses alike, and only replaced ones lack the secrets")
}

/// Whether another broker takes the login: then it is this one's fault.
fn others_accept(case: &Case, seen: &Seen<'_>) -> bool {
    case.attempts()
        .any(|other| other.broker != *seen.broker() && other.answered(Phase::SaslAuthenticate))
}
