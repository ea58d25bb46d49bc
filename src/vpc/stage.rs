//! One place on the way, and what it does with the flows of a client.

use super::acl::Ruling;
use super::space::{Addresses, Family, Flows, Ports};
use super::world::{Acl, World};
use super::{Blocker, Direction, Gap, Hop, Passes, Rule};
use crate::aws::snapshot::ec2::Subnet;

/// What a place does.
#[derive(Debug, Clone, Default)]
pub(super) struct Stage {
    /// Flows that pass for sure.
    pub certain: Flows,
    /// Flows that pass, or may.
    pub possible: Flows,
    /// What stops the others.
    pub blockers: Vec<Blocker>,
    /// What is not known.
    pub gaps: Vec<Gap>,
    /// What would stop flows, of which it is not known.
    pub suspects: Vec<Blocker>,
    /// The places.
    pub hops: Vec<Hop>,
}

impl Stage {
    /// All of `flows` pass.
    pub fn open(flows: &Flows) -> Self {
        Self {
            certain: flows.clone(),
            possible: flows.clone(),
            ..Self::default()
        }
    }

    /// It is not known what becomes of `flows`.
    pub fn unknown(flows: &Flows, gap: Gap) -> Self {
        Self {
            possible: flows.clone(),
            gaps: vec![gap],
            ..Self::default()
        }
    }

    /// The same, with something that would stop packets.
    pub fn suspecting(mut self, suspect: Option<Blocker>) -> Self {
        self.suspects.extend(suspect);
        self
    }

    /// Nothing passes.
    pub fn blocked(blocker: Blocker) -> Self {
        let resource = blocker.resource.clone().unwrap_or_default();
        Self {
            hops: vec![Hop {
                direction: blocker.direction,
                what: kind_of(&resource).to_owned(),
                resource,
                detail: blocker.detail.clone(),
                passes: Passes::No,
            }],
            blockers: vec![blocker],
            ..Self::default()
        }
    }

    /// Both places must be passed.
    pub fn then(mut self, next: Self) -> Self {
        self.certain = self.certain.and(&next.certain);
        self.possible = self.possible.and(&next.possible);
        self.add(next);
        self
    }

    /// One of the two places is passed, and nobody knows which.
    pub fn either(mut self, other: Self, unknown: Gap) -> Self {
        self.certain = self.certain.and(&other.certain);
        self.possible = self.possible.or(&other.possible);
        self.add(other);
        if self.certain != self.possible && !self.gaps.contains(&unknown) {
            self.gaps.push(unknown);
        }
        self
    }

    /// The flows are parted between the two places.
    pub fn beside(mut self, other: Self) -> Self {
        self.certain = self.certain.or(&other.certain);
        self.possible = self.possible.or(&other.possible);
        self.add(other);
        self
    }

    fn add(&mut self, other: Self) {
        for blocker in other.blockers {
            if !self.blockers.contains(&blocker) {
                self.blockers.push(blocker);
            }
        }
        for suspect in other.suspects {
            if !self.suspects.contains(&suspect) {
                self.suspects.push(suspect);
            }
        }
        for gap in other.gaps {
            if !self.gaps.contains(&gap) {
                self.gaps.push(gap);
            }
        }
        self.hops.extend(other.hops);
    }

    /// Adds a place, with what it does as a whole.
    pub fn hop(
        mut self,
        direction: Direction,
        what: &str,
        resource: &str,
        detail: impl Into<String>,
        asked: &Flows,
    ) -> Self {
        let passes = if self.certain == *asked {
            Passes::Yes
        } else if !self.certain.is_empty() {
            Passes::Some
        } else if self.possible.is_empty() {
            Passes::No
        } else {
            Passes::Unknown
        };
        self.hops.push(Hop {
            direction,
            what: what.to_owned(),
            resource: resource.to_owned(),
            detail: detail.into(),
            passes,
        });
        self
    }
}

/// What an id is one of.
fn kind_of(id: &str) -> &'static str {
    /// The longer prefix first.
    const KINDS: &[(&str, &str)] = &[
        ("tgw-rtb-", "transit gateway route table"),
        ("tgw-attach-", "transit gateway attachment"),
        ("tgw-", "transit gateway"),
        ("rtb-", "route"),
        ("nat-", "NAT gateway"),
        ("igw-", "internet gateway"),
        ("vpc-", "VPC"),
    ];
    KINDS
        .iter()
        .find(|(prefix, _)| id.starts_with(prefix))
        .map_or("way", |(_, kind)| kind)
}

/// Which end of a packet an ACL looks at, besides the destination port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Outgoing rules: the destination.
    Destination,
    /// Incoming rules: the source.
    Source,
}

/// Packets of one direction.
pub(super) struct Packets<'q> {
    /// Which way.
    pub direction: Direction,
    /// Their family.
    pub family: Family,
    /// The client's addresses.
    pub client: &'q Addresses,
    /// The client's ports.
    pub client_ports: &'q Ports,
    /// The broker's address.
    pub broker: &'q Addresses,
    /// The listener's port.
    pub listener: &'q Ports,
    /// All flows of the client.
    pub whole: &'q Flows,
}

impl Packets<'_> {
    /// Their source addresses.
    pub fn sources(&self) -> &Addresses {
        match self.direction {
            Direction::Forward => self.client,
            Direction::Return => self.broker,
        }
    }

    /// Their destination addresses.
    pub fn destinations(&self) -> &Addresses {
        match self.direction {
            Direction::Forward => self.broker,
            Direction::Return => self.client,
        }
    }

    /// Their destination ports.
    pub fn ports(&self) -> &Ports {
        match self.direction {
            Direction::Forward => self.listener,
            Direction::Return => self.client_ports,
        }
    }

    /// The client's flows whose packets have these addresses at `end` and these destination ports.
    pub fn lift(&self, end: End, flows: &Flows) -> Flows {
        if flows.is_empty() {
            return Flows::default();
        }
        match (self.direction, end) {
            (Direction::Forward, End::Source) => {
                Flows::product(&flows.addresses(), self.client_ports)
            }
            (Direction::Forward, End::Destination) => self.whole.clone(),
            (Direction::Return, End::Source) => Flows::product(self.client, &flows.ports_of_any()),
            (Direction::Return, End::Destination) => flows.clone(),
        }
    }

    /// The client's flows whose packets go to these addresses.
    pub fn going_to(&self, destinations: &Addresses) -> Flows {
        self.lift(
            End::Destination,
            &Flows::product(destinations, self.ports()),
        )
    }

    /// Only those of the packets that go to `part`, as `flows`.
    pub fn narrowed<'p>(&'p self, part: &'p Addresses, flows: &'p Flows) -> Packets<'p> {
        let (client, broker) = match self.direction {
            Direction::Forward => (self.client, part),
            Direction::Return => (part, self.broker),
        };
        Packets {
            client,
            broker,
            whole: flows,
            ..*self
        }
    }

    /// Passes the incoming rules of the subnet where the packets are going.
    pub fn through_last_acl(&self, world: &World<'_>, to: &Subnet) -> Stage {
        let code = match self.direction {
            Direction::Forward => "NACL-01",
            Direction::Return => "NACL-04",
        };
        self.through_acl_of(world, to, End::Source, code)
    }

    /// Passes an ACL: outgoing rules by destination, incoming rules by source.
    pub fn through_acl(&self, acl: &Acl<'_>, end: End, code: &'static str) -> Stage {
        let egress = end == End::Destination;
        let remote = match end {
            End::Destination => self.destinations(),
            End::Source => self.sources(),
        };
        let Ruling { allowed, denied } = acl.rule_on(egress, self.family, remote, self.ports());
        let passes = self.lift(end, &allowed);
        let mut stage = Stage::open(&passes);
        for denial in denied {
            let stopped = self.lift(end, &denial.flows);
            if stopped.is_empty() {
                continue;
            }
            let code = match denial.rule {
                Some(_) if denial.overrides_an_allow => "NACL-05",
                _ => code,
            };
            let rule = denial.rule.map_or_else(
                || "no rule allows".to_owned(),
                |rule| format!("rule {rule} denies"),
            );
            let way = if egress { "outgoing" } else { "incoming" };
            let addresses: Vec<String> = self
                .family
                .cidrs(&denial.flows.addresses())
                .iter()
                .take(4)
                .map(ToString::to_string)
                .collect();
            let ports = super::space::port_words(&denial.flows.ports_of_any());
            stage.blockers.push(Blocker {
                code: code.to_owned(),
                direction: self.direction,
                resource: Some(acl.id.to_owned()),
                resources: Vec::new(),
                rule: denial.rule.map(Rule::Number),
                detail: format!(
                    "{rule} {way} TCP {} {}, ports {}",
                    if egress { "to" } else { "from" },
                    addresses.join(", "),
                    ports.join(", ")
                ),
            });
        }
        let way = if egress { "out" } else { "in" };
        stage.hop(self.direction, "network ACL", acl.id, way, self.whole)
    }

    /// Passes the ACL of a subnet.
    pub fn through_acl_of(
        &self,
        world: &World<'_>,
        subnet: &Subnet,
        end: End,
        code: &'static str,
    ) -> Stage {
        match world.acl(subnet) {
            Ok(acl) => self.through_acl(acl, end, code),
            Err(gap) => Stage::unknown(self.whole, gap),
        }
    }
}
