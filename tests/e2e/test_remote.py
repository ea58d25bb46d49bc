"""`remote` beside a real Kafka: the function's login counts, not this machine's."""

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent.parent / "remote"))

from cloud import ROLE, Cloud, packaged, trusted  # noqa: E402
from cluster import DENIED_KEY, KEY, SECRET  # noqa: E402
from doctor import DOCTOR  # noqa: E402
from network import entered  # noqa: E402

FUNCTION = {
    "FunctionName": "orders",
    "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:orders",
    "Role": ROLE,
    "MemorySize": 128,
    "Timeout": 60,
    "State": "Active",
    "LastUpdateStatus": "Successful",
    "VpcConfig": {"VpcId": "vpc-1", "SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
}


@pytest.fixture(scope="module")
def cloud(kafka, tmp_path_factory):
    made = trusted(Cloud(tmp_path_factory.mktemp("cloud"), kafka.inside(), functools.partial(entered, kafka)))
    yield made
    made.close()


def credentials(key):
    return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_EC2_METADATA_DISABLED": "true"}


@pytest.mark.parametrize(
    "there, here, verdict, codes",
    [(KEY, KEY, "healthy", []), (KEY, DENIED_KEY, "healthy", []), (DENIED_KEY, KEY, "faulty", ["IAM-01"])],
)
def test_the_functions_login_counts(kafka, cloud, tmp_path, there, here, verdict, codes):
    cloud.credentials = credentials(there)
    facts = tmp_path / "facts"
    facts.mkdir()
    (facts / "lambda-get-function-configuration.json").write_text(json.dumps(FUNCTION))
    package = packaged(DOCTOR, tmp_path)
    command = kafka.inside(
        DOCTOR, "remote", "--function", "orders", "--bootstrap", kafka.bootstrap(9098), "--ca-file", kafka.ca,
        "--facts", facts, "--package", package, "--yes", "--output", "json",
    )
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_REGION": "eu-west-1",
           "AWS_ENDPOINT_URL_LAMBDA": cloud.url} | credentials(here)
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
    report = json.loads(done.stdout)
    assert (report["verdict"], [cause["code"] for cause in report["causes"]]) == (verdict, codes), done
    assert report["exit_code"] == done.returncode
    assert report["vantage"]["speaks_for"] == ["path", "identity"]
    logins = [phase["end"] for seen in report["here"]["observations"] for phase in seen["phases"]
              if phase["phase"] == "sasl-authenticate" and not seen["purpose"].startswith("experiment")]
    assert logins and set(logins) == {"kafka-error" if here == DENIED_KEY else "answered"}
    assert cloud.names() == []
    assert SECRET not in done.stdout + done.stderr
