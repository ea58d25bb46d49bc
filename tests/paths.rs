//! Paths over saved facts: each scenario changes a world that works, runs the program, and says what it must find.

mod formats;
#[path = "paths/policy.rs"]
mod policy;
#[path = "paths/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Arguments, Failed, Trial};
use msk_doctor::case::Case;
use msk_doctor::diagnosis::{Change as Repaired, Tried, conclude, question};
use msk_doctor::redact::redact;
use msk_doctor::vpc::repair::{Change, all_reachable, with_changes};
use serde::Deserialize;
use serde_json::{Value, json};
use world::Edit;

/// A scenario.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    /// What happens in the field.
    #[serde(rename = "why")]
    _why: String,
    /// The folder of facts that it starts from.
    world: String,
    /// The subcommand.
    #[serde(default = "network")]
    command: String,
    /// The arguments besides `--facts`.
    args: Vec<String>,
    /// What is different from the world.
    #[serde(default)]
    change: Vec<Edit>,
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    exit_code: i32,
    /// The codes of all causes.
    codes: BTreeSet<String>,
    /// All verdicts that the paths have.
    #[serde(default)]
    verdicts: BTreeSet<String>,
    /// How sure the first cause is.
    #[serde(default = "proven")]
    confidence: String,
    /// How many brokers the first cause names.
    subjects: Option<usize>,
    /// The source ports of every partial path.
    source_ports: Option<Vec<String>>,
    /// The codes of all warnings.
    #[serde(default)]
    warnings: BTreeSet<String>,
    /// Whether every cause has a fix, and all of them together make every path reachable.
    #[serde(default = "yes")]
    repaired: bool,
    /// Whether the commands that are shown, made on the facts, leave no fault of a policy.
    #[serde(default = "yes")]
    mended: bool,
    /// The codes of findings that warn.
    #[serde(default)]
    findings: BTreeSet<String>,
    /// What must be named as needed.
    #[serde(default)]
    needs: Vec<String>,
}

fn network() -> String {
    "network".to_owned()
}

fn proven() -> String {
    "proven".to_owned()
}

fn yes() -> bool {
    true
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/paths")
}

fn texts<'a>(values: impl Iterator<Item = &'a Value>, key: &str) -> BTreeSet<String> {
    values
        .filter_map(|value| value[key].as_str())
        .map(ToOwned::to_owned)
        .collect()
}

/// Whether the fixes of a saved case make every path reachable; and if they do, each of them is needed.
fn repaired(saved: &Path) -> Result<bool, Failed> {
    let case: Case = serde_json::from_str(&std::fs::read_to_string(saved)?)?;
    let facts = case.facts.as_ref().ok_or("the case has facts")?;
    let question = question(&case).ok_or("the case has a question")?;
    let diagnosis = conclude(&case);
    let mut changes: Vec<Change> = Vec::new();
    for change in diagnosis.causes.iter().flat_map(|c| &c.repair.changes) {
        let Repaired::Network(change) = change else {
            continue;
        };
        if !changes.contains(change) {
            changes.push(change.clone());
        }
    }
    let verified = !changes.is_empty() && all_reachable(&with_changes(facts, &question, &changes));
    let said = diagnosis
        .causes
        .iter()
        .all(|cause| matches!(cause.repair.tried, Tried::Reachable(_)));
    if verified != said {
        return Err(format!("verified: {verified}, said: {said}").into());
    }
    for left_out in 0..changes.len() {
        let mut rest = changes.clone();
        let key = rest.remove(left_out);
        if verified && all_reachable(&with_changes(facts, &question, &rest)) {
            return Err(format!("not needed: {}", key.command()).into());
        }
    }
    Ok(verified
        && diagnosis
            .causes
            .iter()
            .all(|c| !c.repair.changes.is_empty()))
}

/// Whether the commands of the causes, made on the saved facts, leave no fault of a policy when the program is asked again;
/// `None` where no cause is one.
fn mended(
    causes: &[Value],
    folder: &Path,
    again: impl FnOnce() -> std::io::Result<Vec<u8>>,
) -> Result<Option<bool>, Failed> {
    if !causes.iter().any(policy::is_of_one) {
        return Ok(None);
    }
    let changes = causes.iter().filter_map(|cause| cause["repair"].as_array());
    for change in changes.flatten() {
        let command = change["command"].as_str().unwrap_or_default();
        policy::make(command, folder).map_err(|error| format!("{command}: {error}"))?;
    }
    let after: Value = serde_json::from_slice(&again()?)?;
    let mut left = after["causes"].as_array().into_iter().flatten();
    Ok(Some(!left.any(policy::is_of_one)))
}

/// Its case can be redacted, is judged the same then, and has nothing of the world's in it.
fn redacted(saved: &Path) -> Result<(), Failed> {
    let case: Case = serde_json::from_str(&std::fs::read_to_string(saved)?)?;
    let text = msk_doctor::text::json(&redact(&case, &[])?)?;
    for own in ["111122223333", "orders-writer", "demo", "abc123"] {
        if text.contains(own) {
            let line = text.lines().find(|line| line.contains(own));
            return Err(format!("{own} is left: {}", line.unwrap_or_default()).into());
        }
    }
    Ok(())
}

fn check(path: &Path) -> Result<(), Failed> {
    let scenario: Scenario = toml::from_str(&std::fs::read_to_string(path)?)?;
    let folder = tempfile::tempdir()?;
    world::build(&scenario.world, &scenario.change, folder.path())?;
    let saved = folder.path().join("saved.case");
    let others = tempfile::tempdir()?;
    let run = |output: &str| {
        Command::new(env!("CARGO_BIN_EXE_msk-doctor"))
            .arg(&scenario.command)
            .args(&scenario.args)
            .arg("--facts")
            .arg(folder.path())
            .args(["--output", output])
            .args(formats::outputs(others.path()))
            .arg("--save-case")
            .arg(&saved)
            .output()
    };
    let output = run("json")?;
    let text = String::from_utf8(output.stdout)?;
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    let report: Value =
        serde_json::from_str(&text).map_err(|error| format!("{error}: {text}{words}"))?;
    formats::agree(&report, others.path())?;
    redacted(&saved)?;
    let list = |name: &str| report[name].as_array().cloned().unwrap_or_default();
    let (causes, paths, unknown) = (list("causes"), list("paths"), list("unknown"));
    let expect = &scenario.expect;
    let mut wrong = Vec::new();
    let mut same = |what: &str, found: &dyn std::fmt::Debug, wanted: &dyn std::fmt::Debug| {
        if format!("{found:?}") != format!("{wanted:?}") {
            wrong.push(format!("{what}: expected {wanted:?}, found {found:?}"));
        }
    };
    same("exit code", &output.status.code(), &Some(expect.exit_code));
    same("causes", &texts(causes.iter(), "code"), &expect.codes);
    same(
        "verdicts",
        &texts(paths.iter(), "verdict"),
        &expect.verdicts,
    );
    let warned = paths
        .iter()
        .filter_map(|path| path["warnings"].as_array())
        .flatten();
    same("warnings", &texts(warned, "code"), &expect.warnings);
    if ["cluster", "iam", "lambda"].contains(&scenario.command.as_str()) {
        let findings = list("findings");
        let warn = findings.iter().filter(|f| f["status"] == "warning");
        same("warning findings", &texts(warn, "code"), &expect.findings);
    }
    if let Some(subjects) = expect.subjects {
        let found = causes
            .first()
            .and_then(|cause| cause["subjects"].as_array());
        same("subjects", &found.map(Vec::len), &Some(subjects));
    }
    if let Some(ports) = &expect.source_ports {
        for path in paths.iter().filter(|path| path["verdict"] == "partial") {
            same("source ports", &path["source_ports"], &json!(ports));
        }
    }
    for needs in &expect.needs {
        let named = unknown.iter().any(|unknown| unknown["needs"] == **needs);
        same(&format!("{needs} is named"), &named, &true);
    }
    for path in &paths {
        let blockers = path["blockers"].as_array().map_or(0, Vec::len);
        let hurt = path["verdict"] == "blocked" || path["verdict"] == "partial";
        same(
            "a path that is hurt has a blocker",
            &(blockers > 0),
            &(hurt || blockers > 0),
        );
    }
    for cause in &causes {
        same(
            "confidence",
            &cause["confidence"].as_str(),
            &Some(expect.confidence.as_str()),
        );
    }
    if expect.exit_code == 1 && scenario.command == "network" {
        same("repaired", &repaired(&saved)?, &expect.repaired);
    }
    let shown = run("text")?;
    same(
        "the text's exit code",
        &shown.status.code(),
        &Some(expect.exit_code),
    );
    if let Some(mended) = mended(&causes, folder.path(), || Ok(run("json")?.stdout))? {
        same("mended", &mended, &expect.mended);
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
        Err(format!("{}\n{shown}{words}", wrong.join("\n")).into())
    }
}

fn main() {
    let arguments = Arguments::from_args();
    let mut scenarios: Vec<PathBuf> = std::fs::read_dir(root())
        .expect("the scenarios can be listed")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect();
    scenarios.sort();
    assert!(scenarios.len() >= 40, "{} scenarios", scenarios.len());
    let trials = scenarios
        .into_iter()
        .map(|path| {
            let name = path
                .file_stem()
                .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            Trial::test(name, move || check(&path))
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}
