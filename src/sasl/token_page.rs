//! The text of `msk-doctor token --inspect`.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::macros::format_description;

use super::inspect::TokenFacts;
use crate::sasl::inspect::spoken;
use crate::secret::Printable;

const UNKNOWN: &str = "unknown";

/// What a token says and what is wrong with it, for people: one fact a line, aligned, then the problems. It ends in
/// a line end and has no secret, since [`TokenFacts`] has none.
#[must_use]
pub fn page(facts: &TokenFacts, now: SystemTime) -> String {
    let mut page = String::new();
    for (label, value) in lines(facts, now) {
        line(&mut page, label, &value);
    }
    page.push('\n');
    page.push_str(&problems(facts));
    page
}

fn lines(facts: &TokenFacts, now: SystemTime) -> Vec<(&'static str, String)> {
    vec![
        ("region", text(facts.region.as_ref())),
        ("host", text(facts.host.as_ref())),
        ("access key", access_key(facts)),
        (
            "session token",
            if facts.has_session_token {
                "present, hidden"
            } else {
                "none"
            }
            .to_owned(),
        ),
        ("action", text(facts.action.as_ref())),
        ("service", text(facts.service.as_ref())),
        ("signed", moment(facts.signed_at, now)),
        ("expires", moment(facts.expires_at, now)),
        (
            "lifetime",
            facts.lifetime.map_or(UNKNOWN.to_owned(), |lifetime| {
                format!("{} s", lifetime.as_secs())
            }),
        ),
        ("signed headers", signed_headers(facts)),
        ("user agent", text(facts.user_agent.as_ref())),
        ("signature", "hidden".to_owned()),
    ]
}

fn line(page: &mut String, label: &str, value: &str) {
    // Writing to a String does not fail.
    let _ = writeln!(page, "{label:<15} {value}");
}

fn text(value: Option<&Printable>) -> String {
    value.map_or(UNKNOWN.to_owned(), ToString::to_string)
}

fn access_key(facts: &TokenFacts) -> String {
    match &facts.access_key_id {
        Some(id) if facts.has_temporary_key() => format!("{id} (temporary)"),
        Some(id) if id.as_str().starts_with("AKIA") => format!("{id} (long-term)"),
        id => text(id.as_ref()),
    }
}

fn signed_headers(facts: &TokenFacts) -> String {
    if facts.signed_headers.is_empty() {
        return UNKNOWN.to_owned();
    }
    let headers: Vec<&str> = facts.signed_headers.iter().map(Printable::as_str).collect();
    headers.join(", ")
}

/// `2026-11-23 10:00:00 UTC, 12 s ago`.
fn moment(at: Option<OffsetDateTime>, now: SystemTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    let Some((at, written)) = at.and_then(|at| Some((at, at.format(format).ok()?))) else {
        return UNKNOWN.to_owned();
    };
    let seconds = at.unix_timestamp().saturating_sub(seconds_since_epoch(now));
    let distance = spoken(Duration::from_secs(seconds.unsigned_abs()));
    match seconds {
        0 => format!("{written}, now"),
        1.. => format!("{written}, in {distance}"),
        _ => format!("{written}, {distance} ago"),
    }
}

fn seconds_since_epoch(now: SystemTime) -> i64 {
    now.duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |age| i64::try_from(age.as_secs()).unwrap_or(i64::MAX))
}

fn problems(facts: &TokenFacts) -> String {
    if facts.problems.is_empty() {
        return "no problem seen; whether the signature and the rights are good, only a broker can say\n".to_owned();
    }
    let mut list = String::from("problems\n");
    for problem in &facts.problems {
        let weight = if problem.is_refusal() {
            ""
        } else {
            " (may be tolerated)"
        };
        let _ = writeln!(list, "  {}  {problem}{weight}", problem.code());
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sasl::inspect::inspect;
    use crate::sasl::msk_iam::sign;
    use aws_credential_types::Credentials;

    #[test]
    fn a_good_token_reads_well() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_428_000);
        let session = "IQoJb3JpZ2luX2VjEXAMPLESESSIONTOKEN/abcdefgh+0123456789==";
        let credentials = Credentials::new(
            "ASIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            Some(session.into()),
            None,
            "test",
        );
        let token = sign(&credentials, "eu-west-1", at).unwrap();
        let now = at + Duration::from_secs(12);
        let page = page(&inspect(token.expose(), now), now);
        let expected = format!(
            "\
region          eu-west-1
host            kafka.eu-west-1.amazonaws.com
access key      ASIAIOSFODNN7EXAMPLE (temporary)
session token   present, hidden
action          kafka-cluster:Connect
service         kafka-cluster
signed          2026-11-23 10:00:00 UTC, 12 s ago
expires         2026-11-23 10:15:00 UTC, in 14 min 48 s
lifetime        900 s
signed headers  host
user agent      msk-doctor/{}
signature       hidden

no problem seen; whether the signature and the rights are good, only a broker can say
",
            env!("CARGO_PKG_VERSION")
        );
        assert_eq!(page, expected);
    }

    #[test]
    fn problems_are_listed_with_their_code() {
        let page = page(&inspect("", SystemTime::UNIX_EPOCH), SystemTime::UNIX_EPOCH);
        assert!(
            page.contains("\nproblems\n  SASL-05  the token is empty"),
            "{page}"
        );
        assert!(page.contains("region          unknown"), "{page}");
    }
}
