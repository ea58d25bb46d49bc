//! Tokens against those of AWS's own signer (tests/token/vectors.py makes the vectors), credentials and identity
//! against a local server.

#[path = "token/server.rs"]
mod server;

#[path = "token/credentials.rs"]
mod credentials;

#[path = "token/identity.rs"]
mod identity;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use msk_doctor::sasl::inspect::inspect;
use msk_doctor::sasl::msk_iam::{USER_AGENT, sign};
use serde::Deserialize;
use url::Url;

#[derive(Deserialize)]
struct Vector {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    region: String,
    signed_at: u64,
    token: String,
}

impl Vector {
    fn all() -> Vec<Self> {
        let vectors: Vec<Self> = serde_json::from_str(include_str!("token/vectors.json"))
            .expect("vectors.json is an array of vectors");
        assert_eq!(vectors.len(), 200);
        vectors
    }

    fn credentials(&self) -> Credentials {
        Credentials::new(
            &self.access_key_id,
            &self.secret_access_key,
            self.session_token.clone(),
            None,
            "vector",
        )
    }

    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.signed_at)
    }
}

/// Scheme and host, and every parameter but the user agent, which is the signer's own.
fn signed_part(token: &str) -> (String, BTreeMap<String, String>) {
    let bytes = URL_SAFE_NO_PAD
        .decode(token)
        .expect("base64url without padding");
    let url = Url::parse(std::str::from_utf8(&bytes).expect("UTF-8")).expect("a URL");
    let mut parameters: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    assert_eq!(
        parameters.len(),
        url.query_pairs().count(),
        "no parameter twice"
    );
    parameters.remove(USER_AGENT).expect("a user agent");
    (url[..url::Position::AfterPath].to_owned(), parameters)
}

#[test]
fn our_tokens_are_those_of_the_aws_signer() {
    for vector in Vector::all() {
        let ours = sign(&vector.credentials(), &vector.region, vector.now()).expect("signed");
        assert_eq!(signed_part(ours.expose()), signed_part(&vector.token));
    }
}

#[test]
fn tokens_of_the_aws_signer_have_no_problem() {
    for vector in Vector::all() {
        let facts = inspect(&vector.token, vector.now());
        assert_eq!(facts.problems, [], "{facts:?}");
        assert_eq!(facts.region.expect("region").as_str(), vector.region);
        assert_eq!(
            facts.access_key_id.expect("key").as_str(),
            vector.access_key_id
        );
        assert_eq!(facts.has_session_token, vector.session_token.is_some());
        assert_eq!(
            facts
                .signed_at
                .expect("time")
                .unix_timestamp()
                .unsigned_abs(),
            vector.signed_at
        );
        assert_eq!(
            facts.user_agent.expect("user agent").as_str(),
            "aws-msk-iam-sasl-signer-python/1.0.2"
        );
    }
}
