//! The arguments of each subcommand.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::values::{
    ColorChoice, DnsServer, Format, Mechanism, Output, cluster, duration, phase, share, tls_version,
};
use crate::aws::snapshot::Snapshot;
use crate::case::{RunningFunction, Shares};
use crate::clients::Library;
use crate::gate::FailOn;
use crate::lab::TlsVersion;
use crate::phase::Phase;
use crate::pipeline::Override;
use crate::target::Auth;

/// The arguments of `diagnose` and of each layer.
#[derive(Debug, Args, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct DiagnoseArgs {
    /// Bootstrap string (host:port,…), `-` for standard input, a file that holds one; or, with AWS facts, the name or
    /// ARN of a function or cluster
    #[arg(value_name = "TARGET")]
    pub target: Option<String>,
    /// Bootstrap string
    #[arg(long, value_name = "HOST:PORT,…", env = "MSK_DOCTOR_BOOTSTRAP")]
    pub bootstrap: Option<String>,
    /// Cluster, by its name or ARN
    #[arg(long, value_name = "NAME|ARN", env = "MSK_DOCTOR_CLUSTER")]
    pub cluster: Option<String>,
    /// Function on whose behalf the question is asked
    #[arg(long, value_name = "NAME|ARN", env = "MSK_DOCTOR_FUNCTION")]
    pub function: Option<String>,
    /// How the client authenticates [default: by the port, else iam]
    #[arg(long, value_enum, env = "MSK_DOCTOR_AUTH")]
    pub auth: Option<Auth>,
    /// SASL mechanism [default: oauthbearer for iam, scram-sha-512 for scram; MSK has no scram-sha-256]
    #[arg(long, value_enum, env = "MSK_DOCTOR_MECHANISM")]
    pub mechanism: Option<Mechanism>,
    /// Topic to ask for
    #[arg(long, env = "MSK_DOCTOR_TOPIC")]
    pub topic: Option<String>,
    /// Consumer group to ask for
    #[arg(long, env = "MSK_DOCTOR_GROUP")]
    pub group: Option<String>,
    /// Transactional id to ask for
    #[arg(long, value_name = "ID", env = "MSK_DOCTOR_TRANSACTIONAL_ID")]
    pub transactional_id: Option<String>,
    /// Write one record to the topic with a real client (librdkafka), and read it back: it stays there, and consumers see it
    #[arg(long, requires = "topic", conflicts_with_all = ["case", "no_probe"])]
    pub canary: bool,
    /// Role, role's session or user whose rights are asked [default: the function's role, else the credentials' own]
    #[arg(long, value_name = "ARN", env = "MSK_DOCTOR_PRINCIPAL")]
    pub principal: Option<String>,
    /// The client's library, for lines that work [default: what the function shows]
    #[arg(long, value_enum, env = "MSK_DOCTOR_CLIENT")]
    pub client: Option<Library>,
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
    /// User of SCRAM; the password is in `MSK_DOCTOR_SCRAM_PASSWORD`, or is asked for
    #[arg(long, value_name = "NAME", env = "MSK_DOCTOR_SCRAM_USER")]
    pub scram_user: Option<String>,
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
    /// Packets only: no AWS API is called (credentials are still looked for, to log in). Without it, AWS is asked where
    /// a function, a cluster or --from is named
    #[arg(long, env = "MSK_DOCTOR_NO_AWS")]
    pub no_aws: bool,
    /// Configuration only: no packet is sent
    #[arg(long, env = "MSK_DOCTOR_NO_PROBE")]
    pub no_probe: bool,
    /// AWS facts from a folder of saved answers: no AWS API is called for them
    #[arg(long, value_name = "DIR", env = "MSK_DOCTOR_FACTS")]
    pub facts: Option<PathBuf>,
    /// Whose path is judged: function:NAME[:Q], eni:ID, instance:ID, subnet:ID[,ID…]/sg:ID[,ID…] or ip:ADDRESS
    /// [default: the function, if one is given, else this machine]
    #[arg(long, value_name = "VANTAGE", env = "MSK_DOCTOR_FROM")]
    pub from: Option<String>,
    /// Replay a saved case: no packet is sent
    #[arg(long, value_name = "FILE", env = "MSK_DOCTOR_CASE", conflicts_with_all = ["target", "bootstrap"])]
    pub case: Option<PathBuf>,
    /// What no command line has.
    #[arg(skip)]
    pub given: Given,
    /// Save the case, without secrets
    #[arg(long, value_name = "FILE", env = "MSK_DOCTOR_SAVE_CASE")]
    pub save_case: Option<PathBuf>,
    /// As whom AWS is asked, and where.
    #[command(flatten)]
    pub aws: AwsArgs,
    /// How long it may take.
    #[command(flatten)]
    pub limits: LimitArgs,
    /// How to print it.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// What comes with an event, and has no flag.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// AWS facts: nobody is asked for them.
    pub facts: Option<Snapshot>,
    /// Certificates in PEM, to trust in addition to the platform's.
    pub ca: Option<String>,
    /// In what this place is the same as the client that is named.
    pub speaks_for: Option<Vec<Shares>>,
    /// The Lambda function that this is.
    pub function: Option<RunningFunction>,
    /// Whether the case is wanted instead of the report.
    pub wants_case: bool,
}

/// The arguments of `completions`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  msk-doctor completions bash > /etc/bash_completion.d/msk-doctor\n  \
    msk-doctor completions zsh > \"${fpath[1]}/_msk-doctor\"\n  \
    msk-doctor completions fish > ~/.config/fish/completions/msk-doctor.fish"
)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// The arguments of `man`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  msk-doctor man | man -l -\n  msk-doctor man /usr/local/share/man/man1"
)]
pub struct ManArgs {
    /// Folder for a page of each subcommand [default: the first page to standard output]
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// What is done with saved cases.
#[derive(Debug, Subcommand)]
pub enum CaseCommand {
    /// Write a case that may be posted in public: other accounts, names, ids and addresses, the same diagnosis
    Redact(RedactArgs),
}

/// The arguments of `case redact`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  msk-doctor case redact orders.case public.case\n  msk-doctor case redact orders.case --keep orders\n\n\
    What is one in the case is one in the other, and addresses keep the prefixes that they share. Look at it before you post it: what \
    stands in free text is known for yours only where it is a name, an id or an address of the case."
)]
pub struct RedactArgs {
    /// The case (--save-case)
    #[arg(value_name = "CASE")]
    pub case: PathBuf,
    /// The redacted one [default: standard output]
    #[arg(value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// A word that stays; may be repeated
    #[arg(long, value_name = "WORD")]
    pub keep: Vec<String>,
}

/// The arguments of `compare`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  msk-doctor compare laptop.case function.case\n  \
    msk-doctor remote orders-writer --output json=both.json; msk-doctor compare both.json\n  \
    msk-doctor compare --here --remote orders-writer -- --via doctor\n  \
    msk-doctor compare working.case --here -- b-1.demo.abc123.c2.kafka.eu-west-1.amazonaws.com:9098\n\n\
    What stands after -- are flags of `remote`, or with --here alone of `diagnose`."
)]
pub struct CompareArgs {
    /// Reports (--output json) or cases (--save-case): two of them, or one that `remote` made, which has what this machine sees too
    #[arg(value_name = "FILE", num_args = 0..=2)]
    pub files: Vec<PathBuf>,
    /// This machine, asked now
    #[arg(long)]
    pub here: bool,
    /// A function's place and role, asked now
    #[arg(long, value_name = "NAME|ARN")]
    pub remote: Option<String>,
    /// A log of the first run's client, for its library's version (`-`: standard input)
    #[arg(long, value_name = "FILE|-")]
    pub log_a: Option<String>,
    /// A log of the second run's client
    #[arg(long, value_name = "FILE|-")]
    pub log_b: Option<String>,
    /// Flags for what is asked now
    #[arg(last = true, value_name = "FLAGS")]
    pub flags: Vec<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text, env = "MSK_DOCTOR_OUTPUT")]
    pub output: Format,
}

/// The arguments of `preflight`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  msk-doctor preflight orders-writer --output github --output junit=msk.xml\n  \
    msk-doctor preflight orders-writer --no-probe --fail-on proven\n  \
    msk-doctor preflight orders-writer --wait 5m\n  \
    msk-doctor preflight orders-writer --via doctor\n  msk-doctor preflight --config msk-doctor.toml --only orders\n\n\
    The exit code is the gate's: 0 it lets through, 1 a cause fails it, 3 inconclusive."
)]
pub struct PreflightArgs {
    /// The question.
    #[command(flatten)]
    pub question: DiagnoseArgs,
    /// Ask for each target of this file, msk-doctor.toml by custom
    #[arg(long, value_name = "FILE", env = "MSK_DOCTOR_CONFIG")]
    pub config: Option<PathBuf>,
    /// Only this target of the file; may be repeated
    #[arg(
        long,
        value_name = "NAME",
        env = "MSK_DOCTOR_ONLY",
        value_delimiter = ',',
        requires = "config"
    )]
    pub only: Vec<String>,
    /// Ask from inside the VPC, through this function, which is msk-doctor already (`remote package`)
    #[arg(
        long,
        value_name = "NAME|ARN",
        env = "MSK_DOCTOR_VIA",
        conflicts_with = "case"
    )]
    pub via: Option<String>,
    /// From which confidence on a cause fails the gate [default: possible]
    #[arg(long, value_enum, env = "MSK_DOCTOR_FAIL_ON")]
    pub fail_on: Option<FailOn>,
    /// Let an inconclusive verdict through
    #[arg(long, env = "MSK_DOCTOR_INCONCLUSIVE_OK")]
    pub inconclusive_ok: bool,
    /// Findings that are accepted: a file in TOML with [[accepted]] code, subject, reason, owner, expires
    #[arg(long, value_name = "FILE", env = "MSK_DOCTOR_BASELINE")]
    pub baseline: Option<PathBuf>,
    /// Ask again until the gate lets through, for at most so long
    #[arg(long, value_name = "TIME", env = "MSK_DOCTOR_WAIT", value_parser = duration, conflicts_with_all = ["case", "facts"])]
    pub wait: Option<Duration>,
}

/// The arguments of `remote`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  msk-doctor remote orders-writer\n  msk-doctor remote orders-writer --dry-run\n  \
    msk-doctor remote orders-writer --via doctor\n  \
    msk-doctor remote --cluster demo --subnets subnet-1,subnet-2 --security-groups sg-1 --role arn:aws:iam::111122223333:role/orders\n  \
    msk-doctor remote cleanup\n\n\
    The function itself is not touched: a temporary one takes its place in the network and its role, and is removed."
)]
pub struct RemoteArgs {
    /// What else there is to do.
    #[command(subcommand)]
    pub command: Option<RemoteCommand>,
    /// The question.
    #[command(flatten)]
    pub question: DiagnoseArgs,
    /// Use this function, which is msk-doctor already (`remote package`): nothing is created
    #[arg(long, value_name = "NAME|ARN", env = "MSK_DOCTOR_VIA", conflicts_with_all = ["package", "subnets", "role"])]
    pub via: Option<String>,
    /// Deployment package of another build, as `remote package` writes it
    #[arg(long, value_name = "ZIP", env = "MSK_DOCTOR_PACKAGE")]
    pub package: Option<PathBuf>,
    /// Subnets to ask from, instead of a function's
    #[arg(long, value_name = "ID,…", env = "MSK_DOCTOR_SUBNETS", value_delimiter = ',', requires_all = ["security_groups", "role"])]
    pub subnets: Vec<String>,
    /// Security groups to ask with
    #[arg(
        long,
        value_name = "ID,…",
        env = "MSK_DOCTOR_SECURITY_GROUPS",
        value_delimiter = ',',
        requires = "subnets"
    )]
    pub security_groups: Vec<String>,
    /// Role to ask as
    #[arg(
        long,
        value_name = "ARN",
        env = "MSK_DOCTOR_ROLE",
        requires = "subnets"
    )]
    pub role: Option<String>,
    /// Say what would be created, and do nothing
    #[arg(long, env = "MSK_DOCTOR_DRY_RUN")]
    pub dry_run: bool,
    /// Create it without asking
    #[arg(long)]
    pub yes: bool,
}

/// What `remote` does besides.
#[derive(Debug, Subcommand)]
pub enum RemoteCommand {
    /// Write this program as a Lambda deployment package
    Package(PackageArgs),
    /// Remove the functions that killed runs left behind
    Cleanup(CleanupArgs),
}

/// The arguments of `remote package`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  msk-doctor remote package\n  msk-doctor remote package doctor.zip --binary target/dist/msk-doctor"
)]
pub struct PackageArgs {
    /// The package
    #[arg(value_name = "ZIP", default_value = "msk-doctor.zip")]
    pub zip: PathBuf,
    /// The program to put into it [default: this one]
    #[arg(long, value_name = "FILE")]
    pub binary: Option<PathBuf>,
}

/// The arguments of `remote cleanup`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  msk-doctor remote cleanup --dry-run\n  msk-doctor remote cleanup --yes"
)]
pub struct CleanupArgs {
    /// Also those of runs that may still be under way
    #[arg(long)]
    pub all: bool,
    /// Say what would be removed, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Remove it without asking
    #[arg(long)]
    pub yes: bool,
    /// As whom AWS is asked, and where.
    #[command(flatten)]
    pub aws: AwsArgs,
}

/// As whom AWS is asked, and where.
#[derive(Debug, Args, Clone)]
pub struct AwsArgs {
    /// Region of tokens and of the function [default: from the broker names or the ARN, else the AWS configuration]
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
}

/// How long it may take.
#[derive(Debug, Args, Clone, Copy)]
pub struct LimitArgs {
    /// Time for the whole run
    #[arg(long, value_name = "TIME", default_value = "20s", env = "MSK_DOCTOR_DEADLINE", value_parser = duration)]
    pub deadline: Duration,
    /// Time for one phase of one attempt, or for one AWS call with its pages and retries
    #[arg(long, value_name = "TIME", default_value = "5s", env = "MSK_DOCTOR_PHASE_TIMEOUT", value_parser = duration)]
    pub phase_timeout: Duration,
}

/// How reports are printed.
#[derive(Debug, Args, Clone)]
pub struct OutputArgs {
    /// text, json, junit, sarif, github or markdown; may be repeated, each to a file but one
    #[arg(
        long,
        value_name = "FORMAT[=FILE]",
        env = "MSK_DOCTOR_OUTPUT",
        value_delimiter = ','
    )]
    pub output: Vec<Output>,
    /// The file in the repository at which SARIF shows results [default: msk-doctor.toml if there is one, else the
    /// workflow's file]
    #[arg(long, value_name = "PATH", env = "MSK_DOCTOR_SARIF_LOCATION")]
    pub sarif_location: Option<String>,
    /// No Unicode
    #[arg(long, env = "MSK_DOCTOR_ASCII")]
    pub ascii: bool,
    /// Colours [also NO_COLOR, CLICOLOR_FORCE]
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto, env = "MSK_DOCTOR_COLOR")]
    pub color: ColorChoice,
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
    after_help = "Examples:\n  msk-doctor lab\n  msk-doctor lab IAM-01\n  msk-doctor lab TCP-02@2 --brokers 3\n  \
    msk-doctor lab LIM-01 CLU-09\n  msk-doctor lab NET-03 --share 20%\n  \
    msk-doctor lab --check-client python3 client.py {bootstrap} {ca}\n\n\
    What stands after --check-client is the command: {bootstrap}, {ca} and {topic} in it are the lab's. Its environment has the lab's \
    credentials (AWS_ACCESS_KEY_ID and the like), MSK_DOCTOR_LAB_BOOTSTRAP and MSK_DOCTOR_LAB_CA."
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
    /// The cluster's part of MSK-like names, after b-N
    #[arg(long, value_name = "NAME", default_value = "demo.abc123.c2", value_parser = cluster)]
    pub cluster: String,
    /// Seed of delays, and of the connections that --share picks
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Serve the first N connections to each broker well
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub after: u64,
    /// Make the faults on this share of the connections
    #[arg(long, value_name = "P%", default_value = "100%", value_parser = share)]
    pub share: f64,
    /// Answer late: each time by something between none and this
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub delay: Option<Duration>,
    /// Speak this version of TLS alone: 1.2 or 1.3 [default: both]
    #[arg(long, value_name = "VERSION", value_parser = tls_version)]
    pub tls: Option<TlsVersion>,
    /// Run this command against a healthy lab and then against each fault (those named, else all that a client can meet), and say how it
    /// fares
    #[arg(long, value_name = "CMD", num_args = 1.., allow_hyphen_values = true, conflicts_with_all = ["list", "listen"])]
    pub check_client: Vec<String>,
    /// How long the command may run
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration, requires = "check_client")]
    pub client_timeout: Duration,
    /// Say it in JSON
    #[arg(long, requires = "check_client")]
    pub json: bool,
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
    /// As whom AWS is asked, and where.
    #[command(flatten)]
    pub aws: AwsArgs,
    /// How long it may take.
    #[command(flatten)]
    pub limits: LimitArgs,
}
