//! IAM User Guide, "IAM JSON policy elements: Resource", "… : Action" and "IAM policy elements: Variables and tags"; Amazon
//! MSK Developer Guide, "Semantics of IAM authorization policy actions and resources".

use super::*;

use msk_doctor::iam::Missing;

fn on(resource: &str, request: &Request) -> Decision {
    decide(&with(&[allow("*", resource)]), request)
}

#[test]
fn wildcards() {
    let topic = Request::new(
        role(),
        "kafka-cluster:WriteData",
        cluster().topic("a_test").arn(),
    );
    for (pattern, expected) in [
        ("*", Decision::Allowed),
        (
            "arn:aws:kafka:eu-west-1:111122223333:topic/demo/*",
            Decision::Allowed,
        ),
        (
            "arn:aws:kafka:eu-west-1:111122223333:topic/demo/*/*_test",
            Decision::Allowed,
        ),
        (
            "arn:aws:kafka:eu-west-1:111122223333:topic/demo/*/*_tests",
            Decision::ImplicitDeny,
        ),
        (
            "arn:aws:kafka:eu-west-1:111122223333:topic/Demo/*",
            Decision::ImplicitDeny,
        ),
        ("arn:aws:kafka:eu-west-?:1111*:*/demo/*", Decision::Allowed),
        ("arn:aws:kafka:*:*:topic/*", Decision::Allowed),
        // Fields that are missing are taken as wildcards.
        ("arn:aws:kafka", Decision::Allowed),
        ("arn:aws:kafka:eu-west-1", Decision::Allowed),
        ("arn:aws:s3", Decision::ImplicitDeny),
        // A star that ends its segment matches beyond the colon; of others AWS does not say.
        ("arn:aws:kafka:*:topic/demo/*", Decision::Allowed),
        ("arn:aws:kafka:eu-west-1:*topic/demo/*", Decision::Unknown),
        (
            "arn:aws:kafka:eu-west-1:*cluster/demo/*",
            Decision::ImplicitDeny,
        ),
    ] {
        assert_eq!(on(pattern, &topic), expected, "{pattern}");
    }
}

#[test]
fn actions_in_any_case() {
    for (pattern, expected) in [
        ("KAFKA-CLUSTER:connect", Decision::Allowed),
        ("kafka-cluster:*", Decision::Allowed),
        ("kafka-cluster:Con?ect", Decision::Allowed),
        ("kafka-cluster:*Topic", Decision::ImplicitDeny),
        ("kafka:*", Decision::ImplicitDeny),
    ] {
        assert_eq!(
            decide(&with(&[allow(pattern, "*")]), &connect()),
            expected,
            "{pattern}"
        );
    }
    // "It doesn't include kafka-cluster:DescribeTopicDynamicConfiguration."
    let topic = cluster().topic("orders").arn();
    let ask = |action: &str| {
        let request = Request::new(role(), action, topic.clone());
        decide(&with(&[allow("kafka-cluster:*Topic", "*")]), &request)
    };
    assert_eq!(ask("kafka-cluster:DescribeTopic"), Decision::Allowed);
    let configuration = "kafka-cluster:DescribeTopicDynamicConfiguration";
    assert_eq!(ask(configuration), Decision::ImplicitDeny);
}

#[test]
fn variables() {
    let prefix = "arn:aws:kafka:eu-west-1:111122223333:topic/demo";
    let ask = |who: Principal, topic: &str, pattern: &str| {
        let resource = cluster().topic(topic).arn();
        let request = Request::new(who, "kafka-cluster:WriteData", resource);
        on(&format!("{prefix}/*/{pattern}"), &request)
    };
    for (topic, pattern, expected) in [
        ("ann", "${aws:username}", Decision::Allowed),
        ("ann-logs", "${aws:username}-*", Decision::Allowed),
        ("bob", "${aws:username}", Decision::ImplicitDeny),
        ("ann", "${ AWS:UserName }", Decision::Allowed),
        // What is not known can't make what does not fit anyway.
        ("logs", "${aws:SourceVpc}-x", Decision::ImplicitDeny),
        ("vpc-1-x", "${aws:SourceVpc}-x", Decision::Unknown),
        ("a*b", "a${*}b", Decision::Allowed),
        ("axb", "a${*}b", Decision::ImplicitDeny),
        ("a?b", "a${?}b", Decision::Allowed),
        ("a$b", "a${$}b", Decision::Allowed),
        // A user has not this key; with a default it does not matter.
        ("x", "${aws:SourceArn}", Decision::ImplicitDeny),
        ("nobody", "${aws:SourceArn, 'nobody'}", Decision::Allowed),
        ("ann", "${aws:username, 'nobody'}", Decision::Allowed),
        (
            "nobody",
            "${aws:username, 'nobody'}",
            Decision::ImplicitDeny,
        ),
        ("x", "${aws:username, nobody}", Decision::Unknown),
        ("x", "x${aws:username", Decision::ImplicitDeny),
    ] {
        assert_eq!(ask(user(), topic, pattern), expected, "{topic} {pattern}");
    }
    // A role has no aws:username.
    assert_eq!(
        ask(role(), "ann", "${aws:username}"),
        Decision::ImplicitDeny
    );
    // A value with wildcards in it stands for itself.
    let mut request = Request::new(
        user(),
        "kafka-cluster:WriteData",
        cluster().topic("abc").arn(),
    );
    request.context.set("aws:PrincipalTag/t", "a*");
    assert_eq!(
        on(&format!("{prefix}/*/${{aws:PrincipalTag/t}}"), &request),
        Decision::ImplicitDeny
    );
    // "You can't use a variable to replace parts of the ARN before the fifth colon."
    let early = "arn:aws:kafka:${aws:RequestedRegion}:111122223333:topic/*";
    assert_eq!(on(early, &request), Decision::Unknown);
}

#[test]
fn variables_exist_since_2012() {
    let resource = cluster().topic("${aws:username}").arn();
    let statement = allow("*", "arn:aws:kafka:*:*:topic/demo/*/${aws:username}");
    for (version, literal, replaced) in [
        (
            Some("2008-10-17"),
            Decision::Allowed,
            Decision::ImplicitDeny,
        ),
        (None, Decision::Allowed, Decision::ImplicitDeny),
        (
            Some("2012-10-17"),
            Decision::ImplicitDeny,
            Decision::Allowed,
        ),
    ] {
        let mut document = json!({ "Statement": [statement] });
        if let Some(version) = version {
            document["Version"] = json!(version);
        }
        let policies = Policies::of_identity(vec![Policy::new(Kind::Inline, "p", &document)]);
        let ask = |resource| {
            let request = Request::new(user(), "kafka-cluster:ReadData", resource);
            decide(&policies, &request)
        };
        assert_eq!(ask(resource.clone()), literal, "{version:?}");
        assert_eq!(ask(cluster().topic("ann").arn()), replaced, "{version:?}");
    }
}

/// "If AWS cannot resolve a variable, this might cause the entire statement to be invalid": where that would make a
/// negated element apply, it is not known.
#[test]
fn an_absent_variable_in_a_negated_element() {
    let not_resource = json!({ "Effect": "Deny", "Action": "*", "NotResource": "arn:aws:kafka:*:*:topic/${aws:username}" });
    let negated = json!({ "Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": { "StringNotEquals": { "aws:PrincipalAccount": "${aws:username}" } } });
    for statement in [not_resource, negated] {
        let outcome = outcome(&[allow_all(), statement], &connect());
        assert_eq!(outcome.decision, Decision::Unknown);
        assert_eq!(
            outcome.missing,
            [Missing::Variable {
                variable: "aws:username".to_owned()
            }]
        );
    }
    let positive = json!({ "Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": { "StringEquals": { "aws:PrincipalAccount": "${aws:username}" } } });
    assert_eq!(
        outcome(&[allow_all(), positive], &connect()).decision,
        Decision::Allowed
    );
}
