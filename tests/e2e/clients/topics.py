"""Makes topics with their ACLs, and those of groups, and waits until every node knows them.

Usage: topics.py PATIENCE BOOTSTRAP TOPICS GROUPS NODE…; TOPICS and GROUPS are JSON: to each name whom it is for (principal and operations), null for everyone.
"""

import json
import sys
import time

from admin import connect, metadata
from kafka.admin import ACL, ACLOperation, ACLPermissionType, NewTopic, ResourcePattern, ResourceType

PAUSE_S = 0.1
TOPIC_AUTHORIZATION_FAILED = 29
patience, bootstrap, topics, groups, *nodes = sys.argv[1:]
topics, groups = json.loads(topics), json.loads(groups)


def acls(kind, name, rights):
    principal, *operations = rights
    return [ACL(principal, "*", ACLOperation[operation], ACLPermissionType.ALLOW,
                ResourcePattern(kind, name)) for operation in operations]


def is_known(topic, rights):
    """As an anonymous client sees it: with its leaders, or refused where it is for somebody else."""
    if rights and rights[0] != "User:*":
        return topic["error_code"] == TOPIC_AUTHORIZATION_FAILED
    partitions = topic["partitions"]
    return len(partitions) == len(nodes) and all(partition["error_code"] == 0 for partition in partitions)


admin = connect(bootstrap.split(","))
admin.create_topics([NewTopic(name, len(nodes), 1) for name in topics])
# Nodes learn of them in this order: who knows the topics' knows the groups'.
wanted = [acl for name, rights in groups.items() for acl in acls(ResourceType.GROUP, name, rights)]
wanted += [acl for name, rights in topics.items() if rights for acl in acls(ResourceType.TOPIC, name, rights)]
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
