//! Amazon Resource Names, and those of a cluster, its topics, groups and transactional ids.
//!
//! Sources: IAM User Guide, "Identify AWS resources with Amazon Resource Names (ARNs)"; Amazon MSK Developer Guide,
//! "Semantics of IAM authorization policy actions and resources".

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`; the resource may hold colons.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn {
    /// `aws`, `aws-cn`, `aws-us-gov`, …
    pub partition: String,
    /// `kafka`, `iam`, `sts`, …
    pub service: String,
    /// Empty where the service has none.
    pub region: String,
    /// The twelve digits; empty where the service has none.
    pub account: String,
    /// Everything after the fifth colon.
    pub resource: String,
}

/// A text that is not the ARN it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArnError {
    /// It has not six fields, or does not begin with `arn`, or a field that must not be empty is.
    #[error("{0:?} is not an ARN")]
    NotAnArn(String),
    /// It is an ARN of something else.
    #[error("{arn:?} is not the ARN of {expected}")]
    OfSomethingElse {
        /// The ARN.
        arn: String,
        /// What it should be of.
        expected: &'static str,
    },
}

impl FromStr for Arn {
    type Err = ArnError;

    fn from_str(text: &str) -> Result<Self, ArnError> {
        let fields: Vec<&str> = text.splitn(6, ':').collect();
        let read = match fields[..] {
            ["arn", partition, service, region, account, resource] => Some(Self {
                partition: partition.to_owned(),
                service: service.to_owned(),
                region: region.to_owned(),
                account: account.to_owned(),
                resource: resource.to_owned(),
            }),
            _ => None,
        };
        read.filter(|arn| {
            !arn.partition.is_empty() && !arn.service.is_empty() && !arn.resource.is_empty()
        })
        .ok_or_else(|| ArnError::NotAnArn(text.to_owned()))
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "arn:{}:{}:{}:{}:{}",
            self.partition, self.service, self.region, self.account, self.resource
        )
    }
}

/// The four kinds of resource that `kafka-cluster:` actions work on.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ResourceType {
    /// `cluster/NAME/UUID`.
    Cluster,
    /// `topic/NAME/UUID/TOPIC`.
    Topic,
    /// `group/NAME/UUID/GROUP`.
    Group,
    /// `transactional-id/NAME/UUID/ID`.
    TransactionalId,
}

impl ResourceType {
    /// How it is written in an ARN.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::Topic => "topic",
            Self::Group => "group",
            Self::TransactionalId => "transactional-id",
        }
    }

    fn of(text: &str) -> Option<Self> {
        [
            Self::Cluster,
            Self::Topic,
            Self::Group,
            Self::TransactionalId,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == text)
    }
}

/// The ARN of an MSK cluster: `arn:PARTITION:kafka:REGION:ACCOUNT:cluster/NAME/UUID`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterArn {
    /// The partition.
    pub partition: String,
    /// The region.
    pub region: String,
    /// The account that owns the cluster.
    pub account: String,
    /// The cluster's name.
    pub name: String,
    /// The cluster's UUID with its suffix: another one for each cluster of the same name.
    pub uuid: String,
}

impl FromStr for ClusterArn {
    type Err = ArnError;

    fn from_str(text: &str) -> Result<Self, ArnError> {
        let resource = MskResource::from_arn(&text.parse()?)?;
        match resource.kind {
            ResourceType::Cluster => Ok(resource.cluster),
            _ => Err(ArnError::OfSomethingElse {
                arn: text.to_owned(),
                expected: "an MSK cluster",
            }),
        }
    }
}

impl ClusterArn {
    /// The cluster itself.
    #[must_use]
    pub fn resource(&self) -> MskResource {
        MskResource {
            cluster: self.clone(),
            kind: ResourceType::Cluster,
            name: None,
        }
    }

    /// A topic of the cluster.
    #[must_use]
    pub fn topic(&self, name: &str) -> MskResource {
        self.named(ResourceType::Topic, name)
    }

    /// A consumer group of the cluster.
    #[must_use]
    pub fn group(&self, name: &str) -> MskResource {
        self.named(ResourceType::Group, name)
    }

    /// A transactional id of the cluster.
    #[must_use]
    pub fn transactional_id(&self, id: &str) -> MskResource {
        self.named(ResourceType::TransactionalId, id)
    }

    fn named(&self, kind: ResourceType, name: &str) -> MskResource {
        MskResource {
            cluster: self.clone(),
            kind,
            name: Some(name.to_owned()),
        }
    }
}

impl fmt::Display for ClusterArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.resource().arn().fmt(f)
    }
}

/// A cluster, or a topic, group or transactional id of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MskResource {
    /// The cluster.
    pub cluster: ClusterArn,
    /// What it is.
    pub kind: ResourceType,
    /// The name of the topic or group, or the transactional id; none for the cluster itself. A group or transactional id
    /// may hold slashes and colons.
    pub name: Option<String>,
}

impl MskResource {
    /// Reads the ARN of a cluster, topic, group or transactional id.
    ///
    /// # Errors
    ///
    /// If it is of another service, or has not the shape of one of the four.
    pub fn from_arn(arn: &Arn) -> Result<Self, ArnError> {
        let read = || {
            let (kind, rest) = arn.resource.split_once('/')?;
            let kind = ResourceType::of(kind)?;
            let (name, rest) = rest.split_once('/')?;
            let (uuid, own) = match (kind, rest.split_once('/')) {
                (ResourceType::Cluster, None) => (rest, None),
                (ResourceType::Cluster, Some(_)) | (_, None) => return None,
                (_, Some((uuid, own))) => (uuid, Some(own.to_owned())),
            };
            let empty = name.is_empty() || uuid.is_empty() || own.as_deref() == Some("");
            (arn.service == "kafka" && !empty).then(|| Self {
                cluster: ClusterArn {
                    partition: arn.partition.clone(),
                    region: arn.region.clone(),
                    account: arn.account.clone(),
                    name: name.to_owned(),
                    uuid: uuid.to_owned(),
                },
                kind,
                name: own,
            })
        };
        read().ok_or_else(|| ArnError::OfSomethingElse {
            arn: arn.to_string(),
            expected: "an MSK cluster, topic, group or transactional id",
        })
    }

    /// Its ARN.
    #[must_use]
    pub fn arn(&self) -> Arn {
        let cluster = &self.cluster;
        let mut resource = format!("{}/{}/{}", self.kind.as_str(), cluster.name, cluster.uuid);
        if let Some(name) = &self.name {
            resource.push('/');
            resource.push_str(name);
        }
        Arn {
            partition: cluster.partition.clone(),
            service: "kafka".to_owned(),
            region: cluster.region.clone(),
            account: cluster.account.clone(),
            resource,
        }
    }
}
