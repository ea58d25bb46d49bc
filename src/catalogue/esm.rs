//! The Lambda event source mapping, whose poller is not the function.

use super::{Basis, Fault, Side};
use crate::phase::Phase;

/// The poller cannot reach the brokers.
pub static ESM_01: Fault = Fault {
    code: "ESM-01",
    title: "The poller cannot reach the brokers",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the network of the cluster's subnets; the function's own is not used",
    explanation: "Lambda's poller cannot connect to the brokers, and LastProcessingResult says \
        \"Connection error. Please check your event source connection configuration\".",
    tell: "Broker logs show nothing of the poller when it fails before the broker; when earlier \
        batches worked, it fails after it.",
    evidence: "LastProcessingResult in lambda:GetEventSourceMapping; the system log of the \
        mapping.",
    fix: &[
        "Let the cluster's security group admit itself (ESM-08).",
        "Then check the groups and network ACLs of the cluster's subnets.",
    ],
    settle: &[
        "lambda:GetEventSourceMapping, ec2:DescribeSecurityGroupRules and \
         ec2:DescribeNetworkAcls, or --facts with their output",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://github.com/awslabs/mcp/blob/main/src/aws-serverless-mcp-server/awslabs/aws_serverless_mcp_server/tools/esm/esm_diagnosis.py",
        "https://docs.aws.amazon.com/lambda/latest/dg/with-msk-cluster-network.html",
    ],
};

/// The poller cannot reach Lambda, STS or Secrets Manager.
pub static ESM_02: Fault = Fault {
    code: "ESM-02",
    title: "The poller cannot reach Lambda, STS or Secrets Manager",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the path from the cluster's subnets to AWS APIs",
    explanation: "The poller runs in the cluster's subnets and calls Lambda and STS, and Secrets \
        Manager where a secret is used. Without a NAT gateway or interface endpoints there these \
        calls fail.",
    tell: "LastProcessingResult names Lambda and STS. Only on-demand mode needs the endpoints; \
        provisioned mode does not.",
    evidence: "ProvisionedPollerConfig; the endpoints and NAT gateways of the cluster's subnets.",
    fix: &[
        "Add interface endpoints for Lambda and STS, and for Secrets Manager where used, to \
         the cluster's VPC.",
        "Or route the cluster's subnets through a NAT gateway.",
        "Or use provisioned mode.",
    ],
    settle: &[
        "lambda:GetEventSourceMapping, ec2:DescribeVpcEndpoints and ec2:DescribeRouteTables, \
         or --facts with their output",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://github.com/awslabs/mcp/blob/main/src/aws-serverless-mcp-server/awslabs/aws_serverless_mcp_server/tools/esm/esm_diagnosis.py",
        "https://docs.aws.amazon.com/lambda/latest/dg/with-msk-cluster-network.html",
        "https://docs.aws.amazon.com/lambda/latest/dg/with-kafka-troubleshoot.html",
    ],
};

/// The poller's login fails.
pub static ESM_03: Fault = Fault {
    code: "ESM-03",
    title: "The poller's login fails",
    phase: Phase::SaslAuthenticate,
    side: Side::Aws,
    place: "the mapping's credentials",
    explanation: "The brokers refuse the poller, and LastProcessingResult says \"SASL \
        authentication failed\".",
    tell: "With IAM the execution role lacks kafka-cluster:Connect; with SCRAM the secret is \
        wrong. If it comes and goes, see ESM-15.",
    evidence: "A simulation of the execution role's policy; SourceAccessConfigurations of the \
        mapping.",
    fix: &[
        "Allow kafka-cluster:Connect to the execution role.",
        "Or correct the SCRAM secret.",
    ],
    settle: &[
        "iam:SimulatePrincipalPolicy and lambda:GetEventSourceMapping, or --facts with their \
         output",
    ],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html"],
};

/// The cluster does not authorise the poller.
pub static ESM_04: Fault = Fault {
    code: "ESM-04",
    title: "The cluster does not authorise the poller",
    phase: Phase::Authorise,
    side: Side::Aws,
    place: "the policy of the execution role, or the cluster's ACLs",
    explanation: "The poller is logged in and a right on the topic, the group or the \
        configuration is missing: \"Cluster failed to authorize Lambda\".",
    tell: "kafka-cluster:Connect works; topic, group or DescribeConfigs rights are what is \
        missing.",
    evidence: "A simulation of the needed actions on the ARNs of topic and group.",
    fix: &["Grant the missing actions on cluster, topic and group to the execution role."],
    settle: &["iam:SimulatePrincipalPolicy, or --facts with the role's policies"],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html"],
};

/// The brokers do not accept the poller's client certificate.
pub static ESM_05: Fault = Fault {
    code: "ESM-05",
    title: "The brokers do not accept the poller's client certificate",
    phase: Phase::Tls,
    side: Side::Aws,
    place: "the mapping's client certificate",
    explanation: "The mTLS handshake is refused: \"Server failed to authenticate Lambda\".",
    tell: "No client certificate is given, the cluster does not use mTLS, or its CA is not \
        trusted there.",
    evidence: "The secret of the mapping; CertificateAuthorityArnList of the cluster.",
    fix: &[
        "Put a certificate from a CA that the cluster trusts into the secret.",
        "Or add the CA to the cluster's client authentication.",
    ],
    settle: &[
        "lambda:GetEventSourceMapping and kafka:DescribeClusterV2, or --facts with their \
         output",
    ],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html"],
};

/// The mapping's certificate or key is unusable.
pub static ESM_06: Fault = Fault {
    code: "ESM-06",
    title: "The mapping's certificate or key is unusable",
    phase: Phase::Tls,
    side: Side::Aws,
    place: "the mapping's secret",
    explanation: "Lambda cannot read the certificate or private key: \"Provided certificate or \
        private key is invalid\".",
    tell: "They are not PEM or PKCS #8, or the key is encrypted with PBES2, while only PBES1 is \
        accepted.",
    evidence: "The PEM headers and the algorithm's object identifier.",
    fix: &[
        "Encode certificate and key again, as PEM and PKCS #8, with PBES1 if the key is \
         encrypted.",
    ],
    settle: &["the PEM headers of the secret, read by someone who may"],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html"],
};

/// Lambda cannot assume the execution role.
pub static ESM_07: Fault = Fault {
    code: "ESM-07",
    title: "Lambda cannot assume the execution role",
    phase: Phase::SaslAuthenticate,
    side: Side::Aws,
    place: "the role's trust policy, or the STS endpoint's policy",
    explanation: "The poller assumes the function's execution role and fails: \"Lambda failed to \
        assume your function execution role\".",
    tell: "The trust policy lacks lambda.amazonaws.com, or an endpoint policy blocks \
        sts:AssumeRole.",
    evidence: "The trust policy and the endpoint policy.",
    fix: &[
        "Let the role's trust policy name lambda.amazonaws.com.",
        "Let the policy of the STS endpoint allow sts:AssumeRole.",
    ],
    settle: &["iam:GetRole and ec2:DescribeVpcEndpoints, or --facts with their output"],
    basis: Basis::Documented,
    sources: &[
        "https://github.com/awslabs/mcp/blob/main/src/aws-serverless-mcp-server/awslabs/aws_serverless_mcp_server/tools/esm/esm_diagnosis.py",
    ],
};

/// The cluster's security group does not admit itself.
pub static ESM_08: Fault = Fault {
    code: "ESM-08",
    title: "The cluster's security group does not admit itself",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the cluster's security group",
    explanation: "The poller wears the cluster's group in the cluster's subnets, so the group \
        needs a rule that references itself, inbound and outbound. Without it the poller cannot \
        reach the brokers (ESM-01).",
    tell: "Other clients with groups of their own connect well.",
    evidence: "A self-reference on the listener's port; egress on port 443.",
    fix: &[
        "Add ingress and egress rules for the listener's port with the group itself as source \
         and destination.",
        "Allow egress on port 443 as well.",
    ],
    settle: &[
        "ec2:DescribeSecurityGroupRules for the cluster's groups, or --facts with its output",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://github.com/awslabs/mcp/blob/main/src/aws-serverless-mcp-server/awslabs/aws_serverless_mcp_server/tools/esm/esm_diagnosis.py",
        "https://docs.aws.amazon.com/lambda/latest/dg/msk-esm-create.html",
    ],
};

/// The function's VPC settings were edited for the poller's sake.
pub static ESM_09: Fault = Fault {
    code: "ESM-09",
    title: "The function's VPC settings were edited for the poller's sake",
    phase: Phase::Connect,
    side: Side::Client,
    place: "the wrong side: the mapping never uses the function's VpcConfig",
    explanation: "The poller uses the cluster's subnets and groups. Edits of the function's \
        VpcConfig change nothing for it, and ESM-01 persists.",
    tell: "What was changed is on the function.",
    evidence: "A comparison of what was changed with what the poller uses.",
    fix: &["Change the groups, ACLs and endpoints on the cluster's side."],
    settle: &[
        "lambda:GetEventSourceMapping and the cluster's security groups, or --facts with their \
         output",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://github.com/awslabs/mcp/blob/main/src/aws-serverless-mcp-server/awslabs/aws_serverless_mcp_server/tools/esm/esm_diagnosis.py",
        "https://docs.aws.amazon.com/lambda/latest/dg/msk-esm-create.html",
    ],
};

/// The poller chose a stronger mechanism than expected.
pub static ESM_10: Fault = Fault {
    code: "ESM-10",
    title: "The poller chose a stronger mechanism than expected",
    phase: Phase::SaslAuthenticate,
    side: Side::Aws,
    place: "the mapping's authentication",
    explanation: "Without a secret the poller takes IAM if the cluster has it enabled, and never \
        falls back to TLS without authentication. So it fails on IAM although the weaker way \
        would work.",
    tell: "The cluster has IAM enabled, and the mapping has no secret.",
    evidence: "The schemes enabled on the cluster; the secrets of the mapping.",
    fix: &[
        "Grant the execution role the kafka-cluster: actions.",
        "Or give the mapping a secret for the scheme that is wanted.",
    ],
    settle: &[
        "lambda:GetEventSourceMapping and kafka:DescribeClusterV2, or --facts with their \
         output",
    ],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html"],
};

/// The policy names another consumer group than the mapping's.
pub static ESM_11: Fault = Fault {
    code: "ESM-11",
    title: "The policy names another consumer group than the mapping's",
    phase: Phase::Authorise,
    side: Side::Aws,
    place: "the group ARN in the execution role's policy",
    explanation: "The mapping's consumer group is its own UUID unless one is given. A policy for \
        another group's ARN does not help, and authorisation fails as in ESM-04.",
    tell: "The group in the policy is neither ConsumerGroupId nor the mapping's UUID.",
    evidence: "ConsumerGroupId, or the mapping's UUID, against the policy.",
    fix: &[
        "Name the mapping's group in the policy, or set ConsumerGroupId when the mapping is \
         created.",
    ],
    settle: &[
        "lambda:GetEventSourceMapping and iam:SimulatePrincipalPolicy, or --facts with their \
         output",
    ],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html"],
};

/// The mapping is disabled or invalid.
pub static ESM_12: Fault = Fault {
    code: "ESM-12",
    title: "The mapping is disabled or invalid",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the event source mapping",
    explanation: "The mapping does not poll: it is disabled, an authentication or configuration \
        error stopped it, or the function's timeout is above 14 minutes.",
    tell: "State and StateTransitionReason say which.",
    evidence: "lambda:GetEventSourceMapping.",
    fix: &[
        "Correct what StateTransitionReason names, and enable the mapping: `aws lambda \
         update-event-source-mapping --uuid UUID --enabled`.",
        "Keep the function's timeout at or below 14 minutes.",
    ],
    settle: &[
        "lambda:GetEventSourceMapping and lambda:GetFunctionConfiguration, or --facts with \
         their output",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html",
        "https://docs.aws.amazon.com/lambda/latest/dg/with-kafka-troubleshoot.html",
    ],
};

/// The failure destination cannot be reached.
pub static ESM_13: Fault = Fault {
    code: "ESM-13",
    title: "The failure destination cannot be reached",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the path from the cluster's subnets to the destination",
    explanation: "The poller reaches Kafka, but not the destination for failed records.",
    tell: "LastProcessingResult mentions the OnFailure destination, and only after errors of the \
        function.",
    evidence: "DestinationConfig; the endpoint for the destination's service.",
    fix: &["Add an interface endpoint for the destination's service, or a NAT gateway."],
    settle: &[
        "lambda:GetEventSourceMapping and ec2:DescribeVpcEndpoints, or --facts with their \
         output",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://github.com/awslabs/mcp/blob/main/src/aws-serverless-mcp-server/awslabs/aws_serverless_mcp_server/tools/esm/esm_diagnosis.py",
    ],
};

/// The execution role may not create the poller's interfaces.
pub static ESM_14: Fault = Fault {
    code: "ESM-14",
    title: "The execution role may not create the poller's interfaces",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the function's execution role",
    explanation: "Lambda needs ec2 network interface and Describe actions of the execution role \
        to set up the poller. Without them the creation fails.",
    tell: "The role lacks ec2:*NetworkInterface* or the Describe actions.",
    evidence: "The policies of the execution role.",
    fix: &["Attach AWSLambdaMSKExecutionRole to the execution role."],
    settle: &["iam:SimulatePrincipalPolicy, or --facts with the role's policies"],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html"],
};

/// A connection quota hits the poller.
pub static ESM_15: Fault = Fault {
    code: "ESM-15",
    title: "A connection quota hits the poller",
    phase: Phase::SaslAuthenticate,
    side: Side::Broker,
    place: "the brokers' connection limits",
    explanation: "The brokers reject the poller over the number of connections, and Lambda shows \
        \"SASL authentication failed\" now and again, then OK.",
    tell: "It comes and goes; with ESM-03 it stays. Lambda's documentation names this as a \
        rejection by connection count.",
    evidence: "The metrics of LIM-01 and LIM-02 at that time.",
    fix: &["Reduce the number of connections to the cluster."],
    settle: &["cloudwatch:GetMetricData for ClientConnectionCount and ConnectionCreationRate"],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html"],
};

/// The interface endpoint exists and cannot be used.
pub static ESM_16: Fault = Fault {
    code: "ESM-16",
    title: "The interface endpoint exists and cannot be used",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the interface endpoint's group, DNS or policy",
    explanation: "The endpoint for Lambda, STS or Secrets Manager is there, but the poller cannot \
        use it, with the symptom of ESM-02.",
    tell: "Its group lacks 443 from the cluster's group, its private DNS is off, or its policy \
        denies lambda:InvokeFunction.",
    evidence: "PrivateDnsEnabled, Groups and PolicyDocument in ec2:DescribeVpcEndpoints.",
    fix: &[
        "Allow port 443 from the cluster's group in the endpoint's group.",
        "Turn on private DNS of the endpoint.",
        "Let its policy allow the call.",
    ],
    settle: &[
        "ec2:DescribeVpcEndpoints and ec2:DescribeSecurityGroupRules, or --facts with their \
         output",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html",
        "https://github.com/awslabs/mcp/blob/main/src/aws-serverless-mcp-server/awslabs/aws_serverless_mcp_server/tools/esm/esm_diagnosis.py",
    ],
};

/// Every fault of this group, by number.
pub(super) static FAULTS: &[&Fault] = &[
    &ESM_01, &ESM_02, &ESM_03, &ESM_04, &ESM_05, &ESM_06, &ESM_07, &ESM_08, &ESM_09, &ESM_10,
    &ESM_11, &ESM_12, &ESM_13, &ESM_14, &ESM_15, &ESM_16,
];
