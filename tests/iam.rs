//! IAM's decisions: tables from AWS's pages, what holds for all policies, and a second evaluator.

#[path = "iam/conditions.rs"]
mod conditions;
#[path = "iam/decisions.rs"]
mod decisions;
#[path = "iam/documents.rs"]
mod documents;
#[path = "iam/fixes.rs"]
mod fixes;
#[path = "iam/properties.rs"]
mod properties;
#[path = "iam/random.rs"]
mod random;
#[path = "iam/resources.rs"]
mod resources;
#[path = "iam/simple.rs"]
mod simple;

use msk_doctor::iam::{
    Arn, ClusterArn, Decision, Kind, Layer, Outcome, Policies, Policy, Principal, Request, evaluate,
};
use serde_json::{Value, json};

/// The account of the role and, mostly, of the cluster.
const ACCOUNT: &str = "111122223333";
const OTHER_ACCOUNT: &str = "444455556666";
const UUID: &str = "aaaa1111-bb22-cc33-dd44-eeee5555ffff-6";

/// The role that asks: a path, a session, no tags.
fn role() -> Principal {
    Principal::from_arn("arn:aws:iam::111122223333:role/team/orders")
        .expect("a role")
        .with_session("orders-writer")
        .with_tags(std::collections::BTreeMap::new())
}

fn user() -> Principal {
    Principal::from_arn("arn:aws:iam::111122223333:user/staff/ann").expect("a user")
}

fn cluster_of(account: &str) -> ClusterArn {
    format!("arn:aws:kafka:eu-west-1:{account}:cluster/demo/{UUID}")
        .parse()
        .expect("a cluster")
}

fn cluster() -> ClusterArn {
    cluster_of(ACCOUNT)
}

fn arn(text: &str) -> Arn {
    text.parse().expect("an ARN")
}

/// May the role connect to the cluster.
fn connect() -> Request {
    Request::new(role(), "kafka-cluster:Connect", cluster().resource().arn())
}

/// May the role write to the topic `orders`.
fn write() -> Request {
    Request::new(
        role(),
        "kafka-cluster:WriteData",
        cluster().topic("orders").arn(),
    )
}

fn document(statements: &[Value]) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn inline(statements: &[Value]) -> Policy {
    Policy::new(Kind::Inline, "own", &document(statements))
}

fn layer(kind: Kind, statements: &[Value]) -> Layer {
    Layer::Read(vec![Policy::new(kind, "p", &document(statements))])
}

fn allow(action: &str, resource: &str) -> Value {
    json!({ "Effect": "Allow", "Action": action, "Resource": resource })
}

fn deny(action: &str, resource: &str) -> Value {
    json!({ "Effect": "Deny", "Action": action, "Resource": resource })
}

fn allow_all() -> Value {
    allow("*", "*")
}

/// The role with one inline policy.
fn with(statements: &[Value]) -> Policies {
    Policies::of_identity(vec![inline(statements)])
}

fn decide(policies: &Policies, request: &Request) -> Decision {
    evaluate(policies, request).decision
}

fn outcome(statements: &[Value], request: &Request) -> Outcome {
    evaluate(&with(statements), request)
}
