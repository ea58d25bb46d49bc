//! What an MSK broker's host name says of itself.

use super::Auth;

/// The kind of endpoint that a name belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// `b-1.CLUSTER.ID.cN.kafka.REGION.…`: inside the VPC.
    Private,
    /// `b-1-public.…`: public access.
    Public,
    /// `b-1.iam.CLUSTER.…` with a port from 14001: multi-VPC private connectivity.
    MultiVpc,
    /// `boot-ID.cN.kafka-serverless.REGION.…`.
    Serverless,
}

/// An MSK broker name, taken apart.
/// <https://docs.aws.amazon.com/msk/latest/developerguide/msk-get-bootstrap-brokers.html>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MskName {
    /// The label after the last label `kafka` or `kafka-serverless`.
    pub region: String,
    /// The cluster's name, which serverless names do not have.
    pub cluster: Option<String>,
    /// The number in `b-N`.
    pub broker_id: Option<u32>,
    /// The kind of endpoint.
    pub flavour: Flavour,
    /// The authentication scheme that a multi-VPC name states.
    pub scheme: Option<Auth>,
}

impl MskName {
    /// Reads a host name; `None` when it is not an MSK broker's.
    ///
    /// The region is the label after the *last* label `kafka` or `kafka-serverless`, because a
    /// cluster may be called anything, `us-west-1` or `kafka` included.
    #[must_use]
    pub fn parse(host: &str) -> Option<Self> {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let labels: Vec<&str> = host.split('.').collect();
        let service = labels
            .iter()
            .rposition(|label| matches!(*label, "kafka" | "kafka-serverless"))?;
        let region = *labels.get(service + 1)?;
        let suffix = labels.get(service + 2..)?;
        if !is_region(region) || suffix.first() != Some(&"amazonaws") && !is_other_partition(suffix)
        {
            return None;
        }
        let serverless = labels[service] == "kafka-serverless";
        let before = &labels[..service];
        // The API endpoint `kafka.REGION.amazonaws.com` has nothing before the service.
        let first = *before.first()?;
        let broker = first.strip_prefix("b-");
        let number = broker
            .and_then(|rest| rest.split('-').next())
            .and_then(|n| n.parse().ok());
        let scheme = before
            .get(1)
            .filter(|_| before.len() >= 5)
            .and_then(|label| match *label {
                "iam" => Some(Auth::Iam),
                "scram" => Some(Auth::Scram),
                "tls" => Some(Auth::Mtls),
                _ => None,
            });
        let flavour = if serverless {
            Flavour::Serverless
        } else if scheme.is_some() {
            Flavour::MultiVpc
        } else if first.ends_with("-public") {
            Flavour::Public
        } else {
            Flavour::Private
        };
        // …CLUSTER.ID.cN.kafka: the name stands three labels before the service.
        let cluster =
            (!serverless && before.len() >= 4).then(|| before[before.len() - 3].to_owned());
        Some(Self {
            region: region.to_owned(),
            cluster,
            broker_id: number,
            flavour,
            scheme,
        })
    }
}

/// Whether `label` is written like a region: `eu-west-1`, `us-gov-east-1`, `eusc-de-east-1`: where in the world, words, a digit.
#[must_use]
pub fn is_region(label: &str) -> bool {
    let parts: Vec<&str> = label.split('-').collect();
    let word = |word: &&str| {
        (1..=12).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase())
    };
    matches!(parts.as_slice(), [first, middle @ .., last]
        if (first.len() == 2 || *first == "eusc")
            && word(first)
            && (1..=2).contains(&middle.len())
            && middle.iter().all(word)
            && last.len() == 1
            && last.bytes().all(|b| b.is_ascii_digit()))
}

/// DNS suffixes of the isolated partitions, from botocore's `partitions.json`.
fn is_other_partition(suffix: &[&str]) -> bool {
    const SUFFIXES: [&[&str]; 5] = [
        &["c2s", "ic", "gov"],
        &["sc2s", "sgov", "gov"],
        &["cloud", "adc-e", "uk"],
        &["csp", "hci", "ic", "gov"],
        &["amazonaws", "eu"],
    ];
    SUFFIXES.contains(&suffix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_follows_the_last_kafka_label() {
        let rows = [
            (
                "b-1.demo.abc123.c2.kafka.eu-west-1.amazonaws.com",
                "eu-west-1",
            ),
            (
                "b-1.demo-us-west-1-app.abc123.c2.kafka.us-west-2.amazonaws.com",
                "us-west-2",
            ),
            (
                "b-1.kafka.abc123.c2.kafka.us-gov-west-1.amazonaws.com",
                "us-gov-west-1",
            ),
            (
                "B-2.Demo.abc123.c3.kafka.cn-north-1.amazonaws.com.cn.",
                "cn-north-1",
            ),
            (
                "boot-abc12345.c1.kafka-serverless.us-east-1.amazonaws.com",
                "us-east-1",
            ),
        ];
        for (host, region) in rows {
            assert_eq!(
                MskName::parse(host).map(|name| name.region).as_deref(),
                Some(region)
            );
        }
    }

    #[test]
    fn names_tell_cluster_broker_and_flavour() {
        let name = MskName::parse("b-12-public.demo.abc123.c2.kafka.eu-west-1.amazonaws.com");
        let name = name.expect("an MSK name");
        assert_eq!(name.cluster.as_deref(), Some("demo"));
        assert_eq!((name.broker_id, name.flavour), (Some(12), Flavour::Public));
        let name = MskName::parse("b-1.scram.demo.abc123.c2.kafka.eu-west-1.amazonaws.com");
        let name = name.expect("an MSK name");
        assert_eq!(
            (name.flavour, name.scheme),
            (Flavour::MultiVpc, Some(Auth::Scram))
        );
        assert_eq!(name.cluster.as_deref(), Some("demo"));
    }

    #[test]
    fn other_names_are_not_msk_names() {
        for host in [
            "kafka.eu-west-1.amazonaws.com",
            "broker.example.com",
            "kafka.internal",
            "a.kafka.b.amazonaws.com",
            "",
            "kafka",
        ] {
            assert_eq!(MskName::parse(host), None, "{host}");
        }
    }
}
