//! The policies that bear on an identity's requests, as the facts have them.

use serde_json::Value;

use super::Identity;
use crate::aws::files::key_of;
use crate::aws::snapshot::{Answers, Facts, Response, Snapshot};
use crate::iam::{ClusterArn, Kind, Layer, Policies, Policy};

/// What stands for all policies of a kind, where the list of them is not known.
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
        identity: Layer::Read(read.identity(&identity.principal.name)),
        boundary: read.boundary(&identity.principal.name),
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
        !facts.attached_role_policies.is_empty() || !facts.role_policy_names.is_empty()
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

    /// The policies of a role: managed, then its own.
    fn identity(&self, role: &str) -> Vec<Policy> {
        let mut found = Vec::new();
        match self.about(|facts| &facts.attached_role_policies, role) {
            Ok(answer) => found.extend(
                answer
                    .attached_policies
                    .iter()
                    .map(|policy| self.managed(Kind::Managed, &policy.policy_arn)),
            ),
            Err(why) => found.push(Policy::unread(Kind::Managed, ALL_MANAGED, &why)),
        }
        match self.about(|facts| &facts.role_policy_names, role) {
            Ok(answer) => found.extend(answer.policy_names.iter().map(|name| self.own(role, name))),
            Err(why) => found.push(Policy::unread(Kind::Inline, ALL_OWN, &why)),
        }
        found
    }

    /// A policy of a role's own.
    fn own(&self, role: &str, name: &str) -> Policy {
        let one = |facts: &'a Facts| {
            let answers = &facts.role_policies;
            let known = answers.values().filter_map(|answer| match answer {
                crate::aws::snapshot::Answer::Known(known) => Some(known),
                _ => None,
            });
            known
                .filter(|own| own.role_name == role && own.policy_name == name)
                .find_map(|own| own.policy_document.as_ref())
        };
        if let Some(document) = self.facts.scopes.iter().find_map(one) {
            return Policy::new(Kind::Inline, name, document);
        }
        let why = self.about(|facts| &facts.role_policies, &format!("{role}.{name}"));
        Policy::unread(Kind::Inline, name, &why.err().unwrap_or_default())
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

    fn boundary(&self, role: &str) -> Layer {
        let Ok(answer) = self.about(|facts| &facts.roles, role) else {
            return Layer::Unread;
        };
        let boundary = answer.role.permissions_boundary.as_ref();
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
