//! Random roads: route tables, peerings, transit gateways, NAT gateways.

use ipnet::IpNet;
use msk_doctor::aws::snapshot::ec2::{
    DescribeNatGateways, DescribeTransitGatewayAttachments,
    DescribeTransitGatewayPeeringAttachments, DescribeTransitGatewayVpcAttachments,
    DescribeTransitGateways, DescribeVpcPeeringConnections, NatGateway, NatGatewayAddress,
    PeeringTgw, PeeringVpc, Route, RouteTable, RouteTableAssociation, SearchTransitGatewayRoutes,
    State, TransitGateway, TransitGatewayAssociation, TransitGatewayAttachment,
    TransitGatewayOptions, TransitGatewayPeeringAttachment, TransitGatewayRoute,
    TransitGatewayRouteAttachment, TransitGatewayVpcAttachment, VpcPeeringConnection,
};
use msk_doctor::aws::snapshot::{Answer, Facts};

use super::rules::list;
use super::world::{Dice, Plan, only};

/// Builds the links, and gives the tables that lead into them.
pub fn build(plan: &Plan, facts: &mut Facts, dice: &mut Dice) -> Vec<RouteTable> {
    peerings(plan, facts, dice);
    gateways(plan, facts, dice);
    let mut nats = Vec::new();
    for vpc in 0..plan.vpcs.len() {
        let subnet = *dice.pick(&plan.subnets_of(vpc));
        let Some(net) = subnet.cidr_block else {
            continue;
        };
        nats.push(NatGateway {
            nat_gateway_id: format!("nat-{vpc}"),
            subnet_id: Some(subnet.subnet_id.clone()),
            vpc_id: Some(subnet.vpc_id.clone()),
            state: Some("available".to_owned()),
            connectivity_type: Some("private".to_owned()),
            nat_gateway_addresses: vec![NatGatewayAddress {
                private_ip: Some(std::net::Ipv4Addr::from_bits(net.network().to_bits() + 33)),
                ..NatGatewayAddress::default()
            }],
        });
    }
    facts.nat_gateways = only(DescribeNatGateways { nat_gateways: nats });
    (0..plan.vpcs.len())
        .flat_map(|vpc| tables(plan, vpc, dice))
        .collect()
}

fn peerings(plan: &Plan, facts: &mut Facts, dice: &mut Dice) {
    let mut found = Vec::new();
    for one in 0..plan.vpcs.len() {
        for other in one + 1..plan.vpcs.len() {
            let state = *dice.pick(&["active", "active", "active", "active", "active", "deleted"]);
            let side = |vpc: usize, region: &str| PeeringVpc {
                vpc_id: Some(format!("vpc-{vpc}")),
                region: Some(region.to_owned()),
                ..PeeringVpc::default()
            };
            let far = if dice.chance(20) {
                "eu-west-2"
            } else {
                "eu-west-1"
            };
            found.push(VpcPeeringConnection {
                vpc_peering_connection_id: format!("pcx-{one}-{other}"),
                status: Some(State {
                    code: Some(state.to_owned()),
                    ..State::default()
                }),
                requester_vpc_info: side(one, "eu-west-1"),
                accepter_vpc_info: side(other, far),
            });
        }
    }
    facts.peerings = only(DescribeVpcPeeringConnections {
        vpc_peering_connections: found,
    });
}

fn gateways(plan: &Plan, facts: &mut Facts, dice: &mut Dice) {
    let switch = |on: bool| Some(if on { "enable" } else { "disable" }.to_owned());
    facts.transit_gateways = only(DescribeTransitGateways {
        transit_gateways: (0..2)
            .map(|gateway| TransitGateway {
                transit_gateway_id: format!("tgw-{gateway}"),
                options: Some(TransitGatewayOptions {
                    security_group_referencing_support: switch(dice.chance(60)),
                    ..TransitGatewayOptions::default()
                }),
                ..TransitGateway::default()
            })
            .collect(),
    });
    let (mut of_vpcs, mut of_any) = (Vec::new(), Vec::new());
    for vpc in 0..plan.vpcs.len() {
        let mut zones = Vec::new();
        let mut subnets = Vec::new();
        for subnet in plan.subnets_of(vpc) {
            // One subnet for each zone at the most.
            if !zones.contains(&&subnet.availability_zone_id) && dice.chance(85) {
                zones.push(&subnet.availability_zone_id);
                subnets.push(subnet.subnet_id.clone());
            }
        }
        if subnets.is_empty() || dice.chance(6) {
            continue;
        }
        let id = format!("tgw-attach-{vpc}");
        of_vpcs.push(TransitGatewayVpcAttachment {
            transit_gateway_attachment_id: id.clone(),
            transit_gateway_id: Some(home(plan, vpc)),
            vpc_id: Some(format!("vpc-{vpc}")),
            state: Some(
                if dice.chance(96) {
                    "available"
                } else {
                    "deleted"
                }
                .to_owned(),
            ),
            subnet_ids: subnets,
            options: Some(TransitGatewayOptions {
                security_group_referencing_support: switch(dice.chance(85)),
                appliance_mode_support: switch(dice.chance(10)),
                ipv6_support: switch(dice.chance(90)),
            }),
        });
        of_any.push(TransitGatewayAttachment {
            transit_gateway_attachment_id: id,
            transit_gateway_id: Some(home(plan, vpc)),
            resource_id: Some(format!("vpc-{vpc}")),
            resource_type: Some("vpc".to_owned()),
            association: association(plan.homes[vpc], dice),
            ..TransitGatewayAttachment::default()
        });
    }
    // Each side sees the peering under the same id, with a table of its own.
    for gateway in 0..2 {
        of_any.push(TransitGatewayAttachment {
            transit_gateway_attachment_id: "tgw-attach-peer".to_owned(),
            transit_gateway_id: Some(format!("tgw-{gateway}")),
            resource_id: Some(format!("tgw-{}", 1 - gateway)),
            resource_type: Some("peering".to_owned()),
            association: association(gateway, dice),
            ..TransitGatewayAttachment::default()
        });
    }
    let side = |gateway: &str| PeeringTgw {
        transit_gateway_id: Some(gateway.to_owned()),
        ..PeeringTgw::default()
    };
    let state = if dice.chance(92) {
        "available"
    } else {
        "deleted"
    };
    facts.transit_gateway_peering_attachments = only(DescribeTransitGatewayPeeringAttachments {
        transit_gateway_peering_attachments: vec![TransitGatewayPeeringAttachment {
            transit_gateway_attachment_id: "tgw-attach-peer".to_owned(),
            state: Some(state.to_owned()),
            requester_tgw_info: side("tgw-0"),
            accepter_tgw_info: side("tgw-1"),
        }],
    });
    facts.transit_gateway_vpc_attachments = only(DescribeTransitGatewayVpcAttachments {
        transit_gateway_vpc_attachments: of_vpcs,
    });
    facts.transit_gateway_attachments = only(DescribeTransitGatewayAttachments {
        transit_gateway_attachments: of_any,
    });
    for table in 0..4 {
        let answer = Answer::Known(SearchTransitGatewayRoutes {
            routes: gateway_routes(plan, table / 2, dice),
            additional_routes_available: false,
        });
        facts
            .transit_gateway_routes
            .insert(format!("tgw-rtb-{table}"), answer);
    }
}

/// The transit gateway of a VPC.
fn home(plan: &Plan, vpc: usize) -> String {
    format!("tgw-{}", plan.homes[vpc])
}

/// One of the gateway's two tables.
fn association(gateway: usize, dice: &mut Dice) -> Option<TransitGatewayAssociation> {
    dice.chance(95).then(|| TransitGatewayAssociation {
        transit_gateway_route_table_id: Some(format!("tgw-rtb-{}", 2 * gateway + dice.roll(2))),
        state: Some("associated".to_owned()),
    })
}

fn gateway_routes(plan: &Plan, gateway: usize, dice: &mut Dice) -> Vec<TransitGatewayRoute> {
    let mut found = Vec::new();
    let mut taken: Vec<(IpNet, bool)> = Vec::new();
    let mut add = |net: IpNet, vpc: usize, is_static: bool, blackhole: bool| {
        if taken.contains(&(net, is_static)) {
            return;
        }
        taken.push((net, is_static));
        found.push(TransitGatewayRoute {
            destination_cidr_block: Some(net),
            prefix_list_id: None,
            state: Some(if blackhole { "blackhole" } else { "active" }.to_owned()),
            kind: Some(if is_static { "static" } else { "propagated" }.to_owned()),
            transit_gateway_attachments: if blackhole {
                Vec::new()
            } else {
                vec![if plan.homes[vpc] == gateway {
                    TransitGatewayRouteAttachment {
                        transit_gateway_attachment_id: Some(format!("tgw-attach-{vpc}")),
                        resource_id: Some(format!("vpc-{vpc}")),
                        resource_type: Some("vpc".to_owned()),
                    }
                } else {
                    TransitGatewayRouteAttachment {
                        transit_gateway_attachment_id: Some("tgw-attach-peer".to_owned()),
                        resource_id: Some(format!("tgw-{}", 1 - gateway)),
                        resource_type: Some("peering".to_owned()),
                    }
                }]
            },
        });
    };
    for vpc in 0..plan.vpcs.len() {
        if dice.chance(85) {
            // Peerings propagate nothing.
            let is_static = plan.homes[vpc] != gateway;
            add(plan.range(vpc), vpc, is_static, false);
        }
    }
    for _ in 0..dice.roll(3) {
        let to = dice.roll(plan.vpcs.len());
        let net = plan.any_range(dice);
        let (is_static, blackhole) = (
            dice.chance(70) || plan.homes[to] != gateway,
            dice.chance(30),
        );
        add(net, to, is_static || blackhole, blackhole);
    }
    let list = dice.chance(10).then(|| TransitGatewayRoute {
        prefix_list_id: Some("pl-0".to_owned()),
        state: Some("active".to_owned()),
        kind: Some("static".to_owned()),
        transit_gateway_attachments: vec![TransitGatewayRouteAttachment {
            resource_id: Some("vpc-0".to_owned()),
            resource_type: Some("vpc".to_owned()),
            ..TransitGatewayRouteAttachment::default()
        }],
        ..TransitGatewayRoute::default()
    });
    found.extend(list);
    let turn = dice.roll(found.len().max(1));
    found.rotate_left(turn);
    found
}

fn route(net: Option<IpNet>) -> Route {
    let mut made = Route {
        state: Some("active".to_owned()),
        origin: Some("CreateRoute".to_owned()),
        ..Route::default()
    };
    match net {
        Some(IpNet::V4(net)) => made.destination_cidr_block = Some(net),
        Some(IpNet::V6(net)) => made.destination_ipv6_cidr_block = Some(net),
        None => {}
    }
    made
}

fn towards(plan: &Plan, vpc: usize, other: usize, made: &mut Route, dice: &mut Dice) {
    if other != vpc && dice.chance(50) {
        made.vpc_peering_connection_id = Some(format!("pcx-{}-{}", vpc.min(other), vpc.max(other)));
    } else if plan.vpcs.len() > 1 {
        made.transit_gateway_id = Some(home(plan, vpc));
    } else {
        made.gateway_id = Some("igw-0".to_owned());
    }
}

fn tables(plan: &Plan, vpc: usize, dice: &mut Dice) -> Vec<RouteTable> {
    let mut found: Vec<RouteTable> = (0..2)
        .map(|index| RouteTable {
            route_table_id: format!("rtb-{vpc}-{index}"),
            vpc_id: format!("vpc-{vpc}"),
            associations: vec![RouteTableAssociation {
                main: index == 0,
                ..RouteTableAssociation::default()
            }],
            routes: routes(plan, vpc, dice),
            ..RouteTable::default()
        })
        .collect();
    for subnet in plan.subnets_of(vpc) {
        if dice.chance(60) {
            let which = dice.roll(2);
            found[which].associations.push(RouteTableAssociation {
                subnet_id: Some(subnet.subnet_id.clone()),
                ..RouteTableAssociation::default()
            });
        }
    }
    found
}

fn routes(plan: &Plan, vpc: usize, dice: &mut Dice) -> Vec<Route> {
    let mut local = route(Some(plan.range(vpc)));
    local.gateway_id = Some("local".to_owned());
    let mut found = vec![local];
    for other in 0..plan.vpcs.len() {
        if other != vpc && dice.chance(94) {
            let mut made = route(Some(plan.range(other)));
            towards(plan, vpc, other, &mut made, dice);
            if dice.chance(4) {
                made.state = Some("blackhole".to_owned());
            }
            found.push(made);
        }
    }
    for _ in 0..dice.roll(3) {
        let mut made = route(Some(plan.any_range(dice)));
        junk(plan, vpc, &mut made, dice);
        found.push(made);
    }
    if dice.chance(8) {
        let mut made = route(None);
        made.destination_prefix_list_id = Some(list(dice));
        junk(plan, vpc, &mut made, dice);
        // Only single ranges are propagated.
        made.origin = Some("CreateRoute".to_owned());
        found.push(made);
    }
    // A table has one plain route for each range, and one propagated one.
    let key = |made: &Route| {
        let propagated = made.origin.as_deref() == Some("EnableVgwRoutePropagation");
        (made.range(), propagated)
    };
    let mut kept: Vec<Route> = Vec::new();
    for made in found {
        if made.range().is_none() || !kept.iter().any(|known| key(known) == key(&made)) {
            kept.push(made);
        }
    }
    let turn = dice.roll(kept.len());
    kept.rotate_left(turn);
    kept
}

fn junk(plan: &Plan, vpc: usize, made: &mut Route, dice: &mut Dice) {
    match dice.roll(12) {
        0 => {
            made.gateway_id = Some("vgw-0".to_owned());
            made.origin = Some("EnableVgwRoutePropagation".to_owned());
        }
        1 => made.network_interface_id = Some("eni-appliance".to_owned()),
        2 => made.gateway_id = Some("igw-0".to_owned()),
        3 if !plan.six => made.nat_gateway_id = Some(format!("nat-{vpc}")),
        4 | 5 => {
            made.state = Some("blackhole".to_owned());
            made.network_interface_id = Some("eni-gone".to_owned());
        }
        6 => made.vpc_peering_connection_id = Some("pcx-gone".to_owned()),
        7 => {
            made.gateway_id = Some("vgw-0".to_owned());
        }
        _ => {
            let other = dice.roll(plan.vpcs.len());
            towards(plan, vpc, other, made, dice);
        }
    }
}
