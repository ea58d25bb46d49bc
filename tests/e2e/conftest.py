"""What all tests share."""

import shutil
import signal

import pytest

pytest.register_assert_rewrite("doctor", "applications")

from applications import CACHE, EVIDENCE, PYTHONS  # noqa: E402
from cluster import Cluster  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def end_in_order():
    """A terminated run ends its brokers too; evidence of earlier runs does not pass for this one's."""
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("terminated", returncode=143))
    shutil.rmtree(EVIDENCE, ignore_errors=True)


@pytest.fixture(scope="session")
def kafka():
    with Cluster("3.9.2", CACHE, PYTHONS["3.0"]) as cluster:
        yield cluster
