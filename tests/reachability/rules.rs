//! Random rules: groups, network ACLs, prefix lists.

use ipnet::IpNet;
use msk_doctor::aws::snapshot::ec2::{
    GetManagedPrefixListEntries, IpPermission, IpRange, Ipv6Range, NetworkAcl,
    NetworkAclAssociation, NetworkAclEntry, PortRange, PrefixListEntry, PrefixListId,
    SecurityGroup, UserIdGroupPair,
};

use super::world::{Dice, Plan};

/// Every group with its rules.
pub fn groups(plan: &Plan, dice: &mut Dice) -> Vec<SecurityGroup> {
    let mut found = Vec::new();
    for (vpc, id) in &plan.groups {
        let mut group = SecurityGroup {
            group_id: id.clone(),
            vpc_id: Some(format!("vpc-{vpc}")),
            ..SecurityGroup::default()
        };
        for _ in 0..=dice.roll(4) {
            group.ip_permissions.push(permission(plan, dice));
        }
        if dice.chance(35) {
            let mut wide = IpPermission {
                ip_protocol: "-1".to_owned(),
                ..IpPermission::default()
            };
            add_range(&mut wide, plan.range(plan.client_vpc));
            group.ip_permissions.push(wide);
        }
        if dice.chance(80) {
            let mut all = IpPermission {
                ip_protocol: "-1".to_owned(),
                ..IpPermission::default()
            };
            add_range(&mut all, plan.everything());
            group.ip_permissions_egress.push(all);
        } else {
            for _ in 0..dice.roll(4) {
                group.ip_permissions_egress.push(permission(plan, dice));
            }
        }
        found.push(group);
    }
    found
}

fn add_range(permission: &mut IpPermission, net: IpNet) {
    match net {
        IpNet::V4(net) => permission.ip_ranges.push(IpRange { cidr_ip: Some(net) }),
        IpNet::V6(net) => permission.ipv6_ranges.push(Ipv6Range {
            cidr_ipv6: Some(net),
        }),
    }
}

/// A rule of a group.
pub fn permission(plan: &Plan, dice: &mut Dice) -> IpPermission {
    let protocol = *dice.pick(&["-1", "tcp", "tcp", "tcp", "6", "udp", "icmp"]);
    let mut made = IpPermission {
        ip_protocol: protocol.to_owned(),
        ..IpPermission::default()
    };
    if protocol != "-1" {
        let (from, to) = *dice.pick(&[
            (9098, 20098),
            (9098, 9098),
            (20098, 20098),
            (9092, 9097),
            (9099, 20097),
            (0, 65535),
            (9092, 20098),
        ]);
        (made.from_port, made.to_port) = (Some(from), Some(to));
    }
    for _ in 0..=dice.roll(2) {
        match dice.roll(6) {
            0 | 1 => {
                let gone = "sg-gone".to_owned();
                let to = if dice.chance(8) {
                    gone
                } else {
                    dice.pick(&plan.groups).1.clone()
                };
                made.user_id_group_pairs.push(UserIdGroupPair {
                    group_id: Some(to),
                    peering_status: dice.chance(5).then(|| "deleted".to_owned()),
                    ..UserIdGroupPair::default()
                });
            }
            2 => made.prefix_list_ids.push(PrefixListId {
                prefix_list_id: list(dice),
            }),
            3 => add_range(&mut made, plan.everything()),
            _ => add_range(&mut made, plan.any_range(dice)),
        }
    }
    made
}

/// A prefix list, rarely one that nobody knows.
pub fn list(dice: &mut Dice) -> String {
    let known = *dice.pick(&["pl-0", "pl-1"]);
    if dice.chance(8) { "pl-gone" } else { known }.to_owned()
}

/// The entries of a prefix list.
pub fn prefix_list(plan: &Plan, index: usize, dice: &mut Dice) -> GetManagedPrefixListEntries {
    let mut entries: Vec<IpNet> = (0..=dice.roll(3)).map(|_| plan.any_range(dice)).collect();
    if index == 0 {
        entries.push(plan.range(dice.roll(plan.vpcs.len())));
    }
    // Neighbours and ranges inside one another stay apart: each is a route of its own length.
    if dice.chance(30) {
        let whole = plan.part(plan.client_vpc, dice.roll(4));
        let halves = whole.prefix_len() + 1;
        match whole {
            IpNet::V4(net) => entries.extend(net.subnets(halves).expect("longer").map(IpNet::V4)),
            IpNet::V6(net) => entries.extend(net.subnets(halves).expect("longer").map(IpNet::V6)),
        }
    }
    GetManagedPrefixListEntries {
        entries: entries
            .into_iter()
            .map(|net| PrefixListEntry { cidr: Some(net) })
            .collect(),
    }
}

/// The ACLs of every VPC: one that lets all pass, and others.
pub fn acls(plan: &Plan, dice: &mut Dice) -> Vec<NetworkAcl> {
    let mut found = Vec::new();
    for vpc in 0..plan.vpcs.len() {
        let mut own: Vec<NetworkAcl> = (0..3)
            .map(|index| NetworkAcl {
                network_acl_id: format!("acl-{vpc}-{index}"),
                vpc_id: format!("vpc-{vpc}"),
                is_default: index == 0,
                associations: Vec::new(),
                entries: entries(plan, index == 0, dice),
            })
            .collect();
        for subnet in plan.subnets_of(vpc) {
            let which = if dice.chance(55) { 0 } else { 1 + dice.roll(2) };
            own[which].associations.push(NetworkAclAssociation {
                subnet_id: subnet.subnet_id.clone(),
            });
        }
        found.extend(own);
    }
    found
}

fn entries(plan: &Plan, open: bool, dice: &mut Dice) -> Vec<NetworkAclEntry> {
    let mut found = Vec::new();
    for egress in [false, true] {
        let all = |number: i64, action: &str| {
            entry(egress, number, "-1", action, plan.everything(), None)
        };
        found.push(all(if plan.six { 32768 } else { 32767 }, "deny"));
        if open || dice.chance(85) {
            found.push(all(1000, "allow"));
        }
        if open {
            continue;
        }
        let mut numbers: Vec<i64> = (1..6).map(|number| number * 100).collect();
        for _ in 0..dice.roll(5) {
            let number = numbers.remove(dice.roll(numbers.len()));
            let protocol = *dice.pick(&["-1", "6", "6", "6", "17", "1"]);
            let action = *dice.pick(&["allow", "deny"]);
            let net = if action == "deny" {
                plan.piece(plan.client_vpc, dice)
            } else {
                plan.any_range(dice)
            };
            let ports = *dice.pick(&[
                (1024, 65535),
                (32768, 60999),
                (1024, 32767),
                (9098, 20098),
                (9098, 9098),
                (40000, 50000),
                (0, 65535),
                (0, 9097),
            ]);
            let ports = (protocol != "1" && dice.chance(85)).then_some(ports);
            found.push(entry(egress, number, protocol, action, net, ports));
        }
    }
    // The API promises no order.
    let turn = dice.roll(found.len());
    found.rotate_left(turn);
    found
}

/// A rule of an ACL.
pub fn entry(
    egress: bool,
    number: i64,
    protocol: &str,
    action: &str,
    net: IpNet,
    ports: Option<(i64, i64)>,
) -> NetworkAclEntry {
    let mut made = NetworkAclEntry {
        rule_number: number,
        protocol: protocol.to_owned(),
        rule_action: action.to_owned(),
        egress,
        port_range: ports.map(|(from, to)| PortRange { from, to }),
        ..NetworkAclEntry::default()
    };
    match net {
        IpNet::V4(net) => made.cidr_block = Some(net),
        IpNet::V6(net) => made.ipv6_cidr_block = Some(net),
    }
    made
}
