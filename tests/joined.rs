//! A login that a broker of the lab denied, joined with the policies of the identity that logged in.

#[path = "paths/world.rs"]
mod world;

use std::process::Command;

use msk_doctor::aws::files;
use msk_doctor::case::{Case, Client, ClientKind, IdentityFacts, Shares, TokenFault};
use msk_doctor::diagnosis::{Cause, Confidence, Diagnosis, Tried, Verdict, conclude};
use world::Edit;

const ROLE: &str = "arn:aws:iam::111122223333:role/apps/orders-role";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/orders-role/i-0123456789abcdef0";
const CLUSTER: &str =
    "arn:aws:kafka:eu-west-1:111122223333:cluster/demo/11111111-2222-3333-4444-555555555555-1";
const POLICY: &str = "iam-get-policy-version.arn_aws_iam__111122223333_policy_orders-kafka";

/// What a run against the lab saw: each broker answers the token with "Access denied".
fn denied() -> Case {
    let folder = tempfile::tempdir().expect("a folder");
    let saved = folder.path().join("saved.case");
    let status = Command::new(env!("CARGO_BIN_EXE_msk-doctor"))
        .args(["demo", "--output", "json", "--save-case"])
        .arg(&saved)
        .output()
        .expect("the demo runs")
        .status;
    assert_eq!(status.code(), Some(1), "the seed fault is found");
    let text = std::fs::read_to_string(&saved).expect("a case");
    serde_json::from_str(&text).expect("a case that can be read")
}

/// The same with the AWS facts, made by the very role that they are about: STS said so, and the clock is right.
fn joined(changes: &str) -> Case {
    #[derive(serde::Deserialize)]
    struct Changes {
        change: Vec<Edit>,
    }
    let changes: Changes = toml::from_str(changes).expect("changes");
    let folder = tempfile::tempdir().expect("a folder");
    world::build("rights", &changes.change, folder.path()).expect("a world");
    let mut case = Case {
        facts: Some(files::read(folder.path()).expect("facts")),
        identity: IdentityFacts::Known {
            arn: SESSION.to_owned(),
            account: "111122223333".to_owned(),
        },
        clock_ahead_s: Some(0.2),
        ..denied()
    };
    case.target.cluster = Some(CLUSTER.to_owned());
    case
}

/// A change of the statement that lets the role connect.
fn statement(element: &str, value: &str) -> String {
    format!(
        "[[change]]\nfile = \"{POLICY}\"\nop = \"replace\"\npath = \"/PolicyVersion/Document/Statement/0/{element}\"\nvalue = \"{value}\"\n"
    )
}

fn another_cluster() -> String {
    statement("Resource", &CLUSTER.replace("11111111-", "99999999-"))
}

fn first(diagnosis: &Diagnosis) -> &Cause {
    diagnosis.causes.first().expect("a cause")
}

fn codes(diagnosis: &Diagnosis) -> Vec<&str> {
    diagnosis
        .causes
        .iter()
        .map(|cause| cause.fault.code)
        .collect()
}

fn rules_out(cause: &Cause, code: &str) -> bool {
    cause.ruled_out.iter().any(|(fault, _)| fault.code == code)
}

#[test]
fn the_statement_that_denied_is_proven() {
    let diagnosis = conclude(&joined(&another_cluster()));
    assert_eq!(diagnosis.verdict, Verdict::Faulty);
    assert_eq!(codes(&diagnosis), ["IAM-03"]);
    let cause = first(&diagnosis);
    assert_eq!(
        cause.confidence,
        Confidence::Proven,
        "{:?}",
        cause.not_excluded
    );
    for code in [
        "SASL-08", "SASL-09", "SASL-10", "SASL-13", "IAM-01", "IAM-04", "IAM-05", "CLU-08",
    ] {
        assert!(rules_out(cause, code), "{code}: {:?}", cause.ruled_out);
    }
    assert_eq!(cause.repair.tried, Tried::AllowedAsRead);
    let command = cause.repair.changes.first().expect("a change").command();
    assert!(command.contains("create-policy-version"), "{command}");
    assert!(command.contains(CLUSTER), "{command}");
}

#[test]
fn a_clock_that_nobody_compared_is_not_acquitted() {
    let case = Case {
        clock_ahead_s: None,
        ..joined(&another_cluster())
    };
    let diagnosis = conclude(&case);
    assert_eq!(codes(&diagnosis), ["IAM-03"]);
    let cause = first(&diagnosis);
    assert_eq!(cause.confidence, Confidence::Likely);
    let open: Vec<&str> = cause.not_excluded.iter().map(|fault| fault.code).collect();
    assert_eq!(open, ["SASL-09"]);
}

#[test]
fn an_expired_token_is_before_what_the_policy_would_deny() {
    let mut case = joined(&another_cluster());
    let token = case.token.as_mut().expect("a token");
    token.problems.push(TokenFault {
        code: "SASL-08".to_owned(),
        words: "it ended an hour ago".to_owned(),
    });
    let diagnosis = conclude(&case);
    assert_eq!(codes(&diagnosis), ["SASL-08", "IAM-03"]);
}

#[test]
fn policies_that_allow_leave_what_cannot_be_read() {
    let diagnosis = conclude(&joined(&statement("Sid", "Connect")));
    assert_eq!(codes(&diagnosis), ["IAM-04"]);
    let cause = first(&diagnosis);
    assert_ne!(
        cause.confidence,
        Confidence::Proven,
        "nobody read what denies"
    );
    for code in ["IAM-01", "IAM-02", "IAM-03", "IAM-06", "IAM-08"] {
        assert!(rules_out(cause, code), "{code}: {:?}", cause.ruled_out);
    }
    assert!(cause.repair.changes.is_empty());
}

#[test]
fn policies_that_could_not_be_read_decide_nothing() {
    let denied = format!("[[change]]\nfile = \"{POLICY}\"\nop = \"denied\"\npath = \"\"\n");
    let diagnosis = conclude(&joined(&denied));
    assert_eq!(codes(&diagnosis), ["IAM-01"]);
    assert_eq!(first(&diagnosis).confidence, Confidence::Likely);
    let needs = |what: &str| {
        diagnosis
            .unknown
            .iter()
            .any(|unknown| unknown.needs == what)
    };
    assert!(needs("iam:GetPolicyVersion"));
}

/// An administrator's denied login says nothing of the function's role: its own policy does.
#[test]
fn the_login_of_somebody_else_is_not_joined() {
    let mut case = joined(&another_cluster());
    case.client = Client {
        kind: ClientKind::Function,
        name: Some("orders".to_owned()),
        role: Some(ROLE.to_owned()),
        library: None,
    };
    case.vantage.speaks_for = vec![Shares::Path];
    case.identity = IdentityFacts::Known {
        arn: "arn:aws:sts::111122223333:assumed-role/admin/ann".to_owned(),
        account: "111122223333".to_owned(),
    };
    let diagnosis = conclude(&case);
    assert_eq!(diagnosis.verdict, Verdict::Faulty);
    let cause = first(&diagnosis);
    assert_eq!(cause.fault.code, "IAM-03");
    assert!(
        cause.by_facts && cause.signs.is_empty(),
        "by its policy, not by that login"
    );
    let seen = diagnosis
        .causes
        .iter()
        .find(|cause| !cause.signs.is_empty());
    let seen = seen.expect("the login from here is told too");
    assert_eq!(seen.fault.code, "IAM-01");
    assert!(
        !rules_out(seen, "IAM-02"),
        "the function's policies excuse nobody else"
    );
}
