//! `diagnose` and its layers: the target at the edge, then the pipeline.

use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use msk_doctor::aws::credentials::resolve_region;
use msk_doctor::aws::snapshot::Snapshot;
use msk_doctor::case::{Asked, CASE_SCHEMA, Case, Client, ClientKind};
use msk_doctor::cli::{DiagnoseArgs, OutputArgs};
use msk_doctor::diagnosis::{Diagnosis, conclude};
use msk_doctor::machine;
use msk_doctor::phase::Phase;
use msk_doctor::pipeline::{self, Facts, Setup};
use msk_doctor::probe::observation::Observation;
use msk_doctor::probe::resolve::{ResolveOptions, SystemResolver};
use msk_doctor::report::Report;
use msk_doctor::rights;
use msk_doctor::target::{Auth, Target};
use msk_doctor::text::json;
use tokio_util::sync::CancellationToken;

use super::output::Reported;
use super::question::{self, Question};
use super::{output, runtime, setup, signals, wrong};

/// Diagnoses up to `until`; the result is the exit code.
pub fn run(args: &DiagnoseArgs, until: Phase) -> Result<u8> {
    output::check(&args.output)?;
    let (case, diagnosis) = match &args.case {
        Some(path) => concluded(read_case(path)?),
        None => examined(args, until)?,
    };
    report(&case, &diagnosis, args.save_case.as_deref(), &args.output)
}

/// `network`, `cluster`, `lambda` and `iam`: what the configuration says, and no packet.
pub fn configured(args: &DiagnoseArgs, asked: Asked) -> Result<u8> {
    output::check(&args.output)?;
    if args.canary {
        return Err(wrong(
            "--canary sends a record, and this subcommand sends no packet",
        ));
    }
    let (case, diagnosis) = match &args.case {
        Some(path) => concluded(Case {
            asked,
            ..read_case(path)?
        }),
        None => waited_for(|ends| stated(args, asked, ends))?,
    };
    report(&case, &diagnosis, args.save_case.as_deref(), &args.output)
}

/// Asks, and waits for it on a terminal.
pub fn examined(args: &DiagnoseArgs, until: Phase) -> Result<(Case, Diagnosis)> {
    waited_for(|ends| probed(args, until, ends))
}

fn concluded(case: Case) -> (Case, Diagnosis) {
    let diagnosis = conclude(&case);
    (case, diagnosis)
}

/// Who is told what happens, and how a run is ended early.
pub struct Ends {
    /// Ends the run, with what it has.
    pub cancel: CancellationToken,
    /// Told what is being done.
    pub progress: Box<dyn Fn(&str) + Send + Sync>,
    /// Told of each attempt once it is over.
    pub seen: Box<dyn Fn(&Observation) + Send + Sync>,
}

/// Waits for a run on a terminal: Ctrl-C ends it.
fn waited_for<F>(run: impl FnOnce(Ends) -> F) -> Result<(Case, Diagnosis)>
where
    F: Future<Output = Result<(Case, Diagnosis)>>,
{
    let runtime = runtime()?;
    let found = runtime.block_on(async {
        let cancel = CancellationToken::new();
        stop_on_interrupt(cancel.clone());
        run(Ends {
            cancel,
            progress: progress(),
            seen: Box::new(|_| {}),
        })
        .await
    });
    // A getaddrinfo that never returns is left behind.
    runtime.shutdown_background();
    found
}

/// What the configuration says.
pub async fn stated(args: &DiagnoseArgs, asked: Asked, ends: Ends) -> Result<(Case, Diagnosis)> {
    let Question {
        target,
        client,
        facts,
        ..
    } = read(args, asked, &ends.cancel).await?;
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
    let (case, diagnosis) = configuration(args, target, client, facts, asked, Phase::Connect);
    if asked == Asked::Iam && !rights::is_asked(&case) {
        return Err(wrong(if case.target.auth == Auth::Iam {
            "whose rights? pass --function NAME or --principal ARN"
        } else {
            "the client does not log in with IAM: policies say nothing of it (--auth iam asks all the same)"
        }));
    }
    Ok((case, diagnosis))
}

/// Reads the question; whoever ends the run ends the wait for AWS.
async fn read(args: &DiagnoseArgs, asked: Asked, cancel: &CancellationToken) -> Result<Question> {
    tokio::select! {
        question = question::read(args, asked) => question,
        () = cancel.cancelled() => Err(wrong("ended before AWS said what is meant")),
    }
}

/// A case without packets, and its diagnosis.
fn configuration(
    args: &DiagnoseArgs,
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
    case.vantage.runs_in(args.given.function.clone());
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
    save_case(case, save)?;
    let report = Report::new(case, diagnosis);
    output::write(Reported::One(&report), args)?;
    Ok(report.exit_code)
}

/// Saves the case, if that is wanted.
pub fn save_case(case: &Case, path: Option<&Path>) -> Result<()> {
    if let Some(path) = path {
        std::fs::write(path, json(case)?)
            .map_err(|error| wrong(format!("cannot write {}: {error}", path.display())))?;
    }
    Ok(())
}

/// Reads a saved case.
pub fn read_case(path: &Path) -> Result<Case> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| wrong(format!("cannot read {}: {error}", path.display())))?;
    let case: Case = serde_json::from_str(&text).map_err(|error| {
        wrong(format!(
            "{} is not a case that msk-doctor saved: {error}",
            path.display()
        ))
    })?;
    readable(case, path)
}

/// A case, if this version reads its form.
pub fn readable(case: Case, path: &Path) -> Result<Case> {
    if case.schema != CASE_SCHEMA {
        return Err(wrong(format!(
            "{} has form {}, this version reads form {CASE_SCHEMA}",
            path.display(),
            case.schema
        )));
    }
    Ok(case)
}

/// What packets and the configuration say.
pub async fn probed(args: &DiagnoseArgs, until: Phase, ends: Ends) -> Result<(Case, Diagnosis)> {
    let began = Instant::now();
    let Question {
        target,
        client,
        speaks_for,
        facts,
    } = read(args, Asked::Everything, &ends.cancel).await?;
    if args.no_probe {
        let Facts::Here(facts) = facts else {
            return Err(anyhow::anyhow!("without probes the facts are waited for"));
        };
        return Ok(configuration(
            args,
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
    // What is asked for by name takes a phase of its own.
    let until = if until == Phase::Metadata && target.asks_for_rights() {
        Phase::Authorise
    } else {
        until
    };
    let mechanism = setup::mechanism(args, &target)?;
    let wants_token = target.auth == Auth::Iam && until >= Phase::SaslAuthenticate;
    let target = if wants_token && args.token.is_none() && target.region.is_none() {
        let region = resolve_region(args.aws.profile.as_deref()).await;
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
        trust: setup::trust(args, target.auth)?,
        identity: setup::identity(args)?,
        send_credentials_anyway: args.send_credentials_anyway,
        token: setup::token_source(args, &target, wants_token)?,
        client,
        instance: machine::instance(),
        function: args.given.function.clone(),
        speaks_for,
        facts,
        canary: setup::canary(args, until)?,
        cancel: ends.cancel,
        progress: ends.progress,
        seen: ends.seen,
        target,
    };
    Ok(pipeline::run(setup).await)
}

/// Whether somebody has ended a run.
static ENDED: AtomicBool = AtomicBool::new(false);

/// Whether somebody has ended a run: then none is begun any more.
pub fn is_ended() -> bool {
    ENDED.load(Ordering::Relaxed)
}

/// Somebody ends the run.
pub fn end(cancel: &CancellationToken) {
    ENDED.store(true, Ordering::Relaxed);
    cancel.cancel();
}

/// Ctrl-C or the end of a job ends the probes; the report of what was seen follows.
pub fn stop_on_interrupt(cancel: CancellationToken) {
    tokio::spawn(async move {
        signals::interrupted().await;
        end(&cancel);
        // A second one ends the process.
        signals::interrupted().await;
        std::process::exit(130);
    });
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
