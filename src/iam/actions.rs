//! The `kafka-cluster:` actions: on what each works, and which others it needs.
//!
//! Sources: Service Authorization Reference, "Actions, resources, and condition keys for Apache Kafka APIs for Amazon MSK
//! clusters"; Amazon MSK Developer Guide, "Semantics of IAM authorization policy actions and resources".

use super::arn::{ClusterArn, MskResource, ResourceType};

/// An action of the service prefix `kafka-cluster`.
#[derive(Debug, PartialEq, Eq)]
pub struct Action {
    /// Its name, without the prefix.
    pub name: &'static str,
    /// The resource that it is judged on.
    pub resource: ResourceType,
    /// The names of the actions that AWS's table lists as required with it. `Connect` stands first.
    pub needs: &'static [&'static str],
    /// Whether it applies to serverless clusters.
    pub serverless: bool,
}

/// Every action, in the order of AWS's table.
pub static ACTIONS: &[Action] = &[
    action("Connect", ResourceType::Cluster, &[]),
    action("DescribeCluster", ResourceType::Cluster, &["Connect"]),
    provisioned("AlterCluster", &["Connect", "DescribeCluster"]),
    provisioned("DescribeClusterDynamicConfiguration", &["Connect"]),
    provisioned(
        "AlterClusterDynamicConfiguration",
        &["Connect", "DescribeClusterDynamicConfiguration"],
    ),
    action(
        "WriteDataIdempotently",
        ResourceType::Cluster,
        &["Connect", "WriteData"],
    ),
    action("CreateTopic", ResourceType::Topic, &["Connect"]),
    action("DescribeTopic", ResourceType::Topic, &["Connect"]),
    action(
        "AlterTopic",
        ResourceType::Topic,
        &["Connect", "DescribeTopic"],
    ),
    action(
        "DeleteTopic",
        ResourceType::Topic,
        &["Connect", "DescribeTopic"],
    ),
    action(
        "DescribeTopicDynamicConfiguration",
        ResourceType::Topic,
        &["Connect"],
    ),
    action(
        "AlterTopicDynamicConfiguration",
        ResourceType::Topic,
        &["Connect", "DescribeTopicDynamicConfiguration"],
    ),
    action(
        "ReadData",
        ResourceType::Topic,
        &["Connect", "DescribeTopic", "AlterGroup"],
    ),
    action(
        "WriteData",
        ResourceType::Topic,
        &["Connect", "DescribeTopic"],
    ),
    action("DescribeGroup", ResourceType::Group, &["Connect"]),
    action(
        "AlterGroup",
        ResourceType::Group,
        &["Connect", "DescribeGroup"],
    ),
    action(
        "DeleteGroup",
        ResourceType::Group,
        &["Connect", "DescribeGroup"],
    ),
    action(
        "DescribeTransactionalId",
        ResourceType::TransactionalId,
        &["Connect"],
    ),
    action(
        "AlterTransactionalId",
        ResourceType::TransactionalId,
        &["Connect", "DescribeTransactionalId", "WriteData"],
    ),
];

const fn action(
    name: &'static str,
    resource: ResourceType,
    needs: &'static [&'static str],
) -> Action {
    Action {
        name,
        resource,
        needs,
        serverless: true,
    }
}

const fn provisioned(name: &'static str, needs: &'static [&'static str]) -> Action {
    Action {
        name,
        resource: ResourceType::Cluster,
        needs,
        serverless: false,
    }
}

/// The action of this name, with or without the prefix, in any case.
#[must_use]
pub fn find(name: &str) -> Option<&'static Action> {
    let bare = match name.split_once(':') {
        Some((prefix, bare)) if prefix.eq_ignore_ascii_case("kafka-cluster") => bare,
        Some(_) => return None,
        None => name,
    };
    ACTIONS
        .iter()
        .find(|action| action.name.eq_ignore_ascii_case(bare))
}

impl Action {
    /// `kafka-cluster:NAME`.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("kafka-cluster:{}", self.name)
    }

    /// Every action that this one needs, also indirectly, each after those that it needs itself; without this one.
    #[must_use]
    pub fn requirements(&self) -> Vec<&'static Action> {
        fn gather(needs: &[&str], found: &mut Vec<&'static Action>) {
            for action in needs.iter().filter_map(|name| find(name)) {
                gather(action.needs, found);
                if !found.contains(&action) {
                    found.push(action);
                }
            }
        }
        let mut found = Vec::new();
        gather(self.needs, &mut found);
        found
    }

    /// The resource of a cluster that this action is judged on; none if the name that it needs is not given.
    #[must_use]
    pub fn on(&self, cluster: &ClusterArn, names: &Names<'_>) -> Option<MskResource> {
        match self.resource {
            ResourceType::Cluster => Some(cluster.resource()),
            ResourceType::Topic => names.topic.map(|name| cluster.topic(name)),
            ResourceType::Group => names.group.map(|name| cluster.group(name)),
            ResourceType::TransactionalId => names
                .transactional_id
                .map(|id| cluster.transactional_id(id)),
        }
    }
}

/// What a client uses on a cluster.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Names<'a> {
    /// The topic.
    pub topic: Option<&'a str>,
    /// The consumer group.
    pub group: Option<&'a str>,
    /// The transactional id.
    pub transactional_id: Option<&'a str>,
}

/// What a client wants to do; each is a set of actions that must all be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Log in.
    Connect,
    /// Write to a topic.
    Write,
    /// Write to a topic with `enable.idempotence`, the default of Java clients since 3.0 (KIP-679).
    WriteIdempotently,
    /// Write to a topic in transactions.
    WriteInTransactions,
    /// Read from a topic with a consumer group.
    Read,
    /// Create a topic.
    CreateTopic,
}

impl Purpose {
    /// The actions, each after those that it needs.
    #[must_use]
    pub fn actions(self) -> Vec<&'static Action> {
        let last: &[&str] = match self {
            Self::Connect => &["Connect"],
            Self::Write => &["WriteData"],
            Self::WriteIdempotently => &["WriteDataIdempotently"],
            Self::WriteInTransactions => &["WriteDataIdempotently", "AlterTransactionalId"],
            Self::Read => &["ReadData"],
            Self::CreateTopic => &["CreateTopic"],
        };
        let mut found: Vec<&'static Action> = Vec::new();
        for action in last.iter().filter_map(|name| find(name)) {
            for one in action.requirements().into_iter().chain([action]) {
                if !found.contains(&one) {
                    found.push(one);
                }
            }
        }
        found
    }
}
