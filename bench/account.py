"""The account of tests/aws, filled, behind its stub: for the benches."""

import contextlib
import logging
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests/aws"))
from moto.server import ThreadedMotoServer  # noqa: E402

import world  # noqa: E402
from stub import Stub  # noqa: E402


@contextlib.contextmanager
def account():
    """The ids of what is there, and the server in front of it."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    moto.start()
    port = moto.get_host_and_port()[1]
    ids, kafka = world.fill(f"http://127.0.0.1:{port}")
    stub = Stub(port)
    stub.ec2 = world.api(f"http://127.0.0.1:{port}", "ec2")
    stub.kafka, stub.function_vpc = kafka, ids["client_vpc"]
    yield ids, stub
    moto.stop()


def environment(stub, home):
    """What a program needs to ask it, as somebody, in its region."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(home),
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": stub.url,
    }
