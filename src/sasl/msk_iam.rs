//! Makes an MSK IAM token: a presigned URL in base64url, the OAUTHBEARER token of Amazon MSK.
//!
//! As the signers of AWS do it: <https://github.com/aws/aws-msk-iam-sasl-signer-python>.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningParams, SigningSettings,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use thiserror::Error;
use time::OffsetDateTime;

use crate::secret::{ExposeSecret, Printable, SecretString};

/// How long a token is valid: 900 seconds, as with every signer of AWS.
pub const TOKEN_LIFETIME: Duration = Duration::from_secs(900);

/// The only action that a token is signed for; rights on topics and groups are judged by the identity's policies.
pub const ACTION: &str = "kafka-cluster:Connect";

/// The service in the credential scope: not `kafka`, which is the API of the control plane.
pub const SERVICE: &str = "kafka-cluster";

/// The query parameter that is appended after signing.
pub const USER_AGENT: &str = "User-Agent";

/// RFC 3986, 2.3: what `SigV4` leaves unencoded.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Years that `SigV4` can write have four digits: up to the end of 9999.
const LAST_SECOND: u64 = 253_402_300_799;

/// An MSK IAM token. Whoever has it can log in for 15 minutes, so it cannot be printed.
#[derive(Debug, Clone)]
pub struct Token(SecretString);

impl Token {
    /// A token that was made elsewhere, as it is.
    #[must_use]
    pub fn from_text(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// The token itself, for the wire.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// The message of the mechanism `AWS_MSK_IAM`: as good as a token, and for one host. It cannot be printed.
#[derive(Debug, Clone)]
pub struct Payload(SecretString);

impl Payload {
    /// The message itself, for the wire.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// Why a token could not be signed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SignError {
    /// The access key id or the secret access key is empty.
    #[error(
        "sign a token: the credentials have an empty access key id or secret access key; check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and the profile"
    )]
    EmptyCredentials,
    /// The region cannot be part of a host name.
    #[error(
        "sign a token: {0:?} is not the name of a region; give one such as eu-west-1 with --region"
    )]
    InvalidRegion(String),
    /// The clock is before 1970 or after 9999.
    #[error("sign a token: the local clock shows no usable time; set it")]
    TimeOutOfRange,
    /// aws-sigv4 refused.
    #[error("sign a token: {0}")]
    Refused(String),
}

/// Signs a token for the brokers of `region`, valid from `now` (whole seconds) for [`TOKEN_LIFETIME`].
///
/// # Errors
/// When the credentials are empty, the region is not one, or the time cannot be written.
pub fn sign(credentials: &Credentials, region: &str, now: SystemTime) -> Result<Token, SignError> {
    let credentials = usable(credentials)?;
    if !is_region(region) {
        return Err(SignError::InvalidRegion(Printable::new(region).to_string()));
    }
    if !is_writable(now) {
        return Err(SignError::TimeOutOfRange);
    }
    let mut url = format!("https://{}/?Action={}", host(region), encoded(ACTION));
    for (name, value) in signature_of(&url, credentials, region, now)? {
        append(&mut url, name, &value);
    }
    // After signing, as AWS's signers do: it is not part of what is signed.
    append(
        &mut url,
        USER_AGENT,
        concat!("msk-doctor/", env!("CARGO_PKG_VERSION")),
    );
    Ok(Token::from_text(URL_SAFE_NO_PAD.encode(url)))
}

/// Signs the message of `AWS_MSK_IAM` for the broker `host`, as aws-msk-iam-auth does: the same signature over the broker's own name, its
/// parameters as JSON. <https://github.com/aws/aws-msk-iam-auth#details>
///
/// # Errors
/// As [`sign`].
pub fn payload(
    credentials: &Credentials,
    host: &str,
    region: &str,
    now: SystemTime,
) -> Result<Payload, SignError> {
    let credentials = usable(credentials)?;
    if !is_region(region) {
        return Err(SignError::InvalidRegion(Printable::new(region).to_string()));
    }
    if !is_writable(now) {
        return Err(SignError::TimeOutOfRange);
    }
    let url = format!("https://{host}/?Action={}", encoded(ACTION));
    let mut fields = serde_json::Map::new();
    fields.insert("version".to_owned(), "2020_10_22".into());
    fields.insert("host".to_owned(), host.into());
    let agent = concat!("msk-doctor/", env!("CARGO_PKG_VERSION"));
    fields.insert("user-agent".to_owned(), agent.into());
    fields.insert("action".to_owned(), ACTION.into());
    for (name, value) in signature_of(&url, credentials, region, now)? {
        fields.insert(name.to_ascii_lowercase(), value.into());
    }
    let text = serde_json::Value::Object(fields).to_string();
    Ok(Payload(SecretString::from(text)))
}

/// The host in a token. The signers of AWS use this domain in every partition, also in `aws-cn`.
#[must_use]
pub fn host(region: &str) -> String {
    format!("kafka.{region}.amazonaws.com")
}

/// Whether `text` is written like the name of a region: lower-case words and numbers, joined by hyphens.
pub(crate) fn is_region(text: &str) -> bool {
    text.len() <= 40
        && text.contains('-')
        && text.split('-').all(|word| {
            !word.is_empty()
                && word.len() <= 16
                && word
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
}

/// An empty session token is none, as for botocore.
fn usable(credentials: &Credentials) -> Result<Credentials, SignError> {
    if credentials.access_key_id().is_empty() || credentials.secret_access_key().is_empty() {
        return Err(SignError::EmptyCredentials);
    }
    let mut usable = Credentials::builder()
        .access_key_id(credentials.access_key_id())
        .secret_access_key(credentials.secret_access_key())
        .provider_name("msk-doctor");
    usable.set_session_token(
        credentials
            .session_token()
            .filter(|token| !token.is_empty())
            .map(str::to_owned),
    );
    Ok(usable.build())
}

fn is_writable(now: SystemTime) -> bool {
    now.duration_since(SystemTime::UNIX_EPOCH)
        .is_ok_and(|age| age.as_secs() <= LAST_SECOND)
        && OffsetDateTime::from(now).year() <= 9999
}

type Parameters = Vec<(&'static str, String)>;

/// The `X-Amz-…` parameters, the signature last, as in the tokens of AWS's signers.
fn signature_of(
    url: &str,
    credentials: Credentials,
    region: &str,
    now: SystemTime,
) -> Result<Parameters, SignError> {
    let refused = |error: &dyn std::error::Error| SignError::Refused(error.to_string());
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(TOKEN_LIFETIME);
    let identity = Identity::from(credentials);
    let params: SigningParams<'_> = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(SERVICE)
        .time(now)
        .settings(settings)
        .build()
        .map_err(|error| refused(&error))?
        .into();
    let request = SignableRequest::new("GET", url, std::iter::empty(), SignableBody::Bytes(&[]))
        .map_err(|error| refused(&error))?;
    let (instructions, _) = aws_sigv4::http_request::sign(request, &params)
        .map_err(|error| refused(&error))?
        .into_parts();
    let (_, parameters) = instructions.into_parts();
    let mut parameters: Parameters = parameters
        .into_iter()
        .map(|(name, value)| (name, value.into_owned()))
        .collect();
    parameters.sort_by_key(|(name, _)| *name == "X-Amz-Signature");
    Ok(parameters)
}

fn append(url: &mut String, name: &str, value: &str) {
    // Writing to a String does not fail.
    let _ = write!(url, "&{name}={}", encoded(value));
}

fn encoded(text: &str) -> impl std::fmt::Display + '_ {
    utf8_percent_encode(text, UNRESERVED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(key: &str, secret: &str, session: Option<&str>) -> Credentials {
        Credentials::new(key, secret, session.map(str::to_owned), None, "test")
    }

    #[test]
    fn a_token_cannot_be_printed() {
        let token = Token::from_text("aHR0cHM6Ly9rYWZrYQ".into());
        assert!(!format!("{token:?}").contains("aHR0"));
    }

    #[test]
    fn an_empty_session_token_is_none() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let with = sign(
            &credentials("AKIAEXAMPLE", "secret", Some("")),
            "eu-west-1",
            now,
        );
        let without = sign(
            &credentials("AKIAEXAMPLE", "secret", None),
            "eu-west-1",
            now,
        );
        assert_eq!(with.unwrap().expose(), without.unwrap().expose());
    }

    #[test]
    fn what_cannot_be_signed_is_said() {
        let good = credentials("AKIAEXAMPLE", "secret", None);
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        assert_eq!(
            sign(&credentials("", "secret", None), "eu-west-1", now).unwrap_err(),
            SignError::EmptyCredentials
        );
        for region in [
            "",
            "eu",
            "eu-west-1.evil.example/",
            "EU-WEST-1",
            "eu west 1",
            "-",
        ] {
            assert!(
                matches!(sign(&good, region, now), Err(SignError::InvalidRegion(_))),
                "{region}"
            );
        }
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        let after = SystemTime::UNIX_EPOCH + Duration::from_secs(LAST_SECOND + 1);
        for time in [before, after] {
            assert_eq!(
                sign(&good, "eu-west-1", time).unwrap_err(),
                SignError::TimeOutOfRange
            );
        }
    }
}
