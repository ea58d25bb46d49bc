#!/usr/bin/env python3
"""Writes the facts of a large world: brokers, client subnets and security group rules in the numbers given."""
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


def acl(identity, vpc, subnets, number):
    entries = [
        {
            "RuleNumber": 100 + n,
            "Protocol": "6",
            "RuleAction": "deny",
            "Egress": n % 2 == 0,
            "CidrBlock": f"192.168.{n % 256}.0/24",
            "PortRange": {"From": 22, "To": 22},
        }
        for n in range(number)
    ]
    for egress in (True, False):
        entries.append({"RuleNumber": 30000, "Protocol": "-1", "RuleAction": "allow", "Egress": egress, "CidrBlock": "0.0.0.0/0"})
        entries.append({"RuleNumber": 32767, "Protocol": "-1", "RuleAction": "deny", "Egress": egress, "CidrBlock": "0.0.0.0/0"})
    return {"NetworkAclId": identity, "VpcId": vpc, "Associations": [{"SubnetId": s} for s in subnets], "Entries": entries}


def world(brokers, subnets, count):
    broker_subnets = [f"subnet-b{n}" for n in range(3)]
    client_subnets = [f"subnet-c{n}" for n in range(subnets)]
    ip = lambda n: f"10.2.{n % 3}.{10 + n // 3}"
    return {
        "ec2-describe-vpcs": {"Vpcs": [{"VpcId": "vpc-c", "CidrBlock": "10.1.0.0/16"}, {"VpcId": "vpc-b", "CidrBlock": "10.2.0.0/16"}]},
        "ec2-describe-subnets": {
            "Subnets": [
                {"SubnetId": s, "VpcId": "vpc-b", "CidrBlock": f"10.2.{n}.0/24", "AvailabilityZone": f"{REGION}{'abc'[n]}"}
                for n, s in enumerate(broker_subnets)
            ]
            + [
                {"SubnetId": s, "VpcId": "vpc-c", "CidrBlock": f"10.1.{n}.0/24", "AvailabilityZone": f"{REGION}{'abc'[n % 3]}"}
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
        "ec2-describe-network-acls": {"NetworkAcls": [acl("acl-c", "vpc-c", client_subnets, count // 50), acl("acl-b", "vpc-b", broker_subnets, count // 50)]},
        "ec2-describe-security-groups": {
            "SecurityGroups": [
                {"GroupId": "sg-c", "VpcId": "vpc-c", "IpPermissions": [], "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]},
                {"GroupId": "sg-b", "VpcId": "vpc-b", "IpPermissions": rules(count, 0), "IpPermissionsEgress": []},
            ]
        },
        "ec2-describe-network-interfaces": {
            "NetworkInterfaces": [
                {"NetworkInterfaceId": f"eni-{n}", "VpcId": "vpc-b", "SubnetId": broker_subnets[n % 3], "PrivateIpAddress": ip(n), "Groups": [{"GroupId": "sg-b"}]}
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
                {"BrokerNodeInfo": {"AttachedENIId": f"eni-{n}", "BrokerId": n + 1, "ClientSubnet": broker_subnets[n % 3], "ClientVpcIpAddress": ip(n), "Endpoints": [f"b-{n + 1}.large.a1b2c3.c2.kafka.{REGION}.amazonaws.com"]}}
                for n in range(brokers)
            ]
        },
        "lambda-get-function-configuration.orders": {"FunctionName": "orders", "VpcConfig": {"VpcId": "vpc-c", "SubnetIds": client_subnets, "SecurityGroupIds": ["sg-c"]}},
    }


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, answer in world(*(int(number) for number in sys.argv[2:5])).items():
        (folder / f"{name}.json").write_text(json.dumps(answer))


main()
