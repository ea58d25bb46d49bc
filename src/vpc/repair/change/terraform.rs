//! A change as a fragment of Terraform (provider hashicorp/aws).

use ipnet::IpNet;

use super::{Change, Peer, link_flag};

impl Change {
    /// The same as a Terraform fragment.
    #[must_use]
    pub fn terraform(&self) -> String {
        match self {
            Change::GroupRule {
                group,
                egress,
                port,
                peer,
            } => group_rule(group, *egress, *port, peer),
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
}

fn group_rule(group: &str, egress: bool, port: u16, peer: &Peer) -> String {
    let kind = if egress {
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
            ("security_group_id", quoted(&group)),
            ("ip_protocol", quoted(&"tcp")),
            ("from_port", port.to_string()),
            ("to_port", port.to_string()),
            peer,
        ],
    )
}

/// A resource with its arguments in columns.
fn resource(kind: &str, lines: &[(&str, String)]) -> String {
    let width = lines.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    let body: Vec<String> = lines
        .iter()
        .map(|(key, value)| format!("  {key:width$} = {value}"))
        .collect();
    format!("resource \"{kind}\" \"msk\" {{\n{}\n}}", body.join("\n"))
}

fn quoted(text: &dyn std::fmt::Display) -> String {
    format!("\"{text}\"")
}
