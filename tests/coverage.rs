//! Every fault of the catalogue is found by a check that some test expects, or says which observation is missing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use msk_doctor::catalogue::{self, UNSEEN};
use msk_doctor::checks;

/// How many may be beyond what the probes and the facts show.
const MOST_UNSEEN: usize = 40;
/// Where checks are, beside those on what packets show: they name what they find.
const ROOMS: [&str; 4] = ["src/checks", "src/vpc", "src/rights", "src/sasl"];
/// Knowledge of what client libraries hide: nothing to find.
const KNOWLEDGE: &str = "CLI";

fn files(folder: &Path, ends: &[&str], found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            // What tests make for themselves.
            if !name.starts_with('.') {
                files(&path, ends, found);
            }
        } else if ends.iter().any(|end| name.ends_with(end)) {
            found.push(path);
        }
    }
}

/// The codes that stand in the files of a folder: `TCP-01`, or the literal `TCP_01`.
fn named(folder: &str, ends: &[&str]) -> BTreeSet<&'static str> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    files(&root.join(folder), ends, &mut paths);
    let texts = paths
        .iter()
        .filter_map(|path| std::fs::read_to_string(path).ok());
    texts.flat_map(|text| codes(&text)).collect()
}

fn codes(text: &str) -> Vec<&'static str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
    words
        .filter_map(|word| {
            // `TCP-01-all-is-dropped` names a row.
            let mut parts = word.splitn(3, ['-', '_']);
            let (group, number) = (parts.next()?, parts.next()?);
            catalogue::find(&format!("{group}-{number}")).map(|fault| fault.code)
        })
        .collect()
}

#[test]
fn every_fault_is_found_or_says_what_is_missing() {
    let mut found: BTreeSet<&str> = checks::all().map(|check| check.fault.code).collect();
    for room in ROOMS {
        found.extend(named(room, &[".rs"]));
    }
    let unseen: BTreeSet<&str> = UNSEEN.iter().map(|(code, _)| *code).collect();
    assert_eq!(unseen.len(), UNSEEN.len(), "a code is listed twice");
    assert!(unseen.len() <= MOST_UNSEEN, "{} are unseen", unseen.len());
    let all = || {
        catalogue::all()
            .filter(|fault| fault.group() != KNOWLEDGE)
            .map(|fault| fault.code)
    };
    let lost: Vec<&str> = all()
        .filter(|code| !found.contains(code) && !unseen.contains(code))
        .collect();
    assert_eq!(lost, [""; 0], "neither found nor said to be unseen");
    let both: Vec<&str> = all()
        .filter(|code| found.contains(code) && unseen.contains(code))
        .collect();
    assert_eq!(both, [""; 0], "found, and said to be unseen");
    for code in unseen {
        assert!(all().any(|own| own == code), "{code} is unseen and unknown");
    }
}

#[test]
fn what_is_found_is_expected_by_a_test() {
    let mut expected = named("tests", &[".toml", ".rs", ".py", ".json"]);
    expected.extend(named("src/vpc/tests", &[".rs"]));
    expected.extend(named("src/sasl/inspect", &["tests.rs"]));
    // A check on packets is switched off by tests/scenarios to see that some row notices.
    expected.extend(checks::all().map(|check| check.fault.code));
    let unexpected: Vec<&str> = catalogue::all()
        .filter(|fault| fault.group() != KNOWLEDGE)
        .map(|fault| fault.code)
        .filter(|code| catalogue::missing_observation(code).is_none() && !expected.contains(code))
        .collect();
    assert_eq!(
        unexpected, [""; 0],
        "found by a check that no test expects anything of"
    );
}
