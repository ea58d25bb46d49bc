//! Security groups: stateful, allow-only; a packet passes when any rule of any group lets it.
//!
//! Sources: <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>,
//! <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html>,
//! <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html> (group references).

use std::ops::RangeInclusive;
use std::rc::Rc;

use super::Gap;
use super::space::{Addresses, Family, common, without};
use super::world::World;
use crate::aws::snapshot::ec2::{IpPermission, UserIdGroupPair};

/// The listener ports of MSK: where a rule for one of them stands, somebody meant Kafka.
/// Source: <https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html>.
const KAFKA_PORTS: &[(i64, i64)] = &[(9092, 9098), (9192, 9198), (14001, 14100), (20092, 20098)];

/// What one group lets pass on one port in one direction, whoever asks.
#[derive(Debug, Default)]
pub struct Admits<'a> {
    /// Addresses, by CIDR and known prefix list.
    pub addresses: Addresses,
    /// Groups that are referred to.
    pub references: Vec<&'a UserIdGroupPair>,
    /// Prefix lists that are not known.
    pub gaps: Vec<Gap>,
    /// Addresses for which another Kafka port is open.
    pub other_port: Addresses,
    /// Groups for which another Kafka port is open.
    pub other_port_references: Vec<&'a str>,
}

/// Whether references to groups hold on the way between two interfaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum References {
    /// Both ways: one VPC, or a peering in one region.
    Hold,
    /// Incoming rules only: a transit gateway with group referencing on.
    Incoming,
    /// Not on this path.
    Never(&'static str),
    /// The way is not known.
    Unknown,
}

/// The other end of a connection, as a group sees it.
#[derive(Debug, Clone)]
pub struct Peer<'p> {
    /// The groups that it wears.
    pub groups: &'p [&'p str],
    /// Its addresses.
    pub addresses: &'p Addresses,
    /// Whether references hold.
    pub references: References,
}

/// What a set of groups lets pass.
#[derive(Debug, Default)]
pub struct Verdict {
    /// The peer's addresses that pass.
    pub allowed: Addresses,
    /// Those that may pass: it depends on facts that are not known.
    pub unknown: Addresses,
    /// Those facts.
    pub gaps: Vec<Gap>,
    /// Why others do not pass, most specific first.
    pub hints: Vec<Hint>,
}

/// Why addresses are not let through, though some rule was meant to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hint {
    /// A reference to one of the peer's groups, that cannot hold on this path: SG-05.
    Reference {
        /// The group in whose rules it stands.
        group: String,
        /// The group that is referred to.
        to: String,
        /// Why.
        because: String,
    },
    /// Another Kafka port is open for the peer: SG-06.
    OtherPort {
        /// The group.
        group: String,
    },
    /// A rule refers to a group that is gone: SG-07.
    Stale {
        /// The group in whose rules it stands.
        group: String,
        /// The group that is gone.
        to: String,
    },
}

/// Asks `groups` whether they let `peer` through on `port`.
#[must_use]
pub fn ask(
    world: &World<'_>,
    groups: &[&str],
    egress: bool,
    family: Family,
    port: u16,
    peer: &Peer<'_>,
) -> Verdict {
    let mut verdict = Verdict::default();
    let mut unknown = Addresses::new();
    for id in groups {
        let admits = match admits(world, id, egress, family, port) {
            Ok(admits) => admits,
            Err(gap) => {
                verdict.gaps.push(gap);
                unknown = peer.addresses.clone();
                continue;
            }
        };
        verdict
            .allowed
            .add(common(&admits.addresses, peer.addresses));
        if !admits.gaps.is_empty() {
            verdict.gaps.extend(admits.gaps.iter().cloned());
            unknown = peer.addresses.clone();
        }
        for pair in &admits.references {
            let Some(to) = pair.group_id.as_deref() else {
                continue;
            };
            let gone = matches!(pair.peering_status.as_deref(), Some("deleted" | "failed"));
            if peer.groups.contains(&to) && !gone {
                match peer.references {
                    References::Hold => verdict.allowed.add(peer.addresses.clone()),
                    References::Incoming if !egress => {
                        verdict.allowed.add(peer.addresses.clone());
                    }
                    References::Incoming => verdict.hints.push(Hint::Reference {
                        group: (*id).to_owned(),
                        to: to.to_owned(),
                        because: "outgoing references never match over a transit gateway"
                            .to_owned(),
                    }),
                    References::Never(because) => verdict.hints.push(Hint::Reference {
                        group: (*id).to_owned(),
                        to: to.to_owned(),
                        because: because.to_owned(),
                    }),
                    References::Unknown => {
                        unknown = peer.addresses.clone();
                        verdict.gaps.push(Gap {
                            what: format!("whether the reference to {to} in {id} holds: the way between the interfaces is not known"),
                            needs: "the facts of the path".to_owned(),
                        });
                    }
                }
            } else if gone || is_gone(world, pair, to) {
                verdict.hints.push(Hint::Stale {
                    group: (*id).to_owned(),
                    to: to.to_owned(),
                });
            }
        }
        let other = admits.other_port.meets(peer.addresses)
            || peer.references == References::Hold
                && admits
                    .other_port_references
                    .iter()
                    .any(|to| peer.groups.contains(to));
        if other {
            verdict.hints.push(Hint::OtherPort {
                group: (*id).to_owned(),
            });
        }
    }
    verdict.unknown = without(&unknown, &verdict.allowed);
    verdict.hints.sort();
    verdict.hints.dedup();
    verdict
}

/// A group of an account whose groups are all known, that is not among them.
fn is_gone(world: &World<'_>, pair: &UserIdGroupPair, to: &str) -> bool {
    pair.vpc_peering_connection_id.is_none()
        && world.group(to).is_err()
        && world.knows_all_groups_of(pair.user_id.as_deref())
}

/// What one group admits; worked out once for each question.
fn admits<'a>(
    world: &World<'a>,
    id: &str,
    egress: bool,
    family: Family,
    port: u16,
) -> Result<Rc<Admits<'a>>, Gap> {
    let group = world.group(id)?;
    let key = (group.group_id.as_str(), egress, family, port);
    if let Some(known) = world.admits.borrow().get(&key) {
        return Ok(Rc::clone(known));
    }
    let mut admits = Admits::default();
    // Rules are gathered first and joined once: joining after each takes as long as the square of their number.
    let (mut open, mut other_port) = (Vec::new(), Vec::new());
    let permissions = if egress {
        &group.ip_permissions_egress
    } else {
        &group.ip_permissions
    };
    for permission in permissions {
        if covers(permission, port) {
            open.extend(addresses(permission, family));
            for list in &permission.prefix_list_ids {
                match world.prefix_list(&list.prefix_list_id, family) {
                    Ok(addresses) => open.extend(addresses),
                    Err(gap) => admits.gaps.push(gap),
                }
            }
            admits.references.extend(&permission.user_id_group_pairs);
        } else if is_for_kafka(permission) {
            other_port.extend(addresses(permission, family));
            admits.other_port_references.extend(
                permission
                    .user_id_group_pairs
                    .iter()
                    .filter_map(|pair| pair.group_id.as_deref()),
            );
        }
    }
    admits.addresses = open.into_iter().collect();
    admits.other_port = other_port.into_iter().collect();
    let admits = Rc::new(admits);
    world.admits.borrow_mut().insert(key, Rc::clone(&admits));
    Ok(admits)
}

/// The ranges of a rule, in one family.
fn addresses(
    permission: &IpPermission,
    family: Family,
) -> impl Iterator<Item = RangeInclusive<u128>> {
    let v4 = permission
        .ip_ranges
        .iter()
        .filter_map(|range| range.cidr_ip);
    let v6 = permission
        .ipv6_ranges
        .iter()
        .filter_map(|range| range.cidr_ipv6);
    let all = v4.map(Into::into).chain(v6.map(Into::into));
    all.filter_map(move |net| family.range(net))
}

/// Whether a rule is about a TCP port.
fn covers(permission: &IpPermission, port: u16) -> bool {
    match permission.ip_protocol.as_str() {
        "-1" => true,
        "tcp" | "6" => {
            let (from, to) = (permission.from_port, permission.to_port);
            // -1 stands for every port.
            let from = from.filter(|from| *from >= 0).unwrap_or(0);
            let to = to.filter(|to| *to >= 0).unwrap_or(i64::from(u16::MAX));
            (from..=to).contains(&i64::from(port))
        }
        _ => false,
    }
}

/// Whether a TCP rule is about some listener of MSK.
fn is_for_kafka(permission: &IpPermission) -> bool {
    let (Some(from), Some(to)) = (permission.from_port, permission.to_port) else {
        return false;
    };
    matches!(permission.ip_protocol.as_str(), "tcp" | "6")
        && KAFKA_PORTS
            .iter()
            .any(|(first, last)| from <= *last && to >= *first)
}
