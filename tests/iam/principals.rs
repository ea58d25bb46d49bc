//! IAM User Guide, "AWS JSON policy elements: Principal" and "… : NotPrincipal".

use super::*;

use msk_doctor::iam::{LayerName, Missing, PrincipalKind};

const ROLE: &str = "arn:aws:iam::111122223333:role/team/orders";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/orders/orders-writer";

#[test]
fn arns_of_principals() {
    let session = Principal::from_arn(SESSION).expect("a session");
    assert_eq!(
        (session.name.as_str(), session.account.as_str()),
        ("orders", ACCOUNT)
    );
    assert_eq!(session.path, None, "an assumed-role ARN has lost it");
    assert_eq!(session.arn(), None);
    assert_eq!(session.session_arn().as_deref(), Some(SESSION));
    let named = session
        .with_identity(ROLE, Some("AROA1"))
        .expect("the same role");
    assert_eq!(named.arn().as_deref(), Some(ROLE));
    assert_eq!(named.path.as_deref(), Some("/team/"));
    assert_eq!(named.session_arn().as_deref(), Some(SESSION));
    let plain = Principal::from_arn("arn:aws-cn:iam::1:role/x").expect("a role");
    assert_eq!(plain.path.as_deref(), Some("/"));
    assert_eq!(plain.kind, PrincipalKind::Role { session: None });
    assert_eq!(plain.arn().as_deref(), Some("arn:aws-cn:iam::1:role/x"));
    let other = "arn:aws:iam::111122223333:role/team/other";
    assert!(
        Principal::from_arn(SESSION)
            .expect("a session")
            .with_identity(other, None)
            .is_err()
    );
    for text in [
        "orders",
        "arn:aws:iam::111122223333:root",
        "arn:aws:sts::111122223333:federated-user/ann",
        "arn:aws:sts::111122223333:assumed-role/orders",
        "arn:aws:iam::111122223333:role/team/",
        "arn:aws:iam:::role/x",
        "",
    ] {
        assert!(Principal::from_arn(text).is_err(), "{text}");
    }
}

/// Who may connect, where only the cluster's policy allows and the account is the same.
fn allowed_by(principal: Value, who: Principal) -> (Decision, Vec<Missing>) {
    let mut statement = allow("kafka-cluster:*", "*");
    statement["Principal"] = principal;
    let mut policies = with(&[]);
    policies.cluster = layer(Kind::Cluster, &[statement]);
    let request = Request::new(who, "kafka-cluster:Connect", cluster().resource().arn());
    let outcome = evaluate(&policies, &request);
    (outcome.decision, outcome.missing)
}

#[test]
fn who_is_named() {
    use Decision::{Allowed, ImplicitDeny, Unknown};
    let no_path = || Principal::from_arn(SESSION).expect("a session");
    let no_session = || Principal::from_arn(ROLE).expect("a role");
    let with_id = || role().with_identity(ROLE, Some("AROA1")).expect("the same");
    let other_session = "arn:aws:sts::111122223333:assumed-role/orders/me";
    for (named, who, expected, missing) in [
        (json!(ROLE), role(), Allowed, None),
        (
            json!(["arn:aws:iam::1:role/x", ROLE]),
            role(),
            Allowed,
            None,
        ),
        (
            json!("arn:aws:iam::111122223333:role/orders"),
            role(),
            ImplicitDeny,
            None,
        ),
        (
            json!("arn:aws:iam::111122223333:role/team/Orders"),
            role(),
            ImplicitDeny,
            None,
        ),
        (
            json!("arn:aws:iam::444455556666:role/team/orders"),
            role(),
            ImplicitDeny,
            None,
        ),
        (
            json!("arn:aws:iam::111122223333:user/team/orders"),
            role(),
            ImplicitDeny,
            None,
        ),
        (json!(SESSION), role(), Allowed, None),
        (json!(other_session), role(), ImplicitDeny, None),
        (json!("*"), role(), Allowed, None),
        (
            json!("arn:aws:iam::111122223333:user/staff/ann"),
            user(),
            Allowed,
            None,
        ),
        (
            json!("arn:aws:iam::111122223333:user/ann"),
            user(),
            ImplicitDeny,
            None,
        ),
        (json!(ROLE), no_path(), Unknown, Some(Missing::RolePath)),
        (json!(SESSION), no_path(), Allowed, None),
        (
            json!(SESSION),
            no_session(),
            Unknown,
            Some(Missing::SessionName),
        ),
        (json!(ROLE), no_session(), Allowed, None),
        (json!("AROA1"), with_id(), Allowed, None),
        (json!("AROA2"), with_id(), ImplicitDeny, None),
        (json!("AROA2"), role(), Unknown, Some(Missing::PrincipalId)),
        (
            json!("arn:aws:iam::111122223333:role/team/*"),
            role(),
            Unknown,
            Some(Missing::Principal {
                principal: "arn:aws:iam::111122223333:role/team/*".to_owned(),
            }),
        ),
    ] {
        let (decision, open) = allowed_by(json!({ "AWS": named }), who);
        assert_eq!(decision, expected, "{named}");
        assert_eq!(open, missing.into_iter().collect::<Vec<_>>(), "{named}");
    }
    let (service, _) = allowed_by(json!({ "Service": "kafka.amazonaws.com" }), role());
    assert_eq!(service, ImplicitDeny);
    let (federated, _) = allowed_by(json!({ "Federated": "accounts.google.com" }), role());
    assert_eq!(federated, Unknown);
    assert_eq!(allowed_by(json!("*"), role()).0, Allowed);
}

/// A resource-based policy has a principal, an identity-based one has not.
#[test]
fn a_cluster_policy_without_principal() {
    let mut policies = with(&[]);
    policies.cluster = layer(Kind::Cluster, &[allow_all()]);
    let outcome = evaluate(&policies, &connect());
    assert_eq!(outcome.decision, Decision::Unknown);
    assert_eq!(
        outcome.missing,
        [Missing::Element {
            element: "Principal".to_owned()
        }]
    );
}

/// "NotPrincipal": with `Deny` only; account, role and session have to be named; a boundary makes it deny in any case.
#[test]
fn not_principal() {
    let root = "arn:aws:iam::111122223333:root";
    let ann = "arn:aws:iam::111122223333:user/staff/ann";
    let ask = |effect: &str, named: Value, who: Principal, boundary: Layer| {
        let mut policies = with(&[allow_all()]);
        policies.boundary = boundary;
        policies.cluster = layer(
            Kind::Cluster,
            &[
                json!({ "Effect": effect, "NotPrincipal": { "AWS": named }, "Action": "*", "Resource": "*" }),
            ],
        );
        let request = Request::new(who, "kafka-cluster:Connect", cluster().resource().arn());
        evaluate(&policies, &request)
    };
    let none = Layer::Absent;
    for (named, who, expected) in [
        (
            json!("arn:aws:iam::444455556666:root"),
            role(),
            Decision::ExplicitDeny,
        ),
        (json!([ACCOUNT, ROLE, SESSION]), role(), Decision::Allowed),
        (json!([ACCOUNT, ROLE]), role(), Decision::Unknown),
        (json!(ROLE), role(), Decision::Unknown),
        (json!([root, ann]), user(), Decision::Allowed),
        (json!(ann), user(), Decision::Unknown),
        (json!("*"), role(), Decision::Allowed),
    ] {
        let decision = ask("Deny", named.clone(), who, none.clone()).decision;
        assert_eq!(decision, expected, "{named}");
    }
    let boundary = layer(Kind::Boundary, &[allow_all()]);
    let named = json!([ACCOUNT, ROLE, SESSION]);
    let bounded = ask("Deny", named.clone(), role(), boundary);
    assert_eq!(bounded.decision, Decision::ExplicitDeny);
    let unread = ask("Deny", named, role(), Layer::Unread);
    assert!(unread.missing.contains(&Missing::Layer {
        name: LayerName::Boundary
    }));
    // "Using it with Allow is not supported": what it does is not known, and here it does not matter.
    let outcome = ask("Allow", json!(ann), role(), none);
    assert_eq!(outcome.decision, Decision::Allowed);
}
