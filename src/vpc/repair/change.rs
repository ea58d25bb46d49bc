//! One change of a network's configuration: as an AWS CLI command, as Terraform, and applied to a copy of the facts.

mod apply;
mod terraform;

use ipnet::{IpNet, Ipv4Net};

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
}

fn link_flag(target: &str) -> &'static str {
    if target.starts_with("pcx-") {
        "vpc-peering-connection-id"
    } else {
        "transit-gateway-id"
    }
}
