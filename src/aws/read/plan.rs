//! What to ask next, from what is known: pure, so that the rounds can be counted without a network.

mod references;
mod rights;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::ec2::{By, Kind, MOST_VALUES};
use super::iam::Right;
use super::lambda::{is_cluster_arn, is_of_use};
use super::route53::Name;
use super::{Batches, Call, Wanted};
use crate::aws::snapshot::kafka::{ClientAuthentication, Cluster, GetBootstrapBrokers};
use crate::aws::snapshot::route53::is_under;
use crate::aws::snapshot::{Answer, Answers, Facts};
use crate::target::{MskName, parse_bootstrap};

/// More VPCs than one question is about, and clusters.
const MOST_VPCS: usize = 16;

/// One thing to ask for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ask {
    /// Things of a kind, by one value of a filter.
    Described(Kind, By, String),
    /// An attribute of a VPC.
    VpcAttribute(String, &'static str),
    /// A prefix list's entries.
    PrefixList(String),
    /// The routes of a transit gateway's table.
    TransitGatewayRoutes(String),
    /// VPC block public access.
    BlockPublicAccess,
    /// Its exclusions.
    BlockPublicAccessExclusions,
    /// A cluster by ARN.
    Cluster(String),
    /// A cluster by name.
    ClusterByName(String),
    /// A cluster's brokers.
    Nodes(String),
    /// A cluster's bootstrap strings.
    BootstrapBrokers(String),
    /// A cluster's policy.
    ClusterPolicy(String),
    /// The connections to a cluster.
    ClientVpcConnections(String),
    /// The account's connections to clusters.
    VpcConnections,
    /// One of them.
    VpcConnection(String),
    /// Who answers for names.
    Name(Name),
    /// What a role may do.
    Right(Right),
    /// A function, with its qualifier.
    Function(String, Option<String>),
    /// What feeds a function.
    EventSourceMappings(String),
    /// How many invocations a function may have at once.
    Concurrency(String),
}

/// `name:qualifier`.
pub(super) fn full(name: &str, qualifier: Option<&str>) -> String {
    qualifier.map_or_else(|| name.to_owned(), |q| format!("{name}:{q}"))
}

/// All that is needed as far as `facts` tell, asked or not. The first facts are the client's, the last the
/// cluster's: often the same.
fn plan(wanted: &Wanted, facts: &[Facts]) -> BTreeSet<(usize, Ask)> {
    let mut plan = Plan {
        wanted,
        facts,
        asks: BTreeSet::new(),
    };
    plan.clients();
    plan.clusters();
    plan.names();
    plan.rights();
    for scope in 0..facts.len() {
        plan.vpcs(scope);
        plan.references(scope);
    }
    plan.asks
}

/// The next round: what is needed and was not asked yet. Empty where nothing more is needed.
pub(super) fn round(
    wanted: &Wanted,
    facts: &[Facts],
    asked: &mut BTreeSet<(usize, Ask)>,
) -> BTreeSet<(usize, Ask)> {
    let mut next = plan(wanted, facts);
    next.retain(|ask| !asked.contains(ask));
    asked.extend(next.iter().cloned());
    next
}

/// The calls of a round: things of a kind by one filter make one call.
pub(super) fn batches(asks: BTreeSet<(usize, Ask)>) -> Vec<(usize, Call)> {
    let mut batches = Batches::new();
    let mut calls = Vec::new();
    for (scope, ask) in asks {
        match ask {
            Ask::Described(kind, by, value) => {
                batches.entry((scope, kind, by)).or_default().push(value);
            }
            other => calls.push((scope, Call::One(other))),
        }
    }
    for ((scope, kind, by), values) in batches {
        for values in values.chunks(MOST_VALUES) {
            calls.push((scope, Call::Describe(kind, by, values.to_vec())));
        }
    }
    calls
}

/// The account of each scope, as ARNs and owners tell.
pub(super) fn accounts(wanted: &Wanted, facts: &[Facts]) -> Vec<Option<String>> {
    let of_arn = |arn: &str| arn.split(':').nth(4).map(ToOwned::to_owned);
    let plan = Plan {
        wanted,
        facts,
        asks: BTreeSet::new(),
    };
    (0..facts.len())
        .map(|scope| {
            let functions = known(&facts[scope].functions);
            let function = functions
                .filter_map(|function| function.function_arn.as_deref())
                .find_map(of_arn);
            let cluster = || {
                let arns = plan.cluster_arns();
                arns.iter()
                    .find_map(|arn| of_arn(arn))
                    .filter(|_| scope == facts.len() - 1)
            };
            let interface = || {
                known(&facts[scope].network_interfaces)
                    .flat_map(|answer| &answer.network_interfaces)
                    .find_map(|interface| interface.owner_id.clone())
            };
            function.or_else(cluster).or_else(interface)
        })
        .collect()
}

/// The known answers to a call.
fn known<T>(answers: &Answers<T>) -> impl Iterator<Item = &T> {
    answers.values().filter_map(|answer| match answer {
        Answer::Known(known) => Some(known),
        Answer::Denied | Answer::Failed(_) => None,
    })
}

struct Plan<'a> {
    wanted: &'a Wanted,
    facts: &'a [Facts],
    asks: BTreeSet<(usize, Ask)>,
}

impl<'a> Plan<'a> {
    fn ask(&mut self, scope: usize, ask: Ask) {
        self.asks.insert((scope, ask));
    }

    fn by(&mut self, scope: usize, kind: Kind, filter: &'static str, value: &str) {
        self.ask(
            scope,
            Ask::Described(kind, By::Filter(filter), value.to_owned()),
        );
    }

    /// Where the cluster's facts are.
    fn theirs(&self) -> usize {
        self.facts.len() - 1
    }

    /// The client: functions, interfaces, instances, subnets, addresses.
    fn clients(&mut self) {
        let wanted = self.wanted;
        let either = wanted.either.iter().map(|name| (name, &None));
        let functions = wanted.functions.iter().map(|(name, q)| (name, q));
        for (name, qualifier) in functions.chain(either) {
            self.ask(0, Ask::Function(name.clone(), qualifier.clone()));
            if wanted.rights {
                self.ask(0, Ask::Concurrency(name.clone()));
            }
            self.ask(
                0,
                Ask::EventSourceMappings(full(name, qualifier.as_deref())),
            );
        }
        for id in &wanted.interfaces {
            self.by(0, Kind::NetworkInterfaces, "network-interface-id", id);
        }
        for id in &wanted.instances {
            self.by(0, Kind::Instances, "instance-id", id);
            self.by(0, Kind::NetworkInterfaces, "attachment.instance-id", id);
        }
        for id in &wanted.subnets {
            self.by(0, Kind::Subnets, "subnet-id", id);
        }
        for id in &wanted.groups {
            self.by(0, Kind::SecurityGroups, "group-id", id);
        }
        for address in &wanted.addresses {
            let filters: &[&'static str] = if address.is_ipv6() {
                &["ipv6-addresses.ipv6-address"]
            } else {
                &["addresses.private-ip-address", "association.public-ip"]
            };
            for filter in filters {
                self.by(0, Kind::NetworkInterfaces, filter, &address.to_string());
            }
        }
        let facts = &self.facts[0];
        for function in known(&facts.functions) {
            for subnet in function.vpc_config.iter().flat_map(|vpc| &vpc.subnet_ids) {
                self.in_subnet(0, "lambda", subnet);
            }
        }
    }

    /// Interfaces of a type in a subnet.
    fn in_subnet(&mut self, scope: usize, kind: &'static str, subnet: &str) {
        self.ask(
            scope,
            Ask::Described(
                Kind::NetworkInterfaces,
                By::TypeInSubnet(kind),
                subnet.to_owned(),
            ),
        );
    }

    /// The ARNs of the clusters in question, as far as they are known.
    fn cluster_arns(&self) -> Vec<String> {
        let mut arns = Vec::new();
        match &self.wanted.cluster {
            Some(cluster) if cluster.starts_with("arn:") => arns.push(cluster.clone()),
            Some(_) => {}
            None => {
                for mapping in self.mappings() {
                    arns.extend(mapping.filter(|arn| is_cluster_arn(arn)).map(str::to_owned));
                }
                arns.extend(
                    self.environment()
                        .filter(|value| is_cluster_arn(value))
                        .map(ToOwned::to_owned),
                );
            }
        }
        arns.extend(
            known(&self.facts[self.theirs()].cluster_list)
                .flat_map(|answer| &answer.cluster_info_list)
                .map(|cluster| cluster.cluster_arn.clone()),
        );
        arns.sort();
        arns.dedup();
        arns.truncate(MOST_VPCS);
        arns
    }

    /// The sources that feed the functions.
    fn mappings(&self) -> impl Iterator<Item = Option<&'a str>> + use<'a> {
        known(&self.facts[0].event_source_mappings)
            .flat_map(|answer| &answer.event_source_mappings)
            .map(|mapping| mapping.event_source_arn.as_deref())
    }

    /// The values of the functions' environment variables.
    fn environment(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        known(&self.facts[0].functions)
            .filter_map(|function| function.environment.as_ref())
            .flat_map(|environment| environment.variables.values())
            .map(String::as_str)
            .filter(|value| is_of_use(value))
    }

    /// The name of the cluster: what was asked for, else that in the functions' bootstrap strings.
    fn cluster_name(&self) -> Option<String> {
        match &self.wanted.cluster {
            Some(cluster) if cluster.starts_with("arn:") => None,
            Some(name) => Some(name.clone()),
            None => self
                .environment()
                .find_map(|value| {
                    let endpoints = parse_bootstrap(value).ok()?;
                    endpoints
                        .iter()
                        .find_map(|endpoint| MskName::parse(&endpoint.host)?.cluster)
                })
                .or_else(|| self.wanted.either.clone()),
        }
    }

    fn clusters(&mut self) {
        let theirs = self.theirs();
        let facts = &self.facts[theirs];
        let listed = known(&facts.cluster_list).flat_map(|answer| &answer.cluster_info_list);
        let described = known(&facts.clusters).map(|answer| &answer.cluster_info);
        let known_ones: Vec<&'a Cluster> = described.chain(listed).collect();
        let arns = self.cluster_arns();
        if let Some(name) = self.cluster_name() {
            // Where a mapping names the cluster, its ARN is enough.
            if arns.is_empty() || known(&facts.cluster_list).next().is_some() {
                self.ask(theirs, Ask::ClusterByName(name));
            }
        }
        for arn in arns {
            let cluster = known_ones.iter().find(|known| known.cluster_arn == arn);
            // What is listed is described already.
            let listed = known(&facts.cluster_list)
                .flat_map(|answer| &answer.cluster_info_list)
                .any(|listed| listed.cluster_arn == arn);
            if !listed {
                self.ask(theirs, Ask::Cluster(arn.clone()));
            }
            if !is_serverless(&arn) && cluster.is_none_or(|cluster| !cluster.is_serverless()) {
                self.ask(theirs, Ask::Nodes(arn.clone()));
            }
            self.ask(theirs, Ask::BootstrapBrokers(arn));
        }
        for cluster in known_ones {
            self.cluster(theirs, cluster);
        }
        for node in known(&facts.nodes).flat_map(|answer| &answer.node_info_list) {
            let Some(node) = &node.broker_node_info else {
                continue;
            };
            if let Some(subnet) = &node.client_subnet {
                self.by(theirs, Kind::Subnets, "subnet-id", subnet);
            }
            match (&node.attached_eni_id, node.client_vpc_ip_address) {
                (Some(id), _) => {
                    self.by(theirs, Kind::NetworkInterfaces, "network-interface-id", id);
                }
                (None, Some(address)) => {
                    let address = address.to_string();
                    let filter = "addresses.private-ip-address";
                    self.by(theirs, Kind::NetworkInterfaces, filter, &address);
                }
                (None, None) => {}
            }
        }
    }

    /// Where a cluster stands, and its ways in.
    fn cluster(&mut self, theirs: usize, cluster: &'a Cluster) {
        if let Some(provisioned) = &cluster.provisioned {
            for subnet in &provisioned.broker_node_group_info.client_subnets {
                self.by(theirs, Kind::Subnets, "subnet-id", subnet);
            }
        }
        for config in cluster.serverless.iter().flat_map(|s| &s.vpc_configs) {
            for subnet in &config.subnet_ids {
                self.by(theirs, Kind::Subnets, "subnet-id", subnet);
                self.in_subnet(theirs, "vpc_endpoint", subnet);
            }
        }
        let multi_vpc = cluster
            .connectivity()
            .and_then(|ways| ways.vpc_connectivity.as_ref())
            .and_then(|connectivity| connectivity.client_authentication.as_ref())
            .is_some_and(any_on);
        if !multi_vpc {
            return;
        }
        let arn = &cluster.cluster_arn;
        self.ask(theirs, Ask::ClusterPolicy(arn.clone()));
        self.ask(theirs, Ask::ClientVpcConnections(arn.clone()));
        self.ask(0, Ask::VpcConnections);
        let facts = &self.facts[0];
        let connections = known(&facts.vpc_connections).flat_map(|answer| &answer.vpc_connections);
        for connection in connections {
            if connection.target_cluster_arn.as_ref() == Some(arn) {
                let connection = connection.vpc_connection_arn.clone();
                self.ask(0, Ask::VpcConnection(connection));
            }
        }
        for connection in known(&facts.vpc_connection) {
            for subnet in &connection.subnets {
                self.in_subnet(0, "vpc_endpoint", subnet);
            }
        }
    }

    /// The VPCs of clients or brokers in a scope.
    fn vpc_ids(&self, scope: usize) -> BTreeSet<&'a str> {
        let facts = &self.facts[scope];
        let subnets = known(&facts.subnets).flat_map(|answer| &answer.subnets);
        let interfaces =
            known(&facts.network_interfaces).flat_map(|answer| &answer.network_interfaces);
        let functions = known(&facts.functions).filter_map(|function| function.vpc_config.as_ref());
        subnets
            .map(|subnet| subnet.vpc_id.as_str())
            .chain(interfaces.filter_map(|interface| interface.vpc_id.as_deref()))
            .chain(functions.filter_map(|vpc| vpc.vpc_id.as_deref()))
            .filter(|id| !id.is_empty())
            .collect()
    }

    fn vpcs(&mut self, scope: usize) {
        let mut ids: BTreeSet<&'a str> = self.vpc_ids(scope);
        if scope == self.theirs() && !self.knows_where_brokers_stand() {
            // The brokers are likely to stand where a route leads: not to wait for them saves a round.
            ids.extend(self.peers(&ids));
        }
        let several = (0..self.facts.len())
            .map(|scope| self.vpc_ids(scope).len())
            .sum::<usize>()
            > 1;
        for id in ids.into_iter().take(MOST_VPCS) {
            self.by(scope, Kind::Vpcs, "vpc-id", id);
            self.by(scope, Kind::Subnets, "vpc-id", id);
            self.by(scope, Kind::RouteTables, "vpc-id", id);
            self.by(scope, Kind::NetworkAcls, "vpc-id", id);
            self.by(scope, Kind::SecurityGroups, "vpc-id", id);
            self.by(scope, Kind::Peerings, "requester-vpc-info.vpc-id", id);
            self.by(scope, Kind::Peerings, "accepter-vpc-info.vpc-id", id);
            for attribute in ["enableDnsSupport", "enableDnsHostnames"] {
                self.ask(scope, Ask::VpcAttribute(id.to_owned(), attribute));
            }
            if several {
                self.by(scope, Kind::TransitGatewayVpcAttachments, "vpc-id", id);
            }
            self.by(scope, Kind::VpcEndpoints, "vpc-id", id);
        }
    }

    /// Who answers the client's questions for names.
    fn names(&mut self) {
        let vpcs = self.client_vpcs();
        if vpcs.is_empty() {
            return;
        }
        for vpc in &vpcs {
            self.ask(0, Ask::Name(Name::HostedZones((*vpc).to_owned())));
        }
        self.ask(0, Ask::Name(Name::RuleAssociations));
        self.ask(0, Ask::Name(Name::Rules));
        self.ask(0, Ask::Name(Name::Firewalls));
        let facts = &self.facts[0];
        let brokers = self.broker_names();
        for zone in known(&facts.hosted_zones).flat_map(|answer| &answer.hosted_zone_summaries) {
            let hides = |name: &String| is_under(name, &zone.name);
            if zone.is_a_customers() && brokers.iter().any(hides) {
                self.ask(0, Ask::Name(Name::Records(zone.hosted_zone_id.clone())));
            }
        }
    }

    /// The VPCs of the clients, as far as they are known.
    fn client_vpcs(&self) -> BTreeSet<&'a str> {
        let facts = &self.facts[0];
        let functions = known(&facts.functions)
            .filter_map(|function| function.vpc_config.as_ref()?.vpc_id.as_deref());
        let interfaces = known(&facts.network_interfaces)
            .flat_map(|answer| &answer.network_interfaces)
            .filter(|interface| {
                let attachment = interface.attachment.as_ref();
                let instance = attachment.and_then(|attachment| attachment.instance_id.as_ref());
                self.wanted
                    .interfaces
                    .contains(&interface.network_interface_id)
                    || instance.is_some_and(|id| self.wanted.instances.contains(id))
                    || interface
                        .addresses()
                        .any(|address| self.wanted.addresses.contains(&address))
            })
            .filter_map(|interface| interface.vpc_id.as_deref());
        let subnets = known(&facts.subnets)
            .flat_map(|answer| &answer.subnets)
            .filter(|subnet| self.wanted.subnets.contains(&subnet.subnet_id))
            .map(|subnet| subnet.vpc_id.as_str());
        functions
            .chain(interfaces)
            .chain(subnets)
            .filter(|id| !id.is_empty())
            .collect()
    }

    /// The names that the client asks for: those in its environment, and those of the cluster.
    fn broker_names(&self) -> Vec<String> {
        let strings = known(&self.facts[self.theirs()].bootstrap_brokers)
            .flat_map(GetBootstrapBrokers::strings);
        self.environment()
            .chain(strings)
            .filter_map(|string| parse_bootstrap(string).ok())
            .flatten()
            .map(|endpoint| endpoint.host)
            .collect()
    }

    fn knows_where_brokers_stand(&self) -> bool {
        let facts = &self.facts[self.theirs()];
        let known_subnet = |id: &String| {
            known(&facts.subnets)
                .flat_map(|answer| &answer.subnets)
                .any(|subnet| subnet.subnet_id == *id)
        };
        let listed = known(&facts.cluster_list).flat_map(|answer| &answer.cluster_info_list);
        known(&facts.clusters)
            .map(|answer| &answer.cluster_info)
            .chain(listed)
            .any(|cluster| {
                let provisioned = cluster.provisioned.iter();
                let own = provisioned.flat_map(|p| &p.broker_node_group_info.client_subnets);
                let serverless = cluster.serverless.iter().flat_map(|s| &s.vpc_configs);
                own.chain(serverless.flat_map(|config| &config.subnet_ids))
                    .any(known_subnet)
            })
    }

    /// The VPCs behind the peerings that a route of the client's VPCs leads to.
    fn peers(&self, own: &BTreeSet<&'a str>) -> Vec<&'a str> {
        if self.facts.len() > 1 || self.wanted.functions.is_empty() {
            return Vec::new();
        }
        let facts = &self.facts[0];
        let functions: Vec<&str> = known(&facts.functions)
            .filter_map(|function| function.vpc_config.as_ref()?.vpc_id.as_deref())
            .collect();
        let routed: BTreeSet<&str> = self
            .routes(0)
            .filter(|(table, _)| functions.contains(&table.vpc_id.as_str()))
            .filter_map(|(_, route)| route.vpc_peering_connection_id.as_deref())
            .collect();
        known(&facts.peerings)
            .flat_map(|answer| &answer.vpc_peering_connections)
            .filter(|peering| routed.contains(peering.vpc_peering_connection_id.as_str()))
            .flat_map(|peering| [&peering.requester_vpc_info, &peering.accepter_vpc_info])
            .filter_map(|side| side.vpc_id.as_deref())
            .filter(|id| !own.contains(id))
            .collect()
    }
}

/// ARNs of serverless clusters end in `-s` and a number.
fn is_serverless(arn: &str) -> bool {
    arn.rsplit_once("-s")
        .is_some_and(|(_, number)| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

fn any_on(ways: &ClientAuthentication) -> bool {
    let on = |switch: &Option<crate::aws::snapshot::kafka::Switch>| {
        switch
            .as_ref()
            .is_some_and(|switch| switch.enabled == Some(true))
    };
    let sasl = ways.sasl.as_ref();
    sasl.is_some_and(|sasl| on(&sasl.iam) || on(&sasl.scram)) || on(&ways.tls)
}
