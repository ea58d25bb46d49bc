//! Every address of every broker, concurrently, and every broker that they name.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::Instant;

use super::Setup;
use super::token::Tokens;
use crate::case::Case;
use crate::experiments::Wanted;
use crate::phase::Phase;
use crate::probe::attempt::{Knobs, Plan, When};
use crate::probe::io::{self, Shared, micros};
use crate::probe::observation::{
    AdvertisedBroker, Detail, End, Framing, LARGE_HELLO, Meter, Observation, PhaseRecord, Purpose,
    Stop, coordinators,
};
use crate::probe::resolve::{Resolution, ResolveEnd, ResolveOptions, resolve_until};
use crate::target::{Endpoint, TargetBroker};

/// Enough for a few times to send a large `ClientHello` again.
const LARGE_HELLO_PATIENCE: Duration = Duration::from_secs(2);
/// How much later than the small one it may be answered.
const SLOWER: u32 = 3;
/// Connections open at one time.
const AT_ONCE: usize = 128;
/// Brokers that `Metadata` may send us to; MSK's quota is 90 brokers a cluster.
const MOST_ADVERTISED: usize = 500;
/// Addresses of one name.
const MOST_ADDRESSES: usize = 16;

/// Probes the brokers of the bootstrap string, and those that they advertise as soon as they do.
pub(super) async fn observe(setup: &Setup, shared: &Shared, tokens: &Tokens) -> Vec<Observation> {
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    let mut known: Vec<Endpoint> = setup
        .target
        .brokers
        .iter()
        .map(TargetBroker::endpoint)
        .collect();
    let bootstrap = known.len();
    let mut running: FuturesUnordered<_> = known
        .clone()
        .into_iter()
        .enumerate()
        .map(|(index, broker)| {
            indexed(
                index,
                broker_attempts(
                    setup,
                    shared,
                    tokens,
                    broker,
                    Purpose::Bootstrap,
                    slots.clone(),
                ),
            )
        })
        .collect();
    (setup.progress)(&format!("probing {bootstrap} brokers"));
    let mut found: Vec<(usize, Vec<Observation>)> = Vec::new();
    while let Some((index, observations)) = running.next().await {
        for endpoint in named(&observations) {
            if !known.contains(&endpoint) && known.len() < bootstrap + MOST_ADVERTISED {
                known.push(endpoint.clone());
                let attempts = broker_attempts(
                    setup,
                    shared,
                    tokens,
                    endpoint,
                    Purpose::Advertised,
                    slots.clone(),
                );
                running.push(indexed(known.len() - 1, attempts));
                (setup.progress)(&format!("probing {} brokers", known.len()));
            }
        }
        found.push((index, observations));
    }
    found.sort_by_key(|(index, _)| *index);
    found
        .into_iter()
        .flat_map(|(_, observations)| observations)
        .collect()
}

async fn indexed<T>(index: usize, future: impl Future<Output = T>) -> (usize, T) {
    (index, future.await)
}

/// What brokers of the bootstrap string name, in `Metadata` or as coordinators. Those found so are not asked for more: each
/// of 500 could name 500 others.
fn named(observations: &[Observation]) -> Vec<Endpoint> {
    let asked = observations
        .iter()
        .filter(|observation| observation.purpose == Purpose::Bootstrap);
    asked
        .flat_map(|observation| {
            let metadata = observation.metadata().into_iter();
            metadata
                .flat_map(|metadata| &metadata.brokers)
                .filter_map(AdvertisedBroker::endpoint)
                .chain(coordinators(observation.rights()))
        })
        .collect()
}

/// The attempts of an experiment on one broker, one after the other.
pub(super) async fn experiment(
    setup: &Setup,
    shared: &Shared,
    tokens: &Tokens,
    case: &Case,
    wanted: &Wanted,
) -> Vec<Observation> {
    let plan = plan(
        setup,
        wanted.broker.clone(),
        wanted.address,
        Purpose::Bootstrap,
    );
    let plans = wanted.plans(case, plan);
    if wanted.experiment.cost.at_once {
        let attempts = plans
            .into_iter()
            .map(|plan| io::run(plan, Vec::new(), shared, tokens));
        let made = futures::future::join_all(attempts).await;
        for observation in &made {
            (setup.seen)(observation);
        }
        return made;
    }
    let mut seen: Vec<Observation> = Vec::new();
    for mut plan in plans {
        let answered = seen.last().map(|last| last.answered(plan.until));
        match (plan.knobs.when, answered) {
            (When::Answered, Some(false)) | (When::Failed, Some(true)) => break,
            _ => {}
        }
        let before = seen.last().and_then(Observation::connect);
        plan.knobs.known_hops = before.and_then(|connect| connect.hops);
        if plan.broker.host != wanted.broker.host {
            let Some(ip) = first_address(setup, shared, &plan.broker).await else {
                continue;
            };
            plan.address = SocketAddr::new(ip, plan.broker.port);
        }
        let observation = io::run(plan, Vec::new(), shared, tokens).await;
        (setup.seen)(&observation);
        seen.push(observation);
    }
    seen
}

/// The address of a broker that only an experiment asks for.
async fn first_address(setup: &Setup, shared: &Shared, broker: &Endpoint) -> Option<IpAddr> {
    let resolution = resolve(setup, shared, broker).await;
    resolution.addresses.first().copied()
}

fn plan(setup: &Setup, broker: Endpoint, address: SocketAddr, purpose: Purpose) -> Plan {
    let until = if setup.can_log_in() {
        setup.until
    } else {
        setup.until.min(Phase::SaslHandshake)
    };
    Plan {
        broker,
        address,
        purpose,
        tls: setup.target.auth.uses_tls(),
        mechanism: setup.mechanism.clone(),
        framing: Framing::SaslAuthenticate,
        until,
        topic: setup.target.topic.clone(),
        group: setup.target.group.clone(),
        transactional_id: setup.target.transactional_id.clone(),
        send_credentials_anyway: setup.send_credentials_anyway,
        knobs: Knobs::default(),
    }
}

async fn broker_attempts(
    setup: &Setup,
    shared: &Shared,
    tokens: &Tokens,
    broker: Endpoint,
    purpose: Purpose,
    slots: Arc<Semaphore>,
) -> Vec<Observation> {
    let start = Instant::now();
    let resolution = resolve(setup, shared, &broker).await;
    let meter = Meter {
        start_us: micros(start.saturating_duration_since(shared.began)),
        duration_us: micros(resolution.duration),
        ..Meter::default()
    };
    let end = match resolution.end {
        ResolveEnd::Answered => End::Answered,
        ResolveEnd::Nxdomain => End::Nxdomain,
        ResolveEnd::NoAddress => End::NoAddress,
        ResolveEnd::ResolverFailed => End::ResolverFailed,
        ResolveEnd::Silence if Instant::now() >= shared.deadline => End::Cancelled,
        ResolveEnd::Silence => End::Silence,
        ResolveEnd::Cancelled => End::Cancelled,
    };
    let record = PhaseRecord::new(
        Phase::Resolve,
        meter,
        end,
        Detail::Resolve(resolution.detail),
    );
    if end != End::Answered || setup.until == Phase::Resolve {
        let stopped = (end == End::Answered).then_some(Stop::Asked);
        let observation = Observation {
            broker,
            address: None,
            purpose,
            phases: vec![record],
            stopped,
        };
        (setup.seen)(&observation);
        return vec![observation];
    }
    let attempts = resolution.addresses.iter().take(MOST_ADDRESSES).map(|ip| {
        let plan = plan(
            setup,
            broker.clone(),
            SocketAddr::new(*ip, broker.port),
            purpose.clone(),
        );
        let (records, slots) = (vec![record.clone()], slots.clone());
        async move {
            let _slot = slots.acquire().await;
            let large = large_hello(&plan);
            let (secured, is_secured) = oneshot::channel();
            let mut secured = Some(secured);
            let attempt = async move {
                let comes_to = |phase| {
                    // Nobody waits for it where no large hello is sent.
                    let told = secured.take_if(|_| phase > Phase::Tls);
                    told.map(|secured| secured.send(()));
                };
                io::run_watched(plan, records, shared, tokens, comes_to).await
            };
            let began = Instant::now();
            let beside = async {
                let mut large = large?;
                // An error: the attempt did not come so far.
                is_secured.await.ok()?;
                let patience = began.elapsed().saturating_mul(SLOWER);
                large.knobs.patience = Some(patience.max(LARGE_HELLO_PATIENCE));
                Some(io::run(large, Vec::new(), shared, tokens).await)
            };
            let (mut observation, beside) = tokio::join!(attempt, beside);
            let early = observation.stopped == Some(Stop::Asked)
                && !observation.phases.iter().any(|r| r.phase == setup.until);
            if early {
                observation.stopped = Some(Stop::LoginNotTried);
            }
            let made = [Some(observation), beside].into_iter().flatten();
            made.inspect(|observation| (setup.seen)(observation))
                .collect::<Vec<_>>()
        }
    });
    let made = futures::future::join_all(attempts).await;
    made.into_iter().flatten().collect()
}

/// The handshake with a large `ClientHello`, made beside an attempt once its own small one is answered: what loses large ones (TLS-13) is
/// found so, and hides nothing else.
fn large_hello(plan: &Plan) -> Option<Plan> {
    (plan.tls && plan.until > Phase::Tls).then(|| Plan {
        purpose: Purpose::Experiment(LARGE_HELLO.to_owned()),
        until: Phase::Tls,
        mechanism: None,
        knobs: Knobs {
            large_hello: true,
            ..Knobs::default()
        },
        ..plan.clone()
    })
}

async fn resolve(setup: &Setup, shared: &Shared, broker: &Endpoint) -> Resolution {
    if let Some(ip) = broker.ip() {
        return Resolution::literal(ip);
    }
    let given = setup
        .overrides
        .iter()
        .find(|o| o.host == broker.host && o.port == broker.port);
    if let Some(given) = given {
        return Resolution::from_flag(given.address);
    }
    let left = shared.deadline.saturating_duration_since(Instant::now());
    let options = ResolveOptions {
        timeout: setup.resolve.timeout.min(left),
        ..setup.resolve.clone()
    };
    resolve_until(&broker.host, &options, &shared.cancel).await
}
