//! What holds for every world, whatever is in it.

use msk_doctor::aws::snapshot::ec2::{IpPermission, IpRange, Ipv6Range};
use msk_doctor::aws::snapshot::{Answer, Snapshot};
use msk_doctor::vpc::{Path, PathVerdict, Proof};

use super::world::{self, Dice, Made};
use super::{prove, rules};

/// How many worlds each property is tried on.
const TRIES: u64 = 400;

/// What a path says, without words.
fn gist(proof: &Proof) -> Vec<String> {
    let of = |path: &Path| {
        let mut blockers: Vec<String> = path
            .blockers
            .iter()
            .map(|b| {
                let mut groups = b.resources.clone();
                groups.sort();
                format!(
                    "{} {:?} {:?} {groups:?} {:?}",
                    b.code, b.direction, b.resource, b.rule
                )
            })
            .collect();
        blockers.sort();
        blockers.dedup();
        format!(
            "{} {:?} {:?} {:?} {blockers:?}",
            path.to.address, path.verdict, path.source_ports, path.source_addresses
        )
    };
    proof.paths.iter().map(of).collect()
}

fn each<T>(
    snapshot: &mut Snapshot,
    field: impl Fn(&mut msk_doctor::aws::snapshot::Facts) -> &mut msk_doctor::aws::snapshot::Answers<T>,
    mut change: impl FnMut(&mut T),
) {
    for facts in &mut snapshot.scopes {
        for answer in field(facts).values_mut() {
            if let Answer::Known(known) = answer {
                change(known);
            }
        }
    }
}

#[test]
fn an_added_allow_rule_never_blocks() {
    for seed in 0..TRIES {
        let Made {
            mut snapshot,
            from,
            port,
        } = world::make(seed);
        let before = prove(&snapshot, &from, port);
        let dice = &mut Dice(seed ^ 0xA110);
        let egress = dice.chance(40);
        let mut all = IpPermission {
            ip_protocol: "tcp".to_owned(),
            from_port: Some(0),
            to_port: Some(65535),
            ..IpPermission::default()
        };
        all.ip_ranges.push(IpRange {
            cidr_ip: Some("10.0.0.0/12".parse().expect("a range")),
        });
        all.ipv6_ranges.push(Ipv6Range {
            cidr_ipv6: Some("::/0".parse().expect("a range")),
        });
        if dice.chance(50) {
            each(
                &mut snapshot,
                |facts| &mut facts.security_groups,
                |answer| {
                    for group in &mut answer.security_groups {
                        let rules = if egress {
                            &mut group.ip_permissions_egress
                        } else {
                            &mut group.ip_permissions
                        };
                        rules.push(all.clone());
                    }
                },
            );
        } else {
            let ranges = ["10.0.0.0/12", "::/0"].map(|net| net.parse().expect("a range"));
            each(
                &mut snapshot,
                |facts| &mut facts.network_acls,
                |answer| {
                    for acl in &mut answer.network_acls {
                        for net in ranges {
                            acl.entries
                                .push(rules::entry(egress, 1, "6", "allow", net, None));
                        }
                    }
                },
            );
        }
        let after = prove(&snapshot, &from, port);
        for (before, after) in before.paths.iter().zip(&after.paths) {
            let was = before.verdict;
            let may = match was {
                PathVerdict::Reachable => after.verdict == was,
                PathVerdict::Partial => {
                    matches!(after.verdict, PathVerdict::Partial | PathVerdict::Reachable)
                }
                PathVerdict::Unknown => after.verdict != PathVerdict::Blocked,
                PathVerdict::Blocked => true,
            };
            assert!(may, "seed {seed}: {was:?} became {:?}", after.verdict);
        }
    }
}

#[test]
fn the_order_of_lists_is_irrelevant() {
    for seed in 0..TRIES {
        let Made {
            mut snapshot,
            from,
            port,
        } = world::make(seed);
        let before = gist(&prove(&snapshot, &from, port));
        each(&mut snapshot, |f| &mut f.vpcs, |a| a.vpcs.reverse());
        each(&mut snapshot, |f| &mut f.subnets, |a| a.subnets.reverse());
        each(
            &mut snapshot,
            |f| &mut f.prefix_lists,
            |a| a.entries.reverse(),
        );
        each(
            &mut snapshot,
            |f| &mut f.peerings,
            |a| a.vpc_peering_connections.reverse(),
        );
        each(
            &mut snapshot,
            |f| &mut f.nodes,
            |a| a.node_info_list.reverse(),
        );
        each(
            &mut snapshot,
            |f| &mut f.transit_gateway_vpc_attachments,
            |a| {
                a.transit_gateway_vpc_attachments.reverse();
                for attachment in &mut a.transit_gateway_vpc_attachments {
                    attachment.subnet_ids.reverse();
                }
            },
        );
        each(
            &mut snapshot,
            |f| &mut f.route_tables,
            |a| {
                a.route_tables.reverse();
                for table in &mut a.route_tables {
                    table.associations.reverse();
                }
            },
        );
        each(
            &mut snapshot,
            |f| &mut f.network_acls,
            |a| {
                a.network_acls.reverse();
                for acl in &mut a.network_acls {
                    acl.associations.reverse();
                    acl.entries.reverse();
                }
            },
        );
        each(
            &mut snapshot,
            |f| &mut f.network_interfaces,
            |a| {
                a.network_interfaces.reverse();
                for interface in &mut a.network_interfaces {
                    interface.groups.reverse();
                }
            },
        );
        each(
            &mut snapshot,
            |f| &mut f.security_groups,
            |a| {
                a.security_groups.reverse();
                for group in &mut a.security_groups {
                    group.ip_permissions.reverse();
                    group.ip_permissions_egress.reverse();
                }
            },
        );
        assert_eq!(before, gist(&prove(&snapshot, &from, port)), "seed {seed}");
    }
}

#[test]
fn the_names_of_things_are_irrelevant() {
    // Every id gets another middle; kinds are told by prefixes, and those stay.
    let kinds = [
        "vpc-", "subnet-", "sg-", "acl-", "rtb-", "eni-", "pcx-", "tgw-", "nat-", "pl-",
    ];
    let rename = |text: &str| {
        kinds.iter().fold(text.to_owned(), |text, kind| {
            text.replace(&format!("\"{kind}"), &format!("\"{kind}0f"))
                .replace(&format!(":{kind}"), &format!(":{kind}0f"))
                .replace(&format!(",{kind}"), &format!(",{kind}0f"))
        })
    };
    for seed in 0..TRIES {
        let Made {
            snapshot,
            from,
            port,
        } = world::make(seed);
        let before = prove(&snapshot, &from, port);
        let text = serde_json::to_string(&snapshot).expect("plain data");
        let renamed: Snapshot = serde_json::from_str(&rename(&text)).expect("plain data");
        let after = prove(&renamed, &rename(&from), port);
        let plain = |proof: &Proof| -> Vec<String> {
            let mut all = Vec::new();
            for path in &proof.paths {
                let mut codes: Vec<_> = path
                    .blockers
                    .iter()
                    .map(|b| (b.direction, &b.code))
                    .collect();
                codes.sort();
                all.push(format!(
                    "{:?} {:?} {:?} {codes:?}",
                    path.verdict, path.source_ports, path.source_addresses
                ));
            }
            all
        };
        assert_eq!(plain(&before), plain(&after), "seed {seed}");
    }
}
