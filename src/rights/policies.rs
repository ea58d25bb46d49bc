//! The policies that bear on an identity's requests, as the facts have them.

use serde_json::Value;

use super::Identity;
use crate::aws::files::key_of;
use crate::aws::snapshot::iam::AttachedPolicy;
use crate::aws::snapshot::{Answers, Facts, Response, Snapshot};
use crate::iam::{ClusterArn, Kind, Layer, Policies, Policy, Principal};

/// What stands for all policies of a kind, where the list of them is not known.
const ALL: &str = "its policies";
const ALL_OF_GROUPS: &str = "its groups";
const ALL_MANAGED: &str = "its managed policies";
const ALL_OWN: &str = "its own policies";
/// A cluster has one policy, without a name.
pub(super) const CLUSTER: &str = "the cluster's policy";

/// Everything that the facts tell. What they do not tell stays open, layer by layer, policy by policy.
///
/// Resource control policies are none: they hold for a list of services, on which MSK does not stand
/// (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html>).
pub(super) fn of(facts: &Snapshot, identity: &Identity, cluster: Option<&ClusterArn>) -> Policies {
    let read = Reading { facts };
    Policies {
        identity: Layer::Read(read.identity(&identity.principal)),
        boundary: read.boundary(&identity.principal),
        session: if identity.made_by_service || identity.is_user() {
            Layer::Absent
        } else {
            Layer::Unread
        },
        service_control: vec![Layer::Unread],
        resource_control: Vec::new(),
        cluster: cluster.map_or(Layer::Absent, |cluster| read.cluster(cluster)),
    }
}

/// Whether somebody asked for policies at all.
#[must_use]
pub fn are_known(facts: &Snapshot) -> bool {
    facts.scopes.iter().any(|facts| {
        !facts.attached_role_policies.is_empty()
            || !facts.role_policy_names.is_empty()
            || !facts.attached_user_policies.is_empty()
            || !facts.user_policy_names.is_empty()
    })
}

struct Reading<'a> {
    facts: &'a Snapshot,
}

/// How one call's answers are found.
type Field<T> = fn(&Facts) -> &Answers<T>;

impl<'a> Reading<'a> {
    /// The answer about one thing, or the action that would give it and why it did not.
    fn about<T: Response + 'a>(&self, field: Field<T>, key: &str) -> Result<&'a T, String> {
        let key = key_of(key);
        let mut known = self.facts.known(field);
        if let Some((_, found)) = known.find(|(own, _)| *own == key || own.is_empty()) {
            return Ok(found);
        }
        let missing = self.facts.missing(field, &key);
        let because = missing.map_or_else(|| "not asked".to_owned(), |missing| missing.because);
        Err(format!("{}: {because}", T::CALL.action()))
    }

    /// The policies of a role, or of a user and its groups.
    fn identity(&self, principal: &Principal) -> Vec<Policy> {
        let name = &principal.name;
        if !self.is_of_its_account(principal) {
            let why = "iam:GetRole: these are another account's";
            return vec![Policy::unread(Kind::Managed, ALL, why)];
        }
        if principal.is_role() {
            return self.of_holder(
                self.attached(
                    |facts| &facts.attached_role_policies,
                    name,
                    |a| &a.attached_policies,
                ),
                self.attached(|facts| &facts.role_policy_names, name, |a| &a.policy_names),
                (Kind::Managed, Kind::Inline),
                |policy| {
                    self.own(
                        |facts| &facts.role_policies,
                        name,
                        policy,
                        |own| {
                            (
                                &own.role_name,
                                &own.policy_name,
                                own.policy_document.as_ref(),
                            )
                        },
                    )
                },
            );
        }
        let mut found = self.of_holder(
            self.attached(
                |facts| &facts.attached_user_policies,
                name,
                |a| &a.attached_policies,
            ),
            self.attached(|facts| &facts.user_policy_names, name, |a| &a.policy_names),
            (Kind::Managed, Kind::Inline),
            |policy| {
                self.own(
                    |facts| &facts.user_policies,
                    name,
                    policy,
                    |own| {
                        (
                            &own.user_name,
                            &own.policy_name,
                            own.policy_document.as_ref(),
                        )
                    },
                )
            },
        );
        match self.about(|facts| &facts.user_groups, name) {
            Ok(answer) => {
                for group in &answer.groups {
                    found.extend(self.of_group(&group.group_name));
                }
            }
            Err(why) => found.push(Policy::unread(Kind::GroupManaged, ALL_OF_GROUPS, &why)),
        }
        found
    }

    fn of_group(&self, group: &str) -> impl Iterator<Item = Policy> {
        let found = self.of_holder(
            self.attached(
                |facts| &facts.attached_group_policies,
                group,
                |a| &a.attached_policies,
            ),
            self.attached(
                |facts| &facts.group_policy_names,
                group,
                |a| &a.policy_names,
            ),
            (Kind::GroupManaged, Kind::GroupInline),
            |policy| {
                self.own(
                    |facts| &facts.group_policies,
                    group,
                    policy,
                    |own| {
                        (
                            &own.group_name,
                            &own.policy_name,
                            own.policy_document.as_ref(),
                        )
                    },
                )
            },
        );
        found.into_iter().map(|policy| policy.of_group(group))
    }

    /// Whether the answers about this name are about the principal, and not about a namesake in the account that was asked.
    fn is_of_its_account(&self, principal: &Principal) -> bool {
        let arn = if principal.is_role() {
            self.about(|facts| &facts.roles, &principal.name)
                .map(|answer| answer.role.arn.as_str())
        } else {
            self.about(|facts| &facts.users, &principal.name)
                .map(|answer| answer.user.arn.as_str())
        };
        arn.map_or(true, |arn| {
            arn.split(':').nth(4) == Some(&principal.account)
        })
    }

    /// A list of somebody's, or why it is not known.
    fn attached<T: Response + 'a, U: 'a>(
        &self,
        field: Field<T>,
        holder: &str,
        list: fn(&T) -> &Vec<U>,
    ) -> Result<&'a [U], String> {
        self.about(field, holder)
            .map(|answer| list(answer).as_slice())
    }

    /// Managed policies, then those of somebody's own.
    fn of_holder(
        &self,
        attached: Result<&[AttachedPolicy], String>,
        names: Result<&[String], String>,
        (managed, inline): (Kind, Kind),
        own: impl Fn(&str) -> Result<&'a Value, String>,
    ) -> Vec<Policy> {
        let mut found = Vec::new();
        match attached {
            Ok(all) => found.extend(all.iter().map(|one| self.managed(managed, &one.policy_arn))),
            Err(why) => found.push(Policy::unread(managed, ALL_MANAGED, &why)),
        }
        match names {
            Ok(names) => found.extend(names.iter().map(|name| match own(name) {
                Ok(document) => Policy::new(inline, name, document),
                Err(why) => Policy::unread(inline, name, &why),
            })),
            Err(why) => found.push(Policy::unread(inline, ALL_OWN, &why)),
        }
        found
    }

    /// The text of a policy of somebody's own.
    fn own<T: Response + 'a>(
        &self,
        field: Field<T>,
        holder: &str,
        policy: &str,
        parts: fn(&T) -> (&String, &String, Option<&Value>),
    ) -> Result<&'a Value, String> {
        let known = self.facts.known(field).map(|(_, answer)| parts(answer));
        let mut texts = known.filter(|(of, name, _)| *of == holder && *name == policy);
        if let Some((_, _, Some(document))) = texts.next() {
            return Ok(document);
        }
        match self.about(field, &format!("{holder}.{policy}")) {
            Ok(_) => Err(format!("{}: it has no document", T::CALL.action())),
            Err(why) => Err(why),
        }
    }

    /// The version of a managed policy that is in force.
    fn managed(&self, kind: Kind, arn: &str) -> Policy {
        match self.about(|facts| &facts.policy_versions, arn) {
            Ok(answer) => match &answer.policy_version.document {
                Some(document) => Policy::new(kind, arn, document),
                None => Policy::unread(kind, arn, "iam:GetPolicyVersion: it has no document"),
            },
            Err(why) => Policy::unread(kind, arn, &why),
        }
    }

    fn boundary(&self, principal: &Principal) -> Layer {
        let name = &principal.name;
        let boundary = if principal.is_role() {
            self.about(|facts| &facts.roles, name)
                .map(|answer| answer.role.permissions_boundary.as_ref())
        } else {
            self.about(|facts| &facts.users, name)
                .map(|answer| answer.user.permissions_boundary.as_ref())
        };
        let boundary = match boundary {
            Ok(boundary) if self.is_of_its_account(principal) => boundary,
            _ => return Layer::Unread,
        };
        match boundary.and_then(|boundary| boundary.permissions_boundary_arn.as_deref()) {
            Some(arn) => Layer::Read(vec![self.managed(Kind::Boundary, arn)]),
            None => Layer::Absent,
        }
    }

    fn cluster(&self, cluster: &ClusterArn) -> Layer {
        let arn = cluster.to_string();
        let Ok(answer) = self.about(|facts| &facts.cluster_policies, &arn) else {
            return Layer::Unread;
        };
        let text = answer.policy.as_deref().unwrap_or_default();
        if text.is_empty() {
            return Layer::Absent;
        }
        Layer::Read(vec![match serde_json::from_str::<Value>(text) {
            Ok(document) => Policy::new(Kind::Cluster, CLUSTER, &document),
            Err(error) => Policy::unread(
                Kind::Cluster,
                CLUSTER,
                &format!("kafka:GetClusterPolicy: {error}"),
            ),
        }])
    }
}
