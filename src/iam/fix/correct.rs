//! A statement that nearly allows, corrected.

use serde_json::{Value, json};

use super::narrow::{list, push};
use crate::iam::arn::MskResource;
use crate::iam::condition::Condition;
use crate::iam::context::{Known, Request};
use crate::iam::near_miss::{Difference, Flaw, NearMiss, Part};

/// The statement without its flaws; none if one of them has no correction that means what was meant.
pub(super) fn corrected(near: &NearMiss, request: &Request) -> Option<Value> {
    let mut statement = near.statement.clone();
    for flaw in &near.flaws {
        match flaw {
            Flaw::ActionPrefix { needed, .. } | Flaw::OtherActions { needed, .. } => {
                push(&mut statement, "Action", needed)?;
            }
            Flaw::NotAction { written } => {
                remove(&mut statement, "NotAction", written, &request.action)?;
            }
            Flaw::NotResource { written } => {
                let arn = request.resource.to_string();
                remove(&mut statement, "NotResource", written, &arn)?;
            }
            Flaw::Resource {
                written,
                differences,
                ..
            } => resource(&mut statement, written, differences, request)?,
            Flaw::Condition {
                operator,
                key,
                values,
                actual: Known::Values { values: actual },
                certain: true,
            } => {
                let condition = Condition::new(operator, key, values.clone());
                let [actual] = &actual[..] else { return None };
                if condition.is_negated() {
                    return None;
                }
                another_value(&mut statement, &condition, actual)?;
            }
            Flaw::Principal { .. } => {
                let arn = request.principal.arn()?;
                push(statement.get_mut("Principal")?, "AWS", &arn)?;
            }
            // To let these through would be more than was meant, or needs a fact.
            Flaw::ControlPlaneOnly { .. } | Flaw::Condition { .. } => return None,
        }
    }
    Some(statement)
}

/// Writes a further value to a condition.
pub(super) fn another_value(
    statement: &mut Value,
    condition: &Condition,
    value: &str,
) -> Option<()> {
    if !condition.takes_more_values() || value.contains(['*', '?', '$']) {
        return None;
    }
    let keys = statement
        .get_mut("Condition")?
        .get_mut(&condition.operator)?;
    push(keys, &condition.key, value)
}

/// Removes an entry that is just this text; one with wildcards excludes more, which may be meant.
fn remove(statement: &mut Value, element: &str, written: &str, own: &str) -> Option<()> {
    if !written.eq_ignore_ascii_case(own) {
        return None;
    }
    let mut entries = list(statement.get(element)?);
    entries.retain(|entry| entry != written);
    if entries.is_empty() {
        return None;
    }
    statement[element] = json!(entries);
    Some(())
}

fn resource(
    statement: &mut Value,
    written: &str,
    differences: &[Difference],
    request: &Request,
) -> Option<()> {
    let needed = MskResource::from_arn(&request.resource).ok()?;
    // The pattern meant this cluster and can't match anything that exists, or it meant something else too.
    let is_dead = differences.iter().all(|difference| match difference {
        Difference::Lacks { .. } | Difference::TooLong { .. } => true,
        Difference::Other { part, .. } => {
            matches!(part, Part::ClusterUuid | Part::Service)
        }
    });
    let correct = patched(written, differences, &needed)?;
    let mut entries = list(statement.get("Resource")?);
    if is_dead {
        entries.retain(|entry| entry != written);
    }
    if !entries.contains(&correct) {
        entries.push(correct);
    }
    statement["Resource"] = match &entries[..] {
        [one] => json!(one),
        _ => json!(entries),
    };
    Some(())
}

/// The pattern with the parts that differ put right: what it has of wildcards elsewhere stays.
fn patched(written: &str, differences: &[Difference], needed: &MskResource) -> Option<String> {
    let arn = needed.arn();
    let mut fields: Vec<String> = written.splitn(6, ':').map(ToOwned::to_owned).collect();
    if fields.len() != 6 {
        return None;
    }
    let mut segments: Vec<String> = fields[5].splitn(4, '/').map(ToOwned::to_owned).collect();
    let mut whole = false;
    for difference in differences {
        let Difference::Other { part, needed, .. } = difference else {
            whole = true;
            continue;
        };
        let place = match part {
            Part::Partition => &mut fields[1],
            Part::Service => &mut fields[2],
            Part::Region => &mut fields[3],
            Part::Account => &mut fields[4],
            Part::Type => {
                whole = true;
                continue;
            }
            Part::ClusterName => segments.get_mut(1)?,
            Part::ClusterUuid => segments.get_mut(2)?,
            Part::Name => segments.get_mut(3)?,
        };
        place.clone_from(needed);
    }
    fields[5] = if whole {
        arn.resource
    } else {
        segments.join("/")
    };
    Some(fields.join(":"))
}
