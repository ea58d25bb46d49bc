"""A record written and read back by a real client, on a real Kafka."""

import json

import pytest

from cluster import CLOSED_TOPIC, MTLS_PORT, OPEN_TOPIC, READ_ONLY_TOPIC, SECRET, WRITE_ONLY_TOPIC
from doctor import assert_healthy, diagnose, finish, first, phases, start
from test_listeners import certificate


def canary(report):
    records = phases(report, "canary")
    assert len(records) == 1, json.dumps(report, indent=1)
    return records[0]["end"], records[0]["detail"]


def listeners(kafka):
    own = certificate(kafka, "client")
    return {
        "iam": (9098, []),
        "tls": (9094, ["--auth", "tls"]),
        "plaintext": (9092, ["--auth", "plaintext"]),
        "scram": (9096, ["--scram-user", "user"]),
        "mtls": (MTLS_PORT, ["--client-cert", own["certificate"], "--client-key", own["key"]]),
    }


@pytest.mark.parametrize("auth", ["iam", "scram", "tls", "plaintext", "mtls"])
def test_it_comes_back(kafka, auth):
    port, more = listeners(kafka)[auth]
    before = kafka.contents()
    report, err = finish(start(kafka, *more, "--topic", OPEN_TOPIC, "--canary", port=port, more={"MSK_DOCTOR_SCRAM_PASSWORD": "password"}))
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


@pytest.mark.parametrize("port,auth,code", [(9098, "iam", "IAM-10"), (9094, "tls", "IAM-18")])
@pytest.mark.parametrize("topic,failed", [(READ_ONLY_TOPIC, "write"), (WRITE_ONLY_TOPIC, "read")])
def test_half_a_right(kafka, port, auth, code, topic, failed):
    without = diagnose(kafka, "--auth", auth, "--topic", topic, port=port)
    assert_healthy(without)
    report = diagnose(kafka, "--auth", auth, "--topic", topic, "--canary", port=port)
    assert (first(report)["code"], first(report)["phase"]) == (code, "canary"), json.dumps(report["causes"], indent=1)
    end, detail = canary(report)
    assert (end, detail["error_code"], detail["failed"]) == ("kafka-error", 29, failed)


def test_a_closed_topic_gets_no_record(kafka):
    report = diagnose(kafka, "--topic", CLOSED_TOPIC, "--canary")
    assert first(report)["code"] == "IAM-10"
    assert phases(report, "canary") == []
    assert any("no broker that was reached says that the topic exists" in own["what"] for own in report["unknown"])
