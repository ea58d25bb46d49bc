//! A statement that denies, narrowed so that it leaves one request alone.

use serde_json::{Map, Value, json};

use super::correct::another_value;
use crate::iam::actions::ACTIONS;
use crate::iam::context::{Known, Request};
use crate::iam::document::{Listed, Statement};
use crate::iam::matching::{action_matches, matches, wild};
use crate::iam::policies::Kind;

/// The ways to narrow a statement, the smallest first; each is the statements to put in its place.
pub(super) fn ways(statement: &Statement, kind: Kind, request: &Request) -> Vec<Vec<Value>> {
    let mut ways: Vec<Vec<Value>> = Vec::new();
    // "Deny unless it comes from …": from here too.
    for condition in statement.conditions.iter().filter(|one| one.is_negated()) {
        if let Known::Values { values } = request.context.get(&condition.key)
            && let [value] = &values[..]
        {
            let mut changed = statement.json.clone();
            if another_value(&mut changed, condition, value).is_some() {
                ways.push(vec![changed]);
            }
        }
    }
    ways.push(split(statement, kind, request));
    ways.push(without_action(statement, request).into_iter().collect());
    ways.push(Vec::new());
    ways
}

/// One statement for all other actions, and one for this action that excepts the resource or the principal.
fn split(statement: &Statement, kind: Kind, request: &Request) -> Vec<Value> {
    let mut left: Vec<Value> = without_action(statement, request).into_iter().collect();
    let mut this = statement.json.clone();
    let Some(elements) = this.as_object_mut() else {
        return left;
    };
    elements.remove("NotAction");
    elements.insert("Action".to_owned(), json!(request.action));
    if !left.is_empty() {
        // A Sid stands once in a document.
        elements.remove("Sid");
    }
    // A policy that others share denies them still; one's own excepts what is asked for.
    let is_own = matches!(kind, Kind::Inline | Kind::Session);
    let excepted = match request.principal.arn() {
        Some(arn) if !is_own => except_principal(elements, &arn),
        _ => except_resource(elements, &statement.resource, request),
    };
    if excepted.is_some() {
        left.push(this);
    }
    left
}

fn without_action(statement: &Statement, request: &Request) -> Option<Value> {
    let mut rest = statement.json.clone();
    let elements = rest.as_object_mut()?;
    let Listed { not, patterns } = &statement.action;
    if *not {
        push(&mut rest, "NotAction", &request.action)?;
        return Some(rest);
    }
    if patterns.iter().any(|pattern| pattern == "*") {
        elements.remove("Action");
        elements.insert("NotAction".to_owned(), json!(request.action));
        return Some(rest);
    }
    let mut others: Vec<String> = Vec::new();
    for pattern in patterns {
        if !action_matches(pattern, &request.action) {
            others.push(pattern.clone());
            continue;
        }
        // A pattern stands for actions that are all known: they are written out but for this one.
        let names = ACTIONS.iter().map(super::super::actions::Action::full_name);
        others.extend(names.filter(|name| {
            action_matches(pattern, name) && !name.eq_ignore_ascii_case(&request.action)
        }));
    }
    if others.is_empty() {
        return None;
    }
    elements.insert("Action".to_owned(), json!(others));
    Some(rest)
}

fn except_principal(elements: &mut Map<String, Value>, arn: &str) -> Option<()> {
    let conditions = elements
        .entry("Condition")
        .or_insert_with(|| Value::Object(Map::new()))
        .as_object_mut()?;
    let keys = conditions
        .entry("ArnNotEquals")
        .or_insert_with(|| Value::Object(Map::new()));
    push(keys, "aws:PrincipalArn", arn)
}

fn except_resource(
    elements: &mut Map<String, Value>,
    resource: &Listed,
    request: &Request,
) -> Option<()> {
    let arn = request.resource.to_string();
    if resource.not {
        let mut patterns = resource.patterns.clone();
        patterns.push(arn);
        elements.insert("NotResource".to_owned(), json!(patterns));
        return Some(());
    }
    if resource.patterns.iter().any(|pattern| pattern == "*") {
        elements.remove("Resource");
        elements.insert("NotResource".to_owned(), json!(arn));
        return Some(());
    }
    let others: Vec<&String> = resource
        .patterns
        .iter()
        .filter(|pattern| !matches(&wild(pattern), &arn))
        .collect();
    if others.is_empty() {
        return None;
    }
    elements.insert("Resource".to_owned(), json!(others));
    Some(())
}

/// The texts of an element that is one text or a list.
pub(super) fn list(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(texts) => texts
            .iter()
            .filter_map(|text| text.as_str().map(ToOwned::to_owned))
            .collect(),
        _ => Vec::new(),
    }
}

/// Adds a text to an element, which may be absent, one text or a list.
pub(super) fn push(object: &mut Value, element: &str, text: &str) -> Option<()> {
    let elements = object.as_object_mut()?;
    match elements.get_mut(element) {
        None => {
            elements.insert(element.to_owned(), json!(text));
        }
        Some(Value::Array(texts)) => texts.push(json!(text)),
        Some(one) => {
            let first = one.take();
            *one = json!([first, text]);
        }
    }
    Some(())
}
