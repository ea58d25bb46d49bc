"""Makes a topic for everyone and one that only somebody else may use, and waits until every node knows both.

Usage: topics.py PATIENCE BOOTSTRAP OPEN CLOSED NODE…
"""

import sys
import time

from admin import connect, metadata
from kafka.admin import ACL, ACLOperation, ACLPermissionType, NewTopic, ResourcePattern, ResourceType

PAUSE_S = 0.1
TOPIC_AUTHORIZATION_FAILED = 29
patience, bootstrap, open_topic, closed_topic, *nodes = sys.argv[1:]
somebody_else = ACL("User:somebody-else", "*", ACLOperation.ALL, ACLPermissionType.ALLOW,
                    ResourcePattern(ResourceType.TOPIC, closed_topic))


def knows_both(topics):
    """As an anonymous client sees it: the open topic with its leaders, the other refused."""
    found = {topic["name"]: topic for topic in topics}
    partitions = found[open_topic]["partitions"]
    return (len(partitions) == len(nodes) and all(partition["error_code"] == 0 for partition in partitions)
            and found[closed_topic]["error_code"] == TOPIC_AUTHORIZATION_FAILED)


admin = connect(bootstrap.split(","))
admin.create_topics([NewTopic(open_topic, len(nodes), 1), NewTopic(closed_topic, 1, 1)])
if failed := admin.create_acls([somebody_else])["failed"]:
    sys.exit(f"no ACL: {failed}")
end = time.monotonic() + float(patience)
for node in nodes:
    while not knows_both(topics := metadata(admin, int(node), [open_topic, closed_topic])["topics"]):
        if time.monotonic() > end:
            sys.exit(f"node {node}: {topics}")
        time.sleep(PAUSE_S)
