//! Routes, peerings and transit gateways.

use serde_json::{Value, json};

use super::super::PathVerdict::{Blocked, Partial, Reachable, Unknown};
use super::{CLIENT, check, reference, row, rule};

const ROUTES: &str = "vpc/latest/userguide/route-tables-priority.html";
const GATEWAYS: &str = "vpc/latest/tgw/how-transit-gateways-work.html";

fn route(net: &str, target: &str, id: &str) -> Value {
    json!({"DestinationCidrBlock": net, target: id})
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn routes() {
    let add = |route: Value| ("tables/0/Routes/-", route);
    let pcx = "VpcPeeringConnectionId";
    let state = |code: &str| ("peerings/0/Status/Code", json!(code));
    let alone = |id: &'static str, net: &str| (id, json!([route(net, "GatewayId", "local")]));
    let unlinked = vec![
        alone("tables/0/Routes", "10.1.0.0/16"),
        alone("tables/1/Routes", "10.0.0.0/16"),
        state("deleted"),
        ("attachments", json!([])),
    ];
    let blackhole = |net: &str| json!({"DestinationCidrBlock": net, "NatGatewayId": "nat-9", "State": "blackhole"});
    let half = |net: &str| add(route(net, "NetworkInterfaceId", "eni-9"));
    let list = |net: &str| {
        (
            "prefix_lists",
            json!({"pl-1": {"known": {"Entries": [{"Cidr": net}]}}}),
        )
    };
    let by_list =
        |target: &str, id: &str| add(json!({"DestinationPrefixListId": "pl-1", target: id}));
    let propagated = |net: &str| json!({"DestinationCidrBlock": net, "GatewayId": "vgw-1", "Origin": "EnableVgwRoutePropagation"});
    let invalid = "vpc/latest/peering/invalid-peering-configurations.html";
    let vpn = "vpn/latest/s2svpn/vpn-route-priority.html";
    check(
        CLIENT,
        9098,
        vec![
            row(ROUTES, unlinked, Blocked, &["RTE-02", "RTE-04"]),
            row(
                ROUTES,
                vec![alone("tables/0/Routes", "10.1.0.0/16")],
                Blocked,
                &["RTE-03"],
            ),
            row(
                ROUTES,
                vec![alone("tables/1/Routes", "10.0.0.0/16")],
                Blocked,
                &["RTE-04"],
            ),
            row(
                ROUTES,
                vec![state("deleted")],
                Blocked,
                &["RTE-05", "RTE-05"],
            ),
            row(
                ROUTES,
                vec![state("pending-acceptance")],
                Blocked,
                &["RTE-05", "RTE-05"],
            ),
            row(
                ROUTES,
                vec![add(blackhole("10.0.1.0/24"))],
                Blocked,
                &["RTE-05"],
            ),
            // A wider one is not taken.
            row(ROUTES, vec![add(blackhole("10.0.0.0/8"))], Reachable, &[]),
            row(
                ROUTES,
                vec![("tables/1/Routes/-", blackhole("10.1.1.128/25"))],
                Partial,
                &["RTE-05"],
            ),
            row(
                ROUTES,
                vec![add(route("10.0.1.0/24", "GatewayId", "igw-1"))],
                Blocked,
                &["RTE-08"],
            ),
            row(
                ROUTES,
                vec![add(route("10.0.1.11/32", pcx, "pcx-9"))],
                Unknown,
                &[],
            ),
            row(ROUTES, vec![half("10.0.1.0/24")], Unknown, &[]),
            row(ROUTES, vec![half("10.0.2.0/24")], Reachable, &[]),
            // A route of one range comes before a prefix list's, which comes before a propagated one.
            row(
                ROUTES,
                vec![list("10.0.0.0/16"), by_list("NetworkInterfaceId", "eni-9")],
                Reachable,
                &[],
            ),
            row(
                ROUTES,
                vec![list("10.0.1.0/24"), by_list("NetworkInterfaceId", "eni-9")],
                Unknown,
                &[],
            ),
            row(
                ROUTES,
                vec![
                    list("10.0.1.0/24"),
                    add(propagated("10.0.1.0/24")),
                    by_list(pcx, "pcx-1"),
                ],
                Reachable,
                &[],
            ),
            row(ROUTES, vec![add(propagated("10.0.0.0/16"))], Reachable, &[]),
            row(ROUTES, vec![add(propagated("10.0.1.0/24"))], Unknown, &[]),
            // Both VPCs have the brokers' range.
            row(
                invalid,
                vec![
                    ("vpcs/0/CidrBlock", json!("10.0.0.0/8")),
                    (
                        "tables/0/Routes",
                        json!([route("10.0.0.0/8", "GatewayId", "local")]),
                    ),
                ],
                Blocked,
                &["RTE-06"],
            ),
            // A peering of other VPCs leads no further.
            row(
                invalid,
                vec![("peerings/0/AccepterVpcInfo/VpcId", json!("vpc-x"))],
                Blocked,
                &["RTE-03", "RTE-04"],
            ),
            // A propagated route yields to the local one, however specific.
            row(
                vpn,
                vec![("tables/1/Routes/-", propagated("10.0.1.0/24"))],
                Reachable,
                &[],
            ),
        ],
    );
    check(
        "subnet:subnet-p/sg:sg-c",
        9098,
        vec![
            row(
                vpn,
                vec![("tables/1/Routes/-", propagated("10.0.1.0/24"))],
                Reachable,
                &[],
            ),
            row(
                ROUTES,
                vec![(
                    "tables/1/Routes/-",
                    route("10.0.1.0/24", "NetworkInterfaceId", "eni-9"),
                )],
                Unknown,
                &[],
            ),
        ],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn transit_gateways() {
    let there = (
        "tables/0/Routes/1",
        route("10.0.0.0/16", "TransitGatewayId", "tgw-1"),
    );
    let back = (
        "tables/1/Routes/1",
        route("10.1.0.0/16", "TransitGatewayId", "tgw-1"),
    );
    let with =
        |changes: Vec<(&'static str, Value)>| [vec![there.clone(), back.clone()], changes].concat();
    let static_to = |net: &str, vpc: &str| {
        json!({"DestinationCidrBlock": net, "State": "active", "Type": "static",
        "TransitGatewayAttachments": [{"ResourceId": vpc, "ResourceType": "vpc"}]})
    };
    let blackhole =
        |net: &str| json!({"DestinationCidrBlock": net, "State": "blackhole", "Type": "static"});
    let refer = ("groups/1/IpPermissions", json!([reference("sg-c")]));
    let apart = ("attachments/1/SubnetIds", json!(["subnet-t"]));
    let shut =
        |id: &'static str, egress| (id, json!([rule(1, egress, "allow", "-1", "0.0.0.0/0")]));
    let acls = "vpc/latest/tgw/tgw-nacls.html";
    let groups = "vpc/latest/tgw/tgw-vpc-attachments.html";
    check(
        CLIENT,
        9098,
        vec![
            row(GATEWAYS, with(vec![]), Reachable, &[]),
            row(
                GATEWAYS,
                with(vec![("gateway-routes/1", blackhole("10.0.0.0/16"))]),
                Blocked,
                &["RTE-07"],
            ),
            row(
                GATEWAYS,
                with(vec![(
                    "gateway-routes/1",
                    static_to("10.9.0.0/16", "vpc-b"),
                )]),
                Blocked,
                &["RTE-07"],
            ),
            row(
                GATEWAYS,
                with(vec![("associations/0/Association", json!(null))]),
                Blocked,
                &["RTE-07"],
            ),
            row(
                GATEWAYS,
                with(vec![("attachments", json!([]))]),
                Blocked,
                &["RTE-07", "RTE-07"],
            ),
            // The static one of two equal ranges, the longer of two different ones.
            row(
                GATEWAYS,
                with(vec![("gateway-routes/-", blackhole("10.0.0.0/16"))]),
                Blocked,
                &["RTE-07"],
            ),
            row(
                GATEWAYS,
                with(vec![("gateway-routes/-", blackhole("10.0.0.0/8"))]),
                Reachable,
                &[],
            ),
            row(
                GATEWAYS,
                with(vec![("gateway-routes/-", blackhole("10.1.1.0/25"))]),
                Partial,
                &["RTE-07"],
            ),
            row(
                GATEWAYS,
                with(vec![(
                    "gateway-routes/-",
                    static_to("10.0.1.0/24", "vpc-x"),
                )]),
                Unknown,
                &[],
            ),
            row(
                groups,
                with(vec![("attachments/0/SubnetIds", json!(["subnet-c2"]))]),
                Blocked,
                &["RTE-14"],
            ),
            row(groups, with(vec![refer.clone()]), Reachable, &[]),
            row(
                groups,
                with(vec![refer.clone(), ("gateways/0/Options", json!({}))]),
                Blocked,
                &["SG-05"],
            ),
            row(
                groups,
                with(vec![
                    refer.clone(),
                    (
                        "attachments/1/Options",
                        json!({"SecurityGroupReferencingSupport": "disable"}),
                    ),
                ]),
                Blocked,
                &["SG-05"],
            ),
            row(
                groups,
                with(vec![(
                    "groups/0/IpPermissionsEgress",
                    json!([reference("sg-b")]),
                )]),
                Blocked,
                &["SG-05"],
            ),
            // In its hosts' subnet nothing is asked on the way in; elsewhere outgoing rules, and the hosts' incoming ones.
            row(
                acls,
                with(vec![shut("acls/1/Entries", true)]),
                Blocked,
                &["NACL-07"],
            ),
            row(
                acls,
                with(vec![apart.clone(), shut("acls/1/Entries", true)]),
                Blocked,
                &["NACL-01"],
            ),
            row(
                acls,
                with(vec![apart.clone(), shut("acls/3/Entries", true)]),
                Blocked,
                &["NACL-07"],
            ),
            row(
                acls,
                with(vec![apart, shut("acls/3/Entries", false)]),
                Blocked,
                &["NACL-07"],
            ),
        ],
    );
}
