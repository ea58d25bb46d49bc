//! Reads the facts of a question from the APIs of EC2, MSK and Lambda: rounds of concurrent calls, each planned from
//! what the ones before it told, until nothing more is needed.
//!
//! Function and cluster in the same or in peered VPCs take four rounds: the function and the cluster; where they
//! stand; what is in those VPCs; what that refers to.

mod convert;
mod ec2;
mod iam;
mod kafka;
mod lambda;
mod plan;
mod rest;
mod route53;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::net::IpAddr;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures::future::join_all;
use tokio::time::{Instant, timeout};

use self::plan::Ask;
use super::credentials::{CONNECT, loader};
use super::error::words;
use super::files::key_of;
use super::snapshot::{Answer, Answers, Facts, Response, Snapshot};
use crate::secret::Printable;

/// More rounds than any question takes.
const MOST_ROUNDS: usize = 12;
/// How often a call is tried, with the SDK's standard backoff: throttling ends within seconds or not at all.
const ATTEMPTS: u32 = 4;

/// What facts are wanted for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The cluster's ARN or name; without one, the cluster that feeds the function or stands in its environment.
    pub cluster: Option<String>,
    /// The name of a function or of a cluster: whichever there is.
    pub either: Option<String>,
    /// Functions, with their qualifiers.
    pub functions: Vec<(String, Option<String>)>,
    /// Network interfaces of clients.
    pub interfaces: Vec<String>,
    /// Instances of clients.
    pub instances: Vec<String>,
    /// Subnets of clients.
    pub subnets: Vec<String>,
    /// Groups of clients.
    pub groups: Vec<String>,
    /// Addresses of clients.
    pub addresses: Vec<IpAddr>,
    /// Whether the rights of the functions' roles matter.
    pub rights: bool,
    /// The ARN of a role, a role's session or a user whose rights matter besides.
    pub principal: Option<String>,
    /// A topic that is used.
    pub topic: Option<String>,
    /// A consumer group that is used.
    pub group: Option<String>,
}

impl Wanted {
    /// Facts for a path from `from`.
    #[must_use]
    pub fn of(cluster: Option<&str>, from: &crate::vpc::From) -> Self {
        use crate::vpc::From;
        let mut wanted = Self {
            cluster: cluster.map(ToOwned::to_owned),
            ..Self::default()
        };
        match from.clone() {
            From::Function { name, qualifier } => wanted.functions.push((name, qualifier)),
            From::Interface(id) => wanted.interfaces.push(id),
            From::Instance(id) => wanted.instances.push(id),
            From::Subnets { subnets, groups } => {
                wanted.subnets = subnets;
                wanted.groups = groups;
            }
            From::Address(address) => wanted.addresses.push(address),
        }
        wanted
    }
}

/// As whom and in which region to ask.
#[derive(Debug, Clone)]
pub struct Access {
    /// The credentials.
    pub credentials: Credentials,
    /// The region.
    pub region: String,
    /// `--profile`, for endpoints that it sets.
    pub profile: Option<String>,
}

/// How long to ask.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// All of it.
    pub whole: Duration,
    /// One call, all its attempts and pages.
    pub call: Duration,
}

/// Reads the facts; the cluster's in another account or region, where that is given. Whatever happens is an answer.
pub async fn read(
    wanted: &Wanted,
    client: &Access,
    cluster: Option<&Access>,
    limits: Limits,
) -> Snapshot {
    let started = Instant::now();
    let end = started.checked_add(limits.whole).unwrap_or(started);
    let mut clients = Vec::new();
    let mut facts = Vec::new();
    for access in [Some(client), cluster].into_iter().flatten() {
        clients.push(Clients::new(access, limits.call).await);
        facts.push(Facts {
            region: Some(access.region.clone()),
            ..Facts::default()
        });
    }
    let mut asked = BTreeSet::new();
    for _ in 0..MOST_ROUNDS {
        let next = plan::round(wanted, &facts, &mut asked);
        if next.is_empty() {
            break;
        }
        let calls = plan::batches(next).into_iter().map(|(scope, call)| {
            let clients = &clients[scope];
            async move { (scope, call.within(clients, end, limits.call).await) }
        });
        for (scope, merge) in join_all(calls).await {
            merge(&mut facts[scope]);
        }
    }
    let accounts = plan::accounts(wanted, &facts);
    for (facts, account) in facts.iter_mut().zip(accounts) {
        facts.account = account;
    }
    facts.retain(|facts| !facts.is_empty());
    Snapshot { scopes: facts }
}

/// How an answer is taken in.
type Merge = Box<dyn FnOnce(&mut Facts) + Send>;

/// Why a call has no answer.
#[derive(Debug, Clone)]
enum Refusal {
    Denied,
    Failed(String),
}

impl<E, R> From<SdkError<E, R>> for Refusal
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug + 'static,
{
    fn from(error: SdkError<E, R>) -> Self {
        const DENIED: &[&str] = &[
            "AccessDenied",
            "AccessDeniedException",
            "UnauthorizedOperation",
            "ForbiddenException",
        ];
        let code = error.code();
        if code.is_some_and(|code| DENIED.contains(&code)) {
            return Refusal::Denied;
        }
        Refusal::Failed(short(&words(&error)))
    }
}

/// The first words, without control characters.
fn short(words: &str) -> String {
    /// Characters: a line or two.
    const MOST: usize = 200;
    let words: String = words.chars().take(MOST).collect();
    Printable::new(&words).to_string()
}

/// Takes in an answer for one thing.
fn one<T: Response>(answers: &mut Answers<T>, key: &str, result: Result<T, Refusal>) {
    let answer = match result {
        Ok(known) => Answer::Known(known),
        Err(Refusal::Denied) => Answer::Denied,
        Err(Refusal::Failed(because)) => Answer::Failed(because),
    };
    answers.insert(key.to_owned(), answer);
}

/// Takes in a part of a list. A part that is missing makes the list as a whole unknown; what is known of it stays
/// so, under the key `part`.
fn list<T: Response>(
    answers: &mut Answers<T>,
    result: Result<T, Refusal>,
    join: impl FnOnce(&mut T, T),
) {
    const PART: &str = "part";
    let broken = matches!(answers.get(""), Some(Answer::Denied | Answer::Failed(_)));
    match result {
        Ok(more) => {
            let key = if broken { PART } else { "" };
            match answers.get_mut(key) {
                Some(Answer::Known(all)) => join(all, more),
                _ => {
                    answers.insert(key.to_owned(), Answer::Known(more));
                }
            }
        }
        Err(refusal) => {
            if let Some(known @ Answer::Known(_)) = answers.remove("") {
                answers.insert(PART.to_owned(), known);
            }
            one(answers, "", Err(refusal));
        }
    }
}

/// The clients of one account and region.
struct Clients {
    ec2: aws_sdk_ec2::Client,
    kafka: aws_sdk_kafka::Client,
    lambda: aws_sdk_lambda::Client,
    iam: aws_sdk_iam::Client,
    route53: aws_sdk_route53::Client,
    resolver: aws_sdk_route53resolver::Client,
    region: String,
}

impl Clients {
    async fn new(access: &Access, call: Duration) -> Self {
        let config = loader(access.profile.as_deref(), Some(access.region.clone()))
            .credentials_provider(access.credentials.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT)
                    .operation_timeout(call)
                    .build(),
            )
            .load()
            .await;
        Self {
            ec2: aws_sdk_ec2::Client::new(&config),
            kafka: aws_sdk_kafka::Client::new(&config),
            lambda: aws_sdk_lambda::Client::new(&config),
            iam: aws_sdk_iam::Client::new(&config),
            route53: aws_sdk_route53::Client::new(&config),
            resolver: aws_sdk_route53resolver::Client::new(&config),
            region: access.region.clone(),
        }
    }
}

/// One API call, of all its pages.
enum Call {
    Describe(ec2::Kind, ec2::By, Vec<String>),
    One(Ask),
}

impl Call {
    /// Makes the call, if there is time, and gives up in time.
    async fn within(self, clients: &Clients, end: Instant, most: Duration) -> Merge {
        let left = end.saturating_duration_since(Instant::now()).min(most);
        let late = if left.is_zero() {
            Refusal::Failed("the time for the run was over".to_owned())
        } else {
            Refusal::Failed(format!("no answer within {left:.1?}"))
        };
        match self {
            Call::Describe(kind, by, values) => {
                timeout(left, ec2::describe(&clients.ec2, kind, by, values))
                    .await
                    .unwrap_or_else(|_| ec2::refused(kind, late))
            }
            Call::One(ask) => ask.make(clients, left, late).await,
        }
    }
}

/// Makes a call in time, and says how the answer is taken in.
macro_rules! call {
    ($call:expr, $field:ident, $key:expr, $left:expr, $late:expr) => {{
        let result = timeout($left, $call).await.unwrap_or(Err($late));
        let key: String = $key;
        Box::new(move |facts: &mut Facts| one(&mut facts.$field, &key, result)) as Merge
    }};
}

use call;

impl Ask {
    async fn make(self, clients: &Clients, left: Duration, late: Refusal) -> Merge {
        let Clients {
            ec2: e,
            kafka: k,
            lambda: l,
            ..
        } = clients;
        match self {
            Ask::Described(kind, by, value) => ec2::describe(e, kind, by, vec![value]).await,
            Ask::VpcAttribute(vpc, name) => {
                let key = format!("{vpc}.{name}");
                let call = ec2::vpc_attribute(e, &vpc, name);
                call!(call, vpc_attributes, key, left, late)
            }
            Ask::PrefixList(id) => {
                let call = ec2::prefix_list(e, &id);
                call!(call, prefix_lists, key_of(&id), left, late)
            }
            Ask::TransitGatewayRoutes(table) => {
                let call = ec2::transit_gateway_routes(e, &table);
                call!(call, transit_gateway_routes, key_of(&table), left, late)
            }
            Ask::BlockPublicAccess => {
                let call = ec2::block_public_access(e);
                call!(call, block_public_access, String::new(), left, late)
            }
            Ask::BlockPublicAccessExclusions => {
                let call = ec2::block_public_access_exclusions(e);
                call!(
                    call,
                    block_public_access_exclusions,
                    String::new(),
                    left,
                    late
                )
            }
            Ask::Cluster(arn) => {
                call!(kafka::cluster(k, &arn), clusters, key_of(&arn), left, late)
            }
            Ask::ClusterByName(name) => {
                call!(
                    kafka::clusters(k, &name),
                    cluster_list,
                    String::new(),
                    left,
                    late
                )
            }
            Ask::Nodes(arn) => call!(kafka::nodes(k, &arn), nodes, key_of(&arn), left, late),
            Ask::BootstrapBrokers(arn) => {
                let call = kafka::bootstrap_brokers(k, &arn);
                call!(call, bootstrap_brokers, key_of(&arn), left, late)
            }
            Ask::ClusterPolicy(arn) => {
                call!(
                    kafka::policy(k, &arn),
                    cluster_policies,
                    key_of(&arn),
                    left,
                    late
                )
            }
            Ask::ClientVpcConnections(arn) => {
                let call = kafka::client_vpc_connections(k, &arn);
                call!(call, client_vpc_connections, key_of(&arn), left, late)
            }
            Ask::VpcConnections => {
                call!(
                    kafka::vpc_connections(k),
                    vpc_connections,
                    String::new(),
                    left,
                    late
                )
            }
            Ask::VpcConnection(arn) => {
                let call = kafka::vpc_connection(k, &arn);
                call!(call, vpc_connection, key_of(&arn), left, late)
            }
            Ask::Name(name) => name.make(clients, left, late).await,
            Ask::Right(right) => right.make(clients, left, late).await,
            Ask::Function(name, qualifier) => {
                let key = key_of(&plan::full(&name, qualifier.as_deref()));
                let call = lambda::configuration(l, &name, qualifier.as_deref());
                call!(call, functions, key, left, late)
            }
            Ask::Concurrency(name) => {
                let call = lambda::concurrency(l, &name);
                call!(call, concurrency, key_of(&name), left, late)
            }
            Ask::EventSourceMappings(name) => {
                let call = lambda::event_source_mappings(l, &name);
                call!(call, event_source_mappings, String::new(), left, late)
            }
        }
    }
}

/// Calls of a round, batched: things of a kind by one filter make one call.
type Batches = BTreeMap<(usize, ec2::Kind, ec2::By), Vec<String>>;
