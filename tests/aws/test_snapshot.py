import json

import pytest

import world
from world import CALLS, RIGHTS

KEY = world.ARN.replace(":", "_").replace("/", "_")


@pytest.fixture
def snapshot(doctor):
    def run(folder, *words):
        done, took = doctor("snapshot", folder, *words)
        assert not done.stderr, done.stderr
        return done, took

    return run


def fact(folder, name):
    return json.loads((folder / f"{name}.json").read_text())


@pytest.mark.parametrize("words", [["--cluster", world.ARN], ["--cluster", "demo"], []], ids=["arn", "name", "function-alone"])
def test_facts_are_right(aws, snapshot, tmp_path, words):
    ids, stub = aws
    done, _ = snapshot(tmp_path, "--function", "orders", *words)
    assert done.returncode == 0, done.stdout
    function = fact(tmp_path, "lambda-get-function-configuration.orders")
    assert function["VpcConfig"]["VpcId"] == ids["client_vpc"]
    assert sorted(function["VpcConfig"]["SubnetIds"]) == sorted(ids["client_subnets"])
    assert function["Environment"]["Variables"] == {"CLUSTER": world.ARN}
    for name, field, key, wanted in [
        ("vpcs", "Vpcs", "VpcId", [ids["client_vpc"], ids["broker_vpc"]]),
        ("subnets", "Subnets", "SubnetId", ids["client_subnets"] + ids["broker_subnets"]),
        ("route-tables", "RouteTables", "RouteTableId", [ids["client_table"], ids["broker_table"]]),
        ("network-interfaces", "NetworkInterfaces", "NetworkInterfaceId", ids["broker_interfaces"]),
        ("vpc-peering-connections", "VpcPeeringConnections", "VpcPeeringConnectionId", [ids["peering"]]),
    ]:
        found = fact(tmp_path, f"ec2-describe-{name}")[field]
        assert sorted(thing[key] for thing in found) == sorted(wanted), name
    groups = {group["GroupId"]: group for group in fact(tmp_path, "ec2-describe-security-groups")["SecurityGroups"]}
    rule = groups[ids["broker_group"]]["IpPermissions"][0]
    assert (rule["FromPort"], rule["PrefixListIds"]) == (9098, [{"PrefixListId": ids["prefix_list"]}])
    entries = fact(tmp_path, f"ec2-get-managed-prefix-list-entries.{ids['prefix_list']}")["Entries"]
    assert entries == [{"Cidr": "10.1.0.0/16"}]
    assert {acl["VpcId"] for acl in fact(tmp_path, "ec2-describe-network-acls")["NetworkAcls"]} == {ids["client_vpc"], ids["broker_vpc"]}
    brokers = fact(tmp_path, f"kafka-get-bootstrap-brokers.{KEY}")
    assert brokers["BootstrapBrokerStringSaslIamIpv6"].endswith(":20098")
    assert len(fact(tmp_path, f"kafka-list-nodes.{KEY}")["NodeInfoList"]) == 2
    role = fact(tmp_path, "iam-get-role.orders")["Role"]
    assert (role["Arn"], role["PermissionsBoundary"]["PermissionsBoundaryArn"]) == (function["Role"], ids["boundary"])
    assert ":role/apps/" in role["Arn"]
    assert fact(tmp_path, "iam-get-role-policy.orders.logs")["PolicyDocument"]["Statement"][0]["Action"] == "logs:*"
    for arn, action in [(ids["policy"], "kafka-cluster:*"), (ids["boundary"], "*")]:
        version = fact(tmp_path, f"iam-get-policy-version.{arn.replace(':', '_').replace('/', '_')}")["PolicyVersion"]
        assert version["Document"]["Statement"][0]["Action"] == action
    everything = "".join(path.read_text() for path in tmp_path.glob("*.json"))
    assert "hunter2" not in everything and "demo-2" not in everything
    # No route leads there.
    assert not {"DescribeNatGateways", "DescribeTransitGateways", "DescribeVpnGateways", "DescribeInternetGateways"} & set(stub.asked)


@pytest.mark.parametrize("call", CALLS + RIGHTS)
def test_a_denied_call_is_a_fact(aws, snapshot, tmp_path, call):
    _, stub = aws
    stub.denied = {call}
    done, _ = snapshot(tmp_path, "--function", "orders", "--cluster", world.ARN)
    assert done.returncode == 0, done.stdout
    assert f":{call}" in done.stdout
    denied = [path for path in tmp_path.glob("*.json") if "An error occurred" in path.read_text()]
    assert denied and all(call in path.read_text() for path in denied)
    assert len(list(tmp_path.glob("*.json"))) > len(denied)


def test_all_denied(aws, snapshot, tmp_path):
    _, stub = aws
    stub.denied = set(CALLS + RIGHTS)
    done, _ = snapshot(tmp_path, "--function", "orders", "--cluster", world.ARN)
    assert done.returncode == 3


def test_throttling_is_waited_for(aws, snapshot, tmp_path):
    _, stub = aws
    stub.throttled = {"DescribeSubnets": 2, "ListNodes": 2}
    done, _ = snapshot(tmp_path, "--function", "orders", "--cluster", world.ARN)
    assert done.returncode == 0 and "unknown" not in done.stdout


def test_silence_ends_with_the_call(aws, snapshot, tmp_path):
    _, stub = aws
    stub.silent = {"DescribeNetworkAcls"}
    words = ["--function", "orders", "--cluster", world.ARN, "--phase-timeout", "1s"]
    done, took = snapshot(tmp_path, *words)
    assert done.returncode == 0 and "describe-network-acls failed" in done.stdout
    assert took < 5 and not (tmp_path / "ec2-describe-network-acls.json").exists()
    assert (tmp_path / "ec2-describe-route-tables.json").exists()


@pytest.mark.parametrize("words", [["--cluster", world.ARN], ["--cluster", "demo"], []], ids=["arn", "name", "function-alone"])
def test_rounds(aws, snapshot, tmp_path, words):
    """At most four rounds, each as long as one call, beyond what it takes when calls take no time: a fifth would show."""
    _, stub = aws
    words = ["--function", "orders", *words]
    snapshot(tmp_path, *words)
    fast = min(snapshot(tmp_path, *words)[1] for _ in range(3))
    stub.delay = 0.2
    slow = min(snapshot(tmp_path, *words)[1] for _ in range(3))
    assert slow - fast < 5 * 0.2, (slow, fast)
    print(f"without delay {fast * 1000:.0f} ms, with 200 ms a call {slow * 1000:.0f} ms")
