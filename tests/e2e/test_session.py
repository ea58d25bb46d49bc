"""A login is for a time (KIP-368): the broker closes at the first request after it."""

from cluster import BRIEF_PORT, LASTING_PORT, SESSIONS_MS
from doctor import assert_faulty, assert_healthy, diagnose, first, phases
from late import late

DELAY_S = 0.01


def lifetimes(report):
    return {record["detail"]["session_lifetime_ms"] for record in phases(report, "sasl-authenticate")}


def test_a_session_that_is_over_before_the_next_request(kafka):
    with late(kafka, BRIEF_PORT, DELAY_S) as resolve:
        report = diagnose(kafka, "--auth", "iam", *resolve, port=BRIEF_PORT)
    assert_faulty(kafka, report, "SASL-18", "proven", "metadata", "fin", port=BRIEF_PORT)
    assert lifetimes(report) == {SESSIONS_MS["brief"]}
    assert "NET-03" in {other["code"] for other in first(report)["ruled_out"]}


def test_a_session_that_lasts(kafka):
    with late(kafka, LASTING_PORT, DELAY_S) as resolve:
        report = diagnose(kafka, "--auth", "iam", *resolve, port=LASTING_PORT)
    assert_healthy(report)
    assert lifetimes(report) == {SESSIONS_MS["lasting"]}
