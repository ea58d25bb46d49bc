//! All that a diagnosis may know. A case has no secrets, is saved as JSON and replays offline.

use std::net::IpAddr;

use indexmap::IndexSet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::aws::snapshot::Snapshot;
use crate::clients::Library;
use crate::phase::Phase;
use crate::probe::observation::{
    AdvertisedBroker, End, LARGE_HELLO, Observation, PhaseRecord, Purpose, coordinators,
};
use crate::target::{Endpoint, Target};
use crate::vpc;

/// The form of saved cases; raised when an older reader would misread a newer case.
pub const CASE_SCHEMA: u32 = 1;

/// What this machine has in common with the client that the question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Shares {
    /// The network path: resolver, routes, filters.
    Path,
    /// The AWS identity.
    Identity,
}

/// Whom the verdict is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Client {
    /// What it is.
    pub kind: ClientKind,
    /// The function's name, the address, or the ids, as `--from` has them.
    pub name: Option<String>,
    /// The role that the client runs as, if it is known.
    pub role: Option<String>,
    /// The Kafka client that it uses, where the user names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub library: Option<Library>,
}

impl Client {
    /// The client as the proof of its path asks for it; `None` for this machine, whose addresses only probes tell.
    #[must_use]
    pub fn vantage(&self) -> Option<vpc::From> {
        let kind = match self.kind {
            ClientKind::Machine => return None,
            ClientKind::Function => "function",
            ClientKind::Interface => "eni",
            ClientKind::Instance => "instance",
            ClientKind::Subnet => "subnet",
            ClientKind::Address => "ip",
        };
        format!("{kind}:{}", self.name.as_ref()?).parse().ok()
    }
}

/// The kinds of client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClientKind {
    /// This machine.
    Machine,
    /// A Lambda function.
    Function,
    /// Another address.
    Address,
    /// A network interface.
    Interface,
    /// An instance.
    Instance,
    /// Any interface in some subnets with some groups.
    Subnet,
}

impl ClientKind {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ClientKind::Machine => "this machine",
            ClientKind::Function => "function",
            ClientKind::Address => "address",
            ClientKind::Interface => "interface",
            ClientKind::Instance => "instance",
            ClientKind::Subnet => "any interface of",
        }
    }
}

/// What was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// Whether the client can work.
    #[default]
    Everything,
    /// Whether the network's configuration lets it.
    Network,
    /// Whether the cluster's configuration does.
    Cluster,
    /// Whether the function's configuration does, and that of what feeds it.
    Lambda,
    /// Whether the policies do.
    Iam,
}

/// From where the probes were made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Vantage {
    /// `machine` or `function`.
    pub kind: ClientKind,
    /// The local addresses that connections were made from.
    pub addresses: Vec<IpAddr>,
    /// The EC2 instance that it is, as its firmware says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The Lambda function that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<RunningFunction>,
    /// The ARN that STS gave for the credentials.
    pub identity: Option<String>,
    /// In what this place is the same as the client.
    pub speaks_for: Vec<Shares>,
}

impl Vantage {
    /// Where the probes are made in a Lambda function, says so.
    pub fn runs_in(&mut self, function: Option<RunningFunction>) {
        if function.is_some() {
            self.kind = ClientKind::Function;
        }
        self.function = function;
    }
}

/// A Lambda function, as it knows itself.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunningFunction {
    /// Its name.
    pub name: String,
    /// Its version, `$LATEST` or a number.
    pub version: String,
    /// Its memory, in MiB.
    pub memory_mb: u32,
    /// Its region.
    pub region: Option<String>,
    /// Its runtime, such as `AWS_Lambda_provided.al2023`.
    pub runtime: Option<String>,
    /// Whether this is the first invocation of its execution environment.
    pub cold: bool,
    /// The invocation's request id.
    pub request_id: String,
    /// How much time the invocation had left when it began, in milliseconds.
    pub had_ms: u64,
}

/// The credentials that tokens are made from, without any secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CredentialFacts {
    /// Where they came from.
    pub source: Option<String>,
    /// The access key id, which is no secret.
    pub access_key_id: Option<String>,
    /// When they end, seconds since 1970.
    pub expires: Option<i64>,
    /// How long it took to get them, milliseconds.
    pub took_ms: u64,
    /// Why there are none.
    pub absent: Option<String>,
    /// The catalogue's code for that.
    pub absent_code: Option<String>,
}

/// What STS said of the credentials.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum IdentityFacts {
    /// The credentials are this principal's.
    Known {
        /// Its ARN.
        arn: String,
        /// Its account.
        account: String,
    },
    /// STS refused the credentials.
    Refused {
        /// The error's code: `ExpiredToken` and the like.
        code: String,
        /// STS's words.
        message: String,
        /// Whether it is the time of the signature that is refused, and not whose it is.
        #[serde(default)]
        clock: bool,
    },
    /// STS could not be asked.
    Unknown {
        /// Why.
        because: String,
    },
    /// It was not asked.
    #[default]
    NotAsked,
}

/// What the token says of itself, without its signature.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenJudgement {
    /// Whether the user gave it, instead of msk-doctor making it.
    pub given: bool,
    /// The region that it is signed for.
    pub region: Option<String>,
    /// The key that signed it.
    pub access_key_id: Option<String>,
    /// When it was signed, seconds since 1970.
    pub signed_at: Option<i64>,
    /// When it ends, seconds since 1970.
    pub expires_at: Option<i64>,
    /// Whether it carries a session token.
    pub session_token: bool,
    /// What is wrong with it.
    pub problems: Vec<TokenFault>,
}

/// One thing that is wrong with a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenFault {
    /// The catalogue's code.
    pub code: String,
    /// What is wrong, and what to do.
    pub words: String,
}

/// Everything known about one question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Case {
    /// [`CASE_SCHEMA`].
    pub schema: u32,
    /// The version of the msk-doctor that made it.
    pub version: String,
    /// What was asked.
    pub target: Target,
    /// What was asked of it.
    #[serde(default)]
    pub asked: Asked,
    /// The last phase that was asked for.
    pub until: Phase,
    /// Whom the verdict is about.
    pub client: Client,
    /// From where the probes were made.
    pub vantage: Vantage,
    /// What the probes saw.
    pub observations: Vec<Observation>,
    /// The credentials.
    pub credentials: CredentialFacts,
    /// Whose they are.
    pub identity: IdentityFacts,
    /// The token.
    pub token: Option<TokenJudgement>,
    /// How far the local clock is ahead of AWS's, seconds, when it was measured.
    pub clock_ahead_s: Option<f64>,
    /// What the AWS APIs said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Value>")]
    pub facts: Option<Snapshot>,
    /// Why they are not known, where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts_absent: Option<String>,
    /// Why nothing was seen from inside the VPC, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_absent: Option<String>,
    /// Why no canary was sent, where one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary_absent: Option<String>,
    /// Statements that test what another function of the same role has otherwise: its ARN, the name of its session.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub session_tests: Vec<String>,
    /// Experiments that were tried, in order.
    pub experiments: Vec<String>,
    /// When the run began, RFC 3339.
    pub started: String,
    /// The time of day at the beginning, seconds since 1970.
    pub now: i64,
    /// How long it took, milliseconds.
    pub duration_ms: u64,
    /// Whether the run came to its end.
    pub complete: bool,
}

impl Case {
    /// The client as the facts know it: a machine is the instance that they have, else its address. `None` where it
    /// has none.
    #[must_use]
    pub fn whose_path(&self) -> Option<vpc::From> {
        if self.client.kind != ClientKind::Machine {
            return self.client.vantage();
        }
        let own = || {
            self.vantage
                .addresses
                .first()
                .copied()
                .map(vpc::From::Address)
        };
        self.known_instance().map(vpc::From::Instance).or_else(own)
    }

    /// The instance that this machine is, where the facts have it: another account's have not.
    fn known_instance(&self) -> Option<String> {
        let id = self.vantage.instance.as_ref()?;
        let known = self
            .facts
            .as_ref()?
            .known(|facts| &facts.network_interfaces)
            .flat_map(|(_, answer)| &answer.network_interfaces)
            .filter_map(|interface| interface.attachment.as_ref())
            .any(|attachment| attachment.instance_id.as_ref() == Some(id));
        known.then(|| id.clone())
    }

    /// A case in which nothing was seen yet.
    #[must_use]
    pub fn of(target: Target, client: Client, until: Phase) -> Self {
        let now = time::OffsetDateTime::now_utc();
        Self {
            schema: CASE_SCHEMA,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            target,
            asked: Asked::default(),
            until,
            client,
            vantage: Vantage {
                function: None,
                kind: ClientKind::Machine,
                addresses: Vec::new(),
                instance: None,
                identity: None,
                speaks_for: Vec::new(),
            },
            observations: Vec::new(),
            credentials: CredentialFacts::default(),
            identity: IdentityFacts::default(),
            token: None,
            clock_ahead_s: None,
            facts: None,
            facts_absent: None,
            remote_absent: None,
            canary_absent: None,
            session_tests: Vec::new(),
            experiments: Vec::new(),
            started: rfc3339(now),
            now: now.unix_timestamp(),
            duration_ms: 0,
            complete: true,
        }
    }

    /// The attempts that a client would make too: not the experiments, and not the real client's.
    pub fn attempts(&self) -> impl Iterator<Item = &Observation> {
        self.observations
            .iter()
            .filter(|o| matches!(o.purpose, Purpose::Bootstrap | Purpose::Advertised))
    }

    /// Handshakes with a large `ClientHello` that came to nothing, where the small one was answered at the same address, and every request
    /// after it: what ends connections is no matter of the hello.
    pub fn lost_large_hellos(&self) -> impl Iterator<Item = (&Observation, &PhaseRecord)> {
        let made = self
            .observations
            .iter()
            .filter(|o| o.purpose.experiment() == Some(LARGE_HELLO));
        made.filter_map(|o| {
            let record = o.phase(Phase::Tls)?;
            let lost = !matches!(record.end, End::Answered | End::Cancelled);
            let answers = |own: &Observation| {
                let end = own.phases.last().map(|record| record.end);
                own.answered(Phase::Tls) && matches!(end, Some(End::Answered | End::KafkaError))
            };
            let small = self
                .attempts()
                .any(|own| own.address == o.address && answers(own));
            (lost && small).then_some((o, record))
        })
    }

    /// The record that a real client wrote and read back.
    #[must_use]
    pub fn canary(&self) -> Option<&Observation> {
        self.observations
            .iter()
            .find(|o| o.purpose == Purpose::Canary)
    }

    /// Whether some broker says that a topic exists.
    #[must_use]
    pub fn has_topic(&self, name: &str) -> bool {
        let answers = self.attempts().filter_map(Observation::metadata);
        let mut topics = answers.flat_map(|metadata| &metadata.topics);
        topics.any(|topic| topic.name == name && topic.error_code == 0)
    }

    /// Whether any attempt of experiment `name` was made.
    #[must_use]
    pub fn tried(&self, name: &str) -> bool {
        self.experiments.iter().any(|tried| tried == name)
    }

    /// Whether this machine shares `what` with the client.
    #[must_use]
    pub fn shares(&self, what: Shares) -> bool {
        self.vantage.speaks_for.contains(&what)
    }

    /// Whether `broker` stands in the bootstrap string.
    #[must_use]
    pub fn is_bootstrap(&self, broker: &Endpoint) -> bool {
        self.target.brokers.iter().any(|b| b.endpoint() == *broker)
    }

    /// The brokers that the bootstrap brokers' answers to `Metadata` name, without duplicates.
    #[must_use]
    pub fn advertised(&self) -> Vec<Endpoint> {
        let mut found = IndexSet::new();
        let asked = self.attempts().filter(|o| o.purpose == Purpose::Bootstrap);
        for metadata in asked.filter_map(Observation::metadata) {
            for endpoint in metadata
                .brokers
                .iter()
                .filter_map(AdvertisedBroker::endpoint)
            {
                found.insert(endpoint);
            }
        }
        found.into_iter().collect()
    }

    /// The brokers that clients are sent to: those of `Metadata`, and the coordinators of what was asked for by name.
    #[must_use]
    pub fn named_by_brokers(&self) -> Vec<Endpoint> {
        let mut found: IndexSet<Endpoint> = self.advertised().into_iter().collect();
        found.extend(self.coordinators());
        found.into_iter().collect()
    }

    /// The coordinators that the bootstrap brokers name.
    pub fn coordinators(&self) -> impl Iterator<Item = Endpoint> {
        let asked = self.attempts().filter(|o| o.purpose == Purpose::Bootstrap);
        asked.flat_map(|o| coordinators(o.rights()))
    }

    /// Whether the brokers that answer say that `broker` is alive; `None` when that cannot be
    /// told: nobody answered, or they name themselves otherwise than the bootstrap string does.
    #[must_use]
    pub fn listed_alive(&self, broker: &Endpoint) -> Option<bool> {
        let advertised = self.advertised();
        let same_names = self.attempts().any(|o| {
            o.purpose == Purpose::Bootstrap
                && o.broker != *broker
                && o.metadata().is_some()
                && advertised.contains(&o.broker)
        });
        (same_names || advertised.contains(broker)).then(|| advertised.contains(broker))
    }

    /// Whether some attempt on `broker` went all the way.
    #[must_use]
    pub fn works(&self, broker: &Endpoint) -> bool {
        self.attempts()
            .any(|o| o.broker == *broker && o.answered(self.until))
    }
}

/// A time of day as RFC 3339 has it, to the millisecond.
pub(crate) fn rfc3339(at: time::OffsetDateTime) -> String {
    let format = time::macros::format_description!(
        "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"
    );
    at.format(format).unwrap_or_default()
}
