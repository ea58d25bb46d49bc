//! A saved case as the program reads it, judged and reported. Used by the fuzz target and by `tests/fuzz_corpus.rs`.

use msk_doctor::case::{CASE_SCHEMA, Case};

use super::reported::reported;

/// Reads a case and reports it; `None` where it is none, else the exit code.
pub fn run(data: &[u8]) -> Option<u8> {
    let case: Case = serde_json::from_slice(data).ok()?;
    if case.schema != CASE_SCHEMA {
        return None;
    }
    // What was read can be written, and is the same when it is read once more.
    let text = serde_json::to_string(&case).expect("it is written");
    let again: Case = serde_json::from_str(&text).expect("what was written is read");
    let code = reported(&case);
    assert_eq!(reported(&again), code);
    Some(code)
}
