//! The state of the cluster and its addresses.

use super::{Basis, Fault, Side};
use crate::phase::Phase;

/// The cluster is not usable yet, or no longer.
pub static CLU_01: Fault = Fault {
    code: "CLU-01",
    title: "The cluster is not usable yet, or no longer",
    phase: Phase::Resolve,
    side: Side::Broker,
    place: "the cluster's state",
    explanation: "While the cluster is CREATING, DELETING or FAILED its names are absent or its \
        addresses silent.",
    tell: "The state says so, and every broker fails alike.",
    evidence: "State and StateInfo in kafka:DescribeClusterV2.",
    fix: &[
        "Wait until the cluster is ACTIVE.",
        "If it has FAILED, read StateInfo and create it again.",
    ],
    settle: &["kafka:DescribeClusterV2, or --facts with its output"],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/msk-cluster-states.html"],
};

/// The cluster is in maintenance or healing.
pub static CLU_02: Fault = Fault {
    code: "CLU-02",
    title: "The cluster is in maintenance or healing",
    phase: Phase::Connect,
    side: Side::Broker,
    place: "one broker at a time, by an operation of MSK",
    explanation: "During HEALING, MAINTENANCE, REBOOTING_BROKER or UPDATING one broker after \
        another closes its connections, refuses new ones and is silent for a while. The others \
        work.",
    tell: "Which broker fails changes over minutes, and an operation is in progress.",
    evidence: "State; kafka:ListClusterOperationsV2; ActiveOperationArn; \
        CurrentBrokerSoftwareInfo.",
    fix: &[
        "Let the client retry for longer than the window.",
        "List several bootstrap brokers.",
    ],
    settle: &[
        "kafka:DescribeClusterV2 and kafka:ListClusterOperationsV2, or --facts with their \
         output",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/msk-cluster-states.html",
        "https://docs.aws.amazon.com/msk/latest/developerguide/bestpractices.html",
        "https://karafka.io/docs/Infrastructure-AWS-MSK-Guide/",
    ],
};

/// A broker is down.
pub static CLU_03: Fault = Fault {
    code: "CLU-03",
    title: "A broker is down",
    phase: Phase::Connect,
    side: Side::Broker,
    place: "one broker",
    explanation: "One broker refuses or is silent, and its partitions are led elsewhere.",
    tell: "kafka:ListNodes still lists it and its siblings answer.",
    evidence: "A probe of each broker; ActiveControllerCount and OfflinePartitionsCount.",
    fix: &["Wait for MSK to replace the broker, and watch for the state HEALING."],
    settle: &[
        "kafka:ListNodes and kafka:DescribeClusterV2, or --facts with their output",
        "cloudwatch:GetMetricData for OfflinePartitionsCount",
    ],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/troubleshooting.html"],
};

/// The partition's leader has moved, or none is elected yet.
pub static CLU_04: Fault = Fault {
    code: "CLU-04",
    title: "The partition's leader has moved, or none is elected yet",
    phase: Phase::Canary,
    side: Side::Broker,
    place: "the client's metadata, after leadership moved",
    explanation: "The broker answers error 6, because another broker leads the partition now; or \
        Metadata names no leader (error 5), because none is elected yet.",
    tell: "It is short and follows a move of leadership. A partition that stays without a leader \
        has no replica left that could lead: its brokers are down (CLU-03).",
    evidence: "Metadata before and after the error; OfflinePartitionsCount.",
    fix: &[
        "Keep retries on, so that the client refreshes its metadata and repeats the request.",
        "If it lasts, look for a broker that is down.",
    ],
    settle: &["Metadata a few seconds later"],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/troubleshooting.html"],
};

/// The brokers' storage is full.
pub static CLU_05: Fault = Fault {
    code: "CLU-05",
    title: "The brokers' storage is full",
    phase: Phase::Canary,
    side: Side::Broker,
    place: "the brokers' disks",
    explanation: "The client connects and logs in; producing fails, or the broker goes offline \
        (error 56).",
    tell: "KafkaDataLogsDiskUsed is near 100.",
    evidence: "That CloudWatch metric for each broker.",
    fix: &["Expand the storage: `aws kafka update-broker-storage`."],
    settle: &["cloudwatch:GetMetricData for KafkaDataLogsDiskUsed"],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/bestpractices.html",
        "https://docs.aws.amazon.com/msk/latest/developerguide/troubleshooting.html",
    ],
};

/// The brokers' CPU or network threads are saturated.
pub static CLU_06: Fault = Fault {
    code: "CLU-06",
    title: "The brokers' CPU or network threads are saturated",
    phase: Phase::Tls,
    side: Side::Broker,
    place: "the brokers",
    explanation: "TCP connects quickly, since the kernel does it, and every later phase is slow \
        or silent: the broker's threads have no time.",
    tell: "All clients are affected alike, and every phase after the connect is slow.",
    evidence: "CpuUser plus CpuSystem above 60; NetworkProcessorAvgIdlePercent.",
    fix: &[
        "Scale the brokers up or out.",
        "Reuse connections, since each new one costs a TLS handshake and a login.",
    ],
    settle: &["cloudwatch:GetMetricData for CpuUser, CpuSystem and NetworkProcessorAvgIdlePercent"],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/bestpractices.html"],
};

/// The encryption setting excludes this port.
pub static CLU_07: Fault = Fault {
    code: "CLU-07",
    title: "The encryption setting excludes this port",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the cluster's setting for encryption in transit",
    explanation: "The cluster offers TLS, plaintext or both to clients, and the port of what it \
        does not offer (9092 or 9094) is refused.",
    tell: "ClientBroker says TLS, TLS_PLAINTEXT or PLAINTEXT, and the port is not part of it.",
    evidence: "EncryptionInTransit.ClientBroker in the cluster's description.",
    fix: &[
        "Use the port that is enabled.",
        "Or change ClientBroker: `aws kafka update-security`.",
    ],
    settle: &["kafka:DescribeClusterV2, or --facts with its output"],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/msk-encryption.html"],
};

/// The bootstrap string is of another cluster or of another family.
pub static CLU_08: Fault = Fault {
    code: "CLU-08",
    title: "The bootstrap string is of another cluster or of another family",
    phase: Phase::Resolve,
    side: Side::Client,
    place: "the bootstrap string",
    explanation: "The client talks to a cluster, or to a kind of listener, that was not meant. \
        Any symptom may follow, often \"Access denied\", since the policy names the other \
        cluster.",
    tell: "The label in the middle of the host name differs from the cluster's ARN in the policy.",
    evidence: "kafka:GetBootstrapBrokers for the intended ARN.",
    fix: &[
        "Use the bootstrap string of the intended cluster and family: `aws kafka \
         get-bootstrap-brokers --cluster-arn ARN`.",
    ],
    settle: &["kafka:GetBootstrapBrokers, or --facts with its output"],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/msk-get-bootstrap-brokers.html",
    ],
};

/// An advertised broker cannot be reached.
pub static CLU_09: Fault = Fault {
    code: "CLU-09",
    title: "An advertised broker cannot be reached",
    phase: Phase::Metadata,
    side: Side::Path,
    place: "the path to a broker that Metadata names",
    explanation: "The bootstrap connection and Metadata work. Then the client dials the brokers \
        that Metadata advertises, and at least one of these fails.",
    tell: "The hosts in Metadata differ from the bootstrap host, and at least one fails the same \
        probe.",
    evidence: "The host list of Metadata, and a full probe of each host.",
    fix: &[
        "Permit every broker in security groups, routes and tunnel, not only the bootstrap \
         broker.",
    ],
    settle: &["a probe of every advertised broker from the client's own place"],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/troubleshooting.html",
        "https://docs.aws.amazon.com/msk/latest/developerguide/aws-access-mult-vpc.html",
    ],
};

/// The key of the cluster's storage is disabled.
pub static CLU_10: Fault = Fault {
    code: "CLU-10",
    title: "The key of the cluster's storage is disabled",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the KMS key of the cluster",
    explanation: "Without the KMS key that encrypts their storage the brokers degrade, and the \
        cluster may leave ACTIVE.",
    tell: "The key is disabled or pending deletion.",
    evidence: "kms:DescribeKey for the EncryptionAtRest key.",
    fix: &["Enable the key again, or cancel its deletion."],
    settle: &["kms:DescribeKey, or --facts with its output"],
    basis: Basis::Inferred,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/msk-encryption.html"],
};

/// The topic does not exist.
pub static CLU_11: Fault = Fault {
    code: "CLU-11",
    title: "The topic does not exist",
    phase: Phase::Metadata,
    side: Side::Broker,
    place: "the cluster's topics",
    explanation: "Metadata answers error 3 for ever, because nobody created the topic; or error \
        17, because no topic can have such a name. MSK leaves auto.create.topics.enable off by \
        default.",
    tell: "Metadata with a privileged identity lacks the topic as well; with IAM-10 an \
        administrator sees it.",
    evidence: "Metadata; kafka:ListTopics.",
    fix: &[
        "Create the topic.",
        "Check the spelling of its name and that the client talks to the right cluster.",
    ],
    settle: &["Metadata for the topic with a privileged identity, or kafka:ListTopics"],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/msk-default-configuration.html",
        "https://github.com/boto/botocore/blob/develop/botocore/data/kafka/2018-11-14/service-2.json",
    ],
};

/// Too few replicas are in sync.
pub static CLU_12: Fault = Fault {
    code: "CLU-12",
    title: "Too few replicas are in sync",
    phase: Phase::Canary,
    side: Side::Broker,
    place: "the partition's replicas",
    explanation: "A produce with acks=all answers error 19 or 20, since fewer replicas than \
        min.insync.replicas are in sync.",
    tell: "It happens during maintenance, on small clusters.",
    evidence: "The CloudWatch metric UnderMinIsrPartitionCount.",
    fix: &[
        "Give topics a replication factor of 3 and min.insync.replicas of 2.",
        "Keep producer retries on for the time of the maintenance.",
    ],
    settle: &["cloudwatch:GetMetricData for UnderMinIsrPartitionCount"],
    basis: Basis::Reported,
    sources: &["https://karafka.io/docs/Infrastructure-AWS-MSK-Guide/"],
};

/// Public access is not completely set up.
pub static CLU_13: Fault = Fault {
    code: "CLU-13",
    title: "Public access is not completely set up",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the cluster's public access and its network",
    explanation: "Public names are absent or silent until every precondition of public access is \
        met.",
    tell: "The type is DISABLED, the subnets are private, or unauthenticated access is still on; \
        network ACLs have to admit the replies to ephemeral ports.",
    evidence: "ConnectivityInfo.PublicAccess.Type; the routes of the cluster's subnets.",
    fix: &[
        "Meet every precondition: public subnets, no unauthenticated access, encryption, and \
         ACLs that admit the traffic.",
        "Then turn public access on: `aws kafka update-connectivity`.",
    ],
    settle: &["kafka:DescribeClusterV2 and ec2:DescribeRouteTables, or --facts with their output"],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/public-access.html",
        "https://docs.aws.amazon.com/msk/latest/developerguide/troubleshooting.html",
    ],
};

/// The multi-VPC connection is not ready, or its scheme is off.
pub static CLU_14: Fault = Fault {
    code: "CLU-14",
    title: "The multi-VPC connection is not ready, or its scheme is off",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the MSK VPC connection, or the cluster's VpcConnectivity",
    explanation: "Names of multi-VPC private connectivity are absent, silent or closed while the \
        connection is not available or the authentication scheme is not enabled for it. Its \
        ports are reported to start at 14001, one for each broker and scheme.",
    tell: "The connection's State is REJECTED or otherwise not AVAILABLE, or VpcConnectivity \
        lacks the scheme, for example IAM.",
    evidence: "kafka:DescribeVpcConnection, kafka:ListClientVpcConnections and \
        VpcConnectivity.ClientAuthentication.",
    fix: &[
        "Enable the scheme in the cluster's VpcConnectivity.",
        "Accept the connection on the cluster's side, and correct its subnets.",
    ],
    settle: &[
        "kafka:DescribeVpcConnection and kafka:DescribeClusterV2, or --facts with their output",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/aws-access-mult-vpc.html",
        "https://github.com/boto/botocore/blob/develop/botocore/data/kafka/2018-11-14/service-2.json",
    ],
};

/// The client's VPC is not configured on the serverless cluster.
pub static CLU_15: Fault = Fault {
    code: "CLU-15",
    title: "The client's VPC is not configured on the serverless cluster",
    phase: Phase::Resolve,
    side: Side::Aws,
    place: "the VPC list of the serverless cluster",
    explanation: "The client's VPC is not among those attached to the serverless cluster, so its \
        name has no answer there (DNS-04), or the path is silent.",
    tell: "Serverless.VpcConfigs lacks the VPC.",
    evidence: "Serverless.VpcConfigs in kafka:DescribeClusterV2.",
    fix: &[
        "Run the client in an attached VPC, or create the cluster with this VPC in its list, \
         which is set at creation.",
    ],
    settle: &["kafka:DescribeClusterV2, or --facts with its output"],
    basis: Basis::Documented,
    sources: &[
        "https://aws.amazon.com/blogs/big-data/secure-connectivity-patterns-for-amazon-msk-serverless-cross-account-access/",
        "https://docs.aws.amazon.com/msk/latest/developerguide/limits.html",
    ],
};

/// The bootstrap list is outdated.
pub static CLU_16: Fault = Fault {
    code: "CLU-16",
    title: "The bootstrap list is outdated",
    phase: Phase::Resolve,
    side: Side::Client,
    place: "the bootstrap string",
    explanation: "Brokers were removed or renamed since the list was written, so some of its \
        names fail while others work.",
    tell: "Not all configured names are among the endpoints of kafka:ListNodes.",
    evidence: "The difference between the configured names and the endpoints.",
    fix: &[
        "Take the list from `aws kafka get-bootstrap-brokers --cluster-arn ARN` again, with \
         brokers of three Availability Zones.",
    ],
    settle: &["kafka:GetBootstrapBrokers and kafka:ListNodes, or --facts with their output"],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/msk-get-bootstrap-brokers.html",
        "https://docs.aws.amazon.com/msk/latest/developerguide/bestpractices.html",
    ],
};

/// The client uses IPv6 ports and the cluster has IPv4 only.
pub static CLU_17: Fault = Fault {
    code: "CLU-17",
    title: "The client uses IPv6 ports and the cluster has IPv4 only",
    phase: Phase::Connect,
    side: Side::Aws,
    place: "the cluster's network type",
    explanation: "The client dials a port of the 2009x family, and the cluster's network type is \
        IPV4: no listener is there, and the connection is silent.",
    tell: "ConnectivityInfo.NetworkType is IPV4.",
    evidence: "That field in kafka:DescribeClusterV2.",
    fix: &[
        "Use the IPv4 bootstrap string.",
        "Or switch the cluster to DUAL.",
    ],
    settle: &["kafka:DescribeClusterV2, or --facts with its output"],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html",
        "https://github.com/boto/botocore/blob/develop/botocore/data/kafka/2018-11-14/service-2.json",
    ],
};

/// The group coordinator is unavailable.
pub static CLU_18: Fault = Fault {
    code: "CLU-18",
    title: "The group coordinator is unavailable",
    phase: Phase::Metadata,
    side: Side::Broker,
    place: "the broker that coordinates the group",
    explanation: "Errors 14, 15 or 16 come again and again, or the broker that FindCoordinator \
        names cannot be reached: the leader of the group's __consumer_offsets partition is down \
        or still loading.",
    tell: "Producing works.",
    evidence: "A FindCoordinator probe, and a probe of the host it names.",
    fix: &[
        "Wait for the coordinator to load.",
        "If it persists, reboot the broker that coordinates the group.",
    ],
    settle: &["a FindCoordinator probe with the real group id"],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/troubleshooting.html",
        "https://karafka.io/docs/Infrastructure-AWS-MSK-Guide/",
    ],
};

/// The brokers restart to renew their certificates.
pub static CLU_19: Fault = Fault {
    code: "CLU-19",
    title: "The brokers restart to renew their certificates",
    phase: Phase::Connect,
    side: Side::Broker,
    place: "one broker at a time, by MSK",
    explanation: "MSK renews the brokers' certificates about every 13 months. The cluster is in \
        MAINTENANCE for a short time, and clients reconnect.",
    tell: "State and date: a certificate that has just begun to be valid.",
    evidence: "State; notBefore of the certificate.",
    fix: &["Let the client tolerate reconnects: retries on, several bootstrap brokers."],
    settle: &["kafka:DescribeClusterV2 and the certificate's notBefore"],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/msk-encryption.html"],
};

/// Every fault of this group, by number.
pub(super) static FAULTS: &[&Fault] = &[
    &CLU_01, &CLU_02, &CLU_03, &CLU_04, &CLU_05, &CLU_06, &CLU_07, &CLU_08, &CLU_09, &CLU_10,
    &CLU_11, &CLU_12, &CLU_13, &CLU_14, &CLU_15, &CLU_16, &CLU_17, &CLU_18, &CLU_19,
];
