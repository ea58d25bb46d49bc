//! Replays the kept inputs of every fuzz target on the stable compiler. `bench/fuzz` looks for more.

#[path = "../fuzz/fuzz_targets/facts/run.rs"]
mod facts;

use std::path::Path;

use facts::Ran;

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
    found
}

#[test]
fn facts_are_read_and_proved() {
    let corpus = corpus("facts");
    assert!(corpus.len() >= 10, "only {} inputs", corpus.len());
    let mut proved = 0;
    for (name, data) in &corpus {
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
