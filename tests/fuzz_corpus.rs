//! Replays the kept inputs of every fuzz target on the stable compiler. `bench/fuzz` looks for more.

#[path = "../fuzz/fuzz_targets/bootstrap/run.rs"]
mod bootstrap;
#[path = "../fuzz/fuzz_targets/broker/run.rs"]
mod broker;
#[path = "../fuzz/fuzz_targets/case/run.rs"]
mod case;
#[path = "../fuzz/fuzz_targets/facts/run.rs"]
mod facts;
#[path = "../fuzz/fuzz_targets/reported.rs"]
mod reported;
#[path = "../fuzz/fuzz_targets/token/run.rs"]
mod token;

use std::collections::HashSet;
use std::path::Path;

use facts::Ran;
use msk_doctor::phase::Phase;
use msk_doctor::probe::observation::End;

/// The inputs of a target, by name.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut found: Vec<_> = std::fs::read_dir(&folder)
        .expect("the corpus")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            let name = path
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            (name, std::fs::read(path).expect("an input"))
        })
        .collect();
    found.sort();
    assert!(
        found.len() >= 10,
        "{target} has only {} inputs",
        found.len()
    );
    found
}

/// Every input whose name begins with `good` is taken, every one with `bad` refused.
fn assert_named_rightly(target: &str, is_taken: impl Fn(&[u8]) -> bool) {
    for (name, data) in corpus(target) {
        let taken = is_taken(&data);
        assert!(
            name.starts_with("good") == taken && name.starts_with("bad") != taken,
            "{target}/{name}: {taken}"
        );
    }
}

#[test]
fn facts_are_read_and_proved() {
    let mut proved = 0;
    for (name, data) in &corpus("facts") {
        // The names say what they are: a world works, what is bad is refused.
        match facts::run(data) {
            Ran::Proved(paths) => {
                assert!(!name.starts_with("bad-"), "{name} was read");
                assert!(
                    paths > 0 || !name.starts_with("world-"),
                    "{name} has no paths"
                );
                proved += 1;
            }
            Ran::Refused => assert!(name.starts_with("bad-"), "{name} was refused"),
        }
    }
    assert!(proved > 0, "nothing was read");
}

#[test]
fn a_broker_may_send_anything() {
    let mut ends: HashSet<(Phase, End)> = HashSet::new();
    for (name, data) in &corpus("broker") {
        let (phase, end) = broker::run(data);
        // The first word says how far it comes.
        let reached = match name.split('-').next() {
            Some("versions" | "nothing" | "not") => Phase::ApiVersions,
            Some("handshake") => Phase::SaslHandshake,
            Some("login" | "scram") => Phase::SaslAuthenticate,
            Some("metadata") => Phase::Metadata,
            _ => Phase::Authorise,
        };
        assert!(phase >= reached, "{name} comes to {phase}");
        ends.insert((phase, end));
    }
    assert!(ends.len() >= 10, "only {ends:?}");
}

#[test]
fn tokens_are_inspected() {
    assert_named_rightly("token", |data| {
        token::run(data)
            .iter()
            .all(|code| matches!(*code, "SASL-08" | "SASL-09" | "SASL-10"))
    });
}

#[test]
fn bootstrap_strings_are_read() {
    assert_named_rightly("bootstrap", |data| bootstrap::run(data).is_some());
}

#[test]
fn cases_are_read_and_reported() {
    assert_named_rightly("case", |data| case::run(data).is_some());
}
