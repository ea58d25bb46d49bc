//! What a run needs besides the question: whom to trust, how to log in.

use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use anyhow::Result;
use msk_doctor::aws::credentials::CredentialOptions;
use msk_doctor::canary::Identity;
use msk_doctor::cli::{DiagnoseArgs, Mechanism};
use msk_doctor::phase::Phase;
use msk_doctor::pipeline::{CanarySetup, TokenSource};
use msk_doctor::probe::certificate::TrustStore;
use msk_doctor::probe::tls::ClientIdentity;
use msk_doctor::sasl::inspect::{inspect, judge_for_region};
use msk_doctor::sasl::msk_iam::Token;
use msk_doctor::secret::SecretString;
use msk_doctor::target::{Auth, Target};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::{read_text, wrong};

/// How long credentials may take before the login is given up.
const CREDENTIAL_PATIENCE: Duration = Duration::from_secs(8);

/// The mechanism's name on the wire; `None` without SASL.
pub fn mechanism(args: &DiagnoseArgs, target: &Target) -> Result<Option<String>> {
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
    let of_scram = |mechanism| matches!(mechanism, Mechanism::ScramSha512 | Mechanism::ScramSha256);
    if args
        .mechanism
        .is_some_and(|own| of_scram(own) != (target.auth == Auth::Scram))
    {
        return Err(wrong(format!(
            "that --mechanism does not go with --auth {}",
            target.auth.name()
        )));
    }
    if args.scram_user.is_some() && target.auth != Auth::Scram {
        return Err(wrong(format!(
            "--scram-user goes with SCRAM, and --auth is {}",
            target.auth.name()
        )));
    }
    if args.mechanism == Some(Mechanism::AwsMskIam) && args.token.is_some() {
        return Err(wrong(
            "a token is for oauthbearer: leave out --token or --mechanism aws-msk-iam",
        ));
    }
    Ok(args
        .mechanism
        .or(default)
        .map(|mechanism| mechanism.wire_name().to_owned()))
}

/// The platform's certificates and the user's own.
pub fn trust(args: &DiagnoseArgs, auth: Auth) -> Result<TrustStore> {
    let unusable = |error: String| {
        let file = args
            .ca_file
            .as_ref()
            .map(|path| format!(" {}", path.display()));
        wrong(format!(
            "cannot use --ca-file{}: {error}",
            file.unwrap_or_default()
        ))
    };
    let text = match (&args.given.ca, &args.ca_file) {
        (Some(text), _) => Some(text.clone().into_bytes()),
        (None, Some(path)) => {
            Some(std::fs::read(path).map_err(|error| unusable(error.to_string()))?)
        }
        (None, None) => None,
    };
    let ca: Vec<_> = CertificateDer::pem_slice_iter(text.as_deref().unwrap_or_default())
        .collect::<Result<_, _>>()
        .map_err(|error| unusable(error.to_string()))?;
    if text.is_some() && ca.is_empty() {
        return Err(unusable("it holds no certificate in PEM".to_owned()));
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

/// The canary, if one is wanted.
pub fn canary(args: &DiagnoseArgs, until: Phase) -> Result<Option<CanarySetup>> {
    if !args.canary {
        return Ok(None);
    }
    if until < Phase::Authorise {
        return Err(wrong(
            "--canary needs all phases: leave out the subcommand, or --canary",
        ));
    }
    let read = |path: &Path| {
        std::fs::read_to_string(path)
            .map_err(|error| wrong(format!("cannot read {}: {error}", path.display())))
    };
    let identity = match (&args.client_cert, &args.client_key) {
        (Some(certificate), Some(key)) => Some(Identity {
            certificate: read(certificate)?,
            key: read(key)?.into(),
        }),
        _ => None,
    };
    Ok(Some(CanarySetup {
        identity,
        announce: Box::new(|words| eprintln!("msk-doctor: {words}")),
    }))
}

/// The client's certificate.
pub fn identity(args: &DiagnoseArgs) -> Result<Option<ClientIdentity>> {
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
    ClientIdentity::new(chain, key).map(Some).map_err(wrong)
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

/// A user's password: from the environment, else from whoever sits at the terminal.
fn password(user: &str) -> Result<SecretString> {
    const VARIABLE: &str = "MSK_DOCTOR_SCRAM_PASSWORD";
    if let Some(given) = std::env::var_os(VARIABLE) {
        let given = given
            .into_string()
            .map_err(|_| wrong(format!("{VARIABLE} is no text in UTF-8")))?;
        return Ok(SecretString::from(given));
    }
    if !std::io::stdin().is_terminal() {
        return Err(wrong(format!(
            "--scram-user needs a password: set {VARIABLE}"
        )));
    }
    let typed = rpassword::prompt_password(format!("password of {user}: "))
        .map_err(|error| wrong(format!("no password: {error}; set {VARIABLE}")))?;
    Ok(SecretString::from(typed))
}

/// Where tokens come from.
pub fn token_source(args: &DiagnoseArgs, target: &Target, wanted: bool) -> Result<TokenSource> {
    if let Some(user) = &args.scram_user {
        let password = password(user)?;
        return Ok(TokenSource::Password {
            user: user.clone(),
            password,
        });
    }
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
