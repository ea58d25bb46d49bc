//! What is done is said first, and asked for.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};

use anyhow::Result;
use msk_doctor::remote::plan::Plan;

use super::wrong;

/// Shows a plan on standard error: standard output is the report's.
pub fn show(plan: &Plan, bytes: usize) {
    /// Megabytes of so many bytes: no package has more than fit exactly.
    #[expect(clippy::cast_precision_loss)]
    fn megabytes(bytes: usize) -> f64 {
        bytes as f64 / (1024.0 * 1024.0)
    }
    let mut text = String::from("msk-doctor will\n");
    for step in plan.steps(megabytes(bytes)) {
        let _ = writeln!(text, "  · {step}");
    }
    text.push_str("you need\n");
    for permission in plan.permissions() {
        let _ = writeln!(text, "  · {permission}");
    }
    let _ = writeln!(text, "it costs at most {:.6} USD", plan.cost());
    // Whoever closed standard error does not want to know.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Asks on the terminal; without one it is refused.
pub fn ask(question: &str) -> Result<()> {
    if !std::io::stdin().is_terminal() {
        return Err(wrong(format!(
            "{question} nobody is there to say so: --yes says it, --dry-run only shows it"
        )));
    }
    eprint!("{question} [y/N] ");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        return Ok(());
    }
    Err(wrong("nothing was done"))
}
