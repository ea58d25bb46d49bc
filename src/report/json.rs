//! `--output json`: the whole report, and its schema.

use std::io::{self, Write};

use super::Report;
use crate::text;

/// Writes the report as one object and a newline.
///
/// # Errors
/// When writing fails.
pub fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    text::write_json(report, out)
}

/// The report's JSON schema (draft 2020-12), as `docs/report.schema.json` has it.
#[must_use]
pub fn schema() -> String {
    let mut text = serde_json::to_string_pretty(&schemars::schema_for!(Report)).unwrap_or_default();
    text.push('\n');
    text
}
