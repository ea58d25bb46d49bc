//! What the poller may do: Lambda assumes the function's role, and asks for more than the function needs.
//!
//! Sources: <https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html>,
//! <https://docs.aws.amazon.com/msk/latest/developerguide/iam-access-control.html>.

use super::configuration::{Answer, answer};
use super::rights::{Entries, judged};
use crate::aws::snapshot::Snapshot;
use crate::aws::snapshot::kafka::Cluster;
use crate::aws::snapshot::lambda::{EventSourceMapping, GetFunctionConfiguration};
use crate::catalogue::{self as c, Fault};
use crate::diagnosis::Status;
use crate::iam::actions::Names;
use crate::iam::{Difference, Flaw, Part};
use crate::rights::{Identity, Right, judge, of_function, policies_are_known, refused};

/// What a poller does with the cluster's network, in the name of the role.
const INTERFACES: &[&str] = &[
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeVpcs",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeSubnets",
    "ec2:DescribeSecurityGroups",
];

/// What the policies say of a mapping whose poller logs in with IAM; empty where nobody asked for policies.
pub(super) fn answers(
    facts: &Snapshot,
    mapping: &EventSourceMapping,
    function: &GetFunctionConfiguration,
    cluster: &Cluster,
    now: i64,
) -> Vec<Answer> {
    let Some(identity) = known_role(facts, function) else {
        return Vec::new();
    };
    let Ok(arn) = cluster.cluster_arn.parse() else {
        return Vec::new();
    };
    let given = mapping.amazon_managed_kafka_event_source_config.as_ref();
    let group = given.and_then(|config| config.consumer_group_id.as_deref());
    // "If you don't specify a value, Lambda uses the mapping's UUID."
    let group = group.or(mapping.uuid.as_deref());
    let asked = |actions: &[&str], topic: Option<&str>, entries: Entries| {
        let names = Names {
            topic,
            group,
            transactional_id: None,
        };
        let rights = judge(facts, identity.clone(), &arn, actions, &names, now);
        let mut answers = judged(&rights, actions, entries);
        for answer in &mut answers {
            let id = mapping.uuid.as_deref().unwrap_or("the mapping");
            answer.words = format!("{id} polls as {}: {}", identity.name(), answer.words);
            // A poller that works is not hurt by what this reading of its rights lacks.
            answer.only_seldom_read |= answer.status == Status::Unknown;
        }
        answers
    };
    let connect = Entries {
        pass: &c::ESM_03,
        fault: if has_a_weaker_way(cluster) {
            |_| &c::ESM_10
        } else {
            |_| &c::ESM_03
        },
    };
    let mut found = asked(&["Connect"], None, connect);
    if found.iter().any(|answer| answer.status == Status::Fault) {
        // It gets no further.
        return found;
    }
    let mut ask = |actions: &[&str], topic: Option<&str>, entries: Entries| {
        found.extend(asked(actions, topic, entries));
    };
    let authorise = |fault| Entries {
        pass: &c::ESM_04,
        fault,
    };
    ask(
        &["DescribeClusterDynamicConfiguration"],
        None,
        authorise(|_| &c::ESM_04),
    );
    if group.is_some() {
        ask(&["DescribeGroup", "AlterGroup"], None, authorise(of_group));
    }
    for topic in &mapping.topics {
        ask(
            &["DescribeTopic", "ReadData"],
            Some(topic),
            authorise(|_| &c::ESM_04),
        );
    }
    found
}

/// Whether the role lacks what Lambda needs to make interfaces in the cluster's subnets.
pub(super) fn interfaces(
    facts: &Snapshot,
    mapping: &EventSourceMapping,
    function: &GetFunctionConfiguration,
) -> Option<Answer> {
    let identity = known_role(facts, function)?;
    let region = function.function_arn.as_deref()?.split(':').nth(3)?;
    let lacking = refused(facts, &identity, region, INTERFACES);
    if lacking.is_empty() {
        return None;
    }
    let works = mapping.last_processing_result.as_deref() == Some("OK");
    let status = if works {
        Status::Warning
    } else {
        Status::Fault
    };
    let words = format!("{} is not allowed {}", identity.name(), lacking.join(", "));
    Some(answer(&c::ESM_14, status, words))
}

/// The role, as Lambda assumes it for the poller; `None` where nothing is known of its policies.
fn known_role(facts: &Snapshot, function: &GetFunctionConfiguration) -> Option<Identity> {
    if !policies_are_known(facts) {
        return None;
    }
    of_function(facts, function)?.ok()
}

/// Whether the cluster lets clients in without a login too: the poller does not take that way while IAM is on.
fn has_a_weaker_way(cluster: &Cluster) -> bool {
    let ways = cluster
        .provisioned
        .as_ref()
        .and_then(|provisioned| provisioned.client_authentication.as_ref());
    ways.and_then(|ways| ways.unauthenticated.as_ref())
        .is_some_and(|switch| switch.enabled == Some(true))
}

/// A policy for another group is a mistake of its own.
fn of_group(right: &Right) -> &'static Fault {
    let only_the_name = |flaw: &Flaw| {
        matches!(flaw, Flaw::Resource { differences, .. } if differences.iter().all(|difference| {
            matches!(difference, Difference::Other { part: Part::Name, .. })
        }))
    };
    let nearest = right.outcome.near_misses.first();
    if nearest.is_some_and(|near| near.flaws.iter().all(only_the_name)) {
        &c::ESM_11
    } else {
        &c::ESM_04
    }
}
