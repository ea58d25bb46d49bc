//! What of two runs is set beside each other, and which of it can explain which kind of fault.

use std::collections::BTreeMap;

use serde_json::Value;

type Values = BTreeMap<String, String>;

/// An aspect of a run.
pub(super) struct Aspect {
    pub name: &'static str,
    /// Its values, by subject.
    pub read: fn(&Value) -> Values,
}

macro_rules! aspects {
    ($($name:literal => $read:expr),* $(,)?) => {
        &[$(Aspect { name: $name, read: $read }),*]
    };
}

/// All of them, in the order in which a connection meets them.
pub(super) const ASPECTS: &[Aspect] = aspects! {
    "the client" => |r| one(&r["client"], |client| {
        let kind = text(&client["kind"])?;
        Some([Some(kind), text(&client["name"])].into_iter().flatten().collect::<Vec<_>>().join(" "))
    }),
    "where it was asked" => |r| one(&r["vantage"], |vantage| match text(&vantage["function"]["name"]) {
        Some(function) => Some(format!("function {function}")),
        None => text(&vantage["kind"]),
    }),
    "authentication" => |r| one(&r["target"]["auth"], text),
    "the region" => |r| one(&r["target"]["region"], text),
    "the brokers asked" => |r| one(&r["target"]["brokers"], |brokers| list(brokers, |broker| {
        (broker["from"] == "bootstrap").then(|| Some(format!("{}:{}", text(&broker["name"])?, broker["port"])))?
    })),
    "the resolver's answers" => |r| phases(r, "resolve", |detail| {
        list(&detail["application"]["addresses"], text).or_else(|| text(&detail["application"]["error"]))
    }),
    "the client's subnets" => |r| set(&r["paths"], |path| text(&path["from"]["subnet"])),
    "the client's security groups" => |r| set(&r["paths"], |path| {
        list(&path["from"]["security_groups"], text)
    }),
    "the source addresses" => |r| one(&r["vantage"]["addresses"], |all| list(all, text)),
    "what the configuration lets through" => |r| each(&r["paths"], |path| {
        let broker = &path["to"]["broker"];
        let name = text(&path["to"]["name"]).or_else(|| broker.as_i64().map(|id| format!("broker {id}")))?;
        Some((name, text(&path["verdict"])?))
    }),
    "how the connection ends" => |r| ends(r),
    "the path's MTU" => |r| phases(r, "connect", |detail| {
        detail["tcp"]["path_mtu"].as_u64().map(|mtu| mtu.to_string())
    }),
    "the TLS version" => |r| phases(r, "tls", |detail| text(&detail["version"])),
    "the certificate's issuer" => |r| phases(r, "tls", |detail| {
        text(&detail["certificate"]["chain"][0]["issuer"])
    }),
    "the certificate's names" => |r| phases(r, "tls", |detail| {
        list(&detail["certificate"]["chain"][0]["sans"], text)
    }),
    "the mechanisms offered" => |r| phases(r, "sasl-handshake", |detail| list(&detail["offered"], text)),
    "the identity" => |r| one(&r["identity"]["arn"], text),
    "the credentials' source" => |r| one(&r["credentials"]["source"], text),
    // A session's key is another one each time, whoever it is.
    "the access key" => |r| one(&r["token"]["access_key_id"], |key| {
        text(key).filter(|key| key.starts_with("AKIA"))
    }),
    "the token's region" => |r| one(&r["token"]["region"], text),
    "what is wrong with the token" => |r| one(&r["token"]["problems"], |all| {
        all.is_array().then(|| list(all, text).unwrap_or_else(|| "nothing".to_owned()))
    }),
    "the clock" => |r| one(&r["clock_ahead_s"], |ahead| ahead.as_f64().map(clock)),
    "the role" => |r| one(&r["client"]["role"], text),
    "what the policies allow" => |r| each(&r["rights"]["actions"], |action| {
        Some((text(&action["action"])?, text(&action["answer"])?))
    }),
    "the topic" => |r| one(&r["target"]["topic"], text),
    "the cluster" => |r| set_of_phase(r, "metadata", |detail| text(&detail["cluster_id"])),
    "the brokers advertised" => |r| set_of_phase(r, "metadata", |detail| {
        list(&detail["brokers"], |broker| Some(format!("{}:{}", text(&broker["host"])?, broker["port"])))
    }),
    "Kafka's versions" => |r| phases(r, "api-versions", |detail| list(&detail["versions"], |version| {
        Some(format!("{}: {}-{}", version["key"], version["min"], version["max"]))
    })),
    "the function's timeout" => |r| one(&r["function"]["timeout"], number),
    "the function's memory" => |r| one(&r["function"]["memory_size"], number),
    "the library's version" => |r| {
        let libraries = r["libraries"].as_object().into_iter().flatten();
        libraries.filter_map(|(name, version)| Some((name.clone(), text(version)?))).collect()
    },
    "the function's runtime" => |r| one(&r["function"]["runtime"], text),
    "the function's layers" => |r| one(&r["function"]["layers"], |all| list(all, text)),
    "the environment variable" => |r| {
        let variables = r["function"]["environment"].as_object();
        variables
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.clone(), text(value)?)))
            .collect()
    },
    "msk-doctor's version" => |r| one(&r["tool"]["version"], text),
};

/// Which aspects can explain a fault of a group of the catalogue, what tells most first.
pub(super) fn explaining(group: &str) -> &'static [&'static str] {
    const PATH: &[&str] = &[
        "the resolver's answers",
        "the client's security groups",
        "the client's subnets",
        "what the configuration lets through",
        "the brokers asked",
        "where it was asked",
        "the path's MTU",
        "the source addresses",
    ];
    match group {
        "DNS" => &[
            "the brokers asked",
            "the resolver's answers",
            "where it was asked",
        ],
        "TCP" | "SG" | "NACL" | "RTE" | "AZ" | "MTU" => PATH,
        "TLS" => &[
            "the certificate's issuer",
            "the certificate's names",
            "the TLS version",
            "the resolver's answers",
            "the path's MTU",
            "the brokers asked",
            "where it was asked",
        ],
        "SASL" => &[
            "authentication",
            "the token's region",
            "the region",
            "what is wrong with the token",
            "the clock",
            "the identity",
            "the credentials' source",
            "the access key",
            "the mechanisms offered",
            "the environment variable",
            "the library's version",
        ],
        "IAM" => &[
            "the identity",
            "the role",
            "what the policies allow",
            "the access key",
            "the credentials' source",
            "the cluster",
            "the topic",
            "the brokers asked",
        ],
        "FN" | "ESM" => &[
            "the function's timeout",
            "the function's memory",
            "the environment variable",
            "the function's runtime",
            "the function's layers",
            "the role",
            "the client's subnets",
            "the client's security groups",
            "the client",
        ],
        "CLU" | "LIM" => &[
            "the brokers asked",
            "authentication",
            "the mechanisms offered",
            "the cluster",
            "the brokers advertised",
            "Kafka's versions",
            "the resolver's answers",
        ],
        "CLI" => &[
            "the library's version",
            "the function's runtime",
            "the function's layers",
            "the environment variable",
            "Kafka's versions",
        ],
        _ => &[],
    }
}

/// Within a minute it is right: a token is valid for fifteen.
fn clock(ahead: f64) -> String {
    match ahead {
        _ if ahead.abs() < 60.0 => "right".to_owned(),
        _ if ahead > 0.0 => format!("{ahead:.0} s ahead"),
        _ => format!("{:.0} s behind", -ahead),
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(ToOwned::to_owned)
}

fn number(value: &Value) -> Option<String> {
    value.as_i64().map(|number| number.to_string())
}

fn one(value: &Value, read: impl Fn(&Value) -> Option<String>) -> Values {
    read(value)
        .map(|value| (String::new(), value))
        .into_iter()
        .collect()
}

/// Items in their order, as one; none without any.
fn list(value: &Value, read: impl Fn(&Value) -> Option<String>) -> Option<String> {
    let mut all: Vec<String> = value.as_array()?.iter().filter_map(read).collect();
    all.sort_unstable();
    all.dedup();
    (!all.is_empty()).then(|| all.join(", "))
}

/// What all items have, as one.
fn set(value: &Value, read: impl Fn(&Value) -> Option<String>) -> Values {
    list(value, read)
        .map(|value| (String::new(), value))
        .into_iter()
        .collect()
}

fn each(value: &Value, read: impl Fn(&Value) -> Option<(String, String)>) -> Values {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(read)
        .collect()
}

/// The attempts that are no experiments, each with its broker's name.
fn attempts(report: &Value) -> impl Iterator<Item = (String, &Value)> {
    let all = report["observations"].as_array().into_iter().flatten();
    all.filter(|attempt| {
        let purpose = attempt["purpose"].as_str().unwrap_or_default();
        !purpose.starts_with("experiment")
    })
    .filter_map(|attempt| {
        let broker = attempt["broker"].as_str()?;
        let host = broker.rsplit_once(':').map_or(broker, |(host, _)| host);
        Some((host.to_owned(), attempt))
    })
}

fn phases_of<'a>(attempt: &'a Value, phase: &'a str) -> impl Iterator<Item = &'a Value> {
    let all = attempt["phases"].as_array().into_iter().flatten();
    all.filter(move |record| record["phase"] == phase)
}

/// A phase's detail, broker by broker.
fn phases(report: &Value, phase: &str, read: impl Fn(&Value) -> Option<String>) -> Values {
    attempts(report)
        .filter_map(|(host, attempt)| {
            let record = phases_of(attempt, phase).next()?;
            Some((host, read(&record["detail"])?))
        })
        .collect()
}

/// A phase's detail, of all brokers as one.
fn set_of_phase(report: &Value, phase: &str, read: impl Fn(&Value) -> Option<String>) -> Values {
    let mut all: Vec<String> = phases(report, phase, read).into_values().collect();
    all.sort_unstable();
    all.dedup();
    if all.is_empty() {
        return Values::new();
    }
    Values::from([(String::new(), all.join("; "))])
}

/// Where each broker's attempt ends.
fn ends(report: &Value) -> Values {
    attempts(report)
        .filter_map(|(host, attempt)| {
            let last = attempt["phases"].as_array()?.last()?;
            Some((
                host,
                format!("{}: {}", text(&last["phase"])?, text(&last["end"])?),
            ))
        })
        .collect()
}
