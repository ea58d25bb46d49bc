//! Wildcards: `*` for any characters, `?` for one.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Resource" and "… : Condition operators".

/// A piece of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// This character.
    Char(char),
    /// `?`: one character.
    One,
    /// `*`: any characters, also none.
    Any,
}

/// A pattern as it is written, with wildcards.
pub(super) fn wild(text: &str) -> Vec<Token> {
    text.chars()
        .map(|c| match c {
            '*' => Token::Any,
            '?' => Token::One,
            c => Token::Char(c),
        })
        .collect()
}

/// Whether a pattern matches the whole of a text. Time is at worst the product of the two lengths.
pub(super) fn matches(pattern: &[Token], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut next) = (0, 0);
    // The last `*`, and where its match ends for now: only that one needs to be tried again.
    let mut star: Option<(usize, usize)> = None;
    while at < text.len() {
        match pattern.get(next) {
            Some(Token::Any) => {
                star = Some((next, at));
                next += 1;
            }
            Some(Token::One) => {
                at += 1;
                next += 1;
            }
            Some(Token::Char(c)) if *c == text[at] => {
                at += 1;
                next += 1;
            }
            _ => match star {
                Some((place, end)) => {
                    star = Some((place, end + 1));
                    at = end + 1;
                    next = place + 1;
                }
                None => return false,
            },
        }
    }
    pattern[next..].iter().all(|token| *token == Token::Any)
}

/// Whether action names are the same: they are compared without regard to case.
pub(super) fn action_matches(pattern: &str, action: &str) -> bool {
    if pattern.is_ascii() && action.is_ascii() && !pattern.contains(['*', '?']) {
        return pattern.eq_ignore_ascii_case(action);
    }
    matches(&wild(&pattern.to_lowercase()), &action.to_lowercase())
}

/// Whether a pattern matches as far as AWS promises: `*` and `?` stay within their segment between colons, except a `*`
/// that ends its segment.
pub(super) fn matches_in_segments(pattern: &[Token], text: &str) -> bool {
    // Which places of the pattern can be reached after each character.
    let mut reached = vec![false; pattern.len() + 1];
    reached[0] = true;
    skip_stars(pattern, &mut reached);
    for c in text.chars() {
        let mut after = vec![false; pattern.len() + 1];
        for (place, token) in pattern.iter().enumerate() {
            if !reached[place] {
                continue;
            }
            match token {
                Token::Char(own) if *own == c => after[place + 1] = true,
                Token::One if c != ':' => after[place + 1] = true,
                Token::Any if c != ':' || ends_segment(pattern, place) => after[place] = true,
                Token::Char(_) | Token::One | Token::Any => {}
            }
        }
        skip_stars(pattern, &mut after);
        reached = after;
    }
    reached[pattern.len()]
}

fn ends_segment(pattern: &[Token], place: usize) -> bool {
    matches!(pattern.get(place + 1), None | Some(Token::Char(':')))
}

fn skip_stars(pattern: &[Token], reached: &mut [bool]) {
    for (place, token) in pattern.iter().enumerate() {
        if reached[place] && *token == Token::Any {
            reached[place + 1] = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_the_whole_text() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("?", "", false),
            ("?", "é", true),
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("**", "anything", true),
            ("Abc", "abc", false),
        ] {
            assert_eq!(matches(&wild(pattern), text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn only_a_star_that_ends_its_segment_matches_colons() {
        for (pattern, text, expected) in [
            ("a:*", "a:b:c", true),
            ("a*:d", "a:b:c:d", true),
            ("a:*c", "a:b:c", false),
            ("a:?:c", "a:b:c", true),
            ("a?b", "a:b", false),
            ("*", "a:b", true),
            ("a:*/x", "a:b/x", true),
        ] {
            assert_eq!(
                matches_in_segments(&wild(pattern), text),
                expected,
                "{pattern} {text}"
            );
        }
    }

    #[test]
    fn many_stars_do_not_take_for_ever() {
        let pattern = wild(&"*a".repeat(1_000));
        let text = "a".repeat(999) + "b";
        assert!(!matches(&pattern, &text));
        assert!(!matches_in_segments(&pattern, &text));
    }
}
