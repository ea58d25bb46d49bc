//! `diagnose` and its layers: the target at the edge, then the pipeline.

use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant, SystemTime};

use anyhow::Result;
use msk_doctor::aws::credentials::{CredentialOptions, resolve_region};
use msk_doctor::aws::snapshot::Snapshot;
use msk_doctor::case::{Asked, CASE_SCHEMA, Case, Client, ClientKind};
use msk_doctor::cli::{DiagnoseArgs, Mechanism, OutputArgs};
use msk_doctor::diagnosis::{Diagnosis, conclude};
use msk_doctor::machine;
use msk_doctor::phase::Phase;
use msk_doctor::pipeline::{self, Facts, Setup, TokenSource};
use msk_doctor::probe::certificate::TrustStore;
use msk_doctor::probe::resolve::{ResolveOptions, SystemResolver};
use msk_doctor::probe::tls::ClientIdentity;
use msk_doctor::report::Report;
use msk_doctor::rights;
use msk_doctor::sasl::inspect::{inspect, judge_for_region};
use msk_doctor::sasl::msk_iam::Token;
use msk_doctor::target::{Auth, Target};
use msk_doctor::text::json;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_util::sync::CancellationToken;

use super::question::{self, Question};
use super::{output, read_text, runtime, wrong};

/// How long credentials may take before the login is given up.
const CREDENTIAL_PATIENCE: Duration = Duration::from_secs(8);

/// Diagnoses up to `until`; the result is the exit code.
pub fn run(args: &DiagnoseArgs, until: Phase) -> Result<u8> {
    output::check(&args.output)?;
    let (case, diagnosis) = match &args.case {
        Some(path) => {
            let case = read_case(path)?;
            let diagnosis = conclude(&case);
            (case, diagnosis)
        }
        None => probe(args, until)?,
    };
    report(&case, &diagnosis, args.save_case.as_deref(), &args.output)
}

/// `network`, `cluster`, `lambda` and `iam`: what the configuration says, and no packet.
pub fn configured(args: &DiagnoseArgs, asked: Asked) -> Result<u8> {
    output::check(&args.output)?;
    let (case, diagnosis) = if let Some(path) = &args.case {
        let case = Case {
            asked,
            ..read_case(path)?
        };
        let diagnosis = conclude(&case);
        (case, diagnosis)
    } else {
        let runtime = runtime()?;
        let cancel = CancellationToken::new();
        let question = runtime.block_on(read(args, asked, &cancel));
        runtime.shutdown_background();
        let Question {
            target,
            client,
            facts,
            ..
        } = question?;
        let Facts::Here(facts @ Some(_)) = facts else {
            return Err(wrong(
                "this is read from AWS: leave out --no-aws, or pass --facts with a folder of saved facts",
            ));
        };
        let nobody = client.kind == ClientKind::Machine && machine::instance().is_none();
        if asked == Asked::Network && nobody {
            return Err(wrong(
                "whose path? pass --function NAME, or --from eni:ID, instance:ID, subnet:ID[,ID…]/sg:ID[,ID…] or ip:ADDRESS",
            ));
        }
        if asked == Asked::Lambda && client.kind != ClientKind::Function {
            return Err(wrong("which function? give its name or ARN"));
        }
        let (case, diagnosis) = configuration(target, client, facts, asked, Phase::Connect);
        if asked == Asked::Iam && !rights::is_asked(&case) {
            return Err(wrong(if case.target.auth == Auth::Iam {
                "whose rights? pass --function NAME or --principal ARN"
            } else {
                "the client does not log in with IAM: policies say nothing of it (--auth iam asks all the same)"
            }));
        }
        (case, diagnosis)
    };
    report(&case, &diagnosis, args.save_case.as_deref(), &args.output)
}

/// Reads the question; Ctrl-C ends the wait for AWS.
async fn read(args: &DiagnoseArgs, asked: Asked, cancel: &CancellationToken) -> Result<Question> {
    stop_on_interrupt(cancel.clone());
    tokio::select! {
        question = question::read(args, asked) => question,
        () = cancel.cancelled() => Err(wrong("ended before AWS said what is meant")),
    }
}

/// A case without packets, and its diagnosis.
fn configuration(
    target: Target,
    client: Client,
    facts: Option<Snapshot>,
    asked: Asked,
    until: Phase,
) -> (Case, Diagnosis) {
    let began = Instant::now();
    let mut case = Case {
        asked,
        facts,
        ..Case::of(target, client, until)
    };
    case.vantage.instance = machine::instance();
    let diagnosis = conclude(&case);
    case.duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    (case, diagnosis)
}

/// Saves the case if wanted, writes the report, gives the exit code.
pub fn report(
    case: &Case,
    diagnosis: &Diagnosis,
    save: Option<&Path>,
    args: &OutputArgs,
) -> Result<u8> {
    if let Some(path) = save {
        std::fs::write(path, json(case)?)
            .map_err(|error| wrong(format!("cannot write {}: {error}", path.display())))?;
    }
    let report = Report::new(case, diagnosis);
    output::write(&report, args)?;
    Ok(report.exit_code)
}

fn read_case(path: &Path) -> Result<Case> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| wrong(format!("cannot read {}: {error}", path.display())))?;
    let case: Case = serde_json::from_str(&text).map_err(|error| {
        wrong(format!(
            "{} is not a case that msk-doctor saved: {error}",
            path.display()
        ))
    })?;
    if case.schema != CASE_SCHEMA {
        return Err(wrong(format!(
            "{} has form {}, this version reads form {CASE_SCHEMA}",
            path.display(),
            case.schema
        )));
    }
    Ok(case)
}

fn probe(args: &DiagnoseArgs, until: Phase) -> Result<(Case, Diagnosis)> {
    let began = Instant::now();
    let runtime = runtime()?;
    let cancel = CancellationToken::new();
    let Question {
        target,
        client,
        speaks_for,
        facts,
    } = runtime.block_on(read(args, Asked::Everything, &cancel))?;
    if args.no_probe {
        let Facts::Here(facts) = facts else {
            return Err(anyhow::anyhow!("without probes the facts are waited for"));
        };
        return Ok(configuration(
            target,
            client,
            facts,
            Asked::Everything,
            until,
        ));
    }
    if target.brokers.is_empty() {
        return Err(wrong(
            "the facts name no brokers to probe: give the bootstrap string, or pass --no-probe",
        ));
    }
    let mechanism = mechanism(args, &target)?;
    let wants_token = target.auth == Auth::Iam && until >= Phase::SaslAuthenticate;
    let target = if wants_token && args.token.is_none() && target.region.is_none() {
        let region = runtime.block_on(resolve_region(args.aws.profile.as_deref()));
        if region.is_none() {
            return Err(wrong(
                "the broker names do not say the region, nor does the AWS configuration: pass --region",
            ));
        }
        Target { region, ..target }
    } else {
        target
    };
    if args.send_credentials_anyway {
        eprintln!(
            "msk-doctor: warning: credentials go to brokers that were not verified; whoever answers there can act as you for 15 minutes"
        );
    }
    let setup = Setup {
        until,
        mechanism,
        deadline: args.limits.deadline.saturating_sub(began.elapsed()),
        phase_timeout: args.limits.phase_timeout,
        resolve: ResolveOptions {
            dns_servers: args.dns_server.iter().map(|server| server.0).collect(),
            timeout: args.limits.phase_timeout,
            system: SystemResolver::Real,
        },
        overrides: args.resolve.clone(),
        trust: trust(args.ca_file.as_deref(), target.auth)?,
        identity: identity(args)?,
        send_credentials_anyway: args.send_credentials_anyway,
        token: token_source(args, &target, wants_token)?,
        client,
        instance: machine::instance(),
        speaks_for,
        facts,
        cancel,
        progress: progress(),
        target,
    };
    let found = runtime.block_on(pipeline::run(setup));
    // A getaddrinfo that never returns is left behind.
    runtime.shutdown_background();
    Ok(found)
}

/// Ctrl-C ends the probes; the report of what was seen follows.
pub fn stop_on_interrupt(cancel: CancellationToken) {
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            cancel.cancel();
            // A second one ends the process.
            if tokio::signal::ctrl_c().await.is_ok() {
                std::process::exit(130);
            }
        }
    });
}

fn mechanism(args: &DiagnoseArgs, target: &Target) -> Result<Option<String>> {
    let default = match target.auth {
        Auth::Iam => Some(Mechanism::Oauthbearer),
        Auth::Scram => Some(Mechanism::ScramSha512),
        Auth::Mtls | Auth::Tls | Auth::Plaintext => None,
    };
    if default.is_none() && args.mechanism.is_some() {
        return Err(wrong(format!(
            "--mechanism goes with SASL, and --auth is {}",
            target.auth.name()
        )));
    }
    let of_other = match target.auth {
        Auth::Iam => args.mechanism == Some(Mechanism::ScramSha512),
        _ => args.mechanism.is_some_and(|m| m != Mechanism::ScramSha512),
    };
    if of_other {
        return Err(wrong(format!(
            "that --mechanism does not go with --auth {}",
            target.auth.name()
        )));
    }
    if args.mechanism == Some(Mechanism::AwsMskIam) {
        return Err(wrong("this version logs in with oauthbearer only"));
    }
    Ok(args
        .mechanism
        .or(default)
        .map(|mechanism| mechanism.wire_name().to_owned()))
}

fn trust(ca_file: Option<&Path>, auth: Auth) -> Result<TrustStore> {
    let mut ca = Vec::new();
    if let Some(path) = ca_file {
        let unusable =
            |error: String| wrong(format!("cannot use --ca-file {}: {error}", path.display()));
        for certificate in
            CertificateDer::pem_file_iter(path).map_err(|error| unusable(error.to_string()))?
        {
            ca.push(certificate.map_err(|error| unusable(error.to_string()))?);
        }
        if ca.is_empty() {
            return Err(unusable("it holds no certificate in PEM".to_owned()));
        }
    }
    let platform: Arc<LazyLock<Vec<_>>> = Arc::new(LazyLock::new(platform_roots));
    if auth.uses_tls() && ca.is_empty() {
        let platform = Arc::clone(&platform);
        // Beside the first packets, which do not need them yet. With a file of one's own they are rarely needed at all.
        std::thread::spawn(move || LazyLock::force(&platform).len());
    }
    Ok(TrustStore {
        platform,
        ca_file: Arc::new(ca),
    })
}

fn platform_roots() -> Vec<rustls_pki_types::TrustAnchor<'static>> {
    rustls_native_certs::load_native_certs()
        .certs
        .iter()
        .filter_map(|der| {
            webpki::anchor_from_trusted_cert(der)
                .ok()
                .map(|anchor| anchor.to_owned())
        })
        .collect()
}

fn identity(args: &DiagnoseArgs) -> Result<Option<ClientIdentity>> {
    let (Some(cert), Some(key)) = (&args.client_cert, &args.client_key) else {
        return Ok(None);
    };
    let chain = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| {
            wrong(format!(
                "cannot use --client-cert {}: {error}",
                cert.display()
            ))
        })?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| {
        wrong(format!(
            "cannot use --client-key {}: {error}",
            key.display()
        ))
    })?;
    if chain.is_empty() {
        return Err(wrong(format!(
            "--client-cert {} holds no certificate",
            cert.display()
        )));
    }
    ClientIdentity::new(chain, key).map(Some).map_err(|error| {
        wrong(format!(
            "the client certificate and its key do not go together: {error}"
        ))
    })
}

/// What is wrong with the user's token is said before it is sent.
fn judge_before_sending(text: &str, target: &Target) {
    let facts = inspect(text, SystemTime::now());
    let region = target.region_of_names.as_deref();
    let region = region.and_then(|region| judge_for_region(&facts, region));
    for problem in facts.problems.iter().chain(&region) {
        eprintln!("msk-doctor: the token: {} ({})", problem, problem.code());
    }
}

fn token_source(args: &DiagnoseArgs, target: &Target, wanted: bool) -> Result<TokenSource> {
    if !wanted {
        return Ok(TokenSource::None);
    }
    if let Some(name) = &args.token {
        let text = read_text(name)?;
        judge_before_sending(text.trim(), target);
        return Ok(TokenSource::Given(Token::from_text(text.trim().to_owned())));
    }
    Ok(TokenSource::Chain {
        options: CredentialOptions {
            profile: args.aws.profile.clone(),
            region: args.aws.region.clone(),
            role_arn: args.aws.role_arn.clone(),
            timeout: CREDENTIAL_PATIENCE,
        },
        ask_sts: !args.no_aws,
    })
}

/// A line on the terminal that says what is being done.
pub fn progress() -> Box<dyn Fn(&str) + Send + Sync> {
    if !std::io::stderr().is_terminal() {
        return Box::new(|_| {});
    }
    let bar =
        indicatif::ProgressBar::new_spinner().with_finish(indicatif::ProgressFinish::AndClear);
    bar.enable_steady_tick(Duration::from_millis(100));
    Box::new(move |words| bar.set_message(words.to_owned()))
}
