//! IAM User Guide, "Policy evaluation logic" and the pages below it.

use super::*;

use msk_doctor::iam::{LayerName, Missing};

/// "Determining whether a request is allowed or denied within an account", the summary of the logic.
#[test]
fn within_an_account() {
    let topic = cluster().topic("orders").arn().to_string();
    for (name, statements, expected) in [
        ("by default", vec![], Decision::ImplicitDeny),
        ("an allow", vec![allow_all()], Decision::Allowed),
        (
            "an explicit deny overrides",
            vec![allow_all(), deny("kafka-cluster:*", "*")],
            Decision::ExplicitDeny,
        ),
        (
            "whatever the order",
            vec![deny("kafka-cluster:WriteData", &topic), allow_all()],
            Decision::ExplicitDeny,
        ),
        (
            "a deny of something else",
            vec![allow_all(), deny("kafka-cluster:ReadData", "*")],
            Decision::Allowed,
        ),
        (
            "NotAction with Allow",
            vec![json!({ "Effect": "Allow", "NotAction": "iam:*", "Resource": "*" })],
            Decision::Allowed,
        ),
        (
            "NotAction with Deny",
            vec![
                allow_all(),
                json!({ "Effect": "Deny", "NotAction": "s3:*", "Resource": "*" }),
            ],
            Decision::ExplicitDeny,
        ),
        (
            "NotResource excludes",
            vec![json!({ "Effect": "Allow", "Action": "*", "NotResource": topic })],
            Decision::ImplicitDeny,
        ),
        (
            "NotResource with Deny spares",
            vec![
                allow_all(),
                json!({ "Effect": "Deny", "Action": "*", "NotResource": topic }),
            ],
            Decision::Allowed,
        ),
    ] {
        assert_eq!(decide(&with(&statements), &write()), expected, "{name}");
    }
}

/// The same page, "Example identity-based and resource-based policy evaluation": Carlos and his logs.
#[test]
fn the_example_of_the_page() {
    let statements = [
        json!({ "Sid": "AllowS3ListRead", "Effect": "Allow", "Resource": "arn:aws:s3:::*",
                "Action": ["s3:GetBucketLocation", "s3:ListAllMyBuckets"] }),
        json!({ "Sid": "AllowS3Self", "Effect": "Allow", "Action": "s3:*",
                "Resource": ["arn:aws:s3:::carlossalazar/*", "arn:aws:s3:::carlossalazar"] }),
        json!({ "Sid": "DenyS3Logs", "Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::*log*" }),
    ];
    let ask = |action: &str, resource: &str| {
        outcome(&statements, &Request::new(user(), action, arn(resource)))
    };
    let logs = ask("s3:PutObject", "arn:aws:s3:::carlossalazar-logs/a");
    assert_eq!(logs.decision, Decision::ExplicitDeny);
    assert_eq!(logs.deciding.len(), 1);
    assert_eq!(logs.deciding[0].at.sid.as_deref(), Some("DenyS3Logs"));
    assert_eq!(logs.deciding[0].statement, statements[2]);
    let own = ask("s3:PutObject", "arn:aws:s3:::carlossalazar/a");
    assert_eq!(own.decision, Decision::Allowed);
    assert_eq!(own.deciding[0].at.index, 1);
    let other = ask("s3:PutObject", "arn:aws:s3:::others/a");
    assert_eq!(other.decision, Decision::ImplicitDeny);
}

/// "Evaluating identity-based policies with permissions boundaries", "… with Organizations SCPs", "Session policies":
/// intersections, and an explicit deny anywhere.
#[test]
fn layers_that_limit() {
    let set = |layer: Layer, at: usize, policies: &mut Policies| match at {
        0 => policies.boundary = layer,
        1 => policies.session = layer,
        2 => policies.service_control = vec![layer],
        _ => policies.resource_control = vec![layer],
    };
    let kinds = [
        Kind::Boundary,
        Kind::Session,
        Kind::ServiceControl,
        Kind::ResourceControl,
    ];
    for (at, kind) in kinds.into_iter().enumerate() {
        let anyone = |mut statement: Value| {
            if kind == Kind::ResourceControl {
                statement["Principal"] = json!("*");
            }
            statement
        };
        for (statements, expected) in [
            (vec![allow_all()], Decision::Allowed),
            (vec![allow("s3:*", "*")], Decision::ImplicitDeny),
            (
                vec![allow_all(), deny("kafka-cluster:Connect", "*")],
                Decision::ExplicitDeny,
            ),
        ] {
            let statements: Vec<Value> = statements.into_iter().map(anyone).collect();
            let mut policies = with(&[allow_all()]);
            set(layer(kind, &statements), at, &mut policies);
            assert_eq!(decide(&policies, &connect()), expected, "{kind:?}");
            // None of them grants anything.
            let mut policies = with(&[]);
            set(layer(kind, &statements), at, &mut policies);
            assert_ne!(decide(&policies, &connect()), Decision::Allowed, "{kind:?}");
        }
    }
}

/// AWS Organizations User Guide, "SCP evaluation": every level has to allow.
#[test]
fn every_level_of_an_organisation_allows() {
    let full = || layer(Kind::ServiceControl, &[allow_all()]);
    let narrow = layer(Kind::ServiceControl, &[allow("s3:*", "*")]);
    let mut policies = with(&[allow_all()]);
    policies.service_control = vec![full(), full(), full()];
    assert_eq!(decide(&policies, &connect()), Decision::Allowed);
    policies.service_control[1] = narrow;
    let outcome = evaluate(&policies, &connect());
    assert_eq!(outcome.decision, Decision::ImplicitDeny);
    assert_eq!(outcome.lacking, [LayerName::ServiceControl { level: 1 }]);
}

/// The table "Resource-based policies and implicit denies in other policy types (same account)". The columns: who is
/// named, whether the identity's policies allow, whether the boundary does, whether the session's do.
#[test]
fn what_limits_a_resource_policy_in_its_own_account() {
    let session = "arn:aws:sts::111122223333:assumed-role/orders/orders-writer";
    let role_arn = "arn:aws:iam::111122223333:role/team/orders";
    let ann = "arn:aws:iam::111122223333:user/staff/ann";
    for (named, who, identity, boundary, passed, expected) in [
        (role_arn, role(), false, true, true, Decision::Allowed),
        (role_arn, role(), false, false, true, Decision::ImplicitDeny),
        (role_arn, role(), false, true, false, Decision::ImplicitDeny),
        (session, role(), false, false, false, Decision::Allowed),
        ("*", role(), false, false, false, Decision::Allowed),
        (ann, user(), false, false, false, Decision::Allowed),
        // An account delegates: its own policies have to allow.
        (ACCOUNT, role(), false, true, true, Decision::ImplicitDeny),
        (ACCOUNT, role(), true, true, true, Decision::Allowed),
        (OTHER_ACCOUNT, role(), true, true, true, Decision::Allowed),
        (
            OTHER_ACCOUNT,
            role(),
            false,
            true,
            true,
            Decision::ImplicitDeny,
        ),
    ] {
        let grant = |allows| {
            if allows {
                allow_all()
            } else {
                allow("s3:*", "*")
            }
        };
        let mut policies = with(&[grant(identity)]);
        policies.boundary = layer(Kind::Boundary, &[grant(boundary)]);
        policies.session = layer(Kind::Session, &[grant(passed)]);
        let mut statement = allow("kafka-cluster:*", "*");
        statement["Principal"] = json!({ "AWS": named });
        policies.cluster = layer(Kind::Cluster, &[statement]);
        let request = Request::new(who, "kafka-cluster:Connect", cluster().resource().arn());
        assert_eq!(
            decide(&policies, &request),
            expected,
            "{named} {identity} {boundary} {passed}"
        );
    }
}

/// "Cross-account policy evaluation logic": both accounts have to allow.
#[test]
fn across_accounts() {
    let request = Request::new(
        role(),
        "kafka-cluster:Connect",
        cluster_of(OTHER_ACCOUNT).resource().arn(),
    );
    for (identity, named, expected, lacking) in [
        (true, Some(ACCOUNT), Decision::Allowed, vec![]),
        (
            true,
            Some("arn:aws:iam::111122223333:role/team/orders"),
            Decision::Allowed,
            vec![],
        ),
        (true, None, Decision::ImplicitDeny, vec![LayerName::Cluster]),
        (
            true,
            Some(OTHER_ACCOUNT),
            Decision::ImplicitDeny,
            vec![LayerName::Cluster],
        ),
        (
            false,
            Some("arn:aws:sts::111122223333:assumed-role/orders/orders-writer"),
            Decision::ImplicitDeny,
            vec![LayerName::Identity],
        ),
        (
            false,
            None,
            Decision::ImplicitDeny,
            vec![LayerName::Identity, LayerName::Cluster],
        ),
    ] {
        let mut policies = with(&[if identity {
            allow_all()
        } else {
            allow("s3:*", "*")
        }]);
        if let Some(named) = named {
            let mut statement = allow("kafka-cluster:*", "*");
            statement["Principal"] = json!({ "AWS": named });
            policies.cluster = layer(Kind::Cluster, &[statement]);
        }
        let outcome = evaluate(&policies, &request);
        assert_eq!(outcome.decision, expected, "{identity} {named:?}");
        assert_eq!(outcome.lacking, lacking, "{identity} {named:?}");
    }
}

#[test]
fn what_nobody_read_is_named() {
    let mut policies = Policies {
        identity: Layer::Read(vec![inline(&[allow_all()])]),
        boundary: Layer::Absent,
        cluster: Layer::Absent,
        ..Policies::default()
    };
    let outcome = evaluate(&policies, &connect());
    assert_eq!(outcome.decision, Decision::Unknown);
    assert_eq!(outcome.if_unread_pass, Decision::Allowed);
    let unread = |name| Missing::Layer { name };
    assert_eq!(
        outcome.missing,
        [
            unread(LayerName::Session),
            unread(LayerName::ServiceControl { level: 0 }),
            unread(LayerName::ResourceControl { level: 0 }),
        ]
    );
    assert_eq!(outcome.deciding.len(), 1);
    // Whatever they hold, they grant nothing.
    policies.identity = Layer::Read(Vec::new());
    assert_eq!(decide(&policies, &connect()), Decision::ImplicitDeny);
    // A boundary can be read: it is not taken to let anything pass.
    policies.identity = Layer::Read(vec![inline(&[allow_all()])]);
    policies.boundary = Layer::Unread;
    let outcome = evaluate(&policies, &connect());
    assert_eq!(outcome.if_unread_pass, Decision::Unknown);
    assert!(outcome.missing.contains(&unread(LayerName::Boundary)));
}

/// `OrganizationsDecisionDetail.AllowedByOrganizations` of iam:SimulatePrincipalPolicy.
#[test]
fn the_simulators_word_stands_in_for_unread_policies_of_the_organisation() {
    let mut policies = with(&[allow_all()]);
    policies.service_control = vec![Layer::Unread];
    let mut request = connect();
    for (word, expected) in [
        (None, Decision::Unknown),
        (Some(true), Decision::Allowed),
        (Some(false), Decision::ImplicitDeny),
    ] {
        request.allowed_by_organizations = word;
        assert_eq!(decide(&policies, &request), expected);
    }
    // What was read is not overruled.
    policies.service_control = vec![layer(Kind::ServiceControl, &[allow_all()])];
    assert_eq!(decide(&policies, &request), Decision::Allowed);
}

#[test]
fn a_policy_without_text_hides_a_deny_and_an_allow() {
    let secret = || {
        Policy::unread(
            Kind::Managed,
            "arn:aws:iam::1:policy/x",
            "iam:GetPolicyVersion",
        )
    };
    let missing = Missing::Policy {
        kind: Kind::Managed,
        name: "arn:aws:iam::1:policy/x".to_owned(),
        why: "iam:GetPolicyVersion".to_owned(),
    };
    for (statements, expected) in [
        (vec![], Decision::Unknown),
        (vec![allow_all()], Decision::Unknown),
        (vec![allow_all(), deny("*", "*")], Decision::ExplicitDeny),
    ] {
        let policies = Policies::of_identity(vec![secret(), inline(&statements)]);
        let outcome = evaluate(&policies, &connect());
        assert_eq!(outcome.decision, expected);
        let named = outcome.missing.contains(&missing);
        assert_eq!(named, expected == Decision::Unknown);
    }
}

#[test]
fn groups_are_quoted_with_their_name() {
    let policy =
        Policy::new(Kind::GroupInline, "kafka", &document(&[allow_all()])).of_group("devs");
    let request = Request::new(user(), "kafka-cluster:Connect", cluster().resource().arn());
    let outcome = evaluate(&Policies::of_identity(vec![policy]), &request);
    assert_eq!(outcome.decision, Decision::Allowed);
    assert_eq!(outcome.deciding[0].at.group.as_deref(), Some("devs"));
    assert_eq!(outcome.deciding[0].at.kind, Kind::GroupInline);
}
