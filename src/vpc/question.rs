//! The whole question: every client address of a vantage, to every broker of a cluster.

use super::broker::{Access, BrokerSide, Listener, brokers, cluster, listeners};
use super::client::{ClientSide, From, FromError, Place, client_vpcs, clients, configuration};
use super::path::prove;
use super::route::is_public;
use super::space::Family;
use super::world::World;
use super::{Blocker, Direction, Gap, Path, PathVerdict, endpoint};
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
    /// The listeners' ports, where the client's configuration says them: one, or each broker's own where the names
    /// are those of multi-VPC connectivity.
    pub ports: Vec<u16>,
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
    if brokers.is_empty() {
        let gap = Gap {
            what: format!("the endpoints of {}", cluster.cluster_name),
            needs: "ec2:DescribeNetworkInterfaces of their subnets".to_owned(),
        };
        add(&mut proof.gaps, gap);
    }
    for client in clients {
        let own = |broker: &&BrokerSide<'a>| match (&client.place, &broker.subnet) {
            (Place::Vpc { subnet, .. }, Ok(theirs)) if broker.endpoint => {
                subnet.vpc_id == theirs.vpc_id
            }
            _ => true,
        };
        // A client is told of the endpoints in its own VPC only, if there are any.
        let mut reached: Vec<&BrokerSide<'a>> = brokers.iter().filter(own).collect();
        let foreign = reached.is_empty();
        if foreign {
            reached = brokers.iter().collect();
        }
        for broker in reached {
            let mut path = prove(world, client, broker, brokers);
            if foreign {
                without_own_endpoint(cluster, client, broker, &mut path);
            }
            proof.paths.push(path);
        }
    }
}

/// A path to an endpoint of another VPC: names lead there only where somebody shared them, and then a link between the
/// VPCs has to carry the packets. Without a link the endpoint that is missing is the fault.
fn without_own_endpoint(
    cluster: &Cluster,
    client: &ClientSide<'_>,
    broker: &BrokerSide<'_>,
    path: &mut Path,
) {
    let Place::Vpc { subnet, .. } = &client.place else {
        return;
    };
    let theirs = match &broker.subnet {
        Ok(theirs) => theirs.vpc_id.as_str(),
        Err(_) => "another VPC",
    };
    let (code, attached) = if cluster.is_serverless() {
        ("CLU-15", "is not one of the cluster's VPCs")
    } else {
        ("CLU-14", "has no multi-VPC connection to the cluster")
    };
    let missing = Blocker {
        code: code.to_owned(),
        direction: Direction::Forward,
        resource: Some(subnet.vpc_id.clone()),
        resources: Vec::new(),
        rule: None,
        detail: format!(
            "{} {attached}: its names lead to endpoints in {theirs}, and are known only there",
            subnet.vpc_id
        ),
    };
    let unlinked = path.verdict == PathVerdict::Blocked
        && path.blockers.iter().any(|blocker| {
            blocker.direction == Direction::Forward && blocker.code.starts_with("RTE-")
        });
    if unlinked {
        path.blockers = vec![missing];
    } else if matches!(path.verdict, PathVerdict::Reachable | PathVerdict::Unknown) {
        path.verdict = PathVerdict::Unknown;
        path.unknown.push(Gap {
            what: format!(
                "whether the cluster's names are known in {}: they are not unless a private hosted zone or a resolver rule shares them",
                subnet.vpc_id
            ),
            needs: "route53:ListHostedZonesByVPC, or a probe from the client's subnet".to_owned(),
        });
        path.suspects.push(missing);
    }
}

/// The listeners that the client would use.
fn asked_listeners(world: &World<'_>, cluster: &Cluster, question: &Question) -> Vec<Listener> {
    let listener = |port: u16| Listener {
        port,
        access: Access::of_port(port),
        family: match port {
            20092..=20098 => Family::V6,
            _ => Family::V4,
        },
    };
    match question.ports.as_slice() {
        [port] => return vec![listener(*port)],
        ports if !ports.is_empty() => {
            let found: Vec<Listener> = ports.iter().copied().map(listener).collect();
            if found.iter().all(|one| one.access == Access::MultiVpc) {
                return found;
            }
        }
        _ => {}
    }
    let access = access(world, cluster, &question.from);
    let mut found = listeners(world, cluster, question.auth, access);
    if let From::Address(address) = &question.from {
        found.retain(|listener| listener.family == Family::of(*address));
    }
    found
}

/// The way that a client takes to a cluster where nobody named a broker: over the internet if it comes from there and
/// the cluster is open to it; through a multi-VPC connection if its VPC has one and is not the cluster's own.
#[must_use]
pub fn access(world: &World<'_>, cluster: &Cluster, from: &From) -> Access {
    let public = cluster
        .connectivity()
        .and_then(|ways| ways.public_access.as_ref())
        .and_then(|access| access.kind.as_deref())
        .is_some_and(|kind| kind != "DISABLED");
    if public && comes_from_the_internet(world, from) {
        return Access::Public;
    }
    let own = client_vpcs(world, from);
    let is_home = cluster.provisioned.iter().any(|provisioned| {
        let subnets = &provisioned.broker_node_group_info.client_subnets;
        subnets.iter().any(|id| {
            world
                .subnet(id)
                .is_ok_and(|subnet| own.contains(subnet.vpc_id.as_str()))
        })
    });
    let connected = endpoint::connections(world, cluster)
        .filter_map(|connection| connection.vpc_id.as_deref())
        .any(|vpc| own.contains(vpc));
    if connected && !is_home {
        Access::MultiVpc
    } else {
        Access::Private
    }
}

fn comes_from_the_internet(world: &World<'_>, from: &From) -> bool {
    match from {
        From::Address(address) => is_public(*address) && world.with_address(*address).is_empty(),
        From::Function { name, qualifier } => {
            configuration(world.snapshot, name, qualifier.as_deref()).is_ok_and(|function| {
                let vpc = function.vpc_config.as_ref();
                vpc.is_none_or(|vpc| vpc.subnet_ids.is_empty())
            })
        }
        From::Interface(_) | From::Instance(_) | From::Subnets { .. } => false,
    }
}
