//! The pages in `docs/faults/`, made from the literals.

use std::fmt::Write as _;

use super::{Fault, GROUPS, Group};
use crate::explain::{ClientError, errors_of};

/// What every generated file says about itself.
const GENERATED: &str = "<!-- Generated from src/catalogue; see tests/generated.rs. -->";

/// The page of one fault.
#[must_use]
pub fn markdown(fault: &Fault) -> String {
    let mut page = format!("{GENERATED}\n\n# {}: {}\n\n", fault.code, text(fault.title));
    let _ = writeln!(
        page,
        "Met in phase `{}`. Where: {}. Side: {}.\n\n{}\n",
        fault.phase,
        text(fault.place),
        fault.side,
        text(fault.explanation)
    );
    section(&mut page, "How to tell it apart", fault.tell);
    section(&mut page, "Where it shows", fault.evidence);
    if let Some(body) = super::unseen_words(fault.code) {
        section(&mut page, "What is missing", &body);
    }
    list(&mut page, "Fix", fault.fix.iter().map(|item| text(item)));
    list(
        &mut page,
        "What would prove it",
        fault.settle.iter().map(|item| text(item)),
    );
    let messages: Vec<String> = errors_of(fault.code).map(message).collect();
    if !messages.is_empty() {
        list(&mut page, "What clients print", messages.into_iter());
    }
    let _ = writeln!(page, "## Sources\n\nBasis: {}.\n", fault.basis);
    for source in fault.sources {
        let _ = writeln!(page, "- <{source}>");
    }
    page
}

/// The index of all pages, `docs/faults/README.md`.
#[must_use]
pub fn index() -> String {
    let count: usize = GROUPS.iter().map(|group| group.faults.len()).sum();
    let mut page = format!(
        "{GENERATED}\n\n# Faults\n\nThe {count} faults that msk-doctor knows. `msk-doctor explain CODE` prints one.\n"
    );
    for group in &GROUPS {
        index_of_group(&mut page, group);
    }
    page
}

/// Every generated file of `docs/faults`: its name and its text.
pub fn files() -> impl Iterator<Item = (String, String)> {
    std::iter::once(("README.md".to_owned(), index()))
        .chain(super::all().map(|fault| (format!("{}.md", fault.code), markdown(fault))))
}

fn index_of_group(page: &mut String, group: &Group) {
    let _ = writeln!(page, "\n## {}: {}\n", group.code, group.title);
    page.push_str("| Code | What is wrong | Phase | Side |\n|---|---|---|---|\n");
    for fault in group.faults {
        let _ = writeln!(
            page,
            "| [{code}]({code}.md) | {} | {} | {} |",
            text(fault.title),
            fault.phase,
            fault.side,
            code = fault.code
        );
    }
}

fn section(page: &mut String, heading: &str, body: &str) {
    let _ = writeln!(page, "## {heading}\n\n{}\n", text(body));
}

fn list(page: &mut String, heading: &str, items: impl Iterator<Item = String>) {
    let _ = writeln!(page, "## {heading}\n");
    for item in items {
        let _ = writeln!(page, "- {item}");
    }
    page.push('\n');
}

fn message(error: &ClientError) -> String {
    let summary = if error.is_summary() {
        " (a summary, never a cause)"
    } else {
        ""
    };
    let pattern = error.pattern.trim();
    format!(
        "{} {}: `{pattern}`{summary}",
        text(error.client),
        text(error.versions)
    )
}

/// The text with what Markdown would read as markup escaped, outside of `code`.
fn text(plain: &str) -> String {
    let mut in_code = false;
    let mut escaped = String::with_capacity(plain.len());
    for c in plain.chars() {
        in_code ^= c == '`';
        if !in_code && matches!(c, '<' | '*' | '_' | '[' | ']' | '|' | '\\' | '#') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{files, text};

    #[test]
    fn markup_is_escaped_outside_of_code() {
        assert_eq!(text("a*b_c <d> `e*f`"), "a\\*b\\_c \\<d> `e*f`");
    }

    #[test]
    fn each_fault_has_a_page() {
        assert_eq!(files().count(), 202);
        assert!(files().all(|(_, page)| page.ends_with('\n') && !page.ends_with("\n\n")));
    }
}
