//! What each client prints, and what it can mean: the table `src/client_errors.tsv`.

use std::fmt;
use std::sync::LazyLock;

use serde::{Serialize, Serializer};

use crate::phase::Phase;

/// Columns: client, versions, pattern, phase, codes, source, note; the first row names them.
const TABLE: &str = include_str!("../client_errors.tsv");

/// What stands in a pattern for a part of the message that differs.
const GAP: &str = " ... ";

/// How many columns a row has.
const COLUMNS: usize = 7;

static CLIENT_ERRORS: LazyLock<Vec<ClientError>> = LazyLock::new(|| {
    TABLE
        .lines()
        .skip(1)
        .filter_map(ClientError::parse)
        .collect()
});

/// A message that a client prints, and the faults behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClientError {
    /// The client, or whoever else speaks in its log: the broker, Lambda, botocore.
    pub client: &'static str,
    /// The versions that print it.
    pub versions: &'static str,
    /// The part of the message that never changes; ` ... ` stands for what does.
    pub pattern: &'static str,
    /// How far the client had come.
    pub phase: LogPhase,
    /// Codes of the catalogue, the most likely first.
    pub codes: Vec<&'static str>,
    /// The source code or page that has the message.
    pub source: &'static str,
    /// What to know when reading it; may be empty.
    pub note: &'static str,
}

impl ClientError {
    fn parse(row: &'static str) -> Option<Self> {
        let columns: Vec<&str> = row.split('\t').collect();
        let [client, versions, pattern, phase, codes, source, note] = columns[..] else {
            debug_assert!(
                false,
                "a row of client_errors.tsv without {COLUMNS} columns: {row}"
            );
            return None;
        };
        let phase = LogPhase::parse(phase)?;
        let codes = codes.split(',').collect();
        Some(Self {
            client,
            versions,
            pattern,
            phase,
            codes,
            source,
            note,
        })
    }

    /// Whether the message only sums up what earlier lines say.
    #[must_use]
    pub fn is_summary(&self) -> bool {
        self.note.starts_with("summary") || self.note.starts_with("a summary")
    }

    /// Whether the broker says it, in any client's log.
    #[must_use]
    pub fn is_brokers_words(&self) -> bool {
        self.client.starts_with("msk-broker")
    }

    /// Where a line has the message: from its first character to after its last.
    pub(super) fn find(&self, line: &str) -> Option<(usize, usize)> {
        let mut parts = self.pattern.split(GAP);
        let first = parts.next()?;
        let start = line.find(first)?;
        let end = parts.try_fold(start + first.len(), |end, part| {
            Some(end + line[end..].find(part)? + part.len())
        })?;
        Some((start, end))
    }

    /// Whether the other side of the connection says it in so many words, bytes or error codes:
    /// one such answer tells more than any number of connections that only ended.
    pub(super) fn is_answer(&self) -> bool {
        self.is_brokers_words() || self.note.starts_with("the peer's answer")
    }

    /// Whether only the client's own clock ended the attempt: when the time for its start is over,
    /// whatever it is about to do is cut off, so one of these tells little.
    pub(super) fn is_own_clock(&self) -> bool {
        self.is_state_marker() || self.note.starts_with("the client's own clock")
    }

    /// Whether it is the state in `<>` of a kafka-python connection, which every line carries and
    /// which says something only beside a timeout.
    pub(super) fn is_state_marker(&self) -> bool {
        self.pattern.starts_with('<') && self.pattern.ends_with('>')
    }
}

/// How far a client had come when it printed a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogPhase {
    /// On the way to a working connection.
    Phase(Phase),
    /// Later, on a connection that worked.
    Idle,
    /// Later, while producing or fetching.
    ProduceFetch,
}

impl LogPhase {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "idle" => Some(LogPhase::Idle),
            "produce/fetch" => Some(LogPhase::ProduceFetch),
            _ => Phase::ALL
                .into_iter()
                .find(|phase| phase.name() == name)
                .map(LogPhase::Phase),
        }
    }

    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            LogPhase::Phase(phase) => phase.name(),
            LogPhase::Idle => "idle",
            LogPhase::ProduceFetch => "produce/fetch",
        }
    }
}

impl fmt::Display for LogPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for LogPhase {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Every message in the table.
#[must_use]
pub fn client_errors() -> &'static [ClientError] {
    &CLIENT_ERRORS
}

/// The messages of a client, as the table names it.
pub fn errors_of_client(client: &str) -> impl Iterator<Item = &'static ClientError> {
    client_errors()
        .iter()
        .filter(move |error| error.client == client)
}

/// The messages that a fault can be behind; those that point at it first come first.
pub fn errors_of(code: &str) -> impl Iterator<Item = &'static ClientError> {
    let mut errors: Vec<(usize, &ClientError)> = client_errors()
        .iter()
        .filter_map(|error| {
            let rank = error
                .codes
                .iter()
                .position(|candidate| *candidate == code)?;
            Some((rank + if error.is_summary() { 100 } else { 0 }, error))
        })
        .collect();
    errors.sort_by_key(|(rank, _)| *rank);
    errors.into_iter().map(|(_, error)| error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;

    #[test]
    fn every_row_is_read() {
        for row in TABLE.lines() {
            assert_eq!(row.split('\t').count(), COLUMNS, "{row}");
        }
        assert_eq!(client_errors().len(), TABLE.lines().count() - 1);
    }

    #[test]
    fn every_code_exists_and_no_pattern_is_vague() {
        for error in client_errors() {
            for code in &error.codes {
                let known = catalogue::find(code).is_some_and(|fault| fault.code == *code);
                assert!(known, "{}: {code}", error.pattern);
            }
            assert!(error.pattern.trim().len() >= 10, "{:?}", error.pattern);
            assert!(
                !error.client.is_empty() && !error.source.is_empty(),
                "{}",
                error.pattern
            );
        }
    }

    #[test]
    fn the_first_suspect_comes_first() {
        let first = errors_of("SASL-15").next().map(|error| error.client);
        assert_eq!(first, Some("librdkafka"));
    }
}
