//! The subcommands: from arguments to a report and an exit code.

mod case;
mod compare;
mod demo;
mod diagnose;
mod event;
mod explain;
mod facts;
mod lab;
mod output;
mod preflight;
mod question;
mod remote;
mod setup;
mod shell;
mod signals;
mod snapshot;
mod token;

use std::io::Read as _;

use anyhow::{Context as _, Result};
use msk_doctor::case::Asked;
use msk_doctor::cli::{Cli, Command};
use msk_doctor::phase::Phase;

/// Wrong use or unreadable input: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WrongUse(pub String);

/// `text` as a wrong use.
pub fn wrong(text: impl Into<String>) -> anyhow::Error {
    anyhow::Error::new(WrongUse(text.into()))
}

/// Runs a command; the result is the exit code.
pub fn run(cli: Cli) -> Result<u8> {
    match cli.command {
        Command::Diagnose(args) | Command::Kafka(args) => diagnose::run(&args, Phase::Metadata),
        Command::Dns(args) => diagnose::run(&args, Phase::Resolve),
        Command::Tcp(args) => diagnose::run(&args, Phase::Connect),
        Command::Tls(args) => diagnose::run(&args, Phase::Tls),
        Command::Sasl(args) => diagnose::run(&args, Phase::SaslAuthenticate),
        Command::Network(args) => diagnose::configured(&args, Asked::Network),
        Command::Cluster(args) => diagnose::configured(&args, Asked::Cluster),
        Command::Lambda(args) => diagnose::configured(&args, Asked::Lambda),
        Command::Iam(args) => diagnose::configured(&args, Asked::Iam),
        Command::Case(command) => case::run(&command),
        Command::Compare(args) => compare::run(&args),
        Command::Completions(args) => shell::completions(&args),
        Command::Man(args) => shell::man(&args),
        Command::Preflight(args) => preflight::run(&args),
        Command::Remote(args) => remote::run(&args),
        Command::Token(args) => token::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Lab(args) => lab::run(&args),
        Command::Snapshot(args) => snapshot::run(&args),
    }
}

/// Whether Lambda has started the program, without a command line.
pub fn is_function() -> bool {
    std::env::args_os().len() == 1 && std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some()
}

/// Answers a Lambda function's invocations, until Lambda ends it.
pub fn serve() -> Result<u8> {
    event::serve()
}

/// A file's text, or standard input's for `-`.
pub fn read_text(name: &str) -> Result<String> {
    /// More than any log or token worth reading at once, bytes.
    const MOST: u64 = 256 * 1024 * 1024;
    let mut bytes = Vec::new();
    if name == "-" {
        std::io::stdin()
            .lock()
            .take(MOST)
            .read_to_end(&mut bytes)
            .context("cannot read standard input")
            .map_err(|error| wrong(format!("{error:#}")))?;
    } else {
        let file = std::fs::File::open(name)
            .map_err(|error| wrong(format!("cannot read {name:?}: {error}")))?;
        file.take(MOST)
            .read_to_end(&mut bytes)
            .map_err(|error| wrong(format!("cannot read {name:?}: {error}")))?;
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A runtime for the probes.
pub fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")
}
