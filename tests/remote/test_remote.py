"""`remote`: a temporary function in the function's place, and nothing left of it."""

import base64
import json
import signal
import subprocess
import threading

import pytest

from cloud import ROLE, error
from conftest import DOCTOR


def codes(report):
    return [cause["code"] for cause in report["causes"]]


def unknown(report):
    return " ".join(one["what"] for one in report["unknown"])


def test_a_healthy_function(cloud, question, lab):
    code, report = question.ask(lab(), "--yes")
    assert (code, report["verdict"]) == (0, "healthy"), (report, question.said)
    assert report["client"] == {"kind": "function", "name": "orders", "role": ROLE}
    vantage = report["vantage"]
    assert (vantage["kind"], vantage["function"]["memory_mb"]) == ("function", 256)
    # The same from here, which says nothing of the function.
    assert report["here"]["verdict"] == "inconclusive" and report["here"]["vantage"]["kind"] == "machine"
    ((name, created),) = cloud.created.items()
    assert vantage["function"]["name"] == name
    assert created["VpcConfig"] == {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
    assert (created["Role"], created["Runtime"], created["Timeout"]) == (ROLE, "provided.al2023", 25)
    assert set(created["Tags"]) == {"msk-doctor:run", "msk-doctor:expires"}
    assert created["LoggingConfig"] == {"LogGroup": "/aws/lambda/orders"}
    assert cloud.names() == []
    # The user's function is not touched.
    assert {function for _, function in cloud.asked} == {None, name}
    # Said beforehand.
    assert f"create function {name}" in question.said and f"iam:PassRole on {ROLE}" in question.said
    assert cloud.peak < 256


def test_a_denied_login_is_the_functions_own(cloud, question, lab):
    code, report = question.ask(lab("IAM-01"), "--yes")
    assert (code, report["verdict"], codes(report)) == (1, "faulty", ["IAM-01"])
    assert cloud.names() == []


def test_dry_run_creates_nothing(cloud, question, lab):
    code, report = question.ask(lab(), "--dry-run")
    assert (code, report, cloud.asked) == (0, None, [])
    assert "lambda:CreateFunction" in question.said and "USD" in question.said


def test_without_anybody_to_ask_nothing_is_created(cloud, question, lab):
    code, report = question.ask(lab())
    assert (code, report, cloud.asked) == (2, None, [])
    assert "--yes says it" in question.said


def too_young(_):
    return error(400, "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda.")


def test_a_role_that_is_too_young_is_waited_for(cloud, question, lab):
    cloud.instead["CreateFunction"] = [too_young, too_young]
    code, _ = question.ask(lab(), "--yes")
    assert code == 0
    assert [name for name, _ in cloud.asked].count("CreateFunction") == 3


def test_a_denied_creation_says_what_it_needs(cloud, question, lab):
    words = f"User: arn:aws:iam::123456789012:user/me is not authorized to perform: iam:PassRole on resource: {ROLE}"
    cloud.instead["CreateFunction"] = [lambda _: error(403, "AccessDeniedException", words)]
    code, report = question.ask(lab(), "--yes")
    assert (code, report["verdict"]) == (3, "inconclusive")
    assert "iam:PassRole" in unknown(report) and "lambda:CreateFunction" in unknown(report)
    assert "here" not in report and report["observations"], "what is seen from here is the report"


def configuration(**more):
    def answer(_):
        return 200, {"Content-Type": "application/json"}, json.dumps({"FunctionName": "x"} | more).encode()

    return answer


def test_it_is_waited_for_until_it_is_active(cloud, question, lab):
    cloud.instead["GetFunctionConfiguration"] = [configuration(State="Pending", StateReasonCode="Creating")] * 3
    assert question.ask(lab(), "--yes")[0] == 0


@pytest.mark.parametrize(
    "reason, words, advice",
    [
        ("SubnetOutOfIPAddresses", "The subnet has no free IP addresses.", "the function itself gets no further interface"),
        ("EniLimitExceeded", "The VPC's limit is reached.", "ask Lambda for a higher one"),
        ("InsufficientRolePermissions", "The role may not.", "ec2:CreateNetworkInterface"),
    ],
)
def test_a_function_that_never_becomes_active(cloud, question, lab, reason, words, advice):
    cloud.instead["GetFunctionConfiguration"] = [configuration(State="Failed", StateReasonCode=reason, StateReason=words)]
    code, report = question.ask(lab(), "--yes")
    assert (code, report["verdict"]) == (3, "inconclusive")
    assert f"{reason}: {words}" in unknown(report) and advice in unknown(report)
    assert cloud.names() == []


def test_an_invocation_that_takes_too_long(cloud, question, lab):
    payload = b'{"errorMessage": "2026-11-23T10:00:00Z 0123 Task timed out after 25.00 seconds"}'
    cloud.instead["Invoke"] = [lambda _: (200, {"X-Amz-Function-Error": "Unhandled"}, payload)]
    code, report = question.ask(lab(), "--yes")
    assert (code, report["verdict"]) == (3, "inconclusive")
    assert "Task timed out after 25.00 seconds" in unknown(report)
    assert cloud.names() == []


def test_an_answer_that_is_no_case(cloud, question, lab):
    cloud.instead["Invoke"] = [lambda _: (200, {}, b'{"hello": 1}')]
    code, report = question.ask(lab(), "--yes")
    assert code == 3 and "not a case of this version" in unknown(report)
    assert cloud.names() == []


def test_a_policy_that_tests_the_function_makes_a_denial_inconclusive(cloud, question, lab):
    """The temporary function is not the one that the statement names."""
    statement = {
        "Effect": "Allow", "Action": "kafka-cluster:*", "Resource": "*",
        "Condition": {"ArnEquals": {"lambda:SourceFunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:orders"}},
    }
    cluster = "arn:aws:kafka:eu-west-1:123456789012:cluster/demo/01234567-89ab-cdef-0123-456789abcdef-1"
    question.fact("iam-get-role.orders", {"Role": {"RoleName": "orders", "Arn": ROLE, "RoleId": "AROAEXAMPLE"}})
    question.fact("iam-list-attached-role-policies.orders", {"AttachedPolicies": []})
    question.fact("iam-list-role-policies.orders", {"PolicyNames": ["kafka"]})
    question.fact("iam-get-role-policy.orders.kafka", {
        "RoleName": "orders", "PolicyName": "kafka", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
    })
    code, report = question.ask(lab("IAM-01"), "--yes", "--cluster", cluster)
    assert (code, report["verdict"]) == (3, "inconclusive"), report["causes"]
    assert "lambda:SourceFunctionArn" in unknown(report)
    assert report["vantage"]["speaks_for"] == ["path"]


MOMENTS = ["CreateFunction", "GetFunctionConfiguration", "second look", "Invoke", "DeleteFunction"]


def at(cloud, moment, do):
    """Does it when a call is made; at the second look the function is not active yet."""
    if moment == "second look":
        cloud.instead["GetFunctionConfiguration"] = [configuration(State="Pending", StateReasonCode="Creating")] * 2
        cloud.before["GetFunctionConfiguration"] = [lambda: None, do]
    else:
        cloud.before[moment] = [do]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing(cloud, question, lab, moment, how):
    reached = threading.Event()
    handled = threading.Event()

    def interrupt():
        reached.set()
        # Not before the signal is sent: the answer comes to a run that is being ended.
        assert handled.wait(30)

    at(cloud, moment, interrupt)
    process = question.start(lab(), "--yes")
    assert reached.wait(60), process.stderr.read()
    process.send_signal(how)
    handled.set()
    out, said = process.communicate(timeout=60)
    report = json.loads(out)
    assert process.returncode == report["exit_code"]
    assert cloud.names() == [], said


@pytest.mark.parametrize("moment", MOMENTS)
def test_what_a_killed_run_leaves_is_cleaned_up(cloud, question, lab, moment):
    process = None
    killed = threading.Event()

    def kill():
        process.kill()
        process.wait()
        killed.set()

    at(cloud, moment, kill)
    # Somebody's own, whose name only looks like ours.
    cloud.api().create_function(
        FunctionName="msk-doctor-prod", Runtime="provided.al2023", Role=ROLE, Handler="bootstrap",
        Code={"ZipFile": question.package.read_bytes()},
    )
    process = question.start(lab(), "--yes")
    assert killed.wait(60)
    process.communicate()
    env = question.env(lab())
    clean = [DOCTOR, "remote", "cleanup"]
    kept = subprocess.run([*clean, "--yes"], env=env, capture_output=True, text=True)
    assert kept.returncode == 0 and "nothing is left behind" in kept.stdout, kept
    done = subprocess.run([*clean, "--all", "--yes"], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done
    assert cloud.names() == ["msk-doctor-prod"]


def deployed(cloud, question):
    """A doctor outside the function's subnets."""
    cloud.api().create_function(
        FunctionName="doctor", Runtime="provided.al2023", Role=ROLE, Handler="bootstrap", MemorySize=128, Timeout=30,
        Code={"ZipFile": question.package.read_bytes()},
    )
    code = base64.b64encode(question.package.read_bytes()).decode()
    cloud.created["doctor"] = {"Code": {"ZipFile": code}, "MemorySize": 128, "Timeout": 30}


def test_via_a_doctor_that_is_there(cloud, question, lab):
    """In other subnets it shares the identity alone."""
    one = lab()
    deployed(cloud, question)
    command = question.command(one, "--via", "doctor")
    at = command.index("--package")
    del command[at : at + 2]
    done = subprocess.run(command, env=question.env(one), capture_output=True, text=True)
    report = json.loads(done.stdout)
    assert (done.returncode, report["verdict"], report["vantage"]["speaks_for"]) == (3, "inconclusive", ["identity"])
    assert report["vantage"]["function"]["name"] == "doctor"
    assert "CreateFunction" not in [name for name, _ in cloud.asked]
    assert cloud.names() == ["doctor"]


def test_a_gate_asks_through_a_doctor_that_is_there(cloud, question, lab, tmp_path):
    """As the file's target says; a login that is denied as the function's role fails it."""
    deployed(cloud, question)
    for one, code, verdict in ((lab(), 3, "inconclusive"), (lab("IAM-01"), 1, "faulty")):
        (tmp_path / "ca.pem").write_text(one.ca)
        cloud.credentials = one.credentials
        config = tmp_path / "msk-doctor.toml"
        config.write_text(
            f"""[targets.orders]
function = "orders"
bootstrap = "{one.bootstrap}"
facts = "{question.facts}"
ca_file = "ca.pem"
via = "doctor"
"""
        )
        command = [DOCTOR, "preflight", "--config", str(config), "--output", "json"]
        done = subprocess.run(command, env=question.env(one), capture_output=True, text=True)
        report = json.loads(done.stdout)
        assert (done.returncode, report["verdict"]) == (code, verdict), done
        own = report["targets"][0]["report"]
        assert own["vantage"]["function"]["name"] == "doctor"
        assert own["gate"]["passed"] is False


def test_here_and_there_are_compared(cloud, question, lab):
    one = lab()
    words = question.command(one, "--yes")
    at = words.index("--function")
    function, flags = words[at + 1], words[at + 2 :]
    at = flags.index("--output")
    del flags[at : at + 2]
    compare = [DOCTOR, "compare", "--output", "json", "--here", "--remote", function, "--", *flags]
    env = question.env(one)
    done = subprocess.run(compare, env=env, capture_output=True, text=True)
    found = json.loads(done.stdout)
    assert done.returncode == 0 and cloud.names() == [], done
    assert (found["a"]["name"], found["b"]["name"]) == ("this machine", "orders, in its VPC")
    # What this machine sees settles nothing about the function.
    assert (found["a"]["verdict"], found["b"]["verdict"]) == ("inconclusive", "healthy")
    assert [other["aspect"] for other in found["others"]] == ["where it was asked"] and found["explains"] == []
    for words, said in (
        (["compare"], "two runs are compared"),
        (["compare", "--here"], "two runs are compared"),
        (["compare", "a.json", "--", "--yes"], "flags after -- are for what is asked now"),
        (["compare", "--here", "--remote", "orders", "--", "--dry-run"], "--dry-run asks nobody"),
        (["compare", "--here", "--remote", "orders", "--", "--nonsense"], "after --: error: unexpected argument"),
    ):
        done = subprocess.run([DOCTOR, *words], env=env, capture_output=True, text=True)
        assert done.returncode == 2 and said in done.stderr, done
