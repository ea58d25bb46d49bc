//! Where tokens come from, without holding up the probes: credentials are looked for while the
//! first packets are under way, and STS is asked beside them.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::aws::credentials::{self, CredentialOptions, IdentityAnswer, IdentityOptions};
use crate::canary;
use crate::case::{Case, CredentialFacts, IdentityFacts, TokenFault, TokenJudgement};
use crate::probe::attempt::Resigned;
use crate::probe::io;
use crate::sasl::inspect::{inspect, judge_for_region};
use crate::sasl::login::Login;
use crate::sasl::msk_iam::{self, Token};
use crate::sasl::scram::{Hash, Scram};
use crate::secret::SecretString;

/// The mechanism of aws-msk-iam-auth.
pub const AWS_MSK_IAM: &str = "AWS_MSK_IAM";

/// How long STS may take: the verdict does not hang on it.
const STS_PATIENCE: Duration = Duration::from_secs(2);

/// Where the token comes from.
#[derive(Debug, Clone)]
pub enum TokenSource {
    /// No token is wanted.
    None,
    /// The user's own.
    Given(Token),
    /// Made from these credentials; STS is not asked.
    Static(Credentials),
    /// A user's name and password, for SCRAM.
    Password {
        /// The name.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// Made from what the AWS configuration gives.
    Chain {
        /// Profile, role and the like.
        options: CredentialOptions,
        /// Whether STS may be asked whose they are.
        ask_sts: bool,
    },
}

/// The token while it is being made.
#[derive(Debug, Clone)]
pub enum TokenState {
    /// Not yet here.
    Pending,
    /// Here it is.
    Ready(Box<Material>),
    /// There is none.
    Absent,
}

/// What logins are made from. None of it can be printed.
#[derive(Debug, Clone)]
pub enum Material {
    /// The user's own token.
    Token(Token),
    /// AWS credentials, the token that they made, and its region.
    Keys {
        /// The credentials.
        credentials: Credentials,
        /// The token.
        token: Token,
        /// The region that is signed for.
        region: String,
    },
    /// For SCRAM.
    Password {
        /// The user's name.
        user: String,
        /// The password.
        password: SecretString,
    },
}

impl Material {
    fn token(&self) -> Option<&Token> {
        match self {
            Self::Token(token) | Self::Keys { token, .. } => Some(token),
            Self::Password { .. } => None,
        }
    }

    /// The login with a token for another region, by another clock. What the user gave cannot be signed again.
    fn resigned(&self, resigned: &Resigned) -> Option<Login> {
        let Self::Keys { credentials, .. } = self else {
            return None;
        };
        let ahead = Duration::from_secs(resigned.ahead_s.unsigned_abs());
        let now = if resigned.ahead_s < 0 {
            SystemTime::now() + ahead
        } else {
            SystemTime::now() - ahead
        };
        let token = msk_iam::sign(credentials, &resigned.region, now);
        token.ok().map(Login::OauthBearer)
    }

    /// The login by a mechanism at a host, if it can be made.
    fn login(&self, mechanism: &str, host: &str) -> Option<Login> {
        match (self, mechanism) {
            (Self::Password { user, password }, mechanism) => {
                let nonce = uuid::Uuid::new_v4().simple().to_string();
                let hash = Hash::of(mechanism)?;
                let scram = Scram::new(hash, user, password.clone(), nonce);
                Some(Login::Scram(Box::new(scram)))
            }
            (
                Self::Keys {
                    credentials,
                    region,
                    ..
                },
                AWS_MSK_IAM,
            ) => msk_iam::payload(credentials, host, region, SystemTime::now())
                .ok()
                .map(Login::MskIam),
            (Self::Token(token) | Self::Keys { token, .. }, _) => {
                Some(Login::OauthBearer(token.clone()))
            }
        }
    }
}

/// What is known of the login, filled beside the probes.
#[derive(Debug, Clone, Default)]
struct Facts {
    credentials: CredentialFacts,
    identity: IdentityFacts,
    sts_asked: bool,
    clock_ahead_s: Option<f64>,
}

/// The running search for a token.
pub struct Tokens {
    state: watch::Receiver<TokenState>,
    facts: watch::Receiver<Facts>,
    given: bool,
    asks_sts: bool,
}

impl TokenSource {
    /// Begins the search; `region` is what the token is signed for.
    #[must_use]
    pub fn start(&self, region: Option<&str>, deadline: Instant) -> Tokens {
        let (state_out, state) = watch::channel(TokenState::Pending);
        let (facts_out, facts) = watch::channel(Facts::default());
        let asks_sts = matches!(self, TokenSource::Chain { ask_sts: true, .. });
        let given = matches!(self, TokenSource::Given(_));
        let search = Search {
            region: region.map(str::to_owned),
            state: state_out,
            facts: facts_out,
        };
        match self.clone() {
            TokenSource::None => search.absent("not looked for"),
            TokenSource::Given(token) => search.ready(Material::Token(token)),
            TokenSource::Password { user, password } => {
                search.ready(Material::Password { user, password });
            }
            TokenSource::Static(credentials) => search.sign(&credentials, "the lab"),
            TokenSource::Chain { options, ask_sts } => {
                tokio::spawn(search.chain(options, ask_sts, deadline));
            }
        }
        Tokens {
            state,
            facts,
            given,
            asks_sts,
        }
    }
}

struct Search {
    region: Option<String>,
    state: watch::Sender<TokenState>,
    facts: watch::Sender<Facts>,
}

impl Search {
    fn ready(&self, material: Material) {
        self.state
            .send_replace(TokenState::Ready(Box::new(material)));
    }

    fn absent(&self, why: &str) {
        self.facts
            .send_modify(|facts| facts.credentials.absent = Some(why.to_owned()));
        self.state.send_replace(TokenState::Absent);
    }

    fn sign(&self, credentials: &Credentials, source: &str) {
        self.facts.send_modify(|facts| {
            facts.credentials.source = Some(source.to_owned());
            facts.credentials.access_key_id = Some(credentials.access_key_id().to_owned());
            facts.credentials.expires = credentials.expiry().map(unix);
        });
        let Some(region) = &self.region else {
            return self.absent("the region is not known: --region says it");
        };
        match msk_iam::sign(credentials, region, SystemTime::now()) {
            Ok(token) => self.ready(Material::Keys {
                credentials: credentials.clone(),
                token,
                region: region.clone(),
            }),
            Err(error) => self.absent(&error.to_string()),
        }
    }

    async fn chain(self, options: CredentialOptions, ask_sts: bool, deadline: Instant) {
        let begun = Instant::now();
        let left = deadline.saturating_duration_since(begun);
        let options = CredentialOptions {
            timeout: options.timeout.min(left),
            ..options
        };
        let profile = options.profile.clone();
        let outcome = credentials::load(&options).await;
        let took = u64::try_from(outcome.duration.as_millis()).unwrap_or(u64::MAX);
        self.facts
            .send_modify(|facts| facts.credentials.took_ms = took);
        let found = match outcome.result {
            Ok(loaded) => {
                self.sign(&loaded.credentials, &loaded.facts.source.to_string());
                loaded.credentials
            }
            Err(failure) => {
                let code = failure.code().to_owned();
                self.facts
                    .send_modify(|facts| facts.credentials.absent_code = Some(code));
                return self.absent(&failure.to_string());
            }
        };
        if !ask_sts {
            return;
        }
        let options = IdentityOptions {
            region: self
                .region
                .clone()
                .unwrap_or_else(|| "us-east-1".to_owned()),
            profile,
            endpoint_url: None,
            timeout: STS_PATIENCE,
        };
        self.facts.send_modify(|facts| facts.sts_asked = true);
        let outcome = credentials::identity(&found, &options).await;
        self.facts.send_modify(|facts| {
            facts.clock_ahead_s = outcome.skew.map(|skew| skew.seconds);
            facts.identity = identity_facts(&outcome.answer);
        });
    }
}

fn identity_facts(answer: &IdentityAnswer) -> IdentityFacts {
    match answer {
        IdentityAnswer::Known { account, arn, .. } => IdentityFacts::Known {
            arn: arn.to_string(),
            account: account.to_string(),
        },
        IdentityAnswer::Expired { code, message }
        | IdentityAnswer::ClockRejected { code, message } => IdentityFacts::Refused {
            code: code.to_string(),
            message: message.to_string(),
            clock: matches!(answer, IdentityAnswer::ClockRejected { .. }),
        },
        IdentityAnswer::InvalidClientTokenId { message } => IdentityFacts::Refused {
            code: "InvalidClientTokenId".to_owned(),
            message: message.to_string(),
            clock: false,
        },
        IdentityAnswer::SignatureDoesNotMatch { message } => IdentityFacts::Refused {
            code: "SignatureDoesNotMatch".to_owned(),
            message: message.to_string(),
            clock: false,
        },
        IdentityAnswer::Denied { .. }
        | IdentityAnswer::Unreachable { .. }
        | IdentityAnswer::TimedOut { .. }
        | IdentityAnswer::Failed { .. } => IdentityFacts::Unknown {
            because: answer.to_string(),
        },
    }
}

fn unix(time: SystemTime) -> i64 {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

impl io::Credentials for Tokens {
    async fn login(
        &self,
        mechanism: &str,
        host: &str,
        resigned: Option<&Resigned>,
    ) -> Option<Login> {
        let mut state = self.state.clone();
        let now = state
            .wait_for(|state| !matches!(state, TokenState::Pending))
            .await
            .ok()?;
        match &*now {
            TokenState::Ready(material) => match resigned {
                Some(resigned) => material.resigned(resigned),
                None => material.login(mechanism, host),
            },
            _ => None,
        }
    }
}

impl Tokens {
    /// What a real client logs in with, where the probes have it already. librdkafka has OAUTHBEARER in place of `AWS_MSK_IAM`: the same
    /// identity.
    pub(super) fn canary_login(&self, mechanism: &str) -> Option<canary::Login> {
        let state = self.state.borrow();
        let TokenState::Ready(material) = &*state else {
            return None;
        };
        Some(match &**material {
            Material::Password { user, password } => canary::Login::Password {
                mechanism: mechanism.to_owned(),
                user: user.clone(),
                password: password.clone(),
            },
            Material::Token(token) | Material::Keys { token, .. } => canary::Login::Token {
                token: token.clone(),
                ends_ms: inspect(token.expose(), SystemTime::now())
                    .expires_at?
                    .unix_timestamp()
                    .saturating_mul(1000),
            },
        })
    }

    /// Writes what is known of credentials, token and clock into the case. STS is waited for only
    /// where its answer can matter: when a login failed, or a certificate by its dates.
    pub(super) async fn describe(&self, case: &mut Case, matters: bool, deadline: Instant) {
        if matters && self.asks_sts {
            let mut facts = self.facts.clone();
            let answered = facts.wait_for(|facts| facts.identity != IdentityFacts::NotAsked);
            let patience = (Instant::now() + STS_PATIENCE).min(deadline);
            let _ = tokio::time::timeout_at(patience, answered).await;
        }
        let facts = self.facts.borrow().clone();
        case.credentials = facts.credentials;
        if let IdentityFacts::Known { arn, .. } = &facts.identity {
            case.vantage.identity = Some(arn.clone());
        }
        case.identity = match facts.identity {
            IdentityFacts::NotAsked if facts.sts_asked => IdentityFacts::Unknown {
                because: unanswered(matters).to_owned(),
            },
            identity => identity,
        };
        case.clock_ahead_s = facts.clock_ahead_s;
        let state = self.state.borrow().clone();
        if let TokenState::Ready(material) = &state
            && let Some(token) = material.token()
        {
            let names = case.target.region_of_names.clone();
            case.token = Some(judge(token, self.given, names.as_deref()));
        }
    }
}

/// Why there is no answer of STS, which was asked.
fn unanswered(waited: bool) -> &'static str {
    if waited {
        "STS did not answer in time"
    } else {
        "STS was asked and not waited for, as no login failed"
    }
}

/// What the token says of itself, and what is wrong with it.
fn judge(token: &Token, given: bool, region_of_names: Option<&str>) -> TokenJudgement {
    let facts = inspect(token.expose(), SystemTime::now());
    let mut problems: Vec<TokenFault> = facts
        .problems
        .iter()
        .map(|problem| TokenFault {
            code: problem.code().to_owned(),
            words: problem.to_string(),
        })
        .collect();
    if let Some(problem) = region_of_names.and_then(|region| judge_for_region(&facts, region)) {
        problems.push(TokenFault {
            code: problem.code().to_owned(),
            words: problem.to_string(),
        });
    }
    TokenJudgement {
        given,
        region: facts.region.as_ref().map(ToString::to_string),
        access_key_id: facts.access_key_id.as_ref().map(ToString::to_string),
        signed_at: facts.signed_at.map(time::OffsetDateTime::unix_timestamp),
        expires_at: facts.expires_at.map(time::OffsetDateTime::unix_timestamp),
        session_token: facts.has_session_token,
        problems,
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;
    use crate::case::{Client, ClientKind};
    use crate::phase::Phase;
    use crate::target::{Endpoint, Target};

    /// What a case says of the identity after this much of the search.
    async fn identity(facts: Facts, login_failed: bool, deadline: Instant) -> IdentityFacts {
        let (_state_out, state) = watch::channel(TokenState::Pending);
        let (_facts_out, facts) = watch::channel(facts);
        let tokens = Tokens {
            state,
            facts,
            given: false,
            asks_sts: true,
        };
        let client = Client {
            kind: ClientKind::Machine,
            name: None,
            role: None,
            library: None,
        };
        let target = Target::from_endpoints(&[Endpoint::new("b-1", 9098)]);
        let mut case = Case::of(target, client, Phase::Metadata);
        tokens.describe(&mut case, login_failed, deadline).await;
        case.identity
    }

    fn asked() -> Facts {
        Facts {
            sts_asked: true,
            ..Facts::default()
        }
    }

    #[tokio::test]
    async fn a_run_without_a_failed_login_says_that_it_did_not_wait_for_sts_and_does_not() {
        let later = Instant::now() + Duration::from_secs(20);
        let found = identity(asked(), false, later).now_or_never();
        let Some(IdentityFacts::Unknown { because }) = found else {
            panic!("waited, or says nothing: {found:?}");
        };
        assert!(because.contains("not waited for"), "{because}");
        let waited = identity(asked(), true, later).now_or_never();
        assert_eq!(waited, None);
    }

    #[tokio::test]
    async fn a_failed_login_without_an_answer_of_sts_says_so() {
        let found = identity(asked(), true, Instant::now()).await;
        let IdentityFacts::Unknown { because } = found else {
            panic!("{found:?}");
        };
        assert!(because.contains("did not answer"), "{because}");
    }

    #[tokio::test]
    async fn sts_that_was_not_asked_is_not_said_to_be() {
        let found = identity(Facts::default(), false, Instant::now()).await;
        assert_eq!(found, IdentityFacts::NotAsked);
    }
}
