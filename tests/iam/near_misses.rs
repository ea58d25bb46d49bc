//! Statements that nearly allow, and what is wrong with them.

use super::*;

use msk_doctor::iam::{Difference, Flaw, Known, LayerName, Part};

const TOPICS: &str = "arn:aws:kafka:eu-west-1:111122223333:topic";

/// The flaws of the only statement.
fn flaws(statement: Value, request: &Request) -> Vec<Flaw> {
    let outcome = outcome(&[statement], request);
    assert_eq!(outcome.decision, Decision::ImplicitDeny);
    assert_eq!(outcome.lacking, [LayerName::Identity]);
    assert!(outcome.near_misses.len() <= 1);
    outcome
        .near_misses
        .into_iter()
        .flat_map(|near| near.flaws)
        .collect()
}

#[test]
fn actions() {
    let written = |text: &str| text.to_owned();
    let needed = || "kafka-cluster:Connect".to_owned();
    for (action, expected) in [
        (
            "kafka:Connect",
            Some(Flaw::ActionPrefix {
                written: written("kafka:Connect"),
                needed: needed(),
            }),
        ),
        (
            "kafka:*",
            Some(Flaw::ActionPrefix {
                written: written("kafka:*"),
                needed: needed(),
            }),
        ),
        (
            "kafka-cluster:ReadData",
            Some(Flaw::OtherActions {
                written: vec![written("kafka-cluster:ReadData")],
                needed: needed(),
            }),
        ),
        (
            "kafka:GetBootstrapBrokers",
            Some(Flaw::ControlPlaneOnly {
                written: vec![written("kafka:GetBootstrapBrokers")],
            }),
        ),
        ("s3:*", None),
    ] {
        let found = flaws(allow(action, "*"), &connect());
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{action}");
    }
    let not =
        json!({ "Effect": "Allow", "NotAction": ["iam:*", "kafka-cluster:*"], "Resource": "*" });
    let expected = Flaw::NotAction {
        written: written("kafka-cluster:*"),
    };
    assert_eq!(flaws(not, &connect()), [expected]);
}

/// The actions of the managed policy `AWSLambdaMSKExecutionRole`: it gives no access to data.
#[test]
fn the_managed_policy_for_lambda() {
    let statement = json!({ "Effect": "Allow", "Resource": "*", "Action": [
        "kafka:DescribeCluster", "kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers",
        "ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeVpcs",
        "ec2:DeleteNetworkInterface", "ec2:DescribeSubnets", "ec2:DescribeSecurityGroups",
        "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"] });
    let found = flaws(statement, &connect());
    assert!(
        matches!(&found[..], [Flaw::ControlPlaneOnly { written }] if written.len() == 3),
        "{found:?}"
    );
}

fn other(part: Part, written: &str, needed: &str) -> Difference {
    Difference::Other {
        part,
        written: written.to_owned(),
        needed: needed.to_owned(),
    }
}

#[test]
fn resources() {
    let needed = format!("topic/demo/{UUID}/orders");
    let lacks = |parts: &[Part], written: &str| Difference::Lacks {
        parts: parts.to_vec(),
        written: written.to_owned(),
        needed: needed.clone(),
    };
    for (resource, expected) in [
        (
            format!("{TOPICS}/demo/old/orders"),
            vec![other(Part::ClusterUuid, "old", UUID)],
        ),
        (
            format!("{TOPICS}/demo-2/*"),
            vec![other(Part::ClusterName, "demo-2", "demo")],
        ),
        (
            format!("{TOPICS}/demo-2*"),
            vec![other(Part::ClusterName, "demo-2*", "demo")],
        ),
        (
            format!("{TOPICS}/demo-2/old/orders"),
            vec![
                other(Part::ClusterName, "demo-2", "demo"),
                other(Part::ClusterUuid, "old", UUID),
            ],
        ),
        (
            format!("{TOPICS}/demo/{UUID}/payments"),
            vec![other(Part::Name, "payments", "orders")],
        ),
        (
            format!("{TOPICS}/demo/*/payments-*"),
            vec![other(Part::Name, "payments-*", "orders")],
        ),
        (
            format!("{TOPICS}/orders"),
            vec![lacks(
                &[Part::ClusterName, Part::ClusterUuid],
                "topic/orders",
            )],
        ),
        (
            format!("{TOPICS}/orders*"),
            vec![lacks(
                &[Part::ClusterName, Part::ClusterUuid],
                "topic/orders*",
            )],
        ),
        (
            format!("{TOPICS}/demo/orders"),
            vec![lacks(&[Part::ClusterUuid], "topic/demo/orders")],
        ),
        (
            format!("{TOPICS}/demo/payments"),
            vec![
                lacks(&[Part::ClusterUuid], "topic/demo/payments"),
                other(Part::Name, "payments", "orders"),
            ],
        ),
        (
            cluster().to_string(),
            vec![other(Part::Type, "cluster", "topic")],
        ),
        (
            format!("arn:aws:kafka:us-east-1:{OTHER_ACCOUNT}:topic/demo/*"),
            vec![
                other(Part::Region, "us-east-1", "eu-west-1"),
                other(Part::Account, OTHER_ACCOUNT, ACCOUNT),
            ],
        ),
        (
            "arn:aws-cn:kafka-cluster:*:*:topic/*".to_owned(),
            vec![
                other(Part::Partition, "aws-cn", "aws"),
                other(Part::Service, "kafka-cluster", "kafka"),
            ],
        ),
    ] {
        let found = flaws(allow("kafka-cluster:WriteData", &resource), &write());
        let flaw = Flaw::Resource {
            written: resource.clone(),
            needed: write().resource.to_string(),
            differences: expected,
        };
        assert_eq!(found, [flaw], "{resource}");
    }
    assert_eq!(
        flaws(allow("kafka-cluster:*", "arn:aws:s3:::bucket"), &write()),
        []
    );
    assert_eq!(flaws(allow("kafka-cluster:*", "nonsense"), &write()), []);
}

#[test]
fn resources_of_a_cluster() {
    let prefix = "arn:aws:kafka:eu-west-1:111122223333:cluster/demo";
    for (resource, expected) in [
        (
            prefix.to_owned(),
            Difference::Lacks {
                parts: vec![Part::ClusterUuid],
                written: "cluster/demo".to_owned(),
                needed: format!("cluster/demo/{UUID}"),
            },
        ),
        (
            format!("{prefix}/old"),
            other(Part::ClusterUuid, "old", UUID),
        ),
        (
            format!("{prefix}/{UUID}/*"),
            Difference::TooLong {
                written: format!("cluster/demo/{UUID}/*"),
                needed: format!("cluster/demo/{UUID}"),
            },
        ),
        (
            format!("{TOPICS}/demo/*"),
            other(Part::Type, "topic", "cluster"),
        ),
    ] {
        let found = flaws(allow("kafka-cluster:Connect", &resource), &connect());
        assert!(
            matches!(&found[..], [Flaw::Resource { differences, .. }] if *differences == [expected.clone()]),
            "{resource}: {found:?}"
        );
    }
}

#[test]
fn conditions_and_their_keys() {
    let mut statement = allow("kafka-cluster:*", "*");
    statement["Condition"] = json!({
        "StringEquals": { "aws:SourceVpc": "vpc-1" },
        "Bool": { "aws:SecureTransport": "true" },
        "IpAddress": { "aws:SourceIp": "10.0.0.0/8" },
    });
    let mut request = connect();
    request.context.set("aws:SourceVpc", "vpc-2");
    let mut found = flaws(statement, &request);
    found.sort_by_key(|flaw| matches!(flaw, Flaw::Condition { certain: true, .. }));
    let condition = |operator: &str, key: &str, value: &str, actual, certain| Flaw::Condition {
        operator: operator.to_owned(),
        key: key.to_owned(),
        values: vec![value.to_owned()],
        actual,
        certain,
    };
    let values = vec!["vpc-2".to_owned()];
    assert_eq!(
        found,
        [
            condition(
                "IpAddress",
                "aws:SourceIp",
                "10.0.0.0/8",
                Known::Nothing,
                false
            ),
            condition(
                "StringEquals",
                "aws:SourceVpc",
                "vpc-1",
                Known::Values { values },
                true
            ),
        ]
    );
}

#[test]
fn principals_of_a_cluster_policy() {
    let request = Request::new(
        role(),
        "kafka-cluster:Connect",
        cluster_of(OTHER_ACCOUNT).resource().arn(),
    );
    let mut statement = allow("kafka-cluster:*", "*");
    statement["Principal"] = json!({ "AWS": "arn:aws:iam::111122223333:role/orders" });
    let mut policies = with(&[allow_all()]);
    policies.cluster = layer(Kind::Cluster, &[statement]);
    let outcome = evaluate(&policies, &request);
    assert_eq!(outcome.lacking, [LayerName::Cluster]);
    let [near] = &outcome.near_misses[..] else {
        panic!("{:?}", outcome.near_misses);
    };
    assert_eq!(near.at.kind, Kind::Cluster);
    let [Flaw::Principal { written, needed }] = &near.flaws[..] else {
        panic!("{:?}", near.flaws);
    };
    assert_eq!(written, &["arn:aws:iam::111122223333:role/orders"]);
    assert!(needed.contains(&"arn:aws:iam::111122223333:role/team/orders".to_owned()));
}

#[test]
fn the_nearest_comes_first() {
    let statements = [
        allow("kafka:GetBootstrapBrokers", "*"),
        allow("kafka-cluster:*", &format!("{TOPICS}/other/*")),
        allow("kafka-cluster:WriteData", &format!("{TOPICS}/demo/old/*")),
        deny("s3:*", "*"),
        allow("kafka-cluster:Connect", &cluster().to_string()),
    ];
    let outcome = outcome(&statements, &write());
    let order: Vec<usize> = outcome
        .near_misses
        .iter()
        .map(|near| near.at.index)
        .collect();
    assert_eq!(order, [2, 1, 0, 4]);
    // Where something allows, nothing is missed.
    let mut enough = statements.to_vec();
    enough.push(allow_all());
    assert_eq!(super::outcome(&enough, &write()).near_misses, []);
}
