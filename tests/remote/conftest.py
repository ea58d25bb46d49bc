import json
import os
import re
import socket
import subprocess
import time

import pytest

from cloud import ROLE, Cloud, packaged, trusted
from runtime import Environment

DOCTOR = os.environ["MSK_DOCTOR"]


class Lab:
    """The embedded cluster, its CA and the credentials that it accepts."""

    def __init__(self, folder, faults):
        self.process = subprocess.Popen(
            [DOCTOR, "lab", "--dir", str(folder), *faults], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        bootstrap = folder / "bootstrap"
        while not bootstrap.exists():
            assert self.process.poll() is None, self.process.stderr.read()
            time.sleep(0.01)
        self.bootstrap = bootstrap.read_text().strip()
        self.ca = (folder / "ca.pem").read_text()
        lines = (folder / "credentials.env").read_text().splitlines()
        words = (re.sub("^export ", "", line).split("=", 1) for line in lines if "=" in line)
        self.credentials = {name: value.strip("'\"") for name, value in words if name.startswith("AWS_")}

    def event(self, **more):
        return {"bootstrap": self.bootstrap, "ca_file": self.ca, "region": "eu-west-1"} | more


@pytest.fixture
def lab(tmp_path):
    running = []

    def start(*faults):
        folder = tmp_path / f"lab-{len(running)}"
        running.append(Lab(folder, faults))
        return running[-1]

    yield start
    for one in running:
        one.process.kill()
        one.process.wait()


@pytest.fixture
def function():
    """Starts the program as a function; it ends with the test."""
    running = []

    def start(more=None, **options):
        running.append(Environment(DOCTOR, more=more, **options))
        return running[-1]

    yield start
    for one in running:
        one.close()


@pytest.fixture
def nowhere():
    """An address where connections never come about: its listener's queue is full."""
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    probe.connect(("192.0.2.1", 9))
    own = probe.getsockname()[0]
    listener = socket.socket()
    listener.bind((own, 0))
    listener.listen(0)
    waiting = []
    while True:
        one = socket.socket()
        one.settimeout(0.3)
        waiting.append(one)
        try:
            one.connect(listener.getsockname())
        except TimeoutError:
            break
    yield "http://%s:%d" % listener.getsockname()
    for one in [*waiting, listener, probe]:
        one.close()


@pytest.fixture(scope="session")
def package(tmp_path_factory):
    return packaged(DOCTOR, tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="session")
def servers(tmp_path_factory):
    cloud = trusted(Cloud(tmp_path_factory.mktemp("cloud")))
    yield cloud
    cloud.close()


@pytest.fixture
def cloud(servers):
    servers.reset()
    yield servers
    for name in servers.names():
        servers.api().delete_function(FunctionName=name)


class Question:
    """Saved facts of a function, and the program asked through the API."""

    def __init__(self, cloud, package, folder):
        self.cloud, self.package, self.folder = cloud, package, folder
        self.facts = folder / "facts"
        self.facts.mkdir()
        self.fact("lambda-get-function-configuration", {
            "FunctionName": "orders",
            "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:orders",
            "Role": ROLE,
            "MemorySize": 256,
            "Timeout": 60,
            "State": "Active",
            "LastUpdateStatus": "Successful",
            "VpcConfig": {"VpcId": "vpc-1", "SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]},
        })

    def fact(self, name, answer):
        (self.facts / f"{name}.json").write_text(json.dumps(answer))

    def command(self, lab, *words):
        (self.folder / "ca.pem").write_text(lab.ca)
        self.cloud.credentials = lab.credentials
        return [
            DOCTOR, "remote", "--function", "orders", "--bootstrap", lab.bootstrap, "--ca-file", str(self.folder / "ca.pem"),
            "--facts", str(self.facts), "--package", str(self.package), "--output", "json", *words,
        ]

    def env(self, lab):
        return {
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "AWS_REGION": "eu-west-1",
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL_LAMBDA": self.cloud.url,
            "AWS_ENDPOINT_URL_STS": self.cloud.url,
        } | lab.credentials

    def start(self, lab, *words):
        return subprocess.Popen(
            self.command(lab, *words), env=self.env(lab), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )

    def ask(self, lab, *words):
        """Exit code, report, and what standard error said."""
        process = self.start(lab, *words)
        out, self.said = process.communicate(timeout=120)
        return process.returncode, json.loads(out) if out else None


@pytest.fixture
def question(cloud, package, tmp_path):
    return Question(cloud, package, tmp_path)
