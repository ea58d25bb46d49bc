//! `case`: what is done with saved cases.

use std::io::Write as _;

use anyhow::Result;
use msk_doctor::cli::{CaseCommand, RedactArgs};
use msk_doctor::redact;
use msk_doctor::text;

use super::diagnose::{read_case, save_case};
use super::wrong;

/// Runs it; the result is the exit code.
pub fn run(command: &CaseCommand) -> Result<u8> {
    match command {
        CaseCommand::Redact(args) => redact(args),
    }
}

fn redact(args: &RedactArgs) -> Result<u8> {
    let case = read_case(&args.case)?;
    let redacted = redact::redact(&case, &args.keep).map_err(|error| wrong(error.to_string()))?;
    match &args.out {
        Some(path) => save_case(&redacted, Some(path))?,
        None => std::io::stdout().write_all(text::json(&redacted)?.as_bytes())?,
    }
    Ok(0)
}
