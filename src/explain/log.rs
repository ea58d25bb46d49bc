//! Reads a client's log: which messages it has, whose they are, and what they can mean.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use super::client_errors::{ClientError, client_errors};
use super::reading::{Candidate, Hit, LogReading};
use crate::catalogue;
use crate::text::escaped;

mod brokers;
mod numbers;

/// Longest excerpt of a line, in characters.
const EXCERPT: usize = 160;

/// Up to so many codes, a message is specific.
const FEW_CODES: usize = 2;

/// The weight of a message with many causes; one of the client's own clock weighs 1.
const VAGUE: usize = 4;

/// The weight of a specific message: above ten vague ones, because a client that gives up says why
/// once, after a handful of tries.
const SPECIFIC: usize = 12 * VAGUE;

/// From this length on a word without dots or spaces may be a secret.
const OPAQUE: usize = 40;

/// Reads a log, of any client. Whatever is in it is data: nothing in it is obeyed or printed raw.
#[must_use]
pub fn read_log(text: &str) -> LogReading {
    let matches: Vec<Vec<Match>> = text.lines().map(matches_of).collect();
    let scores = scores(text, &matches);
    let mut tallies: BTreeMap<usize, Tally> = BTreeMap::new();
    for (index, (line, found)) in text.lines().zip(matches).enumerate() {
        let by_bytes = numbers::codes_of_first_bytes(line);
        for found in winners(found, &scores) {
            let tally = tallies
                .entry(found.row)
                .or_insert_with(|| Tally::new(found.error, index + 1, &line[found.start..]));
            tally.lines.push(index + 1);
            tally.put_first(by_bytes);
        }
    }
    let lines = text.lines().count();
    let mut tallies: Vec<Tally> = tallies.into_values().collect();
    tallies.sort_by_key(|tally| {
        (
            tally.class(),
            Reverse(tally.weight(lines)),
            tally.hit.codes.len(),
            tally.hit.first_line,
            Reverse(tally.hit.pattern.len()),
        )
    });
    let hits: Vec<Hit> = tallies.into_iter().map(Tally::hit).collect();
    let client = scores
        .iter()
        .max_by_key(|(name, score)| (**score, **name))
        .map(|(name, _)| *name);
    let numbers = numbers::known_numbers(text, client);
    let brokers = brokers::brokers(text);
    let decisive = hits
        .iter()
        .filter(|hit| !hit.summary)
        .flat_map(|hit| &hit.codes);
    let by_number = numbers.iter().flat_map(|known| &known.codes);
    let summed_up = hits
        .iter()
        .filter(|hit| hit.summary)
        .flat_map(|hit| &hit.codes);
    LogReading {
        lines,
        client,
        phase: hits.first().map(|hit| hit.phase),
        candidates: candidates(decisive.chain(by_number).chain(summed_up)),
        next: format!(
            "msk-doctor diagnose {}",
            if brokers.is_empty() {
                "BOOTSTRAP".to_owned()
            } else {
                brokers.join(",")
            }
        ),
        hits,
        numbers,
        brokers,
    }
}

/// A row of the table found in a line.
#[derive(Clone, Copy)]
struct Match {
    row: usize,
    error: &'static ClientError,
    start: usize,
    end: usize,
}

fn matches_of(line: &str) -> Vec<Match> {
    let timed_out = line.contains("timed out") || line.contains("Timed out");
    let mut found: Vec<Match> = client_errors()
        .iter()
        .enumerate()
        .filter(|(_, error)| timed_out || !error.is_state_marker())
        .filter_map(|(row, error)| {
            let (start, end) = error.find(line)?;
            Some(Match {
                row,
                error,
                start,
                end,
            })
        })
        .collect();
    found.extend(numbers::halved_budget(line).and_then(|(start, end)| {
        let row = client_errors()
            .iter()
            .position(|error| error.pattern == numbers::HALVED)?;
        Some(Match {
            row,
            error: &client_errors()[row],
            start,
            end,
        })
    }));
    if found.iter().any(|found| found.error.is_state_marker()) {
        found.retain(|found| !found.error.note.starts_with("READ THE STATE"));
    }
    found
}

/// How much of the log belongs to each client: the lengths of the messages that are its own, and
/// the names that only its log has.
fn scores(text: &str, matches: &[Vec<Match>]) -> HashMap<&'static str, usize> {
    let mut scores: HashMap<&'static str, usize> = HashMap::new();
    for found in matches
        .iter()
        .flatten()
        .filter(|found| !found.error.is_brokers_words())
    {
        *scores.entry(found.error.client).or_default() += found.error.pattern.len();
    }
    for (client, names) in NAMES {
        let named: usize = names
            .iter()
            .map(|name| text.matches(name).count() * name.len())
            .sum();
        if named > 0 {
            *scores.entry(client).or_default() += named * 4;
        }
    }
    scores
}

/// Words of a log that name its client.
const NAMES: [(&str, &[&str]); 9] = [
    (
        "kafka-python",
        &[
            "kafka.conn",
            "kafka.client",
            "kafka.net.",
            "kafka.errors.",
            "<BrokerConn",
        ],
    ),
    ("aiokafka", &["aiokafka"]),
    (
        "librdkafka",
        &[
            "rdkafka",
            "%3|",
            "%4|",
            "%6|",
            "%7|",
            "confluent_kafka",
            "thrd:",
        ],
    ),
    (
        "java-kafka-clients",
        &[
            "org.apache.kafka.",
            "[AdminClient clientId=",
            "[Producer clientId=",
        ],
    ),
    ("aws-msk-iam-auth", &["software.amazon.msk.auth"]),
    ("kafkajs", &["kafkajs", "KafkaJS"]),
    ("sarama", &["sarama", "[Sarama]"]),
    ("franz-go", &["franz-go", "pkg/kgo", "kgo:"]),
    ("segmentio-kafka-go", &["segmentio", "kafka-go:"]),
];

/// Of the messages that overlap in a line, the longest; of equals, that of the likelier client.
fn winners(mut found: Vec<Match>, scores: &HashMap<&'static str, usize>) -> Vec<Match> {
    let score = |found: &Match| scores.get(found.error.client).copied().unwrap_or_default();
    found.sort_by_key(|found| Reverse((found.end - found.start, score(found))));
    let mut winners: Vec<Match> = Vec::new();
    for candidate in found {
        let free = |winner: &Match| candidate.end <= winner.start || winner.end <= candidate.start;
        if winners.iter().all(free) {
            winners.push(candidate);
        }
    }
    winners
}

/// Messages that only carry another, which stands in the same line or beside it and tells more.
const WRAPPERS: [&str; 13] = [
    "Bootstrap connection to",
    "Error receiving reply from server",
    "Failed to connect to broker",
    "Failed to connect to seed broker, trying another broker from the list",
    "Unable connect to \"",
    "could not successfully authenticate to",
    "error dialing all brokers, one of the errors",
    "failed authentication due to: ",
    "failed to dial: ",
    "failed to open connection to ",
    "socket disconnected",
    "unable to dial: ",
    "unable to initialize sasl",
];

/// A message of the table, and the lines that have it.
struct Tally {
    error: &'static ClientError,
    hit: Hit,
    lines: Vec<usize>,
}

impl Tally {
    fn new(error: &'static ClientError, first_line: usize, text: &str) -> Self {
        let hit = Hit {
            client: error.client,
            versions: error.versions,
            pattern: error.pattern,
            phase: error.phase,
            codes: error.codes.clone(),
            note: error.note,
            summary: error.is_summary(),
            count: 0,
            first_line,
            excerpt: excerpt(text),
        };
        Self {
            error,
            hit,
            lines: Vec::new(),
        }
    }

    /// These codes are the most likely, whatever the table says.
    fn put_first(&mut self, codes: &[&'static str]) {
        for code in codes.iter().rev() {
            self.hit.codes.retain(|other| other != code);
            self.hit.codes.insert(0, code);
        }
    }

    /// What the peer says tells most, a summary or a harmless line least.
    fn class(&self) -> u8 {
        match self.hit.note {
            _ if self.hit.summary => 3,
            "benign" | "wrapper" => 2,
            _ if WRAPPERS.contains(&self.hit.pattern) => 2,
            _ if self.error.is_answer() => 0,
            _ => 1,
        }
    }

    /// How much it tells beside others of its class: most when it has few causes and comes often.
    /// Of what comes again and again, the second half of the log counts twice: it is what is.
    fn weight(&self, lines: usize) -> usize {
        let one = if self.error.is_own_clock() {
            1
        } else if self.hit.codes.len() <= FEW_CODES {
            SPECIFIC
        } else {
            VAGUE
        };
        let late = self.lines.iter().filter(|line| **line * 2 > lines).count();
        let again = if self.lines.len() > 1 { late } else { 0 };
        one * (self.lines.len() + again)
    }

    fn hit(self) -> Hit {
        Hit {
            count: self.lines.len(),
            ..self.hit
        }
    }
}

fn candidates<'a>(codes: impl Iterator<Item = &'a &'static str>) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = Vec::new();
    for fault in codes.filter_map(|code| catalogue::find(code)) {
        if candidates
            .iter()
            .all(|candidate| candidate.code != fault.code)
        {
            candidates.push(Candidate {
                code: fault.code,
                title: fault.title,
            });
        }
    }
    candidates
}

/// The text, cut, escaped, and without words that may be secrets.
fn excerpt(text: &str) -> String {
    let opaque = |c: char| c.is_ascii_alphanumeric() || "_-+/=%".contains(c);
    let mut kept = String::new();
    let mut word = String::new();
    for c in text.chars().chain(['\n']) {
        if opaque(c) {
            word.push(c);
            continue;
        }
        kept.push_str(if word.len() >= OPAQUE {
            "[removed]"
        } else {
            &word
        });
        word.clear();
        kept.push(c);
    }
    kept.pop();
    let cut: String = kept.chars().take(EXCERPT).collect();
    let dots = if kept.chars().nth(EXCERPT).is_some() {
        "..."
    } else {
        ""
    };
    format!("{}{dots}", escaped(&cut))
}

#[cfg(test)]
mod tests;
