//! Statements that nearly allow a request, and what is wrong with each.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::context::{Known, Request};
use super::document::{Effect, Statement, WrittenPrincipal};
use super::evaluate::{Applied, JudgedLayer, StatementRef};
use super::matching::{action_matches, matches, wild};
use super::policies::LayerName;

mod resource;

pub use resource::{Difference, Part};

/// How many of a request's near misses are worth telling.
const MOST: usize = 5;

/// A statement that nearly allows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NearMiss {
    /// Where it stands.
    pub at: StatementRef,
    /// As it is written.
    pub statement: Value,
    /// Why it does not allow: all of them.
    pub flaws: Vec<Flaw>,
}

/// Why a statement does not allow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "flaw", rename_all = "kebab-case")]
pub enum Flaw {
    /// `kafka:…`, an action of the control plane, where the `kafka-cluster:` action of the same name is needed.
    ActionPrefix {
        /// The pattern.
        written: String,
        /// The action that it would have to match.
        needed: String,
    },
    /// It has actions of the control plane alone (`kafka:…`), none of which has this name: a policy like
    /// `AWSLambdaMSKExecutionRole`, mistaken for access to data.
    ControlPlaneOnly {
        /// The patterns.
        written: Vec<String>,
    },
    /// It has other `kafka-cluster:` actions.
    OtherActions {
        /// The patterns.
        written: Vec<String>,
        /// The action that is not among them.
        needed: String,
    },
    /// Its `NotAction` excludes the action.
    NotAction {
        /// The pattern that does.
        written: String,
    },
    /// None of its resources is this one.
    Resource {
        /// The pattern that comes nearest.
        written: String,
        /// The ARN that it would have to match.
        needed: String,
        /// In what they differ.
        differences: Vec<Difference>,
    },
    /// Its `NotResource` excludes the resource.
    NotResource {
        /// The pattern that does.
        written: String,
    },
    /// A condition does not hold, or it is not known whether it does.
    Condition {
        /// The operator.
        operator: String,
        /// The key.
        key: String,
        /// The values of the policy.
        values: Vec<String>,
        /// What is known of the key in the request.
        actual: Known,
        /// Whether it is certain that the condition does not hold.
        certain: bool,
    },
    /// It names other principals.
    Principal {
        /// Those.
        written: Vec<String>,
        /// The ARNs, account and id that would do.
        needed: Vec<String>,
    },
}

/// The near misses of the layers that would have to allow.
pub(super) fn find(
    layers: &[JudgedLayer<'_>],
    lacking: &[LayerName],
    request: &Request,
) -> Vec<NearMiss> {
    let statements = layers
        .iter()
        .filter(|layer| lacking.contains(&layer.name))
        .flat_map(|layer| &layer.statements)
        .filter(|one| one.statement.effect == Effect::Allow);
    let mut found: Vec<(usize, NearMiss)> = statements
        .filter_map(|one| {
            let flaws = flaws(one, request)?;
            let weight = flaws.iter().map(Flaw::weight).sum();
            let near = NearMiss {
                at: one.place(),
                statement: one.statement.json.clone(),
                flaws,
            };
            Some((weight, near))
        })
        .collect();
    // Also by place: the order of policies must not matter.
    found.sort_by(|(weight, near), (other_weight, other)| {
        (weight, &near.at).cmp(&(other_weight, &other.at))
    });
    found.truncate(MOST);
    found.into_iter().map(|(_, near)| near).collect()
}

/// All flaws of a statement; none if it is about something else.
fn flaws(one: &Applied<'_>, request: &Request) -> Option<Vec<Flaw>> {
    let (statement, judged) = (one.statement, &one.judged);
    let mut flaws = Vec::new();
    if judged.action.is_no() {
        flaws.push(action(statement, request)?);
    }
    if judged.resource.is_no() {
        flaws.push(resource(statement, request)?);
    }
    for (condition, answer) in statement.conditions.iter().zip(&judged.conditions) {
        if !answer.is_yes() {
            flaws.push(Flaw::Condition {
                operator: condition.operator.clone(),
                key: condition.key.clone(),
                values: condition.values.clone(),
                actual: request.context.get(&condition.key),
                certain: answer.is_no(),
            });
        }
    }
    if judged.principal.any().is_no() {
        flaws.push(principal(statement, request)?);
    }
    (!flaws.is_empty()).then_some(flaws)
}

impl Flaw {
    /// How far the statement is from allowing for this.
    fn weight(&self) -> usize {
        match self {
            Self::Resource { differences, .. } => differences.iter().map(Difference::weight).sum(),
            Self::ActionPrefix { .. } | Self::Condition { .. } => 1,
            Self::NotAction { .. } | Self::NotResource { .. } | Self::Principal { .. } => 2,
            Self::OtherActions { .. } => 3,
            Self::ControlPlaneOnly { .. } => 4,
        }
    }
}

fn action(statement: &Statement, request: &Request) -> Option<Flaw> {
    let patterns = &statement.action.patterns;
    let needed = request.action.clone();
    if statement.action.not {
        let written = patterns
            .iter()
            .find(|pattern| action_matches(pattern, &needed))?;
        return Some(Flaw::NotAction {
            written: written.clone(),
        });
    }
    let (service, name) = needed.split_once(':')?;
    let of = |own: &'static str| {
        move |pattern: &&String| {
            pattern
                .split_once(':')
                .is_some_and(|(prefix, _)| prefix.eq_ignore_ascii_case(own))
        }
    };
    if service.eq_ignore_ascii_case("kafka-cluster") {
        let control: Vec<&String> = patterns.iter().filter(of("kafka")).collect();
        let same_name = |pattern: &&&String| action_matches(pattern, &format!("kafka:{name}"));
        if let Some(written) = control.iter().find(same_name) {
            return Some(Flaw::ActionPrefix {
                written: (*written).clone(),
                needed,
            });
        }
        let own: Vec<String> = patterns
            .iter()
            .filter(of("kafka-cluster"))
            .cloned()
            .collect();
        if !own.is_empty() {
            return Some(Flaw::OtherActions {
                written: own,
                needed,
            });
        }
        if !control.is_empty() {
            return Some(Flaw::ControlPlaneOnly {
                written: control.into_iter().cloned().collect(),
            });
        }
    }
    None
}

fn resource(statement: &Statement, request: &Request) -> Option<Flaw> {
    let needed = request.resource.to_string();
    let patterns = &statement.resource.patterns;
    if statement.resource.not {
        let written = patterns
            .iter()
            .find(|pattern| matches(&wild(pattern), &needed))?;
        return Some(Flaw::NotResource {
            written: written.clone(),
        });
    }
    let (differences, written) = patterns
        .iter()
        .filter_map(|pattern| Some((resource::differences(pattern, &request.resource)?, pattern)))
        .min_by_key(|(differences, pattern)| {
            let weight: usize = differences.iter().map(Difference::weight).sum();
            (weight, *pattern)
        })?;
    Some(Flaw::Resource {
        written: written.clone(),
        needed,
        differences,
    })
}

fn principal(statement: &Statement, request: &Request) -> Option<Flaw> {
    let element = statement
        .principal
        .as_ref()
        .filter(|element| !element.not)?;
    let written = element.principals.iter().map(|one| match one {
        WrittenPrincipal::Anyone => "*".to_owned(),
        WrittenPrincipal::Aws(text) => text.clone(),
        WrittenPrincipal::Other { kind, value } => format!("{kind}: {value}"),
    });
    let principal = &request.principal;
    let needed = [
        principal.arn(),
        principal.session_arn(),
        Some(principal.account.clone()),
        principal.id.clone(),
    ];
    Some(Flaw::Principal {
        written: written.collect(),
        needed: needed.into_iter().flatten().collect(),
    })
}
