//! What client libraries hide or invent.

use super::{Basis, Fault, Side};
use crate::phase::Phase;

/// kafka-python 2.x gave up after its start-up budget of 2 seconds.
pub static CLI_01: Fault = Fault {
    code: "CLI-01",
    title: "kafka-python 2.x gave up after its start-up budget of 2 seconds",
    phase: Phase::Metadata,
    side: Side::Client,
    place: "the client's start-up timeout",
    explanation: "Look-up, connect, TLS and login have to fit into 2 seconds, or the constructor \
        raises NoBrokersAvailable. With api_version set the probe is skipped, and the error \
        moves to the first send.",
    tell: "The path is healthy and takes longer than 2 seconds in sum.",
    evidence: "The sum of the probe's phase times against 2000 ms.",
    fix: &["Raise api_version_auto_timeout_ms to 10000 or more."],
    settle: &["the sum of the phase times, measured where the client runs"],
    basis: Basis::SourceRead,
    sources: &["https://github.com/dpkp/kafka-python"],
};

/// kafka-python 2.2 or 2.3 halves its budget after each failure.
pub static CLI_02: Fault = Fault {
    code: "CLI-02",
    title: "kafka-python 2.2 or 2.3 halves its budget after each failure",
    phase: Phase::ApiVersions,
    side: Side::Client,
    place: "the client library",
    explanation: "An authentication failure that repeats turns into \"Request timed out after \
        31.25 ms\", then into legacy probes that cannot work on a SASL listener.",
    tell: "The timeout is 2000 ms divided by a power of two; the true error is earlier in the log.",
    evidence: "The number in the log.",
    fix: &[
        "Read the first error in the log and look that up.",
        "Upgrade the client, or set api_version.",
    ],
    settle: &["the log from the client's start"],
    basis: Basis::Reproduced,
    sources: &["https://github.com/dpkp/kafka-python"],
};

/// `api_version` below (1, 0) hides the broker's words.
pub static CLI_03: Fault = Fault {
    code: "CLI-03",
    title: "api_version below (1, 0) hides the broker's words",
    phase: Phase::SaslAuthenticate,
    side: Side::Client,
    place: "the client's configuration",
    explanation: "With such a value kafka-python 2.1 and later fall back to SaslHandshake v0, \
        where the broker cannot say why it refuses. \"Connection reset during recv\" takes the \
        place of error 58.",
    tell: "On the same server (0, 11) hides the text and (1, 0) shows it.",
    evidence: "The configured api_version.",
    fix: &["Remove api_version, or set it to (2, 8) or later."],
    settle: &["the client's configuration (api_version)"],
    basis: Basis::Reproduced,
    sources: &["https://github.com/dpkp/kafka-python"],
};

/// This Python shows a reset inside TLS as the end of the stream.
pub static CLI_04: Fault = Fault {
    code: "CLI-04",
    title: "This Python shows a reset inside TLS as the end of the stream",
    phase: Phase::SaslAuthenticate,
    side: Side::Client,
    place: "the Python runtime",
    explanation: "On CPython 3.10.13, 3.11.2, 3.11.7 and 3.12.1 a true TCP RST on a TLS socket is \
        returned as b\"\". 3.6 to 3.9 and 3.13.0 raise ConnectionResetError.",
    tell: "On the versions that do this the traceback cannot tell FIN from RST; only packets or \
        another probe can.",
    evidence: "The version of Python; a native probe, which reports FIN or RST.",
    fix: &[
        "Do not conclude FIN from the message; let msk-doctor probe the same broker.",
        "Upgrade Python.",
    ],
    settle: &["a native probe of the same broker"],
    basis: Basis::Reproduced,
    sources: &["https://github.com/python/cpython/pull/115628"],
};

/// `socket.timeout` escapes on Python 3.9 and older.
pub static CLI_05: Fault = Fault {
    code: "CLI-05",
    title: "socket.timeout escapes on Python 3.9 and older",
    phase: Phase::SaslAuthenticate,
    side: Side::Client,
    place: "the Python runtime",
    explanation: "Before 3.10 socket.timeout is not TimeoutError, so kafka-python does not catch \
        it, and it ends the caller's poll().",
    tell: "A traceback with socket.timeout out of poll().",
    evidence: "The version of Python.",
    fix: &[
        "Upgrade Python to 3.10 or later.",
        "Look for the cause of the silence as well (SASL-26).",
    ],
    settle: &["the version of Python that the client runs on"],
    basis: Basis::SourceRead,
    sources: &["https://github.com/dpkp/kafka-python"],
};

/// kafkajs gave up after its connection timeout of 1 second.
pub static CLI_06: Fault = Fault {
    code: "CLI-06",
    title: "kafkajs gave up after its connection timeout of 1 second",
    phase: Phase::Connect,
    side: Side::Client,
    place: "the client's connection timeout",
    explanation: "kafkajs allows 1 second for connect and TLS by default, and prints \"Connection \
        timeout\" on paths that are slow but healthy.",
    tell: "A probe connects in 1 to 3 seconds.",
    evidence: "The time of connect and TLS against 1000 ms.",
    fix: &["Set connectionTimeout to 10000."],
    settle: &["the time of connect and TLS, measured where the client runs"],
    basis: Basis::SourceRead,
    sources: &["https://github.com/tulios/kafkajs/blob/master/src/network/connection.js"],
};

/// aiokafka prints an empty reason.
pub static CLI_07: Fault = Fault {
    code: "CLI-07",
    title: "aiokafka prints an empty reason",
    phase: Phase::Connect,
    side: Side::Client,
    place: "the client's log",
    explanation: "\"Unable connect to HOST: \" has nothing after it when TLS met the end of the \
        stream, a plaintext listener refused, or nobody answered.",
    tell: "All three print the same, so the log cannot tell.",
    evidence: "A native probe.",
    fix: &["Let msk-doctor probe the same broker and follow what it finds."],
    settle: &["a native probe of the same broker"],
    basis: Basis::Reproduced,
    sources: &["https://github.com/aio-libs/aiokafka"],
};

/// A slow token callback blocks the client.
pub static CLI_08: Fault = Fault {
    code: "CLI-08",
    title: "A slow token callback blocks the client",
    phase: Phase::SaslAuthenticate,
    side: Side::Client,
    place: "the client's token callback",
    explanation: "The callback takes seconds for STS or instance metadata, and meanwhile the \
        client sends neither heartbeats nor its login. It is removed from its group, or the \
        login times out.",
    tell: "The delay lies in the callback, before any SASL byte.",
    evidence: "The time that the callback takes.",
    fix: &["Cache the credentials, so that the callback only signs."],
    settle: &["the time of the callback, logged by the client"],
    basis: Basis::Inferred,
    sources: &[
        "https://github.com/aws/aws-msk-iam-sasl-signer-python/blob/main/aws_msk_iam_sasl_signer/MSKAuthTokenProvider.py",
    ],
};

/// The request timeout is at or below the time the server waits.
pub static CLI_09: Fault = Fault {
    code: "CLI-09",
    title: "The request timeout is at or below the time the server waits",
    phase: Phase::Canary,
    side: Side::Client,
    place: "the client's configuration",
    explanation: "The broker may hold a fetch or a join for its full wait. A client whose request \
        timeout is not longer gives up on healthy requests, again and again.",
    tell: "Periodic timeouts on a healthy broker; request_timeout_ms is at or below the fetch \
        wait or the session timeout.",
    evidence: "The client's configuration.",
    fix: &["Raise the request timeout above the fetch wait and the session timeout."],
    settle: &["the client's configuration"],
    basis: Basis::Inferred,
    sources: &["https://github.com/dpkp/kafka-python"],
};

/// The client's reconnects make a storm.
pub static CLI_10: Fault = Fault {
    code: "CLI-10",
    title: "The client's reconnects make a storm",
    phase: Phase::SaslAuthenticate,
    side: Side::Client,
    place: "the client's reconnect backoff",
    explanation: "With a default backoff of 50 to 100 ms a failing client tries so often that it \
        runs into LIM-01 by itself. One constructor of kafka-python 2.0.2 made six attempts to \
        log in within its 2 seconds, enough for the 4 a second of a t3.small broker.",
    tell: "The attempts come from few clients, and every few milliseconds.",
    evidence: "The number of attempts per second.",
    fix: &[
        "Set the reconnect backoff to 1000 ms.",
        "Repair what made the first attempt fail.",
    ],
    settle: &["the attempts per second, from the client's log"],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/troubleshooting.html",
        "https://github.com/aws/aws-msk-iam-auth",
    ],
};

/// The client keeps idle connections longer than the broker.
pub static CLI_11: Fault = Fault {
    code: "CLI-11",
    title: "The client keeps idle connections longer than the broker",
    phase: Phase::Metadata,
    side: Side::Client,
    place: "the client's idle limit",
    explanation: "The broker closes an idle connection after 600 seconds with FIN. That is \
        harmless, and some clients, librdkafka among them, log it.",
    tell: "No request was outstanding.",
    evidence: "connections.max.idle.ms on both sides.",
    fix: &["Set the client's idle limit below the broker's, for example to 540 seconds."],
    settle: &["the idle time of the connection at its close, from the client's log"],
    basis: Basis::SourceRead,
    sources: &[
        "https://github.com/apache/kafka/blob/trunk/server/src/main/java/org/apache/kafka/network/SocketServerConfigs.java",
        "https://github.com/confluentinc/confluent-kafka-dotnet/issues/2284",
    ],
};

/// The client library does not load.
pub static CLI_12: Fault = Fault {
    code: "CLI-12",
    title: "The client library does not load",
    phase: Phase::Resolve,
    side: Side::Client,
    place: "the client's runtime",
    explanation: "The import fails and no packet is sent: kafka-python 2.0.2 on Python 3.12 lacks \
        kafka.vendor.six.moves (seen on 3.12.1; 2.2.15 loads).",
    tell: "An import error, before anything else.",
    evidence: "The versions of library and runtime.",
    fix: &["Upgrade the library."],
    settle: &["the versions of library and runtime"],
    basis: Basis::Reproduced,
    sources: &["https://github.com/dpkp/kafka-python"],
};

/// A Java tool was called without --command-config.
pub static CLI_13: Fault = Fault {
    code: "CLI-13",
    title: "A Java tool was called without --command-config",
    phase: Phase::ApiVersions,
    side: Side::Client,
    place: "the command line",
    explanation: "Without the file the tool speaks PLAINTEXT to a TLS port, reads the alert as a \
        huge frame and dies of OutOfMemoryError (TLS-01).",
    tell: "The command line has no properties file.",
    evidence: "The command line.",
    fix: &[
        "Pass the client properties file (--command-config, or the option that the tool has \
         for it).",
    ],
    settle: &["the command line"],
    basis: Basis::Documented,
    sources: &["https://repost.aws/knowledge-center/msk-cluster-connection-issues"],
};

/// aws-msk-iam-auth is missing or on the plugin path.
pub static CLI_14: Fault = Fault {
    code: "CLI-14",
    title: "aws-msk-iam-auth is missing or on the plugin path",
    phase: Phase::SaslAuthenticate,
    side: Side::Client,
    place: "the class path of the JVM",
    explanation: "The JVM cannot find the login classes, or finds them in the wrong class loader: \
        ConfigException, or \"Unsupported callback type\".",
    tell: "A local exception; nothing was sent.",
    evidence: "The class path.",
    fix: &["Put the jar on the worker's class path, not on the plugin path."],
    settle: &["the class path of the process"],
    basis: Basis::Documented,
    sources: &["https://github.com/aws/aws-msk-iam-auth"],
};

/// The JVM caches DNS answers.
pub static CLI_15: Fault = Fault {
    code: "CLI-15",
    title: "The JVM caches DNS answers",
    phase: Phase::Resolve,
    side: Side::Client,
    place: "the JVM's settings",
    explanation: "The JVM keeps an address after the name has moved, so the client dials what is \
        no longer a broker (DNS-07).",
    tell: "networkaddress.cache.ttl is long, and another process on the host resolves the right \
        address.",
    evidence: "The JVM's settings.",
    fix: &["Set networkaddress.cache.ttl to a short time."],
    settle: &["the JVM's networkaddress.cache.ttl"],
    basis: Basis::Inferred,
    sources: &["https://karafka.io/docs/Infrastructure-AWS-MSK-Guide/"],
};

/// Only one bootstrap broker is configured.
pub static CLI_16: Fault = Fault {
    code: "CLI-16",
    title: "Only one bootstrap broker is configured",
    phase: Phase::Connect,
    side: Side::Client,
    place: "the bootstrap string",
    explanation: "With a single name the client cannot start while that broker is away, as during \
        maintenance (CLU-02).",
    tell: "One name is configured, and other brokers answer.",
    evidence: "The client's configuration.",
    fix: &["List brokers of three Availability Zones in the bootstrap string."],
    settle: &["the client's configuration, and a probe of the other brokers"],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/bestpractices.html"],
};

/// `message.timeout.ms` is below `socket.timeout.ms`.
pub static CLI_17: Fault = Fault {
    code: "CLI-17",
    title: "message.timeout.ms is below socket.timeout.ms",
    phase: Phase::Canary,
    side: Side::Client,
    place: "the client's configuration",
    explanation: "When a connection has silently died, the message expires before the socket \
        does, so no time is left for a retry on a new connection and the message is lost.",
    tell: "A stale connection costs a message each time.",
    evidence: "The client's configuration.",
    fix: &["Set message.timeout.ms above socket.timeout.ms."],
    settle: &["the client's configuration"],
    basis: Basis::Reported,
    sources: &["https://karafka.io/docs/Infrastructure-AWS-MSK-Guide/"],
};

/// The bootstrap string is malformed.
pub static CLI_18: Fault = Fault {
    code: "CLI-18",
    title: "The bootstrap string is malformed",
    phase: Phase::Resolve,
    side: Side::Client,
    place: "the client's configuration",
    explanation: "The client cannot parse or resolve the string: a space in place of the colon, a \
        scheme before the name, a trailing comma or a missing port, for which kafka-python \
        assumes 9092.",
    tell: "The string itself shows it.",
    evidence: "The parser of the bootstrap string.",
    fix: &["Write the string as host:port,host:port without spaces or a scheme."],
    settle: &["the exact string that the client is given"],
    basis: Basis::SourceRead,
    sources: &["https://github.com/dpkp/kafka-python"],
};

/// kafka-python 3.0 loses the refusal it was sent.
pub static CLI_19: Fault = Fault {
    code: "CLI-19",
    title: "kafka-python 3.0 loses the refusal it was sent",
    phase: Phase::SaslAuthenticate,
    side: Side::Client,
    place: "the client library",
    explanation: "The broker's error 58 with its text arrives with the FIN right behind it. When \
        both are read together the client aborts before it parses the answer, and prints \
        \"socket disconnected\".",
    tell: "Some attempts print the broker's words and most do not: 34 of 50 with kafka-python \
        3.0.12 did not.",
    evidence: "A native probe, which sees error 58.",
    fix: &["Read the refusal with msk-doctor, and fix what it says."],
    settle: &["a native probe of the same broker with the client's own identity"],
    basis: Basis::Reproduced,
    sources: &["https://github.com/dpkp/kafka-python"],
};

/// Every fault of this group, by number.
pub(super) static FAULTS: &[&Fault] = &[
    &CLI_01, &CLI_02, &CLI_03, &CLI_04, &CLI_05, &CLI_06, &CLI_07, &CLI_08, &CLI_09, &CLI_10,
    &CLI_11, &CLI_12, &CLI_13, &CLI_14, &CLI_15, &CLI_16, &CLI_17, &CLI_18, &CLI_19,
];
