//! What feeds the function: Lambda's poller is a client of its own, with the *cluster's* subnets and groups.
//!
//! Sources: <https://docs.aws.amazon.com/lambda/latest/dg/with-msk-cluster-network.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-kafka-troubleshoot.html>.

use super::configuration::{Answer, answer};
use super::function::function;
use super::poller;
use crate::aws::snapshot::Snapshot;
use crate::aws::snapshot::ec2::{Subnet, VpcEndpoint};
use crate::aws::snapshot::kafka::Cluster;
use crate::aws::snapshot::lambda::EventSourceMapping;
use crate::case::Case;
use crate::catalogue::{self as c, Fault};
use crate::diagnosis::{Change, Repair, Setting, Status, Tried};
use crate::named::bare;
use crate::target::{Auth, parse_bootstrap};
use crate::vpc::{
    self, Blocker, From, Path, PathVerdict, Question, World, acls, gives_internet, repair,
};

/// The longest that a function may take for a poller to call it, in seconds.
const LONGEST: i64 = 14 * 60;

/// Everything that the facts say of the mappings from the cluster to the function.
#[must_use]
pub fn answers(case: &Case, world: &World<'_>) -> Vec<Answer> {
    let Some(function) = function(case, world) else {
        return Vec::new();
    };
    let cluster = vpc::cluster(world, case.target.cluster.as_deref()).ok();
    let name = function.function_name.as_str();
    let mut found = Vec::new();
    for mapping in mappings(world.snapshot, name, cluster) {
        found.extend(state(mapping));
        found.extend(result(mapping));
        if let Some(timeout) = function.timeout.filter(|timeout| *timeout > LONGEST) {
            let words = format!(
                "{name} may take {timeout} s, and {} calls functions of at most {LONGEST} s",
                id(mapping)
            );
            found.push(Answer {
                setting: Some(Setting::Timeout {
                    function: name.to_owned(),
                    seconds: LONGEST,
                }),
                ..answer(&c::ESM_12, Status::Fault, words)
            });
        }
        found.extend(poller::interfaces(world.snapshot, mapping, function));
        if let Some(cluster) = cluster {
            if auth(mapping, cluster) == Auth::Iam {
                let facts = world.snapshot;
                found.extend(poller::answers(facts, mapping, function, cluster, case.now));
            }
            found.extend(own_path(world, mapping, cluster));
            found.extend(endpoints(world, mapping, cluster));
        }
    }
    found
}

/// Whether the facts show the function as a client of the cluster only by a mapping whose poller logs in otherwise than with
/// IAM: then nothing says that the role has to be let in.
#[must_use]
pub fn is_fed_otherwise(case: &Case, world: &World<'_>) -> bool {
    let Some(function) = function(case, world) else {
        return false;
    };
    let environment = function
        .environment
        .iter()
        .flat_map(|own| own.variables.values());
    if environment
        .into_iter()
        .any(|value| parse_bootstrap(value).is_ok())
    {
        return false;
    }
    let Ok(cluster) = vpc::cluster(world, case.target.cluster.as_deref()) else {
        return false;
    };
    let mut mappings = mappings(world.snapshot, &function.function_name, Some(cluster)).peekable();
    mappings.peek().is_some() && mappings.all(|mapping| auth(mapping, cluster) != Auth::Iam)
}

/// The mappings to a function from the cluster; from any cluster where it is not known which is meant.
fn mappings<'a>(
    facts: &'a Snapshot,
    function: &'a str,
    cluster: Option<&'a Cluster>,
) -> impl Iterator<Item = &'a EventSourceMapping> {
    facts
        .known(|facts| &facts.event_source_mappings)
        .flat_map(|(_, answer)| &answer.event_source_mappings)
        .filter(move |mapping| {
            let of = mapping.function_arn.as_deref().unwrap_or_default();
            bare(of).0 == function
        })
        .filter(move |mapping| {
            let arn = mapping.event_source_arn.as_deref().unwrap_or_default();
            match cluster {
                Some(cluster) => cluster.cluster_arn == arn,
                None => arn.contains(":kafka:"),
            }
        })
}

fn id(mapping: &EventSourceMapping) -> &str {
    mapping.uuid.as_deref().unwrap_or("the mapping")
}

fn state(mapping: &EventSourceMapping) -> Option<Answer> {
    let state = mapping.state.as_deref()?;
    let why = mapping
        .state_transition_reason
        .as_deref()
        .filter(|reason| *reason != "USER_INITIATED")
        .map(|reason| format!(": {reason}"))
        .unwrap_or_default();
    let status = match state {
        "Enabled" => Status::Pass,
        "Disabled" | "Disabling" | "Deleting" => Status::Fault,
        "Creating" | "Enabling" | "Updating" => Status::Warning,
        _ => Status::Unknown,
    };
    let words = format!("{} is {state}{why}", id(mapping));
    let polls = |uuid: &String| Setting::Polls {
        mapping: uuid.clone(),
    };
    let disabled = state == "Disabled";
    Some(Answer {
        setting: mapping.uuid.as_ref().filter(|_| disabled).map(polls),
        ..answer(&c::ESM_12, status, words)
    })
}

/// The texts that a poller leaves behind, each with its entry.
const RESULTS: &[(&str, &Fault)] = &[
    ("OnFailure", &c::ESM_13),
    ("Cluster failed to authorize Lambda", &c::ESM_04),
    ("SASL authentication failed", &c::ESM_03),
    ("Server failed to authenticate Lambda", &c::ESM_05),
    ("certificate or private key is invalid", &c::ESM_06),
    ("certificate is invalid", &c::ESM_06),
    ("private key is invalid", &c::ESM_06),
    ("assume", &c::ESM_07),
    ("NetworkInterface", &c::ESM_14),
    ("Lambda and STS", &c::ESM_02),
    ("STS", &c::ESM_02),
    ("Connection error", &c::ESM_01),
];

fn result(mapping: &EventSourceMapping) -> Option<Answer> {
    let result = mapping.last_processing_result.as_deref()?;
    if matches!(result, "OK" | "No records processed") {
        let words = format!("the last result of {} is {result:?}", id(mapping));
        return Some(answer(&c::ESM_01, Status::Pass, words));
    }
    let words = format!("the last result of {} is {result:?}", id(mapping));
    let known = RESULTS.iter().find(|(text, _)| result.contains(text));
    Some(match known {
        Some((_, fault)) => answer(fault, Status::Fault, words),
        None => Answer {
            needs: Some("the poller's own log".to_owned()),
            ..answer(&c::ESM_01, Status::Unknown, words)
        },
    })
}

/// The poller wears the cluster's groups in the cluster's subnets: they must admit themselves.
fn own_path(world: &World<'_>, mapping: &EventSourceMapping, cluster: &Cluster) -> Option<Answer> {
    let place = &cluster.provisioned.as_ref()?.broker_node_group_info;
    let rules = acls(world.snapshot);
    let question = Question {
        cluster: Some(cluster.cluster_arn.clone()),
        from: From::Subnets {
            subnets: place.client_subnets.clone(),
            groups: place.security_groups.clone(),
        },
        auth: auth(mapping, cluster),
        ports: Vec::new(),
    };
    let proof = vpc::answer(&World::new(world.snapshot, &rules), &question);
    let blocked: Vec<&Path> = proof
        .paths
        .iter()
        .filter(|path| matches!(path.verdict, PathVerdict::Blocked | PathVerdict::Partial))
        .collect();
    let blocker = blocked.iter().find_map(|path| path.blockers.first());
    if let Some(blocker) = blocker {
        // To wear the group that the brokers wear is the poller's lot, not a function's mistake.
        let fault = if blocker.code.starts_with("SG-") || blocker.code == "FN-19" {
            &c::ESM_08
        } else {
            &c::ESM_01
        };
        let words = format!(
            "{} polls from the cluster's subnets with the cluster's groups, and {} of {} such paths do not work: {}",
            id(mapping),
            blocked.len(),
            proof.paths.len(),
            blocker.detail
        );
        return Some(Answer {
            repair: path_repair(world.snapshot, &question, &proof.paths, blocker),
            ..answer(fault, Status::Fault, words)
        });
    }
    let all = !proof.paths.is_empty()
        && proof
            .paths
            .iter()
            .all(|path| path.verdict == PathVerdict::Reachable);
    all.then(|| {
        answer(
            &c::ESM_08,
            Status::Pass,
            format!(
                "all {} paths from the cluster's subnets with the cluster's groups work",
                proof.paths.len()
            ),
        )
    })
}

/// The changes that take a blocker off the poller's paths, tried on a copy of the facts.
fn path_repair(facts: &Snapshot, question: &Question, paths: &[Path], blocker: &Blocker) -> Repair {
    let found: Vec<(&Path, &Blocker)> = paths
        .iter()
        .flat_map(|path| path.blockers.iter().map(move |own| (path, own)))
        .filter(|(_, own)| own.code == blocker.code)
        .collect();
    let changes = repair::repair(facts, question, paths, &found);
    let after = repair::with_changes(facts, question, &changes);
    Repair {
        tried: if repair::all_reachable(&after) {
            Tried::Reachable(after.len())
        } else {
            Tried::NotEnough
        },
        changes: changes.into_iter().map(Change::Network).collect(),
    }
}

/// How the poller logs in: with what it was given, else with IAM where the cluster has it.
fn auth(mapping: &EventSourceMapping, cluster: &Cluster) -> Auth {
    let kinds = mapping
        .source_access_configurations
        .iter()
        .filter_map(|given| given.kind.as_deref());
    for kind in kinds {
        match kind {
            "SASL_SCRAM_512_AUTH" | "SASL_SCRAM_256_AUTH" => return Auth::Scram,
            "CLIENT_CERTIFICATE_TLS_AUTH" => return Auth::Mtls,
            _ => {}
        }
    }
    let ways = cluster
        .provisioned
        .as_ref()
        .and_then(|provisioned| provisioned.client_authentication.as_ref());
    let iam = ways
        .and_then(|ways| ways.sasl.as_ref())
        .and_then(|sasl| sasl.iam.as_ref())
        .and_then(|iam| iam.enabled);
    if iam == Some(false) {
        Auth::Tls
    } else {
        Auth::Iam
    }
}

/// A poller on demand calls Lambda and STS from the cluster's subnets, and Secrets Manager where it was given a secret.
fn endpoints(world: &World<'_>, mapping: &EventSourceMapping, cluster: &Cluster) -> Option<Answer> {
    if mapping.provisioned_poller_config.is_some() {
        return None;
    }
    let place = &cluster.provisioned.as_ref()?.broker_node_group_info;
    let subnets: Vec<&Subnet> = place
        .client_subnets
        .iter()
        .filter_map(|id| world.subnet(id).ok())
        .collect();
    let vpc = subnets.first()?.vpc_id.as_str();
    // Without the answer to the question which endpoints there are, that one lacks cannot be said.
    world.snapshot.known(|facts| &facts.vpc_endpoints).next()?;
    let cut_off: Vec<&str> = subnets
        .iter()
        .filter(|subnet| gives_internet(world, subnet) == Some(false))
        .map(|subnet| subnet.subnet_id.as_str())
        .collect();
    if cut_off.is_empty() {
        return None;
    }
    let needs_secret = !mapping.source_access_configurations.is_empty();
    let mut services = vec!["lambda", "sts"];
    services.extend(needs_secret.then_some("secretsmanager"));
    let there: Vec<&VpcEndpoint> = world
        .snapshot
        .known(|facts| &facts.vpc_endpoints)
        .flat_map(|(_, answer)| &answer.vpc_endpoints)
        .filter(|endpoint| endpoint.vpc_id.as_deref() == Some(vpc))
        .collect();
    let of = |service: &str| {
        there.iter().find(|endpoint| {
            let name = endpoint.service_name.as_deref().unwrap_or_default();
            name.rsplit('.').next() == Some(service)
        })
    };
    let missing: Vec<&str> = services
        .iter()
        .copied()
        .filter(|service| of(service).is_none())
        .collect();
    if !missing.is_empty() {
        return Some(answer(
            &c::ESM_02,
            Status::Fault,
            format!(
                "{} polls from {}, which has no NAT gateway, and {vpc} has no endpoint for {}",
                id(mapping),
                cut_off.join(", "),
                missing.join(", ")
            ),
        ));
    }
    let unusable = services.iter().filter_map(|service| of(service)).find(|e| {
        e.private_dns_enabled == Some(false)
            || e.state
                .as_deref()
                .is_some_and(|state| !state.eq_ignore_ascii_case("available"))
    });
    unusable.map(|endpoint| {
        let why = if endpoint.private_dns_enabled == Some(false) {
            "has private DNS off".to_owned()
        } else {
            format!("is {}", endpoint.state.as_deref().unwrap_or_default())
        };
        let words = format!(
            "{} for {} {why}",
            endpoint.vpc_endpoint_id,
            endpoint.service_name.as_deref().unwrap_or_default()
        );
        Answer {
            setting: (endpoint.private_dns_enabled == Some(false)).then(|| Setting::PrivateDns {
                endpoint: endpoint.vpc_endpoint_id.clone(),
            }),
            ..answer(&c::ESM_16, Status::Fault, words)
        }
    })
}
