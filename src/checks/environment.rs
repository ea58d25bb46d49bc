//! What the function's environment variables say of its client. Values that could be secrets are never shown.

use super::configuration::{Answer, answer};
use crate::aws::snapshot::ec2::{Subnet, VpcEndpoint};
use crate::aws::snapshot::lambda::{GetFunctionConfiguration, VpcConfig};
use crate::case::Case;
use crate::catalogue as c;
use crate::diagnosis::Status;
use crate::target::{Auth, is_region};
use crate::vpc::{World, gives_internet};

/// The longest that a Kafka client waits for one connection before it says why it fails, in seconds: kafka-python and
/// librdkafka wait 10 s.
const PATIENCE: i64 = 10;

fn variables(function: &GetFunctionConfiguration) -> impl Iterator<Item = (&str, &str)> {
    let variables = function.environment.iter().flat_map(|own| &own.variables);
    variables.map(|(name, value)| (name.as_str(), value.as_str()))
}

/// How long the function's client waits, in seconds: the longest time-out that the environment names, else the clients'
/// default.
pub(super) fn patience(function: &GetFunctionConfiguration) -> i64 {
    let set = variables(function).filter_map(|(name, value)| {
        let name = name.to_ascii_uppercase();
        let value: i64 = value.parse().ok().filter(|value| *value > 0)?;
        let of_a_client = name.contains("TIMEOUT") && !name.contains("IDLE");
        // No client waits a thousand seconds for a connection: that is milliseconds.
        let seconds = if name.contains("MS") || value >= 1000 {
            (value + 999) / 1000
        } else {
            value
        };
        of_a_client.then_some(seconds)
    });
    set.max().unwrap_or(PATIENCE)
}

/// A token is signed for a region: one that is not the cluster's is refused.
pub(super) fn region(case: &Case, function: &GetFunctionConfiguration) -> Option<Answer> {
    if case.target.auth != Auth::Iam {
        return None;
    }
    let of_cluster = case
        .target
        .cluster
        .as_deref()
        .and_then(|arn| arn.split(':').nth(3));
    let theirs = case.target.region_of_names.as_deref().or(of_cluster)?;
    let set = variables(function)
        .filter(|(name, value)| name.to_ascii_uppercase().contains("REGION") && is_region(value));
    let (own, others): (Vec<_>, Vec<_>) = set.partition(|(name, _)| is_of_the_client(name));
    if let Some((name, value)) = own.iter().find(|(_, value)| *value != theirs) {
        return Some(answer(
            &c::SASL_10,
            Status::Fault,
            format!(
                "{name} is {value}, and the cluster is in {theirs}: tokens are signed for {value}"
            ),
        ));
    }
    if !own.is_empty() {
        let words = format!("{} is {theirs}, as the cluster's region", own[0].0);
        return Some(answer(&c::SASL_10, Status::Pass, words));
    }
    if let Some((name, value)) = others.iter().find(|(_, value)| *value != theirs) {
        let words = format!("{name} is {value}, and the cluster is in {theirs}");
        return Some(answer(&c::SASL_10, Status::Warning, words));
    }
    let here = function.function_arn.as_deref()?.split(':').nth(3)?;
    (here != theirs).then(|| {
        answer(
            &c::SASL_10,
            Status::Warning,
            format!(
                "the function runs in {here} and the cluster is in {theirs}: a signer that is told no region takes {here}"
            ),
        )
    })
}

/// Whether a variable of this name is what signers and their users take the region from.
fn is_of_the_client(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    ["REGION", "AWS_REGION", "AWS_DEFAULT_REGION"].contains(&name.as_str())
        || name.contains("MSK")
        || name.contains("KAFKA")
}

/// The services that an ARN in the environment shows to be called, each with what for.
const CALLED: &[(&str, &str, &str)] = &[
    (":secretsmanager:", "secretsmanager", "reads a secret"),
    (":role/", "sts", "assumes a role"),
];

/// A function in a VPC without a way to an API that it calls: it never comes to Kafka.
pub(super) fn apis(
    world: &World<'_>,
    function: &GetFunctionConfiguration,
    vpc: &VpcConfig,
) -> Option<Answer> {
    // Without the answer to the question which endpoints there are, that one lacks cannot be said.
    world.snapshot.known(|facts| &facts.vpc_endpoints).next()?;
    let subnets: Vec<&Subnet> = vpc
        .subnet_ids
        .iter()
        .filter_map(|id| world.subnet(id).ok())
        .collect();
    let cut_off = |subnet: &&Subnet| gives_internet(world, subnet) == Some(false);
    if subnets.is_empty() || !subnets.iter().any(cut_off) {
        return None;
    }
    let vpc = subnets[0].vpc_id.as_str();
    let has = |service: &str| {
        let mut endpoints = world
            .snapshot
            .known(|facts| &facts.vpc_endpoints)
            .flat_map(|(_, answer)| &answer.vpc_endpoints);
        endpoints.any(|endpoint: &VpcEndpoint| {
            let name = endpoint.service_name.as_deref().unwrap_or_default();
            endpoint.vpc_id.as_deref() == Some(vpc) && name.rsplit('.').next() == Some(service)
        })
    };
    let (name, service, what) = variables(function)
        .filter(|(_, value)| value.starts_with("arn:"))
        .flat_map(|(name, value)| {
            let called = CALLED.iter().filter(|(mark, ..)| value.contains(mark));
            called.map(move |(_, service, what)| (name, *service, *what))
        })
        .find(|(_, service, _)| !has(service))?;
    Some(answer(
        &c::FN_16,
        Status::Warning,
        format!(
            "by {name} the function {what}, its subnets have no NAT gateway, and {vpc} has no endpoint for {service}: the call hangs"
        ),
    ))
}
