//! `preflight`: a diagnosis as a gate, with what is accepted and what is not.

use std::path::{Path, PathBuf};
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

/// A case of the lab's: the login is denied on three brokers, which is likely a policy.
fn faulty(folder: &Path) -> PathBuf {
    let case = folder.join("faulty.case");
    let name = case.to_string_lossy().into_owned();
    let output = doctor(&["demo", "IAM-01", "--save-case", &name])
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    case
}

fn preflight(case: &Path, more: &[&str]) -> (Output, Value) {
    let output = doctor(&["preflight", "--output", "json", "--case"])
        .arg(case)
        .args(more)
        .output()
        .expect("it runs");
    let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output, report)
}

fn baseline(folder: &Path, more: &str) -> String {
    let path = folder.join("baseline.toml");
    let text = format!(
        "[[accepted]]\ncode = \"IAM-01\"\nreason = \"the role comes\"\nowner = \"orders\"\n{more}\n"
    );
    std::fs::write(&path, text).expect("written");
    path.to_string_lossy().into_owned()
}

#[test]
fn the_exit_code_is_the_gates_and_the_verdict_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let case = faulty(folder.path());
    for (words, code, passed) in [
        (&[][..], 1, false),
        (&["--fail-on", "warning"], 1, false),
        (&["--fail-on", "possible"], 1, false),
        (&["--fail-on", "likely"], 1, false),
        (&["--fail-on", "proven"], 0, true),
    ] {
        let (output, report) = preflight(&case, words);
        assert_eq!(output.status.code(), Some(code), "{words:?}");
        assert_eq!(report["exit_code"], code, "{words:?}");
        assert_eq!(report["gate"]["passed"], passed, "{words:?}");
        assert_eq!(report["verdict"], "faulty", "{words:?}");
    }
}

#[test]
fn what_is_accepted_does_not_fail_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let case = faulty(folder.path());
    let (_, report) = preflight(&case, &[]);
    let broker = report["causes"][0]["subjects"][0]
        .as_str()
        .expect("a broker")
        .to_owned();
    let forever = "expires = \"2999-12-31\"";
    for (more, code, fate) in [
        (forever.to_owned(), 0, "accepts"),
        // One broker of three: the others still fail it.
        (format!("{forever}\nsubject = \"{broker}\""), 1, "accepts"),
        (
            format!("{forever}\nsubject = \"elsewhere:9098\""),
            1,
            "stale",
        ),
        ("expires = \"2026-01-01\"".to_owned(), 1, "expired"),
    ] {
        let file = baseline(folder.path(), &more);
        let (output, report) = preflight(&case, &["--baseline", &file]);
        assert_eq!(output.status.code(), Some(code), "{more}");
        let entry = &report["gate"]["accepted"][0];
        assert_eq!(
            (&entry["fate"], &entry["owner"]),
            (&Value::from(fate), &Value::from("orders"))
        );
    }
}

#[test]
fn a_wrong_baseline_is_exit_2_with_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let case = faulty(folder.path());
    for (more, words) in [
        ("expires = \"soon\"", "is no day such as"),
        ("expires = \"2999-12-31\"\nwho = 1", "line 6"),
        ("", "missing field `expires`"),
    ] {
        let file = baseline(folder.path(), more);
        let (output, _) = preflight(&case, &["--baseline", &file]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{more}");
        assert!(error.contains(words), "{error}");
    }
    let file = folder.path().join("other.toml");
    let text =
        "[[accepted]]\ncode = \"IAM-99\"\nreason = \"\"\nowner = \"\"\nexpires = \"2999-12-31\"\n";
    std::fs::write(&file, text).expect("written");
    let (output, _) = preflight(&case, &["--baseline", &file.to_string_lossy()]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("no code of the catalogue"));
}

#[test]
fn silence_from_elsewhere_is_no_failure() {
    let words = [
        "preflight",
        "127.0.0.1:1",
        "--no-aws",
        "--region",
        "eu-west-1",
        "--function",
        "orders",
        "--output",
        "json",
    ];
    let output = doctor(&words).output().expect("it runs");
    assert_eq!(output.status.code(), Some(3));
    let output = doctor(&words)
        .arg("--inconclusive-ok")
        .output()
        .expect("it runs");
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    assert_eq!(
        (output.status.code(), &report["verdict"]),
        (Some(0), &Value::from("inconclusive"))
    );
    assert_eq!(report["gate"]["passed"], true);
}

#[test]
fn github_gets_a_summary_and_a_place_in_the_repository() {
    let folder = tempfile::tempdir().expect("a folder");
    let case = faulty(folder.path());
    let (summary, sarif) = (
        folder.path().join("summary.md"),
        folder.path().join("sarif"),
    );
    std::fs::write(&summary, "before\n").expect("written");
    let place = |more: &[&str]| {
        let output = doctor(&["preflight", "--output", "github"])
            .arg("--output")
            .arg(format!("sarif={}", sarif.display()))
            .arg("--case")
            .arg(&case)
            .args(more)
            .current_dir(folder.path())
            .env("GITHUB_STEP_SUMMARY", &summary)
            .env(
                "GITHUB_WORKFLOW_REF",
                "octo/orders/.github/workflows/deploy.yml@refs/heads/main",
            )
            .output()
            .expect("it runs");
        assert_eq!(output.status.code(), Some(1));
        let text = std::fs::read_to_string(&sarif).expect("sarif");
        let sarif: Value = serde_json::from_str(&text).expect("JSON");
        let result = &sarif["runs"][0]["results"][0]["locations"][0];
        result["physicalLocation"]["artifactLocation"]["uri"].clone()
    };
    assert_eq!(place(&[]), ".github/workflows/deploy.yml");
    assert_eq!(place(&["--sarif-location", "infra/msk.tf"]), "infra/msk.tf");
    std::fs::write(folder.path().join("msk-doctor.toml"), "").expect("written");
    assert_eq!(place(&[]), "msk-doctor.toml");
    let text = std::fs::read_to_string(&summary).expect("a summary");
    assert!(text.starts_with("before\n## "), "{text}");
    assert_eq!(text.matches("the gate does not").count(), 3);
}
