#!/usr/bin/env python3
"""Writes the facts of a large world: brokers, client subnets and security group rules in the numbers given.

`usual`: rules as they grow over the years, and one that admits the whole VPC, the last.
`adverse`: nothing wider than one address, so that every set falls into pieces. Half of the rules admit every second
address of the clients' subnets, half let the clients out to the brokers one by one; ACLs deny single ports of the replies.
"""
import json
import pathlib
import sys

ACCOUNT, REGION = "111122223333", "eu-west-1"
ARN = f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/large/11111111-2222-3333-4444-555555555555-1"


def rules(count, start):
    """Rules as they grow over the years: one address each, and one range that matters, the last."""
    one = [
        {
            "IpProtocol": "tcp",
            "FromPort": 9092 + 2 * (n % 4),
            "ToPort": 9092 + 2 * (n % 4),
            "IpRanges": [{"CidrIp": f"172.16.{(start + n) // 200 % 256}.{(start + n) % 200}/32"}],
        }
        for n in range(count - 1)
    ]
    return one + [{"IpProtocol": "tcp", "FromPort": 9098, "ToPort": 9098, "IpRanges": [{"CidrIp": "10.1.0.0/16"}]}]


def singles(count, address, spans):
    """Rules of one address each, with the spans of ports in turn."""
    return [
        {
            "IpProtocol": "tcp",
            "FromPort": spans[n % len(spans)][0],
            "ToPort": spans[n % len(spans)][1],
            "IpRanges": [{"CidrIp": f"{address(n)}/32"}],
        }
        for n in range(count)
    ]


def group_rules(shape, subnets, brokers, count):
    """What lets the clients out, and what lets them in."""
    if shape == "usual":
        return [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}], rules(count, 0)

    def client(n):
        nth = 2 * (n // subnets)
        return f"10.1.{8 * (n % subnets) + nth // 240}.{4 + nth % 240}"

    def broker(n):
        return broker_ip(n) if n < brokers else f"10.2.{3 + n // 120}.{4 + 2 * (n % 120)}"

    out = singles(count // 2, broker, [(9098, 9098), (9090, 9100)])
    # The last span is that of a listener that is not asked for.
    return out, singles(count // 2, client, [(9098, 9098), (9090, 9100), (9098, 9099), (9092, 9094)])


def acl(identity, vpc, subnets, number, shape, remote):
    """An ACL whose first rules deny; `remote` is the network at the other end."""
    def entry(n):
        if shape == "usual":
            return {"Egress": n % 2 == 0, "CidrBlock": f"192.168.{n % 256}.0/24", "PortRange": {"From": 22, "To": 22}}
        port = 1100 + 1500 * n
        return {"Egress": n % 2 == 0, "CidrBlock": f"{remote}.{8 * (n % 6)}.{64 * (n % 4)}/26", "PortRange": {"From": port, "To": port}}

    entries = [{"RuleNumber": 100 + n, "Protocol": "6", "RuleAction": "deny", **entry(n)} for n in range(number)]
    for egress in (True, False):
        entries.append({"RuleNumber": 30000, "Protocol": "-1", "RuleAction": "allow", "Egress": egress, "CidrBlock": "0.0.0.0/0"})
        entries.append({"RuleNumber": 32767, "Protocol": "-1", "RuleAction": "deny", "Egress": egress, "CidrBlock": "0.0.0.0/0"})
    return {"NetworkAclId": identity, "VpcId": vpc, "Associations": [{"SubnetId": s} for s in subnets], "Entries": entries}


def broker_ip(n):
    return f"10.2.{n % 3}.{10 + n // 3}"


def world(brokers, subnets, count, shape):
    broker_subnets = [f"subnet-b{n}" for n in range(3)]
    client_subnets = [f"subnet-c{n}" for n in range(subnets)]
    client_range = (lambda n: f"10.1.{n}.0/24") if shape == "usual" else (lambda n: f"10.1.{8 * n}.0/21")
    out, into = group_rules(shape, subnets, brokers, count)
    # AWS allows at most 40 rules a direction.
    denials = count // 50 if shape == "usual" else min(count // 50, 40)
    return {
        "ec2-describe-vpcs": {"Vpcs": [{"VpcId": "vpc-c", "CidrBlock": "10.1.0.0/16"}, {"VpcId": "vpc-b", "CidrBlock": "10.2.0.0/16"}]},
        "ec2-describe-subnets": {
            "Subnets": [
                {"SubnetId": s, "VpcId": "vpc-b", "CidrBlock": f"10.2.{n}.0/24", "AvailabilityZone": f"{REGION}{'abc'[n]}"}
                for n, s in enumerate(broker_subnets)
            ]
            + [
                {"SubnetId": s, "VpcId": "vpc-c", "CidrBlock": client_range(n), "AvailabilityZone": f"{REGION}{'abc'[n % 3]}"}
                for n, s in enumerate(client_subnets)
            ]
        },
        "ec2-describe-route-tables": {
            "RouteTables": [
                {
                    "RouteTableId": f"rtb-{side}",
                    "VpcId": f"vpc-{side}",
                    "Associations": [{"Main": True}],
                    "Routes": [
                        {"DestinationCidrBlock": own, "GatewayId": "local", "State": "active"},
                        {"DestinationCidrBlock": other, "VpcPeeringConnectionId": "pcx-1", "State": "active"},
                    ],
                }
                for side, own, other in (("c", "10.1.0.0/16", "10.2.0.0/16"), ("b", "10.2.0.0/16", "10.1.0.0/16"))
            ]
        },
        "ec2-describe-network-acls": {"NetworkAcls": [acl("acl-c", "vpc-c", client_subnets, denials, shape, "10.2"), acl("acl-b", "vpc-b", broker_subnets, denials, shape, "10.1")]},
        "ec2-describe-security-groups": {
            "SecurityGroups": [
                {"GroupId": "sg-c", "VpcId": "vpc-c", "IpPermissions": [], "IpPermissionsEgress": out},
                {"GroupId": "sg-b", "VpcId": "vpc-b", "IpPermissions": into, "IpPermissionsEgress": []},
            ]
        },
        "ec2-describe-network-interfaces": {
            "NetworkInterfaces": [
                {"NetworkInterfaceId": f"eni-{n}", "VpcId": "vpc-b", "SubnetId": broker_subnets[n % 3], "PrivateIpAddress": broker_ip(n), "Groups": [{"GroupId": "sg-b"}]}
                for n in range(brokers)
            ]
        },
        "ec2-describe-vpc-peering-connections": {
            "VpcPeeringConnections": [
                {"VpcPeeringConnectionId": "pcx-1", "Status": {"Code": "active"}, "RequesterVpcInfo": {"VpcId": "vpc-c"}, "AccepterVpcInfo": {"VpcId": "vpc-b"}}
            ]
        },
        "kafka-describe-cluster-v2": {"ClusterInfo": {"ClusterArn": ARN, "ClusterName": "large", "State": "ACTIVE", "Provisioned": {"BrokerNodeGroupInfo": {"ClientSubnets": broker_subnets, "SecurityGroups": ["sg-b"]}}}},
        "kafka-list-nodes": {
            "NodeInfoList": [
                {"BrokerNodeInfo": {"AttachedENIId": f"eni-{n}", "BrokerId": n + 1, "ClientSubnet": broker_subnets[n % 3], "ClientVpcIpAddress": broker_ip(n), "Endpoints": [f"b-{n + 1}.large.a1b2c3.c2.kafka.{REGION}.amazonaws.com"]}}
                for n in range(brokers)
            ]
        },
        "lambda-get-function-configuration.orders": {"FunctionName": "orders", "VpcConfig": {"VpcId": "vpc-c", "SubnetIds": client_subnets, "SecurityGroupIds": ["sg-c"]}},
    }


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, answer in world(*(int(number) for number in sys.argv[2:5]), sys.argv[5]).items():
        (folder / f"{name}.json").write_text(json.dumps(answer))


if __name__ == "__main__":
    main()
