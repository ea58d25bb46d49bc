//! What TCP shows, and what each sight acquits.

use super::{Basis, Fault, Side};
use crate::phase::Phase;

/// The SYN is not answered.
pub static TCP_01: Fault = Fault {
    code: "TCP-01",
    title: "The SYN is not answered",
    phase: Phase::Connect,
    side: Side::Path,
    place: "a filter or a route on the way, in either direction",
    explanation: "The client's SYN or the broker's SYN/ACK is dropped silently, so the connect \
        ends with ETIMEDOUT after the kernel's retries, or earlier by the client's own timer.",
    tell: "Silence means a filter or a route, on either side: a live host without a listener \
        would have answered with RST (TCP-02).",
    evidence: "The connect probe with its timing; the static evaluation of security groups, ACLs \
        and routes then says which.",
    fix: &[
        "Read the evaluation of the path (`msk-doctor network`) and repair the group, ACL or \
         route that it names.",
    ],
    settle: &[
        "ec2:DescribeSecurityGroupRules, ec2:DescribeNetworkAcls and ec2:DescribeRouteTables \
         for both sides, or --facts with their output",
        "flow logs of the broker's interface: ACCEPT, REJECT or nothing",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://repost.aws/knowledge-center/msk-cluster-connection-issues",
        "https://docs.aws.amazon.com/msk/latest/developerguide/troubleshooting.html",
    ],
};

/// The connection is refused.
pub static TCP_02: Fault = Fault {
    code: "TCP-02",
    title: "The connection is refused",
    phase: Phase::Connect,
    side: Side::Broker,
    place: "the broker's host answers, and nothing listens on this port",
    explanation: "The SYN is answered with RST in about one round trip (ECONNREFUSED), because \
        the listener is off or the broker process is down.",
    tell: "Inside a VPC a refusal proves routes, groups and ACLs right in both directions. \
        Elsewhere a firewall may have sent the RST: its TTL or round trip then differs from a \
        sibling port's or broker's.",
    evidence: "RST latency against the round trip of a sibling port; the ClientAuthentication and \
        EncryptionInTransit fields, which say what listeners exist; the broker's state.",
    fix: &[
        "Use a port whose listener is enabled on this cluster.",
        "If the listener is enabled, wait for the broker to come back.",
    ],
    settle: &["kafka:DescribeClusterV2 and kafka:ListNodes, or --facts with their output"],
    basis: Basis::Inferred,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html",
        "https://github.com/boto/botocore/blob/develop/botocore/data/kafka/2018-11-14/service-2.json",
    ],
};

/// The address is unreachable.
pub static TCP_03: Fault = Fault {
    code: "TCP-03",
    title: "The address is unreachable",
    phase: Phase::Connect,
    side: Side::Path,
    place: "the local network stack, or a router that sends ICMP",
    explanation: "The connect fails at once with EHOSTUNREACH or ENETUNREACH, since the local \
        stack has no route or a router said so by ICMP.",
    tell: "This never comes from security groups or network ACLs: those say nothing.",
    evidence: "The error number; the local route look-up for the address.",
    fix: &["Repair the local route or bring up the VPN."],
    settle: &[
        "the local route look-up (`ip route get ADDRESS`)",
        "a run from inside the VPC",
    ],
    basis: Basis::Inferred,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/troubleshooting.html"],
};

/// The connection is accepted, then closed before TLS begins.
pub static TCP_04: Fault = Fault {
    code: "TCP-04",
    title: "The connection is accepted, then closed before TLS begins",
    phase: Phase::Tls,
    side: Side::Path,
    place: "the broker's connection limits, or a device that accepted in its place",
    explanation: "TCP opens and is closed with FIN or RST before a single byte came back, whether \
        or not the ClientHello was sent.",
    tell: "The time to close tells: near zero means a limit per address (LIM-04) or a load \
        balancer without targets (NET-08); seconds mean a throttled address (LIM-05).",
    evidence: "Bytes received, and the time from SYN/ACK to the close.",
    fix: &[
        "Compare the time to close with LIM-04, LIM-05, NET-03 and NET-08, and follow the \
         entry that fits.",
    ],
    settle: &[
        "the same probe from another source address",
        "the cluster's configuration (max.connections.per.ip)",
    ],
    basis: Basis::SourceRead,
    sources: &[
        "https://github.com/apache/kafka/blob/trunk/core/src/main/scala/kafka/network/SocketServer.scala",
    ],
};

/// The connection is accepted by the kernel and nobody reads it.
pub static TCP_05: Fault = Fault {
    code: "TCP-05",
    title: "The connection is accepted by the kernel and nobody reads it",
    phase: Phase::Tls,
    side: Side::Unknown,
    place: "the broker's acceptor, or a path that loses what follows the SYN/ACK",
    explanation: "The SYN/ACK arrives and the ClientHello is acknowledged by TCP, but no \
        ServerHello comes. The broker's acceptor is blocked (LIM-06, CLU-06), large replies are \
        lost (NET-05), or a device swallows TLS (NET-03).",
    tell: "A retry with a clamped segment size, another listener of the same broker and a sibling \
        broker part the three.",
    evidence: "A TLS probe with acknowledged byte counts (TCP_INFO), a retry with a clamped \
        segment size, other brokers and other listeners.",
    fix: &["Follow the entry that the retry singles out: NET-05, LIM-06, CLU-06 or NET-03."],
    settle: &[
        "a TLS probe with a clamped segment size, and one to another listener of the same \
         broker",
    ],
    basis: Basis::SourceRead,
    sources: &[
        "https://github.com/apache/kafka/blob/trunk/core/src/main/scala/kafka/network/SocketServer.scala",
    ],
};

/// Every fault of this group, by number.
pub(super) static FAULTS: &[&Fault] = &[&TCP_01, &TCP_02, &TCP_03, &TCP_04, &TCP_05];
