//! Two runs beside each other: what differs between "works here" and "fails there", the difference that explains it first.

mod aspects;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use self::aspects::{ASPECTS, explaining};

/// A run, as it came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Outcome {
    /// The file, or where it was asked from.
    pub name: String,
    /// The verdict.
    pub verdict: String,
    /// The codes of its causes, the origin first.
    pub codes: Vec<String>,
    /// What the origin is called.
    pub title: Option<String>,
}

/// Something that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Difference {
    /// What.
    pub aspect: String,
    /// Of which brokers, actions or variables; empty where there is only one.
    pub subjects: Vec<String>,
    /// In the first run; `null` where it is not known.
    pub a: Option<String>,
    /// In the second.
    pub b: Option<String>,
}

/// What differs between two runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Comparison {
    /// The first run.
    pub a: Outcome,
    /// The second.
    pub b: Outcome,
    /// Whether both came out the same.
    pub same_outcome: bool,
    /// The differences that can explain the outcome, what breaks first first.
    pub explains: Vec<Difference>,
    /// The other ones.
    pub others: Vec<Difference>,
}

/// Compares two reports in the form of `--output json`.
///
/// # Errors
/// Where one is no report.
pub fn compare(a: (&str, &Value), b: (&str, &Value)) -> Result<Comparison, String> {
    let (first, second) = (outcome(a.0, a.1)?, outcome(b.0, b.1)?);
    let same_outcome = first.verdict == second.verdict && first.codes == second.codes;
    let groups: Vec<&str> = [&first, &second]
        .into_iter()
        .filter_map(|run| run.codes.first()?.split('-').next())
        .collect();
    let mut explains = Vec::new();
    let mut others = Vec::new();
    for aspect in ASPECTS {
        let (one, other) = ((aspect.read)(a.1), (aspect.read)(b.1));
        let found = differences(aspect.name, &one, &other);
        let known = |found: &Difference| found.a.is_some() && found.b.is_some();
        for difference in found {
            // What is not known of one run explains nothing.
            let tells = !same_outcome
                && known(&difference)
                && groups
                    .iter()
                    .any(|group| explaining(group).contains(&aspect.name));
            if tells {
                explains.push(difference);
            } else {
                others.push(difference);
            }
        }
    }
    let rank = |difference: &Difference| {
        let places = groups.iter().filter_map(|group| {
            explaining(group)
                .iter()
                .position(|aspect| *aspect == difference.aspect)
        });
        places.min().unwrap_or(usize::MAX)
    };
    explains.sort_by_key(rank);
    Ok(Comparison {
        a: first,
        b: second,
        same_outcome,
        explains,
        others,
    })
}

fn outcome(name: &str, report: &Value) -> Result<Outcome, String> {
    let verdict = report["verdict"].as_str();
    let causes = report["causes"].as_array();
    let (Some(verdict), Some(causes)) = (verdict, causes) else {
        return Err(format!(
            "{name} is neither a report (--output json) nor a case (--save-case)"
        ));
    };
    let text = |cause: &Value, key: &str| cause[key].as_str().map(ToOwned::to_owned);
    Ok(Outcome {
        name: name.to_owned(),
        verdict: verdict.to_owned(),
        codes: causes
            .iter()
            .filter_map(|cause| text(cause, "code"))
            .collect(),
        title: causes.first().and_then(|cause| text(cause, "title")),
    })
}

/// What differs in one aspect: subjects that differ in the same way are one difference.
fn differences(
    aspect: &str,
    a: &BTreeMap<String, String>,
    b: &BTreeMap<String, String>,
) -> Vec<Difference> {
    // An aspect that one of the runs did not look at is no difference.
    if a.is_empty() || b.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<Difference> = Vec::new();
    let mut subjects: Vec<&String> = a.keys().chain(b.keys()).collect();
    subjects.sort_unstable();
    subjects.dedup();
    for subject in subjects {
        let (one, other) = (a.get(subject), b.get(subject));
        if one == other {
            continue;
        }
        let alike = found
            .iter_mut()
            .find(|known| known.a.as_ref() == one && known.b.as_ref() == other);
        let name = Some(subject.clone()).filter(|subject| !subject.is_empty());
        match alike {
            Some(known) => known.subjects.extend(name),
            None => found.push(Difference {
                aspect: aspect.to_owned(),
                subjects: name.into_iter().collect(),
                a: one.cloned(),
                b: other.cloned(),
            }),
        }
    }
    found
}

impl Comparison {
    /// The answer in a sentence.
    #[must_use]
    pub fn answer(&self) -> String {
        match (self.same_outcome, self.explains.first()) {
            (true, _) if self.others.is_empty() => "the same outcome, and no difference".to_owned(),
            (true, _) => "the same outcome".to_owned(),
            (false, Some(first)) => format!("{} can explain it", first.aspect),
            (false, None) => {
                "no relevant difference: nothing that both runs recorded explains the outcome"
                    .to_owned()
            }
        }
    }

    /// For a person.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (sign, run) in [("A", &self.a), ("B", &self.b)] {
            let cause = match (run.codes.first(), &run.title) {
                (Some(code), Some(title)) => format!(": {code} {title}"),
                _ => String::new(),
            };
            let _ = writeln!(text, "{sign}  {} {}{cause}", run.name, run.verdict);
        }
        let _ = writeln!(text, "\n{}", self.answer());
        for (label, all) in [
            ("can explain it", &self.explains),
            ("also differs", &self.others),
        ] {
            for difference in all {
                let of = match difference.subjects.as_slice() {
                    [] => String::new(),
                    [one] => format!(" of {one}"),
                    [one, rest @ ..] => format!(" of {one} and {} more", rest.len()),
                };
                let side = |value: &Option<String>| value.clone().unwrap_or("not known".to_owned());
                let _ = writeln!(
                    text,
                    "\n{label}: {}{of}\n  A  {}\n  B  {}",
                    difference.aspect,
                    side(&difference.a),
                    side(&difference.b)
                );
            }
        }
        crate::text::escaped_lines(&text)
    }
}
