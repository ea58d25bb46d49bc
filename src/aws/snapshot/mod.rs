//! What the AWS APIs said, in their own field names. Every answer is known, denied, failed or not asked.

pub mod ec2;
pub mod iam;
pub mod kafka;
pub mod lambda;
pub mod route53;
pub mod sts;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::calls::Call;

/// What became of one call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer<T> {
    /// The answer, all pages of it.
    Known(T),
    /// The caller may not ask.
    Denied,
    /// It was asked, and no answer came that can be used: why.
    Failed(String),
}

/// The answers to one call: one of the whole account and region under the empty key, or one for each thing that
/// was asked for, under its id, name or ARN as file names have it. What is absent was not asked.
pub type Answers<T> = BTreeMap<String, Answer<T>>;

/// The answer of one API call.
pub trait Response: Serialize + DeserializeOwned {
    /// The call that gives it.
    const CALL: &'static Call;
}

/// Why a fact is not known, and what would make it known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Missing {
    /// The call that would tell.
    pub operation: String,
    /// The IAM action that it needs.
    pub action: String,
    /// `denied`, `not asked`, or why it failed.
    pub because: String,
}

/// Declares the facts of one account and region: a field for each call, in one table.
macro_rules! facts {
    ($($(#[$doc:meta])* $field:ident: $response:ty,)*) => {
        /// The facts of one account and region.
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Facts {
            /// The account, where it is known.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub account: Option<String>,
            /// The region, where it is known.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub region: Option<String>,
            $($(#[$doc])* #[serde(skip_serializing_if = "BTreeMap::is_empty")] pub $field: Answers<$response>,)*
        }

        impl Facts {
            /// Every call that a snapshot may hold.
            pub const CALLS: &'static [&'static Call] = &[$(<$response as Response>::CALL),*];

            /// Whether nothing was asked.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                true $(&& self.$field.is_empty())*
            }

            /// Takes in one answer, as text in the form of the AWS CLI, under `key`.
            ///
            /// # Errors
            /// Where `text` is not the JSON of that call's answer.
            pub fn take(&mut self, call: &Call, key: &str, answer: Answer<&str>) -> Result<(), serde_json::Error> {
                $(if call == <$response as Response>::CALL {
                    let answer = match answer {
                        Answer::Known(text) => Answer::Known(serde_json::from_str::<$response>(text)?),
                        Answer::Denied => Answer::Denied,
                        Answer::Failed(because) => Answer::Failed(because),
                    };
                    self.$field.insert(key.to_owned(), answer);
                    return Ok(());
                })*
                Ok(())
            }

            /// Every answer, in the form of the AWS CLI.
            ///
            /// # Errors
            /// Never in practice: the models are plain data.
            pub fn each(&self, mut visit: impl FnMut(&'static Call, &str, Answer<serde_json::Value>)) -> Result<(), serde_json::Error> {
                $(for (key, answer) in &self.$field {
                    let answer = match answer {
                        Answer::Known(known) => Answer::Known(serde_json::to_value(known)?),
                        Answer::Denied => Answer::Denied,
                        Answer::Failed(because) => Answer::Failed(because.clone()),
                    };
                    visit(<$response as Response>::CALL, key, answer);
                })*
                Ok(())
            }
        }
    };
}

facts! {
    /// VPCs.
    vpcs: ec2::DescribeVpcs,
    /// `enableDnsSupport` and `enableDnsHostnames`, each under the VPC's id, a dot and its name: `vpc-1.enableDnsSupport`.
    vpc_attributes: ec2::DescribeVpcAttribute,
    /// DHCP option sets.
    dhcp_options: ec2::DescribeDhcpOptions,
    /// Subnets.
    subnets: ec2::DescribeSubnets,
    /// Route tables.
    route_tables: ec2::DescribeRouteTables,
    /// Network ACLs.
    network_acls: ec2::DescribeNetworkAcls,
    /// Security groups.
    security_groups: ec2::DescribeSecurityGroups,
    /// Network interfaces.
    network_interfaces: ec2::DescribeNetworkInterfaces,
    /// Instances.
    instances: ec2::DescribeInstances,
    /// Prefix lists' entries, by prefix list id.
    prefix_lists: ec2::GetManagedPrefixListEntries,
    /// VPC peering connections.
    peerings: ec2::DescribeVpcPeeringConnections,
    /// Internet gateways.
    internet_gateways: ec2::DescribeInternetGateways,
    /// NAT gateways.
    nat_gateways: ec2::DescribeNatGateways,
    /// Virtual private gateways.
    vpn_gateways: ec2::DescribeVpnGateways,
    /// VPN connections.
    vpn_connections: ec2::DescribeVpnConnections,
    /// VPC endpoints.
    vpc_endpoints: ec2::DescribeVpcEndpoints,
    /// VPC block public access.
    block_public_access: ec2::DescribeVpcBlockPublicAccessOptions,
    /// Exclusions from VPC block public access.
    block_public_access_exclusions: ec2::DescribeVpcBlockPublicAccessExclusions,
    /// Transit gateways.
    transit_gateways: ec2::DescribeTransitGateways,
    /// Transit gateway attachments of every kind.
    transit_gateway_attachments: ec2::DescribeTransitGatewayAttachments,
    /// Transit gateway attachments of VPCs.
    transit_gateway_vpc_attachments: ec2::DescribeTransitGatewayVpcAttachments,
    /// Transit gateway attachments of other transit gateways.
    transit_gateway_peering_attachments: ec2::DescribeTransitGatewayPeeringAttachments,
    /// Transit gateway route tables.
    transit_gateway_route_tables: ec2::DescribeTransitGatewayRouteTables,
    /// Transit gateway routes, by route table id.
    transit_gateway_routes: ec2::SearchTransitGatewayRoutes,
    /// A cluster, by ARN, or the only one.
    clusters: kafka::DescribeClusterV2,
    /// The account's clusters.
    cluster_list: kafka::ListClustersV2,
    /// A cluster's brokers, by its ARN, or the only one's.
    nodes: kafka::ListNodes,
    /// A cluster's bootstrap strings, by its ARN, or the only one's.
    bootstrap_brokers: kafka::GetBootstrapBrokers,
    /// A cluster's policy, by its ARN, or the only one's.
    cluster_policies: kafka::GetClusterPolicy,
    /// The connections that other VPCs have to a cluster, by its ARN, or the only one's.
    client_vpc_connections: kafka::ListClientVpcConnections,
    /// The connections that this account has to clusters.
    vpc_connections: kafka::ListVpcConnections,
    /// A connection of this account's, by ARN.
    vpc_connection: kafka::DescribeVpcConnection,
    /// The private hosted zones of a VPC, by its id.
    hosted_zones: route53::ListHostedZonesByVpc,
    /// A private hosted zone's records, by its id.
    records: route53::ListResourceRecordSets,
    /// Which resolver rules hold in which VPCs.
    resolver_rule_associations: route53::ListResolverRuleAssociations,
    /// Resolver rules.
    resolver_rules: route53::ListResolverRules,
    /// Which VPCs have DNS Firewall.
    dns_firewalls: route53::ListFirewallRuleGroupAssociations,
    /// A role, by its name.
    roles: iam::GetRole,
    /// The managed policies of a role, by its name.
    attached_role_policies: iam::ListAttachedRolePolicies,
    /// The names of a role's own policies, by its name.
    role_policy_names: iam::ListRolePolicies,
    /// A policy of a role's own, by the role's name, a dot and its name.
    role_policies: iam::GetRolePolicy,
    /// A user, by its name.
    users: iam::GetUser,
    /// The managed policies of a user, by its name.
    attached_user_policies: iam::ListAttachedUserPolicies,
    /// The names of a user's own policies, by its name.
    user_policy_names: iam::ListUserPolicies,
    /// A policy of a user's own, by the user's name, a dot and its name.
    user_policies: iam::GetUserPolicy,
    /// The groups of a user, by its name.
    user_groups: iam::ListGroupsForUser,
    /// The managed policies of a group, by its name.
    attached_group_policies: iam::ListAttachedGroupPolicies,
    /// The names of a group's own policies, by its name.
    group_policy_names: iam::ListGroupPolicies,
    /// A policy of a group's own, by the group's name, a dot and its name.
    group_policies: iam::GetGroupPolicy,
    /// What the policy simulator says of a role or user, by its name, a dot and `cluster`, `topic` or `group`; or of the
    /// only one.
    simulations: iam::SimulatePrincipalPolicy,
    /// A managed policy, by ARN.
    policies: iam::GetPolicy,
    /// The version of a managed policy that is in force, by ARN.
    policy_versions: iam::GetPolicyVersion,
    /// Whose the credentials are.
    caller: sts::GetCallerIdentity,
    /// A function's configuration, by name, or the only one's.
    functions: lambda::GetFunctionConfiguration,
    /// A function's reserved concurrency, by name, or the only one's.
    concurrency: lambda::GetFunctionConcurrency,
    /// Event source mappings.
    event_source_mappings: lambda::ListEventSourceMappings,
}

/// The facts of all accounts and regions that were asked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Snapshot {
    /// One for each account and region.
    pub scopes: Vec<Facts>,
}

impl Snapshot {
    /// All known answers to a call.
    pub fn known<'a, T: 'a>(
        &'a self,
        field: impl Fn(&'a Facts) -> &'a Answers<T> + 'a,
    ) -> impl Iterator<Item = (&'a str, &'a T)> + 'a {
        self.scopes.iter().flat_map(move |facts| {
            field(facts)
                .iter()
                .filter_map(|(key, answer)| match answer {
                    Answer::Known(known) => Some((key.as_str(), known)),
                    Answer::Denied | Answer::Failed(_) => None,
                })
        })
    }

    /// All known answers to a call, to be changed in a copy.
    pub fn known_mut<'a, T: 'a>(
        &'a mut self,
        field: impl Fn(&'a mut Facts) -> &'a mut Answers<T> + 'a,
    ) -> impl Iterator<Item = &'a mut T> + 'a {
        self.scopes
            .iter_mut()
            .flat_map(move |facts| field(facts).values_mut())
            .filter_map(|answer| match answer {
                Answer::Known(known) => Some(known),
                Answer::Denied | Answer::Failed(_) => None,
            })
    }

    /// Why the answer to a call under `key` is not known in every scope; `None` where each scope has it.
    #[must_use]
    pub fn missing<T: Response>(
        &self,
        field: impl Fn(&Facts) -> &Answers<T>,
        key: &str,
    ) -> Option<Missing> {
        let call = T::CALL;
        let missing = |because: &str| Missing {
            operation: call.operation.to_owned(),
            action: call.action(),
            because: because.to_owned(),
        };
        let mut found = self.scopes.is_empty().then(|| missing("not asked"));
        for facts in &self.scopes {
            let answers = field(facts);
            match answers.get(key).or_else(|| answers.get("")) {
                Some(Answer::Known(_)) => {}
                Some(Answer::Denied) => return Some(missing("denied")),
                Some(Answer::Failed(because)) => return Some(missing(because)),
                None => found = found.or_else(|| Some(missing("not asked"))),
            }
        }
        found
    }
}
