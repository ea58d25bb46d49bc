//! The usual mistakes, what is said of each, and the change after which the request passes.

use super::*;

use msk_doctor::iam::fix::{Change, apply, fixes};
use msk_doctor::iam::{Difference, Flaw, LayerName, Part};

/// Whether a flaw is the one that a mistake makes.
type IsFlaw = Box<dyn Fn(&Flaw) -> bool>;

/// Amazon MSK Developer Guide, "IAM access control": the statements that people write, each with one mistake.
#[test]
fn each_mistake_is_named_and_mended() {
    let own = cluster().resource().arn().to_string();
    let topic = cluster().topic("orders").arn().to_string();
    let part = |flaw: &Flaw, wanted: Part| {
        matches!(flaw, Flaw::Resource { differences, .. }
            if differences.iter().any(|difference| matches!(difference, Difference::Other { part, .. } if *part == wanted)))
    };
    let rows: Vec<(&str, Value, Request, IsFlaw)> = vec![
        (
            "kafka: for kafka-cluster:",
            allow("kafka:Connect", &own),
            connect(),
            Box::new(|flaw| matches!(flaw, Flaw::ActionPrefix { .. })),
        ),
        (
            "another cluster",
            allow("kafka-cluster:Connect", &own.replace("demo", "demo-2")),
            connect(),
            Box::new(move |flaw| part(flaw, Part::ClusterName)),
        ),
        (
            "the UUID of a cluster that was deleted",
            allow(
                "kafka-cluster:Connect",
                &own.replace("aaaa1111", "cccc3333"),
            ),
            connect(),
            Box::new(move |flaw| part(flaw, Part::ClusterUuid)),
        ),
        (
            "another region",
            allow("kafka-cluster:*", &own.replace("eu-west-1", "us-east-1")),
            connect(),
            Box::new(move |flaw| part(flaw, Part::Region)),
        ),
        (
            "another account",
            allow("kafka-cluster:*", &own.replace(ACCOUNT, OTHER_ACCOUNT)),
            connect(),
            Box::new(move |flaw| part(flaw, Part::Account)),
        ),
        (
            "a false condition",
            json!({ "Effect": "Allow", "Action": "kafka-cluster:*", "Resource": "*",
                    "Condition": { "StringEquals": { "aws:RequestedRegion": "us-east-1" } } }),
            write(),
            Box::new(|flaw| matches!(flaw, Flaw::Condition { certain: true, .. })),
        ),
        (
            "other actions",
            allow("kafka-cluster:ReadData", &topic),
            write(),
            Box::new(|flaw| matches!(flaw, Flaw::OtherActions { .. })),
        ),
    ];
    for (name, statement, request, is) in rows {
        let policies = with(&[statement]);
        let outcome = evaluate(&policies, &request);
        assert_eq!(outcome.decision, Decision::ImplicitDeny, "{name}");
        assert_eq!(outcome.lacking, [LayerName::Identity], "{name}");
        let near = outcome
            .near_misses
            .first()
            .unwrap_or_else(|| panic!("{name}: no near miss"));
        assert!(near.flaws.iter().any(is), "{name}: {:?}", near.flaws);
        let found = fixes(&policies, &request, &outcome);
        assert!(!found.is_empty(), "{name}");
        for fix in found {
            assert!(fix.is_verified(), "{name}");
            let changed = apply(&policies, &fix.changes).expect("its own policies");
            assert_eq!(decide(&changed, &request), Decision::Allowed, "{name}");
            assert_ne!(decide(&policies, &request), Decision::Allowed, "{name}");
        }
    }
}

#[test]
fn a_missing_statement_is_exact() {
    let outcome = outcome(&[], &connect());
    let found = fixes(&with(&[]), &connect(), &outcome);
    let [fix] = found.as_slice() else {
        panic!("one fix: {found:?}");
    };
    let [Change::Add { statement, .. }] = fix.changes.as_slice() else {
        panic!("a statement is added: {fix:?}");
    };
    assert_eq!(
        *statement,
        json!({ "Effect": "Allow", "Action": "kafka-cluster:Connect",
                "Resource": cluster().resource().arn().to_string() })
    );
}

#[test]
fn a_deny_is_narrowed_and_not_drowned() {
    let policies = with(&[allow_all(), deny("kafka-cluster:*", "*")]);
    let outcome = evaluate(&policies, &connect());
    assert_eq!(outcome.decision, Decision::ExplicitDeny);
    let found = fixes(&policies, &connect(), &outcome);
    assert!(!found.is_empty());
    for fix in &found {
        assert!(fix.is_verified());
        let changed = apply(&policies, &fix.changes).expect("its own policies");
        // What it was not asked about stays denied.
        assert_eq!(decide(&changed, &write()), Decision::ExplicitDeny);
    }
}

/// A change of other policies than these is refused, and nothing is half done.
#[test]
fn a_change_that_does_not_fit_is_an_error() {
    let policies = with(&[allow("kafka:Connect", "*")]);
    let outcome = evaluate(&policies, &connect());
    let fix = fixes(&policies, &connect(), &outcome).remove(0);
    assert!(
        fix.changes
            .iter()
            .any(|change| matches!(change, Change::Replace { .. }))
    );
    assert!(apply(&with(&[]), &fix.changes).is_err());
}
