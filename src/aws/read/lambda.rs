//! Calls of the Lambda API.

use aws_sdk_lambda::Client;

use super::Refusal;
use super::rest::whole;
use crate::aws::snapshot::lambda;
use crate::target::{Auth, MskName, parse_bootstrap};

/// A function's configuration; of its environment only what names brokers, regions and clusters.
pub(super) async fn configuration(
    client: &Client,
    name: &str,
    qualifier: Option<&str>,
) -> Result<lambda::GetFunctionConfiguration, Refusal> {
    let mut answer: lambda::GetFunctionConfiguration = whole!(
        client
            .get_function_configuration()
            .function_name(name)
            .set_qualifier(qualifier.map(ToOwned::to_owned))
    )?;
    if let Some(environment) = &mut answer.environment {
        environment.variables.retain(|_, value| is_of_use(value));
    }
    Ok(answer)
}

/// What feeds a function.
pub(super) async fn event_source_mappings(
    client: &Client,
    function: &str,
) -> Result<lambda::ListEventSourceMappings, Refusal> {
    whole!(
        client.list_event_source_mappings().function_name(function),
        set_marker,
        next_marker
    )
}

/// Whether the value of an environment variable says where a client connects, and is nothing else: what merely
/// could be a secret is not kept.
pub(super) fn is_of_use(value: &str) -> bool {
    is_cluster_arn(value) || is_region(value) || is_brokers(value)
}

/// Whether it is the ARN of an MSK cluster.
pub(super) fn is_cluster_arn(value: &str) -> bool {
    let parts: Vec<&str> = value.splitn(6, ':').collect();
    matches!(
        parts.as_slice(),
        ["arn", _, "kafka", _, _, resource]
            if resource.starts_with("cluster/")
                && resource.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-_".contains(&b))
    )
}

fn is_region(value: &str) -> bool {
    let parts: Vec<&str> = value.split('-').collect();
    matches!(parts.as_slice(), [first, middle @ .., last]
        if first.len() == 2
            && (1..=2).contains(&middle.len())
            && [first].into_iter().chain(middle).all(|part| {
                !part.is_empty() && part.len() <= 12 && part.bytes().all(|b| b.is_ascii_lowercase())
            })
            && last.len() == 1
            && last.bytes().all(|b| b.is_ascii_digit()))
}

fn is_brokers(value: &str) -> bool {
    parse_bootstrap(value).is_ok_and(|endpoints| {
        endpoints.iter().all(|endpoint| {
            let kafka = Auth::of_port(endpoint.port).is_some() && endpoint.host.contains('.');
            kafka || MskName::parse(&endpoint.host).is_some()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_kept() {
        for value in [
            "b-1.demo.a1b2c3.c2.kafka.eu-west-1.amazonaws.com:9098,b-2.demo.a1b2c3.c2.kafka.eu-west-1.amazonaws.com:9098",
            "kafka.internal:9096",
            "eu-west-1",
            "us-gov-west-1",
            "arn:aws:kafka:eu-west-1:111122223333:cluster/demo/0f7a9b6e-1",
        ] {
            assert!(is_of_use(value), "{value}");
        }
        for value in [
            "",
            "hunter2",
            "admin:hunter2",
            "hunter2:9098",
            "https://user:secret@registry.internal:8081",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "arn:aws:secretsmanager:eu-west-1:111122223333:secret:AmazonMSK_x",
            "pass-word-1",
        ] {
            assert!(!is_of_use(value), "{value}");
        }
    }
}
