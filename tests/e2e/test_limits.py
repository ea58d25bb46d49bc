"""Limits on connections, as Kafka itself keeps them."""

import contextlib
import json
import subprocess

from cluster import HERE, PATIENCE_S
from doctor import assert_healthy, diagnose, first


@contextlib.contextmanager
def limited(kafka, name, value, before=0, after=0):
    """A limit on every broker, with connections to the IAM listener that stand before and come after it."""
    command = kafka.inside(kafka.python, HERE / "clients" / "limits.py", PATIENCE_S, kafka.bootstrap(9092), 9098, before, after,
                           name, value, *kafka.ids)
    running = subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        line = running.stdout.readline()
        assert line == "ready\n", running.communicate(timeout=PATIENCE_S)
        yield
    finally:
        # The limit is taken back, and that is waited for.
        _, err = running.communicate("", timeout=PATIENCE_S)
        assert running.returncode == 0, err


def assert_first(report, code, *not_excluded):
    """The fault is likely: only the cluster's own settings would prove it."""
    cause = first(report)
    seen = report["verdict"], cause["code"], cause["confidence"], set(cause["not_excluded"])
    assert seen == ("faulty", code, "likely", set(not_excluded)), json.dumps(report["causes"], indent=1)


def test_too_many_connections_of_an_address(kafka):
    with limited(kafka, "max.connections.per.ip", 1):
        report = diagnose(kafka)
    assert_first(report, "LIM-04", "TCP-04", "CLU-02", "NET-08")
    assert_healthy(diagnose(kafka))


def test_a_full_listener(kafka):
    with limited(kafka, "listener.name.iam.max.connections", 1, before=1):
        report = diagnose(kafka, "--phase-timeout", "2s")
        # The others have room.
        assert_healthy(diagnose(kafka, "--auth", "tls", port=9094))
    assert_first(report, "LIM-06", "NET-03", "TCP-05")
    assert_healthy(diagnose(kafka))


def test_connections_that_come_too_fast(kafka):
    with limited(kafka, "listener.name.iam.max.connection.creation.rate", 1, after=40):
        report = diagnose(kafka, "--phase-timeout", "2s")
    assert_first(report, "LIM-06", "NET-03", "TCP-05")
    assert_healthy(diagnose(kafka))
