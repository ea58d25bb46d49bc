//! Arguments, edges, pipeline, exit code.

mod commands;

use std::process::ExitCode;

use msk_doctor::cli::Cli;

/// Wrong use or unreadable input.
const WRONG_USE: u8 = 2;
/// msk-doctor itself failed.
const OWN_FAILURE: u8 = 4;

fn main() -> ExitCode {
    let done = if commands::is_function() {
        commands::serve()
    } else {
        commands::run(Cli::read())
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("msk-doctor: {error:#}");
            let wrong_use = error.downcast_ref::<commands::WrongUse>().is_some();
            ExitCode::from(if wrong_use { WRONG_USE } else { OWN_FAILURE })
        }
    }
}
