//! From JSON to a document, with the place of whatever is wrong.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::{
    Document, DocumentError, Effect, Listed, PrincipalElement, Problem, Statement, Version,
    WrittenPrincipal,
};
use crate::iam::condition::Condition;

pub(super) fn text(text: &str) -> Result<Document, DocumentError> {
    let text = text.trim();
    let not_json = |error: &dyn std::fmt::Display| DocumentError::NotJson(error.to_string());
    let decoded = if text.starts_with('%') {
        percent_decode_str(text)
            .decode_utf8()
            .map_err(|error| not_json(&error))?
    } else {
        text.into()
    };
    let value: Value = serde_json::from_str(&decoded).map_err(|error| not_json(&error))?;
    match value {
        // A text in a text in a text ends here.
        Value::String(_) => Err(wrong(None, "the document", Problem::NotA("an object"))),
        value => document(&value),
    }
}

pub(super) fn document(value: &Value) -> Result<Document, DocumentError> {
    if let Value::String(inner) = value {
        return text(inner);
    }
    let Value::Object(elements) = value else {
        return Err(wrong(None, "the document", Problem::NotA("an object")));
    };
    let version = match elements.get("Version") {
        None => Version::V2008,
        Some(Value::String(version)) => match version.as_str() {
            "2008-10-17" => Version::V2008,
            "2012-10-17" => Version::V2012,
            other => return Err(wrong(None, "Version", Problem::NoSuch(other.to_owned()))),
        },
        Some(_) => return Err(wrong(None, "Version", Problem::NotA("a string"))),
    };
    let statements = match elements.get("Statement") {
        None => return Err(wrong(None, "Statement", Problem::Missing)),
        Some(Value::Array(statements)) => statements.iter().collect(),
        Some(one) => vec![one],
    };
    Ok(Document {
        version,
        id: string(elements, None, "Id")?,
        statements: statements
            .into_iter()
            .enumerate()
            .map(|(index, value)| statement(index, value))
            .collect::<Result<_, _>>()?,
        unknown: others(elements, &["Version", "Id", "Statement"]),
    })
}

fn statement(index: usize, value: &Value) -> Result<Statement, DocumentError> {
    let Value::Object(elements) = value else {
        return Err(wrong(
            None,
            &format!("Statement[{index}]"),
            Problem::NotA("an object"),
        ));
    };
    let at = Some(index);
    let effect = match string(elements, at, "Effect")?.as_deref() {
        Some("Allow") => Effect::Allow,
        Some("Deny") => Effect::Deny,
        Some(other) => return Err(wrong(at, "Effect", Problem::NoSuch(other.to_owned()))),
        None => return Err(wrong(at, "Effect", Problem::Missing)),
    };
    let action = listed(elements, index, "Action", "NotAction")?;
    if let Some(pattern) = action.patterns.iter().find(|pattern| !has_service(pattern)) {
        let element = if action.not { "NotAction" } else { "Action" };
        return Err(wrong(at, element, Problem::NoService(pattern.clone())));
    }
    Ok(Statement {
        sid: string(elements, at, "Sid")?,
        effect,
        principal: principal(elements, index)?,
        action,
        resource: listed(elements, index, "Resource", "NotResource")?,
        conditions: conditions(elements, index)?,
        unknown: others(
            elements,
            &[
                "Sid",
                "Effect",
                "Principal",
                "NotPrincipal",
                "Action",
                "NotAction",
                "Resource",
                "NotResource",
                "Condition",
            ],
        ),
        json: value.clone(),
    })
}

/// IAM refuses an action without prefix, and a prefix with wildcards, unless it is `*` alone.
fn has_service(pattern: &str) -> bool {
    pattern == "*"
        || pattern.split_once(':').is_some_and(|(service, name)| {
            !service.is_empty() && !name.is_empty() && !service.contains(['*', '?'])
        })
}

fn principal(
    elements: &Map<String, Value>,
    index: usize,
) -> Result<Option<PrincipalElement>, DocumentError> {
    let Some((not, element, value)) = one_of(elements, index, "Principal", "NotPrincipal")? else {
        return Ok(None);
    };
    let not_a = |expected| wrong(Some(index), element, Problem::NotA(expected));
    let principals = match value {
        Value::String(text) if text == "*" => vec![WrittenPrincipal::Anyone],
        Value::Object(kinds) => {
            let mut principals = Vec::new();
            for (kind, value) in kinds {
                let values =
                    strings(value).ok_or_else(|| not_a("a string or a list of strings"))?;
                principals.extend(values.into_iter().map(|value| {
                    match (kind.as_str(), value.as_str()) {
                        ("AWS", "*") => WrittenPrincipal::Anyone,
                        ("AWS", _) => WrittenPrincipal::Aws(value),
                        _ => WrittenPrincipal::Other {
                            kind: kind.clone(),
                            value,
                        },
                    }
                }));
            }
            principals
        }
        _ => return Err(not_a("\"*\" or an object")),
    };
    Ok(Some(PrincipalElement { not, principals }))
}

fn conditions(
    elements: &Map<String, Value>,
    index: usize,
) -> Result<Vec<Condition>, DocumentError> {
    let not_a = |element: &str, expected| wrong(Some(index), element, Problem::NotA(expected));
    let operators = match elements.get("Condition") {
        None => return Ok(Vec::new()),
        Some(Value::Object(operators)) => operators,
        Some(_) => return Err(not_a("Condition", "an object")),
    };
    let mut conditions = Vec::new();
    for (operator, keys) in operators {
        let Value::Object(keys) = keys else {
            return Err(not_a(&format!("Condition.{operator}"), "an object"));
        };
        for (key, values) in keys {
            let element = format!("Condition.{operator}.{key}");
            let listed = match values {
                Value::Array(values) => values.iter().collect(),
                one => vec![one],
            };
            let values: Option<Vec<String>> = listed.into_iter().map(scalar).collect();
            let values = values.ok_or_else(|| not_a(&element, "strings, numbers or Booleans"))?;
            conditions.push(Condition::new(operator, key, values));
        }
    }
    Ok(conditions)
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn listed(
    elements: &Map<String, Value>,
    index: usize,
    element: &'static str,
    negated: &'static str,
) -> Result<Listed, DocumentError> {
    let Some((not, name, value)) = one_of(elements, index, element, negated)? else {
        return Err(wrong(Some(index), element, Problem::Missing));
    };
    let patterns = strings(value).ok_or_else(|| {
        wrong(
            Some(index),
            name,
            Problem::NotA("a string or a list of strings"),
        )
    })?;
    Ok(Listed { not, patterns })
}

/// An element or its `Not` form, whichever is there.
fn one_of<'v>(
    elements: &'v Map<String, Value>,
    index: usize,
    element: &'static str,
    negated: &'static str,
) -> Result<Option<(bool, &'static str, &'v Value)>, DocumentError> {
    match (elements.get(element), elements.get(negated)) {
        (Some(_), Some(_)) => Err(wrong(Some(index), element, Problem::Excludes(negated))),
        (Some(value), None) => Ok(Some((false, element, value))),
        (None, Some(value)) => Ok(Some((true, negated, value))),
        (None, None) => Ok(None),
    }
}

fn strings(value: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
    match value {
        Value::Array(values) => values.iter().map(text).collect(),
        one => text(one).map(|one| vec![one]),
    }
}

fn string(
    elements: &Map<String, Value>,
    statement: Option<usize>,
    element: &str,
) -> Result<Option<String>, DocumentError> {
    match elements.get(element) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(wrong(statement, element, Problem::NotA("a string"))),
    }
}

fn others(elements: &Map<String, Value>, known: &[&str]) -> Vec<String> {
    elements
        .keys()
        .filter(|name| !known.contains(&name.as_str()))
        .cloned()
        .collect()
}

fn wrong(statement: Option<usize>, element: &str, problem: Problem) -> DocumentError {
    DocumentError::Element {
        statement,
        element: element.to_owned(),
        problem,
    }
}
