//! Flags as fields: of an event, or of a table in msk-doctor.toml.

use clap::{ArgAction, Command};
use serde_json::Value;

/// A field that is a flag.
pub(super) struct Field {
    /// The flag's name with underscores.
    pub name: String,
    /// With two hyphens; none for the target.
    pub flag: Option<String>,
    pub kind: Kind,
    pub help: String,
    /// The values that there are, where they are few.
    pub values: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Switch,
    Text,
    List,
}

/// The flags of a subcommand, but some.
pub(super) fn fields(command: &Command, subcommand: &str, but: &[&str]) -> Vec<Field> {
    let Some(own) = command.find_subcommand(subcommand) else {
        return Vec::new();
    };
    let arguments = own
        .get_arguments()
        .filter(|argument| !but.contains(&argument.get_id().as_str()) && !argument.is_hide_set());
    arguments
        .map(|argument| {
            let kind = match argument.get_action() {
                ArgAction::SetTrue => Kind::Switch,
                ArgAction::Append => Kind::List,
                _ => Kind::Text,
            };
            let values = argument.get_possible_values();
            Field {
                name: argument.get_id().as_str().to_owned(),
                flag: argument.get_long().map(|long| format!("--{long}")),
                kind,
                help: argument
                    .get_help()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
                values: match kind {
                    Kind::Switch => Vec::new(),
                    _ => values
                        .iter()
                        .map(|value| value.get_name().to_owned())
                        .collect(),
                },
            }
        })
        .collect()
}

/// A flag and its value, as words of a command line; the error says what the value has to be.
pub(super) fn flag_words(
    field: &Field,
    flag: &str,
    value: &Value,
) -> Result<Vec<String>, &'static str> {
    let word = |value: &Value| match value {
        Value::String(text) => Some(format!("{flag}={text}")),
        Value::Number(number) => Some(format!("{flag}={number}")),
        _ => None,
    };
    match (field.kind, value) {
        (_, Value::Null) | (Kind::Switch, Value::Bool(false)) => Ok(Vec::new()),
        (Kind::Switch, Value::Bool(true)) => Ok(vec![flag.to_owned()]),
        (Kind::Switch, _) => Err("true or false"),
        (Kind::List, Value::Array(all)) => all
            .iter()
            .map(|one| word(one).ok_or("a list of strings"))
            .collect(),
        (Kind::List, one) => Ok(vec![word(one).ok_or("a string or a list of strings")?]),
        (Kind::Text, one) => Ok(vec![word(one).ok_or("a string")?]),
    }
}

/// The field that was perhaps meant, and all that there are; `own` are those that are no flags.
pub(super) fn nearest(name: &str, fields: &[Field], own: &[&str]) -> (Option<String>, String) {
    /// Jaro's similarity, from which on clap suggests a name too.
    const ALIKE: f64 = 0.8;
    let mut known: Vec<&str> = fields
        .iter()
        .map(|field| field.name.as_str())
        .chain(own.iter().copied())
        .collect();
    known.sort_unstable();
    let plain = name.to_ascii_lowercase().replace('-', "_");
    let nearest = known
        .iter()
        .map(|field| (strsim::jaro(&plain, field), field))
        .filter(|(alike, _)| *alike > ALIKE)
        .max_by(|one, other| one.0.total_cmp(&other.0));
    (
        nearest.map(|(_, field)| (*field).to_owned()),
        known.join(", "),
    )
}
