//! A change made in a copy of the facts.

use ipnet::IpNet;

use super::{Change, Peer};
use crate::aws::snapshot::ec2::{
    GroupIdentifier, IpPermission, IpRange, Ipv6Range, NetworkAclEntry, PortRange, Route,
    TransitGatewayRoute, TransitGatewayRouteAttachment, UserIdGroupPair,
};
use crate::aws::snapshot::{Answer, Snapshot};

impl Change {
    /// Makes the change in a copy of the facts.
    pub fn apply(&self, facts: &mut Snapshot) {
        match self {
            Change::GroupRule {
                group,
                egress,
                port,
                peer,
            } => group_rule(facts, group, *egress, *port, peer),
            Change::Wear { interface, groups } => wear(facts, interface, groups),
            Change::AclRule {
                acl,
                number,
                egress,
                range,
                ports,
            } => {
                for answer in facts.known_mut(|facts| &mut facts.network_acls) {
                    for own in &mut answer.network_acls {
                        if own.network_acl_id == *acl {
                            own.entries
                                .push(acl_entry(*number, *egress, *range, *ports));
                        }
                    }
                }
            }
            Change::Route {
                table,
                range,
                target,
                ..
            } => {
                let peering = target.starts_with("pcx-");
                let route = Route {
                    destination_cidr_block: Some(*range),
                    vpc_peering_connection_id: peering.then(|| target.clone()),
                    transit_gateway_id: (!peering).then(|| target.clone()),
                    state: Some("active".to_owned()),
                    ..Route::default()
                };
                for answer in facts.known_mut(|facts| &mut facts.route_tables) {
                    for own in &mut answer.route_tables {
                        if own.route_table_id == *table {
                            own.routes
                                .retain(|route| route.destination_cidr_block != Some(*range));
                            own.routes.push(route.clone());
                        }
                    }
                }
            }
            Change::DeleteRoute { table, range } => {
                for answer in facts.known_mut(|facts| &mut facts.route_tables) {
                    for own in &mut answer.route_tables {
                        if own.route_table_id == *table {
                            own.routes.retain(|route| {
                                route.range().is_none_or(|own| own.to_string() != *range)
                            });
                        }
                    }
                }
            }
            Change::TransitRoute {
                table,
                range,
                attachment,
                vpc,
                ..
            } => {
                for facts in &mut facts.scopes {
                    if let Some(Answer::Known(answer)) = facts.transit_gateway_routes.get_mut(table)
                    {
                        let net = IpNet::V4(*range);
                        answer
                            .routes
                            .retain(|route| route.destination_cidr_block != Some(net));
                        answer.routes.push(transit_route(net, attachment, vpc));
                    }
                }
            }
            Change::AttachmentSubnet { attachment, subnet } => {
                for answer in facts.known_mut(|facts| &mut facts.transit_gateway_vpc_attachments) {
                    for own in &mut answer.transit_gateway_vpc_attachments {
                        if own.transit_gateway_attachment_id == *attachment {
                            own.subnet_ids.push(subnet.clone());
                        }
                    }
                }
            }
        }
    }
}

fn wear(facts: &mut Snapshot, interface: &str, groups: &[String]) {
    for answer in facts.known_mut(|facts| &mut facts.network_interfaces) {
        for own in &mut answer.network_interfaces {
            if own.network_interface_id == interface {
                own.groups = groups
                    .iter()
                    .map(|group| GroupIdentifier {
                        group_id: group.clone(),
                        group_name: None,
                    })
                    .collect();
            }
        }
    }
}

fn group_rule(facts: &mut Snapshot, group: &str, egress: bool, port: u16, peer: &Peer) {
    let mut rule = IpPermission {
        ip_protocol: "tcp".to_owned(),
        from_port: Some(i64::from(port)),
        to_port: Some(i64::from(port)),
        ..IpPermission::default()
    };
    match peer {
        Peer::Group { id, owner } => rule.user_id_group_pairs.push(UserIdGroupPair {
            group_id: Some(id.clone()),
            user_id: owner.clone(),
            ..UserIdGroupPair::default()
        }),
        Peer::Range(IpNet::V4(range)) => rule.ip_ranges.push(IpRange {
            cidr_ip: Some(*range),
        }),
        Peer::Range(IpNet::V6(range)) => rule.ipv6_ranges.push(Ipv6Range {
            cidr_ipv6: Some(*range),
        }),
    }
    for answer in facts.known_mut(|facts| &mut facts.security_groups) {
        for own in &mut answer.security_groups {
            if own.group_id == group {
                let rules = if egress {
                    &mut own.ip_permissions_egress
                } else {
                    &mut own.ip_permissions
                };
                rules.push(rule.clone());
            }
        }
    }
}

fn acl_entry(number: i64, egress: bool, range: IpNet, ports: (u16, u16)) -> NetworkAclEntry {
    let (v4, v6) = match range {
        IpNet::V4(range) => (Some(range), None),
        IpNet::V6(range) => (None, Some(range)),
    };
    NetworkAclEntry {
        rule_number: number,
        protocol: "6".to_owned(),
        rule_action: "allow".to_owned(),
        egress,
        cidr_block: v4,
        ipv6_cidr_block: v6,
        port_range: Some(PortRange {
            from: i64::from(ports.0),
            to: i64::from(ports.1),
        }),
    }
}

fn transit_route(range: IpNet, attachment: &str, vpc: &str) -> TransitGatewayRoute {
    TransitGatewayRoute {
        destination_cidr_block: Some(range),
        prefix_list_id: None,
        state: Some("active".to_owned()),
        kind: Some("static".to_owned()),
        transit_gateway_attachments: vec![TransitGatewayRouteAttachment {
            transit_gateway_attachment_id: Some(attachment.to_owned()),
            resource_id: Some(vpc.to_owned()),
            resource_type: Some("vpc".to_owned()),
        }],
    }
}
