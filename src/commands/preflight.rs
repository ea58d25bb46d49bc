//! `preflight`: the diagnosis as a gate.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use msk_doctor::aws::credentials::forget;
use msk_doctor::cli::PreflightArgs;
use msk_doctor::diagnosis::conclude;
use msk_doctor::gate::{Baseline, Rules, judge};
use msk_doctor::phase::Phase;
use msk_doctor::report::Report;
use time::OffsetDateTime;

use super::diagnose::{examined, read_case, save_case};
use super::{output, runtime, wrong};

/// How long is waited before it is asked again: a change of a group or a policy takes some seconds to be seen.
const PAUSE: Duration = Duration::from_secs(10);

/// Runs it; the exit code is the gate's.
pub fn run(args: &PreflightArgs) -> Result<u8> {
    let question = &args.question;
    output::check(&question.output)?;
    let rules = Rules {
        fail_on: args.fail_on,
        inconclusive_ok: args.inconclusive_ok,
        baseline: baseline(args.baseline.as_deref())?,
        today: Some(OffsetDateTime::now_utc().date()),
    };
    let began = Instant::now();
    let (case, report) = loop {
        let (case, diagnosis) = match &question.case {
            Some(path) => {
                let case = read_case(path)?;
                let diagnosis = conclude(&case);
                (case, diagnosis)
            }
            None => examined(question, Phase::Metadata)?,
        };
        let mut report = Report::new(&case, &diagnosis);
        judge(&mut report, &rules);
        let passed = report.gate.as_ref().is_some_and(|gate| gate.passed);
        let left = args
            .wait
            .unwrap_or_default()
            .saturating_sub(began.elapsed());
        // A run that was ended is not begun again.
        if passed || !case.complete || left <= PAUSE {
            break (case, report);
        }
        eprintln!(
            "msk-doctor: not yet ({}); asked again in {} s, for {} s more",
            report.gate.as_ref().map_or("", |gate| &gate.reason),
            PAUSE.as_secs(),
            left.as_secs()
        );
        if interrupted()? {
            break (case, report);
        }
        forget();
    };
    save_case(&case, question.save_case.as_deref())?;
    output::write(&report, &question.output)?;
    Ok(report.exit_code)
}

/// Waits; whether Ctrl-C ended it.
fn interrupted() -> Result<bool> {
    Ok(runtime()?.block_on(async {
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => false,
            _ = tokio::signal::ctrl_c() => true,
        }
    }))
}

fn baseline(path: Option<&Path>) -> Result<Baseline> {
    let Some(path) = path else {
        return Ok(Baseline::default());
    };
    let text = std::fs::read_to_string(path).map_err(|error| {
        wrong(format!(
            "cannot read --baseline {}: {error}",
            path.display()
        ))
    })?;
    Baseline::read(&text).map_err(|error| wrong(format!("--baseline {}: {error}", path.display())))
}
