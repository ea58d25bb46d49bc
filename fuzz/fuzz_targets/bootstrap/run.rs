//! Text as a bootstrap string. Used by the fuzz target and by `tests/fuzz_corpus.rs`.

use msk_doctor::target::{MskName, Target, parse_bootstrap};

/// Reads a bootstrap string: how many brokers it names, `None` where the program says what is wrong with it.
pub fn run(data: &[u8]) -> Option<usize> {
    let text = String::from_utf8_lossy(data);
    let endpoints = match parse_bootstrap(&text) {
        Ok(endpoints) => endpoints,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return None;
        }
    };
    assert!(!endpoints.is_empty(), "read, and empty");
    for endpoint in &endpoints {
        // What is shown can be pasted back.
        let again = parse_bootstrap(&endpoint.to_string());
        assert_eq!(again.as_deref(), Ok(std::slice::from_ref(endpoint)));
        let _ = MskName::parse(&endpoint.host);
    }
    let target = Target::from_endpoints(&endpoints);
    assert_eq!(target.brokers.len(), endpoints.len());
    Some(endpoints.len())
}
