"""Other clusters: another Kafka, another way to refuse, one broker less."""

import json

from applications import CACHE, PYTHONS, Says, assert_fail
from cluster import DOMAIN, Cluster
from doctor import assert_faulty, diagnose, ends, first
from login import DISCONNECTED, assert_bad_signature, assert_good_login
from tokens import ANOTHER_SECRET, token


def test_kafka_4_is_healthy_and_refuses_alike():
    with Cluster("4.4.0", CACHE, PYTHONS["3.0"]) as cluster:
        assert_good_login(cluster, "kafka-4-healthy")
        assert_bad_signature(cluster, "kafka-4-bad-signature")


def test_json_challenge():
    with Cluster("3.9.2", CACHE, PYTHONS["3.0"], brokers=1, refusal="challenge") as cluster:
        report = diagnose(cluster, secret=ANOTHER_SECRET)
        assert_faulty(cluster, report, "SASL-06", None, "sasl-authenticate", "kafka-error")
        assert_fail(cluster, "json-challenge",
                    [Says("Unrecognized response during authentication", "sasl-authenticate", "SASL-06")],
                    [Says('{"status":"invalid_token"}', "sasl-authenticate", "SASL-06"), DISCONNECTED],
                    token=token(secret=ANOTHER_SECRET))


def test_one_broker_stopped(kafka):
    kafka.stop(3)
    try:
        report = diagnose(kafka)
        assert (report["verdict"], report["exit_code"]) == ("faulty", 1)
        cause = first(report)
        assert (cause["code"], cause["subjects"]) == ("CLU-03", [f"b-3.{DOMAIN}:9098"]), json.dumps(cause, indent=1)
        assert "TCP-02" in cause["explains"]
        assert sorted(ends(report, "connect")) == ["answered", "answered", "refused"]
        assert_fail(kafka, "stopped-broker", [Says("returned error 111. Disconnecting", "connect", "TCP-02")],
                    [Says("111 ECONNREFUSED", "connect", "TCP-02")], bootstrap=f"b-3.{DOMAIN}:9098", token=token())
    finally:
        kafka.start(3)
        kafka.wait_for(kafka.ids)
