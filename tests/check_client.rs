//! `lab --check-client`: a command runs against a healthy lab and against faults, and how it fares is told.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const DOCTOR: &str = env!("CARGO_BIN_EXE_msk-doctor");
/// What stands for a client: it looks, and ends as a client would.
const LOOKS: &str =
    r#""$0" "$1" --ca-file "$2" --region eu-west-1 --no-aws --deadline 8s >/dev/null 2>&1"#;

fn check(codes: &[&str], more: &[&str], client: &[&str]) -> Output {
    Command::new(DOCTOR)
        .arg("lab")
        .args(codes)
        .args(more)
        .arg("--check-client")
        .args(client)
        .output()
        .expect("it runs")
}

/// A client that does `then` where it finds a fault.
fn script(then: &str) -> [String; 6] {
    let script = format!("{LOOKS} || {{ {then}; }}");
    ["bash", "-c", &script, DOCTOR, "{bootstrap}", "{ca}"].map(str::to_owned)
}

fn checked(codes: &[&str], more: &[&str], then: &str) -> Value {
    let script = script(then);
    let client: Vec<&str> = script.iter().map(String::as_str).collect();
    let output = check(codes, &[more, &["--json"]].concat(), &client);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{error}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn how_a_client_ends_is_told_fault_by_fault() {
    let then = "echo the login was denied >&2; exit 7";
    let found = checked(&["IAM-01", "LIM-08"], &[], then);
    assert_eq!(found["healthy"]["outcome"]["is"], "succeeds");
    assert_eq!(found["healthy"]["logins"], 3);
    assert_eq!(found["complete"], true);
    let [denied, throttled] = found["faults"].as_array().expect("faults").as_slice() else {
        panic!("{found}");
    };
    assert_eq!(denied["code"], "IAM-01");
    assert_eq!(denied["outcome"]["is"], "fails");
    assert_eq!(denied["outcome"]["code"], 7);
    assert_eq!(denied["printed"], "the login was denied\n");
    assert!(denied["logins"].as_u64() >= Some(3), "{denied}");
    // Throttling works: a near-miss.
    assert_eq!(throttled["outcome"]["is"], "succeeds");
}

#[test]
fn one_that_hangs_is_ended_with_all_that_it_started() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("pid");
    let then = format!("sleep 600 & echo $! > {}; wait", file.display());
    // Long enough for a healthy look on a busy machine; whoever hangs takes all of it.
    let found = checked(&["TCP-02"], &["--client-timeout", "12s"], &then);
    assert_eq!(found["faults"][0]["outcome"]["is"], "hangs", "{found}");
    let pid = std::fs::read_to_string(&file).expect("it was started");
    let state = std::fs::read_to_string(Path::new("/proc").join(pid.trim()).join("stat"));
    // Gone, or a zombie whose parent has not looked yet.
    assert!(
        state.as_ref().map_or(true, |stat| stat.contains(") Z ")),
        "{state:?}"
    );
}

#[test]
fn a_crash_is_no_exit_code() {
    let found = checked(&["IAM-01"], &[], "kill -SEGV $$");
    assert_eq!(found["faults"][0]["outcome"]["is"], "crashes");
    assert_eq!(found["faults"][0]["outcome"]["signal"], 11);
}

#[test]
fn a_person_reads_a_line_for_each() {
    let script = script("printf 'no \\033[31mway'; exit 1");
    let client: Vec<&str> = script.iter().map(String::as_str).collect();
    let output = check(&["IAM-01"], &[], &client);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("IAM-01  fails, exit 1"), "{text}");
    assert!(text.contains("no fault"), "{text}");
    assert!(
        text.contains("no \\u{1b}[31mway") && !text.contains('\u{1b}'),
        "{text}"
    );
}

#[test]
fn what_tells_nothing_is_wrong_use() {
    let rows: [(&[&str], &[&str], &str); 4] = [
        (
            &["IAM-01"],
            &["false"],
            "without any fault the command fails, exit 1",
        ),
        (
            &["IAM-01"],
            &["/no/such/program"],
            "cannot run \"/no/such/program\"",
        ),
        (
            &["DNS-01", "--after", "1"],
            &["true"],
            "DNS-01 is there or not",
        ),
        (&["NO-01"], &["true"], "the lab does not make"),
    ];
    for (codes, client, words) in rows {
        let output = check(codes, &[], client);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(words), "{error}");
        assert!(output.stdout.is_empty());
    }
}
