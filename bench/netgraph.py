"""NetGraph and msk-doctor on the account of tests/aws: one path after the other, as it is and with something broken.

NetGraph is an MCP server: it is started for each world and asked over its standard input, as an assistant would. It
begins at an interface or instance, so both begin at an interface that stands where the function's would. Both ask the
same server, which answers from memory. Run by bench/netgraph; asserts nothing.
"""

import contextlib
import json
import os
import statistics
import subprocess
import tempfile
import time

from account import account, environment, world

ROUNDS = 5
PORT = 9098
# How long NetGraph took once it had started, milliseconds.
ANSWERING = []
NOTES = """
NetGraph has no word for a path that works for some source ports only. It ends at a peering by its own design, so what
is wrong on the other side is not seen. It is asked for one port of one interface and address at a time; a function
without an interface is no place to begin. What it says is blocked names the first blocker, msk-doctor lists all.
"""


class NetGraph:
    """A server that was just started."""

    def __init__(self, env):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen([os.environ["NETGRAPH"]], env=env, text=True, **pipes)
        self.number = 0
        client = {"name": "bench", "version": "1"}
        self.ask("initialize", {"protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": client})
        self.send({"method": "notifications/initialized"})

    def send(self, message):
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        self.process.stdin.flush()

    def ask(self, method, parameters):
        self.number += 1
        self.send({"id": self.number, "method": method, "params": parameters})
        for line in self.process.stdout:
            message = json.loads(line)
            if message.get("id") == self.number:
                return message.get("result") or {"error": message.get("error")}
        raise RuntimeError("NetGraph ended")

    def call(self, tool, **arguments):
        result = self.ask("tools/call", {"name": tool, "arguments": arguments})
        if "error" in result or result.get("isError"):
            return {"status": "error", "message": json.dumps(result)}
        return json.loads(result["content"][0]["text"])

    def path(self, source, address):
        told = self.call("analyze_path", source_id=source, destination_ip=address, port=PORT, protocol="tcp")
        status = str(told.get("status", "error")).lower()
        return status if status != "error" else f"error: {told.get('message', '')[:60]}"

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=20)


def netgraph(env, vpcs, source, brokers):
    server = NetGraph(env)
    try:
        started = time.perf_counter()
        # Without it, an address in a subnet that was not read yet is unknown to it.
        server.call("refresh_topology", vpc_ids=vpcs)
        answers = [server.path(source, address) for address in brokers]
        ANSWERING.append((time.perf_counter() - started) * 1000)
        return answers
    finally:
        server.close()


def doctor(env, _, source, brokers):
    command = [os.environ["MSK_DOCTOR"], "network", "--cluster", world.ARN, "--from", f"eni:{source}", "--output", "json"]
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    if not done.stdout:
        return [f"error: {done.stderr.strip()[:60]}"] * len(brokers)
    paths = json.loads(done.stdout)["paths"]
    told = {path["to"]["address"]: path["verdict"] for path in paths}
    return [told.get(address, "no path") for address in brokers]


def timed(tool, *arguments):
    """The answers, and the median time of the whole process. The first fills what the server has in memory."""
    answers = tool(*arguments)
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        answers = tool(*arguments)
        times.append((time.perf_counter() - started) * 1000)
    return answers, statistics.median(times)


class Worlds:
    """The account with something broken, and whole again after."""

    def __init__(self, ec2, ids):
        self.ec2, self.ids = ec2, ids
        filters = [{"Name": "vpc-id", "Values": [ids["broker_vpc"]]}]
        self.acl = ec2.describe_network_acls(Filters=filters)["NetworkAcls"][0]["NetworkAclId"]
        # A client beside the brokers: in their VPC, in a subnet of its own.
        subnet = ec2.create_subnet(VpcId=ids["broker_vpc"], CidrBlock="10.2.9.0/24", AvailabilityZone="eu-west-1a")
        group = ec2.create_security_group(GroupName="near", Description="near", VpcId=ids["broker_vpc"])["GroupId"]
        subnet = subnet["Subnet"]["SubnetId"]
        self.own_acl(subnet)
        self.near = self.interface(subnet, group)
        self.far = self.interface(ids["client_subnets"][0], ids["client_group"])
        lists = [{"PrefixListId": ids["prefix_list"]}]
        # NetGraph, once it has read a VPC, does not find the table of a subnet that uses the main one.
        for side, subnets in [("client", ids["client_subnets"]), ("broker", [subnet, *ids["broker_subnets"]])]:
            for each in subnets:
                ec2.associate_route_table(RouteTableId=ids[f"{side}_table"], SubnetId=each)
        self.rules = [
            {"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT, "PrefixListIds": lists},
            {"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT, "IpRanges": [{"CidrIp": "10.2.9.0/24"}]},
        ]
        ec2.authorize_security_group_ingress(GroupId=ids["broker_group"], IpPermissions=self.rules[1:])

    def own_acl(self, subnet):
        """An ACL that lets everything pass, so that the brokers' is theirs alone."""
        acl = self.ec2.create_network_acl(VpcId=self.ids["broker_vpc"])["NetworkAcl"]["NetworkAclId"]
        for egress in (False, True):
            self.ec2.create_network_acl_entry(
                NetworkAclId=acl, RuleNumber=100, Egress=egress, Protocol="-1", RuleAction="allow", CidrBlock="0.0.0.0/0"
            )
        filters = [{"Name": "association.subnet-id", "Values": [subnet]}]
        associations = self.ec2.describe_network_acls(Filters=filters)["NetworkAcls"][0]["Associations"]
        own = next(known for known in associations if known["SubnetId"] == subnet)
        self.ec2.replace_network_acl_association(AssociationId=own["NetworkAclAssociationId"], NetworkAclId=acl)

    def interface(self, subnet, group):
        made = self.ec2.create_network_interface(SubnetId=subnet, Groups=[group])
        return made["NetworkInterface"]["NetworkInterfaceId"]

    @contextlib.contextmanager
    def no_rule(self):
        group = self.ids["broker_group"]
        self.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=self.rules)
        yield
        self.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=self.rules)

    @contextlib.contextmanager
    def acl_denies(self, egress, first, last):
        entry = {"NetworkAclId": self.acl, "RuleNumber": 50, "Egress": egress}
        ports = {"From": first, "To": last}
        self.ec2.create_network_acl_entry(**entry, Protocol="6", RuleAction="deny", CidrBlock="0.0.0.0/0", PortRange=ports)
        yield
        self.ec2.delete_network_acl_entry(**entry)

    @contextlib.contextmanager
    def no_route(self, table, net):
        route = {"RouteTableId": self.ids[table], "DestinationCidrBlock": net}
        self.ec2.delete_route(**route)
        yield
        self.ec2.create_route(**route, VpcPeeringConnectionId=self.ids["peering"])

    def rows(self):
        """Where the client is, what is broken, what is so, how it is made."""
        for place, source in [("the same VPC", self.near), ("a peered VPC", self.far)]:
            yield place, "nothing", "reachable", source, contextlib.nullcontext()
            yield place, "the brokers' group has no rule", "blocked", source, self.no_rule()
            yield place, "the brokers' ACL denies 9098", "blocked", source, self.acl_denies(False, PORT, PORT)
            yield place, "the brokers' ACL denies half of the replies", "partial", source, self.acl_denies(True, 32768, 65535)
            yield place, "the brokers' ACL denies all replies", "blocked", source, self.acl_denies(True, 1024, 65535)
        yield "a peered VPC", "the client has no route", "blocked", self.far, self.no_route("client_table", "10.2.0.0/16")
        yield "a peered VPC", "the brokers have no route back", "blocked", self.far, self.no_route("broker_table", "10.1.0.0/16")


def main():
    print(f"{'client in':<14}{'broken':<45}{'path to':<12}{'so it is':<12}{'NetGraph':<14}{'msk-doctor':<14}")
    times, right, asked = {"NetGraph": [], "msk-doctor": []}, {"NetGraph": 0, "msk-doctor": 0}, 0
    with account() as (ids, stub), tempfile.TemporaryDirectory() as home:
        env = environment(stub, home)
        brokers = [node["brokerNodeInfo"]["clientVpcIpAddress"] for node in stub.kafka["ListNodes"]["nodeInfoList"]]
        worlds = Worlds(stub.ec2, ids)
        vpcs = [ids["client_vpc"], ids["broker_vpc"]]
        for place, broken, truth, source, change in worlds.rows():
            with change:
                stub.recorded = {}
                theirs, took = timed(netgraph, env, vpcs, source, brokers)
                times["NetGraph"].append(took)
                ours, took = timed(doctor, env, vpcs, source, brokers)
                times["msk-doctor"].append(took)
            for address, their, our in zip(brokers, theirs, ours, strict=True):
                asked += 1
                right["NetGraph"] += their == truth
                right["msk-doctor"] += our == truth
                print(f"{place:<14}{broken:<45}{address:<12}{truth:<12}{their:<14}{our:<14}")
    print(f"\n{f'both paths, whole process, median of {ROUNDS}':<44}{'min':>9}{'median':>9}{'max':>9}{'right':>12}")
    times["NetGraph, without its start"] = ANSWERING
    for name, taken in times.items():
        cells = "".join(f"{value:>6.0f} ms" for value in (min(taken), statistics.median(taken), max(taken)))
        score = f"{right[name]:>6} of {asked}" if name in right else ""
        print(f"{name:<44}{cells}{score}")
    print(NOTES, end="")


main()
