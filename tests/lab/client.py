"""Logs in to the lab in FOLDER with the client library of this virtual environment.

Prints the brokers and topics of the cluster, or what the library said instead, a line each.
"""

import logging
import pathlib
import sys

from aws_msk_iam_sasl_signer import MSKAuthTokenProvider

REGION = "eu-west-1"
SECONDS = 6


def confluent(bootstrap, ca_file):
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient

    said = []

    def token(_):
        token, expiry_ms = MSKAuthTokenProvider.generate_auth_token(REGION)
        return token, expiry_ms / 1000

    client = AdminClient(
        {
            "bootstrap.servers": bootstrap,
            "security.protocol": "SASL_SSL",
            "ssl.ca.location": ca_file,
            "sasl.mechanisms": "OAUTHBEARER",
            "oauth_cb": token,
            "error_cb": lambda error: said.append(error.str()),
        }
    )
    client.poll(1)
    try:
        found = client.list_topics(timeout=SECONDS)
        return [f"brokers {sorted(found.brokers)}", f"topics {sorted(found.topics)}"]
    except KafkaException as error:
        client.poll(0)
        return [*said, str(error)]


def kafka_python(bootstrap, ca_file):
    import kafka

    try:
        from kafka.net.sasl.oauth import AbstractTokenProvider
    except ImportError:
        from kafka.oauth import AbstractTokenProvider

    class Tokens(AbstractTokenProvider):
        def token(self):
            return MSKAuthTokenProvider.generate_auth_token(REGION)[0]

    said = []

    class Ear(logging.Handler):
        def emit(self, record):
            said.append(record.getMessage())
            if record.exc_info:
                said.append(repr(record.exc_info[1]))

    # An answer that is read before the end of the stream is told at INFO alone (kafka-python 2).
    logging.getLogger("kafka").setLevel(logging.INFO)
    logging.getLogger("kafka").addHandler(Ear())
    patience = {}
    if "bootstrap_timeout_ms" in kafka.KafkaConsumer.DEFAULT_CONFIG:
        patience["bootstrap_timeout_ms"] = SECONDS * 1000
    try:
        consumer = kafka.KafkaConsumer(
            bootstrap_servers=bootstrap,
            security_protocol="SASL_SSL",
            ssl_cafile=ca_file,
            sasl_mechanism="OAUTHBEARER",
            sasl_oauth_token_provider=Tokens(),
            **patience,
        )
        topics = sorted(consumer.topics())
        brokers = sorted(int(broker.nodeId) if hasattr(broker, "nodeId") else broker.node_id
                         for broker in consumer._client.cluster.brokers())
        return [f"brokers {brokers}", f"topics {topics}"]
    except (kafka.errors.KafkaError, OSError) as error:
        return [*said, repr(error)]


def main():
    folder = pathlib.Path(sys.argv[1])
    ca_file = str(folder / "ca.pem")
    bootstrap = (folder / "bootstrap").read_text().strip()
    try:
        import confluent_kafka  # noqa: F401

        login = confluent
    except ImportError:
        login = kafka_python
    for line in login(bootstrap, ca_file):
        print(line)


main()
