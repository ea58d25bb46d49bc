//! IAM User Guide, "IAM JSON policy elements: Condition operators", "Conditions with multiple context keys or values",
//! "Single-valued vs. multivalued context keys".

use super::*;

use msk_doctor::iam::{Condition, Context, Missing, Version};

const YES: Option<bool> = Some(true);
const NO: Option<bool> = Some(false);

/// Whether a condition holds where the key `k` has these values; none at all: absent.
fn holds(operator: &str, written: &[&str], values: &[&str]) -> Option<bool> {
    let mut context = Context::default();
    context.set_all("k", values.iter().map(|value| (*value).to_owned()));
    ask(operator, written, &context)
}

fn ask(operator: &str, written: &[&str], context: &Context) -> Option<bool> {
    let written = written.iter().map(|value| (*value).to_owned()).collect();
    let answer = Condition::new(operator, "K", written).holds(Version::V2012, context);
    match (answer.is_yes(), answer.is_no()) {
        (false, false) => None,
        (yes, _) => Some(yes),
    }
}

#[test]
fn operators_on_one_value() {
    let arn = "arn:aws:iam::111122223333:role/team/orders";
    for (operator, written, value, expected) in [
        // String condition operators.
        ("StringEquals", "Ab", "Ab", YES),
        ("StringEquals", "Ab", "ab", NO),
        ("StringEquals", "a*", "ab", NO),
        ("StringNotEquals", "Ab", "ab", YES),
        ("StringNotEquals", "Ab", "Ab", NO),
        ("StringEqualsIgnoreCase", "Ab", "aB", YES),
        ("StringNotEqualsIgnoreCase", "Ab", "aB", NO),
        ("StringLike", "a*c?", "abcd", YES),
        ("StringLike", "a*c?", "Abcd", NO),
        ("StringNotLike", "a*", "ab", NO),
        ("StringNotLike", "a*", "b", YES),
        ("stringequals", "a", "a", YES),
        // Numeric.
        ("NumericEquals", "10", "10.0", YES),
        ("NumericNotEquals", "10", "11", YES),
        ("NumericLessThan", "10", "9.5", YES),
        ("NumericLessThan", "10", "10", NO),
        ("NumericLessThanEquals", "10", "10", YES),
        ("NumericGreaterThan", "10", "11", YES),
        ("NumericGreaterThanEquals", "10", "9", NO),
        ("NumericEquals", "ten", "10", None),
        ("NumericEquals", "10", "nan", None),
        ("NumericLessThan", "inf", "10", None),
        // Date and time: W3C forms and epoch time.
        (
            "DateGreaterThan",
            "2020-01-01T00:00:01Z",
            "2026-11-23T10:00:00Z",
            YES,
        ),
        ("DateLessThan", "2020-01-01", "2019-12-31T23:59:59Z", YES),
        ("DateLessThan", "2020-01", "2020-01-01T00:00:00Z", NO),
        (
            "DateEquals",
            "2020-01-01T01:00:00+01:00",
            "2020-01-01T00:00:00Z",
            YES,
        ),
        ("DateEquals", "1577836800", "2020-01-01T00:00:00Z", YES),
        ("DateNotEquals", "1577836800", "2020-01-01T00:00:00Z", NO),
        ("DateLessThanEquals", "2020-01-01T00:00Z", "1577836800", YES),
        ("DateGreaterThanEquals", "2020-13-01", "1577836800", None),
        ("DateEquals", "2020", "2020-01-01T00:00:00Z", None),
        // Boolean, binary.
        ("Bool", "true", "true", YES),
        ("Bool", "True", "false", NO),
        ("Bool", "yes", "true", None),
        (
            "BinaryEquals",
            "QmluYXJ5VmFsdWVJbkJhc2U2NA==",
            "QmluYXJ5VmFsdWVJbkJhc2U2NA==",
            YES,
        ),
        ("BinaryEquals", "QQ==", "Qg==", NO),
        ("BinaryEquals", "Q", "Qg==", None),
        // IP addresses.
        ("IpAddress", "203.0.113.0/24", "203.0.113.9", YES),
        ("IpAddress", "203.0.113.0/24", "203.0.114.9", NO),
        ("IpAddress", "203.0.113.9", "203.0.113.9", YES),
        (
            "IpAddress",
            "2001:DB8:1234:5678::/64",
            "2001:db8:1234:5678::1",
            YES,
        ),
        ("IpAddress", "2001:DB8:1234:5678::/64", "203.0.113.9", NO),
        ("NotIpAddress", "203.0.113.0/24", "203.0.113.9", NO),
        ("NotIpAddress", "203.0.113.0/24", "10.0.0.1", YES),
        ("IpAddress", "203.0.113.0/33", "203.0.113.9", None),
        // ARNs: six parts, each by itself.
        ("ArnEquals", "arn:aws:iam::*:role/team/*", arn, YES),
        ("ArnLike", "arn:aws:iam::111122223333:role/*", arn, YES),
        ("ArnLike", "arn:aws:iam::111122223333:role/Team/*", arn, NO),
        ("ArnNotEquals", "arn:aws:iam::*:role/team/*", arn, NO),
        ("ArnNotLike", "arn:aws:iam::*:user/*", arn, YES),
        ("ArnLike", "arn:aws:*", arn, None),
        ("ArnLike", "arn:aws:iam::*:role/x", "no ARN", None),
        // Existence.
        ("Null", "false", "x", YES),
        ("Null", "true", "x", NO),
        ("Null", "maybe", "x", None),
        // What does not exist.
        ("StringEqual", "a", "a", None),
        ("NullIfExists", "true", "a", None),
        ("ForAllValues:Null", "true", "a", None),
        ("ForSomeValues:StringEquals", "a", "a", None),
        ("BinaryNotEquals", "QQ==", "Qg==", None),
    ] {
        assert_eq!(
            holds(operator, &[written], &[value]),
            expected,
            "{operator} {written} {value}"
        );
    }
}

/// "Amazon Resource Name (ARN) condition operators", the example of finance and store.
#[test]
fn an_arn_is_no_string() {
    let pattern = "arn:aws:someservice:*:111122223333:finance/*";
    let value =
        "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt";
    assert_eq!(holds("StringLike", &[pattern], &[value]), YES);
    assert_eq!(holds("ArnLike", &[pattern], &[value]), NO);
}

/// The note at the head of the page, "…`IfExists`" and "Null": what an absent key means.
#[test]
fn an_absent_key() {
    for (operator, expected) in [
        ("StringEquals", NO),
        ("StringNotEquals", YES),
        ("StringLike", NO),
        ("StringNotLike", YES),
        ("NumericLessThan", NO),
        ("NumericNotEquals", YES),
        ("DateGreaterThan", NO),
        ("DateNotEquals", YES),
        ("Bool", NO),
        ("BinaryEquals", NO),
        ("IpAddress", NO),
        ("NotIpAddress", YES),
        ("ArnLike", NO),
        ("ArnNotLike", YES),
        ("StringEqualsIfExists", YES),
        ("StringNotEqualsIfExists", YES),
        ("BoolIfExists", YES),
        ("IpAddressIfExists", YES),
        ("ForAllValues:StringEquals", YES),
        ("ForAllValues:StringNotEquals", YES),
        ("ForAnyValue:StringEquals", NO),
        ("ForAnyValue:StringNotEquals", NO),
        ("ForAnyValue:StringLikeIfExists", YES),
    ] {
        assert_eq!(holds(operator, &["true"], &[]), expected, "{operator}");
    }
    assert_eq!(holds("Null", &["true"], &[]), YES);
    assert_eq!(holds("Null", &["false"], &[]), NO);
}

/// "Evaluation logic for multiple context keys or values": OR within a list, NOR where the operator is negated.
#[test]
fn several_values_in_the_policy() {
    for (operator, value, expected) in [
        ("StringEquals", "b", YES),
        ("StringEquals", "c", NO),
        ("StringNotEquals", "b", NO),
        ("StringNotEquals", "c", YES),
        ("StringNotLike", "a", NO),
        ("StringEqualsIfExists", "c", NO),
    ] {
        assert_eq!(
            holds(operator, &["a", "b"], &[value]),
            expected,
            "{operator} {value}"
        );
    }
    assert_eq!(holds("StringEquals", &[], &["a"]), NO);
    assert_eq!(holds("StringNotEquals", &[], &["a"]), YES);
    assert_eq!(
        holds(
            "NotIpAddress",
            &["10.0.0.0/8", "192.168.0.0/16"],
            &["192.168.1.1"]
        ),
        NO
    );
    // One value that is none does not hide that another matches.
    assert_eq!(holds("NumericEquals", &["x", "1"], &["1"]), YES);
    assert_eq!(holds("NumericEquals", &["x", "1"], &["2"]), None);
}

/// "Single-valued vs. multivalued context keys" and the older page on set operators with its tables of
/// `PostDateTime`, `Message`, `Tags` and `UserName`.
#[test]
fn sets() {
    let list = ["PostDateTime", "Message", "Tags"];
    for (operator, values, expected) in [
        (
            "ForAllValues:StringLike",
            &["PostDateTime", "Message"][..],
            YES,
        ),
        ("ForAllValues:StringLike", &["PostDateTime", "UserName"], NO),
        ("ForAnyValue:StringLike", &["UserName", "Message"], YES),
        ("ForAnyValue:StringLike", &["UserName"], NO),
        ("ForAllValues:StringNotEquals", &["UserName", "ID"], YES),
        ("ForAllValues:StringNotEquals", &["UserName", "Tags"], NO),
        ("ForAnyValue:StringNotEquals", &["UserName", "Tags"], YES),
        ("ForAnyValue:StringNotEquals", &["Message", "Tags"], NO),
        // "resolve to an empty data set, such as an empty string"
        ("ForAllValues:StringEquals", &[""], YES),
        ("ForAnyValue:StringEquals", &[""], NO),
        // "Multivalued context keys require a condition set operator."
        ("StringEquals", &["Message", "Tags"], None),
    ] {
        assert_eq!(
            holds(operator, &list, values),
            expected,
            "{operator} {values:?}"
        );
    }
}

#[test]
fn a_key_that_is_not_known() {
    let context = Context::default();
    for operator in [
        "StringEquals",
        "StringNotEqualsIfExists",
        "Null",
        "ForAllValues:StringLike",
    ] {
        assert_eq!(ask(operator, &["true"], &context), None, "{operator}");
    }
    let mut context = Context::default();
    context.set_present("k");
    assert_eq!(ask("Null", &["false"], &context), YES);
    assert_eq!(ask("Null", &["true"], &context), NO);
    assert_eq!(ask("StringEquals", &["a"], &context), None);
}

/// All conditions of a statement must hold; one that fails settles it whatever is not known of the others.
#[test]
fn conditions_are_anded() {
    let allowed_if = |conditions: Value| {
        let mut statement = allow_all();
        statement["Condition"] = conditions;
        with(&[statement])
    };
    let mut request = connect();
    request.context.set("aws:SourceVpc", "vpc-1");
    for (conditions, expected) in [
        (json!({}), Decision::Allowed),
        (
            json!({ "StringEquals": { "AWS:sourcevpc": "vpc-1", "aws:PrincipalAccount": ACCOUNT } }),
            Decision::Allowed,
        ),
        (
            json!({ "StringEquals": { "aws:SourceVpc": "vpc-1" }, "Bool": { "aws:SecureTransport": false } }),
            Decision::ImplicitDeny,
        ),
        (
            json!({ "StringEquals": { "aws:SourceVpce": "vpce-1" }, "Bool": { "aws:SecureTransport": true } }),
            Decision::Unknown,
        ),
        (
            json!({ "StringEquals": { "aws:SourceVpce": "vpce-1", "aws:SourceVpc": "vpc-2" } }),
            Decision::ImplicitDeny,
        ),
        (
            json!({ "Colour": { "aws:SourceVpc": "vpc-1" } }),
            Decision::Unknown,
        ),
    ] {
        let outcome = evaluate(&allowed_if(conditions.clone()), &request);
        assert_eq!(outcome.decision, expected, "{conditions}");
    }
    let open = json!({ "StringEquals": { "aws:SourceVpce": "vpce-1" }, "Colour": { "k": "v" } });
    assert_eq!(
        evaluate(&allowed_if(open), &request).missing,
        [
            Missing::Key {
                key: "aws:sourcevpce".to_owned()
            },
            Missing::Operator {
                operator: "Colour".to_owned()
            },
        ]
    );
}

/// "AWS global condition context keys": what follows from who asks for what.
#[test]
fn keys_that_follow_from_the_request() {
    let with_id = role().with_identity("arn:aws:iam::111122223333:role/team/orders", Some("AROA1"));
    let tags = [("Team".to_owned(), "red".to_owned())].into();
    let who = with_id.expect("the same role").with_tags(tags);
    let mut request = Request::new(who, "kafka-cluster:Connect", cluster().resource().arn());
    request
        .context
        .set_time(time::macros::datetime!(2026-11-23 10:00 UTC));
    for (operator, key, value) in [
        (
            "ArnEquals",
            "aws:PrincipalArn",
            "arn:aws:iam::111122223333:role/team/orders",
        ),
        ("StringEquals", "aws:PrincipalAccount", ACCOUNT),
        ("StringEquals", "aws:PrincipalType", "AssumedRole"),
        ("StringEquals", "aws:userid", "AROA1:orders-writer"),
        ("StringEquals", "aws:PrincipalTag/team", "red"),
        ("Null", "aws:PrincipalTag/colour", "true"),
        ("Null", "aws:username", "true"),
        ("Null", "aws:TokenIssueTime", "false"),
        ("StringEquals", "aws:ResourceAccount", ACCOUNT),
        ("StringEquals", "aws:RequestedRegion", "eu-west-1"),
        ("Bool", "aws:SecureTransport", "true"),
        ("Bool", "aws:ViaAWSService", "false"),
        ("DateEquals", "aws:CurrentTime", "2026-11-23T10:00:00Z"),
        ("NumericEquals", "aws:EpochTime", "1795428000"),
    ] {
        let condition = Condition::new(operator, key, vec![value.to_owned()]);
        let answer = condition.holds(Version::V2012, &request.context);
        assert!(answer.is_yes(), "{operator} {key} {value}: {answer:?}");
    }
    let ann = Request::new(user(), "kafka-cluster:Connect", cluster().resource().arn());
    let condition = Condition::new("StringEquals", "aws:username", vec!["ann".to_owned()]);
    assert!(condition.holds(Version::V2012, &ann.context).is_yes());
    // Tags that nobody read are not absent.
    let condition = Condition::new("Null", "aws:PrincipalTag/x", vec!["true".to_owned()]);
    assert!(
        condition
            .holds(Version::V2012, &ann.context)
            .missing()
            .next()
            .is_some()
    );
}
