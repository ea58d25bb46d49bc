"""A topic that is open, one that the client may not use, one that is not there."""

import pytest

from applications import Says, assert_fail, assert_work
from cluster import CLOSED_TOPIC, OPEN_TOPIC, WATCHED_GROUP
from doctor import assert_faulty, assert_healthy, diagnose, first, phases
from tokens import token
from ways import WAYS, denial, way

ABSENT_TOPIC = "nobody-made-this-topic"
NOT_COORDINATOR = 16
EACH_WAY = pytest.mark.parametrize("auth", WAYS)


@EACH_WAY
def test_open_topic(kafka, auth):
    words, options = way(kafka, auth)
    assert_healthy(diagnose(kafka, *words, "--topic", OPEN_TOPIC, **options))


@EACH_WAY
def test_closed_topic(kafka, auth):
    words, options = way(kafka, auth)
    report = diagnose(kafka, *words, "--topic", CLOSED_TOPIC, **options)
    assert_faulty(kafka, report, denial(auth, "IAM-10"), "likely", "metadata", "answered", port=options["port"], last=("authorise", "answered"))


@EACH_WAY
def test_absent_topic(kafka, auth):
    words, options = way(kafka, auth)
    report = diagnose(kafka, *words, "--topic", ABSENT_TOPIC, **options)
    assert_faulty(kafka, report, "CLU-11", "likely", "metadata", "answered", port=options["port"], last=("authorise", "answered"))


@EACH_WAY
def test_rights_are_asked_for_and_nothing_is_changed(kafka, auth):
    before = kafka.contents()
    words, options = way(kafka, auth)
    asked = diagnose(kafka, *words, "--topic", OPEN_TOPIC, "--group", "readers", "--transactional-id", "writer", **options)
    assert_healthy(asked)
    answers = [answer for record in phases(asked, "authorise") for answer in record["detail"]["answers"]]
    requests = {"group", "group-operations", "transaction", "idempotent-write"}
    assert {answer["asked"]["request"] for answer in answers} == requests
    # One of the three is the group's coordinator, and tells what may be done.
    of_group = [(answer["error_code"], "operations" in answer) for answer in answers if answer["asked"]["request"] == "group-operations"]
    assert sorted(of_group) == [(0, True), (NOT_COORDINATOR, False), (NOT_COORDINATOR, False)]
    assert kafka.contents() == before


def test_what_applications_say(kafka):
    assert_work(kafka, "open-topic", "written at: ", token=token(), topic=OPEN_TOPIC)
    assert_fail(kafka, "closed-topic", [Says("Failed to update metadata after", "metadata", "IAM-10", first=False)],
                [Says("TopicAuthorizationFailedError", "authorise", "IAM-10")], token=token(), topic=CLOSED_TOPIC)
    assert_fail(kafka, "absent-topic", [Says("Failed to update metadata after", "metadata", "CLU-11")],
                [Says("not found in cluster metadata", "metadata", "CLU-11")], token=token(), topic=ABSENT_TOPIC)


@EACH_WAY
def test_a_group_that_may_be_described_and_not_joined(kafka, auth):
    words, options = way(kafka, auth)
    report = diagnose(kafka, *words, "--topic", OPEN_TOPIC, "--group", WATCHED_GROUP, **options)
    cause = first(report)
    found = (report["verdict"], cause["code"], cause["confidence"], cause["phase"])
    assert found == ("faulty", denial(auth, "IAM-11"), "likely", "authorise"), report
    assert "DescribeGroups says that the group may be described, and not joined" in cause["evidence"]
