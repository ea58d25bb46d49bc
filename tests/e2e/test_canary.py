"""A record written and read back by a real client, on a real Kafka."""

import json

import pytest

from cluster import CLOSED_TOPIC, OPEN_TOPIC, READ_ONLY_TOPIC, SECRET, WRITE_ONLY_TOPIC
from doctor import assert_healthy, diagnose, finish, first, phases, start
from ways import WAYS, denial, way


def canary(report):
    records = phases(report, "canary")
    assert len(records) == 1, json.dumps(report, indent=1)
    return records[0]["end"], records[0]["detail"]


@pytest.mark.parametrize("auth", WAYS)
def test_it_comes_back(kafka, auth):
    words, options = way(kafka, auth)
    before = kafka.contents()
    report, err = finish(start(kafka, *words, "--topic", OPEN_TOPIC, "--canary", **options))
    assert_healthy(report)
    end, detail = canary(report)
    assert end == "answered" and detail["client"].startswith("librdkafka ")
    assert all(detail[part] > 0 for part in ("connect_us", "write_us", "read_us"))
    # It was said before it was written, and one record more is there.
    assert detail["run"] in err and "it stays" in err and SECRET not in err
    ends = kafka.contents()
    assert ends[OPEN_TOPIC][detail["partition"]] == detail["offset"] + 1
    assert sum(ends[OPEN_TOPIC]) == sum(before[OPEN_TOPIC]) + 1
    assert {name: own for name, own in ends.items() if name != OPEN_TOPIC} \
        == {name: own for name, own in before.items() if name != OPEN_TOPIC}


@pytest.mark.parametrize("auth", WAYS)
@pytest.mark.parametrize("topic,failed", [(READ_ONLY_TOPIC, "write"), (WRITE_ONLY_TOPIC, "read")])
def test_half_a_right(kafka, auth, topic, failed):
    words, options = way(kafka, auth)
    without = diagnose(kafka, *words, "--topic", topic, **options)
    assert_healthy(without)
    report = diagnose(kafka, *words, "--topic", topic, "--canary", **options)
    assert (first(report)["code"], first(report)["phase"]) == (denial(auth, "IAM-10"), "canary"), json.dumps(report["causes"], indent=1)
    end, detail = canary(report)
    assert (end, detail["error_code"], detail["failed"]) == ("kafka-error", 29, failed)


def test_a_closed_topic_gets_no_record(kafka):
    report = diagnose(kafka, "--topic", CLOSED_TOPIC, "--canary")
    assert first(report)["code"] == "IAM-10"
    assert phases(report, "canary") == []
    assert any("no broker that was reached says that the topic exists" in own["what"] for own in report["unknown"])
