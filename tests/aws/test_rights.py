"""`iam`, `lambda` and `diagnose` with roles, users and policies from the API, and the simulator beside them."""

import json

import pytest

import stub as api
from world import ARN, RIGHTS

ROLE = "arn:aws:iam::123456789012:role/apps/orders"
OTHER = ARN.replace("0f7a9b6e-", "99999999-")
HEALTHY, FAULTY, WRONG_USE, INCONCLUSIVE = 0, 1, 2, 3


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


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(effect, action, resource="*"):
    return {"Effect": effect, "Action": action, "Resource": resource}


@pytest.fixture
def role(aws):
    """Gives the function's role one policy instead of those that it has."""
    ids, stub = aws
    stub.iam.detach_role_policy(RoleName="orders", PolicyArn=ids["policy"])

    def put(*statements):
        stub.iam.put_role_policy(RoleName="orders", PolicyName="kafka", PolicyDocument=document(*statements))
        # The simulator reads the same policies: what it says of those is tested elsewhere.
        stub.denied = {"SimulatePrincipalPolicy"}

    yield put
    stub.iam.delete_role_policy(RoleName="orders", PolicyName="kafka")
    stub.iam.attach_role_policy(RoleName="orders", PolicyArn=ids["policy"])


@pytest.fixture
def lambdas(aws):
    """Changes what the Lambda API says of the function, and of what feeds it."""
    _, stub = aws
    yield stub.changed
    stub.changed.clear()


@pytest.fixture
def simulator(aws):
    _, stub = aws

    def says(decide):
        stub.simulator = decide

    yield says
    stub.simulator = api.allowed


def test_a_role_that_may_connect(report):
    found = report("iam", "orders", "--topic", "orders", "--group", "readers")
    assert (found["verdict"], codes(found)) == ("healthy", [])
    assert found["rights"]["identity"] == ROLE and found["rights"]["cluster"] == ARN
    assert {action["answer"] for action in found["rights"]["actions"]} == {"allowed"}
    assert {action["simulator"] for action in found["rights"]["actions"]} == {"allowed"}


@pytest.mark.parametrize(
    "statements, code",
    [
        ([statement("Allow", "s3:*")], "IAM-01"),
        ([statement("Allow", "kafka:*")], "IAM-02"),
        ([statement("Allow", "kafka-cluster:*", OTHER)], "IAM-03"),
        ([statement("Allow", "kafka-cluster:*"), statement("Deny", "kafka-cluster:Connect", ARN)], "IAM-04"),
        ([statement("Allow", "kafka-cluster:*") | {"Condition": {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}}], "IAM-08"),
    ],
)
@pytest.mark.parametrize("words", [["iam", "orders"], ["lambda", "orders"], ["diagnose", "orders", "--no-probe"]])
def test_a_role_that_may_not(role, report, words, statements, code):
    role(*statements)
    found = report(*words)
    assert found["verdict"] == "faulty" and codes(found)[0] == code
    assert found["causes"][0]["confidence"] == "proven"
    assert "put-role-policy" in found["causes"][0]["repair"][0]["command"]


def test_the_missing_statement_mends_it(aws, role, report):
    """What the report shows is made through the API, and the program is asked again."""
    _, stub = aws
    role(statement("Allow", "kafka-cluster:Connect", OTHER))
    command = report("iam", "orders")["causes"][0]["repair"][0]["command"]
    text = command.split("--policy-document ")[1].strip("'")
    stub.iam.put_role_policy(RoleName="orders", PolicyName="kafka", PolicyDocument=text)
    stub.denied, stub.recorded = set(), {}
    assert report("iam", "orders")["verdict"] == "healthy"


def test_the_organisation_denies(simulator, report):
    simulator(lambda action, _: ("implicitDeny", False) if action.endswith(":Connect") else ("allowed", True))
    found = report("iam", "orders")
    assert (found["verdict"], codes(found)) == ("faulty", ["IAM-04"])


def test_a_difference_is_said(simulator, report):
    simulator(lambda *_: ("explicitDeny", True))
    found = report("iam", "orders")
    assert (found["verdict"], codes(found)) == ("inconclusive", [])
    assert any("SimulatePrincipalPolicy says explicitDeny" in unknown["what"] for unknown in found["unknown"])


@pytest.mark.parametrize("call", [call for call in RIGHTS if call != "GetFunctionConcurrency"])
@pytest.mark.parametrize("how", ["denied", "silent", "throttled"])
@pytest.mark.parametrize("may", [True, False])
def test_what_is_not_answered(aws, role, report, call, how, may):
    """Neither a false fault nor a false pass, whatever of the rights is not known."""
    _, stub = aws
    role(statement("Allow", "kafka-cluster:Connect", ARN if may else OTHER))
    stub.denied = set()
    decision = ("allowed" if may else "implicitDeny", True)
    stub.simulator = lambda *_: decision
    if how == "denied":
        stub.denied = {call}
    elif how == "silent":
        stub.silent = {call}
    else:
        stub.throttled = {call: 99}
    try:
        found = report("iam", "orders", "--phase-timeout", "2s", "--deadline", "6s")
    finally:
        stub.simulator = api.allowed
    if may:
        assert codes(found) == []
        # The simulator decides where a policy was not read, and it alone knows of the organisation.
        assert found["verdict"] == ("inconclusive" if call == "SimulatePrincipalPolicy" else found["verdict"])
    else:
        assert found["verdict"] != "healthy"
        assert set(codes(found)) <= {"IAM-01", "IAM-03"}


def test_throttled_once(aws, role, report):
    _, stub = aws
    role(statement("Allow", "kafka-cluster:Connect", ARN))
    stub.denied = set()
    stub.throttled = {call: 1 for call in RIGHTS}
    assert report("iam", "orders")["verdict"] == "healthy"


@pytest.fixture
def user(aws):
    """A user with a policy of its own and one of its group."""
    _, stub = aws
    iam = stub.iam
    iam.create_user(UserName="ann", Path="/staff/")
    iam.create_group(GroupName="writers")
    iam.add_user_to_group(UserName="ann", GroupName="writers")
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=document(statement("Allow", "kafka-cluster:Connect", ARN)))
    topic = ARN.replace(":cluster/", ":topic/") + "/*"
    allow = statement("Allow", ["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"], topic)
    iam.put_group_policy(GroupName="writers", PolicyName="topics", PolicyDocument=document(allow))
    yield "arn:aws:iam::123456789012:user/staff/ann"
    iam.delete_group_policy(GroupName="writers", PolicyName="topics")
    iam.delete_user_policy(UserName="ann", PolicyName="own")
    iam.remove_user_from_group(UserName="ann", GroupName="writers")
    iam.delete_group(GroupName="writers")
    iam.delete_user(UserName="ann")


def test_a_user_and_its_group(aws, user, report):
    _, stub = aws
    stub.denied = {"SimulatePrincipalPolicy"}
    found = report("iam", "--cluster", "demo", "--principal", user, "--topic", "orders")
    decided = {action["action"].split(":")[1]: action["if_unread_pass"] for action in found["rights"]["actions"]}
    assert (decided["Connect"], decided["WriteData"], decided["ReadData"]) == ("allowed", "allowed", "implicit-deny")
    by = next(action for action in found["rights"]["actions"] if action["action"].endswith("WriteData"))
    assert by["deciding"][0]["at"]["group"] == "writers"
    found = report("iam", "--cluster", "demo", "--principal", user, "--topic", "orders", "--group", "readers")
    assert "IAM-10" in codes(found) and found["verdict"] == "faulty"


def test_a_session_has_its_roles_path(report):
    """An assumed-role ARN has lost the path: iam:GetRole brings it."""
    session = "arn:aws:sts::123456789012:assumed-role/orders/i-0123"
    found = report("iam", "--cluster", "demo", "--principal", session)
    assert found["rights"]["identity"] == ROLE
    # Whoever made the session may have limited it.
    assert found["verdict"] == "inconclusive" and codes(found) == []


def test_the_caller_is_who_is_meant(report):
    """Without a function or a principal, STS says whose rights are asked."""
    found = report("iam", "--cluster", "demo", "--role-arn", ROLE)
    assert found["rights"]["identity"] == ROLE


def test_a_namesake_of_another_account(report):
    """A role of that name in the account that is asked is another one."""
    found = report("iam", "--cluster", "demo", "--principal", "arn:aws:iam::999988887777:role/orders")
    assert found["verdict"] == "inconclusive" and codes(found) == []


def test_wrong_uses(doctor):
    done, _ = doctor("iam", "--cluster", "demo", "--principal", "orders")
    assert done.returncode == WRONG_USE and "--principal" in done.stderr
    done, _ = doctor("iam", "orders", "--auth", "scram")
    assert done.returncode == WRONG_USE and "IAM" in done.stderr


def test_a_short_timeout_is_what_is_left(lambdas, report):
    lambdas["GetFunctionConfiguration"] = {"Timeout": 3}
    found = report("diagnose", "orders", "--no-probe")
    assert (found["verdict"], codes(found)) == ("faulty", ["FN-09"])
    lambdas["GetFunctionConfiguration"] = {"Timeout": 60}
    assert codes(report("diagnose", "orders", "--no-probe")) == []


def test_a_region_that_is_not_the_clusters(lambdas, report):
    lambdas["GetFunctionConfiguration"] = {"Environment": {"Variables": {"MSK_REGION": "us-east-1", "CLUSTER": ARN}}}
    found = report("diagnose", "orders", "--no-probe")
    assert found["verdict"] == "faulty" and codes(found)[0] == "SASL-10"


def test_a_poller_without_a_way_to_sts(lambdas, report):
    mapping = {
        "UUID": "0a1b2c3d-1111-2222-3333-444455556666",
        "EventSourceArn": ARN,
        "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:orders",
        "State": "Enabled",
        "Topics": ["orders"],
    }
    lambdas["ListEventSourceMappings"] = {"EventSourceMappings": [mapping]}
    found = report("diagnose", "orders", "--no-probe")
    assert found["verdict"] == "faulty" and "ESM-02" in codes(found)
    lambdas["ListEventSourceMappings"] = {"EventSourceMappings": [mapping | {"ProvisionedPollerConfig": {"MinimumPollers": 1}}]}
    assert "ESM-02" not in codes(report("diagnose", "orders", "--no-probe"))
