//! Bootstrap strings as people have them, and clear words for what cannot be one.

use std::net::{IpAddr, Ipv6Addr};

use super::{Endpoint, MskName};

/// A bootstrap string that cannot be used: what was read, expected and probably meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot use {read:?} as a broker: {problem}\n  expected: {expected}{}", suggestion(.meant.as_deref()))]
pub struct BootstrapError {
    /// The piece of the input that was read.
    pub read: String,
    /// What is wrong with it.
    pub problem: String,
    /// The form that is expected.
    pub expected: &'static str,
    /// What was probably meant.
    pub meant: Option<String>,
}

fn suggestion(text: Option<&str>) -> String {
    text.map(|text| format!("\n  probably meant: {text}"))
        .unwrap_or_default()
}

const FORM: &str = "host:port[,host:port…], as `aws kafka get-bootstrap-brokers` prints it";

/// Reads a bootstrap string: endpoints in their order, without duplicates.
///
/// # Errors
/// When a piece is not a broker's `host:port`, or nothing is there.
pub fn parse_bootstrap(text: &str) -> Result<Vec<Endpoint>, BootstrapError> {
    let pieces: Vec<&str> = text
        .split(|c: char| c == ',' || c == ';' || c.is_whitespace())
        .filter(|piece| !piece.is_empty())
        .collect();
    let mut endpoints = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        let endpoint = parse_piece(piece, pieces.get(index + 1).copied())?;
        if !endpoints.contains(&endpoint) {
            endpoints.push(endpoint);
        }
    }
    if endpoints.is_empty() {
        return Err(error(text, "there is no broker in it", None));
    }
    Ok(endpoints)
}

fn error(read: &str, problem: impl Into<String>, meant: Option<String>) -> BootstrapError {
    BootstrapError {
        read: read.to_owned(),
        problem: problem.into(),
        expected: FORM,
        meant,
    }
}

fn parse_piece(piece: &str, next: Option<&str>) -> Result<Endpoint, BootstrapError> {
    let bare = strip_listener(piece)?;
    if let Some(odd) = bare.chars().find(|c| !is_allowed(*c)) {
        let cleaned: String = bare.chars().filter(|c| is_allowed(*c)).collect();
        let meant = parse_piece(&cleaned, None)
            .ok()
            .map(|endpoint| endpoint.to_string());
        return Err(error(
            piece,
            format!("{odd:?} cannot stand in a host name"),
            meant,
        ));
    }
    let (host, port) = split_port(piece, bare, next)?;
    let port = parse_port(piece, &host, port)?;
    let endpoint = Endpoint::new(&host, port);
    check_host(piece, &endpoint)?;
    Ok(endpoint)
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']' | '%')
}

/// `SASL_SSL://host:port` is how listeners are written; a URL is something else.
fn strip_listener(piece: &str) -> Result<&str, BootstrapError> {
    let Some((scheme, rest)) = piece.split_once("://") else {
        return Ok(piece);
    };
    let listener = matches!(
        scheme.to_ascii_uppercase().as_str(),
        "SASL_SSL" | "SASL_PLAINTEXT" | "SSL" | "PLAINTEXT"
    );
    if listener && !rest.contains('/') {
        return Ok(rest);
    }
    let host = rest.split('/').next().unwrap_or_default();
    let meant = split_host_port(host)
        .map(|(host, port)| format!("{host}:{port}"))
        .or_else(|| {
            (!host.is_empty() && host.chars().all(is_allowed)).then(|| format!("{host}:9098"))
        });
    Err(error(piece, "it is a URL, and Kafka has no URLs", meant))
}

fn split_host_port(text: &str) -> Option<(&str, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    (!host.is_empty()).then_some(())?;
    Some((host, port.parse().ok()?))
}

fn split_port<'a>(
    piece: &str,
    bare: &'a str,
    next: Option<&str>,
) -> Result<(String, &'a str), BootstrapError> {
    if let Some(rest) = bare.strip_prefix('[') {
        let Some((inside, after)) = rest.split_once(']') else {
            return Err(stray_bracket(piece));
        };
        let address: Ipv6Addr = inside.parse().map_err(|_| stray_bracket(piece))?;
        let Some(port) = after.strip_prefix(':') else {
            return Err(error(
                piece,
                "the port is missing",
                Some(format!("[{address}]:9098")),
            ));
        };
        return Ok((address.to_string(), port));
    }
    if bare.contains(['[', ']']) {
        return Err(stray_bracket(piece));
    }
    if bare.parse::<Ipv6Addr>().is_ok() {
        return Err(error(
            piece,
            "an IPv6 address needs brackets and a port",
            Some(format!("[{bare}]:9098")),
        ));
    }
    let Some((host, port)) = bare.rsplit_once(':') else {
        return Err(missing_port(piece, bare, next));
    };
    if host.contains(':') {
        return Err(error(piece, "it has more than one colon", None));
    }
    if host.trim_matches('.').is_empty() {
        return Err(error(piece, "the host is missing", None));
    }
    if port.is_empty() {
        return Err(missing_port(piece, host, next));
    }
    Ok((host.to_owned(), port.trim_end_matches('.')))
}

fn stray_bracket(piece: &str) -> BootstrapError {
    let cleaned: String = piece.chars().filter(|c| !matches!(c, '[' | ']')).collect();
    let meant = split_host_port(&cleaned)
        .filter(|(host, _)| !host.contains(':'))
        .map(|(host, port)| format!("{host}:{port}"));
    error(piece, "a bracket stands where no IPv6 address is", meant)
}

fn missing_port(piece: &str, host: &str, next: Option<&str>) -> BootstrapError {
    if piece.chars().all(|c| c.is_ascii_digit()) {
        return error(piece, "a number alone is not a broker", None);
    }
    let port = next
        .filter(|next| next.parse::<u16>().is_ok())
        .unwrap_or("9098");
    error(
        piece,
        "the port is missing (IAM 9098, SCRAM 9096, TLS 9094, plaintext 9092)",
        Some(format!("{host}:{port}")),
    )
}

fn parse_port(piece: &str, host: &str, text: &str) -> Result<u16, BootstrapError> {
    let port = text.parse::<u64>().map_err(|_| {
        error(
            piece,
            format!("{text:?} is not a port number"),
            Some(format!("{host}:9098")),
        )
    })?;
    match u16::try_from(port) {
        Ok(0) | Err(_) => Err(error(
            piece,
            format!("port {port} is outside 1 to 65535"),
            Some(format!("{host}:9098")),
        )),
        Ok(2181 | 2182 | 2888 | 3888) => Err(error(
            piece,
            format!("{port} is a port of ZooKeeper, which Kafka clients do not talk to"),
            Some(format!(
                "{}:9098",
                host.replacen("z-", "b-", usize::from(host.starts_with("z-")))
            )),
        )),
        Ok(port) => Ok(port),
    }
}

/// Refuses hosts that are certainly not a broker's.
fn check_host(piece: &str, endpoint: &Endpoint) -> Result<(), BootstrapError> {
    let host = endpoint.host.as_str();
    if endpoint.ip().is_some() {
        return check_address(piece, endpoint);
    }
    if !endpoint.is_plausible() {
        return Err(error(
            piece,
            "it is neither a host name (RFC 1123) nor an IP address",
            None,
        ));
    }
    if MskName::parse(host).is_some() {
        if host.starts_with("z-") {
            let meant = format!("b-{}", &endpoint.to_string()[2..]);
            return Err(error(
                piece,
                "z-N is a ZooKeeper node, not a broker",
                Some(meant),
            ));
        }
        return Ok(());
    }
    if let Some(service) = other_aws_service(host) {
        return Err(error(
            piece,
            format!("{service} is not a Kafka broker"),
            Some("b-1.CLUSTER.ID.c2.kafka.REGION.amazonaws.com:9098".to_owned()),
        ));
    }
    Ok(())
}

fn check_address(piece: &str, endpoint: &Endpoint) -> Result<(), BootstrapError> {
    let unusable = match endpoint.ip() {
        Some(IpAddr::V4(ip)) => ip.is_unspecified() || ip.is_multicast() || ip.is_broadcast(),
        Some(IpAddr::V6(ip)) => ip.is_unspecified() || ip.is_multicast(),
        None => false,
    };
    if unusable {
        return Err(error(piece, "no broker can have this address", None));
    }
    Ok(())
}

/// Names under `amazonaws.com` of something else; load balancers, instances and endpoints may
/// well stand in front of a broker.
fn other_aws_service(host: &str) -> Option<String> {
    let (rest, _) = host.split_once(".amazonaws.com")?;
    let in_front = [".elb", "elb.", ".compute", "vpce", ".ec2"];
    if in_front.iter().any(|word| rest.contains(word)) {
        return None;
    }
    let labels: Vec<&str> = rest.split('.').collect();
    let known = [
        ("kafka", "MSK's API endpoint"),
        ("kafkaconnect", "MSK Connect's API endpoint"),
        ("kinesis", "Kinesis"),
        ("rds", "an RDS database"),
        ("cache", "an ElastiCache node"),
        ("redshift", "a Redshift cluster"),
        ("sqs", "SQS"),
        ("s3", "S3"),
        ("sts", "STS"),
        ("lambda", "Lambda"),
        ("mq", "Amazon MQ"),
        ("es", "OpenSearch"),
    ];
    known
        .iter()
        .find(|(label, _)| labels.contains(label))
        .map(|(_, words)| (*words).to_owned())
        .or_else(|| Some(format!("{host:?}, a name of another AWS service,")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Vec<String> {
        parse_bootstrap(text)
            .unwrap_or_else(|error| panic!("{text:?}: {error}"))
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    const B1: &str = "b-1.demo.abc123.c2.kafka.eu-west-1.amazonaws.com";

    #[test]
    fn strings_as_people_have_them() {
        let one = vec![format!("{B1}:9098")];
        for text in [
            format!("{B1}:9098"),
            format!("  {B1}:9098 ,\n"),
            format!("{B1}.:9098,"),
            format!("SASL_SSL://{B1}:9098"),
            format!("{},{B1}:9098", B1.to_uppercase() + ":9098"),
            format!("{B1}:9098\n{B1}:9098"),
            format!("{B1}:9098."),
        ] {
            assert_eq!(read(&text), one, "{text:?}");
        }
        assert_eq!(
            read("[2001:DB8::1]:20098, 10.0.0.1:9098"),
            ["[2001:db8::1]:20098", "10.0.0.1:9098"]
        );
        assert_eq!(
            read("localhost:1,broker_1:9092"),
            ["localhost:1", "broker_1:9092"]
        );
    }

    #[test]
    fn what_cannot_be_a_broker_is_said_with_what_was_meant() {
        let rows = [
            (B1.to_owned(), "port is missing", Some(format!("{B1}:9098"))),
            (
                format!("{B1} 9098"),
                "port is missing",
                Some(format!("{B1}:9098")),
            ),
            (
                format!("{B1}:"),
                "port is missing",
                Some(format!("{B1}:9098")),
            ),
            (
                format!("{B1}:2181"),
                "ZooKeeper",
                Some(format!("{B1}:9098")),
            ),
            (
                format!("https://{B1}:9098/x"),
                "URL",
                Some(format!("{B1}:9098")),
            ),
            (
                format!("[{B1}]:9098"),
                "bracket",
                Some(format!("{B1}:9098")),
            ),
            (format!("{B1}]:9098"), "bracket", Some(format!("{B1}:9098"))),
            (format!("{B1}:0"), "outside", Some(format!("{B1}:9098"))),
            (format!("{B1}:70000"), "outside", Some(format!("{B1}:9098"))),
            (
                format!("\"{B1}:9098\""),
                "cannot stand",
                Some(format!("{B1}:9098")),
            ),
            (
                "kafka.eu-west-1.amazonaws.com:443".to_owned(),
                "API endpoint",
                None,
            ),
            (
                "db.x.eu-west-1.rds.amazonaws.com:9098".to_owned(),
                "RDS",
                None,
            ),
            (
                "2001:db8::1".to_owned(),
                "brackets",
                Some("[2001:db8::1]:9098".to_owned()),
            ),
            ("0.0.0.0:9098".to_owned(), "no broker", None),
            ("999.1.1.1:9098".to_owned(), "neither", None),
            ("b-.example:9098".to_owned(), "neither", None),
            (String::new(), "no broker", None),
            (" , ,".to_owned(), "no broker", None),
        ];
        for (text, problem, meant) in rows {
            let error = parse_bootstrap(&text).expect_err(&text);
            assert!(error.problem.contains(problem), "{text:?}: {error}");
            if meant.is_some() {
                assert_eq!(error.meant, meant, "{text:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
            let _ = parse_bootstrap(&text);
        }

        #[test]
        fn what_was_read_reads_the_same_again(text in "[a-z0-9.:\\[\\], -]{0,60}") {
            if let Ok(endpoints) = parse_bootstrap(&text) {
                let printed: Vec<String> = endpoints.iter().map(ToString::to_string).collect();
                prop_assert_eq!(parse_bootstrap(&printed.join(",")), Ok(endpoints));
            }
        }
    }
}
