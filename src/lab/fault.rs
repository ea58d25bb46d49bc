//! The faults that the lab makes, by the catalogue's codes.

use std::fmt;
use std::str::FromStr;

/// A fault that the lab makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    missing_docs,
    reason = "each is described in LAB_FAULTS or LAB_VARIANTS"
)]
pub enum LabFault {
    Dns01,
    Dns02,
    Dns03,
    Tcp02,
    Tcp04,
    Tcp05,
    Tls02,
    Tls03,
    Tls05,
    Tls06,
    Tls07,
    Tls12,
    Tls14,
    Net04,
    Net11,
    Clu02,
    Clu03,
    Clu06,
    Clu08,
    Clu09,
    Lim01,
    Lim05,
    Lim07,
    Lim08,
    Net03,
    Sasl03,
    Sasl04,
    Sasl05,
    Sasl06,
    Sasl18,
    Sasl19,
    Sasl20,
    Sasl26,
    Sasl27,
    Iam01,
    HostileGarbage,
    HostileLength,
    HostileDrip,
    HostileEscapes,
    HostileEndless,
    Dns02Silence,
    Tcp04Reset,
    Lim04,
    Lim04Second,
    Lim05Lone,
    Lim06,
    Tls06Cipher,
    Net03Fin,
    Net03Versions,
    Net03Handshake,
    Net03Metadata,
    Clu02Versions,
    Clu02Handshake,
    Clu02Metadata,
    Lim07Versions,
    Lim07Handshake,
    Lim07Metadata,
    Tls12Trusted,
    Clu04,
    Iam10,
    Iam18,
    Sasl07,
    HostileCoordinator,
    HostileEscapesLogin,
    ListenerScram,
    ListenerScram256,
    ListenerProxy,
    Sasl22,
    Sasl09Words,
    Sasl13Words,
    Sasl23,
    Sasl24,
    Tls06Intolerant,
    Tls13,
    Net03Name,
    Iam09,
    Iam10Describe,
    Iam10Write,
    Iam10Read,
    Clu05,
    Clu12,
    Iam11,
    Iam11Join,
    Iam12,
    Iam13,
    Clu18,
    Clu18Elsewhere,
    Clu18Loading,
    Clu18Moves,
}

/// All faults: code and what is made.
pub static LAB_FAULTS: &[(LabFault, &str, &str)] = &[
    (LabFault::Dns01, "DNS-01", "the DNS server answers NXDOMAIN"),
    (LabFault::Dns02, "DNS-02", "the DNS server answers SERVFAIL"),
    (
        LabFault::Dns03,
        "DNS-03",
        "the DNS server answers without any address",
    ),
    (LabFault::Tcp02, "TCP-02", "nothing listens on the port"),
    (
        LabFault::Tcp04,
        "TCP-04",
        "the ClientHello is read, then FIN",
    ),
    (
        LabFault::Tcp05,
        "TCP-05",
        "the kernel accepts, nobody reads",
    ),
    (
        LabFault::Tls02,
        "TLS-02",
        "the listener speaks Kafka in clear text",
    ),
    (
        LabFault::Tls03,
        "TLS-03",
        "the certificate's root, called Amazon, is not trusted",
    ),
    (
        LabFault::Tls05,
        "TLS-05",
        "the certificate is for another name",
    ),
    (
        LabFault::Tls06,
        "TLS-06",
        "the ClientHello is answered with alert protocol_version",
    ),
    (
        LabFault::Tls07,
        "TLS-07",
        "a client certificate is required",
    ),
    (
        LabFault::Tls12,
        "TLS-12",
        "the certificate's issuer is a proxy of one's employer",
    ),
    (
        LabFault::Tls14,
        "TLS-14",
        "the certificate ended an hour ago",
    ),
    (
        LabFault::Net03,
        "NET-03",
        "a reset in answer to the framed token, without words",
    ),
    (LabFault::Net04, "NET-04", "a web server answers"),
    (LabFault::Net11, "NET-11", "an SSH server answers"),
    (
        LabFault::Clu02,
        "CLU-02",
        "one broker closes on everybody: it is being restarted",
    ),
    (
        LabFault::Clu03,
        "CLU-03",
        "one broker is down, and the others know",
    ),
    (
        LabFault::Clu06,
        "CLU-06",
        "TLS is answered, Kafka is silent",
    ),
    (
        LabFault::Clu08,
        "CLU-08",
        "one broker belongs to another cluster",
    ),
    (
        LabFault::Clu09,
        "CLU-09",
        "Metadata names a broker where nothing listens",
    ),
    (
        LabFault::Lim01,
        "LIM-01",
        "more logins than the broker takes: Too many connects",
    ),
    (
        LabFault::Lim05,
        "LIM-05",
        "accepted, held for a second, then closed",
    ),
    (
        LabFault::Lim07,
        "LIM-07",
        "every broker closes on the token, without words",
    ),
    (
        LabFault::Lim08,
        "LIM-08",
        "answers are throttled (works: a warning)",
    ),
    (
        LabFault::Sasl03,
        "SASL-03",
        "the listener offers SCRAM-SHA-512 only",
    ),
    (
        LabFault::Sasl04,
        "SASL-04",
        "the listener offers AWS_MSK_IAM only",
    ),
    (
        LabFault::Sasl05,
        "SASL-05",
        "the broker cannot read the token",
    ),
    (
        LabFault::Sasl06,
        "SASL-06",
        "the token is refused with a JSON challenge",
    ),
    (
        LabFault::Sasl18,
        "SASL-18",
        "the session ends with its login: the next request is closed on",
    ),
    (
        LabFault::Sasl19,
        "SASL-19",
        "the login is another principal's than the connection's",
    ),
    (
        LabFault::Sasl20,
        "SASL-20",
        "the session would be too short",
    ),
    (
        LabFault::Sasl26,
        "SASL-26",
        "silence in answer to the token",
    ),
    (LabFault::Sasl27, "SASL-27", "a TLS listener without SASL"),
    (
        LabFault::Iam01,
        "IAM-01",
        "the role lacks kafka-cluster:Connect",
    ),
    (
        LabFault::HostileGarbage,
        "hostile-garbage",
        "noise instead of frames",
    ),
    (
        LabFault::HostileLength,
        "hostile-length",
        "a frame of 2 GiB is announced",
    ),
    (LabFault::HostileDrip, "hostile-drip", "one byte a second"),
    (
        LabFault::HostileEscapes,
        "hostile-escapes",
        "terminal escapes in every string",
    ),
    (
        LabFault::HostileEndless,
        "hostile-endless",
        "an answer without end",
    ),
];

/// Other ways to make a fault; faults that look from outside like one of [`LAB_FAULTS`], so that a
/// diagnosis without AWS facts names that one, or both; and faults that a plain run does not meet.
pub static LAB_VARIANTS: &[(LabFault, &str, &str)] = &[
    (
        LabFault::Dns02Silence,
        "DNS-02-silence",
        "the DNS server does not answer",
    ),
    (
        LabFault::Tcp04Reset,
        "TCP-04-rst",
        "the ClientHello is read, then RST",
    ),
    (
        LabFault::Lim04,
        "LIM-04",
        "accepted, closed at once: max.connections.per.ip is 0",
    ),
    (
        LabFault::Lim04Second,
        "LIM-04-second",
        "every second connection to a broker is closed at once",
    ),
    (
        LabFault::Lim05Lone,
        "LIM-05-lone",
        "more connections than the broker takes: held for a second, then closed; after a pause one is let in",
    ),
    (
        LabFault::Lim06,
        "LIM-06",
        "the acceptor waits: connections stay in the backlog",
    ),
    (
        LabFault::Tls06Cipher,
        "TLS-06-cipher",
        "the ClientHello is answered with alert handshake_failure",
    ),
    (
        LabFault::Tls06Intolerant,
        "TLS-06-intolerant",
        "a ClientHello that offers TLS 1.3 is closed on, one with TLS 1.2 alone is answered",
    ),
    (
        LabFault::Iam09,
        "IAM-09",
        "the first login on a broker is denied, and no later one: a policy that comes late",
    ),
    (
        LabFault::Tls13,
        "TLS-13",
        "a ClientHello of more than one packet of the internet is not answered, a smaller one is",
    ),
    (
        LabFault::Net03Name,
        "NET-03-name",
        "a ClientHello with a server name (SNI) is reset, one without is answered",
    ),
    (
        LabFault::Net03Fin,
        "NET-03-fin",
        "FIN in answer to the token, without words or close_notify",
    ),
    (
        LabFault::Net03Versions,
        "NET-03-api-versions",
        "a reset in answer to ApiVersions",
    ),
    (
        LabFault::Net03Handshake,
        "NET-03-sasl-handshake",
        "a reset in answer to SaslHandshake",
    ),
    (
        LabFault::Net03Metadata,
        "NET-03-metadata",
        "a reset in answer to Metadata, after a good login",
    ),
    (
        LabFault::Clu02Versions,
        "CLU-02-api-versions",
        "one broker closes on ApiVersions: it is being restarted",
    ),
    (
        LabFault::Clu02Handshake,
        "CLU-02-sasl-handshake",
        "one broker closes on SaslHandshake: it is being restarted",
    ),
    (
        LabFault::Clu02Metadata,
        "CLU-02-metadata",
        "one broker closes on Metadata: it is being restarted",
    ),
    (
        LabFault::Lim07Versions,
        "LIM-07-api-versions",
        "every broker closes on ApiVersions, without words",
    ),
    (
        LabFault::Lim07Handshake,
        "LIM-07-sasl-handshake",
        "every broker closes on SaslHandshake, without words",
    ),
    (
        LabFault::Lim07Metadata,
        "LIM-07-metadata",
        "every broker closes on Metadata, without words",
    ),
    (
        LabFault::Tls12Trusted,
        "TLS-12-trusted",
        "a proxy whose root is trusted opens TLS, and resets what is not HTTP",
    ),
    (
        LabFault::Clu04,
        "CLU-04",
        "a partition of each topic has no leader (--topic lab shows it)",
    ),
    (
        LabFault::Iam10,
        "IAM-10",
        "no topic may be described (--topic lab shows it)",
    ),
    (
        LabFault::Iam10Describe,
        "IAM-10-describe",
        "topics may be described, and neither read nor written (--topic lab shows it)",
    ),
    (
        LabFault::Iam10Write,
        "IAM-10-write",
        "topics may be read and not written (--topic lab shows it)",
    ),
    (
        LabFault::Iam10Read,
        "IAM-10-read",
        "topics may be written and not read (--topic lab shows it)",
    ),
    (
        LabFault::Clu05,
        "CLU-05",
        "the brokers' disks are full (--topic lab --canary shows it)",
    ),
    (
        LabFault::Clu12,
        "CLU-12",
        "too few replicas are in sync for a write (--topic lab --canary shows it)",
    ),
    (
        LabFault::Iam11,
        "IAM-11",
        "no consumer group may be used (--group shows it)",
    ),
    (
        LabFault::Iam11Join,
        "IAM-11-join",
        "consumer groups may be described and not joined (--group shows it)",
    ),
    (
        LabFault::Iam12,
        "IAM-12",
        "no idempotent write is allowed (--topic lab shows it)",
    ),
    (
        LabFault::Iam13,
        "IAM-13",
        "no transactional id may be used (--transactional-id shows it)",
    ),
    (
        LabFault::Clu18,
        "CLU-18",
        "no coordinator is available (--group shows it)",
    ),
    (
        LabFault::Clu18Elsewhere,
        "CLU-18-elsewhere",
        "the coordinator is a broker that Metadata does not list, and that is not there (--group shows it)",
    ),
    (
        LabFault::Clu18Loading,
        "CLU-18-loading",
        "the coordinator loads its groups for ever (--group shows it)",
    ),
    (
        LabFault::Clu18Moves,
        "CLU-18-moves",
        "the coordinator says that it is none (--group shows it)",
    ),
    (
        LabFault::Sasl09Words,
        "SASL-09-words",
        "the login is refused in the words of AWS's services: its signature is not yet current",
    ),
    (
        LabFault::Sasl13Words,
        "SASL-13-words",
        "the login is refused in the words of AWS's services: its session token is expired",
    ),
    (
        LabFault::Iam18,
        "IAM-18",
        "a TLS listener without SASL, and ACLs on every topic (--auth tls --topic lab shows it)",
    ),
    (
        LabFault::Sasl07,
        "SASL-07",
        "tokens are not framed, so that a refusal has no words (IAM-01 with it shows it)",
    ),
    (
        LabFault::ListenerScram,
        "listener-scram",
        "a healthy listener for SCRAM-SHA-512, as on port 9096",
    ),
    (
        LabFault::ListenerScram256,
        "listener-scram-256",
        "a healthy listener for SCRAM-SHA-256",
    ),
    (
        LabFault::ListenerProxy,
        "listener-proxy",
        "a healthy listener behind a proxy whose root is trusted, which opens TLS and passes Kafka",
    ),
    (
        LabFault::Sasl22,
        "SASL-22",
        "a listener for SCRAM-SHA-512 that knows another password (--scram-user lab shows it)",
    ),
    (
        LabFault::Sasl23,
        "SASL-23",
        "a listener for SCRAM-SHA-512 that knows no user (--scram-user lab shows it)",
    ),
    (
        LabFault::Sasl24,
        "SASL-24",
        "listeners for SCRAM-SHA-512, and one broker that knows no user (--scram-user lab shows it)",
    ),
    (
        LabFault::HostileCoordinator,
        "hostile-coordinator",
        "the coordinator has no address (--group shows it)",
    ),
    (
        LabFault::HostileEscapesLogin,
        "hostile-escapes-login",
        "terminal escapes in every string, after a good login",
    ),
];

/// Every fault that the lab makes.
fn rows() -> impl Iterator<Item = &'static (LabFault, &'static str, &'static str)> {
    LAB_FAULTS.iter().chain(LAB_VARIANTS)
}

impl LabFault {
    fn row(self) -> &'static (LabFault, &'static str, &'static str) {
        // Every variant has its row; a test says so.
        rows()
            .find(|(fault, _, _)| *fault == self)
            .unwrap_or(&LAB_FAULTS[0])
    }

    /// The catalogue's code, that of a variant with its name after it (`TCP-04-rst`), or a name that begins
    /// with `hostile-` or `listener-`.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.row().1
    }

    /// What is made.
    #[must_use]
    pub fn summary(self) -> &'static str {
        self.row().2
    }

    /// Whether a diagnosis names this fault: the hostile ones test the tool itself, and a listener is healthy.
    #[must_use]
    pub fn is_of_the_catalogue(self) -> bool {
        !self.code().starts_with("hostile-") && !self.code().starts_with("listener-")
    }

    /// Whether it is made on connections: the others are of names, ports, or what the cluster is.
    pub(super) fn is_of_connections(self) -> bool {
        !matches!(
            self,
            LabFault::Dns01
                | LabFault::Dns02
                | LabFault::Dns02Silence
                | LabFault::Dns03
                | LabFault::Tcp02
                | LabFault::Clu03
                | LabFault::Clu09
        )
    }

    /// Whether it is what the listener is, for good, rather than something that comes and goes.
    pub(super) fn is_of_the_listener(self) -> bool {
        matches!(
            self,
            LabFault::ListenerScram
                | LabFault::ListenerScram256
                | LabFault::ListenerProxy
                | LabFault::Iam18
        )
    }

    /// Whether it is made on one broker unless another is named.
    pub(super) fn is_of_one_broker(self) -> bool {
        matches!(
            self,
            LabFault::Clu02
                | LabFault::Clu02Versions
                | LabFault::Clu02Handshake
                | LabFault::Clu02Metadata
                | LabFault::Clu03
                | LabFault::Clu08
                | LabFault::Sasl24
        )
    }
}

/// A fault, and the broker to make it on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultSpec {
    /// What.
    pub fault: LabFault,
    /// Where: the broker's number from 1; `None` where the fault belongs, mostly everywhere.
    pub broker: Option<usize>,
}

impl fmt::Display for FaultSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.broker {
            Some(id) => write!(f, "{}@{id}", self.fault.code()),
            None => f.write_str(self.fault.code()),
        }
    }
}

impl FromStr for FaultSpec {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (code, broker) = match text.split_once('@') {
            Some((code, id)) => {
                let id = id
                    .parse()
                    .map_err(|_| format!("{text:?}: {id:?} is no broker number"))?;
                (code, Some(id))
            }
            None => (text, None),
        };
        let row = rows().find(|(_, known, _)| known.eq_ignore_ascii_case(code.trim()));
        match row {
            Some((fault, _, _)) => Ok(Self {
                fault: *fault,
                broker,
            }),
            None => Err(format!(
                "the lab does not make {code:?}; `msk-doctor lab --list` says what it makes"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_read_back_from_its_name() {
        for (fault, name, summary) in rows() {
            assert_eq!(fault.code(), *name);
            assert_eq!(fault.summary(), *summary);
            for broker in [None, Some(2)] {
                let spec = FaultSpec {
                    fault: *fault,
                    broker,
                };
                assert_eq!(spec.to_string().parse(), Ok(spec));
                assert_eq!(spec.to_string().to_lowercase().parse(), Ok(spec));
            }
        }
    }

    #[test]
    fn what_is_no_fault_is_said_to_be_none() {
        for text in ["", "IAM-99", "IAM-01@", "IAM-01@x", "IAM-01@-1", "@1"] {
            assert!(text.parse::<FaultSpec>().is_err(), "{text:?}");
        }
    }
}
