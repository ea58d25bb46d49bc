//! A case, judged and reported in every way; nothing of it may panic.

use msk_doctor::case::Case;
use msk_doctor::diagnosis::conclude;
use msk_doctor::redact::redact;
use msk_doctor::report::{Report, json, text};

/// Judges a case, renders the reports and redacts it. The verdict's exit code.
pub fn reported(case: &Case) -> u8 {
    let report = Report::new(case, &conclude(case));
    assert!(report.exit_code <= 3);
    let mut out = Vec::new();
    json::render(&report, &mut out).expect("it is written");
    for ascii in [false, true] {
        let style = text::Style {
            width: 80,
            ascii,
            color: false,
        };
        let mut page = Vec::new();
        text::render(&report, style, &mut page).expect("it is written");
        let page = String::from_utf8(page).expect("text");
        let raw = |c: char| c.is_control() && c != '\n';
        assert!(
            !page.contains(raw),
            "a control character gets to the terminal"
        );
        assert!(!ascii || page.is_ascii(), "not ASCII");
    }
    // A case whose redacted form would be judged otherwise is refused.
    if let Ok(redacted) = redact(case, &[]) {
        assert_eq!(redacted.observations.len(), case.observations.len());
    }
    report.exit_code
}
