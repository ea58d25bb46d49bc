//! Paths that leave the VPC: NAT gateways, internet gateways, clients outside.

use std::net::IpAddr;

use super::{Place, Question, stage_of, stop, words};
use crate::aws::snapshot::ec2::{NatGateway, Subnet};
use crate::vpc::client::{ClientSide, Groups};
use crate::vpc::group::References;
use crate::vpc::public_access::{self, Internet};
use crate::vpc::route::{Found, Target, is_public, look_up};
use crate::vpc::space::{Addresses, Family, Flows, just, ports};
use crate::vpc::stage::{End, Packets, Stage};
use crate::vpc::{Blocker, Direction, Gap, Rule, vpn};

/// Which side opens a connection over the internet.
#[derive(Clone, Copy)]
enum Opens {
    Inside,
    Outside,
}

impl<'a> Question<'_, 'a> {
    /// Whether a NAT gateway can take packets on towards the broker.
    pub(super) fn nat_leads_on(&self, nat: &NatGateway) -> bool {
        if self.broker.public {
            return true;
        }
        let Some(subnet) = nat
            .subnet_id
            .as_deref()
            .and_then(|id| self.world.subnet(id).ok())
        else {
            return true;
        };
        !matches!(
            self.first_target(subnet),
            None | Some(Target::Internet(_) | Target::Nat(_))
        )
    }

    /// Through a NAT gateway: the broker sees the gateway's address.
    pub(super) fn through_nat(&self, from: &'a Subnet, nat: &'a NatGateway) -> Stage {
        let id = nat.nat_gateway_id.as_str();
        if let Some(state) = nat.state.as_deref().filter(|state| *state != "available") {
            return stop("RTE-05", Some(id), format!("NAT gateway {id} is {state}"));
        }
        let subnet = match nat.subnet_id.as_deref().map(|id| self.world.subnet(id)) {
            Some(Ok(subnet)) => subnet,
            Some(Err(gap)) => return Stage::unknown(self.whole, gap),
            None => {
                let gap = Gap {
                    what: format!("the subnet of NAT gateway {id}: a regional one is not modelled"),
                    needs: "a probe from the client's subnet".to_owned(),
                };
                return Stage::unknown(self.whole, gap);
            }
        };
        let (forward, back) = (
            self.packets(Direction::Forward),
            self.packets(Direction::Return),
        );
        let mut stage = Stage::open(self.whole);
        if subnet.subnet_id != from.subnet_id {
            stage = stage
                .then(forward.through_acl_of(self.world, from, End::Destination, "NACL-03"))
                .then(forward.through_acl_of(self.world, subnet, End::Source, "NACL-03"))
                .then(back.through_acl_of(self.world, subnet, End::Destination, "NACL-04"))
                .then(back.through_acl_of(self.world, from, End::Source, "NACL-04"));
        }
        let addresses = nat.nat_gateway_addresses.iter();
        let inside: Addresses = addresses
            .clone()
            .filter_map(|address| address.private_ip)
            .flat_map(|address| just(address.into()))
            .collect();
        let gateway = ClientSide {
            place: Place::Vpc {
                subnet,
                interface: None,
                groups: Groups::None,
                public: addresses.clone().find_map(|address| address.public_ip),
            },
            family: self.client.family,
            all: inside.clone(),
            addresses: inside,
            ports: ports(1024..=65535),
        };
        let beyond = stage_of(
            self.world,
            &gateway,
            self.broker,
            self.siblings,
            &gateway.ports,
        );
        let theirs = Flows::product(&gateway.addresses, &gateway.ports);
        if theirs.is_empty() {
            let gap = Gap {
                what: format!("the address of NAT gateway {id}"),
                needs: "ec2:DescribeNatGateways".to_owned(),
            };
            return stage.then(Stage::unknown(self.whole, gap));
        }
        // The gateway picks its port: what only some of its ports reach, no port of the client reaches for sure.
        let mut outer = Stage {
            certain: if beyond.certain == theirs {
                self.whole.clone()
            } else {
                Flows::default()
            },
            possible: if beyond.possible.is_empty() {
                Flows::default()
            } else {
                self.whole.clone()
            },
            ..beyond
        };
        if outer.certain.is_empty() && !outer.possible.is_empty() && outer.gaps.is_empty() {
            outer.gaps.push(Gap {
                what: format!("which port {id} picks: only some of them work"),
                needs: "many attempts".to_owned(),
            });
        }
        stage
            .hop(
                Direction::Forward,
                "NAT gateway",
                id,
                "the broker sees its address",
                self.whole,
            )
            .then(outer)
    }

    /// From a subnet over an internet gateway to a public address.
    pub(super) fn by_internet(&self, from: &'a Subnet, gateway: &str) -> Stage {
        let Place::Vpc { public, .. } = &self.client.place else {
            return Stage::default();
        };
        let Some(public) = public else {
            return stop(
                "RTE-11",
                Some(gateway),
                format!(
                    "the route of {} to {} is {gateway}, and the client has no public address: interfaces of functions never have one",
                    from.subnet_id, self.broker.address
                ),
            );
        };
        let (forward, back) = (
            self.packets(Direction::Forward),
            self.packets(Direction::Return),
        );
        let seen_as = ClientSide {
            place: Place::Outside(IpAddr::V4(*public)),
            family: Family::V4,
            addresses: just(IpAddr::V4(*public)),
            ports: self.client_ports.clone(),
            all: just(IpAddr::V4(*public)),
        };
        let beyond = stage_of(
            self.world,
            &seen_as,
            self.broker,
            self.siblings,
            self.client_ports,
        );
        let lift = |flows: &Flows| Flows::product(&self.client.addresses, &flows.ports_of_any());
        let beyond = Stage {
            certain: lift(&beyond.certain),
            possible: lift(&beyond.possible),
            ..beyond
        };
        forward
            .through_acl_of(self.world, from, End::Destination, "NACL-03")
            .then(self.internet_of(from, Opens::Inside))
            .then(beyond)
            .then(back.through_acl_of(self.world, from, End::Source, "NACL-04"))
    }

    /// Whether a VPC's way to the internet is open.
    fn internet_of(&self, subnet: &Subnet, opens: Opens) -> Stage {
        match self.world.has_internet_gateway(&subnet.vpc_id) {
            Ok(true) => {}
            Ok(false) => {
                return stop(
                    "RTE-11",
                    Some(&subnet.vpc_id),
                    format!("{} has no internet gateway", subnet.vpc_id),
                );
            }
            Err(gap) => return Stage::unknown(self.whole, gap),
        }
        let (left, mode) = match public_access::internet(self.world, subnet) {
            Ok(found) => found,
            Err(gap) => return Stage::unknown(self.whole, gap),
        };
        let through_nat = matches!(
            self.client.place,
            Place::Vpc {
                groups: Groups::None,
                ..
            }
        );
        match (left, opens) {
            (Internet::Open, _) => return Stage::open(self.whole),
            (Internet::Egress, Opens::Inside) if through_nat => return Stage::open(self.whole),
            (Internet::Egress, Opens::Inside) if mode == "block-bidirectional" => {
                let gap = Gap {
                    what: format!(
                        "whether an egress-only exclusion of {} from VPC block public access holds without a NAT gateway",
                        subnet.vpc_id
                    ),
                    needs: "a probe from the client's subnet".to_owned(),
                };
                return Stage::unknown(self.whole, gap);
            }
            (Internet::Egress | Internet::Closed, _) => {}
        }
        let code = match opens {
            Opens::Inside => "RTE-11",
            Opens::Outside => "CLU-13",
        };
        stop(
            code,
            Some(&subnet.vpc_id),
            format!(
                "VPC block public access is {mode} and {} is not excluded from it",
                subnet.subnet_id
            ),
        )
    }

    /// From an address that no known VPC has, or from any of the internet's.
    pub(super) fn outside(&self, address: Option<IpAddr>) -> Stage {
        let to = match &self.broker.subnet {
            Ok(to) => *to,
            Err(gap) => return Stage::unknown(self.whole, gap.clone()),
        };
        let (forward, back) = (
            self.packets(Direction::Forward),
            self.packets(Direction::Return),
        );
        let over_internet = address.is_none_or(is_public);
        let address = address.map_or_else(|| "it".to_owned(), |address| address.to_string());
        let arrival = if !over_internet {
            Stage::unknown(
                self.whole,
                Gap {
                    what: format!(
                        "how packets from {address}, outside the known VPCs, come to {}",
                        to.vpc_id
                    ),
                    needs: "a probe from there".to_owned(),
                },
            )
        } else if self.broker.public {
            self.internet_of(to, Opens::Outside)
        } else {
            stop(
                "RTE-12",
                None,
                format!(
                    "{} is a private address; {address} comes from the internet",
                    self.broker.address
                ),
            )
        };
        arrival
            .then(forward.through_acl_of(self.world, to, End::Source, "NACL-01"))
            .then(self.enters_broker(References::Never("the client is outside AWS")))
            .then(back.through_acl_of(self.world, to, End::Destination, "NACL-02"))
            .then(self.back_outside(&back, to, over_internet))
    }

    /// The way back out of the broker's VPC.
    fn back_outside(&self, back: &Packets<'_>, to: &'a Subnet, over_internet: bool) -> Stage {
        let table = match self.world.route_table(to) {
            Ok(table) => table,
            Err(gap) => return Stage::unknown(self.whole, gap),
        };
        let mut stage = Stage::default();
        for (part, found) in look_up(
            self.world,
            table,
            self.client.family,
            &self.client.addresses,
        ) {
            let flows = back.going_to(&part);
            let (code, rule, detail) = match found {
                Found::Unknown(gap) => {
                    stage = stage.beside(Stage::unknown(&flows, gap));
                    continue;
                }
                Found::Taken(taken) if taken.is_blackhole() => (
                    "RTE-05",
                    Some(Rule::Route(taken.range.to_string())),
                    format!(
                        "the route {} → {} is a blackhole",
                        taken.range,
                        taken.target().id()
                    ),
                ),
                Found::Taken(taken) => match taken.target() {
                    Target::Internet(_) if over_internet => {
                        stage = stage.beside(Stage::open(&flows));
                        continue;
                    }
                    Target::Vpn(_)
                    | Target::TransitGateway(_)
                    | Target::Appliance(_)
                    | Target::Other(_)
                        if !over_internet =>
                    {
                        let down = match taken.target() {
                            Target::Vpn(id) => vpn::down(self.world, id, Direction::Return),
                            _ => None,
                        };
                        let gap = Gap {
                            what: format!(
                                "what becomes of answers that {} sends to {}",
                                table.route_table_id,
                                taken.target().id()
                            ),
                            needs: "a probe from there".to_owned(),
                        };
                        stage = stage.beside(Stage::unknown(&flows, gap).suspecting(down));
                        continue;
                    }
                    target => (
                        "RTE-04",
                        Some(Rule::Route(taken.range.to_string())),
                        format!(
                            "answers go by {} → {}, which does not lead back to the client",
                            taken.range,
                            target.id()
                        ),
                    ),
                },
                Found::Nothing => {
                    let none = format!(
                        "{} has no route back to {}",
                        table.route_table_id,
                        words(self.client.family, &part)
                    );
                    match vpn::that_does_not_propagate(self.world, table) {
                        Some(gateway) if !over_internet => (
                            "RTE-10",
                            None,
                            format!("{none} and does not take the routes of {gateway}"),
                        ),
                        _ => ("RTE-04", None, none),
                    }
                }
            };
            stage = stage.beside(Stage::blocked(Blocker {
                code: code.to_owned(),
                direction: Direction::Return,
                resource: Some(table.route_table_id.clone()),
                resources: Vec::new(),
                rule,
                detail,
            }));
        }
        stage.hop(
            Direction::Return,
            "route",
            &table.route_table_id,
            "back",
            self.whole,
        )
    }

    /// From Lambda's own network to a public address: which address the broker sees cannot be known, but what holds
    /// for all of the internet holds for it.
    pub(super) fn in_lambdas_network(&self) -> Stage {
        let stage = self.outside(None);
        if stage.certain == *self.whole || stage.possible.is_empty() {
            return stage;
        }
        let gap = Gap {
            what: "the public address from which a function without VPC comes: it changes, and not all are admitted"
                .to_owned(),
            needs: "a probe from the function".to_owned(),
        };
        Stage {
            certain: Flows::default(),
            possible: self.whole.clone(),
            gaps: vec![gap],
            blockers: Vec::new(),
            ..stage
        }
    }
}
