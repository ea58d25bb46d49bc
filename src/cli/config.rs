//! `msk-doctor.toml`: named targets, whose fields are the flags of the command line.

use std::path::Path;

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory as _};
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use super::fields::{Field, fields, flag_words, nearest};
use super::{Cli, Command, PreflightArgs};

/// What is of the whole run, needs somebody's yes, or is a secret: none of it is in a file.
const NOT_FOR_FILES: [&str; 12] = [
    "ascii",
    "canary",
    "color",
    "config",
    "help",
    "only",
    "output",
    "sarif_location",
    "save_case",
    "send_credentials_anyway",
    "token",
    "version",
];
/// The fields that name files: as seen from the configuration's folder.
const FILES: [&str; 6] = [
    "baseline",
    "ca_file",
    "case",
    "client_cert",
    "client_key",
    "facts",
];
/// What says which target is meant: the file does, so the command line cannot.
const NAMING: [&str; 6] = ["target", "bootstrap", "case", "cluster", "from", "function"];

/// A file with targets.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// What holds for each target that does not say otherwise.
    #[serde(default)]
    defaults: Table,
    /// The targets.
    #[serde(default)]
    targets: IndexMap<Spanned<String>, Table>,
}

type Table = IndexMap<Spanned<String>, Value>;

impl Config {
    /// A target's table, with the defaults; who is asked for is never half of both.
    fn table(&self, own: &Table) -> Table {
        let names = |key: &Spanned<String>| NAMING.contains(&key.get_ref().as_str());
        let mut all = self.defaults.clone();
        if own.keys().any(names) {
            all.retain(|key, _| !names(key));
        }
        for (key, value) in own {
            // The place of the key is that of the target's own.
            all.shift_remove(key);
            all.insert(key.clone(), value.clone());
        }
        all
    }
}

/// A target of a file, and its command line.
#[derive(Debug)]
pub struct ConfigTarget {
    /// Its name in the file.
    pub name: String,
    /// The command line that it means.
    pub args: PreflightArgs,
}

/// The targets of the file `path` with the content `text`, under a command line `words` that names it: flags and variables come before
/// what the file says.
///
/// # Errors
/// What is wrong with the file, with its line and column; a command line that names a target itself, or one that is not there.
pub fn read_config(text: &str, path: &Path, words: &[String]) -> Result<Vec<ConfigTarget>, String> {
    let at = |place: usize| {
        let (line, column) = position(text, place);
        format!("{} line {line}, column {column}", path.display())
    };
    let config: Config = toml::from_str(text)
        .map_err(|error| format!("{}: {}", path.display(), error.to_string().trim_end()))?;
    let command = Cli::command();
    let matches = command
        .clone()
        .try_get_matches_from(words)
        .map_err(|error| error.to_string())?;
    let Some(("preflight", given)) = matches.subcommand() else {
        return Err("--config goes with preflight".to_owned());
    };
    if let Some(id) = NAMING.iter().find(|id| is_given(given, id)) {
        return Err(format!(
            "{} names the targets: leave out {} (also as a variable); --only picks some of them",
            path.display(),
            if *id == "target" {
                "TARGET".to_owned()
            } else {
                format!("--{id}")
            }
        ));
    }
    let only = only(&config, given, path)?;
    if config.targets.is_empty() {
        return Err(format!(
            "{} names no target: give it a table such as [targets.orders] with function = \"orders-writer\"",
            path.display()
        ));
    }
    let reading = Reading {
        fields: fields(&command, "preflight", &NOT_FOR_FILES),
        folder: path.parent().unwrap_or(Path::new("")),
        given,
    };
    // What is wrong with a target is said even where it is not asked for.
    let mut found: Vec<(&Spanned<String>, PreflightArgs)> = Vec::new();
    for (name, table) in &config.targets {
        let all = config.table(table);
        let own = reading
            .words(&all)
            .map_err(|(place, why)| format!("{}: {why}", at(place)))?;
        let target = match all.get("target") {
            Some(Value::String(target)) => vec!["--".to_owned(), target.clone()],
            _ => Vec::new(),
        };
        let words = words[..2]
            .iter()
            .chain(&own)
            .chain(&words[2..])
            .chain(&target);
        let cli = Cli::of(words.cloned().collect()).map_err(|error| {
            let why = error.to_string();
            let why = why.split("\n\nUsage").next().unwrap_or_default().trim_end();
            format!(
                "{}: target {:?}: {why}",
                at(name.span().start),
                name.get_ref()
            )
        })?;
        let Command::Preflight(args) = cli.command else {
            return Err("--config goes with preflight".to_owned());
        };
        found.push((name, *args));
    }
    found.sort_by_key(|(name, _)| name.span().start);
    let asked = found
        .into_iter()
        .filter(|(name, _)| only.is_empty() || only.contains(&name.get_ref()));
    Ok(asked
        .map(|(name, args)| ConfigTarget {
            name: name.get_ref().clone(),
            args,
        })
        .collect())
}

/// The targets that the command line picks; none for all.
fn only<'a>(
    config: &Config,
    given: &'a ArgMatches,
    path: &Path,
) -> Result<Vec<&'a String>, String> {
    let only: Vec<&String> = given.get_many("only").into_iter().flatten().collect();
    let names: Vec<&str> = config
        .targets
        .keys()
        .map(|own| own.get_ref().as_str())
        .collect();
    match only.iter().find(|name| !names.contains(&name.as_str())) {
        Some(name) => Err(format!(
            "--only {name}: {} has no such target; it has {}",
            path.display(),
            names.join(", ")
        )),
        None => Ok(only),
    }
}

/// Whether a flag is on the command line, or in a variable.
fn is_given(given: &ArgMatches, id: &str) -> bool {
    let source = given.value_source(id);
    matches!(
        source,
        Some(ValueSource::CommandLine | ValueSource::EnvVariable)
    )
}

struct Reading<'a> {
    fields: Vec<Field>,
    folder: &'a Path,
    given: &'a ArgMatches,
}

impl Reading<'_> {
    /// The words of a table; the error says where, and what is wrong.
    fn words(&self, table: &Table) -> Result<Vec<String>, (usize, String)> {
        let mut words = Vec::new();
        for (key, value) in table {
            let wrong = |why| (key.span().start, why);
            let name = key.get_ref();
            let Some(field) = self.fields.iter().find(|field| field.name == *name) else {
                let (nearest, known) = nearest(name, &self.fields, &[]);
                let perhaps =
                    nearest.map_or_else(String::new, |name| format!(" (perhaps {name:?})"));
                return Err(wrong(format!(
                    "unknown field {name:?}{perhaps}; the fields are {known}"
                )));
            };
            let value = match value {
                Value::String(file) if FILES.contains(&name.as_str()) => {
                    Value::from(self.folder.join(file).display().to_string())
                }
                value => value.clone(),
            };
            match &field.flag {
                Some(flag) => {
                    let own = flag_words(field, flag, &value)
                        .map_err(|needed| wrong(format!("{name:?} has to be {needed}")))?;
                    if !is_given(self.given, &field.name) {
                        words.extend(own);
                    }
                }
                None if value.is_string() => {}
                None => return Err(wrong(format!("{name:?} has to be a string"))),
            }
        }
        Ok(words)
    }
}

/// Line and column of a byte, from one on.
fn position(text: &str, place: usize) -> (usize, usize) {
    let before = text.get(..place).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    (line, column)
}
