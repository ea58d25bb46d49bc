//! The smallest change for each blocker, tried on a copy of the facts before anybody is told that it helps.

mod change;

pub use change::{Change, Peer};

use ipnet::{IpNet, Ipv4Net};

use super::broker::cluster;
use super::question::{Question, answer};
use super::world::{World, acls};
use super::{Blocker, Direction, Path, PathVerdict, Rule};
use crate::aws::snapshot::Snapshot;
use crate::aws::snapshot::ec2::Subnet;

/// The source ports of every client: Lambda, NAT gateways, any system.
const EPHEMERAL: (u16, u16) = (1024, 65535);

/// Proves a question against a copy of the facts with these changes made.
#[must_use]
pub fn with_changes(facts: &Snapshot, question: &Question, changes: &[Change]) -> Vec<Path> {
    let mut copy = facts.clone();
    for change in changes {
        change.apply(&mut copy);
    }
    let acls = acls(&copy);
    answer(&World::new(&copy, &acls), question).paths
}

/// Whether every path is reachable.
#[must_use]
pub fn all_reachable(paths: &[Path]) -> bool {
    !paths.is_empty()
        && paths
            .iter()
            .all(|path| path.verdict == PathVerdict::Reachable)
}

/// The changes that take away a blocker on all of the paths on which it was found: the first of the ways that people
/// would choose that does. Empty where no change of one resource does.
#[must_use]
pub fn repair(
    facts: &Snapshot,
    question: &Question,
    paths: &[Path],
    found: &[(&Path, &Blocker)],
) -> Vec<Change> {
    let acls = acls(facts);
    let world = World::new(facts, &acls);
    let Some((_, blocker)) = found.first() else {
        return Vec::new();
    };
    let planner = Planner {
        world: &world,
        question,
        paths,
    };
    let mut ways: Vec<Vec<Change>> = Vec::new();
    for way in 0..3 {
        let mut changes: Vec<Change> = Vec::new();
        for (path, blocker) in found {
            for change in planner.propose(path, blocker, way) {
                if !changes.contains(&change) {
                    changes.push(change);
                }
            }
        }
        if !changes.is_empty() && !ways.contains(&changes) {
            ways.push(changes);
        }
    }
    let is_gone = |paths: &[Path]| {
        !paths.iter().any(|path| {
            path.blockers.iter().any(|other| {
                other.code == blocker.code
                    && other.direction == blocker.direction
                    && other.resource == blocker.resource
            })
        })
    };
    ways.into_iter()
        .find(|changes| is_gone(&with_changes(facts, question, changes)))
        .unwrap_or_default()
}

/// What changes are chosen from.
struct Planner<'q, 'a> {
    world: &'q World<'a>,
    question: &'q Question,
    paths: &'q [Path],
}

impl Planner<'_, '_> {
    /// Changes for one blocker on one path; `way` 0 is the one to prefer, and which way helps is tried.
    fn propose(&self, path: &Path, blocker: &Blocker, way: usize) -> Vec<Change> {
        let world = self.world;
        let resource = blocker.resource.as_deref().unwrap_or_default();
        let of_broker = blocker.resource.is_some() && blocker.resource == path.to.interface;
        match (blocker.code.as_str(), way) {
            ("SG-03", 0) => wear(path, self.shown_groups()),
            ("SG-04", 0) => wear(path, self.groups_of_others(path)),
            ("SG-02" | "SG-05", 0) if !of_broker => egress(world, path, blocker),
            ("SG-03" | "SG-04", _) => ingress(world, path, blocker, way - 1),
            (code, 0 | 1) if (code.starts_with("SG-") || code == "FN-19") && of_broker => {
                ingress(world, path, blocker, way)
            }
            (code, 0 | 1) if code.starts_with("NACL-") => acl_rule(world, path, blocker, way == 0)
                .into_iter()
                .collect(),
            ("RTE-08", 0) => match &blocker.rule {
                Some(Rule::Route(range)) => vec![Change::DeleteRoute {
                    table: resource.to_owned(),
                    range: range.clone(),
                }],
                _ => Vec::new(),
            },
            ("RTE-03" | "RTE-04" | "RTE-05", 0) if resource.starts_with("rtb-") => {
                route(world, path, blocker).into_iter().collect()
            }
            ("RTE-07", 0) if resource.starts_with("tgw-rtb-") => {
                transit_route(world, path, blocker).into_iter().collect()
            }
            ("RTE-14", 0) => attachment_subnet(world, path, blocker)
                .into_iter()
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The groups that the cluster API shows.
    fn shown_groups(&self) -> Vec<String> {
        cluster(self.world, self.question.cluster.as_deref())
            .ok()
            .and_then(|cluster| cluster.provisioned.as_ref())
            .map(|provisioned| provisioned.broker_node_group_info.security_groups.clone())
            .unwrap_or_default()
    }

    /// The groups of a broker that the client reaches.
    fn groups_of_others(&self, path: &Path) -> Vec<String> {
        self.paths
            .iter()
            .filter(|other| {
                other.verdict == PathVerdict::Reachable && other.to.interface != path.to.interface
            })
            .filter_map(|other| self.world.interface(other.to.interface.as_deref()?).ok())
            .map(|interface| interface.group_ids().map(ToOwned::to_owned).collect())
            .next()
            .unwrap_or_default()
    }
}

/// The broker's interface wears other groups.
fn wear(path: &Path, groups: Vec<String>) -> Vec<Change> {
    match &path.to.interface {
        Some(interface) if !groups.is_empty() => vec![Change::Wear {
            interface: interface.clone(),
            groups,
        }],
        _ => Vec::new(),
    }
}

/// The client's side of a rule: its subnet's range, or its addresses.
fn client_ranges(world: &World<'_>, path: &Path) -> Vec<IpNet> {
    let subnet = path
        .from
        .subnet
        .as_deref()
        .and_then(|id| world.subnet(id).ok());
    // A change holds for the function's next interface too, wherever it is in the subnet.
    let whole = subnet.into_iter().flat_map(Subnet::ranges);
    let family = |range: &IpNet| range.addr().is_ipv6() == path.to.address.is_ipv6();
    let ranges: Vec<IpNet> = whole.filter(family).collect();
    let outside = path.from.addresses.iter().copied().filter(family).collect();
    if ranges.is_empty() { outside } else { ranges }
}

/// The broker's subnet, or its address alone.
fn broker_range(world: &World<'_>, path: &Path) -> IpNet {
    let interface = path.to.interface.as_deref();
    interface
        .and_then(|id| world.interface(id).ok())
        .and_then(|interface| interface.subnet_id.as_deref())
        .and_then(|id| world.subnet(id).ok())
        .and_then(|subnet| {
            subnet
                .ranges()
                .find(|range| range.contains(&path.to.address))
        })
        .unwrap_or_else(|| IpNet::from(path.to.address))
}

fn ingress(world: &World<'_>, path: &Path, blocker: &Blocker, way: usize) -> Vec<Change> {
    let Some(group) = blocker.resources.first() else {
        return Vec::new();
    };
    let rule = |peer| Change::GroupRule {
        group: group.clone(),
        egress: false,
        port: path.to.port,
        peer,
    };
    match path.from.security_groups.first() {
        Some(own) if way == 0 => {
            let owner = world
                .group(own)
                .ok()
                .and_then(|group| group.owner_id.clone());
            vec![rule(Peer::Group {
                id: own.clone(),
                owner,
            })]
        }
        _ => client_ranges(world, path)
            .into_iter()
            .map(|range| rule(Peer::Range(range)))
            .collect(),
    }
}

fn egress(world: &World<'_>, path: &Path, blocker: &Blocker) -> Vec<Change> {
    let Some(group) = blocker.resources.first() else {
        return Vec::new();
    };
    vec![Change::GroupRule {
        group: group.clone(),
        egress: true,
        port: path.to.port,
        peer: Peer::Range(broker_range(world, path)),
    }]
}

/// An allow before the rule that denies, and before every other deny of that direction.
fn acl_rule(world: &World<'_>, path: &Path, blocker: &Blocker, egress: bool) -> Option<Change> {
    let id = blocker.resource.as_deref()?;
    let acl = world.acl_by_id(id)?;
    let rules = if egress { &acl.egress } else { &acl.ingress };
    let taken: Vec<i64> = rules.iter().map(|rule| rule.rule_number).collect();
    let first_deny = rules
        .iter()
        .filter(|rule| rule.rule_action != "allow")
        .map(|rule| rule.rule_number)
        .min()
        .unwrap_or(32767);
    let number = (1..first_deny.min(32766))
        .rev()
        .find(|n| !taken.contains(n))?;
    let forward = blocker.direction == Direction::Forward;
    // Outgoing rules look at the destination, incoming ones at the source.
    let remote_is_broker = forward == egress;
    let range = if remote_is_broker {
        broker_range(world, path)
    } else {
        *client_ranges(world, path).first()?
    };
    Some(Change::AclRule {
        acl: id.to_owned(),
        number,
        egress,
        range,
        ports: if forward {
            (path.to.port, path.to.port)
        } else {
            EPHEMERAL
        },
    })
}

/// The VPC that packets of this direction come from and the one that they go to, with the range to reach there.
fn ends(world: &World<'_>, path: &Path, direction: Direction) -> Option<(String, String, Ipv4Net)> {
    let client = world.subnet(path.from.subnet.as_deref()?).ok()?;
    let interface = world.interface(path.to.interface.as_deref()?).ok()?;
    let broker = world.subnet(interface.subnet_id.as_deref()?).ok()?;
    let (from, to) = match direction {
        Direction::Forward => (client, broker),
        Direction::Return => (broker, client),
    };
    let whole = world.vpc(&to.vpc_id).ok().and_then(|vpc| {
        vpc.ranges().find_map(|range| match range {
            IpNet::V4(range) if range.contains(&to.cidr_block?.network()) => Some(range),
            _ => None,
        })
    });
    Some((
        from.vpc_id.clone(),
        to.vpc_id.clone(),
        whole.or(to.cidr_block)?,
    ))
}

fn route(world: &World<'_>, path: &Path, blocker: &Blocker) -> Option<Change> {
    let (from, to, range) = ends(world, path, blocker.direction)?;
    let table = blocker.resource.clone()?;
    let target = super::travel::links(world, &from, &to)?;
    let replaces = world.route_tables(&from).any(|own| {
        own.route_table_id == table
            && own
                .routes
                .iter()
                .any(|route| route.destination_cidr_block == Some(range))
    });
    Some(Change::Route {
        table,
        range,
        target,
        replaces,
    })
}

fn transit_route(world: &World<'_>, path: &Path, blocker: &Blocker) -> Option<Change> {
    let (_, vpc, range) = ends(world, path, blocker.direction)?;
    let table = blocker.resource.clone()?;
    let routes = world.transit_gateway_routes(&table).ok()?;
    let attachment = world
        .vpc_attachments()
        .find(|attachment| attachment.vpc_id.as_deref() == Some(vpc.as_str()))?;
    Some(Change::TransitRoute {
        range,
        attachment: attachment.transit_gateway_attachment_id.clone(),
        replaces: routes
            .iter()
            .any(|route| route.destination_cidr_block == Some(IpNet::V4(range))),
        table,
        vpc,
    })
}

/// The subnet that the packets leave is in the zone that is missing.
fn attachment_subnet(world: &World<'_>, path: &Path, blocker: &Blocker) -> Option<Change> {
    let subnet = match blocker.direction {
        Direction::Forward => path.from.subnet.clone()?,
        Direction::Return => {
            let interface = world.interface(path.to.interface.as_deref()?).ok()?;
            interface.subnet_id.clone()?
        }
    };
    Some(Change::AttachmentSubnet {
        attachment: blocker.resource.clone()?,
        subnet,
    })
}
