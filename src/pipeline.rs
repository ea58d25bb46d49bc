//! The edges in one place: probes are sent, the case is filled, experiments are asked for.

mod canary;
mod observe;
mod token;

pub use canary::CanarySetup;
pub use token::{TokenSource, TokenState};

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures::future::BoxFuture;
use indexmap::IndexSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::aws::snapshot::Snapshot;
use crate::case::{Case, Client, ClientKind, RunningFunction, Shares};
use crate::diagnosis::{Diagnosis, conclude};
use crate::experiments;
use crate::named::Named;
use crate::phase::Phase;
use crate::probe::certificate::TrustStore;
use crate::probe::io::{Shared, source_address};
use crate::probe::observation::{End, Observation};
use crate::probe::resolve::ResolveOptions;
use crate::probe::tls::ClientIdentity;
use crate::target::{Auth, Target};
use crate::vpc::{self, World};

/// `--resolve HOST:PORT:ADDRESS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The host, in lower case.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The address to dial instead of asking DNS.
    pub address: IpAddr,
}

/// What the AWS APIs say.
pub enum Facts {
    /// It is known, or nobody asks.
    Here(Option<Snapshot>),
    /// It is asked; or why not.
    Asked {
        /// When.
        when: When,
        /// The answers.
        answers: BoxFuture<'static, Result<Snapshot, String>>,
        /// What they are about.
        named: Named,
    },
}

/// When AWS is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Beside the probes.
    Beside,
    /// After them, and only if something does not work: nobody named anything that AWS alone knows.
    OnFailure,
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Facts::Here(_) => "here",
            Facts::Asked { .. } => "asked",
        })
    }
}

impl Facts {
    /// Waits for the answers, until nobody wants them any more.
    async fn answered(
        self,
        cancel: &CancellationToken,
    ) -> (Option<Snapshot>, Option<String>, Option<Named>) {
        match self {
            Facts::Here(facts) => (facts, None, None),
            Facts::Asked { answers, named, .. } => {
                match cancel.run_until_cancelled(answers).await {
                    Some(Ok(facts)) => (Some(facts), None, Some(named)),
                    Some(Err(because)) => (None, Some(because), None),
                    None => (None, Some("the run was ended".to_owned()), None),
                }
            }
        }
    }
}

/// Everything that a run needs besides the question.
pub struct Setup {
    /// The question.
    pub target: Target,
    /// The last phase to go through.
    pub until: Phase,
    /// The SASL mechanism, if the client uses SASL.
    pub mechanism: Option<String>,
    /// The whole run's budget.
    pub deadline: Duration,
    /// One phase's.
    pub phase_timeout: Duration,
    /// Whom to ask for names.
    pub resolve: ResolveOptions,
    /// Names that are not asked for.
    pub overrides: Vec<Override>,
    /// Whom to trust.
    pub trust: TrustStore,
    /// The client's certificate.
    pub identity: Option<ClientIdentity>,
    /// Send a credential to a broker that was not verified.
    pub send_credentials_anyway: bool,
    /// Where tokens come from.
    pub token: TokenSource,
    /// Whom the verdict is about.
    pub client: Client,
    /// What the AWS APIs said.
    pub facts: Facts,
    /// The EC2 instance that this machine is.
    pub instance: Option<String>,
    /// The Lambda function that this is.
    pub function: Option<RunningFunction>,
    /// In what this machine is the same as the client.
    pub speaks_for: Vec<Shares>,
    /// The canary, if one is wanted.
    pub canary: Option<CanarySetup>,
    /// Ends the run early, with what it has.
    pub cancel: CancellationToken,
    /// Told what is being done, for a person who waits.
    pub progress: Box<dyn Fn(&str) + Send + Sync>,
    /// Told of each attempt once it is over.
    pub seen: Box<dyn Fn(&Observation) + Send + Sync>,
}

impl Setup {
    /// Whether there is something to log in with: a user's name and password are not looked for.
    fn can_log_in(&self) -> bool {
        self.target.auth != Auth::Scram || matches!(self.token, TokenSource::Password { .. })
    }
}

/// Probes, concludes, experiments, concludes again.
pub async fn run(mut setup: Setup) -> (Case, Diagnosis) {
    let began = Instant::now();
    let wall = time::OffsetDateTime::now_utc();
    let shared = Shared {
        began,
        deadline: began + setup.deadline,
        phase_timeout: setup.phase_timeout,
        trust: setup.trust.clone(),
        identity: setup.identity.clone(),
        now: wall.unix_timestamp(),
        cancel: setup.cancel.clone(),
    };
    let token = setup
        .token
        .start(setup.target.region.as_deref(), shared.deadline);
    let facts = std::mem::replace(&mut setup.facts, Facts::Here(None));
    let observing = observe::observe(&setup, &shared, &token);
    let (observations, (facts, facts_absent, named)) = match facts {
        Facts::Asked {
            when: When::OnFailure,
            ..
        } => {
            let observations = observing.await;
            let works = |o: &Observation| o.answered(setup.until);
            let answered = if observations.iter().all(works) {
                (None, None, None)
            } else {
                (setup.progress)("asking AWS about the path");
                facts.answered(&shared.cancel).await
            };
            (observations, answered)
        }
        facts => tokio::join!(observing, facts.answered(&shared.cancel)),
    };
    let mut case = Case {
        facts,
        facts_absent,
        observations,
        started: crate::case::rfc3339(wall),
        now: wall.unix_timestamp(),
        ..Case::of(setup.target.clone(), setup.client.clone(), setup.until)
    };
    if let (Some(named), Some(facts)) = (&named, &case.facts) {
        named.learn(facts, &mut case.target, &mut case.client);
    }
    case.vantage.addresses = local_addresses(&case);
    case.vantage.instance.clone_from(&setup.instance);
    case.vantage.runs_in(setup.function.clone());
    case.vantage.speaks_for.clone_from(&setup.speaks_for);
    if is_own_address(&case) {
        case.vantage.speaks_for = vec![Shares::Path, Shares::Identity];
    }
    let login_failed = case.attempts().any(|o| {
        o.failure()
            .is_some_and(|record| record.phase == Phase::SaslAuthenticate)
    });
    let by_the_clock = case.attempts().any(|o| {
        let judged = o.tls().and_then(|tls| tls.certificate.as_ref());
        judged.is_some_and(|certificate| certificate.dates.bad().is_some())
    });
    token
        .describe(&mut case, login_failed || by_the_clock, shared.deadline)
        .await;
    canary::send(&setup, &shared, &token, &mut case).await;
    loop {
        let late = Instant::now() >= shared.deadline || shared.cancel.is_cancelled();
        case.complete = !cut(&case) && !shared.cancel.is_cancelled();
        case.duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let diagnosis = conclude(&case);
        let left = shared.deadline.saturating_duration_since(Instant::now());
        let wanted = experiments::next(&case, &diagnosis, left);
        let Some(first) = wanted.first().filter(|_| !late) else {
            return (case, diagnosis);
        };
        (setup.progress)(&format!("experiment: {}", first.experiment.question));
        case.experiments.push(first.experiment.name.to_owned());
        let attempts: Vec<_> = wanted
            .iter()
            .map(|wanted| observe::experiment(&setup, &shared, &token, &case, wanted))
            .collect();
        let made = futures::future::join_all(attempts).await;
        case.observations.extend(made.into_iter().flatten());
    }
}

/// Whether the run was over before an attempt was.
fn cut(case: &Case) -> bool {
    case.attempts().any(|o| {
        o.phases
            .last()
            .is_some_and(|record| record.end == End::Cancelled)
    })
}

/// Whether the client's address is one that this machine connected from.
fn is_own_address(case: &Case) -> bool {
    let address = case
        .client
        .name
        .as_deref()
        .and_then(|name| name.parse().ok());
    case.client.kind == ClientKind::Address
        && address.is_some_and(|address| case.vantage.addresses.contains(&address))
}

/// The addresses that connections were made from; where none came about, those that they would have had, to the brokers
/// of the facts where no name gave an address.
fn local_addresses(case: &Case) -> Vec<IpAddr> {
    let connected = case
        .observations
        .iter()
        .filter_map(|o| Some(o.connect()?.local?.ip()));
    let found: IndexSet<IpAddr> = connected.collect();
    if !found.is_empty() {
        return found.into_iter().collect();
    }
    let mut dialled: Vec<SocketAddr> = case.observations.iter().filter_map(|o| o.address).collect();
    if dialled.is_empty() {
        dialled = known_addresses(case);
    }
    let would: IndexSet<IpAddr> = dialled.into_iter().filter_map(source_address).collect();
    would.into_iter().collect()
}

/// The brokers' addresses as the facts have them.
fn known_addresses(case: &Case) -> Vec<SocketAddr> {
    let port = case.target.brokers.first().map(|broker| broker.port);
    let (Some(facts), Some(port)) = (&case.facts, port) else {
        return Vec::new();
    };
    vpc::addresses(&World::new(facts, &[]), case.target.cluster.as_deref())
        .into_iter()
        .map(|ip| SocketAddr::new(ip, port))
        .collect()
}
