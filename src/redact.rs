//! A case that may be posted in public: accounts, names, ids and addresses are others, the diagnosis is the same.
//!
//! What is one in the case is one in the redacted case too; addresses keep their common prefixes, so that a CIDR has the addresses
//! in it that it had; a wildcard matches what it matched, word by word.

mod address;
mod text;
mod vocabulary;

use serde_json::{Map, Value};

use crate::aws::files::key_of;
use crate::case::Case;
use crate::diagnosis::{Diagnosis, conclude};

use self::address::Addresses;
use self::vocabulary::Vocabulary;

/// Why a case was not redacted.
#[derive(Debug, thiserror::Error)]
pub enum RedactError {
    /// It is no case any more.
    #[error(
        "the redacted case cannot be read again ({0}): a name is also a word of the format; leave it with --keep WORD"
    )]
    Unreadable(String),
    /// It is judged otherwise.
    #[error(
        "the redacted case is judged otherwise ({0}): a wildcard ends within a word; leave the word with --keep WORD"
    )]
    Judged(String),
    /// It could not be written as JSON.
    #[error("the case cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Redacts a case; the words `keep` stay. The mapping of addresses is another one each time.
///
/// # Errors
/// Where the redacted case would not be judged as the case is.
pub fn redact(case: &Case, keep: &[String]) -> Result<Case, RedactError> {
    let value = serde_json::to_value(case)?;
    let vocabulary = Vocabulary::of(&value, keep);
    let redaction = Redaction {
        vocabulary,
        addresses: Addresses::new(*uuid::Uuid::new_v4().as_bytes()),
    };
    let redacted: Case = serde_json::from_value(redaction.value(None, &value))
        .map_err(|error| RedactError::Unreadable(error.to_string()))?;
    let (before, after) = (judged(&conclude(case)), judged(&conclude(&redacted)));
    if before == after {
        Ok(redacted)
    } else {
        Err(RedactError::Judged(format!("{before} before, {after} now")))
    }
}

/// What has to stay: the verdict, and the causes with their confidence and the number of their subjects.
fn judged(diagnosis: &Diagnosis) -> String {
    let causes = diagnosis.causes.iter().map(|cause| {
        format!(
            ", {} {} on {}",
            cause.fault.code,
            cause.confidence.name(),
            cause.subjects.len()
        )
    });
    format!("{}{}", diagnosis.verdict.name(), causes.collect::<String>())
}

struct Redaction {
    vocabulary: Vocabulary,
    addresses: Addresses,
}

impl Redaction {
    fn value(&self, key: Option<&str>, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.string(key, text)),
            Value::Array(all) => all.iter().map(|one| self.value(key, one)).collect(),
            Value::Object(fields) => Value::Object(self.object(fields)),
            other => other.clone(),
        }
    }

    fn object(&self, fields: &Map<String, Value>) -> Map<String, Value> {
        // A tag says what only its owner knows.
        let is_tag =
            fields.len() == 2 && fields.contains_key("Key") && fields.contains_key("Value");
        let rewritten = fields.iter().map(|(key, value)| {
            let value = if is_tag && key == "Value" {
                Value::from("redacted")
            } else {
                self.value(Some(key), value)
            };
            (self.key(key), value)
        });
        rewritten.collect()
    }

    /// A key is a field's name, or the name or id of what an answer is about.
    fn key(&self, key: &str) -> String {
        if self.vocabulary.begins_with_name(key) {
            // ROLE, ROLE.POLICY, ROLE.topic, FUNCTION_QUALIFIER
            let parts = key.split('.').enumerate().map(|(place, part)| {
                if place > 0 && matches!(part, "cluster" | "topic" | "group") {
                    part.to_owned()
                } else {
                    self.vocabulary.name(part)
                }
            });
            return parts.collect::<Vec<_>>().join(".");
        }
        if let Some(arn) = self.vocabulary.arn_of(key) {
            return key_of(&self.text(arn));
        }
        self.text(key)
    }

    fn string(&self, key: Option<&str>, text: &str) -> String {
        // A policy, as IAM gives it.
        if let Ok(inner @ Value::Object(_)) = serde_json::from_str::<Value>(text) {
            return self.value(None, &inner).to_string();
        }
        match key {
            Some("Description" | "GroupDescription") => "redacted".to_owned(),
            Some(key) if vocabulary::names_something(key) && self.vocabulary.is_name(text) => {
                self.vocabulary.name(text)
            }
            Some("issuer" | "subject") if !text.contains("Amazon") => self.distinguished(text),
            _ => self.text(text),
        }
    }
}
