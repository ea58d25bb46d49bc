//! Entries that no check finds, each with the observation that would be needed. They are here to be looked up, and to be said as
//! possible where a client's log points at them. Those of the group CLI are all knowledge, and not listed.

/// A code, and the observation that is missing.
pub static UNSEEN: &[(&str, &str)] = &[
    (
        "DNS-06",
        "knowing which side of the VPC boundary the client means to be on",
    ),
    (
        "NACL-06",
        "a comparison of subnets that no client asks for: the rule itself is named, as NACL-01 to NACL-05",
    ),
    (
        "RTE-13",
        "the routes of the client's VPN; the brokers behind it are seen as TCP-01 on each of their own",
    ),
    (
        "SG-08",
        "a connection that idles for longer than the interface tracks it",
    ),
    (
        "SG-09",
        "cloudwatch:GetMetricData for ConnTrackAllowanceExceeded, or the client's ENA driver metrics",
    ),
    (
        "SG-12",
        "cloudtrail:LookupEvents for changes of security groups",
    ),
    (
        "NET-01",
        "a connection that idles for longer than 350 seconds",
    ),
    (
        "NET-06",
        "knowing whether a hop fragments; a probe with small segments that gets through is NET-05",
    ),
    (
        "NET-10",
        "cloudwatch:GetMetricData for TrafficShaping and BwInAllowanceExceeded",
    ),
    (
        "TLS-08",
        "the client's own keystore; the files of --client-cert and --client-key are refused when they are read",
    ),
    ("TLS-10", "the client's own truststore"),
    ("SASL-02", "the client's own configuration"),
    ("SASL-15", "the client's own log: explain --log reads it"),
    ("SASL-16", "the client's own log: explain --log reads it"),
    ("SASL-17", "the client's own log: explain --log reads it"),
    (
        "SASL-25",
        "a connection on which the client itself logs in again",
    ),
    (
        "IAM-15",
        "a DescribeConfigs request, which clients do not send",
    ),
    (
        "IAM-16",
        "knowing what the author of the role meant by its policies; what they lack is IAM-01 and IAM-10 to IAM-14",
    ),
    (
        "LIM-02",
        "cloudwatch:GetMetricData for the connections of each broker",
    ),
    (
        "LIM-03",
        "cloudwatch:GetMetricData for a serverless cluster",
    ),
    ("LIM-09", "the size of the client's requests"),
    ("CLU-10", "kms:DescribeKey for the cluster's key"),
    (
        "CLU-19",
        "kafka:ListClusterOperationsV2; while brokers restart they are seen as CLU-02 and CLU-03",
    ),
    (
        "FN-10",
        "an invocation after a pause of the client's own code",
    ),
    ("FN-11", "the client's own code"),
    (
        "FN-13",
        "the client's own code, or cloudwatch:GetMetricData for ClientConnectionCount",
    ),
    ("ESM-09", "knowing how the function was configured before"),
    (
        "ESM-15",
        "cloudwatch:GetMetricData for the connections of each broker",
    ),
];

/// The observation that is missing to find a fault; `None` where a check finds it, or where it is a client's own (CLI).
#[must_use]
pub fn missing_observation(code: &str) -> Option<&'static str> {
    UNSEEN
        .iter()
        .find(|(unseen, _)| *unseen == code)
        .map(|(_, observation)| *observation)
}

/// The same as a sentence.
#[must_use]
pub fn unseen_words(code: &str) -> Option<String> {
    let observation = missing_observation(code)?;
    Some(format!(
        "No check of msk-doctor finds it. It would take {observation}."
    ))
}
