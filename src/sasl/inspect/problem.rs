//! What can be wrong with a token, its code in the fault catalogue, and what to do about it.

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::seconds;
use crate::secret::Printable;

/// `SigV4` services forgive a clock that is this far off; what MSK forgives is not published.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html>
const TOLERANCE: Duration = Duration::from_secs(300);

/// One thing that is wrong with a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "problem", rename_all = "kebab-case")]
pub enum TokenProblem {
    /// Nothing, or white space only.
    Empty,
    /// `('…', 1700000000000)`: the signer's whole result, printed.
    PythonTuple,
    /// `b'…'`: bytes, printed.
    PythonBytes,
    /// Quotes around the token.
    Quoted,
    /// `Bearer` before the token.
    BearerPrefix,
    /// White space around or within the token.
    Whitespace,
    /// `=` at the end.
    Padded,
    /// A character that base64url does not have.
    NotBase64Url {
        /// Which character of the bare token, from 1.
        at: usize,
    },
    /// `+` and `/` of the standard alphabet, where base64url has `-` and `_`.
    StandardBase64,
    /// The end is missing.
    Truncated,
    /// Decoded, it is not text.
    NotUtf8,
    /// Decoded, it is not a URL.
    NotUrl,
    /// The presigned URL itself, not encoded.
    NotEncoded,
    /// A JSON object: the payload of `AWS_MSK_IAM`, or a printed result.
    JsonObject,
    /// A JSON Web Token, as other OAUTHBEARER servers want.
    Jwt,
    /// Not `https`.
    WrongScheme,
    /// Not a host that AWS's signers use.
    WrongHost {
        /// The host in the URL.
        found: Printable,
        /// The host of the region in the credential scope.
        expected: Printable,
    },
    /// The right host in another domain, such as `amazonaws.com.cn`.
    ForeignDomain {
        /// The host in the URL.
        found: Printable,
        /// The host of the region in the credential scope.
        expected: Printable,
    },
    /// The host is of one region, the credential scope of another.
    HostOfAnotherRegion {
        /// The host in the URL.
        host: Printable,
        /// The region in the credential scope.
        scope: Printable,
    },
    /// Not `kafka-cluster:Connect`.
    WrongAction {
        /// The action in the URL.
        found: Printable,
    },
    /// Not `kafka-cluster`.
    WrongService {
        /// The service in the credential scope.
        found: Printable,
    },
    /// A parameter is absent or empty.
    MissingParameter {
        /// Its name.
        name: Printable,
    },
    /// A part is there and is not what it should be. Its content is not kept: it may be a secret in the wrong place.
    Unreadable {
        /// Which part.
        part: TokenPart,
    },
    /// Valid for more than the 900 s of AWS's signers.
    LongLifetime {
        /// `X-Amz-Expires`; in JSON, seconds.
        #[serde(rename = "lifetime_s", with = "seconds")]
        #[schemars(with = "u64")]
        lifetime: Duration,
    },
    /// Its time is over.
    Expired {
        /// For how long; in JSON, seconds.
        #[serde(rename = "by_s", with = "seconds")]
        #[schemars(with = "u64")]
        by: Duration,
    },
    /// It was signed in what is, for the local clock, the future.
    NotYetValid {
        /// How far; in JSON, seconds.
        #[serde(rename = "by_s", with = "seconds")]
        #[schemars(with = "u64")]
        by: Duration,
    },
    /// A temporary key (`ASIA…`) without `X-Amz-Security-Token`.
    SessionTokenMissing,
    /// The header `host` is not among the signed ones.
    UnsignedHost,
    /// Other headers than `host` were signed, which a broker does not have.
    ForeignSignedHeaders {
        /// All signed headers.
        found: Printable,
    },
    /// Signed for another region than that of the brokers.
    RegionMismatch {
        /// The region in the credential scope.
        signed: Printable,
        /// The region of the brokers.
        expected: Printable,
    },
}

/// A part of a token that could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TokenPart {
    /// `X-Amz-Algorithm`.
    Algorithm,
    /// `X-Amz-Credential` as a whole.
    Scope,
    /// The key in `X-Amz-Credential`.
    AccessKeyId,
    /// The date in `X-Amz-Credential`.
    ScopeDate,
    /// The region in `X-Amz-Credential`.
    Region,
    /// `X-Amz-Date`.
    Date,
    /// `X-Amz-Expires`.
    Expires,
    /// `X-Amz-Signature`.
    Signature,
}

impl TokenPart {
    fn wanted(self) -> &'static str {
        match self {
            TokenPart::Algorithm => "X-Amz-Algorithm is not AWS4-HMAC-SHA256",
            TokenPart::Scope => {
                "X-Amz-Credential is not KEY/DATE/REGION/kafka-cluster/aws4_request"
            }
            TokenPart::AccessKeyId => {
                "the key in X-Amz-Credential is not an access key id (AKIA… or ASIA…)"
            }
            TokenPart::ScopeDate => "the date in X-Amz-Credential is not that of X-Amz-Date",
            TokenPart::Region => "the region in X-Amz-Credential is not the name of one",
            TokenPart::Date => "X-Amz-Date is not a time such as 20261123T100000Z",
            TokenPart::Expires => "X-Amz-Expires is not a number of seconds above 0",
            TokenPart::Signature => "X-Amz-Signature is not 64 hexadecimal digits",
        }
    }
}

impl TokenProblem {
    /// The entry of the fault catalogue.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            TokenProblem::Expired { .. } => "SASL-08",
            TokenProblem::NotYetValid { .. } => "SASL-09",
            TokenProblem::RegionMismatch { .. } | TokenProblem::HostOfAnotherRegion { .. } => {
                "SASL-10"
            }
            TokenProblem::ForeignDomain { .. } => "SASL-11",
            TokenProblem::SessionTokenMissing => "SASL-12",
            _ => "SASL-05",
        }
    }

    /// Whether a broker refuses the token for this alone. What is false here departs from what AWS's signers make,
    /// and it is not published whether a broker minds.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        match self {
            TokenProblem::Padded
            | TokenProblem::ForeignDomain { .. }
            | TokenProblem::LongLifetime { .. } => false,
            TokenProblem::MissingParameter { name } => {
                name.as_str() != super::super::msk_iam::USER_AGENT
            }
            TokenProblem::NotYetValid { by } => *by > TOLERANCE,
            _ => true,
        }
    }

    /// Which of its characters are the token, when it is in something else.
    fn wrapping(&self) -> Option<&'static str> {
        Some(match self {
            TokenProblem::PythonTuple => {
                "the token is a printed tuple or list: the signer returns (token, expiry); send the first element only, \
                 token, _ = MSKAuthTokenProvider.generate_auth_token(region)"
            }
            TokenProblem::PythonBytes => {
                "the token is printed bytes (b'...'): decode it first, token.decode(\"ascii\")"
            }
            TokenProblem::Quoted => "the token is in quotes: send it without them",
            TokenProblem::BearerPrefix => {
                "the token begins with \"Bearer\": the client library adds that itself; return the bare token"
            }
            TokenProblem::Whitespace => {
                "there is white space in or around the token: remove it (a line end, a wrapped line)"
            }
            TokenProblem::Padded => {
                "the token ends in \"=\": AWS's signers strip the padding; do so too, token.rstrip(\"=\")"
            }
            TokenProblem::StandardBase64 => {
                "the token uses the standard base64 alphabet (+ and /): encode it as base64url, \
                 base64.urlsafe_b64encode"
            }
            _ => return None,
        })
    }

    /// What the text is, when it is not a token.
    fn impostor(&self) -> Option<&'static str> {
        Some(match self {
            TokenProblem::Empty => {
                "the token is empty: the callback returned nothing; return the string that the signer makes"
            }
            TokenProblem::Truncated => {
                "the end of the token is missing: it was cut off on the way (a length limit, a lost line) or never \
                 signed; send what the signer returns, whole"
            }
            TokenProblem::NotUtf8 => {
                "decoded, the token is not text: it was damaged or is something else; send what the signer returns, \
                 unchanged"
            }
            TokenProblem::NotUrl => {
                "decoded, the token is not a URL: an MSK IAM token is a presigned URL in base64url; use a signer of AWS \
                 (aws-msk-iam-sasl-signer)"
            }
            TokenProblem::NotEncoded => {
                "the token is the presigned URL itself: encode it as base64url without padding"
            }
            TokenProblem::JsonObject => {
                "the token is a JSON object: that is the payload of AWS_MSK_IAM or a whole result; with OAUTHBEARER send \
                 the token string only"
            }
            TokenProblem::Jwt => {
                "the token is a JSON Web Token: MSK IAM wants a presigned URL in base64url; use a signer of AWS \
                 (aws-msk-iam-sasl-signer)"
            }
            TokenProblem::WrongScheme => {
                "the URL in the token is not https: sign https://kafka.REGION.amazonaws.com/"
            }
            TokenProblem::SessionTokenMissing => {
                "the key is temporary (ASIA...) and X-Amz-Security-Token is missing: pass all three parts to the signer, \
                 access key id, secret access key and session token (AWS_SESSION_TOKEN)"
            }
            TokenProblem::UnsignedHost => {
                "the header host is not signed: X-Amz-SignedHeaders has to be host; use a signer of AWS"
            }
            _ => return None,
        })
    }
}

impl fmt::Display for TokenProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(sentence) = self.wrapping().or_else(|| self.impostor()) {
            return f.write_str(sentence);
        }
        match self {
            TokenProblem::NotBase64Url { at } => write!(
                f,
                "character {at} of the token is none of base64url (A-Z a-z 0-9 - _): send what the signer returns, unchanged"
            ),
            TokenProblem::WrongHost { found, expected } => write!(
                f,
                "the token is signed for the host {found}: with OAUTHBEARER it is always {expected}, never a broker"
            ),
            TokenProblem::ForeignDomain { found, expected } => write!(
                f,
                "the token is signed for the host {found}: AWS's signers use {expected} in every partition; use a current one"
            ),
            TokenProblem::HostOfAnotherRegion { host, scope } => write!(
                f,
                "the token is signed for the host {host} with credentials scoped to {scope}: give the signer one region, \
                 that of the cluster"
            ),
            TokenProblem::WrongAction { found } => write!(
                f,
                "the token is signed for the action {found}: it has to be kafka-cluster:Connect, whatever the client does later"
            ),
            TokenProblem::WrongService { found } => write!(
                f,
                "the token is signed for the service {found}: it has to be kafka-cluster"
            ),
            TokenProblem::MissingParameter { name } => write!(
                f,
                "{name} is missing from the token: AWS's signers always set it; use one of them"
            ),
            TokenProblem::Unreadable { part } => write!(
                f,
                "{}: use a signer of AWS and send what it returns, unchanged",
                part.wanted()
            ),
            TokenProblem::LongLifetime { lifetime } => write!(
                f,
                "the token claims to be valid for {}: AWS's signers use 900 s; sign with X-Amz-Expires=900 (seconds)",
                spoken(*lifetime)
            ),
            TokenProblem::Expired { by } => write!(
                f,
                "the token expired {} ago: sign one for each connection, do not cache it for longer than its 900 s; \
                 if it was just signed, the signer's clock is slow",
                spoken(*by)
            ),
            TokenProblem::NotYetValid { by } => write!(
                f,
                "the token is stamped {} in the future: the signer's clock is ahead of this one; set both by NTP (chronyc tracking)",
                spoken(*by)
            ),
            TokenProblem::ForeignSignedHeaders { found } => write!(
                f,
                "the signed headers are {found}: only host may be signed, brokers have no other; use a signer of AWS"
            ),
            TokenProblem::RegionMismatch { signed, expected } => write!(
                f,
                "the token is signed for {signed} and the brokers are in {expected}: give the signer the region of the \
                 cluster, {expected} (AWS_REGION in Lambda is that of the function)"
            ),
            // `wrapping` and `impostor` have said the rest.
            _ => f.write_str(self.code()),
        }
    }
}

/// A duration as people say it, to the second: `12 s`, `14 min 48 s`, `3 h 5 min`, `2 d 4 h`.
pub(crate) fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    if days > 0 {
        format!("{days} d {hours} h")
    } else if hours > 0 {
        format!("{hours} h {minutes} min")
    } else if minutes > 0 {
        format!("{minutes} min {} s", seconds % 60)
    } else {
        format!("{seconds} s")
    }
}
