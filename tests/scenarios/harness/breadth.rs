//! What all rows are together: broad enough, with both sides of everything that looks alike.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

use super::Outcome;
use super::lab::PROGRAM;
use super::spec::{Scenario, folders, read};

/// How many different codes are some row's first cause.
const CODES: usize = 70;
/// How many rows differ from a fault in one fact, and have another answer.
const NEAR_MISSES: usize = 25;
/// How many pairs the catalogue's table of look-alikes has.
const PAIRS: usize = 11;

/// `look-alikes.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LookAlikes {
    pair: Vec<Pair>,
}

/// Faults that look alike, and where each is made.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    what: String,
    #[serde(default)]
    scenarios: Vec<String>,
    #[serde(default)]
    paths: Vec<String>,
    #[serde(default)]
    logs: Vec<Log>,
}

/// Lines of a client's log.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Log {
    first: String,
    says: String,
}

/// A row of `tests/paths`, as far as it is read here.
#[derive(Deserialize)]
struct PathRow {
    expect: PathExpect,
}

#[derive(Deserialize)]
struct PathExpect {
    codes: Vec<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

/// Enough different faults, and enough that are nearly one.
pub fn is_enough() -> Outcome<()> {
    let mut codes: BTreeMap<String, usize> = BTreeMap::new();
    let mut near_misses = 0;
    for folder in folders(&root()) {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        near_misses += usize::from(is_near_miss(&name));
        if let Some(first) = read(&folder)?.expect.first {
            *codes.entry(first).or_default() += 1;
        }
    }
    if codes.len() < CODES || near_misses < NEAR_MISSES {
        return Err(format!(
            "{} codes of {CODES}, {near_misses} near-misses of {NEAR_MISSES}: {codes:?}",
            codes.len()
        ));
    }
    Ok(())
}

fn is_near_miss(folder: &str) -> bool {
    folder.contains("-not-")
        || folder.starts_with("healthy-")
        || folder.starts_with("inconclusive-")
}

/// Both sides of every pair are made, and have different answers.
pub fn look_alikes_are_told_apart() -> Outcome<()> {
    let text = std::fs::read_to_string(root().join("look-alikes.toml"))
        .map_err(|error| format!("look-alikes.toml: {error}"))?;
    let table: LookAlikes = toml::from_str(&text).map_err(|error| error.to_string())?;
    if table.pair.len() < PAIRS {
        return Err(format!("{} pairs of {PAIRS}", table.pair.len()));
    }
    for pair in &table.pair {
        let mut answers: BTreeMap<String, String> = BTreeMap::new();
        for (side, answer) in sides(pair)? {
            if let Some(other) = answers.insert(answer.clone(), side.clone()) {
                return Err(format!(
                    "{}: {other} and {side} are both {answer}",
                    pair.what
                ));
            }
        }
        if answers.len() < 2 {
            return Err(format!("{}: has one side alone", pair.what));
        }
    }
    Ok(())
}

/// Each side and its first cause.
fn sides(pair: &Pair) -> Outcome<Vec<(String, String)>> {
    let mut found = Vec::new();
    for name in &pair.scenarios {
        let row: Scenario = read(&root().join(name))?;
        let first = row.expect.first.ok_or(format!("{name} has no cause"))?;
        found.push((name.clone(), first));
    }
    for name in &pair.paths {
        let file = root().join(format!("../paths/{name}.toml"));
        let text = std::fs::read_to_string(&file).map_err(|error| format!("{name}: {error}"))?;
        let row: PathRow = toml::from_str(&text).map_err(|error| format!("{name}: {error}"))?;
        let first = row.expect.codes.first();
        found.push((
            name.clone(),
            first.ok_or(format!("{name} has no cause"))?.clone(),
        ));
    }
    for log in &pair.logs {
        let first = first_of_log(&log.says)?;
        if first != log.first {
            return Err(format!(
                "{:?} points at {first} and not at {}",
                log.says, log.first
            ));
        }
        found.push((log.says.clone(), first));
    }
    Ok(found)
}

/// What msk-doctor reads in a log first.
fn first_of_log(text: &str) -> Outcome<String> {
    let file = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
    std::fs::write(file.path(), text).map_err(|error| error.to_string())?;
    let done = Command::new(PROGRAM)
        .args(["explain", "--output", "json", "--log"])
        .arg(file.path())
        .output()
        .map_err(|error| error.to_string())?;
    let answer: Value = serde_json::from_slice(&done.stdout).map_err(|error| error.to_string())?;
    let first = answer["candidates"][0]["code"].as_str();
    first
        .map(str::to_owned)
        .ok_or(format!("nothing is read in {text:?}"))
}
