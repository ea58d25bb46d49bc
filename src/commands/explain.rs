//! `explain`: the catalogue, and what a client's log means.

use std::io::IsTerminal as _;

use anyhow::Result;
use msk_doctor::cli::{ExplainArgs, Format};
use msk_doctor::{catalogue, explain, text};

use super::{output, read_text, wrong};

/// Prints what was asked for.
pub fn run(args: &ExplainArgs) -> Result<u8> {
    let width = output::width(std::io::stdout().is_terminal()).min(100);
    if let Some(log) = &args.log {
        let reading = explain::read_log(&read_text(log)?);
        if args.output == Format::Json {
            print!("{}", text::json(&reading)?);
        } else {
            print!("{}", explain::log_page(&reading, width));
        }
        return Ok(0);
    }
    if args.list {
        print!("{}", explain::list(args.phase, width));
        return Ok(0);
    }
    if let Some(words) = &args.search {
        print!("{}", explain::search_page(words, width));
        return Ok(0);
    }
    let mut faults = Vec::new();
    for code in &args.codes {
        faults.push(catalogue::find(code).ok_or_else(|| wrong(explain::unknown_code(code)))?);
    }
    if args.output == Format::Json {
        let faults: Vec<_> = faults.into_iter().map(explain::Explained::new).collect();
        print!("{}", text::json(&faults)?);
        return Ok(0);
    }
    for (index, fault) in faults.iter().enumerate() {
        if index > 0 {
            println!();
        }
        print!("{}", explain::page(fault, width));
    }
    Ok(0)
}
