//! Random small worlds, each from one number.

use std::collections::BTreeMap;

use ipnet::IpNet;
use msk_doctor::aws::snapshot::ec2::{
    CidrBlockAssociation, DescribeNetworkAcls, DescribeNetworkInterfaces, DescribeRouteTables,
    DescribeSecurityGroups, DescribeSubnets, DescribeVpcs, GroupIdentifier, Ipv6Address,
    Ipv6CidrBlockAssociation, NetworkInterface, Subnet, Vpc,
};
use msk_doctor::aws::snapshot::kafka::{
    BrokerNodeInfo, Cluster, DescribeClusterV2, ListNodes, NodeInfo, Serverless, VpcConfig,
};
use msk_doctor::aws::snapshot::{Answer, Answers, Facts, Snapshot};

use super::rules;

/// Numbers from a seed: splitmix64.
pub struct Dice(pub u64);

impl Dice {
    /// A number below `sides`.
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        usize::try_from(z % sides as u64).expect("below a usize")
    }

    /// Yes, in so many of a hundred cases.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.roll(100) < percent
    }

    /// One of them.
    pub fn pick<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        let index = self.roll(of.len());
        &of[index]
    }
}

/// A world, and who connects.
pub struct Made {
    pub snapshot: Snapshot,
    /// As `--from` has it.
    pub from: String,
    pub port: u16,
}

/// What later parts of a world refer to.
pub struct Plan {
    pub six: bool,
    /// The index of each VPC's range: overlapping VPCs share one.
    pub vpcs: Vec<usize>,
    pub subnets: Vec<Subnet>,
    pub groups: Vec<(usize, String)>,
    pub brokers: Vec<(IpNet, usize)>,
    pub client_vpc: usize,
    /// The transit gateway of each VPC: the first, or the one that it is peered with.
    pub homes: Vec<usize>,
}

/// The one answer of a call.
pub fn only<T>(answer: T) -> Answers<T> {
    BTreeMap::from([(String::new(), Answer::Known(answer))])
}

impl Plan {
    /// The range of a VPC.
    pub fn range(&self, vpc: usize) -> IpNet {
        let n = self.vpcs[vpc];
        let text = if self.six {
            format!("2001:db8:{n}::/48")
        } else {
            format!("10.{n}.0.0/16")
        };
        text.parse().expect("a range")
    }

    /// The range of a subnet of a VPC.
    pub fn part(&self, vpc: usize, index: usize) -> IpNet {
        let n = self.vpcs[vpc];
        let text = if self.six {
            format!("2001:db8:{n}:{index}::/64")
        } else {
            format!("10.{n}.{index}.0/26")
        };
        text.parse().expect("a range")
    }

    /// A range that has something to do with this world.
    pub fn any_range(&self, dice: &mut Dice) -> IpNet {
        let vpc = dice.roll(self.vpcs.len());
        match dice.roll(9) {
            0 => self.everything(),
            1 | 2 => self.range(vpc),
            3 => dice.pick(&self.brokers).0,
            4 => self.part(vpc, dice.roll(4)),
            _ => {
                let own = if dice.chance(70) {
                    self.client_vpc
                } else {
                    vpc
                };
                self.piece(own, dice)
            }
        }
    }

    /// A half, a quarter or one address of a subnet.
    pub fn piece(&self, vpc: usize, dice: &mut Dice) -> IpNet {
        let whole = self.part(vpc, dice.roll(4));
        let longest = whole.max_prefix_len();
        let length = *dice.pick(&[
            whole.prefix_len(),
            whole.prefix_len() + 1,
            whole.prefix_len() + 2,
            longest,
        ]);
        let nets: Vec<IpNet> = match whole {
            IpNet::V4(net) => net
                .subnets(length)
                .expect("longer")
                .take(64)
                .map(IpNet::V4)
                .collect(),
            IpNet::V6(net) => net
                .subnets(length)
                .expect("longer")
                .take(64)
                .map(IpNet::V6)
                .collect(),
        };
        *dice.pick(&nets)
    }

    /// All addresses.
    pub fn everything(&self) -> IpNet {
        let text = if self.six { "::/0" } else { "0.0.0.0/0" };
        text.parse().expect("a range")
    }

    /// The subnets of a VPC.
    pub fn subnets_of(&self, vpc: usize) -> Vec<&Subnet> {
        let id = format!("vpc-{vpc}");
        self.subnets
            .iter()
            .filter(|subnet| subnet.vpc_id == id)
            .collect()
    }
}

/// Makes a world.
pub fn make(seed: u64) -> Made {
    let dice = &mut Dice(seed);
    let mut plan = Plan {
        six: dice.chance(12),
        vpcs: (0..=dice.roll(3)).collect(),
        subnets: Vec::new(),
        groups: Vec::new(),
        brokers: Vec::new(),
        client_vpc: 0,
        homes: Vec::new(),
    };
    if plan.vpcs.len() > 1 && dice.chance(5) {
        plan.vpcs[1] = 0;
    }
    plan.client_vpc = dice.roll(plan.vpcs.len());
    let two = dice.chance(25);
    plan.homes = (0..plan.vpcs.len())
        .map(|_| usize::from(two && dice.chance(50)))
        .collect();
    let mut facts = Facts::default();
    lay_out(&mut plan, &mut facts, dice);
    let mut interfaces = people(&mut plan, &mut facts, dice);
    facts.security_groups = only(DescribeSecurityGroups {
        security_groups: rules::groups(&plan, dice),
    });
    facts.network_acls = only(DescribeNetworkAcls {
        network_acls: rules::acls(&plan, dice),
    });
    let tables = super::roads::build(&plan, &mut facts, dice);
    facts.route_tables = only(DescribeRouteTables {
        route_tables: tables,
    });
    for (index, key) in ["pl-0", "pl-1"].into_iter().enumerate() {
        let list = rules::prefix_list(&plan, index, dice);
        facts
            .prefix_lists
            .insert(key.to_owned(), Answer::Known(list));
    }
    let from = client(&plan, &interfaces, dice);
    // A dice of their own: the other worlds stay as they are.
    if plan.client_vpc == 0 && Dice(!seed).chance(8) {
        stand_for_brokers(&mut facts, &mut interfaces);
    }
    facts.network_interfaces = only(DescribeNetworkInterfaces {
        network_interfaces: interfaces,
    });
    Made {
        snapshot: Snapshot {
            scopes: vec![facts],
        },
        from,
        port: if plan.six { 20098 } else { 9098 },
    }
}

/// VPCs and subnets.
fn lay_out(plan: &mut Plan, facts: &mut Facts, dice: &mut Dice) {
    let mut vpcs = Vec::new();
    for vpc in 0..plan.vpcs.len() {
        let mut made = Vpc {
            vpc_id: format!("vpc-{vpc}"),
            ..Vpc::default()
        };
        match plan.range(vpc) {
            IpNet::V4(net) => {
                made.cidr_block_association_set = vec![CidrBlockAssociation {
                    cidr_block: Some(net),
                    ..CidrBlockAssociation::default()
                }];
            }
            IpNet::V6(net) => {
                made.ipv6_cidr_block_association_set = vec![Ipv6CidrBlockAssociation {
                    ipv6_cidr_block: Some(net),
                    ..Ipv6CidrBlockAssociation::default()
                }];
            }
        }
        vpcs.push(made);
        for index in 0..2 + dice.roll(3) {
            let zone = dice.roll(3);
            let mut subnet = Subnet {
                subnet_id: format!("subnet-{vpc}-{index}"),
                vpc_id: format!("vpc-{vpc}"),
                availability_zone: Some(format!("eu-west-1{}", ["a", "b", "c"][zone])),
                availability_zone_id: Some(format!("euw1-az{zone}")),
                ..Subnet::default()
            };
            match plan.part(vpc, index) {
                IpNet::V4(net) => subnet.cidr_block = Some(net),
                IpNet::V6(net) => {
                    subnet.ipv6_cidr_block_association_set = vec![Ipv6CidrBlockAssociation {
                        ipv6_cidr_block: Some(net),
                        ..Ipv6CidrBlockAssociation::default()
                    }];
                }
            }
            plan.subnets.push(subnet);
        }
        for index in 0..=dice.roll(3) {
            plan.groups.push((vpc, format!("sg-{vpc}-{index}")));
        }
    }
    facts.vpcs = only(DescribeVpcs { vpcs });
    facts.subnets = only(DescribeSubnets {
        subnets: plan.subnets.clone(),
    });
}

fn wear(plan: &Plan, vpc: usize, dice: &mut Dice) -> Vec<GroupIdentifier> {
    let own: Vec<&String> = plan
        .groups
        .iter()
        .filter(|(of, _)| *of == vpc)
        .map(|(_, id)| id)
        .collect();
    let mut worn: Vec<&String> = vec![*dice.pick(&own)];
    if dice.chance(40) {
        let more = *dice.pick(&own);
        if !worn.contains(&more) {
            worn.push(more);
        }
    }
    worn.into_iter()
        .map(|id| GroupIdentifier {
            group_id: id.clone(),
            group_name: None,
        })
        .collect()
}

fn interface(
    plan: &Plan,
    vpc: usize,
    id: &str,
    last: u8,
    dice: &mut Dice,
) -> (NetworkInterface, IpNet) {
    let subnet = (*dice.pick(&plan.subnets_of(vpc))).clone();
    let mut made = NetworkInterface {
        network_interface_id: id.to_owned(),
        vpc_id: Some(subnet.vpc_id.clone()),
        subnet_id: Some(subnet.subnet_id.clone()),
        groups: wear(plan, vpc, dice),
        ..NetworkInterface::default()
    };
    let range = subnet.ranges().next().expect("each has one");
    let net = match range {
        IpNet::V4(net) => {
            let address = std::net::Ipv4Addr::from_bits(net.network().to_bits() + u32::from(last));
            made.private_ip_address = Some(address);
            IpNet::from(std::net::IpAddr::V4(address))
        }
        IpNet::V6(net) => {
            let address = std::net::Ipv6Addr::from_bits(net.network().to_bits() + u128::from(last));
            made.ipv6_addresses = vec![Ipv6Address {
                ipv6_address: Some(address),
            }];
            IpNet::from(std::net::IpAddr::V6(address))
        }
    };
    (made, net)
}

/// Brokers and clients.
fn people(plan: &mut Plan, facts: &mut Facts, dice: &mut Dice) -> Vec<NetworkInterface> {
    let mut found = Vec::new();
    let mut nodes = Vec::new();
    for number in 1..=1 + u8::try_from(dice.roll(3)).expect("few") {
        let id = format!("eni-b{number}");
        let (made, net) = interface(plan, 0, &id, 9 + number, dice);
        plan.brokers.push((net, usize::from(number)));
        nodes.push(NodeInfo {
            node_type: Some("BROKER".to_owned()),
            broker_node_info: Some(BrokerNodeInfo {
                attached_eni_id: Some(id),
                broker_id: Some(f64::from(number)),
                client_subnet: made.subnet_id.clone(),
                client_vpc_ip_address: made.private_ip_address,
                endpoints: Vec::new(),
            }),
        });
        found.push(made);
    }
    facts.nodes = only(ListNodes {
        node_info_list: nodes,
    });
    facts.clusters = only(DescribeClusterV2 {
        cluster_info: Cluster {
            cluster_arn: "arn:aws:kafka:eu-west-1:111122223333:cluster/demo/1".to_owned(),
            cluster_name: "demo".to_owned(),
            ..Cluster::default()
        },
    });
    let (mut made, _) = interface(plan, plan.client_vpc, "eni-c", 40, dice);
    made.attachment = Some(msk_doctor::aws::snapshot::ec2::Attachment {
        instance_id: Some("i-c".to_owned()),
        ..Default::default()
    });
    found.push(made);
    found
}

/// The cluster is a serverless one: what would be brokers are the interfaces of its endpoint.
fn stand_for_brokers(facts: &mut Facts, interfaces: &mut [NetworkInterface]) {
    let mut config = VpcConfig::default();
    for interface in interfaces {
        if interface.network_interface_id.starts_with("eni-b") {
            interface.interface_type = Some("vpc_endpoint".to_owned());
            config.subnet_ids.extend(interface.subnet_id.clone());
            let worn = interface.group_ids().map(ToOwned::to_owned);
            config.security_group_ids.extend(worn);
        }
    }
    facts.nodes = Answers::default();
    facts.clusters = only(DescribeClusterV2 {
        cluster_info: Cluster {
            cluster_arn: "arn:aws:kafka:eu-west-1:111122223333:cluster/less/1-s1".to_owned(),
            cluster_name: "less".to_owned(),
            serverless: Some(Serverless {
                vpc_configs: vec![config],
                ..Serverless::default()
            }),
            ..Cluster::default()
        },
    });
}

/// Who connects.
fn client(plan: &Plan, interfaces: &[NetworkInterface], dice: &mut Dice) -> String {
    match dice.roll(10) {
        0 | 1 => "eni:eni-c".to_owned(),
        2 => "instance:i-c".to_owned(),
        _ => {
            let subnet = &dice.pick(&plan.subnets_of(plan.client_vpc)).subnet_id;
            let worn: Vec<&str> = interfaces.last().expect("the client").group_ids().collect();
            format!("subnet:{subnet}/sg:{}", worn.join(","))
        }
    }
}
