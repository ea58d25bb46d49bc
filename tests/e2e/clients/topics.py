"""Makes topics with their ACLs, and waits until every node knows them.

Usage: topics.py PATIENCE BOOTSTRAP TOPICS NODE…; TOPICS is JSON: to each name whom it is for (principal and operations), null for everyone.
"""

import json
import sys
import time

from admin import connect, metadata
from kafka.admin import ACL, ACLOperation, ACLPermissionType, NewTopic, ResourcePattern, ResourceType

PAUSE_S = 0.1
TOPIC_AUTHORIZATION_FAILED = 29
patience, bootstrap, topics, *nodes = sys.argv[1:]
topics = json.loads(topics)


def acls(name, rights):
    principal, *operations = rights
    return [ACL(principal, "*", ACLOperation[operation], ACLPermissionType.ALLOW,
                ResourcePattern(ResourceType.TOPIC, name)) for operation in operations]


def is_known(topic, rights):
    """As an anonymous client sees it: with its leaders, or refused where it is for somebody else."""
    if rights and rights[0] != "User:*":
        return topic["error_code"] == TOPIC_AUTHORIZATION_FAILED
    partitions = topic["partitions"]
    return len(partitions) == len(nodes) and all(partition["error_code"] == 0 for partition in partitions)


admin = connect(bootstrap.split(","))
admin.create_topics([NewTopic(name, len(nodes), 1) for name in topics])
wanted = [acl for name, rights in topics.items() if rights for acl in acls(name, rights)]
if failed := admin.create_acls(wanted)["failed"]:
    sys.exit(f"no ACL: {failed}")
end = time.monotonic() + float(patience)
for node in nodes:
    while True:
        found = {topic["name"]: topic for topic in metadata(admin, int(node), list(topics))["topics"]}
        if all(is_known(found[name], rights) for name, rights in topics.items()):
            break
        if time.monotonic() > end:
            sys.exit(f"node {node}: {found}")
        time.sleep(PAUSE_S)
