//! `compare`: pairs of runs that differ in one thing, and fare differently because of it.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

fn doctor(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_msk-doctor"))
        .args(words)
        .output()
        .expect("it runs")
}

/// A healthy run of the lab's, with what only AWS would tell.
fn healthy(folder: &Path) -> Value {
    let file = folder.join("healthy.json");
    let output = format!("json={}", file.display());
    assert_eq!(
        doctor(&["demo", "--healthy", "--output", &output])
            .status
            .code(),
        Some(0)
    );
    let text = std::fs::read_to_string(file).expect("a report");
    let mut report: Value = serde_json::from_str(&text).expect("JSON");
    report["identity"] =
        json!({ "is": "known", "arn": "arn:aws:sts::111122223333:assumed-role/orders/x" });
    report["clock_ahead_s"] = json!(0.4);
    report["client"]["role"] = json!("arn:aws:iam::111122223333:role/orders");
    report["paths"] = json!([{
        "from": { "subnet": "subnet-1", "security_groups": ["sg-1"] },
        "to": { "broker": 1, "name": null }, "verdict": "reachable",
    }]);
    report["rights"] =
        json!({ "actions": [{ "action": "kafka-cluster:Connect", "answer": "allowed" }] });
    report["function"] = json!({
        "timeout": 60, "memory_size": 256, "runtime": "python3.12", "layers": ["arn:aws:lambda:eu-west-1:1:layer:kafka:1"],
        "environment": { "BOOTSTRAP": "b-1:9098", "AWS_REGION": "eu-west-1" },
    });
    report
}

/// The same with another value in a place, and a cause.
fn changed(report: &Value, place: &str, value: &Value, code: &str) -> Value {
    let mut other = report.clone();
    *other
        .pointer_mut(place)
        .unwrap_or_else(|| panic!("{place} is not there")) = value.clone();
    other["verdict"] = json!("faulty");
    other["causes"] = json!([{ "code": code, "title": "what it is" }]);
    other
}

fn compared(folder: &Path, a: &Value, b: &Value) -> (Value, String) {
    let (first, second) = (folder.join("a.json"), folder.join("b.json"));
    std::fs::write(&first, a.to_string()).expect("written");
    std::fs::write(&second, b.to_string()).expect("written");
    let [first, second] = [&first, &second].map(|path| path.to_string_lossy().into_owned());
    let output = doctor(&["compare", &first, &second, "--output", "json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = doctor(&["compare", &first, &second]);
    let found = serde_json::from_slice(&output.stdout).expect("JSON");
    (found, String::from_utf8_lossy(&text.stdout).into_owned())
}

/// The phase of a name in an attempt of the lab's.
const PHASES: [&str; 7] = [
    "resolve",
    "connect",
    "tls",
    "api-versions",
    "sasl-handshake",
    "sasl-authenticate",
    "metadata",
];

fn detail(phase: &str, rest: &str) -> String {
    let index = PHASES
        .iter()
        .position(|name| *name == phase)
        .expect("a phase");
    format!("/observations/0/phases/{index}/detail/{rest}")
}

/// Where two runs differ (the phase of an attempt, or none, and the place), what stands there in the second, the code of its
/// cause, and what has to be named.
const PAIRS: [(&str, &str, &str, &str, &str); 24] = [
    (
        "resolve",
        "application/addresses",
        r#"["10.9.9.9"]"#,
        "TCP-03",
        "the resolver's answers",
    ),
    (
        "resolve",
        "application/addresses",
        r#"["54.1.2.3"]"#,
        "DNS-03",
        "the resolver's answers",
    ),
    (
        "",
        "/target/brokers/0/name",
        r#""b-1.other.abc123.c2.kafka.eu-west-1.amazonaws.com""#,
        "DNS-01",
        "the brokers asked",
    ),
    (
        "",
        "/paths/0/from/security_groups/0",
        r#""sg-2""#,
        "SG-01",
        "the client's security groups",
    ),
    (
        "",
        "/paths/0/from/subnet",
        r#""subnet-9""#,
        "RTE-03",
        "the client's subnets",
    ),
    (
        "",
        "/paths/0/verdict",
        r#""blocked""#,
        "NACL-01",
        "what the configuration lets through",
    ),
    (
        "connect",
        "tcp/path_mtu",
        "1500",
        "TCP-09",
        "the path's MTU",
    ),
    (
        "tls",
        "certificate/chain/0/issuer",
        r#""CN=Corporate proxy""#,
        "TLS-05",
        "the certificate's issuer",
    ),
    (
        "tls",
        "certificate/chain/0/sans",
        r#"["proxy.corp"]"#,
        "TLS-06",
        "the certificate's names",
    ),
    (
        "tls",
        "version",
        r#""TLSv1.2""#,
        "TLS-01",
        "the TLS version",
    ),
    (
        "",
        "/target/auth",
        r#""scram""#,
        "SASL-01",
        "authentication",
    ),
    (
        "",
        "/token/region",
        r#""us-east-1""#,
        "SASL-10",
        "the token's region",
    ),
    (
        "",
        "/token/problems",
        r#"["it is older than its 900 seconds"]"#,
        "SASL-08",
        "what is wrong with the token",
    ),
    ("", "/clock_ahead_s", "901.0", "SASL-09", "the clock"),
    (
        "",
        "/credentials/source",
        r#""the profile default""#,
        "SASL-13",
        "the credentials' source",
    ),
    (
        "sasl-handshake",
        "offered",
        r#"["SCRAM-SHA-512"]"#,
        "SASL-02",
        "the mechanisms offered",
    ),
    (
        "",
        "/identity/arn",
        r#""arn:aws:sts::111122223333:assumed-role/other/x""#,
        "IAM-01",
        "the identity",
    ),
    (
        "",
        "/client/role",
        r#""arn:aws:iam::111122223333:role/other""#,
        "IAM-02",
        "the role",
    ),
    (
        "",
        "/rights/actions/0/answer",
        r#""implicit-deny""#,
        "IAM-02",
        "what the policies allow",
    ),
    (
        "metadata",
        "cluster_id",
        r#""another""#,
        "IAM-05",
        "the cluster",
    ),
    (
        "",
        "/function/timeout",
        "3",
        "FN-09",
        "the function's timeout",
    ),
    (
        "",
        "/function/memory_size",
        "128",
        "FN-10",
        "the function's memory",
    ),
    (
        "",
        "/function/environment/AWS_REGION",
        r#""us-east-1""#,
        "SASL-10",
        "the environment variable",
    ),
    (
        "",
        "/function/layers/0",
        r#""arn:aws:lambda:eu-west-1:1:layer:kafka:2""#,
        "CLI-01",
        "the function's layers",
    ),
];

#[test]
fn the_one_difference_explains_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = healthy(folder.path());
    for (phase, place, value, code, aspect) in PAIRS {
        let place = match phase {
            "" => place.to_owned(),
            phase => detail(phase, place),
        };
        let value: Value = serde_json::from_str(value).expect("JSON");
        let other = changed(&report, &place, &value, code);
        let (found, text) = compared(folder.path(), &report, &other);
        assert_eq!(found["explains"][0]["aspect"], aspect, "{place}: {found:#}");
        assert_eq!(
            found["explains"].as_array().map(Vec::len),
            Some(1),
            "{place}: {found:#}"
        );
        assert_eq!(found["same_outcome"], false);
        assert!(text.contains(&format!("{aspect} can explain it")), "{text}");
        // The other way round it is the same difference.
        let (back, _) = compared(folder.path(), &other, &report);
        assert_eq!(back["explains"][0]["aspect"], aspect);
        assert_eq!(back["explains"][0]["a"], found["explains"][0]["b"]);
    }
}

#[test]
fn what_cannot_explain_it_is_not_said_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = healthy(folder.path());
    // The login is denied, and what differs is the way there.
    let other = changed(
        &report,
        "/paths/0/from/security_groups/0",
        &json!("sg-2"),
        "IAM-01",
    );
    let (found, text) = compared(folder.path(), &report, &other);
    assert_eq!(found["explains"], json!([]));
    assert_eq!(found["others"][0]["aspect"], "the client's security groups");
    assert!(text.contains("no relevant difference"), "{text}");
}

#[test]
fn what_one_run_does_not_know_explains_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = healthy(folder.path());
    let other = changed(
        &report,
        "/identity",
        &json!({ "is": "not-asked" }),
        "IAM-01",
    );
    let (found, _) = compared(folder.path(), &report, &other);
    assert_eq!(
        (&found["explains"], &found["others"]),
        (&json!([]), &json!([]))
    );
}

#[test]
fn the_same_run_has_no_difference() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = healthy(folder.path());
    let (found, text) = compared(folder.path(), &report, &report);
    assert_eq!(
        (&found["same_outcome"], &found["others"]),
        (&json!(true), &json!([]))
    );
    assert!(
        text.contains("the same outcome, and no difference"),
        "{text}"
    );
}

#[test]
fn cases_are_read_and_two_of_the_lab_differ_in_how_they_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let case = |name: &str, words: &[&str]| {
        let file = folder.path().join(name).to_string_lossy().into_owned();
        let mut all = vec!["demo"];
        all.extend(words);
        all.extend(["--save-case", &file]);
        doctor(&all);
        file
    };
    let (good, bad) = (case("good", &["--healthy"]), case("bad", &["IAM-01"]));
    let output = doctor(&["compare", &good, &bad]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains("good healthy") && text.contains("bad faulty: IAM-01"),
        "{text}"
    );
    assert!(
        text.contains("also differs: how the connection ends"),
        "{text}"
    );
}

#[test]
fn what_is_no_run_is_exit_2() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("x").to_string_lossy().into_owned();
    for (text, words) in [
        ("{", "is no JSON"),
        ("{}", "neither a report (--output json) nor a case"),
        ("{\"verdict\": 1}", "neither a report"),
        (
            "{\"verdict\": \"healthy\", \"causes\": []}",
            "is one run: give another one",
        ),
    ] {
        std::fs::write(&file, text).expect("written");
        let both = doctor(&["compare", &file, &file]);
        let one = doctor(&["compare", &file]);
        let error = String::from_utf8_lossy(&one.stderr).into_owned()
            + &String::from_utf8_lossy(&both.stderr);
        assert_eq!(one.status.code(), Some(2), "{text}");
        assert!(error.contains(words), "{text}: {error}");
    }
}

#[test]
fn a_log_tells_the_librarys_version() {
    let folder = tempfile::tempdir().expect("a folder");
    let one = healthy(folder.path());
    let other = changed(&one, "/verdict", &json!("faulty"), "SASL-18");
    let name = |file: &str| folder.path().join(file).to_string_lossy().into_owned();
    for (file, text) in [
        ("a.json", one.to_string()),
        ("b.json", other.to_string()),
        ("a.log", "client_id=kafka-python-3.0.12 ready".to_owned()),
        ("b.log", "client_id=kafka-python-2.0.2 ready".to_owned()),
    ] {
        std::fs::write(name(file), text).expect("written");
    }
    let output = doctor(&[
        "compare",
        &name("a.json"),
        &name("b.json"),
        "--log-a",
        &name("a.log"),
        "--log-b",
        &name("b.log"),
        "--output",
        "json",
    ]);
    let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let expected = json!([{
        "aspect": "the library's version", "subjects": ["kafka-python"], "a": "3.0.12", "b": "2.0.2",
    }]);
    assert_eq!(found["explains"], expected);
}
