"""Sets limits of every broker, prints `ready`, and takes them back when its standard input ends: over connections that stand already.

Usage: limits.py BOOTSTRAP NAME=VALUE… -- NODE…
"""

import sys

from admin import connect
from kafka.admin import AlterConfigOp, ConfigResource, ConfigResourceType

bootstrap, *rest = sys.argv[1:]
settings = dict(word.split("=", 1) for word in rest[:rest.index("--")])
nodes = rest[rest.index("--") + 1:]
admin = connect(bootstrap.split(","))


def alter(op):
    for node in nodes:
        own = {name: (op, value) for name, value in settings.items()}
        answers = admin.alter_configs([ConfigResource(ConfigResourceType.BROKER, node, configs=own)], raise_on_unknown=False)
        print(answers, file=sys.stderr)


alter(AlterConfigOp.SET)
print("ready", flush=True)
sys.stdin.read()
alter(AlterConfigOp.DELETE)
