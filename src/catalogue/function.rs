//! The Lambda function.

use super::{Basis, Fault, Side};
use crate::phase::Phase;

/// The function is still Pending.
pub static FN_01: Fault = Fault {
    code: "FN-01",
    title: "The function is still Pending",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the function's state",
    explanation: "Lambda is still making the function's network interface, so an invocation fails \
        and nothing is sent.",
    tell: "State is Pending and its reason Creating.",
    evidence: "State and StateReasonCode in lambda:GetFunctionConfiguration.",
    fix: &[
        "Wait until the function is Active: `aws lambda wait function-active-v2 \
         --function-name NAME`.",
    ],
    settle: &["lambda:GetFunctionConfiguration, or --facts with its output"],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html",
        "https://docs.aws.amazon.com/lambda/latest/dg/foundation-networking.html",
    ],
};

/// The function became Inactive after weeks without use.
pub static FN_02: Fault = Fault {
    code: "FN-02",
    title: "The function became Inactive after weeks without use",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the function's state",
    explanation: "Lambda took back the network interface of an idle function. The first \
        invocation fails with ResourceNotReadyException, and later ones work.",
    tell: "State is Inactive and its reason Idle, or Restoring.",
    evidence: "State and StateReasonCode in lambda:GetFunctionConfiguration.",
    fix: &[
        "Invoke again after a short while.",
        "Invoke the function regularly if a first failure is not acceptable.",
    ],
    settle: &["lambda:GetFunctionConfiguration, or --facts with its output"],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html",
        "https://docs.aws.amazon.com/lambda/latest/dg/foundation-networking.html",
    ],
};

/// The quota of network interfaces is reached.
pub static FN_03: Fault = Fault {
    code: "FN-03",
    title: "The quota of network interfaces is reached",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "Lambda's network interface quota in this VPC",
    explanation: "Lambda cannot make the VPC connection, since the quota is used up.",
    tell: "The reason code is EniLimitExceeded.",
    evidence: "StateReasonCode or LastUpdateStatusReasonCode; the quota L-9FEE3D26.",
    fix: &[
        "Request a higher quota (L-9FEE3D26).",
        "Let functions share the same pairs of subnet and security group, since Lambda shares \
         an interface among them.",
    ],
    settle: &["lambda:GetFunctionConfiguration and servicequotas:GetServiceQuota"],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-networking.html",
        "https://github.com/boto/botocore/blob/develop/botocore/data/lambda/2015-03-31/service-2.json",
    ],
};

/// The execution role may not manage network interfaces.
pub static FN_04: Fault = Fault {
    code: "FN-04",
    title: "The execution role may not manage network interfaces",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the function's execution role",
    explanation: "Lambda makes the interface with the rights of the execution role, and these are \
        missing, so the VPC connection cannot be created.",
    tell: "The reason code is InsufficientRolePermissions. The Describe actions need the resource \
        *, and interfaces that exist keep working after the right is removed.",
    evidence: "The reason code; the role's policies.",
    fix: &["Attach AWSLambdaVPCAccessExecutionRole to the execution role."],
    settle: &[
        "lambda:GetFunctionConfiguration and iam:SimulatePrincipalPolicy, or --facts with \
         their output",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html",
        "https://github.com/boto/botocore/blob/develop/botocore/data/lambda/2015-03-31/service-2.json",
    ],
};

/// The subnet has no free addresses.
pub static FN_05: Fault = Fault {
    code: "FN-05",
    title: "The subnet has no free addresses",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the function's subnet",
    explanation: "Lambda cannot create or scale the interface, since the subnet has no address \
        left.",
    tell: "The reason code is SubnetOutOfIPAddresses, and AvailableIpAddressCount is 0.",
    evidence: "The reason code; AvailableIpAddressCount in ec2:DescribeSubnets.",
    fix: &["Use a larger subnet, or more subnets, in the function's VpcConfig."],
    settle: &[
        "lambda:GetFunctionConfiguration and ec2:DescribeSubnets, or --facts with their output",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://github.com/boto/botocore/blob/develop/botocore/data/lambda/2015-03-31/service-2.json",
    ],
};

/// A subnet or security group of the function was deleted.
pub static FN_06: Fault = Fault {
    code: "FN-06",
    title: "A subnet or security group of the function was deleted",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the function's VPC configuration",
    explanation: "The VPC configuration names a subnet or group that does not exist any more, so \
        an update or a restore of the function fails.",
    tell: "The reason code is InvalidSubnet or InvalidSecurityGroup.",
    evidence: "StateReasonCode or LastUpdateStatusReasonCode in lambda:GetFunctionConfiguration.",
    fix: &["Set VpcConfig to subnets and groups that exist."],
    settle: &["lambda:GetFunctionConfiguration, or --facts with its output"],
    basis: Basis::Documented,
    sources: &[
        "https://github.com/boto/botocore/blob/develop/botocore/data/lambda/2015-03-31/service-2.json",
    ],
};

/// The function's configuration update is not in force.
pub static FN_07: Fault = Fault {
    code: "FN-07",
    title: "The function's configuration update is not in force",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the function's configuration",
    explanation: "While an update is in progress, or after it failed, invocations run with the \
        previous configuration. The new groups look right, and the traffic still uses the old \
        ones.",
    tell: "LastUpdateStatus is InProgress or Failed.",
    evidence: "LastUpdateStatus and LastUpdateStatusReasonCode in lambda:GetFunctionConfiguration.",
    fix: &["Wait until LastUpdateStatus is Successful, or repair what its reason names."],
    settle: &["lambda:GetFunctionConfiguration, or --facts with its output"],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html",
        "https://docs.aws.amazon.com/lambda/latest/dg/foundation-networking.html",
    ],
};

/// The alias or version pins an old VPC configuration.
pub static FN_08: Fault = Fault {
    code: "FN-08",
    title: "The alias or version pins an old VPC configuration",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the published version that the alias points to",
    explanation: "A published version keeps the VPC configuration it was published with. $LATEST \
        works with the new one, the alias does not.",
    tell: "VpcConfig differs between the qualifiers.",
    evidence: "lambda:GetFunctionConfiguration with each Qualifier.",
    fix: &["Publish a new version and point the alias at it."],
    settle: &["lambda:GetFunctionConfiguration with the qualifier, or --facts with its output"],
    basis: Basis::Inferred,
    sources: &["https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html"],
};

/// The function's timeout is shorter than its Kafka client's patience.
pub static FN_09: Fault = Fault {
    code: "FN-09",
    title: "The function's timeout is shorter than its Kafka client's patience",
    phase: Phase::Connect,
    side: Side::Client,
    place: "the function's timeout",
    explanation: "Lambda ends the invocation with \"Task timed out\" while the Kafka client still \
        waits within its own limits of 10 to 60 seconds, so its error is never printed.",
    tell: "There is no Kafka error in the log, and the timeout is below the sum of look-up, \
        connect, TLS, login and request.",
    evidence: "The function's Timeout against the client's configured timeouts.",
    fix: &[
        "Lower the client's limits below the function's timeout, so that the real error is \
         printed.",
    ],
    settle: &[
        "the client's timeouts, from its configuration",
        "lambda:GetFunctionConfiguration, or --facts with its output",
    ],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-networking.html"],
};

/// The connection died while the sandbox was frozen.
pub static FN_10: Fault = Fault {
    code: "FN-10",
    title: "The connection died while the sandbox was frozen",
    phase: Phase::Metadata,
    side: Side::Client,
    place: "the function's sandbox between invocations",
    explanation: "A frozen sandbox answers nothing and sends no keepalive, so its connection is \
        forgotten on the path or closed by the broker. Its first use after the pause meets RST, \
        the end of the stream or a hang, and a retry works.",
    tell: "Only warm invocations fail, after a gap of more than 350 or 600 seconds.",
    evidence: "The gap since the last use; an error on the first request only.",
    fix: &[
        "Check the age of the connection at the start of an invocation, and reconnect when it \
         is old.",
        "Do not rely on keepalives, since they cannot run while the sandbox is frozen.",
    ],
    settle: &["the gap between invocations at each failure, from the function's log"],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/lambda/latest/dg/best-practices.html",
        "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html",
    ],
};

/// The background sender is frozen between invocations.
pub static FN_11: Fault = Fault {
    code: "FN-11",
    title: "The background sender is frozen between invocations",
    phase: Phase::Canary,
    side: Side::Client,
    place: "the function's code",
    explanation: "The handler returns before the producer's background thread has sent its \
        records. These are lost or late, and the delivery error appears in the next invocation.",
    tell: "There is no flush before the return; \"Expiring\" or \"Message timed out\" names an \
        age like the gap between invocations.",
    evidence: "The code of the handler; the age in the delivery error against the gap.",
    fix: &["Call flush() with a timeout before the handler returns."],
    settle: &["the code of the handler"],
    basis: Basis::Inferred,
    sources: &["https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html"],
};

/// Many cold starts connect at once.
pub static FN_12: Fault = Fault {
    code: "FN-12",
    title: "Many cold starts connect at once",
    phase: Phase::SaslAuthenticate,
    side: Side::Client,
    place: "the function's scaling",
    explanation: "Each new sandbox opens connections of its own, so a burst of cold starts runs \
        into the brokers' limits: \"Too many connects\", or delays in accepting.",
    tell: "Concurrent executions and failures rise together.",
    evidence: "ConcurrentExecutions against the limit of LIM-01.",
    fix: &[
        "Limit the burst with reserved concurrency.",
        "Create the client outside the handler.",
    ],
    settle: &["cloudwatch:GetMetricData for ConcurrentExecutions and ConnectionCreationRate"],
    basis: Basis::Inferred,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/limits.html"],
};

/// The function builds a client for each invocation.
pub static FN_13: Fault = Fault {
    code: "FN-13",
    title: "The function builds a client for each invocation",
    phase: Phase::SaslAuthenticate,
    side: Side::Client,
    place: "the function's code",
    explanation: "Each invocation leaves connections behind, which pile up until a limit (LIM-02) \
        and only end at the broker's idle limit.",
    tell: "ClientConnectionCount climbs, and falls after 600 seconds without use.",
    evidence: "ClientConnectionCount in CloudWatch.",
    fix: &["Create the client once, outside the handler, and reuse it."],
    settle: &["cloudwatch:GetMetricData for ClientConnectionCount, or the code of the handler"],
    basis: Basis::Inferred,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/limits.html"],
};

/// `SnapStart` restored stale connections and tokens.
pub static FN_14: Fault = Fault {
    code: "FN-14",
    title: "SnapStart restored stale connections and tokens",
    phase: Phase::Connect,
    side: Side::Client,
    place: "the function's initialisation",
    explanation: "A snapshot holds the sockets, tokens and random seeds of the time it was taken. \
        After a restore these are stale.",
    tell: "Only the first invocation after a restore fails.",
    evidence: "The SnapStart setting; the RESTORE phase in the log.",
    fix: &["Connect in an after-restore hook, not during initialisation."],
    settle: &["lambda:GetFunctionConfiguration, and the function's log around the restore"],
    basis: Basis::Inferred,
    sources: &["https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html"],
};

/// The VPC has dedicated tenancy.
pub static FN_15: Fault = Fault {
    code: "FN-15",
    title: "The VPC has dedicated tenancy",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the VPC",
    explanation: "Lambda cannot attach a function to a VPC with dedicated tenancy.",
    tell: "InstanceTenancy of the VPC is dedicated.",
    evidence: "InstanceTenancy in ec2:DescribeVpcs.",
    fix: &["Attach the function to a VPC with default tenancy and peer it with the cluster's VPC."],
    settle: &["ec2:DescribeVpcs, or --facts with its output"],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html"],
};

/// The function in the VPC has lost the internet.
pub static FN_16: Fault = Fault {
    code: "FN-16",
    title: "The function in the VPC has lost the internet",
    phase: Phase::SaslAuthenticate,
    side: Side::Aws,
    place: "the path from the function's subnets to AWS APIs",
    explanation: "A function in a VPC reaches STS, Secrets Manager or Glue only through a NAT \
        gateway or interface endpoints. Without these the calls hang, and Kafka is never tried.",
    tell: "The host that times out is an AWS API, not a broker.",
    evidence: "A TCP probe to the API; the default route of the subnet; interface endpoints and \
        their private DNS.",
    fix: &[
        "Add interface endpoints for the APIs that the function calls.",
        "Or route the function's subnets through a NAT gateway.",
    ],
    settle: &[
        "a TCP probe to the API from inside the function",
        "ec2:DescribeRouteTables and ec2:DescribeVpcEndpoints, or --facts with their output",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-networking.html",
        "https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html",
    ],
};

/// The function is not allowed to use IPv6.
pub static FN_17: Fault = Fault {
    code: "FN-17",
    title: "The function is not allowed to use IPv6",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the function's VPC configuration",
    explanation: "Without Ipv6AllowedForDualStack the function's interface sends no IPv6, so IPv6 \
        addresses of the brokers stay silent.",
    tell: "Ipv6AllowedForDualStack is false.",
    evidence: "VpcConfig in lambda:GetFunctionConfiguration.",
    fix: &[
        "Set Ipv6AllowedForDualStack to true.",
        "Or use the IPv4 bootstrap string.",
    ],
    settle: &["lambda:GetFunctionConfiguration, or --facts with its output"],
    basis: Basis::Documented,
    sources: &[
        "https://github.com/boto/botocore/blob/develop/botocore/data/lambda/2015-03-31/service-2.json",
    ],
};

/// The function has too little CPU for its own timeouts.
pub static FN_18: Fault = Fault {
    code: "FN-18",
    title: "The function has too little CPU for its own timeouts",
    phase: Phase::Connect,
    side: Side::Client,
    place: "the function's memory setting, which sets its CPU",
    explanation: "With little memory a function gets little CPU, and look-up, TLS or signing \
        alone take seconds. The client's start-up budget runs out: NoBrokersAvailable.",
    tell: "A function of 128 MB with a long Init duration, which passes at 1 GB.",
    evidence: "MemorySize; the times of the phases.",
    fix: &[
        "Give the function more memory.",
        "Raise the client's start-up limits.",
    ],
    settle: &["the same function with 1 GB of memory"],
    basis: Basis::Inferred,
    sources: &["https://github.com/dpkp/kafka-python"],
};

/// Function and brokers share a security group that does not admit itself.
pub static FN_19: Fault = Fault {
    code: "FN-19",
    title: "Function and brokers share a security group that does not admit itself",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the shared security group",
    explanation: "Members of one security group do not reach each other by membership alone. \
        Without a rule that references the group itself the SYN is dropped.",
    tell: "The function wears the brokers' group and is silent all the same.",
    evidence: "A self-reference among the group's ingress rules.",
    fix: &["Add an ingress rule for the listener's port with the group itself as its source."],
    settle: &["ec2:DescribeSecurityGroupRules, or --facts with its output"],
    basis: Basis::Inferred,
    sources: &["https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"],
};

/// Every fault of this group, by number.
pub(super) static FAULTS: &[&Fault] = &[
    &FN_01, &FN_02, &FN_03, &FN_04, &FN_05, &FN_06, &FN_07, &FN_08, &FN_09, &FN_10, &FN_11, &FN_12,
    &FN_13, &FN_14, &FN_15, &FN_16, &FN_17, &FN_18, &FN_19,
];
