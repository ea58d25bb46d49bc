//! What is asked, from the arguments: brokers, cluster, function, whose path; names are looked up in the AWS facts.

use std::path::Path;

use anyhow::Result;
use msk_doctor::aws::files;
use msk_doctor::aws::snapshot::Snapshot;
use msk_doctor::aws::snapshot::kafka::Cluster;
use msk_doctor::aws::snapshot::lambda::GetFunctionConfiguration;
use msk_doctor::case::{Client, ClientKind, Shares};
use msk_doctor::cli::DiagnoseArgs;
use msk_doctor::target::{Auth, Target, parse_bootstrap};
use msk_doctor::vpc::space::Family;
use msk_doctor::vpc::{self, World, acls};

use super::{read_text, wrong};

/// What is asked.
pub struct Question {
    /// The brokers and how the client logs in.
    pub target: Target,
    /// Whom the verdict is about.
    pub client: Client,
    /// In what this machine is the same.
    pub speaks_for: Vec<Shares>,
    /// What the AWS APIs said.
    pub facts: Option<Snapshot>,
}

/// The things that the user named.
#[derive(Default)]
struct Named {
    bootstrap: Option<String>,
    cluster: Option<String>,
    function: Option<String>,
}

/// Reads the question.
pub fn read(args: &DiagnoseArgs) -> Result<Question> {
    let facts = match &args.facts {
        Some(folder) => Some(files::read(folder).map_err(|error| wrong(error.to_string()))?),
        None => None,
    };
    let named = named(args, facts.as_ref())?;
    let mut client = client(args, named.function.as_deref())?;
    let text = match (&named.bootstrap, &facts) {
        (Some(text), _) => Some(text.clone()),
        (None, Some(facts)) => bootstrap_of(facts, &named, &client, args.auth),
        (None, None) => return Err(no_target(&named)),
    };
    let endpoints = text
        .map(|text| parse_bootstrap(&text).map_err(|error| wrong(error.to_string())))
        .transpose()?
        .unwrap_or_default();
    let mut target = Target::from_endpoints(&endpoints);
    if let Some(auth) = args.auth {
        target.auth = auth;
    } else if target.auth == Auth::Tls && args.client_cert.is_some() {
        target.auth = Auth::Mtls;
    }
    if target.auth == Auth::Mtls && args.client_cert.is_none() && !args.no_probe {
        return Err(wrong("--auth mtls needs --client-cert and --client-key"));
    }
    if let Some(facts) = &facts
        && let Some(cluster) = cluster_of(facts, &named)
    {
        target.cluster = Some(cluster.cluster_arn.clone());
        if target.region.is_none() {
            target.region = cluster.cluster_arn.split(':').nth(3).map(ToOwned::to_owned);
        }
    } else if named.cluster.is_some() {
        target.cluster.clone_from(&named.cluster);
    }
    if let Some(region) = &args.region {
        target.region = Some(region.clone());
    }
    target.topic.clone_from(&args.topic);
    target.function.clone_from(&named.function);
    if client.kind == ClientKind::Function
        && let (Some(facts), Some(name)) = (&facts, &client.name)
    {
        client.role = function_of(facts, name).and_then(|function| function.role.clone());
    }
    Ok(Question {
        speaks_for: speaks_for(&client),
        target,
        client,
        facts,
    })
}

fn no_target(named: &Named) -> anyhow::Error {
    let name = named.cluster.as_ref().or(named.function.as_ref());
    match name {
        Some(name) => wrong(format!(
            "the brokers of {name:?} are not known: give the bootstrap string, or --facts with saved AWS facts"
        )),
        None => wrong(
            "no target: give a bootstrap string, such as b-1.demo.abc123.c2.kafka.eu-west-1.amazonaws.com:9098\n  \
             (aws kafka get-bootstrap-brokers --cluster-arn ARN prints it; `msk-doctor demo` needs none)",
        ),
    }
}

/// What the user named, on the command line and as TARGET.
fn named(args: &DiagnoseArgs, facts: Option<&Snapshot>) -> Result<Named> {
    let mut named = Named {
        bootstrap: args.bootstrap.clone(),
        cluster: args.cluster.clone(),
        function: args.function.clone(),
    };
    let Some(text) = args.target.as_deref() else {
        return Ok(named);
    };
    let twice = |what: &str, flag: &str| {
        wrong(format!(
            "the {what} is given twice: as TARGET and as {flag}"
        ))
    };
    match positional(text, facts)? {
        Positional::Brokers(_) if named.bootstrap.is_some() => {
            return Err(wrong(
                "the brokers are given twice: as TARGET and as --bootstrap",
            ));
        }
        Positional::Brokers(text) => named.bootstrap = Some(text),
        Positional::Cluster(_) if named.cluster.is_some() => {
            return Err(twice("cluster", "--cluster"));
        }
        Positional::Cluster(name) => named.cluster = Some(name),
        Positional::Function(_) if named.function.is_some() => {
            return Err(twice("function", "--function"));
        }
        Positional::Function(name) => named.function = Some(name),
    }
    Ok(named)
}

enum Positional {
    Brokers(String),
    Cluster(String),
    Function(String),
}

/// A bootstrap string, `-`, the name of a file that holds one, or a function's or cluster's name or ARN.
fn positional(text: &str, facts: Option<&Snapshot>) -> Result<Positional> {
    if text == "-" {
        return read_text("-").map(Positional::Brokers);
    }
    if text.starts_with("arn:") {
        if text.contains(":function:") {
            return Ok(Positional::Function(text.to_owned()));
        }
        if text.contains(":kafka:") && text.contains(":cluster/") {
            return Ok(Positional::Cluster(text.to_owned()));
        }
        return Err(wrong(format!(
            "{text:?} is the ARN of neither a Lambda function nor an MSK cluster"
        )));
    }
    if let Some(facts) = facts {
        let function = function_of(facts, text).is_some();
        let cluster = clusters(facts).any(|cluster| cluster.cluster_name == text);
        match (function, cluster) {
            (true, true) => {
                return Err(wrong(format!(
                    "{text:?} is a function and a cluster: say --function {text} or --cluster {text}"
                )));
            }
            (true, false) => return Ok(Positional::Function(text.to_owned())),
            (false, true) => return Ok(Positional::Cluster(text.to_owned())),
            (false, false) => {}
        }
    }
    let looks_like_brokers = text.contains(':') || text.contains(',');
    if !looks_like_brokers && Path::new(text).is_file() {
        return read_text(text).map(Positional::Brokers);
    }
    if !looks_like_brokers && !text.contains('.') {
        let else_what = match facts {
            Some(_) => "the facts have no function and no cluster of that name",
            None => "for the name of a function or cluster, pass --facts with saved AWS facts",
        };
        return Err(wrong(format!(
            "{text:?} is no subcommand (msk-doctor --help), no bootstrap string (host:port) and no file; {else_what}"
        )));
    }
    Ok(Positional::Brokers(text.to_owned()))
}

/// The name and the qualifier of a function, from any way to write it.
fn bare(function: &str) -> (&str, Option<&str>) {
    let bare = function
        .rsplit_once(":function:")
        .map_or(function, |(_, bare)| bare);
    match bare.split_once(':') {
        Some((name, qualifier)) => (name, Some(qualifier)),
        None => (bare, None),
    }
}

fn function_of<'a>(facts: &'a Snapshot, function: &str) -> Option<&'a GetFunctionConfiguration> {
    let (name, qualifier) = bare(function);
    vpc::configuration(facts, name, qualifier).ok()
}

fn clusters(facts: &Snapshot) -> impl Iterator<Item = &Cluster> {
    let described = facts
        .known(|facts| &facts.clusters)
        .map(|(_, answer)| &answer.cluster_info);
    let listed = facts
        .known(|facts| &facts.cluster_list)
        .flat_map(|(_, answer)| &answer.cluster_info_list);
    described.chain(listed)
}

/// The cluster: as it is named, else the one that the function reads from, else the only one.
fn cluster_of<'a>(facts: &'a Snapshot, named: &Named) -> Option<&'a Cluster> {
    let by = |wanted: &str| {
        clusters(facts)
            .find(|cluster| cluster.cluster_arn == wanted || cluster.cluster_name == wanted)
    };
    if let Some(wanted) = &named.cluster {
        return by(wanted);
    }
    let name = named.function.as_deref().map(|function| bare(function).0);
    let source = facts
        .known(|facts| &facts.event_source_mappings)
        .flat_map(|(_, answer)| &answer.event_source_mappings)
        .filter(|mapping| {
            let function = mapping.function_arn.as_deref().unwrap_or_default();
            name.is_some_and(|name| bare(function).0 == name)
        })
        .find_map(|mapping| mapping.event_source_arn.as_deref());
    if let Some(cluster) = source.and_then(by) {
        return Some(cluster);
    }
    let mut all: Vec<&Cluster> = clusters(facts).collect();
    all.dedup_by_key(|cluster| &cluster.cluster_arn);
    match all.as_slice() {
        [cluster] => Some(cluster),
        _ => None,
    }
}

/// The bootstrap string: what the function's environment has, else what the cluster offers.
fn bootstrap_of(
    facts: &Snapshot,
    named: &Named,
    client: &Client,
    auth: Option<Auth>,
) -> Option<String> {
    let configured = named
        .function
        .as_deref()
        .and_then(|function| function_of(facts, function))
        .and_then(|function| function.environment.as_ref())
        .and_then(|environment| {
            environment
                .variables
                .values()
                .find(|value| value.contains(':') && parse_bootstrap(value).is_ok())
        });
    if let Some(configured) = configured {
        return Some(configured.clone());
    }
    let cluster = cluster_of(facts, named)?;
    let acls = acls(facts);
    let world = World::new(facts, &acls);
    let strings = vpc::bootstrap(&world, cluster)?;
    let public = client
        .vantage()
        .is_some_and(|from| vpc::uses_public_listener(&world, cluster, &from));
    let wanted = auth.map_or_else(
        || vec![Auth::Iam, Auth::Scram, Auth::Tls, Auth::Plaintext],
        |auth| vec![auth],
    );
    wanted
        .into_iter()
        .find_map(|auth| strings.string(auth, public, Family::V4))
        .map(ToOwned::to_owned)
}

/// Whom the verdict is about: `--from`, else the function, else this machine.
fn client(args: &DiagnoseArgs, function: Option<&str>) -> Result<Client> {
    let of = |kind, name: Option<String>| Client {
        kind,
        name,
        role: None,
    };
    if let Some(from) = &args.from {
        let parsed: vpc::From = from.parse().map_err(|error: String| wrong(error))?;
        let rest = from.split_once(':').map_or("", |(_, rest)| rest);
        return Ok(match parsed {
            vpc::From::Function { .. } => of(ClientKind::Function, Some(plain(rest))),
            vpc::From::Interface(id) => of(ClientKind::Interface, Some(id)),
            vpc::From::Instance(id) => of(ClientKind::Instance, Some(id)),
            vpc::From::Subnets { .. } => of(ClientKind::Subnet, Some(rest.to_owned())),
            vpc::From::Address(address) => of(ClientKind::Address, Some(address.to_string())),
        });
    }
    Ok(match function {
        Some(function) => of(ClientKind::Function, Some(plain(function))),
        None => of(ClientKind::Machine, None),
    })
}

/// A function as `NAME` or `NAME:QUALIFIER`.
fn plain(function: &str) -> String {
    match bare(function) {
        (name, Some(qualifier)) => format!("{name}:{qualifier}"),
        (name, None) => name.to_owned(),
    }
}

/// This machine is the client unless another is named; a function that runs this very program is
/// itself (its name is in the environment that Lambda sets).
fn speaks_for(client: &Client) -> Vec<Shares> {
    let itself = match (client.kind, &client.name) {
        (ClientKind::Machine, _) => true,
        (ClientKind::Function, Some(name)) => {
            std::env::var("AWS_LAMBDA_FUNCTION_NAME").ok().as_deref() == Some(bare(name).0)
        }
        _ => false,
    };
    if itself {
        vec![Shares::Path, Shares::Identity]
    } else {
        Vec::new()
    }
}
