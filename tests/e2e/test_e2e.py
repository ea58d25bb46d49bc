"""msk-doctor against a real Apache Kafka, beside kafka-python 2.0.2 and 3.0.12 on the same fault."""

import contextlib
import datetime
import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from botocore import auth
from botocore.credentials import CredentialProvider, Credentials

from cluster import DENIED_KEY, DOMAIN, KEY, SECRET, SESSION_TOKEN, TEMPORARY_KEY, Cluster

CACHE = Path(os.environ["MSK_DOCTOR_TEST_CACHE"])
DOCTOR = os.environ["MSK_DOCTOR"]
PYTHONS = {version: CACHE / f"venv-kafka-python-{version}/bin/python" for version in ("2.0", "3.0")}
EVIDENCE = CACHE / "e2e-evidence"
ANOTHER_SECRET = "another-made-up-secret"
MOST_CONNECTIONS = 2


@pytest.fixture(scope="session", autouse=True)
def end_in_order():
    """A terminated run ends its brokers too; evidence of earlier runs does not pass for this one's."""
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("terminated", returncode=143))
    shutil.rmtree(EVIDENCE, ignore_errors=True)


@pytest.fixture(scope="session")
def kafka():
    with Cluster("3.9.2", CACHE, PYTHONS["3.0"]) as cluster:
        yield cluster


def diagnose(cluster, *arguments, port=9098, key=KEY, secret=SECRET, session_token=None, bootstrap=None):
    """The report of one run."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(cluster.folder), "AWS_ACCESS_KEY_ID": key,
                   "AWS_SECRET_ACCESS_KEY": secret, "AWS_EC2_METADATA_DISABLED": "true"}
    if session_token:
        environment["AWS_SESSION_TOKEN"] = session_token
    command = cluster.inside(DOCTOR, "diagnose", bootstrap or cluster.bootstrap(port), "--ca-file", cluster.ca,
                             "--no-aws", "--output", "json", *arguments)
    done = subprocess.run(command, env=environment, text=True, capture_output=True, timeout=60)
    assert done.stdout, (done.returncode, done.stderr)
    report = json.loads(done.stdout)
    assert report["exit_code"] == done.returncode, done.stderr
    for hidden in filter(None, (secret, session_token)):
        assert hidden not in done.stdout + done.stderr
    return report


def client(cluster, case, version, protocol="SASL_SSL", port=9098, key=KEY, secret=SECRET):
    """What kafka-python prints, kept as evidence."""
    script = Path(__file__).parent / "clients" / "client.py"
    command = cluster.inside(PYTHONS[version], script, cluster.bootstrap(port), cluster.ca, protocol, key, secret)
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=90)
    file = EVIDENCE / case / f"kafka-python-{version}.txt"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(done.stdout)
    return done


def assert_client_says(done, *words):
    """It failed, and printed one of these."""
    assert done.returncode != 0 and any(known in done.stdout for known in words), done.stdout


def first(report):
    assert report["causes"], json.dumps(report, indent=1)
    return report["causes"][0]


def ends(report, phase, purpose=r"(?!experiment)"):
    """How `phase` ended in each attempt for this purpose: a pattern for its beginning."""
    return [record["end"] for observation in report["observations"] if re.match(purpose, observation["purpose"])
            for record in observation["phases"] if record["phase"] == phase]


def subjects(cluster, port=9098):
    return cluster.bootstrap(port).split(",")


def assert_healthy(report):
    assert (report["verdict"], report["exit_code"], report["causes"]) == ("healthy", 0, []), \
        json.dumps(report, indent=1)
    assert set(ends(report, "metadata")) == {"answered"}


def assert_faulty(cluster, report, code, confidence, phase, end, port=9098):
    """The first cause, on each broker of the cluster, and where and how its attempts ended.

    No `confidence`: any, as what the broker says does not tell its possible causes apart.
    """
    assert (report["verdict"], report["exit_code"]) == ("faulty", 1)
    cause = first(report)
    assert (cause["code"], cause["phase"]) == (code, phase), json.dumps(report["causes"], indent=1)
    assert confidence in (None, cause["confidence"]), json.dumps(cause, indent=1)
    assert sorted(cause["subjects"]) == subjects(cluster, port)
    last = [(o["phases"][-1]["phase"], o["phases"][-1]["end"]) for o in report["observations"]
            if not o["purpose"].startswith("experiment")]
    assert last == [(phase, end)] * len(cluster.ids)


@contextlib.contextmanager
def counted_connections(cluster, counts):
    """Fills `counts` with the SYNs to each broker's IAM port."""
    rules = "".join(f"ip daddr 127.0.1.{i} tcp dport 9098 tcp flags & (syn|ack) == syn counter\n" for i in cluster.ids)
    table = "table ip count {\nchain out {\ntype filter hook output priority 0;\n" + rules + "}\n}\n"
    subprocess.run(cluster.inside("nft", "-f", "-"), input=table, text=True, check=True)
    try:
        yield
        listed = subprocess.run(cluster.inside("nft", "list", "table", "ip", "count"), text=True, check=True,
                                capture_output=True).stdout
        counts += [int(count) for count in re.findall(r"counter packets (\d+)", listed)]
    finally:
        subprocess.run(cluster.inside("nft", "delete", "table", "ip", "count"), check=True)


def assert_healthy_with_few_connections(cluster):
    counts = []
    with counted_connections(cluster, counts):
        report = diagnose(cluster)
    assert_healthy(report)
    assert len(counts) == len(cluster.ids) and all(1 <= count <= MOST_CONNECTIONS for count in counts), counts


def assert_bad_signature(cluster):
    report = diagnose(cluster, secret=ANOTHER_SECRET)
    assert_faulty(cluster, report, "IAM-01", "likely", "sasl-authenticate", "kafka-error")
    assert any(re.search(r"broker's words: .*\]: Access denied", words) for words in first(report)["evidence"])
    assert "sasl-handshake-v0" in report["experiments"]
    # The experiment is for all brokers that call for it or for one of them: each that ran ended so.
    assert set(ends(report, "sasl-authenticate", "experiment:sasl-handshake-v0")) == {"fin"}


def test_healthy(kafka):
    assert_healthy_with_few_connections(kafka)
    for version in PYTHONS:
        done = client(kafka, "healthy", version)
        assert done.returncode == 0 and "brokers: 3" in done.stdout, done.stdout


def test_one_name_leads_to_all_brokers(kafka):
    report = diagnose(kafka, bootstrap=f"b-1.{DOMAIN}:9098")
    assert_healthy(report)
    assert [broker["from"] for broker in report["target"]["brokers"]] == ["bootstrap", "advertised", "advertised"]


def test_bad_signature(kafka):
    assert_bad_signature(kafka)
    assert_client_says(client(kafka, "bad-signature", "2.0", secret=ANOTHER_SECRET), "Connection reset during recv")
    # kafka-python 3 loses error 58 when it reads the answer and the end of the stream together.
    assert_client_says(client(kafka, "bad-signature", "3.0", secret=ANOTHER_SECRET),
                       "socket disconnected", "Access denied")


def test_denied(kafka):
    assert_faulty(kafka, diagnose(kafka, key=DENIED_KEY), "IAM-01", "likely", "sasl-authenticate", "kafka-error")


def test_temporary_credentials(kafka):
    assert_healthy(diagnose(kafka, key=TEMPORARY_KEY, session_token=SESSION_TOKEN))


def test_another_session_token(kafka):
    report = diagnose(kafka, key=TEMPORARY_KEY, session_token="another-made-up-session-token")
    assert_faulty(kafka, report, "IAM-01", "likely", "sasl-authenticate", "kafka-error")


def test_no_session_token(kafka):
    report = diagnose(kafka, key=TEMPORARY_KEY)
    assert_faulty(kafka, report, "SASL-12", None, "sasl-authenticate", "kafka-error")


class Static(CredentialProvider):
    def load(self):
        return Credentials(KEY, SECRET)


def token_file(folder, region="eu-west-1"):
    token, _ = MSKAuthTokenProvider.generate_auth_token_from_credentials_provider(region, Static())
    file = folder / "token"
    file.write_text(token + "\n")
    return file


def test_token_of_the_aws_signer(kafka, tmp_path):
    """Shows that what refuses the next one is its age."""
    assert_healthy(diagnose(kafka, "--token", token_file(tmp_path)))


def test_expired_token(kafka, monkeypatch, tmp_path):
    past = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
    monkeypatch.setattr(auth, "get_current_datetime", lambda *_, **__: past.replace(tzinfo=None))
    report = diagnose(kafka, "--token", token_file(tmp_path))
    assert_faulty(kafka, report, "SASL-08", None, "sasl-authenticate", "kafka-error")


def test_wrong_region(kafka):
    report = diagnose(kafka, "--region", "us-west-2")
    assert_faulty(kafka, report, "SASL-10", "likely", "sasl-authenticate", "kafka-error")


def test_tls_to_plaintext(kafka):
    report = diagnose(kafka, "--auth", "iam", port=9092)
    assert_faulty(kafka, report, "TLS-02", "proven", "tls", "fin", port=9092)
    assert_client_says(client(kafka, "tls-to-plaintext", "2.0", port=9092),
                       "SSL connection closed by server during handshake")
    assert_client_says(client(kafka, "tls-to-plaintext", "3.0", port=9092), "UNEXPECTED_EOF_WHILE_READING")


def test_plaintext_to_tls(kafka):
    report = diagnose(kafka, "--auth", "plaintext")
    assert_faulty(kafka, report, "TLS-01", "proven", "api-versions", "not-kafka")
    assert_client_says(client(kafka, "plaintext-to-tls", "2.0", protocol="PLAINTEXT"), "socket disconnected")
    assert_client_says(client(kafka, "plaintext-to-tls", "3.0", protocol="PLAINTEXT"),
                       "socket disconnected", "Invalid frame length: 352518912")


def test_no_sasl_on_this_listener(kafka):
    report = diagnose(kafka, "--auth", "iam", port=9094)
    assert_faulty(kafka, report, "SASL-27", "proven", "sasl-handshake", "kafka-error", port=9094)


def test_another_mechanism(kafka):
    report = diagnose(kafka, "--auth", "iam", port=9096)
    assert_faulty(kafka, report, "SASL-03", "proven", "sasl-handshake", "kafka-error", port=9096)
    assert any("SCRAM-SHA-512" in words for words in first(report)["evidence"])


def test_tls_client_on_a_sasl_listener(kafka):
    assert_faulty(kafka, diagnose(kafka, "--auth", "tls"), "SASL-01", "proven", "metadata", "fin")


@pytest.mark.parametrize("port,auth_mode", [(9094, "tls"), (9092, "plaintext")])
def test_other_listeners_are_healthy(kafka, port, auth_mode):
    assert_healthy(diagnose(kafka, "--auth", auth_mode, port=port))


def test_kafka_4_is_healthy_and_refuses_alike():
    with Cluster("4.4.0", CACHE, PYTHONS["3.0"]) as cluster:
        assert_healthy_with_few_connections(cluster)
        assert_bad_signature(cluster)


def test_json_challenge():
    with Cluster("3.9.2", CACHE, PYTHONS["3.0"], brokers=1, refusal="challenge") as cluster:
        report = diagnose(cluster, secret=ANOTHER_SECRET)
        assert_faulty(cluster, report, "SASL-06", None, "sasl-authenticate", "kafka-error")


# The last one on the shared cluster: it leaves it with two brokers.
def test_one_broker_stopped(kafka):
    kafka.stop(3)
    report = diagnose(kafka)
    assert (report["verdict"], report["exit_code"]) == ("faulty", 1)
    cause = first(report)
    assert (cause["code"], cause["subjects"]) == ("CLU-03", [f"b-3.{DOMAIN}:9098"]), json.dumps(cause, indent=1)
    assert "TCP-02" in cause["explains"]
    assert sorted(ends(report, "connect")) == ["answered", "answered", "refused"]
