//! One packet at a time, from AWS's documents: does this SYN arrive, does its answer come back, and who drops them.
//!
//! It shares the model of the facts with the proof, and no code that judges.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use msk_doctor::aws::snapshot::Snapshot;
use msk_doctor::aws::snapshot::ec2::{IpPermission, NetworkAcl, Route, RouteTable, Subnet};

/// Which way a packet goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Heading {
    /// To the broker.
    There,
    /// To the client.
    Back,
}

/// A place that drops packets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Which way the packet went.
    pub heading: Heading,
    /// The ACL, the table, the gateway; an interface for groups.
    pub resource: Option<String>,
    /// The groups.
    pub groups: Vec<String>,
    /// The ACL's rule, with its direction, or the route's range.
    pub rule: Option<String>,
}

/// What becomes of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It arrives.
    Passes,
    /// The facts do not tell.
    Depends,
    /// It is dropped.
    Dropped,
}

/// A packet.
#[derive(Debug, Clone, Copy)]
pub struct Packet {
    /// From where.
    pub source: IpAddr,
    /// To where.
    pub destination: IpAddr,
    /// To which port.
    pub port: u16,
    /// Which way.
    pub heading: Heading,
}

/// What happened on the way.
#[derive(Debug, Clone)]
pub struct Trace {
    /// The end.
    pub fate: Fate,
    /// Places that drop it, each judged as if the others were repaired.
    pub drops: BTreeSet<Place>,
    /// Places that would, if a broken link were repaired in one way and not in another.
    pub perhaps: BTreeSet<Place>,
    /// Rules of ACLs that deny what a later rule allows.
    pub overriding: BTreeSet<Place>,
}

impl Trace {
    /// Nothing happened.
    pub fn clear(fate: Fate) -> Self {
        Self {
            fate,
            drops: BTreeSet::new(),
            perhaps: BTreeSet::new(),
            overriding: BTreeSet::new(),
        }
    }

    pub fn dropped(place: Place) -> Self {
        let mut trace = Self::clear(Fate::Dropped);
        trace.drops.insert(place);
        trace
    }

    /// First this, then the other.
    pub fn then(mut self, next: Self) -> Self {
        self.fate = self.fate.max(next.fate);
        self.gather(next);
        self
    }

    /// Either this or the other: nobody knows which.
    pub fn either(mut self, other: Self) -> Self {
        if self.fate != other.fate {
            self.fate = Fate::Depends;
        }
        self.gather(other);
        self
    }

    fn gather(&mut self, other: Self) {
        self.drops.extend(other.drops);
        self.perhaps.extend(other.perhaps);
        self.overriding.extend(other.overriding);
    }
}

/// What the link between two interfaces means for references to groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// They hold.
    Near,
    /// Incoming ones hold.
    Incoming,
    /// None holds.
    Far,
    /// Nobody knows.
    Dark,
    /// The link is broken: they may hold once it is repaired.
    Broken,
}

/// A client.
#[derive(Debug, Clone)]
pub struct Client<'a> {
    pub subnet: &'a Subnet,
    pub interface: Option<String>,
    /// `None` for what has no groups.
    pub groups: Option<Vec<String>>,
}

/// A broker.
#[derive(Debug, Clone)]
pub struct Broker<'a> {
    pub subnet: &'a Subnet,
    pub interface: String,
    pub groups: Vec<String>,
    pub address: IpAddr,
    pub port: u16,
}

/// The facts, looked up by going through all of them.
pub struct Oracle<'a>(pub &'a Snapshot);

/// A route that a table chose.
pub struct Chosen<'a> {
    pub route: &'a Route,
    pub range: IpNet,
}

impl<'a> Oracle<'a> {
    /// One connection attempt from `source` and `port`.
    pub fn attempt(
        &self,
        client: &Client<'a>,
        source: IpAddr,
        port: u16,
        broker: &Broker<'a>,
    ) -> Trace {
        let syn = Packet {
            source,
            destination: broker.address,
            port: broker.port,
            heading: Heading::There,
        };
        let answer = Packet {
            source: broker.address,
            destination: source,
            port,
            heading: Heading::Back,
        };
        let (near, far) = (client.subnet, broker.subnet);
        if near.subnet_id == far.subnet_id {
            // "network ACL rules don't affect traffic within the subnet": userguide/nacl-basics.html.
            let out = self.leaves(client, broker, syn, Link::Near);
            return out.then(self.enters(client, broker, syn, Link::Near));
        }
        if let Some(trace) = self.through_nat(client, syn, answer, broker) {
            return trace;
        }
        let (way, link) = self.carry(syn, near, far);
        self.leaves(client, broker, syn, link)
            .then(self.acl(near, syn, true))
            .then(way)
            .then(self.enters(client, broker, syn, link))
            .then(self.acl(far, answer, true))
            .then(self.carry(answer, far, near).0)
    }

    /// Outgoing rules of the client's groups.
    pub fn leaves(
        &self,
        client: &Client<'_>,
        broker: &Broker<'_>,
        syn: Packet,
        link: Link,
    ) -> Trace {
        let Some(groups) = &client.groups else {
            return Trace::clear(Fate::Passes);
        };
        let place = Place {
            heading: syn.heading,
            resource: client.interface.clone(),
            groups: groups.clone(),
            rule: None,
        };
        let fate = |holds| self.groups(groups, true, syn, syn.destination, &broker.groups, holds);
        judge(place, fate, link, true)
    }

    /// Incoming rules of the broker's groups.
    fn enters(&self, client: &Client<'_>, broker: &Broker<'_>, syn: Packet, link: Link) -> Trace {
        let theirs = client.groups.as_deref().unwrap_or_default();
        let place = Place {
            heading: syn.heading,
            resource: Some(broker.interface.clone()),
            groups: broker.groups.clone(),
            rule: None,
        };
        let fate = |holds| self.groups(&broker.groups, false, syn, syn.source, theirs, holds);
        judge(place, fate, link, false)
    }

    /// Whether any rule of any group lets a packet through: userguide/security-group-rules.html.
    fn groups(
        &self,
        groups: &[String],
        outgoing: bool,
        syn: Packet,
        remote: IpAddr,
        theirs: &[String],
        references: bool,
    ) -> Fate {
        let mut best = Fate::Dropped;
        for id in groups {
            let known = self
                .0
                .known(|facts| &facts.security_groups)
                .flat_map(|(_, answer)| &answer.security_groups)
                .find(|group| group.group_id == *id);
            let Some(group) = known else {
                best = best.min(Fate::Depends);
                continue;
            };
            let rules = if outgoing {
                &group.ip_permissions_egress
            } else {
                &group.ip_permissions
            };
            for rule in rules {
                best = best.min(self.permits(rule, syn.port, remote, theirs, references));
            }
        }
        best
    }

    fn permits(
        &self,
        rule: &IpPermission,
        port: u16,
        remote: IpAddr,
        theirs: &[String],
        references: bool,
    ) -> Fate {
        let about = match rule.ip_protocol.as_str() {
            "-1" => true,
            "tcp" | "6" => {
                rule.from_port.is_none_or(|from| from <= i64::from(port))
                    && rule.to_port.is_none_or(|to| i64::from(port) <= to)
            }
            _ => false,
        };
        if !about {
            return Fate::Dropped;
        }
        let by_range = rule.ip_ranges.iter().any(|range| {
            range
                .cidr_ip
                .is_some_and(|net| IpNet::V4(net).contains(&remote))
        }) || rule.ipv6_ranges.iter().any(|range| {
            range
                .cidr_ipv6
                .is_some_and(|net| IpNet::V6(net).contains(&remote))
        });
        let by_group = references
            && rule.user_id_group_pairs.iter().any(|pair| {
                pair.group_id.as_ref().is_some_and(|to| {
                    theirs.contains(to) && pair.peering_status.as_deref() != Some("deleted")
                })
            });
        if by_range || by_group {
            return Fate::Passes;
        }
        let lists = rule.prefix_list_ids.iter();
        lists
            .map(|list| match self.entries(&list.prefix_list_id) {
                None => Fate::Depends,
                Some(entries) if entries.iter().any(|net| net.contains(&remote)) => Fate::Passes,
                Some(_) => Fate::Dropped,
            })
            .min()
            .unwrap_or(Fate::Dropped)
    }

    /// The entries of a prefix list.
    pub fn entries(&self, id: &str) -> Option<Vec<IpNet>> {
        let (_, answer) = self
            .0
            .known(|facts| &facts.prefix_lists)
            .find(|(key, _)| *key == id)?;
        Some(
            answer
                .entries
                .iter()
                .filter_map(|entry| entry.cidr)
                .collect(),
        )
    }

    /// The rules of a subnet's ACL in order, the first that matches decides: userguide/nacl-rules.html.
    pub fn acl(&self, subnet: &Subnet, packet: Packet, outgoing: bool) -> Trace {
        let holds_here = |acl: &&NetworkAcl| {
            acl.associations
                .iter()
                .any(|association| association.subnet_id == subnet.subnet_id)
        };
        let Some(acl) = self
            .0
            .known(|facts| &facts.network_acls)
            .flat_map(|(_, answer)| &answer.network_acls)
            .find(holds_here)
        else {
            return Trace::clear(Fate::Depends);
        };
        let remote = if outgoing {
            packet.destination
        } else {
            packet.source
        };
        let mut matching: Vec<_> = acl
            .entries
            .iter()
            .filter(|entry| {
                let v4 = entry.cidr_block.map(IpNet::V4);
                let net = v4.or(entry.ipv6_cidr_block.map(IpNet::V6));
                let about = match entry.protocol.as_str() {
                    "-1" => true,
                    "6" => entry.port_range.as_ref().is_none_or(|ports| {
                        (ports.from..=ports.to).contains(&i64::from(packet.port))
                    }),
                    _ => false,
                };
                entry.egress == outgoing && about && net.is_some_and(|net| net.contains(&remote))
            })
            .collect();
        matching.sort_by_key(|entry| entry.rule_number);
        let first = matching.first();
        if first.is_some_and(|entry| entry.rule_action == "allow") {
            return Trace::clear(Fate::Passes);
        }
        let place = Place {
            heading: packet.heading,
            resource: Some(acl.network_acl_id.clone()),
            groups: Vec::new(),
            rule: Some(format!(
                "{outgoing} {:?}",
                first
                    .map(|entry| entry.rule_number)
                    .filter(|number| *number < 32767)
            )),
        };
        let mut trace = Trace::dropped(place.clone());
        if matching.iter().any(|entry| entry.rule_action == "allow") {
            trace.overriding.insert(place);
        }
        trace
    }

    /// The table of a subnet, its own or the main one: userguide/RouteTables.html.
    pub fn table(&self, subnet: &Subnet) -> Option<&'a RouteTable> {
        let tables = || {
            self.0
                .known(|facts| &facts.route_tables)
                .flat_map(|(_, answer)| &answer.route_tables)
        };
        let own = tables().find(|table| {
            table
                .associations
                .iter()
                .any(|association| association.subnet_id.as_ref() == Some(&subnet.subnet_id))
        });
        own.or_else(|| {
            tables().find(|table| {
                table.vpc_id == subnet.vpc_id
                    && table
                        .associations
                        .iter()
                        .any(|association| association.main)
            })
        })
    }

    /// The route for an address, the longest prefix first, then plain ones, then prefix lists, then propagated ones,
    /// which never come before a local route: userguide/route-tables-priority.html, s2svpn/vpn-route-priority.html.
    pub fn route(&self, table: &'a RouteTable, to: IpAddr) -> Result<Option<Chosen<'a>>, ()> {
        let mut matching: Vec<(u8, u8, Chosen<'a>)> = Vec::new();
        for route in &table.routes {
            let plain = route
                .destination_cidr_block
                .map(IpNet::V4)
                .or(route.destination_ipv6_cidr_block.map(IpNet::V6));
            let propagated = route.origin.as_deref() == Some("EnableVgwRoutePropagation");
            let (ranges, rank) = match (&plain, &route.destination_prefix_list_id) {
                (Some(range), _) if propagated => (vec![*range], 3),
                (Some(range), _) => (vec![*range], 1),
                (None, Some(list)) => (self.entries(list).ok_or(())?, 2),
                (None, None) => (Vec::new(), 9),
            };
            for range in ranges {
                if range.contains(&to) {
                    let rank = if is_local(route) { 0 } else { rank };
                    matching.push((range.prefix_len(), rank, Chosen { route, range }));
                }
            }
        }
        if matching.iter().any(|(_, rank, _)| *rank == 0) {
            matching.retain(|(_, rank, _)| *rank != 3);
        }
        matching.sort_by_key(|(length, rank, _)| (255 - length, *rank));
        Ok(matching.into_iter().next().map(|(_, _, chosen)| chosen))
    }

    /// A subnet.
    pub fn subnet(&self, id: &str) -> Option<&'a Subnet> {
        self.0
            .known(|facts| &facts.subnets)
            .flat_map(|(_, answer)| &answer.subnets)
            .find(|subnet| subnet.subnet_id == id)
    }
}

/// Whether a route keeps packets in the VPC.
pub fn is_local(route: &Route) -> bool {
    route.gateway_id.as_deref() == Some("local")
}

/// What groups do, given whether references hold, on a link that decides whether they hold.
fn judge(place: Place, fate: impl Fn(bool) -> Fate, link: Link, outgoing: bool) -> Trace {
    let (with, without) = (fate(true), fate(false));
    let fate = match link {
        Link::Incoming if outgoing => without,
        Link::Near | Link::Incoming => with,
        Link::Far => without,
        Link::Dark | Link::Broken if with == without => with,
        Link::Dark | Link::Broken => Fate::Depends,
    };
    let mut trace = Trace::clear(fate);
    if fate == Fate::Dropped {
        trace.drops.insert(place);
    } else if link == Link::Broken && without == Fate::Dropped {
        trace.perhaps.insert(place);
    }
    trace
}
