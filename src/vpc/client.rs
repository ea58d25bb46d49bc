//! The client's side of the question: a function, an interface, an instance, subnets with groups, an address.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::Gap;
use super::space::{Addresses, Family, Ports, just, ports, without};
use super::world::World;
use crate::aws::files::key_of;
use crate::aws::snapshot::Snapshot;
use crate::aws::snapshot::ec2::{NetworkInterface, Subnet};
use crate::aws::snapshot::lambda::GetFunctionConfiguration;

/// The source ports of Lambda and NAT gateways, and the most that any client uses.
/// Source: <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-ephemeral-ports.html>.
const WIDE: RangeInclusive<u16> = 1024..=65535;
/// Linux's `net.ipv4.ip_local_port_range` unless somebody changed it.
const LINUX: RangeInclusive<u16> = 32768..=60999;

/// Whose path is asked for: `--from`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// A function, with its qualifier.
    Function {
        /// The name.
        name: String,
        /// The version or alias.
        qualifier: Option<String>,
    },
    /// A network interface.
    Interface(String),
    /// An instance.
    Instance(String),
    /// Any interface in these subnets with these groups.
    Subnets {
        /// The subnets.
        subnets: Vec<String>,
        /// The groups.
        groups: Vec<String>,
    },
    /// An address, inside AWS or not.
    Address(IpAddr),
}

impl FromStr for From {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{text:?} is no vantage: expected function:NAME[:QUALIFIER], eni:ID, instance:ID, subnet:ID[,ID…]/sg:ID[,ID…] or ip:ADDRESS"
            )
        };
        let (kind, rest) = text.split_once(':').ok_or_else(wrong)?;
        if rest.is_empty() {
            return Err(wrong());
        }
        let list = |text: &str| -> Vec<String> {
            text.split(',')
                .map(str::trim)
                .filter(|id| !id.is_empty())
                .map(ToOwned::to_owned)
                .collect()
        };
        match kind {
            "function" => {
                let bare = rest
                    .rsplit_once(":function:")
                    .map_or(rest, |(_, bare)| bare);
                let (name, qualifier) = match bare.split_once(':') {
                    Some((name, qualifier)) => (name, Some(qualifier.to_owned())),
                    None => (bare, None),
                };
                Ok(From::Function {
                    name: name.to_owned(),
                    qualifier,
                })
            }
            "eni" => Ok(From::Interface(rest.to_owned())),
            "instance" => Ok(From::Instance(rest.to_owned())),
            "subnet" => {
                let (subnets, groups) = rest.split_once("/sg:").ok_or_else(|| {
                    format!("{text:?} names no groups: subnet:ID[,ID…]/sg:ID[,ID…]")
                })?;
                let (subnets, groups) = (list(subnets), list(groups));
                if subnets.is_empty() || groups.is_empty() {
                    return Err(wrong());
                }
                Ok(From::Subnets { subnets, groups })
            }
            "ip" => rest
                .trim_start_matches('[')
                .trim_end_matches(']')
                .parse()
                .map(From::Address)
                .map_err(|_| format!("{text:?}: {rest:?} is not an IP address")),
            _ => Err(wrong()),
        }
    }
}

/// The groups that a client wears.
#[derive(Debug, Clone)]
pub enum Groups<'a> {
    /// These.
    Known(Vec<&'a str>),
    /// It is nothing that has groups: a NAT gateway.
    None,
    /// It is not known.
    Unknown(Gap),
}

/// Where a client stands.
#[derive(Debug, Clone)]
pub enum Place<'a> {
    /// In a subnet.
    Vpc {
        /// Which.
        subnet: &'a Subnet,
        /// The interface, where there is one.
        interface: Option<&'a NetworkInterface>,
        /// The groups.
        groups: Groups<'a>,
        /// The public address. Interfaces of functions never have one.
        public: Option<Ipv4Addr>,
    },
    /// A function without a VPC: somewhere in Lambda's own network.
    Nowhere,
    /// Outside every VPC that is known.
    Outside(IpAddr),
}

/// A client: what it sends from.
#[derive(Debug, Clone)]
pub struct ClientSide<'a> {
    /// Where it stands.
    pub place: Place<'a>,
    /// The family of its addresses.
    pub family: Family,
    /// Its addresses.
    pub addresses: Addresses,
    /// The ports that it sends from.
    pub ports: Ports,
    /// The addresses of all clients of the question.
    pub all: Addresses,
}

/// Why there is no client to ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromError {
    /// The facts that tell where it stands are missing.
    Gap(Gap),
    /// It has no address of that family.
    NoAddress,
}

impl std::convert::From<Gap> for FromError {
    fn from(gap: Gap) -> Self {
        FromError::Gap(gap)
    }
}

/// The VPCs in which a vantage stands, as far as they are known.
#[must_use]
pub fn client_vpcs<'a>(world: &World<'a>, from: &From) -> BTreeSet<&'a str> {
    if let From::Function { name, qualifier } = from {
        // Idle, it has no interface, and its subnets may be unknown.
        let function = configuration(world.snapshot, name, qualifier.as_deref());
        let vpc = function
            .ok()
            .and_then(|function| function.vpc_config.as_ref());
        let id = vpc.and_then(|vpc| vpc.vpc_id.as_deref());
        if let Some(id) = id.filter(|id| !id.is_empty()) {
            return [id].into();
        }
    }
    [Family::V4, Family::V6]
        .into_iter()
        .filter_map(|family| clients(world, from, family).ok())
        .flatten()
        .filter_map(|client| match client.place {
            Place::Vpc { subnet, .. } => Some(subnet.vpc_id.as_str()),
            Place::Nowhere | Place::Outside(_) => None,
        })
        .collect()
}

/// The clients that a vantage means, one for each subnet or interface.
///
/// # Errors
/// Where the facts do not tell, or there is no address of `family`.
pub fn clients<'a>(
    world: &World<'a>,
    from: &From,
    family: Family,
) -> Result<Vec<ClientSide<'a>>, FromError> {
    let mut found = match from {
        From::Function { name, qualifier } => function(world, name, qualifier.as_deref(), family)?,
        From::Interface(id) => vec![of_interface(world, world.interface(id)?, family, WIDE)?],
        From::Instance(id) => instance(world, id, family)?,
        From::Subnets { subnets, groups } => {
            let groups = groups
                .iter()
                .map(|id| world.group(id).map(|group| group.group_id.as_str()))
                .collect::<Result<Vec<_>, _>>()?;
            let mut found = Vec::new();
            for id in subnets {
                found.extend(of_subnet(world.subnet(id)?, &groups, family));
            }
            found
        }
        From::Address(address) => vec![of_address(world, *address)?],
    };
    found.retain(|client| client.family == family);
    if found.is_empty() {
        return Err(FromError::NoAddress);
    }
    let all: Addresses = found
        .iter()
        .flat_map(|client| client.addresses.iter().cloned())
        .collect();
    for client in &mut found {
        client.all = all.clone();
    }
    Ok(found)
}

/// The configuration of a function.
///
/// # Errors
/// Where it is not known.
pub fn configuration<'a>(
    snapshot: &'a Snapshot,
    name: &str,
    qualifier: Option<&str>,
) -> Result<&'a GetFunctionConfiguration, Gap> {
    let full = qualifier.map_or_else(|| name.to_owned(), |q| format!("{name}:{q}"));
    let mut known = snapshot.known(|facts| &facts.functions);
    known
        .find(|(key, function)| {
            let named = *key == key_of(&full);
            let alone = key.is_empty() && function.function_name == name;
            named || alone && qualifier.is_none_or(|q| function.version.as_deref() == Some(q))
        })
        .map(|(_, function)| function)
        .ok_or_else(|| Gap {
            what: format!("the configuration of function {full}"),
            needs: "lambda:GetFunctionConfiguration".to_owned(),
        })
}

fn function<'a>(
    world: &World<'a>,
    name: &str,
    qualifier: Option<&str>,
    family: Family,
) -> Result<Vec<ClientSide<'a>>, FromError> {
    let function = configuration(world.snapshot, name, qualifier)?;
    let vpc = function
        .vpc_config
        .as_ref()
        .filter(|vpc| !vpc.subnet_ids.is_empty());
    let Some(vpc) = vpc else {
        return Ok(vec![ClientSide {
            place: Place::Nowhere,
            family,
            addresses: all_public(family),
            ports: ports(WIDE),
            all: Addresses::new(),
        }]);
    };
    if family == Family::V6 && vpc.ipv6_allowed_for_dual_stack != Some(true) {
        return Err(FromError::NoAddress);
    }
    let groups: Vec<&str> = vpc.security_group_ids.iter().map(String::as_str).collect();
    let mut found = Vec::new();
    for id in &vpc.subnet_ids {
        let subnet = world.subnet(id)?;
        // Functions with the same subnet and groups share interfaces.
        let mut own: Vec<_> = world
            .all_interfaces()
            .filter(|interface| {
                interface.interface_type.as_deref() == Some("lambda")
                    && interface.subnet_id.as_deref() == Some(id)
                    && interface.groups.len() == groups.len()
                    && interface.group_ids().all(|group| groups.contains(&group))
            })
            .collect();
        own.sort_by_key(|interface| &interface.network_interface_id);
        if own.is_empty() {
            found.extend(of_subnet(subnet, &groups, family));
        }
        for interface in own {
            found.push(of_interface(world, interface, family, WIDE)?);
        }
    }
    Ok(found)
}

/// All addresses that a packet from the internet may have: a function without a VPC has one of them, and it changes.
fn all_public(family: Family) -> Addresses {
    const V4: &[&str] = &[
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/3",
    ];
    let ranges = |texts: &[&str]| family.ranges(texts.iter().filter_map(|text| text.parse().ok()));
    match family {
        Family::V4 => without(&ranges(&["0.0.0.0/0"]), &ranges(V4)),
        Family::V6 => ranges(&["2000::/3"]),
    }
}

fn instance<'a>(
    world: &World<'a>,
    id: &str,
    family: Family,
) -> Result<Vec<ClientSide<'a>>, FromError> {
    let attached = |interface: &&NetworkInterface| {
        interface
            .attachment
            .as_ref()
            .is_some_and(|attachment| attachment.instance_id.as_deref() == Some(id))
    };
    let primary = world
        .all_interfaces()
        .filter(attached)
        .min_by_key(|interface| {
            let attachment = interface.attachment.as_ref();
            attachment.and_then(|attachment| attachment.device_index)
        });
    let of_instance = || {
        world
            .snapshot
            .known(|facts| &facts.instances)
            .flat_map(|(_, answer)| &answer.reservations)
            .flat_map(|reservation| &reservation.instances)
            .find(|instance| instance.instance_id == id)
            .and_then(|instance| instance.network_interfaces.first())
    };
    let interface = match primary {
        Some(interface) => interface,
        None => match of_instance() {
            Some(listed) => world.interface(&listed.network_interface_id)?,
            None => {
                return Err(FromError::Gap(Gap {
                    what: format!("the interface of instance {id}"),
                    needs: "ec2:DescribeNetworkInterfaces".to_owned(),
                }));
            }
        },
    };
    Ok(vec![of_interface(world, interface, family, LINUX)?])
}

/// Any interface in a subnet, with these groups.
fn of_subnet<'a>(subnet: &'a Subnet, groups: &[&'a str], family: Family) -> Option<ClientSide<'a>> {
    let addresses = family.ranges(subnet.ranges());
    (!addresses.is_empty()).then(|| ClientSide {
        place: Place::Vpc {
            subnet,
            interface: None,
            groups: Groups::Known(groups.to_vec()),
            public: None,
        },
        family,
        addresses,
        ports: ports(WIDE),
        all: Addresses::new(),
    })
}

fn of_interface<'a>(
    world: &World<'a>,
    interface: &'a NetworkInterface,
    family: Family,
    range: RangeInclusive<u16>,
) -> Result<ClientSide<'a>, FromError> {
    let subnet = interface.subnet_id.as_deref().unwrap_or_default();
    // A connection leaves from the primary address.
    let address = interface
        .addresses()
        .find(|address| Family::of(*address) == family)
        .ok_or(FromError::NoAddress)?;
    Ok(ClientSide {
        place: Place::Vpc {
            subnet: world.subnet(subnet)?,
            interface: Some(interface),
            groups: Groups::Known(interface.group_ids().collect()),
            public: interface.public_ip(),
        },
        family,
        addresses: just(address),
        ports: ports(range),
        all: Addresses::new(),
    })
}

fn of_address<'a>(world: &World<'a>, address: IpAddr) -> Result<ClientSide<'a>, FromError> {
    let family = Family::of(address);
    let number = super::space::number(address);
    if let [interface] = world.with_address(address) {
        return of_interface(world, interface, family, LINUX);
    }
    let mut inside = world.all_subnets().filter(|subnet| {
        subnet
            .ranges()
            .filter_map(|range| family.range(range))
            .any(|range| range.contains(&number))
    });
    let place = match (inside.next(), inside.next()) {
        (Some(subnet), None) => Place::Vpc {
            subnet,
            interface: None,
            groups: Groups::Unknown(Gap {
                what: format!(
                    "the groups of {address} in {}: no interface with that address is known",
                    subnet.subnet_id
                ),
                needs: "ec2:DescribeNetworkInterfaces".to_owned(),
            }),
            public: None,
        },
        (Some(one), Some(other)) => {
            return Err(FromError::Gap(Gap {
                what: format!(
                    "which {address} is meant: {} and {} both have it",
                    one.subnet_id, other.subnet_id
                ),
                needs: "--from eni:ID".to_owned(),
            }));
        }
        (None, _) => Place::Outside(address),
    };
    Ok(ClientSide {
        place,
        family,
        addresses: just(address),
        ports: ports(LINUX),
        all: just(address),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vantages_are_read_as_the_contract_has_them() {
        let function = |name: &str, qualifier: Option<&str>| From::Function {
            name: name.to_owned(),
            qualifier: qualifier.map(ToOwned::to_owned),
        };
        let cases = [
            ("function:orders", function("orders", None)),
            ("function:orders:prod", function("orders", Some("prod"))),
            (
                "function:arn:aws:lambda:eu-west-1:111122223333:function:orders:7",
                function("orders", Some("7")),
            ),
            ("eni:eni-1", From::Interface("eni-1".to_owned())),
            ("instance:i-1", From::Instance("i-1".to_owned())),
            (
                "subnet:subnet-1,subnet-2/sg:sg-1",
                From::Subnets {
                    subnets: vec!["subnet-1".to_owned(), "subnet-2".to_owned()],
                    groups: vec!["sg-1".to_owned()],
                },
            ),
            (
                "ip:10.0.3.17",
                From::Address("10.0.3.17".parse().expect("an address")),
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for text in [
            "",
            "orders",
            "eni:",
            "subnet:subnet-1",
            "subnet:/sg:sg-1",
            "ip:here",
            "vpc:vpc-1",
        ] {
            assert!(text.parse::<From>().is_err(), "{text}");
        }
    }
}
