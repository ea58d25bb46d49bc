//! From what was pasted, printed or sent to the presigned URL inside.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::problem::TokenProblem;

/// Wrappings within wrappings that are taken off; more is not a mistake but a game.
const DEEPEST: usize = 8;

/// Takes every wrapping off and notes it. `None` if nothing is left.
pub(super) fn peel(text: &str, problems: &mut Vec<TokenProblem>) -> Option<String> {
    let sent = without_line_end(text);
    let mut spaced = sent != sent.trim() || sent.starts_with('\u{feff}');
    let mut inside = trim(sent);
    let mut in_tuple = false;
    for _ in 0..DEEPEST {
        let Some((problem, next)) = peel_once(inside) else {
            break;
        };
        // The quotes within a tuple are part of how Python prints it.
        if !(in_tuple && problem == TokenProblem::Quoted) {
            in_tuple |= problem == TokenProblem::PythonTuple;
            problems.push(problem);
        }
        inside = trim(next);
    }
    let mut token: String = inside.to_owned();
    if token.contains(char::is_whitespace) {
        spaced = true;
        token.retain(|c| !c.is_whitespace());
    }
    if token.is_empty() {
        problems.push(TokenProblem::Empty);
        return None;
    }
    if spaced {
        problems.push(TokenProblem::Whitespace);
    }
    Some(token)
}

/// The presigned URL, or what can be read of it.
pub(super) fn decode(token: &str, problems: &mut Vec<TokenProblem>) -> Option<String> {
    if is_url(token) {
        problems.push(TokenProblem::NotEncoded);
        return Some(token.to_owned());
    }
    if token.starts_with('{') {
        problems.push(TokenProblem::JsonObject);
        return None;
    }
    if token.starts_with("eyJ") && token.split('.').count() == 3 {
        problems.push(TokenProblem::Jwt);
        return None;
    }
    let url = from_base64(token, problems)?;
    if is_url(&url) {
        Some(url)
    } else {
        problems.push(TokenProblem::NotUrl);
        None
    }
}

fn without_line_end(text: &str) -> &str {
    text.strip_suffix("\r\n")
        .or_else(|| text.strip_suffix('\n'))
        .unwrap_or(text)
}

fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
}

fn peel_once(text: &str) -> Option<(TokenProblem, &str)> {
    for prefix in ["auth=Bearer", "Authorization: Bearer", "Bearer"] {
        if let Some(start) = text.get(..prefix.len())
            && start.eq_ignore_ascii_case(prefix)
            && text[prefix.len()..].starts_with(char::is_whitespace)
        {
            return Some((TokenProblem::BearerPrefix, &text[prefix.len()..]));
        }
    }
    if let Some(inside) = text.strip_prefix(['(', '[']) {
        return Some((TokenProblem::PythonTuple, first_element(inside)));
    }
    if text.starts_with("b'") || text.starts_with("b\"") {
        return Some((TokenProblem::PythonBytes, quoted(&text[1..])));
    }
    text.starts_with(['\'', '"'])
        .then(|| (TokenProblem::Quoted, quoted(text)))
}

/// `text` begins with a quote: what follows, up to the same quote or the end.
fn quoted(text: &str) -> &str {
    let quote = &text[..1];
    text[1..].split(quote).next().unwrap_or_default()
}

fn first_element(text: &str) -> &str {
    text.split([',', ')', ']']).next().unwrap_or_default()
}

fn is_url(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

fn from_base64(token: &str, problems: &mut Vec<TokenProblem>) -> Option<String> {
    let mut symbols = token.trim_end_matches('=');
    if symbols.len() < token.len() {
        problems.push(TokenProblem::Padded);
    }
    let url_safe = symbols.replace('+', "-").replace('/', "_");
    if url_safe != symbols {
        problems.push(TokenProblem::StandardBase64);
        symbols = &url_safe;
    }
    if let Some(at) = symbols
        .chars()
        .position(|c| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))
    {
        problems.push(TokenProblem::NotBase64Url { at: at + 1 });
        return None;
    }
    // Four symbols make three bytes: one symbol over is six bits of a byte, whose other two were cut off.
    let whole = symbols.len() - usize::from(symbols.len() % 4 == 1);
    let bytes = lenient().decode(&symbols[..whole]).unwrap_or_default();
    if whole < symbols.len() || strict().decode(symbols).is_err() {
        problems.push(TokenProblem::Truncated);
    }
    if let Ok(url) = String::from_utf8(bytes) {
        return Some(url);
    }
    problems.push(TokenProblem::NotUtf8);
    None
}

fn strict() -> GeneralPurpose {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::RequireNone);
    GeneralPurpose::new(&URL_SAFE, config)
}

fn lenient() -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&URL_SAFE, config)
}
