//! `compare`: two saved runs beside each other.

use std::io::Write as _;
use std::path::Path;

use anyhow::Result;
use msk_doctor::case::Case;
use msk_doctor::cli::{CompareArgs, Format};
use msk_doctor::compare::compare;
use msk_doctor::diagnosis::conclude;
use msk_doctor::named::function_in;
use msk_doctor::report::{Report, json};
use msk_doctor::text;
use serde_json::{Value, json};

use super::diagnose::readable;
use super::wrong;

/// Compares; 0 whatever differs: the verdicts are those of the runs.
pub fn run(args: &CompareArgs) -> Result<u8> {
    let first = read(&args.a)?;
    let (second, name) = match &args.b {
        Some(path) => (read(path)?, path.display().to_string()),
        None => match first.get("here") {
            Some(here) => (here.clone(), "this machine".to_owned()),
            None => {
                return Err(wrong(format!(
                    "{} is one run: give another one, or the report of `msk-doctor remote`, which has two",
                    args.a.display()
                )));
            }
        },
    };
    let found =
        compare((&args.a.display().to_string(), &first), (&name, &second)).map_err(wrong)?;
    let shown = match args.output {
        Format::Json => text::json(&found)?,
        Format::Text => found.text(),
    };
    std::io::stdout().write_all(shown.as_bytes())?;
    Ok(0)
}

/// A report, or the report of a case; with what a case's facts tell of its function.
fn read(path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| wrong(format!("cannot read {}: {error}", path.display())))?;
    let value: Value = serde_json::from_str(&text)
        .map_err(|error| wrong(format!("{} is no JSON: {error}", path.display())))?;
    if value.get("verdict").is_some() {
        return Ok(value);
    }
    let case: Case = serde_json::from_value(value).map_err(|error| {
        wrong(format!(
            "{} is neither a report (--output json) nor a case (--save-case): {error}",
            path.display()
        ))
    })?;
    let case = readable(case, path)?;
    let mut bytes = Vec::new();
    json::render(&Report::new(&case, &conclude(&case)), &mut bytes)?;
    let mut report: Value = serde_json::from_slice(&bytes)?;
    let facts = case.facts.as_ref().zip(case.client.name.as_deref());
    if let Some(function) = facts.and_then(|(facts, name)| function_in(facts, name)) {
        let layers = function
            .layers
            .iter()
            .filter_map(|layer| layer.arn.as_ref());
        report["function"] = json!({
            "timeout": function.timeout,
            "memory_size": function.memory_size,
            "runtime": function.runtime,
            "layers": layers.collect::<Vec<_>>(),
            "environment": function.environment.as_ref().map(|own| &own.variables),
        });
    }
    Ok(report)
}
