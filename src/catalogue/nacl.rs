//! Network ACLs: stateless filters.

use super::{Basis, Fault, Side};
use crate::phase::Phase;

/// The brokers' network ACL denies the port inbound.
pub static NACL_01: Fault = Fault {
    code: "NACL-01",
    title: "The brokers' network ACL denies the port inbound",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the inbound entries of the network ACL on the brokers' subnet",
    explanation: "The ACL of the broker's subnet drops the SYN before the security group sees it, \
        without an answer.",
    tell: "The security groups evaluate to allow and the ACL does not; the symptom is that of \
        SG-01.",
    evidence: "ec2:DescribeNetworkAcls, entries evaluated in the order of RuleNumber, the first \
        match decides.",
    fix: &[
        "Add an inbound entry that allows the listener's port from the client's CIDRs, with a \
         number below any deny.",
    ],
    settle: &["ec2:DescribeNetworkAcls for the brokers' subnets, or --facts with its output"],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html"],
};

/// The brokers' network ACL denies the replies outbound.
pub static NACL_02: Fault = Fault {
    code: "NACL-02",
    title: "The brokers' network ACL denies the replies outbound",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the outbound entries of the network ACL on the brokers' subnet",
    explanation: "ACLs are stateless: the SYN is let in, and the SYN/ACK to the client's \
        ephemeral port is dropped on its way out. The client sees silence.",
    tell: "The inbound entry exists; the broker's flow log shows ACCEPT inbound and then REJECT \
        outbound.",
    evidence: "Egress entries of the brokers' ACL against the client's CIDR and ports 1024-65535.",
    fix: &["Add an outbound entry that allows TCP 1024-65535 to the client's CIDRs."],
    settle: &[
        "ec2:DescribeNetworkAcls for the brokers' subnets, or --facts with its output",
        "flow logs of the broker's interface",
    ],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html"],
};

/// The client's network ACL denies the broker port outbound.
pub static NACL_03: Fault = Fault {
    code: "NACL-03",
    title: "The client's network ACL denies the broker port outbound",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the outbound entries of the network ACL on the client's subnet",
    explanation: "The ACL drops the SYN as it leaves the client's subnet, and the connection \
        times out.",
    tell: "Only clients in that subnet are affected.",
    evidence: "Egress entries of the ACL on the function's subnets against the brokers' addresses \
        and the port.",
    fix: &["Add an outbound entry that allows the listener's port to the brokers' CIDRs."],
    settle: &["ec2:DescribeNetworkAcls for the client's subnets, or --facts with its output"],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html"],
};

/// The client's network ACL lets only part of the return ports in.
pub static NACL_04: Fault = Fault {
    code: "NACL-04",
    title: "The client's network ACL lets only part of the return ports in",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the inbound entries of the network ACL on the client's subnet",
    explanation: "The SYN/ACK comes back to the client's source port. If the inbound entries \
        cover only part of the source ports in use, a connection works or times out by the port \
        it happened to get.",
    tell: "Intermittent and independent of load. Lambda and NAT gateways use 1024-65535, Linux \
        commonly 32768-60999; an entry from 32768 up fails about half of a function's attempts.",
    evidence: "Ingress entries of the client's ACL against 1024-65535; the success ratio over \
        many probes with varied source ports.",
    fix: &[
        "Allow TCP 1024-65535 inbound from the brokers' CIDRs in the ACL of every client \
         subnet.",
    ],
    settle: &[
        "ec2:DescribeNetworkAcls for the client's subnets, or --facts with its output",
        "repeated connect probes from source ports inside and outside the permitted range",
    ],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html"],
};

/// A deny entry with a lower number comes before the allow entry.
pub static NACL_05: Fault = Fault {
    code: "NACL-05",
    title: "A deny entry with a lower number comes before the allow entry",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the order of the network ACL's entries",
    explanation: "ACL entries are evaluated by number and the first match decides, however \
        specific a later one is. The deny wins, and the packets are dropped although an allow \
        exists.",
    tell: "Somebody reads the ACL, sees the allow and stops there.",
    evidence: "The entries sorted by RuleNumber in ec2:DescribeNetworkAcls.",
    fix: &["Give the allow entry a number below the deny, or remove the deny."],
    settle: &["ec2:DescribeNetworkAcls, or --facts with its output"],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html"],
};

/// One subnet has another network ACL than its siblings.
pub static NACL_06: Fault = Fault {
    code: "NACL-06",
    title: "One subnet has another network ACL than its siblings",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the network ACL of one subnet",
    explanation: "The ACL of one subnet denies what the others allow, so one broker, or clients \
        in one Availability Zone, cannot connect.",
    tell: "In a matrix of client subnets and brokers a single row or column fails.",
    evidence: "A probe of every broker from every client subnet; the ACL association of each \
        subnet.",
    fix: &["Associate the same ACL with all subnets of that kind, or bring the entries into line."],
    settle: &[
        "ec2:DescribeNetworkAcls and ec2:DescribeSubnets, or --facts with their output",
        "probes of every broker from each client subnet",
    ],
    basis: Basis::Inferred,
    sources: &["https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html"],
};

/// The network ACL of the transit gateway attachment's subnet denies the traffic.
pub static NACL_07: Fault = Fault {
    code: "NACL-07",
    title: "The network ACL of the transit gateway attachment's subnet denies the traffic",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the network ACL on the subnets of the transit gateway attachment",
    explanation: "The attachment sits in a subnet of its own whose ACL drops packets on their way \
        into or out of the gateway. When the attachment shares the subnet with the hosts, \
        packets arriving from the gateway meet no ACL rule, and packets that leave meet the \
        outbound rules by destination and the inbound rules by source.",
    tell: "The ACLs of the client's and of the brokers' subnets allow the traffic; all brokers \
        fail, or one zone.",
    evidence: "The ACL association of the attachment's subnets, evaluated in both directions.",
    fix: &[
        "Allow the traffic in that ACL in both directions, or keep the default ACL on \
         attachment subnets.",
    ],
    settle: &[
        "ec2:DescribeTransitGatewayVpcAttachments and ec2:DescribeNetworkAcls, or --facts with \
         their output",
    ],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html"],
};

/// Every fault of this group, by number.
pub(super) static FAULTS: &[&Fault] = &[
    &NACL_01, &NACL_02, &NACL_03, &NACL_04, &NACL_05, &NACL_06, &NACL_07,
];
