//! In what the pattern of a `Resource` element differs from an ARN, part by part.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::iam::arn::{Arn, MskResource, ResourceType};
use crate::iam::matching::{matches, wild};

/// A part of the ARN of a cluster, topic, group or transactional id.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// `aws`, `aws-cn`, …
    Partition,
    /// `kafka`: it is not `kafka-cluster`, as in the actions.
    Service,
    /// The region.
    Region,
    /// The account.
    Account,
    /// `cluster`, `topic`, `group` or `transactional-id`.
    Type,
    /// The name of the cluster.
    ClusterName,
    /// The UUID of the cluster.
    ClusterUuid,
    /// The name of the topic or group, or the transactional id.
    Name,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "difference", rename_all = "kebab-case")]
pub enum Difference {
    /// A part is another.
    Other {
        /// Which part.
        part: Part,
        /// What the policy has.
        written: String,
        /// What the request has.
        needed: String,
    },
    /// Parts are missing: `topic/orders` has neither cluster name nor UUID, `topic/demo/orders` no UUID.
    Lacks {
        /// Which.
        parts: Vec<Part>,
        /// What the policy has after the account.
        written: String,
        /// What the request has there.
        needed: String,
    },
    /// Something follows after the last part: `cluster/demo/UUID/orders`.
    TooLong {
        /// What the policy has after the account.
        written: String,
        /// What the request has there.
        needed: String,
    },
}

impl Difference {
    /// How far it leads away from what was meant.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Lacks { .. } | Self::TooLong { .. } => 1,
            Self::Other { part, .. } => match part {
                Part::ClusterUuid | Part::Partition | Part::Service => 1,
                Part::Region | Part::Account | Part::ClusterName => 2,
                Part::Type | Part::Name => 3,
            },
        }
    }
}

/// The differences between a pattern and the ARN of a cluster, topic, group or transactional id; none if the pattern is of
/// another service altogether.
pub(super) fn differences(pattern: &str, arn: &Arn) -> Option<Vec<Difference>> {
    let needed = MskResource::from_arn(arn).ok()?;
    let fields: Vec<&str> = pattern.splitn(6, ':').collect();
    let [_, partition, service, region, account, resource] = fields[..] else {
        return None;
    };
    // The prefix of the actions in the place of the service's name is a mistake that is made.
    if service != "kafka-cluster" && !fits(service, "kafka") {
        return None;
    }
    let mut found = Vec::new();
    let mut compare = |part, written: &str, needed: &str| {
        if !fits(written, needed) {
            found.push(Difference::Other {
                part,
                written: written.to_owned(),
                needed: needed.to_owned(),
            });
        }
    };
    compare(Part::Partition, partition, &arn.partition);
    compare(Part::Service, service, &arn.service);
    compare(Part::Region, region, &arn.region);
    compare(Part::Account, account, &arn.account);
    if !fits(resource, &arn.resource) {
        in_resource(resource, &needed, &arn.resource, &mut found);
    }
    (!found.is_empty()).then_some(found)
}

fn fits(pattern: &str, text: &str) -> bool {
    matches(&wild(pattern), text)
}

/// The parts after the account, which do not fit as a whole.
fn in_resource(written: &str, needed: &MskResource, text: &str, found: &mut Vec<Difference>) {
    let cluster = &needed.cluster;
    let mut parts = vec![
        (Part::Type, needed.kind.as_str()),
        (Part::ClusterName, cluster.name.as_str()),
        (Part::ClusterUuid, cluster.uuid.as_str()),
    ];
    parts.extend(needed.name.as_deref().map(|name| (Part::Name, name)));
    // A name may hold slashes: the last part takes what is left.
    let segments: Vec<&str> = written.splitn(parts.len(), '/').collect();
    let whole = |make: fn(String, String) -> Difference| make(written.to_owned(), text.to_owned());
    let other = |(part, needed): &(Part, &str), written: &str| Difference::Other {
        part: *part,
        written: written.to_owned(),
        needed: (*needed).to_owned(),
    };
    let same_type = fits(segments[0], needed.kind.as_str());
    if !same_type {
        // The rest is laid out for another type.
        found.push(other(&parts[0], segments[0]));
        if let Some(name) = segments.get(1).filter(|name| !fits(name, &cluster.name)) {
            found.push(other(&parts[1], name));
        }
        return;
    }
    if needed.kind == ResourceType::Cluster
        && segments.len() == 3
        && segments[2].contains('/')
        && segments[2]
            .split('/')
            .next()
            .is_some_and(|uuid| fits(uuid, &cluster.uuid))
    {
        found.push(whole(|written, needed| Difference::TooLong {
            written,
            needed,
        }));
        return;
    }
    if segments.len() < parts.len() && !covers_the_rest(&segments, needed.name.as_deref()) {
        in_short_resource(&segments, &parts, written, text, found);
        return;
    }
    let segments = segments.into_iter().chain(std::iter::repeat("*"));
    for (part, segment) in parts.iter().zip(segments) {
        if !fits(segment, part.1) {
            found.push(other(part, segment));
        }
    }
    if !found
        .iter()
        .any(|one| matches!(one, Difference::Other { part, .. } if *part >= Part::Type))
    {
        // Each part fits and the whole does not: a star stands for more than one part.
        found.push(whole(|written, needed| Difference::TooLong {
            written,
            needed,
        }));
    }
}

/// Whether the last part ends with a star that stands for the parts that follow too, and not for the end of the name of a
/// topic to which cluster name and UUID are missing.
fn covers_the_rest(segments: &[&str], name: Option<&str>) -> bool {
    segments.last().is_some_and(|last| {
        let is_a_name = *last != "*" && name.is_some_and(|name| fits(last, name));
        last.ends_with('*') && !is_a_name
    })
}

/// Fewer parts than needed: those that fit at the beginning and at the end are there, the others are missing or wrong.
fn in_short_resource(
    segments: &[&str],
    parts: &[(Part, &str)],
    written: &str,
    needed: &str,
    found: &mut Vec<Difference>,
) {
    let (mut parts, mut segments) = (&parts[1..], &segments[1..]);
    while let ([(_, text), next @ ..], [segment, rest @ ..]) = (parts, segments)
        && fits(segment, text)
    {
        (parts, segments) = (next, rest);
    }
    while let ([next @ .., (_, text)], [rest @ .., segment]) = (parts, segments)
        && fits(segment, text)
    {
        (parts, segments) = (next, rest);
    }
    let (missing, wrong) = parts.split_at(parts.len().saturating_sub(segments.len()));
    found.push(Difference::Lacks {
        parts: missing.iter().map(|(part, _)| *part).collect(),
        written: written.to_owned(),
        needed: needed.to_owned(),
    });
    for ((part, text), segment) in wrong.iter().zip(segments) {
        found.push(Difference::Other {
            part: *part,
            written: (*segment).to_owned(),
            needed: (*text).to_owned(),
        });
    }
}
