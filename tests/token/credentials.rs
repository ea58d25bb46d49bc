//! Looking for credentials, each time in a process of its own with an environment of its own.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

use msk_doctor::aws::credentials::{CredentialOptions, load, resolve_region};
use serde_json::{Value, json};

use crate::server::{self, Answer};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const MARKER: &str = "marker-in-a-secret";

/// Runs in the child: finds credentials as the environment says and prints what it may.
#[test]
#[ignore = "run by the other tests, with an environment of its own"]
fn child() {
    let var = |name: &str| std::env::var(name).ok();
    let options = CredentialOptions {
        profile: var("TEST_PROFILE"),
        region: var("TEST_REGION"),
        role_arn: var("TEST_ROLE"),
        timeout: Duration::from_millis(
            var("TEST_TIMEOUT_MS").map_or(20_000, |ms| ms.parse().expect("milliseconds")),
        ),
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let region = runtime.block_on(resolve_region(options.profile.as_deref()));
    let outcome = runtime.block_on(load(&options));
    let debug = format!("{outcome:?}");
    let printed = match &outcome.result {
        Ok(loaded) => {
            assert_eq!(loaded.credentials.secret_access_key(), SECRET);
            json!({ "facts": loaded.facts })
        }
        Err(failure) => json!({
            "failure": failure, "code": failure.code(), "said": failure.to_string(),
        }),
    };
    println!(
        "\nRESULT {}",
        json!({ "outcome": printed, "debug": debug, "region": region })
    );
}

/// What the child found in an environment of `variables`. No secret may be in it.
fn find(variables: &[(&str, &str)]) -> Value {
    let variables: Vec<(&str, OsString)> = variables
        .iter()
        .map(|(name, value)| (*name, OsString::from(value)))
        .collect();
    find_os(&variables)
}

fn find_os(variables: &[(&str, OsString)]) -> Value {
    let home = tempfile::tempdir().expect("a directory");
    let output = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "credentials::child", "--ignored", "--nocapture"])
        .env_clear()
        .env("HOME", home.path())
        .env("PATH", "/usr/bin:/bin")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .output()
        .expect("the child runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let all = format!("{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(!all.contains(SECRET) && !all.contains(MARKER), "{all}");
    let result = text
        .lines()
        .find_map(|line| line.strip_prefix("RESULT "))
        .unwrap_or_else(|| panic!("no result: {all}"));
    serde_json::from_str(result).expect("JSON")
}

const KEYS: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", SECRET),
];

/// A configuration with two profiles; the directory has to live as long as it is used.
fn profiles(more: &str) -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("config");
    let text = format!(
        "[profile work]\nregion = us-west-2\naws_access_key_id = AKIAWORKWORKWORKWORK\n\
         aws_secret_access_key = {SECRET}\n{more}"
    );
    std::fs::write(&file, text).expect("written");
    let path = file.to_str().expect("UTF-8").to_owned();
    (directory, path)
}

#[test]
fn keys_in_the_environment_are_found() {
    let found = find(&[
        KEYS[0],
        KEYS[1],
        ("AWS_SESSION_TOKEN", MARKER),
        ("AWS_REGION", "eu-west-1"),
    ]);
    let facts = &found["outcome"]["facts"];
    assert_eq!(facts["source"]["kind"], "environment");
    assert_eq!(facts["access_key_id"], "AKIAIOSFODNN7EXAMPLE");
    assert_eq!(facts["has_session_token"], true);
    assert_eq!(facts["expires_at"], Value::Null);
    assert_eq!(found["region"], "eu-west-1");
}

#[test]
fn an_explicit_profile_outranks_the_environment_and_the_variable_does_not() {
    let (_directory, file) = profiles("");
    let config = ("AWS_CONFIG_FILE", file.as_str());
    let explicit = find(&[KEYS[0], KEYS[1], config, ("TEST_PROFILE", "work")]);
    assert_eq!(
        explicit["outcome"]["facts"]["source"],
        json!({ "kind": "profile", "name": "work" })
    );
    assert_eq!(explicit["region"], "us-west-2");
    let variable = find(&[KEYS[0], KEYS[1], config, ("AWS_PROFILE", "work")]);
    assert_eq!(
        variable["outcome"]["facts"]["source"]["kind"],
        "environment"
    );
    let alone = find(&[config, ("AWS_PROFILE", "work")]);
    assert_eq!(alone["outcome"]["facts"]["source"]["name"], "work");
}

#[test]
fn without_any_source_everyone_was_asked() {
    let found = find(&[("TEST_REGION", "eu-west-1")]);
    let failure = &found["outcome"]["failure"];
    assert_eq!(failure["failure"], "no-credentials");
    assert_eq!(found["outcome"]["code"], "SASL-14");
    let kinds: Vec<&str> = failure["tried"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|tried| tried["source"]["kind"].as_str().expect("a kind"))
        .collect();
    assert_eq!(
        kinds,
        [
            "environment",
            "profile",
            "web-identity",
            "container",
            "instance-metadata"
        ]
    );
    let said = found["outcome"]["said"].as_str().expect("text");
    assert!(
        said.contains("environment: environment variable not set"),
        "{said}"
    );
    assert!(said.contains("IMDS disabled"), "{said}");
}

#[test]
fn a_profile_that_does_not_exist_is_a_failure() {
    let (_directory, file) = profiles("");
    let found = find(&[("AWS_CONFIG_FILE", &file), ("TEST_PROFILE", "wrok")]);
    let failure = &found["outcome"]["failure"];
    assert_eq!(failure["failure"], "failed", "{found}");
    let reason = failure["reason"].as_str().expect("text");
    assert!(
        reason.contains("profile `wrok` was not defined"),
        "{reason}"
    );
}

#[test]
fn a_silent_source_is_named_and_bounded() {
    let url = server::start(|_| Answer::Silence);
    let started = Instant::now();
    let found = find(&[
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &url),
        ("TEST_REGION", "eu-west-1"),
        ("TEST_TIMEOUT_MS", "1000"),
    ]);
    let failure = &found["outcome"]["failure"];
    assert_eq!(failure["failure"], "timed-out");
    assert_eq!(failure["waiting_for"]["source"]["kind"], "container");
    assert_eq!(failure["tried"].as_array().map(Vec::len), Some(3));
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn the_role_of_an_instance_has_an_end() {
    let url = server::start(|request| {
        let body = if request.starts_with("PUT /latest/api/token") {
            "imds-token".to_owned()
        } else if request.starts_with("GET /latest/meta-data/placement/region ") {
            "eu-central-1".to_owned()
        } else if request.starts_with("GET /latest/meta-data/iam/security-credentials/ ") {
            "orders".to_owned()
        } else {
            json!({ "Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": "ASIAIOSFODNN7EXAMPLE",
                "SecretAccessKey": SECRET, "Token": MARKER, "LastUpdated": "2026-11-23T10:00:00Z",
                "Expiration": "2099-01-01T00:00:00Z" })
            .to_string()
        };
        let ttl = "x-aws-ec2-metadata-token-ttl-seconds: 21600".to_owned();
        Answer::Http(200, vec![ttl], body)
    });
    let found = find(&[
        ("AWS_EC2_METADATA_DISABLED", "false"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &url),
    ]);
    let facts = &found["outcome"]["facts"];
    assert_eq!(facts["source"]["kind"], "instance-metadata", "{found}");
    assert_eq!(facts["expires_at"], "2099-01-01T00:00:00Z");
    assert_eq!(found["region"], "eu-central-1");
}

const ROLE: &str = "arn:aws:iam::123456789012:role/orders";

#[test]
fn a_role_is_assumed_under_our_name() {
    let url = server::start(|request| {
        assert!(request.contains("RoleSessionName=msk-doctor"));
        let body = format!(
            r#"<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><AssumedRoleUser>
<Arn>arn:aws:sts::123456789012:assumed-role/orders/msk-doctor</Arn><AssumedRoleId>AROA:msk-doctor</AssumedRoleId>
</AssumedRoleUser><Credentials><AccessKeyId>ASIAASSUMEDASSUMEDAB</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey>
<SessionToken>{MARKER}</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>
</AssumeRoleResult></AssumeRoleResponse>"#
        );
        Answer::Http(200, vec![], body)
    });
    for variable in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"] {
        let found = find(&[
            KEYS[0],
            KEYS[1],
            (variable, &url),
            ("TEST_REGION", "eu-west-1"),
            ("TEST_ROLE", ROLE),
        ]);
        let facts = &found["outcome"]["facts"];
        assert_eq!(facts["source"]["kind"], "environment", "{found}");
        assert_eq!(facts["assumed_role"], ROLE);
        assert_eq!(facts["access_key_id"], "ASIAASSUMEDASSUMEDAB");
        assert_eq!(facts["expires_at"], "2099-01-01T00:00:00Z");
    }
}

#[test]
fn a_role_that_may_not_be_assumed_says_who_may_not() {
    let url = server::start(|_| {
        let body = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: u is not authorized to \
             perform: sts:AssumeRole</Message></Error></ErrorResponse>";
        Answer::Http(403, vec![], body.into())
    });
    let found = find(&[
        KEYS[0],
        KEYS[1],
        ("AWS_ENDPOINT_URL_STS", &url),
        ("TEST_REGION", "eu-west-1"),
        ("TEST_ROLE", ROLE),
    ]);
    let failure = &found["outcome"]["failure"];
    assert_eq!(failure["failure"], "role-not-assumed", "{found}");
    assert_eq!(failure["code"], "AccessDenied");
    assert_eq!(
        failure["reason"],
        "AccessDenied: User: u is not authorized to perform: sts:AssumeRole"
    );
    assert_eq!(found["outcome"]["code"], "IAM-07");
}

#[test]
fn a_role_of_a_profile_that_may_not_be_assumed_is_no_missing_credential() {
    let url = server::start(|_| {
        let body = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: u is not authorized to \
             perform: sts:AssumeRole</Message></Error></ErrorResponse>";
        Answer::Http(403, vec![], body.into())
    });
    let of = |source: &str| {
        let (_directory, file) = profiles(&format!(
            "[profile orders]\nregion = eu-west-1\nrole_arn = {ROLE}\nsource_profile = {source}\n"
        ));
        find(&[
            ("AWS_CONFIG_FILE", &file),
            ("AWS_ENDPOINT_URL_STS", &url),
            ("TEST_PROFILE", "orders"),
        ])
    };
    let denied = of("work");
    let failure = &denied["outcome"]["failure"];
    assert_eq!(failure["code"], "AccessDenied", "{denied}");
    assert_eq!(denied["outcome"]["code"], "IAM-07");
    // STS is not asked for a profile that refers to nobody.
    let lost = of("nobody");
    assert_eq!(lost["outcome"]["failure"]["code"], Value::Null, "{lost}");
    assert_eq!(lost["outcome"]["code"], "SASL-14");
}

#[test]
fn an_unreachable_sts_is_waited_for_only_so_long() {
    let url = server::start(|_| Answer::Silence);
    let found = find(&[
        KEYS[0],
        KEYS[1],
        ("AWS_ENDPOINT_URL_STS", &url),
        ("TEST_REGION", "eu-west-1"),
        ("TEST_ROLE", ROLE),
        ("TEST_TIMEOUT_MS", "1000"),
    ]);
    assert_eq!(
        found["outcome"]["failure"]["waiting_for"],
        json!({ "step": "assume-role", "role": ROLE })
    );
    assert_eq!(found["outcome"]["code"], "IAM-07");
}

#[test]
fn errors_of_the_sdk_that_quote_a_secret_do_not() {
    // The markers are looked for in `find`.
    let token = find(&[
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/"),
        (
            "AWS_CONTAINER_AUTHORIZATION_TOKEN",
            &format!("{MARKER}\n{MARKER}"),
        ),
        ("TEST_REGION", "eu-west-1"),
    ]);
    assert!(
        token["outcome"]["said"]
            .as_str()
            .expect("text")
            .contains("characters that a header cannot have")
    );
    let mut secret = SECRET.as_bytes().to_vec();
    secret.push(0xff);
    // Mixed up, and not text.
    let unreadable = find_os(&[
        (KEYS[0].0, OsString::from_vec(secret)),
        (KEYS[1].0, KEYS[1].1.into()),
        ("TEST_REGION", "eu-west-1".into()),
    ]);
    assert!(
        unreadable["outcome"]["said"]
            .as_str()
            .expect("text")
            .contains("not UTF-8")
    );
    let (_directory, file) = profiles(&format!(
        "[profile process]\ncredential_process = sh -c 'echo no key {SECRET} >&2; exit 1'\n"
    ));
    let process = find(&[
        ("AWS_CONFIG_FILE", &file),
        ("TEST_PROFILE", "process"),
        ("TEST_REGION", "eu-west-1"),
    ]);
    assert!(
        process["outcome"]["said"]
            .as_str()
            .expect("text")
            .contains("no key [redacted]")
    );
}
