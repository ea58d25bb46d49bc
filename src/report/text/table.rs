//! One row for each attempt, one column for each phase.

use colored::Color;
use unicode_width::UnicodeWidthStr;

use super::super::words::milliseconds;
use super::super::{Report, escape};
use super::Page;
use crate::phase::Phase;
use crate::probe::observation::{Detail, End, Observation, PhaseRecord, Purpose, Stop};

/// Rows beyond this are summed up: the faulty ones come first.
const ROWS: usize = 16;

#[derive(Clone)]
struct Cell {
    long: String,
    short: String,
    color: Option<Color>,
}

/// The table, with a trailing newline.
pub(super) fn table(report: &Report, page: &Page) -> String {
    let mut attempts: Vec<&Observation> = report
        .observations
        .iter()
        .filter(|o| matches!(o.purpose, Purpose::Bootstrap | Purpose::Advertised))
        .collect();
    let hidden = attempts.len().saturating_sub(ROWS);
    if hidden > 0 {
        attempts.sort_by_key(|o| o.failure().is_none());
        attempts.truncate(ROWS);
    }
    let phases: Vec<Phase> = Phase::ALL
        .into_iter()
        .filter(|phase| attempts.iter().any(|o| o.phase(*phase).is_some()))
        .collect();
    let labels = labels(&attempts);
    let mut rows: Vec<Vec<Cell>> = vec![header(&attempts, &phases)];
    for (observation, label) in attempts.iter().zip(&labels) {
        let mut row = vec![plain(label)];
        row.extend(phases.iter().map(|phase| cell(observation, *phase)));
        rows.push(row);
    }
    // Before the widths are taken: "ok" is wider than its sign.
    for cell in rows.iter_mut().flatten() {
        cell.long = page.plain(&cell.long);
        cell.short = page.plain(&cell.short);
    }
    let mut text = lay_out(&rows, page);
    if hidden > 0 {
        let faulty = report
            .observations
            .iter()
            .filter(|o| o.failure().is_some())
            .count();
        let more = format!("  … and {hidden} more; {faulty} failed in all\n");
        text.push_str(&more);
    }
    text
}

fn plain(text: &str) -> Cell {
    Cell {
        long: text.to_owned(),
        short: text.to_owned(),
        color: None,
    }
}

fn header(attempts: &[&Observation], phases: &[Phase]) -> Vec<Cell> {
    let mut cells = vec![plain("")];
    for phase in phases {
        let name = match phase {
            Phase::Resolve => "DNS".to_owned(),
            Phase::Connect => "TCP".to_owned(),
            Phase::Tls => tls_name(attempts),
            Phase::ApiVersions => "Kafka".to_owned(),
            Phase::SaslHandshake => "SASL".to_owned(),
            Phase::SaslAuthenticate => "login".to_owned(),
            Phase::Authorise => "rights".to_owned(),
            other => other.name().to_owned(),
        };
        cells.push(plain(&name));
    }
    cells
}

fn tls_name(attempts: &[&Observation]) -> String {
    let mut versions: Vec<&str> = attempts
        .iter()
        .filter_map(|o| o.tls()?.version.as_deref())
        .collect();
    versions.sort_unstable();
    versions.dedup();
    match versions.as_slice() {
        [one] => one.replace("TLSv1.", "TLS 1.").replace("TLSv1_", "TLS 1."),
        _ => "TLS".to_owned(),
    }
}

fn cell(observation: &Observation, phase: Phase) -> Cell {
    let Some(record) = observation.phase(phase) else {
        return stopped(observation, phase);
    };
    let time = milliseconds(record.duration_us);
    let certificate_bad = phase == Phase::Tls
        && observation
            .tls()
            .and_then(|tls| tls.certificate.as_ref())
            .is_some_and(|certificate| !certificate.verified());
    match record.end {
        End::Answered if certificate_bad => failed("certificate", &time),
        End::Answered => Cell {
            long: format!("✓ {time}"),
            short: "✓".to_owned(),
            color: Some(Color::Green),
        },
        End::Cancelled => plain("? cut off"),
        _ => failed(&short_words(record), &time),
    }
}

/// The phase was not come to; where the attempt stopped of its own will, that is said.
fn stopped(observation: &Observation, phase: Phase) -> Cell {
    let next = observation.phases.last().is_some_and(|last| {
        Phase::ALL.iter().position(|p| *p == phase)
            == Phase::ALL
                .iter()
                .position(|p| *p == last.phase)
                .map(|i| i + 1)
    });
    match observation.stopped {
        Some(Stop::UnverifiedBroker | Stop::NoTls) if next => plain("? withheld"),
        Some(Stop::NoCredential) if next => plain("? no credentials"),
        Some(Stop::LoginNotTried) if next => plain("? not tried"),
        _ => plain("–"),
    }
}

fn failed(words: &str, time: &str) -> Cell {
    Cell {
        long: format!("✗ {words}, {time}"),
        short: format!("✗ {words}"),
        color: Some(Color::Red),
    }
}

fn short_words(record: &PhaseRecord) -> String {
    match (record.end, &record.detail) {
        (End::KafkaError, Detail::SaslAuthenticate(detail)) if detail.error_code == 0 => {
            "challenge".to_owned()
        }
        (End::KafkaError, Detail::SaslAuthenticate(detail)) => {
            format!("error {}", detail.error_code)
        }
        (End::KafkaError, Detail::SaslHandshake(detail)) => format!("error {}", detail.error_code),
        (End::KafkaError, Detail::ApiVersions(detail)) => format!("error {}", detail.error_code),
        (End::TlsAlert, Detail::Tls(detail)) => {
            escape(detail.alert_received.as_deref().unwrap_or("alert"))
        }
        (End::Fin, _) => "FIN".to_owned(),
        (End::Rst, _) => "RST".to_owned(),
        (End::Nxdomain, _) => "NXDOMAIN".to_owned(),
        (end, _) => end.name().replace('-', " "),
    }
}

/// Short names: `b-1` where the rest is the same for all, with the address where one name has
/// several.
fn labels(attempts: &[&Observation]) -> Vec<String> {
    let suffixes: Vec<&str> = attempts
        .iter()
        .map(|o| o.broker.host.split_once('.').map_or("", |(_, rest)| rest))
        .collect();
    let numeric = attempts.iter().any(|o| o.broker.ip().is_some());
    let alike = !numeric && suffixes.windows(2).all(|pair| pair[0] == pair[1]);
    let same_port = attempts
        .windows(2)
        .all(|pair| pair[0].broker.port == pair[1].broker.port);
    attempts
        .iter()
        .map(|o| {
            let mut name = if alike && !suffixes[0].is_empty() {
                o.broker
                    .host
                    .split('.')
                    .next()
                    .unwrap_or_default()
                    .to_owned()
            } else if same_port {
                o.broker.host.clone()
            } else {
                o.broker.to_string()
            };
            let several = attempts
                .iter()
                .filter(|other| other.broker == o.broker)
                .count()
                > 1;
            if several && let Some(address) = o.address {
                name = format!("{name} {}", address.ip());
            }
            escape(&name)
        })
        .collect()
}

fn lay_out(rows: &[Vec<Cell>], page: &Page) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let mut short = vec![false; columns];
    let width_of = |column: usize, short: &[bool]| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| {
                if short[column] {
                    cell.short.width()
                } else {
                    cell.long.width()
                }
            })
            .max()
            .unwrap_or(0)
    };
    // The widest column loses its times first, until the row fits.
    for _ in 0..columns {
        let total: usize = (0..columns).map(|c| width_of(c, &short) + 2).sum();
        if total + 2 <= page.style.width {
            break;
        }
        let widest = (1..columns)
            .filter(|c| !short[*c])
            .max_by_key(|c| width_of(*c, &short));
        match widest {
            Some(column) => short[column] = true,
            None => break,
        }
    }
    let mut text = String::new();
    for row in rows {
        let mut line = String::from("  ");
        for (column, cell) in row.iter().enumerate() {
            let words = if short[column] {
                &cell.short
            } else {
                &cell.long
            };
            let padding = width_of(column, &short).saturating_sub(words.width()) + 2;
            match cell.color {
                Some(color) if page.style.color => line.push_str(&page.paint(words, color)),
                _ => line.push_str(words),
            }
            line.push_str(&" ".repeat(padding));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
