//! One path from a client to a broker and back: every place in its order, all blockers, and the verdict.

mod interface;
mod internet;

use super::broker::BrokerSide;
use super::client::{ClientSide, Groups, Place};
use super::group::References;
use super::route::{Found, Target, is_public, look_up};
use super::space::{Addresses, Family, Flows, just, port_words, ports};
use super::stage::{End, Packets, Stage};
use super::travel::travel;
use super::world::World;
use super::{Blocker, Direction, Path, PathFrom, PathTo, PathVerdict};
use crate::aws::snapshot::ec2::Subnet;

/// Proves one path. `siblings` are the cluster's other brokers: what they wear tells why this one differs.
#[must_use]
pub fn prove<'a>(
    world: &World<'a>,
    client: &ClientSide<'a>,
    broker: &BrokerSide<'a>,
    siblings: &[BrokerSide<'a>],
) -> Path {
    let wide = ports(1024..=65535);
    let stage = stage_of(world, client, broker, siblings, &client.ports);
    let mut path = finish(client, broker, stage);
    if client.ports != wide {
        let beyond = stage_of(world, client, broker, siblings, &wide);
        let same = |one: &Blocker, other: &Blocker| {
            (&one.code, one.direction, &one.resource, &one.rule)
                == (&other.code, other.direction, &other.resource, &other.rule)
        };
        path.warnings = beyond
            .blockers
            .into_iter()
            .filter(|blocker| !path.blockers.iter().any(|known| same(known, blocker)))
            .collect();
    }
    path
}

/// Sums up what the places said.
fn finish(client: &ClientSide<'_>, broker: &BrokerSide<'_>, stage: Stage) -> Path {
    let whole = Flows::product(&client.addresses, &client.ports);
    let verdict = if stage.possible.is_empty() {
        PathVerdict::Blocked
    } else if stage.certain == whole {
        PathVerdict::Reachable
    } else if stage.certain == stage.possible {
        PathVerdict::Partial
    } else {
        PathVerdict::Unknown
    };
    let works = stage.certain.addresses();
    let (subnet, interface, groups) = match &client.place {
        Place::Vpc {
            subnet,
            interface,
            groups,
            ..
        } => (
            Some(subnet.subnet_id.clone()),
            interface.map(|interface| interface.network_interface_id.clone()),
            match groups {
                Groups::Known(groups) => groups.iter().map(|id| (*id).to_owned()).collect(),
                Groups::None | Groups::Unknown(_) => Vec::new(),
            },
        ),
        Place::Nowhere | Place::Outside(_) => (None, None, Vec::new()),
    };
    Path {
        from: PathFrom {
            subnet,
            interface,
            security_groups: groups,
            addresses: match client.place {
                // All of the internet's are no address of anybody.
                Place::Nowhere => Vec::new(),
                _ => client.family.cidrs(&client.addresses),
            },
        },
        to: PathTo {
            broker: broker.id,
            name: broker.name.clone(),
            interface: broker
                .interface
                .as_ref()
                .ok()
                .map(|interface| interface.network_interface_id.clone()),
            address: broker.address,
            port: broker.port,
        },
        verdict,
        source_ports: port_words(&stage.certain.ports_of_all()),
        source_addresses: if verdict == PathVerdict::Partial && works != client.addresses {
            client.family.cidrs(&works)
        } else {
            Vec::new()
        },
        blockers: stage.blockers,
        unknown: if verdict == PathVerdict::Unknown {
            stage.gaps
        } else {
            Vec::new()
        },
        suspects: if verdict == PathVerdict::Unknown {
            stage.suspects
        } else {
            Vec::new()
        },
        warnings: Vec::new(),
        hops: stage.hops,
    }
}

fn stage_of<'a>(
    world: &World<'a>,
    client: &ClientSide<'a>,
    broker: &BrokerSide<'a>,
    siblings: &[BrokerSide<'a>],
    client_ports: &super::space::Ports,
) -> Stage {
    let whole = Flows::product(&client.addresses, client_ports);
    let listener = ports(broker.port..=broker.port);
    let dialled = just(broker.address);
    let question = Question {
        world,
        client,
        client_ports,
        broker,
        siblings,
        dialled: &dialled,
        listener: &listener,
        whole: &whole,
    };
    if broker.public && !is_public(broker.address) {
        return stop(
            "CLU-13",
            None,
            "the broker's interface has no public address: public access is not on, or not yet"
                .to_owned(),
        );
    }
    if let Some(closed) = &broker.closed {
        return stop(closed.code, Some(&closed.resource), closed.detail.clone());
    }
    match &client.place {
        Place::Nowhere if is_public(broker.address) => question.in_lambdas_network(),
        Place::Nowhere => stop(
            "RTE-01",
            None,
            format!(
                "the function has no VPC configuration, and {} is a private address",
                broker.address
            ),
        ),
        Place::Outside(address) => question.outside(Some(*address)),
        Place::Vpc { subnet, .. } => question.in_subnet(subnet),
    }
}

struct Question<'q, 'a> {
    world: &'q World<'a>,
    client: &'q ClientSide<'a>,
    client_ports: &'q super::space::Ports,
    broker: &'q BrokerSide<'a>,
    siblings: &'q [BrokerSide<'a>],
    dialled: &'q Addresses,
    listener: &'q super::space::Ports,
    whole: &'q Flows,
}

impl<'a> Question<'_, 'a> {
    fn packets(&self, direction: Direction) -> Packets<'_> {
        Packets {
            direction,
            family: self.client.family,
            client: &self.client.addresses,
            client_ports: self.client_ports,
            broker: self.dialled,
            listener: self.listener,
            whole: self.whole,
        }
    }

    /// From a subnet: by the route that its table has for the broker.
    fn in_subnet(&self, from: &'a Subnet) -> Stage {
        let to = match &self.broker.subnet {
            Ok(to) => *to,
            Err(gap) => return Stage::unknown(self.whole, gap.clone()),
        };
        let leaves = self.leaves_interface();
        if !self.broker.public && from.subnet_id == to.subnet_id {
            // Inside one subnet neither routes nor ACLs are asked.
            return leaves.then(self.enters_broker(References::Hold));
        }
        match self.first_target(from) {
            Some(Target::Nat(id)) => match self.world.nat_gateway(id) {
                Ok(nat) if self.nat_leads_on(nat) => {
                    return leaves.then(self.through_nat(from, nat));
                }
                Ok(_) => {}
                Err(gap) => return leaves.then(Stage::unknown(self.whole, gap)),
            },
            Some(Target::Internet(id)) if self.broker.public => {
                return leaves.then(self.by_internet(from, id));
            }
            _ => {}
        }
        let (forward, back) = (
            self.packets(Direction::Forward),
            self.packets(Direction::Return),
        );
        let out = forward.through_acl_of(self.world, from, End::Destination, "NACL-03");
        let way = travel(self.world, &forward, from, to);
        let there = leaves.then(out).then(way.stage);
        if self.broker.public {
            // No gateway to the internet that is modelled: what the broker would see, and answer, is not known.
            return there;
        }
        there
            .then(self.enters_broker(way.references))
            .then(back.through_acl_of(self.world, to, End::Destination, "NACL-02"))
            .then(travel(self.world, &back, to, from).stage)
    }

    /// Where the client's table sends packets to the broker, where one route is for it.
    fn first_target(&self, from: &'a Subnet) -> Option<Target<'a>> {
        let table = self.world.route_table(from).ok()?;
        let found = look_up(self.world, table, self.client.family, self.dialled);
        match found.first() {
            Some((_, Found::Taken(taken))) if !taken.is_blackhole() => Some(taken.target()),
            _ => None,
        }
    }
}

/// Stopped on the way there, before any rule.
fn stop(code: &str, resource: Option<&str>, detail: String) -> Stage {
    Stage::blocked(Blocker {
        code: code.to_owned(),
        direction: Direction::Forward,
        resource: resource.map(ToOwned::to_owned),
        resources: Vec::new(),
        rule: None,
        detail,
    })
}

fn words(family: Family, addresses: &Addresses) -> String {
    let ranges = family.cidrs(addresses);
    let mut words: Vec<String> = ranges.iter().take(4).map(ToString::to_string).collect();
    if ranges.len() > 4 {
        words.push("…".to_owned());
    }
    words.join(", ")
}
