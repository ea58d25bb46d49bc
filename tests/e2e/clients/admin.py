"""An administrator on the listener without TLS and login, who asks the broker that is meant.

kafka-python sends what any broker can answer to any broker, so the node is named here.
"""

from kafka import KafkaAdminClient
from kafka.protocol.metadata import MetadataRequest


def connect(brokers):
    return KafkaAdminClient(bootstrap_servers=brokers, security_protocol="PLAINTEXT", bootstrap_timeout_ms=5000,
                            request_timeout_ms=5000)


def metadata(admin, node, topics=()):
    """What this node says of the cluster and of these topics."""
    wanted = [MetadataRequest.MetadataRequestTopic(name=topic) for topic in topics]
    request = MetadataRequest(topics=wanted, allow_auto_topic_creation=False)
    return admin._manager.run(admin._manager.send, request, node).to_dict()
