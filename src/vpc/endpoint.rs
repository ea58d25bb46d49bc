//! Interface endpoints that stand for brokers: those of serverless clusters, and those of multi-VPC connections.
//!
//! Sources: <https://docs.aws.amazon.com/msk/latest/developerguide/serverless-config.html>,
//! <https://docs.aws.amazon.com/msk/latest/developerguide/aws-access-mult-vpc.html>.

use std::collections::BTreeSet;

use super::Gap;
use super::broker::{Access, BrokerSide, Closed, Listener, bootstrap};
use super::space::Family;
use super::world::World;
use crate::aws::files::key_of;
use crate::aws::snapshot::kafka::{Cluster, DescribeVpcConnection, GetBootstrapBrokers};
use crate::target::{Auth, MskName, parse_bootstrap};

/// The listeners of the multi-VPC names: every broker has its own port.
pub(super) fn listeners(strings: Option<&GetBootstrapBrokers>, auth: Auth) -> Vec<Listener> {
    let string = strings.and_then(|strings| strings.string(auth, Access::MultiVpc, Family::V4));
    let ports: BTreeSet<u16> = string
        .and_then(|string| parse_bootstrap(string).ok())
        .into_iter()
        .flatten()
        .map(|endpoint| endpoint.port)
        .collect();
    ports
        .into_iter()
        .map(|port| Listener {
            port,
            access: Access::MultiVpc,
            family: Family::V4,
        })
        .collect()
}

/// The connections of a cluster that are described.
pub(super) fn connections<'a>(
    world: &World<'a>,
    cluster: &Cluster,
) -> impl Iterator<Item = &'a DescribeVpcConnection> {
    world
        .snapshot
        .known(|facts| &facts.vpc_connection)
        .map(|(_, connection)| connection)
        .filter(move |connection| {
            connection.target_cluster_arn.as_deref() == Some(&cluster.cluster_arn)
        })
}

/// The endpoints of a cluster's multi-VPC connections, for one broker's port.
///
/// # Errors
/// Where no connection is known.
pub(super) fn multi_vpc<'a>(
    world: &World<'a>,
    cluster: &Cluster,
    listener: Listener,
) -> Result<Vec<BrokerSide<'a>>, Gap> {
    let named = bootstrap(world, cluster).and_then(|strings| {
        [
            (Auth::Iam, "SASL_IAM"),
            (Auth::Scram, "SASL_SCRAM"),
            (Auth::Tls, "TLS"),
        ]
        .into_iter()
        .find_map(|(auth, scheme)| {
            let string = strings.string(auth, Access::MultiVpc, listener.family)?;
            let mut endpoints = parse_bootstrap(string).ok()?.into_iter();
            let endpoint = endpoints.find(|endpoint| endpoint.port == listener.port)?;
            Some((endpoint, scheme))
        })
    });
    // Each connection is made for one way to log in, and each way has ports of its own.
    let scheme = named.as_ref().map(|(_, scheme)| *scheme);
    let named = named.map(|(endpoint, _)| endpoint);
    let id = named
        .as_ref()
        .and_then(|endpoint| MskName::parse(&endpoint.host)?.broker_id)
        .and_then(|id| i32::try_from(id).ok());
    let mut found = Vec::new();
    for connection in connections(world, cluster) {
        let other = connection.authentication.as_deref();
        if other.is_some_and(|other| scheme.is_some_and(|scheme| scheme != other)) {
            continue;
        }
        let state = connection.state.as_deref().unwrap_or("AVAILABLE");
        let closed = (state != "AVAILABLE").then(|| Closed {
            code: "CLU-14",
            resource: connection.vpc_connection_arn.clone(),
            detail: format!("{} is {state}", connection.vpc_connection_arn),
        });
        for side in with(
            world,
            &connection.subnets,
            &connection.security_groups,
            listener,
        ) {
            found.push(BrokerSide {
                id,
                name: named.as_ref().map(|endpoint| endpoint.host.clone()),
                closed: closed.clone(),
                ..side
            });
        }
    }
    if !found.is_empty() {
        return Ok(found);
    }
    let listed = world
        .snapshot
        .known(|facts| &facts.vpc_connections)
        .flat_map(|(_, answer)| &answer.vpc_connections)
        .find(|own| own.target_cluster_arn.as_deref() == Some(&cluster.cluster_arn))
        .map(|own| own.vpc_connection_arn.as_str());
    let (missing, what) = match listed {
        Some(arn) => (
            world.snapshot.missing(|f| &f.vpc_connection, &key_of(arn)),
            format!("the endpoint of {arn}"),
        ),
        None => (
            world.snapshot.missing(|f| &f.vpc_connections, ""),
            format!("a multi-VPC connection to {}", cluster.cluster_name),
        ),
    };
    Err(match missing {
        Some(missing) => Gap {
            what: format!("{what} ({}: {})", missing.operation, missing.because),
            needs: missing.action,
        },
        None => Gap {
            what: format!("{what}: no interface of it is among the facts"),
            needs: "ec2:DescribeNetworkInterfaces".to_owned(),
        },
    })
}

/// The interfaces of an endpoint with these subnets and groups.
pub(super) fn with<'a>(
    world: &World<'a>,
    subnets: &'a [String],
    groups: &'a [String],
    listener: Listener,
) -> Vec<BrokerSide<'a>> {
    let mut found: Vec<BrokerSide<'_>> = world
        .all_interfaces()
        .filter(|interface| {
            interface.interface_type.as_deref() == Some("vpc_endpoint")
                && interface
                    .subnet_id
                    .as_ref()
                    .is_some_and(|subnet| subnets.contains(subnet))
                && interface
                    .group_ids()
                    .any(|group| groups.iter().any(|wanted| wanted == group))
        })
        .filter_map(|interface| {
            let inside = interface
                .addresses()
                .find(|address| Family::of(*address) == listener.family)?;
            Some(BrokerSide {
                id: None,
                name: None,
                interface: Ok(interface),
                subnet: world.subnet(interface.subnet_id.as_deref().unwrap_or_default()),
                address: inside,
                inside,
                port: listener.port,
                public: false,
                endpoint: true,
                shown_groups: groups,
                closed: None,
            })
        })
        .collect();
    found.sort_by_key(|broker| broker.address);
    found
}
