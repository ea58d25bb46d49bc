//! The canary, after the probes: only where they know that the topic exists.

use std::fmt;

use tokio::time::Instant;

use super::Setup;
use super::token::Tokens;
use crate::canary::{Canary, Identity, Login, Seen, run};
use crate::case::Case;
use crate::phase::Phase;
use crate::probe::io::{Shared, micros};
use crate::probe::observation::{Detail, Meter, Observation, PhaseRecord, Purpose};
use crate::target::Auth;

/// What the canary needs besides the question.
pub struct CanarySetup {
    /// The client certificate, PEM.
    pub identity: Option<Identity>,
    /// Told what is written before it is.
    pub announce: Box<dyn Fn(&str) + Send + Sync>,
}

impl fmt::Debug for CanarySetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CanarySetup")
    }
}

/// Writes the record and reads it back, and keeps what was seen, or why it was not tried.
pub(super) async fn send(setup: &Setup, shared: &Shared, tokens: &Tokens, case: &mut Case) {
    let Some(own) = &setup.canary else {
        return;
    };
    match prepared(setup, own, tokens, case, shared) {
        Ok(canary) => {
            let topic = crate::text::escaped(&canary.topic);
            (own.announce)(&format!(
                "canary: one record is written to topic {topic} now, with key \"msk-doctor {}\"; it stays, and consumers see it",
                canary.run
            ));
            (setup.progress)("canary");
            let seen = observed(case, shared, canary, !setup.overrides.is_empty()).await;
            case.observations.push(seen);
        }
        Err(because) => case.canary_absent = Some(because),
    }
}

fn prepared(
    setup: &Setup,
    own: &CanarySetup,
    tokens: &Tokens,
    case: &Case,
    shared: &Shared,
) -> Result<Canary, String> {
    let topic = setup.target.topic.clone().ok_or("no topic is named")?;
    if !case.has_topic(&topic) {
        return Err("no broker that was reached says that the topic exists".to_owned());
    }
    if shared.cancel.is_cancelled() || Instant::now() >= shared.deadline {
        return Err("the time was up".to_owned());
    }
    let login = match setup.target.auth {
        Auth::Iam | Auth::Scram => {
            let mechanism = setup.mechanism.as_deref().unwrap_or_default();
            tokens
                .canary_login(mechanism)
                .ok_or("there is no login that librdkafka could make")?
        }
        Auth::Mtls | Auth::Tls | Auth::Plaintext => Login::None,
    };
    let brokers: Vec<String> = setup
        .target
        .brokers
        .iter()
        .map(|broker| broker.endpoint().to_string())
        .collect();
    Ok(Canary {
        bootstrap: brokers.join(","),
        topic,
        run: uuid::Uuid::new_v4().to_string(),
        roots: setup.target.auth.uses_tls().then(|| roots(shared)),
        verifies: !setup.send_credentials_anyway,
        identity: own.identity.clone(),
        login,
        client_id: host_name(),
    })
}

async fn observed(
    case: &Case,
    shared: &Shared,
    canary: Canary,
    has_overrides: bool,
) -> Observation {
    let began = Instant::now();
    let (deadline, cancel) = (shared.deadline.into_std(), shared.cancel.clone());
    let made = tokio::task::spawn_blocking(move || run(&canary, deadline, &cancel)).await;
    let mut seen = made.unwrap_or_else(|error| Seen {
        end: crate::probe::observation::End::ClientError,
        detail: crate::probe::observation::CanaryDetail {
            client: crate::canary::library(),
            error: Some(error.to_string()),
            ..Default::default()
        },
        leader: None,
    });
    seen.detail.without_overrides = has_overrides;
    let meter = Meter {
        start_us: micros(began.saturating_duration_since(shared.began)),
        duration_us: micros(began.elapsed()),
        ..Meter::default()
    };
    let first = || {
        case.target
            .brokers
            .first()
            .map(crate::target::TargetBroker::endpoint)
    };
    Observation {
        broker: seen
            .leader
            .or_else(first)
            .unwrap_or_else(|| crate::target::Endpoint::new("", 0)),
        address: None,
        purpose: Purpose::Canary,
        phases: vec![PhaseRecord::new(
            Phase::Canary,
            meter,
            seen.end,
            Detail::Canary(Box::new(seen.detail)),
        )],
        stopped: None,
    }
}

/// All that is trusted, PEM: librdkafka's OpenSSL finds the platform's roots in one place only, where its maker had them.
fn roots(shared: &Shared) -> String {
    let platform = rustls_native_certs::load_native_certs().certs;
    let all = shared.trust.ca_file.iter().chain(&platform);
    all.map(|der| pem::encode(&pem::Pem::new("CERTIFICATE", der.as_ref())))
        .collect()
}

/// `client.id` as applications have it.
fn host_name() -> String {
    let name = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    if name.is_empty() {
        "msk-doctor".to_owned()
    } else {
        name
    }
}
