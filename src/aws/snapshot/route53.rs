//! Answers of the Route 53 API (version 2013-04-01) and of the Route 53 Resolver API (version 2018-04-01): the fields
//! that are used, under their own names.

use serde::{Deserialize, Serialize};

use super::ec2::models;

models! {
    /// `ListHostedZonesByVPC`.
    ListHostedZonesByVpc { hosted_zone_summaries: Vec<HostedZoneSummary>, }
    /// A private hosted zone that a VPC's resolver asks.
    HostedZoneSummary { hosted_zone_id: String, name: String, owner: Option<HostedZoneOwner>, }
    /// Who made a zone: an account, or an AWS service for itself.
    HostedZoneOwner { owning_account: Option<String>, owning_service: Option<String>, }

    /// `ListResourceRecordSets`.
    ListResourceRecordSets { resource_record_sets: Vec<ResourceRecordSet>, }
    /// The records of one name and type.
    ResourceRecordSet {
        name: String,
        #[serde(rename = "Type")]
        kind: String,
        resource_records: Vec<ResourceRecord>,
        alias_target: Option<AliasTarget>,
    }
    /// One record.
    ResourceRecord { value: String, }
    /// Where an alias leads.
    AliasTarget {
        #[serde(rename = "DNSName")]
        dns_name: String,
    }

    /// `ListResolverRuleAssociations`.
    ListResolverRuleAssociations { resolver_rule_associations: Vec<ResolverRuleAssociation>, }
    /// A rule that a VPC's resolver obeys.
    ResolverRuleAssociation {
        resolver_rule_id: String,
        #[serde(rename = "VPCId")]
        vpc_id: String,
        status: Option<String>,
    }
    /// `ListResolverRules`.
    ListResolverRules { resolver_rules: Vec<ResolverRule>, }
    /// A rule: whom to ask for the names of a domain.
    ResolverRule {
        id: String,
        domain_name: String,
        rule_type: Option<String>,
        target_ips: Vec<TargetAddress>,
    }
    /// A DNS server.
    TargetAddress { ip: Option<String>, ipv6: Option<String>, }
    /// `ListFirewallRuleGroupAssociations`.
    ListFirewallRuleGroupAssociations { firewall_rule_group_associations: Vec<FirewallRuleGroupAssociation>, }
    /// A group of DNS Firewall rules that a VPC's questions pass.
    FirewallRuleGroupAssociation { firewall_rule_group_id: String, vpc_id: String, status: Option<String>, }
}

impl HostedZoneSummary {
    /// Whether somebody's account made it. Those of AWS services, for interface endpoints with private DNS, hold the
    /// service's own names and hide no others.
    #[must_use]
    pub fn is_a_customers(&self) -> bool {
        self.owner
            .as_ref()
            .is_none_or(|owner| owner.owning_service.is_none())
    }
}

/// Whether a name is a domain or one below it; dots at the end and the case of letters say nothing.
#[must_use]
pub fn is_under(name: &str, domain: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let domain = domain.trim_end_matches('.').to_ascii_lowercase();
    domain.is_empty()
        || name
            .strip_suffix(&domain)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}
