//! The command line: what `contract.md` promises to scripts.

mod arguments;
mod config;
mod event;
mod fields;
mod values;

use std::ffi::OsString;

use clap::builder::Resettable;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

pub use self::arguments::Given;
pub use self::arguments::{
    AwsArgs, CaseCommand, CleanupArgs, CompareArgs, CompletionsArgs, DemoArgs, DiagnoseArgs,
    ExplainArgs, LabArgs, LimitArgs, ManArgs, OutputArgs, PackageArgs, PreflightArgs, RedactArgs,
    RemoteArgs, RemoteCommand, SnapshotArgs, TokenArgs,
};
pub use self::config::{ConfigTarget, read_config};
pub use self::event::{EventError, event_schema, read_event};
pub use self::values::{ColorChoice, DnsServer, Format, Mechanism, Output, ReportFormat};

/// Says where, exactly, a connection to Amazon MSK breaks, why, and what fixes it.
#[derive(Debug, Parser)]
#[command(
    name = "msk-doctor",
    version,
    subcommand_required = true,
    after_help = "Exit codes: 0 healthy, 1 faulty, 2 wrong use, 3 inconclusive, 4 msk-doctor itself failed.\n\
                  No cluster at hand? msk-doctor demo"
)]
pub struct Cli {
    /// What to do; without one, `diagnose`.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Everything that applies, joined into one verdict
    #[command(
        after_help = "Examples:\n  msk-doctor diagnose b-1.demo.abc123.c2.kafka.eu-west-1.amazonaws.com:9098\n  \
        msk-doctor diagnose orders-writer\n  \
        aws kafka get-bootstrap-brokers --cluster-arn ARN --query BootstrapBrokerStringSaslIam --output text | msk-doctor diagnose -\n  \
        msk-doctor diagnose --case saved.json --output json"
    )]
    Diagnose(Box<DiagnoseArgs>),
    /// Names only: what the application gets, what DNS servers say
    Dns(Box<DiagnoseArgs>),
    /// Up to the TCP connection
    Tcp(Box<DiagnoseArgs>),
    /// Up to the TLS handshake and the certificate
    Tls(Box<DiagnoseArgs>),
    /// Up to the login
    Sasl(Box<DiagnoseArgs>),
    /// Up to Kafka's Metadata, and every broker that it names
    Kafka(Box<DiagnoseArgs>),
    /// Groups, ACLs, routes and links: the proof of every path and back, without a packet
    #[command(after_help = "Examples:\n  msk-doctor network orders\n  \
        msk-doctor network demo --from subnet:subnet-1,subnet-2/sg:sg-1\n  \
        msk-doctor network orders --facts facts/\n\n\
        Exit code 1 when a path is blocked or works only for some ports or addresses, 3 when one is unknown.")]
    Network(Box<DiagnoseArgs>),
    /// The cluster's state, listeners and ways to log in, against the client's
    #[command(after_help = "Examples:\n  msk-doctor cluster demo\n  \
        msk-doctor cluster demo --auth scram --facts facts/")]
    Cluster(Box<DiagnoseArgs>),
    /// The function's state, VPC, timeout and memory, and what feeds it
    #[command(after_help = "Examples:\n  msk-doctor lambda orders-writer\n  \
        msk-doctor lambda orders-writer:prod\n  \
        msk-doctor lambda orders-writer --facts facts/\n\n\
        An event source mapping's poller is a client of its own: it polls from the cluster's subnets.")]
    Lambda(Box<DiagnoseArgs>),
    /// What an identity may do on the cluster, topic and group, by its policies: the function's role, or whoever is named
    #[command(
        after_help = "Examples:\n  msk-doctor iam orders-writer --topic orders\n  \
        msk-doctor iam orders-reader --topic orders --group readers\n  \
        msk-doctor iam --cluster demo --principal arn:aws:iam::111122223333:role/orders\n  \
        msk-doctor iam orders-writer --cluster demo --facts facts/\n\n\
        What the organisation's policies say is known from iam:SimulatePrincipalPolicy alone."
    )]
    Iam(Box<DiagnoseArgs>),
    /// The diagnosis from inside the VPC: with a function's network and role, through a temporary function
    Remote(Box<RemoteArgs>),
    /// The diagnosis as a gate: what fails it, what is accepted, formats for CI systems
    Preflight(Box<PreflightArgs>),
    /// Two runs beside each other: what differs between "works here" and "fails there"
    Compare(CompareArgs),
    /// Saved cases
    #[command(subcommand)]
    Case(CaseCommand),
    /// Completions for a shell
    Completions(CompletionsArgs),
    /// Manual pages
    Man(ManArgs),
    /// Make an MSK IAM token, or say what is wrong with one
    Token(TokenArgs),
    /// The catalogue of faults, or what a client's log means
    Explain(ExplainArgs),
    /// The embedded cluster with a fault, diagnosed: no AWS, no Docker
    Demo(DemoArgs),
    /// An embedded MSK-like cluster for your own client, with any fault
    Lab(LabArgs),
    /// Save the AWS facts in a folder, or say who has to allow what
    Snapshot(SnapshotArgs),
}

/// A command line that an event means, and what no command line has.
#[derive(Debug)]
pub struct Parsed {
    /// The command line.
    pub cli: Cli,
    /// The rest.
    pub given: Given,
}

impl Cli {
    /// Reads a command line; with an error it goes on.
    ///
    /// # Errors
    /// Where it is wrong.
    pub fn of(words: Vec<String>) -> Result<Self, clap::Error> {
        Self::try_parse_from(words)
    }

    /// Reads the command line; ends the process with code 2 when it is wrong. `demo` and `lab` look
    /// at no `MSK_DOCTOR_*` variable: they show what they always show.
    #[must_use]
    pub fn read() -> Self {
        let mut command = Self::command();
        for name in ["demo", "lab"] {
            command = command.mut_subcommand(name, |sub| {
                sub.mut_args(|arg| arg.env(Resettable::<clap::builder::OsStr>::Reset))
            });
        }
        let arguments = with_default_subcommand(&command, std::env::args_os().collect());
        let matches = command.get_matches_from(arguments);
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }
}

/// The subcommand that is written most like `text`, if one is written nearly so.
#[must_use]
pub fn nearest_subcommand(text: &str) -> Option<String> {
    /// Jaro's similarity, from which on clap suggests a name too.
    const ALIKE: f64 = 0.8;
    let command = Cli::command();
    let alike = command
        .get_subcommands()
        .map(|sub| (strsim::jaro(text, sub.get_name()), sub.get_name()))
        .filter(|(alike, _)| *alike > ALIKE);
    let nearest = alike.max_by(|one, other| one.0.total_cmp(&other.0));
    nearest.map(|(_, name)| name.to_owned())
}

/// `msk-doctor TARGET …` means `msk-doctor diagnose TARGET …`.
fn with_default_subcommand(command: &clap::Command, mut arguments: Vec<OsString>) -> Vec<OsString> {
    let first = arguments
        .get(1)
        .map(|first| first.to_string_lossy().into_owned());
    let known = match first.as_deref() {
        None | Some("help" | "-h" | "--help" | "-V" | "--version") => true,
        Some(name) => command.find_subcommand(name).is_some(),
    };
    if !known {
        arguments.insert(1, "diagnose".into());
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_target_alone_is_diagnosed() {
        let read = |words: &[&str]| {
            let words = words.iter().map(OsString::from).collect();
            with_default_subcommand(&Cli::command(), words)
        };
        assert_eq!(read(&["m", "b-1:9098", "--ascii"])[1], "diagnose");
        assert_eq!(read(&["m", "--bootstrap", "b-1:9098"])[1], "diagnose");
        assert_eq!(read(&["m", "tcp", "b-1:9098"])[1], "tcp");
        assert_eq!(read(&["m", "--version"])[1], "--version");
        assert_eq!(read(&["m"]).len(), 1);
    }
}
