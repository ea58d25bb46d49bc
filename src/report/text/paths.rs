//! The proof of the paths for a person: one path place by place, many as a matrix.

use std::collections::HashMap;
use std::fmt::Write as _;

use colored::Color;
use unicode_width::UnicodeWidthStr;

use super::super::{Report, escape};
use super::Page;
use crate::vpc::{Direction, Passes, Path, PathVerdict};

/// The most paths that are shown place by place.
const WHOLE: usize = 2;
/// The most rows of a matrix.
const ROWS: usize = 24;

/// The paths: empty without any.
pub(super) fn paths(report: &Report, page: &Page) -> String {
    let paths = &report.paths;
    let mut text = String::new();
    if paths.is_empty() {
        return text;
    }
    text.push('\n');
    if paths.len() > WHOLE {
        text.push_str(&matrix(paths, page));
        // One of the worst, place by place, stands for the others.
        if let Some(worst) = paths.iter().max_by_key(|path| path.verdict)
            && worst.verdict != PathVerdict::Reachable
        {
            text.push('\n');
            text.push_str(&whole(worst, page));
        }
        return text;
    }
    for path in paths {
        text.push_str(&whole(path, page));
    }
    text
}

fn mark(verdict: PathVerdict) -> (&'static str, Color) {
    match verdict {
        PathVerdict::Reachable => ("✓", Color::Green),
        PathVerdict::Partial => ("~", Color::Yellow),
        PathVerdict::Unknown => ("?", Color::Yellow),
        PathVerdict::Blocked => ("✗", Color::Red),
    }
}

fn verdict_words(path: &Path) -> String {
    let ports = path.source_ports.join(", ");
    match path.verdict {
        PathVerdict::Reachable => "reachable, and back".to_owned(),
        PathVerdict::Blocked => "blocked".to_owned(),
        PathVerdict::Unknown => "unknown".to_owned(),
        PathVerdict::Partial if path.source_addresses.is_empty() => {
            format!("partial: only from source ports {ports}")
        }
        PathVerdict::Partial => {
            let addresses: Vec<String> = path
                .source_addresses
                .iter()
                .take(4)
                .map(ToString::to_string)
                .collect();
            format!(
                "partial: only from {}, source ports {ports}",
                addresses.join(", ")
            )
        }
    }
}

fn from_words(path: &Path) -> String {
    let place = path.from.interface.as_ref().or(path.from.subnet.as_ref());
    let addresses: Vec<String> = path
        .from
        .addresses
        .iter()
        .take(2)
        .map(|range| {
            let text = range.to_string();
            text.trim_end_matches("/32")
                .trim_end_matches("/128")
                .to_owned()
        })
        .collect();
    match place {
        Some(place) => format!("{} {}", escape(place), addresses.join(", ")),
        None if addresses.is_empty() => "the client".to_owned(),
        None => addresses.join(", "),
    }
}

fn to_words(path: &Path) -> String {
    let name = path.to.broker.map_or_else(
        || path.to.interface.as_deref().map(escape).unwrap_or_default(),
        |id| format!("broker {id}"),
    );
    let endpoint = std::net::SocketAddr::new(path.to.address, path.to.port);
    format!("{name} {endpoint}").trim_start().to_owned()
}

/// One path, place by place.
fn whole(path: &Path, page: &Page) -> String {
    let (sign, color) = mark(path.verdict);
    let head = format!(
        "{} → {}: {}",
        from_words(path),
        to_words(path),
        verdict_words(path)
    );
    let mut text = String::new();
    page.signed(2, (sign, color), &head, &mut text);
    for hop in &path.hops {
        let arrow = match hop.direction {
            Direction::Forward => "→",
            Direction::Return => "←",
        };
        let (sign, color) = match hop.passes {
            Passes::Yes => ("✓", Color::Green),
            Passes::Some => ("~", Color::Yellow),
            Passes::Unknown => ("?", Color::Yellow),
            Passes::No => ("✗", Color::Red),
        };
        let line = format!(
            "{arrow} {} {}: {}",
            hop.what,
            escape(&hop.resource),
            escape(&hop.detail)
        );
        page.signed(4, (sign, color), &line, &mut text);
    }
    text
}

/// A row for each client, a column for each broker; where these are too many for a line, brokers that fare alike share one.
fn matrix(paths: &[Path], page: &Page) -> String {
    let (mut rows, mut columns): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut cells: HashMap<(usize, usize), PathVerdict> = HashMap::new();
    let mut index_of = HashMap::new();
    for path in paths {
        let mut index = |names: &mut Vec<String>, is_row: bool, name: String| {
            *index_of.entry((is_row, name.clone())).or_insert_with(|| {
                names.push(name);
                names.len() - 1
            })
        };
        let row = index(&mut rows, true, from_words(path));
        let column = index(&mut columns, false, column(path));
        let cell = cells.entry((row, column)).or_insert(path.verdict);
        *cell = path.verdict.max(*cell);
    }
    let width = rows.iter().map(|row| row.width()).max().unwrap_or(0);
    let mut shown: Vec<(String, usize)> = columns.iter().cloned().zip(0..).collect();
    let total: usize = shown.iter().map(|(name, _)| name.width() + 2).sum();
    if width + 2 + total > page.style.width {
        shown = alike(&columns, |column| {
            (0..rows.len())
                .map(|row| cells.get(&(row, column)).copied())
                .collect()
        });
    }
    let mut text = format!("  {:width$}", "");
    for (name, _) in &shown {
        let _ = write!(text, "  {name}");
    }
    text.push('\n');
    for (index, row) in rows.iter().enumerate().take(ROWS) {
        let _ = write!(text, "  {row:width$}");
        for (name, column) in &shown {
            let found = cells.get(&(index, *column)).copied();
            let (sign, color) = found.map_or((" ", Color::White), mark);
            let sign = page.plain(sign);
            let pad = name.width().saturating_sub(sign.width());
            let _ = write!(text, "  {}{}", page.paint(&sign, color), " ".repeat(pad));
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    if rows.len() > ROWS {
        let _ = writeln!(
            text,
            "  … and {} more rows: --output json",
            rows.len() - ROWS
        );
    }
    text
}

/// Columns with the same cells as one, under the first one's name.
fn alike(
    columns: &[String],
    cells: impl Fn(usize) -> Vec<Option<PathVerdict>>,
) -> Vec<(String, usize)> {
    let mut groups: Vec<(Vec<Option<PathVerdict>>, usize, usize)> = Vec::new();
    for column in 0..columns.len() {
        let own = cells(column);
        match groups.iter_mut().find(|(cells, ..)| *cells == own) {
            Some((_, _, count)) => *count += 1,
            None => groups.push((own, column, 1)),
        }
    }
    let name = |first: usize, count: usize| match count {
        1 => columns[first].clone(),
        _ => format!("{} and {} more", columns[first], count - 1),
    };
    groups
        .into_iter()
        .map(|(_, first, count)| (name(first, count), first))
        .collect()
}

/// A broker, short.
fn column(path: &Path) -> String {
    match path.to.broker {
        Some(id) if path.to.address.is_ipv6() => format!("b-{id}/v6"),
        Some(id) => format!("b-{id}"),
        None => path.to.address.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Style;
    use super::*;
    use crate::vpc::{PathFrom, PathTo};

    fn path(subnet: &str, broker: i32, verdict: PathVerdict) -> Path {
        Path {
            from: PathFrom {
                subnet: Some(subnet.to_owned()),
                interface: None,
                security_groups: Vec::new(),
                addresses: Vec::new(),
            },
            to: PathTo {
                broker: Some(broker),
                name: None,
                interface: None,
                address: std::net::Ipv4Addr::LOCALHOST.into(),
                port: 9098,
            },
            verdict,
            source_ports: Vec::new(),
            source_addresses: Vec::new(),
            blockers: Vec::new(),
            unknown: Vec::new(),
            suspects: Vec::new(),
            warnings: Vec::new(),
            hops: Vec::new(),
        }
    }

    /// Two subnets and so many brokers: from the first, broker 7 cannot be reached.
    fn shown(brokers: i32, width: usize) -> String {
        let mut paths = Vec::new();
        for subnet in ["subnet-a", "subnet-b"] {
            for broker in 1..=brokers {
                let verdict = match (subnet, broker) {
                    ("subnet-a", 7) => PathVerdict::Blocked,
                    _ => PathVerdict::Reachable,
                };
                paths.push(path(subnet, broker, verdict));
            }
        }
        let style = Style {
            width,
            ascii: false,
            color: false,
        };
        matrix(&paths, &Page { style })
    }

    #[test]
    fn brokers_have_columns_while_there_is_room() {
        let expected = "             b-1  b-2\n  subnet-a   ✓    ✓\n  subnet-b   ✓    ✓\n";
        assert_eq!(shown(2, 80), expected);
    }

    #[test]
    fn brokers_that_fare_alike_share_one_where_there_is_none() {
        let expected = "             b-1 and 58 more  b-7\n  \
                        subnet-a   ✓                ✗\n  \
                        subnet-b   ✓                ✓\n";
        assert_eq!(shown(60, 80), expected);
    }
}
