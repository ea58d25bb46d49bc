//! An event for the program as a Lambda function: its fields are the flags of the command line.

use clap::CommandFactory as _;
use serde_json::{Map, Value, json};

use super::arguments::Given;
use super::fields::{Field, Kind, fields, flag_words, nearest};
use super::{Cli, Parsed};
use crate::aws::snapshot::Snapshot;
use crate::case::Shares;

/// Flags that mean files, terminals or secrets: none of them is in an event.
const NOT_FOR_EVENTS: [&str; 16] = [
    "scram_user",
    "sarif_location",
    "ascii",
    "case",
    "client_cert",
    "client_key",
    "cluster_profile",
    "color",
    "facts",
    "help",
    "output",
    "profile",
    "save_case",
    "token",
    "ca_file",
    "version",
];
/// The fields that are no flags.
const OWN: [&str; 5] = ["answer", "ca_file", "command", "facts", "speaks_for"];
/// The subcommands that an event can name.
const COMMANDS: [&str; 10] = [
    "diagnose", "dns", "tcp", "tls", "sasl", "kafka", "network", "cluster", "lambda", "iam",
];

/// What is wrong with an event.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// It is no object.
    #[error("the event is no JSON object: {{\"bootstrap\": \"b-1…:9098\"}} is one")]
    NotAnObject,
    /// It has a field that means nothing here.
    #[error("the event has an unknown field {field:?}{hint}; the fields are {known}", hint = hint(.nearest.as_deref()))]
    Unknown {
        /// The field.
        field: String,
        /// The field that was perhaps meant.
        nearest: Option<String>,
        /// All of them.
        known: String,
    },
    /// A field has the wrong type.
    #[error("the event's {field:?} has to be {needed}")]
    Type {
        /// The field.
        field: String,
        /// What it has to be.
        needed: &'static str,
    },
    /// The command line that it means is wrong.
    #[error("{0}")]
    Arguments(String),
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(" (perhaps {name:?})"))
}

/// The command line that an event means.
///
/// # Errors
/// Where a field is unknown or of the wrong type, or the command line is wrong.
pub fn read_event(event: &Value) -> Result<Parsed, EventError> {
    let Value::Object(event) = event else {
        return Err(EventError::NotAnObject);
    };
    let fields = fields(&Cli::command(), "diagnose", &NOT_FOR_EVENTS);
    let mut words = vec!["msk-doctor".to_owned(), command(event)?];
    let mut given = Given::default();
    let mut target = None;
    for (name, value) in event {
        match name.as_str() {
            "command" => {}
            "facts" => {
                given.facts = Some(of_type::<Snapshot>(
                    name,
                    value,
                    "AWS facts as a saved case has them",
                )?);
            }
            "speaks_for" => {
                given.speaks_for = Some(of_type::<Vec<Shares>>(
                    name,
                    value,
                    "a list of \"path\" and \"identity\"",
                )?);
            }
            "answer" => {
                given.wants_case = match value.as_str() {
                    Some("report") => false,
                    Some("case") => true,
                    _ => {
                        return Err(EventError::Type {
                            field: name.clone(),
                            needed: "\"report\" or \"case\"",
                        });
                    }
                }
            }
            "ca_file" => given.ca = Some(of_type(name, value, "the text of a PEM file")?),
            _ => {
                let Some(field) = fields.iter().find(|field| field.name == *name) else {
                    return Err(unknown(name, &fields));
                };
                match &field.flag {
                    Some(flag) => {
                        let own = flag_words(field, flag, value);
                        words.extend(own.map_err(|needed| EventError::Type {
                            field: name.clone(),
                            needed,
                        })?);
                    }
                    None => target = Some(of_type::<String>(name, value, "a string")?),
                }
            }
        }
    }
    // Nothing that comes after "--" is taken for a flag.
    words.extend(
        target
            .into_iter()
            .flat_map(|target| ["--".to_owned(), target]),
    );
    let cli = Cli::of(words).map_err(|error| EventError::Arguments(error.to_string()))?;
    Ok(Parsed { cli, given })
}

fn command(event: &Map<String, Value>) -> Result<String, EventError> {
    let wrong = EventError::Type {
        field: "command".to_owned(),
        needed: "one of diagnose, dns, tcp, tls, sasl, kafka, network, cluster, lambda and iam",
    };
    match event.get("command") {
        None => Ok("diagnose".to_owned()),
        Some(Value::String(name)) if COMMANDS.contains(&name.as_str()) => Ok(name.clone()),
        Some(_) => Err(wrong),
    }
}

fn of_type<T: serde::de::DeserializeOwned>(
    name: &str,
    value: &Value,
    needed: &'static str,
) -> Result<T, EventError> {
    serde_json::from_value(value.clone()).map_err(|_| EventError::Type {
        field: name.to_owned(),
        needed,
    })
}

fn unknown(name: &str, fields: &[Field]) -> EventError {
    let (nearest, known) = nearest(name, fields, &OWN);
    EventError::Unknown {
        field: name.to_owned(),
        nearest,
        known,
    }
}

/// The JSON Schema of events.
#[must_use]
pub fn event_schema() -> Value {
    let mut properties = Map::new();
    for field in fields(&Cli::command(), "diagnose", &NOT_FOR_EVENTS) {
        let text = if field.values.is_empty() {
            json!({ "type": "string" })
        } else {
            json!({ "enum": field.values })
        };
        let mut schema = match field.kind {
            Kind::Switch => json!({ "type": "boolean" }),
            Kind::Text => text,
            Kind::List => json!({ "anyOf": [text, { "type": "array", "items": text }] }),
        };
        schema["description"] = field.help.into();
        properties.insert(field.name, schema);
    }
    for (name, schema) in [
        (
            "command",
            json!({ "enum": COMMANDS, "description": "The subcommand", "default": "diagnose" }),
        ),
        (
            "answer",
            json!({
                "enum": ["report", "case"],
                "default": "report",
                "description": "What the answer is: the report, or the case that `--case` reads, without the facts of the event",
            }),
        ),
        (
            "ca_file",
            json!({ "type": "string", "description": "Certificates to trust in addition to the platform's: the text of a PEM file" }),
        ),
        (
            "facts",
            json!({ "type": "object", "description": "AWS facts, as a saved case has them: no AWS API is called for them" }),
        ),
        (
            "speaks_for",
            json!({
                "type": "array",
                "items": { "enum": ["path", "identity"] },
                "description": "In what this function is the same as the client that the event names",
            }),
        ),
    ] {
        properties.insert(name.to_owned(), schema);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An event for msk-doctor as a Lambda function",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::super::Command as Sub;
    use super::*;

    fn args(event: &Value) -> super::super::DiagnoseArgs {
        match read_event(event).expect("an event").cli.command {
            Sub::Diagnose(args) => *args,
            other => panic!("{other:?}"),
        }
    }

    fn refused(event: &Value) -> String {
        read_event(event).expect_err("wrong").to_string()
    }

    #[test]
    fn fields_are_flags() {
        let args = args(&json!({
            "bootstrap": "b-1:9098", "no_aws": true, "no_probe": false, "region": null,
            "resolve": ["b-1:9098:10.0.0.1", "b-2:9098:10.0.0.2"], "phase_timeout": "2s",
        }));
        assert_eq!(args.bootstrap.as_deref(), Some("b-1:9098"));
        assert!(args.no_aws && !args.no_probe && args.aws.region.is_none());
        assert_eq!(args.resolve.len(), 2);
        assert_eq!(args.limits.phase_timeout.as_secs(), 2);
    }

    #[test]
    fn a_value_is_never_a_flag() {
        let args = args(&json!({ "target": "--no-aws", "topic": "--no-probe" }));
        assert_eq!(args.target.as_deref(), Some("--no-aws"));
        assert_eq!(args.topic.as_deref(), Some("--no-probe"));
        assert!(!args.no_aws && !args.no_probe);
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(refused(&json!([])).contains("no JSON object"));
        let error = refused(&json!({ "phase-timeout": "2s" }));
        assert!(
            error.contains("\"phase-timeout\" (perhaps \"phase_timeout\")"),
            "{error}"
        );
        let error = refused(&json!({ "no_aws": "yes" }));
        assert_eq!(error, "the event's \"no_aws\" has to be true or false");
        assert!(refused(&json!({ "command": "lab" })).contains("one of diagnose, dns"));
        assert!(refused(&json!({ "facts": 1 })).contains("AWS facts"));
        assert!(refused(&json!({ "auth": "none" })).contains("'none'"));
        assert!(refused(&json!({ "case": "/etc/passwd" })).contains("unknown field \"case\""));
    }
}
