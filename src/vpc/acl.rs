//! Network ACLs: stateless, rules in order, the first that matches decides.
//!
//! Source: <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html>.

use super::space::{Addresses, Family, Flows, Ports, common, ports};
use super::world::Acl;
use crate::aws::snapshot::ec2::NetworkAclEntry;

/// What an ACL does to packets with these remote addresses and destination ports.
#[derive(Debug, Default)]
pub struct Ruling {
    /// Those that pass.
    pub allowed: Flows,
    /// Those that do not: the rule's number (`None`: no rule matched, or only the last one, `*`), whether a later
    /// rule would have allowed them, and which they are.
    pub denied: Vec<Denial>,
}

/// Packets that one rule denies.
#[derive(Debug)]
pub struct Denial {
    /// The rule; `None` for `*`.
    pub rule: Option<i64>,
    /// Whether a later rule would have allowed some of them.
    pub overrides_an_allow: bool,
    /// The packets.
    pub flows: Flows,
}

/// The number of the last rule, `*`, which cannot be removed.
const LAST: i64 = 32767;
/// TCP's number.
const TCP: &str = "6";

impl Acl<'_> {
    /// Rules on packets that leave the subnet (`egress`) or enter it.
    #[must_use]
    pub fn rule_on(
        &self,
        egress: bool,
        family: Family,
        remote: &Addresses,
        destination_ports: &Ports,
    ) -> Ruling {
        let rules = if egress { &self.egress } else { &self.ingress };
        let mut ruling = Ruling::default();
        let mut open = Flows::product(remote, destination_ports);
        for (index, rule) in rules.iter().enumerate() {
            if open.is_empty() {
                break;
            }
            let Some(matched) = matches(rule, family, remote, destination_ports) else {
                continue;
            };
            let decided = open.and(&matched);
            if decided.is_empty() {
                continue;
            }
            open = open.minus(&decided);
            if rule.rule_action == "allow" {
                ruling.allowed = ruling.allowed.or(&decided);
            } else {
                let later = rules[index + 1..].iter().any(|later| {
                    later.rule_action == "allow"
                        && matches(later, family, remote, destination_ports)
                            .is_some_and(|other| !other.and(&decided).is_empty())
                });
                ruling.denied.push(Denial {
                    rule: (rule.rule_number < LAST).then_some(rule.rule_number),
                    overrides_an_allow: later,
                    flows: decided,
                });
            }
        }
        if !open.is_empty() {
            ruling.denied.push(Denial {
                rule: None,
                overrides_an_allow: false,
                flows: open,
            });
        }
        ruling
    }
}

/// The packets that a rule is about.
fn matches(
    rule: &NetworkAclEntry,
    family: Family,
    remote: &Addresses,
    destination_ports: &Ports,
) -> Option<Flows> {
    if rule.protocol != "-1" && rule.protocol != TCP && rule.protocol != "tcp" {
        return None;
    }
    let range = family.range(rule.range()?)?;
    let addresses = common(remote, &[range].into_iter().collect());
    // A rule for all protocols has no ports, even where some are written.
    let allowed = match rule.port_range.as_ref().filter(|_| rule.protocol != "-1") {
        None => destination_ports.clone(),
        Some(range) => {
            let from = u16::try_from(range.from.max(0)).ok()?;
            let to = u16::try_from(range.to.clamp(0, i64::from(u16::MAX))).ok()?;
            if from > to {
                return None;
            }
            common(destination_ports, &ports(from..=to))
        }
    };
    Some(Flows::product(&addresses, &allowed))
}
