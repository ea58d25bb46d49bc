//! Verifies MSK IAM tokens as the brokers do: `SigV4` over the presigned URL.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use time::macros::format_description;
use url::Url;

use super::REGION;

/// A good token: whose it is and how long it lasts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Accepted {
    /// What is left of its life.
    pub(super) left: Duration,
}

/// Why a token is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It is no token.
    Malformed,
    /// It is one, and not good here: MSK says the same of all these.
    Denied,
}

/// Verifies the initial message of OAUTHBEARER (RFC 7628, 3.1) at `now`.
pub(super) fn verify(
    message: &[u8],
    credentials: &Credentials,
    now: SystemTime,
) -> Result<Accepted, Refused> {
    let text = std::str::from_utf8(message).map_err(|_| Refused::Malformed)?;
    let token = text
        .split('\u{1}')
        .find_map(|pair| pair.strip_prefix("auth=Bearer "))
        .ok_or(Refused::Malformed)?;
    let url = URL_SAFE_NO_PAD
        .decode(token)
        .map_err(|_| Refused::Malformed)?;
    let url = String::from_utf8(url).map_err(|_| Refused::Malformed)?;
    let url = Url::parse(&url).map_err(|_| Refused::Malformed)?;
    let parameter = |name: &str| {
        url.query_pairs()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    };
    let needed = |name: &str| parameter(name).ok_or(Refused::Malformed);
    if needed("Action")? != "kafka-cluster:Connect" {
        return Err(Refused::Malformed);
    }
    let date = needed("X-Amz-Date")?;
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    let signed = time::PrimitiveDateTime::parse(&date, format).map_err(|_| Refused::Malformed)?;
    let life: i64 = needed("X-Amz-Expires")?
        .parse()
        .map_err(|_| Refused::Malformed)?;
    let now = OffsetDateTime::from(now);
    let age = (now - signed.assume_utc()).whole_seconds();
    let host = url.host_str().unwrap_or_default();
    let day = &date[..8];
    let scope = format!("{day}/{REGION}/kafka-cluster/aws4_request");
    let wanted = format!("{}/{scope}", credentials.access_key_id());
    let same_session = parameter("X-Amz-Security-Token").as_deref() == credentials.session_token();
    let good = host == format!("kafka.{REGION}.amazonaws.com")
        && needed("X-Amz-Credential")? == wanted
        && same_session
        && (-300..life).contains(&age)
        && needed("X-Amz-Signature")? == signature(&url, host, &date, &scope, credentials, signed);
    if !good {
        return Err(Refused::Denied);
    }
    Ok(Accepted {
        left: Duration::from_secs(u64::try_from(life - age).unwrap_or(0)),
    })
}

fn sha256_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

fn signature(
    url: &Url,
    host: &str,
    date: &str,
    scope: &str,
    credentials: &Credentials,
    signed: time::PrimitiveDateTime,
) -> String {
    let mut pairs: Vec<&str> = url
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.starts_with("X-Amz-Signature=") && !pair.starts_with("User-Agent="))
        .collect();
    pairs.sort_unstable();
    let nothing = sha256_hex(b"");
    let request = format!(
        "GET\n/\n{}\nhost:{host}\n\nhost\n{nothing}",
        pairs.join("&")
    );
    let text = format!(
        "AWS4-HMAC-SHA256\n{date}\n{scope}\n{}",
        sha256_hex(request.as_bytes())
    );
    let time = SystemTime::from(signed.assume_utc());
    let key = generate_signing_key(
        credentials.secret_access_key(),
        time,
        REGION,
        "kafka-cluster",
    );
    calculate_signature(key, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(token: &str) -> Vec<u8> {
        format!("n,,\u{1}auth=Bearer {token}\u{1}\u{1}").into_bytes()
    }

    #[test]
    fn only_the_right_token_is_accepted() {
        let right = Credentials::new("AKIALAB", "secret", None, None, "test");
        let wrong = Credentials::new("AKIALAB", "other", None, None, "test");
        let now = SystemTime::now();
        let sign = |credentials: &Credentials, region: &str, at: SystemTime| {
            let token = crate::sasl::msk_iam::sign(credentials, region, at).expect("a token");
            message(token.expose())
        };
        let accepted = verify(&sign(&right, REGION, now), &right, now).expect("accepted");
        assert!(
            (895..=900).contains(&accepted.left.as_secs()),
            "{accepted:?}"
        );
        let old = now - Duration::from_secs(1000);
        let refused = [
            sign(&wrong, REGION, now),
            sign(&right, "us-west-2", now),
            sign(&right, REGION, old),
        ];
        for message in refused {
            assert_eq!(verify(&message, &right, now), Err(Refused::Denied));
        }
        for text in ["", "('abc', 123)", "aGVsbG8"] {
            assert_eq!(verify(&message(text), &right, now), Err(Refused::Malformed));
        }
    }
}
