//! `lab --check-client`: a user's own command against each fault.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Result;
use msk_doctor::cli::LabArgs;
use msk_doctor::lab::behaviour::{Behaviour, Outcome, behaviour};
use msk_doctor::lab::{FaultSpec, LAB_FAULTS, Lab, LabConfig, LabFault};
use msk_doctor::text::{escaped, json};
use serde::Serialize;

use super::super::signals;
use super::{Folder, start_failed};
use crate::commands::wrong;

/// How much of what a client printed stands in the table, characters.
const WORDS: usize = 100;

/// How the client fared, fault by fault.
#[derive(Debug, Serialize)]
struct Checked<'a> {
    command: &'a [String],
    /// With no fault.
    healthy: Behaviour,
    faults: Vec<Row>,
    /// Whether it came to its end.
    complete: bool,
}

#[derive(Debug, Serialize)]
struct Row {
    code: String,
    summary: &'static str,
    #[serde(flatten)]
    behaviour: Behaviour,
}

/// Runs the command without a fault, and with each.
pub(super) async fn run(args: &LabArgs, config: &LabConfig) -> Result<u8> {
    let folder = Folder::open(args.dir.clone())?;
    let specs = if config.faults.is_empty() {
        everywhere()
    } else {
        config.faults.clone()
    };
    let once = |faults: Vec<FaultSpec>| one(args, &folder, config, faults);
    let healthy = tokio::select! {
        behaviour = once(Vec::new()) => behaviour?,
        () = signals::interrupted() => return Err(wrong("ended before the client was through")),
    };
    if healthy.outcome != Outcome::Succeeds {
        return Err(wrong(format!(
            "without any fault the command {}, so that faults would tell nothing of it; it printed:\n{}",
            words(healthy.outcome, args.client_timeout),
            last_lines(&healthy.printed, 10)
        )));
    }
    let mut checked = Checked {
        command: &args.check_client,
        healthy,
        faults: Vec::new(),
        complete: false,
    };
    let each = async {
        for spec in specs {
            eprintln!("msk-doctor: {spec}: {}", spec.fault.summary());
            let behaviour = once(vec![spec]).await?;
            checked.faults.push(Row {
                code: spec.to_string(),
                summary: spec.fault.summary(),
                behaviour,
            });
        }
        anyhow::Ok(())
    };
    let complete = tokio::select! {
        done = each => done.map(|()| true)?,
        () = signals::interrupted() => false,
    };
    checked.complete = complete;
    if args.json {
        print!("{}", json(&checked)?);
    } else {
        print!("{}", table(&checked, args.client_timeout));
    }
    Ok(if complete { 0 } else { 3 })
}

/// The faults of the catalogue that a client which dials addresses can meet.
fn everywhere() -> Vec<FaultSpec> {
    let names = [LabFault::Dns01, LabFault::Dns02, LabFault::Dns03];
    LAB_FAULTS
        .iter()
        .map(|(fault, _, _)| *fault)
        .filter(|fault| fault.is_of_the_catalogue() && !names.contains(fault))
        .map(|fault| FaultSpec {
            fault,
            broker: None,
        })
        .collect()
}

async fn one(
    args: &LabArgs,
    folder: &Folder,
    config: &LabConfig,
    faults: Vec<FaultSpec>,
) -> Result<Behaviour> {
    let config = LabConfig {
        faults,
        ..config.clone()
    };
    let lab = Lab::start(config).await.map_err(start_failed)?;
    let ca = folder.write(&lab)?;
    behaviour(&args.check_client, &lab, &ca, args.client_timeout)
        .await
        .map_err(|error| {
            let program = args.check_client.first().map_or("", String::as_str);
            wrong(format!("cannot run {program:?}: {error}"))
        })
}

fn words(outcome: Outcome, limit: Duration) -> String {
    match outcome {
        Outcome::Succeeds => "succeeds".to_owned(),
        Outcome::Fails { code } => format!("fails, exit {code}"),
        Outcome::Crashes { signal } => format!("crashes, signal {signal}"),
        Outcome::Hangs => format!("hangs (ended after {} s)", limit.as_secs_f64()),
    }
}

/// The last lines that are not empty, fit for a terminal.
fn last_lines(printed: &str, count: usize) -> String {
    let lines: Vec<&str> = printed
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let from = lines.len().saturating_sub(count);
    let fit = lines[from..].iter().map(|line| escaped(line.trim_end()));
    fit.collect::<Vec<_>>().join("\n")
}

fn table(checked: &Checked<'_>, limit: Duration) -> String {
    let mut text = String::new();
    let mut row = |code: &str, summary: &str, own: &Behaviour| {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of a client's run")]
        let seconds = own.duration_ms as f64 / 1000.0;
        let _ = writeln!(
            text,
            "{code:<8}{:<28}{seconds:>7.1} s  {:>3} connections  {:>3} logins  {summary}",
            words(own.outcome, limit),
            own.connections,
            own.logins,
        );
        let last: String = last_lines(&own.printed, 1).chars().take(WORDS).collect();
        if own.outcome != Outcome::Succeeds && !last.is_empty() {
            let _ = writeln!(text, "{:8}{last}", "");
        }
    };
    row("-", "no fault", &checked.healthy);
    for own in &checked.faults {
        row(&own.code, own.summary, &own.behaviour);
    }
    if !checked.complete {
        text.push_str("ended early: the rest was not tried\n");
    }
    text
}
