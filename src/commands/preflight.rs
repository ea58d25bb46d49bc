//! `preflight`: the diagnosis as a gate, on one target or on those of a file.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use msk_doctor::aws::credentials::forget;
use msk_doctor::case::Case;
use msk_doctor::cli::{ConfigTarget, PreflightArgs, read_config};
use msk_doctor::diagnosis::conclude;
use msk_doctor::gate::{Baseline, Rules, judge};
use msk_doctor::phase::Phase;
use msk_doctor::report::{Combined, Report, TargetReport};
use time::OffsetDateTime;

use super::diagnose::{examined, is_ended, read_case, save_case};
use super::output::Reported;
use super::{output, remote, runtime, signals, wrong};

/// How long is waited before it is asked again: a change of a group or a policy takes some seconds to be seen.
const PAUSE: Duration = Duration::from_secs(10);

/// Runs it; the exit code is the gate's.
pub fn run(args: &PreflightArgs) -> Result<u8> {
    let outputs = &args.question.output;
    output::check(outputs)?;
    let Some(path) = &args.config else {
        let mut own = vec![Asking::of(args)?];
        ask_all(&mut own)?;
        let asked = own.pop().and_then(|asking| asking.asked);
        let (case, report) = asked.context("the target was not asked")?;
        save_case(&case, args.question.save_case.as_deref())?;
        output::write(Reported::One(&report), outputs)?;
        return Ok(report.exit_code);
    };
    if args.question.save_case.is_some() {
        return Err(wrong(
            "a case is of one target: leave out --save-case, or --config",
        ));
    }
    let targets = targets(path)?;
    let mut all: Vec<Asking<'_>> = targets
        .iter()
        .map(|target| of_target(target, Asking::of(&target.args)))
        .collect::<Result<_>>()?;
    for (asking, target) in all.iter_mut().zip(&targets) {
        asking.name = Some(&target.name);
    }
    ask_all(&mut all)?;
    let mut reports = Vec::new();
    let mut unasked = Vec::new();
    for (asking, target) in all.into_iter().zip(&targets) {
        let name = target.name.clone();
        match asking.asked {
            Some((_, report)) => reports.push(TargetReport { name, report }),
            None => unasked.push(name),
        }
    }
    let combined = Combined::new(reports, &unasked);
    output::write(Reported::Several(&combined), outputs)?;
    Ok(combined.exit_code)
}

/// A target, by what it is judged, and what came of it.
struct Asking<'a> {
    name: Option<&'a str>,
    args: &'a PreflightArgs,
    rules: Rules,
    asked: Option<(Case, Report)>,
}

impl<'a> Asking<'a> {
    fn of(args: &'a PreflightArgs) -> Result<Self> {
        let rules = Rules {
            fail_on: args.fail_on,
            inconclusive_ok: args.inconclusive_ok,
            baseline: baseline(args.baseline.as_deref())?,
            today: Some(OffsetDateTime::now_utc().date()),
        };
        Ok(Self {
            name: None,
            args,
            rules,
            asked: None,
        })
    }

    fn has_passed(&self) -> bool {
        let gate = self
            .asked
            .as_ref()
            .and_then(|(_, report)| report.gate.as_ref());
        gate.is_some_and(|gate| gate.passed)
    }

    /// How long it may still be waited for.
    fn left(&self, began: Instant) -> Duration {
        let wait = self.args.wait.unwrap_or_default();
        wait.saturating_sub(began.elapsed())
    }

    fn ask(&mut self) -> Result<()> {
        let question = &self.args.question;
        let (case, mut report) = match (&question.case, &self.args.via) {
            (Some(path), _) => {
                let case = read_case(path)?;
                let report = Report::new(&case, &conclude(&case));
                (case, report)
            }
            (None, Some(name)) => remote::examined_via(question, name)?,
            (None, None) => {
                let (case, diagnosis) = examined(question, Phase::Metadata)?;
                let report = Report::new(&case, &diagnosis);
                (case, report)
            }
        };
        judge(&mut report, &self.rules);
        self.asked = Some((case, report));
        Ok(())
    }
}

/// Asks each, and again those that do not pass and may be waited for.
fn ask_all(all: &mut [Asking<'_>]) -> Result<()> {
    let began = Instant::now();
    for asking in all.iter_mut() {
        if !is_ended() {
            let asked = asking.ask();
            named(asking.name, asked)?;
        }
    }
    loop {
        let waits = |asking: &&mut Asking<'_>| !asking.has_passed() && asking.left(began) > PAUSE;
        let mut again: Vec<_> = all.iter_mut().filter(waits).collect();
        if again.is_empty() || is_ended() {
            return Ok(());
        }
        for asking in &again {
            let gate = asking
                .asked
                .as_ref()
                .and_then(|(_, report)| report.gate.as_ref());
            let of = asking
                .name
                .map_or_else(String::new, |name| format!("{name}: "));
            eprintln!(
                "msk-doctor: {of}not yet ({}); asked again in {} s, for {} s more",
                gate.map_or("", |gate| &gate.reason),
                PAUSE.as_secs(),
                asking.left(began).as_secs()
            );
        }
        if interrupted()? {
            return Ok(());
        }
        for asking in &mut again {
            if !is_ended() {
                forget();
                let asked = asking.ask();
                named(asking.name, asked)?;
            }
        }
    }
}

/// Waits; whether somebody ended it.
fn interrupted() -> Result<bool> {
    Ok(runtime()?.block_on(async {
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => false,
            () = signals::interrupted() => true,
        }
    }))
}

/// The targets of a file.
fn targets(path: &Path) -> Result<Vec<ConfigTarget>> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| wrong(format!("cannot read --config {}: {error}", path.display())))?;
    let words: Vec<String> = std::env::args_os()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    read_config(&text, path, &words).map_err(wrong)
}

/// An error, with the target that has it.
fn of_target<T>(target: &ConfigTarget, result: Result<T>) -> Result<T> {
    named(Some(&target.name), result)
}

fn named<T>(name: Option<&str>, result: Result<T>) -> Result<T> {
    match name {
        Some(name) => result.with_context(|| format!("target {name:?}")),
        None => result,
    }
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
