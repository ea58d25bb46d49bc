//! What may be shown and what may not: secrets that cannot be printed, and strangers' text made safe to print.

use std::fmt;

use schemars::JsonSchema;
pub use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::text::could_be_obeyed;

/// The most characters of a stranger's text that are kept.
const PRINTABLE_CHARACTERS: usize = 600;

/// A secret access key has 40 characters and a signature 64; what people name is seldom this long without a
/// hyphen, a dot, a colon or an underscore.
const SECRET_RUN: usize = 40;

/// What stands where a secret was.
pub const REDACTED: &str = "[redacted]";

/// Text from outside (a token, an answer, an error) that is safe on a terminal: at most 600 characters, control
/// characters and everything beyond ASCII escaped, long unbroken runs that may be keys or signatures replaced.
///
/// Made safe when it is made, also when it is read back from a file; making it twice changes nothing.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Printable(String);

impl Printable {
    /// Makes `text` safe to print.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self::without_runs_of(SECRET_RUN, text)
    }

    /// As [`Printable::new`], for text in which no unbroken run of `shortest` characters can be innocent.
    #[must_use]
    pub fn without_runs_of(shortest: usize, text: &str) -> Self {
        // In this order: an escape such as \\n may lengthen a run.
        Self(shorten(redact_runs(&escape(text), shortest)))
    }

    /// The safe text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Printable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<String> for Printable {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl From<&str> for Printable {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<Printable> for String {
    fn from(text: Printable) -> Self {
        text.0
    }
}

/// `text` with each of `secrets` replaced. Services echo what they were sent: STS answers `SignatureDoesNotMatch`
/// with the canonical request, in which the session token stands, percent-encoded or not.
#[must_use]
pub fn redact(text: &str, secrets: &[&str]) -> String {
    let mut clean = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        clean = clean.replace(secret, REDACTED);
        let encoded =
            percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC);
        clean = clean.replace(&encoded.to_string(), REDACTED);
    }
    clean
}

/// Replaces every run of at least `shortest` characters of base64, percent-encoding or hex.
fn redact_runs(text: &str, shortest: usize) -> String {
    let of_a_secret = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '%');
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let run = rest.find(|c| !of_a_secret(c)).unwrap_or(rest.len());
        clean.push_str(if run >= shortest {
            REDACTED
        } else {
            &rest[..run]
        });
        let after = rest[run..]
            .find(of_a_secret)
            .map_or(rest.len(), |found| run + found);
        clean.push_str(&rest[run..after]);
        rest = &rest[after..];
    }
    clean
}

/// The first characters of `text`, escaped: what is beyond can only be cut off.
fn escape(text: &str) -> String {
    let mut safe = String::new();
    for c in text.chars().take(PRINTABLE_CHARACTERS + 1) {
        if c.is_ascii() && !could_be_obeyed(c) {
            safe.push(c);
        } else {
            safe.extend(c.escape_default());
        }
    }
    safe
}

fn shorten(mut text: String) -> String {
    const END: &str = "...";
    if text.len() > PRINTABLE_CHARACTERS {
        text.truncate(PRINTABLE_CHARACTERS - END.len()); // escaped, so every character is one byte
        text.push_str(END);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_no_debug_text() {
        let secret = SecretString::from("hunter2");
        assert!(!format!("{secret:?}").contains("hunter2"));
        assert_eq!(secret.expose_secret(), "hunter2");
    }

    #[test]
    fn terminal_controls_are_escaped() {
        assert_eq!(
            Printable::new("a\u{1b}[2J\n\u{202e}é").as_str(),
            "a\\u{1b}[2J\\n\\u{202e}\\u{e9}"
        );
    }

    #[test]
    fn a_key_is_replaced_and_a_name_is_not() {
        let key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        assert_eq!(
            Printable::new(&format!("key={key};")).as_str(),
            "[redacted];"
        );
        let role =
            "arn:aws:iam::123456789012:role/AWSReservedSSO_AdministratorAccess_0123456789abcdef";
        assert_eq!(Printable::new(role).as_str(), role);
    }

    #[test]
    fn an_echoed_secret_is_replaced_in_both_spellings() {
        let text = "token=ab/c+d= and token=ab%2Fc%2Bd%3D";
        assert_eq!(
            redact(text, &["ab/c+d=", ""]),
            "token=[redacted] and token=[redacted]"
        );
    }

    proptest::proptest! {
        #[test]
        fn making_it_twice_changes_nothing(text: String) {
            let once = Printable::new(&text);
            proptest::prop_assert_eq!(&Printable::new(once.as_str()), &once);
            proptest::prop_assert!(once.as_str().chars().all(|c| c == ' ' || c.is_ascii_graphic()));
        }
    }
}
