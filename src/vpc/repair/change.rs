//! One change of a network's configuration: as an AWS CLI command, as Terraform, and applied to a copy of the facts.

use ipnet::{IpNet, Ipv4Net};

use crate::aws::snapshot::Snapshot;
use crate::aws::snapshot::ec2::{
    GroupIdentifier, IpPermission, IpRange, Ipv6Range, NetworkAclEntry, PortRange, Route,
    TransitGatewayRoute, TransitGatewayRouteAttachment, UserIdGroupPair,
};

/// Whom a group's rule lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peer {
    /// Interfaces that wear a group.
    Group {
        /// Its id.
        id: String,
        /// Its owner's account.
        owner: Option<String>,
    },
    /// Addresses.
    Range(IpNet),
}

/// A change. Msk-doctor shows it and never makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A rule of a security group.
    GroupRule {
        /// The group.
        group: String,
        /// Whether it is for outgoing packets.
        egress: bool,
        /// The TCP port.
        port: u16,
        /// The other end.
        peer: Peer,
    },
    /// The groups that an interface wears.
    Wear {
        /// The interface.
        interface: String,
        /// All of its groups afterwards.
        groups: Vec<String>,
    },
    /// A rule of a network ACL.
    AclRule {
        /// The ACL.
        acl: String,
        /// Its place.
        number: i64,
        /// Whether it is for packets that leave the subnet.
        egress: bool,
        /// The other end.
        range: IpNet,
        /// Destination ports.
        ports: (u16, u16),
    },
    /// A route to a link.
    Route {
        /// The route table.
        table: String,
        /// For which addresses.
        range: Ipv4Net,
        /// A peering (`pcx-…`) or a transit gateway (`tgw-…`).
        target: String,
        /// Whether a route for the same range is there and has to be replaced.
        replaces: bool,
    },
    /// A route that diverts goes away.
    DeleteRoute {
        /// The route table.
        table: String,
        /// For which addresses.
        range: String,
    },
    /// A static route of a transit gateway.
    TransitRoute {
        /// The gateway's route table.
        table: String,
        /// For which addresses.
        range: Ipv4Net,
        /// The attachment that leads there.
        attachment: String,
        /// Its VPC.
        vpc: String,
        /// Whether a route for the same range is there and has to be replaced.
        replaces: bool,
    },
    /// One more subnet, in another zone, of a transit gateway attachment.
    AttachmentSubnet {
        /// The attachment.
        attachment: String,
        /// The subnet.
        subnet: String,
    },
}

impl Change {
    /// The AWS CLI command that makes it.
    #[must_use]
    pub fn command(&self) -> String {
        match self {
            Change::GroupRule {
                group,
                egress,
                port,
                peer,
            } => {
                let way = if *egress { "egress" } else { "ingress" };
                let peer = match peer {
                    Peer::Group { id, owner } => {
                        let owner = owner
                            .as_ref()
                            .map(|owner| format!(",UserId={owner}"))
                            .unwrap_or_default();
                        format!("UserIdGroupPairs=[{{GroupId={id}{owner}}}]")
                    }
                    Peer::Range(IpNet::V4(range)) => format!("IpRanges=[{{CidrIp={range}}}]"),
                    Peer::Range(IpNet::V6(range)) => format!("Ipv6Ranges=[{{CidrIpv6={range}}}]"),
                };
                format!(
                    "aws ec2 authorize-security-group-{way} --group-id {group} --ip-permissions 'IpProtocol=tcp,FromPort={port},ToPort={port},{peer}'"
                )
            }
            Change::Wear { interface, groups } => format!(
                "aws ec2 modify-network-interface-attribute --network-interface-id {interface} --groups {}",
                groups.join(" ")
            ),
            Change::AclRule {
                acl,
                number,
                egress,
                range,
                ports,
            } => format!(
                "aws ec2 create-network-acl-entry --network-acl-id {acl} --rule-number {number} --protocol tcp --port-range From={},To={} --{} {range} --{} --rule-action allow",
                ports.0,
                ports.1,
                if range.addr().is_ipv6() {
                    "ipv6-cidr-block"
                } else {
                    "cidr-block"
                },
                if *egress { "egress" } else { "ingress" },
            ),
            Change::Route {
                table,
                range,
                target,
                replaces,
            } => format!(
                "aws ec2 {}-route --route-table-id {table} --destination-cidr-block {range} --{} {target}",
                if *replaces { "replace" } else { "create" },
                link_flag(target)
            ),
            Change::DeleteRoute { table, range } => format!(
                "aws ec2 delete-route --route-table-id {table} --destination-cidr-block {range}"
            ),
            Change::TransitRoute {
                table,
                range,
                attachment,
                replaces,
                ..
            } => format!(
                "aws ec2 {}-transit-gateway-route --transit-gateway-route-table-id {table} --destination-cidr-block {range} --transit-gateway-attachment-id {attachment}",
                if *replaces { "replace" } else { "create" },
            ),
            Change::AttachmentSubnet { attachment, subnet } => format!(
                "aws ec2 modify-transit-gateway-vpc-attachment --transit-gateway-attachment-id {attachment} --add-subnet-ids {subnet}"
            ),
        }
    }

    /// The same as a Terraform fragment.
    #[must_use]
    pub fn terraform(&self) -> String {
        let resource = |kind: &str, lines: &[(&str, String)]| {
            let width = lines.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
            let body: Vec<String> = lines
                .iter()
                .map(|(key, value)| format!("  {key:width$} = {value}"))
                .collect();
            format!("resource \"{kind}\" \"msk\" {{\n{}\n}}", body.join("\n"))
        };
        let quoted = |text: &dyn std::fmt::Display| format!("\"{text}\"");
        match self {
            Change::GroupRule {
                group,
                egress,
                port,
                peer,
            } => {
                let kind = if *egress {
                    "aws_vpc_security_group_egress_rule"
                } else {
                    "aws_vpc_security_group_ingress_rule"
                };
                let peer = match peer {
                    Peer::Group { id, .. } => ("referenced_security_group_id", quoted(id)),
                    Peer::Range(range @ IpNet::V4(_)) => ("cidr_ipv4", quoted(range)),
                    Peer::Range(range @ IpNet::V6(_)) => ("cidr_ipv6", quoted(range)),
                };
                resource(
                    kind,
                    &[
                        ("security_group_id", quoted(group)),
                        ("ip_protocol", quoted(&"tcp")),
                        ("from_port", port.to_string()),
                        ("to_port", port.to_string()),
                        peer,
                    ],
                )
            }
            Change::Wear { interface, groups } => groups
                .iter()
                .map(|group| {
                    resource(
                        "aws_network_interface_sg_attachment",
                        &[
                            ("security_group_id", quoted(group)),
                            ("network_interface_id", quoted(interface)),
                        ],
                    )
                })
                .collect::<Vec<_>>()
                .join("\n"),
            Change::AclRule {
                acl,
                number,
                egress,
                range,
                ports,
            } => resource(
                "aws_network_acl_rule",
                &[
                    ("network_acl_id", quoted(acl)),
                    ("rule_number", number.to_string()),
                    ("egress", egress.to_string()),
                    ("protocol", quoted(&"tcp")),
                    ("rule_action", quoted(&"allow")),
                    (
                        if range.addr().is_ipv6() {
                            "ipv6_cidr_block"
                        } else {
                            "cidr_block"
                        },
                        quoted(range),
                    ),
                    ("from_port", ports.0.to_string()),
                    ("to_port", ports.1.to_string()),
                ],
            ),
            Change::Route {
                table,
                range,
                target,
                ..
            } => resource(
                "aws_route",
                &[
                    ("route_table_id", quoted(table)),
                    ("destination_cidr_block", quoted(range)),
                    (&link_flag(target).replace('-', "_"), quoted(target)),
                ],
            ),
            Change::DeleteRoute { table, range } => {
                format!("# remove the aws_route for {range} of {table}")
            }
            Change::TransitRoute {
                table,
                range,
                attachment,
                ..
            } => resource(
                "aws_ec2_transit_gateway_route",
                &[
                    ("transit_gateway_route_table_id", quoted(table)),
                    ("destination_cidr_block", quoted(range)),
                    ("transit_gateway_attachment_id", quoted(attachment)),
                ],
            ),
            Change::AttachmentSubnet { attachment, subnet } => {
                format!(
                    "# add \"{subnet}\" to subnet_ids of the aws_ec2_transit_gateway_vpc_attachment {attachment}"
                )
            }
        }
    }

    /// What else it lets through.
    #[must_use]
    pub fn opens(&self) -> Option<String> {
        match self {
            Change::GroupRule {
                group,
                egress: false,
                port,
                peer,
            } => Some(match peer {
                Peer::Group { id, .. } => {
                    format!(
                        "every interface that wears {id} may then reach TCP {port} of everything that wears {group}"
                    )
                }
                Peer::Range(range) => {
                    format!(
                        "every address of {range} may then reach TCP {port} of everything that wears {group}"
                    )
                }
            }),
            Change::GroupRule {
                group,
                port,
                peer: Peer::Range(range),
                ..
            } => Some(format!(
                "everything that wears {group} may then reach TCP {port} of {range}"
            )),
            Change::AclRule {
                acl, range, ports, ..
            } => Some(format!(
                "the subnets of {acl} then exchange TCP {}-{} with all of {range}, as far as security groups let them",
                ports.0, ports.1
            )),
            Change::Wear { interface, groups } => Some(format!(
                "{interface} then has the rules of {} only",
                groups.join(", ")
            )),
            Change::Route { table, range, .. } => Some(format!(
                "every subnet of {table} then sends packets to {range} there"
            )),
            Change::GroupRule { .. }
            | Change::DeleteRoute { .. }
            | Change::TransitRoute { .. }
            | Change::AttachmentSubnet { .. } => None,
        }
    }

    /// Makes the change in a copy of the facts.
    pub fn apply(&self, facts: &mut Snapshot) {
        match self {
            Change::GroupRule {
                group,
                egress,
                port,
                peer,
            } => group_rule(facts, group, *egress, *port, peer),
            Change::Wear { interface, groups } => {
                for answer in facts.known_mut(|facts| &mut facts.network_interfaces) {
                    for own in &mut answer.network_interfaces {
                        if own.network_interface_id == *interface {
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
                    if let Some(crate::aws::snapshot::Answer::Known(answer)) =
                        facts.transit_gateway_routes.get_mut(table)
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

fn link_flag(target: &str) -> &'static str {
    if target.starts_with("pcx-") {
        "vpc-peering-connection-id"
    } else {
        "transit-gateway-id"
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
