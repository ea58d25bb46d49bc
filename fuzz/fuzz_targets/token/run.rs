//! Text as a token. Used by the fuzz target and by `tests/fuzz_corpus.rs`.

use std::time::{Duration, UNIX_EPOCH};

use msk_doctor::sasl::inspect::{inspect, judge_for_region};
use msk_doctor::sasl::token_page::page;

/// When the kept tokens are looked at: a day of 2026.
const NOW: Duration = Duration::from_secs(1_795_000_000);

/// Inspects a token; the codes of what is wrong with it.
pub fn run(data: &[u8]) -> Vec<&'static str> {
    let text = String::from_utf8_lossy(data);
    let now = UNIX_EPOCH + NOW;
    let facts = inspect(&text, now);
    let page = page(&facts, now);
    let raw = |c: char| c.is_control() && c != '\n';
    assert!(
        !page.contains(raw),
        "a control character gets to the terminal"
    );
    if let Some(signature) = signature(&text) {
        let shown = serde_json::to_string(&facts).expect("it is written") + &page;
        assert!(!shown.contains(signature), "the signature is shown");
    }
    let region = judge_for_region(&facts, "eu-west-1");
    let problems = facts.problems.iter().chain(&region);
    problems
        .map(msk_doctor::sasl::inspect::TokenProblem::code)
        .collect()
}

/// A whole signature in clear text.
fn signature(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("X-Amz-Signature=")?;
    let end = rest
        .find(|c: char| !c.is_ascii_hexdigit())
        .unwrap_or(rest.len());
    (end == 64).then_some(&rest[..end])
}
