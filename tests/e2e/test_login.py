"""Logins with IAM: good, and refused for what only the broker knows."""

from applications import assert_fail
from cluster import DENIED_KEY, DOMAIN, SECRET, SESSION_TOKEN, TEMPORARY_KEY
from doctor import assert_faulty, assert_healthy, diagnose
from login import assert_bad_signature, assert_good_login, denied
from tokens import token


def test_healthy(kafka):
    assert_good_login(kafka, "healthy")


def test_one_name_leads_to_all_brokers(kafka):
    report = diagnose(kafka, bootstrap=f"b-1.{DOMAIN}:9098")
    assert_healthy(report)
    assert [broker["from"] for broker in report["target"]["brokers"]] == ["bootstrap", "advertised", "advertised"]


def test_bad_signature(kafka):
    assert_bad_signature(kafka, "bad-signature")


def test_denied(kafka):
    assert_faulty(kafka, diagnose(kafka, key=DENIED_KEY), "IAM-01", "likely", "sasl-authenticate", "kafka-error")
    assert_fail(kafka, "denied", *denied("IAM-01"), token=token(DENIED_KEY))


def test_temporary_credentials(kafka):
    assert_healthy(diagnose(kafka, key=TEMPORARY_KEY, session_token=SESSION_TOKEN))


def test_another_session_token(kafka):
    another = "another-made-up-session-token"
    report = diagnose(kafka, key=TEMPORARY_KEY, session_token=another)
    assert_faulty(kafka, report, "IAM-01", "likely", "sasl-authenticate", "kafka-error")
    assert_fail(kafka, "another-session-token", *denied("IAM-01"), token=token(TEMPORARY_KEY, SECRET, another))


def test_no_session_token(kafka):
    report = diagnose(kafka, key=TEMPORARY_KEY)
    assert_faulty(kafka, report, "SASL-12", None, "sasl-authenticate", "kafka-error")
    assert_fail(kafka, "no-session-token", *denied("SASL-12"), token=token(TEMPORARY_KEY))


def test_signed_for_another_region(kafka):
    report = diagnose(kafka, "--region", "us-west-2")
    assert_faulty(kafka, report, "SASL-10", "proven", "sasl-authenticate", "kafka-error")
