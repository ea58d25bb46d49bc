//! From subnet to subnet: routes, peerings, transit gateways and NAT gateways, for one packet.

use std::net::IpAddr;

use msk_doctor::aws::snapshot::ec2::{
    Subnet, TransitGatewayOptions, TransitGatewayRoute, TransitGatewayVpcAttachment,
};

use super::oracle::{Broker, Client, Fate, Link, Oracle, Packet, Place, Trace, is_local};

impl<'a> Oracle<'a> {
    /// By the route of `from`, up to and including the incoming rules of the subnet `to`.
    pub fn carry(&self, packet: Packet, from: &'a Subnet, to: &'a Subnet) -> (Trace, Link) {
        let entry = || self.acl(to, packet, false);
        let dark = || (Trace::clear(Fate::Depends).then(entry()), Link::Dark);
        let Some(table) = self.table(from) else {
            return dark();
        };
        let at = |resource: &str, rule: Option<String>| Place {
            heading: packet.heading,
            resource: Some(resource.to_owned()),
            groups: Vec::new(),
            rule,
        };
        let Ok(chosen) = self.route(table, packet.destination) else {
            return dark();
        };
        let Some(chosen) = chosen else {
            let trace = Trace::dropped(at(&table.route_table_id, None));
            return (trace.then(entry()), Link::Broken);
        };
        let wrong = || {
            let place = at(&table.route_table_id, Some(chosen.range.to_string()));
            (Trace::dropped(place).then(entry()), Link::Broken)
        };
        let route = chosen.route;
        if route.state.as_deref() == Some("blackhole") {
            return wrong();
        }
        if is_local(route) {
            if from.vpc_id == to.vpc_id {
                return (entry(), Link::Near);
            }
            return wrong();
        }
        if let Some(id) = &route.vpc_peering_connection_id {
            return match self.peering(id, from, to) {
                None => dark(),
                Some(None) => wrong(),
                Some(Some(link)) => (entry(), link),
            };
        }
        if let Some(id) = &route.transit_gateway_id {
            return self.transit(packet, from, to, id);
        }
        let leaves_aws = |id: &Option<String>| {
            id.as_deref()
                .is_some_and(|id| id.starts_with("igw-") || id.starts_with("nat-"))
        };
        if leaves_aws(&route.gateway_id) || leaves_aws(&route.nat_gateway_id) {
            return wrong();
        }
        // A middlebox: "If you reference the security group of the other instance as the source, this does not
        // allow traffic to flow": userguide/security-group-rules.html.
        (Trace::clear(Fate::Depends).then(entry()), Link::Far)
    }

    /// `None`: unknown; `Some(None)`: it does not lead there. A peering joins its two VPCs and no third one:
    /// peering/invalid-peering-configurations.html.
    #[expect(clippy::option_option, reason = "three answers")]
    fn peering(&self, id: &str, from: &Subnet, to: &Subnet) -> Option<Option<Link>> {
        let peering = self
            .0
            .known(|facts| &facts.peerings)
            .flat_map(|(_, answer)| &answer.vpc_peering_connections)
            .find(|peering| peering.vpc_peering_connection_id == id)?;
        let active = peering
            .status
            .as_ref()
            .is_some_and(|status| status.code.as_deref() == Some("active"));
        let (one, two) = (&peering.requester_vpc_info, &peering.accepter_vpc_info);
        let ends = [one.vpc_id.as_deref(), two.vpc_id.as_deref()];
        let joins = from.vpc_id != to.vpc_id
            && ends.contains(&Some(from.vpc_id.as_str()))
            && ends.contains(&Some(to.vpc_id.as_str()));
        if !active || !joins {
            return Some(None);
        }
        // peering/vpc-peering-security-groups.html: not for a peer in another region.
        let same = one.region.is_none() || two.region.is_none() || one.region == two.region;
        Some(Some(if same { Link::Near } else { Link::Far }))
    }

    /// The attachment of a VPC.
    fn attachment(&self, gateway: &str, vpc: &str) -> Option<&'a TransitGatewayVpcAttachment> {
        self.0
            .known(|facts| &facts.transit_gateway_vpc_attachments)
            .flat_map(|(_, answer)| &answer.transit_gateway_vpc_attachments)
            .find(|attachment| {
                attachment.transit_gateway_id.as_deref() == Some(gateway)
                    && attachment.vpc_id.as_deref() == Some(vpc)
                    && attachment.state.as_deref() == Some("available")
            })
    }

    /// Through a transit gateway: tgw/how-transit-gateways-work.html, tgw/tgw-vpc-attachments.html.
    fn transit(
        &self,
        packet: Packet,
        from: &'a Subnet,
        to: &'a Subnet,
        gateway: &str,
    ) -> (Trace, Link) {
        let drop = |resource: &str, rule: Option<String>| {
            Trace::dropped(Place {
                heading: packet.heading,
                resource: Some(resource.to_owned()),
                groups: Vec::new(),
                rule,
            })
        };
        let given_up = |trace: Trace| {
            let mut trace = trace;
            let entry = self.acl(to, packet, false);
            trace.perhaps.extend(entry.drops);
            trace.overriding.extend(entry.overriding);
            (trace, Link::Broken)
        };
        let Some(own) = self.attachment(gateway, &from.vpc_id) else {
            return given_up(drop(gateway, None));
        };
        let own_id = own.transit_gateway_attachment_id.as_str();
        // "traffic is forwarded to the transit gateway only when [it] has an attachment in a subnet in the same
        // Availability Zone."
        let door = self
            .doors(own)
            .into_iter()
            .find(|door| same_zone(door, from));
        let way_in = match door {
            None => drop(own_id, None),
            Some(_) if packet.source.is_ipv6() && is(own.options.as_ref(), Setting::NoIpv6) => {
                drop(own_id, None)
            }
            // tgw/tgw-nacls.html: incoming rules by source, in whichever subnet.
            Some(door) => self.acl(door, packet, false),
        };
        let lost = |way_in: Trace| {
            let (mut trace, _) = given_up(way_in.then(Trace::clear(Fate::Depends)));
            trace.fate = trace.fate.max(Fate::Depends);
            (trace, Link::Dark)
        };
        let (mut gateway, mut arrival, mut hops) = (gateway, own_id, 1);
        let target = loop {
            let association = self
                .0
                .known(|facts| &facts.transit_gateway_attachments)
                .flat_map(|(_, answer)| &answer.transit_gateway_attachments)
                .find(|attachment| {
                    attachment.transit_gateway_attachment_id == arrival
                        && attachment.transit_gateway_id.as_deref() == Some(gateway)
                })
                .map(|attachment| attachment.association.as_ref());
            let table = match association {
                None => return lost(way_in),
                Some(None) => return given_up(way_in.then(drop(arrival, None))),
                Some(Some(association)) => match &association.transit_gateway_route_table_id {
                    Some(table) => table,
                    None => return given_up(way_in.then(drop(arrival, None))),
                },
            };
            let route = match self.gateway_route(table, packet.destination) {
                Err(()) => return lost(way_in),
                Ok(None) => return given_up(way_in.then(drop(table, None))),
                Ok(Some(route)) => route,
            };
            let range = route.destination_cidr_block.map(|range| range.to_string());
            let range = range.or_else(|| Some("a prefix list".to_owned()));
            let target = route.transit_gateway_attachments.first();
            let Some(target) = target.filter(|_| route.state.as_deref() != Some("blackhole"))
            else {
                return given_up(way_in.then(drop(table, range)));
            };
            if target.resource_type.as_deref() != Some("peering") {
                break target;
            }
            // A peering between gateways leads to the table that the other side has for it:
            // tgw/tgw-peering.html. Nobody follows packets that go round.
            let id = target
                .transit_gateway_attachment_id
                .as_deref()
                .unwrap_or_default();
            let other = match self.beyond(gateway, id) {
                Err(()) => return given_up(way_in.then(drop(id, None))),
                Ok(other) => other,
            };
            let Some(other) = other.filter(|_| hops < 4) else {
                return lost(way_in);
            };
            (gateway, arrival, hops) = (other, id, hops + 1);
        };
        let there = target.resource_type.as_deref() == Some("vpc")
            && target.resource_id.as_ref() == Some(&to.vpc_id);
        let middle = Trace::clear(if there { Fate::Passes } else { Fate::Depends });
        let Some(theirs) = self.attachment(gateway, &to.vpc_id) else {
            return given_up(way_in.then(middle).then(drop(gateway, None)));
        };
        let out = self.out(packet, from, to, theirs);
        // Not across peered transit gateways: tgw/tgw-vpc-attachments.html.
        let link = if hops > 1 {
            Link::Far
        } else {
            self.references(gateway, own, theirs)
        };
        (way_in.then(middle).then(out), link)
    }

    /// The gateway on the other side of a peering; `None` where it is unknown, an error where the peering is dead.
    fn beyond(&self, gateway: &str, id: &str) -> Result<Option<&'a str>, ()> {
        let Some(peering) = self
            .0
            .known(|facts| &facts.transit_gateway_peering_attachments)
            .flat_map(|(_, answer)| &answer.transit_gateway_peering_attachments)
            .find(|peering| peering.transit_gateway_attachment_id == id)
        else {
            return Ok(None);
        };
        if peering.state.as_deref() != Some("available") {
            return Err(());
        }
        let ends = [&peering.requester_tgw_info, &peering.accepter_tgw_info];
        Ok(ends
            .into_iter()
            .filter_map(|end| end.transit_gateway_id.as_deref())
            .find(|end| *end != gateway))
    }

    fn references(
        &self,
        gateway: &str,
        own: &TransitGatewayVpcAttachment,
        theirs: &TransitGatewayVpcAttachment,
    ) -> Link {
        let Some(gateway) = self
            .0
            .known(|facts| &facts.transit_gateways)
            .flat_map(|(_, answer)| &answer.transit_gateways)
            .find(|known| known.transit_gateway_id == gateway)
        else {
            return Link::Dark;
        };
        let on = is(gateway.options.as_ref(), Setting::References)
            && !is(own.options.as_ref(), Setting::NoReferences)
            && !is(theirs.options.as_ref(), Setting::NoReferences);
        if on { Link::Incoming } else { Link::Far }
    }

    /// Out of the gateway: in the zone where the packet came in, if there is a door; appliance mode picks any.
    fn out(
        &self,
        packet: Packet,
        from: &Subnet,
        to: &'a Subnet,
        attachment: &'a TransitGatewayVpcAttachment,
    ) -> Trace {
        let doors = self.doors(attachment);
        let near: Vec<_> = doors
            .iter()
            .copied()
            .filter(|door| same_zone(door, from))
            .collect();
        let any = is(attachment.options.as_ref(), Setting::Appliance);
        let doors = if near.is_empty() || any { doors } else { near };
        let traces = doors.into_iter().map(|door| {
            if door.subnet_id == to.subnet_id {
                // "NACL rules are not evaluated" from the gateway to hosts of its own subnet: tgw/tgw-nacls.html.
                return Trace::clear(Fate::Passes);
            }
            let trace = self.acl(door, packet, true);
            let route = match self
                .table(door)
                .map(|table| (table, self.route(table, packet.destination)))
            {
                None | Some((_, Err(()))) => Trace::clear(Fate::Depends),
                Some((table, Ok(chosen))) => {
                    let blackhole = chosen
                        .as_ref()
                        .is_some_and(|chosen| chosen.route.state.as_deref() == Some("blackhole"));
                    match chosen {
                        Some(chosen) if is_local(chosen.route) => Trace::clear(Fate::Passes),
                        Some(_) if !blackhole => Trace::clear(Fate::Depends),
                        chosen => Trace::dropped(Place {
                            heading: packet.heading,
                            resource: Some(table.route_table_id.clone()),
                            groups: Vec::new(),
                            rule: chosen.map(|chosen| chosen.range.to_string()),
                        }),
                    }
                }
            };
            trace.then(route).then(self.acl(to, packet, false))
        });
        traces.reduce(Trace::either).unwrap_or_else(|| {
            Trace::dropped(Place {
                heading: packet.heading,
                resource: Some(attachment.transit_gateway_attachment_id.clone()),
                groups: Vec::new(),
                rule: None,
            })
        })
    }

    fn doors(&self, attachment: &TransitGatewayVpcAttachment) -> Vec<&'a Subnet> {
        let ids = attachment.subnet_ids.iter();
        ids.filter_map(|id| self.subnet(id)).collect()
    }

    /// The longest prefix, then static, then prefix lists, then propagated: tgw/how-transit-gateways-work.html.
    fn gateway_route(
        &self,
        table: &str,
        to: IpAddr,
    ) -> Result<Option<&'a TransitGatewayRoute>, ()> {
        let (_, answer) = self
            .0
            .known(|facts| &facts.transit_gateway_routes)
            .find(|(key, _)| *key == table)
            .ok_or(())?;
        let mut matching = Vec::new();
        for route in &answer.routes {
            let ranges = match (route.destination_cidr_block, &route.prefix_list_id) {
                (Some(range), _) => vec![range],
                (None, Some(list)) => self.entries(list).ok_or(())?,
                (None, None) => Vec::new(),
            };
            let rank = match (route.kind.as_deref(), &route.prefix_list_id) {
                (Some("propagated"), _) => 2,
                (_, Some(_)) => 1,
                _ => 0,
            };
            let inside = ranges.into_iter().filter(|range| range.contains(&to));
            matching.extend(inside.map(|range| (255 - range.prefix_len(), rank, route)));
        }
        matching.sort_by_key(|(length, rank, _)| (*length, *rank));
        Ok(matching.first().map(|(_, _, route)| *route))
    }

    /// Through a private NAT gateway, where the client's route leads into one: userguide/nat-gateway-basics.html.
    pub fn through_nat(
        &self,
        client: &Client<'a>,
        syn: Packet,
        answer: Packet,
        broker: &Broker<'a>,
    ) -> Option<Trace> {
        let chosen = self
            .route(self.table(client.subnet)?, syn.destination)
            .ok()??;
        let id = chosen.route.nat_gateway_id.as_deref()?;
        if chosen.route.state.as_deref() == Some("blackhole") {
            return None;
        }
        let nat = self
            .0
            .known(|facts| &facts.nat_gateways)
            .flat_map(|(_, answer)| &answer.nat_gateways)
            .find(|nat| nat.nat_gateway_id == id)?;
        let subnet = self.subnet(nat.subnet_id.as_deref()?)?;
        let onward = self
            .route(self.table(subnet)?, syn.destination)
            .ok()??
            .route;
        let away = |id: &Option<String>| id.as_deref().is_some_and(|id| id.starts_with("igw-"));
        if onward.state.as_deref() == Some("blackhole")
            || away(&onward.gateway_id)
            || onward.nat_gateway_id.is_some()
        {
            return None;
        }
        // References do not hold through a NAT gateway: the broker does not see the client.
        let mut trace = self.leaves(client, broker, syn, Link::Far);
        if subnet.subnet_id != client.subnet.subnet_id {
            trace = trace
                .then(self.acl(client.subnet, syn, true))
                .then(self.acl(subnet, syn, false))
                .then(self.acl(subnet, answer, true))
                .then(self.acl(client.subnet, answer, false));
        }
        let gateway = Client {
            subnet,
            interface: None,
            groups: None,
        };
        let inside = nat.nat_gateway_addresses.first()?.private_ip?;
        // The gateway picks a port of its own.
        let beyond = super::edges::ports(self.0)
            .into_iter()
            .filter(|port| *port >= 1024)
            .map(|port| self.attempt(&gateway, inside.into(), port, broker))
            .reduce(Trace::either)?;
        Some(trace.then(beyond))
    }
}

#[derive(Clone, Copy)]
enum Setting {
    References,
    NoReferences,
    NoIpv6,
    Appliance,
}

fn is(options: Option<&TransitGatewayOptions>, setting: Setting) -> bool {
    let Some(options) = options else {
        return false;
    };
    let (field, wanted) = match setting {
        Setting::References => (&options.security_group_referencing_support, "enable"),
        Setting::NoReferences => (&options.security_group_referencing_support, "disable"),
        Setting::NoIpv6 => (&options.ipv6_support, "disable"),
        Setting::Appliance => (&options.appliance_mode_support, "enable"),
    };
    field.as_deref() == Some(wanted)
}

fn same_zone(one: &Subnet, other: &Subnet) -> bool {
    one.availability_zone_id == other.availability_zone_id
}
