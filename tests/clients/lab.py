"""What the checks share: the lab's folder, tokens, and the words of a client's log."""

import logging
import os
import pathlib
import sys

from aws_msk_iam_sasl_signer import MSKAuthTokenProvider

REGION = "eu-west-1"
TOPIC = "lab"


class Lab:
    """The folder that `msk-doctor lab --dir` writes."""

    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self.bootstrap = (folder / "bootstrap").read_text().strip()
        self.ports = sorted(int(broker.rsplit(":", 1)[1]) for broker in self.bootstrap.split(","))
        assert len(self.ports) == 3, self.bootstrap
        self.ca = str(folder / "ca.pem")
        for line in (folder / "credentials.env").read_text().splitlines():
            name, value = line.split("=", 1)
            os.environ[name] = value


class Words(logging.Handler):
    """Remembers what is logged."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.lines = []

    def emit(self, record):
        self.lines.append(self.format(record))

    def assert_any(self, *wanted):
        found = any(words in line for line in self.lines for words in wanted)
        assert found, "\n".join([f"none of {wanted} in:", *self.lines[-40:]])


def token():
    """A token and the end of its life, milliseconds."""
    return MSKAuthTokenProvider.generate_auth_token(REGION)


def arguments():
    """`good` or `denied`, and the lab."""
    assert len(sys.argv) == 3 and sys.argv[1] in ("good", "denied"), sys.argv
    return sys.argv[1] == "good", Lab(sys.argv[2])
