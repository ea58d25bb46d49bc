"""Makes a topic for everyone and one that only somebody else may use, and waits until every broker knows both.

Usage: topics.py PATIENCE OPEN CLOSED BROKER…, on the listener without TLS and login.
"""

import sys
import time

from kafka import KafkaAdminClient
from kafka.admin import (
    ACL, ACLOperation, ACLPermissionType, NewTopic, ResourcePattern, ResourceType)

PAUSE_S = 0.1
patience, open_topic, closed_topic, *brokers = sys.argv[1:]
somebody_else = ACL("User:somebody-else", "*", ACLOperation.ALL, ACLPermissionType.ALLOW,
                    ResourcePattern(ResourceType.TOPIC, closed_topic))


def connect(broker):
    return KafkaAdminClient(bootstrap_servers=[broker], security_protocol="PLAINTEXT", bootstrap_timeout_ms=5000,
                            request_timeout_ms=5000)


def has_both(admin):
    """As an anonymous client sees it: the open topic with its leaders, the other not at all, or refused."""
    topics = {topic["name"]: topic for topic in admin.describe_topics([open_topic, closed_topic])}
    partitions = topics[open_topic]["partitions"]
    return (topics[open_topic]["error_code"] == 0 and len(partitions) == len(brokers)
            and all(partition["leader_id"] >= 0 and partition["error_code"] == 0 for partition in partitions)
            and topics[closed_topic]["error_code"] == 29)


first, *_ = admins = [connect(broker) for broker in brokers]
first.create_topics([NewTopic(open_topic, len(brokers), 1), NewTopic(closed_topic, 1, 1)])
if failed := first.create_acls([somebody_else])["failed"]:
    sys.exit(f"no ACL: {failed}")
end = time.monotonic() + float(patience)
for broker, admin in zip(brokers, admins):
    while not has_both(admin):
        if time.monotonic() > end:
            sys.exit(f"{broker}: {admin.describe_topics([open_topic, closed_topic])}")
        time.sleep(PAUSE_S)
