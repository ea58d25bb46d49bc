"""Connects as an application does, with kafka-python 2.0 or 3.0, and prints what an application would.

With --token it logs in with OAUTHBEARER; with --topic it writes a record, else it counts the brokers.
"""

import argparse
import logging
import sys

import kafka

old = kafka.__version__.startswith("2.")
if old:
    from kafka.oauth.abstract import AbstractTokenProvider
else:
    from kafka.net.sasl.oauth import AbstractTokenProvider

PATIENCE_MS = 5000
parser = argparse.ArgumentParser()
for name in ("bootstrap", "ca", "token", "topic", "certificate", "key"):
    parser.add_argument("--" + name)
given = parser.parse_args()


class Given(AbstractTokenProvider):
    """The token of the command line, as long as it lives."""

    def token(self):
        return given.token


logging.basicConfig(stream=sys.stdout, level=logging.WARNING)
protocol = ("SASL_" if given.token else "") + ("SSL" if given.ca else "PLAINTEXT")
options = {"bootstrap_servers": given.bootstrap.split(","), "security_protocol": protocol,
           "ssl_cafile": given.ca, "ssl_certfile": given.certificate, "ssl_keyfile": given.key}
if given.token:
    options |= {"sasl_mechanism": "OAUTHBEARER", "sasl_oauth_token_provider": Given()}
options |= {"api_version_auto_timeout_ms": PATIENCE_MS} if old else {"bootstrap_timeout_ms": PATIENCE_MS}
if given.topic:
    producer = kafka.KafkaProducer(max_block_ms=PATIENCE_MS, **options)
    print("written at:", producer.send(given.topic, b"end to end").get(PATIENCE_MS / 1000).offset)
else:
    admin = kafka.KafkaAdminClient(**options)
    print("brokers:", len(admin.describe_cluster()["brokers"]))
