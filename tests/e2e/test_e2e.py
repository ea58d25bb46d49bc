"""msk-doctor against a real Apache Kafka, beside kafka-python 2.0.2 and 3.0.12 on the same fault."""

import datetime
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from botocore import auth
from botocore.credentials import CredentialProvider, Credentials

from cluster import DENIED_KEY, DOMAIN, KEY, SECRET, Cluster

CACHE = Path(os.environ["MSK_DOCTOR_TEST_CACHE"])
DOCTOR = os.environ["MSK_DOCTOR"]
PYTHONS = {version: CACHE / f"venv-kafka-python-{version}/bin/python" for version in ("2.0", "3.0")}


@pytest.fixture(scope="session")
def kafka():
    with Cluster("3.9.2", CACHE, PYTHONS["3.0"]) as cluster:
        yield cluster


def diagnose(cluster, *arguments, port=9098, key=KEY, secret=SECRET, bootstrap=None):
    """The report and its process."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(cluster.folder), "AWS_ACCESS_KEY_ID": key,
                   "AWS_SECRET_ACCESS_KEY": secret, "AWS_EC2_METADATA_DISABLED": "true"}
    command = cluster.inside(DOCTOR, "diagnose", bootstrap or cluster.bootstrap(port), "--ca-file", cluster.ca,
                             "--no-aws", "--output", "json", *arguments)
    done = subprocess.run(command, env=environment, text=True, capture_output=True, timeout=60)
    report = json.loads(done.stdout)
    assert report["exit_code"] == done.returncode, done.stderr
    assert secret not in done.stdout + done.stderr
    return report


def client(cluster, case, version, protocol="SASL_SSL", port=9098, key=KEY, secret=SECRET):
    """What kafka-python prints, kept as evidence."""
    script = Path(__file__).parent / "clients" / "client.py"
    command = cluster.inside(PYTHONS[version], script, cluster.bootstrap(port), cluster.ca, protocol, key, secret)
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=90)
    folder = CACHE / "e2e-evidence" / case
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"kafka-python-{version}.txt").write_text(done.stdout)
    return done


def first(report):
    assert report["causes"], report
    return report["causes"][0]


def ends(report, phase):
    """How `phase` ended on each broker, experiments aside."""
    return [record["end"] for observation in report["observations"]
            if not observation["purpose"].startswith("experiment")
            for record in observation["phases"] if record["phase"] == phase]


def assert_faulty(report, code, confidence=None):
    assert (report["verdict"], report["exit_code"]) == ("faulty", 1)
    assert first(report)["code"] == code, json.dumps(report["causes"], indent=1)
    if confidence:
        assert first(report)["confidence"] == confidence, json.dumps(first(report), indent=1)


def count_connections(cluster):
    """Rules that count the SYNs to each broker's IAM port."""
    rules = "".join(f"ip daddr 127.0.1.{i} tcp dport 9098 tcp flags & (syn|ack) == syn counter\n" for i in cluster.ids)
    table = "table ip count {\nchain out {\ntype filter hook output priority 0;\n" + rules + "}\n}\n"
    subprocess.run(cluster.inside("nft", "-f", "-"), input=table, text=True, check=True)


def connections(cluster):
    listed = subprocess.run(cluster.inside("nft", "list", "table", "ip", "count"), text=True, check=True,
                            capture_output=True).stdout
    subprocess.run(cluster.inside("nft", "delete", "table", "ip", "count"), check=True)
    return [int(count) for count in re.findall(r"counter packets (\d+)", listed)]


def test_healthy(kafka):
    count_connections(kafka)
    report = diagnose(kafka)
    counted = connections(kafka)
    assert (report["verdict"], report["exit_code"], report["causes"]) == ("healthy", 0, [])
    assert ends(report, "metadata") == ["answered"] * 3
    assert len(counted) == 3 and all(1 <= count <= 2 for count in counted), counted
    for version in PYTHONS:
        assert "brokers: 3" in client(kafka, "healthy", version).stdout


def test_one_name_leads_to_all_brokers(kafka):
    report = diagnose(kafka, bootstrap=f"b-1.{DOMAIN}:9098")
    assert report["verdict"] == "healthy"
    assert [broker["from"] for broker in report["target"]["brokers"]] == ["bootstrap", "advertised", "advertised"]


def test_bad_signature(kafka):
    report = diagnose(kafka, secret="another-secret")
    assert_faulty(report, "IAM-01", "likely")
    assert any("Access denied" in words for words in first(report)["evidence"])
    bare = [o for o in report["observations"] if o["purpose"] == "experiment:sasl-handshake-v0"]
    assert [o["phases"][-1]["end"] for o in bare] == ["fin"]
    old = client(kafka, "bad-signature", "2.0", secret="another-secret")
    assert old.returncode != 0 and "Connection reset during recv" in old.stdout, old.stdout
    new = client(kafka, "bad-signature", "3.0", secret="another-secret")
    assert new.returncode != 0, new.stdout
    assert "socket disconnected" in new.stdout or "Access denied" in new.stdout, new.stdout


def test_denied(kafka):
    assert_faulty(diagnose(kafka, key=DENIED_KEY), "IAM-01", "likely")


class Static(CredentialProvider):
    def load(self):
        return Credentials(KEY, SECRET)


def test_expired_token(kafka, monkeypatch, tmp_path):
    past = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
    monkeypatch.setattr(auth, "get_current_datetime", lambda *_, **__: past.replace(tzinfo=None))
    token, _ = MSKAuthTokenProvider.generate_auth_token_from_credentials_provider("eu-west-1", Static())
    file = tmp_path / "token"
    file.write_text(token + "\n")
    report = diagnose(kafka, "--token", file)
    assert_faulty(report, "SASL-08")
    assert ends(report, "sasl-authenticate") == ["kafka-error"] * 3


def test_wrong_region(kafka):
    assert_faulty(diagnose(kafka, "--region", "us-west-2"), "SASL-10", "likely")


def test_tls_to_plaintext(kafka):
    assert_faulty(diagnose(kafka, "--auth", "iam", port=9092), "TLS-02", "proven")
    words = {"2.0": "SSL connection closed by server during handshake", "3.0": "UNEXPECTED_EOF_WHILE_READING"}
    for version, known in words.items():
        assert known in client(kafka, "tls-to-plaintext", version, port=9092).stdout


def test_plaintext_to_tls(kafka):
    assert_faulty(diagnose(kafka, "--auth", "plaintext"), "TLS-01", "proven")
    for version in PYTHONS:
        assert client(kafka, "plaintext-to-tls", version, protocol="PLAINTEXT").returncode != 0


def test_no_sasl_on_this_listener(kafka):
    assert_faulty(diagnose(kafka, "--auth", "iam", port=9094), "SASL-27", "proven")


def test_another_mechanism(kafka):
    report = diagnose(kafka, "--auth", "iam", port=9096)
    assert_faulty(report, "SASL-03", "proven")
    assert any("SCRAM-SHA-512" in words for words in first(report)["evidence"])


def test_tls_client_on_a_sasl_listener(kafka):
    assert_faulty(diagnose(kafka, "--auth", "tls"), "SASL-01")


@pytest.mark.parametrize("port,auth_mode", [(9094, "tls"), (9092, "plaintext")])
def test_other_listeners_are_healthy(kafka, port, auth_mode):
    report = diagnose(kafka, "--auth", auth_mode, port=port)
    assert (report["verdict"], report["causes"]) == ("healthy", [])


def test_kafka_4_is_healthy_and_denies_alike():
    with Cluster("4.4.0", CACHE, PYTHONS["3.0"]) as cluster:
        assert diagnose(cluster)["verdict"] == "healthy"
        assert_faulty(diagnose(cluster, secret="another-secret"), "IAM-01", "likely")


def test_json_challenge():
    with Cluster("3.9.2", CACHE, PYTHONS["3.0"], brokers=1, refusal="challenge") as cluster:
        assert_faulty(diagnose(cluster, secret="another-secret"), "SASL-06")


# The last one on the shared cluster: it leaves it with two brokers.
def test_one_broker_stopped(kafka):
    kafka.stop(3)
    report = diagnose(kafka)
    assert_faulty(report, "CLU-03")
    assert first(report)["subjects"] == [f"b-3.{DOMAIN}:9098"]
    assert "TCP-02" in first(report)["explains"]
