//! What requests learn whose answer shows a right.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AdvertisedBroker, TcpInfo};
use crate::target::Endpoint;

/// What the requests learnt. None of them changes anything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuthoriseDetail {
    /// The answers, in order.
    pub answers: Vec<RightAnswer>,
    /// Whether the peer said `close_notify` before it closed.
    pub close_notify: bool,
    /// What was wrong with an answer.
    pub error: Option<String>,
    /// The kernel's figures when no answer came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp: Option<TcpInfo>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RightAnswer {
    /// What was asked.
    pub asked: Ask,
    /// The error code, 0 for none.
    pub error_code: i16,
    /// What the client may do there, where the answer says it: a bit for each `AclOperation` (KIP-430).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operations: Option<i32>,
    /// Where `FindCoordinator` sends clients to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinator: Option<AdvertisedBroker>,
}

impl RightAnswer {
    /// Whether a group may be joined (`AclOperation.READ`, `kafka-cluster:AlterGroup`); `None` where it is not said.
    #[must_use]
    pub fn may_join(&self) -> Option<bool> {
        const READ: i32 = 1 << 3;
        self.operations.map(|operations| operations & READ != 0)
    }
}

/// The coordinators that answers name, of groups and of transactional ids.
pub fn coordinators(answers: &[RightAnswer]) -> impl Iterator<Item = Endpoint> {
    let named = answers
        .iter()
        .filter_map(|answer| answer.coordinator.as_ref());
    named.filter_map(AdvertisedBroker::endpoint)
}

/// Whether the answers name `broker` as the group's coordinator. That of a transactional id is none of the group's.
#[must_use]
pub fn coordinates_the_group(answers: &[RightAnswer], broker: &Endpoint) -> bool {
    let of_group = answers
        .iter()
        .filter(|answer| matches!(answer.asked, Ask::Group { .. }));
    let mut named = of_group.filter_map(|answer| answer.coordinator.as_ref()?.endpoint());
    named.any(|own| own == *broker)
}

/// A request whose answer shows a right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "request", rename_all = "kebab-case")]
pub enum Ask {
    /// `FindCoordinator` of a group: `kafka-cluster:DescribeGroup`.
    Group {
        /// Its name.
        name: String,
    },
    /// `DescribeGroups` of a group, which its coordinator alone answers: what may be done with it.
    GroupOperations {
        /// Its name.
        name: String,
    },
    /// `FindCoordinator` of a transactional id: `kafka-cluster:DescribeTransactionalId`.
    Transaction {
        /// The id.
        id: String,
    },
    /// `InitProducerId` without a transactional id, which fences nobody: `kafka-cluster:WriteDataIdempotently`.
    IdempotentWrite,
}

impl Ask {
    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Group { name } => format!("FindCoordinator for group {name:?}"),
            Self::GroupOperations { name } => format!("DescribeGroups for group {name:?}"),
            Self::Transaction { id } => format!("FindCoordinator for transactional id {id:?}"),
            Self::IdempotentWrite => "InitProducerId without a transactional id".to_owned(),
        }
    }
}
