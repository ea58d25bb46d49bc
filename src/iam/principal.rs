//! Who makes a request: a role's session or a user.
//!
//! Source: IAM User Guide, "AWS JSON policy elements: Principal".

use std::collections::BTreeMap;

use super::arn::{Arn, ArnError};

/// The identity whose rights are judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Role or user.
    pub kind: PrincipalKind,
    /// The partition: `aws`, `aws-cn`, …
    pub partition: String,
    /// The account that it belongs to.
    pub account: String,
    /// Its name, without path.
    pub name: String,
    /// Its path with both slashes: `/`, `/service-role/`. An assumed-role ARN has lost it: none then.
    pub path: Option<String>,
    /// Its unique id, `AROA…` or `AIDA…`, where known.
    pub id: Option<String>,
    /// Its tags, a session's tags included; none if they are not known, which is not the same as none at all.
    pub tags: Option<BTreeMap<String, String>>,
}

/// What kind of principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrincipalKind {
    /// A session of a role.
    Role {
        /// The session's name; a Lambda function's is the function's name. None if it is not known.
        session: Option<String>,
    },
    /// An IAM user.
    User,
}

impl Principal {
    /// Reads the ARN of a role, of a role's session or of a user.
    ///
    /// `arn:aws:sts::1:assumed-role/orders/me` gives the role's name and account and no path.
    ///
    /// # Errors
    ///
    /// If it is none of these: an account's root user, a federated user, a service, a text that is not an ARN.
    pub fn from_arn(text: &str) -> Result<Self, ArnError> {
        let arn: Arn = text.parse()?;
        let other = || ArnError::OfSomethingElse {
            arn: text.to_owned(),
            expected: "a role, a role's session or a user",
        };
        let (kind, rest) = arn.resource.split_once('/').ok_or_else(other)?;
        let (kind, path, name) = match (arn.service.as_str(), kind) {
            ("sts", "assumed-role") => {
                let (name, session) = rest.split_once('/').ok_or_else(other)?;
                let session = (!session.is_empty()).then(|| session.to_owned());
                (PrincipalKind::Role { session }, None, name)
            }
            ("iam", "role" | "user") => {
                let (path, name) = match rest.rsplit_once('/') {
                    Some((path, name)) => (format!("/{path}/"), name),
                    None => ("/".to_owned(), rest),
                };
                let kind = match kind {
                    "role" => PrincipalKind::Role { session: None },
                    _ => PrincipalKind::User,
                };
                (kind, Some(path), name)
            }
            _ => return Err(other()),
        };
        if name.is_empty() || arn.account.is_empty() {
            return Err(other());
        }
        Ok(Self {
            kind,
            partition: arn.partition.clone(),
            account: arn.account.clone(),
            name: name.to_owned(),
            path,
            id: None,
            tags: None,
        })
    }

    /// The same with what `iam:GetRole` or `iam:GetUser` said: the path, from the ARN, and the unique id.
    ///
    /// # Errors
    ///
    /// If the ARN is not of this role or user.
    pub fn with_identity(mut self, arn: &str, id: Option<&str>) -> Result<Self, ArnError> {
        let other = Self::from_arn(arn)?;
        let same_kind = matches!(
            (&self.kind, &other.kind),
            (PrincipalKind::Role { .. }, PrincipalKind::Role { .. })
                | (PrincipalKind::User, PrincipalKind::User)
        );
        if !same_kind || other.account != self.account || other.name != self.name {
            return Err(ArnError::OfSomethingElse {
                arn: arn.to_owned(),
                expected: "the same role or user",
            });
        }
        self.path = other.path.or(self.path);
        self.id = id.map(ToOwned::to_owned).or(self.id);
        Ok(self)
    }

    /// The same with the name of the role's session; a user has none and stays as it is.
    #[must_use]
    pub fn with_session(mut self, name: &str) -> Self {
        if let PrincipalKind::Role { session } = &mut self.kind {
            *session = Some(name.to_owned());
        }
        self
    }

    /// The same with its tags, all of them.
    #[must_use]
    pub fn with_tags(mut self, tags: BTreeMap<String, String>) -> Self {
        self.tags = Some(tags);
        self
    }

    /// Whether it is a role's session.
    #[must_use]
    pub fn is_role(&self) -> bool {
        matches!(self.kind, PrincipalKind::Role { .. })
    }

    /// The ARN of the role or user; none while the path is not known.
    #[must_use]
    pub fn arn(&self) -> Option<String> {
        let path = self.path.as_deref()?;
        let kind = if self.is_role() { "role" } else { "user" };
        Some(format!(
            "arn:{}:iam::{}:{kind}{path}{}",
            self.partition, self.account, self.name
        ))
    }

    /// The ARN of the role's session; none for a user, or while the session's name is not known.
    #[must_use]
    pub fn session_arn(&self) -> Option<String> {
        match &self.kind {
            PrincipalKind::Role {
                session: Some(session),
            } => Some(format!(
                "arn:{}:sts::{}:assumed-role/{}/{session}",
                self.partition, self.account, self.name
            )),
            _ => None,
        }
    }
}
