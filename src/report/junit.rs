//! `--output junit`: a test case for each cause and for the verdict of each target. Failures are there exactly when a target's exit
//! code is 1, errors exactly when one's is 3.

use std::io::{self, Write};
use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus, TestSuite};

use super::Summary;
use super::item::{Item, Outcome};
use crate::text::escaped;

/// Writes it.
///
/// # Errors
/// When writing fails.
pub fn render(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let mut suite = TestSuite::new("msk-doctor");
    suite.set_time(Duration::from_millis(summary.duration_ms));
    suite.add_property(Property::new("verdict", escaped(&summary.headline)));
    for outcome in &summary.outcomes {
        let mut verdict = TestCase::new("verdict", status(outcome));
        verdict.set_classname(class(outcome.target.as_deref()));
        suite.add_test_case(verdict);
        let own = summary
            .items
            .iter()
            .filter(|item| item.target == outcome.target);
        suite.add_test_cases(own.map(case));
    }
    let mut whole = quick_junit::Report::new("msk-doctor");
    whole.set_time(Duration::from_millis(summary.duration_ms));
    whole.add_test_suite(suite);
    let mut text = Vec::new();
    whole.serialize(&mut text).map_err(io::Error::other)?;
    out.write_all(&text)
}

/// A class for each target.
fn class(target: Option<&str>) -> String {
    target.map_or_else(
        || "msk-doctor".to_owned(),
        |name| format!("msk-doctor.{}", escaped(name)),
    )
}

/// A target's verdict: it fails where no cause does, so that the exit code shows.
fn status(outcome: &Outcome) -> TestCaseStatus {
    let kind = match outcome.exit_code {
        0 => return TestCaseStatus::success(),
        3 => NonSuccessKind::Error,
        _ => NonSuccessKind::Failure,
    };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(escaped(&outcome.headline));
    status.set_type("verdict");
    status
}

fn case(item: &Item) -> TestCase {
    let fails = item.fails;
    let mut status = if fails {
        TestCaseStatus::non_success(NonSuccessKind::Failure)
    } else {
        TestCaseStatus::skipped()
    };
    let text = escaped(&item.text);
    if !fails {
        status.set_description(match &item.accepted {
            Some(accepted) => escaped(accepted),
            None => text.clone(),
        });
    }
    if fails {
        status.set_message(escaped(&item.name()));
        status.set_type(item.code.unwrap_or("unknown"));
        let lines: Vec<String> = [text, item.subjects.join(", ")]
            .into_iter()
            .chain(item.fix.iter().map(|fix| format!("fix: {fix}")))
            .map(|line| escaped(&line))
            .collect();
        status.set_description(lines.join("\n"));
    }
    let name = match item.code {
        Some(_) => item.name(),
        None => format!("not known: {}", item.text),
    };
    let mut case = TestCase::new(escaped(&name), status);
    case.set_classname(class(item.target.as_deref()));
    case
}
