//! Yes, no, or unknown with what would settle it (Kleene's logic).

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::policies::{Kind, LayerName};

/// A fact without which a statement or a layer cannot be judged.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(tag = "fact", rename_all = "kebab-case")]
pub enum Missing {
    /// The value of a condition key in the request.
    Key {
        /// The key in lower case, as keys are compared.
        key: String,
    },
    /// A condition operator that is not modelled.
    Operator {
        /// As written.
        operator: String,
    },
    /// A value that is not of the type that its operator compares, in the policy or in the request.
    Value {
        /// The operator.
        operator: String,
        /// The value.
        value: String,
    },
    /// A policy variable that has no value here, or stands where AWS does not allow one.
    Variable {
        /// As written, without `${` and `}`.
        variable: String,
    },
    /// A wildcard inside a segment of an ARN that would have to match a colon: AWS's documents promise this only of one
    /// that ends its segment.
    Pattern {
        /// As written.
        pattern: String,
    },
    /// An element of a statement or document that is not modelled, or does not belong there.
    Element {
        /// Its name.
        element: String,
    },
    /// A form of principal that is not modelled.
    Principal {
        /// As written.
        principal: String,
    },
    /// The path of the role: an assumed-role ARN has lost it, `iam:GetRole` brings it.
    RolePath,
    /// The unique id of the role or user (`AROA…`, `AIDA…`).
    PrincipalId,
    /// The name of the role's session.
    SessionName,
    /// The text of a policy.
    Policy {
        /// What kind of policy.
        kind: Kind,
        /// Its name or ARN.
        name: String,
        /// Why it is not known: denied, malformed, …
        why: String,
    },
    /// A whole layer of policies that nobody read.
    Layer {
        /// Which.
        name: LayerName,
    },
}

/// Whether something applies to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It does.
    Yes,
    /// It does not, whatever is missing.
    No,
    /// It depends on what is missing.
    Unknown(BTreeSet<Missing>),
}

impl Answer {
    /// Unknown for the lack of one fact.
    #[must_use]
    pub fn lacks(missing: Missing) -> Self {
        Self::Unknown(BTreeSet::from([missing]))
    }

    /// Whether it is certain that it applies.
    #[must_use]
    pub fn is_yes(&self) -> bool {
        *self == Self::Yes
    }

    /// Whether it is certain that it does not apply.
    #[must_use]
    pub fn is_no(&self) -> bool {
        *self == Self::No
    }

    /// What is missing, where something is.
    pub fn missing(&self) -> impl Iterator<Item = &Missing> {
        match self {
            Self::Unknown(missing) => Some(missing.iter()),
            Self::Yes | Self::No => None,
        }
        .into_iter()
        .flatten()
    }

    /// The opposite; unknown stays unknown.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            unknown @ Self::Unknown(_) => unknown,
        }
    }

    /// Whether both apply.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, other) => other,
            (own, Self::Yes) => own,
            (Self::Unknown(mut own), Self::Unknown(other)) => {
                own.extend(other);
                Self::Unknown(own)
            }
        }
    }

    /// Whether one of them applies.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.negated().and(other.negated()).negated()
    }

    /// Whether all apply; yes for none at all.
    pub fn all(answers: impl IntoIterator<Item = Self>) -> Self {
        answers.into_iter().fold(Self::Yes, Self::and)
    }

    /// Whether at least one applies; no for none at all.
    pub fn any(answers: impl IntoIterator<Item = Self>) -> Self {
        answers.into_iter().fold(Self::No, Self::or)
    }
}

impl From<bool> for Answer {
    fn from(applies: bool) -> Self {
        if applies { Self::Yes } else { Self::No }
    }
}
