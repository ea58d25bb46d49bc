//! `preflight --config`: several named targets, one report.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn doctor(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_msk-doctor"));
    command
        .args(words)
        .env_remove("GITHUB_STEP_SUMMARY")
        .env_remove("GITHUB_WORKFLOW_REF");
    command
}

/// A folder with a healthy case and one where the login is denied.
fn cases() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, what, code) in [("good.case", "--healthy", 0), ("bad.case", "IAM-01", 1)] {
        let output = doctor(&["demo", what, "--save-case"])
            .arg(folder.path().join(name))
            .output()
            .expect("it runs");
        assert_eq!(output.status.code(), Some(code));
    }
    folder
}

/// Runs in another folder than the file's: what the file names stands beside it.
fn preflight(folder: &Path, config: &str, more: &[&str]) -> Output {
    let path = folder.join("msk-doctor.toml");
    fs::write(&path, config).expect("written");
    doctor(&["preflight", "--config"])
        .arg(&path)
        .args(more)
        .output()
        .expect("it runs")
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("a report in JSON")
}

/// What a refused file is answered with, without its folder.
fn refused(config: &str, more: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let output = preflight(folder.path(), config, more);
    assert_eq!(output.status.code(), Some(2), "{config}");
    assert!(output.stdout.is_empty(), "{config}");
    let place = format!("{}/", folder.path().display());
    String::from_utf8_lossy(&output.stderr).replace(&place, "")
}

const BOTH: &str = "[defaults]\nfail_on = \"likely\"\n\n\
    [targets.orders]\ncase = \"good.case\"\n\n\
    [targets.billing]\ncase = \"bad.case\"\n";

#[test]
fn the_worst_target_decides() {
    let folder = cases();
    for (more, code, verdict, names) in [
        (&[][..], 1, "faulty", &["orders", "billing"][..]),
        (&["--only", "orders"], 0, "healthy", &["orders"]),
        (
            &["--fail-on", "proven"],
            0,
            "faulty",
            &["orders", "billing"],
        ),
    ] {
        let mut words = vec!["--output", "json"];
        words.extend(more);
        let output = preflight(folder.path(), BOTH, &words);
        let found = report(&output);
        assert_eq!(output.status.code(), Some(code), "{more:?}");
        assert_eq!(found["exit_code"], code, "{more:?}");
        assert_eq!(found["verdict"], verdict, "{more:?}");
        assert_eq!(found["gate"]["passed"], code == 0, "{more:?}");
        let targets = found["targets"].as_array().expect("targets");
        let own: Vec<&str> = targets
            .iter()
            .filter_map(|one| one["name"].as_str())
            .collect();
        assert_eq!(own, names, "{more:?}");
    }
}

#[test]
fn each_format_names_the_target() {
    let folder = cases();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let formats = ["junit", "sarif", "github", "markdown", "json"];
    let outputs: Vec<String> = formats
        .iter()
        .map(|name| format!("--output={name}={}", file(name)))
        .collect();
    let mut words: Vec<&str> = outputs.iter().map(String::as_str).collect();
    words.push("--output=text");
    let output = preflight(folder.path(), BOTH, &words);
    assert_eq!(output.status.code(), Some(1));
    let read = |name: &str| fs::read_to_string(file(name)).expect("written");
    let junit = read("junit");
    assert!(junit.contains("classname=\"msk-doctor.orders\""), "{junit}");
    assert!(junit.contains("failures=\"2\" errors=\"0\""), "{junit}");
    assert!(read("github").contains("::error title=billing%3A IAM-01"));
    assert!(read("markdown").contains("- orders: verdict healthy, exit code 0"));
    let sarif: Value = serde_json::from_str(&read("sarif")).expect("JSON");
    let message = &sarif["runs"][0]["results"][0]["message"]["text"];
    assert!(
        message
            .as_str()
            .is_some_and(|text| text.starts_with("billing: "))
    );
    let json: Value = serde_json::from_str(&read("json")).expect("JSON");
    assert_eq!(json["causes"][0]["target"], "billing");
    assert_eq!(json["causes"][0]["code"], "IAM-01");
    assert_eq!(json["targets"][1]["report"]["causes"][0]["code"], "IAM-01");
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/combined.schema.json");
    let schema: Value =
        serde_json::from_str(&fs::read_to_string(schema).expect("the schema")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    if let Err(error) = validator.validate(&json) {
        panic!("{error}");
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("orders: healthy, passes"), "{text}");
    assert!(text.contains("billing: faulty, fails"), "{text}");
}

#[test]
fn what_accepts_in_one_target_is_not_stale() {
    let folder = cases();
    let accepted = "[[accepted]]\ncode = \"IAM-01\"\nreason = \"r\"\nowner = \"o\"\nexpires = \"2999-01-01\"\n";
    fs::write(folder.path().join("accepted.toml"), accepted).expect("written");
    let config = BOTH.replace("[defaults]\n", "[defaults]\nbaseline = \"accepted.toml\"\n");
    let output = preflight(folder.path(), &config, &["--output", "json"]);
    assert_eq!(output.status.code(), Some(0));
    let gate = &report(&output)["gate"];
    assert_eq!(gate["reason"], "all 2 targets pass");
    let entries = gate["accepted"].as_array().expect("entries");
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["fate"], "accepts");
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (config, words) in [
        (
            "[targets.orders]\nfuncton = \"orders-writer\"\n",
            "msk-doctor.toml line 2, column 1: unknown field \"functon\" (perhaps \"function\")",
        ),
        (
            "[targets.orders]\nbootstrap = \"b-1:9098\"\n  no_aws = \"yes\"\n",
            "msk-doctor.toml line 3, column 3: \"no_aws\" has to be true or false",
        ),
        (
            "[defaults]\ntoken = \"t\"\n[targets.orders]\n",
            "msk-doctor.toml line 2, column 1: unknown field \"token\"",
        ),
        (
            "[targets.a]\nbootstrap = \"b-1:9098\"\n[targets.orders]\nauth = \"none\"\n",
            "msk-doctor.toml line 3, column 10: target \"orders\": error: invalid value 'none' for '--auth <AUTH>'",
        ),
        ("[targets.orders\n", "TOML parse error at line 1, column 16"),
        ("[target.orders]\n", "unknown field `target`"),
        ("[defaults]\n", "msk-doctor.toml names no target"),
        ("", "msk-doctor.toml names no target"),
        (
            "[targets.orders]\n[targets.orders]\n",
            "TOML parse error at line 2, column",
        ),
    ] {
        let error = refused(config, &[]);
        assert!(error.contains(words), "{config}: {error}");
    }
    let one = "[targets.orders]\nbootstrap = \"b-1:9098\"\n";
    for (more, words) in [
        (
            &["--only", "billing"][..],
            "--only billing: msk-doctor.toml has no such target; it has orders",
        ),
        (&["b-2:9098"], "leave out TARGET"),
        (&["--function", "f"], "leave out --function"),
        (&["--save-case", "x"], "leave out --save-case"),
    ] {
        let error = refused(one, more);
        assert!(error.contains(words), "{more:?}: {error}");
    }
    let error = refused("[targets.orders]\nno_aws = true\n", &[]);
    assert!(
        error.contains("target \"orders\": no target: give a bootstrap string"),
        "{error}"
    );
}

#[test]
fn the_command_line_comes_before_the_file() {
    let folder = cases();
    let config = "[defaults]\nfail_on = \"proven\"\n[targets.billing]\ncase = \"bad.case\"\n";
    let output = preflight(folder.path(), config, &[]);
    assert_eq!(output.status.code(), Some(0));
    let output = preflight(folder.path(), config, &["--fail-on", "likely"]);
    assert_eq!(output.status.code(), Some(1));
    let own = format!("{config}fail_on = \"likely\"\n");
    let output = preflight(folder.path(), &own, &[]);
    assert_eq!(
        output.status.code(),
        Some(1),
        "a target's own word comes before the defaults'"
    );
}
