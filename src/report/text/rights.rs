//! What the identity may do, for a person: one line for each action.

use std::fmt::Write as _;

use colored::Color;

use super::super::{Report, escape};
use super::Page;
use crate::iam::{Decision, Outcome};

/// The rights; empty where none were asked for, and beside what probes saw: there the causes say it.
pub(super) fn rights(report: &Report, page: &Page) -> String {
    let mut text = String::new();
    let Some(rights) = report
        .rights
        .as_ref()
        .filter(|_| report.observations.is_empty())
    else {
        return text;
    };
    text.push('\n');
    page.entry("identity", &escape(&rights.identity), &mut text);
    let width = rights
        .actions
        .iter()
        .map(|one| short(&one.outcome).len())
        .max()
        .unwrap_or(0);
    for action in &rights.actions {
        let (mark, color, word) = match (action.answer, action.outcome.if_unread_pass) {
            (Decision::Allowed, _) => ("✓", Color::Green, "allowed"),
            (Decision::ExplicitDeny, _) => ("✗", Color::Red, "denied by a statement"),
            (Decision::ImplicitDeny, _) => ("✗", Color::Red, "not allowed"),
            (Decision::Unknown, Decision::Allowed) => {
                ("?", Color::Yellow, "allowed by all that could be read")
            }
            (Decision::Unknown, _) => ("?", Color::Yellow, "not known"),
        };
        let _ = writeln!(
            text,
            "  {} {:width$}  {word}{}",
            page.paint(mark, color),
            short(&action.outcome),
            by(&action.outcome)
        );
    }
    text
}

/// `Connect`, `WriteData orders`.
fn short(action: &Outcome) -> String {
    let name = action.action.rsplit(':').next().unwrap_or(&action.action);
    let mut parts = action
        .resource
        .splitn(6, ':')
        .last()
        .unwrap_or_default()
        .splitn(4, '/');
    match parts.nth(3) {
        Some(of) => format!("{name} {}", escape(of)),
        None => name.to_owned(),
    }
}

/// Which statement decides.
fn by(action: &Outcome) -> String {
    let Some(first) = action.deciding.first() else {
        return String::new();
    };
    let policy = first
        .at
        .policy
        .rsplit('/')
        .next()
        .unwrap_or(&first.at.policy);
    let sid = first
        .at
        .sid
        .as_ref()
        .map(|sid| format!(" {sid:?}"))
        .unwrap_or_default();
    let words = format!(", statement {}{sid} of {policy}", first.at.index + 1);
    escape(&words)
}
