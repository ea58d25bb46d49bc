//! What the presigned URL of a token says.

use std::time::Duration;

use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};
use url::Url;

use super::TokenFacts;
use super::problem::{TokenPart, TokenProblem};
use crate::sasl::msk_iam::{ACTION, SERVICE, TOKEN_LIFETIME, USER_AGENT, host, is_region};
use crate::secret::Printable;

/// No part of a token that is shown has so long a run of letters and digits; a piece of a signature does.
const INNOCENT_RUN: usize = 24;

/// Fills `facts` from the text of a presigned URL.
pub(super) fn read(text: &str, facts: &mut TokenFacts) {
    let Ok(url) = Url::parse(text) else {
        facts.problems.push(TokenProblem::NotUrl);
        return;
    };
    let query = Query::of(&url, facts.problems.contains(&TokenProblem::Truncated));
    if query.cut && !facts.problems.contains(&TokenProblem::Truncated) {
        facts.problems.push(TokenProblem::Truncated);
    }
    read_action(&query, facts);
    read_scope(&query, facts);
    read_host(&url, &query, facts);
    read_times(&query, facts);
    read_signature(&query, facts);
    facts.user_agent = query.shown(USER_AGENT);
    if query.is_missing(USER_AGENT) {
        facts.problems.push(missing(USER_AGENT));
    }
    judge_session_token(&query, facts);
}

/// The parameters of the URL.
struct Query {
    pairs: Vec<(String, String)>,
    /// The end is not there: what is missing was not left out, it was cut off.
    cut: bool,
}

impl Query {
    fn of(url: &Url, truncated: bool) -> Self {
        let mut pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let signature = pairs.iter().find(|(name, _)| name == "X-Amz-Signature");
        let ended = pairs.iter().any(|(name, _)| name == USER_AGENT);
        let short =
            signature.is_some_and(|(_, value)| is_hex(value) && value.len() < SIGNATURE_DIGITS);
        let cut = truncated || (!ended && (signature.is_none() || short));
        if cut {
            pairs.pop(); // where the cut went through
        }
        Self { pairs, cut }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    fn shown(&self, name: &str) -> Option<Printable> {
        self.get(name).map(shown)
    }

    fn is_missing(&self, name: &str) -> bool {
        !self.cut && self.get(name).is_none()
    }
}

fn shown(text: &str) -> Printable {
    Printable::without_runs_of(INNOCENT_RUN, text)
}

fn missing(name: &'static str) -> TokenProblem {
    TokenProblem::MissingParameter {
        name: Printable::new(name),
    }
}

fn read_action(query: &Query, facts: &mut TokenFacts) {
    facts.action = query.shown("Action");
    match query.get("Action") {
        Some(ACTION) => {}
        Some(other) => facts.problems.push(TokenProblem::WrongAction {
            found: shown(other),
        }),
        None if query.cut => {}
        None => facts.problems.push(missing("Action")),
    }
}

/// `X-Amz-Credential` is `KEY/DATE/REGION/SERVICE/aws4_request`.
fn read_scope(query: &Query, facts: &mut TokenFacts) {
    let Some(credential) = query.get("X-Amz-Credential") else {
        if !query.cut {
            facts.problems.push(missing("X-Amz-Credential"));
        }
        return;
    };
    let parts: Vec<&str> = credential.split('/').collect();
    let &[key, date, region, service, "aws4_request"] = parts.as_slice() else {
        facts.problems.push(bad(TokenPart::Scope));
        return;
    };
    if is_access_key_id(key) {
        facts.access_key_id = Some(Printable::new(key));
    } else {
        facts.problems.push(bad(TokenPart::AccessKeyId));
    }
    if is_region(region) {
        facts.region = Some(Printable::new(region));
    } else {
        facts.problems.push(bad(TokenPart::Region));
    }
    facts.service = Some(shown(service));
    if service != SERVICE {
        facts.problems.push(TokenProblem::WrongService {
            found: shown(service),
        });
    }
    if query
        .get("X-Amz-Date")
        .is_some_and(|signed| !signed.starts_with(date) || date.len() != 8)
    {
        facts.problems.push(bad(TokenPart::ScopeDate));
    }
}

/// AWS: 16 to 128 characters; all known ones are upper-case letters and digits, which no signature is.
fn is_access_key_id(text: &str) -> bool {
    (16..=32).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

fn read_host(url: &Url, query: &Query, facts: &mut TokenFacts) {
    if url.scheme() != "https" {
        facts.problems.push(TokenProblem::WrongScheme);
    }
    if query.cut && query.pairs.is_empty() {
        return; // the host itself may be cut
    }
    let found = url.host_str().unwrap_or_default();
    facts.host = Some(shown(found)).filter(|host| !host.as_str().is_empty());
    let Some(region) = &facts.region else {
        return;
    };
    let expected = host(region.as_str());
    if found == expected {
        return;
    }
    let labels = found.strip_prefix("kafka.").and_then(|r| r.split_once('.'));
    facts.problems.push(match labels {
        Some((other, "amazonaws.com")) if is_region(other) => TokenProblem::HostOfAnotherRegion {
            host: shown(found),
            scope: region.clone(),
        },
        Some((other, _)) if is_region(other) => TokenProblem::ForeignDomain {
            found: shown(found),
            expected: Printable::new(&expected),
        },
        _ => TokenProblem::WrongHost {
            found: shown(found),
            expected: Printable::new(&expected),
        },
    });
}

fn read_times(query: &Query, facts: &mut TokenFacts) {
    match query.get("X-Amz-Date").map(timestamp) {
        Some(Some(signed)) => facts.signed_at = Some(signed),
        Some(None) => facts.problems.push(bad(TokenPart::Date)),
        None if query.cut => {}
        None => facts.problems.push(missing("X-Amz-Date")),
    }
    match query.get("X-Amz-Expires").map(str::parse::<u32>) {
        Some(Ok(seconds)) if seconds > 0 => {
            let lifetime = Duration::from_secs(seconds.into());
            facts.lifetime = Some(lifetime);
            facts.expires_at = facts
                .signed_at
                .and_then(|at| at.checked_add(lifetime.try_into().ok()?));
            if lifetime > TOKEN_LIFETIME {
                facts.problems.push(TokenProblem::LongLifetime { lifetime });
            }
        }
        Some(_) => facts.problems.push(bad(TokenPart::Expires)),
        None if query.cut => {}
        None => facts.problems.push(missing("X-Amz-Expires")),
    }
}

/// `20261123T100000Z`, as `SigV4` writes it.
fn timestamp(text: &str) -> Option<OffsetDateTime> {
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    if date.len() != 8 || time.len() != 6 || !digits(date) || !digits(time) {
        return None; // also signed years, which the parser below takes
    }
    let format = format_description!("[year][month][day][hour][minute][second]");
    PrimitiveDateTime::parse(&format!("{date}{time}"), format)
        .ok()
        .map(PrimitiveDateTime::assume_utc)
}

const SIGNATURE_DIGITS: usize = 64;

fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn read_signature(query: &Query, facts: &mut TokenFacts) {
    match query.get("X-Amz-Algorithm") {
        Some("AWS4-HMAC-SHA256") => {}
        Some(_) => facts.problems.push(bad(TokenPart::Algorithm)),
        None if query.cut => {}
        None => facts.problems.push(missing("X-Amz-Algorithm")),
    }
    read_signed_headers(query, facts);
    match query.get("X-Amz-Signature") {
        Some(signature) if signature.len() == SIGNATURE_DIGITS && is_hex(signature) => {}
        Some(_) => facts.problems.push(bad(TokenPart::Signature)),
        None if query.cut => {}
        None => facts.problems.push(missing("X-Amz-Signature")),
    }
}

fn read_signed_headers(query: &Query, facts: &mut TokenFacts) {
    let Some(headers) = query.get("X-Amz-SignedHeaders") else {
        if !query.cut {
            facts.problems.push(missing("X-Amz-SignedHeaders"));
        }
        return;
    };
    facts.signed_headers = headers.split(';').take(16).map(shown).collect();
    if !headers.split(';').any(|header| header == "host") {
        facts.problems.push(TokenProblem::UnsignedHost);
    } else if headers != "host" {
        facts.problems.push(TokenProblem::ForeignSignedHeaders {
            found: shown(headers),
        });
    }
}

fn judge_session_token(query: &Query, facts: &mut TokenFacts) {
    facts.has_session_token = query.get("X-Amz-Security-Token").is_some();
    if facts.has_temporary_key() && query.is_missing("X-Amz-Security-Token") {
        facts.problems.push(TokenProblem::SessionTokenMissing);
    }
}

fn bad(part: TokenPart) -> TokenProblem {
    TokenProblem::Unreadable { part }
}
