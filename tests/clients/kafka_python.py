"""kafka-python 2 or 3 against the lab."""

import logging

import kafka
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

import lab

NEW = int(kafka.__version__.split(".")[0]) >= 3
if NEW:
    from kafka.net.sasl.oauth import AbstractTokenProvider
else:
    from kafka.oauth import AbstractTokenProvider


class Tokens(AbstractTokenProvider):
    def token(self):
        return lab.token()[0]


def settings(cluster):
    return {
        "bootstrap_servers": cluster.bootstrap,
        "security_protocol": "SASL_SSL",
        "ssl_cafile": cluster.ca,
        "sasl_mechanism": "OAUTHBEARER",
        "sasl_oauth_token_provider": Tokens(),
        # What the lab does not answer is not asked: kafka-python 2 would guess the version.
        **({} if NEW else {"api_version": (2, 5, 0)}),
    }


def admin(cluster):
    return KafkaAdminClient(**settings(cluster))


def write_and_read(cluster):
    producer = KafkaProducer(**settings(cluster), acks="all")
    written = producer.send(lab.TOPIC, key=b"a key", value=b"a record of kafka-python", headers=[("run", b"1")])
    producer.flush(timeout=30)
    place = written.get(timeout=30)
    producer.close()
    consumer = KafkaConsumer(**settings(cluster))
    partition = TopicPartition(lab.TOPIC, place.partition)
    consumer.assign([partition])
    # The end is asked for as well, and one less is where the record stands.
    assert consumer.end_offsets([partition])[partition] == place.offset + 1
    consumer.seek(partition, place.offset)
    records = consumer.poll(timeout_ms=30_000)[partition]
    assert [(own.offset, own.key, own.value, own.headers) for own in records] == [
        (place.offset, b"a key", b"a record of kafka-python", [("run", b"1")])], records
    consumer.close()


def good(cluster):
    client = admin(cluster)
    try:
        brokers = client.describe_cluster()["brokers"]
        ports = sorted(broker["port"] for broker in brokers)
        assert ports == cluster.ports, brokers
    finally:
        client.close()
    write_and_read(cluster)


def denied(cluster):
    words = lab.Words()
    logging.getLogger("kafka").addHandler(words)
    logging.getLogger("kafka").setLevel(logging.DEBUG)
    try:
        admin(cluster).close()
    except kafka.errors.KafkaError as error:
        words.lines.append(repr(error))
    else:
        raise AssertionError("the login was not denied")
    if NEW:
        # It loses error 58 when the answer and the end of the stream come together.
        words.assert_any("Access denied", "socket disconnected")
    else:
        words.assert_any("Connection reset during recv")


wanted_good, cluster = lab.arguments()
(good if wanted_good else denied)(cluster)
