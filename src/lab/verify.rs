//! Verifies MSK IAM tokens as the brokers do: `SigV4` over the presigned URL.
//!
//! Written apart from the signer, so that each proves the other.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use percent_encoding::percent_decode_str;
use sha2::{Digest as _, Sha256};
use time::macros::format_description;
use time::{Duration, OffsetDateTime, PrimitiveDateTime};
use url::Url;

use super::REGION;

/// How far a token's date may lie in the future: AWS allows five minutes of clock skew.
const SKEW: Duration = Duration::minutes(5);
/// What the token asks for.
const ACTION: &str = "kafka-cluster:Connect";
/// The service that is signed for.
const SERVICE: &str = "kafka-cluster";
/// Java's URL decoder takes tokens with and without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A good token.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Accepted {
    /// When it ends, and the session with it.
    pub(super) ends: SystemTime,
}

/// Why a token is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Kafka's own parser finds no token, as in a Python tuple: the authenticator never sees it.
    Unparseable,
    /// It is no presigned URL that asks to connect.
    Malformed,
    /// It is one, and not good here: MSK says the same of all these.
    Denied,
}

/// Verifies the first message of OAUTHBEARER (RFC 7628, 3.1) at `now`.
pub(super) fn verify(
    message: &[u8],
    credentials: &Credentials,
    now: SystemTime,
) -> Result<Accepted, Refused> {
    let token = bearer(message).ok_or(Refused::Unparseable)?;
    let token = Token::read(token).ok_or(Refused::Malformed)?;
    if token.host != format!("kafka.{REGION}.amazonaws.com") {
        return Err(Refused::Denied);
    }
    token.judged(credentials, now)
}

/// Verifies the message of `AWS_MSK_IAM` at `now`: the same parameters as JSON, signed for the broker's own name.
pub(super) fn verify_payload(
    message: &[u8],
    credentials: &Credentials,
    now: SystemTime,
) -> Result<Accepted, Refused> {
    let fields: BTreeMap<String, String> =
        serde_json::from_slice(message).map_err(|_| Refused::Unparseable)?;
    let token = Token::of_payload(&fields).ok_or(Refused::Malformed)?;
    token.judged(credentials, now)
}

impl Token {
    fn judged(&self, credentials: &Credentials, now: SystemTime) -> Result<Accepted, Refused> {
        let token = self;
        let now = OffsetDateTime::from(now);
        let scope = format!("{}/{REGION}/{SERVICE}/aws4_request", token.day());
        let good = token.credential == format!("{}/{scope}", credentials.access_key_id())
            && token.parameter("X-Amz-Security-Token") == credentials.session_token()
            && token.signed <= now + SKEW
            && now < token.ends
            && token.signature == token.signature_by(credentials, &scope);
        let ends = token.ends.into();
        good.then_some(Accepted { ends }).ok_or(Refused::Denied)
    }

    fn of_payload(fields: &BTreeMap<String, String>) -> Option<Self> {
        let names = [
            "Action",
            "X-Amz-Algorithm",
            "X-Amz-Credential",
            "X-Amz-Date",
            "X-Amz-Expires",
            "X-Amz-Security-Token",
            "X-Amz-Signature",
            "X-Amz-SignedHeaders",
        ];
        let parameters = names.into_iter().filter_map(|name| {
            let value = fields.get(&name.to_ascii_lowercase())?;
            Some((name.to_owned(), value.clone()))
        });
        (fields.get("version")? == "2020_10_22").then_some(())?;
        Self::of(fields.get("host")?.clone(), parameters.collect())
    }
}

/// The token in the message, by the patterns of Kafka's `OAuthBearerClientInitialResponse`.
fn bearer(message: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(message).ok()?;
    // No authorisation id: it would have to be the principal's name, which clients do not send.
    let pairs = text.strip_prefix("n,,\u{1}")?.strip_suffix('\u{1}')?;
    if !pairs.ends_with('\u{1}') {
        return None;
    }
    let mut token = None;
    for pair in pairs.split_terminator('\u{1}') {
        let (key, value) = pair.split_once('=')?;
        let value_is_good = !value.is_empty()
            && value
                .bytes()
                .all(|byte| matches!(byte, 0x20..=0x7e | b'\t' | b'\r' | b'\n'));
        let key_is_good = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphabetic());
        if !key_is_good || !value_is_good {
            return None;
        }
        if key == "auth" {
            token = Some(value);
        }
    }
    let (scheme, token) = token?.split_once(' ')?;
    let token = token.trim_start_matches(' ');
    let unpadded = token.trim_end_matches('=');
    let is_b64token = !unpadded.is_empty()
        && unpadded
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_~+/.".contains(&byte));
    (scheme.eq_ignore_ascii_case("bearer") && is_b64token).then_some(token)
}

/// A presigned URL, read.
struct Token {
    host: String,
    /// Decoded names and values.
    parameters: Vec<(String, String)>,
    /// `X-Amz-Credential`: key id and scope.
    credential: String,
    /// `X-Amz-Date` as it stands.
    date: String,
    signed: OffsetDateTime,
    ends: OffsetDateTime,
    signature: String,
}

impl Token {
    fn read(token: &str) -> Option<Self> {
        let url = String::from_utf8(BASE64.decode(token).ok()?).ok()?;
        let url = Url::parse(&url).ok()?;
        let parameters: Vec<(String, String)> = url
            .query()?
            .split('&')
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                Some((decoded(name)?, decoded(value)?))
            })
            .collect::<Option<_>>()?;
        if url.scheme() != "https" {
            return None;
        }
        Self::of(url.host_str()?.to_owned(), parameters)
    }

    fn of(host: String, parameters: Vec<(String, String)>) -> Option<Self> {
        let parameter = |name: &str| find(&parameters, name).map(str::to_owned);
        let date = parameter("X-Amz-Date")?;
        let format = format_description!("[year][month][day]T[hour][minute][second]Z");
        let signed = PrimitiveDateTime::parse(&date, format).ok()?.assume_utc();
        let life: u32 = parameter("X-Amz-Expires")?.parse().ok()?;
        let ends = signed.checked_add(Duration::seconds(i64::from(life)))?;
        let as_presigned = parameter("Action")? == ACTION
            && parameter("X-Amz-Algorithm")? == "AWS4-HMAC-SHA256"
            && parameter("X-Amz-SignedHeaders")? == "host";
        let credential = parameter("X-Amz-Credential")?;
        let for_msk = credential.ends_with(&format!("/{SERVICE}/aws4_request"));
        (as_presigned && for_msk).then_some(())?;
        Some(Self {
            host,
            signature: parameter("X-Amz-Signature")?,
            credential,
            date,
            signed,
            ends,
            parameters,
        })
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        find(&self.parameters, name)
    }

    fn day(&self) -> &str {
        self.date.get(..8).unwrap_or_default()
    }

    /// The signature that the holder of `credentials` would have made over this URL.
    fn signature_by(&self, credentials: &Credentials, scope: &str) -> String {
        let mut query: Vec<String> = self
            .parameters
            .iter()
            // The user agent is added after signing.
            .filter(|(name, _)| name != "X-Amz-Signature" && name != "User-Agent")
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        query.sort_unstable();
        let query = query.join("&");
        let nothing = sha256_hex(b"");
        let request = format!("GET\n/\n{query}\nhost:{}\n\nhost\n{nothing}", self.host);
        let hash = sha256_hex(request.as_bytes());
        let text = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{hash}", self.date);
        let secret = credentials.secret_access_key();
        let key = generate_signing_key(secret, self.signed.into(), REGION, SERVICE);
        calculate_signature(key, text.as_bytes())
    }
}

fn find<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
    parameters
        .iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.as_str())
}

/// Undoes `%XX`; a `+` is itself.
fn decoded(text: &str) -> Option<String> {
    let text = percent_decode_str(text).decode_utf8().ok()?;
    Some(text.into_owned())
}

/// `SigV4`'s encoding: all but RFC 3986's unreserved characters as `%XX`.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use proptest::prelude::*;
    use std::time::Duration as Life;

    fn message(token: &str) -> Vec<u8> {
        format!("n,,\u{1}auth=Bearer {token}\u{1}\u{1}").into_bytes()
    }

    fn signed(credentials: &Credentials, region: &str, at: SystemTime) -> String {
        let token = crate::sasl::msk_iam::sign(credentials, region, at).expect("a token");
        token.expose().to_owned()
    }

    /// The token's URL with one text replaced by another of the same meaning to nobody.
    fn altered(token: &str, from: &str, to: &str) -> Vec<u8> {
        let url = String::from_utf8(BASE64.decode(token).expect("base64")).expect("a URL");
        assert!(url.contains(from), "{url}");
        message(&URL_SAFE_NO_PAD.encode(url.replace(from, to)))
    }

    #[test]
    fn only_the_right_token_is_accepted() {
        let key = |secret, session: Option<&str>| {
            Credentials::new("AKIALAB", secret, session.map(str::to_owned), None, "test")
        };
        let right = key("secret", None);
        let now = SystemTime::now();
        let good = signed(&right, REGION, now);
        let accepted = verify(&message(&good), &right, now).expect("accepted");
        let left = accepted.ends.duration_since(now).expect("ahead");
        assert!((899..=900).contains(&left.as_secs()), "{left:?}");
        // The padding and what stands after signing are not judged.
        let padded = format!("{good}{}", "=".repeat((4 - good.len() % 4) % 4));
        assert!(verify(&message(&padded), &right, now).is_ok());
        assert!(verify(&altered(&good, "User-Agent=", "User-Agent=x"), &right, now).is_ok());

        let denied = [
            message(&signed(&key("other", None), REGION, now)),
            message(&signed(&key("secret", Some("session")), REGION, now)),
            message(&signed(&right, "us-west-2", now)),
            message(&signed(&right, REGION, now - Life::from_secs(901))),
            message(&signed(&right, REGION, now + Life::from_secs(302))),
            altered(&good, "Expires=900", "Expires=901"),
            altered(&good, "AKIALAB", "AKIALAC"),
        ];
        for (row, message) in denied.iter().enumerate() {
            assert_eq!(verify(message, &right, now), Err(Refused::Denied), "{row}");
        }
        let malformed = [
            message("aGVsbG8"),
            altered(&good, "Connect", "Disconnect"),
            altered(&good, "kafka-cluster%2Faws4", "kafka%2Faws4"),
            altered(&good, "https", "http"),
        ];
        for (row, message) in malformed.iter().enumerate() {
            let verdict = verify(message, &right, now);
            assert_eq!(verdict, Err(Refused::Malformed), "{row}");
        }
    }

    #[test]
    fn a_session_token_is_part_of_what_is_signed() {
        let session = Some("a+b/c==".to_owned());
        let with = Credentials::new("AKIALAB", "secret", session, None, "test");
        let without = Credentials::new("AKIALAB", "secret", None, None, "test");
        let now = SystemTime::now();
        assert!(verify(&message(&signed(&with, REGION, now)), &with, now).is_ok());
        let missing = message(&signed(&without, REGION, now));
        assert_eq!(verify(&missing, &with, now), Err(Refused::Denied));
    }

    #[test]
    fn kafka_refuses_what_is_no_bearer_token() {
        let credentials = Credentials::new("AKIALAB", "secret", None, None, "test");
        let rows: [&[u8]; 7] = [
            &message(""),
            &message("('aGVsbG8', 1700000000)"),
            &message("a b"),
            b"n,,\x01auth=Basic aGVsbG8\x01\x01",
            b"n,a=me,\x01auth=Bearer aGVsbG8\x01\x01",
            b"",
            &[0xff, 0xfe],
        ];
        for row in rows {
            let verdict = verify(row, &credentials, SystemTime::now());
            assert_eq!(verdict, Err(Refused::Unparseable), "{row:?}");
        }
        let extended = b"n,,\x01auth=bearer  aGVsbG8\x01extension=1\x01\x01";
        assert_eq!(bearer(extended), Some("aGVsbG8"));
    }

    proptest! {
        #[test]
        fn no_token_makes_it_panic(url in "https://kafka\\.eu-west-1\\.amazonaws\\.com/\\?(X-Amz-Date=[0-9+]{8}T[0-9]{6}Z|X-Amz-Expires=[0-9]{1,12}|&|%[0-9a-f]{2}|.){0,12}") {
            let credentials = Credentials::new("AKIALAB", "secret", None, None, "test");
            let message = message(&URL_SAFE_NO_PAD.encode(url));
            prop_assert!(verify(&message, &credentials, SystemTime::now()).is_err());
        }
    }
}
