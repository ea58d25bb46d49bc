//! What the user named, looked up in the AWS facts.

use crate::aws::snapshot::Snapshot;
use crate::aws::snapshot::kafka::Cluster;
use crate::aws::snapshot::lambda::GetFunctionConfiguration;
use crate::case::{Client, ClientKind};
use crate::target::{Auth, Target, parse_bootstrap};
use crate::vpc::space::Family;
use crate::vpc::{self, Access, World, acls};

/// The things that the user named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// The bootstrap string.
    pub bootstrap: Option<String>,
    /// A cluster, by its name or ARN.
    pub cluster: Option<String>,
    /// A function, by its name or ARN, with its qualifier.
    pub function: Option<String>,
    /// A name that is a function's or a cluster's.
    pub either: Option<String>,
}

impl Named {
    /// The cluster: as it is named, else the one that the function reads from, else the only one.
    #[must_use]
    pub fn cluster_in<'a>(&self, facts: &'a Snapshot) -> Option<&'a Cluster> {
        let by = |wanted: &str| {
            clusters(facts)
                .find(|cluster| cluster.cluster_arn == wanted || cluster.cluster_name == wanted)
        };
        if let Some(wanted) = &self.cluster {
            return by(wanted);
        }
        let name = self.function.as_deref().map(|function| bare(function).0);
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

    /// The bootstrap string: as it is named, else what the function's environment has, else what the cluster offers.
    #[must_use]
    pub fn bootstrap_in(
        &self,
        facts: &Snapshot,
        client: &Client,
        auth: Option<Auth>,
    ) -> Option<String> {
        if let Some(named) = &self.bootstrap {
            return Some(named.clone());
        }
        let configured = self
            .function
            .as_deref()
            .and_then(|function| function_in(facts, function))
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
        let cluster = self.cluster_in(facts)?;
        let acls = acls(facts);
        let world = World::new(facts, &acls);
        let strings = vpc::bootstrap(&world, cluster)?;
        let access = client
            .vantage()
            .map_or(Access::Private, |from| vpc::access(&world, cluster, &from));
        let wanted = auth.map_or_else(
            || vec![Auth::Iam, Auth::Scram, Auth::Tls, Auth::Plaintext],
            |auth| vec![auth],
        );
        wanted
            .into_iter()
            .find_map(|auth| strings.string(auth, access, Family::V4))
            .map(ToOwned::to_owned)
    }

    /// Takes from the facts what the user did not say: the cluster's ARN and region, the function's role.
    pub fn learn(&self, facts: &Snapshot, target: &mut Target, client: &mut Client) {
        if let Some(cluster) = self.cluster_in(facts) {
            target.cluster = Some(cluster.cluster_arn.clone());
            if target.region.is_none() {
                target.region = cluster.cluster_arn.split(':').nth(3).map(ToOwned::to_owned);
            }
        }
        if client.kind == ClientKind::Function
            && client.role.is_none()
            && let Some(name) = &client.name
        {
            client.role = function_in(facts, name).and_then(|function| function.role.clone());
        }
    }
}

/// The name and the qualifier of a function, from any way to write it.
#[must_use]
pub fn bare(function: &str) -> (&str, Option<&str>) {
    let bare = function
        .rsplit_once(":function:")
        .map_or(function, |(_, bare)| bare);
    match bare.split_once(':') {
        Some((name, qualifier)) => (name, Some(qualifier)),
        None => (bare, None),
    }
}

/// The function of that name, with its qualifier.
#[must_use]
pub fn function_in<'a>(
    facts: &'a Snapshot,
    function: &str,
) -> Option<&'a GetFunctionConfiguration> {
    let (name, qualifier) = bare(function);
    vpc::configuration(facts, name, qualifier).ok()
}

/// All clusters that the facts describe.
pub fn clusters(facts: &Snapshot) -> impl Iterator<Item = &Cluster> {
    let described = facts
        .known(|facts| &facts.clusters)
        .map(|(_, answer)| &answer.cluster_info);
    let listed = facts
        .known(|facts| &facts.cluster_list)
        .flat_map(|(_, answer)| &answer.cluster_info_list);
    described.chain(listed)
}
