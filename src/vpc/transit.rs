//! Transit gateways: attachments and their zones, the tables they are associated with, the ACLs of their subnets.
//!
//! Sources: <https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html>,
//! <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html>.

mod exit;

use super::group::References;
use super::space::{Addresses, Flows, common, without};
use super::stage::{End, Packets, Stage};
use super::travel::Way;
use super::world::World;
use super::{Blocker, Direction, Gap, Rule};
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
            entered: false,
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
    let onward = crossing.onward(gateway, &own.transit_gateway_attachment_id, own, part, 1);
    Ok(Way {
        stage: entry.then(onward.stage),
        ..onward
    })
}

/// As if the gateway were repaired: the groups are judged on their own.
fn broken(stage: Stage) -> Way {
    Way {
        stage,
        references: References::Hold,
        entered: false,
    }
}

enum Trouble {
    Gap(Gap),
    Blocked(Box<Stage>),
}

#[derive(Clone, Copy)]
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

    /// From `gateway`, where packets come in by `attachment`, through its table and those of its peers to the other
    /// VPC: each part of the addresses by its own route.
    fn onward(
        &self,
        gateway: &str,
        attachment: &str,
        own: &TransitGatewayVpcAttachment,
        part: &Addresses,
        gateways: usize,
    ) -> Way {
        let table = match self.table_of(gateway, attachment) {
            Ok(table) => table,
            Err(Trouble::Gap(gap)) => return self.lost(gap),
            Err(Trouble::Blocked(stage)) => return broken(*stage),
        };
        let parts = self
            .world
            .transit_gateway_routes(&table)
            .and_then(|routes| self.look_up(routes, part));
        let parts = match parts {
            Ok(parts) => parts,
            Err(gap) => return self.lost(gap),
        };
        let mut way: Option<Way> = None;
        for (part, route) in parts {
            let flows = self.packets.going_to(&part);
            let packets = self.packets.narrowed(&part, &flows);
            let at = Crossing {
                packets: &packets,
                flows: &flows,
                ..*self
            };
            let mut next = at.by(route, gateway, &table, own, &part, gateways);
            if !next.entered {
                next.stage = next
                    .stage
                    .then(packets.through_last_acl(self.world, self.to));
            }
            way = Some(match way {
                None => next,
                Some(way) => Way {
                    references: if way.references == next.references {
                        way.references
                    } else {
                        References::Unknown
                    },
                    stage: way.stage.beside(next.stage),
                    entered: true,
                },
            });
        }
        Way {
            entered: true,
            ..way.unwrap_or_else(|| broken(Stage::default()))
        }
    }

    /// By one route of a gateway's table.
    fn by(
        &self,
        route: Option<&TransitGatewayRoute>,
        gateway: &str,
        table: &str,
        own: &TransitGatewayVpcAttachment,
        part: &Addresses,
        gateways: usize,
    ) -> Way {
        let hop = |stage: Stage| {
            stage.hop(
                self.packets.direction,
                "transit gateway route table",
                table,
                format!("of {gateway}"),
                self.flows,
            )
        };
        let Some(route) = route else {
            let detail = format!("{table} has no route to {}", self.words(part));
            return broken(hop(self.stop("RTE-07", table, None, detail)));
        };
        match self.target(gateway, table, route, self.flows) {
            Hop::There(stage) if stage.possible.is_empty() => broken(hop(stage)),
            Hop::There(stage) => {
                let (exit, entered, theirs) = self.leave(gateway, part);
                Way {
                    references: references(self.world, gateway, gateways == 1, own, theirs),
                    stage: hop(stage).then(exit),
                    entered,
                }
            }
            Hop::Peer(..) if gateways == MOST_GATEWAYS => self.lost(Gap {
                what: format!("a path through more than {MOST_GATEWAYS} transit gateways"),
                needs: "fewer of them".to_owned(),
            }),
            Hop::Peer(peer, id) => {
                let onward = self.onward(&peer, &id, own, part, gateways + 1);
                Way {
                    stage: hop(Stage::open(self.flows)).then(onward.stage),
                    ..onward
                }
            }
        }
    }

    /// What becomes of the packets is not known.
    fn lost(&self, gap: Gap) -> Way {
        Way {
            stage: Stage::unknown(self.flows, gap),
            references: References::Unknown,
            entered: false,
        }
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
                    let ranges = self.world.prefix_list_ranges(list)?;
                    candidates.extend(ranges.into_iter().map(|range| (range, route)));
                }
                (None, None) => {}
            }
        }
        // Among equal prefixes: static routes, then those of prefix lists, then propagated ones.
        candidates.sort_by_key(|(range, route)| {
            (
                std::cmp::Reverse(range.prefix_len()),
                route.kind.as_deref() == Some("propagated"),
                route.prefix_list_id.is_some(),
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
            kind => Hop::There(
                Stage::unknown(flows, Gap {
                    what: format!(
                        "what becomes of packets that {table} sends by {range} to {resource} ({}): it is not {}",
                        kind.unwrap_or("unknown"),
                        self.to.vpc_id
                    ),
                    needs: "a probe from the client's subnet".to_owned(),
                })
                .suspecting(self.asymmetric(gateway, resource)),
            ),
        }
    }

    /// A VPC on the way that is neither side's holds an appliance, as a rule. Without appliance mode the gateway
    /// sends each direction to the zone where its packets come from, and a stateful appliance in the other zone has
    /// never seen the connection.
    /// Source: <https://docs.aws.amazon.com/vpc/latest/tgw/transit-gateway-appliance-scenario.html>.
    fn asymmetric(&self, gateway: &str, vpc: &str) -> Option<Blocker> {
        let attachment = self.world.vpc_attachment(gateway, vpc).ok()??;
        let options = attachment.options.as_ref()?;
        let off = options.appliance_mode_support.as_deref() == Some("disable");
        (off && !same_zone(self.from, self.to)).then(|| Blocker {
            code: "RTE-09".to_owned(),
            direction: Direction::Return,
            resource: Some(attachment.transit_gateway_attachment_id.clone()),
            resources: Vec::new(),
            rule: None,
            detail: format!(
                "appliance mode is off for the attachment of {vpc}, which stands between {} and {}: the two directions pass it in different zones",
                zone(self.from),
                zone(self.to)
            ),
        })
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
    gateway: &str,
    alone: bool,
    own: &TransitGatewayVpcAttachment,
    theirs: Option<&TransitGatewayVpcAttachment>,
) -> References {
    if !alone {
        return References::Never("group references do not hold between transit gateways");
    }
    let off = |options: &Option<TransitGatewayOptions>, unless: &str| {
        options
            .as_ref()
            .and_then(|options| options.security_group_referencing_support.as_deref())
            .unwrap_or(unless)
            == "disable"
    };
    let gateway_off = match world.transit_gateway(gateway) {
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
