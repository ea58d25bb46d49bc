"""librdkafka, by way of confluent-kafka, against the lab."""

import time

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

import lab


def tokens(_):
    token, ends_ms = lab.token()
    return token, ends_ms / 1000


def admin(cluster, words):
    return AdminClient(
        {
            "bootstrap.servers": cluster.bootstrap,
            "security.protocol": "SASL_SSL",
            "ssl.ca.location": cluster.ca,
            "sasl.mechanisms": "OAUTHBEARER",
            "oauth_cb": tokens,
            "error_cb": lambda error: words.lines.append(str(error)),
        },
        logger=words_logger(words),
    )


def words_logger(words):
    import logging

    logger = logging.getLogger("librdkafka")
    logger.propagate = False
    logger.addHandler(words)
    return logger


def good(cluster):
    words = lab.Words()
    client = admin(cluster, words)
    client.poll(0)
    try:
        brokers = client.list_topics(timeout=30).brokers.values()
    except KafkaException as error:
        raise AssertionError("\n".join([repr(error), *words.lines])) from error
    ports = sorted(broker.port for broker in brokers)
    assert ports == cluster.ports, brokers


def denied(cluster):
    words = lab.Words()
    client = admin(cluster, words)
    until = time.monotonic() + 30
    while time.monotonic() < until and not any("Access denied" in line for line in words.lines):
        client.poll(0.2)
    words.assert_any("Access denied")


wanted_good, cluster = lab.arguments()
(good if wanted_good else denied)(cluster)
