//! The groups at both ends of a path.

use super::{Place, Question, words};
use crate::vpc::client::Groups;
use crate::vpc::group::{Hint, Peer, References, ask};
use crate::vpc::space::{Addresses, Flows, without};
use crate::vpc::stage::Stage;
use crate::vpc::travel::travel;
use crate::vpc::{Blocker, Direction, Gap};

impl Question<'_, '_> {
    /// The client's groups let it out.
    pub(super) fn leaves_interface(&self) -> Stage {
        let Place::Vpc {
            interface, groups, ..
        } = &self.client.place
        else {
            return Stage::open(self.whole);
        };
        let groups = match groups {
            Groups::Known(groups) => groups,
            Groups::None => return Stage::open(self.whole),
            Groups::Unknown(gap) => return Stage::unknown(self.whole, gap.clone()),
        };
        let theirs = self.broker.groups().unwrap_or_default();
        let peer = Peer {
            groups: &theirs,
            addresses: self.dialled,
            references: self.references_between(),
        };
        let verdict = ask(
            self.world,
            groups,
            true,
            self.client.family,
            self.broker.port,
            &peer,
        );
        let mut stage = if !verdict.allowed.is_empty() {
            Stage::open(self.whole)
        } else if !verdict.unknown.is_empty() {
            let mut stage = Stage::unknown(self.whole, verdict.gaps[0].clone());
            stage.gaps = verdict.gaps;
            stage
        } else {
            Stage::default()
        };
        if stage.possible.is_empty() {
            let reference = verdict.hints.iter().find_map(|hint| match hint {
                Hint::Reference { group, to, because } => Some(format!(
                    "the outgoing rule of {group} for {to} cannot match: {because}"
                )),
                _ => None,
            });
            stage.blockers.push(Blocker {
                code: if reference.is_some() {
                    "SG-05"
                } else {
                    "SG-02"
                }
                .to_owned(),
                direction: Direction::Forward,
                resource: interface.map(|interface| interface.network_interface_id.clone()),
                resources: groups.iter().map(|id| (*id).to_owned()).collect(),
                rule: None,
                detail: reference.unwrap_or_else(|| {
                    format!(
                        "no outgoing rule of the client's groups allows TCP {} to {}",
                        self.broker.port, self.broker.address
                    )
                }),
            });
        }
        stage.hop(
            Direction::Forward,
            "security group",
            &groups.join(", "),
            "out",
            self.whole,
        )
    }

    /// What becomes of references, from the first route alone: the client's own outgoing rules are asked first.
    fn references_between(&self) -> References {
        let (Place::Vpc { subnet: from, .. }, Ok(to)) = (&self.client.place, &self.broker.subnet)
        else {
            return References::Never("the way leaves the VPC");
        };
        if self.broker.public {
            return References::Never("packets to a public address leave the VPC");
        }
        if from.subnet_id == to.subnet_id {
            return References::Hold;
        }
        travel(self.world, &self.packets(Direction::Forward), from, to).references
    }

    /// The broker's groups let the client in.
    pub(super) fn enters_broker(&self, references: References) -> Stage {
        let groups = match self.broker.groups() {
            Ok(groups) => groups,
            Err(gap) => return Stage::unknown(self.whole, gap),
        };
        let (own, stranger): (&[&str], Option<&Gap>) = match &self.client.place {
            Place::Vpc {
                groups: Groups::Known(own),
                ..
            } => (own, None),
            Place::Vpc {
                groups: Groups::Unknown(gap),
                ..
            } => (&[], Some(gap)),
            _ => (&[], None),
        };
        let peer = Peer {
            groups: own,
            addresses: &self.client.addresses,
            references,
        };
        let family = self.client.family;
        let verdict = ask(self.world, &groups, false, family, self.broker.port, &peer);
        let mut maybe = verdict.unknown.clone();
        let mut gaps = verdict.gaps.clone();
        if let Some(gap) = stranger
            && verdict.allowed != self.client.addresses
            && self.refers_to_any(&groups)
        {
            maybe = without(&self.client.addresses, &verdict.allowed);
            gaps.push(gap.clone());
        }
        let certain = Flows::product(&verdict.allowed, self.client_ports);
        let possible = certain.or(&Flows::product(&maybe, self.client_ports));
        let shut_out = without(&without(&self.client.addresses, &verdict.allowed), &maybe);
        let mut stage = Stage {
            certain,
            possible,
            gaps,
            ..Stage::default()
        };
        if !shut_out.is_empty() {
            let (code, detail) = self.why_shut_out(&groups, &verdict.hints, &shut_out, &peer);
            stage.blockers.push(Blocker {
                code: code.to_owned(),
                direction: Direction::Forward,
                resource: self
                    .broker
                    .interface
                    .as_ref()
                    .ok()
                    .map(|interface| interface.network_interface_id.clone()),
                resources: groups.iter().map(|id| (*id).to_owned()).collect(),
                rule: None,
                detail,
            });
        }
        stage.hop(
            Direction::Forward,
            "security group",
            &groups.join(", "),
            "in",
            self.whole,
        )
    }

    fn refers_to_any(&self, groups: &[&str]) -> bool {
        groups.iter().any(|id| {
            self.world.group(id).is_ok_and(|group| {
                group
                    .ip_permissions
                    .iter()
                    .any(|permission| !permission.user_id_group_pairs.is_empty())
            })
        })
    }

    /// The client, as a reason names it.
    fn who(&self, shut_out: &Addresses) -> String {
        if matches!(self.client.place, Place::Nowhere) {
            return "any address of the internet".to_owned();
        }
        let ranges = self.client.family.cidrs(shut_out);
        let words: Vec<String> = ranges.iter().take(3).map(ToString::to_string).collect();
        words.join(", ")
    }

    /// The most specific code for clients that the broker's groups shut out.
    fn why_shut_out(
        &self,
        groups: &[&str],
        hints: &[Hint],
        shut_out: &Addresses,
        peer: &Peer<'_>,
    ) -> (&'static str, String) {
        let family = self.client.family;
        let port = self.broker.port;
        let who = self.who(shut_out);
        for hint in hints {
            if let Hint::Reference { group, to, because } = hint {
                return (
                    "SG-05",
                    format!(
                        "{group} admits {to} on {port}, and that reference cannot match here: {because}"
                    ),
                );
            }
        }
        // Somebody opened the port for a part of the client's addresses, or for its other subnets.
        let others = Peer {
            groups: &[],
            addresses: &self.client.all,
            references: References::Never(""),
        };
        let some = ask(self.world, groups, false, family, port, &others).allowed;
        if !some.is_empty() {
            return (
                "SG-11",
                format!(
                    "{} admits {} on {port}, not {who}",
                    groups.join(", "),
                    words(family, &some)
                ),
            );
        }
        for hint in hints {
            match hint {
                Hint::OtherPort { group } => {
                    return (
                        "SG-06",
                        format!("{group} admits the client on another Kafka port, not on {port}"),
                    );
                }
                Hint::Stale { group, to } => {
                    return (
                        "SG-07",
                        format!("{group} admits {to} on {port}, a group that is gone"),
                    );
                }
                Hint::Reference { .. } => {}
            }
        }
        if self.broker.endpoint {
            return (
                "SG-10",
                format!("no incoming rule of the endpoint's groups admits {who} on {port}"),
            );
        }
        let admits = |groups: &[&str]| {
            ask(self.world, groups, false, family, port, peer).allowed == *peer.addresses
        };
        let sibling = self.siblings.iter().find(|sibling| {
            sibling
                .groups()
                .is_ok_and(|theirs| !same_groups(&theirs, groups) && admits(&theirs))
        });
        if let Some(sibling) = sibling {
            let theirs = sibling.groups().unwrap_or_default().join(", ");
            return (
                "SG-04",
                format!(
                    "the broker wears {}, another wears {theirs}, which would admit {who} on {port}",
                    groups.join(", ")
                ),
            );
        }
        let shown: Vec<&str> = self
            .broker
            .shown_groups
            .iter()
            .map(String::as_str)
            .collect();
        if !shown.is_empty() && !same_groups(&shown, groups) && admits(&shown) {
            return (
                "SG-03",
                format!(
                    "the cluster API shows {}, which would admit {who} on {port}; the broker wears {}",
                    shown.join(", "),
                    groups.join(", ")
                ),
            );
        }
        (
            "SG-01",
            format!(
                "no incoming rule of {} admits {who} on {port}",
                groups.join(", ")
            ),
        )
    }
}

fn same_groups(one: &[&str], other: &[&str]) -> bool {
    one.len() == other.len() && one.iter().all(|group| other.contains(group))
}
