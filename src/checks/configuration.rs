//! What the cluster's own configuration says of the way in that the client uses.

use crate::aws::snapshot::Snapshot;
use crate::aws::snapshot::kafka::{ClientAuthentication, Cluster, Switch};
use crate::case::Case;
use crate::catalogue::{self as c, Fault};
use crate::diagnosis::{Fact, Repair, Setting, Status};
use crate::target::{Auth, Flavour, MskName};
use crate::vpc::{self, World};

use super::names;

/// One answer about the configuration.
pub struct Answer {
    /// The catalogue entry that was checked.
    pub fault: &'static Fault,
    /// How it came out.
    pub status: Status,
    /// What the facts say.
    pub words: String,
    /// What would settle it, where it is unknown.
    pub needs: Option<String>,
    /// Whether it is unknown for nothing but what can seldom be read: it is said, and stands in no verdict's way unless
    /// rights are what is asked for.
    pub only_seldom_read: bool,
    /// The AWS resource that does it.
    pub at: Option<String>,
    /// What more there is to show.
    pub more: Vec<Fact>,
    /// What would repair it.
    pub repair: Repair,
    /// The setting that would, not tried yet.
    pub setting: Option<Setting>,
}

impl Answer {
    /// The same as something that hurts nobody now.
    pub fn as_a_word(&mut self) {
        match self.status {
            Status::Fault => self.status = Status::Warning,
            Status::Unknown => self.only_seldom_read = true,
            Status::Pass | Status::Warning => {}
        }
    }
}

pub(super) fn answer(fault: &'static Fault, status: Status, words: impl Into<String>) -> Answer {
    Answer {
        fault,
        status,
        words: words.into(),
        needs: None,
        only_seldom_read: false,
        at: None,
        more: Vec::new(),
        repair: Repair::default(),
        setting: None,
    }
}

/// Everything that the facts say of the cluster and of the names in the client's VPC; empty without facts.
#[must_use]
pub fn answers(case: &Case) -> Vec<Answer> {
    let Some(facts) = &case.facts else {
        return Vec::new();
    };
    let world = World::new(facts, &[]);
    let mut found = names::answers(case, &world);
    let cluster = match vpc::cluster(&world, case.target.cluster.as_deref()) {
        Ok(cluster) => cluster,
        Err(gap) => {
            found.push(Answer {
                needs: Some(gap.needs),
                ..answer(
                    &c::CLU_01,
                    Status::Unknown,
                    format!("the configuration of {}", gap.what),
                )
            });
            return found;
        }
    };
    found.push(state(cluster));
    found.extend(bootstrap(case, &world, cluster));
    found.extend(login(case, cluster));
    found.extend(encryption(case, cluster));
    found.extend(public_access(case, cluster));
    found.extend(multi_vpc(case, facts, cluster));
    found.extend(family(case, cluster));
    found
}

/// Source: <https://docs.aws.amazon.com/msk/latest/developerguide/msk-cluster-states.html>.
fn state(cluster: &Cluster) -> Answer {
    let name = &cluster.cluster_name;
    match cluster.state.as_deref() {
        Some("ACTIVE") => answer(&c::CLU_01, Status::Pass, format!("{name} is ACTIVE")),
        Some(state @ ("CREATING" | "DELETING" | "FAILED")) => {
            let why = cluster.state_info.as_ref();
            let why = why.and_then(|info| info.message.as_deref()).unwrap_or("");
            let words = format!("{name} is {state} {why}");
            answer(&c::CLU_01, Status::Fault, words.trim())
        }
        Some(state @ ("HEALING" | "MAINTENANCE" | "REBOOTING_BROKER" | "UPDATING")) => answer(
            &c::CLU_02,
            Status::Warning,
            format!("{name} is {state}: one broker at a time may go away"),
        ),
        Some(state) => answer(
            &c::CLU_01,
            Status::Unknown,
            format!("{name} is {state}, a state that this version does not know"),
        ),
        None => answer(
            &c::CLU_01,
            Status::Unknown,
            format!("the state of {name} is not among the facts"),
        ),
    }
}

/// The bootstrap string in use, against those that the cluster has.
fn bootstrap(case: &Case, world: &World<'_>, cluster: &Cluster) -> Vec<Answer> {
    let own = |name: &MskName| {
        name.cluster
            .as_ref()
            .is_none_or(|own| own.eq_ignore_ascii_case(&cluster.cluster_name))
    };
    let mut found = Vec::new();
    for broker in &case.target.brokers {
        if let Some(name) = MskName::parse(&broker.name)
            && !own(&name)
        {
            let words = format!(
                "{} is a broker of {}",
                broker.name,
                name.cluster.unwrap_or_default()
            );
            found.push(answer(
                &c::CLU_08,
                Status::Fault,
                format!("{words}, not of {}", cluster.cluster_name),
            ));
            return found;
        }
    }
    let known: Vec<String> = vpc::brokers_names(world, cluster);
    let private =
        |name: &str| MskName::parse(name).is_some_and(|name| name.flavour == Flavour::Private);
    let stale: Vec<&str> = case
        .target
        .brokers
        .iter()
        .map(|broker| broker.name.as_str())
        .filter(|name| private(name) && !known.is_empty() && !known.iter().any(|k| k == name))
        .collect();
    if !stale.is_empty() {
        let all = stale.len() == case.target.brokers.len();
        found.push(answer(
            &c::CLU_16,
            if all { Status::Fault } else { Status::Warning },
            format!(
                "{} is no broker of {} today",
                stale.join(", "),
                cluster.cluster_name
            ),
        ));
    }
    found
}

fn is_on(switch: Option<&Switch>) -> Option<bool> {
    switch.and_then(|switch| switch.enabled)
}

fn scheme(authentication: Option<&ClientAuthentication>, auth: Auth) -> Option<bool> {
    let ways = authentication?;
    let sasl = ways.sasl.as_ref();
    match auth {
        Auth::Iam => is_on(sasl.and_then(|sasl| sasl.iam.as_ref())),
        Auth::Scram => is_on(sasl.and_then(|sasl| sasl.scram.as_ref())),
        Auth::Mtls => is_on(ways.tls.as_ref()),
        Auth::Tls | Auth::Plaintext => is_on(ways.unauthenticated.as_ref()),
    }
}

/// The way to log in that the client uses.
fn login(case: &Case, cluster: &Cluster) -> Option<Answer> {
    let authentication = match (&cluster.provisioned, &cluster.serverless) {
        (Some(provisioned), _) => provisioned.client_authentication.as_ref(),
        (None, Some(serverless)) => serverless.client_authentication.as_ref(),
        (None, None) => None,
    };
    let auth = case.target.auth;
    let fault = match auth {
        Auth::Iam => &c::IAM_17,
        Auth::Scram => &c::SASL_03,
        Auth::Mtls | Auth::Tls | Auth::Plaintext => return None,
    };
    let name = &cluster.cluster_name;
    Some(match scheme(authentication, auth) {
        Some(true) => answer(
            fault,
            Status::Pass,
            format!("{name} has {} on", auth.name()),
        ),
        Some(false) => answer(
            fault,
            Status::Fault,
            format!("{name} has {} off", auth.name()),
        ),
        None => return None,
    })
}

fn encryption(case: &Case, cluster: &Cluster) -> Option<Answer> {
    let setting = cluster
        .provisioned
        .as_ref()?
        .encryption_info
        .as_ref()?
        .encryption_in_transit
        .as_ref()?
        .client_broker
        .as_deref()?;
    let excluded = match setting {
        "TLS" => case.target.auth == Auth::Plaintext,
        "PLAINTEXT" => case.target.auth != Auth::Plaintext,
        "TLS_PLAINTEXT" => false,
        _ => return None,
    };
    let status = if excluded {
        Status::Fault
    } else {
        Status::Pass
    };
    Some(answer(
        &c::CLU_07,
        status,
        format!("encryption between clients and brokers is {setting}"),
    ))
}

/// Whether some broker of the target is reached by names or ports of a kind.
fn uses(case: &Case, wanted: Flavour, ports: std::ops::RangeInclusive<u16>) -> bool {
    case.target.brokers.iter().any(|broker| {
        let name = MskName::parse(&broker.name);
        ports.contains(&broker.port) || name.is_some_and(|name| name.flavour == wanted)
    })
}

fn public_access(case: &Case, cluster: &Cluster) -> Option<Answer> {
    if !uses(case, Flavour::Public, 9194..=9198) {
        return None;
    }
    let kind = cluster
        .connectivity()?
        .public_access
        .as_ref()?
        .kind
        .as_deref()?;
    let status = if kind == "DISABLED" {
        Status::Fault
    } else {
        Status::Pass
    };
    Some(answer(
        &c::CLU_13,
        status,
        format!("public access is {kind}"),
    ))
}

/// Source: <https://docs.aws.amazon.com/msk/latest/developerguide/aws-access-mult-vpc.html>.
fn multi_vpc(case: &Case, facts: &Snapshot, cluster: &Cluster) -> Vec<Answer> {
    if !uses(case, Flavour::MultiVpc, 14001..=14100) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let ways = cluster
        .connectivity()
        .and_then(|ways| ways.vpc_connectivity.as_ref())
        .and_then(|ways| ways.client_authentication.as_ref());
    if let Some(on) = scheme(ways, case.target.auth) {
        let word = if on { "on" } else { "off" };
        found.push(answer(
            &c::CLU_14,
            if on { Status::Pass } else { Status::Fault },
            format!(
                "multi-VPC connectivity has {} {word}",
                case.target.auth.name()
            ),
        ));
    }
    let mine = facts
        .known(|facts| &facts.vpc_connections)
        .flat_map(|(_, answer)| &answer.vpc_connections)
        .filter(|own| own.target_cluster_arn.as_deref() == Some(cluster.cluster_arn.as_str()));
    for connection in mine {
        let state = connection.state.as_deref().unwrap_or("in an unknown state");
        found.push(answer(
            &c::CLU_14,
            match state {
                "AVAILABLE" => Status::Pass,
                "CREATING" | "REJECTED" | "REJECTING" | "INACTIVE" | "DEACTIVATING"
                | "DELETING" | "FAILED" => Status::Fault,
                _ => Status::Unknown,
            },
            format!("{} is {state}", connection.vpc_connection_arn),
        ));
    }
    found
}

fn family(case: &Case, cluster: &Cluster) -> Option<Answer> {
    if !case
        .target
        .brokers
        .iter()
        .any(|broker| (20092..=20098).contains(&broker.port))
    {
        return None;
    }
    let kind = cluster.connectivity()?.network_type.as_deref()?;
    let status = if kind == "IPV4" {
        Status::Fault
    } else {
        Status::Pass
    };
    Some(answer(
        &c::CLU_17,
        status,
        format!("the network type is {kind}"),
    ))
}
