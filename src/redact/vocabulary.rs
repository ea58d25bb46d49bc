//! What is somebody's own in a case, and what it is called instead. The new names sort as the old ones do.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::text::{self, Token};
use crate::aws::files::key_of;

/// Words that are nobody's own.
const COMMON: [&str; 9] = [
    "LATEST",
    "amazon",
    "aws",
    "b",
    "canary",
    "consumer",
    "offsets",
    "service",
    "transaction",
];

/// The keys under which a name stands.
const NAMES: [&str; 18] = [
    "cluster",
    "clustername",
    "consumergroupid",
    "function",
    "functionname",
    "group",
    "groupname",
    "name",
    "policyname",
    "policynames",
    "role",
    "rolename",
    "sourcegroupname",
    "topic",
    "topics",
    "username",
    "instanceprofilename",
    "principal",
];

/// Those under which a host's stands.
const HOSTS: [&str; 10] = [
    "broker",
    "cnames",
    "dnsname",
    "domainname",
    "host",
    "name",
    "record",
    "sans",
    "sni",
    "subject",
];

/// Whether a key's text is a name.
pub(super) fn names_something(key: &str) -> bool {
    NAMES.contains(&plain(key).as_str())
}

fn plain(key: &str) -> String {
    key.replace('_', "").to_ascii_lowercase()
}

/// The mapping of names, ids and accounts.
#[derive(Debug)]
pub(super) struct Vocabulary {
    names: BTreeSet<String>,
    hosts: BTreeSet<String>,
    /// ARNs by what they are as the name of a file.
    flat: BTreeMap<String, String>,
    words: BTreeMap<String, String>,
    /// Ids, keys, UUIDs and accounts.
    others: BTreeMap<String, String>,
}

impl Vocabulary {
    /// What a case has.
    pub fn of(case: &Value, keep: &[String]) -> Self {
        let mut found = Found::default();
        found.value(None, case);
        let mut words = BTreeSet::new();
        for name in &found.names {
            words.extend(words_of(name));
        }
        for host in &found.hosts {
            words.extend(
                host_labels(host)
                    .filter(|label| label.is_own)
                    .flat_map(|label| words_of(label.text)),
            );
        }
        words.extend(found.words);
        words.retain(|word| {
            let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
            !is_number && !COMMON.contains(&word.as_str()) && !keep.contains(word)
        });
        let width = words.len().to_string().len();
        let words = words.into_iter().enumerate();
        Self {
            words: words
                .map(|(number, word)| (word, format!("n{number:0width$}")))
                .collect(),
            names: found.names,
            hosts: found.hosts,
            flat: found.flat,
            others: numbered(found.others),
        }
    }

    /// Whether it is a name of the case.
    pub fn is_name(&self, text: &str) -> bool {
        self.names.contains(text)
    }

    /// Whether it is a name of the case, or one and something after it.
    pub fn begins_with_name(&self, key: &str) -> bool {
        self.is_name(key)
            || key
                .match_indices(['.', '_'])
                .any(|(end, _)| self.names.contains(&key[..end]))
    }

    /// Whether it is a host of the case that is not AWS's.
    pub fn is_host(&self, text: &str) -> bool {
        self.hosts.contains(&text.to_ascii_lowercase())
    }

    /// The ARN that stands in a file's name.
    pub fn arn_of(&self, flat: &str) -> Option<&str> {
        self.flat.get(flat).map(String::as_str)
    }

    /// A name, word by word.
    pub fn name(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut word = String::new();
        for c in text.chars().chain([' ']) {
            if c.is_ascii_alphanumeric() {
                word.push(c);
                continue;
            }
            match self.words.get(&word) {
                Some(other) => out.push_str(other),
                None => out.push_str(&word),
            }
            word.clear();
            out.push(c);
        }
        out.pop();
        out
    }

    /// A host's name, but what is AWS's in it.
    pub fn host(&self, text: &str) -> String {
        let lower = text.to_ascii_lowercase();
        let labels = host_labels(&lower).map(|label| {
            if label.is_own {
                self.name(label.text)
            } else {
                label.text.to_owned()
            }
        });
        labels.collect::<Vec<_>>().join(".")
    }

    /// An id, a key, a UUID or an account.
    pub fn other(&self, text: &str) -> String {
        self.others
            .get(text)
            .cloned()
            .unwrap_or_else(|| text.to_owned())
    }

    /// Whether it is an account of the case.
    pub fn is_account(&self, text: &str) -> bool {
        text.len() == 12 && self.others.contains_key(text)
    }
}

fn words_of(name: &str) -> impl Iterator<Item = String> {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(|word| !word.is_empty()).map(ToOwned::to_owned)
}

struct Label<'a> {
    text: &'a str,
    is_own: bool,
}

/// The labels of a host, in order.
fn host_labels(host: &str) -> impl Iterator<Item = Label<'_>> {
    let labels: Vec<&str> = host.split('.').collect();
    let aws = labels.iter().position(|label| *label == "amazonaws");
    // kafka, vpce, elb, …, then perhaps a region.
    let service = aws.map(|aws| {
        let is_service = |label: &&str| text::SERVICES.contains(label);
        labels[..aws].iter().rposition(is_service).unwrap_or(0)
    });
    let top = labels.len().saturating_sub(1);
    labels
        .into_iter()
        .enumerate()
        .map(move |(place, label)| Label {
            text: label,
            is_own: match service {
                Some(service) => place < service && !text::is_of_msk(label),
                None => place < top && label != "*",
            },
        })
}

/// The same in the same order, with numbers of the same length for what is after the kind.
fn numbered(all: BTreeSet<String>) -> BTreeMap<String, String> {
    let all = all.into_iter().enumerate();
    all.map(|(number, own)| {
        let other = text::renumbered(&own, number);
        (own, other)
    })
    .collect()
}

#[derive(Default)]
struct Found {
    names: BTreeSet<String>,
    hosts: BTreeSet<String>,
    flat: BTreeMap<String, String>,
    words: BTreeSet<String>,
    others: BTreeSet<String>,
}

impl Found {
    fn value(&mut self, key: Option<&str>, value: &Value) {
        match value {
            Value::String(text) => self.string(key, text),
            Value::Array(all) => all.iter().for_each(|one| self.value(key, one)),
            Value::Object(fields) => {
                for (key, value) in fields {
                    self.key(key);
                    self.value(Some(key), value);
                }
            }
            _ => {}
        }
    }

    fn key(&mut self, key: &str) {
        // arn_aws_iam__ACCOUNT_policy_NAME
        if let ["arn", partition, service, region, account, resource] =
            key.splitn(6, '_').collect::<Vec<_>>().as_slice()
        {
            let resource = resource.replacen('_', "/", 1);
            self.arn(&format!(
                "arn:{partition}:{service}:{region}:{account}:{resource}"
            ));
        }
        self.text(key);
    }

    fn string(&mut self, key: Option<&str>, text: &str) {
        if let Ok(inner @ Value::Object(_)) = serde_json::from_str::<Value>(text) {
            self.value(None, &inner);
            return;
        }
        let key = key.map(plain).unwrap_or_default();
        if matches!(key.as_str(), "account" | "ownerid" | "accountid" | "userid")
            && text::is_account(text)
        {
            self.others.insert(text.to_owned());
        }
        if matches!(key.as_str(), "issuer" | "subject") && !text.contains("Amazon") {
            self.words.extend(
                text::distinguished(text).flat_map(|value| words_of(value).collect::<Vec<_>>()),
            );
        }
        if NAMES.contains(&key.as_str()) && text::is_plain_name(text) {
            self.names.insert(text.to_owned());
        }
        if HOSTS.contains(&key.as_str()) {
            for token in text::tokens(text) {
                if let Token::Host(host) = token {
                    self.hosts.insert(host.to_ascii_lowercase());
                }
            }
        }
        self.text(text);
    }

    fn text(&mut self, text: &str) {
        for token in text::tokens(text) {
            match token {
                Token::Arn(arn) => self.arn(arn),
                Token::Other(other) => {
                    self.others.insert(other.to_owned());
                }
                Token::Host(host) if text::is_own_of_aws(host) => {
                    self.hosts.insert(host.to_ascii_lowercase());
                }
                Token::Host(_) | Token::Address(_) | Token::Word(_) | Token::Plain(_) => {}
            }
        }
    }

    fn arn(&mut self, arn: &str) {
        self.flat.insert(key_of(arn), arn.to_owned());
        let Some(arn) = text::Arn::read(arn) else {
            return;
        };
        if text::is_account(arn.account) {
            self.others.insert(arn.account.to_owned());
        }
        for part in arn.parts() {
            match part {
                text::Part::Name(name) => {
                    self.words.extend(words_of(name));
                    if text::is_plain_name(name) {
                        self.names.insert(name.to_owned());
                    }
                }
                text::Part::Other(other) => {
                    self.others.insert(other.to_owned());
                }
                text::Part::Fixed(_) => {}
            }
        }
    }
}
