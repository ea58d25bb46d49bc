//! The whole question: every client address of a vantage, to every broker of a cluster.

use super::broker::{BrokerSide, Listener, brokers, cluster, listeners};
use super::client::{ClientSide, From, FromError, Place, clients, configuration};
use super::path::prove;
use super::route::is_public;
use super::space::Family;
use super::world::World;
use super::{Gap, Path, PathVerdict};
use crate::aws::snapshot::kafka::Cluster;
use crate::target::Auth;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Question {
    /// The cluster's ARN or name; `None` where the facts hold only one.
    pub cluster: Option<String>,
    /// Whose path.
    pub from: From,
    /// How the client logs in: it decides the listener.
    pub auth: Auth,
    /// The listener's port, where the client's configuration says it.
    pub port: Option<u16>,
}

/// All paths of a question.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Proof {
    /// One for each client and broker.
    pub paths: Vec<Path>,
    /// What kept paths from being asked for at all.
    pub gaps: Vec<Gap>,
}

impl Proof {
    /// The worst verdict: blocked and partial paths hurt, whatever else is unknown. `None` without any path.
    #[must_use]
    pub fn verdict(&self) -> Option<PathVerdict> {
        let has = |verdict| self.paths.iter().any(|path| path.verdict == verdict);
        [PathVerdict::Blocked, PathVerdict::Partial]
            .into_iter()
            .find(|verdict| has(*verdict))
            .or_else(|| {
                let unknown = has(PathVerdict::Unknown) || !self.gaps.is_empty();
                unknown.then_some(PathVerdict::Unknown)
            })
            .or_else(|| has(PathVerdict::Reachable).then_some(PathVerdict::Reachable))
    }
}

/// Proves every path of a question.
#[must_use]
pub fn answer(world: &World<'_>, question: &Question) -> Proof {
    let mut proof = Proof::default();
    let cluster = match cluster(world, question.cluster.as_deref()) {
        Ok(cluster) => cluster,
        Err(gap) => {
            proof.gaps.push(gap);
            return proof;
        }
    };
    for listener in asked_listeners(world, cluster, question) {
        let found = clients(world, &question.from, listener.family);
        let clients = match found {
            Ok(clients) => clients,
            // A client without IPv6 uses IPv4; one without IPv4 is asked for IPv6.
            Err(FromError::NoAddress) => continue,
            Err(FromError::Gap(gap)) => {
                add(&mut proof.gaps, gap);
                continue;
            }
        };
        match brokers(world, cluster, listener) {
            Ok(brokers) => prove_each(world, cluster, &clients, &brokers, &mut proof),
            Err(gap) => add(&mut proof.gaps, gap),
        }
    }
    if proof.paths.is_empty() && proof.gaps.is_empty() {
        proof.gaps.push(Gap {
            what: "any path: the client has no address of a family that the cluster offers"
                .to_owned(),
            needs: "an IPv4 subnet, or an IPv6 listener".to_owned(),
        });
    }
    proof
}

fn add(gaps: &mut Vec<Gap>, gap: Gap) {
    if !gaps.contains(&gap) {
        gaps.push(gap);
    }
}

fn prove_each<'a>(
    world: &World<'a>,
    cluster: &Cluster,
    clients: &[ClientSide<'a>],
    brokers: &[BrokerSide<'a>],
    proof: &mut Proof,
) {
    for client in clients {
        // A client dials the endpoints of its own VPC only.
        let own = |broker: &&BrokerSide<'a>| match (&client.place, &broker.subnet) {
            (Place::Vpc { subnet, .. }, Ok(theirs)) if broker.endpoint => {
                subnet.vpc_id == theirs.vpc_id
            }
            _ => true,
        };
        let reached: Vec<&BrokerSide<'a>> = brokers.iter().filter(own).collect();
        if reached.is_empty() {
            let vpc = match &client.place {
                Place::Vpc { subnet, .. } => subnet.vpc_id.as_str(),
                Place::Nowhere | Place::Outside(_) => "the client's network",
            };
            add(
                &mut proof.gaps,
                Gap {
                    what: format!("an endpoint of {} in {vpc}", cluster.cluster_name),
                    needs: "ec2:DescribeNetworkInterfaces of that VPC".to_owned(),
                },
            );
        }
        for broker in reached {
            proof.paths.push(prove(world, client, broker, brokers));
        }
    }
}

/// The listeners that the client would use.
fn asked_listeners(world: &World<'_>, cluster: &Cluster, question: &Question) -> Vec<Listener> {
    let by_role = |port: u16| match port {
        9194..=9198 => (true, Family::V4),
        20092..=20098 => (false, Family::V6),
        _ => (false, Family::V4),
    };
    if let Some(port) = question.port {
        let (public, family) = by_role(port);
        return vec![Listener {
            port,
            public,
            family,
        }];
    }
    let public = uses_public_listener(world, cluster, &question.from);
    let mut found = listeners(world, cluster, question.auth, public);
    if let From::Address(address) = &question.from {
        found.retain(|listener| listener.family == Family::of(*address));
    }
    found
}

/// Whether a client would use the listener for the internet: it comes from there, and the cluster has one.
#[must_use]
pub fn uses_public_listener(world: &World<'_>, cluster: &Cluster, from: &From) -> bool {
    let outside = match from {
        From::Address(address) => is_public(*address) && world.with_address(*address).is_empty(),
        From::Function { name, qualifier } => {
            configuration(world.snapshot, name, qualifier.as_deref()).is_ok_and(|function| {
                let vpc = function.vpc_config.as_ref();
                vpc.is_none_or(|vpc| vpc.subnet_ids.is_empty())
            })
        }
        From::Interface(_) | From::Instance(_) | From::Subnets { .. } => false,
    };
    let access = cluster
        .connectivity()
        .and_then(|ways| ways.public_access.as_ref())
        .and_then(|access| access.kind.as_deref());
    outside && access.is_some_and(|kind| kind != "DISABLED")
}
