//! The Kafka clients that people use, and for each some ten lines that connect to MSK with IAM as they should.
//!
//! The lines are files of their own: `tests/examples` runs them as they stand against the lab.
//! Source: <https://docs.aws.amazon.com/msk/latest/developerguide/configure-clients-for-iam-access-control.html>.

use std::fmt::Write as _;

use clap::ValueEnum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::aws::snapshot::lambda::GetFunctionConfiguration;
use crate::case::Case;
use crate::catalogue::{Fault, Side};
use crate::checks::function::function;
use crate::explain::errors_of_client;
use crate::target::{Auth, Origin};
use crate::vpc::World;

/// What stands for the bootstrap string in the lines, where it is not known.
const BOOTSTRAP: &str = "BOOTSTRAP";
/// The same for the region.
const REGION: &str = "REGION";

/// A client library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Library {
    /// kafka-python, 3.0 and later.
    KafkaPython,
    /// confluent-kafka for Python: librdkafka.
    ConfluentKafka,
    /// Apache Kafka's own client.
    Java,
    /// `KafkaJS`, for Node.js.
    Kafkajs,
    /// franz-go.
    FranzGo,
}

/// Lines that connect, for a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Example {
    /// The client.
    pub client: Library,
    /// Its language, as code blocks name it.
    pub language: &'static str,
    /// How it is installed.
    pub install: &'static str,
    /// The lines, with the bootstrap string and the region filled in where they are known.
    pub lines: Vec<String>,
}

impl Library {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::KafkaPython,
        Self::ConfluentKafka,
        Self::Java,
        Self::Kafkajs,
        Self::FranzGo,
    ];

    /// The name, as users and `--client` write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::KafkaPython => "kafka-python",
            Self::ConfluentKafka => "confluent-kafka",
            Self::Java => "java",
            Self::Kafkajs => "kafkajs",
            Self::FranzGo => "franz-go",
        }
    }

    /// The language, as code blocks name it.
    #[must_use]
    pub fn language(self) -> &'static str {
        match self {
            Self::KafkaPython | Self::ConfluentKafka => "python",
            Self::Java => "java",
            Self::Kafkajs => "javascript",
            Self::FranzGo => "go",
        }
    }

    /// How the client and its signer are installed.
    #[must_use]
    pub fn install(self) -> &'static str {
        match self {
            Self::KafkaPython => "pip install 'kafka-python>=3.0' aws-msk-iam-sasl-signer-python",
            Self::ConfluentKafka => "pip install confluent-kafka aws-msk-iam-sasl-signer-python",
            Self::Java => {
                "org.apache.kafka:kafka-clients and software.amazon.msk:aws-msk-iam-auth on the class path"
            }
            Self::Kafkajs => "npm install kafkajs aws-msk-iam-sasl-signer-js",
            Self::FranzGo => {
                "go get github.com/twmb/franz-go github.com/twmb/franz-go/pkg/kadm github.com/aws/aws-msk-iam-sasl-signer-go"
            }
        }
    }

    fn template(self) -> &'static str {
        match self {
            Self::KafkaPython => include_str!("clients/kafka_python.py"),
            Self::ConfluentKafka => include_str!("clients/confluent_kafka.py"),
            Self::Java => include_str!("clients/Connect.java"),
            Self::Kafkajs => include_str!("clients/kafkajs.js"),
            Self::FranzGo => include_str!("clients/franz_go.go"),
        }
    }

    /// The lines, for a cluster. Text that could leave the quotes around it is not filled in.
    #[must_use]
    pub fn lines(self, bootstrap: &str, region: &str) -> String {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:,[]".contains(&b);
        let fill = |name: &'static str, text: &str| {
            let fits = !text.is_empty() && text.bytes().all(plain);
            if fits {
                text.to_owned()
            } else {
                name.to_owned()
            }
        };
        // The region first: no region has the other's name in it.
        self.template()
            .replace(REGION, &fill(REGION, region))
            .replace(BOOTSTRAP, &fill(BOOTSTRAP, bootstrap))
    }

    /// The client that a function's runtime and layers show, where they leave no doubt.
    #[must_use]
    pub fn of(function: &GetFunctionConfiguration) -> Option<Self> {
        let runtime = function.runtime.as_deref()?;
        let has_layer = |word: &str| {
            let arns = function
                .layers
                .iter()
                .filter_map(|layer| layer.arn.as_deref());
            arns.into_iter()
                .any(|arn| arn.to_ascii_lowercase().contains(word))
        };
        if runtime.starts_with("java") {
            Some(Self::Java)
        } else if runtime.starts_with("nodejs") {
            Some(Self::Kafkajs)
        } else if runtime.starts_with("python") {
            let is_confluent = has_layer("confluent") || has_layer("librdkafka");
            Some(if is_confluent {
                Self::ConfluentKafka
            } else {
                Self::KafkaPython
            })
        } else if runtime.starts_with("go") {
            Some(Self::FranzGo)
        } else {
            None
        }
    }

    /// `docs/clients/NAME.md`.
    #[must_use]
    pub fn page(self) -> String {
        let mut page = format!(
            "<!-- Generated from src/clients; see tests/generated.rs. -->\n\n# {}\n\n\
             Connects to Amazon MSK with IAM and lists the topics. `{BOOTSTRAP}` is the cluster's bootstrap string\n\
             (`aws kafka get-bootstrap-brokers`, port 9098), `{REGION}` the cluster's region. The credentials are those that the\n\
             AWS SDK finds: in a Lambda function its role's.\n\n## Install\n\n    {}\n\n## Connect\n\n```{}\n{}```\n",
            self.name(),
            self.install(),
            self.language(),
            self.template()
        );
        let errors: Vec<_> = errors_of_client(self.in_logs()).collect();
        if !errors.is_empty() {
            page.push_str(
                "\n## What it prints\n\n| Message | Versions | Faults |\n|---|---|---|\n",
            );
        }
        for error in errors {
            let codes: Vec<String> = error
                .codes
                .iter()
                .map(|code| format!("[{code}](../faults/{code}.md)"))
                .collect();
            let pattern = error.pattern.trim().replace('|', "\\|");
            let _ = writeln!(
                page,
                "| `{pattern}` | {} | {} |",
                error.versions,
                codes.join(", ")
            );
        }
        page
    }

    /// The client's name in the table of messages.
    fn in_logs(self) -> &'static str {
        match self {
            Self::KafkaPython => "kafka-python",
            Self::ConfluentKafka => "librdkafka",
            Self::Java => "java-kafka-clients",
            Self::Kafkajs => "kafkajs",
            Self::FranzGo => "franz-go",
        }
    }
}

/// The lines for a client's fault: in the library that the user names, else the one that the function shows. `None` where
/// the fault is not the client's, where nobody logs in with IAM, or where the library is not known.
#[must_use]
pub fn example(case: &Case, fault: &Fault) -> Option<Example> {
    let of_client = match fault.group() {
        "CLI" => true,
        "SASL" => fault.side == Side::Client,
        _ => false,
    };
    if !of_client || case.target.auth != Auth::Iam {
        return None;
    }
    let shown = || {
        let facts = case.facts.as_ref()?;
        Library::of(function(case, &World::new(facts, &[]))?)
    };
    let library = case.client.library.or_else(shown)?;
    let brokers = case
        .target
        .brokers
        .iter()
        .filter(|broker| broker.from == Origin::Bootstrap);
    let brokers: Vec<String> = brokers
        .map(|broker| broker.endpoint().to_string())
        .collect();
    let of_names = case.target.region_of_names.as_deref();
    let region = of_names
        .or(case.target.region.as_deref())
        .unwrap_or_default();
    Some(Example {
        client: library,
        language: library.language(),
        install: library.install(),
        lines: library
            .lines(&brokers.join(","), region)
            .lines()
            .map(str::to_owned)
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cluster_is_filled_in() {
        for library in Library::ALL {
            let text = library.lines("b-1.demo:9098,b-2.demo:9098", "eu-west-1");
            assert!(text.contains("\"b-1.demo:9098,b-2.demo:9098\""), "{text}");
            assert!(text.contains("\"eu-west-1\""), "{text}");
            assert!(
                !text.contains("\"REGION\"") && !text.contains("\"BOOTSTRAP\""),
                "{text}"
            );
        }
    }

    #[test]
    fn nothing_leaves_its_quotes() {
        for library in Library::ALL {
            let text = library.lines("b\"); evil(\"", "eu\\");
            assert_eq!(text, library.template());
        }
    }

    #[test]
    fn a_function_shows_its_client() {
        let of = |runtime: &str, layer: &str| {
            Library::of(&GetFunctionConfiguration {
                runtime: Some(runtime.to_owned()),
                layers: vec![crate::aws::snapshot::lambda::Layer {
                    arn: Some(layer.to_owned()),
                }],
                ..GetFunctionConfiguration::default()
            })
        };
        assert_eq!(of("java21", ""), Some(Library::Java));
        assert_eq!(of("nodejs22.x", ""), Some(Library::Kafkajs));
        assert_eq!(of("python3.12", ""), Some(Library::KafkaPython));
        let layer = "arn:aws:lambda:eu-west-1:111122223333:layer:confluent-kafka:3";
        assert_eq!(of("python3.12", layer), Some(Library::ConfluentKafka));
        assert_eq!(of("provided.al2023", ""), None);
    }
}
