//! `demo`: the lab with a fault, diagnosed as a real cluster would be.
//!
//! It uses the lab's credentials only: no user's, no instance's, no STS; `MSK_DOCTOR_*` is ignored.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use msk_doctor::case::{Case, Client, ClientKind, Shares};
use msk_doctor::cli::DemoArgs;
use msk_doctor::diagnosis::{Diagnosis, Verdict};
use msk_doctor::lab::{
    Advertise, FaultSpec, LAB_FAULTS, LAB_VARIANTS, Lab, LabConfig, LabFault, SCRAM_USER,
};
use msk_doctor::phase::Phase;
use msk_doctor::pipeline::{self, Facts, Setup, TokenSource};
use msk_doctor::probe::certificate::TrustStore;
use msk_doctor::probe::resolve::{ResolveOptions, SystemResolver};
use msk_doctor::secret::SecretString;
use msk_doctor::target::{Auth, Target, parse_bootstrap};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use tokio_util::sync::CancellationToken;

use super::diagnose::{progress, report, stop_on_interrupt};
use super::{lab, output, runtime, wrong};

/// The fault that msk-doctor was begun for.
const SEED_FAULT: &str = "IAM-01";

/// What only a canary meets.
const NEEDS_A_RECORD: &[LabFault] = &[LabFault::Clu05, LabFault::Clu12];

/// What a client that meets a fault asks for, and how it logs in.
struct Question {
    auth: Auth,
    /// On the wire; `None` without SASL.
    mechanism: Option<&'static str>,
    topic: bool,
    group: bool,
    transactional_id: bool,
}

impl Question {
    fn of(faults: &[FaultSpec]) -> Self {
        let has = |codes: &[LabFault]| faults.iter().any(|spec| codes.contains(&spec.fault));
        let (auth, mechanism) = if has(&[LabFault::ListenerScram256]) {
            (Auth::Scram, Some("SCRAM-SHA-256"))
        } else if has(&[
            LabFault::ListenerScram,
            LabFault::Sasl22,
            LabFault::Sasl23,
            LabFault::Sasl24,
        ]) {
            (Auth::Scram, Some("SCRAM-SHA-512"))
        } else if has(&[LabFault::Iam18]) {
            (Auth::Tls, None)
        } else {
            (Auth::Iam, Some("OAUTHBEARER"))
        };
        Self {
            auth,
            mechanism,
            topic: has(&[
                LabFault::Clu04,
                LabFault::Iam10,
                LabFault::Iam10Describe,
                LabFault::Iam10Read,
                LabFault::Iam10Write,
                LabFault::Iam12,
                LabFault::Iam18,
            ]),
            group: has(&[
                LabFault::Clu18,
                LabFault::Clu18Elsewhere,
                LabFault::Clu18Loading,
                LabFault::Clu18Moves,
                LabFault::HostileCoordinator,
                LabFault::Iam11,
                LabFault::Iam11Join,
            ]),
            transactional_id: has(&[LabFault::Iam13]),
        }
    }

    fn target(&self, lab: &Lab) -> Result<Target> {
        let endpoints = parse_bootstrap(&lab.bootstrap()).map_err(|e| wrong(e.to_string()))?;
        let named = |asked: bool| asked.then(|| NAMED.to_owned());
        Ok(Target {
            auth: self.auth,
            topic: named(self.topic),
            group: named(self.group),
            transactional_id: named(self.transactional_id),
            ..Target::from_endpoints(&endpoints)
        })
    }

    /// With the lab's credentials; its user's password is their secret.
    fn token(&self, lab: &Lab) -> TokenSource {
        match self.auth {
            Auth::Scram => TokenSource::Password {
                user: SCRAM_USER.to_owned(),
                password: SecretString::from(lab.credentials().secret_access_key()),
            },
            Auth::Iam => TokenSource::Static(lab.credentials().clone()),
            Auth::Mtls | Auth::Tls | Auth::Plaintext => TokenSource::None,
        }
    }
}

/// The topic that the lab has, and the name of whatever else is asked for.
const NAMED: &str = "lab";

/// Runs the demo; the exit code is the diagnosis's.
pub fn run(args: &DemoArgs) -> Result<u8> {
    if args.list {
        print!("{}", lab::list(LAB_FAULTS.iter().chain(LAB_VARIANTS)));
        return Ok(0);
    }
    output::check(&args.output)?;
    if args.all {
        return all(args);
    }
    let codes = match (args.healthy, args.codes.is_empty()) {
        (true, _) => Vec::new(),
        (false, true) => vec![SEED_FAULT.to_owned()],
        (false, false) => args.codes.clone(),
    };
    let faults = lab::faults(&codes)?;
    if let Some(spec) = faults
        .iter()
        .find(|spec| NEEDS_A_RECORD.contains(&spec.fault))
    {
        let code = spec.fault.code();
        return Err(wrong(format!(
            "{code} shows when a record is written, and demo writes none: start `msk-doctor lab {code}`, and add --topic lab --canary to the diagnosis that it prints"
        )));
    }
    let runtime = runtime()?;
    let (case, diagnosis) = runtime.block_on(diagnose(args, faults))?;
    runtime.shutdown_background();
    report(&case, &diagnosis, args.save_case.as_deref(), &args.output)
}

/// Each fault in turn: 1 when one was not found, else 0.
fn all(args: &DemoArgs) -> Result<u8> {
    let runtime = runtime()?;
    let mut missed = 0;
    println!(
        "{:<17}{:<14}{:<9}{:>8}  fault made",
        "fault", "verdict", "first", "time"
    );
    for (fault, code, summary) in LAB_FAULTS {
        let spec = FaultSpec {
            fault: *fault,
            broker: None,
        };
        let (case, diagnosis) = runtime.block_on(diagnose(args, vec![spec]))?;
        let first = diagnosis
            .causes
            .first()
            .map_or("–", |cause| cause.fault.code);
        let found = !fault.is_of_the_catalogue()
            || first == *code
            || diagnosis.verdict == Verdict::Healthy
                && diagnosis
                    .findings
                    .iter()
                    .any(|finding| finding.fault.code == *code);
        missed += u32::from(!found);
        println!(
            "{code:<17}{:<14}{first:<9}{:>5} ms  {summary}{}",
            diagnosis.verdict.name(),
            case.duration_ms,
            if found { "" } else { "  (not found)" }
        );
    }
    runtime.shutdown_background();
    Ok(u8::from(missed > 0))
}

async fn diagnose(args: &DemoArgs, faults: Vec<FaultSpec>) -> Result<(Case, Diagnosis)> {
    let question = Question::of(&faults);
    let config = LabConfig {
        advertise: Advertise::RealNames,
        faults,
        dns: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
        ..LabConfig::default()
    };
    let lab = Lab::start(config).await.map_err(lab::start_failed)?;
    let roots =
        CertificateDer::pem_slice_iter(lab.ca_pem().as_bytes()).collect::<Result<_, _>>()?;
    let target = question.target(&lab)?;
    let cancel = CancellationToken::new();
    stop_on_interrupt(cancel.clone());
    let setup = Setup {
        facts: Facts::Here(None),
        until: if target.asks_for_rights() {
            Phase::Authorise
        } else {
            Phase::Metadata
        },
        target,
        mechanism: question.mechanism.map(str::to_owned),
        deadline: args.deadline,
        phase_timeout: args.phase_timeout,
        resolve: ResolveOptions {
            dns_servers: Vec::new(),
            timeout: args.phase_timeout.min(Duration::from_secs(5)),
            system: SystemResolver::Only(lab.dns_server().into_iter().collect()),
        },
        overrides: Vec::new(),
        trust: TrustStore {
            platform: Arc::default(),
            ca_file: Arc::new(roots),
        },
        identity: None,
        send_credentials_anyway: false,
        token: question.token(&lab),
        client: Client {
            kind: ClientKind::Machine,
            name: None,
            role: None,
            library: None,
        },
        instance: None,
        function: None,
        speaks_for: vec![Shares::Path, Shares::Identity],
        canary: None,
        cancel,
        progress: progress(),
        seen: Box::new(|_| {}),
    };
    let found = pipeline::run(setup).await;
    drop(lab);
    Ok(found)
}
