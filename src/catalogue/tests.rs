use std::collections::HashSet;

use super::*;

#[test]
fn there_are_201_faults_with_unique_well_formed_codes() {
    let codes: HashSet<&str> = all().map(|fault| fault.code).collect();
    assert_eq!(all().count(), 201);
    assert_eq!(codes.len(), 201);
    for group in &GROUPS {
        for (index, fault) in group.faults.iter().enumerate() {
            assert_eq!(fault.code, format!("{}-{:02}", group.code, index + 1));
            assert_eq!(fault.group(), group.code);
        }
    }
}

#[test]
fn nothing_is_empty() {
    for fault in all() {
        for text in texts(fault) {
            assert!(!text.trim().is_empty(), "{}: empty text", fault.code);
            assert_eq!(text.trim(), text, "{}: space around {text:?}", fault.code);
            assert!(
                !text.contains("  "),
                "{}: two spaces in {text:?}",
                fault.code
            );
            assert!(
                !text.contains(['\n', '\t']),
                "{}: break in {text:?}",
                fault.code
            );
        }
        for list in [fault.fix, fault.settle, fault.sources] {
            assert!(!list.is_empty(), "{}: empty list", fault.code);
            assert_eq!(
                list.iter().collect::<HashSet<_>>().len(),
                list.len(),
                "{}",
                fault.code
            );
        }
    }
}

#[test]
fn titles_are_phrases_and_the_rest_are_sentences() {
    for fault in all() {
        assert!(!fault.title.ends_with('.'), "{}", fault.code);
        assert!(!fault.place.ends_with('.'), "{}", fault.code);
        let sentences = [fault.explanation, fault.tell, fault.evidence];
        for text in sentences.iter().chain(fault.fix) {
            assert!(text.ends_with('.'), "{}: no full stop: {text}", fault.code);
        }
        for step in fault.fix {
            assert!(
                step.starts_with(char::is_uppercase),
                "{}: {step}",
                fault.code
            );
        }
    }
}

#[test]
fn sources_are_addresses() {
    for fault in all() {
        for source in fault.sources {
            assert!(
                source.starts_with("https://") && !source.contains(' '),
                "{}",
                fault.code
            );
        }
    }
}

#[test]
fn every_code_mentioned_in_a_text_exists() {
    for fault in all() {
        for text in texts(fault) {
            for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-') {
                if GROUPS.iter().any(|group| {
                    word.strip_prefix(group.code).is_some_and(|rest| {
                        rest.strip_prefix('-')
                            .is_some_and(|n| n.parse::<u8>().is_ok())
                    })
                }) {
                    assert!(find(word).is_some(), "{} mentions {word}", fault.code);
                }
            }
        }
    }
}

#[test]
fn find_ignores_case_and_space() {
    assert_eq!(find(" tcp-01\n"), Some(&TCP_01));
    assert_eq!(find("TCP-99"), None);
    assert_eq!(find(""), None);
}

#[test]
fn nearest_guesses_what_was_meant() {
    for (typed, meant) in [
        ("tcp1", &TCP_01),
        ("TCP_01", &TCP_01),
        ("TPC-01", &TCP_01),
        ("sasl7", &SASL_07),
        ("SALS-07", &SASL_07),
        ("SG-1", &SG_01),
    ] {
        assert_eq!(
            nearest(typed).map(|fault| fault.code),
            Some(meant.code),
            "{typed}"
        );
    }
    assert_eq!(nearest("what is wrong"), None);
    assert_eq!(nearest("\u{1b}[31m"), None);
    assert_eq!(nearest(""), None);
}

fn texts(fault: &Fault) -> Vec<&'static str> {
    let mut texts = vec![
        fault.title,
        fault.place,
        fault.explanation,
        fault.tell,
        fault.evidence,
    ];
    texts.extend(fault.fix);
    texts.extend(fault.settle);
    texts.extend(fault.sources);
    texts
}
