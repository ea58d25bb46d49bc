//! Middleboxes and the path itself.

use super::{Basis, Fault, Side};
use crate::phase::Phase;

/// A middlebox forgot the idle connection and resets its next packet.
pub static NET_01: Fault = Fault {
    code: "NET-01",
    title: "A middlebox forgot the idle connection and resets its next packet",
    phase: Phase::Metadata,
    side: Side::Path,
    place: "a NAT gateway or load balancer between client and broker",
    explanation: "After 350 seconds or more of idleness a NAT gateway or Network Load Balancer \
        has dropped its state for the connection. It sends nothing at that time; the next packet \
        of the client is answered with RST (ECONNRESET).",
    tell: "A NAT gateway never sends FIN for an idle flow, only RST to the next packet. A broker \
        closes an idle connection with FIN, at 600 seconds.",
    evidence: "Idle time before the failure; a NAT gateway or load balancer on the path; the NAT \
        metric IdleTimeoutCount and the load balancer metric TCP_ELB_Reset_Count.",
    fix: &[
        "Send TCP keepalives at an interval below 350 seconds.",
        "Or set connections.max.idle.ms of the client below 350 seconds.",
        "Prefer a path without NAT or load balancer between client and brokers.",
    ],
    settle: &[
        "a probe that idles longer than 350 seconds and then sends one request",
        "cloudwatch:GetMetricData for IdleTimeoutCount or TCP_ELB_Reset_Count",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-troubleshooting.html",
    ],
};

/// The connection's state was lost and nobody says so.
pub static NET_02: Fault = Fault {
    code: "NET-02",
    title: "The connection's state was lost and nobody says so",
    phase: Phase::Metadata,
    side: Side::Path,
    place: "a stateful device between client and broker",
    explanation: "A device on the path forgot the connection and drops its packets without FIN or \
        RST. The request hangs for the whole request timeout, and a new connection works.",
    tell: "A request is outstanding after healthy earlier round trips and nothing arrives; NET-01 \
        answers with RST instead.",
    evidence: "\"timed out\" beside a small average round trip time in the client's log; a probe \
        that idles for 6 minutes and then sends one ApiVersions request.",
    fix: &[
        "Turn on TCP keepalive and lower the kernel's keepalive timers.",
        "Keep the message timeout above the socket timeout, so that a retry on a new \
         connection fits (CLI-17).",
    ],
    settle: &["a probe that idles for 6 minutes and then sends one request"],
    basis: Basis::Reported,
    sources: &["https://karafka.io/docs/Infrastructure-AWS-MSK-Guide/"],
};

/// A firewall drops or resets the connection at the TLS handshake.
pub static NET_03: Fault = Fault {
    code: "NET-03",
    title: "A firewall drops or resets the connection at the TLS handshake",
    phase: Phase::Tls,
    side: Side::Path,
    place: "an inspecting device between client and broker",
    explanation: "TCP opens, then the ClientHello, or a later request, meets silence, FIN or RST, \
        because a device on the path does not admit this traffic on this port.",
    tell: "It happens before ServerHello and whatever the credential is; the same client reaches \
        port 443 elsewhere. A reset 1 to 2 ms after the ClientHello while the round trip takes \
        longer proves a device on the path.",
    evidence: "Time from ClientHello to RST or FIN against the round trip of the SYN; a vpce- or \
        Gateway Load Balancer target in the route; alert logs of Network Firewall.",
    fix: &[
        "Allow TLS to the brokers on the listener's port in the firewall.",
        "Exempt this traffic from TLS inspection.",
    ],
    settle: &[
        "the same probe from a client whose path avoids the device",
        "ec2:DescribeRouteTables, and the firewall's alert log",
    ],
    basis: Basis::Inferred,
    sources: &[
        "https://docs.aws.amazon.com/vpc/latest/tgw/transit-gateway-appliance-scenario.html",
        "https://repost.aws/knowledge-center/msk-cluster-connection-issues",
    ],
};

/// Something that speaks HTTP answers in place of a broker.
pub static NET_04: Fault = Fault {
    code: "NET-04",
    title: "Something that speaks HTTP answers in place of a broker",
    phase: Phase::ApiVersions,
    side: Side::Path,
    place: "the address dialled: a web server or proxy",
    explanation: "The first bytes of the reply are \"HTTP\". A Kafka client reads them as a \
        length of 1213486160; a TLS client reports a wrong version number.",
    tell: "The first four bytes of the answer, decoded, say it.",
    evidence: "The first-bytes decoder of the TLS and Kafka probes.",
    fix: &["Let broker traffic bypass the proxy, or dial the broker's own name and port."],
    settle: &["the same probe from a machine without the proxy"],
    basis: Basis::Reproduced,
    sources: &[
        "https://github.com/twmb/franz-go/blob/master/pkg/kgo/broker.go",
        "https://github.com/apache/kafka/blob/trunk/clients/src/main/java/org/apache/kafka/common/network/NetworkReceive.java",
    ],
};

/// Large packets are lost on the path (MTU black hole).
pub static NET_05: Fault = Fault {
    code: "NET-05",
    title: "Large packets are lost on the path (MTU black hole)",
    phase: Phase::Tls,
    side: Side::Path,
    place: "a hop with a smaller MTU that does not say so, or whose message is filtered",
    explanation: "TCP opens and small packets pass, but the broker's certificate flight of about \
        4 to 5 kB, or the client's own largest request, is sent in packets too large for a hop and \
        never arrives. It stalls without any reset.",
    tell: "A retry with a small segment size (TCP_MAXSEG 1200) succeeds; under LIM-06 it does \
        not. The limits are 9001 bytes inside a VPC, 8500 over a transit gateway, and 1500 over \
        an internet gateway, a VPN or inter-Region peering.",
    evidence: "A TLS probe with the default and with a clamped segment size; advmss and pmtu in \
        TCP_INFO; packets-lost-mtu-exceeded in transit gateway flow logs.",
    fix: &[
        "Permit ICMP type 3 code 4 (fragmentation needed) from end to end.",
        "Or clamp the segment size on the VPN or router, or lower the MTU of the client's \
         interface.",
    ],
    settle: &["a TLS probe with a clamped segment size beside one without"],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/network_mtu.html",
        "https://docs.aws.amazon.com/vpc/latest/tgw/transit-gateway-quotas.html",
    ],
};

/// Fragmented packets do not get through.
pub static NET_06: Fault = Fault {
    code: "NET-06",
    title: "Fragmented packets do not get through",
    phase: Phase::Tls,
    side: Side::Path,
    place: "a hop that fragments, in front of Lambda or a NAT gateway",
    explanation: "Neither Lambda nor NAT gateways accept fragmented TCP packets, so large replies \
        vanish where a hop fragments them.",
    tell: "As NET-05, with an on-premises or VPN hop on the path.",
    evidence: "A TLS probe with the default and with a clamped segment size over that hop.",
    fix: &[
        "Avoid fragmentation: clamp the segment size or lower the MTU before the hop that \
         fragments.",
    ],
    settle: &["a TLS probe with a clamped segment size beside one without"],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-networking.html",
        "https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html",
    ],
};

/// The source ports are used up.
pub static NET_07: Fault = Fault {
    code: "NET-07",
    title: "The source ports are used up",
    phase: Phase::Connect,
    side: Side::Path,
    place: "this machine, or the NAT gateway, load balancer or Lambda interface in the path",
    explanation: "A machine has about 28,000 local ports to one target, and connect() fails with \
        EADDRNOTAVAIL when they are used up. About 55,000 connections to one target fit through a NAT gateway or load \
        balancer, and 65,000 through one Hyperplane interface of Lambda. Beyond this a new \
        connect fails or meets silence.",
    tell: "It happens under load only.",
    evidence: "`ss -tan` on this machine; ErrorPortAllocation of the NAT gateway; PortAllocationErrorCount of the load \
        balancer.",
    fix: &[
        "Reuse clients so that fewer connections are open.",
        "On this machine, widen net.ipv4.ip_local_port_range.",
        "Spread the load over more NAT gateways, subnets or targets.",
    ],
    settle: &["cloudwatch:GetMetricData for ErrorPortAllocation or PortAllocationErrorCount"],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-target-groups.html",
        "https://docs.aws.amazon.com/lambda/latest/dg/foundation-networking.html",
    ],
};

/// A home-made Network Load Balancer stands in front of MSK.
pub static NET_08: Fault = Fault {
    code: "NET-08",
    title: "A home-made Network Load Balancer stands in front of MSK",
    phase: Phase::Connect,
    side: Side::Path,
    place: "the load balancer between client and brokers",
    explanation: "TCP opens at the load balancer and then the connection is silent or reset, or \
        the TLS name does not match, or only the bootstrap works because the advertised names \
        lead elsewhere.",
    tell: "The resolved address is an interface of a load balancer. A target that calls itself \
        through one with client IP preservation times out (hairpin); unhealthy targets give RST.",
    evidence: "Description \"ELB net/...\" in ec2:DescribeNetworkInterfaces; the health of the \
        targets; the names that Metadata advertises.",
    fix: &[
        "Give each broker a listener of its own and DNS names that match what Metadata \
         advertises.",
        "Or replace the load balancer by MSK multi-VPC private connectivity.",
    ],
    settle: &["ec2:DescribeNetworkInterfaces and elasticloadbalancing:DescribeTargetHealth"],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-troubleshooting.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-target-groups.html",
    ],
};

/// A firewall or agent on the client's host blocks the connection.
pub static NET_09: Fault = Fault {
    code: "NET-09",
    title: "A firewall or agent on the client's host blocks the connection",
    phase: Phase::Connect,
    side: Side::Client,
    place: "this host, before the network",
    explanation: "A host firewall or endpoint agent refuses or drops the connection before a \
        packet reaches the network, so the failure takes less than 1 ms.",
    tell: "The latency is below any network round trip, and another process or user succeeds.",
    evidence: "Connect latency against the round trip time of the network; the host's own rules.",
    fix: &["Permit the process and the broker ports in the host firewall or the agent's policy."],
    settle: &["the same connect as another user, or from another host on the same network"],
    basis: Basis::Inferred,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/troubleshooting.html"],
};

/// The brokers exceed their network allowance.
pub static NET_10: Fault = Fault {
    code: "NET-10",
    title: "The brokers exceed their network allowance",
    phase: Phase::Connect,
    side: Side::Broker,
    place: "the brokers' instances",
    explanation: "The instance's network allowance is exceeded and packets are shaped or dropped. \
        Clients see jitter, retransmissions and slow handshakes, not complete failure.",
    tell: "TrafficShaping or the NetworkRxDropped metrics are not zero.",
    evidence: "CloudWatch metrics TrafficShaping and BwInAllowanceExceeded for each broker.",
    fix: &["Scale the brokers up or out."],
    settle: &["cloudwatch:GetMetricData for TrafficShaping and BwInAllowanceExceeded"],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/metrics-details.html"],
};

/// Another service answers in place of a broker.
pub static NET_11: Fault = Fault {
    code: "NET-11",
    title: "Another service answers in place of a broker",
    phase: Phase::ApiVersions,
    side: Side::Path,
    place: "the address dialled: a tunnel, port forward or target that ends elsewhere",
    explanation: "The first bytes of the reply are neither TLS nor Kafka nor HTTP: an SSH banner, \
        a database's greeting or noise.",
    tell: "The first bytes, decoded, often name the service.",
    evidence: "The first-bytes decoder of the TLS and Kafka probes.",
    fix: &[
        "Repair the tunnel, the port forward or the load balancer target so that it ends at \
         the broker.",
    ],
    settle: &["the same probe without the tunnel or port forward"],
    basis: Basis::Reproduced,
    sources: &[
        "https://github.com/twmb/franz-go/blob/master/pkg/kgo/broker.go",
        "https://github.com/apache/kafka/blob/trunk/clients/src/main/java/org/apache/kafka/common/network/NetworkReceive.java",
    ],
};

/// Every fault of this group, by number.
pub(super) static FAULTS: &[&Fault] = &[
    &NET_01, &NET_02, &NET_03, &NET_04, &NET_05, &NET_06, &NET_07, &NET_08, &NET_09, &NET_10,
    &NET_11,
];
