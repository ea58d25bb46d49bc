//! `explain`: the catalogue as text, and what a client's log says.

mod client_errors;
pub mod library;
mod log;
mod reading;

use std::fmt::Write as _;

pub use client_errors::{ClientError, LogPhase, client_errors, errors_of, errors_of_client};
pub use log::read_log;
pub use reading::{Candidate, Hit, KnownNumber, LogReading, log_page};

use serde::Serialize;

use crate::catalogue::{self, Fault};
use crate::phase::Phase;
use crate::text;

/// How many client messages a page shows.
const MESSAGES: usize = 8;

/// One fault as JSON has it.
#[derive(Debug, Serialize)]
pub struct Explained {
    #[serde(flatten)]
    fault: &'static Fault,
    /// The observation without which no check finds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing_observation: Option<&'static str>,
}

impl Explained {
    /// A fault of the catalogue.
    #[must_use]
    pub fn new(fault: &'static Fault) -> Self {
        Self {
            fault,
            missing_observation: catalogue::missing_observation(fault.code),
        }
    }
}

/// The page of one fault, wrapped to `width` columns.
#[must_use]
pub fn page(fault: &Fault, width: usize) -> String {
    let mut page = String::new();
    let _ = writeln!(
        page,
        "{}",
        wrapped(&format!("{}  {}", fault.code, fault.title), width, "")
    );
    let met = format!(
        "phase {}, side {}: {}",
        fault.phase, fault.side, fault.place
    );
    let _ = writeln!(page, "{}\n", wrapped(&met, width, ""));
    let _ = writeln!(page, "{}", wrapped(fault.explanation, width, ""));
    section(&mut page, "how to tell it apart", &[fault.tell], width);
    section(&mut page, "where it shows", &[fault.evidence], width);
    if let Some(body) = catalogue::unseen_words(fault.code) {
        section(&mut page, "what is missing", &[&body], width);
    }
    section(&mut page, "fix", fault.fix, width);
    section(&mut page, "what would prove it", fault.settle, width);
    let messages: Vec<String> = errors_of(fault.code)
        .take(MESSAGES)
        .map(|error| {
            format!(
                "{} {}: \"{}\"",
                error.client,
                error.versions,
                error.pattern.trim()
            )
        })
        .collect();
    if !messages.is_empty() {
        let messages: Vec<&str> = messages.iter().map(String::as_str).collect();
        section(&mut page, "what clients print", &messages, width);
    }
    let _ = writeln!(page, "\nsources ({})", fault.basis);
    for source in fault.sources {
        let _ = writeln!(page, "  {source}"); // not wrapped: it is to be copied
    }
    page
}

/// One line for each fault, or for those of one phase.
#[must_use]
pub fn list(phase: Option<Phase>, width: usize) -> String {
    lines(
        catalogue::all().filter(|fault| phase.is_none_or(|phase| fault.phase == phase)),
        width,
    )
}

/// The faults that speak of all the words, those with the words in their title first.
#[must_use]
pub fn search(words: &str) -> Vec<&'static Fault> {
    let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
    if words.is_empty() {
        return Vec::new();
    }
    let holds = |text: String| words.iter().all(|word| text.contains(word));
    let mut found: Vec<&'static Fault> = catalogue::all()
        .filter(|fault| holds(everything(fault)))
        .collect();
    found.sort_by_key(|fault| !holds(fault.title.to_lowercase()));
    found
}

/// What `explain --search` prints.
#[must_use]
pub fn search_page(words: &str, width: usize) -> String {
    let found = search(words);
    if found.is_empty() {
        "no entry of the catalogue has these words; `msk-doctor explain --list` shows all\n"
            .to_owned()
    } else {
        lines(found.into_iter(), width)
    }
}

/// What `explain` says about a code that does not exist.
#[must_use]
pub fn unknown_code(code: &str) -> String {
    let code = text::escaped(code.trim());
    match catalogue::nearest(&code) {
        Some(fault) => {
            format!(
                "no fault has the code {code}; did you mean {} ({})?",
                fault.code, fault.title
            )
        }
        None => format!("no fault has the code {code}; `msk-doctor explain --list` shows all"),
    }
}

fn lines(faults: impl Iterator<Item = &'static Fault>, width: usize) -> String {
    let mut page = String::new();
    for fault in faults {
        let line = format!("{:<8} {}", fault.code, fault.title);
        let _ = writeln!(page, "{}", wrapped(&line, width, "         "));
    }
    page
}

fn everything(fault: &Fault) -> String {
    let mut text = [
        fault.code,
        fault.title,
        fault.place,
        fault.explanation,
        fault.tell,
    ]
    .join(" ");
    for part in [fault.evidence].iter().chain(fault.fix).chain(fault.settle) {
        text.push(' ');
        text.push_str(part);
    }
    for error in errors_of(fault.code) {
        text.push(' ');
        text.push_str(error.pattern);
    }
    text.to_lowercase()
}

/// A heading, and below it its paragraphs, as a list when there are several.
fn section(page: &mut String, heading: &str, paragraphs: &[&str], width: usize) {
    let _ = writeln!(page, "\n{heading}");
    for paragraph in paragraphs {
        let (first, rest) = if paragraphs.len() > 1 {
            ("  - ", "    ")
        } else {
            ("  ", "  ")
        };
        let _ = writeln!(
            page,
            "{first}{}",
            wrapped(paragraph, width.saturating_sub(first.len()), "")
                .replace('\n', &format!("\n{rest}"))
        );
    }
}

/// Wrapped between words only: a command or name has to stay whole to be copied.
fn wrapped(text: &str, width: usize, indent: &str) -> String {
    let options = textwrap::Options::new(width.max(20))
        .subsequent_indent(indent)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .break_words(false);
    textwrap::fill(text, options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_every_part_and_keeps_the_width() {
        for fault in catalogue::all() {
            let page = page(fault, 72);
            for part in [
                fault.code,
                "how to tell it apart",
                "where it shows",
                "fix",
                "sources",
            ] {
                assert!(page.contains(part), "{}: {part}", fault.code);
            }
            for line in page.lines().filter(|line| line.trim().contains(' ')) {
                assert!(line.chars().count() <= 72 || !line.contains(". "), "{line}");
            }
        }
        assert!(page(&catalogue::SASL_07, 200).contains("\"Connection reset during recv\""));
    }

    #[test]
    fn a_list_can_be_cut_to_a_phase() {
        assert_eq!(list(None, 200).lines().count(), 201);
        let resolve = list(Some(Phase::Resolve), 200);
        assert!(resolve.contains("DNS-01") && !resolve.contains("TLS-01"));
    }

    #[test]
    fn search_finds_all_words_title_first() {
        let found = search("Connection reset recv");
        assert!(found.contains(&&catalogue::SASL_07));
        assert_eq!(search("blackhole")[0].code, "RTE-05");
        assert!(search("  ").is_empty());
        assert!(search_page("xyzzy", 80).contains("--list"));
    }

    #[test]
    fn an_unknown_code_gets_a_guess() {
        assert!(unknown_code("tpc-01").contains("did you mean TCP-01"));
        assert!(!unknown_code("\u{1b}[2J").contains('\u{1b}'));
    }
}
