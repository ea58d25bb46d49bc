//! Security groups: stateful filters, always silent when they deny.

use super::{Basis, Fault, Side};
use crate::phase::Phase;

/// The brokers' security groups do not allow the client in.
pub static SG_01: Fault = Fault {
    code: "SG-01",
    title: "The brokers' security groups do not allow the client in",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the security groups on the brokers' interfaces",
    explanation: "No ingress rule of the broker's groups matches the client and the port, so the \
        SYN is dropped without an answer. The client sees a connect timeout, never a reset.",
    tell: "All brokers behave alike, and the flow log of the broker's interface shows REJECT; \
        with SG-02 that log shows nothing.",
    evidence: "Groups of each broker interface in ec2:DescribeNetworkInterfaces, then \
        ec2:DescribeSecurityGroupRules for the port and the client's group or CIDR.",
    fix: &[
        "Allow TCP from the client's security group to the listener's port in the brokers' \
         group: `aws ec2 authorize-security-group-ingress --group-id BROKER-GROUP --protocol \
         tcp --port PORT --source-group CLIENT-GROUP`.",
    ],
    settle: &[
        "ec2:DescribeNetworkInterfaces and ec2:DescribeSecurityGroupRules, or --facts with \
         their output",
        "flow logs of the broker's interface",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/troubleshooting.html",
        "https://repost.aws/knowledge-center/msk-cluster-connection-issues",
    ],
};

/// The client's security groups do not allow the broker port out.
pub static SG_02: Fault = Fault {
    code: "SG-02",
    title: "The client's security groups do not allow the broker port out",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the security groups on the client's interface",
    explanation: "No egress rule of the client's groups matches the broker and the port, so the \
        SYN is dropped before it leaves the client's interface. The symptom is the same as for \
        SG-01.",
    tell: "The flow log on the broker's side shows nothing at all, and other destinations fail on \
        that port too.",
    evidence: "Egress rules of the groups in VpcConfig.SecurityGroupIds, evaluated for the \
        broker's address and port.",
    fix: &[
        "Allow TCP to the broker port in an egress rule of the client's group: `aws ec2 \
         authorize-security-group-egress --group-id CLIENT-GROUP --ip-permissions ...`.",
    ],
    settle: &[
        "ec2:DescribeSecurityGroupRules for the client's groups, or --facts with its output",
        "flow logs of the broker's interface",
    ],
    basis: Basis::Documented,
    sources: &["https://repost.aws/knowledge-center/msk-cluster-connection-issues"],
};

/// The brokers no longer wear the security groups that the cluster shows.
pub static SG_03: Fault = Fault {
    code: "SG-03",
    title: "The brokers no longer wear the security groups that the cluster shows",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the brokers' network interfaces",
    explanation: "Groups can be swapped on the brokers' interfaces through EC2, and the MSK view \
        is not updated. Rules look right on paper while the traffic is dropped.",
    tell: "SecurityGroups in the cluster's description differ from the groups on the interfaces.",
    evidence: "BrokerNodeGroupInfo.SecurityGroups compared with Groups in \
        ec2:DescribeNetworkInterfaces for every AttachedENIId of kafka:ListNodes; the interface \
        is right.",
    fix: &[
        "Put the intended groups on every broker interface: `aws ec2 \
         modify-network-interface-attribute --network-interface-id ENI --groups GROUP`.",
        "Or write the rules for the groups that the interfaces do wear.",
    ],
    settle: &["kafka:ListNodes and ec2:DescribeNetworkInterfaces, or --facts with their output"],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/change-security-group.html"],
};

/// The brokers wear different security groups.
pub static SG_04: Fault = Fault {
    code: "SG-04",
    title: "The brokers wear different security groups",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the brokers' network interfaces",
    explanation: "Some brokers accept the client and others drop its SYN. Because partition \
        leaders are spread over brokers, the failures look random.",
    tell: "Brokers that were added after a change of groups receive the original groups.",
    evidence: "The sets of Groups on all broker interfaces, compared with each other.",
    fix: &["Put the same groups on every broker interface: `aws ec2 \
         modify-network-interface-attribute --network-interface-id ENI --groups GROUP`."],
    settle: &[
        "kafka:ListNodes and ec2:DescribeNetworkInterfaces, or --facts with their output",
        "a connect probe to every broker from inside the VPC",
    ],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/change-security-group.html"],
};

/// The rule refers to a security group and the path does not preserve it.
pub static SG_05: Fault = Fault {
    code: "SG-05",
    title: "The rule refers to a security group and the path does not preserve it",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the type of the rule against the type of the path",
    explanation: "A rule that names a group matches private addresses of its members in the same \
        or a peered VPC. It does not match traffic through a middlebox, NAT, a load balancer \
        without client IP preservation, or a transit gateway without security group referencing; \
        outbound references never match over a transit gateway.",
    tell: "The rule exists and the port is right, yet the connection stays silent; the route's \
        target is one of these devices.",
    evidence: "The path type from the route's target; UserIdGroupPairs against CidrIp in the rule.",
    fix: &["Use CIDR rules for such paths: allow the client's subnets on the listener's port."],
    settle: &[
        "ec2:DescribeSecurityGroupRules and ec2:DescribeRouteTables for both sides, or --facts \
         with their output",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-target-groups.html",
    ],
};

/// The security group opens another port than the one in use.
pub static SG_06: Fault = Fault {
    code: "SG-06",
    title: "The security group opens another port than the one in use",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the port range of the ingress rule",
    explanation: "The rule covers 9092 or 9094 only, or 9098 while the client uses 9198, 14001 \
        and up, or 20098. The wanted port meets silence while a neighbouring one answers.",
    tell: "A connection to the port that the rule does cover succeeds from the same client.",
    evidence: "FromPort and ToPort of the rule against the port in the configured bootstrap \
        string.",
    fix: &[
        "Open the port of the listener in use.",
        "Remove the rule for the port that nobody uses.",
    ],
    settle: &["ec2:DescribeSecurityGroupRules, or --facts with its output"],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html"],
};

/// The rule refers to a security group that no longer exists.
pub static SG_07: Fault = Fault {
    code: "SG-07",
    title: "The rule refers to a security group that no longer exists",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "a stale security group rule",
    explanation: "The referenced group or the peering was deleted, so the rule matches nothing \
        and the SYN is dropped.",
    tell: "The silence began when a peering connection or a group was deleted.",
    evidence: "ec2:DescribeStaleSecurityGroups; ReferencedGroupInfo.PeeringStatus in the rule.",
    fix: &["Replace the rule with one that names an existing group or the client's CIDR."],
    settle: &["ec2:DescribeStaleSecurityGroups and ec2:DescribeSecurityGroupRules"],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"],
};

/// The tracked flow expired while the connection was idle.
pub static SG_08: Fault = Fault {
    code: "SG-08",
    title: "The tracked flow expired while the connection was idle",
    phase: Phase::Metadata,
    side: Side::Path,
    place: "connection tracking of the network interface",
    explanation: "The interface forgets a tracked flow that has been idle for its timeout, and \
        then drops the next packet silently. The first request after the pause stalls until the \
        client's request timeout, with no FIN and no RST.",
    tell: "The interval is regular and a new connection works at once. The default used to be 5 \
        days, and the newest Nitro generations use 350 seconds.",
    evidence: "Time since the last activity at the failure; \
        ConnectionTrackingConfiguration.TcpEstablishedTimeout in ec2:DescribeNetworkInterfaces; \
        the instance generation.",
    fix: &[
        "Send TCP keepalives at an interval below 350 seconds, or set the client's idle limit \
         below it.",
        "Or raise TcpEstablishedTimeout on the interface.",
    ],
    settle: &[
        "ec2:DescribeNetworkInterfaces for the client's interface, or --facts with its output",
        "a probe that idles longer than the timeout and then sends one request",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html",
        "https://karafka.io/docs/Infrastructure-AWS-MSK-Guide/",
        "https://aws.amazon.com/blogs/networking-and-content-delivery/best-practices-for-tcp-connection-management-on-ec2/",
    ],
};

/// The connection tracking table is full.
pub static SG_09: Fault = Fault {
    code: "SG-09",
    title: "The connection tracking table is full",
    phase: Phase::Connect,
    side: Side::Path,
    place: "the network interface of the client or of a broker",
    explanation: "An interface tracks a limited number of flows. Beyond this number new SYNs, and \
        packets of live connections, vanish at random.",
    tell: "conntrack_allowance_exceeded on the client, or ConnTrackAllowanceExceeded on a broker, \
        is above zero.",
    evidence: "ENA driver metrics of the client; the CloudWatch metric ConnTrackAllowanceExceeded \
        for each broker.",
    fix: &[
        "Open fewer connections: reuse clients and remove short-lived ones.",
        "Or use a larger instance.",
    ],
    settle: &[
        "cloudwatch:GetMetricData for ConnTrackAllowanceExceeded",
        "conntrack_allowance_exceeded of the client's interface (ethtool -S on the instance)",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html",
        "https://docs.aws.amazon.com/msk/latest/developerguide/metrics-details.html",
    ],
};

/// The interface endpoint's security group does not allow the client in.
pub static SG_10: Fault = Fault {
    code: "SG-10",
    title: "The interface endpoint's security group does not allow the client in",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the endpoint interface in the client's own VPC",
    explanation: "With MSK Serverless or multi-VPC private connectivity the client dials an \
        endpoint in its own VPC. The groups on that endpoint decide, and they drop the SYN.",
    tell: "The resolved address belongs to an endpoint interface and not to a broker's; the \
        cluster's group is irrelevant here.",
    evidence: "ec2:DescribeNetworkInterfaces by private address (InterfaceType vpc_endpoint); \
        SecurityGroups in kafka:DescribeVpcConnection.",
    fix: &["Allow the client's group on the listener's port in the group of the endpoint."],
    settle: &[
        "ec2:DescribeNetworkInterfaces and kafka:DescribeVpcConnection, or --facts with their \
         output",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/aws-access-mult-vpc.html",
        "https://aws.amazon.com/blogs/big-data/secure-connectivity-patterns-for-amazon-msk-serverless-cross-account-access/",
    ],
};

/// The CIDR rule misses a subnet that the client uses.
pub static SG_11: Fault = Fault {
    code: "SG-11",
    title: "The CIDR rule misses a subnet that the client uses",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the CIDR blocks of the ingress rules",
    explanation: "The function or service spans several subnets and the rules cover only part of \
        them, so some invocations connect and others meet silence.",
    tell: "Success depends on the subnet that the invocation runs in.",
    evidence: "The CIDR of each subnet in VpcConfig.SubnetIds against every ingress CIDR of the \
        brokers' groups.",
    fix: &[
        "Cover all the client's subnets in the rules, or allow the client's security group \
         instead of addresses.",
    ],
    settle: &[
        "ec2:DescribeSubnets and ec2:DescribeSecurityGroupRules, or --facts with their output",
    ],
    basis: Basis::Inferred,
    sources: &["https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"],
};

/// A rule change cut connections that were not tracked.
pub static SG_12: Fault = Fault {
    code: "SG-12",
    title: "A rule change cut connections that were not tracked",
    phase: Phase::Metadata,
    side: Side::Aws,
    place: "the edited security group",
    explanation: "Flows allowed from and to 0.0.0.0/0 in both directions are not tracked. When \
        such a rule is edited they are cut at once, while tracked flows survive.",
    tell: "Live connections die exactly at the time of the edit and a reconnect works or fails by \
        the new rules.",
    evidence: "The time of AuthorizeSecurityGroup* and RevokeSecurityGroup* events in CloudTrail \
        against the time of the failure.",
    fix: &[
        "Expect one reconnect after such an edit.",
        "Narrow the rules so that flows are tracked.",
    ],
    settle: &["cloudtrail:LookupEvents around the time of the failure"],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html",
    ],
};

/// Every fault of this group, by number.
pub(super) static FAULTS: &[&Fault] = &[
    &SG_01, &SG_02, &SG_03, &SG_04, &SG_05, &SG_06, &SG_07, &SG_08, &SG_09, &SG_10, &SG_11, &SG_12,
];
