//! Decisions, statements and mistakes in words.

use serde_json::Value;

use super::Right;
use crate::diagnosis::Fact;
use crate::iam::{Decision, Difference, Flaw, Kind, Known, LayerName, Missing, Part, StatementRef};

/// Answers of one kind about one resource, as one.
pub(super) fn rights(rights: &[&Right]) -> String {
    let mut groups: Vec<(String, &str, Vec<&str>)> = Vec::new();
    for right in rights {
        let (answer, resource) = (answer(right), right.outcome.resource.as_str());
        let action = right.request.action.as_str();
        match groups
            .iter_mut()
            .find(|group| group.0 == answer && group.1 == resource)
        {
            Some(group) => group.2.push(action),
            None => groups.push((answer, resource, vec![action])),
        }
    }
    let words = groups.into_iter().map(|(answer, resource, actions)| {
        format!("{} on {resource}: {answer}", actions.join(", "))
    });
    words.collect::<Vec<_>>().join("; ")
}

fn answer(right: &Right) -> String {
    let outcome = &right.outcome;
    if let Some(witness) = right.witness.as_ref().filter(|_| right.is_by_witness()) {
        return witness.words();
    }
    if right.difference().is_some() {
        return "not known".to_owned();
    }
    match outcome.if_unread_pass {
        Decision::ExplicitDeny => "a statement denies it".to_owned(),
        Decision::ImplicitDeny => {
            let lacking: Vec<&str> = outcome.lacking.iter().map(|l| layer(*l)).collect();
            format!(
                "no statement of {} allows it",
                lacking.join(", and none of ")
            )
        }
        Decision::Allowed if outcome.decision == Decision::Allowed => "allowed".to_owned(),
        Decision::Allowed => "allowed by all that could be read".to_owned(),
        Decision::Unknown => "not known".to_owned(),
    }
}

/// How many statements are quoted.
const QUOTED: usize = 2;

/// The statements that decide, else the one that comes nearest with what is wrong with it.
pub(super) fn facts(right: &Right) -> Vec<Fact> {
    let outcome = &right.outcome;
    if right.is_by_witness() {
        return Vec::new();
    }
    let quote = |at: &StatementRef, statement: &Value| Fact::Statement {
        place: place(at),
        statement: statement.clone(),
    };
    if outcome.if_unread_pass != Decision::ImplicitDeny {
        let quotes = outcome.deciding.iter().take(QUOTED);
        return quotes.map(|own| quote(&own.at, &own.statement)).collect();
    }
    let Some(near) = outcome.near_misses.first() else {
        return Vec::new();
    };
    let flaws = near.flaws.iter();
    flaws
        .map(|own| Fact::Says(format!("{} comes nearest: {}", place(&near.at), flaw(own))))
        .chain([quote(&near.at, &near.statement)])
        .collect()
}

/// Where a statement stands.
pub(super) fn place(at: &StatementRef) -> String {
    let sid = match &at.sid {
        Some(sid) => format!(" {sid:?}"),
        None => String::new(),
    };
    let of = match at.kind {
        Kind::Cluster => at.policy.clone(),
        _ => format!("{} {}", kind(at.kind), at.policy),
    };
    format!("statement {}{sid} of {of}", at.index + 1)
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Inline => "inline policy",
        Kind::Managed => "policy",
        Kind::GroupInline => "a group's inline policy",
        Kind::GroupManaged => "a group's policy",
        Kind::Boundary => "the permissions boundary",
        Kind::Session => "the session policy",
        Kind::ServiceControl => "the service control policy",
        Kind::ResourceControl => "the resource control policy",
        Kind::Cluster => "the cluster's policy",
    }
}

fn layer(layer: LayerName) -> &'static str {
    match layer {
        LayerName::Identity => "the identity's policies",
        LayerName::Boundary => "the permissions boundary",
        LayerName::Session => "the session's policy",
        LayerName::ServiceControl { .. } => "a service control policy that must allow it",
        LayerName::ResourceControl { .. } => "a resource control policy that must allow it",
        LayerName::Cluster => "the cluster's policy",
    }
}

fn flaw(flaw: &Flaw) -> String {
    match flaw {
        Flaw::ActionPrefix { written, needed } => {
            format!("it has {written}, which is for the control plane, and clients need {needed}")
        }
        Flaw::ControlPlaneOnly { written } => format!(
            "it has actions of the control plane alone ({}), as AWSLambdaMSKExecutionRole has, and none of a client",
            few(written)
        ),
        Flaw::OtherActions { written, needed } => {
            format!("it has {} and not {needed}", few(written))
        }
        Flaw::NotAction { written } => format!("its NotAction {written} leaves it out"),
        Flaw::Resource {
            written,
            differences,
            ..
        } => {
            let words: Vec<String> = differences.iter().map(difference).collect();
            format!("in its resource {written} {}", words.join(", "))
        }
        Flaw::NotResource { written } => format!("its NotResource {written} leaves it out"),
        Flaw::Condition {
            operator,
            key,
            values,
            actual,
            certain,
        } => {
            let holds = if *certain {
                "does not hold"
            } else {
                "may not hold"
            };
            let actual = match actual {
                Known::Nothing | Known::Present => "the request's value is not known".to_owned(),
                Known::Absent => "the request has none".to_owned(),
                Known::Values { values } => format!("the request has {}", few(values)),
            };
            format!(
                "its condition {operator} {key} {} {holds}: {actual}",
                few(values)
            )
        }
        Flaw::Principal { written, .. } => format!("it is for {}", few(written)),
    }
}

/// The first of them, and how many more there are.
pub(super) fn few(words: &[String]) -> String {
    const SHOWN: usize = 3;
    let more = match words.len() {
        count if count > SHOWN => format!(" and {} more", count - SHOWN),
        _ => String::new(),
    };
    let shown: Vec<&str> = words.iter().take(SHOWN).map(String::as_str).collect();
    format!("{}{more}", shown.join(", "))
}

fn difference(difference: &Difference) -> String {
    match difference {
        Difference::Other {
            part: which,
            written,
            needed,
        } => format!("{} is {written} and should be {needed}", part(*which)),
        Difference::Lacks { parts, needed, .. } => {
            let lacking: Vec<&str> = parts.iter().map(|which| part(*which)).collect();
            format!("it lacks {}, as in {needed}", lacking.join(" and "))
        }
        Difference::TooLong { needed, .. } => format!("it is longer than {needed}"),
    }
}

fn part(part: Part) -> &'static str {
    match part {
        Part::Partition => "the partition",
        Part::Service => "the service",
        Part::Region => "the region",
        Part::Account => "the account",
        Part::Type => "the kind of resource",
        Part::ClusterName => "the cluster's name",
        Part::ClusterUuid => "the cluster's UUID",
        Part::Name => "the name",
    }
}

/// What is not known.
pub(super) fn missing(missing: &Missing) -> String {
    match missing {
        Missing::Key { key } => format!("the request's {key}"),
        Missing::Operator { operator } => format!("the condition operator {operator}"),
        Missing::Value { operator, value } => format!("how {operator} compares {value:?}"),
        Missing::Variable { variable } => format!("the value of ${{{variable}}}"),
        Missing::Pattern { pattern } => format!("what {pattern} matches"),
        Missing::Element { element } => format!("what {element} means in such a policy"),
        Missing::Principal { principal } => format!("whether {principal} is this identity"),
        Missing::RolePath => "the path of the role".to_owned(),
        Missing::PrincipalId => "the unique id of the identity".to_owned(),
        Missing::SessionName => "the name of the session".to_owned(),
        Missing::Policy {
            kind: of,
            name,
            why,
        } => {
            let name = if name.starts_with("its ") || *of == Kind::Cluster {
                name.clone()
            } else {
                format!("{} {name}", kind(*of))
            };
            format!("{name} ({why})")
        }
        Missing::Layer { name } => match name {
            LayerName::Identity => "the identity's policies",
            LayerName::Boundary => "whether there is a permissions boundary",
            LayerName::Session => "whether the session was made with a policy that limits it",
            LayerName::ServiceControl { .. } => "the organisation's service control policies",
            LayerName::ResourceControl { .. } => "the organisation's resource control policies",
            LayerName::Cluster => "whether the cluster has a policy, and which",
        }
        .to_owned(),
    }
}

/// Whether a text is the action of a call, and no place in a document.
fn is_action(text: &str) -> bool {
    text.split_once(':').is_some_and(|(service, name)| {
        let letters = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric());
        letters(service) && letters(name)
    })
}

/// What would tell it.
pub(super) fn needs(missing: &Missing) -> String {
    match missing {
        Missing::Policy { why, .. } => match why.split_once(": ") {
            Some((action, _)) if is_action(action) => action.to_owned(),
            _ => "a policy that IAM accepts".to_owned(),
        },
        Missing::RolePath | Missing::PrincipalId => "iam:GetRole".to_owned(),
        Missing::SessionName => "sts:GetCallerIdentity with the client's credentials".to_owned(),
        Missing::Layer { name } => match name {
            LayerName::Identity => "iam:ListAttachedRolePolicies and iam:ListRolePolicies",
            LayerName::Boundary => "iam:GetRole",
            LayerName::Session => "whoever made the session: it is shown nowhere",
            LayerName::ServiceControl { .. } | LayerName::ResourceControl { .. } => {
                "iam:SimulatePrincipalPolicy"
            }
            LayerName::Cluster => "kafka:GetClusterPolicy",
        }
        .to_owned(),
        Missing::Key { .. }
        | Missing::Operator { .. }
        | Missing::Value { .. }
        | Missing::Variable { .. }
        | Missing::Pattern { .. }
        | Missing::Element { .. }
        | Missing::Principal { .. } => {
            "a login with the client's identity from the client's place".to_owned()
        }
    }
}
