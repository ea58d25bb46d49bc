//! Limits and throttles.

use super::{Basis, Fault, Side};
use crate::phase::Phase;

/// New IAM connections come faster than the broker accepts.
pub static LIM_01: Fault = Fault {
    code: "LIM-01",
    title: "New IAM connections come faster than the broker accepts",
    phase: Phase::SaslAuthenticate,
    side: Side::Broker,
    place: "the broker's limit on IAM connections per second",
    explanation: "The broker refuses logins beyond its rate with error 58, \"[uuid]: Too many \
        connects\". The documented rate is 100 a second on M5, M7g and Express brokers and 4 a \
        second on t3.small; older documents said 20.",
    tell: "Intermittent and together with scaling out; the same credential succeeds a second \
        later.",
    evidence: "The broker's instance type; the CloudWatch metric ConnectionCreationRate.",
    fix: &[
        "Set the client's reconnect backoff to 1000 ms or more.",
        "Reuse clients instead of making one per request.",
    ],
    settle: &[
        "cloudwatch:GetMetricData for ConnectionCreationRate",
        "the same login alone, two seconds later",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/limits.html",
        "https://docs.aws.amazon.com/msk/latest/developerguide/troubleshooting.html",
        "https://github.com/aws/aws-msk-iam-auth",
    ],
};

/// The broker has as many IAM connections as it allows.
pub static LIM_02: Fault = Fault {
    code: "LIM-02",
    title: "The broker has as many IAM connections as it allows",
    phase: Phase::SaslAuthenticate,
    side: Side::Broker,
    place: "the broker's limit on simultaneous IAM connections",
    explanation: "At 3000 simultaneous IAM connections a broker holds or refuses new ones.",
    tell: "ClientConnectionCount (Client Authentication = IAM) is near 3000.",
    evidence: "That CloudWatch metric for each broker.",
    fix: &[
        "Use fewer clients, and close those not in use.",
        "Raise listener.name.client_iam.max.connections with care.",
    ],
    settle: &["cloudwatch:GetMetricData for ClientConnectionCount"],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/limits.html",
        "https://docs.aws.amazon.com/msk/latest/developerguide/metrics-details.html",
    ],
};

/// A limit of MSK Serverless is reached.
pub static LIM_03: Fault = Fault {
    code: "LIM-03",
    title: "A limit of MSK Serverless is reached",
    phase: Phase::Connect,
    side: Side::Broker,
    place: "the quotas of the serverless cluster",
    explanation: "A serverless cluster limits client connections and connection attempts (1000, \
        and 100 a second, in the table of 2023) and refuses what goes beyond.",
    tell: "The host name is a serverless one, and refusals come under load.",
    evidence: "The current quota page.",
    fix: &["Reduce the number of connections and the rate of new ones."],
    settle: &["the current quotas of MSK Serverless against the number of clients"],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/limits.html"],
};

/// One address has too many connections to the broker (`max.connections.per.ip`).
pub static LIM_04: Fault = Fault {
    code: "LIM-04",
    title: "One address has too many connections to the broker (max.connections.per.ip)",
    phase: Phase::Tls,
    side: Side::Broker,
    place: "the broker's limit of connections for one address",
    explanation: "The broker accepts the connection, finds the limit for the source address \
        reached and closes at once, before TLS. All clients behind one NAT gateway share that \
        count.",
    tell: "No byte is received and the close comes in about one round trip; with LIM-05 it comes \
        later.",
    evidence: "Time to the close; sharing of the source address; the cluster's configuration.",
    fix: &[
        "Raise max.connections.per.ip, or the override for this address.",
        "Or spread the clients over more source addresses.",
    ],
    settle: &[
        "the cluster's configuration (max.connections.per.ip)",
        "the same probe from another source address",
    ],
    basis: Basis::SourceRead,
    sources: &[
        "https://github.com/apache/kafka/blob/trunk/core/src/main/scala/kafka/network/SocketServer.scala",
    ],
};

/// One address makes new connections too fast.
pub static LIM_05: Fault = Fault {
    code: "LIM-05",
    title: "One address makes new connections too fast",
    phase: Phase::Tls,
    side: Side::Broker,
    place: "the broker's connection rate limit for one address",
    explanation: "The broker accepts the connection, says nothing for a throttle delay of up to \
        seconds and closes with FIN.",
    tell: "The time from accept to close is much longer than for LIM-04.",
    evidence: "Time to the close.",
    fix: &["Make new connections more slowly: raise the reconnect backoff and reuse clients."],
    settle: &["the same probe after a pause, or from another source address"],
    basis: Basis::SourceRead,
    sources: &[
        "https://github.com/apache/kafka/blob/trunk/core/src/main/scala/kafka/network/SocketServer.scala",
    ],
};

/// The listener is full, or the broker creates connections too fast.
pub static LIM_06: Fault = Fault {
    code: "LIM-06",
    title: "The listener is full, or the broker creates connections too fast",
    phase: Phase::Tls,
    side: Side::Broker,
    place: "the broker's acceptor",
    explanation: "At the listener's limit the acceptor thread waits. New connections stay in the \
        backlog of 50 and TLS never starts; when the backlog is full, SYNs are dropped.",
    tell: "It looks like NET-05, but a clamped segment size does not help, other listeners of the \
        same broker answer, and it recovers when connections close.",
    evidence: "A probe to a second listener of the same broker; the CloudWatch metric \
        ConnectionCount.",
    fix: &[
        "Use fewer clients, and close those not in use.",
        "Raise the listener's max.connections with care.",
    ],
    settle: &[
        "a probe to another listener of the same broker",
        "cloudwatch:GetMetricData for ConnectionCount",
    ],
    basis: Basis::SourceRead,
    sources: &[
        "https://github.com/apache/kafka/blob/trunk/core/src/main/scala/kafka/network/SocketServer.scala",
        "https://github.com/apache/kafka/blob/trunk/server/src/main/java/org/apache/kafka/network/SocketServerConfigs.java",
    ],
};

/// The broker closes quiet connections since it is over its total limit.
pub static LIM_07: Fault = Fault {
    code: "LIM-07",
    title: "The broker closes quiet connections since it is over its total limit",
    phase: Phase::Metadata,
    side: Side::Broker,
    place: "the broker's limit of all connections",
    explanation: "Over its total limit the broker closes an established, quiet connection, the \
        least recently used first, with FIN and no error.",
    tell: "The victims are idle connections, not new ones.",
    evidence: "ConnectionCount at the limit; age and idleness of the connections that were closed.",
    fix: &["Lower the number of connections to the broker."],
    settle: &["cloudwatch:GetMetricData for ConnectionCount"],
    basis: Basis::SourceRead,
    sources: &[
        "https://github.com/apache/kafka/blob/trunk/core/src/main/scala/kafka/network/SocketServer.scala",
    ],
};

/// A bandwidth or request quota delays the responses.
pub static LIM_08: Fault = Fault {
    code: "LIM-08",
    title: "A bandwidth or request quota delays the responses",
    phase: Phase::Canary,
    side: Side::Broker,
    place: "the broker's quotas",
    explanation: "The connection is healthy, but the broker delays its responses and says so in \
        throttle_time_ms.",
    tell: "Latency rises with volume.",
    evidence: "throttle_time_ms in responses; the metrics ProduceThrottleTime and \
        FetchThrottleTime; the throughput of each broker on Express.",
    fix: &["Scale the cluster, or smooth the load."],
    settle: &["cloudwatch:GetMetricData for ProduceThrottleTime and FetchThrottleTime"],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/metrics-details.html",
        "https://docs.aws.amazon.com/msk/latest/developerguide/limits.html",
    ],
};

/// The request is larger than the broker reads.
pub static LIM_09: Fault = Fault {
    code: "LIM-09",
    title: "The request is larger than the broker reads",
    phase: Phase::Canary,
    side: Side::Client,
    place: "the size of the client's request",
    explanation: "The broker closes the connection after a request above socket.request.max.bytes \
        (100 MiB), or above 512 KiB before the login.",
    tell: "The close follows a big request, and small ones work.",
    evidence: "The size of the last request.",
    fix: &["Send smaller batches."],
    settle: &["the size of the last request, from the client's log"],
    basis: Basis::SourceRead,
    sources: &[
        "https://github.com/apache/kafka/blob/trunk/server/src/main/java/org/apache/kafka/network/SocketServerConfigs.java",
        "https://github.com/apache/kafka/blob/trunk/clients/src/main/java/org/apache/kafka/common/network/NetworkReceive.java",
    ],
};

/// Every fault of this group, by number.
pub(super) static FAULTS: &[&Fault] = &[
    &LIM_01, &LIM_02, &LIM_03, &LIM_04, &LIM_05, &LIM_06, &LIM_07, &LIM_08, &LIM_09,
];
