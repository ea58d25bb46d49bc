//! The command line: what `contract.md` promises to scripts.

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::Resettable;
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

use crate::phase::Phase;
use crate::pipeline::Override;
use crate::target::Auth;

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

/// The arguments of `diagnose` and of each layer.
#[derive(Debug, Args, Clone)]
pub struct DiagnoseArgs {
    /// Bootstrap string (host:port,…), `-` for standard input, or a file that holds one
    #[arg(value_name = "TARGET")]
    pub target: Option<String>,
    /// Bootstrap string
    #[arg(long, value_name = "HOST:PORT,…", env = "MSK_DOCTOR_BOOTSTRAP")]
    pub bootstrap: Option<String>,
    /// Function on whose behalf the question is asked
    #[arg(long, value_name = "NAME|ARN", env = "MSK_DOCTOR_FUNCTION")]
    pub function: Option<String>,
    /// How the client authenticates [default: by the port, else iam]
    #[arg(long, value_enum, env = "MSK_DOCTOR_AUTH")]
    pub auth: Option<Auth>,
    /// SASL mechanism [default: oauthbearer for iam, scram-sha-512 for scram]
    #[arg(long, value_enum, env = "MSK_DOCTOR_MECHANISM")]
    pub mechanism: Option<Mechanism>,
    /// Region that tokens are signed for [default: from the broker names, else the AWS configuration]
    #[arg(long, env = "MSK_DOCTOR_REGION")]
    pub region: Option<String>,
    /// Profile of the AWS configuration
    #[arg(long, env = "MSK_DOCTOR_PROFILE")]
    pub profile: Option<String>,
    /// Role to assume first
    #[arg(long, value_name = "ARN", env = "MSK_DOCTOR_ROLE_ARN")]
    pub role_arn: Option<String>,
    /// Topic to ask for
    #[arg(long, env = "MSK_DOCTOR_TOPIC")]
    pub topic: Option<String>,
    /// Certificates to trust in addition to the platform's
    #[arg(long, value_name = "PEM", env = "MSK_DOCTOR_CA_FILE")]
    pub ca_file: Option<PathBuf>,
    /// Client certificate, with its chain
    #[arg(
        long,
        value_name = "PEM",
        requires = "client_key",
        env = "MSK_DOCTOR_CLIENT_CERT"
    )]
    pub client_cert: Option<PathBuf>,
    /// Private key of the client certificate
    #[arg(
        long,
        value_name = "PEM",
        requires = "client_cert",
        env = "MSK_DOCTOR_CLIENT_KEY"
    )]
    pub client_key: Option<PathBuf>,
    /// Use and judge this MSK IAM token instead of making one (`-`: standard input)
    #[arg(long, value_name = "FILE|-", env = "MSK_DOCTOR_TOKEN")]
    pub token: Option<String>,
    /// Send the credential even to a broker whose certificate was not verified: whoever answers
    /// there can then act as you
    #[arg(long)]
    pub send_credentials_anyway: bool,
    /// Use this address for that host and port; may be repeated
    #[arg(
        long,
        value_name = "HOST:PORT:ADDRESS",
        env = "MSK_DOCTOR_RESOLVE",
        value_delimiter = ','
    )]
    pub resolve: Vec<Override>,
    /// Ask this DNS server as well as the system's; may be repeated
    #[arg(
        long,
        value_name = "ADDR[:PORT]",
        env = "MSK_DOCTOR_DNS_SERVER",
        value_delimiter = ','
    )]
    pub dns_server: Vec<DnsServer>,
    /// Time for the whole run
    #[arg(long, value_name = "TIME", default_value = "20s", env = "MSK_DOCTOR_DEADLINE", value_parser = duration)]
    pub deadline: Duration,
    /// Time for one phase of one attempt
    #[arg(long, value_name = "TIME", default_value = "5s", env = "MSK_DOCTOR_PHASE_TIMEOUT", value_parser = duration)]
    pub phase_timeout: Duration,
    /// Packets only: no AWS API is called (credentials are still looked for, to log in)
    #[arg(long, env = "MSK_DOCTOR_NO_AWS")]
    pub no_aws: bool,
    /// Whose path is judged: `ip:ADDRESS` [default: this machine's]
    #[arg(long, value_name = "VANTAGE", env = "MSK_DOCTOR_FROM")]
    pub from: Option<String>,
    /// Replay a saved case: no packet is sent
    #[arg(long, value_name = "FILE", env = "MSK_DOCTOR_CASE", conflicts_with_all = ["target", "bootstrap"])]
    pub case: Option<PathBuf>,
    /// Save the case, without secrets
    #[arg(long, value_name = "FILE", env = "MSK_DOCTOR_SAVE_CASE")]
    pub save_case: Option<PathBuf>,
    /// How to print it.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// How reports are printed.
#[derive(Debug, Args, Clone)]
pub struct OutputArgs {
    /// text or json; may be repeated, each to a file but one
    #[arg(
        long,
        value_name = "FORMAT[=FILE]",
        env = "MSK_DOCTOR_OUTPUT",
        value_delimiter = ','
    )]
    pub output: Vec<Output>,
    /// No Unicode
    #[arg(long, env = "MSK_DOCTOR_ASCII")]
    pub ascii: bool,
    /// Colours [also NO_COLOR, CLICOLOR_FORCE]
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto, env = "MSK_DOCTOR_COLOR")]
    pub color: ColorChoice,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal.
    Auto,
    /// Yes.
    Always,
    /// No.
    Never,
}

/// SASL mechanisms, by their names on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mechanism {
    /// OAUTHBEARER (RFC 7628, KIP-255).
    Oauthbearer,
    /// AWS_MSK_IAM.
    AwsMskIam,
    /// SCRAM-SHA-512 (RFC 5802).
    #[value(name = "scram-sha-512")]
    ScramSha512,
}

impl Mechanism {
    /// The name on the wire.
    #[must_use]
    pub fn wire_name(self) -> &'static str {
        match self {
            Mechanism::Oauthbearer => "OAUTHBEARER",
            Mechanism::AwsMskIam => "AWS_MSK_IAM",
            Mechanism::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

/// The arguments of `token`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  msk-doctor token --region eu-west-1\n  msk-doctor token --inspect token.txt\n  echo \"$TOKEN\" | msk-doctor token --inspect -"
)]
pub struct TokenArgs {
    /// Say what is in this token and what is wrong with it (`-`: standard input)
    #[arg(long, value_name = "FILE|-")]
    pub inspect: Option<String>,
    /// Region to sign for; with --inspect, the region that it should be for
    #[arg(long, env = "MSK_DOCTOR_REGION")]
    pub region: Option<String>,
    /// Profile of the AWS configuration
    #[arg(long, env = "MSK_DOCTOR_PROFILE")]
    pub profile: Option<String>,
    /// Role to assume first
    #[arg(long, value_name = "ARN", env = "MSK_DOCTOR_ROLE_ARN")]
    pub role_arn: Option<String>,
    /// Print the token itself: whoever has it can log in as you for 15 minutes
    #[arg(long, conflicts_with = "inspect")]
    pub show_secrets: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text, env = "MSK_DOCTOR_OUTPUT")]
    pub output: Format,
}

/// The arguments of `explain`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  msk-doctor explain SASL-07\n  msk-doctor explain --log client.log\n  kubectl logs my-pod | msk-doctor explain --log -"
)]
pub struct ExplainArgs {
    /// Codes of the catalogue, such as SASL-07
    #[arg(value_name = "CODE", required_unless_present_any = ["log", "list", "search"])]
    pub codes: Vec<String>,
    /// Look up the lines of a client's log (`-`: standard input)
    #[arg(long, value_name = "FILE|-", conflicts_with_all = ["codes", "list", "search"])]
    pub log: Option<String>,
    /// List all codes
    #[arg(long)]
    pub list: bool,
    /// Only those of a phase
    #[arg(long, requires = "list", value_parser = phase)]
    pub phase: Option<Phase>,
    /// Entries that have all these words
    #[arg(long, value_name = "WORDS", conflicts_with_all = ["codes", "list"])]
    pub search: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text, env = "MSK_DOCTOR_OUTPUT")]
    pub output: Format,
}

/// The arguments of `demo`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  msk-doctor demo\n  msk-doctor demo TLS-05\n  msk-doctor demo --all"
)]
pub struct DemoArgs {
    /// Faults to make, such as LIM-01 or TCP-02@2 (on broker 2) [default: IAM-01]
    #[arg(value_name = "CODE")]
    pub codes: Vec<String>,
    /// List the faults that the lab makes
    #[arg(long, conflicts_with_all = ["codes", "all", "healthy"])]
    pub list: bool,
    /// Each fault in turn, as a table
    #[arg(long, conflicts_with_all = ["codes", "healthy"])]
    pub all: bool,
    /// No fault
    #[arg(long, conflicts_with = "codes")]
    pub healthy: bool,
    /// Time for the whole run
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = duration)]
    pub deadline: Duration,
    /// Time for one phase of one attempt
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration)]
    pub phase_timeout: Duration,
    /// Save the case
    #[arg(long, value_name = "FILE")]
    pub save_case: Option<PathBuf>,
    /// How to print it.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// The arguments of `lab`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  msk-doctor lab\n  msk-doctor lab IAM-01\n  msk-doctor lab TCP-02@2 --brokers 3"
)]
pub struct LabArgs {
    /// Faults to make, such as LIM-01 or TCP-02@2 (on broker 2) [default: none]
    #[arg(value_name = "CODE")]
    pub codes: Vec<String>,
    /// List the faults that the lab makes
    #[arg(long, conflicts_with = "codes")]
    pub list: bool,
    /// How many brokers
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100), conflicts_with = "listen")]
    pub brokers: u32,
    /// Listen here, one broker for each; may be repeated [default: 127.0.0.1 and free ports]
    #[arg(long, value_name = "ADDR:PORT", value_delimiter = ',')]
    pub listen: Vec<SocketAddr>,
    /// Advertise MSK-like names instead of addresses: clients need the hosts file that is printed
    #[arg(long)]
    pub real_names: bool,
    /// Write the CA, the credentials and the bootstrap string into this folder
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Answer DNS for the brokers' names here
    #[arg(long, value_name = "ADDR:PORT")]
    pub dns: Option<SocketAddr>,
    /// Seed of delays
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// The arguments of `snapshot`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  msk-doctor snapshot facts --function orders-writer\n  msk-doctor snapshot --script --cluster demo > save.sh\n  msk-doctor snapshot --policy"
)]
pub struct SnapshotArgs {
    /// Folder for the facts; those that it holds are replaced
    #[arg(value_name = "DIR", required_unless_present_any = ["script", "policy"], conflicts_with_all = ["script", "policy"])]
    pub dir: Option<PathBuf>,
    /// Print a script of aws commands that saves the facts, for somebody who may
    #[arg(long, conflicts_with = "policy")]
    pub script: bool,
    /// Print the least IAM policy
    #[arg(long)]
    pub policy: bool,
    /// Cluster
    #[arg(long, value_name = "NAME|ARN", env = "MSK_DOCTOR_CLUSTER")]
    pub cluster: Option<String>,
    /// Function
    #[arg(long, value_name = "NAME|ARN[:QUALIFIER]", env = "MSK_DOCTOR_FUNCTION")]
    pub function: Option<String>,
    /// Whose path is in question: function:, eni:, instance:, subnet:…/sg:…, ip:
    #[arg(long, value_name = "VANTAGE", env = "MSK_DOCTOR_FROM")]
    pub from: Option<crate::vpc::From>,
    /// Region [default: the ARN's, else the AWS configuration's]
    #[arg(long, env = "MSK_DOCTOR_REGION")]
    pub region: Option<String>,
    /// Profile of the AWS configuration
    #[arg(long, env = "MSK_DOCTOR_PROFILE")]
    pub profile: Option<String>,
    /// Role to assume first
    #[arg(long, value_name = "ARN", env = "MSK_DOCTOR_ROLE_ARN")]
    pub role_arn: Option<String>,
    /// Region of the cluster, where it is another
    #[arg(long, value_name = "REGION", env = "MSK_DOCTOR_CLUSTER_REGION")]
    pub cluster_region: Option<String>,
    /// Profile for the cluster's account
    #[arg(long, value_name = "PROFILE", env = "MSK_DOCTOR_CLUSTER_PROFILE")]
    pub cluster_profile: Option<String>,
    /// Role in the cluster's account
    #[arg(long, value_name = "ARN", env = "MSK_DOCTOR_CLUSTER_ROLE_ARN")]
    pub cluster_role_arn: Option<String>,
    /// Time for all of it
    #[arg(long, value_name = "TIME", default_value = "20s", env = "MSK_DOCTOR_DEADLINE", value_parser = duration)]
    pub deadline: Duration,
    /// Time for one call, with its pages and retries
    #[arg(long, value_name = "TIME", default_value = "5s", env = "MSK_DOCTOR_PHASE_TIMEOUT", value_parser = duration)]
    pub phase_timeout: Duration,
}

/// `FORMAT[=FILE]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The format.
    pub format: Format,
    /// Where to; standard output without one.
    pub file: Option<PathBuf>,
}

/// Formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a person.
    Text,
    /// For a program.
    Json,
}

impl FromStr for Output {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (format, file) = match text.split_once('=') {
            Some((format, file)) if !file.is_empty() => (format, Some(PathBuf::from(file))),
            Some((_, _)) => return Err("the file's name is missing after `=`".to_owned()),
            None => (text, None),
        };
        let format = match format {
            "text" => Format::Text,
            "json" => Format::Json,
            other => {
                return Err(format!(
                    "{other:?} is no format of this version: text, json"
                ));
            }
        };
        Ok(Self { format, file })
    }
}

/// `ADDR[:PORT]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DnsServer(pub SocketAddr);

impl FromStr for DnsServer {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(Self(address));
        }
        let bare = text.trim_start_matches('[').trim_end_matches(']');
        bare.parse::<IpAddr>()
            .map(|ip| Self(SocketAddr::new(ip, 53)))
            .map_err(|_| format!("{text:?} is not an IP address, such as 10.0.0.2 or 10.0.0.2:53"))
    }
}

impl FromStr for Override {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("{text:?} is not HOST:PORT:ADDRESS, such as b-1.example:9098:10.0.0.5");
        let (host, rest) = text.split_once(':').ok_or_else(wrong)?;
        let (port, address) = rest.split_once(':').ok_or_else(wrong)?;
        let address = address.trim_start_matches('[').trim_end_matches(']');
        let port: u16 = port.parse().map_err(|_| wrong())?;
        if host.is_empty() || port == 0 {
            return Err(wrong());
        }
        Ok(Self {
            host: host.trim_end_matches('.').to_ascii_lowercase(),
            port,
            address: address.parse().map_err(|_| wrong())?,
        })
    }
}

/// `20s`, `500ms`, `2m`, or seconds as a number.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is not a time, such as 20s, 500ms or 2m");
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let seconds = match unit {
        "ms" => number / 1000.0,
        "" | "s" => number,
        "m" => number * 60.0,
        _ => return Err(wrong()),
    };
    let time = Duration::try_from_secs_f64(seconds).map_err(|_| wrong())?;
    if time.is_zero() || time > Duration::from_secs(3600) {
        return Err(format!("{text:?} is outside 1ms to 1h"));
    }
    Ok(time)
}

fn phase(text: &str) -> Result<Phase, String> {
    Phase::ALL
        .into_iter()
        .find(|phase| phase.name() == text)
        .ok_or_else(|| {
            let names: Vec<&str> = Phase::ALL.iter().map(|phase| phase.name()).collect();
            format!("{text:?} is not a phase: {}", names.join(", "))
        })
}

impl Cli {
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

    #[test]
    fn durations_and_overrides_are_read() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        for text in [
            "",
            "s",
            "-1s",
            "1h",
            "0",
            "nan",
            "inf",
            "99999999999999999999",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
        let read: Override = "B-1.Example:9098:[::1]".parse().expect("an override");
        assert_eq!((read.host.as_str(), read.port), ("b-1.example", 9098));
        assert!("b-1:9098".parse::<Override>().is_err());
        assert!(
            "10.0.0.2"
                .parse::<DnsServer>()
                .is_ok_and(|s| s.0.port() == 53)
        );
    }
}
