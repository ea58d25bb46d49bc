//! `--output markdown`: for a pull request or a step's summary.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::Summary;
use super::item::Item;
use crate::diagnosis::Verdict;

/// A step's summary is less than 1 MiB; a comment less than 65,536 characters, and this fits both with some to spare.
const MOST: usize = 60_000;

/// Writes it.
///
/// # Errors
/// When writing fails.
pub fn render(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let sign = match summary.verdict {
        Verdict::Healthy => "✅",
        Verdict::Faulty => "❌",
        Verdict::Inconclusive => "❓",
    };
    let mut text = format!("## {sign} msk-doctor: {}\n\n", escaped(&summary.headline));
    if summary.outcomes.len() > 1 {
        for outcome in &summary.outcomes {
            let name = outcome.target.as_deref().unwrap_or_default();
            let _ = writeln!(text, "- {}: {}", escaped(name), escaped(&outcome.headline));
        }
        text.push('\n');
    }
    let items = &summary.items;
    let mut left = items.len();
    for item in items {
        let one = section(item);
        if text.len() + one.len() > MOST {
            let _ = writeln!(text, "… and {left} more: see the report in JSON");
            break;
        }
        text.push_str(&one);
        left -= 1;
    }
    out.write_all(text.as_bytes())
}

fn section(item: &Item) -> String {
    let mut text = format!("### {}: {}\n\n", item.level.name(), escaped(&item.name()));
    if let Some(accepted) = &item.accepted {
        let _ = writeln!(text, "*{}*\n", escaped(accepted));
    }
    if !item.subjects.is_empty() {
        let _ = writeln!(text, "{}\n", escaped(&item.subjects.join(", ")));
    }
    let _ = writeln!(text, "{}\n", escaped(&item.text));
    for fix in &item.fix {
        let _ = writeln!(text, "- {}", escaped(fix));
    }
    if !item.fix.is_empty() {
        text.push('\n');
    }
    text
}

/// Text without meaning to Markdown or HTML, in one line, that mentions nobody.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in crate::text::escaped(&text.replace(['\r', '\n'], " ")).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strangers_text_has_no_meaning() {
        assert_eq!(
            escaped("<img>\n# @all [x](y) `z`"),
            "&lt;img&gt; \\# &#64;all \\[x\\](y) \\`z\\`"
        );
    }
}
