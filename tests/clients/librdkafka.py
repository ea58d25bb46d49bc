"""librdkafka, by way of confluent-kafka, against the lab."""

import time

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

import lab


def tokens(_):
    token, ends_ms = lab.token()
    return token, ends_ms / 1000


def settings(cluster, words):
    return {
        "bootstrap.servers": cluster.bootstrap,
        "security.protocol": "SASL_SSL",
        "ssl.ca.location": cluster.ca,
        "sasl.mechanisms": "OAUTHBEARER",
        "oauth_cb": tokens,
        "error_cb": lambda error: words.lines.append(str(error)),
    }


def admin(cluster, words):
    return AdminClient(settings(cluster, words), logger=words_logger(words))


def write_and_read(cluster):
    words = lab.Words()
    producer = Producer(settings(cluster, words) | {"acks": "all"})
    producer.poll(0)
    written = []
    producer.produce(lab.TOPIC, key="a key", value="a record of librdkafka",
                     on_delivery=lambda error, record: written.append((error, record)))
    assert producer.flush(30) == 0, words.lines
    [(error, record)] = written
    assert error is None, error
    consumer = Consumer(settings(cluster, words) | {"group.id": "nobody", "enable.auto.commit": False})
    consumer.poll(0)
    consumer.assign([TopicPartition(lab.TOPIC, record.partition(), record.offset())])
    found = consumer.poll(30)
    assert found and not found.error(), words.lines
    assert (found.offset(), found.key(), found.value()) == (record.offset(), b"a key", b"a record of librdkafka")
    consumer.close()


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
    write_and_read(cluster)


def denied(cluster):
    words = lab.Words()
    client = admin(cluster, words)
    until = time.monotonic() + 30
    while time.monotonic() < until and not any("Access denied" in line for line in words.lines):
        client.poll(0.2)
    words.assert_any("Access denied")


wanted_good, cluster = lab.arguments()
(good if wanted_good else denied)(cluster)
