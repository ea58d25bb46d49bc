//! What tells the rights of roles and users: their policies, the cluster's, and the simulator's word.

use std::collections::{BTreeMap, BTreeSet};

use super::super::iam::{Holder, Right, Simulation};
use super::{Ask, Plan, known};
use crate::aws::snapshot::{Answer, Answers};
use crate::iam::{ClusterArn, MskResource, Principal, ResourceType};

/// The lists that are known, by whose they are.
fn by_holder<T>(
    answers: &Answers<T>,
    list: fn(&T) -> &Vec<String>,
) -> BTreeMap<&String, &Vec<String>> {
    let known = answers.iter().filter_map(|(holder, answer)| match answer {
        Answer::Known(known) => Some((holder, list(known))),
        Answer::Denied | Answer::Failed(_) => None,
    });
    known.collect()
}

impl<'a> Plan<'a> {
    /// What the functions' roles, and whoever else is named, may do.
    pub(super) fn rights(&mut self) {
        if !self.wanted.rights {
            return;
        }
        let facts = &self.facts[0];
        let roles = known(&facts.functions).filter_map(|function| function.role.as_deref());
        let principals: BTreeSet<&str> = roles.chain(self.wanted.principal.as_deref()).collect();
        for arn in principals {
            match Principal::from_arn(arn) {
                Ok(principal) if principal.is_role() => self.holder(Holder::Role(principal.name)),
                Ok(principal) => {
                    self.ask(0, Ask::Right(Right::Groups(principal.name.clone())));
                    self.holder(Holder::User(principal.name));
                }
                Err(_) => {}
            }
        }
        for group in known(&facts.user_groups).flat_map(|answer| &answer.groups) {
            self.policies(Holder::Group(group.group_name.clone()));
        }
        self.named_policies();
        self.managed_policies();
        self.simulations();
        let theirs = self.theirs();
        for arn in self.cluster_arns() {
            self.ask(theirs, Ask::ClusterPolicy(arn));
        }
    }

    fn holder(&mut self, holder: Holder) {
        self.ask(0, Ask::Right(Right::Itself(holder.clone())));
        self.policies(holder);
    }

    fn policies(&mut self, holder: Holder) {
        self.ask(0, Ask::Right(Right::Attached(holder.clone())));
        self.ask(0, Ask::Right(Right::OwnNames(holder)));
    }

    /// The policies that somebody has of their own.
    fn named_policies(&mut self) {
        let facts = &self.facts[0];
        let named = |answers: BTreeMap<&'a String, &'a Vec<String>>, of: fn(String) -> Holder| {
            answers.into_iter().flat_map(move |(holder, names)| {
                let own = |name: &String| Ask::Right(Right::Own(of(holder.clone()), name.clone()));
                names.iter().map(own).collect::<Vec<_>>()
            })
        };
        let roles = by_holder(&facts.role_policy_names, |answer| &answer.policy_names);
        let users = by_holder(&facts.user_policy_names, |answer| &answer.policy_names);
        let groups = by_holder(&facts.group_policy_names, |answer| &answer.policy_names);
        let asks: Vec<Ask> = named(roles, Holder::Role)
            .chain(named(users, Holder::User))
            .chain(named(groups, Holder::Group))
            .collect();
        for ask in asks {
            self.ask(0, ask);
        }
    }

    /// The managed policies, boundaries among them, and the versions of them that are in force.
    fn managed_policies(&mut self) {
        let facts = &self.facts[0];
        let attached = known(&facts.attached_role_policies)
            .flat_map(|answer| &answer.attached_policies)
            .chain(
                known(&facts.attached_user_policies).flat_map(|answer| &answer.attached_policies),
            )
            .chain(
                known(&facts.attached_group_policies).flat_map(|answer| &answer.attached_policies),
            )
            .map(|policy| policy.policy_arn.as_str());
        let boundaries = known(&facts.roles)
            .filter_map(|answer| answer.role.permissions_boundary.as_ref())
            .chain(
                known(&facts.users).filter_map(|answer| answer.user.permissions_boundary.as_ref()),
            )
            .filter_map(|boundary| boundary.permissions_boundary_arn.as_deref());
        for arn in attached.chain(boundaries) {
            self.ask(0, Ask::Right(Right::Policy(arn.to_owned())));
        }
        for policy in known(&facts.policies).map(|answer| &answer.policy) {
            if let Some(version) = &policy.default_version_id {
                let right = Right::Version(policy.arn.clone(), version.clone());
                self.ask(0, Ask::Right(right));
            }
        }
    }

    /// A second opinion on all that is asked of the policies, once it is known of whom and on which cluster.
    fn simulations(&mut self) {
        let facts = &self.facts[0];
        let roles = known(&facts.functions).filter_map(|function| function.role.clone());
        let sessions = known(&facts.roles).map(|answer| answer.role.arn.clone());
        let users = self
            .wanted
            .principal
            .iter()
            .filter(|arn| arn.contains(":user/"));
        let principals: BTreeSet<String> = roles.chain(sessions).chain(users.cloned()).collect();
        let clusters: Vec<ClusterArn> = self
            .cluster_arns()
            .iter()
            .filter_map(|arn| arn.parse().ok())
            .collect();
        if clusters.is_empty() {
            return;
        }
        let mappings: Vec<_> = known(&facts.event_source_mappings)
            .flat_map(|answer| &answer.event_source_mappings)
            .collect();
        let polled = mappings.iter().flat_map(|mapping| &mapping.topics);
        let topics: BTreeSet<&String> = self.wanted.topic.iter().chain(polled).collect();
        let poll = mappings.iter().filter_map(|mapping| {
            let config = mapping.amazon_managed_kafka_event_source_config.as_ref();
            config
                .and_then(|config| config.consumer_group_id.as_ref())
                .or(mapping.uuid.as_ref())
        });
        let groups: BTreeSet<&String> = self.wanted.group.iter().chain(poll).collect();
        let on = |of: fn(&ClusterArn, &str) -> MskResource, names: &BTreeSet<&String>| {
            let each = clusters
                .iter()
                .flat_map(|cluster| names.iter().map(|name| of(cluster, name).arn().to_string()));
            each.collect::<Vec<String>>()
        };
        let resources = [
            (
                ResourceType::Cluster,
                clusters.iter().map(ToString::to_string).collect(),
            ),
            (ResourceType::Topic, on(ClusterArn::topic, &topics)),
            (ResourceType::Group, on(ClusterArn::group, &groups)),
        ];
        for principal in principals {
            for (of, resources) in resources.iter().filter(|(_, all)| !all.is_empty()) {
                let simulation = Simulation {
                    principal: principal.clone(),
                    of: *of,
                    resources: resources.clone(),
                };
                self.ask(0, Ask::Right(Right::Simulated(simulation)));
            }
        }
    }
}
