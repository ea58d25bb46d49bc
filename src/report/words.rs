//! Evidence in words, and the escaping of what strangers say.

use std::fmt::Write as _;

use crate::case::{Case, ClientKind};
use crate::diagnosis::Fact;
use crate::probe::observation::End;
use crate::text;

/// The longest string of a stranger that is shown, characters.
const LONGEST: usize = 300;

/// The first characters of `text`, with those that a terminal, a log or a reader could take for something else
/// shown by their number.
#[must_use]
pub fn escape(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => text::escaped(&text[..end]) + "…",
        None => text::escaped(text),
    }
}

/// Milliseconds in few digits.
#[must_use]
pub fn milliseconds(us: u64) -> String {
    match us {
        0..1_000 => format!("{}.{} ms", us / 1_000, us % 1_000 / 100),
        1_000..10_000_000 => format!("{} ms", us / 1_000),
        _ => format!("{} s", us / 1_000_000),
    }
}

/// One piece of evidence.
#[must_use]
pub fn fact_words(fact: &Fact) -> String {
    match fact {
        Fact::Ended {
            broker,
            phase,
            end,
            after_us,
        } => {
            format!(
                "{broker}: {phase}: {} after {}",
                end_words(*end),
                milliseconds(*after_us)
            )
        }
        Fact::BrokerWords { broker, words } => {
            format!("{broker}: the broker's words: \"{}\"", escape(words))
        }
        Fact::Experiment {
            name,
            broker,
            phase,
            end,
            after_us,
            words,
        } => {
            let mut text = format!(
                "experiment {name} on {broker}: {phase}: {} after {}",
                end_words(*end),
                milliseconds(*after_us)
            );
            match words {
                Some(words) => {
                    let _ = write!(text, ", \"{}\"", escape(words));
                }
                None if matches!(end, End::Fin | End::Rst) => text.push_str(", without words"),
                None => {}
            }
            text
        }
        Fact::Offered { broker, mechanisms } if mechanisms.is_empty() => {
            format!("{broker} offers no SASL mechanism")
        }
        Fact::Offered { broker, mechanisms } => {
            format!("{broker} offers {}", escape(&mechanisms.join(", ")))
        }
        Fact::Says(words) => escape(words),
        Fact::Statement { place, statement } => {
            format!(
                "{}: {}",
                escape(place),
                text::escaped(&statement.to_string())
            )
        }
    }
}

/// How a phase ended, for a sentence.
#[must_use]
pub fn end_words(end: End) -> &'static str {
    match end {
        End::Answered => "answered",
        End::Fin => "closed by the peer (FIN)",
        End::Rst => "reset (RST)",
        End::Refused => "refused (RST to the SYN)",
        End::Silence => "no answer",
        End::Unreachable => "unreachable",
        End::TlsAlert => "TLS alert",
        End::TlsError => "the handshake cannot go on",
        End::KafkaError => "refused in Kafka's words",
        End::NotKafka => "an answer that is not the protocol's",
        End::ProtocolError => "a malformed answer",
        End::Incomplete => "part of an answer, then silence",
        End::Nxdomain => "NXDOMAIN",
        End::NoAddress => "no address",
        End::ResolverFailed => "the resolver failed",
        End::ClientError => "the client gave up",
        End::Cancelled => "cut off",
    }
}

/// Where the question can be settled when this is not the client.
#[must_use]
pub fn from_the_client(case: &Case) -> String {
    match (case.client.kind, case.client.name.as_deref()) {
        (ClientKind::Function, Some(name)) => {
            format!(
                "run msk-doctor inside the VPC, as function {}",
                escape(name)
            )
        }
        (ClientKind::Address, Some(name)) => format!("run msk-doctor at {}", escape(name)),
        _ => "run msk-doctor where the client runs".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn terminal_escapes_are_shown_and_not_sent() {
        assert_eq!(escape("a\u{1b}[31mb\u{7}\n"), "a\\u{1b}[31mb\\u{7}\\u{a}");
        assert_eq!(escape("\u{202e}abc"), "\\u{202e}abc");
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left(text in "\\PC*|[\\x00-\\x9f]{0,40}") {
            prop_assert!(!escape(&text).chars().any(text::could_be_obeyed));
        }
    }
}
