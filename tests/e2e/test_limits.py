"""Limits on connections, as Kafka itself keeps them."""

import contextlib
import json
import socket
import subprocess

import pytest

from cluster import DOMAIN, HERE, PATIENCE_S
from doctor import assert_healthy, diagnose, first


@contextlib.contextmanager
def limited(kafka, *settings):
    command = kafka.inside(kafka.python, HERE / "clients" / "limits.py", kafka.bootstrap(9092), *settings, "--", *kafka.ids)
    running = subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        line = running.stdout.readline()
        assert line == "ready\n", running.communicate(timeout=PATIENCE_S)
        yield
    finally:
        # The limits are taken back, and that is waited for.
        _, err = running.communicate("", timeout=PATIENCE_S)
        assert running.returncode == 0, err


def codes(report):
    cause = first(report)
    return [cause["code"], *(cause.get("not_excluded") or [])]


def test_too_many_connections_of_an_address(kafka):
    with limited(kafka, "max.connections.per.ip=0"):
        report = diagnose(kafka, "--phase-timeout", "2s")
    assert (report["verdict"], first(report)["code"]) == ("faulty", "LIM-04"), json.dumps(report["causes"], indent=1)
    assert_healthy(diagnose(kafka))


def test_a_full_listener(kafka):
    with limited(kafka, "listener.name.iam.max.connections=0"):
        report = diagnose(kafka, "--phase-timeout", "2s")
        # The others have room.
        assert_healthy(diagnose(kafka, "--auth", "tls", port=9094))
    assert (report["verdict"], first(report)["code"]) == ("faulty", "LIM-06"), json.dumps(report["causes"], indent=1)
    assert_healthy(diagnose(kafka))
