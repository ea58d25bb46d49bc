//! Compares a report with the row.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Outcome;
use super::spec::Expect;

/// Warnings that a busy machine earns rightly: they are about how long something took.
const OF_TIME: [&str; 4] = ["CLI-01", "CLI-06", "DNS-02", "DNS-11"];

/// Everything that differs, in words; empty when nothing does.
pub fn differences(
    expect: &Expect,
    report: &Value,
    exit_code: Option<i32>,
    fill: &dyn Fn(&str) -> String,
) -> Vec<String> {
    let mut found = Vec::new();
    let mut same = |what: &str, got: String, wanted: String| {
        if got != wanted {
            found.push(format!("{what}: {got}, expected {wanted}"));
        }
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    same("verdict", text(&report["verdict"]), expect.verdict.clone());
    same(
        "exit code",
        format!("{exit_code:?}"),
        format!("{:?}", Some(expect.exit_code)),
    );
    same(
        "exit_code",
        report["exit_code"].to_string(),
        expect.exit_code.to_string(),
    );
    same(
        "complete",
        report["complete"].to_string(),
        expect.complete.to_string(),
    );
    let causes = codes(report);
    let wanted: Vec<String> = expect.first.iter().cloned().collect();
    same(
        "first cause",
        format!("{:?}", &causes[..causes.len().min(1)]),
        format!("{wanted:?}"),
    );
    let rest = causes.iter().skip(1).cloned();
    same(
        "other causes",
        format!("{:?}", set(rest)),
        format!("{:?}", set(expect.also.clone())),
    );
    let first = &report["causes"][0];
    for (what, wanted) in [
        ("confidence", &expect.confidence),
        ("side", &expect.side),
        ("phase", &expect.phase),
    ] {
        if let Some(wanted) = wanted {
            same(what, text(&first[what]), wanted.clone());
        }
    }
    if let Some(subjects) = &expect.subjects {
        let wanted = set(subjects.iter().map(|subject| fill(subject)));
        same(
            "subjects",
            format!("{:?}", set(strings(&first["subjects"]))),
            format!("{wanted:?}"),
        );
    }
    if let Some(warnings) = &expect.warnings {
        let got = set(array(&report["findings"])
            .iter()
            .filter(|finding| finding["status"] == "warning")
            .map(|finding| text(&finding["code"]))
            .filter(|code| warnings.contains(code) || !OF_TIME.contains(&code.as_str())));
        same(
            "warnings",
            format!("{got:?}"),
            format!("{:?}", set(warnings.clone())),
        );
    }
    let explained = strings(&first["explains"]);
    let ruled_out: Vec<String> = array(&first["ruled_out"])
        .iter()
        .map(|entry| text(&entry["code"]))
        .collect();
    for (what, wanted, got, present) in [
        ("explained", &expect.explained, &explained, true),
        ("ruled out", &expect.ruled_out, &ruled_out, true),
        ("ruled out", &expect.not_ruled_out, &ruled_out, false),
    ] {
        for code in wanted {
            if got.contains(code) != present {
                let not = if present { "not " } else { "" };
                found.push(format!("{code} is {not}{what}: {got:?}"));
            }
        }
    }
    for code in &expect.not_first {
        if causes.first() == Some(code) {
            found.push(format!("the first cause is {code}"));
        }
    }
    for words in &expect.unknown {
        let said = array(&report["unknown"])
            .iter()
            .any(|unknown| text(&unknown["what"]).contains(words));
        if !said {
            found.push(format!("no unknown says {words:?}: {}", report["unknown"]));
        }
    }
    found.extend(promises(report));
    found
}

/// What the contract promises of every report.
fn promises(report: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for cause in array(&report["causes"]) {
        let sure = cause["confidence"] == "proven";
        if !sure && array(&cause["settle"]).is_empty() {
            found.push(format!(
                "{} is not proven, and settle is empty",
                cause["code"]
            ));
        }
        if array(&cause["fix"]).is_empty() || array(&cause["evidence"]).is_empty() {
            found.push(format!("{} has no fix or no evidence", cause["code"]));
        }
        if array(&cause["subjects"]).is_empty() {
            found.push(format!("{} has no subject", cause["code"]));
        }
    }
    found
}

/// Both reports say the same.
pub fn agree(one: &Value, other: &Value) -> Outcome<()> {
    for key in [
        "verdict",
        "exit_code",
        "causes",
        "findings",
        "unknown",
        "complete",
    ] {
        if one[key] != other[key] {
            return Err(format!(
                "replayed, {key} is {}, and was {}",
                other[key], one[key]
            ));
        }
    }
    Ok(())
}

/// The codes of the causes, the origin first.
pub fn codes(report: &Value) -> Vec<String> {
    array(&report["causes"])
        .iter()
        .map(|cause| cause["code"].as_str().unwrap_or_default().to_owned())
        .collect()
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn strings(value: &Value) -> Vec<String> {
    array(value)
        .iter()
        .filter_map(|text| Some(text.as_str()?.to_owned()))
        .collect()
}

fn set(items: impl IntoIterator<Item = String>) -> BTreeSet<String> {
    items.into_iter().collect()
}
