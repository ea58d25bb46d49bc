//! The broker's words when it refuses a login, and the entries that they name.

use super::login;
use crate::diagnosis::Stand;
use crate::diagnosis::sign::Seen;

/// Phrases in lower case, and the entries that one of them names: MSK's and Kafka's own, and those of AWS's services
/// about signatures.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html>.
const NAMED: &[(&str, &[&str])] = &[
    ("too many connect", &["LIM-01"]),
    ("rate exceeded", &["LIM-01"]),
    ("throttl", &["LIM-01"]),
    ("session too short", &["SASL-20"]),
    ("cannot change principals", &["SASL-19"]),
    ("invalid authentication payload", &["SASL-05"]),
    (
        "invalid credentials with sasl mechanism",
        &["SASL-05", "SASL-22", "SASL-23", "SASL-24"],
    ),
    ("signature expired", &["SASL-08", "SASL-09"]),
    ("signature not yet current", &["SASL-09"]),
    ("scoped to a valid region", &["SASL-10"]),
    (
        "security token included in the request is expired",
        &["SASL-13"],
    ),
    (
        "security token included in the request is invalid",
        &["SASL-12", "SASL-13"],
    ),
    (
        "signature we calculated does not match",
        &["SASL-12", "SASL-13"],
    ),
];

/// The broker's words, in lower case; `None` when it had no way to say any.
pub(super) fn words(seen: &Seen<'_>) -> Option<String> {
    let detail = login(seen)?;
    let text = detail
        .error_message
        .as_deref()
        .or(detail.challenge.as_deref())?;
    Some(text.to_lowercase())
}

fn phrase(seen: &Seen<'_>) -> Option<&'static (&'static str, &'static [&'static str])> {
    let words = words(seen)?;
    NAMED.iter().find(|(phrase, _)| words.contains(phrase))
}

/// The phrase by which the broker names an entry.
pub(super) fn names(seen: &Seen<'_>, code: &str) -> Option<&'static str> {
    let (phrase, codes) = phrase(seen)?;
    codes.contains(&code).then_some(*phrase)
}

/// Whether the broker names this entry, and it alone.
pub(super) fn names_alone(seen: &Seen<'_>, code: &str) -> bool {
    phrase(seen).is_some_and(|(_, codes)| *codes == [code])
}

/// Whether the broker's words are a denial, as MSK says it, and no more.
pub(super) fn denies(seen: &Seen<'_>) -> bool {
    words(seen).is_some_and(|words| words.contains("access denied"))
}

/// Whether the broker names another reason than this entry: more than "the token or its owner is not accepted".
pub(super) fn names_another(seen: &Seen<'_>, code: &str) -> bool {
    phrase(seen).is_some_and(|(_, codes)| !codes.contains(&code))
}

/// An entry that the broker's words name, or do not; `untold` where it had no words, or such as nobody knows.
pub(super) fn said(seen: &Seen<'_>, code: &str, untold: Stand) -> Stand {
    if let Some(phrase) = names(seen, code) {
        return Stand::decides(format!("the broker says so: {phrase}"));
    }
    if phrase(seen).is_some() || denies(seen) {
        return Stand::excluded("the broker says something else");
    }
    untold
}
