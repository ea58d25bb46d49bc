//! Texts, taken apart into what is somebody's own and what is not.

use std::net::IpAddr;
use std::sync::LazyLock;

use regex::Regex;

use super::Redaction;

/// Services whose names have labels of their owner's before them.
pub(super) const SERVICES: [&str; 5] = ["kafka", "kafka-serverless", "vpce", "elb", "compute"];

/// What an ARN's resource begins with, where it says its type.
const TYPES: [&str; 24] = [
    "assumed-role",
    "cluster",
    "configuration",
    "event-source-mapping",
    "federated-user",
    "function",
    "group",
    "instance",
    "instance-profile",
    "key",
    "layer",
    "log-group",
    "network-interface",
    "policy",
    "role",
    "root",
    "secret",
    "security-group",
    "subnet",
    "topic",
    "transactional-id",
    "user",
    "vpc",
    "vpc-connection",
];

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Arn(&'a str),
    /// With at least two labels.
    Host(&'a str),
    /// An IP address or network.
    Address(&'a str),
    /// The id of a resource or a key, or a UUID.
    Other(&'a str),
    /// What a name may be.
    Word(&'a str),
    /// What is between.
    Plain(&'a str),
}

static TOKENS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?P<arn>arn:aws[a-z-]*:[a-z0-9*-]*:[a-z0-9*-]*:[0-9a-z*?]*:(?:\$\{[^}]*\}|[^\s',;<>(){}\[\]])+)",
        r"|(?P<uuid>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})",
        r"|(?P<key>\b(?:AKIA|ASIA|AROA|AIDA|AIPA|ANPA|ABIA|ACCA|ASCA)[A-Z0-9]{12,20}\b)",
        r"|(?P<id>\b(?:vpce-svc|vpce|vpc-cidr-assoc|vpc|subnet|sgr|sg|eni-attach|eni|rtbassoc|rtb|aclassoc|acl|igw|eigw|nat|pcx",
        r"|tgw-attach|tgw-rtb|tgw|vgw|cgw|vpn|pl|eipalloc|eipassoc|lgw|cagw|rslvr-in|rslvr-out|rslvr-rr|rslvr-fg|o|ou|i)-[0-9a-z]+(?:-[0-9a-z]+)*\b)",
        r"|(?P<v6>\[?[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:]*(?:/[0-9]{1,3})?)",
        r"|(?P<v4>\b[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}(?:/[0-9]{1,2})?\b)",
        r"|(?P<host>(?:\*\.)?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.[A-Za-z][A-Za-z-]*)",
        r"|(?P<word>[A-Za-z0-9][A-Za-z0-9_-]*)",
    ))
    .ok()
});

/// The parts of a text, in order.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut place = 0;
    let Some(regex) = &*TOKENS else {
        return vec![Token::Plain(text)];
    };
    for captures in regex.captures_iter(text) {
        let of = |name| captures.name(name).map(|found| found.as_str());
        let Some(whole) = captures.get(0) else {
            continue;
        };
        if place < whole.start() {
            found.push(Token::Plain(&text[place..whole.start()]));
        }
        place = whole.end();
        let own = whole.as_str();
        found.push(if let Some(arn) = of("arn") {
            Token::Arn(arn)
        } else if of("uuid").or(of("key")).or(of("id")).is_some() {
            Token::Other(own)
        } else if of("v6").or(of("v4")).is_some() {
            Token::Address(own)
        } else if of("host").is_some() {
            Token::Host(own)
        } else {
            Token::Word(own)
        });
    }
    if place < text.len() {
        found.push(Token::Plain(&text[place..]));
    }
    found
}

/// Whether it is an account's number.
pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether it is written like the name of a function, role, cluster or topic.
pub(super) fn is_plain_name(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.:@+=$".contains(c);
    !text.is_empty()
        && text.chars().all(is_part)
        && !text.starts_with("arn:")
        && matches!(
            tokens(text).as_slice(),
            [Token::Word(_)] | [Token::Word(_), Token::Plain(_), ..]
        )
}

/// Whether a host of AWS has its owner's labels.
pub(super) fn is_own_of_aws(host: &str) -> bool {
    let mut labels = host.split('.');
    let first = labels.next().unwrap_or_default();
    let is_endpoint = SERVICES.contains(&first);
    !is_endpoint && host.contains(".amazonaws.") && labels.any(|label| SERVICES.contains(&label))
}

/// Whether a label of an MSK host is MSK's own: `b-1`, `c2`, `scram`.
pub(super) fn is_of_msk(label: &str) -> bool {
    let number = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
    let broker = label
        .strip_prefix("b-")
        .map(|rest| rest.strip_suffix("-public").unwrap_or(rest));
    broker.is_some_and(number)
        || label.strip_prefix('c').is_some_and(number)
        || matches!(label, "iam" | "scram" | "tls" | "*")
        || crate::target::is_region(label)
}

/// Another id of the same kind and about the same length.
pub(super) fn renumbered(own: &str, number: usize) -> String {
    if is_account(own) {
        return format!("{:012}", 100_000_000_000 + number);
    }
    if own.len() == 36 && own.as_bytes().get(8) == Some(&b'-') {
        return format!("00000000-0000-4000-8000-{number:012x}");
    }
    if own
        .bytes()
        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    {
        let (kind, rest) = own.split_at(4);
        return format!("{kind}{number:0width$}", width = rest.len());
    }
    let kind = own.trim_end_matches(|c: char| c != '-');
    format!("{kind}{number:017x}")
}

/// The values of a distinguished name.
pub(super) fn distinguished(text: &str) -> impl Iterator<Item = &str> {
    text.split(", ")
        .filter_map(|part| Some(part.split_once('=')?.1))
}

/// An ARN, taken apart.
pub(super) struct Arn<'a> {
    before: &'a str,
    pub account: &'a str,
    resource: &'a str,
}

/// A part of an ARN's resource.
pub(super) enum Part<'a> {
    /// AWS's own: a type, a separator.
    Fixed(&'a str),
    Name(&'a str),
    /// An id or a UUID.
    Other(&'a str),
}

impl<'a> Arn<'a> {
    pub fn read(text: &'a str) -> Option<Self> {
        let ends: Vec<usize> = text
            .match_indices(':')
            .map(|(place, _)| place)
            .take(5)
            .collect();
        let [.., fourth, fifth] = *ends.as_slice() else {
            return None;
        };
        (ends.len() == 5).then(|| Self {
            before: &text[..=fourth],
            account: &text[fourth + 1..fifth],
            resource: &text[fifth + 1..],
        })
    }

    /// The parts of the resource. AWS's own policies and roles have no names of anybody's.
    pub fn parts(&self) -> Vec<Part<'a>> {
        let is_aws = self.account == "aws" || self.resource.contains("aws-service-role/");
        if is_aws {
            return vec![Part::Fixed(self.resource)];
        }
        let mut parts = Vec::new();
        let mut rest = self.resource;
        let mut is_first = true;
        while !rest.is_empty() {
            if let Some(end) = rest.strip_prefix("${").and_then(|own| own.find('}')) {
                let (variable, more) = rest.split_at(end + 3);
                parts.push(Part::Fixed(variable));
                rest = more;
                continue;
            }
            if let Some(separator) = rest.chars().next().filter(|c| matches!(c, '/' | ':' | '"')) {
                let (separator, more) = rest.split_at(separator.len_utf8());
                parts.push(Part::Fixed(separator));
                rest = more;
                continue;
            }
            let end = rest
                .find(['/', ':', '$', '"'])
                .filter(|end| *end > 0)
                .unwrap_or(rest.len());
            let (own, more) = rest.split_at(end.max(1));
            rest = more;
            match tokens(own).as_slice() {
                _ if is_first && TYPES.contains(&own) => parts.push(Part::Fixed(own)),
                [Token::Other(_)] => parts.push(Part::Other(own)),
                _ if is_account(own) => parts.push(Part::Other(own)),
                // A UUID of MSK has a number after it.
                [Token::Other(uuid), ..] if uuid.len() == 36 => {
                    let (uuid, number) = own.split_at(36);
                    parts.extend([Part::Other(uuid), Part::Fixed(number)]);
                }
                _ => parts.push(Part::Name(own)),
            }
            is_first = false;
        }
        parts
    }
}

impl Redaction {
    /// A text of any kind.
    pub(super) fn text(&self, text: &str) -> String {
        let tokens = tokens(text);
        let is_alone = tokens.len() == 1;
        let parts = tokens.into_iter().map(|token| match token {
            Token::Arn(arn) => self.arn(arn),
            Token::Other(other) => self.vocabulary.other(other),
            Token::Address(address) => self.address(address),
            Token::Host(host) if is_own_of_aws(host) || self.vocabulary.is_host(host) => {
                self.vocabulary.host(host)
            }
            Token::Word(word) if self.vocabulary.is_account(word) => self.vocabulary.other(word),
            // A word alone is one of the format's.
            Token::Word(word) if !is_alone && self.vocabulary.is_name(word) => {
                self.vocabulary.name(word)
            }
            Token::Host(other) | Token::Word(other) | Token::Plain(other) => other.to_owned(),
        });
        parts.collect()
    }

    /// A distinguished name of nobody known.
    pub(super) fn distinguished(&self, text: &str) -> String {
        let parts = text.split(", ").map(|part| match part.split_once('=') {
            Some((kind, value)) if !matches!(tokens(value).as_slice(), [Token::Host(_)]) => {
                format!("{kind}={}", self.vocabulary.name(value))
            }
            _ => self.text(part),
        });
        parts.collect::<Vec<_>>().join(", ")
    }

    fn address(&self, text: &str) -> String {
        let (open, bare) = match text.strip_prefix('[') {
            Some(bare) => ("[", bare),
            None => ("", text),
        };
        let (address, prefix) = match bare.split_once('/') {
            Some((address, prefix)) => (address, prefix.parse::<u8>().ok()),
            None => (bare, None),
        };
        // A colon after it is of the sentence.
        let plain = address.trim_end_matches(':');
        let (address, colon) = match plain.parse::<IpAddr>() {
            Ok(parsed) if !address.ends_with("::") => (Ok(parsed), &address[plain.len()..]),
            _ => (address.parse::<IpAddr>(), ""),
        };
        match address {
            Ok(address) => {
                let mapped = self.addresses.address(address, prefix);
                let prefix = prefix.map_or_else(String::new, |prefix| format!("/{prefix}"));
                format!("{open}{mapped}{prefix}{colon}")
            }
            Err(_) => text.to_owned(),
        }
    }

    fn arn(&self, text: &str) -> String {
        let Some(arn) = Arn::read(text) else {
            return text.to_owned();
        };
        let parts = arn.parts().into_iter().map(|part| match part {
            Part::Fixed(own) => own.to_owned(),
            Part::Name(name) => self.vocabulary.name(name),
            Part::Other(other) => self.vocabulary.other(other),
        });
        format!(
            "{}{}:{}",
            arn.before,
            self.vocabulary.other(arn.account),
            parts.collect::<String>()
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Redaction, address::Addresses, vocabulary::Vocabulary};

    /// What a text becomes beside a role, a function and a host of its owner's.
    fn redacted(text: &str) -> String {
        let case = json!({
            "role": "arn:aws:iam::111122223333:role/orders-writer",
            "function": "orders-writer",
            "cluster": "demo",
            "host": "kafka.corp.example",
            "broker": "b-1.demo.abc123.c2.kafka.eu-west-1.amazonaws.com:9098",
            "text": text,
        });
        let redaction = Redaction {
            vocabulary: Vocabulary::of(&case, &[]),
            addresses: Addresses::new([1; 16]),
        };
        redaction.text(text)
    }

    #[test]
    fn what_is_somebodys_own_goes() {
        for (text, gone, stays) in [
            (
                "arn:aws:iam::111122223333:role/orders-writer",
                "orders",
                "arn:aws:iam::",
            ),
            ("arn:aws:iam::111122223333:role/orders-*", "orders", "-*"),
            (
                "arn:aws:kafka:eu-west-1:111122223333:topic/demo/*/${aws:PrincipalTag/team}-x",
                "demo",
                "/*/${aws:PrincipalTag/team}-",
            ),
            (
                "b-1.demo.abc123.c2.kafka.eu-west-1.amazonaws.com:9098",
                "abc123",
                "kafka.eu-west-1.amazonaws.com:9098",
            ),
            (
                "cannot reach kafka.corp.example: refused",
                "corp",
                ".example: refused",
            ),
            (
                "role orders-writer of account 111122223333",
                "111122223333",
                "role ",
            ),
            (
                "eni-0123456789abcdef0 in sg-0a, vpce-svc-01",
                "0123456789abcdef0",
                "vpce-svc-",
            ),
            (
                "from 10.20.30.40:5000 to 18.33.44.55",
                "18.33.44.55",
                ".30.40:5000",
            ),
            ("AKIAIOSFODNN7EXAMPLE", "IOSFODNN", "AKIA"),
            (
                "[58d7fe52-8ee1-419d-9aec-a3f7429b5dbc]: Access denied",
                "58d7fe52",
                "Access denied",
            ),
        ] {
            let found = redacted(text);
            assert!(!found.contains(gone), "{text}: {found}");
            assert!(found.contains(stays), "{text}: {found}");
        }
    }

    #[test]
    fn what_is_aws_stays() {
        for text in [
            "arn:aws:iam::aws:policy/AmazonMSKReadOnlyAccess",
            "sts.eu-west-1.amazonaws.com did not answer",
            "kafka.eu-west-1.amazonaws.com",
            "169.254.169.254 and 127.0.0.1, ::1 at 12:30:45",
            "TLSv1.3 and 3.9.2",
            "kafka-cluster:Connect on *",
        ] {
            assert_eq!(redacted(text), text);
        }
    }
}
