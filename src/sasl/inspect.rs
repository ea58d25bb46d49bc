//! Judges an MSK IAM token by looking at it: what it says, and what is wrong with it.
//!
//! ```text
//! text ──peel──> base64url ──decode──> presigned URL ──read──> TokenFacts { …, problems }
//! ```
//! A token in a wrapping (a Python tuple, quotes) is reported as such, and its inside is still judged. Nothing here
//! holds the token, its signature or its session token.

mod peel;
mod problem;
mod url;

pub(crate) use problem::spoken;
pub use problem::{TokenPart, TokenProblem};

use std::time::{Duration, SystemTime};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::secret::Printable;

/// What a token says about itself. What could not be read is `None`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TokenFacts {
    /// The region in the credential scope: the one whose brokers accept the token.
    pub region: Option<Printable>,
    /// The host that was signed: `kafka.REGION.amazonaws.com`.
    pub host: Option<Printable>,
    /// Whose key signed it. `ASIA…` is a temporary key, `AKIA…` a user's long-term key.
    pub access_key_id: Option<Printable>,
    /// `X-Amz-Date`: when it was signed, by the signer's clock.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schemars(with = "Option<String>")]
    pub signed_at: Option<OffsetDateTime>,
    /// `X-Amz-Date` plus `X-Amz-Expires`.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schemars(with = "Option<String>")]
    pub expires_at: Option<OffsetDateTime>,
    /// `X-Amz-Expires`; in JSON, seconds.
    #[serde(rename = "lifetime_s", with = "optional_seconds")]
    #[schemars(with = "Option<u64>")]
    pub lifetime: Option<Duration>,
    /// Whether there is an `X-Amz-Security-Token`, which temporary keys need.
    pub has_session_token: bool,
    /// `kafka-cluster:Connect` in a good token.
    pub action: Option<Printable>,
    /// The service in the credential scope: `kafka-cluster` in a good token.
    pub service: Option<Printable>,
    /// `X-Amz-SignedHeaders`: `host` in a good token.
    pub signed_headers: Vec<Printable>,
    /// What made the token, as it names itself; unsigned.
    pub user_agent: Option<Printable>,
    /// What is wrong, outermost first; empty for a good token.
    pub problems: Vec<TokenProblem>,
}

impl TokenFacts {
    /// Whether the key is a temporary one (STS, a role, IAM Identity Center).
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids>
    #[must_use]
    pub fn has_temporary_key(&self) -> bool {
        self.access_key_id
            .as_ref()
            .is_some_and(|id| id.as_str().starts_with("ASIA"))
    }

    /// The first problem for which alone a broker refuses the token.
    #[must_use]
    pub fn refusal(&self) -> Option<&TokenProblem> {
        self.problems.iter().find(|problem| problem.is_refusal())
    }
}

/// Reads `text` as a client would send it and judges it as of `now`. It never fails: what is not a token gives
/// facts without a content and the problem.
///
/// One line end after the token is no problem, since files have one.
#[must_use]
pub fn inspect(text: &str, now: SystemTime) -> TokenFacts {
    let mut facts = TokenFacts::default();
    let Some(peeled) = peel::peel(text, &mut facts.problems) else {
        return facts;
    };
    if let Some(url) = peel::decode(&peeled, &mut facts.problems) {
        url::read(&url, &mut facts);
        judge_time(&mut facts, now);
    }
    facts
}

/// Compares the region that was signed with that of the brokers, as in their host names.
#[must_use]
pub fn judge_for_region(facts: &TokenFacts, expected: &str) -> Option<TokenProblem> {
    let signed = facts.region.as_ref()?;
    (signed.as_str() != expected).then(|| TokenProblem::RegionMismatch {
        signed: signed.clone(),
        expected: Printable::new(expected),
    })
}

/// Expired, or not valid yet. AWS's signers cut to whole seconds, and so does this.
fn judge_time(facts: &mut TokenFacts, now: SystemTime) {
    let Ok(now) = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(Ok(0), |age| i64::try_from(age.as_secs()))
    else {
        return;
    };
    let ahead = |of: i64, by: i64| u64::try_from(of.saturating_sub(by)).ok().filter(|s| *s > 0);
    if let Some(signed) = facts.signed_at
        && let Some(by) = ahead(signed.unix_timestamp(), now)
    {
        facts.problems.push(TokenProblem::NotYetValid {
            by: Duration::from_secs(by),
        });
    }
    if let Some(expires) = facts.expires_at
        && now >= expires.unix_timestamp()
    {
        facts.problems.push(TokenProblem::Expired {
            by: Duration::from_secs(ahead(now, expires.unix_timestamp()).unwrap_or(0)),
        });
    }
}

/// A `Duration` as a whole number of seconds.
mod seconds {
    use super::{Deserialize, Duration};

    // serde's signature.
    pub fn serialize<S: serde::Serializer>(
        duration: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(duration.as_secs())
    }

    pub fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_secs)
    }
}

/// A `Duration` that may be absent, as a whole number of seconds.
mod optional_seconds {
    use super::{Deserialize, Duration, Serialize};

    // serde's signature.
    #[allow(clippy::ref_option)]
    pub fn serialize<S: serde::Serializer>(
        duration: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        duration
            .map(|duration| duration.as_secs())
            .serialize(serializer)
    }

    pub fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        Option::<u64>::deserialize(deserializer).map(|seconds| seconds.map(Duration::from_secs))
    }
}

#[cfg(test)]
mod tests;
