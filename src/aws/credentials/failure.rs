//! Why there are no credentials.

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CredentialSource;
use crate::secret::Printable;

/// Why there are no credentials. No text in it has a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "failure", rename_all = "kebab-case")]
pub enum CredentialFailure {
    /// No source is set up.
    NoCredentials {
        /// Who was asked, in order, and what each said.
        tried: Vec<Tried>,
    },
    /// The time was over.
    TimedOut {
        /// What was being waited for.
        waiting_for: Step,
        /// The limit; in JSON, milliseconds.
        #[serde(rename = "after_ms", with = "milliseconds")]
        #[schemars(with = "u64")]
        after: Duration,
        /// Who had been asked before.
        tried: Vec<Tried>,
    },
    /// A source is set up and did not work.
    Failed {
        /// Which one.
        source: CredentialSource,
        /// What the SDK says.
        reason: Printable,
        /// The code of the AWS error, if a service answered with one.
        code: Option<Printable>,
    },
    /// `sts:AssumeRole` failed.
    RoleNotAssumed {
        /// The role.
        role: Printable,
        /// What STS or the SDK says.
        reason: Printable,
        /// The code of the AWS error, if STS answered with one: `AccessDenied`.
        code: Option<Printable>,
    },
}

/// A source that had no credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tried {
    /// Which one.
    pub source: CredentialSource,
    /// What it said.
    pub reason: Printable,
}

/// A step on the way to credentials.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Step {
    /// Reading configuration files, and the region from the instance.
    #[default]
    Configuration,
    /// Asking a source.
    Source {
        /// Which one.
        source: CredentialSource,
    },
    /// `sts:AssumeRole`.
    AssumeRole {
        /// The role.
        role: Printable,
    },
}

impl CredentialFailure {
    /// The entry of the fault catalogue.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            // Whoever has a web identity has nothing but STS to ask.
            CredentialFailure::RoleNotAssumed { .. }
            | CredentialFailure::TimedOut {
                waiting_for:
                    Step::AssumeRole { .. }
                    | Step::Source {
                        source: CredentialSource::WebIdentity,
                    },
                ..
            } => "IAM-07",
            // Profiles and web identities assume roles as well: only STS answers so.
            CredentialFailure::Failed {
                source: CredentialSource::Profile { .. } | CredentialSource::WebIdentity,
                code: Some(code),
                ..
            } if code.as_str() == "AccessDenied" => "IAM-07",
            _ => "SASL-14",
        }
    }
}

impl fmt::Display for CredentialFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CredentialFailure::NoCredentials { tried } => {
                f.write_str("no AWS credentials: attach a role, export AWS_ACCESS_KEY_ID and its companions, or give --profile")?;
                write_tried(f, tried)
            }
            CredentialFailure::TimedOut {
                waiting_for,
                after,
                tried,
            } => {
                write!(f, "no answer within {after:?} from {waiting_for}")?;
                write_tried(f, tried)
            }
            CredentialFailure::Failed { source, reason, .. } => {
                write!(
                    f,
                    "the credentials of the {source} could not be read: {reason}"
                )
            }
            CredentialFailure::RoleNotAssumed { role, reason, .. } => {
                write!(
                    f,
                    "the role {role} could not be assumed: {reason}; check its trust policy and the caller's sts:AssumeRole"
                )
            }
        }
    }
}

fn write_tried(f: &mut fmt::Formatter<'_>, tried: &[Tried]) -> fmt::Result {
    for (index, Tried { source, reason }) in tried.iter().enumerate() {
        let before = if index == 0 { " (tried: " } else { "; " };
        write!(f, "{before}{source}: {reason}")?;
    }
    f.write_str(if tried.is_empty() { "" } else { ")" })
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Configuration => f.write_str("the AWS configuration"),
            Step::Source { source } => write!(f, "the {source}"),
            Step::AssumeRole { role } => write!(
                f,
                "STS for the role {role}: without a NAT gateway or an interface endpoint for sts it cannot be reached"
            ),
        }
    }
}

/// A `Duration` as a whole number of milliseconds.
pub(super) mod milliseconds {
    use std::time::Duration;

    use serde::Deserialize;

    pub fn serialize<S: serde::Serializer>(
        duration: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }

    pub fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}
