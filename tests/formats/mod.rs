//! Every format of a run says the same: the verdict, the codes of the causes, the exit code.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

/// The arguments that write all formats but text and JSON into a folder.
pub fn outputs(folder: &Path) -> Vec<String> {
    ["junit", "sarif", "github", "markdown"]
        .into_iter()
        .flat_map(|format| {
            let file = folder.join(format);
            [
                "--output".to_owned(),
                format!("{format}={}", file.display()),
            ]
        })
        .collect()
}

/// The schema that OASIS publishes, as the crate serde-sarif has it.
static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .args([
            "--manifest-path",
            concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
        ])
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&metadata.stdout).expect("cargo's metadata");
    let packages = metadata["packages"].as_array().expect("packages");
    let crates = packages
        .iter()
        .find(|package| package["name"] == "serde-sarif");
    let manifest = crates.and_then(|own| own["manifest_path"].as_str());
    let folder = PathBuf::from(manifest.expect("the crate with the schema"));
    let file = folder.with_file_name("src").join("schema.json");
    let mut schema: Value =
        serde_json::from_slice(&fs::read(file).expect("the schema")).expect("a schema");
    // The published pattern of a field that we do not write is no regular expression: a bracket is missing.
    for owner in ["run", "toolComponent"] {
        let place = format!("/definitions/{owner}/properties/language");
        let language = schema.pointer_mut(&place).and_then(Value::as_object_mut);
        assert!(language.expect("the field").remove("pattern").is_some());
    }
    jsonschema::validator_for(&schema).expect("a schema")
});

fn read(folder: &Path, name: &str) -> Result<String, String> {
    fs::read_to_string(folder.join(name)).map_err(|error| format!("{name}: {error}"))
}

fn codes(values: &[Value], key: &str) -> BTreeSet<String> {
    values
        .iter()
        .filter_map(|value| value[key].as_str())
        .map(ToOwned::to_owned)
        .collect()
}

/// Compares the files that [`outputs`] made with the report in JSON.
pub fn agree(report: &Value, folder: &Path) -> Result<(), String> {
    let list = |name: &str| report[name].as_array().cloned().unwrap_or_default();
    let wanted = codes(&list("causes"), "code");
    let warnings: Vec<Value> = list("findings")
        .into_iter()
        .filter(|finding| finding["status"] == "warning")
        .collect();
    let all: BTreeSet<String> = wanted.union(&codes(&warnings, "code")).cloned().collect();
    let verdict = report["verdict"].as_str().unwrap_or_default();
    let headline = format!("verdict {verdict}, exit code {}", report["exit_code"]);
    let check = |what: &str, holds: bool| {
        if holds {
            Ok(())
        } else {
            Err(format!("{what} differs from the report in JSON"))
        }
    };

    let sarif: Value =
        serde_json::from_str(&read(folder, "sarif")?).map_err(|error| format!("sarif: {error}"))?;
    if let Some(error) = SCHEMA.iter_errors(&sarif).next() {
        return Err(format!("sarif: {}: {error}", error.instance_path()));
    }
    let run = &sarif["runs"][0];
    let results = run["results"].as_array().cloned().unwrap_or_default();
    check("sarif's codes", codes(&results, "ruleId") == all)?;
    check("sarif's verdict", run["properties"]["verdict"] == verdict)?;
    check(
        "sarif's exit code",
        run["invocations"][0]["exitCode"] == report["exit_code"],
    )?;
    for result in &results {
        // What GitHub needs of a result.
        let location = &result["locations"][0]["physicalLocation"];
        check(
            "sarif's place",
            location["artifactLocation"]["uri"].is_string(),
        )?;
        check("sarif's line", location["region"]["startLine"] == 1)?;
        let fingerprint = &result["partialFingerprints"]["codeAndSubject/v1"];
        check(
            "sarif's fingerprint",
            fingerprint.as_str().is_some_and(|own| own.len() == 32),
        )?;
    }

    let github = read(folder, "github")?;
    let last = github.lines().last().unwrap_or_default();
    check(
        "github's headline",
        last == format!("::notice title=msk-doctor::{headline}"),
    )?;
    for command in ["error", "warning", "notice"] {
        let begin = format!("::{command} title=");
        let own = github
            .lines()
            .filter(|line| line.starts_with(&begin))
            .count();
        check("the number of annotations", own <= 10)?;
    }
    check(
        "github's lines",
        github.lines().all(|line| line.starts_with("::")),
    )?;
    let markdown = read(folder, "markdown")?;
    check("markdown's headline", markdown.contains(&headline))?;
    check("markdown's size", markdown.len() < 1024 * 1024)?;
    let junit = read(folder, "junit")?;
    check("junit's headline", junit.contains(&headline))?;
    for code in &wanted {
        let named = github.contains(&format!("title={code} "));
        check(&format!("github without {code}"), named || wanted.len() > 9)?;
        check(
            &format!("markdown without {code}"),
            markdown.contains(&format!(": {code} ")),
        )?;
        check(
            &format!("junit without {code}"),
            junit.contains(&format!("name=\"{code} ")),
        )?;
    }
    check(
        "junit's failures",
        junit.contains("<failure") == (report["exit_code"] == 1),
    )?;
    check(
        "junit's errors",
        junit.contains("<error") == (report["exit_code"] == 3),
    )
}
