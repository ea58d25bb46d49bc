//! A policy document, as AWS accepts it.
//!
//! Sources: IAM User Guide, "IAM JSON policy elements reference" and "Grammar of the IAM JSON policy language".

mod parse;

use serde_json::Value;

use super::condition::Condition;

/// The version of the policy language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// 2008-10-17, also when the document names none: policy variables do not exist.
    V2008,
    /// 2012-10-17.
    V2012,
}

/// A policy document.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The version of the language.
    pub version: Version,
    /// `Id`, of resource-based policies.
    pub id: Option<String>,
    /// The statements, in order.
    pub statements: Vec<Statement>,
    /// Elements beside `Version`, `Id` and `Statement`: what they mean is not known.
    pub unknown: Vec<String>,
}

/// A statement of a policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// `Sid`, where it has one.
    pub sid: Option<String>,
    /// What it does to what it applies to.
    pub effect: Effect,
    /// `Principal` or `NotPrincipal`.
    pub principal: Option<PrincipalElement>,
    /// `Action` or `NotAction`.
    pub action: Listed,
    /// `Resource` or `NotResource`.
    pub resource: Listed,
    /// `Condition`: all must hold.
    pub conditions: Vec<Condition>,
    /// Elements that are not of the language: what they mean is not known.
    pub unknown: Vec<String>,
    /// The statement as it is written.
    pub json: Value,
}

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It allows.
    Allow,
    /// It denies, whatever else allows.
    Deny,
}

/// The patterns of an element, or of its `Not` form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Whether it is `NotAction` or `NotResource`: everything but these.
    pub not: bool,
    /// The patterns.
    pub patterns: Vec<String>,
}

/// `Principal` or `NotPrincipal`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalElement {
    /// Whether it is `NotPrincipal`.
    pub not: bool,
    /// The principals.
    pub principals: Vec<WrittenPrincipal>,
}

/// A principal as a policy writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WrittenPrincipal {
    /// `"*"` or `{"AWS": "*"}`: everybody.
    Anyone,
    /// Of the key `AWS`: an account, an ARN or a unique id.
    Aws(String),
    /// Of another key: `Service`, `Federated`, `CanonicalUser`.
    Other {
        /// The key.
        kind: String,
        /// The value.
        value: String,
    },
}

/// Where a document is not a policy, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// It is not JSON.
    #[error("not JSON: {0}")]
    NotJson(String),
    /// Something is wrong in an element.
    #[error("{}: {problem}", place(*.statement, .element))]
    Element {
        /// The index of the statement, from 0; none outside of statements.
        statement: Option<usize>,
        /// The element, with the condition's operator and key where it is one.
        element: String,
        /// What is wrong.
        problem: Problem,
    },
}

/// What is wrong with an element.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It must be there.
    #[error("is missing")]
    Missing,
    /// It is of another JSON type than it must be.
    #[error("must be {0}")]
    NotA(&'static str),
    /// Its value is none of those that exist.
    #[error("{0:?} does not exist")]
    NoSuch(String),
    /// It stands beside the element that it excludes.
    #[error("excludes {0}")]
    Excludes(&'static str),
    /// An action without a service's prefix, or with a wildcard in it.
    #[error("{0:?} does not begin with the prefix of a service")]
    NoService(String),
}

fn place(statement: Option<usize>, element: &str) -> String {
    match statement {
        Some(index) => format!("Statement[{index}].{element}"),
        None => element.to_owned(),
    }
}

impl Document {
    /// Reads a document from its text: JSON, or JSON URL-encoded (RFC 3986) as the IAM API answers.
    ///
    /// # Errors
    ///
    /// If it is not a policy.
    pub fn from_text(text: &str) -> Result<Self, DocumentError> {
        parse::text(text)
    }

    /// Reads a document that is decoded already, as the AWS CLI prints it; a JSON string is read as a text.
    ///
    /// # Errors
    ///
    /// If it is not a policy.
    pub fn from_value(value: &Value) -> Result<Self, DocumentError> {
        parse::document(value)
    }
}
