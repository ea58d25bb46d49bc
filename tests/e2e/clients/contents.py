"""The topics of a cluster, and where each partition ends, as JSON. Brokers make their internal topics at the first question for a
coordinator: those are left out.

Usage: contents.py BOOTSTRAP
"""

import json
import sys

from kafka import KafkaConsumer, TopicPartition

consumer = KafkaConsumer(bootstrap_servers=sys.argv[1].split(","), security_protocol="PLAINTEXT")
found = {}
for topic in sorted(consumer.topics()):
    if not topic.startswith("__"):
        partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic))]
        found[topic] = list(consumer.end_offsets(partitions).values())
print(json.dumps(found))
