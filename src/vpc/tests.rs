//! Which verdict and which codes one change to a sound world gives; each row names the AWS page that says so.

mod filters;
mod links;
mod public;

use serde_json::{Value, json};

use super::{PathVerdict, Proof, Question, World, acls, answer};
use crate::aws::snapshot::{Facts, Snapshot};
use crate::target::Auth;

/// A row: the page, under docs.aws.amazon.com; what is changed, by JSON pointer; verdict and codes.
pub(super) struct Row {
    pub page: &'static str,
    pub changes: Vec<(&'static str, Value)>,
    pub verdict: PathVerdict,
    pub codes: &'static [&'static str],
}

pub(super) fn row(
    page: &'static str,
    changes: Vec<(&'static str, Value)>,
    verdict: PathVerdict,
    codes: &'static [&'static str],
) -> Row {
    Row {
        page,
        changes,
        verdict,
        codes,
    }
}

pub(super) fn acl(id: &str, subnets: &[&str]) -> Value {
    let associations: Vec<Value> = subnets.iter().map(|id| json!({"SubnetId": id})).collect();
    json!({"NetworkAclId": id, "Associations": associations, "Entries": [
        rule(100, false, "allow", "-1", "0.0.0.0/0"), rule(100, true, "allow", "-1", "0.0.0.0/0"),
        rule(32767, false, "deny", "-1", "0.0.0.0/0"), rule(32767, true, "deny", "-1", "0.0.0.0/0"),
    ]})
}

pub(super) fn rule(number: i64, egress: bool, action: &str, protocol: &str, net: &str) -> Value {
    json!({"RuleNumber": number, "Egress": egress, "RuleAction": action, "Protocol": protocol, "CidrBlock": net})
}

pub(super) fn ports(mut rule: Value, from: i64, to: i64) -> Value {
    rule["PortRange"] = json!({"From": from, "To": to});
    rule
}

pub(super) fn permission(protocol: &str, from: i64, to: i64, net: &str) -> Value {
    json!({"IpProtocol": protocol, "FromPort": from, "ToPort": to, "IpRanges": [{"CidrIp": net}]})
}

pub(super) fn reference(group: &str) -> Value {
    json!({"IpProtocol": "tcp", "FromPort": 9098, "ToPort": 9098, "UserIdGroupPairs": [{"GroupId": group}]})
}

/// A client's VPC 10.1.0.0/16 and a brokers' VPC 10.0.0.0/16, peered, and attached to a transit gateway too.
fn sound() -> Value {
    let known = |value: Value| json!({"": {"known": value}});
    let all = || json!([{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]);
    let interface = |id: &str, address: &str| {
        json!({"NetworkInterfaceId": id, "VpcId": "vpc-b", "SubnetId": "subnet-b",
               "PrivateIpAddress": address, "Groups": [{"GroupId": "sg-b"}]})
    };
    let node = |id: f64, interface: &str| json!({"BrokerNodeInfo": {"AttachedENIId": interface, "BrokerId": id, "ClientSubnet": "subnet-b"}});
    let subnet = |id: &str, vpc: &str, net: &str, zone: &str| json!({"SubnetId": id, "VpcId": vpc, "CidrBlock": net, "AvailabilityZoneId": zone});
    let local = |net: &str| json!({"DestinationCidrBlock": net, "GatewayId": "local"});
    let peered =
        |net: &str| json!({"DestinationCidrBlock": net, "VpcPeeringConnectionId": "pcx-1"});
    let table = |id: &str, vpc: &str, routes: Vec<Value>| json!({"RouteTableId": id, "VpcId": vpc, "Associations": [{"Main": true}], "Routes": routes});
    let attached = |id: &str, vpc: &str, subnet: &str| {
        json!({"TransitGatewayAttachmentId": id, "TransitGatewayId": "tgw-1", "VpcId": vpc,
               "State": "available", "SubnetIds": [subnet]})
    };
    let associated = |id: &str| {
        json!({"TransitGatewayAttachmentId": id, "TransitGatewayId": "tgw-1",
               "Association": {"TransitGatewayRouteTableId": "tgw-rtb-1"}})
    };
    let through = |net: &str, vpc: &str| {
        json!({"DestinationCidrBlock": net, "State": "active", "Type": "propagated",
               "TransitGatewayAttachments": [{"ResourceId": vpc, "ResourceType": "vpc"}]})
    };
    json!({
        "vpcs": known(json!({"Vpcs": [
            {"VpcId": "vpc-c", "CidrBlock": "10.1.0.0/16"}, {"VpcId": "vpc-b", "CidrBlock": "10.0.0.0/16"}]})),
        "subnets": known(json!({"Subnets": [
            subnet("subnet-c", "vpc-c", "10.1.1.0/24", "az1"), subnet("subnet-b", "vpc-b", "10.0.1.0/24", "az1"),
            subnet("subnet-p", "vpc-b", "10.0.2.0/24", "az1"), subnet("subnet-n", "vpc-b", "10.0.3.0/24", "az1"),
            subnet("subnet-t", "vpc-b", "10.0.4.0/28", "az1"), subnet("subnet-c2", "vpc-c", "10.1.2.0/24", "az2")]})),
        "route_tables": known(json!({"RouteTables": [
            table("rtb-c", "vpc-c", vec![local("10.1.0.0/16"), peered("10.0.0.0/16")]),
            table("rtb-b", "vpc-b", vec![local("10.0.0.0/16"), peered("10.1.0.0/16")])]})),
        "peerings": known(json!({"VpcPeeringConnections": [{"VpcPeeringConnectionId": "pcx-1",
            "Status": {"Code": "active"}, "RequesterVpcInfo": {"VpcId": "vpc-c", "Region": "eu-west-1"},
            "AccepterVpcInfo": {"VpcId": "vpc-b", "Region": "eu-west-1"}}]})),
        "network_acls": known(json!({"NetworkAcls": [
            acl("acl-c", &["subnet-c", "subnet-c2"]), acl("acl-b", &["subnet-b"]),
            acl("acl-n", &["subnet-p", "subnet-n"]), acl("acl-t", &["subnet-t"])]})),
        "security_groups": known(json!({"SecurityGroups": [
            {"GroupId": "sg-c", "IpPermissionsEgress": all()},
            {"GroupId": "sg-b", "IpPermissions": [permission("tcp", 9098, 9098, "10.0.0.0/8")]},
            {"GroupId": "sg-none"}]})),
        "network_interfaces": known(json!({"NetworkInterfaces":
            [interface("eni-1", "10.0.1.11"), interface("eni-2", "10.0.1.12")]})),
        "transit_gateways": known(json!({"TransitGateways": [{"TransitGatewayId": "tgw-1",
            "Options": {"SecurityGroupReferencingSupport": "enable"}}]})),
        "transit_gateway_vpc_attachments": known(json!({"TransitGatewayVpcAttachments":
            [attached("att-c", "vpc-c", "subnet-c"), attached("att-b", "vpc-b", "subnet-b")]})),
        "transit_gateway_attachments": known(json!({"TransitGatewayAttachments":
            [associated("att-c"), associated("att-b")]})),
        "transit_gateway_routes": {"tgw-rtb-1": {"known": {"Routes":
            [through("10.1.0.0/16", "vpc-c"), through("10.0.0.0/16", "vpc-b")]}}},
        "clusters": known(json!({"ClusterInfo": {"ClusterArn": "arn", "ClusterName": "demo",
            "Provisioned": {"BrokerNodeGroupInfo": {"SecurityGroups": ["sg-b"]}}}})),
        "nodes": known(json!({"NodeInfoList": [node(1.0, "eni-1"), node(2.0, "eni-2")]})),
    })
}

/// Shorter pointers: `acls/1` is `/network_acls//known/NetworkAcls/1`.
fn pointer(short: &str) -> String {
    let (head, rest) = short.split_once('/').unwrap_or((short, ""));
    let list = match head {
        "acls" => "network_acls//known/NetworkAcls",
        "tables" => "route_tables//known/RouteTables",
        "groups" => "security_groups//known/SecurityGroups",
        "enis" => "network_interfaces//known/NetworkInterfaces",
        "peerings" => "peerings//known/VpcPeeringConnections",
        "attachments" => "transit_gateway_vpc_attachments//known/TransitGatewayVpcAttachments",
        "associations" => "transit_gateway_attachments//known/TransitGatewayAttachments",
        "gateways" => "transit_gateways//known/TransitGateways",
        "gateway-routes" => "transit_gateway_routes/tgw-rtb-1/known/Routes",
        "vpcs" => "vpcs//known/Vpcs",
        other => other,
    };
    if rest.is_empty() {
        format!("/{list}")
    } else {
        format!("/{list}/{rest}")
    }
}

/// Proves the paths of a changed world.
pub(super) fn proof(changes: &[(&'static str, Value)], from: &str, port: u16) -> Proof {
    let mut facts = sound();
    for (at, value) in changes {
        let path = pointer(at);
        let (parent, key) = path.rsplit_once('/').expect("a pointer");
        match facts.pointer_mut(parent) {
            Some(Value::Array(list)) if key == "-" => list.push(value.clone()),
            Some(Value::Array(list)) => {
                list[key.parse::<usize>().expect("an index")] = value.clone();
            }
            Some(Value::Object(fields)) => {
                fields.insert(key.to_owned(), value.clone());
            }
            _ => panic!("{at} is nowhere"),
        }
    }
    let facts: Facts = serde_json::from_value(facts).expect("facts");
    let snapshot = Snapshot {
        scopes: vec![facts],
    };
    let acls = acls(&snapshot);
    let world = World::new(&snapshot, &acls);
    let question = Question {
        cluster: None,
        from: from.parse().expect("a vantage"),
        auth: Auth::Iam,
        ports: vec![port],
    };
    answer(&world, &question)
}

/// Checks rows for the path to the first broker.
pub(super) fn check(from: &str, port: u16, rows: Vec<Row>) {
    for (index, row) in rows.into_iter().enumerate() {
        let proof = proof(&row.changes, from, port);
        let path = proof
            .paths
            .first()
            .unwrap_or_else(|| panic!("no path: {:?}", proof.gaps));
        let codes: Vec<&str> = path.blockers.iter().map(|b| b.code.as_str()).collect();
        assert_eq!(
            (path.verdict, codes.as_slice()),
            (row.verdict, row.codes),
            "row {index}, {}: {:#?} {:?}",
            row.page,
            path.blockers,
            path.unknown
        );
    }
}

/// The usual client.
pub(super) const CLIENT: &str = "subnet:subnet-c/sg:sg-c";
