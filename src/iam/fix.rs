//! The smallest change of policies that lets a request pass, tried on a copy before anybody is told that it helps.

mod correct;
mod narrow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::context::Request;
use super::document::Document;
use super::evaluate::{Decision, Outcome, Quote, StatementRef, evaluate};
use super::policies::{Content, Kind, Layer, LayerName, Policies, Policy};

/// The name of an inline policy that does not exist yet.
pub const NEW_POLICY: &str = "msk-access";

/// A change of the policies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum Change {
    /// A statement is added at the end of a policy.
    Add {
        /// The layer.
        layer: LayerName,
        /// What kind of policy.
        kind: Kind,
        /// The policy; one that does not exist is made: an inline policy, or the cluster's.
        policy: String,
        /// The statement.
        statement: Value,
    },
    /// A statement is replaced.
    Replace {
        /// Where it stands.
        at: StatementRef,
        /// As it is.
        from: Value,
        /// As it should be: one statement, two where one has to be split, none where nothing of it is left.
        to: Vec<Value>,
    },
    /// A policy that cannot be edited, because it is AWS's own, is detached.
    Detach {
        /// The layer.
        layer: LayerName,
        /// The policy.
        policy: String,
    },
}

/// Changes that belong together, and what is decided after them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Fix {
    /// The changes.
    pub changes: Vec<Change>,
    /// The decision on the same request after them.
    pub decision: Decision,
    /// The same, if what could not be read of sessions and organisations lets the request pass.
    pub if_unread_pass: Decision,
}

impl Fix {
    /// Whether the request is certain to pass after the changes.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.decision == Decision::Allowed
    }
}

/// A change that does not fit the policies.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// There is no such layer, policy or statement, or not with this text.
    #[error("policy {0:?} has no such statement")]
    NotThere(String),
    /// What would come out is not a policy.
    #[error("policy {policy:?}: {error}")]
    Malformed {
        /// The policy.
        policy: String,
        /// Why.
        error: String,
    },
}

/// The ways to let a denied request pass, the one to prefer first. Only ways after which the request is not denied any more;
/// empty if it is not denied now.
#[must_use]
pub fn fixes(policies: &Policies, request: &Request, outcome: &Outcome) -> Vec<Fix> {
    let mut found: Vec<Fix> = Vec::new();
    let mut keep = |changes: Vec<Change>| {
        let tried = attempt(policies, request, changes);
        found.extend(tried.filter(|fix| !found.contains(fix)));
    };
    match outcome.if_unread_pass {
        Decision::ExplicitDeny => keep(narrowings(policies, request, outcome)),
        Decision::ImplicitDeny => {
            if let Some(changes) = corrections(request, outcome) {
                keep(changes);
            }
            if let Some(changes) = additions(policies, request, outcome) {
                keep(changes);
            }
        }
        Decision::Allowed | Decision::Unknown => {}
    }
    found
}

/// The policies with changes made.
///
/// # Errors
///
/// If a change is of other policies than these.
pub fn apply(policies: &Policies, changes: &[Change]) -> Result<Policies, ChangeError> {
    let mut copy = policies.clone();
    // Statements are counted from the end, so that replacing one does not move those that are still to be found.
    let mut ordered: Vec<&Change> = changes.iter().collect();
    ordered.sort_by_key(|change| match change {
        Change::Replace { at, .. } => (0, usize::MAX - at.index),
        Change::Add { .. } => (1, 0),
        Change::Detach { .. } => (2, 0),
    });
    for change in ordered {
        change.apply(&mut copy)?;
    }
    Ok(copy)
}

/// Tries changes; none if the request is still denied.
fn attempt(policies: &Policies, request: &Request, mut changes: Vec<Change>) -> Option<Fix> {
    if changes.is_empty() {
        return None;
    }
    let mut after = evaluate(&apply(policies, &changes).ok()?, request);
    if after.if_unread_pass == Decision::ImplicitDeny {
        // What denied is gone, and nothing allows: that is the second half of the fix.
        let changed = apply(policies, &changes).ok()?;
        changes.extend(additions(&changed, request, &after)?);
        after = evaluate(&apply(policies, &changes).ok()?, request);
    }
    let denied = [Decision::ExplicitDeny, Decision::ImplicitDeny];
    (!denied.contains(&after.if_unread_pass)).then_some(Fix {
        changes,
        decision: after.decision,
        if_unread_pass: after.if_unread_pass,
    })
}

/// For each statement that denies, the first way to narrow it after which it does not.
fn narrowings(policies: &Policies, request: &Request, outcome: &Outcome) -> Vec<Change> {
    let denies_still = |changes: &[Change], quote: &Quote| {
        apply(policies, changes).is_ok_and(|changed| {
            let after = evaluate(&changed, request);
            let same = |other: &Quote| {
                other.at.policy == quote.at.policy && other.at.layer == quote.at.layer
            };
            // Other statements of the same policy may deny too: there must be fewer.
            let count = |outcome: &Outcome| outcome.deciding.iter().filter(|q| same(q)).count();
            after.if_unread_pass == Decision::ExplicitDeny && count(&after) >= count(outcome)
        })
    };
    let mut changes: Vec<Change> = Vec::new();
    for quote in &outcome.deciding {
        let change = if is_of_aws(&quote.at.policy) {
            Change::Detach {
                layer: quote.at.layer,
                policy: quote.at.policy.clone(),
            }
        } else {
            let ways = statement(policies, &quote.at)
                .map(|statement| narrow::ways(statement, quote.at.kind, request))
                .unwrap_or_default();
            let replace = |to| Change::Replace {
                at: quote.at.clone(),
                from: quote.statement.clone(),
                to,
            };
            let helps = |change: &Change| !denies_still(std::slice::from_ref(change), quote);
            match ways.into_iter().map(replace).find(helps) {
                Some(change) => change,
                None => continue,
            }
        };
        if !changes.contains(&change) {
            changes.push(change);
        }
    }
    changes
}

/// For each layer that would have to allow, its nearest statement corrected; none if a layer has none that can be.
fn corrections(request: &Request, outcome: &Outcome) -> Option<Vec<Change>> {
    outcome
        .lacking
        .iter()
        .map(|layer| {
            outcome
                .near_misses
                .iter()
                .filter(|near| near.at.layer == *layer && !is_of_aws(&near.at.policy))
                .find_map(|near| {
                    Some(Change::Replace {
                        at: near.at.clone(),
                        from: near.statement.clone(),
                        to: vec![correct::corrected(near, request)?],
                    })
                })
        })
        .collect()
}

/// For each layer that would have to allow, the statement to add; none if a layer takes no such statement.
fn additions(policies: &Policies, request: &Request, outcome: &Outcome) -> Option<Vec<Change>> {
    outcome
        .lacking
        .iter()
        .map(|layer| {
            let own = policies.layer(*layer)?.policies();
            let usable = |policy: &&Policy| {
                matches!(policy.content, Content::Known(_)) && !is_of_aws(&policy.name)
            };
            let existing = match layer {
                LayerName::Identity => own.iter().filter(usable).find(|p| p.kind == Kind::Inline),
                _ => own.iter().find(usable),
            };
            let (kind, policy) = match (layer, existing) {
                // "The effect of Allow is only supported for the RCPFullAWSAccess policy".
                (LayerName::ResourceControl { .. }, _) => return None,
                (_, Some(policy)) => (policy.kind, policy.name.clone()),
                (LayerName::Identity, None) => (Kind::Inline, NEW_POLICY.to_owned()),
                (LayerName::Cluster, None) => (Kind::Cluster, NEW_POLICY.to_owned()),
                _ => return None,
            };
            let mut statement = json!({
                "Effect": "Allow",
                "Action": request.action,
                "Resource": request.resource.to_string(),
            });
            if kind == Kind::Cluster {
                let arn = request.principal.arn();
                let account = || request.principal.account.clone();
                statement["Principal"] = json!({ "AWS": arn.unwrap_or_else(account) });
            }
            Some(Change::Add {
                layer: *layer,
                kind,
                policy,
                statement,
            })
        })
        .collect()
}

/// AWS's own managed policies and the organisations' defaults: nobody else can change them.
fn is_of_aws(policy: &str) -> bool {
    policy.contains(":iam::aws:policy/")
        || matches!(policy, "p-FullAWSAccess" | "p-RCPFullAWSAccess")
}

fn statement<'p>(
    policies: &'p Policies,
    at: &StatementRef,
) -> Option<&'p super::document::Statement> {
    let layer = policies.layer(at.layer)?;
    let policy = layer.policies().iter().find(|policy| is_at(policy, at))?;
    policy.statements().get(at.index)
}

fn is_at(policy: &Policy, at: &StatementRef) -> bool {
    policy.kind == at.kind && policy.name == at.policy && policy.group == at.group
}

impl Change {
    fn apply(&self, policies: &mut Policies) -> Result<(), ChangeError> {
        match self {
            Self::Add {
                layer,
                kind,
                policy,
                statement,
            } => add(policies, *layer, *kind, policy, statement),
            Self::Replace { at, from, to } => replace(policies, at, from, to),
            Self::Detach { layer, policy } => {
                if let Some(Layer::Read(own)) = policies.layer_mut(*layer) {
                    own.retain(|other| other.name != *policy);
                }
                Ok(())
            }
        }
    }
}

fn add(
    policies: &mut Policies,
    layer: LayerName,
    kind: Kind,
    name: &str,
    statement: &Value,
) -> Result<(), ChangeError> {
    let not_there = || ChangeError::NotThere(name.to_owned());
    let layer = policies.layer_mut(layer).ok_or_else(not_there)?;
    if *layer == Layer::Absent {
        *layer = Layer::Read(Vec::new());
    }
    let Layer::Read(own) = layer else {
        return Err(not_there());
    };
    let found = own
        .iter_mut()
        .find(|policy| policy.kind == kind && policy.name == name);
    if let Some(policy) = found {
        let Content::Known(document) = &mut policy.content else {
            return Err(not_there());
        };
        document
            .statements
            .extend(parsed(name, std::slice::from_ref(statement))?);
    } else {
        let document = json!({ "Version": "2012-10-17", "Statement": [statement] });
        own.push(Policy::new(kind, name, &document));
    }
    Ok(())
}

fn replace(
    policies: &mut Policies,
    at: &StatementRef,
    from: &Value,
    to: &[Value],
) -> Result<(), ChangeError> {
    let not_there = || ChangeError::NotThere(at.policy.clone());
    let Some(Layer::Read(own)) = policies.layer_mut(at.layer) else {
        return Err(not_there());
    };
    let policy = own
        .iter_mut()
        .find(|policy| is_at(policy, at))
        .ok_or_else(not_there)?;
    let Content::Known(document) = &mut policy.content else {
        return Err(not_there());
    };
    let fits = document
        .statements
        .get(at.index)
        .is_some_and(|own| own.json == *from);
    if !fits {
        return Err(not_there());
    }
    document
        .statements
        .splice(at.index..=at.index, parsed(&at.policy, to)?);
    Ok(())
}

/// Statements from their JSON. Variables are read when a statement is judged, so the version does not matter here.
fn parsed(
    policy: &str,
    statements: &[Value],
) -> Result<Vec<super::document::Statement>, ChangeError> {
    Document::from_value(&json!({ "Statement": statements }))
        .map(|document| document.statements)
        .map_err(|error| ChangeError::Malformed {
            policy: policy.to_owned(),
            error: error.to_string(),
        })
}
