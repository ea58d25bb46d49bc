use super::*;

const B1: &str = "b-1.demo.a1b2c3.c2.kafka.eu-west-1.amazonaws.com:9098";

/// The log, and what it has to be read as: client, phase, first code.
fn check(log: &str, client: &str, phase: &str, code: &str) -> LogReading {
    let log = log.replace("B1", B1);
    let reading = read_log(&log);
    assert_eq!(reading.client, Some(client), "{log}");
    assert_eq!(
        reading.phase.map(super::super::LogPhase::name),
        Some(phase),
        "{log}"
    );
    assert_eq!(
        reading.candidates.first().map(|c| c.code),
        Some(code),
        "{log}"
    );
    reading
}

#[test]
fn kafka_python_2_0_connection_reset_during_recv() {
    let reading = check(
        "INFO:kafka.conn:<BrokerConnection node_id=bootstrap-0 host=B1 <connecting> [IPv4 ('10.0.1.5', 9098)]>: connecting to B1\n\
         ERROR:kafka.conn:<BrokerConnection node_id=bootstrap-0 host=B1 <authenticating> [IPv4 ('10.0.1.5', 9098)]>: Error receiving reply from server\n\
         Traceback (most recent call last):\n\
         kafka.errors.KafkaConnectionError: KafkaConnectionError: Connection reset during recv\n\
         kafka.errors.NoBrokersAvailable: NoBrokersAvailable\n",
        "kafka-python",
        "sasl-authenticate",
        "SASL-07",
    );
    assert!(reading.hits.last().is_some_and(|hit| hit.summary));
    assert!(reading.hits.iter().all(|hit| hit.pattern != "<connecting>"));
    assert_eq!(reading.next, format!("msk-doctor diagnose {B1}"));
}

#[test]
fn kafka_python_2_0_state_in_a_timeout() {
    let line = "WARNING:kafka.conn:Connection attempt to <BrokerConnection node_id=bootstrap-0 host=B1 <STATE> [IPv4 ('10.0.1.5', 9098)]> timed out";
    check(
        &line.replace("STATE", "connecting"),
        "kafka-python",
        "connect",
        "TCP-01",
    );
    check(
        &line.replace("STATE", "handshake"),
        "kafka-python",
        "tls",
        "TCP-05",
    );
}

#[test]
fn kafka_python_2_2_halved_budget() {
    check(
        "ERROR:kafka.conn:<BrokerConnection client_id=kafka-python-2.2.15, node_id=bootstrap-0 host=B1 <checking_api_versions_recv> [IPv4 ('10.0.1.5', 9098)]>: Request timed out after 62.5 ms\n",
        "kafka-python",
        "api-versions",
        "CLI-02",
    );
}

#[test]
fn kafka_python_3() {
    check(
        "ERROR:kafka.net.connection:Connection lost: [Error 58] SaslAuthenticationFailedError: [6a1f0d52-7b3e-4d8a-9d1c-0f2e3a4b5c6d]: Access denied\n",
        "kafka-python",
        "sasl-authenticate",
        "IAM-01",
    );
    check(
        "kafka.net.manager Handshake failed: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate (_ssl.c:1006)",
        "kafka-python",
        "tls",
        "TLS-03",
    );
}

#[test]
fn aiokafka() {
    check(
        "ERROR:aiokafka:Unable connect to \"B1\": [Errno 111] Connect call failed ('10.0.1.5', 9098)\n\
         aiokafka.errors.KafkaConnectionError: KafkaConnectionError: Unable to bootstrap from [('b-1', 9098, 0)]\n",
        "aiokafka",
        "connect",
        "TCP-02",
    );
    check(
        "ERROR:aiokafka:Unable to request metadata from \"B1\": KafkaConnectionError: Connection at B1 closed",
        "aiokafka",
        "metadata",
        "SASL-01",
    );
}

#[test]
fn librdkafka() {
    check(
        "%3|1700000000.123|FAIL|rdkafka#producer-1| [thrd:sasl_ssl://B1/bootstrap]: sasl_ssl://B1/bootstrap: SASL authentication error: [6a1f0d52-7b3e-4d8a-9d1c-0f2e3a4b5c6d]: Too many connects (after 312ms in state AUTH_REQ)\n\
         %3|1700000000.124|ERROR|rdkafka#producer-1| [thrd:app]: rdkafka#producer-1: 3/3 brokers are down: Local: All broker connections are down\n",
        "librdkafka",
        "sasl-authenticate",
        "LIM-01",
    );
    let reading = check(
        "%3|1700000000.1|FAIL|rdkafka#consumer-1| [thrd:ssl://B1/1]: ssl://B1/1: Connection setup timed out in state CONNECT (after 30021ms in state CONNECT)",
        "librdkafka",
        "connect",
        "TCP-01",
    );
    assert_eq!(reading.numbers.len(), 1);
}

#[test]
fn java() {
    check(
        "[2024-05-01 10:00:00,000] ERROR [AdminClient clientId=adminclient-1] Connection to node -1 (B1/10.0.1.5:9098) failed authentication due to: SSL handshake failed (org.apache.kafka.clients.NetworkClient)\n\
         Caused by: sun.security.validator.ValidatorException: PKIX path building failed: sun.security.provider.certpath.SunCertPathBuilderException\n",
        "java-kafka-clients",
        "tls",
        "TLS-03",
    );
    check(
        "org.apache.kafka.common.network.InvalidReceiveException: x\njava.lang.OutOfMemoryError: Java heap space",
        "java-kafka-clients",
        "api-versions",
        "TLS-01",
    );
    check(
        "ERROR [Producer clientId=p1] failed authentication due to: [6a1f0d52-7b3e-4d8a-9d1c-0f2e3a4b5c6d]: Session too short (org.apache.kafka.clients.NetworkClient)",
        "java-kafka-clients",
        "sasl-authenticate",
        "SASL-20",
    );
}

#[test]
fn kafkajs() {
    check(
        r#"{"level":"ERROR","logger":"kafkajs","message":"[Connection] Connection timeout","broker":"B1","clientId":"app"}
           {"level":"ERROR","logger":"kafkajs","message":"[BrokerPool] Failed to connect to seed broker, trying another broker from the list: Connection timeout"}"#,
        "kafkajs",
        "connect",
        "TCP-01",
    );
    check(
        "KafkaJSConnectionError: Connection error: getaddrinfo ENOTFOUND b-1.demo",
        "kafkajs",
        "resolve",
        "DNS-01",
    );
}

#[test]
fn sarama() {
    check(
        "[sarama] Failed to connect to broker B1: dial tcp 10.0.1.5:9098: i/o timeout\n\
         kafka: client has run out of available brokers to talk to: dial tcp 10.0.1.5:9098: i/o timeout",
        "sarama",
        "connect",
        "TCP-01",
    );
    check(
        "[sarama] Error while performing SASL handshake B1: The broker does not support the requested SASL mechanism",
        "sarama",
        "sasl-handshake",
        "SASL-03",
    );
}

#[test]
fn franz_go() {
    check(
        "unable to open connection to broker; err: unable to initialize sasl: SASL_AUTHENTICATION_FAILED: SASL Authentication failed.: [6a1f0d52-7b3e-4d8a-9d1c-0f2e3a4b5c6d]: Access denied",
        "franz-go",
        "sasl-authenticate",
        "IAM-01",
    );
    check(
        "broker closed the connection immediately after a dial, which happens if the client is using TLS when the broker is not expecting it: is TLS missing?",
        "franz-go",
        "api-versions",
        "TLS-01",
    );
}

#[test]
fn kafka_go_and_lambda() {
    check(
        "kafka-go: could not successfully authenticate to B1 with SASL: SASL handshake failed: EOF",
        "segmentio-kafka-go",
        "sasl-handshake",
        "SASL-03",
    );
    check(
        "2024-05-01T10:00:00Z 1b2c Task timed out after 30.03 seconds",
        "aws-lambda",
        "produce/fetch",
        "FN-09",
    );
}

#[test]
fn equal_messages_are_counted_once() {
    let reading = read_log("x\nConnection reset during recv\nConnection reset during recv\n");
    assert_eq!(reading.hits.len(), 1);
    assert_eq!((reading.hits[0].count, reading.hits[0].first_line), (2, 2));
}

#[test]
fn a_shared_message_goes_to_the_client_of_the_log() {
    let aiokafka = read_log("ERROR:aiokafka:x\nUnable to bootstrap from [('b-1', 9098)]");
    assert_eq!(aiokafka.hits[0].client, "aiokafka");
    let python = read_log("INFO:kafka.net.manager:x\nUnable to bootstrap from [('b-1', 9098)]");
    assert_eq!(python.hits[0].client, "kafka-python");
}

#[test]
fn a_log_cannot_command_the_terminal_nor_leak_a_token() {
    let secret = "c2VjcmV0".repeat(10);
    let log = format!(
        "Connection reset during recv \u{1b}[2J\u{7}\u{202e} token={secret}\r\nb-1.x\u{1b}.kafka.eu.amazonaws.com:9098"
    );
    let reading = read_log(&log);
    let json = serde_json::to_string(&reading).unwrap();
    for text in [super::super::log_page(&reading, 80), json] {
        assert!(
            !text.contains(['\u{1b}', '\u{7}', '\r', '\u{202e}']),
            "{text}"
        );
        assert!(!text.contains(&secret), "{text}");
    }
    assert!(reading.hits[0].excerpt.contains("\\u{1b}[2J"));
}

#[test]
fn nothing_recognised_is_said_so() {
    for log in [
        "",
        "all is well\n\u{0}\u{fffd}",
        "日本語 1234567890 ms after",
    ] {
        let reading = read_log(log);
        assert!(!reading.is_recognised() && reading.phase.is_none(), "{log}");
        let page = super::super::log_page(&reading, 60);
        assert!(page.contains("none of the") && page.contains("msk-doctor diagnose BOOTSTRAP"));
    }
}

#[test]
fn every_pattern_finds_itself() {
    for (row, error) in client_errors().iter().enumerate() {
        let timed_out = if error.is_state_marker() {
            " timed out"
        } else {
            ""
        };
        let line = format!("x {}{timed_out}", error.pattern);
        assert!(
            matches_of(&line).iter().any(|found| found.row == row),
            "{line}"
        );
    }
}

#[test]
fn every_wrapper_is_in_the_table() {
    for wrapper in WRAPPERS {
        assert!(
            client_errors().iter().any(|error| error.pattern == wrapper),
            "{wrapper}"
        );
    }
}
