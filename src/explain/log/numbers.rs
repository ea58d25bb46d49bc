//! Numbers that mean something in a log: four bytes read as a length, and the clocks of clients.

use std::ops::RangeInclusive;

use super::super::reading::KnownNumber;

/// The row of the table for a start-up budget that was halved, whatever its value.
pub(super) const HALVED: &str = "Request timed out after 31.25 ms";

/// What stands before that value.
const HALVED_BEFORE: &str = "Request timed out after ";

/// The start-up budget of kafka-python 2.x, in milliseconds.
const BUDGET_MS: f64 = 2000.0;

/// The first four bytes of an answer, read as the length of a Kafka frame.
const FIRST_BYTES: [(RangeInclusive<u64>, &str, &[&str]); 6] = [
    (
        352_518_912..=352_518_912,
        "the bytes 15 03 03 00, a TLS alert read as a length: a plaintext client met a TLS port",
        &["TLS-01"],
    ),
    (
        352_518_400..=352_518_400,
        "the bytes 15 03 01 00, a TLS alert read as a length: a plaintext client met a TLS port",
        &["TLS-01"],
    ),
    (
        369_295_616..=369_295_618,
        "a ClientHello read as a length: a TLS client met a plaintext broker",
        &["TLS-02"],
    ),
    (
        1_213_486_160..=1_213_486_160,
        "\"HTTP\" read as a length: a web server or proxy answered",
        &["NET-04"],
    ),
    (
        1_195_725_856..=1_195_725_856,
        "\"GET \" read as a length: an HTTP request hit a broker",
        &[],
    ),
    (
        1_397_966_893..=1_397_966_893,
        "\"SSH-\" read as a length: the tunnel ends at an SSH server",
        &["NET-11"],
    ),
];

/// A time that is worth recognising, in milliseconds, and whose it is.
struct Clock {
    ms: RangeInclusive<f64>,
    client: Option<&'static str>,
    meaning: &'static str,
    codes: &'static [&'static str],
}

/// Times with a little room above them, since a client prints what it measured.
static CLOCKS: [Clock; 11] = [
    clock(
        1000.0..=1099.0,
        Some("kafkajs"),
        "the connection timeout of kafkajs",
        &["CLI-06"],
    ),
    clock(
        2000.0..=2000.0,
        Some("kafka-python"),
        "the start-up budget of kafka-python 2.x",
        &["CLI-01"],
    ),
    clock(
        10_000.0..=10_099.0,
        Some("java-kafka-clients"),
        "Java's limit for setting up a connection",
        &[],
    ),
    clock(
        30_000.0..=30_999.0,
        Some("librdkafka"),
        "librdkafka's limit for setting up a connection",
        &[],
    ),
    clock(
        126_000.0..=129_000.0,
        None,
        "about what Linux takes to give up an unanswered SYN",
        &["TCP-01"],
    ),
    clock(
        350_000.0..=351_999.0,
        None,
        "the idle limit of NAT gateways, Network Load Balancers, PrivateLink and the newest Nitro interfaces",
        &["NET-01", "SG-08"],
    ),
    clock(
        540_000.0..=540_999.0,
        None,
        "a usual idle limit of clients",
        &["CLI-11"],
    ),
    clock(
        600_000.0..=601_999.0,
        None,
        "the broker's idle limit",
        &["CLI-11"],
    ),
    clock(
        900_000.0..=900_000.0,
        None,
        "the life of an IAM token",
        &["SASL-08"],
    ),
    clock(
        3_600_000.0..=3_601_999.0,
        None,
        "the default session of an assumed role",
        &["SASL-18", "SASL-20"],
    ),
    clock(
        21_600_000.0..=21_600_000.0,
        None,
        "the rotation of a task's or instance's role credentials",
        &["SASL-20"],
    ),
];

const fn clock(
    ms: RangeInclusive<f64>,
    client: Option<&'static str>,
    meaning: &'static str,
    codes: &'static [&'static str],
) -> Clock {
    Clock {
        ms,
        client,
        meaning,
        codes,
    }
}

/// Every number of the log that means something, each once.
pub(super) fn known_numbers(text: &str, client: Option<&str>) -> Vec<KnownNumber> {
    let mut known: Vec<KnownNumber> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for (number, meaning, codes) in of_line(line, client) {
            if known.iter().all(|known| known.meaning != meaning) {
                let codes = codes.to_vec();
                known.push(KnownNumber {
                    number,
                    meaning,
                    codes,
                    first_line: index + 1,
                });
            }
        }
    }
    known
}

/// The faults that the first four bytes of an answer point at, when a line has them as a length.
pub(super) fn codes_of_first_bytes(line: &str) -> &'static [&'static str] {
    numbers(line)
        .find_map(|(number, _)| first_bytes(number))
        .map(|(_, codes)| codes)
        .unwrap_or_default()
}

/// What a number means when it is four bytes read as a length.
fn first_bytes(number: &str) -> Option<(&'static str, &'static [&'static str])> {
    let number = number.parse::<u64>().ok()?;
    FIRST_BYTES
        .iter()
        .find(|(range, ..)| range.contains(&number))
        .map(|(_, meaning, codes)| (*meaning, *codes))
}

/// Where a line has a timeout of 2000 ms divided by a power of two, if it has one.
pub(super) fn halved_budget(line: &str) -> Option<(usize, usize)> {
    let start = line.find(HALVED_BEFORE)?;
    let number = start + HALVED_BEFORE.len();
    let (value, length) = leading_number(&line[number..])?;
    let end = number + length;
    (line[end..].starts_with(" ms") && is_halved(value)).then_some((start, end + " ms".len()))
}

fn of_line(
    line: &str,
    client: Option<&str>,
) -> Vec<(String, &'static str, &'static [&'static str])> {
    let tells_a_time = ["after", "timed out", "timeout", "idle"]
        .iter()
        .any(|w| line.contains(w));
    let mut found: Vec<(String, &'static str, &'static [&'static str])> = Vec::new();
    if let Some((start, end)) = halved_budget(line) {
        let meaning = "2000 ms halved once or more: earlier failures used up the start-up budget";
        found.push((
            line[start + HALVED_BEFORE.len()..end].to_owned(),
            meaning,
            &["CLI-02"],
        ));
    }
    for (number, rest) in numbers(line) {
        let Some((value, length)) = leading_number(number) else {
            continue;
        };
        if let Some((meaning, codes)) = first_bytes(&number[..length]) {
            found.push((number[..length].to_owned(), meaning, codes));
        }
        let Some((unit, factor)) = unit(rest).filter(|_| tells_a_time) else {
            continue;
        };
        let ours = |clock: &&Clock| {
            clock.ms.contains(&(value * factor)) && clock.client.is_none_or(|c| client == Some(c))
        };
        if let Some(clock) = CLOCKS.iter().find(ours) {
            found.push((
                format!("{} {unit}", &number[..length]),
                clock.meaning,
                clock.codes,
            ));
        }
    }
    found
}

/// Every number in a line that is not a part of a word, and what follows it.
fn numbers(line: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut before = ' ';
    line.char_indices().filter_map(move |(at, c)| {
        let starts = c.is_ascii_digit() && !before.is_alphanumeric() && !"._-".contains(before);
        before = c;
        let (_, length) = starts.then(|| leading_number(&line[at..])).flatten()?;
        Some((&line[at..at + length], &line[at + length..]))
    })
}

/// The number that a text begins with, and its length in bytes.
fn leading_number(text: &str) -> Option<(f64, usize)> {
    let length = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let number = text[..length].trim_end_matches('.');
    number.parse().ok().map(|value| (value, number.len()))
}

fn unit(rest: &str) -> Option<(&'static str, f64)> {
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    let word = &rest[..rest
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(rest.len())];
    match word {
        "ms" | "msec" | "milliseconds" => Some(("ms", 1.0)),
        "s" | "sec" | "secs" | "seconds" => Some(("s", 1000.0)),
        _ => None,
    }
}

fn is_halved(ms: f64) -> bool {
    (1..=10).any(|halvings| (BUDGET_MS / f64::from(1 << halvings) - ms).abs() < 0.01)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(line: &str, client: Option<&str>) -> Vec<&'static str> {
        known_numbers(line, client)
            .into_iter()
            .flat_map(|known| known.codes)
            .collect()
    }

    #[test]
    fn first_bytes_read_as_a_length() {
        assert_eq!(
            codes("Invalid receive (size = 352518912 larger than 1)", None),
            ["TLS-01"]
        );
        assert_eq!(
            codes("Invalid response size 1213486160 (0..1000)", None),
            ["NET-04"]
        );
        assert_eq!(codes("size = 369295617", None), ["TLS-02"]);
        assert!(codes("id x352518912 and 3525189120", None).is_empty());
    }

    #[test]
    fn halvings_of_the_budget_and_nothing_else() {
        for value in ["1000", "500.0", "31.25", "7.8125"] {
            assert!(halved_budget(&format!("Request timed out after {value} ms")).is_some());
        }
        for value in ["2000", "30000", "31.5", "x"] {
            assert!(halved_budget(&format!("Request timed out after {value} ms")).is_none());
        }
    }

    #[test]
    fn clocks_of_clients() {
        assert_eq!(codes("closed after 600123ms in state UP", None), ["CLI-11"]);
        assert_eq!(codes("idle for 350 seconds", None), ["NET-01", "SG-08"]);
        assert_eq!(
            codes("timed out after 1000 ms", Some("kafkajs")),
            ["CLI-06"]
        );
        assert!(codes("timed out after 1000 ms", Some("sarama")).is_empty());
    }
}
