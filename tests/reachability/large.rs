//! How long a large world takes.

use serde_json::{Value, json};

use super::prove;
use msk_doctor::aws::snapshot::{Facts, Snapshot};

/// Sixty brokers in three subnets, six subnets of clients, a thousand rules.
#[test]
#[ignore = "a measurement: debug builds take some twenty times as long as release builds"]
fn a_large_world() {
    let known = |value: Value| json!({"": {"known": value}});
    let subnets: Vec<Value> = (0..9)
        .map(|n| json!({"SubnetId": format!("subnet-{n}"), "VpcId": "vpc-0",
                        "CidrBlock": format!("10.0.{n}.0/24"), "AvailabilityZoneId": format!("az{}", n % 3)}))
        .collect();
    let permissions: Vec<Value> = (0..500)
        .map(|n| {
            json!({"IpProtocol": "tcp", "FromPort": 9090, "ToPort": 9099,
                        "IpRanges": [{"CidrIp": format!("10.0.{}.{}/32", n % 9, n % 250)}]})
        })
        .collect();
    let groups: Vec<Value> = ["sg-a", "sg-b"]
        .map(|id| json!({"GroupId": id, "IpPermissions": permissions,
                         "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}))
        .into();
    let entries: Vec<Value> = (0..40)
        .map(|n| json!({"RuleNumber": n + 1, "Egress": n % 2 == 0, "RuleAction": if n > 35 { "allow" } else { "deny" },
                        "Protocol": "6", "CidrBlock": if n > 35 { "0.0.0.0/0".to_owned() } else { format!("10.0.{}.{}/32", n % 9, n) },
                        "PortRange": {"From": 1024 + n, "To": 65535 - n}}))
        .collect();
    let names: Vec<Value> = (0..9)
        .map(|n| json!({"SubnetId": format!("subnet-{n}")}))
        .collect();
    let id = |n: usize| format!("eni-{n}");
    let interfaces: Vec<Value> = (0..60)
        .map(|n| json!({"NetworkInterfaceId": id(n), "SubnetId": format!("subnet-{}", n % 3), "VpcId": "vpc-0",
                        "PrivateIpAddress": format!("10.0.{}.{}", n % 3, 10 + n), "Groups": [{"GroupId": "sg-a"}, {"GroupId": "sg-b"}]}))
        .collect();
    let nodes: Vec<Value> = (0u8..60)
        .map(|n| json!({"BrokerNodeInfo": {"AttachedENIId": id(n.into()), "BrokerId": f64::from(n)}}))
        .collect();
    let facts: Facts = serde_json::from_value(json!({
        "vpcs": known(json!({"Vpcs": [{"VpcId": "vpc-0", "CidrBlock": "10.0.0.0/16"}]})),
        "subnets": known(json!({"Subnets": subnets})),
        "security_groups": known(json!({"SecurityGroups": groups})),
        "network_acls": known(json!({"NetworkAcls": [{"NetworkAclId": "acl", "Associations": names, "Entries": entries}]})),
        "route_tables": known(json!({"RouteTables": [{"RouteTableId": "rtb", "VpcId": "vpc-0", "Associations": [{"Main": true}],
            "Routes": [{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}]}]})),
        "network_interfaces": known(json!({"NetworkInterfaces": interfaces})),
        "nodes": known(json!({"NodeInfoList": nodes})),
        "clusters": known(json!({"ClusterInfo": {"ClusterArn": "arn", "ClusterName": "demo"}})),
    }))
    .expect("facts");
    let snapshot = Snapshot {
        scopes: vec![facts],
    };
    let from = "subnet:subnet-3,subnet-4,subnet-5,subnet-6,subnet-7,subnet-8/sg:sg-a";
    let start = std::time::Instant::now();
    let proof = prove(&snapshot, from, 9098);
    println!("{} paths in {:?}", proof.paths.len(), start.elapsed());
    assert_eq!(proof.paths.len(), 360);
}
