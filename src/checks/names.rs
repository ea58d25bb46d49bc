//! Who answers the client's questions for the brokers' names, as far as the configuration of its VPC tells: Amazon's
//! resolver, private hosted zones that hide what they lack, rules that send questions elsewhere, DNS Firewall.
//!
//! Sources: <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html>,
//! <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html>,
//! <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-overview-forward-vpc-to-network.html>,
//! <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-overview.html>.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::configuration::{Answer, answer};
use crate::aws::files::key_of;
use crate::aws::snapshot::kafka::GetBootstrapBrokers;
use crate::aws::snapshot::route53::{HostedZoneSummary, ResolverRule, ResourceRecordSet, is_under};
use crate::aws::snapshot::{Answers, Facts, Response};
use crate::case::{Case, Shares};
use crate::catalogue as c;
use crate::diagnosis::{Status, Unknown};
use crate::phase::Phase;
use crate::target::parse_bootstrap;
use crate::vpc::{self, World};

/// Everything that the facts say of names in the client's VPCs.
#[must_use]
pub fn answers(case: &Case, world: &World<'_>) -> Vec<Answer> {
    let mut found = Vec::new();
    let names = names(case, world);
    for vpc in client_vpcs(case, world) {
        found.extend(dns_support(world, vpc));
        found.extend(zones(world, vpc, &names));
        found.extend(rules(world, vpc, &names));
        found.extend(firewall(world, vpc));
    }
    // What resolves from the client's own network is not hidden from it, whatever the facts say.
    if case.shares(Shares::Path) && all_resolve(case) {
        found.retain(|answer| answer.status == Status::Pass);
    }
    found
}

/// What was asked for in vain: without it nobody can say who answers.
#[must_use]
pub fn missing(case: &Case, world: &World<'_>) -> Vec<Unknown> {
    let mut found = Vec::new();
    if case.shares(Shares::Path) && all_resolve(case) {
        return found;
    }
    for vpc in client_vpcs(case, world) {
        let what = format!("whether a private hosted zone of {vpc} hides the brokers' names");
        found.extend(refused(world, &what, |facts| &facts.hosted_zones, vpc));
        let what = format!("whether {vpc} asks other DNS servers for the brokers' names");
        found.extend(refused(world, &what, |f| &f.resolver_rule_associations, ""));
        let what = format!("whether DNS Firewall judges the questions of {vpc}");
        found.extend(refused(world, &what, |facts| &facts.dns_firewalls, ""));
    }
    found
}

/// A call that was made and gave no answer. What nobody asked for is not missed.
fn refused<T: Response>(
    world: &World<'_>,
    what: &str,
    field: impl Fn(&Facts) -> &Answers<T>,
    key: &str,
) -> Option<Unknown> {
    let missing = world.snapshot.missing(field, &key_of(key))?;
    (missing.because != "not asked").then(|| Unknown {
        what: format!("{what} ({})", missing.because),
        needs: missing.action,
    })
}

fn client_vpcs<'a>(case: &Case, world: &World<'a>) -> BTreeSet<&'a str> {
    case.whose_path()
        .map(|from| vpc::client_vpcs(world, &from))
        .unwrap_or_default()
}

/// The names that the client asks for; without any of its own, those of the cluster.
fn names(case: &Case, world: &World<'_>) -> BTreeSet<String> {
    let own = case.target.brokers.iter().map(|broker| broker.name.clone());
    let own: BTreeSet<String> = own.filter(|name| name.parse::<IpAddr>().is_err()).collect();
    if !own.is_empty() {
        return own;
    }
    vpc::cluster(world, case.target.cluster.as_deref())
        .ok()
        .and_then(|cluster| vpc::bootstrap(world, cluster))
        .into_iter()
        .flat_map(GetBootstrapBrokers::strings)
        .filter_map(|string| parse_bootstrap(string).ok())
        .flatten()
        .map(|endpoint| endpoint.host)
        .collect()
}

fn all_resolve(case: &Case) -> bool {
    let mut resolved = case
        .attempts()
        .map(|o| o.answered(Phase::Resolve))
        .peekable();
    resolved.peek().is_some() && resolved.all(|answered| answered)
}

/// Without DNS support Amazon's resolver answers nobody in the VPC.
fn dns_support(world: &World<'_>, vpc: &str) -> Option<Answer> {
    let attribute = world
        .snapshot
        .known(|facts| &facts.vpc_attributes)
        .filter(|(_, answer)| answer.vpc_id == vpc)
        .find_map(|(_, answer)| answer.enable_dns_support.as_ref())?;
    if attribute.value {
        let words = format!("{vpc} has DNS support on");
        return Some(answer(&c::DNS_02, Status::Pass, words));
    }
    let options = world.vpc(vpc).ok()?.dhcp_options_id.as_deref();
    let servers: Vec<&str> = world
        .snapshot
        .known(|facts| &facts.dhcp_options)
        .flat_map(|(_, answer)| &answer.dhcp_options)
        .filter(|set| Some(set.dhcp_options_id.as_str()) == options)
        .flat_map(|set| &set.dhcp_configurations)
        .filter(|option| option.key == "domain-name-servers")
        .flat_map(|option| option.values.iter().map(|value| value.value.as_str()))
        .collect();
    // Functions ask Amazon's resolver unless the VPC's options name others.
    if servers.is_empty() || servers.contains(&"AmazonProvidedDNS") {
        return Some(answer(
            &c::DNS_02,
            Status::Fault,
            format!("{vpc} has enableDnsSupport off: Amazon's resolver answers nobody there"),
        ));
    }
    Some(Answer {
        needs: Some("a probe from the client's subnet".to_owned()),
        ..answer(
            &c::DNS_02,
            Status::Unknown,
            format!("{vpc} has DNS support off and asks {}", servers.join(", ")),
        )
    })
}

/// Private hosted zones of the VPC that hide a name which they lack, or have another address for it.
fn zones(world: &World<'_>, vpc: &str, names: &BTreeSet<String>) -> Vec<Answer> {
    let zones: Vec<&HostedZoneSummary> = world
        .snapshot
        .known(|facts| &facts.hosted_zones)
        .filter(|(key, _)| key.is_empty() || *key == key_of(vpc))
        .flat_map(|(_, answer)| &answer.hosted_zone_summaries)
        .filter(|zone| zone.is_a_customers())
        .collect();
    let mut found: Vec<Answer> = Vec::new();
    for name in names {
        // The most specific zone answers, and no other is asked for what it lacks.
        let zone = zones
            .iter()
            .filter(|zone| is_under(name, &zone.name))
            .max_by_key(|zone| zone.name.trim_end_matches('.').len());
        let Some(zone) = zone else { continue };
        found.push(in_zone(world, vpc, zone, name));
    }
    found
}

fn in_zone(world: &World<'_>, vpc: &str, zone: &HostedZoneSummary, name: &str) -> Answer {
    let hidden = format!(
        "the private hosted zone {} ({}) answers {vpc} for {name}",
        zone.name.trim_end_matches('.'),
        zone.hosted_zone_id
    );
    let key = key_of(&zone.hosted_zone_id);
    let records = world
        .snapshot
        .known(|facts| &facts.records)
        .find(|(known, _)| *known == key);
    let Some((_, records)) = records else {
        return Answer {
            needs: Some("route53:ListResourceRecordSets".to_owned()),
            ..answer(
                &c::DNS_05,
                Status::Unknown,
                format!("{hidden}, and its records are not known"),
            )
        };
    };
    let sets: Vec<&ResourceRecordSet> = records
        .resource_record_sets
        .iter()
        .filter(|set| matches!(set.kind.as_str(), "A" | "AAAA" | "CNAME"))
        .filter(|set| names_it(&set.name, name))
        .collect();
    if sets.is_empty() {
        return answer(
            &c::DNS_05,
            Status::Fault,
            format!("{hidden} and has no record of it: the name does not exist there"),
        );
    }
    let addresses: Vec<IpAddr> = sets
        .iter()
        .flat_map(|set| &set.resource_records)
        .filter_map(|record| record.value.parse().ok())
        .collect();
    let plain = sets
        .iter()
        .all(|set| set.kind != "CNAME" && set.alias_target.is_none());
    let ours = |address: &IpAddr| !world.with_address(*address).is_empty();
    if plain && !addresses.is_empty() && addresses.iter().all(ours) {
        return answer(
            &c::DNS_05,
            Status::Pass,
            format!("{hidden} with the address of a known interface"),
        );
    }
    let leads: Vec<String> = sets
        .iter()
        .flat_map(|set| {
            let records = set
                .resource_records
                .iter()
                .map(|record| record.value.clone());
            records.chain(set.alias_target.iter().map(|alias| alias.dns_name.clone()))
        })
        .collect();
    Answer {
        needs: Some("a probe from the client's subnet".to_owned()),
        ..answer(
            &c::DNS_05,
            Status::Unknown,
            format!("{hidden} with {}", leads.join(", ")),
        )
    }
}

/// Whether the records of `set` are those of a name; an asterisk is written `\052` in answers.
fn names_it(set: &str, name: &str) -> bool {
    let set = set.trim_end_matches('.').replace("\\052", "*");
    match set.strip_prefix("*.") {
        Some(domain) => is_under(name, domain) && !name.eq_ignore_ascii_case(domain),
        None => set.eq_ignore_ascii_case(name.trim_end_matches('.')),
    }
}

/// Rules that send the questions to other servers.
fn rules(world: &World<'_>, vpc: &str, names: &BTreeSet<String>) -> Vec<Answer> {
    let associated: BTreeSet<&str> = world
        .snapshot
        .known(|facts| &facts.resolver_rule_associations)
        .flat_map(|(_, answer)| &answer.resolver_rule_associations)
        .filter(|association| association.vpc_id == vpc)
        .filter(|association| matches!(association.status.as_deref(), None | Some("COMPLETE")))
        .map(|association| association.resolver_rule_id.as_str())
        .collect();
    let rules: Vec<&ResolverRule> = world
        .snapshot
        .known(|facts| &facts.resolver_rules)
        .flat_map(|(_, answer)| &answer.resolver_rules)
        .filter(|rule| associated.contains(rule.id.as_str()))
        .collect();
    let mut found: Vec<Answer> = Vec::new();
    for name in names {
        // The most specific rule holds; a system rule takes a domain out of a wider one.
        let rule = rules
            .iter()
            .filter(|rule| is_under(name, &rule.domain_name))
            .max_by_key(|rule| rule.domain_name.trim_end_matches('.').len());
        let Some(rule) = rule else { continue };
        if rule.rule_type.as_deref() != Some("FORWARD") {
            continue;
        }
        let servers: Vec<&str> = rule
            .target_ips
            .iter()
            .filter_map(|target| target.ip.as_deref().or(target.ipv6.as_deref()))
            .collect();
        let words = format!(
            "{} asks {} for names under {} (rule {}): what those servers answer is not known",
            vpc,
            servers.join(", "),
            rule.domain_name,
            rule.id
        );
        if !found.iter().any(|known| known.words == words) {
            found.push(Answer {
                needs: Some("a probe from the client's subnet".to_owned()),
                ..answer(&c::DNS_05, Status::Unknown, words)
            });
        }
    }
    found
}

/// DNS Firewall: which names it blocks is not read.
fn firewall(world: &World<'_>, vpc: &str) -> Option<Answer> {
    let groups: BTreeSet<&str> = world
        .snapshot
        .known(|facts| &facts.dns_firewalls)
        .flat_map(|(_, answer)| &answer.firewall_rule_group_associations)
        .filter(|association| association.vpc_id == vpc)
        .filter(|association| association.status.as_deref() != Some("DELETING"))
        .map(|association| association.firewall_rule_group_id.as_str())
        .collect();
    if groups.is_empty() {
        return None;
    }
    let groups: Vec<&str> = groups.into_iter().collect();
    Some(Answer {
        needs: Some(
            "route53resolver:ListFirewallRules, or a probe from the client's subnet".to_owned(),
        ),
        ..answer(
            &c::DNS_10,
            Status::Unknown,
            format!(
                "DNS Firewall judges the questions of {vpc} by {}: whether it lets the brokers' names pass is not known",
                groups.join(", ")
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_covers_what_is_below_it_alone() {
        for (set, name, expected) in [
            ("b-1.example.com.", "B-1.example.com", true),
            ("b-1.example.com.", "b-2.example.com", false),
            ("\\052.example.com.", "b-1.example.com", true),
            ("*.example.com.", "b-1.demo.example.com.", true),
            ("*.example.com.", "example.com", false),
            ("*.example.com.", "b-1.bexample.com", false),
        ] {
            assert_eq!(names_it(set, name), expected, "{set} {name}");
        }
    }
}
