//! What is asked, from the arguments: brokers, cluster, function, whose path; names are looked up in the AWS facts.

use std::path::Path;

use anyhow::Result;
use futures::FutureExt as _;
use msk_doctor::aws::files;
use msk_doctor::aws::read::Wanted;
use msk_doctor::aws::snapshot::Snapshot;
use msk_doctor::case::{Asked, Client, ClientKind, Shares};
use msk_doctor::cli::{DiagnoseArgs, nearest_subcommand};
use msk_doctor::iam::Principal;
use msk_doctor::machine;
use msk_doctor::named::{Named, bare, clusters, function_in};
use msk_doctor::pipeline::{Facts, When};
use msk_doctor::target::{Auth, Endpoint, MskName, Target, parse_bootstrap};
use msk_doctor::vpc;

use super::facts::{Regions, Whose, ask, told};
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
    pub facts: Facts,
}

/// Reads the question. Where AWS is to be asked and its answers say what is meant, they are waited for; where the
/// brokers are named, they come beside the probes.
pub async fn read(args: &DiagnoseArgs, asked: Asked) -> Result<Question> {
    let saved = match (&args.given.facts, &args.facts) {
        (Some(facts), _) => Some(facts.clone()),
        (None, Some(folder)) => {
            Some(files::read(folder).map_err(|error| wrong(error.to_string()))?)
        }
        (None, None) => None,
    };
    let may_ask = saved.is_none() && !args.no_aws;
    let named = named(args, saved.as_ref(), may_ask)?;
    let configuration_only = asked != Asked::Everything || args.no_probe;
    let about_aws = configuration_only || is_about_aws(args, &named);
    // An instance of the account is a client whose path AWS can tell.
    let own = client(args, named.function.as_deref())?.kind == ClientKind::Machine;
    let here = own.then(machine::instance).flatten();
    if !may_ask || !(about_aws || here.is_some()) {
        return question(args, &named, saved);
    }
    let client = client(args, named.function.as_deref())?;
    let endpoints = endpoints(named.bootstrap.as_deref())?;
    let (mut wanted, regions) = wanted(&named, &client, &endpoints);
    let when = if about_aws {
        When::Beside
    } else {
        When::OnFailure
    };
    wanted.instances.extend(here);
    wanted.rights = matches!(asked, Asked::Everything | Asked::Lambda | Asked::Iam);
    wanted.principal.clone_from(&args.principal);
    wanted.topic.clone_from(&args.topic);
    wanted.group.clone_from(&args.group);
    let own_rights = wanted.rights
        && wanted.principal.is_none()
        && client.kind == ClientKind::Machine
        && named.either.is_none();
    let whose = if own_rights {
        Whose::Callers
    } else {
        Whose::Named
    };
    let beside_probes = !endpoints.is_empty() && !configuration_only;
    let (aws, mut limits) = (args.aws.clone(), args.limits);
    if !beside_probes && !configuration_only {
        // Probes come after it, and need time too.
        limits.deadline /= 2;
    }
    let answers = async move { Box::pin(ask(&aws, limits, wanted, regions, whose)).await }.boxed();
    if beside_probes {
        let question = question(args, &named, None)?;
        return Ok(Question {
            facts: Facts::Asked {
                when,
                answers,
                named,
            },
            ..question
        });
    }
    let facts = answers.await.map_err(|why| {
        wrong(format!("{why}\n  AWS says what is meant; else give the bootstrap string, or --facts with saved AWS facts"))
    })?;
    let named = which(named, &facts)?;
    question(args, &named, Some(facts))
}

/// Whether something is named that only AWS knows.
fn is_about_aws(args: &DiagnoseArgs, named: &Named) -> bool {
    named.cluster.is_some()
        || named.function.is_some()
        || named.either.is_some()
        || args.from.is_some()
}

/// What to ask AWS for.
fn wanted(named: &Named, client: &Client, endpoints: &[Endpoint]) -> (Wanted, Regions) {
    let of_names = endpoints
        .iter()
        .find_map(|endpoint| MskName::parse(&endpoint.host));
    let cluster = named
        .cluster
        .clone()
        .or_else(|| of_names.as_ref().and_then(|name| name.cluster.clone()));
    let mut wanted = match client.vantage() {
        Some(from) => Wanted::of(cluster.as_deref(), &from),
        None => Wanted {
            cluster,
            ..Wanted::default()
        },
    };
    if let Some(function) = &named.function {
        let (name, qualifier) = bare(function);
        let function = (name.to_owned(), qualifier.map(ToOwned::to_owned));
        if !wanted.functions.contains(&function) {
            wanted.functions.push(function);
        }
    }
    wanted.either.clone_from(&named.either);
    let mut regions = Regions::of(named.function.as_deref(), named.cluster.as_deref());
    regions.cluster = regions.cluster.or_else(|| of_names.map(|name| name.region));
    (wanted, regions)
}

/// The brokers of a bootstrap string.
fn endpoints(text: Option<&str>) -> Result<Vec<Endpoint>> {
    let parsed = text.map(parse_bootstrap).transpose();
    Ok(parsed
        .map_err(|error| wrong(error.to_string()))?
        .unwrap_or_default())
}

/// The question, once it is known what the facts say, or that there are none.
fn question(args: &DiagnoseArgs, named: &Named, facts: Option<Snapshot>) -> Result<Question> {
    let mut client = client(args, named.function.as_deref())?;
    let text = match &facts {
        None if named.bootstrap.is_none() => return Err(no_target(named)),
        None => named.bootstrap.clone(),
        Some(facts) => named.bootstrap_in(facts, &client, args.auth),
    };
    let mut target = Target::from_endpoints(&endpoints(text.as_deref())?);
    if let Some(auth) = args.auth {
        target.auth = auth;
    } else if args.scram_user.is_some() {
        target.auth = Auth::Scram;
    } else if target.auth == Auth::Tls && args.client_cert.is_some() {
        target.auth = Auth::Mtls;
    }
    if target.auth == Auth::Mtls && args.client_cert.is_none() && !args.no_probe {
        return Err(wrong("--auth mtls needs --client-cert and --client-key"));
    }
    target.cluster.clone_from(&named.cluster);
    if let Some(facts) = &facts {
        named.learn(facts, &mut target, &mut client);
    }
    if let Some(region) = &args.aws.region {
        target.region = Some(region.clone());
    }
    target.topic.clone_from(&args.topic);
    target.group.clone_from(&args.group);
    target.transactional_id.clone_from(&args.transactional_id);
    target.function.clone_from(&named.function);
    if let Some(principal) = &args.principal {
        Principal::from_arn(principal).map_err(|error| {
            wrong(format!(
                "--principal: {error}, such as arn:aws:iam::111122223333:role/orders"
            ))
        })?;
        client.role = Some(principal.clone());
    }
    Ok(Question {
        speaks_for: match &args.given.speaks_for {
            Some(given) => given.clone(),
            None => speaks_for(&client),
        },
        target,
        client,
        facts: Facts::Here(facts),
    })
}

fn no_target(named: &Named) -> anyhow::Error {
    let name = named.cluster.as_ref().or(named.function.as_ref());
    match name {
        Some(name) => wrong(format!(
            "the brokers of {name:?} are not known: give the bootstrap string, leave out --no-aws, or pass --facts with saved AWS facts"
        )),
        None => wrong(
            "no target: give a bootstrap string, such as b-1.demo.abc123.c2.kafka.eu-west-1.amazonaws.com:9098\n  \
             (aws kafka get-bootstrap-brokers --cluster-arn ARN prints it; `msk-doctor demo` needs none)",
        ),
    }
}

/// What the user named, on the command line and as TARGET.
fn named(args: &DiagnoseArgs, facts: Option<&Snapshot>, may_ask: bool) -> Result<Named> {
    let mut named = Named {
        bootstrap: args.bootstrap.clone(),
        cluster: args.cluster.clone(),
        function: args.function.clone(),
        either: None,
    };
    let Some(text) = args.target.as_deref() else {
        return Ok(named);
    };
    let twice = |what: &str, flag: &str| {
        wrong(format!(
            "the {what} is given twice: as TARGET and as {flag}"
        ))
    };
    match positional(text, facts, may_ask)? {
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
        // Where the other is named, this is the one.
        Positional::Either(name) if named.cluster.is_some() && named.function.is_none() => {
            named.function = Some(name);
        }
        Positional::Either(name) if named.function.is_some() && named.cluster.is_none() => {
            named.cluster = Some(name);
        }
        Positional::Either(name) => named.either = Some(name),
    }
    Ok(named)
}

enum Positional {
    Brokers(String),
    Cluster(String),
    Function(String),
    /// A function or a cluster: AWS will say.
    Either(String),
}

/// A bootstrap string, `-`, the name of a file that holds one, or a function's or cluster's name or ARN.
fn positional(text: &str, facts: Option<&Snapshot>, may_ask: bool) -> Result<Positional> {
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
    if let Some(facts) = facts
        && let Some(found) = either(text, facts)?
    {
        return Ok(found);
    }
    if let Some((name, qualifier)) = text.split_once(':')
        && is_name(name)
        && is_name(qualifier)
        && !qualifier.bytes().all(|b| b.is_ascii_digit())
    {
        return Ok(Positional::Function(text.to_owned()));
    }
    let looks_like_brokers = text.contains(':') || text.contains(',');
    if !looks_like_brokers && Path::new(text).is_file() {
        return read_text(text).map(Positional::Brokers);
    }
    if !looks_like_brokers && !text.contains('.') {
        if may_ask && is_name(text) {
            return Ok(Positional::Either(text.to_owned()));
        }
        let else_what = match facts {
            Some(_) => "the facts have no function and no cluster of that name",
            None if may_ask => "it cannot be the name of a function or cluster",
            None => {
                "for the name of a function or cluster, leave out --no-aws or pass --facts with saved AWS facts"
            }
        };
        return Err(wrong(format!(
            "{text:?} is no subcommand{}, no bootstrap string (host:port) and no file; {else_what}",
            perhaps(text)
        )));
    }
    Ok(Positional::Brokers(text.to_owned()))
}

/// The subcommand that was perhaps meant, else where they are listed.
fn perhaps(text: &str) -> String {
    match nearest_subcommand(text) {
        Some(name) => format!(" (perhaps {name:?})"),
        None => " (msk-doctor --help)".to_owned(),
    }
}

/// Whether a function, a qualifier or a cluster can have that name.
fn is_name(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"-_$".contains(&b);
    !text.is_empty() && text.bytes().all(fits)
}

/// What of that name the facts have.
fn either(name: &str, facts: &Snapshot) -> Result<Option<Positional>> {
    let function = function_in(facts, name).is_some();
    let cluster = clusters(facts).any(|cluster| cluster.cluster_name == name);
    match (function, cluster) {
        (true, true) => Err(wrong(format!(
            "{name:?} is a function and a cluster: say --function {name} or --cluster {name}"
        ))),
        (true, false) => Ok(Some(Positional::Function(name.to_owned()))),
        (false, true) => Ok(Some(Positional::Cluster(name.to_owned()))),
        (false, false) => Ok(None),
    }
}

/// Whether the name was a function's or a cluster's, now that AWS has answered.
fn which(mut named: Named, facts: &Snapshot) -> Result<Named> {
    let Some(name) = named.either.take() else {
        return Ok(named);
    };
    match either(&name, facts)? {
        Some(Positional::Function(name)) => named.function = Some(name),
        Some(Positional::Cluster(name)) => named.cluster = Some(name),
        _ => return Err(wrong(unknown_name(&name, facts)?)),
    }
    Ok(named)
}

/// Why a name is neither a function's nor a cluster's, as far as AWS told.
fn unknown_name(name: &str, facts: &Snapshot) -> Result<String> {
    let regions: Vec<&str> = facts
        .scopes
        .iter()
        .filter_map(|scope| scope.region.as_deref())
        .collect();
    let mut refusals = told(facts)?.refusals;
    // That it is not there is an answer.
    refusals.retain(|refusal| !refusal.contains("NotFoundException"));
    let because = if refusals.is_empty() {
        format!(
            "{} has no function and no MSK cluster of that name for these credentials (another --region or --profile?)",
            if regions.is_empty() {
                "AWS".to_owned()
            } else {
                regions.join(", ")
            }
        )
    } else {
        together(&refusals)
    };
    Ok(format!(
        "{name:?} is no subcommand{}, no bootstrap string (host:port) and no file; {because}",
        perhaps(name)
    ))
}

/// Refusals, those for one reason in one.
fn together(refusals: &[String]) -> String {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for refusal in refusals {
        let (what, why) = refusal
            .split_once(" failed: ")
            .unwrap_or((refusal.as_str(), ""));
        match reasons
            .iter_mut()
            .find(|(own, _)| !why.is_empty() && *own == why)
        {
            Some((_, all)) => all.push(what),
            None => reasons.push((why, vec![what])),
        }
    }
    let words = reasons.iter().map(|(why, all)| match all.as_slice() {
        [one] if why.is_empty() => (*one).to_owned(),
        [one] => format!("{one} failed: {why}"),
        [one, more @ ..] => format!("{one} failed, and {} more calls: {why}", more.len()),
        [] => String::new(),
    });
    words.collect::<Vec<_>>().join("; ")
}

/// Whom the verdict is about: `--from`, else the function, else this machine.
fn client(args: &DiagnoseArgs, function: Option<&str>) -> Result<Client> {
    let of = |kind, name: Option<String>| Client {
        kind,
        name,
        role: None,
        library: args.client,
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
