//! Nothing that msk-doctor writes holds the secret key, a token or its signature.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use msk_doctor::sasl::msk_iam;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::Outcome;

/// What must not be found, and what it is.
pub struct Markers(Vec<(&'static str, String)>);

impl Markers {
    /// The secret key, in the ways in which it could be written.
    pub fn new(secret: &str) -> Self {
        let mut markers = Self(Vec::new());
        markers.add("the secret key", secret);
        // The base64url text of "https://kafka.", with which every token begins.
        markers.add("a token", "aHR0cHM6Ly9rYWZrYS");
        markers
    }

    fn add(&mut self, what: &'static str, text: &str) {
        let encoded = utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        for text in [text.to_owned(), encoded, STANDARD.encode(text)] {
            if !self.0.iter().any(|(_, known)| *known == text) {
                self.0.push((what, text));
            }
        }
    }

    /// A token and its signature.
    pub fn add_token(&mut self, token: &str) {
        self.add("the token", token);
        let url = URL_SAFE_NO_PAD.decode(token).unwrap_or_default();
        let url = String::from_utf8_lossy(&url);
        let parameter = |name: &str| {
            let rest = url.split_once(name)?.1;
            Some(rest.split('&').next().unwrap_or_default().to_owned())
        };
        if let Some(signature) = parameter("X-Amz-Signature=") {
            self.add("the token's signature", &signature);
        }
    }

    /// The secrets of credentials.
    pub fn add_credentials(&mut self, credentials: &Credentials) {
        self.add("a secret key", credentials.secret_access_key());
        if let Some(session) = credentials.session_token() {
            self.add("a session token", session);
        }
    }

    /// The token that msk-doctor made at `signed_at`: signing is deterministic.
    pub fn add_made(&mut self, credentials: &Credentials, region: &str, signed_at: u64) {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(signed_at);
        if let Ok(token) = msk_iam::sign(credentials, region, time) {
            self.add_token(token.expose());
        }
    }

    /// Fails when a marker is in `text`.
    pub fn check(&self, place: &str, text: &str) -> Outcome<()> {
        let found = self.0.iter().find(|(_, marker)| text.contains(marker));
        match found {
            Some((what, _)) => Err(format!("{what} is in {place}")),
            None => Ok(()),
        }
    }
}

/// The search itself: what it is to find, it finds.
pub fn finds_what_leaks() -> Outcome<()> {
    let secret = "abc/def+ghi";
    let credentials = Credentials::new("AKIALAB", secret, None, None, "scenarios");
    let signed_at = 1_700_000_000;
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(signed_at);
    let token = msk_iam::sign(&credentials, "eu-west-1", time).map_err(|e| e.to_string())?;
    let mut markers = Markers::new(secret);
    markers.add_made(&credentials, "eu-west-1", signed_at);
    let url = URL_SAFE_NO_PAD.decode(token.expose()).unwrap_or_default();
    let url = String::from_utf8_lossy(&url).into_owned();
    let leaks = [
        "x abc/def+ghi".to_owned(),
        "x abc%2Fdef%2Bghi".to_owned(),
        token.expose().to_owned(),
        token.expose()[..40].to_owned(),
        url.clone(),
    ];
    for leak in leaks {
        if markers.check("a test", &leak).is_ok() {
            return Err(format!("not found: {leak}"));
        }
    }
    markers.check("a test", "X-Amz-Signature=(hidden), AKIALAB")
}
