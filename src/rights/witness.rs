//! The policy simulator's word on an action, beside our own reading.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html>. It reads the identity's
//! policies, the permissions boundary and the organisation's service control policies; it is not told of the cluster's policy
//! nor of the values of condition keys.

use super::Identity;
use crate::aws::snapshot::Snapshot;
use crate::iam::{Decision, Request};

/// What the simulator said of one action on one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// Its decision.
    pub decision: Decision,
    /// What the organisation's policies do; `None` where the account is in no organisation, as far as it says.
    pub by_organizations: Option<bool>,
    /// What the permissions boundary does, where there is one.
    pub by_boundary: Option<bool>,
    /// The policies whose statements decided.
    pub matched: Vec<String>,
    /// Whether it had to leave conditions open, for the lack of values.
    pub is_sure: bool,
}

/// The simulator's word on a request, where it was asked.
pub(super) fn of(facts: &Snapshot, identity: &Identity, request: &Request) -> Option<Witness> {
    let own = format!("{}.", identity.principal.name);
    let resource = request.resource.to_string();
    let result = facts
        .known(|facts| &facts.simulations)
        .filter(|(key, _)| key.is_empty() || key.starts_with(&own))
        .flat_map(|(_, answer)| &answer.evaluation_results)
        .find(|result| {
            result
                .eval_action_name
                .eq_ignore_ascii_case(&request.action)
                && result.eval_resource_name.as_ref() == Some(&resource)
        })?;
    let matched = result.matched_statements.iter();
    Some(Witness {
        decision: match result.eval_decision.as_str() {
            "allowed" => Decision::Allowed,
            "explicitDeny" => Decision::ExplicitDeny,
            "implicitDeny" => Decision::ImplicitDeny,
            _ => return None,
        },
        by_organizations: result
            .organizations_decision_detail
            .as_ref()
            .and_then(|detail| detail.allowed_by_organizations),
        by_boundary: result
            .permissions_boundary_decision_detail
            .as_ref()
            .and_then(|detail| detail.allowed_by_permissions_boundary),
        matched: matched
            .filter_map(|one| one.source_policy_id.clone())
            .collect(),
        is_sure: result.missing_context_values.is_empty(),
    })
}

impl Witness {
    /// Whether it contradicts a decision; what is unknown contradicts nothing.
    pub(super) fn contradicts(&self, decision: Decision) -> bool {
        let allows = |decision| match decision {
            Decision::Allowed => Some(true),
            Decision::ImplicitDeny | Decision::ExplicitDeny => Some(false),
            Decision::Unknown => None,
        };
        self.is_sure
            && allows(decision).is_some_and(|own| allows(self.decision).is_some_and(|w| w != own))
    }

    /// The decision in its words, for a sentence.
    pub(super) fn words(&self) -> String {
        let by = if self.matched.is_empty() {
            String::new()
        } else {
            format!(" by {}", self.matched.join(", "))
        };
        let decision = match self.decision {
            Decision::Allowed => "allowed",
            Decision::ExplicitDeny => "explicitDeny",
            Decision::ImplicitDeny | Decision::Unknown => "implicitDeny",
        };
        format!("iam:SimulatePrincipalPolicy says {decision}{by}")
    }
}
