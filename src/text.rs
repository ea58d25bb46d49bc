//! Strangers' text: what a terminal could obey, and two ways to write it so that none can.

use std::io;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{Formatter, PrettyFormatter};

/// Whether a terminal, or a reader's eye, could take `c` for more than a character: controls, and what is
/// invisible or turns the direction of writing.
#[must_use]
pub fn could_be_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{e0000}'..='\u{e0fff}')
}

/// `text` with all that could be obeyed as `\u{..}`.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if could_be_obeyed(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// `value` as indented JSON and a newline. What could be obeyed stands as `\uXXXX` in its strings: whoever parses
/// it gets the very characters, and whoever prints the file is safe.
///
/// # Errors
/// When writing fails.
pub fn write_json(value: &impl Serialize, mut out: impl io::Write) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut out, Safe::default()))?;
    out.write_all(b"\n")
}

/// As [`write_json`], into a string.
///
/// # Errors
/// When `value` has no form in JSON.
pub fn json(value: &impl Serialize) -> io::Result<String> {
    let mut bytes = Vec::new();
    write_json(value, &mut bytes)?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

/// `text` with all that could be obeyed as `\u{..}`, but the ends of its lines.
#[must_use]
pub fn escaped_lines(text: &str) -> String {
    let mut out: String = text.lines().map(|line| escaped(line) + "\n").collect();
    if !text.ends_with('\n') {
        out.pop();
    }
    out
}

/// [`PrettyFormatter`] with other strings.
#[derive(Default)]
struct Safe<'a>(PrettyFormatter<'a>);

impl Formatter for Safe<'_> {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| could_be_obeyed(*c)) {
            out.write_all(&rest.as_bytes()[..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        out.write_all(rest.as_bytes())
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}

/// A word for a POSIX shell, quoted where it must be.
#[must_use]
pub fn shell_word(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:@".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_could_be_obeyed_is_shown_by_its_number() {
        let rows = [
            ("a\u{1b}[2J\u{7}\n", "a\\u{1b}[2J\\u{7}\\u{a}"),
            (
                "\u{9b}31m\u{85}\u{ad}\u{61c}",
                "\\u{9b}31m\\u{85}\\u{ad}\\u{61c}",
            ),
            ("\u{2028}\u{202e}\u{2066}", "\\u{2028}\\u{202e}\\u{2066}"),
            ("\u{e0041}\u{180e}", "\\u{e0041}\\u{180e}"),
            ("b-1 é 中 ✓ 🚀", "b-1 é 中 ✓ 🚀"),
        ];
        for (text, want) in rows {
            assert_eq!(escaped(text), want);
        }
    }

    #[test]
    fn json_is_indented_as_ever_and_its_strings_are_safe() {
        let value = BTreeMap::from([("a\u{202e}", vec!["\u{9b}\u{1b}\"", "\u{e0041}é"])]);
        let want =
            "{\n  \"a\\u202e\": [\n    \"\\u009b\\u001b\\\"\",\n    \"\\udb40\\udc41é\"\n  ]\n}\n";
        assert_eq!(json(&value).expect("JSON"), want);
        let empty = serde_json::json!({ "list": [], "map": {}, "none": null, "number": 1.5 });
        let usual = serde_json::to_string_pretty(&empty).expect("JSON") + "\n";
        assert_eq!(json(&empty).expect("JSON"), usual);
    }

    proptest! {
        #[test]
        fn no_text_is_harmed_and_none_is_obeyed(text in "\\PC*|.{0,40}|[\\x00-\\xad\\u{2000}-\\u{2070}\\u{e0000}-\\u{e0fff}]{0,40}") {
            prop_assert!(!escaped(&text).chars().any(could_be_obeyed));
            let written = json(&text).expect("JSON");
            prop_assert!(!written.trim_end().chars().any(could_be_obeyed));
            prop_assert_eq!(serde_json::from_str::<String>(&written).expect("JSON"), text);
        }
    }
}
