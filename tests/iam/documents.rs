//! IAM User Guide, "Grammar of the IAM JSON policy language" and "IAM JSON policy elements reference".

use super::*;

use msk_doctor::iam::{
    Document, DocumentError, Effect, Missing, Problem, Version, WrittenPrincipal,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

fn wrong(document: &Value) -> String {
    match Document::from_value(document) {
        Ok(document) => panic!("it was read: {document:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn one_value_or_a_list() {
    let one = json!({ "Statement": { "Effect": "Allow", "Action": "kafka-cluster:Connect", "Resource": "*",
        "Condition": { "Bool": { "aws:SecureTransport": true }, "NumericEquals": { "k": [1, 2.5] } } } });
    let list = json!({ "Statement": [{ "Effect": "Allow", "Action": ["kafka-cluster:Connect"], "Resource": ["*"],
        "Condition": { "Bool": { "aws:SecureTransport": ["true"] }, "NumericEquals": { "k": ["1", "2.5"] } } }] });
    let [one, list] = [one, list].map(|json| Document::from_value(&json).expect("a policy"));
    assert_eq!(one.version, Version::V2008, "the default");
    assert_eq!(one.statements.len(), 1);
    assert_eq!(one.statements[0].action, list.statements[0].action);
    assert_eq!(one.statements[0].resource, list.statements[0].resource);
    assert_eq!(one.statements[0].conditions, list.statements[0].conditions);
}

#[test]
fn principals() {
    let read = |principal: Value| {
        let mut statement = allow_all();
        statement["Principal"] = principal;
        let read = Document::from_value(&document(&[statement])).expect("a policy");
        read.statements[0].principal.clone().expect("a principal")
    };
    let aws = |text: &str| WrittenPrincipal::Aws(text.to_owned());
    assert_eq!(read(json!("*")).principals, [WrittenPrincipal::Anyone]);
    assert_eq!(
        read(json!({ "AWS": "*" })).principals,
        [WrittenPrincipal::Anyone]
    );
    assert_eq!(
        read(json!({ "AWS": ["1", "2"] })).principals,
        [aws("1"), aws("2")]
    );
    assert_eq!(
        read(json!({ "Service": "kafka.amazonaws.com" })).principals,
        [WrittenPrincipal::Other {
            kind: "Service".to_owned(),
            value: "kafka.amazonaws.com".to_owned()
        }]
    );
}

#[test]
fn documents_url_encoded() {
    let text = document(&[deny("kafka-cluster:*", "*")]).to_string();
    let encoded = utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string();
    assert!(encoded.starts_with("%7B"));
    for form in [json!(encoded), json!(text), json!(format!("  {text}\n"))] {
        let read = Document::from_value(&form).expect("a policy");
        assert_eq!(read.statements[0].effect, Effect::Deny);
    }
    assert_eq!(
        Document::from_text("%FF%FE"),
        Err(DocumentError::NotJson(
            "invalid utf-8 sequence of 1 bytes from index 0".to_owned()
        ))
    );
}

#[test]
fn what_is_wrong_and_where() {
    let with = |element: &str, value: Value| {
        let mut statement = allow_all();
        statement[element] = value;
        document(&[allow_all(), statement])
    };
    let without = |element: &str| {
        let mut statement = allow_all();
        statement
            .as_object_mut()
            .expect("an object")
            .remove(element);
        document(&[allow_all(), statement])
    };
    for (document, expected) in [
        (json!([]), "the document: must be an object"),
        (json!({}), "Statement: is missing"),
        (
            json!({ "Statement": [], "Version": "2020-01-01" }),
            "Version: \"2020-01-01\" does not exist",
        ),
        (
            json!({ "Statement": [], "Version": 2012 }),
            "Version: must be a string",
        ),
        (
            json!({ "Statement": [1] }),
            "Statement[0]: must be an object",
        ),
        (without("Effect"), "Statement[1].Effect: is missing"),
        (without("Action"), "Statement[1].Action: is missing"),
        (without("Resource"), "Statement[1].Resource: is missing"),
        (
            with("Effect", json!("allow")),
            "Statement[1].Effect: \"allow\" does not exist",
        ),
        (with("Sid", json!(1)), "Statement[1].Sid: must be a string"),
        (
            with("NotAction", json!("a:b")),
            "Statement[1].Action: excludes NotAction",
        ),
        (
            with("NotResource", json!("*")),
            "Statement[1].Resource: excludes NotResource",
        ),
        (
            with("Action", json!("Connect")),
            "Statement[1].Action: \"Connect\" does not begin with the prefix of a service",
        ),
        (
            with("Action", json!("kafka*:Connect")),
            "Statement[1].Action: \"kafka*:Connect\" does not begin with the prefix of a service",
        ),
        (
            with("Action", json!({})),
            "Statement[1].Action: must be a string or a list of strings",
        ),
        (
            with("Resource", json!([1])),
            "Statement[1].Resource: must be a string or a list of strings",
        ),
        (
            with("Principal", json!("111122223333")),
            "Statement[1].Principal: must be \"*\" or an object",
        ),
        (
            with("Condition", json!([])),
            "Statement[1].Condition: must be an object",
        ),
        (
            with("Condition", json!({ "Bool": "x" })),
            "Statement[1].Condition.Bool: must be an object",
        ),
        (
            with("Condition", json!({ "Bool": { "k": [null] } })),
            "Statement[1].Condition.Bool.k: must be strings, numbers or Booleans",
        ),
    ] {
        assert_eq!(wrong(&document), expected);
    }
    let error = Document::from_value(&without("Effect")).expect_err("no effect");
    let place = DocumentError::Element {
        statement: Some(1),
        element: "Effect".to_owned(),
        problem: Problem::Missing,
    };
    assert_eq!(error, place);
}

#[test]
fn what_is_not_modelled_is_unknown() {
    for (element, value) in [
        ("Actions", json!("x")),
        // "It must not be included in identity-based policies."
        ("Principal", json!("*")),
        ("NotPrincipal", json!({ "AWS": ACCOUNT })),
    ] {
        let mut statement = allow_all();
        statement[element] = value;
        let outcome = outcome(&[statement], &connect());
        assert_eq!(outcome.decision, Decision::Unknown, "{element}");
        assert_eq!(
            outcome.missing,
            [Missing::Element {
                element: element.to_owned()
            }]
        );
        assert_eq!(outcome.deciding.len(), 1);
    }
    let odd = json!({ "Version": "2012-10-17", "Statement": [allow_all()], "Extra": 1 });
    let policies = Policies::of_identity(vec![Policy::new(Kind::Managed, "odd", &odd)]);
    assert_eq!(decide(&policies, &connect()), Decision::Unknown);
    // A malformed document says where it is.
    let policies = Policies::of_identity(vec![Policy::new(Kind::Managed, "bad", &json!({}))]);
    assert_eq!(
        evaluate(&policies, &connect()).missing,
        [Missing::Policy {
            kind: Kind::Managed,
            name: "bad".to_owned(),
            why: "Statement: is missing".to_owned(),
        }]
    );
}
