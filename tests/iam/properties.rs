//! What holds for all policies.

use proptest::prelude::*;

use super::random::{Dice, as_read, policies, request, statement};
use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn an_added_deny_never_allows(seed: u64) {
        let dice = &mut Dice(seed);
        let mut written = policies(dice);
        let (request, _) = request(dice);
        let before = decide(&as_read(&written), &request);
        let more = statement(dice, false, 100);
        match dice.roll(3) {
            0 => written.identity[0].push(more),
            1 => written.boundary.get_or_insert_with(|| vec![allow_all()]).push(more),
            _ => written.service_control.push(vec![allow_all(), more]),
        }
        let after = decide(&as_read(&written), &request);
        prop_assert!(after != Decision::Allowed || before == Decision::Allowed);
    }

    #[test]
    fn an_added_allow_never_denies(seed: u64) {
        let dice = &mut Dice(seed);
        let mut written = policies(dice);
        let (request, _) = request(dice);
        let before = decide(&as_read(&written), &request);
        written.identity[0].push(statement(dice, false, 0));
        let after = decide(&as_read(&written), &request);
        prop_assert!(before != Decision::Allowed || after == Decision::Allowed);
        prop_assert!((before == Decision::ExplicitDeny) == (after == Decision::ExplicitDeny));
    }

    #[test]
    fn the_order_is_irrelevant(seed: u64) {
        let dice = &mut Dice(seed);
        let written = policies(dice);
        let (request, _) = request(dice);
        let mut turned = written.clone();
        turned.identity.reverse();
        for statements in &mut turned.identity {
            statements.reverse();
        }
        if let Some(statements) = &mut turned.cluster {
            statements.reverse();
        }
        turned.service_control.reverse();
        prop_assert_eq!(decide(&as_read(&written), &request), decide(&as_read(&turned), &request));
    }

    #[test]
    fn a_fix_that_is_offered_helps(seed: u64) {
        let dice = &mut Dice(seed);
        let read = as_read(&policies(dice));
        let (request, _) = request(dice);
        let outcome = evaluate(&read, &request);
        for fix in msk_doctor::iam::fix::fixes(&read, &request, &outcome) {
            let changed = msk_doctor::iam::fix::apply(&read, &fix.changes).expect("its own policies");
            prop_assert_eq!(decide(&changed, &request), fix.decision);
            prop_assert!(fix.is_verified(), "{fix:#?} {:#?}", evaluate(&changed, &request).missing);
        }
    }

    /// Any JSON in the place of any element: an error, an unknown or a decision, and no panic.
    #[test]
    fn no_document_is_a_panic(seed: u64, junk in json_value()) {
        let dice = &mut Dice(seed);
        let mut made = statement(dice, dice.0.is_multiple_of(2), 50);
        let fields = ["Effect", "Action", "Resource", "Condition", "Principal", "Sid", "NotAction", "Extra"];
        made[fields[dice.roll(fields.len())]] = junk.clone();
        for document in [document(&[made.clone()]), made, junk] {
            let policies = Policies::of_identity(vec![Policy::new(Kind::Inline, "p", &document)]);
            let (request, _) = request(dice);
            let outcome = evaluate(&policies, &request);
            let _ = msk_doctor::iam::fix::fixes(&policies, &request, &outcome);
        }
    }
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z*?:${}/', .]{0,24}".prop_map(Value::from),
        "arn:[a-z:*/${}-]{0,30}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(
                "(String|Arn|Bool|Null|Ip|Date)?[A-Za-z:]{0,12}",
                inner,
                0..4
            )
            .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}
