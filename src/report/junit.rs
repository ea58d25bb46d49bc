//! `--output junit`: a test case for each cause and for the verdict. Failures are there exactly when the exit code is 1, errors
//! exactly when it is 3.

use std::io::{self, Write};
use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus, TestSuite};

use super::Report;
use super::item::{Item, Level, headline, items};
use crate::text::escaped;

/// Writes it.
///
/// # Errors
/// When writing fails.
pub fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut suite = TestSuite::new("msk-doctor");
    suite.set_time(Duration::from_millis(report.duration_ms));
    suite.add_property(Property::new("verdict", headline(report)));
    let mut verdict = TestCase::new("verdict", status(report));
    verdict.set_classname("msk-doctor");
    suite.add_test_case(verdict);
    for item in items(report) {
        suite.add_test_case(case(report, &item));
    }
    let mut whole = quick_junit::Report::new("msk-doctor");
    whole.set_time(Duration::from_millis(report.duration_ms));
    whole.add_test_suite(suite);
    let mut text = Vec::new();
    whole.serialize(&mut text).map_err(io::Error::other)?;
    out.write_all(&text)
}

/// The verdict's own: it fails where no cause does, so that the exit code shows.
fn status(report: &Report) -> TestCaseStatus {
    let kind = match report.exit_code {
        0 => return TestCaseStatus::success(),
        3 => NonSuccessKind::Error,
        _ => NonSuccessKind::Failure,
    };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(escaped(&headline(report)));
    status.set_type("verdict");
    status
}

fn case(report: &Report, item: &Item) -> TestCase {
    let fails = item.level == Level::Error && item.accepted.is_none() && report.exit_code == 1;
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
    case.set_classname("msk-doctor");
    case
}
