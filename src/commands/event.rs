//! The program as a Lambda function: an event is a command line, the answer is the report, the log has a line for each
//! phase.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html>.

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use anyhow::{Result, anyhow};
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use msk_doctor::aws::credentials::forget;
use msk_doctor::case::{Asked, Case, RunningFunction};
use msk_doctor::cli::{Command, DiagnoseArgs, Parsed, read_event};
use msk_doctor::phase::Phase;
use msk_doctor::probe::observation::Observation;
use msk_doctor::report::{Report, json};
use msk_doctor::target::parse_bootstrap;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::diagnose::{Ends, probed, stated};
use super::{WrongUse, runtime, wrong};

/// How long before the invocation's deadline the answer is given.
const SPARE: Duration = Duration::from_secs(1);
/// The least time in which probes can say anything.
const LEAST: Duration = Duration::from_millis(100);

/// Whether this execution environment has served no invocation yet.
static COLD: AtomicBool = AtomicBool::new(true);

/// Answers invocations, until Lambda ends the process.
pub fn serve() -> Result<u8> {
    for name in [
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
    ] {
        if std::env::var_os(name).is_none() {
            return Err(wrong(format!(
                "AWS_LAMBDA_RUNTIME_API is set and {name} is not: this is no Lambda function (msk-doctor --help says what else there is)"
            )));
        }
    }
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap_or_default();
    if !is_api(&api) {
        return Err(wrong(format!(
            "AWS_LAMBDA_RUNTIME_API is {api:?}, which is no host:port and no URL"
        )));
    }
    let runtime = runtime()?;
    runtime
        .block_on(lambda_runtime::run(service_fn(answer)))
        .map_err(|error| anyhow!("the Lambda runtime API: {error}"))?;
    Ok(0)
}

/// Whether it is an address of the Runtime API: Lambda sets `host:port`, emulators an URL.
fn is_api(text: &str) -> bool {
    if text.contains("://") {
        return Url::parse(text).is_ok_and(|url| url.has_host());
    }
    let bare = Url::parse(&format!("http://{text}"));
    bare.is_ok_and(|url| url.has_host() && !text.contains(['/', '?', '#', '@']))
}

/// One invocation. Of what the answer can be, only wrong use and our own failure are errors.
async fn answer(event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
    report(event).await.map_err(|error| Diagnostic {
        error_type: if error.downcast_ref::<WrongUse>().is_some() {
            "WrongUse".to_owned()
        } else {
            "OwnFailure".to_owned()
        },
        error_message: format!("{error:#}"),
    })
}

async fn report(event: LambdaEvent<Value>) -> Result<Value> {
    forget();
    let cold = COLD.swap(false, Ordering::Relaxed);
    let context = event.context;
    let left = left(context.deadline, SystemTime::now())?;
    let Parsed { cli, given } =
        read_event(&event.payload).map_err(|error| wrong(error.to_string()))?;
    let (mut args, kind) = kind(cli.command)?;
    args.given = given;
    args.given.function = Some(RunningFunction {
        name: context.env_config.function_name.clone(),
        version: context.env_config.version.clone(),
        memory_mb: u32::try_from(context.env_config.memory).unwrap_or_default(),
        region: std::env::var("AWS_REGION").ok(),
        runtime: std::env::var("AWS_EXECUTION_ENV").ok(),
        cold,
        request_id: context.request_id.clone(),
        had_ms: u64::try_from(left.as_millis()).unwrap_or(u64::MAX),
    });
    if names_nobody(&args) {
        args.function = Some(context.invoked_function_arn.clone());
    }
    let time = left.saturating_sub(SPARE);
    args.limits.deadline = args.limits.deadline.min(time);
    let cancel = CancellationToken::new();
    let request = context.request_id;
    let ends = Ends {
        cancel: cancel.clone(),
        progress: Box::new(|_| {}),
        seen: Box::new(move |observation| log(&request, observation)),
    };
    // What waits for AWS does not look at the deadline of probes.
    let timer = tokio::spawn(async move {
        tokio::time::sleep(time).await;
        cancel.cancel();
    });
    let found = match kind {
        Kind::Probes(until) => Box::pin(probed(&args, until, ends)).await,
        Kind::Configuration(asked) => Box::pin(stated(&args, asked, ends)).await,
    };
    timer.abort();
    let (case, diagnosis) = found?;
    if args.given.wants_case {
        // Whoever sent the facts has them.
        let facts = case.facts.filter(|_| args.given.facts.is_none());
        return Ok(serde_json::to_value(Case { facts, ..case })?);
    }
    let mut text = Vec::new();
    json::render(&Report::new(&case, &diagnosis), &mut text)?;
    Ok(serde_json::from_slice(&text)?)
}

/// The time that is left of an invocation whose deadline is at `deadline_ms`, milliseconds since 1970.
fn left(deadline_ms: u64, now: SystemTime) -> Result<Duration> {
    let now = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let deadline = Duration::from_millis(deadline_ms);
    let Some(left) = deadline.checked_sub(now) else {
        let late = now.saturating_sub(deadline);
        return Err(wrong(format!(
            "the invocation's deadline ({deadline_ms} ms since 1970) was over {} s ago by this clock: nothing was probed",
            late.as_secs()
        )));
    };
    if left < SPARE + LEAST {
        return Err(wrong(format!(
            "{} ms are left of the invocation, and the answer is given {} ms before its end: give the function a longer timeout",
            left.as_millis(),
            SPARE.as_millis()
        )));
    }
    Ok(left)
}

enum Kind {
    Probes(Phase),
    Configuration(Asked),
}

fn kind(command: Command) -> Result<(DiagnoseArgs, Kind)> {
    let (args, kind) = match command {
        Command::Diagnose(args) | Command::Kafka(args) => (args, Kind::Probes(Phase::Metadata)),
        Command::Dns(args) => (args, Kind::Probes(Phase::Resolve)),
        Command::Tcp(args) => (args, Kind::Probes(Phase::Connect)),
        Command::Tls(args) => (args, Kind::Probes(Phase::Tls)),
        Command::Sasl(args) => (args, Kind::Probes(Phase::SaslAuthenticate)),
        Command::Network(args) => (args, Kind::Configuration(Asked::Network)),
        Command::Cluster(args) => (args, Kind::Configuration(Asked::Cluster)),
        Command::Lambda(args) => (args, Kind::Configuration(Asked::Lambda)),
        Command::Iam(args) => (args, Kind::Configuration(Asked::Iam)),
        _ => return Err(wrong("an event cannot ask for this command")),
    };
    Ok((*args, kind))
}

/// Whether the event leaves open who the client is: then it is this function.
fn names_nobody(args: &DiagnoseArgs) -> bool {
    let is_brokers = |target: &String| parse_bootstrap(target).is_ok();
    args.function.is_none() && args.from.is_none() && args.target.as_ref().is_none_or(is_brokers)
}

/// One line of JSON for each phase: Lambda keeps them, whatever becomes of the answer.
fn log(request: &str, observation: &Observation) {
    for record in &observation.phases {
        let line = json!({
            "request_id": request,
            "broker": observation.broker.to_string(),
            "address": observation.address,
            "phase": record.phase,
            "end": record.end,
            "start_us": record.start_us,
            "duration_us": record.duration_us,
        });
        // Without a log there is still an answer.
        let _ = writeln!(std::io::stdout(), "{line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_the_api_is_told_from_something_else() {
        for good in [
            "127.0.0.1:9001",
            "localhost:9001",
            "http://127.0.0.1:9000/.rt",
        ] {
            assert!(is_api(good), "{good}");
        }
        for bad in [
            "",
            "127.0.0.1:9000/.rt",
            "a b",
            "http://",
            "127.0.0.1:99999",
        ] {
            assert!(!is_api(bad), "{bad}");
        }
    }

    #[test]
    fn an_invocation_without_time_is_not_begun() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        assert_eq!(left(1_015_000, now).expect("time").as_secs(), 15);
        let error = left(990_000, now).expect_err("over").to_string();
        assert!(error.contains("was over 10 s ago"), "{error}");
        let error = left(1_001_050, now).expect_err("short").to_string();
        assert!(error.starts_with("1050 ms are left"), "{error}");
        assert!(left(0, now).is_err());
    }
}
