//! `--output github`: annotations of a workflow run.
//!
//! Source: <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>.

use std::io::{self, Write};

use super::Summary;
use super::item::{Item, Level};

/// GitHub shows so many annotations of a kind in a step.
const MOST: usize = 10;

/// Writes a line for each annotation.
///
/// # Errors
/// When writing fails.
pub fn render(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    for (level, command) in [
        (Level::Error, "error"),
        (Level::Warning, "warning"),
        (Level::Note, "notice"),
    ] {
        let own: Vec<&Item> = summary
            .items
            .iter()
            .filter(|item| item.level == level)
            .collect();
        // The last notice is the verdict.
        let most = if level == Level::Note { MOST - 1 } else { MOST };
        let shown = if own.len() > most {
            most - 1
        } else {
            own.len()
        };
        for item in &own[..shown] {
            let subjects = item.subjects.join(", ");
            let mut text = item.text.clone();
            for more in [subjects, item.fix.join("\n")] {
                if !more.is_empty() {
                    text = format!("{text}\n{more}");
                }
            }
            line(command, &item.name(), &text, out)?;
        }
        if shown < own.len() {
            let more = format!("{} more of this kind: see the report", own.len() - shown);
            line(command, "msk-doctor", &more, out)?;
        }
    }
    line("notice", "msk-doctor", &summary.headline, out)
}

fn line(command: &str, title: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "::{command} title={}::{}",
        escaped(title).replace(':', "%3A").replace(',', "%2C"),
        escaped(text)
    )
}

/// Text that ends no command and begins none.
fn escaped(text: &str) -> String {
    crate::text::escaped(
        &text
            .replace('%', "%25")
            .replace('\r', "%0D")
            .replace('\n', "%0A"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_begin_a_command() {
        let mut out = Vec::new();
        line("error", "a: b, 5%", "x\r\n::stop-commands::y", &mut out).expect("written");
        assert_eq!(
            String::from_utf8_lossy(&out),
            "::error title=a%3A b%2C 5%25::x%0D%0A::stop-commands::y\n"
        );
    }
}
