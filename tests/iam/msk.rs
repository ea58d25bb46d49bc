//! Amazon MSK Developer Guide, "Semantics of IAM authorization policy actions and resources" and "Create authorization
//! policies for the IAM role".

use super::*;

use msk_doctor::iam::actions::{ACTIONS, Names, Purpose, find};
use msk_doctor::iam::{MskResource, ResourceType};

#[test]
fn arns_of_resources() {
    let prefix = "arn:aws:kafka:eu-west-1:111122223333";
    for (resource, expected) in [
        (
            cluster().resource(),
            format!("{prefix}:cluster/demo/{UUID}"),
        ),
        (
            cluster().topic("orders"),
            format!("{prefix}:topic/demo/{UUID}/orders"),
        ),
        (
            cluster().group("team/a:1"),
            format!("{prefix}:group/demo/{UUID}/team/a:1"),
        ),
        (
            cluster().transactional_id("t-1"),
            format!("{prefix}:transactional-id/demo/{UUID}/t-1"),
        ),
    ] {
        assert_eq!(resource.arn().to_string(), expected);
        assert_eq!(
            MskResource::from_arn(&arn(&expected)).as_ref(),
            Ok(&resource)
        );
    }
    assert_eq!(
        cluster().to_string(),
        format!("{prefix}:cluster/demo/{UUID}")
    );
    for text in [
        "arn:aws:kafka:eu-west-1:111122223333:cluster/demo",
        "arn:aws:kafka:eu-west-1:111122223333:cluster/demo/x/y",
        "arn:aws:kafka:eu-west-1:111122223333:topic/demo/x",
        "arn:aws:kafka:eu-west-1:111122223333:topic/demo/x/",
        "arn:aws:kafka:eu-west-1:111122223333:configuration/demo/x",
        "arn:aws:kafka-cluster:eu-west-1:111122223333:cluster/demo/x",
    ] {
        assert!(MskResource::from_arn(&arn(text)).is_err(), "{text}");
        assert!(text.parse::<ClusterArn>().is_err(), "{text}");
    }
}

/// Every row of AWS's table.
#[test]
fn the_table_of_actions() {
    let rows: Vec<(&str, &str, Vec<&str>)> = vec![
        ("Connect", "cluster", vec![]),
        ("DescribeCluster", "cluster", vec!["Connect"]),
        (
            "AlterCluster",
            "cluster",
            vec!["Connect", "DescribeCluster"],
        ),
        (
            "DescribeClusterDynamicConfiguration",
            "cluster",
            vec!["Connect"],
        ),
        (
            "AlterClusterDynamicConfiguration",
            "cluster",
            vec!["Connect", "DescribeClusterDynamicConfiguration"],
        ),
        (
            "WriteDataIdempotently",
            "cluster",
            vec!["Connect", "WriteData"],
        ),
        ("CreateTopic", "topic", vec!["Connect"]),
        ("DescribeTopic", "topic", vec!["Connect"]),
        ("AlterTopic", "topic", vec!["Connect", "DescribeTopic"]),
        ("DeleteTopic", "topic", vec!["Connect", "DescribeTopic"]),
        (
            "DescribeTopicDynamicConfiguration",
            "topic",
            vec!["Connect"],
        ),
        (
            "AlterTopicDynamicConfiguration",
            "topic",
            vec!["Connect", "DescribeTopicDynamicConfiguration"],
        ),
        (
            "ReadData",
            "topic",
            vec!["Connect", "DescribeTopic", "AlterGroup"],
        ),
        ("WriteData", "topic", vec!["Connect", "DescribeTopic"]),
        ("DescribeGroup", "group", vec!["Connect"]),
        ("AlterGroup", "group", vec!["Connect", "DescribeGroup"]),
        ("DeleteGroup", "group", vec!["Connect", "DescribeGroup"]),
        (
            "DescribeTransactionalId",
            "transactional-id",
            vec!["Connect"],
        ),
        (
            "AlterTransactionalId",
            "transactional-id",
            vec!["Connect", "DescribeTransactionalId", "WriteData"],
        ),
    ];
    assert_eq!(rows.len(), ACTIONS.len());
    for (action, (name, resource, needs)) in ACTIONS.iter().zip(rows) {
        assert_eq!((action.name, action.resource.as_str()), (name, resource));
        assert_eq!(action.needs, needs, "{name}");
        for need in action.needs {
            assert!(find(need).is_some(), "{need}");
        }
    }
    let not_serverless: Vec<&str> = ACTIONS
        .iter()
        .filter(|action| !action.serverless)
        .map(|action| action.name)
        .collect();
    assert_eq!(
        not_serverless,
        [
            "AlterCluster",
            "DescribeClusterDynamicConfiguration",
            "AlterClusterDynamicConfiguration"
        ]
    );
    assert_eq!(
        find("KAFKA-CLUSTER:readdata").map(|action| action.name),
        Some("ReadData")
    );
    assert_eq!(find("kafka:Connect"), None);
}

#[test]
fn what_a_client_needs() {
    let names = |purpose: Purpose| -> Vec<&str> {
        purpose
            .actions()
            .into_iter()
            .map(|action| action.name)
            .collect()
    };
    assert_eq!(names(Purpose::Connect), ["Connect"]);
    assert_eq!(
        names(Purpose::Write),
        ["Connect", "DescribeTopic", "WriteData"]
    );
    assert_eq!(
        names(Purpose::Read),
        [
            "Connect",
            "DescribeTopic",
            "DescribeGroup",
            "AlterGroup",
            "ReadData"
        ]
    );
    assert_eq!(
        names(Purpose::WriteIdempotently),
        [
            "Connect",
            "DescribeTopic",
            "WriteData",
            "WriteDataIdempotently"
        ]
    );
    assert_eq!(
        names(Purpose::WriteInTransactions),
        [
            "Connect",
            "DescribeTopic",
            "WriteData",
            "WriteDataIdempotently",
            "DescribeTransactionalId",
            "AlterTransactionalId"
        ]
    );
    assert_eq!(names(Purpose::CreateTopic), ["Connect", "CreateTopic"]);
}

/// The policy of the page "Create authorization policies for the IAM role", for a cluster of ours.
#[test]
fn the_policy_of_the_page() {
    let statements = [
        json!({ "Effect": "Allow",
                "Action": ["kafka-cluster:Connect", "kafka-cluster:AlterCluster", "kafka-cluster:DescribeCluster"],
                "Resource": [cluster().to_string()] }),
        json!({ "Effect": "Allow",
                "Action": ["kafka-cluster:*Topic*", "kafka-cluster:WriteData", "kafka-cluster:ReadData"],
                "Resource": ["arn:aws:kafka:eu-west-1:111122223333:topic/demo/*"] }),
        json!({ "Effect": "Allow",
                "Action": ["kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"],
                "Resource": ["arn:aws:kafka:eu-west-1:111122223333:group/demo/*"] }),
    ];
    let names = Names {
        topic: Some("orders"),
        group: Some("billing"),
        transactional_id: Some("t"),
    };
    for (purpose, denied) in [
        (Purpose::Connect, vec![]),
        (Purpose::Write, vec![]),
        (Purpose::Read, vec![]),
        (Purpose::CreateTopic, vec![]),
        (Purpose::WriteIdempotently, vec!["WriteDataIdempotently"]),
        (
            Purpose::WriteInTransactions,
            vec![
                "WriteDataIdempotently",
                "DescribeTransactionalId",
                "AlterTransactionalId",
            ],
        ),
    ] {
        let found: Vec<&str> = purpose
            .actions()
            .into_iter()
            .filter(|action| {
                let request = Request::on_cluster(&role(), action, &cluster(), &names)
                    .expect("everything has a name");
                outcome(&statements, &request).decision == Decision::ImplicitDeny
            })
            .map(|action| action.name)
            .collect();
        assert_eq!(found, denied, "{purpose:?}");
    }
}

#[test]
fn an_action_without_its_resource_is_not_asked() {
    let read = find("ReadData").expect("an action");
    assert_eq!(read.on(&cluster(), &Names::default()), None);
    let group = find("AlterGroup").expect("an action");
    let names = Names {
        group: Some("g"),
        ..Names::default()
    };
    let resource = group.on(&cluster(), &names).expect("it has a name");
    assert_eq!(resource.kind, ResourceType::Group);
}
