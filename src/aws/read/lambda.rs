//! Calls of the Lambda API.

use aws_sdk_lambda::Client;

use super::Refusal;
use super::rest::whole;
use crate::aws::snapshot::lambda;
use crate::target::{Auth, MskName, is_region, parse_bootstrap};

/// A function's configuration; of its environment only what names brokers, regions, clusters, secrets' and roles' ARNs and
/// time-outs.
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
        let kept = |name: &String, value: &mut String| is_of_use(value) || is_timeout(name, value);
        environment.variables.retain(kept);
    }
    Ok(answer)
}

/// How many invocations a function may have at once.
pub(super) async fn concurrency(
    client: &Client,
    name: &str,
) -> Result<lambda::GetFunctionConcurrency, Refusal> {
    let output = client
        .get_function_concurrency()
        .function_name(name)
        .send()
        .await?;
    Ok(lambda::GetFunctionConcurrency {
        reserved_concurrent_executions: output.reserved_concurrent_executions.map(i64::from),
    })
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

/// Whether the value of an environment variable says where a client connects or what it calls, and is nothing else: what merely
/// could be a secret is not kept.
pub(super) fn is_of_use(value: &str) -> bool {
    is_cluster_arn(value) || is_region(value) || is_brokers(value) || is_called(value)
}

/// Whether it is a number that a client may wait for.
fn is_timeout(name: &str, value: &str) -> bool {
    name.to_ascii_uppercase().contains("TIMEOUT")
        && (1..=7).contains(&value.len())
        && value.bytes().all(|b| b.is_ascii_digit())
}

/// Whether it is the ARN of a secret or role, which is no secret: the function calls the API for it.
fn is_called(value: &str) -> bool {
    let parts: Vec<&str> = value.splitn(6, ':').collect();
    let plain = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"/-_.+=@".contains(&b))
    };
    match parts.as_slice() {
        ["arn", _, "secretsmanager", _, _, resource] => {
            resource.strip_prefix("secret:").is_some_and(plain)
        }
        ["arn", _, "iam", "", _, resource] => resource.starts_with("role/") && plain(resource),
        _ => false,
    }
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
            "arn:aws:secretsmanager:eu-west-1:111122223333:secret:AmazonMSK_x",
            "arn:aws:iam::111122223333:role/apps/reader",
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
            "pass-word-1",
        ] {
            assert!(!is_of_use(value), "{value}");
        }
    }
}
