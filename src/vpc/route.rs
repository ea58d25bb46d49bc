//! Route tables: the longest prefix wins, whatever the order.
//!
//! Sources: <https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html>,
//! <https://docs.aws.amazon.com/vpn/latest/s2svpn/vpn-route-priority.html> (propagated routes yield to local ones).

use std::net::IpAddr;

use ipnet::IpNet;

use super::Gap;
use super::space::{Addresses, Family, common, just, without};
use super::world::World;
use crate::aws::snapshot::ec2::{Route, RouteTable, Subnet};

/// Where a route leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// Inside the VPC.
    Local,
    /// A peering.
    Peering(&'a str),
    /// A transit gateway.
    TransitGateway(&'a str),
    /// A NAT gateway.
    Nat(&'a str),
    /// An internet gateway.
    Internet(&'a str),
    /// An egress-only internet gateway.
    EgressOnly(&'a str),
    /// A virtual private gateway: VPN or Direct Connect.
    Vpn(&'a str),
    /// An interface, an instance or a Gateway Load Balancer's endpoint: some appliance forwards it, or not.
    Appliance(&'a str),
    /// Anything else.
    Other(&'a str),
}

impl<'a> Target<'a> {
    /// The target of a route.
    #[must_use]
    pub fn of(route: &'a Route) -> Self {
        if let Some(id) = route.gateway_id.as_deref() {
            return match id {
                "local" => Target::Local,
                _ if id.starts_with("igw-") => Target::Internet(id),
                _ if id.starts_with("vgw-") => Target::Vpn(id),
                _ if id.starts_with("vpce-") => Target::Appliance(id),
                _ => Target::Other(id),
            };
        }
        let targets = [
            (
                &route.vpc_peering_connection_id,
                Target::Peering as fn(_) -> _,
            ),
            (&route.transit_gateway_id, Target::TransitGateway),
            (&route.nat_gateway_id, Target::Nat),
            (&route.egress_only_internet_gateway_id, Target::EgressOnly),
            (&route.network_interface_id, Target::Appliance),
            (&route.instance_id, Target::Appliance),
            (&route.local_gateway_id, Target::Other),
            (&route.carrier_gateway_id, Target::Other),
            (&route.core_network_arn, Target::Other),
        ];
        targets
            .into_iter()
            .find_map(|(id, target)| id.as_deref().map(target))
            .unwrap_or(Target::Other("an unknown target"))
    }

    /// The id of the target.
    #[must_use]
    pub fn id(self) -> &'a str {
        match self {
            Target::Local => "local",
            Target::Peering(id)
            | Target::TransitGateway(id)
            | Target::Nat(id)
            | Target::Internet(id)
            | Target::EgressOnly(id)
            | Target::Vpn(id)
            | Target::Appliance(id)
            | Target::Other(id) => id,
        }
    }
}

/// The route that packets to some addresses take.
#[derive(Debug, Clone, Copy)]
pub struct Taken<'a> {
    /// The route.
    pub route: &'a Route,
    /// The range that matched: the route's own, or that of its prefix list.
    pub range: IpNet,
}

impl<'a> Taken<'a> {
    /// Where it leads.
    #[must_use]
    pub fn target(&self) -> Target<'a> {
        Target::of(self.route)
    }

    /// Whether a virtual private gateway put it there.
    #[must_use]
    pub fn is_propagated(&self) -> bool {
        self.route.origin.as_deref() == Some("EnableVgwRoutePropagation")
    }

    /// Whether its target is gone.
    #[must_use]
    pub fn is_blackhole(&self) -> bool {
        self.route.state.as_deref() == Some("blackhole")
    }
}

/// What becomes of packets to a part of the addresses.
#[derive(Debug)]
pub enum Found<'a> {
    /// They take this route.
    Taken(Taken<'a>),
    /// No route is for them.
    Nothing,
    /// It is not known.
    Unknown(Gap),
}

/// Every route of a table that is for some of `destinations`, the one that wins first.
fn candidates<'a>(
    world: &World<'a>,
    table: &'a RouteTable,
    family: Family,
    destinations: &Addresses,
) -> (Vec<Taken<'a>>, Option<Gap>) {
    let mut found = Vec::new();
    let mut gap = None;
    for route in &table.routes {
        if let Some(range) = route.range() {
            found.push(Taken { route, range });
        } else if let Some(list) = &route.destination_prefix_list_id {
            match world.prefix_list_ranges(list) {
                Ok(ranges) => {
                    found.extend(ranges.into_iter().map(|range| Taken { route, range }));
                }
                // Lists of AWS services hold public addresses; their gateways get no others.
                Err(_)
                    if matches!(Target::of(route), Target::Appliance(id) if id.starts_with("vpce-"))
                        && !any_public(family, destinations) => {}
                Err(unknown) => gap = Some(unknown),
            }
        }
    }
    found.retain(|taken| {
        family
            .range(taken.range)
            .is_some_and(|range| destinations.overlaps(&range))
    });
    // Among equal prefixes: static routes, then those of prefix lists, then propagated ones.
    let rank = |taken: &Taken<'_>| {
        let local = taken.target() == Target::Local;
        (
            std::cmp::Reverse(taken.range.prefix_len()),
            !local,
            taken.is_propagated(),
            taken.route.destination_prefix_list_id.is_some(),
        )
    };
    found.sort_by_key(rank);
    (found, gap)
}

/// Whether any of the addresses is one of the internet.
fn any_public(family: Family, addresses: &Addresses) -> bool {
    family
        .cidrs(addresses)
        .iter()
        .any(|range| is_public(range.network()))
}

/// Whether an address is routed on the internet.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let shared = address.octets()[0] == 100 && (64..128).contains(&address.octets()[1]);
            !(address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_unspecified()
                || shared)
        }
        // In AWS, IPv6 addresses of VPCs are global unless they are unique local ones.
        IpAddr::V6(address) => (address.segments()[0] & 0xfe00) != 0xfc00,
    }
}

/// Whether an interface without a public address comes to the internet from a subnet: through a NAT gateway. `None`
/// where the facts do not tell, or the packets go where others decide.
#[must_use]
pub fn gives_internet(world: &World<'_>, subnet: &Subnet) -> Option<bool> {
    // Any address of the internet that no network of anybody has: TEST-NET-3.
    let outside = just(IpAddr::from([203, 0, 113, 1]));
    let table = world.route_table(subnet).ok()?;
    let found = look_up(world, table, Family::V4, &outside);
    match &found.first()?.1 {
        Found::Nothing => Some(false),
        Found::Taken(taken) if taken.is_blackhole() => Some(false),
        Found::Taken(taken) => match taken.target() {
            Target::Nat(_) => Some(true),
            Target::Internet(_) | Target::EgressOnly(_) => Some(false),
            _ => None,
        },
        Found::Unknown(_) => None,
    }
}

/// Parts `destinations` by the route that each takes.
#[must_use]
pub fn look_up<'a>(
    world: &World<'a>,
    table: &'a RouteTable,
    family: Family,
    destinations: &Addresses,
) -> Vec<(Addresses, Found<'a>)> {
    let (candidates, gap) = candidates(world, table, family, destinations);
    if let Some(gap) = gap {
        return vec![(destinations.clone(), Found::Unknown(gap))];
    }
    let locals = candidates
        .iter()
        .filter(|taken| taken.target() == Target::Local);
    let inside = family.ranges(locals.map(|taken| taken.range));
    let mut found: Vec<(Addresses, Found<'_>)> = Vec::new();
    let mut open = destinations.clone();
    for taken in candidates {
        let Some(range) = family.range(taken.range) else {
            continue;
        };
        let mut matched = common(&open, &[range].into_iter().collect());
        // A propagated route yields to the local one, even where it is more specific.
        if taken.is_propagated() {
            matched = without(&matched, &inside);
        }
        if matched.is_empty() {
            continue;
        }
        open = without(&open, &matched);
        found.push((matched, Found::Taken(taken)));
    }
    if !open.is_empty() {
        found.push((open, Found::Nothing));
    }
    found
}

/// The routes of a table that are for all of `destinations` and yield to the one that is taken.
#[must_use]
pub fn that_yield<'a>(
    world: &World<'a>,
    table: &'a RouteTable,
    family: Family,
    destinations: &Addresses,
) -> Vec<Taken<'a>> {
    let (candidates, _) = candidates(world, table, family, destinations);
    candidates.into_iter().skip(1).collect()
}
