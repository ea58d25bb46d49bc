"""Prints the ids of the brokers that Metadata lists, on the listener without TLS and login."""

import sys

from kafka import KafkaAdminClient

admin = KafkaAdminClient(bootstrap_servers=sys.argv[1].split(","), security_protocol="PLAINTEXT",
                         bootstrap_timeout_ms=5000, request_timeout_ms=5000)
print(*sorted(broker["broker_id"] for broker in admin.describe_cluster()["brokers"]))
