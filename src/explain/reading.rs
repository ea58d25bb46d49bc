//! What a log says, as a value and as text.

use std::fmt::Write as _;

use serde::Serialize;

use super::{LogPhase, wrapped};

/// How many hits the text shows; the value has all.
const HITS: usize = 12;

/// How many candidates the text shows.
const CANDIDATES: usize = 8;

/// What a client's log says. All of it that comes from the log is escaped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogReading {
    /// How many lines were read.
    pub lines: usize,
    /// The client that most of the messages belong to.
    pub client: Option<&'static str>,
    /// How far that client had come, by its most telling message.
    pub phase: Option<LogPhase>,
    /// What can be wrong, the most likely first.
    pub candidates: Vec<Candidate>,
    /// The messages recognised, the most telling first.
    pub hits: Vec<Hit>,
    /// Numbers in the log that mean something.
    pub numbers: Vec<KnownNumber>,
    /// The brokers that the log names, as `host:port`.
    pub brokers: Vec<String>,
    /// The command to run next.
    pub next: String,
}

impl LogReading {
    /// Whether anything in the log is known.
    #[must_use]
    pub fn is_recognised(&self) -> bool {
        !self.hits.is_empty() || !self.numbers.is_empty()
    }
}

/// A fault that a log points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// Its code in the catalogue.
    pub code: &'static str,
    /// What is wrong.
    pub title: &'static str,
}

/// A message of the table that the log has, once or more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// Who prints it.
    pub client: &'static str,
    /// The versions that print it.
    pub versions: &'static str,
    /// The part of the message that never changes.
    pub pattern: &'static str,
    /// How far the client had come.
    pub phase: LogPhase,
    /// What can be behind it, the most likely first.
    pub codes: Vec<&'static str>,
    /// What to know when reading it; may be empty.
    pub note: &'static str,
    /// Whether it only sums up earlier lines: never a cause.
    pub summary: bool,
    /// How many lines have it.
    pub count: usize,
    /// The first of these, counted from 1.
    pub first_line: usize,
    /// What that line says from there on, escaped and cut, long opaque words removed.
    pub excerpt: String,
}

/// A number in the log that means something: four bytes read as a length, or a known time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KnownNumber {
    /// The number as it is known, with its unit.
    pub number: String,
    /// What it means.
    pub meaning: &'static str,
    /// The faults it points at; may be empty.
    pub codes: Vec<&'static str>,
    /// The first line that has it, counted from 1.
    pub first_line: usize,
}

/// What `explain --log` prints, wrapped to `width` columns.
#[must_use]
pub fn log_page(reading: &LogReading, width: usize) -> String {
    let mut page = String::new();
    if !reading.is_recognised() {
        let text = format!(
            "none of the {} lines has a message that the table of client errors knows; this says \
             nothing about whether the connection works",
            reading.lines
        );
        let _ = writeln!(page, "{}", wrapped(&text, width, ""));
        let hint = "a log from the client's start, at its debug level, may say more";
        let _ = writeln!(page, "{}", wrapped(hint, width, ""));
    }
    if let Some(client) = reading.client {
        let _ = writeln!(page, "client  {client}");
    }
    if let Some(phase) = reading.phase {
        let _ = writeln!(page, "phase   {phase}");
    }
    candidates(&mut page, reading, width);
    messages(&mut page, reading, width);
    numbers(&mut page, reading, width);
    let _ = writeln!(page, "\nnext    {}", reading.next);
    page
}

fn candidates(page: &mut String, reading: &LogReading, width: usize) {
    if reading.candidates.is_empty() {
        return;
    }
    page.push_str("\ncan be, the most likely first; a log alone proves none of them\n");
    for candidate in reading.candidates.iter().take(CANDIDATES) {
        let line = format!("  {:<8} {}", candidate.code, candidate.title);
        let _ = writeln!(page, "{}", wrapped(&line, width, "           "));
    }
    more(page, reading.candidates.len(), CANDIDATES);
}

fn messages(page: &mut String, reading: &LogReading, width: usize) {
    if reading.hits.is_empty() {
        return;
    }
    page.push_str("\nmessages\n");
    for hit in reading.hits.iter().take(HITS) {
        let times = if hit.count == 1 {
            String::new()
        } else {
            format!(", {} times", hit.count)
        };
        let head = format!(
            "  line {}{times}: {} [{} {}, {}]",
            hit.first_line, hit.excerpt, hit.client, hit.versions, hit.phase
        );
        let _ = writeln!(page, "{}", wrapped(&head, width, "      "));
        if hit.summary {
            page.push_str("      a summary, never a cause: the lines before it tell\n");
        } else {
            let _ = writeln!(
                page,
                "      {}",
                wrapped(&hit.codes.join(" "), width, "      ")
            );
        }
        if !hit.note.is_empty() && !hit.summary {
            let _ = writeln!(
                page,
                "{}",
                wrapped(&format!("      {}", hit.note), width, "      ")
            );
        }
    }
    more(page, reading.hits.len(), HITS);
}

fn numbers(page: &mut String, reading: &LogReading, width: usize) {
    if reading.numbers.is_empty() {
        return;
    }
    page.push_str("\nnumbers\n");
    for known in &reading.numbers {
        let codes = if known.codes.is_empty() {
            String::new()
        } else {
            format!(" ({})", known.codes.join(" "))
        };
        let line = format!(
            "  line {}: {} is {}{codes}",
            known.first_line, known.number, known.meaning
        );
        let _ = writeln!(page, "{}", wrapped(&line, width, "      "));
    }
}

fn more(page: &mut String, all: usize, shown: usize) {
    if all > shown {
        let _ = writeln!(page, "  and {} more (--output json has them)", all - shown);
    }
}
