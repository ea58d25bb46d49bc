//! Names: the name never becomes the right address.

use super::{Basis, Fault, Side};
use crate::phase::Phase;

/// The broker name does not exist.
pub static DNS_01: Fault = Fault {
    code: "DNS-01",
    title: "The broker name does not exist",
    phase: Phase::Resolve,
    side: Side::Client,
    place: "the bootstrap string; no packet has left for a broker",
    explanation: "The resolver answers NXDOMAIN within milliseconds, so the client has no address \
        to dial and sends nothing to any broker. The usual reasons are a deleted cluster, a \
        removed broker or a typing error.",
    tell: "A fast and definite \"no\" (EAI_NONAME); DNS-02 is slow and says EAI_AGAIN, DNS-03 \
        answers at once with an empty list.",
    evidence: "The response code of the resolve probe; the configured list compared with \
        kafka:GetBootstrapBrokers.",
    fix: &[
        "Replace the bootstrap string with the one that `aws kafka get-bootstrap-brokers \
         --cluster-arn ARN` prints today.",
        "Check that the cluster still exists, that the broker has not been removed, and that \
         the name is spelt correctly.",
    ],
    settle: &[
        "kafka:GetBootstrapBrokers for the intended cluster, or --facts with its output",
        "the same look-up from inside the cluster's VPC",
    ],
    basis: Basis::Inferred,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/msk-get-bootstrap-brokers.html",
    ],
};

/// The resolver does not answer or fails.
pub static DNS_02: Fault = Fault {
    code: "DNS-02",
    title: "The resolver does not answer or fails",
    phase: Phase::Resolve,
    side: Side::Path,
    place: "between the client and its DNS server; the brokers have not been asked anything",
    explanation: "Queries time out or come back as SERVFAIL, so 5 to 30 seconds pass before the \
        client says anything at all.",
    tell: "Other names fail as well. Security groups and network ACLs cannot block the resolver \
        at VPC+2, so inside a VPC suspect the DHCP options or enableDnsSupport.",
    evidence: "A resolve probe against a control name; enableDnsSupport in \
        ec2:DescribeVpcAttribute; domain-name-servers in ec2:DescribeDhcpOptions.",
    fix: &[
        "Turn on DNS support of the VPC (enableDnsSupport).",
        "If the VPC uses its own name servers, repair them or let them forward to the VPC \
         resolver.",
    ],
    settle: &[
        "ec2:DescribeVpcAttribute and ec2:DescribeDhcpOptions for the client's VPC",
        "the same look-up against another name server (--dns-server)",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html",
        "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html",
    ],
};

/// The local resolver strips private addresses from the answer (rebinding filter).
pub static DNS_03: Fault = Fault {
    code: "DNS-03",
    title: "The local resolver strips private addresses from the answer (rebinding filter)",
    phase: Phase::Resolve,
    side: Side::Path,
    place: "the home or corporate resolver",
    explanation: "The public names of provisioned brokers hold private addresses. A resolver with \
        a rebinding filter removes these, so the name exists while the answer section is empty \
        (EAI_NODATA).",
    tell: "A public resolver such as 1.1.1.1 returns addresses in 10/8, 172.16/12 or 192.168/16 \
        where the local one returns none.",
    evidence: "The same name asked of the system's resolver and of one named public resolver, \
        compared.",
    fix: &[
        "Permit private answers for amazonaws.com in the router or resolver, or use the \
         resolver of the VPN.",
        "Make sure that there is also a route to the address: a name alone does not reach a \
         private broker (RTE-12).",
    ],
    settle: &["the same look-up against a public resolver, for example --dns-server 1.1.1.1"],
    basis: Basis::Inferred,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/troubleshooting.html"],
};

/// An MSK Serverless name was asked for outside the cluster's VPCs.
pub static DNS_04: Fault = Fault {
    code: "DNS-04",
    title: "An MSK Serverless name was asked for outside the cluster's VPCs",
    phase: Phase::Resolve,
    side: Side::Client,
    place: "the place the client runs in; the name is answered only inside the attached VPCs",
    explanation: "The name of a serverless cluster has a private answer only in the VPCs attached \
        to the cluster. A laptop, an on-premises network or any other VPC gets NXDOMAIN or no \
        private address.",
    tell: "The host name contains kafka-serverless, and names of provisioned clusters resolve on \
        the same machine.",
    evidence: "The pattern of the host name; Serverless.VpcConfigs in kafka:DescribeClusterV2; \
        the VPC of the client.",
    fix: &[
        "Run the client in one of the VPCs attached to the cluster (up to five can be \
         attached).",
        "Otherwise share the name through a private hosted zone or a Resolver rule, and \
         provide the network path as well.",
    ],
    settle: &[
        "kafka:DescribeClusterV2, or --facts with its output",
        "the same look-up from inside an attached VPC",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://aws.amazon.com/blogs/big-data/secure-connectivity-patterns-for-amazon-msk-serverless-cross-account-access/",
        "https://docs.aws.amazon.com/msk/latest/developerguide/limits.html",
    ],
};

/// A private hosted zone or forwarding rule shadows the MSK domain.
pub static DNS_05: Fault = Fault {
    code: "DNS-05",
    title: "A private hosted zone or forwarding rule shadows the MSK domain",
    phase: Phase::Resolve,
    side: Side::Aws,
    place: "Route 53 configuration of the client's VPC",
    explanation: "A private zone as wide as amazonaws.com or kafka.REGION.amazonaws.com answers \
        in place of the public one and hides every name that it lacks. A forwarding rule for the \
        domain does the same, so the client gets NXDOMAIN or a strange address, only in that \
        VPC.",
    tell: "The same name resolves correctly from a VPC without the zone or rule.",
    evidence: "route53:ListHostedZonesByVPC and route53resolver:ListResolverRuleAssociations; the \
        answer inside compared with the answer outside.",
    fix: &[
        "Narrow or remove the private hosted zone or the forwarding rule.",
        "If the zone has to stay, add the broker names to it.",
    ],
    settle: &[
        "route53:ListHostedZonesByVPC and route53resolver:ListResolverRuleAssociations",
        "the same look-up against a public resolver (--dns-server)",
    ],
    basis: Basis::Inferred,
    sources: &["https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html"],
};

/// The bootstrap string belongs to the other side of the VPC boundary.
pub static DNS_06: Fault = Fault {
    code: "DNS-06",
    title: "The bootstrap string belongs to the other side of the VPC boundary",
    phase: Phase::Resolve,
    side: Side::Client,
    place: "the choice of bootstrap string; names and brokers are fine",
    explanation: "Private names (b-N) resolve to private addresses that cannot be reached from \
        the internet. Public names (b-N-public) resolve to Elastic IP addresses on ports such as \
        9198, which inside a VPC lead out of it instead of straight to the broker.",
    tell: "The class of the resolved address does not match where the client is, and the port \
        belongs to the other family.",
    evidence: "The class of the resolved address; PublicAccess.Type; the port; whether the \
        client's subnet routes to an internet or NAT gateway.",
    fix: &[
        "Use the bootstrap string made for the client's place: the plain one inside the VPC, \
         the Public one on the internet, the VpcConnectivity one over multi-VPC private \
         connectivity.",
    ],
    settle: &[
        "kafka:GetBootstrapBrokers and kafka:DescribeClusterV2, or --facts with their output",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/msk-get-bootstrap-brokers.html",
        "https://docs.aws.amazon.com/msk/latest/developerguide/public-access.html",
        "https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html",
    ],
};

/// A cached address is no longer a broker.
pub static DNS_07: Fault = Fault {
    code: "DNS-07",
    title: "A cached address is no longer a broker",
    phase: Phase::Resolve,
    side: Side::Client,
    place: "a DNS cache or hosts file on the client's side",
    explanation: "The client dials an address that belonged to a broker once. The connection is \
        silent, is refused, or reaches another host whose certificate does not match.",
    tell: "The resolved address is absent from the broker interfaces that the cluster has today.",
    evidence: "ClientVpcIpAddress of kafka:ListNodes and ec2:DescribeNetworkInterfaces, compared \
        with the system's answer and with a fresh query.",
    fix: &[
        "Remove the name from the hosts file and from any static override.",
        "Shorten the DNS cache of the JVM or local agent, and restart the client.",
    ],
    settle: &[
        "kafka:ListNodes and ec2:DescribeNetworkInterfaces, or --facts with their output",
        "a fresh query to another name server (--dns-server)",
    ],
    basis: Basis::Inferred,
    sources: &[
        "https://github.com/boto/botocore/blob/develop/botocore/data/kafka/2018-11-14/service-2.json",
    ],
};

/// An IPv6 answer is tried first and there is no IPv6 path.
pub static DNS_08: Fault = Fault {
    code: "DNS-08",
    title: "An IPv6 answer is tried first and there is no IPv6 path",
    phase: Phase::Resolve,
    side: Side::Path,
    place: "the IPv6 path between client and brokers",
    explanation: "The name has AAAA records, so each attempt first stalls on an IPv6 address and \
        only then may fall back to IPv4.",
    tell: "Connection times double, and the IPv4 address alone works. The IPv6 listeners have \
        ports of their own (20092, 20094, 20096, 20098).",
    evidence: "AAAA records in the answer; ConnectivityInfo.NetworkType DUAL; Lambda's \
        VpcConfig.Ipv6AllowedForDualStack; ::/0 routes and IPv6 entries of the network ACLs.",
    fix: &[
        "Make the client use IPv4: broker.address.family=v4 in librdkafka, \
         java.net.preferIPv4Stack=true in Java.",
        "Or complete the IPv6 path: routes, security groups, network ACLs and the function's \
         IPv6 setting.",
    ],
    settle: &[
        "a connect probe to each address family on its own",
        "kafka:DescribeClusterV2, ec2:DescribeRouteTables and ec2:DescribeNetworkAcls",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html",
        "https://github.com/boto/botocore/blob/develop/botocore/data/kafka/2018-11-14/service-2.json",
    ],
};

/// The network interface exceeds its DNS packet quota.
pub static DNS_09: Fault = Fault {
    code: "DNS-09",
    title: "The network interface exceeds its DNS packet quota",
    phase: Phase::Resolve,
    side: Side::Path,
    place: "the client's network interface; the resolver is healthy",
    explanation: "An interface may send about 1024 packets a second to the VPC resolver; what \
        goes beyond is dropped. Look-ups then fail now and again with EAI_AGAIN, and a retry \
        succeeds.",
    tell: "The failures come in bursts, under load, with many short-lived clients.",
    evidence: "The number of failures over repeated look-ups; the instance's metric \
        linklocal_allowance_exceeded.",
    fix: &[
        "Cache DNS answers on the host.",
        "Keep one Kafka client open instead of making one per request.",
    ],
    settle: &[
        "linklocal_allowance_exceeded of the client's interface (ethtool -S on the instance)",
    ],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html"],
};

/// Route 53 Resolver DNS Firewall blocks the broker name.
pub static DNS_10: Fault = Fault {
    code: "DNS-10",
    title: "Route 53 Resolver DNS Firewall blocks the broker name",
    phase: Phase::Resolve,
    side: Side::Aws,
    place: "the DNS Firewall rules of the client's VPC",
    explanation: "A rule of the DNS Firewall matches the MSK domain, so the resolver answers \
        NODATA, NXDOMAIN or an override address by policy.",
    tell: "Only that VPC is affected, and one of its domain lists matches amazonaws.com.",
    evidence: "route53resolver:ListFirewallRuleGroupAssociations and the rules; BLOCK actions in \
        the resolver query log.",
    fix: &[
        "Allow the MSK domain in the rule group, with a priority before the rule that blocks \
         it.",
    ],
    settle: &[
        "route53resolver:ListFirewallRuleGroupAssociations and the rules of each group",
        "the same look-up against a public resolver (--dns-server)",
    ],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html"],
};

/// Search suffixes use up the connection budget.
pub static DNS_11: Fault = Fault {
    code: "DNS-11",
    title: "Search suffixes use up the connection budget",
    phase: Phase::Resolve,
    side: Side::Client,
    place: "the client's resolver settings (search list and ndots)",
    explanation: "With a high ndots value, the resolver tries the name with each cluster-internal \
        suffix before it tries the name itself. Each suffix costs an NXDOMAIN round trip.",
    tell: "Seen on Kubernetes: a look-up takes hundreds of milliseconds, and with a trailing dot \
        it is fast.",
    evidence: "The options in /etc/resolv.conf; the time of a look-up with and without a trailing \
        dot.",
    fix: &[
        "Lower ndots in the pod's dnsConfig.",
        "Do not put a trailing dot into the bootstrap string: clients that do not strip it can \
         fail the host name check.",
    ],
    settle: &[
        "the time of the same look-up with and without a trailing dot, from the client's own \
         pod",
    ],
    basis: Basis::Inferred,
    sources: &["https://github.com/confluentinc/librdkafka/tree/master/src"],
};

/// Every fault of this group, by number.
pub(super) static FAULTS: &[&Fault] = &[
    &DNS_01, &DNS_02, &DNS_03, &DNS_04, &DNS_05, &DNS_06, &DNS_07, &DNS_08, &DNS_09, &DNS_10,
    &DNS_11,
];
