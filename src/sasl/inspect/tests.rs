use super::*;
use crate::sasl::msk_iam::sign;
use crate::sasl::token_page::page;
use TokenProblem as P;
use aws_credential_types::Credentials;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use proptest::prelude::*;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const SESSION: &str = "IQoJb3JpZ2luX2VjEXAMPLESESSIONTOKEN/abcdefgh+0123456789==";

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_428_000)
}

fn token_of(key: &str, session: Option<&str>) -> String {
    let credentials = Credentials::new(key, SECRET, session.map(str::to_owned), None, "test");
    sign(&credentials, "eu-west-1", now())
        .unwrap()
        .expose()
        .to_owned()
}

fn token() -> String {
    token_of("ASIAIOSFODNN7EXAMPLE", Some(SESSION))
}

fn url() -> String {
    String::from_utf8(URL_SAFE_NO_PAD.decode(token()).unwrap()).unwrap()
}

fn encoded(url: &str) -> String {
    URL_SAFE_NO_PAD.encode(url)
}

fn without(parameter: &str) -> String {
    let url = url();
    let at = url.find(&format!("&{parameter}=")).unwrap();
    let end = url[at + 1..]
        .find('&')
        .map_or(url.len(), |end| at + 1 + end);
    encoded(&format!("{}{}", &url[..at], &url[end..]))
}

fn codes(facts: &TokenFacts) -> Vec<&'static str> {
    facts.problems.iter().map(TokenProblem::code).collect()
}

#[test]
fn a_wrapped_token_is_reported_and_still_read() {
    let token = token();
    let rows: &[(String, &[P])] = &[
        (token.clone(), &[]),
        (format!("{token}\n"), &[]),
        (format!("{token}\r\n"), &[]),
        (format!("('{token}', 1795428900000)"), &[P::PythonTuple]),
        (format!("[\"{token}\", 1795428900000]"), &[P::PythonTuple]),
        (format!("({token},1795428900000)"), &[P::PythonTuple]),
        (
            format!("(b'{token}', 1795428900000)"),
            &[P::PythonTuple, P::PythonBytes],
        ),
        (
            format!("\"('{token}', 1795428900000)\""),
            &[P::Quoted, P::PythonTuple],
        ),
        (format!("b'{token}'"), &[P::PythonBytes]),
        (format!("b\"{token}\""), &[P::PythonBytes]),
        (format!("'{token}'"), &[P::Quoted]),
        (format!("\"{token}"), &[P::Quoted]),
        (format!("Bearer {token}"), &[P::BearerPrefix]),
        (format!("auth=Bearer {token}"), &[P::BearerPrefix]),
        (
            format!("bearer b'{token}'"),
            &[P::BearerPrefix, P::PythonBytes],
        ),
        (format!(" {token}"), &[P::Whitespace]),
        (format!("{token}\n\n"), &[P::Whitespace]),
        (
            format!("{}\n{}", &token[..64], &token[64..]),
            &[P::Whitespace],
        ),
        (url(), &[P::NotEncoded]),
    ];
    for (text, problems) in rows {
        let facts = inspect(text, now());
        assert_eq!(&facts.problems, problems, "{text}");
        assert_eq!(facts.region.unwrap().as_str(), "eu-west-1", "{text}");
        assert!(facts.has_session_token);
    }
}

#[test]
fn other_alphabets_are_reported_and_still_read() {
    // '>' and '?' at each place of three bytes give + and / somewhere.
    let url = format!("{}%2B>>>???x", url());
    let standard = inspect(STANDARD.encode(&url).trim_end_matches('='), now());
    assert_eq!(standard.problems, [P::StandardBase64]);
    let padded = (0..3)
        .map(|i| URL_SAFE.encode(format!("{url}{}", "y".repeat(i))))
        .find(|text| text.ends_with('='))
        .unwrap();
    let padded = inspect(&padded, now());
    assert_eq!(padded.problems, [P::Padded]);
    assert_eq!(padded.refusal(), None);
}

#[test]
fn what_is_no_token_is_named() {
    let token = token();
    let rows: &[(String, P)] = &[
        (String::new(), P::Empty),
        (" \t\n".into(), P::Empty),
        ("''".into(), P::Empty),
        ("()".into(), P::Empty),
        (
            r#"{"version":"2020_10_22","host":"b-1"}"#.into(),
            P::JsonObject,
        ),
        ("eyJhbGciOi.eyJzdWIi.c2ln".into(), P::Jwt),
        ("not*base64".into(), P::NotBase64Url { at: 4 }),
        (format!("{}é", &token[..40]), P::NotBase64Url { at: 41 }),
        ("__79".into(), P::NotUtf8),
        (encoded("hello"), P::NotUrl),
        (encoded("https://"), P::NotUrl),
        (encoded("ftp://kafka.eu-west-1.amazonaws.com/"), P::NotUrl),
    ];
    for (text, problem) in rows {
        let facts = inspect(text, now());
        assert!(
            facts.problems.contains(problem),
            "{text}: {:?}",
            facts.problems
        );
        assert_eq!(facts.region, None, "{text}");
        assert!(codes(&facts).iter().all(|code| *code == "SASL-05"));
    }
}

#[test]
fn a_cut_token_is_truncated_wherever_the_cut_is() {
    let token = token();
    let end_of_signature = url().find("&User-Agent").unwrap() * 4 / 3;
    for length in 20..end_of_signature {
        let facts = inspect(&token[..length], now());
        assert_eq!(facts.problems, [P::Truncated], "{length}");
    }
}

/// The token with `from` in its URL replaced.
fn changed(from: &str, to: &str) -> String {
    let url = url();
    assert!(url.contains(from), "{from}");
    encoded(&url.replacen(from, to, 1))
}

fn assert_each_alone(rows: Vec<(String, P, &str)>) {
    for (text, problem, code) in rows {
        let facts = inspect(&text, now());
        assert_eq!(facts.problems, std::slice::from_ref(&problem));
        assert_eq!(problem.code(), code);
    }
}

#[test]
fn a_wrong_content_is_named_with_what_was_found() {
    let rows: Vec<(String, P, &str)> = vec![
        (changed("https://", "http://"), P::WrongScheme, "SASL-05"),
        (
            changed(
                "kafka.eu-west-1.amazonaws.com",
                "b-1.demo.a1b2c3.c2.kafka.eu-west-1.amazonaws.com",
            ),
            P::WrongHost {
                found: "b-1.demo.a1b2c3.c2.kafka.eu-west-1.amazonaws.com".into(),
                expected: "kafka.eu-west-1.amazonaws.com".into(),
            },
            "SASL-05",
        ),
        (
            changed(".amazonaws.com", ".amazonaws.com.cn"),
            P::ForeignDomain {
                found: "kafka.eu-west-1.amazonaws.com.cn".into(),
                expected: "kafka.eu-west-1.amazonaws.com".into(),
            },
            "SASL-11",
        ),
        (
            changed("kafka.eu-west-1.", "kafka.us-east-1."),
            P::HostOfAnotherRegion {
                host: "kafka.us-east-1.amazonaws.com".into(),
                scope: "eu-west-1".into(),
            },
            "SASL-10",
        ),
        (
            changed("kafka-cluster%3AConnect", "kafka-cluster%3AReadData"),
            P::WrongAction {
                found: "kafka-cluster:ReadData".into(),
            },
            "SASL-05",
        ),
        (
            changed("%2Fkafka-cluster%2F", "%2Fkafka%2F"),
            P::WrongService {
                found: "kafka".into(),
            },
            "SASL-05",
        ),
    ];
    assert_each_alone(rows);
}

#[test]
fn an_unreadable_part_is_named_and_not_kept() {
    let bad = |part| P::Unreadable { part };
    let rows: Vec<(String, P, &str)> = vec![
        (
            changed("ASIAIOSFODNN7EXAMPLE", "someone"),
            bad(TokenPart::AccessKeyId),
            "SASL-05",
        ),
        (
            changed("aws4_request", "aws5_request"),
            bad(TokenPart::Scope),
            "SASL-05",
        ),
        (
            changed("%2F20261123%2F", "%2F20261122%2F"),
            bad(TokenPart::ScopeDate),
            "SASL-05",
        ),
        (
            changed("%2Feu-west-1%2F", "%2FEurope%2F"),
            bad(TokenPart::Region),
            "SASL-05",
        ),
        (
            changed("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
            bad(TokenPart::Algorithm),
            "SASL-05",
        ),
        (
            changed("T100000Z", "T250000Z"),
            bad(TokenPart::Date),
            "SASL-05",
        ),
        (
            changed("Expires=900", "Expires=0"),
            bad(TokenPart::Expires),
            "SASL-05",
        ),
        (
            changed("Expires=900", "Expires=15min"),
            bad(TokenPart::Expires),
            "SASL-05",
        ),
        (
            changed("Expires=900", "Expires=900000"),
            P::LongLifetime {
                lifetime: Duration::from_secs(900_000),
            },
            "SASL-05",
        ),
        (
            changed("X-Amz-Signature=", "X-Amz-Signature=x"),
            bad(TokenPart::Signature),
            "SASL-05",
        ),
        (
            changed("SignedHeaders=host", "SignedHeaders=host%3Buser-agent"),
            P::ForeignSignedHeaders {
                found: "host;user-agent".into(),
            },
            "SASL-05",
        ),
        (
            changed("SignedHeaders=host", "SignedHeaders=date"),
            P::UnsignedHost,
            "SASL-05",
        ),
    ];
    assert_each_alone(rows);
}

#[test]
fn a_missing_parameter_is_named() {
    for name in [
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-SignedHeaders",
        "X-Amz-Signature",
        "User-Agent",
    ] {
        let facts = inspect(&without(name), now());
        assert_eq!(facts.problems, [P::MissingParameter { name: name.into() }]);
        assert_eq!(facts.refusal().is_some(), name != "User-Agent");
    }
}

#[test]
fn a_temporary_key_needs_its_session_token() {
    let facts = inspect(&token_of("ASIAIOSFODNN7EXAMPLE", None), now());
    assert_eq!(facts.problems, [P::SessionTokenMissing]);
    assert_eq!(codes(&facts), ["SASL-12"]);
    let facts = inspect(&token_of("AKIAIOSFODNN7EXAMPLE", None), now());
    assert_eq!(facts.problems, []);
}

#[test]
fn a_token_lives_from_its_second_for_900() {
    let token = token();
    let seconds = Duration::from_secs;
    let at = |offset: i64| {
        let offset_by = seconds(offset.unsigned_abs());
        let when = if offset < 0 {
            now() - offset_by
        } else {
            now() + offset_by
        };
        inspect(&token, when).problems
    };
    assert_eq!(at(0), []);
    assert_eq!(at(899), []);
    assert_eq!(at(900), [P::Expired { by: seconds(0) }]);
    assert_eq!(at(4_500), [P::Expired { by: seconds(3_600) }]);
    assert_eq!(at(-1), [P::NotYetValid { by: seconds(1) }]);
    assert!(!at(-300)[0].is_refusal());
    assert!(at(-301)[0].is_refusal());
    assert_eq!(at(-301)[0].code(), "SASL-09");
    assert_eq!(at(900)[0].code(), "SASL-08");
}

#[test]
fn the_region_is_compared_with_that_of_the_brokers() {
    let facts = inspect(&token(), now());
    assert_eq!(judge_for_region(&facts, "eu-west-1"), None);
    let problem = judge_for_region(&facts, "us-east-1").unwrap();
    assert_eq!(problem.code(), "SASL-10");
    assert!(problem.to_string().contains("eu-west-1"));
    assert_eq!(judge_for_region(&inspect("", now()), "us-east-1"), None);
}

#[test]
fn facts_survive_json() {
    let facts = inspect(&token(), now() + Duration::from_secs(1_000));
    let json = serde_json::to_value(&facts).unwrap();
    assert_eq!(json["lifetime_s"], 900);
    assert_eq!(json["signed_at"], "2026-11-23T10:00:00Z");
    assert_eq!(
        json["problems"][0],
        serde_json::json!({ "problem": "expired", "by_s": 100 })
    );
    assert_eq!(serde_json::from_value::<TokenFacts>(json).unwrap(), facts);
}

#[test]
fn terminal_controls_in_a_token_do_not_reach_the_page() {
    let text = encoded(&url().replace("msk-doctor%2F", "evil%1B%5B2J%0A"));
    let facts = inspect(&text, now());
    let shown = page(&facts, now());
    assert!(!shown.contains('\u{1b}'), "{shown}");
    assert!(shown.contains("evil\\u{1b}[2J\\n"), "{shown}");
}

/// Everything that anyone can get out of an inspection.
fn all_output(text: &str, when: SystemTime) -> String {
    let facts = inspect(text, when);
    let mut output = format!(
        "{facts:?}{}{}",
        page(&facts, when),
        serde_json::to_string(&facts).unwrap()
    );
    if let Some(problem) = judge_for_region(&facts, "us-east-1") {
        output += &problem.to_string();
    }
    output
}

fn assert_no_secret(output: &str) {
    let url = url();
    let at = url.find("X-Amz-Signature=").unwrap() + "X-Amz-Signature=".len();
    let signature = &url[at..at + 64];
    for secret in [signature, SECRET, SESSION] {
        for start in 0..=secret.len() - 32 {
            let piece = &secret[start..start + 32];
            assert!(!output.contains(piece), "{piece} in {output}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn arbitrary_text_is_judged(text in any::<String>(), seconds in 0u64..10_000_000_000) {
        let when = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        prop_assert!(!inspect(&text, when).problems.is_empty());
        all_output(&text, when);
    }

    #[test]
    fn arbitrary_urls_are_judged(rest in "[ -~]{0,200}") {
        all_output(&encoded(&format!("https://{rest}")), now());
        all_output(&encoded(&format!("https://kafka.eu-west-1.amazonaws.com/?X-Amz-{rest}")), now());
    }

    #[test]
    fn damaged_tokens_show_no_secret(
        cut in 0usize..400,
        length in 0usize..40,
        inserted in "[ -~]{0,6}",
        wrap in 0usize..4,
    ) {
        let url = url();
        let start = cut.min(url.len());
        let end = (start + length).min(url.len());
        let damaged = format!("{}{inserted}{}", &url[..start], &url[end..]);
        let text = match wrap {
            0 => encoded(&damaged),
            1 => format!("('{}', 1)", encoded(&damaged)),
            2 => damaged,
            _ => STANDARD.encode(&damaged),
        };
        assert_no_secret(&all_output(&text, now()));
    }

    #[test]
    fn a_secret_given_as_a_token_is_not_shown(prefix in "[ -~]{0,8}") {
        assert_no_secret(&all_output(&format!("{prefix}{SECRET}"), now()));
        assert_no_secret(&all_output(&format!("{prefix}{SESSION}"), now()));
    }

    #[test]
    fn what_is_signed_has_no_problem(
        key in "(AKIA|ASIA)[A-Z2-7]{16}",
        secret in "[A-Za-z0-9/+]{40}",
        session in "[A-Za-z0-9/+]{40,400}={0,2}",
        seconds in 0u64..253_402_299_000,
        region in prop::sample::select(vec!["eu-west-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1"]),
    ) {
        let when = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let credentials = Credentials::new(key.clone(), secret.clone(), Some(session.clone()), None, "test");
        let token = sign(&credentials, region, when).unwrap();
        let facts = inspect(token.expose(), when + Duration::from_secs(899));
        prop_assert_eq!(&facts.problems, &[]);
        prop_assert_eq!(facts.lifetime, Some(Duration::from_secs(900)));
        let id = facts.access_key_id.unwrap();
        prop_assert_eq!(id.as_str(), &key);
        let output = all_output(token.expose(), when);
        prop_assert!(!output.contains(&secret) && !output.contains(&session));
    }
}
