"""Two peered VPCs, a function in one and brokers in the other, as Terraform would make them."""

import io
import json
import zipfile

import boto3

ARN = "arn:aws:kafka:eu-west-1:123456789012:cluster/demo/0f7a9b6e-1111-2222-3333-444455556666-1"

# All that `msk-doctor network orders` asks.
CALLS = [
    "DescribeVpcs", "DescribeSubnets", "DescribeRouteTables", "DescribeNetworkAcls", "DescribeSecurityGroups",
    "DescribeNetworkInterfaces", "DescribeVpcPeeringConnections", "DescribeVpcAttribute", "GetManagedPrefixListEntries",
    "DescribeClusterV2", "ListNodes", "GetBootstrapBrokers", "GetFunctionConfiguration", "ListEventSourceMappings",
    "DescribeVpcEndpoints", "ListHostedZonesByVPC", "ListResourceRecordSets", "ListResolverRuleAssociations",
    "ListResolverRules", "ListFirewallRuleGroupAssociations",
]  # fmt: skip
# What `msk-doctor diagnose orders` asks besides: the rights of the function's role.
RIGHTS = [
    "GetRole", "ListAttachedRolePolicies", "ListRolePolicies", "GetRolePolicy", "GetPolicy", "GetPolicyVersion",
    "GetClusterPolicy", "SimulatePrincipalPolicy", "GetFunctionConcurrency",
]  # fmt: skip


def api(url, service):
    return boto3.client(
        service, region_name="eu-west-1", endpoint_url=url, aws_access_key_id="a", aws_secret_access_key="b"
    )


def fill(url):
    ec2, iam, functions = (api(url, service) for service in ["ec2", "iam", "lambda"])
    ids = {}
    for name, net in [("client", "10.1"), ("broker", "10.2")]:
        vpc = ec2.create_vpc(CidrBlock=f"{net}.0.0/16")["Vpc"]["VpcId"]
        ids[f"{name}_vpc"] = vpc
        ids[f"{name}_subnets"] = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"{net}.{i}.0/24", AvailabilityZone=f"eu-west-1{zone}")["Subnet"]["SubnetId"]
            for i, zone in enumerate("ab")
        ]
        ids[f"{name}_group"] = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        filters = [{"Name": "vpc-id", "Values": [vpc]}]
        ids[f"{name}_table"] = ec2.describe_route_tables(Filters=filters)["RouteTables"][0]["RouteTableId"]
    peering = ec2.create_vpc_peering_connection(VpcId=ids["client_vpc"], PeerVpcId=ids["broker_vpc"])
    ids["peering"] = peering = peering["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    for table, net in [("client_table", "10.2.0.0/16"), ("broker_table", "10.1.0.0/16")]:
        ec2.create_route(RouteTableId=ids[table], DestinationCidrBlock=net, VpcPeeringConnectionId=peering)
    lists = ec2.create_managed_prefix_list(
        PrefixListName="clients", MaxEntries=2, AddressFamily="IPv4", Entries=[{"Cidr": "10.1.0.0/16"}]
    )
    ids["prefix_list"] = lists["PrefixList"]["PrefixListId"]
    ec2.authorize_security_group_ingress(
        GroupId=ids["broker_group"],
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 9098, "ToPort": 9098, "PrefixListIds": [{"PrefixListId": ids["prefix_list"]}]}],
    )
    nodes = []
    for number, subnet in enumerate(ids["broker_subnets"], 1):
        interface = ec2.create_network_interface(SubnetId=subnet, Groups=[ids["broker_group"]])["NetworkInterface"]
        node = {
            "attachedENIId": interface["NetworkInterfaceId"],
            "brokerId": float(number),
            "clientSubnet": subnet,
            "clientVpcIpAddress": interface["PrivateIpAddress"],
            "endpoints": [f"b-{number}.demo.a1b2c3.c2.kafka.eu-west-1.amazonaws.com"],
        }
        nodes.append({"nodeType": "BROKER", "brokerNodeInfo": node})
    ids["broker_interfaces"] = [node["brokerNodeInfo"]["attachedENIId"] for node in nodes]
    started = ec2.run_instances(
        ImageId="ami-12c6146b", MinCount=1, MaxCount=1, SubnetId=ids["client_subnets"][0], SecurityGroupIds=[ids["client_group"]]
    )
    ids["instance"] = started["Instances"][0]["InstanceId"]
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    made = iam.create_policy(
        PolicyName="kafka",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kafka-cluster:*", "Resource": "*"}]}),
    )
    ids["policy"] = made["Policy"]["Arn"]
    limit = iam.create_policy(
        PolicyName="limit",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}),
    )
    ids["boundary"] = limit["Policy"]["Arn"]
    role = iam.create_role(RoleName="orders", Path="/apps/", AssumeRolePolicyDocument=trust, PermissionsBoundary=ids["boundary"])
    role = role["Role"]["Arn"]
    iam.attach_role_policy(RoleName="orders", PolicyArn=ids["policy"])
    own = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]}
    iam.put_role_policy(RoleName="orders", PolicyName="logs", PolicyDocument=json.dumps(own))
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("main.py", "def handler(event, context): pass")
    functions.create_function(
        FunctionName="orders",
        Runtime="python3.12",
        Role=role,
        Handler="main.handler",
        Code={"ZipFile": code.getvalue()},
        VpcConfig={"SubnetIds": ids["client_subnets"], "SecurityGroupIds": [ids["client_group"]]},
        Environment={"Variables": {"CLUSTER": ARN, "DB_PASSWORD": "hunter2"}},
    )
    cluster = {
        "clusterArn": ARN,
        "clusterName": "demo",
        "clusterType": "PROVISIONED",
        "state": "ACTIVE",
        "provisioned": {
            "numberOfBrokerNodes": 2,
            "brokerNodeGroupInfo": {"clientSubnets": ids["broker_subnets"], "securityGroups": [ids["broker_group"]]},
        },
    }
    route53 = api(url, "route53")
    made = route53.create_hosted_zone(
        Name="kafka.eu-west-1.amazonaws.com", CallerReference="1", VPC={"VPCRegion": "eu-west-1", "VPCId": ids["client_vpc"]},
        HostedZoneConfig={"PrivateZone": True},
    )
    ids["zone"] = made["HostedZone"]["Id"].removeprefix("/hostedzone/")
    brokers = [node["brokerNodeInfo"] for node in nodes]
    ids["records"] = [
        {"Name": broker["endpoints"][0], "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": broker["clientVpcIpAddress"]}]}
        for broker in brokers
    ]
    changes = [{"Action": "CREATE", "ResourceRecordSet": record} for record in ids["records"]]
    route53.change_resource_record_sets(HostedZoneId=ids["zone"], ChangeBatch={"Changes": changes})
    names = [f"b-{number}.demo.a1b2c3.c2.kafka.eu-west-1.amazonaws.com" for number in (1, 2)]
    kafka = {
        "DescribeClusterV2": {"clusterInfo": cluster},
        "ListClustersV2": {"clusterInfoList": [cluster, cluster | {"clusterArn": ARN + "9", "clusterName": "demo-2"}]},
        "ListNodes": {"nodeInfoList": nodes},
        "ListVpcConnections": {"vpcConnections": []},
        "ListClientVpcConnections": {"clientVpcConnections": []},
        "GetBootstrapBrokers": {
            "bootstrapBrokerStringSaslIam": ",".join(f"{name}:9098" for name in names),
            "bootstrapBrokerStringSaslIamIpv6": ",".join(f"{name}:20098" for name in names),
        },
    }
    return ids, kafka
