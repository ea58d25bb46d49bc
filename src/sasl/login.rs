//! A login by any mechanism: what is said first, and what to each answer.

use super::msk_iam::{Payload, Token};
use super::scram::{Answer, Scram};

/// A login under way. None of it can be printed.
#[derive(Debug)]
pub enum Login {
    /// `OAUTHBEARER` with an MSK IAM token.
    OauthBearer(Token),
    /// `AWS_MSK_IAM`.
    MskIam(Payload),
    /// `SCRAM-SHA-256` or `SCRAM-SHA-512`.
    Scram(Box<Scram>),
}

/// What to do with an answer of the broker's that is no error.
#[derive(Debug, PartialEq, Eq)]
pub enum Reply {
    /// It is done.
    Done,
    /// Send this.
    Send(Vec<u8>),
    /// The broker refuses in the mechanism's own words; it waits for this before it closes.
    Refused {
        /// Its words.
        words: String,
        /// What it waits for.
        dismissal: Vec<u8>,
    },
    /// It cannot be read, or it is of somebody else.
    Wrong(String),
}

impl Login {
    /// The first message.
    #[must_use]
    pub fn first(&self) -> Vec<u8> {
        match self {
            // RFC 7628, 3.1
            Self::OauthBearer(token) => {
                format!("n,,\u{1}auth=Bearer {}\u{1}\u{1}", token.expose()).into_bytes()
            }
            Self::MskIam(payload) => payload.expose().as_bytes().to_vec(),
            Self::Scram(scram) => scram.first(),
        }
    }

    /// Answers the broker.
    pub fn on(&mut self, answer: &[u8]) -> Reply {
        match self {
            Self::OauthBearer(_) if answer.is_empty() => Reply::Done,
            Self::OauthBearer(_) => Reply::Refused {
                words: String::from_utf8_lossy(answer).into_owned(),
                // RFC 7628, 3.2.3
                dismissal: vec![1],
            },
            // A request id, for AWS's support.
            Self::MskIam(_) => Reply::Done,
            Self::Scram(scram) => match scram.on(answer) {
                Answer::Done => Reply::Done,
                Answer::Send(message) => Reply::Send(message),
                Answer::Refused(words) => Reply::Refused {
                    words,
                    dismissal: Vec::new(),
                },
                Answer::Wrong(words) => Reply::Wrong(words),
            },
        }
    }
}
