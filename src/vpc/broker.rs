//! The brokers' side of the question: every broker's interface as it is, for the listener's port.

use std::net::{IpAddr, Ipv4Addr};

use super::space::Family;
use super::world::World;
use super::{Gap, endpoint};
use crate::aws::files::key_of;
use crate::aws::snapshot::ec2::{NetworkInterface, Subnet};
use crate::aws::snapshot::kafka::{
    BrokerNodeInfo, Cluster, DescribeClusterV2, GetBootstrapBrokers, ListNodes,
};
use crate::aws::snapshot::{Missing, Response as _};
use crate::target::{Auth, parse_bootstrap};

/// The ways to a cluster, each with names and ports of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// From its VPC, and from networks that are linked with that.
    Private,
    /// Over the internet.
    Public,
    /// Through an endpoint of a multi-VPC connection in the client's own VPC.
    MultiVpc,
}

impl Access {
    /// The way that a port is for.
    /// Sources: <https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html>,
    /// <https://docs.aws.amazon.com/msk/latest/developerguide/mvpc-getting-started.html>.
    #[must_use]
    pub fn of_port(port: u16) -> Self {
        match port {
            9194..=9198 => Access::Public,
            14001..=14100 => Access::MultiVpc,
            _ => Access::Private,
        }
    }
}

/// Which listener of a cluster is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listener {
    /// Its port.
    pub port: u16,
    /// The way to it.
    pub access: Access,
    /// The family of its addresses.
    pub family: Family,
}

/// A broker, or an endpoint that stands for one.
#[derive(Debug, Clone)]
pub struct BrokerSide<'a> {
    /// Its number.
    pub id: Option<i32>,
    /// Its name.
    pub name: Option<String>,
    /// Its interface.
    pub interface: Result<&'a NetworkInterface, Gap>,
    /// Its subnet.
    pub subnet: Result<&'a Subnet, Gap>,
    /// The address that clients dial.
    pub address: IpAddr,
    /// Its address inside the VPC.
    pub inside: IpAddr,
    /// The listener's port.
    pub port: u16,
    /// Whether the address is one of the internet.
    pub public: bool,
    /// Whether it is an interface endpoint: of a serverless cluster, or of a multi-VPC connection.
    pub endpoint: bool,
    /// The groups that the cluster API shows.
    pub shown_groups: &'a [String],
    /// Why nothing answers there, whatever the network lets pass.
    pub closed: Option<Closed>,
}

/// An endpoint that does not lead to the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The catalogue's code.
    pub code: &'static str,
    /// What does not work: the connection's ARN.
    pub resource: String,
    /// Why.
    pub detail: String,
}

impl<'a> BrokerSide<'a> {
    /// The groups that it wears.
    ///
    /// # Errors
    /// Where its interface is not known.
    pub fn groups(&self) -> Result<Vec<&'a str>, Gap> {
        match &self.interface {
            Ok(interface) => Ok(interface.group_ids().collect()),
            Err(gap) => Err(gap.clone()),
        }
    }
}

/// The cluster that is asked for: by ARN or name, or the only one.
///
/// # Errors
/// Where it is not among the facts.
pub fn cluster<'a>(world: &World<'a>, wanted: Option<&str>) -> Result<&'a Cluster, Gap> {
    let mut known: Vec<&Cluster> = world
        .snapshot
        .known(|facts| &facts.clusters)
        .map(|(_, answer)| &answer.cluster_info)
        .collect();
    if known.is_empty() {
        known.extend(
            world
                .snapshot
                .known(|facts| &facts.cluster_list)
                .flat_map(|(_, answer)| &answer.cluster_info_list),
        );
    }
    if let Some(wanted) = wanted {
        known.retain(|cluster| cluster.cluster_arn == wanted || cluster.cluster_name == wanted);
    }
    match known.as_slice() {
        [cluster] => Ok(cluster),
        [] => Err(missing(world, wanted)),
        [..] => Err(Gap {
            what: format!("which of {} clusters is meant", known.len()),
            needs: "--cluster with the ARN".to_owned(),
        }),
    }
}

/// Why a cluster is not known: the call that would have told, and what became of it.
fn missing(world: &World<'_>, wanted: Option<&str>) -> Gap {
    let described = |key: &str| world.snapshot.missing(|facts| &facts.clusters, key);
    let listed = || world.snapshot.missing(|facts| &facts.cluster_list, "");
    let refused = |missing: &Missing| missing.because != "not asked";
    let missing = match wanted {
        Some(arn) if arn.starts_with("arn:") => described(&key_of(arn)),
        _ => listed().filter(refused).or_else(|| described("")),
    };
    let what = format!("cluster {}", wanted.unwrap_or("of the question"));
    match missing {
        Some(missing) => Gap {
            what: format!("{what} ({}: {})", missing.operation, missing.because),
            needs: missing.action,
        },
        None => Gap {
            what,
            needs: DescribeClusterV2::CALL.action(),
        },
    }
}

/// The bootstrap strings of a cluster.
#[must_use]
pub fn bootstrap<'a>(world: &World<'a>, cluster: &Cluster) -> Option<&'a GetBootstrapBrokers> {
    world
        .snapshot
        .known(|facts| &facts.bootstrap_brokers)
        .find(|(key, _)| key.is_empty() || *key == key_of(&cluster.cluster_arn))
        .map(|(_, answer)| answer)
}

/// The names that a cluster's brokers have today; empty where they are not known.
#[must_use]
pub fn brokers_names(world: &World<'_>, cluster: &Cluster) -> Vec<String> {
    nodes_of(world, cluster)
        .into_iter()
        .flat_map(|nodes| &nodes.node_info_list)
        .filter_map(|node| node.broker_node_info.as_ref())
        .flat_map(|node| node.endpoints.iter().cloned())
        .collect()
}

fn nodes_of<'a>(world: &World<'a>, cluster: &Cluster) -> Option<&'a ListNodes> {
    world
        .snapshot
        .known(|facts| &facts.nodes)
        .find(|(key, _)| key.is_empty() || *key == key_of(&cluster.cluster_arn))
        .map(|(_, answer)| answer)
}

impl GetBootstrapBrokers {
    /// The bootstrap string of a way in.
    #[must_use]
    pub fn string(&self, auth: Auth, access: Access, family: Family) -> Option<&str> {
        let string = match (auth, access, family) {
            (Auth::Iam, Access::Private, Family::V4) => &self.bootstrap_broker_string_sasl_iam,
            (Auth::Iam, Access::Public, Family::V4) => {
                &self.bootstrap_broker_string_public_sasl_iam
            }
            (Auth::Iam, Access::MultiVpc, _) => {
                &self.bootstrap_broker_string_vpc_connectivity_sasl_iam
            }
            (Auth::Scram, Access::MultiVpc, _) => {
                &self.bootstrap_broker_string_vpc_connectivity_sasl_scram
            }
            (Auth::Tls | Auth::Mtls, Access::MultiVpc, _) => {
                &self.bootstrap_broker_string_vpc_connectivity_tls
            }
            (Auth::Plaintext, Access::MultiVpc, _) => return None,
            (Auth::Iam, _, Family::V6) => &self.bootstrap_broker_string_sasl_iam_ipv6,
            (Auth::Scram, Access::Private, Family::V4) => &self.bootstrap_broker_string_sasl_scram,
            (Auth::Scram, Access::Public, Family::V4) => {
                &self.bootstrap_broker_string_public_sasl_scram
            }
            (Auth::Scram, _, Family::V6) => &self.bootstrap_broker_string_sasl_scram_ipv6,
            (Auth::Tls | Auth::Mtls, Access::Private, Family::V4) => {
                &self.bootstrap_broker_string_tls
            }
            (Auth::Tls | Auth::Mtls, Access::Public, Family::V4) => {
                &self.bootstrap_broker_string_public_tls
            }
            (Auth::Tls | Auth::Mtls, _, Family::V6) => &self.bootstrap_broker_string_tls_ipv6,
            (Auth::Plaintext, _, Family::V4) => &self.bootstrap_broker_string,
            (Auth::Plaintext, _, Family::V6) => &self.bootstrap_broker_string_ipv6,
        };
        string.as_deref().filter(|string| !string.is_empty())
    }
}

/// The port of a way in, where the bootstrap strings do not say.
/// Source: <https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html>.
#[must_use]
pub fn usual_port(auth: Auth, public: bool, family: Family) -> u16 {
    let base = match auth {
        Auth::Iam => 9098,
        Auth::Scram => 9096,
        Auth::Tls | Auth::Mtls => 9094,
        Auth::Plaintext => 9092,
    };
    match (family, public) {
        (Family::V6, _) => base - 9092 + 20092,
        (Family::V4, true) => base + 100,
        (Family::V4, false) => base,
    }
}

/// The listeners of a cluster that a client with this authentication could use.
#[must_use]
pub fn listeners(
    world: &World<'_>,
    cluster: &Cluster,
    auth: Auth,
    access: Access,
) -> Vec<Listener> {
    let strings = bootstrap(world, cluster);
    if access == Access::MultiVpc {
        return endpoint::listeners(strings, auth);
    }
    let public = access == Access::Public;
    let mut found = Vec::new();
    for family in [Family::V4, Family::V6] {
        let string = strings.and_then(|strings| strings.string(auth, access, family));
        let port = string
            .and_then(|string| parse_bootstrap(string).ok())
            .and_then(|endpoints| endpoints.first().map(|endpoint| endpoint.port));
        // IPv6 is offered only where a bootstrap string says so.
        if string.is_some() || family == Family::V4 {
            found.push(Listener {
                port: port.unwrap_or_else(|| usual_port(auth, public, family)),
                access,
                family,
            });
        }
    }
    found
}

/// Every broker of a cluster, as clients of `listener` meet it.
///
/// # Errors
/// Where the brokers are not known.
pub fn brokers<'a>(
    world: &World<'a>,
    cluster: &'a Cluster,
    listener: Listener,
) -> Result<Vec<BrokerSide<'a>>, Gap> {
    if let Some(serverless) = &cluster.serverless {
        return Ok(serverless
            .vpc_configs
            .iter()
            .flat_map(|config| {
                endpoint::with(
                    world,
                    &config.subnet_ids,
                    &config.security_group_ids,
                    listener,
                )
            })
            .collect());
    }
    if listener.access == Access::MultiVpc {
        return endpoint::multi_vpc(world, cluster, listener);
    }
    let nodes = nodes_of(world, cluster).ok_or_else(|| {
        let denied = world
            .snapshot
            .missing(|facts| &facts.nodes, &key_of(&cluster.cluster_arn));
        let because = denied.map_or_else(String::new, |missing| format!(" ({})", missing.because));
        Gap {
            what: format!("the brokers of {}{because}", cluster.cluster_name),
            needs: "kafka:ListNodes".to_owned(),
        }
    })?;
    let shown = cluster
        .provisioned
        .as_ref()
        .map_or(&[][..], |p| &p.broker_node_group_info.security_groups);
    let mut found: Vec<BrokerSide<'_>> = nodes
        .node_info_list
        .iter()
        .filter_map(|node| node.broker_node_info.as_ref())
        .filter_map(|node| broker(world, node, shown, listener))
        .collect();
    found.sort_by_key(|broker| broker.id);
    if found.is_empty() {
        return Err(Gap {
            what: format!("an address of any broker of {}", cluster.cluster_name),
            needs: "kafka:ListNodes and ec2:DescribeNetworkInterfaces".to_owned(),
        });
    }
    Ok(found)
}

/// The addresses of a provisioned cluster's brokers in its own VPC, as far as the facts tell.
pub fn addresses(world: &World<'_>, wanted: Option<&str>) -> Vec<IpAddr> {
    let nodes = cluster(world, wanted)
        .ok()
        .and_then(|cluster| nodes_of(world, cluster));
    nodes
        .iter()
        .flat_map(|nodes| &nodes.node_info_list)
        .filter_map(|node| node.broker_node_info.as_ref()?.client_vpc_ip_address)
        .map(IpAddr::V4)
        .collect()
}

fn broker<'a>(
    world: &World<'a>,
    node: &'a BrokerNodeInfo,
    shown_groups: &'a [String],
    listener: Listener,
) -> Option<BrokerSide<'a>> {
    let id = node.attached_eni_id.as_deref().unwrap_or_default();
    let by_address = || {
        let address: Ipv4Addr = node.client_vpc_ip_address?;
        match world.with_address(IpAddr::V4(address)) {
            [interface] => Some(*interface),
            _ => None,
        }
    };
    let interface = world.interface(id).or_else(|gap| by_address().ok_or(gap));
    let known = interface.as_ref().ok().copied();
    let inside = known
        .and_then(|interface| {
            interface
                .addresses()
                .find(|address| Family::of(*address) == listener.family)
        })
        .or_else(|| {
            node.client_vpc_ip_address
                .map(IpAddr::V4)
                .filter(|_| listener.family == Family::V4)
        })?;
    let public = known.and_then(NetworkInterface::public_ip).map(IpAddr::V4);
    let subnet = known
        .and_then(|interface| interface.subnet_id.as_deref())
        .or(node.client_subnet.as_deref())
        .unwrap_or_default();
    Some(BrokerSide {
        id: node.id(),
        name: node.endpoints.first().cloned(),
        interface,
        subnet: world.subnet(subnet),
        address: if listener.access == Access::Public {
            public.unwrap_or(inside)
        } else {
            inside
        },
        inside,
        port: listener.port,
        public: listener.access == Access::Public,
        endpoint: false,
        shown_groups,
        closed: None,
    })
}
