//! Calls of the Route 53 API, which answers in XML and turns its pages in its own way, and of the Resolver API.

use std::time::Duration;

use aws_sdk_route53::Client;
use aws_sdk_route53::types::{ResourceRecordSet, VpcRegion};
use aws_sdk_route53resolver::Client as Resolver;
use tokio::time::timeout;

use super::rest::whole;
use super::{Clients, Merge, Refusal, call, key_of, one};
use crate::aws::snapshot::{Facts, route53};

/// Pages of one answer: more zones or records are more than a VPC's resolver can have.
const MOST_PAGES: usize = 100;

/// What tells who answers for names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name {
    /// The private hosted zones of a VPC.
    HostedZones(String),
    /// The records of one.
    Records(String),
    /// Which resolver rules hold where.
    RuleAssociations,
    /// The rules.
    Rules,
    /// Where DNS Firewall is on.
    Firewalls,
}

impl Name {
    /// Asks, for at most `left`.
    pub async fn make(self, clients: &Clients, left: Duration, late: Refusal) -> Merge {
        let everything = String::new();
        match self {
            Name::HostedZones(vpc) => {
                let call = hosted_zones(&clients.route53, &vpc, &clients.region);
                call!(call, hosted_zones, key_of(&vpc), left, late)
            }
            Name::Records(zone) => {
                let call = records(&clients.route53, &zone);
                call!(call, records, key_of(&zone), left, late)
            }
            Name::RuleAssociations => {
                let call = rule_associations(&clients.resolver);
                call!(call, resolver_rule_associations, everything, left, late)
            }
            Name::Rules => {
                let call = rules(&clients.resolver);
                call!(call, resolver_rules, everything, left, late)
            }
            Name::Firewalls => {
                let call = firewalls(&clients.resolver);
                call!(call, dns_firewalls, everything, left, late)
            }
        }
    }
}

/// The private hosted zones of a VPC.
async fn hosted_zones(
    client: &Client,
    vpc: &str,
    region: &str,
) -> Result<route53::ListHostedZonesByVpc, Refusal> {
    let mut answer = route53::ListHostedZonesByVpc::default();
    let mut token = None;
    for _ in 0..MOST_PAGES {
        let page = client
            .list_hosted_zones_by_vpc()
            .vpc_id(vpc)
            .vpc_region(VpcRegion::from(region))
            .set_next_token(token)
            .send()
            .await?;
        let zones = page.hosted_zone_summaries.into_iter();
        answer
            .hosted_zone_summaries
            .extend(zones.map(|zone| route53::HostedZoneSummary {
                hosted_zone_id: zone.hosted_zone_id,
                name: zone.name,
                owner: zone.owner.map(|owner| route53::HostedZoneOwner {
                    owning_account: owner.owning_account,
                    owning_service: owner.owning_service,
                }),
            }));
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(answer);
        }
    }
    Err(endless())
}

/// The records of a zone.
async fn records(client: &Client, zone: &str) -> Result<route53::ListResourceRecordSets, Refusal> {
    let mut answer = route53::ListResourceRecordSets::default();
    let (mut name, mut kind, mut identifier) = (None, None, None);
    for _ in 0..MOST_PAGES {
        let page = client
            .list_resource_record_sets()
            .hosted_zone_id(zone)
            .set_start_record_name(name)
            .set_start_record_type(kind)
            .set_start_record_identifier(identifier)
            .send()
            .await?;
        answer
            .resource_record_sets
            .extend(page.resource_record_sets.into_iter().map(record));
        if !page.is_truncated {
            return Ok(answer);
        }
        name = page.next_record_name;
        kind = page.next_record_type;
        identifier = page.next_record_identifier;
    }
    Err(endless())
}

fn record(set: ResourceRecordSet) -> route53::ResourceRecordSet {
    route53::ResourceRecordSet {
        name: set.name,
        kind: set.r#type.as_str().to_owned(),
        resource_records: set
            .resource_records
            .unwrap_or_default()
            .into_iter()
            .map(|record| route53::ResourceRecord {
                value: record.value,
            })
            .collect(),
        alias_target: set.alias_target.map(|alias| route53::AliasTarget {
            dns_name: alias.dns_name,
        }),
    }
}

fn endless() -> Refusal {
    Refusal::Failed("the answer has no last page".to_owned())
}

/// Which resolver rules hold in which VPCs.
async fn rule_associations(
    client: &Resolver,
) -> Result<route53::ListResolverRuleAssociations, Refusal> {
    whole!(
        client.list_resolver_rule_associations(),
        set_next_token,
        next_token
    )
}

/// Resolver rules, shared ones too.
async fn rules(client: &Resolver) -> Result<route53::ListResolverRules, Refusal> {
    whole!(client.list_resolver_rules(), set_next_token, next_token)
}

/// The DNS Firewall of a VPC.
async fn firewalls(
    client: &Resolver,
) -> Result<route53::ListFirewallRuleGroupAssociations, Refusal> {
    whole!(
        client.list_firewall_rule_group_associations(),
        set_next_token,
        next_token
    )
}
