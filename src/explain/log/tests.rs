use super::super::LogPhase;
use super::*;

const B1: &str = "b-1.demo.a1b2c3.c2.kafka.eu-west-1.amazonaws.com:9098";

/// The log, and what it has to be read as: client, phase, first code.
fn check(log: &str, client: &str, phase: &str, code: &str) -> LogReading {
    let log = log.replace("B1", B1);
    let reading = read_log(&log);
    assert_eq!(reading.client, Some(client), "{log}");
    assert_eq!(reading.phase.map(LogPhase::name), Some(phase), "{log}");
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

const CONNECTION_2: &str = "ERROR:kafka.conn:<BrokerConnection node_id=bootstrap-0 host=B1 <STATE> [IPv4 ('127.0.1.2', 9098)]>";

fn connection_2(state: &str, words: &str) -> String {
    format!("{}{words}\n", CONNECTION_2.replace("STATE", state))
}

fn lost_3(version: &str, words: &str) -> String {
    format!(
        "ERROR:kafka.net.connection:<KafkaConnection node_id=bootstrap-0 broker_version={version} (disconnected)>: \
         Connection lost: {words}\n"
    )
}

fn codes(reading: &LogReading) -> Vec<&str> {
    reading.candidates.iter().map(|c| c.code).collect()
}

#[test]
fn an_attempt_that_the_client_cut_short_does_not_outweigh_those_that_failed() {
    let refused = connection_2("authenticating", ": Error receiving reply from server")
        + "ConnectionError: Connection reset during recv\n";
    let cut = |state| {
        connection_2(state, " timed out").replace(
            "<BrokerConnection",
            "Connection attempt to <BrokerConnection",
        )
    };
    let summary = "kafka.errors.NoBrokersAvailable: NoBrokersAvailable\n";
    for log in [
        refused.repeat(14) + &cut("handshake") + summary,
        cut("connecting") + &refused.repeat(14) + summary,
        cut("handshake") + &refused,
    ] {
        let reading = check(&log, "kafka-python", "sasl-authenticate", "SASL-07");
        assert!(codes(&reading).contains(&"TCP-05") || codes(&reading).contains(&"TCP-01"));
    }
    let silent = cut("handshake").repeat(9) + &refused + summary;
    check(&silent, "kafka-python", "tls", "TCP-05");

    let denied = lost_3("(3, 9)", "KafkaConnectionError: socket disconnected").repeat(7);
    for cut in [
        lost_3(
            "(3, 9)",
            "KafkaTimeoutError: Timeout during ApiVersions check",
        ),
        "WARNING:kafka.net.connection:<KafkaConnection node_id=bootstrap-2 host=[127.0.1.2:9098<-57594] \
         broker_version=(3, 9) (initializing)>: Request timed out after 171 ms. Closing connection.\n"
            .to_owned()
            + &lost_3(
                "(3, 9)",
                "[Error 7] RequestTimedOutError: Request timed out after 171 ms",
            ),
    ] {
        check(&(denied.clone() + &cut), "kafka-python", "sasl-authenticate", "SASL-07");
        let alone = read_log(&cut);
        assert_eq!(alone.phase.map(LogPhase::name), Some("api-versions"));
    }
}

#[test]
fn an_answer_of_the_peer_outweighs_connections_that_only_ended() {
    let lost = lost_3("(3, 9)", "KafkaConnectionError: socket disconnected").repeat(50);
    check(
        &(lost + &lost_3("(3, 9)", "[Error 33] UnsupportedSaslMechanismError")),
        "kafka-python",
        "sasl-handshake",
        "SASL-03",
    );
}

#[test]
fn what_comes_often_and_late_outweighs_what_came_once_or_before() {
    let refused =
        "ERROR:kafka.net.manager:Connection failed: KafkaConnectionError: 111 ECONNREFUSED\n";
    let reset = "ConnectionError: Connection reset during recv\n";
    check(
        &(refused.to_owned() + &reset.repeat(20)),
        "kafka-python",
        "sasl-authenticate",
        "SASL-07",
    );
    let refused = refused.repeat(6);
    let issuer = "ssl.SSLCertVerificationError: unable to get local issuer certificate\n".repeat(6);
    let first = |log: String| read_log(&log).candidates[0].code;
    assert_eq!(first(refused.clone() + &issuer), "TLS-03");
    assert_eq!(first(issuer + &refused), "TCP-02");
}

#[test]
fn access_denied_can_be_an_expired_token() {
    let reading = check(
        &lost_3(
            "(3, 9)",
            "[Error 58] SaslAuthenticationFailedError: SaslAuthenticationFailedError: \
             [57b20a35-7a41-4bd6-8c7a-9d5a8e7d1b0c]: Access denied",
        ),
        "kafka-python",
        "sasl-authenticate",
        "IAM-01",
    );
    assert!(codes(&reading).contains(&"SASL-08"));
}

#[test]
fn sasl_on_a_listener_without_sasl() {
    check(
        &lost_3("(3, 9)", "[Error 34] IllegalSaslStateError"),
        "kafka-python",
        "sasl-handshake",
        "SASL-27",
    );
    let old = read_log("kafka.errors.NoBrokersAvailable: NoBrokersAvailable");
    assert!(codes(&old).contains(&"SASL-27") && codes(&old).contains(&"SASL-03"));
}

#[test]
fn alerts_about_the_client_certificate() {
    let alert = "ssl.SSLError: [SSL: SSLV3_ALERT_CERTIFICATE_UNKNOWN] sslv3 alert certificate unknown (_ssl.c:2580)\n";
    check(alert, "kafka-python", "tls", "TLS-07");
    let new = "ERROR:kafka.net.transport:<KafkaSSLTransport [none]>: Error receiving network data closing socket\n";
    check(&(new.to_owned() + alert), "kafka-python", "tls", "TLS-07");
    let end = "ssl.SSLEOFError: EOF occurred in violation of protocol (_ssl.c:2427)\n";
    assert!(codes(&check(end, "kafka-python", "tls", "TLS-02")).contains(&"TLS-07"));
    check(
        "[AdminClient clientId=a] SSLHandshakeException: Received fatal alert: certificate_unknown",
        "java-kafka-clients",
        "tls",
        "TLS-07",
    );
    check(
        "[sarama] Failed to connect to broker B1: remote error: tls: unknown certificate authority",
        "sarama",
        "tls",
        "TLS-07",
    );
}

#[test]
fn a_reset_of_an_idle_connection_is_still_told() {
    check(
        "ERROR:kafka.conn:x: Error receiving network data closing socket\n\
         Traceback (most recent call last):\n\
         ConnectionResetError: [Errno 104] Connection reset by peer\n",
        "kafka-python",
        "idle",
        "NET-01",
    );
}

#[test]
fn a_json_challenge() {
    check(
        &lost_3(
            "(3, 9)",
            r#"[Error 58] SaslAuthenticationFailedError: SaslAuthenticationFailedError: {"status":"invalid_token"}"#,
        ),
        "kafka-python",
        "sasl-authenticate",
        "SASL-06",
    );
}

#[test]
fn a_token_that_the_broker_cannot_read() {
    check(
        &lost_3(
            "(3, 9)",
            "[Error 58] SaslAuthenticationFailedError: SaslAuthenticationFailedError: Authentication failed \
             during authentication due to invalid credentials with SASL mechanism OAUTHBEARER",
        ),
        "kafka-python",
        "sasl-authenticate",
        "SASL-05",
    );
}

#[test]
fn plaintext_to_a_tls_port() {
    let lost = connection_2("connected", ": socket disconnected");
    let reading = check(&lost, "kafka-python", "api-versions", "SASL-01");
    assert!(codes(&reading).contains(&"TLS-01"));
    check(
        &(lost.repeat(5) + "kafka.errors.UnrecognizedBrokerVersion: UnrecognizedBrokerVersion\n"),
        "kafka-python",
        "api-versions",
        "TLS-01",
    );
    let lost = lost_3("unknown", "KafkaConnectionError: socket disconnected");
    check(&lost, "kafka-python", "api-versions", "TLS-01");
    let frame = lost_3(
        "unknown",
        "InvalidReceiveError: Invalid frame length: 352518912",
    );
    check(&frame, "kafka-python", "api-versions", "TLS-01");
    check(
        &(lost.repeat(13) + &frame),
        "kafka-python",
        "api-versions",
        "TLS-01",
    );
}

#[test]
fn the_first_bytes_say_who_answered() {
    let frame = lost_3(
        "unknown",
        "InvalidReceiveError: Invalid frame length: 1213486160",
    );
    check(&frame, "kafka-python", "api-versions", "NET-04");
}

#[test]
fn no_login_on_a_sasl_listener() {
    let words = "KafkaConnectionError: socket disconnected";
    let refresh = format!("ERROR:kafka.cluster:Metadata refresh: failed {words}\n");
    let lost = lost_3("(3, 9)", words);
    for log in [
        refresh.clone(),
        format!(
            "{lost}{refresh}ERROR:kafka.net.manager:Bootstrap attempt to bootstrap-1 failed: {words} (backoff 0.04 secs)\n"
        )
        .repeat(12),
    ] {
        check(&log, "kafka-python", "metadata", "SASL-01");
    }
}

#[test]
fn a_mechanism_that_the_listener_does_not_have_and_no_answer() {
    let lost = connection_2("authenticating", ": socket disconnected");
    check(&lost, "kafka-python", "sasl-handshake", "SASL-03");
}

#[test]
fn a_topic_without_metadata() {
    let reading = check(
        "kafka.errors.KafkaTimeoutError: KafkaTimeoutError: Failed to update metadata after 5.0 secs.",
        "kafka-python",
        "metadata",
        "CLU-11",
    );
    assert!(codes(&reading).contains(&"IAM-10"));
}
