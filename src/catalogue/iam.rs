//! IAM and Kafka ACLs: what may you do.

use super::{Basis, Fault, Side};
use crate::phase::Phase;

/// IAM does not allow `kafka-cluster:Connect`.
pub static IAM_01: Fault = Fault {
    code: "IAM-01",
    title: "IAM does not allow kafka-cluster:Connect",
    phase: Phase::SaslAuthenticate,
    side: Side::Aws,
    place: "the brokers' authenticator; the network is fine",
    explanation: "The broker understands the token and refuses it with error 58, \"[uuid]: Access \
        denied\", because no policy allows this identity to connect to the cluster.",
    tell: "A bad signature or an expired token gives the same packets and text, so packets alone \
        never prove this. Prove the identity first (sts:GetCallerIdentity), then the token's \
        fields, then simulate the policy.",
    evidence: "iam:SimulatePrincipalPolicy for kafka-cluster:Connect on the cluster's ARN.",
    fix: &[
        "Allow kafka-cluster:Connect on the cluster's ARN in a policy of the role that the \
         client uses.",
    ],
    settle: &["iam:SimulatePrincipalPolicy, or --facts with the role's policies"],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/iam-access-control.html",
        "https://github.com/aws/aws-msk-iam-auth/issues/25",
    ],
};

/// The policy grants `kafka:` actions where `kafka-cluster:` is needed.
pub static IAM_02: Fault = Fault {
    code: "IAM-02",
    title: "The policy grants kafka: actions where kafka-cluster: is needed",
    phase: Phase::SaslAuthenticate,
    side: Side::Aws,
    place: "the policy of the client's role",
    explanation: "Actions with the prefix kafka: belong to the control plane. Everything a client \
        does on a broker is a kafka-cluster: action, so the login is denied as in IAM-01.",
    tell: "The policy looks generous, even kafka:*, and has no kafka-cluster: action.",
    evidence: "The text of the policy.",
    fix: &["Add the kafka-cluster: actions that the client needs, kafka-cluster:Connect first."],
    settle: &["iam:SimulatePrincipalPolicy, or --facts with the role's policies"],
    basis: Basis::Reported,
    sources: &[
        "https://github.com/redpanda-data/console/pull/223",
        "https://docs.aws.amazon.com/msk/latest/developerguide/iam-access-control.html",
    ],
};

/// The policy names another resource.
pub static IAM_03: Fault = Fault {
    code: "IAM-03",
    title: "The policy names another resource",
    phase: Phase::SaslAuthenticate,
    side: Side::Aws,
    place: "the Resource element of the policy",
    explanation: "The action is allowed on an ARN that is not this cluster, topic or group. If \
        the cluster's ARN is wrong the login is denied; if only a topic's or group's is, the \
        login works and those requests fail.",
    tell: "ARNs of topics and groups carry the cluster's name and its UUID \
        (topic/NAME/UUID/TOPIC), and a cluster that was created again has a new UUID.",
    evidence: "The resources in the policy against ClusterArn.",
    fix: &["Correct the name and UUID in the ARN, or put a wildcard in place of the UUID."],
    settle: &[
        "iam:SimulatePrincipalPolicy, or --facts with the role's policies",
        "kafka:DescribeClusterV2 for the cluster's ARN",
    ],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/iam-access-control.html"],
};

/// An explicit deny, SCP, permissions boundary or session policy takes the right away.
pub static IAM_04: Fault = Fault {
    code: "IAM-04",
    title: "An explicit deny, SCP, permissions boundary or session policy takes the right away",
    phase: Phase::SaslAuthenticate,
    side: Side::Aws,
    place: "a policy layer above the role's own policy",
    explanation: "The role's policy allows the action and another layer denies it or does not \
        include it, so the login is denied as in IAM-01.",
    tell: "The simulation shows explicitDeny, or AllowedByOrganizations or \
        AllowedByPermissionsBoundary is false.",
    evidence: "The decision details of iam:SimulatePrincipalPolicy; PermissionsBoundary in \
        iam:GetRole.",
    fix: &[
        "Change the layer that denies: the deny statement, the service control policy, the \
         permissions boundary or the session policy.",
    ],
    settle: &["iam:SimulatePrincipalPolicy and iam:GetRole, or --facts with the role's policies"],
    basis: Basis::Documented,
    sources: &["https://repost.aws/knowledge-center/msk-cluster-connection-issues"],
};

/// The client uses another identity than intended.
pub static IAM_05: Fault = Fault {
    code: "IAM-05",
    title: "The client uses another identity than intended",
    phase: Phase::SaslAuthenticate,
    side: Side::Client,
    place: "the client's credential chain",
    explanation: "The token is signed with other credentials than those of the intended role, so \
        its rights do not count. Environment variables outrank the role of the instance or \
        function.",
    tell: "It works on one machine and not on another; the ARN from sts:GetCallerIdentity is not \
        the intended role.",
    evidence: "sts:GetCallerIdentity; the access key id inside the token.",
    fix: &["Remove stray environment variables, profiles or credential files."],
    settle: &["sts:GetCallerIdentity in the client's own environment, or its token (--token)"],
    basis: Basis::Documented,
    sources: &[
        "https://github.com/aws/aws-msk-iam-auth",
        "https://github.com/aws/aws-msk-iam-sasl-signer-python/blob/main/aws_msk_iam_sasl_signer/MSKAuthTokenProvider.py",
    ],
};

/// The identity is of another account and nothing links the two.
pub static IAM_06: Fault = Fault {
    code: "IAM-06",
    title: "The identity is of another account and nothing links the two",
    phase: Phase::SaslAuthenticate,
    side: Side::Aws,
    place: "the trust between the client's account and the cluster's account",
    explanation: "An identity of one account may connect to a cluster of another only by assuming \
        a role there, or through multi-VPC private connectivity with a cluster policy that \
        admits it. Without either it is denied as in IAM-01.",
    tell: "The caller's account differs from the account in the cluster's ARN.",
    evidence: "The two account ids; kafka:GetClusterPolicy.",
    fix: &[
        "Let the client assume a role in the cluster's account.",
        "Or use multi-VPC private connectivity and add the account to the cluster policy.",
    ],
    settle: &[
        "kafka:GetClusterPolicy, or --facts with its output",
        "sts:GetCallerIdentity with the client's own credentials",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/aws-access-mult-vpc.html",
        "https://github.com/aws/aws-msk-iam-auth",
    ],
};

/// Assuming the role fails.
pub static IAM_07: Fault = Fault {
    code: "IAM-07",
    title: "Assuming the role fails",
    phase: Phase::SaslAuthenticate,
    side: Side::Aws,
    place: "sts, before any SASL byte",
    explanation: "The client has to assume a role before it can sign a token, and that call fails \
        or times out. No token is sent to the broker.",
    tell: "A timeout means the network (no NAT gateway, no STS endpoint), AccessDenied means the \
        trust policy.",
    evidence: "A TCP probe to sts.REGION.amazonaws.com:443; the STS endpoint and its private DNS; \
        the role's trust policy.",
    fix: &[
        "Use the regional STS endpoint, and give it a path: an interface endpoint or a NAT \
         gateway.",
        "Let the role's trust policy name the caller.",
    ],
    settle: &[
        "a TCP probe to the STS endpoint from the client's own network",
        "iam:GetRole for the trust policy",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://github.com/aws/aws-msk-iam-auth",
        "https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-networking.html",
    ],
};

/// The policy's conditions do not hold where the client runs.
pub static IAM_08: Fault = Fault {
    code: "IAM-08",
    title: "The policy's conditions do not hold where the client runs",
    phase: Phase::SaslAuthenticate,
    side: Side::Aws,
    place: "the Condition element of the policy",
    explanation: "The matching statement has a condition on source address, VPC, endpoint, MFA or \
        tags that this request does not meet, so it is denied as in IAM-01.",
    tell: "The same identity connects from one network and not from another.",
    evidence: "The Condition blocks of the matching statements: aws:SourceIp, aws:SourceVpc, \
        aws:SourceVpce, MFA or tags.",
    fix: &["Relax the condition, or make the request meet it."],
    settle: &[
        "iam:SimulatePrincipalPolicy with context values, or --facts with the role's policies",
        "a login of the same identity from another network",
    ],
    basis: Basis::Inferred,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/iam-access-control.html"],
};

/// The policy change has not taken effect yet.
pub static IAM_09: Fault = Fault {
    code: "IAM-09",
    title: "The policy change has not taken effect yet",
    phase: Phase::SaslAuthenticate,
    side: Side::Aws,
    place: "propagation of the change inside AWS",
    explanation: "A change of a policy needs up to about a minute, at times longer, to reach the \
        brokers. Until then they decide by the old one.",
    tell: "It resolves itself, and the change is recent.",
    evidence: "The time of the Put* or Attach* event in CloudTrail.",
    fix: &["Wait a minute and try again."],
    settle: &[
        "cloudtrail:LookupEvents for the role",
        "the same login a minute later",
    ],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/iam-access-control.html"],
};

/// IAM does not allow describing, reading or writing the topic.
pub static IAM_10: Fault = Fault {
    code: "IAM-10",
    title: "IAM does not allow describing, reading or writing the topic",
    phase: Phase::Authorise,
    side: Side::Aws,
    place: "the brokers' authoriser; login and network are fine",
    explanation: "The client is logged in, and requests on the topic answer error 29, or the \
        topic seems not to exist. DescribeTopic is needed beside both WriteData and ReadData.",
    tell: "Metadata answers 29 when it names the topic, and silently leaves the topic out of a \
        full list.",
    evidence: "A Metadata probe that names the topic; a simulation of the policy.",
    fix: &[
        "Allow kafka-cluster:DescribeTopic with kafka-cluster:WriteData or \
         kafka-cluster:ReadData on the topic's ARN.",
    ],
    settle: &[
        "iam:SimulatePrincipalPolicy, or --facts with the role's policies",
        "a run with --topic and the client's own identity",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/iam-access-control.html",
        "https://repost.aws/knowledge-center/msk-cluster-connection-issues",
        "https://github.com/apache/kafka/blob/trunk/core/src/main/scala/kafka/server/KafkaApis.scala",
    ],
};

/// IAM does not allow the consumer group.
pub static IAM_11: Fault = Fault {
    code: "IAM-11",
    title: "IAM does not allow the consumer group",
    phase: Phase::Authorise,
    side: Side::Aws,
    place: "the brokers' authoriser; login and network are fine",
    explanation: "FindCoordinator or JoinGroup answers error 30, since the identity lacks rights \
        on the group's ARN. ReadData also requires AlterGroup and DescribeGroup.",
    tell: "Producing works and consuming does not.",
    evidence: "A FindCoordinator probe with the real group id.",
    fix: &["Allow kafka-cluster:DescribeGroup and kafka-cluster:AlterGroup on the group's ARN."],
    settle: &[
        "iam:SimulatePrincipalPolicy, or --facts with the role's policies",
        "a run with --group and the client's own identity",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/iam-access-control.html",
        "https://github.com/apache/kafka/blob/trunk/core/src/main/scala/kafka/server/KafkaApis.scala",
    ],
};

/// IAM does not allow idempotent writes.
pub static IAM_12: Fault = Fault {
    code: "IAM-12",
    title: "IAM does not allow idempotent writes",
    phase: Phase::Authorise,
    side: Side::Aws,
    place: "the brokers' authoriser; login and network are fine",
    explanation: "InitProducerId answers error 31, while a producer without idempotence works.",
    tell: "Java producers are idempotent by default since 3.0, so an upgrade of the client alone \
        brings it about.",
    evidence: "An InitProducerId probe.",
    fix: &[
        "Allow kafka-cluster:WriteDataIdempotently on the cluster's ARN.",
        "Or turn idempotence off in the producer (enable.idempotence=false).",
    ],
    settle: &["iam:SimulatePrincipalPolicy, or --facts with the role's policies"],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/iam-access-control.html",
        "https://github.com/apache/kafka/blob/trunk/core/src/main/scala/kafka/server/KafkaApis.scala",
    ],
};

/// IAM does not allow the transactional id.
pub static IAM_13: Fault = Fault {
    code: "IAM-13",
    title: "IAM does not allow the transactional id",
    phase: Phase::Authorise,
    side: Side::Aws,
    place: "the brokers' authoriser; login and network are fine",
    explanation: "FindCoordinator for the transaction or InitProducerId answers error 53.",
    tell: "Only producers with a transactional.id are affected.",
    evidence: "FindCoordinator of type 1, or InitProducerId with the transactional id.",
    fix: &[
        "Allow kafka-cluster:DescribeTransactionalId and kafka-cluster:AlterTransactionalId on \
         the transactional id's ARN.",
    ],
    settle: &["iam:SimulatePrincipalPolicy, or --facts with the role's policies"],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/iam-access-control.html",
        "https://github.com/apache/kafka/blob/trunk/core/src/main/scala/kafka/server/KafkaApis.scala",
    ],
};

/// The topic should be created on first use and `CreateTopic` is not allowed.
pub static IAM_14: Fault = Fault {
    code: "IAM-14",
    title: "The topic should be created on first use and CreateTopic is not allowed",
    phase: Phase::Authorise,
    side: Side::Aws,
    place: "the brokers' authoriser; login and network are fine",
    explanation: "The client waits for a topic that the brokers may not create for this identity, \
        so error 3 or 29 comes again and again.",
    tell: "The topic is absent from an administrator's view as well.",
    evidence: "Metadata for the topic with a privileged identity.",
    fix: &[
        "Create the topic beforehand.",
        "Or allow kafka-cluster:CreateTopic.",
    ],
    settle: &[
        "iam:SimulatePrincipalPolicy, or --facts with the role's policies",
        "Metadata for the topic with a privileged identity",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/iam-access-control.html",
        "https://karafka.io/docs/Infrastructure-AWS-MSK-Guide/",
    ],
};

/// IAM does not allow describing the configuration.
pub static IAM_15: Fault = Fault {
    code: "IAM-15",
    title: "IAM does not allow describing the configuration",
    phase: Phase::Authorise,
    side: Side::Aws,
    place: "the brokers' authoriser; login and network are fine",
    explanation: "DescribeConfigs answers error 31 for the cluster or 29 for a topic.",
    tell: "Tools and Lambda's poller ask for it, simple producers do not.",
    evidence: "A DescribeConfigs probe.",
    fix: &[
        "Allow kafka-cluster:DescribeClusterDynamicConfiguration, and \
         kafka-cluster:DescribeTopicDynamicConfiguration for topics.",
    ],
    settle: &["iam:SimulatePrincipalPolicy, or --facts with the role's policies"],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/iam-access-control.html",
        "https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html",
    ],
};

/// The managed Lambda policy is mistaken for data access.
pub static IAM_16: Fault = Fault {
    code: "IAM-16",
    title: "The managed Lambda policy is mistaken for data access",
    phase: Phase::SaslAuthenticate,
    side: Side::Aws,
    place: "the policies of the execution role",
    explanation: "AWSLambdaMSKExecutionRole carries kafka: and ec2: actions and no kafka-cluster: \
        action. A function or event source mapping that relies on it is denied by the brokers.",
    tell: "It is attached, and no other policy of the role has kafka-cluster: actions.",
    evidence: "The policies attached to the execution role.",
    fix: &["Add statements with the kafka-cluster: actions that the function or mapping needs."],
    settle: &[
        "iam:ListAttachedRolePolicies and iam:SimulatePrincipalPolicy, or --facts with their \
         output",
    ],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html"],
};

/// IAM authentication is turned off on the cluster.
pub static IAM_17: Fault = Fault {
    code: "IAM-17",
    title: "IAM authentication is turned off on the cluster",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the cluster's client authentication setting",
    explanation: "The cluster has no IAM listener, so port 9098 is refused or silent, and there \
        is no bootstrap string for it.",
    tell: "kafka:GetBootstrapBrokers lacks BootstrapBrokerStringSaslIam.",
    evidence: "ClientAuthentication.Sasl.Iam.Enabled in the cluster's description.",
    fix: &[
        "Enable IAM authentication on the cluster: `aws kafka update-security`.",
        "Or use a mechanism that the cluster offers, on its port.",
    ],
    settle: &[
        "kafka:DescribeClusterV2 and kafka:GetBootstrapBrokers, or --facts with their output",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/iam-access-control.html",
        "https://github.com/boto/botocore/blob/develop/botocore/data/kafka/2018-11-14/service-2.json",
    ],
};

/// Kafka ACLs do not allow the SCRAM or `mTLS` user.
pub static IAM_18: Fault = Fault {
    code: "IAM-18",
    title: "Kafka ACLs do not allow the SCRAM or mTLS user",
    phase: Phase::Authorise,
    side: Side::Broker,
    place: "the ACLs in the cluster",
    explanation: "Users of SCRAM and mTLS are authorised by Kafka ACLs, and these answer errors \
        29 to 31. allow.everyone.if.no.acl.found is true by default and has to be false for \
        public access.",
    tell: "ACLs never apply to IAM principals, and IAM policies never to SCRAM or mTLS users.",
    evidence: "The listener used; the cluster's configuration.",
    fix: &[
        "Add ACLs for the user on topic, group and cluster, and ACLs for the brokers \
         themselves.",
    ],
    settle: &["the ACLs, listed by an administrator (`kafka-acls.sh --list`)"],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/msk-acls.html",
        "https://docs.aws.amazon.com/msk/latest/developerguide/iam-access-control.html",
        "https://docs.aws.amazon.com/msk/latest/developerguide/public-access.html",
    ],
};

/// Every fault of this group, by number.
pub(super) static FAULTS: &[&Fault] = &[
    &IAM_01, &IAM_02, &IAM_03, &IAM_04, &IAM_05, &IAM_06, &IAM_07, &IAM_08, &IAM_09, &IAM_10,
    &IAM_11, &IAM_12, &IAM_13, &IAM_14, &IAM_15, &IAM_16, &IAM_17, &IAM_18,
];
