"""STS cannot be reached: the verdict is the same, the run ends in time, the identity is not known."""

import json

import pytest

from doctor import assert_faulty, assert_healthy, diagnose
from network import SYN, counted
from tokens import ANOTHER_SECRET

STS_ADDRESS = "127.0.2.1"  # nothing listens there
STS = f"http://{STS_ADDRESS}:8080"
DEADLINE_S = 20  # that of a run that says nothing else


@pytest.fixture(params=["refuses", "is silent"])
def asked(request, kafka):
    """How often STS was asked."""
    verdict = "drop" if request.param == "is silent" else ""
    with counted(kafka, f"ip daddr {STS_ADDRESS} {SYN}", verdict=verdict) as counts:
        yield lambda: counts()[0]


def assert_whole(report):
    assert report["complete"] and report["duration_ms"] < DEADLINE_S * 1000 / 2
    assert report["vantage"]["identity"] is None


def assert_not_known(report):
    assert report["identity"]["is"] == "unknown" and report["identity"]["because"], json.dumps(report["identity"])
    assert any("sts:GetCallerIdentity" in unknown["needs"] for unknown in report["unknown"])


def test_healthy_without_sts(kafka, asked):
    report = diagnose(kafka, sts=STS)
    assert_healthy(report)
    assert_whole(report)
    assert_not_known(report)


def test_refused_without_sts(kafka, asked):
    report = diagnose(kafka, secret=ANOTHER_SECRET, sts=STS)
    assert asked() > 0
    assert_faulty(kafka, report, "IAM-01", "likely", "sasl-authenticate", "kafka-error")
    assert_whole(report)
    assert_not_known(report)
