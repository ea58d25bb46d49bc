//! `sts:GetCallerIdentity` against a local server.

use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use msk_doctor::aws::credentials::{IdentityAnswer, IdentityOptions, IdentityOutcome, identity};

use crate::server::{self, Answer};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const SESSION: &str = "session/marker+0123456789==";

const KNOWN: &str = r#"<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:sts::123456789012:assumed-role/orders/s1</Arn><UserId>AROAEXAMPLE:s1</UserId><Account>123456789012</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"#;

fn ask(url: &str, timeout: Duration) -> IdentityOutcome {
    let credentials = Credentials::new(
        "ASIAIOSFODNN7EXAMPLE",
        SECRET,
        Some(SESSION.into()),
        None,
        "test",
    );
    let options = IdentityOptions {
        region: "eu-west-1".into(),
        profile: None,
        endpoint_url: Some(url.into()),
        timeout,
    };
    tokio::runtime::Runtime::new()
        .expect("a runtime")
        .block_on(identity(&credentials, &options))
}

fn ask_soon(url: &str) -> IdentityOutcome {
    ask(url, Duration::from_secs(20))
}

fn error(code: &str, message: &str) -> String {
    format!(
        r#"<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>r</RequestId></ErrorResponse>"#
    )
}

#[test]
fn good_credentials_have_an_identity() {
    let url = server::start(|_| Answer::Http(200, vec![], KNOWN.into()));
    let outcome = ask_soon(&url);
    assert_eq!(
        outcome.answer,
        IdentityAnswer::Known {
            account: "123456789012".into(),
            arn: "arn:aws:sts::123456789012:assumed-role/orders/s1".into(),
            user_id: "AROAEXAMPLE:s1".into(),
        }
    );
    assert_eq!(outcome.skew, None, "no Date, no skew");
    let json = serde_json::to_value(&outcome).expect("JSON");
    assert_eq!(json["answer"]["kind"], "known");
}

#[test]
fn expired_credentials_are_told_from_others_and_still_give_the_time() {
    let url = server::start(|_| {
        let body = error(
            "ExpiredToken",
            "The security token included in the request is expired",
        );
        // A date in the past: the local clock is ahead.
        let date = "date: Mon, 01 Jan 2024 00:00:00 GMT".to_owned();
        Answer::Http(403, vec![date], body)
    });
    let outcome = ask_soon(&url);
    assert!(
        matches!(outcome.answer, IdentityAnswer::Expired { .. }),
        "{outcome:?}"
    );
    assert_eq!(outcome.answer.code(), Some("SASL-13"));
    let stamped = outcome.server_date.expect("a date");
    assert_eq!(stamped.unix_timestamp(), 1_704_067_200);
    let skew = outcome.skew.expect("a skew");
    let real = time::OffsetDateTime::now_utc() - stamped;
    assert!((skew.seconds - real.as_seconds_f64()).abs() < 10.0);
    assert!(skew.uncertainty >= 0.5 && skew.uncertainty < 5.0);
    assert!(skew.exceeds(Duration::from_secs(300)));
}

#[test]
fn a_slow_local_clock_has_a_negative_skew() {
    let url = server::start(|_| {
        let date = "date: Thu, 01 Jan 2099 00:00:00 GMT".to_owned();
        Answer::Http(
            403,
            vec![date],
            error(
                "SignatureDoesNotMatch",
                "Signature expired: 1 is now earlier than 2",
            ),
        )
    });
    let outcome = ask_soon(&url);
    assert!(matches!(
        outcome.answer,
        IdentityAnswer::ClockRejected { .. }
    ));
    assert!(outcome.skew.expect("a skew").seconds < 0.0);
}

#[test]
fn an_echoed_secret_is_not_repeated() {
    let url = server::start(|_| {
        let echo = format!("should have been x-amz-security-token:{SESSION} {SECRET}");
        Answer::Http(403, vec![], error("SignatureDoesNotMatch", &echo))
    });
    let outcome = ask_soon(&url);
    assert!(matches!(
        outcome.answer,
        IdentityAnswer::SignatureDoesNotMatch { .. }
    ));
    let output = format!("{outcome:?}{}", outcome.answer);
    assert!(
        !output.contains(SECRET) && !output.contains(SESSION),
        "{output}"
    );
}

#[test]
fn one_attempt_is_made_and_a_portal_is_no_sts() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static REQUESTS: AtomicUsize = AtomicUsize::new(0);
    let url = server::start(|_| {
        REQUESTS.fetch_add(1, Ordering::SeqCst);
        Answer::Http(503, vec![], "<html>Please log in</html>".into())
    });
    let outcome = ask_soon(&url);
    assert!(
        matches!(outcome.answer, IdentityAnswer::Failed { .. }),
        "{outcome:?}"
    );
    assert_eq!(REQUESTS.load(Ordering::SeqCst), 1);
}

#[test]
fn silence_is_bounded() {
    let url = server::start(|_| Answer::Silence);
    let started = Instant::now();
    let limit = Duration::from_millis(1500);
    let outcome = ask(&url, limit);
    assert!(
        matches!(outcome.answer, IdentityAnswer::TimedOut { .. }),
        "{outcome:?}"
    );
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(outcome.duration >= limit);
}

#[test]
fn a_closed_port_is_unreachable() {
    let outcome = ask_soon("http://127.0.0.1:1");
    let IdentityAnswer::Unreachable { reason } = &outcome.answer else {
        panic!("{outcome:?}");
    };
    assert!(
        reason.as_str().to_lowercase().contains("refused"),
        "{reason}"
    );
}
