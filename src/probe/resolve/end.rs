//! How a resolution ended: the application decides, and the wire tells apart what getaddrinfo merges.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::detail::{ApplicationAnswer, ResolveDetail, ResolveSource, WireAnswer, WireEnd};

/// How resolving ended for the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ResolveEnd {
    /// At least one address.
    Answered,
    /// The name does not exist.
    Nxdomain,
    /// The name exists, or may, and has no address: NODATA (RFC 2308).
    NoAddress,
    /// The resolver could be asked and failed, or could not be reached at all.
    ResolverFailed,
    /// No answer in time, from the application's resolver or from any server behind it.
    Silence,
    /// Stopped before the application had its answer.
    Cancelled,
}

/// How resolving `name` ended, from what was seen. Servers that only `--dns-server` gave have no say.
#[must_use]
pub fn conclude(name: &str, detail: &ResolveDetail) -> ResolveEnd {
    if matches!(detail.source, ResolveSource::Flag | ResolveSource::Literal) {
        return ResolveEnd::Answered;
    }
    match &detail.application {
        None => ResolveEnd::Cancelled,
        Some(answer) if !answer.addresses.is_empty() => ResolveEnd::Answered,
        Some(answer) if answer.silent => ResolveEnd::Silence,
        Some(answer) => without_address(answer, &said_of(name, &detail.wire)),
    }
}

/// What the configured servers said of the name itself, without search suffix.
fn said_of<'a>(name: &str, wire: &'a [WireAnswer]) -> Vec<&'a WireAnswer> {
    wire.iter()
        .filter(|answer| answer.configured && answer.name == name)
        .collect()
}

fn without_address(application: &ApplicationAnswer, wire: &[&WireAnswer]) -> ResolveEnd {
    match application.error.as_deref() {
        // glibc gives EAI_NONAME for NODATA too, so the first server that knows tells which of the two it was.
        Some(error @ ("EAI_NONAME" | "EAI_NODATA")) => {
            match wire.iter().find(|answer| answer.decides()) {
                Some(answer) if answer.denies_name() => ResolveEnd::Nxdomain,
                // No IPv6 address is what most brokers have; of the IPv4 address nothing was said.
                Some(_)
                    if !wire
                        .iter()
                        .any(|answer| answer.is_of_ipv4() && answer.decides()) =>
                {
                    ResolveEnd::ResolverFailed
                }
                None if error == "EAI_NONAME" => ResolveEnd::Nxdomain,
                Some(_) | None => ResolveEnd::NoAddress,
            }
        }
        Some("EAI_ADDRFAMILY") | None => ResolveEnd::NoAddress,
        // glibc gives EAI_AGAIN for SERVFAIL as for silence.
        Some(_) if !wire.is_empty() && wire.iter().all(|answer| answer.end == WireEnd::Silence) => {
            ResolveEnd::Silence
        }
        Some(_) => ResolveEnd::ResolverFailed,
    }
}

impl WireAnswer {
    /// Whether a resolver library would stop here: the server knows the name, or knows that there is none.
    pub(super) fn decides(&self) -> bool {
        self.end == WireEnd::Answered
            && matches!(self.rcode.as_deref(), Some("NOERROR" | "NXDOMAIN"))
    }

    fn is_of_ipv4(&self) -> bool {
        self.record_type == "A"
    }

    pub(super) fn denies_name(&self) -> bool {
        self.end == WireEnd::Answered && self.rcode.as_deref() == Some("NXDOMAIN")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::resolve::tests::{application, wire};

    const NAME: &str = "b-1.demo.example";

    /// What getaddrinfo said, what the servers said (an rcode, or how the exchange ended), and the end.
    #[test]
    fn ends() {
        use ResolveEnd::{Answered, NoAddress, Nxdomain, ResolverFailed, Silence};
        let table: &[(&str, &[&str], ResolveEnd)] = &[
            ("10.0.0.1", &["SERVFAIL"], Answered),
            ("EAI_NONAME", &["NXDOMAIN"], Nxdomain),
            ("EAI_NONAME", &["NOERROR"], NoAddress),
            ("EAI_NODATA", &["NOERROR"], NoAddress),
            ("EAI_NODATA", &["NXDOMAIN"], Nxdomain),
            ("EAI_NONAME", &["silence", "NOERROR"], NoAddress),
            ("EAI_NONAME", &["NXDOMAIN", "NOERROR"], Nxdomain),
            ("EAI_NONAME", &["SERVFAIL"], Nxdomain),
            ("EAI_NONAME", &[], Nxdomain),
            ("EAI_NODATA", &[], NoAddress),
            ("EAI_ADDRFAMILY", &["NOERROR"], NoAddress),
            ("EAI_AGAIN", &["SERVFAIL"], ResolverFailed),
            ("EAI_AGAIN", &["REFUSED"], ResolverFailed),
            ("EAI_FAIL", &["REFUSED"], ResolverFailed),
            ("EAI_AGAIN", &["silence", "silence"], Silence),
            ("EAI_AGAIN", &["silence", "SERVFAIL"], ResolverFailed),
            ("EAI_AGAIN", &["refused"], ResolverFailed),
            ("EAI_AGAIN", &["NOERROR"], ResolverFailed),
            ("EAI_AGAIN", &[], ResolverFailed),
            ("EAI_SYSTEM", &[], ResolverFailed),
            ("silent", &["NOERROR"], Silence),
            ("silent", &[], Silence),
        ];
        for (said, servers, want) in table {
            let detail = ResolveDetail {
                source: ResolveSource::System,
                application: Some(application(said)),
                wire: servers.iter().map(|said| wire(NAME, said)).collect(),
                configuration_error: None,
            };
            assert_eq!(conclude(NAME, &detail), *want, "{said} with {servers:?}");
        }
    }

    #[test]
    fn an_empty_answer_for_ipv6_does_not_stand_for_a_failed_one() {
        let of_ipv6 = |said| WireAnswer {
            record_type: "AAAA".to_owned(),
            ..wire(NAME, said)
        };
        for (ipv4, ipv6, want) in [
            ("SERVFAIL", "NOERROR", ResolveEnd::ResolverFailed),
            ("silence", "NOERROR", ResolveEnd::ResolverFailed),
            ("NOERROR", "SERVFAIL", ResolveEnd::NoAddress),
            ("SERVFAIL", "NXDOMAIN", ResolveEnd::Nxdomain),
        ] {
            let detail = ResolveDetail {
                source: ResolveSource::System,
                application: Some(application("EAI_NODATA")),
                wire: vec![wire(NAME, ipv4), of_ipv6(ipv6)],
                configuration_error: None,
            };
            assert_eq!(conclude(NAME, &detail), want, "{ipv4} and {ipv6}");
        }
    }

    #[test]
    fn only_the_name_itself_and_configured_servers_count() {
        let mut suffixed = wire("b-1.demo.example.corp.test", "NXDOMAIN");
        suffixed.server = "192.0.2.1:53".parse().expect("an address");
        let given = WireAnswer {
            configured: false,
            ..wire(NAME, "NXDOMAIN")
        };
        let detail = ResolveDetail {
            source: ResolveSource::System,
            application: Some(application("EAI_NONAME")),
            wire: vec![suffixed, given, wire(NAME, "NOERROR")],
            configuration_error: None,
        };
        assert_eq!(conclude(NAME, &detail), ResolveEnd::NoAddress);
    }

    #[test]
    fn no_application_answer_means_cancelled() {
        let detail = ResolveDetail::without_asking(ResolveSource::System);
        assert_eq!(conclude(NAME, &detail), ResolveEnd::Cancelled);
        let literal = ResolveDetail::without_asking(ResolveSource::Literal);
        assert_eq!(conclude(NAME, &literal), ResolveEnd::Answered);
    }
}
