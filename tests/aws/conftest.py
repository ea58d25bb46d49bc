import os
import subprocess
import time

import pytest
from moto.server import ThreadedMotoServer

import world
from stub import Stub


@pytest.fixture(scope="session")
def filled():
    moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    moto.start()
    port = moto.get_host_and_port()[1]
    ids, kafka = world.fill(f"http://127.0.0.1:{port}")
    stub = Stub(port)
    stub.route53 = world.api(f"http://127.0.0.1:{port}", "route53")
    stub.iam = world.api(f"http://127.0.0.1:{port}", "iam")
    stub.ec2 = world.api(f"http://127.0.0.1:{port}", "ec2")
    stub.kafka, stub.function_vpc = kafka, ids["client_vpc"]
    yield ids, stub
    moto.stop()


@pytest.fixture
def aws(filled):
    ids, stub = filled
    stub.denied, stub.throttled, stub.silent, stub.delay = set(), {}, set(), 0
    stub.asked, stub.recorded, stub.firewalls = [], {}, []
    return ids, stub


@pytest.fixture
def no_ingress(aws):
    """The brokers' group lets nobody in."""
    ids, stub = aws
    lists = [{"PrefixListId": ids["prefix_list"]}]
    rule = [{"IpProtocol": "tcp", "FromPort": 9098, "ToPort": 9098, "PrefixListIds": lists}]
    stub.ec2.revoke_security_group_ingress(GroupId=ids["broker_group"], IpPermissions=rule)
    yield ids["broker_group"]
    stub.ec2.authorize_security_group_ingress(GroupId=ids["broker_group"], IpPermissions=rule)


@pytest.fixture
def no_way_back(aws):
    """The brokers' route table does not lead to the function."""
    ids, stub = aws
    stub.ec2.delete_route(RouteTableId=ids["broker_table"], DestinationCidrBlock="10.1.0.0/16")
    yield ids["broker_table"]
    stub.ec2.create_route(
        RouteTableId=ids["broker_table"], DestinationCidrBlock="10.1.0.0/16", VpcPeeringConnectionId=ids["peering"]
    )


@pytest.fixture
def no_record(aws):
    """The private hosted zone for MSK's domain lacks a broker."""
    ids, stub = aws

    def change(action):
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": ids["records"][1]}]}
        stub.route53.change_resource_record_sets(HostedZoneId=ids["zone"], ChangeBatch=batch)

    change("DELETE")
    yield ids["zone"]
    change("CREATE")


# The firmware of an EC2 instance shows its id; in a mount namespace, so that nobody else sees it.
FIRMWARE = """
mount -t tmpfs none /sys/devices/virtual && mkdir -p /sys/devices/virtual/dmi/id &&
echo "$0" > /sys/devices/virtual/dmi/id/board_asset_tag && exec "$@"
"""


@pytest.fixture
def doctor(aws, tmp_path):
    """Runs the program with credentials and the API's address: what it wrote and how long it took."""
    _, stub = aws

    def run(*words, instance=None, **more):
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "eu-west-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        env |= {f"AWS_ENDPOINT_URL_{service}": stub.url for service in ["EC2", "IAM", "KAFKA", "LAMBDA", "ROUTE_53", "ROUTE53RESOLVER", "STS"]}
        env |= more
        command = [os.environ["MSK_DOCTOR"], *map(str, words)]
        if instance:
            command = ["unshare", "--mount", "sh", "-c", FIRMWARE, instance, *command]
        started = time.monotonic()
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
        return done, time.monotonic() - started

    return run
