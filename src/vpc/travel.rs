//! From one subnet to another: the routes, and the links that they lead into.

use super::group::References;
use super::route::{Found, Taken, Target, is_public, look_up, that_yield};
use super::space::{Addresses, common};
use super::stage::{Packets, Stage};
use super::world::World;
use super::{Blocker, Direction, Gap, Rule, transit};
use crate::aws::snapshot::ec2::{RouteTable, Subnet, Vpc};

/// A way between two subnets.
pub(super) struct Way {
    /// What passes.
    pub stage: Stage,
    /// Whether group references hold on it.
    pub references: References,
    /// Whether the packets come out of a transit gateway in the very subnet of their destination: no ACL rule is
    /// asked then.
    pub arrives_in_subnet: bool,
}

impl Way {
    fn new(stage: Stage, references: References) -> Self {
        Self {
            stage,
            references,
            arrives_in_subnet: false,
        }
    }
}

/// Goes from `from` to `to`, both in VPCs.
pub(super) fn travel<'a>(
    world: &World<'a>,
    packets: &Packets<'_>,
    from: &'a Subnet,
    to: &'a Subnet,
) -> Way {
    let table = match world.route_table(from) {
        Ok(table) => table,
        Err(gap) => return Way::new(Stage::unknown(packets.whole, gap), References::Unknown),
    };
    let mut way: Option<Way> = None;
    for (part, found) in look_up(world, table, packets.family, packets.destinations()) {
        let next = follow(world, packets, from, to, table, &part, found);
        way = Some(match way {
            None => next,
            Some(way) => Way {
                references: if way.references == next.references {
                    way.references
                } else {
                    References::Unknown
                },
                arrives_in_subnet: way.arrives_in_subnet && next.arrives_in_subnet,
                stage: way.stage.beside(next.stage),
            },
        });
    }
    way.unwrap_or_else(|| Way::new(Stage::default(), References::Unknown))
}

/// Follows one route.
fn follow<'a>(
    world: &World<'a>,
    packets: &Packets<'_>,
    from: &'a Subnet,
    to: &'a Subnet,
    table: &'a RouteTable,
    part: &Addresses,
    found: Found<'a>,
) -> Way {
    let flows = packets.going_to(part);
    let at = Fork {
        world,
        packets,
        from,
        to,
        table,
        part,
    };
    let taken = match found {
        Found::Unknown(gap) => return Way::new(Stage::unknown(&flows, gap), References::Unknown),
        Found::Nothing => return at.nowhere(None),
        Found::Taken(taken) => taken,
    };
    if taken.is_blackhole() {
        let detail = format!(
            "the route {} → {} is a blackhole: its target is gone",
            taken.range,
            taken.target().id()
        );
        return at.stop("RTE-05", Some(&taken), detail);
    }
    let mut way = match taken.target() {
        Target::Local if from.vpc_id == to.vpc_id => {
            Way::new(Stage::open(&flows), References::Hold)
        }
        Target::Local => {
            let detail = format!(
                "{} is also a range of {}: the local route {} keeps the packets there",
                at.destination(),
                from.vpc_id,
                taken.range
            );
            at.stop("RTE-06", Some(&taken), detail)
        }
        Target::Peering(id) => at.peering(&taken, id, &flows),
        Target::TransitGateway(id) => {
            transit::cross(world, packets, from, to, id, part, &flows).unwrap_or_else(|wrong| {
                // A gateway that leads elsewhere may hide a link that would have been right.
                at.diverted(&taken)
                    .unwrap_or(Way::new(*wrong, References::Unknown))
            })
        }
        Target::Internet(_) | Target::Nat(_) if !any_public(packets, part) => at
            .diverted(&taken)
            .unwrap_or_else(|| at.nowhere(Some(&taken))),
        Target::Internet(_) | Target::EgressOnly(_) | Target::Nat(_) => at
            .diverted(&taken)
            .unwrap_or_else(|| at.nowhere(Some(&taken))),
        Target::Vpn(id) => at.unmodelled(
            id,
            &flows,
            "a VPN or Direct Connect takes the packets out of AWS",
        ),
        Target::Appliance(id) => at.unmodelled(
            id,
            &flows,
            "an appliance is on the path; what it lets through is its own configuration",
        ),
        Target::Other(id) => at.unmodelled(id, &flows, "this kind of link is not modelled"),
    };
    let detail = format!("{} → {}", taken.range, taken.target().id());
    let mut stage = Stage::open(&flows).hop(
        packets.direction,
        "route",
        &table.route_table_id,
        detail,
        &flows,
    );
    stage.hops.append(&mut way.stage.hops);
    way.stage.hops = stage.hops;
    way
}

fn any_public(packets: &Packets<'_>, part: &Addresses) -> bool {
    packets
        .family
        .cidrs(part)
        .iter()
        .any(|range| is_public(range.network()))
}

/// A place where a route was chosen.
struct Fork<'q, 'a> {
    world: &'q World<'a>,
    packets: &'q Packets<'q>,
    from: &'a Subnet,
    to: &'a Subnet,
    table: &'a RouteTable,
    part: &'q Addresses,
}

impl<'a> Fork<'_, 'a> {
    fn destination(&self) -> String {
        let ranges = self.packets.family.cidrs(self.part);
        let mut words: Vec<String> = ranges.iter().take(3).map(ToString::to_string).collect();
        if ranges.len() > 3 {
            words.push("…".to_owned());
        }
        words.join(", ").replace("/32", "").replace("/128", "")
    }

    fn stop(&self, code: &str, taken: Option<&Taken<'_>>, detail: String) -> Way {
        let blocker = Blocker {
            code: code.to_owned(),
            direction: self.packets.direction,
            resource: Some(self.table.route_table_id.clone()),
            resources: Vec::new(),
            rule: taken.map(|taken| Rule::Route(taken.range.to_string())),
            detail,
        };
        // As if the route were repaired: the groups are judged on their own.
        Way::new(Stage::blocked(blocker), References::Hold)
    }

    fn unmodelled(&self, id: &str, flows: &crate::vpc::space::Flows, why: &str) -> Way {
        let gap = Gap {
            what: format!(
                "what becomes of packets to {} after {} in {}: {why}",
                self.destination(),
                id,
                self.table.route_table_id
            ),
            needs: "a probe from the client's subnet".to_owned(),
        };
        Way::new(
            Stage::unknown(flows, gap),
            References::Never("packets pass an appliance or another network"),
        )
    }

    /// No route leads there.
    fn nowhere(&self, taken: Option<&Taken<'_>>) -> Way {
        let there = self.destination();
        let linked = links(self.world, &self.from.vpc_id, &self.to.vpc_id);
        let code = match (self.packets.direction, linked.is_some()) {
            (Direction::Return, _) => "RTE-04",
            (Direction::Forward, true) => "RTE-03",
            (Direction::Forward, false) => "RTE-02",
        };
        let route = taken.map_or_else(
            || format!("no route to {there}"),
            |taken| {
                format!(
                    "no route to {there} but {} → {}, which does not lead to a private address of another network",
                    taken.range,
                    taken.target().id()
                )
            },
        );
        let detail = match linked {
            Some(link) => format!(
                "{route}; {link} links {} and {}",
                self.from.vpc_id, self.to.vpc_id
            ),
            None => format!(
                "{route}; nothing links {} and {}",
                self.from.vpc_id, self.to.vpc_id
            ),
        };
        self.stop(code, taken, detail)
    }

    /// A more specific route takes the packets elsewhere, while a wider one would have been right.
    fn diverted(&self, taken: &Taken<'_>) -> Option<Way> {
        let other = that_yield(self.world, self.table, self.packets.family, self.part)
            .into_iter()
            .find(|other| {
                other.range.prefix_len() < taken.range.prefix_len() && self.is_right(other.target())
            })?;
        let detail = format!(
            "{} → {} is more specific than {} → {}, which would lead to {}",
            taken.range,
            taken.target().id(),
            other.range,
            other.target().id(),
            self.to.vpc_id
        );
        Some(self.stop("RTE-08", Some(taken), detail))
    }

    /// Whether a target leads to the other VPC, as far as the links alone say.
    fn is_right(&self, target: Target<'_>) -> bool {
        let other_side = self.to.vpc_id.as_str();
        match target {
            Target::Local => self.from.vpc_id == other_side,
            Target::Peering(id) => self
                .world
                .peering(id)
                .is_ok_and(|peering| peering_joins(peering, &self.from.vpc_id, other_side)),
            Target::TransitGateway(id) => {
                matches!(self.world.vpc_attachment(id, other_side), Ok(Some(_)))
            }
            _ => false,
        }
    }

    fn peering(&self, taken: &Taken<'a>, id: &str, flows: &crate::vpc::space::Flows) -> Way {
        let peering = match self.world.peering(id) {
            Ok(peering) => peering,
            Err(gap) => return Way::new(Stage::unknown(flows, gap), References::Unknown),
        };
        let state = peering
            .status
            .as_ref()
            .and_then(|status| status.code.as_deref())
            .unwrap_or("active");
        if state != "active" {
            let detail = format!("{} → {id}: the peering is {state}, not active", taken.range);
            return self.stop("RTE-05", Some(taken), detail);
        }
        if !peering_joins(peering, &self.from.vpc_id, &self.to.vpc_id) {
            return self
                .diverted(taken)
                .unwrap_or_else(|| self.nowhere(Some(taken)));
        }
        let inside = match self.world.vpc(&self.to.vpc_id) {
            Ok(vpc) => ranges_of(vpc, self.packets, self.part),
            // The other side is another account's: what is routed there is taken to be its own.
            Err(_) => self.part.clone(),
        };
        let flows = flows.and(&self.packets.going_to(&inside));
        let regions = (
            peering.requester_vpc_info.region.as_deref(),
            peering.accepter_vpc_info.region.as_deref(),
        );
        let references = match regions {
            (Some(one), Some(other)) if one != other => {
                References::Never("group references do not hold between regions")
            }
            _ => References::Hold,
        };
        let stage = Stage::open(&flows).hop(
            self.packets.direction,
            "peering",
            id,
            format!("to {}", self.to.vpc_id),
            &flows,
        );
        Way::new(stage, references)
    }
}

fn ranges_of(vpc: &Vpc, packets: &Packets<'_>, part: &Addresses) -> Addresses {
    common(part, &packets.family.ranges(vpc.ranges()))
}

fn peering_joins(
    peering: &crate::aws::snapshot::ec2::VpcPeeringConnection,
    one: &str,
    other: &str,
) -> bool {
    let sides = [
        peering.requester_vpc_info.vpc_id.as_deref(),
        peering.accepter_vpc_info.vpc_id.as_deref(),
    ];
    one != other && sides.contains(&Some(one)) && sides.contains(&Some(other))
}

/// A link between two VPCs that is there and only wants routes.
pub(super) fn links(world: &World<'_>, one: &str, other: &str) -> Option<String> {
    let peering = world.peerings().find(|peering| {
        let active = peering
            .status
            .as_ref()
            .is_none_or(|status| status.code.as_deref().is_none_or(|code| code == "active"));
        active && peering_joins(peering, one, other)
    });
    if let Some(peering) = peering {
        return Some(peering.vpc_peering_connection_id.clone());
    }
    if one == other {
        return None;
    }
    world
        .vpc_attachments()
        .filter(|attachment| attachment.vpc_id.as_deref() == Some(one))
        .filter_map(|attachment| attachment.transit_gateway_id.as_deref())
        .find(|gateway| matches!(world.vpc_attachment(gateway, other), Ok(Some(_))))
        .map(ToOwned::to_owned)
}
