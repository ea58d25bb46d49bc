//! `diagnose` and its layers: the target at the edge, then the pipeline.

use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use msk_doctor::aws::credentials::{CredentialOptions, resolve_region};
use msk_doctor::case::{CASE_SCHEMA, Case, Client, ClientKind, Shares};
use msk_doctor::cli::{DiagnoseArgs, Mechanism, OutputArgs};
use msk_doctor::diagnosis::{Diagnosis, conclude};
use msk_doctor::phase::Phase;
use msk_doctor::pipeline::{self, Setup, TokenSource};
use msk_doctor::probe::certificate::TrustStore;
use msk_doctor::probe::resolve::{ResolveOptions, SystemResolver};
use msk_doctor::probe::tls::ClientIdentity;
use msk_doctor::report::Report;
use msk_doctor::sasl::inspect::{inspect, judge_for_region};
use msk_doctor::sasl::msk_iam::Token;
use msk_doctor::target::{Auth, Target, parse_bootstrap};
use msk_doctor::text::json;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_util::sync::CancellationToken;

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
    let target = target(args)?;
    let mechanism = mechanism(args, &target)?;
    let wants_token = target.auth == Auth::Iam && until >= Phase::SaslAuthenticate;
    let runtime = runtime()?;
    let target = if wants_token && args.token.is_none() && target.region.is_none() {
        let region = runtime.block_on(resolve_region(args.profile.as_deref()));
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
    let cancel = CancellationToken::new();
    let setup = Setup {
        until,
        mechanism,
        deadline: args.deadline,
        phase_timeout: args.phase_timeout,
        resolve: ResolveOptions {
            dns_servers: args.dns_server.iter().map(|server| server.0).collect(),
            timeout: args.phase_timeout,
            system: SystemResolver::Real,
        },
        overrides: args.resolve.clone(),
        trust: trust(args.ca_file.as_deref(), target.auth)?,
        identity: identity(args)?,
        send_credentials_anyway: args.send_credentials_anyway,
        token: token_source(args, &target, wants_token)?,
        client: client(args)?,
        speaks_for: speaks_for(args),
        cancel: cancel.clone(),
        progress: progress(),
        target,
    };
    let found = runtime.block_on(async {
        stop_on_interrupt(cancel);
        pipeline::run(setup).await
    });
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

fn target(args: &DiagnoseArgs) -> Result<Target> {
    let text = match (&args.target, &args.bootstrap) {
        (Some(_), Some(_)) => {
            return Err(wrong(
                "the brokers are given twice: as TARGET and as --bootstrap",
            ));
        }
        (Some(target), None) => positional(target)?,
        (None, Some(bootstrap)) => bootstrap.clone(),
        (None, None) => {
            return Err(wrong(
                "no target: give a bootstrap string, such as b-1.demo.abc123.c2.kafka.eu-west-1.amazonaws.com:9098\n  \
                 (aws kafka get-bootstrap-brokers --cluster-arn ARN prints it; `msk-doctor demo` needs none)",
            ));
        }
    };
    let endpoints = parse_bootstrap(&text).map_err(|error| wrong(error.to_string()))?;
    let mut target = Target::from_endpoints(&endpoints);
    if let Some(auth) = args.auth {
        target.auth = auth;
    } else if target.auth == Auth::Tls && args.client_cert.is_some() {
        target.auth = Auth::Mtls;
    }
    if target.auth == Auth::Mtls && args.client_cert.is_none() {
        return Err(wrong("--auth mtls needs --client-cert and --client-key"));
    }
    if let Some(region) = &args.region {
        target.region = Some(region.clone());
    }
    target.topic.clone_from(&args.topic);
    target.function.clone_from(&args.function);
    Ok(target)
}

/// A bootstrap string, `-`, or the name of a file that holds one.
fn positional(text: &str) -> Result<String> {
    if text == "-" {
        return read_text("-");
    }
    if text.starts_with("arn:") {
        return Err(wrong(format!(
            "{text:?} is an ARN: this version reads no AWS configuration; give the bootstrap string"
        )));
    }
    let looks_like_brokers = text.contains(':') || text.contains(',');
    if !looks_like_brokers && Path::new(text).is_file() {
        return read_text(text);
    }
    if !looks_like_brokers && !text.contains('.') {
        return Err(wrong(format!(
            "{text:?} is no subcommand (msk-doctor --help), no bootstrap string (host:port) and no file; names of functions and clusters are not looked up by this version"
        )));
    }
    Ok(text.to_owned())
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
    let platform = if auth.uses_tls() {
        platform_roots()
    } else {
        Vec::new()
    };
    Ok(TrustStore {
        platform: Arc::new(platform),
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
            profile: args.profile.clone(),
            region: args.region.clone(),
            role_arn: args.role_arn.clone(),
            timeout: CREDENTIAL_PATIENCE,
        },
        ask_sts: !args.no_aws,
    })
}

fn client(args: &DiagnoseArgs) -> Result<Client> {
    if let Some(function) = &args.function {
        return Ok(Client {
            kind: ClientKind::Function,
            name: Some(function.clone()),
            role: None,
        });
    }
    match args.from.as_deref().map(|from| from.split_once(':')) {
        None => Ok(Client {
            kind: ClientKind::Machine,
            name: None,
            role: None,
        }),
        Some(Some(("function", name))) => Ok(Client {
            kind: ClientKind::Function,
            name: Some(name.to_owned()),
            role: None,
        }),
        Some(Some(("ip", address))) => {
            let ip: std::net::IpAddr = address
                .parse()
                .map_err(|_| wrong(format!("--from ip:{address}: not an IP address")))?;
            Ok(Client {
                kind: ClientKind::Address,
                name: Some(ip.to_string()),
                role: None,
            })
        }
        Some(_) => Err(wrong(
            "--from is function:NAME or ip:ADDRESS in this version, such as --from ip:10.0.3.17",
        )),
    }
}

/// This machine is the client unless another is named; a function that runs this very program is
/// itself (its name is in the environment that Lambda sets).
fn speaks_for(args: &DiagnoseArgs) -> Vec<Shares> {
    let function = args.function.as_deref().or_else(|| {
        args.from
            .as_deref()
            .and_then(|from| from.strip_prefix("function:"))
    });
    let other = match function {
        Some(name) => {
            let bare = name.rsplit(":function:").next().unwrap_or(name);
            let bare = bare.split(':').next().unwrap_or(bare);
            std::env::var("AWS_LAMBDA_FUNCTION_NAME").ok().as_deref() != Some(bare)
        }
        None => args.from.is_some(),
    };
    if other {
        Vec::new()
    } else {
        vec![Shares::Path, Shares::Identity]
    }
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
