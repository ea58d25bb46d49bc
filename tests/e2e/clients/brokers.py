"""Prints, for each of these nodes, the ids that its Metadata lists.

Usage: brokers.py BOOTSTRAP NODE…
"""

import sys

from admin import connect, metadata

bootstrap, *nodes = sys.argv[1:]
admin = connect(bootstrap.split(","))
for node in nodes:
    print(*sorted(broker["node_id"] for broker in metadata(admin, int(node))["brokers"]))
