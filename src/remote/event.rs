//! The event that asks the same question inside the VPC.

use serde_json::{Map, Value, json};

use crate::aws::snapshot::Snapshot;
use crate::case::{Client, ClientKind, Shares};
use crate::cli::DiagnoseArgs;
use crate::target::Target;

/// The most bytes of an event, with some to spare: Lambda takes 6 MB.
const MOST: usize = 5 * 1024 * 1024;

/// An event, and whether the facts had to stay behind.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The event.
    pub event: Vec<u8>,
    /// Whether the AWS facts are too many for an event.
    pub without_facts: bool,
}

/// The question as an event: the brokers are known here, AWS is not asked there, and what comes back is the case.
///
/// # Errors
/// Where the event cannot be written.
pub fn event(
    args: &DiagnoseArgs,
    target: &Target,
    client: &Client,
    facts: Option<&Snapshot>,
    ca: Option<&str>,
    speaks_for: &[Shares],
) -> serde_json::Result<Asked> {
    let brokers: Vec<String> = target
        .brokers
        .iter()
        .map(|broker| broker.endpoint().to_string())
        .collect();
    let mut event = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            event.insert(name.to_owned(), value);
        }
    };
    put("bootstrap", json!(brokers.join(",")));
    put("auth", json!(target.auth));
    put("region", json!(target.region));
    put("topic", json!(target.topic));
    put("group", json!(target.group));
    put("transactional_id", json!(target.transactional_id));
    put("canary", json!(args.canary.then_some(true)));
    put("cluster", json!(target.cluster));
    put("client", json!(args.client));
    let seconds = |time: std::time::Duration| json!(format!("{}ms", time.as_millis()));
    put("deadline", seconds(args.limits.deadline));
    put("phase_timeout", seconds(args.limits.phase_timeout));
    let given: Vec<String> = args
        .resolve
        .iter()
        .map(|one| format!("{}:{}:{}", one.host, one.port, one.address))
        .collect();
    put("resolve", json!(given));
    let servers: Vec<String> = args
        .dns_server
        .iter()
        .map(|server| server.0.to_string())
        .collect();
    put("dns_server", json!(servers));
    if let Some(name) = &client.name {
        match client.kind {
            ClientKind::Function => put("function", json!(name)),
            _ => put(
                "from",
                json!(client.vantage().map(|_| format!("subnet:{name}"))),
            ),
        }
    }
    put("ca_file", json!(ca));
    put("speaks_for", json!(speaks_for));
    put("answer", json!("case"));
    // Where AWS can be asked it was asked from here.
    put("no_aws", json!(true));
    let small = serde_json::to_vec(&event)?;
    if let Some(facts) = facts {
        event.insert("facts".to_owned(), serde_json::to_value(facts)?);
        let whole = serde_json::to_vec(&event)?;
        if whole.len() <= MOST {
            return Ok(Asked {
                event: whole,
                without_facts: false,
            });
        }
    }
    Ok(Asked {
        event: small,
        without_facts: facts.is_some(),
    })
}
