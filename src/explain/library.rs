//! The libraries that a log names, with their versions.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

/// What each library says of itself, and its version in parentheses. Java's line is `AppInfoParser`'s; kafka-python's is its default client
/// id; librdkafka's comes with `debug`; `KafkaJS` and franz-go say none.
const LINES: [(&str, &str); 4] = [
    ("Java", r"\bKafka version: ([0-9][0-9A-Za-z.-]*)"),
    ("kafka-python", r"\bkafka-python-([0-9]+(?:\.[0-9]+)+)"),
    ("librdkafka", r"\blibrdkafka v?([0-9]+(?:\.[0-9]+)+)"),
    (
        "confluent-kafka",
        r"\bconfluent-kafka[- /=]+v?([0-9]+(?:\.[0-9]+)+)",
    ),
];

static PATTERNS: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    let all = LINES.into_iter();
    all.filter_map(|(name, line)| Some((name, Regex::new(line).ok()?)))
        .collect()
});

/// The libraries, each with the last version that the log names: a process may have been updated.
#[must_use]
pub fn libraries(log: &str) -> BTreeMap<&'static str, String> {
    let found = PATTERNS.iter().filter_map(|(name, pattern)| {
        let last = pattern.captures_iter(log).last()?;
        Some((*name, last.get(1)?.as_str().to_owned()))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_the_lines_of_their_libraries() {
        assert_eq!(PATTERNS.len(), LINES.len());
        for (log, name, version) in [
            (
                "INFO Kafka version: 3.9.1 (org.apache.kafka.common.utils.AppInfoParser)",
                "Java",
                "3.9.1",
            ),
            (
                "<BrokerConnection client_id=kafka-python-2.2.15, node_id=1>",
                "kafka-python",
                "2.2.15",
            ),
            (
                "%7|1700000000.0|INIT|rdkafka#producer-1| librdkafka v2.11.1 (0x20b01ff) initialized",
                "librdkafka",
                "2.11.1",
            ),
            ("confluent-kafka==2.11.1", "confluent-kafka", "2.11.1"),
            (
                "Kafka version: 2.8.0\nKafka version: 3.9.0",
                "Java",
                "3.9.0",
            ),
        ] {
            let found = libraries(log);
            assert_eq!(found.get(name).map(String::as_str), Some(version), "{log}");
            assert_eq!(found.len(), 1, "{log}");
        }
        assert!(libraries("NoBrokersAvailable").is_empty());
    }
}
