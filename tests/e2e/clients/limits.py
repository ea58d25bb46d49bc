"""Sets a limit of every broker, prints `ready`, and takes it back when its standard input ends: over connections that stand already.

Connections to PORT of every broker, BEFORE the limit and AFTER, stand until then.

Usage: limits.py PATIENCE BOOTSTRAP PORT BEFORE AFTER NAME VALUE NODE…
"""

import socket
import sys
import time

from admin import connect
from kafka.admin import AlterConfigOp, ConfigResource, ConfigResourceType

PAUSE_S = 0.05
patience, bootstrap, port, before, after, name, value, *nodes = sys.argv[1:]
hosts = [broker.split(":")[0] for broker in bootstrap.split(",")]
admin = connect(bootstrap.split(","))


def own(node):
    """What this broker has been told, by its own word."""
    described = admin.describe_configs([ConfigResource(ConfigResourceType.BROKER, node, configs=None)])
    return described["broker"][node].get(name, {}).get("value")


def alter(op, wanted):
    """Alters, and waits until each broker has heard of it: the controller answers before."""
    end = time.monotonic() + float(patience)
    for node in nodes:
        resource = ConfigResource(ConfigResourceType.BROKER, node, configs={name: (op, value)})
        answer = admin.alter_configs([resource], raise_on_unknown=False)
        if answer != {"broker": {node: "OK"}}:
            sys.exit(f"not altered: {answer}")
    for node in nodes:
        while own(node) != wanted:
            if time.monotonic() > end:
                sys.exit(f"node {node}: {own(node)}")
            time.sleep(PAUSE_S)


def hold(count):
    return [socket.create_connection((host, int(port))) for host in hosts for _ in range(int(count))]


default = own(nodes[0])
# All connections that this needs, those of the brokers to their controller too, stand before the limit.
alter(AlterConfigOp.DELETE, default)
held = hold(before)
alter(AlterConfigOp.SET, value)
try:
    held += hold(after)
    print("ready", flush=True)
    sys.stdin.read()
finally:
    alter(AlterConfigOp.DELETE, default)
