//! `--output json`: the whole report, and its schema.

use std::io::{self, Write};

use serde::Serialize;

use super::{Combined, Report};
use crate::text;

/// Writes a report as one object and a newline.
///
/// # Errors
/// When writing fails.
pub fn render(report: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    text::write_json(report, out)
}

/// The report's JSON schema (draft 2020-12), as `docs/report.schema.json` has it.
#[must_use]
pub fn schema() -> String {
    written(&schemars::schema_for!(Report))
}

/// The schema of a report on several targets, as `docs/combined.schema.json` has it.
#[must_use]
pub fn combined_schema() -> String {
    written(&schemars::schema_for!(Combined))
}

fn written(schema: &schemars::Schema) -> String {
    let mut text = serde_json::to_string_pretty(schema).unwrap_or_default();
    text.push('\n');
    text
}
