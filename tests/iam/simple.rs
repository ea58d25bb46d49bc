//! The second evaluator: plain JSON, two values, one statement at a time. It shares no code with the first.

use msk_doctor::iam::Decision;
use serde_json::Value;

/// Who asks for what, and what is true of the request.
pub struct Asked {
    pub action: String,
    pub resource: String,
    pub account: String,
    pub role: String,
    pub session: String,
    pub region: String,
}

/// All policies, as their statements.
#[derive(Debug, Clone, Default)]
pub struct Written {
    pub identity: Vec<Vec<Value>>,
    pub boundary: Option<Vec<Value>>,
    pub session: Option<Vec<Value>>,
    pub service_control: Vec<Vec<Value>>,
    pub cluster: Option<Vec<Value>>,
}

/// The decision, by the flow chart of "Policy evaluation logic".
pub fn decide(written: &Written, asked: &Asked) -> Decision {
    let limits = [&written.boundary, &written.session];
    let own: Vec<&Value> = written.identity.iter().flatten().collect();
    let cluster: Vec<&Value> = written.cluster.iter().flatten().collect();
    let everything = own
        .iter()
        .copied()
        .chain(limits.into_iter().flatten().flatten())
        .chain(written.service_control.iter().flatten());
    let denied = everything
        .clone()
        .any(|s| s["Effect"] == "Deny" && fits(s, asked))
        || cluster
            .iter()
            .any(|s| s["Effect"] == "Deny" && fits(s, asked) && named(s, asked) != Named::Nobody);
    if denied {
        return Decision::ExplicitDeny;
    }
    let allows = |statements: &[Value]| {
        statements
            .iter()
            .any(|s| s["Effect"] == "Allow" && fits(s, asked))
    };
    let organisation = written.service_control.iter().all(|level| allows(level));
    let limited = limits.into_iter().flatten().all(|layer| allows(layer));
    let identity = own.iter().any(|s| s["Effect"] == "Allow" && fits(s, asked));
    let by = |who: &[Named]| {
        cluster
            .iter()
            .any(|s| s["Effect"] == "Allow" && fits(s, asked) && who.contains(&named(s, asked)))
    };
    let same = asked.resource.split(':').nth(4) == Some(&asked.account);
    let granted = if same {
        by(&[Named::Directly]) || limited && (identity || by(&[Named::ByRole]))
    } else {
        identity && limited && by(&[Named::Directly, Named::ByRole, Named::ByAccount])
    };
    if granted && organisation {
        Decision::Allowed
    } else {
        Decision::ImplicitDeny
    }
}

#[derive(PartialEq)]
enum Named {
    Directly,
    ByRole,
    ByAccount,
    Nobody,
}

fn named(statement: &Value, asked: &Asked) -> Named {
    let principal = &statement["Principal"];
    let name = principal["AWS"].as_str().or(principal.as_str());
    let root = format!("arn:aws:iam::{}:root", asked.account);
    match name {
        Some("*") => Named::Directly,
        Some(name) if name == asked.session => Named::Directly,
        Some(name) if name == asked.role => Named::ByRole,
        Some(name) if name == asked.account || name == root => Named::ByAccount,
        _ => Named::Nobody,
    }
}

fn fits(statement: &Value, asked: &Asked) -> bool {
    let lists = |field: &str, value: &str| {
        let listed = &statement[field];
        let texts = listed
            .as_array()
            .map_or_else(|| vec![listed.clone()], Clone::clone);
        texts
            .iter()
            .filter_map(Value::as_str)
            .any(|pattern| glob(pattern.as_bytes(), value.as_bytes()))
    };
    let action = if statement.get("Action").is_some() {
        let lower = lower(statement, "Action");
        lower
            .iter()
            .any(|p| glob(p.as_bytes(), asked.action.to_lowercase().as_bytes()))
    } else {
        let lower = lower(statement, "NotAction");
        !lower
            .iter()
            .any(|p| glob(p.as_bytes(), asked.action.to_lowercase().as_bytes()))
    };
    let resource = if statement.get("Resource").is_some() {
        lists("Resource", &asked.resource)
    } else {
        !lists("NotResource", &asked.resource)
    };
    action && resource && conditions(statement, asked)
}

fn lower(statement: &Value, field: &str) -> Vec<String> {
    let listed = &statement[field];
    let texts = listed
        .as_array()
        .map_or_else(|| vec![listed.clone()], Clone::clone);
    texts
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_lowercase)
        .collect()
}

/// `*` is any text, `?` one character.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            glob(rest, text)
                || text
                    .split_first()
                    .is_some_and(|(_, tail)| glob(pattern, tail))
        }
        (Some((b'?', rest)), Some((_, tail))) => glob(rest, tail),
        (Some((own, rest)), Some((other, tail))) => own == other && glob(rest, tail),
        _ => false,
    }
}

/// Every operator and key has to hold; a key of the request that is absent makes a plain operator false, a negated one
/// true, and one `IfExists` true.
fn conditions(statement: &Value, asked: &Asked) -> bool {
    let Some(operators) = statement["Condition"].as_object() else {
        return true;
    };
    operators.iter().all(|(operator, keys)| {
        keys.as_object().is_some_and(|keys| {
            keys.iter().all(|(key, values)| {
                let actual = match key.as_str() {
                    "aws:PrincipalAccount" => Some(asked.account.as_str()),
                    "aws:RequestedRegion" => Some(asked.region.as_str()),
                    "aws:SecureTransport" => Some("true"),
                    _ => None,
                };
                let values: Vec<&str> = values
                    .as_array()
                    .map_or_else(|| vec![values], |list| list.iter().collect())
                    .into_iter()
                    .filter_map(Value::as_str)
                    .collect();
                match (operator.as_str(), actual) {
                    ("Null", actual) => values.contains(&actual.is_none().to_string().as_str()),
                    ("StringEquals" | "StringEqualsIfExists" | "Bool", Some(actual)) => {
                        values.contains(&actual)
                    }
                    ("StringEqualsIfExists" | "StringNotEquals", None) => true,
                    ("StringLike", Some(actual)) => values
                        .iter()
                        .any(|pattern| glob(pattern.as_bytes(), actual.as_bytes())),
                    ("StringNotEquals", Some(actual)) => !values.contains(&actual),
                    _ => false,
                }
            })
        })
    })
}
