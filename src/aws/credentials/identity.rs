//! Asks STS whose credentials these are, and by the way what time it is.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use aws_credential_types::Credentials;
use aws_sdk_sts::config::Intercept;
use aws_sdk_sts::config::interceptors::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_sts::config::retry::RetryConfig;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::get_caller_identity::{
    GetCallerIdentityError, GetCallerIdentityOutput,
};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::DateTime;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::failure::milliseconds;
use super::reason::Reason;
use super::{NoWay, loader, written};
use crate::secret::{Printable, redact};

/// Which STS to ask, and for how long.
#[derive(Debug, Clone)]
pub struct IdentityOptions {
    /// STS is asked in this region.
    pub region: String,
    /// `--profile`, for an endpoint that it sets.
    pub profile: Option<String>,
    /// Instead of the region's endpoint; else the standard variables hold (`AWS_ENDPOINT_URL_STS`).
    pub endpoint_url: Option<String>,
    /// The limit for the one attempt that is made.
    pub timeout: Duration,
}

/// What came of `sts:GetCallerIdentity`, which needs no permission.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IdentityOutcome {
    /// How long it took; in JSON, milliseconds.
    #[serde(rename = "duration_ms", with = "milliseconds")]
    #[schemars(with = "u64")]
    pub duration: Duration,
    /// What STS said.
    pub answer: IdentityAnswer,
    /// The HTTP `Date` of any answer, also of a refusal.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schemars(with = "Option<String>")]
    pub server_date: Option<OffsetDateTime>,
    /// The local clock against that date.
    pub skew: Option<ClockSkew>,
}

/// What STS said about the credentials.
/// <https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum IdentityAnswer {
    /// They are good.
    Known {
        /// The account, twelve digits.
        account: Printable,
        /// The user or the role's session: `arn:aws:sts::123456789012:assumed-role/NAME/SESSION`.
        arn: Printable,
        /// The unique id, `AROA…:SESSION` for a role.
        user_id: Printable,
    },
    /// `ExpiredToken`: temporary credentials that are over.
    Expired {
        /// The AWS error code.
        code: Printable,
        /// Its text.
        message: Printable,
    },
    /// `InvalidClientTokenId`: no such key (deleted, deactivated, of another partition, or a wrong session token).
    InvalidClientTokenId {
        /// Its text.
        message: Printable,
    },
    /// `SignatureDoesNotMatch`: the secret access key does not belong to the access key id.
    SignatureDoesNotMatch {
        /// Its text.
        message: Printable,
    },
    /// The signature is good and its time is not: the local clock is off.
    ClockRejected {
        /// The AWS error code.
        code: Printable,
        /// Its text.
        message: Printable,
    },
    /// Any other refusal: an explicit deny, a region that the account has not enabled.
    Denied {
        /// The AWS error code.
        code: Printable,
        /// Its text.
        message: Printable,
    },
    /// No HTTP answer: name resolution, TCP or TLS failed.
    Unreachable {
        /// What the SDK says.
        reason: Printable,
    },
    /// Silence.
    TimedOut {
        /// For how long; in JSON, milliseconds.
        #[serde(rename = "after_ms", with = "milliseconds")]
        #[schemars(with = "u64")]
        after: Duration,
    },
    /// An answer that is not one of STS, or none could be asked.
    Failed {
        /// What the SDK says.
        reason: Printable,
    },
}

impl IdentityAnswer {
    /// The entry of the fault catalogue, where the answer alone names one.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self {
            IdentityAnswer::Expired { .. } | IdentityAnswer::InvalidClientTokenId { .. } => {
                Some("SASL-13")
            }
            IdentityAnswer::ClockRejected { .. } => Some("SASL-09"),
            _ => None,
        }
    }
}

impl fmt::Display for IdentityAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IdentityAnswer::Known { arn, .. } => write!(f, "the credentials are those of {arn}"),
            IdentityAnswer::Expired { code, message } => write!(
                f,
                "STS says that the credentials are over ({code}: {message}): use a provider that refreshes, not copied environment variables"
            ),
            IdentityAnswer::InvalidClientTokenId { message } => write!(
                f,
                "STS does not know the access key ({message}): it was deleted or deactivated, or the session token is not its own"
            ),
            IdentityAnswer::SignatureDoesNotMatch { message } => write!(
                f,
                "the secret access key does not belong to the access key id ({message}): set both anew"
            ),
            IdentityAnswer::ClockRejected { code, message } => write!(
                f,
                "STS refuses the time of the signature ({code}: {message}): set the local clock by NTP (chronyc tracking)"
            ),
            IdentityAnswer::Denied { code, message } => {
                write!(f, "STS refuses the call ({code}: {message})")
            }
            IdentityAnswer::Unreachable { reason } => write!(
                f,
                "STS cannot be reached ({reason}): without it nothing is known of the identity; in a VPC it takes a NAT gateway or an interface endpoint for sts"
            ),
            IdentityAnswer::TimedOut { after } => write!(
                f,
                "STS did not answer within {after:?}: in a VPC it takes a NAT gateway or an interface endpoint for sts"
            ),
            IdentityAnswer::Failed { reason } => {
                write!(
                    f,
                    "what answered is not STS, or could not be asked: {reason}"
                )
            }
        }
    }
}

/// The local clock against that of AWS, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClockSkew {
    /// Local time minus AWS's: positive when the local clock is ahead.
    pub seconds: f64,
    /// The true skew is within this much of `seconds`: half of the round trip, and of the second that `Date` cuts to.
    pub uncertainty: f64,
}

impl ClockSkew {
    /// From an exchange that left at `sent` by the local clock, took `round_trip` and was stamped `date`.
    #[must_use]
    pub fn measure(sent: SystemTime, round_trip: Duration, date: SystemTime) -> Self {
        // The date was written between the two, and stands for any moment of its second.
        let half = round_trip.as_secs_f64() / 2.0;
        Self {
            seconds: difference(sent, date) + half - 0.5,
            uncertainty: half + 0.5,
        }
    }

    /// Whether the clock is off by more than `tolerance`, whatever the uncertainty.
    #[must_use]
    pub fn exceeds(self, tolerance: Duration) -> bool {
        self.seconds.abs() - self.uncertainty > tolerance.as_secs_f64()
    }
}

fn difference(later: SystemTime, earlier: SystemTime) -> f64 {
    later.duration_since(earlier).map_or_else(
        |error| -error.duration().as_secs_f64(),
        |ahead| ahead.as_secs_f64(),
    )
}

/// Asks STS once, within `options.timeout`; whatever happens is an outcome.
pub async fn identity(credentials: &Credentials, options: &IdentityOptions) -> IdentityOutcome {
    let started = Instant::now();
    let stopwatch = Stopwatch::default();
    let answer = tokio::time::timeout(
        options.timeout,
        ask(credentials, options, stopwatch.clone()),
    )
    .await
    .unwrap_or(IdentityAnswer::TimedOut {
        after: options.timeout,
    });
    let exchange = stopwatch.read();
    IdentityOutcome {
        duration: started.elapsed(),
        answer,
        server_date: exchange.and_then(|exchange| written(exchange.date)),
        skew: exchange
            .map(|exchange| ClockSkew::measure(exchange.sent, exchange.round_trip, exchange.date)),
    }
}

async fn ask(
    credentials: &Credentials,
    options: &IdentityOptions,
    stopwatch: Stopwatch,
) -> IdentityAnswer {
    let started = Instant::now();
    let mut loader = loader(options.profile.as_deref(), Some(options.region.clone()))
        .credentials_provider(credentials.clone())
        .retry_config(RetryConfig::disabled());
    if let Some(url) = &options.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    let config = aws_sdk_sts::config::Builder::from(&loader.load().await)
        .interceptor(stopwatch)
        .build();
    let sent = aws_sdk_sts::Client::from_conf(config)
        .get_caller_identity()
        .send()
        .await;
    match sent {
        Ok(answer) => known(&answer),
        Err(error) => refused(&error, credentials, started.elapsed()),
    }
}

fn known(answer: &GetCallerIdentityOutput) -> IdentityAnswer {
    match (answer.account(), answer.arn(), answer.user_id()) {
        (Some(account), Some(arn), Some(user_id)) => IdentityAnswer::Known {
            account: Printable::new(account),
            arn: Printable::new(arn),
            user_id: Printable::new(user_id),
        },
        _ => IdentityAnswer::Failed {
            reason: Printable::new("the answer has no account, ARN or user id"),
        },
    }
}

type Refusal<R> = SdkError<GetCallerIdentityError, R>;

fn refused<R: fmt::Debug + Send + Sync + 'static>(
    error: &Refusal<R>,
    credentials: &Credentials,
    after: Duration,
) -> IdentityAnswer {
    match error {
        SdkError::TimeoutError(_) => IdentityAnswer::TimedOut { after },
        SdkError::DispatchFailure(failure)
            if failure.is_timeout() || NoWay::of(failure).is_some() =>
        {
            IdentityAnswer::TimedOut { after } // of the SDK's own limit for connecting
        }
        SdkError::DispatchFailure(_) => IdentityAnswer::Unreachable {
            reason: Reason::of(error).text,
        },
        SdkError::ServiceError(answer) if answer.err().code().is_some() => {
            let code = answer.err().code().unwrap_or_default();
            let message = answer.err().message().unwrap_or_default();
            classified(code, &without_secrets(message, credentials))
        }
        _ => IdentityAnswer::Failed {
            reason: Reason::of(error).text,
        },
    }
}

/// `SignatureDoesNotMatch` may quote the request that was signed, and the session token is part of it.
fn without_secrets(message: &str, credentials: &Credentials) -> Printable {
    let secrets = [
        credentials.secret_access_key(),
        credentials.session_token().unwrap_or_default(),
    ];
    Printable::new(&redact(message, &secrets))
}

fn classified(code: &str, message: &Printable) -> IdentityAnswer {
    let message = message.clone();
    let text = message.as_str();
    let of_the_clock = text.contains("Signature expired") || text.contains("not yet current");
    let named = Printable::new(code);
    match code {
        "RequestExpired" | "RequestTimeTooSkewed" => IdentityAnswer::ClockRejected {
            code: named,
            message,
        },
        "SignatureDoesNotMatch" if of_the_clock => IdentityAnswer::ClockRejected {
            code: named,
            message,
        },
        "SignatureDoesNotMatch" => IdentityAnswer::SignatureDoesNotMatch { message },
        "ExpiredToken" | "ExpiredTokenException" => IdentityAnswer::Expired {
            code: named,
            message,
        },
        "InvalidClientTokenId" | "UnrecognizedClientException" => {
            IdentityAnswer::InvalidClientTokenId { message }
        }
        _ => IdentityAnswer::Denied {
            code: named,
            message,
        },
    }
}

/// When a request left, how long its answer took, and what date that had.
#[derive(Debug, Clone, Copy)]
struct Exchange {
    sent: SystemTime,
    round_trip: Duration,
    date: SystemTime,
}

/// Takes the times of an exchange, whatever the answer is. The local clock is read once, so that a clock which is
/// set in the meantime does not count.
#[derive(Debug, Clone, Default)]
struct Stopwatch(Arc<Mutex<Times>>);

#[derive(Debug, Default)]
struct Times {
    sent: Option<(SystemTime, Instant)>,
    exchange: Option<Exchange>,
}

impl Stopwatch {
    fn read(&self) -> Option<Exchange> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .exchange
    }
}

impl Intercept for Stopwatch {
    fn name(&self) -> &'static str {
        "Stopwatch"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        times.sent = Some((SystemTime::now(), Instant::now()));
        Ok(())
    }

    fn read_after_transmit(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date").and_then(http_date);
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        times.exchange = times
            .sent
            .zip(date)
            .map(|((sent, started), date)| Exchange {
                sent,
                round_trip: started.elapsed(),
                date,
            });
        Ok(())
    }
}

/// `Mon, 23 Nov 2026 10:00:00 GMT` (RFC 9110, 5.6.7).
fn http_date(text: &str) -> Option<SystemTime> {
    let date = DateTime::from_str(text, Format::HttpDate).ok()?;
    SystemTime::try_from(date).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_ahead_has_a_positive_skew() {
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_428_000);
        let round_trip = Duration::from_millis(200);
        let ahead = ClockSkew::measure(date + Duration::from_secs(420), round_trip, date);
        assert!((ahead.seconds - 419.6).abs() < 1e-6, "{ahead:?}");
        assert!((ahead.uncertainty - 0.6).abs() < 1e-6);
        assert!(ahead.exceeds(Duration::from_secs(300)));
        let behind = ClockSkew::measure(date - Duration::from_secs(10), round_trip, date);
        assert!(behind.seconds < -10.0 && !behind.exceeds(Duration::from_secs(10)));
    }

    #[test]
    fn a_date_that_is_none_is_ignored() {
        assert_eq!(http_date("yesterday"), None);
        assert!(http_date("Mon, 23 Nov 2026 10:00:00 GMT").is_some());
    }

    #[test]
    fn codes_of_sts_are_told_apart() {
        let kind = |code: &str, message: &str| {
            serde_json::to_value(classified(code, &message.into())).unwrap()["kind"].clone()
        };
        let clock = "Signature expired: 20261123T093000Z is now earlier than 20261123T095500Z";
        assert_eq!(kind("SignatureDoesNotMatch", clock), "clock-rejected");
        assert_eq!(
            kind("SignatureDoesNotMatch", "Signature not yet current: …"),
            "clock-rejected"
        );
        assert_eq!(
            kind("SignatureDoesNotMatch", "does not match"),
            "signature-does-not-match"
        );
        assert_eq!(kind("ExpiredToken", "over"), "expired");
        assert_eq!(kind("InvalidClientTokenId", "?"), "invalid-client-token-id");
        assert_eq!(kind("AccessDenied", "?"), "denied");
    }
}
