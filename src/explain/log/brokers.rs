//! The brokers that a log names.

use std::net::Ipv4Addr;

/// How many brokers go into the next command.
const BROKERS: usize = 6;

/// Ports of MSK listeners (<https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html>).
const PORTS: [u16; 11] = [
    9092, 9094, 9096, 9098, 9194, 9196, 9198, 20092, 20094, 20096, 20098,
];

/// Every `host:port` in the log that can be a broker, in lower case and in order, names before
/// addresses: an address is given only when there is no name.
///
/// What is returned holds letters, digits, `.`, `-` and `:` alone and begins with a letter or digit,
/// so that it can stand in a command.
pub(super) fn brokers(text: &str) -> Vec<String> {
    let mut by_name: Vec<String> = Vec::new();
    let mut by_address: Vec<String> = Vec::new();
    let belongs = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '/');
    for word in text
        .split(|c| !belongs(c))
        .filter(|word| word.contains(':'))
    {
        let mut before = None; // Java prints name/address:port
        for piece in word.split('/') {
            let piece = piece.trim_end_matches(['.', ':']).to_ascii_lowercase();
            let mut parts = piece.split(':');
            let host = parts
                .next()
                .unwrap_or_default()
                .trim_matches(['.', '-'])
                .to_owned();
            let port: Option<u16> = parts.next().and_then(|port| port.parse().ok());
            let is_address = host.parse::<Ipv4Addr>().is_ok();
            let named = is_broker_name(&host);
            let Some(port) = port.filter(|_| is_address || named) else {
                before = named.then_some(host);
                continue;
            };
            if named {
                add(&mut by_name, format!("{host}:{port}"));
            } else if let Some(name) = before.take() {
                add(&mut by_name, format!("{name}:{port}"));
            } else if PORTS.contains(&port) {
                add(&mut by_address, format!("{host}:{port}"));
            }
        }
    }
    if by_name.is_empty() {
        by_address
    } else {
        by_name
    }
}

fn is_broker_name(host: &str) -> bool {
    let label = |label: &str| !label.is_empty() && label.len() <= 63 && !label.starts_with('-');
    host.len() <= 253
        && host.split('.').all(label)
        && (host.contains(".kafka.") || host.contains(".kafka-serverless."))
        && (host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn"))
}

fn add(brokers: &mut Vec<String>, broker: String) {
    if brokers.len() < BROKERS && !brokers.contains(&broker) {
        brokers.push(broker);
    }
}

#[cfg(test)]
mod tests {
    use super::brokers;

    const B1: &str = "b-1.demo.a1b2c3.c2.kafka.eu-west-1.amazonaws.com:9098";

    #[test]
    fn names_are_read_from_what_clients_print() {
        for line in [
            format!("host={B1} <handshake> [IPv4 ('10.0.1.5', 9098)]>"),
            format!("[thrd:sasl_ssl://{B1}/bootstrap]: sasl_ssl://{B1}/1: Connect"),
            format!("({}/10.0.1.5:9098) failed", B1.trim_end_matches(":9098")),
            format!("dial tcp: lookup {} on 1.1.1.1:53; {B1}.", &B1[..10]),
        ] {
            assert_eq!(brokers(&line), [B1], "{line}");
        }
    }

    #[test]
    fn addresses_count_when_there_is_no_name() {
        assert_eq!(
            brokers("dial tcp 10.0.1.5:9098: i/o timeout"),
            ["10.0.1.5:9098"]
        );
        assert!(brokers("at 10:15:09 from 10.0.1.5:443 and ::1").is_empty());
    }
}
