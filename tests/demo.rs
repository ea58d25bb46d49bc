//! The program as a person and a script meet it: `demo`, every lab fault, both formats.

use std::path::PathBuf;
use std::process::{Command, Output};

use msk_doctor::lab::{LAB_FAULTS, LAB_VARIANTS, LabFault};
use serde_json::Value;

fn doctor(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_msk-doctor"))
        .args(arguments)
        .env_remove("COLUMNS")
        .env("AWS_ACCESS_KEY_ID", "AKIANOTTHELABS")
        .env("AWS_SECRET_ACCESS_KEY", "not-the-labs-secret")
        .env("MSK_DOCTOR_AUTH", "plaintext")
        .env("MSK_DOCTOR_DEADLINE", "nonsense")
        .output()
        .expect("the program runs")
}

fn json(arguments: &[&str]) -> (Value, i32) {
    let output = doctor(arguments);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(text.ends_with("}\n"), "one object and a newline: {text:?}");
    let report = serde_json::from_str(&text).expect("JSON");
    (report, output.status.code().expect("an exit code"))
}

fn schema() -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/report.schema.json");
    let text = std::fs::read_to_string(path).expect("the schema is there");
    serde_json::from_str(&text).expect("the schema is JSON")
}

#[test]
fn the_seed_fault_is_found_and_said_to_be_likely() {
    let (report, code) = json(&["demo", "--output", "json"]);
    assert_eq!(code, 1);
    assert_eq!(report["verdict"], "faulty");
    let cause = &report["causes"][0];
    assert_eq!(cause["code"], "IAM-01");
    assert_eq!(cause["confidence"], "likely");
    assert!(
        cause["settle"]
            .as_array()
            .is_some_and(|settle| !settle.is_empty())
    );
    assert_eq!(cause["subjects"].as_array().map(Vec::len), Some(3));
    let experiment = report["observations"]
        .as_array()
        .and_then(|all| {
            all.iter()
                .find(|o| o["purpose"] == "experiment:sasl-handshake-v0")
        })
        .expect("the experiment");
    let last = experiment["phases"]
        .as_array()
        .and_then(|phases| phases.last())
        .expect("a phase");
    assert_eq!(last["end"], "fin");
    assert!(
        last["duration_us"].as_u64().is_some_and(|us| us >= 100_000),
        "{last}"
    );
    // The lab's credentials, not the environment's.
    assert_ne!(report["credentials"]["access_key_id"], "AKIANOTTHELABS");
}

#[test]
fn every_lab_fault_is_named_first_and_fits_the_schema() {
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).expect("a valid schema");
    for (fault, code, _) in LAB_FAULTS.iter().chain(LAB_VARIANTS) {
        if NEEDS_A_RECORD.contains(code) {
            continue;
        }
        let mut arguments = vec!["demo", code];
        // How a refusal is said shows where there is one.
        arguments.extend((*fault == LabFault::Sasl07).then_some("IAM-01"));
        arguments.extend(["--phase-timeout", "2s", "--deadline", "12s"]);
        arguments.extend(["--output", "json"]);
        let (report, exit) = json(&arguments);
        let errors: Vec<String> = validator
            .iter_errors(&report)
            .map(|e| format!("{} at {}", e, e.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{code}: {errors:?}");
        assert_eq!(report["exit_code"], exit, "{code}");
        if !fault.is_of_the_catalogue() {
            assert_eq!(exit == 0, code.starts_with("listener-"), "{code}");
            continue;
        }
        let code = &named(code);
        let warned = report["findings"].as_array().is_some_and(|all| {
            all.iter()
                .any(|f| f["code"] == *code && f["status"] == "warning")
        });
        if warned {
            assert_eq!(
                (report["verdict"].as_str(), exit),
                (Some("healthy"), 0),
                "{code}"
            );
        } else {
            assert_eq!(report["causes"][0]["code"], *code, "{code}");
            assert_eq!(exit, 1, "{code}");
        }
        proven_is_mechanical(code, &report);
    }
}

/// What only a canary meets.
const NEEDS_A_RECORD: [&str; 2] = ["CLU-05", "CLU-12"];

/// What the report calls a fault of the lab first.
fn named(code: &str) -> String {
    match code {
        // Nothing but another listener of the same broker parts them, and the demo's has one.
        "LIM-06" => "TCP-05".to_owned(),
        // A user without a secret is refused with the words for a wrong password.
        "SASL-23" => "SASL-22".to_owned(),
        _ => code.splitn(3, '-').take(2).collect::<Vec<_>>().join("-"),
    }
}

#[test]
fn a_fault_that_needs_a_record_says_so() {
    for code in NEEDS_A_RECORD {
        let output = doctor(&["demo", code]);
        assert_eq!(output.status.code(), Some(2), "{code}");
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        let wanted = [
            format!("msk-doctor lab {code}"),
            "--topic lab --canary".to_owned(),
        ];
        assert!(wanted.iter().all(|own| words.contains(own)), "{words}");
    }
}

/// `proven`: nothing else is left; otherwise what would settle it is said.
fn proven_is_mechanical(code: &str, report: &Value) {
    for cause in report["causes"].as_array().into_iter().flatten() {
        let left = cause["not_excluded"].as_array().map_or(0, Vec::len);
        let settle = cause["settle"].as_array().map_or(0, Vec::len);
        match cause["confidence"].as_str() {
            Some("proven") => assert_eq!(left, 0, "{code}"),
            _ => assert!(settle > 0, "{code}: {cause}"),
        }
    }
}

#[test]
fn a_healthy_cluster_is_healthy_with_two_connections_a_broker() {
    let (report, code) = json(&["demo", "--healthy", "--output", "json"]);
    assert_eq!(code, 0);
    assert_eq!(report["verdict"], "healthy");
    assert_eq!(report["causes"].as_array().map(Vec::len), Some(0));
    let made = report["observations"].as_array().expect("observations");
    let of = |purpose: &str| made.iter().filter(|own| own["purpose"] == purpose).count();
    assert_eq!(
        (made.len(), of("bootstrap"), of("experiment:large-hello")),
        (6, 3, 3)
    );
}

#[test]
fn text_fits_its_width_and_has_no_terminal_codes_in_a_pipe() {
    for (width, limit) in [("80", 80), ("200", 200), ("60", 60)] {
        for code in ["IAM-01", "TLS-05", "CLU-03", "SASL-03", "hostile-escapes"] {
            let output = Command::new(env!("CARGO_BIN_EXE_msk-doctor"))
                .args(["demo", code, "--ascii"])
                .env("COLUMNS", width)
                .output()
                .expect("the program runs");
            let text = String::from_utf8(output.stdout).expect("UTF-8");
            assert!(text.is_ascii(), "{code}: {text}");
            for line in text.lines() {
                assert!(
                    line.len() <= limit,
                    "{code} at {width}: {} columns: {line}",
                    line.len()
                );
                assert!(!line.chars().any(char::is_control), "{code}: {line:?}");
            }
            let first = text
                .lines()
                .find(|line| line.starts_with('X'))
                .expect("a verdict");
            assert!(first.contains("FAULTY"), "{first}");
        }
    }
}

#[test]
fn a_saved_case_replays_to_the_same_report() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("case.json");
    let path = path.to_str().expect("a path");
    let (live, _) = json(&["demo", "CLU-09", "--save-case", path, "--output", "json"]);
    let output = Command::new(env!("CARGO_BIN_EXE_msk-doctor"))
        .args(["diagnose", "--case", path, "--output", "json"])
        .output()
        .expect("the program runs");
    let replayed: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(live, replayed);
}

#[test]
fn wrong_use_is_exit_2_with_what_to_do() {
    let rows: [(&[&str], &str); 8] = [
        (&["diagnose"], "no target"),
        (
            &["b-1.demo.abc123.c2.kafka.eu-west-1.amazonaws.com"],
            "port is missing",
        ),
        (&["https://example.com:9098/"], "URL"),
        (&["diagnose", "localhost:70000"], "outside"),
        (
            &["diagnose", "arn:aws:kafka:eu-west-1:1:cluster/a/b"],
            "--facts",
        ),
        (
            &["diagnose", "--case", "/nonexistent/case.json"],
            "cannot read",
        ),
        (&["explain", "SASL-99"], "did you mean"),
        (&["demo", "XYZ-01"], "--list"),
    ];
    let home = tempfile::tempdir().expect("a folder");
    for (arguments, words) in rows {
        let output = Command::new(env!("CARGO_BIN_EXE_msk-doctor"))
            .args(arguments)
            .env_clear()
            .env("HOME", home.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .output()
            .expect("the program runs");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(words), "{arguments:?}: {error}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}
