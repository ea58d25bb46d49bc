//! Policy variables: `${aws:username}`, `${aws:userid, 'nobody'}`, `${*}`, `${?}`, `${$}`.
//!
//! Source: IAM User Guide, "IAM policy elements: Variables and tags".

use std::collections::BTreeSet;

use super::answer::{Answer, Missing};
use super::context::{Context, Known};
use super::document::Version;
use super::matching::Token;

/// How to read a text of a policy.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading<'a> {
    /// Variables exist since 2012-10-17; before, `${` is itself.
    pub version: Version,
    /// Where variables get their values.
    pub context: &'a Context,
    /// Whether `*` and `?` are wildcards here.
    pub wildcards: bool,
}

/// A text with its variables replaced.
#[derive(Debug)]
pub(super) struct Expanded {
    /// What to match; a variable of unknown value stands as `*`.
    pub tokens: Vec<Token>,
    /// Why the text is not known as a whole.
    missing: BTreeSet<Missing>,
    /// A variable whose key the request does not have, without default: the text matches nothing.
    absent: Option<String>,
}

impl Expanded {
    /// Whether the text matches, by this way of matching.
    ///
    /// An absent key makes it no. Where that would make a *negated* element apply, AWS says only that the whole statement
    /// may be invalid: use [`Expanded::absent`] there.
    pub fn matched(&self, matching: impl FnOnce(&[Token]) -> Answer) -> Answer {
        if self.absent.is_some() {
            return Answer::No;
        }
        match matching(&self.tokens) {
            Answer::No => Answer::No,
            Answer::Yes if self.missing.is_empty() => Answer::Yes,
            Answer::Yes => Answer::Unknown(self.missing.clone()),
            Answer::Unknown(mut more) => {
                more.extend(self.missing.iter().cloned());
                Answer::Unknown(more)
            }
        }
    }

    /// The variable that the request has no key for, as a missing fact.
    pub fn absent(&self) -> Option<Missing> {
        self.absent
            .clone()
            .map(|variable| Missing::Variable { variable })
    }

    /// The text, where it is known and has no wildcards.
    pub fn literal(&self) -> Option<String> {
        if !self.missing.is_empty() || self.absent.is_some() {
            return None;
        }
        self.tokens
            .iter()
            .map(|token| match token {
                Token::Char(c) => Some(*c),
                Token::One | Token::Any => None,
            })
            .collect()
    }
}

/// Reads a text of a policy, variables replaced.
pub(super) fn expand(text: &str, reading: Reading<'_>) -> Expanded {
    let mut found = Expanded {
        tokens: Vec::with_capacity(text.len()),
        missing: BTreeSet::new(),
        absent: None,
    };
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if reading.version == Version::V2012 && rest.starts_with("${") {
            let inside = &rest[2..];
            if let Some(end) = inside.find('}') {
                found.put(&inside[..end], reading.context);
                rest = &inside[end + 1..];
                continue;
            }
            // AWS takes no such document: what it means is nobody's guess.
            found.lacks(inside);
        }
        found.tokens.push(match c {
            '*' if reading.wildcards => Token::Any,
            '?' if reading.wildcards => Token::One,
            c => Token::Char(c),
        });
        rest = &rest[c.len_utf8()..];
    }
    found
}

impl Expanded {
    fn put(&mut self, variable: &str, context: &Context) {
        if let "*" | "?" | "$" = variable {
            self.literally(variable);
            return;
        }
        let (key, default) = match variable.split_once(',') {
            Some((key, default)) => match quoted(default.trim()) {
                Some(default) => (key.trim(), Some(default)),
                None => return self.lacks(variable),
            },
            None => (variable.trim(), None),
        };
        match (context.get(key), default) {
            (Known::Values { values }, _) => match &values[..] {
                [value] => self.literally(value),
                // Multivalued keys can't be variables ("Single-valued vs. multivalued context keys").
                _ => self.lacks(variable),
            },
            (Known::Absent, Some(default)) => self.literally(default),
            (Known::Absent, None) => {
                self.absent.get_or_insert_with(|| variable.to_owned());
            }
            (Known::Nothing | Known::Present, _) => {
                self.missing.insert(Missing::Key {
                    key: key.to_lowercase(),
                });
                self.tokens.push(Token::Any);
            }
        }
    }

    /// What comes out of a variable has no wildcards.
    fn literally(&mut self, text: &str) {
        self.tokens.extend(text.chars().map(Token::Char));
    }

    fn lacks(&mut self, variable: &str) {
        self.missing.insert(Missing::Variable {
            variable: variable.to_owned(),
        });
        self.tokens.push(Token::Any);
    }
}

fn quoted(text: &str) -> Option<&str> {
    text.strip_prefix('\'')?.strip_suffix('\'')
}
