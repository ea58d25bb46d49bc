"""A token of the user's own: what is wrong with it is said before it is sent, and it is sent all the same."""

import pytest

import doctor
from applications import Says, assert_fail
from login import DISCONNECTED, denied
from network import SYN, counted
from tokens import expired, token, tuple_text


def start(cluster, folder, text):
    file = folder / "token"
    file.write_text(text + "\n")
    return doctor.start(cluster, "--token", file)


def assert_named(report, err, code):
    assert [problem["code"] for problem in report["token"]["problems"]] == [code]
    assert err.startswith("msk-doctor: the token: ") and f"({code})" in err.splitlines()[0], err


def assert_sent(report, text):
    sent = doctor.phases(report, "sasl-authenticate")
    assert sent and all(record["bytes_out"] > len(text) for record in sent), sent


def test_token_of_the_aws_signer(kafka, tmp_path):
    """Shows that what refuses the others is what is wrong with them."""
    text = token()
    report, err = doctor.finish(start(kafka, tmp_path, text))
    doctor.assert_healthy(report)
    assert (report["token"]["problems"], err) == ([], "")
    assert_sent(report, text)


# The broker's words, or none; kafka-python 2 is cut off.
TUPLE = denied("SASL-05")[0], [Says("invalid credentials with SASL mechanism", "sasl-authenticate", "SASL-05"),
                              DISCONNECTED]


@pytest.mark.parametrize("case,make,code,confidence,said", [
    ("expired", expired, "SASL-08", "likely", denied("SASL-08")),
    ("another-region", lambda: token(region="us-west-2"), "SASL-10", "likely", denied("SASL-10")),
    ("tuple", tuple_text, "SASL-05", "proven", TUPLE),
])
def test_bad_token(kafka, tmp_path, case, make, code, confidence, said):
    text = make()
    report, err = doctor.finish(start(kafka, tmp_path, text))
    doctor.assert_faulty(kafka, report, code, confidence, "sasl-authenticate", "kafka-error")
    assert_named(report, err, code)
    assert_sent(report, text)
    assert_fail(kafka, case, *said, token=text)


def test_said_before_it_is_sent(kafka, tmp_path):
    """No packet reaches a broker until the words are read."""
    text = expired()
    with counted(kafka, f"tcp dport 9098 {SYN}", verdict="drop"):
        process = start(kafka, tmp_path, text)
        said = process.stderr.readline()
    report, err = doctor.finish(process)
    assert_named(report, said + err, "SASL-08")
    doctor.assert_faulty(kafka, report, "SASL-08", "likely", "sasl-authenticate", "kafka-error")
    assert_sent(report, text)


def test_not_sent_to_silence(kafka, tmp_path):
    text = expired()
    with counted(kafka, f"tcp dport 9098 {SYN}", verdict="drop"):
        report, err = doctor.finish(start(kafka, tmp_path, text))
    # The other listeners of the same addresses are open.
    doctor.assert_faulty(kafka, report, "SG-06", "likely", "connect", "silence")
    assert_named(report, err, "SASL-08")
    assert doctor.phases(report, "sasl-authenticate") == []
