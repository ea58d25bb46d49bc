//! `completions` and `man`: what a package installs beside the program.

use std::fs;
use std::io::{self, Write as _};

use anyhow::Result;
use clap::CommandFactory as _;
use msk_doctor::cli::{Cli, CompletionsArgs, ManArgs};

use super::wrong;

/// Prints completions.
pub fn completions(args: &CompletionsArgs) -> Result<u8> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "msk-doctor", &mut text);
    io::stdout().write_all(&text)?;
    Ok(0)
}

/// Prints the first manual page, or writes all of them.
pub fn man(args: &ManArgs) -> Result<u8> {
    let Some(dir) = &args.dir else {
        let mut text = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut text)?;
        io::stdout().write_all(&text)?;
        return Ok(0);
    };
    let cannot = |error: io::Error| wrong(format!("cannot write into {}: {error}", dir.display()));
    fs::create_dir_all(dir).map_err(cannot)?;
    clap_mangen::generate_to(Cli::command(), dir).map_err(cannot)?;
    println!(
        "{}: msk-doctor.1 and a page of each subcommand",
        dir.display()
    );
    Ok(0)
}
