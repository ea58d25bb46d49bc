//! The report for a person: the verdict first, then the proof.

mod canary;
mod paths;
mod rights;
mod table;

use std::fmt::Write as _;
use std::io::{self, Write};

use colored::{Color, Colorize};
use textwrap::{Options, WordSeparator, WordSplitter, wrap};

use super::{Combined, Report, ReportCause, escape};
use crate::case::ClientKind;
use crate::diagnosis::{Confidence, Status, Verdict};
use crate::explain::ClientError;
use crate::gate::{Fate, Gate};
use crate::text::escaped;

/// How to print.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Columns.
    pub width: usize,
    /// No characters beyond ASCII.
    pub ascii: bool,
    /// Terminal colours.
    pub color: bool,
}

/// Width of the labels at the left.
const LABEL: usize = 11;
/// How many pieces of evidence, and of what is ruled out, are printed; JSON has all.
const SHOWN: usize = 6;

/// Writes the report.
///
/// # Errors
/// When writing fails.
pub fn render(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut text = String::new();
    let page = Page { style };
    page.head(report, &mut text);
    page.verdict(report, &mut text);
    if !report.observations.is_empty() {
        text.push('\n');
        text.push_str(&table::table(report, &page));
    }
    if let Some(line) = canary::line(report) {
        text.push('\n');
        page.points("canary", &[line], &mut text);
    }
    text.push_str(&paths::paths(report, &page));
    text.push_str(&rights::rights(report, &page));
    if let Some(origin) = report.causes.first() {
        text.push('\n');
        page.cause(report, origin, &mut text);
    }
    page.others(report, &mut text);
    page.warnings(report, &mut text);
    page.unknown(report, &mut text);
    if let Some(gate) = &report.gate {
        page.gate(gate, &mut text);
    }
    if let Some(here) = &report.here {
        text.push_str("\nthe same, asked from this machine\n");
        page.verdict(here, &mut text);
        text.push('\n');
        text.push_str(&table::table(here, &page));
    }
    out.write_all(page.plain(&text).as_bytes())
}

/// Writes the reports on several targets, then how each came out.
///
/// # Errors
/// When writing fails.
pub fn render_all(combined: &Combined, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let page = Page { style };
    for target in &combined.targets {
        let heading = format!("{}\n", page.strong(&escape(&target.name)));
        out.write_all(page.plain(&heading).as_bytes())?;
        render(&target.report, style, out)?;
        out.write_all(b"\n")?;
    }
    let mut text = String::new();
    let asked = combined.targets.iter().map(|target| {
        let verdict = target.report.verdict.name();
        let gate = match &target.report.gate {
            Some(gate) if gate.passed => ", passes",
            Some(_) => ", fails",
            None => "",
        };
        format!("{}: {verdict}{gate}", escape(&target.name))
    });
    let unasked = combined
        .unknown
        .iter()
        .filter(|unknown| {
            let mut targets = combined.targets.iter();
            targets.all(|target| target.name != unknown.target)
        })
        .map(|unknown| format!("{}: not asked", escape(&unknown.target)));
    page.points(
        "targets",
        &asked.chain(unasked).collect::<Vec<_>>(),
        &mut text,
    );
    if let Some(gate) = &combined.gate {
        page.gate(gate, &mut text);
    }
    out.write_all(page.plain(&text).as_bytes())
}

struct Page {
    style: Style,
}

impl Page {
    fn paint(&self, text: &str, color: Color) -> String {
        if self.style.color {
            text.color(color).bold().to_string()
        } else {
            text.to_owned()
        }
    }

    fn strong(&self, text: &str) -> String {
        if self.style.color {
            text.bold().to_string()
        } else {
            text.to_owned()
        }
    }

    fn dim(&self, text: &str) -> String {
        if self.style.color {
            text.dimmed().to_string()
        } else {
            text.to_owned()
        }
    }

    /// Without Unicode, if so asked.
    fn plain(&self, text: &str) -> String {
        if !self.style.ascii {
            return text.to_owned();
        }
        text.chars()
            .map(|c| match c {
                '✓' => "ok".to_owned(),
                '✗' => "X".to_owned(),
                '–' | '—' => "-".to_owned(),
                '·' | '•' => "*".to_owned(),
                '…' => "...".to_owned(),
                '→' => "->".to_owned(),
                '←' => "<-".to_owned(),
                '×' => "x".to_owned(),
                '“' | '”' => "\"".to_owned(),
                '‘' | '’' => "'".to_owned(),
                c if c.is_ascii() => c.to_string(),
                c => c.escape_unicode().to_string(),
            })
            .collect()
    }

    /// A label and its text, wrapped with a hanging indent.
    fn entry(&self, label: &str, body: &str, text: &mut String) {
        // Before wrapping: "ok" is wider than its sign.
        let body = &self.plain(body);
        let indent = " ".repeat(LABEL);
        let width = self.style.width.max(40);
        let options = options(width, &indent, &indent);
        for (index, line) in wrap(body, options).iter().enumerate() {
            if index == 0 {
                text.push_str(&self.dim(&format!("{label:<LABEL$}")));
                text.push_str(line.trim_start());
            } else {
                text.push_str(line);
            }
            text.push('\n');
        }
    }

    /// A sign in its colour and its text, wrapped below itself.
    fn signed(&self, margin: usize, (sign, color): (&str, Color), body: &str, text: &mut String) {
        let sign = self.plain(sign);
        let indent = " ".repeat(margin + sign.chars().count() + 1);
        let width = self.style.width.max(40);
        let options = options(width, &indent, &indent);
        for (index, line) in wrap(&self.plain(body), options).iter().enumerate() {
            if index == 0 {
                let _ = write!(text, "{:margin$}{} ", "", self.paint(&sign, color));
                text.push_str(line.trim_start());
            } else {
                text.push_str(line);
            }
            text.push('\n');
        }
    }

    /// Several texts under one label, each with a point before it.
    fn points(&self, label: &str, bodies: &[String], text: &mut String) {
        let point = if bodies.len() > 1 { "· " } else { "" };
        for (index, body) in bodies.iter().take(SHOWN).enumerate() {
            let label = if index == 0 { label } else { "" };
            let body = &self.plain(body);
            let indent = " ".repeat(LABEL + point.chars().count());
            let width = self.style.width.max(40);
            let options = options(width, &indent, &indent);
            for (line_index, line) in wrap(body, options).iter().enumerate() {
                if line_index == 0 {
                    text.push_str(&self.dim(&format!("{label:<LABEL$}")));
                    text.push_str(point);
                    text.push_str(line.trim_start());
                } else {
                    text.push_str(line);
                }
                text.push('\n');
            }
        }
        if bodies.len() > SHOWN {
            let more = format!("… and {} more: --output json", bodies.len() - SHOWN);
            self.entry("", &more, text);
        }
    }

    fn head(&self, report: &Report, text: &mut String) {
        let target = &report.target;
        let mut words = Vec::new();
        if let Some(cluster) = &target.cluster {
            // Of an ARN, the name.
            let name = cluster.split('/').nth(1).unwrap_or(cluster);
            words.push(format!("cluster {}", escape(name)));
        }
        if let Some(region) = &target.region {
            words.push(escape(region));
        }
        let count = target.brokers.len();
        match count {
            0 => {}
            1 => words.push("1 broker".to_owned()),
            _ => words.push(format!("{count} brokers")),
        }
        let mut ports: Vec<u16> = target.brokers.iter().map(|broker| broker.port).collect();
        ports.sort_unstable();
        ports.dedup();
        let ports: Vec<String> = ports.iter().take(4).map(ToString::to_string).collect();
        words.push(match ports.as_slice() {
            [] => target.auth.name().to_owned(),
            ports => format!("{} on {}", target.auth.name(), ports.join(", ")),
        });
        if let Some(function) = &target.function {
            words.push(format!("for function {}", escape(function)));
        }
        self.entry("target", &words.join(", "), text);
        if report.observations.is_empty() && report.client.kind != ClientKind::Machine {
            let client = &report.client;
            let name = client.name.as_deref().map(escape).unwrap_or_default();
            let words = format!("{} {name}, by its AWS configuration", client.kind.name());
            self.entry("client", &words, text);
            text.push('\n');
            return;
        }
        let mut vantage = String::from("this machine");
        for address in report.vantage.addresses.iter().take(2) {
            let _ = write!(vantage, ", {address}");
        }
        match &report.vantage.identity {
            Some(identity) => {
                let _ = write!(vantage, ", as {}", escape(identity));
            }
            None => {
                if let Some(source) = &report.credentials.source {
                    let _ = write!(vantage, ", credentials: {}", escape(source));
                }
            }
        }
        self.entry("vantage", &vantage, text);
        text.push('\n');
    }

    fn verdict(&self, report: &Report, text: &mut String) {
        let (mark, word, color) = match report.verdict {
            Verdict::Healthy => ("✓", "HEALTHY", Color::Green),
            Verdict::Faulty => ("✗", "FAULTY", Color::Red),
            Verdict::Inconclusive => ("?", "INCONCLUSIVE", Color::Yellow),
        };
        let head = self.paint(&format!("{mark} {word}"), color);
        let body = match (report.causes.first(), report.verdict) {
            (Some(cause), Verdict::Inconclusive) => {
                let from = if report.observations.is_empty() {
                    "suspected"
                } else {
                    "seen from here"
                };
                format!("{from}: {}{}", cause.title, tag(cause))
            }
            (Some(cause), _) => format!("{}{}", cause.title, tag(cause)),
            (None, Verdict::Healthy)
                if report.observations.is_empty() && report.paths.is_empty() =>
            {
                "nothing is wrong in what AWS says".to_owned()
            }
            (None, Verdict::Healthy) if report.observations.is_empty() => format!(
                "every packet of all {} paths passes, and every answer",
                report.paths.len()
            ),
            (None, Verdict::Healthy) => {
                format!(
                    "every broker answers, through {}, in {} ms",
                    last_phase(report),
                    report.duration_ms
                )
            }
            (None, _) => match report.unknown.first() {
                Some(unknown) => format!("not known: {}", unknown.what),
                None => "nothing was found, and not everything was looked at".to_owned(),
            },
        };
        let body = self.plain(&body);
        let indent = self.plain(mark).len() + 1 + word.len() + 2;
        let width = self.style.width.max(40);
        let hanging = " ".repeat(4);
        let first = " ".repeat(indent);
        let options = options(width, &first, &hanging);
        for (index, line) in wrap(&body, options).iter().enumerate() {
            if index == 0 {
                let _ = writeln!(text, "{head}  {}", line.trim_start());
            } else {
                let _ = writeln!(text, "{line}");
            }
        }
        if !report.complete {
            text.push_str("  partial: the run was ended before it was done\n");
        }
    }

    fn cause(&self, report: &Report, cause: &ReportCause, text: &mut String) {
        if cause.subjects.len() < report.target.brokers.len() {
            let brokers: Vec<String> = cause.subjects.iter().map(ToString::to_string).collect();
            self.entry("brokers", &brokers.join(", "), text);
        }
        self.entry("where", &cause.place, text);
        self.entry("why", &cause.why, text);
        let seen: Vec<String> = cause
            .evidence
            .iter()
            .map(|words| shorten(report, words))
            .collect();
        self.points("seen", &seen, text);
        let ruled_out: Vec<String> = cause
            .ruled_out
            .iter()
            .map(|entry| format!("{} {}: {}", entry.code, entry.title, entry.because))
            .collect();
        self.points("ruled out", &ruled_out, text);
        if !cause.not_excluded.is_empty() {
            self.entry("or else", &cause.not_excluded.join(", "), text);
        }
        self.points("fix", &cause.fix, text);
        self.points("settle", &cause.settle, text);
        if let Some(example) = &cause.example {
            let name = format!(
                "{} that connects as it should ({})",
                example.client.name(),
                example.install
            );
            self.entry("lines", &name, text);
            // As they are: they are there to be copied.
            for line in &example.lines {
                let _ = writeln!(text, "    {}", escaped(line));
            }
        }
        let more = match client_words(cause.code) {
            Some(error) => format!(
                "{} {} prints this fault as \"{}\"; more: msk-doctor explain {}",
                error.client,
                error.versions,
                error.pattern.trim(),
                cause.code
            ),
            None => format!("msk-doctor explain {}", cause.code),
        };
        self.entry("clients", &more, text);
    }

    fn others(&self, report: &Report, text: &mut String) {
        let others: Vec<String> = report
            .causes
            .iter()
            .skip(1)
            .map(|cause| {
                let brokers: Vec<String> = cause
                    .subjects
                    .iter()
                    .take(3)
                    .map(ToString::to_string)
                    .collect();
                format!("{}{} on {}", cause.title, tag(cause), brokers.join(", "))
            })
            .collect();
        if !others.is_empty() {
            text.push('\n');
            self.points("also", &others, text);
        }
    }

    fn gate(&self, gate: &Gate, text: &mut String) {
        let word = if gate.passed { "passes" } else { "fails" };
        text.push('\n');
        self.entry("gate", &format!("{word}: {}", escape(&gate.reason)), text);
        let entries: Vec<String> = gate
            .accepted
            .iter()
            .map(|entry| {
                let fate = match entry.fate {
                    Fate::Accepts => "accepted",
                    Fate::Stale => "not found any more, remove it from the baseline",
                    Fate::Expired => "expired, accepts nothing",
                };
                let subject = entry.subject.as_deref().unwrap_or("all brokers");
                let words = format!(
                    "{} {subject}: {fate}; until {}, {}, {}",
                    entry.code, entry.expires, entry.owner, entry.reason
                );
                escape(&words)
            })
            .collect();
        self.points("baseline", &entries, text);
    }

    fn warnings(&self, report: &Report, text: &mut String) {
        let mut warnings: Vec<String> = Vec::new();
        for finding in report
            .findings
            .iter()
            .filter(|f| f.status == Status::Warning)
        {
            let words = finding.evidence.seen.join(", ");
            let line = format!("{} {}: {words}", finding.code, finding.subject);
            if !warnings.contains(&line) {
                warnings.push(line);
            }
        }
        if !warnings.is_empty() {
            text.push('\n');
            self.points("warning", &warnings, text);
        }
    }

    fn unknown(&self, report: &Report, text: &mut String) {
        let unknown: Vec<String> = report
            .unknown
            .iter()
            .map(|unknown| format!("{} (needs: {})", escape(&unknown.what), unknown.needs))
            .collect();
        if report.verdict != Verdict::Healthy && !unknown.is_empty() {
            text.push('\n');
            self.points("not known", &unknown, text);
        }
    }
}

/// Evidence with brokers as the table names them, where their long names are alike.
fn shorten(report: &Report, words: &str) -> String {
    let mut words = words.to_owned();
    let brokers = &report.target.brokers;
    let rest = |name: &str| name.split_once('.').map(|(_, rest)| rest.to_owned());
    let alike = brokers
        .windows(2)
        .all(|pair| rest(&pair[0].name) == rest(&pair[1].name));
    for broker in brokers
        .iter()
        .filter(|broker| alike && broker.endpoint().ip().is_none())
    {
        if let Some((label, _)) = broker.name.split_once('.') {
            words = words.replace(&broker.endpoint().to_string(), label);
        }
    }
    words
}

/// What a client prints for a fault; the words that hide most come first, because they are what a
/// person has in hand: kafka-python's "Connection reset during recv".
fn client_words(code: &str) -> Option<&'static ClientError> {
    crate::explain::errors_of(code)
        .find(|error| error.pattern == "Connection reset during recv")
        .or_else(|| crate::explain::errors_of(code).next())
}

/// Words are parted at spaces only: a code or a host name stays whole where it can.
fn options<'a>(width: usize, first: &'a str, rest: &'a str) -> Options<'a> {
    Options::new(width)
        .initial_indent(first)
        .subsequent_indent(rest)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
}

fn tag(cause: &ReportCause) -> String {
    let confidence: Confidence = cause.confidence;
    format!("    {}, {}", cause.code, confidence.name())
}

fn last_phase(report: &Report) -> &'static str {
    report
        .observations
        .iter()
        .filter_map(|o| o.phases.last())
        .map(|record| record.phase)
        .max()
        .map_or("resolve", crate::phase::Phase::name)
}
