//! Finds AWS credentials as a client would, and asks STS who they are.
//!
//! The SDK's default chain says only that nothing was found. Here the same providers are asked one by one, so that
//! it can be said who was asked, what each said, and for whom the time ran out.

mod failure;
mod http;
mod identity;
mod reason;

pub use failure::{CredentialFailure, Step, Tried};
pub(super) use http::{CONNECT, NoWay};
pub use http::{forget, warm};
pub use identity::{ClockSkew, IdentityAnswer, IdentityOptions, IdentityOutcome, identity};

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use aws_config::default_provider::region::DefaultRegionChain;
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::credentials::EnvironmentVariableCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_config::{BehaviorVersion, ConfigLoader, Region};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use self::reason::Reason;
use crate::secret::Printable;

/// How a session that msk-doctor opens is named in `CloudTrail`, and in the ARN that a broker sees.
const SESSION_NAME: &str = "msk-doctor";

/// Whose credentials to find, and for how long to try.
#[derive(Debug, Clone)]
pub struct CredentialOptions {
    /// `--profile`. As in the AWS CLI, an explicit profile outranks credentials in environment variables, and
    /// `AWS_PROFILE` does not.
    pub profile: Option<String>,
    /// `--region`, for calls to STS and IAM Identity Center; else as [`resolve_region`] finds.
    pub region: Option<String>,
    /// `--role-arn`: assume this role with what was found.
    pub role_arn: Option<String>,
    /// The limit for all of it.
    pub timeout: Duration,
}

/// What came of looking for credentials.
#[derive(Debug, Clone)]
pub struct CredentialOutcome {
    /// How long it took. A function that starts cold, or a slow metadata service, shows here.
    pub duration: Duration,
    /// The credentials, or why there are none.
    pub result: Result<LoadedCredentials, CredentialFailure>,
}

/// Credentials and what may be said about them. `Debug` hides the secrets.
#[derive(Debug, Clone)]
pub struct LoadedCredentials {
    /// For signing.
    pub credentials: Credentials,
    /// For reports.
    pub facts: CredentialFacts,
}

/// What may be said about credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CredentialFacts {
    /// Where they are from.
    pub source: CredentialSource,
    /// `ASIA…` for temporary credentials, `AKIA…` for a user's long-term key.
    pub access_key_id: Printable,
    /// Whether there is a session token, as temporary credentials need.
    pub has_session_token: bool,
    /// When they end; `None` if the source does not say (environment variables never do).
    #[serde(with = "time::serde::rfc3339::option")]
    #[schemars(with = "Option<String>")]
    pub expires_at: Option<OffsetDateTime>,
    /// The role that was assumed with those of `source`, for `--role-arn`.
    pub assumed_role: Option<Printable>,
}

impl CredentialFacts {
    fn of(credentials: &Credentials, source: CredentialSource, assumed_role: Option<&str>) -> Self {
        Self {
            source,
            access_key_id: Printable::new(credentials.access_key_id()),
            has_session_token: credentials
                .session_token()
                .is_some_and(|token| !token.is_empty()),
            expires_at: credentials.expiry().and_then(written),
            assumed_role: assumed_role.map(Printable::new),
        }
    }

    /// How long they last from `now`, zero when they are over; `None` if the source does not say.
    #[must_use]
    pub fn remaining(&self, now: SystemTime) -> Option<Duration> {
        let left = self.expires_at? - written(now)?;
        Some(left.try_into().unwrap_or(Duration::ZERO))
    }
}

/// Where credentials are from, in the order in which they are looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum CredentialSource {
    /// `AWS_ACCESS_KEY_ID` and its companions; Lambda gives a function its role this way.
    Environment,
    /// A profile of `~/.aws/config` or `~/.aws/credentials`, with whatever it refers to.
    Profile {
        /// Its name.
        name: Printable,
    },
    /// `AWS_WEB_IDENTITY_TOKEN_FILE`: IAM roles for service accounts (EKS).
    WebIdentity,
    /// `AWS_CONTAINER_CREDENTIALS_…_URI`: the role of an ECS task or an EKS pod identity.
    Container,
    /// The role of an EC2 instance.
    InstanceMetadata,
}

impl fmt::Display for CredentialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CredentialSource::Environment => f.write_str("environment"),
            CredentialSource::Profile { name } => write!(f, "profile {name}"),
            CredentialSource::WebIdentity => f.write_str("web identity"),
            CredentialSource::Container => f.write_str("container"),
            CredentialSource::InstanceMetadata => f.write_str("instance metadata"),
        }
    }
}

/// Finds credentials within `options.timeout`; whatever happens is an outcome.
pub async fn load(options: &CredentialOptions) -> CredentialOutcome {
    let started = Instant::now();
    let progress = Progress::default();
    let result = tokio::time::timeout(options.timeout, find(options, &progress))
        .await
        .unwrap_or_else(|_| Err(progress.timed_out(options.timeout)));
    CredentialOutcome {
        duration: started.elapsed(),
        result,
    }
}

/// The region that the AWS CLI would use: `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile, the instance.
/// `None` also when the metadata service does not answer within its second.
pub async fn resolve_region(profile: Option<&str>) -> Option<String> {
    let mut chain = DefaultRegionChain::builder();
    if let Some(profile) = profile {
        chain = chain.profile_name(profile);
    }
    let region = chain.build().region().await?;
    Some(region.as_ref().to_owned())
}

/// How far [`find`] has come, for when the time is over.
#[derive(Default)]
struct Progress(Mutex<(Step, Vec<Tried>)>);

impl Progress {
    fn enter(&self, step: Step) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0 = step;
    }

    fn note(&self, tried: Tried) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .1
            .push(tried);
    }

    fn tried(&self) -> Vec<Tried> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .1
            .clone()
    }

    fn timed_out(&self, after: Duration) -> CredentialFailure {
        let (waiting_for, tried) = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        CredentialFailure::TimedOut {
            waiting_for,
            after,
            tried,
        }
    }
}

async fn find(
    options: &CredentialOptions,
    progress: &Progress,
) -> Result<LoadedCredentials, CredentialFailure> {
    let region = match &options.region {
        Some(region) => Some(region.clone()),
        None => resolve_region(options.profile.as_deref()).await,
    };
    let (base, source) = first_of(providers(options, region.clone()), progress).await?;
    let credentials = match &options.role_arn {
        Some(role) => assume(role, base, region, options, progress).await?,
        None => base,
    };
    Ok(LoadedCredentials {
        facts: CredentialFacts::of(&credentials, source, options.role_arn.as_deref()),
        credentials,
    })
}

type Provider = (CredentialSource, SharedCredentialsProvider);

/// The SDK's default chain, in its order.
fn providers(options: &CredentialOptions, region: Option<String>) -> Vec<Provider> {
    let config = ProviderConfig::without_region().with_region(region.map(Region::new));
    let mut profile = ProfileFileCredentialsProvider::builder().configure(&config);
    if let Some(name) = &options.profile {
        profile = profile.profile_name(name);
    }
    let mut providers = vec![
        (
            CredentialSource::Environment,
            SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()),
        ),
        (
            profile_source(options),
            SharedCredentialsProvider::new(profile.build()),
        ),
        (
            CredentialSource::WebIdentity,
            SharedCredentialsProvider::new(
                WebIdentityTokenCredentialsProvider::builder()
                    .configure(&config)
                    .build(),
            ),
        ),
        (
            CredentialSource::Container,
            SharedCredentialsProvider::new(
                EcsCredentialsProvider::builder().configure(&config).build(),
            ),
        ),
        (
            CredentialSource::InstanceMetadata,
            SharedCredentialsProvider::new(
                ImdsCredentialsProvider::builder()
                    .configure(&config)
                    .build(),
            ),
        ),
    ];
    if options.profile.is_some() {
        // botocore, and so the AWS CLI, then ignores both kinds of environment variables; the SDK would not.
        providers.retain(|(source, _)| {
            !matches!(
                source,
                CredentialSource::Environment | CredentialSource::WebIdentity
            )
        });
    }
    providers
}

fn profile_source(options: &CredentialOptions) -> CredentialSource {
    let name = options
        .profile
        .clone()
        .or_else(|| std::env::var("AWS_PROFILE").ok())
        .filter(|name| !name.is_empty());
    CredentialSource::Profile {
        name: Printable::new(name.as_deref().unwrap_or("default")),
    }
}

/// Asks each in turn. Who is not set up is passed over; who is and fails ends the search, as in the SDK.
async fn first_of(
    providers: Vec<Provider>,
    progress: &Progress,
) -> Result<(Credentials, CredentialSource), CredentialFailure> {
    for (source, provider) in providers {
        progress.enter(Step::Source {
            source: source.clone(),
        });
        match provider.provide_credentials().await {
            Ok(credentials) => return Ok((credentials, source)),
            Err(error @ CredentialsError::CredentialsNotLoaded(_)) => progress.note(Tried {
                source,
                reason: Reason::of(&error).text,
            }),
            Err(error) => {
                let Reason { text: reason, code } = Reason::of(&error);
                return Err(CredentialFailure::Failed {
                    source,
                    reason,
                    code,
                });
            }
        }
    }
    Err(CredentialFailure::NoCredentials {
        tried: progress.tried(),
    })
}

async fn assume(
    role: &str,
    base: Credentials,
    region: Option<String>,
    options: &CredentialOptions,
    progress: &Progress,
) -> Result<Credentials, CredentialFailure> {
    progress.enter(Step::AssumeRole {
        role: Printable::new(role),
    });
    let config = loader(options.profile.as_deref(), region)
        .credentials_provider(base)
        .load()
        .await;
    let provider = AssumeRoleProvider::builder(role)
        .session_name(SESSION_NAME)
        .configure(&config)
        .build()
        .await;
    provider.provide_credentials().await.map_err(|error| {
        let Reason { text: reason, code } = Reason::of(&error);
        CredentialFailure::RoleNotAssumed {
            role: Printable::new(role),
            reason,
            code,
        }
    })
}

/// The standard configuration, which has the endpoint override variables too.
pub(super) fn loader(profile: Option<&str>, region: Option<String>) -> ConfigLoader {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http::shared())
        .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT).build());
    if let Some(profile) = profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = region {
        loader = loader.region(Region::new(region));
    }
    loader
}

/// `None` for a time that RFC 3339 cannot write.
fn written(time: SystemTime) -> Option<OffsetDateTime> {
    let age = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    OffsetDateTime::UNIX_EPOCH.checked_add(age.try_into().ok()?)
}
