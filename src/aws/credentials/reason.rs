//! Why the SDK failed, in one line.

use std::env::VarError;
use std::error::Error;

use aws_smithy_types::error::ErrorMetadata;

use crate::secret::{Printable, redact};

/// What an SDK error and those behind it say.
pub(super) struct Reason {
    /// All of it that means something, outermost first.
    pub text: Printable,
    /// The code of the AWS error, if a service answered with one.
    pub code: Option<Printable>,
}

/// What the SDK says around the error proper.
const BOILERPLATE: [&str; 8] = [
    "service error",
    "dispatch failure",
    "unhandled error",
    "the credential provider was not enabled",
    "the credentials provider was not properly configured",
    "an error occurred while loading credentials",
    "an unexpected error occurred while loading credentials",
    "other error",
];

impl Reason {
    pub(super) fn of(error: &(dyn Error + 'static)) -> Self {
        let mut texts: Vec<String> = Vec::new();
        let mut code = None;
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(answer) = error.downcast_ref::<ErrorMetadata>() {
                code = answer.code().map(Printable::new);
            }
            let text = text_of(error);
            if !texts.iter().any(|said| said.contains(&text)) {
                texts.push(text);
            }
            next = error.source();
        }
        let telling = |text: &&String| !BOILERPLATE.iter().any(|said| text.starts_with(said));
        let meant: Vec<&str> = texts.iter().filter(telling).map(String::as_str).collect();
        let text = if meant.is_empty() {
            texts.join(": ")
        } else {
            meant.join(": ")
        };
        Self {
            text: Printable::new(&without_secrets(&text)),
            code,
        }
    }
}

/// Two errors of the SDK quote a secret: these get words of ours.
fn text_of(error: &(dyn Error + 'static)) -> String {
    if let Some(VarError::NotUnicode(_)) = error.downcast_ref() {
        return "an AWS environment variable is not UTF-8".to_owned();
    }
    if let Some(answer) = error.downcast_ref::<ErrorMetadata>() {
        return match (answer.code(), answer.message()) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            (code, message) => code.or(message).unwrap_or("service error").to_owned(),
        };
    }
    let text = error.to_string();
    if text.contains("could not be used as a header value for the auth token") {
        return "AWS_CONTAINER_AUTHORIZATION_TOKEN or its file has characters that a header cannot have (a line end?)"
            .to_owned();
    }
    text
}

fn without_secrets(text: &str) -> String {
    let secrets: Vec<String> = [
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    ]
    .iter()
    .filter_map(|name| std::env::var(name).ok())
    .collect();
    redact(
        text,
        &secrets.iter().map(String::as_str).collect::<Vec<_>>(),
    )
}
