//! `compare`: two runs beside each other, saved ones or made now.

use std::io::Write as _;
use std::path::Path;

use anyhow::Result;
use msk_doctor::case::Case;
use msk_doctor::cli::{Cli, Command, CompareArgs, Format};
use msk_doctor::compare::compare;
use msk_doctor::diagnosis::conclude;
use msk_doctor::explain::library::libraries;
use msk_doctor::named::function_in;
use msk_doctor::phase::Phase;
use msk_doctor::report::{Report, json};
use msk_doctor::text;
use serde_json::{Value, json};

use super::diagnose::{examined, readable};
use super::{read_text, remote, wrong};

/// A run, and what it is called.
struct Side {
    name: String,
    report: Value,
}

/// Compares; 0 whatever differs: the verdicts are those of the runs.
pub fn run(args: &CompareArgs) -> Result<u8> {
    let asked = usize::from(args.here) + usize::from(args.remote.is_some());
    if asked == 0 && !args.flags.is_empty() {
        return Err(wrong(
            "flags after -- are for what is asked now: add --here or --remote FUNCTION",
        ));
    }
    if args.files.len() + asked > 2 || (args.files.is_empty() && asked < 2) {
        return Err(wrong(
            "two runs are compared: give two files, or one and --here or --remote FUNCTION, or --here --remote FUNCTION",
        ));
    }
    let mut sides = Vec::new();
    for path in &args.files {
        sides.push(Side {
            name: path.display().to_string(),
            report: read(path)?,
        });
    }
    sides.extend(live(args)?);
    // The report of `remote` has both.
    if let [one] = sides.as_slice() {
        let Some(here) = one.report.get("here") else {
            return Err(wrong(format!(
                "{} is one run: give another one, or the report of `msk-doctor remote`, which has two",
                one.name
            )));
        };
        sides.push(Side {
            name: "this machine".to_owned(),
            report: here.clone(),
        });
    }
    for (side, log) in sides.iter_mut().zip([&args.log_a, &args.log_b]) {
        if let Some(log) = log {
            side.report["libraries"] = json!(libraries(&read_text(log)?));
        }
    }
    let [first, second] = sides.as_slice() else {
        return Err(anyhow::anyhow!("two runs are compared"));
    };
    let found =
        compare((&first.name, &first.report), (&second.name, &second.report)).map_err(wrong)?;
    let shown = match args.output {
        Format::Json => text::json(&found)?,
        Format::Text => found.text(),
    };
    std::io::stdout().write_all(shown.as_bytes())?;
    Ok(0)
}

/// The runs that are made now.
fn live(args: &CompareArgs) -> Result<Vec<Side>> {
    let command = |words: &[&str]| {
        let words = words.iter().map(|word| (*word).to_owned());
        Cli::of(words.chain(args.flags.iter().cloned()).collect())
            .map_err(|error| wrong(format!("after --: {error}")))
    };
    let Some(function) = &args.remote else {
        if !args.here {
            return Ok(Vec::new());
        }
        let Command::Diagnose(own) = command(&["msk-doctor", "diagnose"])?.command else {
            return Err(anyhow::anyhow!("diagnose is diagnose"));
        };
        let (case, diagnosis) = examined(&own, Phase::Metadata)?;
        return Ok(vec![Side {
            name: "this machine".to_owned(),
            report: told(&case, &Report::new(&case, &diagnosis))?,
        }]);
    };
    let Command::Remote(own) = command(&["msk-doctor", "remote", function])?.command else {
        return Err(anyhow::anyhow!("remote is remote"));
    };
    if own.dry_run {
        return Err(wrong("--dry-run asks nobody: leave it out"));
    }
    let asked = remote::examined(&own)?;
    let (case, report) = asked.ok_or_else(|| anyhow::anyhow!("nobody was asked"))?;
    if let Some(why) = &case.remote_absent {
        return Err(wrong(format!("nothing was seen from {function}: {why}")));
    }
    let there = Side {
        name: format!("{function}, in its VPC"),
        report: told(&case, &report)?,
    };
    Ok(match (args.here, there.report.get("here").cloned()) {
        (true, Some(report)) => vec![
            Side {
                name: "this machine".to_owned(),
                report,
            },
            there,
        ],
        (true, None) => return Err(wrong("this machine could not ask")),
        (false, _) => vec![there],
    })
}

/// A report, or the report of a case.
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
    told(&case, &Report::new(&case, &conclude(&case)))
}

/// A report, with what the case's facts tell of the function.
fn told(case: &Case, report: &Report) -> Result<Value> {
    let mut bytes = Vec::new();
    json::render(report, &mut bytes)?;
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
