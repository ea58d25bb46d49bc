//! `--output sarif`: SARIF 2.1.0 (OASIS), with what GitHub's code scanning needs besides.
//!
//! Sources: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>,
//! <https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support-for-code-scanning>.

use std::io::{self, Write};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Summary;
use super::item::Item;
use crate::catalogue::find;
use crate::text;

/// Writes it; `location` is the file in the repository that results are shown at.
///
/// # Errors
/// When writing fails.
pub fn render(summary: &Summary, location: &str, out: &mut dyn Write) -> io::Result<()> {
    let items = &summary.items;
    let mut codes: Vec<&str> = items.iter().filter_map(|item| item.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let rules: Vec<Value> = codes.iter().filter_map(|code| rule(code)).collect();
    let results: Vec<Value> = items
        .iter()
        .filter_map(|item| Some((item, item.code?)))
        .flat_map(|(item, code)| {
            let index = codes.iter().position(|one| *one == code);
            results(item, code, index, location)
        })
        .collect();
    let notifications: Vec<Value> = items
        .iter()
        .filter(|item| item.code.is_none())
        .map(|item| json!({ "level": "note", "message": { "text": format!("{}: {}", item.name(), item.text) } }))
        .collect();
    let whole = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": summary.tool.name,
                "version": summary.tool.version,
                "rules": rules,
            } },
            "invocations": [{
                "executionSuccessful": true,
                "exitCode": summary.exit_code,
                "exitCodeDescription": summary.headline,
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
            "properties": { "verdict": summary.verdict },
        }],
    });
    text::write_json(&whole, out)
}

fn rule(code: &str) -> Option<Value> {
    let fault = find(code)?;
    Some(json!({
        "id": fault.code,
        "shortDescription": { "text": fault.title },
        "help": { "text": format!("msk-doctor explain {}", fault.code) },
    }))
}

/// One result for each broker: its fingerprint is that of the code, the broker and the target's name.
fn results(item: &Item, code: &str, index: Option<usize>, location: &str) -> Vec<Value> {
    let subjects = match item.subjects.as_slice() {
        [] => vec!["the client"],
        some => some.iter().map(String::as_str).collect(),
    };
    let of_target = item.target.as_ref();
    let of_target = of_target.map_or_else(String::new, |name| format!("{name}: "));
    let mut message = format!("{of_target}{}. {}", item.title, item.text);
    for fix in &item.fix {
        message.push_str("\nFix: ");
        message.push_str(fix);
    }
    let result = |subject: &str| {
        let target = item.target.as_ref();
        let of_target = target.map_or_else(String::new, |name| format!("\n{name}"));
        let digest = Sha256::digest(format!("{code}\n{subject}{of_target}"));
        let half = digest.iter().take(16);
        let number = half.fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
        let fingerprint = format!("{number:032x}");
        let mut result = json!({
            "ruleId": code,
            "ruleIndex": index,
            "level": item.level.name(),
            "message": { "text": message },
            "locations": [{
                "physicalLocation": {
                    "artifactLocation": { "uri": location },
                    "region": { "startLine": 1 },
                },
                "logicalLocations": [{ "name": subject, "kind": "resource" }],
            }],
            "partialFingerprints": { "codeAndSubject/v1": fingerprint },
        });
        if let Some(accepted) = &item.accepted {
            result["suppressions"] =
                json!([{ "kind": "external", "status": "accepted", "justification": accepted }]);
        }
        result
    };
    subjects.into_iter().map(result).collect()
}
