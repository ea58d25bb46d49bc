//! From one subnet to another: the routes, and the links that they lead into.

use super::group::References;
use super::route::{Found, Taken, Target, is_public, look_up, that_yield};
use super::space::{Addresses, Family};
use super::stage::{Packets, Stage};
use super::world::World;
use super::{Blocker, Direction, Gap, Rule, transit, vpn};
use crate::aws::snapshot::ec2::{RouteTable, Subnet, VpcPeeringConnection};

/// A way between two subnets.
pub(super) struct Way {
    /// What passes.
    pub stage: Stage,
    /// Whether group references hold on it.
    pub references: References,
    /// Whether the incoming rules of the subnet at the end were asked already, or need not be.
    pub entered: bool,
}

impl Way {
    fn new(stage: Stage, references: References) -> Self {
        Self {
            stage,
            references,
            entered: false,
        }
    }
}

/// Goes from `from` to `to`, both in VPCs, and past the incoming rules of `to`.
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
        let flows = packets.going_to(&part);
        let packets = packets.narrowed(&part, &flows);
        let mut next = follow(world, &packets, from, to, table, &part, found);
        if !next.entered {
            next.stage = next.stage.then(packets.through_last_acl(world, to));
        }
        way = Some(match way {
            None => next,
            Some(way) => Way {
                references: if way.references == next.references {
                    way.references
                } else {
                    References::Unknown
                },
                entered: true,
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
        Target::Internet(_) | Target::EgressOnly(_) | Target::Nat(_) => at
            .diverted(&taken)
            .unwrap_or_else(|| at.nowhere(Some(&taken))),
        Target::Vpn(id) => {
            let mut way = at.unmodelled(
                id,
                &flows,
                "a VPN or Direct Connect takes the packets out of AWS",
            );
            let down = vpn::down(world, id, packets.direction);
            way.stage = way.stage.suspecting(down);
            way
        }
        Target::Appliance(id) => at.unmodelled(
            id,
            &flows,
            "an appliance is on the path; what it lets through is its own configuration",
        ),
        // Some of these links carry references: core networks do.
        Target::Other(id) => Way {
            references: References::Unknown,
            ..at.unmodelled(id, &flows, "this kind of link is not modelled")
        },
    };
    let stopped_here = way
        .stage
        .blockers
        .iter()
        .any(|blocker| blocker.resource.as_deref() == Some(table.route_table_id.as_str()));
    if stopped_here {
        return way;
    }
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
            _ if self.packets.family == Family::V4 && any_public(self.packets, self.part) => {
                "RTE-11"
            }
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
                other.range.prefix_len() < taken.range.prefix_len()
                    && !other.is_blackhole()
                    && self.is_right(other.target())
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
            Target::Peering(id) => self.world.peering(id).is_ok_and(|peering| {
                state_of(peering) == "active"
                    && peering_joins(peering, &self.from.vpc_id, other_side)
            }),
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
        let state = state_of(peering);
        if state != "active" {
            let detail = format!("{} → {id}: the peering is {state}, not active", taken.range);
            return self.stop("RTE-05", Some(taken), detail);
        }
        if !peering_joins(peering, &self.from.vpc_id, &self.to.vpc_id) {
            return self
                .diverted(taken)
                .unwrap_or_else(|| self.nowhere(Some(taken)));
        }
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
        let stage = Stage::open(flows).hop(
            self.packets.direction,
            "peering",
            id,
            format!("to {}", self.to.vpc_id),
            flows,
        );
        Way::new(stage, references)
    }
}

fn state_of(peering: &VpcPeeringConnection) -> &str {
    let status = peering.status.as_ref();
    status
        .and_then(|status| status.code.as_deref())
        .unwrap_or("active")
}

fn peering_joins(peering: &VpcPeeringConnection, one: &str, other: &str) -> bool {
    let sides = [
        peering.requester_vpc_info.vpc_id.as_deref(),
        peering.accepter_vpc_info.vpc_id.as_deref(),
    ];
    one != other && sides.contains(&Some(one)) && sides.contains(&Some(other))
}

/// A link between two VPCs that is there and only wants routes.
pub(super) fn links(world: &World<'_>, one: &str, other: &str) -> Option<String> {
    let mut peerings = world
        .peerings()
        .filter(|peering| state_of(peering) == "active" && peering_joins(peering, one, other));
    let first = |peering: Option<&VpcPeeringConnection>| {
        peering.map(|peering| peering.vpc_peering_connection_id.clone())
    };
    let peering = first(
        peerings
            .by_ref()
            .min_by_key(|p| &p.vpc_peering_connection_id),
    );
    if peering.is_some() {
        return peering;
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
