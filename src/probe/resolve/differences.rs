//! What the answers say when they are held against each other: pure.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::detail::{ResolveDetail, WireAnswer, WireEnd};

/// Beyond this a name took long enough to be seen in a client's start: a cached answer takes milliseconds, and one
/// wasted search suffix or one lost datagram takes more than this.
const SLOW: Duration = Duration::from_millis(500);

/// Two answers that do not agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Difference {
    /// The application has addresses that no configured server gives now (a hosts file, or a cache), or has none
    /// although they give some.
    Application {
        /// Only the application has these.
        application_only: Vec<IpAddr>,
        /// Only the configured servers give these.
        wire_only: Vec<IpAddr>,
    },
    /// Two servers answered the same question differently.
    Servers {
        /// The name asked, with its search suffix if any.
        name: String,
        /// `A` or `AAAA`.
        record_type: String,
        /// The first server that answered.
        one: ServerSaid,
        /// One that does not agree with it.
        other: ServerSaid,
    },
    /// The answers hold both addresses of the internet and addresses that it does not route.
    PrivateAndPublic {
        /// Any class but [`AddressClass::Public`].
        private: Vec<IpAddr>,
        /// Of class [`AddressClass::Public`].
        public: Vec<IpAddr>,
    },
}

/// What one server said, to be held against another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServerSaid {
    /// The server asked.
    pub server: SocketAddr,
    /// Its response code.
    pub rcode: Option<String>,
    /// Its addresses, sorted.
    pub addresses: Vec<IpAddr>,
}

/// From where an address can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AddressClass {
    /// 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 (RFC 1918).
    Private,
    /// `fc00::/7` (RFC 4193).
    UniqueLocal,
    /// 127.0.0.0/8 and `::1`; also 0.0.0.0 and `::`, which some filters answer with, and which reach this machine.
    Loopback,
    /// 169.254.0.0/16 (RFC 3927), `fe80::/10` (RFC 4291).
    LinkLocal,
    /// 100.64.0.0/10 (RFC 6598): carrier-grade NAT, and secondary VPC ranges.
    SharedAddressSpace,
    /// Everything else. A VPC may use such a range privately.
    Public,
}

/// The class of an address; an IPv4-mapped one (RFC 4291, 2.5.5.2) has that of its IPv4 address.
#[must_use]
pub fn address_class(ip: IpAddr) -> AddressClass {
    match ip.to_canonical() {
        ip if ip.is_loopback() || ip.is_unspecified() => AddressClass::Loopback,
        IpAddr::V4(v4) if v4.is_private() => AddressClass::Private,
        IpAddr::V4(v4) if v4.is_link_local() => AddressClass::LinkLocal,
        IpAddr::V4(v4) if is_shared(v4) => AddressClass::SharedAddressSpace,
        IpAddr::V6(v6) if v6.is_unique_local() => AddressClass::UniqueLocal,
        IpAddr::V6(v6) if v6.is_unicast_link_local() => AddressClass::LinkLocal,
        _ => AddressClass::Public,
    }
}

/// How long the application waited for its answer, good or bad, when that is over 500 ms. No answer is not slow.
#[must_use]
pub fn slow(detail: &ResolveDetail) -> Option<Duration> {
    let answer = detail.application.as_ref()?;
    let took = Duration::from_micros(answer.duration_us);
    (!answer.silent && took > SLOW).then_some(took)
}

/// Every disagreement among the application's answer and the servers'.
///
/// A server that did not answer disagrees with nobody: silence is no answer.
#[must_use]
pub fn differences(detail: &ResolveDetail) -> Vec<Difference> {
    let mut all = Vec::new();
    all.extend(application_and_wire(detail));
    all.extend(server_and_server(&detail.wire));
    all.extend(private_and_public(detail));
    all
}

/// An application may have less than the wire gives (no AAAA where the machine has no IPv6); that is no difference.
fn application_and_wire(detail: &ResolveDetail) -> Option<Difference> {
    let answer = detail
        .application
        .as_ref()
        .filter(|answer| !answer.silent)?;
    let configured = || detail.wire.iter().filter(|wire| wire.configured);
    configured().find(|wire| wire.decides())?;
    let application: BTreeSet<IpAddr> = answer.addresses.iter().copied().collect();
    let wire: BTreeSet<IpAddr> = configured()
        .flat_map(|wire| wire.addresses.iter().copied())
        .collect();
    let application_only: Vec<IpAddr> = application.difference(&wire).copied().collect();
    let wire_only: Vec<IpAddr> = wire.difference(&application).copied().collect();
    let differ = !application_only.is_empty() || (application.is_empty() && !wire_only.is_empty());
    differ.then_some(Difference::Application {
        application_only,
        wire_only,
    })
}

/// Each server against the first that answered the same question.
fn server_and_server(wire: &[WireAnswer]) -> Vec<Difference> {
    let answered = || wire.iter().filter(|answer| answer.end == WireEnd::Answered);
    let mut all = Vec::new();
    for other in answered() {
        let same_question =
            |one: &&WireAnswer| one.name == other.name && one.record_type == other.record_type;
        let Some(one) = answered().find(same_question) else {
            continue;
        };
        let (one, said) = (ServerSaid::of(one), ServerSaid::of(other));
        if (&one.rcode, &one.addresses) != (&said.rcode, &said.addresses) {
            all.push(Difference::Servers {
                name: other.name.clone(),
                record_type: other.record_type.clone(),
                one,
                other: said,
            });
        }
    }
    all
}

fn private_and_public(detail: &ResolveDetail) -> Option<Difference> {
    let application = detail
        .application
        .iter()
        .flat_map(|answer| &answer.addresses);
    let wire = detail.wire.iter().flat_map(|answer| &answer.addresses);
    let all: BTreeSet<IpAddr> = application.chain(wire).copied().collect();
    let (public, private): (Vec<IpAddr>, Vec<IpAddr>) = all
        .into_iter()
        .partition(|ip| address_class(*ip) == AddressClass::Public);
    (!public.is_empty() && !private.is_empty())
        .then_some(Difference::PrivateAndPublic { private, public })
}

impl ServerSaid {
    fn of(answer: &WireAnswer) -> Self {
        let sorted: BTreeSet<IpAddr> = answer.addresses.iter().copied().collect();
        Self {
            server: answer.server,
            rcode: answer.rcode.clone(),
            addresses: sorted.into_iter().collect(),
        }
    }
}

/// `Ipv4Addr::is_shared` is not stable yet.
fn is_shared(ip: Ipv4Addr) -> bool {
    let [first, second, ..] = ip.octets();
    first == 100 && second & 0b1100_0000 == 64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::resolve::ResolveSource;
    use crate::probe::resolve::tests::{application, wire};

    fn ips(addresses: &[&str]) -> Vec<IpAddr> {
        addresses
            .iter()
            .map(|ip| ip.parse().expect("an address"))
            .collect()
    }

    /// `wire`: server, configured, and an rcode or addresses.
    fn detail(app: &str, servers: &[(&str, bool, &str)]) -> ResolveDetail {
        ResolveDetail {
            source: ResolveSource::System,
            application: Some(application(app)),
            wire: servers
                .iter()
                .map(|(server, configured, said)| WireAnswer {
                    server: server.parse().expect("a server"),
                    configured: *configured,
                    ..wire("b-1.test", said)
                })
                .collect(),
            configuration_error: None,
        }
    }

    const LOCAL: &str = "192.0.2.1:53";
    const GIVEN: &str = "192.0.2.2:53";

    #[test]
    fn classes() {
        use AddressClass::{LinkLocal, Loopback, Private, Public, SharedAddressSpace, UniqueLocal};
        let table = [
            ("10.1.2.3", Private),
            ("172.16.0.0", Private),
            ("172.31.255.255", Private),
            ("172.32.0.0", Public),
            ("192.168.1.1", Private),
            ("100.63.255.255", Public),
            ("100.64.0.0", SharedAddressSpace),
            ("100.127.255.255", SharedAddressSpace),
            ("100.128.0.0", Public),
            ("127.0.0.53", Loopback),
            ("0.0.0.0", Loopback),
            ("::1", Loopback),
            ("169.254.169.253", LinkLocal),
            ("fe80::1", LinkLocal),
            ("fd00:ec2::253", UniqueLocal),
            ("2600:1f18::1", Public),
            ("::ffff:10.0.0.1", Private),
            ("52.1.2.3", Public),
        ];
        for (ip, want) in table {
            assert_eq!(address_class(ip.parse().expect("an address")), want, "{ip}");
        }
    }

    #[test]
    fn agreement_is_no_difference() {
        assert_eq!(
            differences(&detail(
                "10.0.0.1",
                &[(LOCAL, true, "10.0.0.1"), (GIVEN, false, "10.0.0.1")]
            )),
            []
        );
        assert_eq!(
            differences(&detail("10.0.0.1", &[(LOCAL, true, "silence")])),
            []
        );
        assert_eq!(
            differences(&detail("EAI_NONAME", &[(LOCAL, true, "NXDOMAIN")])),
            []
        );
        assert_eq!(
            differences(&detail("10.0.0.1", &[(LOCAL, true, "10.0.0.1 10.0.0.2")])),
            []
        );
    }

    #[test]
    fn a_hosts_file_differs_from_the_wire() {
        let found = differences(&detail("10.0.0.9", &[(LOCAL, true, "10.0.0.1")]));
        let want = Difference::Application {
            application_only: ips(&["10.0.0.9"]),
            wire_only: ips(&["10.0.0.1"]),
        };
        assert_eq!(found, [want]);
        assert_eq!(
            differences(&detail("10.0.0.9", &[(LOCAL, true, "NXDOMAIN")])).len(),
            1
        );
        assert_eq!(
            differences(&detail("EAI_NONAME", &[(LOCAL, true, "10.0.0.1")])).len(),
            1
        );
    }

    #[test]
    fn a_filter_on_one_server_differs_from_the_other() {
        let found = differences(&detail(
            "EAI_NODATA",
            &[(LOCAL, true, "NOERROR"), (GIVEN, false, "10.0.0.1")],
        ));
        let [Difference::Servers { one, other, .. }] = found.as_slice() else {
            panic!("{found:?}");
        };
        assert_eq!(
            (one.server.to_string().as_str(), one.addresses.len()),
            (LOCAL, 0)
        );
        assert_eq!(other.addresses, ips(&["10.0.0.1"]));
    }

    #[test]
    fn order_of_addresses_is_no_difference() {
        let found = differences(&detail(
            "10.0.0.1",
            &[
                (LOCAL, true, "10.0.0.1 10.0.0.2"),
                (GIVEN, false, "10.0.0.2 10.0.0.1"),
            ],
        ));
        assert_eq!(found, []);
    }

    #[test]
    fn private_here_and_public_there() {
        let found = differences(&detail(
            "10.0.0.1",
            &[(LOCAL, true, "10.0.0.1"), (GIVEN, false, "52.1.2.3")],
        ));
        let want = Difference::PrivateAndPublic {
            private: ips(&["10.0.0.1"]),
            public: ips(&["52.1.2.3"]),
        };
        assert!(found.contains(&want), "{found:?}");
    }

    #[test]
    fn slow_is_more_than_half_a_second() {
        let mut slept = detail("10.0.0.1", &[]);
        let mut took = |us: u64, silent: bool| {
            let answer = slept.application.as_mut().expect("an answer");
            (answer.duration_us, answer.silent) = (us, silent);
            slow(&slept)
        };
        assert_eq!(took(500_000, false), None);
        assert_eq!(took(500_001, false), Some(Duration::from_micros(500_001)));
        assert_eq!(took(5_000_000, true), None);
    }
}
