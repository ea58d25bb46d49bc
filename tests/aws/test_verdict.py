"""`diagnose`, `network` and `cluster` with the facts from the API: right, and never wrong when it does not answer."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from world import ARN, CALLS

HEALTHY, FAULTY, WRONG_USE, INCONCLUSIVE = 0, 1, 2, 3
# Without these it cannot be known that packets pass, or who answers for a name that a zone hides.
NEEDED = {
    "DescribeSubnets", "DescribeRouteTables", "DescribeNetworkAcls", "DescribeSecurityGroups", "DescribeNetworkInterfaces",
    "DescribeVpcPeeringConnections", "GetManagedPrefixListEntries", "ListNodes", "GetFunctionConfiguration",
    "ListResourceRecordSets",
}  # fmt: skip
BROKERS = ",".join(f"b-{number}.demo.a1b2c3.c2.kafka.eu-west-1.amazonaws.com:9098" for number in (1, 2))


@pytest.fixture
def report(doctor):
    def run(*words, **more):
        done, _ = doctor(*words, "--output", "json", **more)
        assert done.stdout, done.stderr
        found = json.loads(done.stdout)
        assert found["exit_code"] == done.returncode
        return found

    return run


def codes(found):
    return [cause["code"] for cause in found["causes"]]


@pytest.mark.parametrize("words", [["orders"], ["--function", "orders"], ["demo", "--function", "orders"]])
def test_every_path_of_a_healthy_world(aws, report, words):
    ids, _ = aws
    found = report("network", *words)
    assert found["verdict"] == "healthy"
    assert found["target"]["cluster"] == ARN and found["client"]["role"].endswith(":role/apps/orders")
    pairs = {(path["from"]["subnet"], path["to"]["interface"]) for path in found["paths"]}
    assert pairs == {(subnet, broker) for subnet in ids["client_subnets"] for broker in ids["broker_interfaces"]}


def test_a_group_that_lets_nobody_in(no_ingress, report):
    found = report("network", "orders")
    assert (found["verdict"], codes(found)) == ("faulty", ["SG-01"])
    assert found["causes"][0]["confidence"] == "proven"
    assert {blocker["code"] for path in found["paths"] for blocker in path["blockers"]} == {"SG-01"}
    cause = found["causes"][0]
    assert no_ingress in json.dumps(cause["repair"])
    assert any("all 4 paths become reachable" in step for step in cause["fix"])


def test_a_table_that_does_not_lead_back(no_way_back, report):
    found = report("network", "orders")
    assert found["verdict"] == "faulty" and codes(found)[0].startswith("RTE-")
    blockers = [blocker for path in found["paths"] for blocker in path["blockers"]]
    assert {(blocker["resource"], blocker["direction"]) for blocker in blockers} == {(no_way_back, "return")}


def test_a_zone_that_lacks_a_broker(no_record, report):
    found = report("network", "orders")
    assert (found["verdict"], codes(found)) == ("faulty", ["DNS-05"])
    assert no_record in json.dumps(found["causes"][0]) and BROKERS.split(",")[1].split(":")[0] in json.dumps(found["causes"][0])
    assert {path["verdict"] for path in found["paths"]} == {"reachable"}


def test_dns_firewall_is_not_known_to_let_names_pass(aws, report):
    ids, stub = aws
    stub.firewalls = [{"FirewallRuleGroupId": "rslvr-frg-1", "VpcId": ids["client_vpc"], "Status": "COMPLETE"}]
    found = report("network", "orders")
    assert found["verdict"] == "inconclusive" and any("rslvr-frg-1" in unknown["what"] for unknown in found["unknown"])


@pytest.fixture
def lambdas(aws):
    """Changes what the Lambda API says of the function, and of what feeds it."""
    _, stub = aws
    yield stub.changed
    stub.changed.clear()


def test_a_function_that_runs(aws, report):
    found = report("lambda", "orders")
    assert (found["verdict"], codes(found)) == ("healthy", [])


@pytest.mark.parametrize(
    "change, code",
    [
        ({"State": "Failed", "StateReasonCode": "EniLimitExceeded"}, "FN-03"),
        ({"LastUpdateStatus": "Failed", "LastUpdateStatusReasonCode": "InvalidSubnet"}, "FN-06"),
        ({"VpcConfig": {"VpcId": "", "SubnetIds": [], "SecurityGroupIds": []}}, "RTE-01"),
    ],
)
def test_a_function_that_cannot_work(lambdas, report, change, code):
    lambdas["GetFunctionConfiguration"] = change
    found = report("diagnose", "orders", "--no-probe")
    assert found["verdict"] == "faulty" and code in codes(found)


def test_a_poller_that_cannot_log_in(lambdas, report):
    mapping = {
        "UUID": "0a1b2c3d-1111-2222-3333-444455556666",
        "EventSourceArn": ARN,
        "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:orders",
        "State": "Enabled",
        "LastProcessingResult": "PROBLEM: SASL authentication failed.",
    }
    lambdas["ListEventSourceMappings"] = {"EventSourceMappings": [mapping]}
    found = report("lambda", "orders")
    # It polls from the brokers' subnets with their group, which admits the function's VPC alone.
    assert found["verdict"] == "faulty" and {"ESM-03", "ESM-08"} <= set(codes(found))


def test_a_function_alone_is_enough(no_ingress, report):
    """This machine's resolver does not know the brokers: that is not the function's fault, the group is."""
    found = report("diagnose", "orders")
    assert found["verdict"] == "faulty" and codes(found)[0] == "SG-01"
    assert [broker["name"] for broker in found["target"]["brokers"]] == [name.split(":")[0] for name in BROKERS.split(",")]


def test_probes_do_not_wait_for_aws(no_ingress, report):
    """With the brokers named, AWS is asked beside the probes; what it says joins the verdict."""
    resolve = [word for broker in BROKERS.split(",") for word in ("--resolve", f"{broker}:127.0.0.1")]
    found = report("diagnose", BROKERS, "--function", "orders", *resolve)
    assert found["verdict"] == "faulty" and codes(found)[0] == "SG-01"
    assert found["target"]["cluster"] == ARN
    assert len(found["observations"]) == 2


def test_without_an_answer_from_aws_the_packets_are_reported(aws, report):
    _, stub = aws
    stub.silent = set(CALLS)
    resolve = [word for broker in BROKERS.split(",") for word in ("--resolve", f"{broker}:127.0.0.1")]
    found = report("diagnose", BROKERS, "--function", "orders", "--phase-timeout", "500ms", *resolve)
    assert found["verdict"] == "inconclusive"
    # What packets showed is looked into as without any function.
    asked = {seen["broker"] for seen in found["observations"] if seen["purpose"] == "bootstrap"}
    assert asked == set(BROKERS.split(","))


def test_without_credentials_it_is_said(aws, report):
    resolve = [word for broker in BROKERS.split(",") for word in ("--resolve", f"{broker}:127.0.0.1")]
    found = report("diagnose", BROKERS, "--function", "orders", *resolve, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert found["verdict"] == "inconclusive"
    assert any("no facts without credentials" in unknown["what"] for unknown in found["unknown"])


def test_an_instance_of_the_account_is_the_client(aws, no_ingress, report):
    ids, _ = aws
    found = report("network", "--cluster", ARN, instance=ids["instance"])
    assert (found["verdict"], codes(found)) == ("faulty", ["SG-01"])
    assert {path["from"]["subnet"] for path in found["paths"]} == {ids["client_subnets"][0]}


def test_on_an_instance_aws_is_asked_when_something_fails(aws, no_ingress, report):
    ids, stub = aws
    resolve = [word for broker in BROKERS.split(",") for word in ("--resolve", f"{broker}:127.0.0.1")]
    found = report("tcp", BROKERS, *resolve, instance=ids["instance"])
    # The port is closed here, which no group does: both are said.
    assert "SG-01" in codes(found) and "TCP-02" in codes(found)
    assert found["vantage"]["instance"] == ids["instance"]


def test_on_an_instance_nobody_is_asked_while_all_works(aws, no_ingress, report):
    ids, stub = aws
    with socket.create_server(("127.0.0.1", 0)) as server:
        broker = f"b-1.demo.a1b2c3.c2.kafka.eu-west-1.amazonaws.com:{server.getsockname()[1]}"
        found = report("tcp", broker, "--resolve", f"{broker}:127.0.0.1", instance=ids["instance"])
    assert found["verdict"] == "healthy" and stub.asked == []


def test_bootstrap_alone_asks_nobody(aws, report):
    _, stub = aws
    resolve = [word for broker in BROKERS.split(",") for word in ("--resolve", f"{broker}:127.0.0.1")]
    report("tcp", BROKERS, *resolve)
    assert stub.asked == []


@pytest.mark.parametrize(
    "words, said",
    [
        (["network", "orders", "--no-aws"], "--no-aws"),
        (["diagnose", "nothing"], "eu-west-1 has no function and no MSK cluster of that name"),
        (["network", "demo"], "whose path?"),
    ],
)
def test_wrong_use(aws, doctor, words, said):
    done, _ = doctor(*words)
    assert done.returncode == WRONG_USE and said in done.stderr and not done.stdout


def test_a_name_that_may_not_be_looked_up(aws, doctor):
    _, stub = aws
    stub.denied = {"GetFunctionConfiguration", "ListClustersV2"}
    done, _ = doctor("diagnose", "orders")
    assert done.returncode == WRONG_USE
    assert "needs lambda:GetFunctionConfiguration" in done.stderr and "needs kafka:ListClustersV2" in done.stderr


@pytest.mark.parametrize("words", [["network", "orders"], ["cluster", "demo", "--function", "orders"], ["diagnose", "orders", "--no-probe"]])
def test_saved_facts_give_the_same_verdict(no_ingress, doctor, report, tmp_path, words):
    done, _ = doctor("snapshot", tmp_path / "facts", "--function", "orders", "--cluster", ARN)
    assert done.returncode == 0
    asked, saved = report(*words), report(*words, "--facts", tmp_path / "facts")
    for field in ["verdict", "causes", "findings", "unknown", "paths", "target", "client"]:
        assert asked[field] == saved[field], field


def test_the_script_saves_what_gives_the_same_verdict(no_ingress, aws, doctor, report, tmp_path):
    """What `snapshot --script` prints is run with the AWS CLI itself."""
    _, stub = aws
    stub.denied = {"DescribeDhcpOptions"}
    script, _ = doctor("snapshot", "--script", "--function", "orders", "--cluster", ARN)
    folder = tmp_path / "facts"
    env = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_ENDPOINT_URL": stub.url,
    }
    done = subprocess.run(["sh", "-s", folder], input=script.stdout, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "UnauthorizedOperation" in (folder / "ec2-describe-dhcp-options.json").read_text()
    assert "hunter2" not in "".join(path.read_text() for path in folder.iterdir())
    words = ["network", "--function", "orders", "--cluster", ARN]
    asked, saved = report(*words), report(*words, "--facts", folder)
    for field in ["verdict", "causes", "paths", "target", "client"]:
        assert asked[field] == saved[field], field


def refuse(stub, how, call):
    match how:
        case "denied":
            stub.denied = {call}
        case "silent":
            stub.silent = {call}
        case "throttled":
            stub.throttled = {call: 1000}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("how", ["denied", "silent", "throttled"])
class TestAnApiThatDoesNotAnswer:
    def test_no_false_fault_and_no_false_pass(self, aws, report, how, call):
        _, stub = aws
        refuse(stub, how, call)
        found = report("network", "--function", "orders", "--cluster", ARN, "--phase-timeout", "700ms")
        assert found["exit_code"] == INCONCLUSIVE if call in NEEDED else found["exit_code"] in {HEALTHY, INCONCLUSIVE}
        if found["exit_code"] == INCONCLUSIVE:
            assert found["unknown"] and all(unknown["needs"] for unknown in found["unknown"])

    def test_a_fault_is_never_a_pass(self, no_ingress, aws, report, how, call):
        _, stub = aws
        refuse(stub, how, call)
        found = report("network", "--function", "orders", "--cluster", ARN, "--phase-timeout", "700ms")
        assert found["exit_code"] in {FAULTY, INCONCLUSIVE}
        assert found["exit_code"] == INCONCLUSIVE or codes(found) == ["SG-01"]


@pytest.mark.parametrize("call", CALLS)
def test_throttling_that_ends_changes_nothing(aws, report, call):
    _, stub = aws
    stub.throttled = {call: 1}
    assert report("network", "--function", "orders", "--cluster", ARN)["verdict"] == "healthy"
