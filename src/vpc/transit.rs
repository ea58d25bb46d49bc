//! Transit gateways: attachments and their zones, the tables they are associated with, the ACLs of their subnets.
//!
//! Sources: <https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html>,
//! <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html>.

use super::group::References;
use super::route::{Found, Target, look_up};
use super::space::{Addresses, Flows, common, without};
use super::stage::{End, Packets, Stage};
use super::travel::Way;
use super::world::World;
use super::{Blocker, Gap, Rule};
use crate::aws::snapshot::ec2::{
    Subnet, TransitGatewayOptions, TransitGatewayRoute, TransitGatewayVpcAttachment,
};

/// The most transit gateways in a row: AWS allows no more than one peering on a path, others are misconfigured.
const MOST_GATEWAYS: usize = 4;

/// Goes through transit gateway `gateway` from one VPC to another. `Err` holds the stage where the gateway leads
/// elsewhere: a caller may know a better word for it.
pub(super) fn cross<'a>(
    world: &World<'a>,
    packets: &Packets<'_>,
    from: &'a Subnet,
    to: &'a Subnet,
    gateway: &str,
    part: &Addresses,
    flows: &Flows,
) -> Result<Way, Box<Stage>> {
    let unknown = |gap| {
        Ok(Way {
            stage: Stage::unknown(flows, gap),
            references: References::Unknown,
            arrives_in_subnet: false,
        })
    };
    let crossing = Crossing {
        world,
        packets,
        from,
        to,
        flows,
    };
    let own = match world.vpc_attachment(gateway, &from.vpc_id) {
        Ok(Some(attachment)) => attachment,
        Ok(None) => {
            let detail = format!("{} is not attached to {gateway}", from.vpc_id);
            return Err(Box::new(crossing.stop("RTE-07", gateway, None, detail)));
        }
        Err(gap) => return unknown(gap),
    };
    let entry = match crossing.enter(own) {
        Ok(stage) => stage,
        Err(gap) => return unknown(gap),
    };
    let (middle, last) = match crossing.through(gateway, own, part) {
        Ok(found) => found,
        Err(Trouble::Gap(gap)) => {
            let stage = entry.then(Stage::unknown(flows, gap));
            return Ok(Way {
                stage,
                references: References::Unknown,
                arrives_in_subnet: false,
            });
        }
        Err(Trouble::Blocked(stage)) => {
            return Ok(Way {
                stage: entry.then(*stage),
                references: References::Hold,
                arrives_in_subnet: false,
            });
        }
    };
    let (exit, arrives_in_subnet, theirs) = crossing.leave(&last, part);
    Ok(Way {
        references: references(world, gateway, &last, own, theirs),
        stage: entry.then(middle).then(exit),
        arrives_in_subnet,
    })
}

enum Trouble {
    Gap(Gap),
    Blocked(Box<Stage>),
}

struct Crossing<'q, 'a> {
    world: &'q World<'a>,
    packets: &'q Packets<'q>,
    from: &'a Subnet,
    to: &'a Subnet,
    flows: &'q Flows,
}

impl<'a> Crossing<'_, 'a> {
    fn stop(&self, code: &str, resource: &str, rule: Option<Rule>, detail: String) -> Stage {
        Stage::blocked(Blocker {
            code: code.to_owned(),
            direction: self.packets.direction,
            resource: Some(resource.to_owned()),
            resources: Vec::new(),
            rule,
            detail,
        })
    }

    /// Into the gateway: by an attachment in the zone of the subnet that the packets leave.
    fn enter(&self, attachment: &'a TransitGatewayVpcAttachment) -> Result<Stage, Gap> {
        let id = &attachment.transit_gateway_attachment_id;
        let mut here = None;
        let mut gap = None;
        for subnet in &attachment.subnet_ids {
            match self.world.subnet(subnet) {
                Ok(subnet) if same_zone(subnet, self.from) => here = Some(subnet),
                Ok(_) => {}
                Err(unknown) => gap = Some(unknown),
            }
        }
        let Some(here) = here else {
            if let Some(gap) = gap {
                return Err(gap);
            }
            let detail = format!(
                "{id} has no subnet in {}: packets from {} cannot enter the gateway",
                zone(self.from),
                self.from.subnet_id
            );
            return Ok(self.stop("RTE-14", id, None, detail));
        };
        if self.packets.family == super::space::Family::V6
            && attachment
                .options
                .as_ref()
                .is_some_and(|options| options.ipv6_support.as_deref() == Some("disable"))
        {
            let detail = format!("{id} has IPv6 support disabled");
            return Ok(self.stop("RTE-07", id, None, detail));
        }
        // Where the attachment shares the subnet with the hosts, these are its incoming rules all the same.
        let stage = self
            .packets
            .through_acl_of(self.world, here, End::Source, "NACL-07");
        Ok(stage.hop(
            self.packets.direction,
            "transit gateway attachment",
            id,
            format!("of {}", self.from.vpc_id),
            self.packets.whole,
        ))
    }

    /// Through the gateway's tables, and those of its peers, until an attachment of the other VPC; with the id of
    /// the last gateway.
    fn through(
        &self,
        gateway: &str,
        own: &TransitGatewayVpcAttachment,
        part: &Addresses,
    ) -> Result<(Stage, String), Trouble> {
        let mut gateway = gateway.to_owned();
        let mut attachment = own.transit_gateway_attachment_id.clone();
        let mut way = Stage::open(self.flows);
        for _ in 0..MOST_GATEWAYS {
            let table = self.table_of(&gateway, &attachment)?;
            let routes = self
                .world
                .transit_gateway_routes(&table)
                .map_err(Trouble::Gap)?;
            let mut next: Option<(String, String)> = None;
            let mut step: Option<Stage> = None;
            for (part, route) in self.look_up(routes, part).map_err(Trouble::Gap)? {
                let flows = self.flows.and(&self.packets.going_to(&part));
                let stage = match route {
                    None => self.stop(
                        "RTE-07",
                        &table,
                        None,
                        format!("{table} has no route to {}", self.words(&part)),
                    ),
                    Some(route) => match self.target(&gateway, &table, route, &flows) {
                        Hop::There(stage) => stage,
                        Hop::Peer(peer, id) => {
                            next = Some((peer, id));
                            Stage::open(&flows)
                        }
                    },
                };
                step = Some(match step {
                    None => stage,
                    Some(step) => step.beside(stage),
                });
            }
            let step = step.unwrap_or_default().hop(
                self.packets.direction,
                "transit gateway route table",
                &table,
                format!("of {gateway}"),
                self.flows,
            );
            let stopped = step.possible.is_empty();
            way = way.then(step);
            if stopped {
                return Err(Trouble::Blocked(Box::new(way)));
            }
            match next {
                None => return Ok((way, gateway)),
                Some((peer, id)) => {
                    gateway = peer;
                    attachment = id;
                }
            }
        }
        Err(Trouble::Gap(Gap {
            what: format!("a path through more than {MOST_GATEWAYS} transit gateways"),
            needs: "fewer of them".to_owned(),
        }))
    }

    /// The route table that packets from an attachment meet.
    fn table_of(&self, gateway: &str, attachment: &str) -> Result<String, Trouble> {
        let known = self
            .world
            .attachment(gateway, attachment)
            .map_err(Trouble::Gap)?;
        let association = known.association.as_ref().filter(|association| {
            matches!(association.state.as_deref(), None | Some("associated"))
        });
        association
            .and_then(|association| association.transit_gateway_route_table_id.clone())
            .ok_or_else(|| {
                let detail = format!("{attachment} is associated with no route table of {gateway}");
                Trouble::Blocked(Box::new(self.stop("RTE-07", attachment, None, detail)))
            })
    }

    /// Parts addresses by the gateway's route.
    fn look_up<'r>(
        &self,
        routes: &'r [TransitGatewayRoute],
        part: &Addresses,
    ) -> Result<Vec<(Addresses, Option<&'r TransitGatewayRoute>)>, Gap> {
        let family = self.packets.family;
        let mut candidates = Vec::new();
        for route in routes {
            match (&route.destination_cidr_block, &route.prefix_list_id) {
                (Some(range), _) => candidates.push((*range, route)),
                (None, Some(list)) => {
                    let entries = self.world.prefix_list(list, family)?;
                    candidates.extend(
                        family
                            .cidrs(&entries)
                            .into_iter()
                            .map(|range| (range, route)),
                    );
                }
                (None, None) => {}
            }
        }
        // Among equal prefixes, static routes come before propagated ones.
        candidates.sort_by_key(|(range, route)| {
            (
                std::cmp::Reverse(range.prefix_len()),
                route.kind.as_deref() == Some("propagated"),
            )
        });
        let mut found = Vec::new();
        let mut open = part.clone();
        for (range, route) in candidates {
            let Some(range) = family.range(range) else {
                continue;
            };
            let matched = common(&open, &[range].into_iter().collect());
            if !matched.is_empty() {
                open = without(&open, &matched);
                found.push((matched, Some(route)));
            }
        }
        if !open.is_empty() {
            found.push((open, None));
        }
        Ok(found)
    }

    fn target(
        &self,
        gateway: &str,
        table: &str,
        route: &TransitGatewayRoute,
        flows: &Flows,
    ) -> Hop {
        let range = route
            .destination_cidr_block
            .map_or_else(|| "a prefix list".to_owned(), |range| range.to_string());
        if route.state.as_deref() == Some("blackhole") {
            let detail = format!("the route {range} of {table} is a blackhole");
            return Hop::There(self.stop("RTE-07", table, Some(Rule::Route(range)), detail));
        }
        let Some(attachment) = route.transit_gateway_attachments.first() else {
            let detail = format!("the route {range} of {table} leads nowhere");
            return Hop::There(self.stop("RTE-07", table, Some(Rule::Route(range)), detail));
        };
        let resource = attachment
            .resource_id
            .as_deref()
            .unwrap_or("an unknown thing");
        match attachment.resource_type.as_deref() {
            Some("vpc") if resource == self.to.vpc_id => Hop::There(Stage::open(flows)),
            Some("peering") => {
                let id = attachment
                    .transit_gateway_attachment_id
                    .as_deref()
                    .unwrap_or("");
                match self.world.peering_attachment(id) {
                    Ok(peering) => {
                        let sides = [
                            peering.requester_tgw_info.transit_gateway_id.as_deref(),
                            peering.accepter_tgw_info.transit_gateway_id.as_deref(),
                        ];
                        let peer = sides.into_iter().flatten().find(|side| *side != gateway);
                        match (peer, peering.state.as_deref()) {
                            (_, Some(state)) if state != "available" => {
                                let detail =
                                    format!("the peering {id} of transit gateways is {state}");
                                Hop::There(self.stop("RTE-07", id, None, detail))
                            }
                            (Some(peer), _) => Hop::Peer(peer.to_owned(), id.to_owned()),
                            (None, _) => Hop::There(Stage::unknown(flows, gap_of(id))),
                        }
                    }
                    Err(gap) => Hop::There(Stage::unknown(flows, gap)),
                }
            }
            kind => Hop::There(Stage::unknown(
                flows,
                Gap {
                    what: format!(
                        "what becomes of packets that {table} sends by {range} to {resource} ({}): it is not {}",
                        kind.unwrap_or("unknown"),
                        self.to.vpc_id
                    ),
                    needs: "a probe from the client's subnet".to_owned(),
                },
            )),
        }
    }

    /// Out of the gateway: by an attachment in the zone that the packets come from, where there is one.
    fn leave(
        &self,
        gateway: &str,
        part: &Addresses,
    ) -> (Stage, bool, Option<&'a TransitGatewayVpcAttachment>) {
        let attachment = match self.world.vpc_attachment(gateway, &self.to.vpc_id) {
            Ok(Some(attachment)) => attachment,
            Ok(None) => {
                let detail = format!("{} is not attached to {gateway}", self.to.vpc_id);
                return (self.stop("RTE-07", gateway, None, detail), false, None);
            }
            Err(gap) => return (Stage::unknown(self.flows, gap), false, None),
        };
        let mut subnets = Vec::new();
        for id in &attachment.subnet_ids {
            match self.world.subnet(id) {
                Ok(subnet) => subnets.push(subnet),
                Err(gap) => return (Stage::unknown(self.flows, gap), false, Some(attachment)),
            }
        }
        let near: Vec<&Subnet> = subnets
            .iter()
            .copied()
            .filter(|subnet| same_zone(subnet, self.from))
            .collect();
        let used = if near.is_empty() { subnets } else { near };
        let mut stages = used.iter().map(|subnet| self.out_of(subnet, part));
        let Some(first) = stages.next() else {
            let detail = format!("{} has no subnet", attachment.transit_gateway_attachment_id);
            let stage = self.stop(
                "RTE-07",
                &attachment.transit_gateway_attachment_id,
                None,
                detail,
            );
            return (stage, false, Some(attachment));
        };
        // The gateway picks one of several: what only some let through may pass.
        let stage = stages.fold(first, |all, next| {
            let possible = all.possible.or(&next.possible);
            let mut both = all.then(next);
            both.possible = possible;
            both
        });
        let arrives = used
            .iter()
            .all(|subnet| subnet.subnet_id == self.to.subnet_id);
        (stage, arrives, Some(attachment))
    }

    /// From an attachment's subnet to the destination's.
    fn out_of(&self, subnet: &'a Subnet, part: &Addresses) -> Stage {
        if subnet.subnet_id == self.to.subnet_id {
            return Stage::open(self.packets.whole);
        }
        let acl = self
            .packets
            .through_acl_of(self.world, subnet, End::Destination, "NACL-07");
        let table = match self.world.route_table(subnet) {
            Ok(table) => table,
            Err(gap) => return acl.then(Stage::unknown(self.packets.whole, gap)),
        };
        let mut stage = Stage::default();
        for (part, found) in look_up(self.world, table, self.packets.family, part) {
            let flows = self.packets.going_to(&part);
            let next = match found {
                Found::Taken(taken) if taken.target() == Target::Local => Stage::open(&flows),
                Found::Taken(taken) if taken.is_blackhole() => self.stop(
                    "RTE-05",
                    &table.route_table_id,
                    Some(Rule::Route(taken.range.to_string())),
                    format!("{} → {} is a blackhole", taken.range, taken.target().id()),
                ),
                Found::Taken(taken) => Stage::unknown(
                    &flows,
                    Gap {
                        what: format!(
                            "what becomes of packets that {} sends to {}",
                            table.route_table_id,
                            taken.target().id()
                        ),
                        needs: "a probe from the client's subnet".to_owned(),
                    },
                ),
                Found::Nothing => self.stop(
                    "RTE-07",
                    &table.route_table_id,
                    None,
                    format!(
                        "{} has no route to {}",
                        table.route_table_id,
                        self.words(&part)
                    ),
                ),
                Found::Unknown(gap) => Stage::unknown(&flows, gap),
            };
            stage = stage.beside(next);
        }
        acl.then(stage)
    }

    fn words(&self, part: &Addresses) -> String {
        let ranges = self.packets.family.cidrs(part);
        let words: Vec<String> = ranges.iter().take(3).map(ToString::to_string).collect();
        words.join(", ").replace("/32", "").replace("/128", "")
    }
}

enum Hop {
    /// The other VPC, or the end of what is known.
    There(Stage),
    /// Another gateway, by this attachment.
    Peer(String, String),
}

fn gap_of(id: &str) -> Gap {
    Gap {
        what: format!("the other side of {id}"),
        needs: "ec2:DescribeTransitGatewayPeeringAttachments".to_owned(),
    }
}

fn zone(subnet: &Subnet) -> &str {
    subnet
        .availability_zone
        .as_deref()
        .or(subnet.availability_zone_id.as_deref())
        .unwrap_or("the zone")
}

/// Names of zones differ between accounts, their ids do not.
fn same_zone(one: &Subnet, other: &Subnet) -> bool {
    match (&one.availability_zone_id, &other.availability_zone_id) {
        (Some(one), Some(other)) => one == other,
        _ => one.availability_zone == other.availability_zone,
    }
}

fn references(
    world: &World<'_>,
    first: &str,
    last: &str,
    own: &TransitGatewayVpcAttachment,
    theirs: Option<&TransitGatewayVpcAttachment>,
) -> References {
    if first != last {
        return References::Never("group references do not hold between transit gateways");
    }
    let off = |options: &Option<TransitGatewayOptions>, unless: &str| {
        options
            .as_ref()
            .and_then(|options| options.security_group_referencing_support.as_deref())
            .unwrap_or(unless)
            == "disable"
    };
    let gateway_off = match world.transit_gateway(first) {
        Ok(gateway) => off(&gateway.options, "disable"),
        Err(_) => return References::Unknown,
    };
    // It is off on a gateway and on for an attachment unless somebody said otherwise.
    if gateway_off
        || off(&own.options, "enable")
        || theirs.is_some_and(|theirs| off(&theirs.options, "enable"))
    {
        return References::Never(
            "security group referencing is not on for the transit gateway and both attachments",
        );
    }
    References::Incoming
}
