//! The policies that bear on a request, layer by layer.
//!
//! Source: IAM User Guide, "Policies and permissions in AWS Identity and Access Management", "Policy types".

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::document::{Document, Statement};

/// What kind of policy: where it is attached, and so what it can do.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Written in the role or user.
    Inline,
    /// Attached to the role or user.
    Managed,
    /// Written in a group of the user.
    GroupInline,
    /// Attached to a group of the user.
    GroupManaged,
    /// The permissions boundary of the role or user.
    Boundary,
    /// Passed when the session was made.
    Session,
    /// A service control policy of the principal's organisation.
    ServiceControl,
    /// A resource control policy of the resource's organisation.
    ResourceControl,
    /// The policy of the MSK cluster.
    Cluster,
}

impl Kind {
    /// Whether it is attached to the identity or its groups.
    #[must_use]
    pub fn is_identity(self) -> bool {
        matches!(
            self,
            Self::Inline | Self::Managed | Self::GroupInline | Self::GroupManaged
        )
    }

    /// Whether its statements name principals.
    #[must_use]
    pub fn names_principals(self) -> bool {
        matches!(self, Self::Cluster | Self::ResourceControl)
    }
}

/// A layer: policies that are judged together.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(tag = "layer", rename_all = "kebab-case")]
pub enum LayerName {
    /// The policies of the identity and its groups.
    Identity,
    /// The permissions boundary.
    Boundary,
    /// The session's policies.
    Session,
    /// The service control policies of one level.
    ServiceControl {
        /// The index of the level in [`Policies::service_control`].
        level: usize,
    },
    /// The resource control policies of one level.
    ResourceControl {
        /// The index of the level in [`Policies::resource_control`].
        level: usize,
    },
    /// The policy of the cluster.
    Cluster,
}

/// A policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// What kind.
    pub kind: Kind,
    /// The name of an inline policy, the ARN of a managed one, the id of one of an organisation.
    pub name: String,
    /// The group that has it, for those of groups.
    pub group: Option<String>,
    /// Its text.
    pub content: Content,
}

/// The text of a policy.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// It was read.
    Known(Document),
    /// There is a policy, or may be one, and its text is not known: whatever it would decide stays open. Stands also for a
    /// list of policies that was denied.
    Unknown {
        /// Why: the IAM action that was denied, the error of a malformed document.
        why: String,
    },
}

impl Policy {
    /// A policy from its JSON; a malformed one stays as a policy of unknown text.
    #[must_use]
    pub fn new(kind: Kind, name: &str, document: &serde_json::Value) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            group: None,
            content: match Document::from_value(document) {
                Ok(document) => Content::Known(document),
                Err(error) => Content::Unknown {
                    why: error.to_string(),
                },
            },
        }
    }

    /// A policy, or a list of them, that could not be read.
    #[must_use]
    pub fn unread(kind: Kind, name: &str, why: &str) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            group: None,
            content: Content::Unknown {
                why: why.to_owned(),
            },
        }
    }

    /// The same as a policy of a group.
    #[must_use]
    pub fn of_group(mut self, group: &str) -> Self {
        self.group = Some(group.to_owned());
        self
    }

    /// Its statements; none while the text is not known.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        match &self.content {
            Content::Known(document) => &document.statements,
            Content::Unknown { .. } => &[],
        }
    }
}

/// Policies that are judged together: one that allows is enough.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Layer {
    /// Nobody read it: it is not known what is there.
    #[default]
    Unread,
    /// It is known that there is none.
    Absent,
    /// These, all of them.
    Read(Vec<Policy>),
}

impl Layer {
    /// Its policies, where they were read.
    #[must_use]
    pub fn policies(&self) -> &[Policy] {
        match self {
            Self::Read(policies) => policies,
            Self::Unread | Self::Absent => &[],
        }
    }
}

/// All policies that bear on a request.
///
/// By default nothing was read: each layer is unknown until somebody says what is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Policies {
    /// Of the role or user, and of its groups.
    pub identity: Layer,
    /// The permissions boundary.
    pub boundary: Layer,
    /// The session's policies. A session that a service makes of a role has none, as far as AWS's documents say.
    pub session: Layer,
    /// Service control policies: one layer for the root, for each organisational unit, for the account. Each must allow.
    /// Empty where it is known that none apply: no organisation, or its management account.
    pub service_control: Vec<Layer>,
    /// Resource control policies, layer by layer. Not every service is subject to them.
    pub resource_control: Vec<Layer>,
    /// The policy of the cluster.
    pub cluster: Layer,
}

impl Default for Policies {
    fn default() -> Self {
        Self {
            identity: Layer::Unread,
            boundary: Layer::Unread,
            session: Layer::Unread,
            service_control: vec![Layer::Unread],
            resource_control: vec![Layer::Unread],
            cluster: Layer::Unread,
        }
    }
}

impl Policies {
    /// A role or user with these policies and nothing else that limits or allows: no boundary, no session policies, no
    /// organisation, no cluster policy.
    #[must_use]
    pub fn of_identity(policies: Vec<Policy>) -> Self {
        Self {
            identity: Layer::Read(policies),
            boundary: Layer::Absent,
            session: Layer::Absent,
            service_control: Vec::new(),
            resource_control: Vec::new(),
            cluster: Layer::Absent,
        }
    }

    /// Every layer with its name.
    pub fn layers(&self) -> impl Iterator<Item = (LayerName, &Layer)> {
        [
            (LayerName::Identity, &self.identity),
            (LayerName::Boundary, &self.boundary),
            (LayerName::Session, &self.session),
            (LayerName::Cluster, &self.cluster),
        ]
        .into_iter()
        .chain(named(&self.service_control, |level| {
            LayerName::ServiceControl { level }
        }))
        .chain(named(&self.resource_control, |level| {
            LayerName::ResourceControl { level }
        }))
    }

    /// A layer by its name; none for a level that does not exist.
    #[must_use]
    pub fn layer(&self, name: LayerName) -> Option<&Layer> {
        self.layers()
            .find_map(|(other, layer)| (other == name).then_some(layer))
    }

    /// A layer by its name, to change it; none for a level that does not exist.
    pub fn layer_mut(&mut self, name: LayerName) -> Option<&mut Layer> {
        match name {
            LayerName::Identity => Some(&mut self.identity),
            LayerName::Boundary => Some(&mut self.boundary),
            LayerName::Session => Some(&mut self.session),
            LayerName::Cluster => Some(&mut self.cluster),
            LayerName::ServiceControl { level } => self.service_control.get_mut(level),
            LayerName::ResourceControl { level } => self.resource_control.get_mut(level),
        }
    }
}

fn named(
    layers: &[Layer],
    name: impl Fn(usize) -> LayerName,
) -> impl Iterator<Item = (LayerName, &Layer)> {
    layers
        .iter()
        .enumerate()
        .map(move |(level, layer)| (name(level), layer))
}
