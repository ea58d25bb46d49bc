//! The proof of the paths for a person: one path place by place, many as a matrix.

use std::fmt::Write as _;

use colored::Color;

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
    let mut text = format!("  {} {}\n", page.paint(sign, color), page.plain(&head));
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
        let _ = writeln!(
            text,
            "    {} {}",
            page.paint(sign, color),
            page.plain(&line)
        );
    }
    text
}

/// A row for each client, a column for each broker.
fn matrix(paths: &[Path], page: &Page) -> String {
    let mut rows: Vec<String> = Vec::new();
    let mut columns: Vec<String> = Vec::new();
    for path in paths {
        let (row, column) = (from_words(path), column(path));
        if !rows.contains(&row) {
            rows.push(row);
        }
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    let width = rows
        .iter()
        .map(|row| row.chars().count())
        .max()
        .unwrap_or(0);
    let mut text = format!("  {:width$}", "");
    for column in &columns {
        let _ = write!(text, "  {column}");
    }
    text.push('\n');
    for row in rows.iter().take(ROWS) {
        let _ = write!(text, "  {row:width$}");
        for name in &columns {
            let found = paths
                .iter()
                .filter(|path| from_words(path) == *row && column(path) == *name)
                .map(|path| path.verdict)
                .max();
            let (sign, color) = found.map_or((" ", Color::White), mark);
            let sign = page.plain(sign);
            let pad = name.chars().count().saturating_sub(sign.chars().count());
            let _ = write!(text, "  {}{}", page.paint(&sign, color), " ".repeat(pad));
        }
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

/// A broker, short.
fn column(path: &Path) -> String {
    match path.to.broker {
        Some(id) if path.to.address.is_ipv6() => format!("b-{id}/v6"),
        Some(id) => format!("b-{id}"),
        None => path.to.address.to_string(),
    }
}
