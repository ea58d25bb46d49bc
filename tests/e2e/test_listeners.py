"""A client that speaks to the wrong listener, or has not what the listener asks for."""

import json

import pytest

from applications import Says, assert_fail, assert_work
from cluster import MTLS_PORT
from doctor import PATIENCE_S, assert_faulty, assert_healthy, diagnose, first, phases, start
from tokens import token
from ways import certificate


def test_tls_to_plaintext(kafka):
    report = diagnose(kafka, "--auth", "iam", port=9092)
    assert_faulty(kafka, report, "TLS-02", "proven", "tls", "fin", port=9092)
    assert_fail(kafka, "tls-to-plaintext", [Says("SSL connection closed by server during handshake", "tls", "TLS-02")],
                [Says("UNEXPECTED_EOF_WHILE_READING", "tls", "TLS-02")], port=9092, token=token())


def test_plaintext_to_tls(kafka):
    report = diagnose(kafka, "--auth", "plaintext")
    assert_faulty(kafka, report, "TLS-01", "proven", "api-versions", "not-kafka")
    # The older can give up in other words than these, the other can see the close alone.
    assert_fail(kafka, "plaintext-to-tls",
                [Says("UnrecognizedBrokerVersion", "api-versions", "TLS-01"),
                 Says("socket disconnected", "api-versions", "TLS-01", first=False)],
                [Says("Invalid frame length: 352518912", "api-versions", "TLS-01"),
                 Says("socket disconnected", "api-versions", "TLS-01")], secure=False)


def no_cause(code):
    """What kafka-python 2 says when it prints no cause: where its start-up budget cut the last attempt, if it did."""
    states = {"connecting": "connect", "handshake": "tls", "authenticating": "sasl-authenticate"}
    return [*(Says(f"<{state}>", phase, code, first=False) for state, phase in states.items()),
            Says("NoBrokersAvailable", "metadata", code, first=False)]


def test_no_sasl_on_this_listener(kafka):
    report = diagnose(kafka, "--auth", "iam", port=9094)
    assert_faulty(kafka, report, "SASL-27", "proven", "sasl-handshake", "kafka-error", port=9094)
    assert_fail(kafka, "no-sasl", no_cause("SASL-27"),
                [Says("[Error 34] IllegalSaslStateError", "sasl-handshake", "SASL-27")], port=9094, token=token())


def test_another_mechanism(kafka):
    report = diagnose(kafka, "--auth", "iam", port=9096)
    assert_faulty(kafka, report, "SASL-03", "proven", "sasl-handshake", "kafka-error", port=9096)
    assert any("SCRAM-SHA-512" in words for words in first(report)["evidence"])
    # The older prints the close at most; the other loses the broker's answer in most attempts.
    assert_fail(kafka, "another-mechanism",
                [Says("socket disconnected", "sasl-handshake", "SASL-03"), *no_cause("SASL-03")],
                [Says("SaslHandshake failed: UnsupportedSaslMechanismError", "sasl-handshake", "SASL-03"),
                 Says("socket disconnected", "sasl-authenticate", "SASL-03", first=False)],
                port=9096, token=token())


def test_tls_client_on_a_sasl_listener(kafka):
    assert_faulty(kafka, diagnose(kafka, "--auth", "tls"), "SASL-01", "proven", "metadata", "fin")
    assert_fail(kafka, "no-login", [Says("socket disconnected", "api-versions", "SASL-01")],
                [Says("Metadata refresh: failed KafkaConnectionError: socket disconnected", "metadata", "SASL-01")])


@pytest.mark.parametrize("port,auth_mode", [(9094, "tls"), (9092, "plaintext")])
def test_other_listeners_are_healthy(kafka, port, auth_mode):
    assert_healthy(diagnose(kafka, "--auth", auth_mode, port=port))


def diagnose_with_certificate(cluster, name):
    own = certificate(cluster, name)
    return diagnose(cluster, "--client-cert", own["certificate"], "--client-key", own["key"], port=MTLS_PORT)


def scram(kafka, user, password, *more):
    report = diagnose(kafka, "--scram-user", user, *more, port=9096, more={"MSK_DOCTOR_SCRAM_PASSWORD": password})
    assert password not in json.dumps(report)
    return report


def messages(report):
    return {record["detail"]["messages"] for record in phases(report, "sasl-authenticate")}


def test_scram(kafka):
    report = scram(kafka, "user", "password")
    assert_healthy(report)
    assert messages(report) == {2}


def test_scram_with_another_password(kafka):
    """Kafka asks for the proof, and refuses it."""
    report = scram(kafka, "user", "another-made-up-password")
    assert_faulty(kafka, report, "SASL-22", "likely", "sasl-authenticate", "kafka-error", port=9096)
    assert messages(report) == {2}
    # A secret that the cluster may not read any more keeps its old password there.
    assert "SASL-23" in first(report)["not_excluded"]


def test_scram_with_another_user(kafka):
    """Kafka refuses a name that it does not know, before any proof."""
    report = scram(kafka, "somebody", "password-of-somebody")
    assert_faulty(kafka, report, "SASL-22", "likely", "sasl-authenticate", "kafka-error", port=9096)
    assert messages(report) == {1}
    assert "SASL-23" in first(report)["not_excluded"]


def test_scram_with_another_hash(kafka):
    report = scram(kafka, "user", "password", "--mechanism", "scram-sha-256")
    assert_faulty(kafka, report, "SASL-03", "proven", "sasl-handshake", "kafka-error", port=9096)


def test_client_certificate(kafka):
    assert_healthy(diagnose_with_certificate(kafka, "client"))
    assert_work(kafka, "client-certificate", "brokers: 3", port=MTLS_PORT, **certificate(kafka, "client"))


# kafka-python 2 reads the alert, or only the end of the stream.
END_OF_STREAM = Says("EOF occurred in violation of protocol", "tls", "TLS-07", first=False)


def test_no_client_certificate(kafka):
    report = diagnose(kafka, "--auth", "tls", port=MTLS_PORT)
    assert_faulty(kafka, report, "TLS-07", "proven", "tls", "tls-alert", port=MTLS_PORT)
    alert = Says("SSLV3_ALERT_BAD_CERTIFICATE", "tls", "TLS-07")
    assert_fail(kafka, "no-client-certificate", [alert, END_OF_STREAM], [alert], port=MTLS_PORT)


def test_client_certificate_of_version_1(kafka):
    assert_healthy(diagnose_with_certificate(kafka, "version-1"))


def test_client_key_of_another_certificate(kafka):
    own, other = certificate(kafka, "client"), certificate(kafka, "version-1")
    done = start(kafka, "--client-cert", own["certificate"], "--client-key", other["key"], port=MTLS_PORT)
    out, err = done.communicate(timeout=PATIENCE_S)
    assert (done.returncode, out) == (2, "") and "the client's key is not the key of its certificate" in err, err


def test_expired_client_certificate(kafka):
    report = diagnose_with_certificate(kafka, "expired")
    assert_faulty(kafka, report, "TLS-07", "proven", "tls", "tls-alert", port=MTLS_PORT)


def test_client_certificate_of_another_ca(kafka):
    report = diagnose_with_certificate(kafka, "stranger")
    assert_faulty(kafka, report, "TLS-07", "proven", "tls", "tls-alert", port=MTLS_PORT)
    alert = Says("SSLV3_ALERT_CERTIFICATE_UNKNOWN", "tls", "TLS-07")
    assert_fail(kafka, "client-certificate-of-another-ca", [alert, END_OF_STREAM], [alert], port=MTLS_PORT,
                **certificate(kafka, "stranger"))
