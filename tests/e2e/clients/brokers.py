"""Prints, for each broker named, the ids that its Metadata lists, on the listener without TLS and login."""

import sys

from kafka import KafkaAdminClient

for broker in sys.argv[1:]:
    admin = KafkaAdminClient(bootstrap_servers=[broker], security_protocol="PLAINTEXT",
                             bootstrap_timeout_ms=5000, request_timeout_ms=5000)
    print(*sorted(listed["broker_id"] for listed in admin.describe_cluster()["brokers"]))
    admin.close()
