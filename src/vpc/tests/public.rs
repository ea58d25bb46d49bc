//! The listener for the internet, NAT gateways, and functions without a VPC.

use serde_json::{Value, json};

use super::super::PathVerdict::{Blocked, Reachable};
use super::{check, permission, row};

/// A private subnet with a NAT gateway in a public one, and brokers with public addresses.
fn public(more: Vec<(&'static str, Value)>) -> Vec<(&'static str, Value)> {
    let local = json!({"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"});
    let table = |id: &str, subnet: &str, target: &str, gateway: &str| {
        json!({"RouteTableId": id, "VpcId": "vpc-b", "Associations": [{"SubnetId": subnet}],
               "Routes": [local, {"DestinationCidrBlock": "0.0.0.0/0", target: gateway}]})
    };
    let changes = vec![
        (
            "tables/-",
            table("rtb-p", "subnet-p", "NatGatewayId", "nat-1"),
        ),
        ("tables/-", table("rtb-n", "subnet-n", "GatewayId", "igw-1")),
        ("tables/-", table("rtb-x", "subnet-b", "GatewayId", "igw-1")),
        (
            "nat_gateways",
            json!({"": {"known": {"NatGateways": [{"NatGatewayId": "nat-1", "SubnetId": "subnet-n",
            "State": "available", "NatGatewayAddresses": [{"PrivateIp": "10.0.3.9", "PublicIp": "198.51.100.9"}]}]}}}),
        ),
        (
            "internet_gateways",
            json!({"": {"known": {"InternetGateways": [
            {"InternetGatewayId": "igw-1", "Attachments": [{"VpcId": "vpc-b"}]}]}}}),
        ),
        ("enis/0/Association", json!({"PublicIp": "203.0.113.11"})),
        ("enis/1/Association", json!({"PublicIp": "203.0.113.12"})),
        (
            "groups/1/IpPermissions",
            json!([permission("tcp", 9198, 9198, "198.51.100.9/32")]),
        ),
    ];
    [changes, more].concat()
}

#[test]
fn public_listeners() {
    let nat = "vpc/latest/userguide/nat-gateway-basics.html";
    let access = "msk/latest/developerguide/public-access.html";
    check(
        "subnet:subnet-p/sg:sg-c",
        9198,
        vec![
            // The brokers see the gateway's public address, not the client's.
            row(nat, public(vec![]), Reachable, &[]),
            row(
                nat,
                public(vec![(
                    "groups/1/IpPermissions",
                    json!([permission("tcp", 9198, 9198, "10.0.0.0/8")]),
                )]),
                Blocked,
                &["SG-01"],
            ),
            row(
                access,
                public(vec![("enis/0/Association", json!(null))]),
                Blocked,
                &["CLU-13"],
            ),
            row(
                "lambda/latest/dg/configuration-vpc-internet.html",
                public(vec![(
                    "tables/2/Routes/1",
                    json!({"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}),
                )]),
                Blocked,
                &["RTE-11"],
            ),
            row(
                access,
                public(vec![(
                    "tables/2/Routes",
                    json!([{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}]),
                )]),
                Blocked,
                &["RTE-11"],
            ),
            row(
                nat,
                public(vec![(
                    "nat_gateways//known/NatGateways/0/State",
                    json!("failed"),
                )]),
                Blocked,
                &["RTE-05"],
            ),
        ],
    );
}

#[test]
fn functions_without_a_vpc() {
    let function = json!({"orders": {"known": {"FunctionName": "orders"}}});
    check(
        "function:orders",
        9098,
        vec![row(
            "lambda/latest/dg/configuration-vpc.html",
            vec![("functions", function)],
            Blocked,
            &["RTE-01"],
        )],
    );
}
