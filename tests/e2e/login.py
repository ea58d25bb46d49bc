"""What the tests of logins ask, of any cluster."""

import re

from applications import Says, assert_fail, assert_work
from doctor import assert_faulty, assert_healthy, diagnose, ends, first
from network import SYN, counted
from tokens import ANOTHER_SECRET, token

MOST_CONNECTIONS = 2
# kafka-python 3 loses error 58 when it reads the answer and the end of the stream together.
DISCONNECTED = Says("socket disconnected", "sasl-authenticate", "IAM-01", first=False)


def denied(code):
    """What both applications say of a denial, and the code that is behind it: one of many that it can be."""
    return ([Says("Connection reset during recv", "sasl-authenticate", code, first=False)],
            [Says("Access denied", "sasl-authenticate", code, first=False), DISCONNECTED])


def assert_good_login(cluster, case):
    with counted(cluster, *(f"ip daddr 127.0.1.{i} tcp dport 9098 {SYN}" for i in cluster.ids)) as counts:
        report = diagnose(cluster)
        opened = counts()
    assert_healthy(report)
    assert len(opened) == len(cluster.ids) and all(1 <= count <= MOST_CONNECTIONS for count in opened), opened
    assert_work(cluster, case, f"brokers: {len(cluster.ids)}", token=token())


def assert_bad_signature(cluster, case):
    report = diagnose(cluster, secret=ANOTHER_SECRET)
    assert_faulty(cluster, report, "IAM-01", "likely", "sasl-authenticate", "kafka-error")
    assert any(re.search(r"broker's words: .*\]: Access denied", words) for words in first(report)["evidence"])
    assert "sasl-handshake-v0" in report["experiments"]
    # The experiment is for all brokers that call for it or for one of them: each that ran ended so.
    assert set(ends(report, "sasl-authenticate", "experiment:sasl-handshake-v0")) == {"fin"}
    assert_fail(cluster, case, *denied("IAM-01"), token=token(secret=ANOTHER_SECRET))
