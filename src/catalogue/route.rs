//! Routes: packets have nowhere to go.

use super::{Basis, Fault, Side};
use crate::phase::Phase;

/// The Lambda function has no VPC configuration.
pub static RTE_01: Fault = Fault {
    code: "RTE-01",
    title: "The Lambda function has no VPC configuration",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the function's configuration",
    explanation: "Without a VpcConfig the function's SYNs leave from address space that Lambda \
        owns and vanish, since private broker addresses cannot be reached from there. The client \
        sees a connect timeout.",
    tell: "VpcConfig is empty while the broker's address is private; no security group of yours \
        is involved at all.",
    evidence: "An empty VpcConfig.VpcId in lambda:GetFunctionConfiguration.",
    fix: &[
        "Attach the function to private subnets that reach the cluster: `aws lambda \
         update-function-configuration --function-name NAME --vpc-config \
         SubnetIds=...,SecurityGroupIds=...`.",
    ],
    settle: &["lambda:GetFunctionConfiguration, or --facts with its output"],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/lambda/latest/dg/foundation-networking.html",
        "https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-networking.html",
    ],
};

/// Client and cluster are in different VPCs without a link.
pub static RTE_02: Fault = Fault {
    code: "RTE-02",
    title: "Client and cluster are in different VPCs without a link",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "routing between the two VPCs",
    explanation: "No route leads from the client's VPC to the brokers' addresses, so the SYN goes \
        nowhere and every broker times out.",
    tell: "The VPC ids differ, and the client's route table covers the broker addresses with \
        nothing but the local route or an internet or NAT gateway.",
    evidence: "VpcConfig.VpcId compared with the VPC of the cluster's ClientSubnets; \
        ec2:DescribeRouteTables, DescribeVpcPeeringConnections, \
        DescribeTransitGatewayVpcAttachments.",
    fix: &[
        "Link the VPCs by peering, a transit gateway or MSK multi-VPC private connectivity, \
         with routes on both sides.",
        "Or move the client into the cluster's VPC.",
    ],
    settle: &[
        "ec2:DescribeSubnets and ec2:DescribeRouteTables for both VPCs, or --facts with their \
         output",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/troubleshooting.html",
        "https://docs.aws.amazon.com/msk/latest/developerguide/aws-access.html",
    ],
};

/// The VPCs are linked, and the client's subnet has no route to the brokers.
pub static RTE_03: Fault = Fault {
    code: "RTE-03",
    title: "The VPCs are linked, and the client's subnet has no route to the brokers",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the route table of the client's subnet",
    explanation: "The peering is active or the transit gateway attached, but the table of this \
        subnet does not point at it. Packets to the brokers are not sent into the link, and the \
        connection times out.",
    tell: "Other subnets of the same VPC may have the route; RTE-04 looks the same from the \
        client and lacks the route on the brokers' side.",
    evidence: "ec2:DescribeRouteTables for the subnet, or the main table when it has none of its \
        own; the longest matching prefix for each broker address.",
    fix: &[
        "Add a route for the brokers' CIDR to the peering connection or transit gateway in the \
         route table of every client subnet.",
    ],
    settle: &["ec2:DescribeRouteTables for the client's subnets, or --facts with its output"],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/troubleshooting.html"],
};

/// The brokers' subnets have no route back to the client.
pub static RTE_04: Fault = Fault {
    code: "RTE-04",
    title: "The brokers' subnets have no route back to the client",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the route tables of the brokers' subnets",
    explanation: "The SYN arrives at the broker, whose SYN/ACK has no way back. From the client \
        this is the same silence as a missing route on its own side.",
    tell: "Flow logs on the broker's interface show ACCEPT for the SYN while the client sees \
        nothing.",
    evidence: "The route table of each of the cluster's ClientSubnets, evaluated against the \
        client's CIDR.",
    fix: &[
        "Add a route for the client's CIDR to the peering connection, gateway or VPN in the \
         route table of every broker subnet.",
    ],
    settle: &[
        "ec2:DescribeRouteTables for the cluster's subnets, or --facts with its output",
        "flow logs of the broker's interface",
    ],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/troubleshooting.html"],
};

/// The route to the brokers is a blackhole.
pub static RTE_05: Fault = Fault {
    code: "RTE-05",
    title: "The route to the brokers is a blackhole",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "a route whose target is gone",
    explanation: "The route exists, but its peer, NAT gateway, interface or attachment was \
        deleted, so packets for that prefix are dropped.",
    tell: "Silence on one prefix only; the route's State is blackhole.",
    evidence: "Routes[].State in ec2:DescribeRouteTables.",
    fix: &["Point the route at a target that exists, or delete it."],
    settle: &["ec2:DescribeRouteTables, or --facts with its output"],
    basis: Basis::Inferred,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/troubleshooting.html"],
};

/// The client's VPC and the cluster's VPC have overlapping addresses.
pub static RTE_06: Fault = Fault {
    code: "RTE-06",
    title: "The client's VPC and the cluster's VPC have overlapping addresses",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "addressing of the two VPCs",
    explanation: "The broker's address lies inside the client's own VPC, where the local route \
        always wins. The packets stay at home and meet silence, or a stranger that answers.",
    tell: "The broker's address lies within a CIDR block of the client's VPC.",
    evidence: "CidrBlockAssociationSet of both VPCs in ec2:DescribeVpcs.",
    fix: &[
        "Use MSK multi-VPC private connectivity, which allows overlapping addresses.",
        "Or renumber one of the VPCs.",
    ],
    settle: &["ec2:DescribeVpcs for both VPCs, or --facts with its output"],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/aws-access-mult-vpc.html"],
};

/// The transit gateway's route table does not know the prefix.
pub static RTE_07: Fault = Fault {
    code: "RTE-07",
    title: "The transit gateway's route table does not know the prefix",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the transit gateway",
    explanation: "The VPC routes point at the transit gateway, but its own route table lacks the \
        prefix or holds a blackhole for it, because an association or a propagation is missing. \
        The packets end there in silence.",
    tell: "Routes of both VPCs are right; flow logs of the transit gateway count \
        packets-lost-no-route or packets-lost-blackhole.",
    evidence: "ec2:SearchTransitGatewayRoutes; the flow log fields packets-lost-no-route and \
        packets-lost-blackhole.",
    fix: &[
        "Associate the attachment with the right transit gateway route table and let both VPCs \
         propagate into it, or add a static route.",
        "Check the direction back as well: each attachment uses the table that it is \
         associated with.",
    ],
    settle: &[
        "ec2:SearchTransitGatewayRoutes and ec2:DescribeTransitGatewayVpcAttachments, or \
         --facts with their output",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/vpc/latest/tgw/transit-gateway-appliance-scenario.html",
    ],
};

/// A more specific route diverts the traffic.
pub static RTE_08: Fault = Fault {
    code: "RTE-08",
    title: "A more specific route diverts the traffic",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "one route in the client's or the brokers' route table",
    explanation: "The longest matching prefix sends the packets for some brokers to a firewall, \
        VPN or NAT gateway instead of the link. Those brokers meet silence, a reset or an \
        unexpected certificate.",
    tell: "Only some brokers fail, often those of one Availability Zone.",
    evidence: "The longest matching prefix evaluated for each broker address, not for the VPC as \
        a whole.",
    fix: &["Remove the more specific route, or point it at the link that the other brokers use."],
    settle: &["ec2:DescribeRouteTables for both sides, or --facts with its output"],
    basis: Basis::Inferred,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/troubleshooting.html"],
};

/// The path is asymmetric through a stateful appliance.
pub static RTE_09: Fault = Fault {
    code: "RTE-09",
    title: "The path is asymmetric through a stateful appliance",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the inspection appliance behind the transit gateway",
    explanation: "SYN and SYN/ACK cross the appliance in different Availability Zones, and the \
        appliance drops a reply whose beginning it has not seen. Connections within one zone \
        work and others do not.",
    tell: "Failure goes with the pair of client zone and broker zone; appliance mode of the \
        attachment is off.",
    evidence: "Options.ApplianceModeSupport in ec2:DescribeTransitGatewayVpcAttachments; a probe \
        of all brokers from each client subnet.",
    fix: &[
        "Turn on appliance mode for the inspection VPC's attachment: `aws ec2 \
         modify-transit-gateway-vpc-attachment --transit-gateway-attachment-id ID --options \
         ApplianceModeSupport=enable`.",
    ],
    settle: &[
        "ec2:DescribeTransitGatewayVpcAttachments, or --facts with its output",
        "probes of every broker from each client subnet",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/vpc/latest/tgw/transit-gateway-appliance-scenario.html",
    ],
};

/// The VPN or Direct Connect is down, or its routes are not propagated.
pub static RTE_10: Fault = Fault {
    code: "RTE-10",
    title: "The VPN or Direct Connect is down, or its routes are not propagated",
    phase: Phase::Connect,
    side: Side::Path,
    place: "the link between the on-premises network and AWS",
    explanation: "Packets from on-premises meet silence, or a router there answers ICMP \
        unreachable (EHOSTUNREACH), since the tunnel is down or one side lacks the other's \
        prefix.",
    tell: "The tunnel's status is not UP, or the brokers' route tables have no route for the \
        on-premises prefix through the virtual private gateway.",
    evidence: "VgwTelemetry in ec2:DescribeVpnConnections; the route tables of the brokers' \
        subnets.",
    fix: &[
        "Bring the tunnel or the Direct Connect interface up.",
        "Enable route propagation from the virtual private gateway in the brokers' route \
         tables.",
    ],
    settle: &[
        "ec2:DescribeVpnConnections and ec2:DescribeRouteTables, or --facts with their output",
    ],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/troubleshooting.html"],
};

/// A public broker address is dialled from a subnet without a way out.
pub static RTE_11: Fault = Fault {
    code: "RTE-11",
    title: "A public broker address is dialled from a subnet without a way out",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the default route of the client's subnet",
    explanation: "Ports 9194, 9196 and 9198 are reached through Elastic IP addresses, and this \
        subnet has no usable way to the internet. Lambda's network interfaces never have public \
        addresses, so a route to an internet gateway alone does not help a function.",
    tell: "The address dialled is public, and the subnet's default route is absent, or is an \
        internet gateway while the client is a Lambda function.",
    evidence: "The default route of the client's subnet (internet gateway, NAT gateway or none) \
        and the kind of client.",
    fix: &[
        "Use the private bootstrap names from inside the VPC.",
        "Otherwise route the client's private subnet through a NAT gateway.",
    ],
    settle: &["ec2:DescribeRouteTables for the client's subnets, or --facts with its output"],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html",
        "https://docs.aws.amazon.com/msk/latest/developerguide/public-access.html",
    ],
};

/// This machine has no tunnel to the cluster's VPC.
pub static RTE_12: Fault = Fault {
    code: "RTE-12",
    title: "This machine has no tunnel to the cluster's VPC",
    phase: Phase::Connect,
    side: Side::Client,
    place: "the client's own network; the brokers have private addresses",
    explanation: "The broker's name resolves to a private address, and nothing on this machine \
        leads there: the connection is silent or unreachable at once.",
    tell: "The resolved address is private (RFC 1918), and no local interface or VPN route covers \
        it.",
    evidence: "The local route look-up for the broker's address.",
    fix: &[
        "Connect through a VPN, Direct Connect or a bastion with a SOCKS proxy.",
        "Or turn on public access of the cluster and use its public bootstrap string.",
    ],
    settle: &["a run from inside the VPC, or through the VPN"],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/aws-access.html"],
};

/// The tunnel covers only the bootstrap broker.
pub static RTE_13: Fault = Fault {
    code: "RTE-13",
    title: "The tunnel covers only the bootstrap broker",
    phase: Phase::Metadata,
    side: Side::Path,
    place: "the tunnel; the brokers are fine",
    explanation: "The first connection works, then the client dials the advertised names of the \
        other brokers (b-2, b-3) directly, outside the tunnel, and fails.",
    tell: "Metadata succeeds while produce and fetch time out, and the failing brokers are not in \
        the tunnel.",
    evidence: "The host list of the Metadata response, each host probed in turn.",
    fix: &[
        "Tunnel every broker, with its name and port unchanged.",
        "Or use a SOCKS proxy or a VPN that covers the whole VPC.",
    ],
    settle: &["a probe of every advertised broker from the client's machine"],
    basis: Basis::Inferred,
    sources: &["https://karafka.io/docs/Infrastructure-AWS-MSK-Guide/"],
};

/// The transit gateway attachment has no subnet in the client's or broker's zone.
pub static RTE_14: Fault = Fault {
    code: "RTE-14",
    title: "The transit gateway attachment has no subnet in the client's or broker's zone",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the subnets of the transit gateway attachment",
    explanation: "Traffic from an Availability Zone in which the attachment has no subnet cannot \
        enter the transit gateway. Clients in that zone, or brokers in it, meet silence.",
    tell: "Attachment and routes are right, and only one Availability Zone fails.",
    evidence: "SubnetIds in ec2:DescribeTransitGatewayVpcAttachments, and the zones of these \
        subnets against those of the client and the brokers.",
    fix: &["Add a subnet of that zone to the attachment: `aws ec2 \
         modify-transit-gateway-vpc-attachment --transit-gateway-attachment-id ID \
         --add-subnet-ids SUBNET`."],
    settle: &[
        "ec2:DescribeTransitGatewayVpcAttachments and ec2:DescribeSubnets, or --facts with \
         their output",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/vpc/latest/tgw/transit-gateway-appliance-scenario.html",
    ],
};

/// Every fault of this group, by number.
pub(super) static FAULTS: &[&Fault] = &[
    &RTE_01, &RTE_02, &RTE_03, &RTE_04, &RTE_05, &RTE_06, &RTE_07, &RTE_08, &RTE_09, &RTE_10,
    &RTE_11, &RTE_12, &RTE_13, &RTE_14,
];
