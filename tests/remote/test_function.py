"""The program as a Lambda function."""

import json
import socket
import time

import pytest


def codes(report):
    return [cause["code"] for cause in report["causes"]]


def test_a_healthy_cluster(lab, function):
    cluster = lab()
    doctor = function(cluster.credentials)
    kind, report = doctor.invoke(cluster.event(no_aws=True))
    assert (kind, report["verdict"], report["exit_code"]) == ("response", "healthy", 0), report
    vantage = report["vantage"]
    assert (vantage["kind"], sorted(vantage["speaks_for"])) == ("function", ["identity", "path"])
    assert report["client"] == {"kind": "function", "name": "doctor", "role": None}
    own = vantage["function"]
    assert (own["name"], own["version"], own["memory_mb"], own["region"]) == ("doctor", "$LATEST", 128, "eu-west-1")
    assert own["runtime"] == "AWS_Lambda_provided.al2023" and own["cold"] is True
    assert 25_000 < own["had_ms"] <= 30_000
    # A log for CloudWatch: one line for each phase, of this invocation.
    lines = [json.loads(line) for line in doctor.log]
    phases = sum(len(o["phases"]) for o in report["observations"])
    assert len(lines) == phases
    assert {line["request_id"] for line in lines} == {own["request_id"]}
    assert {line["end"] for line in lines} == {"answered"}


def test_invocations_after_a_freeze_are_warm(lab, function):
    cluster = lab()
    doctor = function(cluster.credentials)
    seen = []
    for _ in range(3):
        kind, report = doctor.invoke(cluster.event(no_aws=True))
        assert (kind, report["verdict"]) == ("response", "healthy"), report
        seen.append(report["vantage"]["function"]["cold"])
    assert seen == [True, False, False]
    assert doctor.peak() < 128


def test_a_denied_login(lab, function):
    cluster = lab("IAM-01")
    doctor = function(cluster.credentials)
    kind, report = doctor.invoke(cluster.event(no_aws=True))
    assert (kind, report["verdict"], codes(report)) == ("response", "faulty", ["IAM-01"])


def test_another_client_is_not_this_function(lab, function):
    """Its failure says nothing of the one that is named, unless they share path and identity."""
    cluster = lab("IAM-01")
    doctor = function(cluster.credentials)
    event = cluster.event(no_aws=True, function="orders-writer")
    assert doctor.invoke(event)[1]["verdict"] == "inconclusive"
    kind, report = doctor.invoke(event | {"speaks_for": ["path", "identity"]})
    assert (report["verdict"], codes(report), report["client"]["name"]) == ("faulty", ["IAM-01"], "orders-writer")
    assert doctor.invoke(event | {"speaks_for": ["path"]})[1]["verdict"] == "inconclusive"


@pytest.mark.parametrize(
    "event, words",
    [
        ({"bootstrap": "b-1:9098", "bootstap": 1}, 'unknown field "bootstap" (perhaps "bootstrap")'),
        ({"no_aws": 1}, "\"no_aws\" has to be true or false"),
        ({"command": "lab"}, "\"command\" has to be one of diagnose, dns"),
        ([], "no JSON object"),
        ({"bootstrap": "::"}, "bootstrap"),
        ({"no_aws": True}, "the brokers of"),
        ({"bootstrap": "b-1:9098", "auth": "none"}, "invalid value 'none'"),
        ({"bootstrap": "b-1:9098", "ca_file": "no"}, "holds no certificate in PEM"),
    ],
)
def test_what_is_wrong_with_an_event_is_named(function, event, words):
    kind, error = function().invoke(event)
    assert (kind, error["errorType"]) == ("error", "WrongUse"), error
    assert words in error["errorMessage"]


def test_an_event_that_is_no_json_is_an_error(function):
    kind, error = function().invoke(b"{")
    assert kind == "error" and error["errorMessage"]


def test_a_deadline_that_is_past_is_an_error(function):
    kind, error = function().invoke({"bootstrap": "b-1:9098"}, deadline=1000)
    assert (kind, error["errorType"]) == ("error", "WrongUse")
    assert "deadline (1000 ms since 1970) was over" in error["errorMessage"]


def test_the_answer_comes_before_the_deadline(function):
    """A broker that never reads: what is known a second before the end is the answer."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        doctor = function()
        event = {"bootstrap": "127.0.0.1:%d" % silent.getsockname()[1], "auth": "tls", "no_aws": True}
        kind, report = doctor.invoke(event, timeout=3)
    assert (kind, report["verdict"], report["complete"]) == ("response", "inconclusive", False)
    assert doctor.took < 3
    assert report["observations"][0]["phases"][-1]["end"] == "cancelled"


def test_without_a_way_to_aws_one_silence_is_enough(lab, function, nowhere):
    """Neither Lambda nor STS answers in a VPC without NAT: the probes do not wait, and the report waits once."""
    cluster = lab("IAM-01")
    doctor = function(cluster.credentials | {"AWS_ENDPOINT_URL": nowhere})
    kind, report = doctor.invoke(cluster.event())
    assert (kind, report["verdict"], codes(report)[0]) == ("response", "faulty", "IAM-01")
    first = [o for o in report["observations"] if o["purpose"] == "bootstrap"]
    last = max(phase["start_us"] + phase["duration_us"] for o in first for phase in o["phases"])
    assert last < 2_000_000, "probes waited for AWS"
    # A connection is given up after 2 s; a second wait would come on top.
    assert doctor.took < 4


def test_without_a_command_line_and_without_lambda_it_is_no_function(function):
    doctor = function({"AWS_LAMBDA_FUNCTION_NAME": ""})
    kind, report = doctor.invoke({"bootstrap": "b-1:9098"}, deadline=1000)
    assert kind == "error"


def test_time_is_taken_from_the_clock_of_the_invocation(lab, function):
    cluster = lab()
    doctor = function(cluster.credentials)
    began = time.monotonic()
    kind, report = doctor.invoke(cluster.event(no_aws=True, deadline="1ms"))
    assert kind == "response" and report["complete"] is False
    assert time.monotonic() - began < 10
