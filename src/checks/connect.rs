//! No connection: silence, refusal, no way there.

use super::{Check, needs_facts, usual};
use crate::case::Case;
use crate::catalogue as c;
use crate::diagnosis::sign::{Seen, Sign};
use crate::diagnosis::{Stand, Weight};
use crate::phase::Phase;
use crate::probe::observation::Purpose;
use crate::probe::resolve::{AddressClass, address_class};
use crate::target::{Auth, Endpoint, MskName};

const SILENT: &[Sign] = &[Sign::ConnectSilent];
const REFUSED: &[Sign] = &[Sign::ConnectRefused];
const UNREACHABLE: &[Sign] = &[Sign::ConnectUnreachable];
const SILENT_OR_UNREACHABLE: &[Sign] = &[Sign::ConnectSilent, Sign::ConnectUnreachable];
const SILENT_OR_REFUSED: &[Sign] = &[Sign::ConnectSilent, Sign::ConnectRefused];
const ANY: &[Sign] = &[
    Sign::ConnectSilent,
    Sign::ConnectRefused,
    Sign::ConnectUnreachable,
];
/// Nobody, or somebody else, at the address.
const WRONG_ADDRESS: &[Sign] = &[
    Sign::ConnectSilent,
    Sign::ConnectRefused,
    Sign::ConnectUnreachable,
    Sign::CertificateName,
];
/// An advertised broker that cannot be used, whatever the reason before TLS.
const ADVERTISED: &[Sign] = &[
    Sign::NameNotFound,
    Sign::NameWithoutAddress,
    Sign::ConnectSilent,
    Sign::ConnectRefused,
    Sign::ConnectUnreachable,
    Sign::AdvertisedUnusable,
];

pub(super) static CHECKS: &[Check] = &[
    Check {
        fault: &c::CLU_18,
        explains: ADVERTISED,
        judge: coordinator,
    },
    Check {
        fault: &c::CLU_09,
        explains: ADVERTISED,
        judge: advertised,
    },
    Check {
        fault: &c::CLU_03,
        explains: SILENT_OR_REFUSED,
        judge: broker_down,
    },
    Check {
        fault: &c::CLU_02,
        explains: REFUSED,
        judge: restarts,
    },
    Check {
        fault: &c::DNS_01,
        explains: WRONG_ADDRESS,
        judge: suffix_answers,
    },
    Check {
        fault: &c::DNS_10,
        explains: REFUSED,
        judge: sinkhole,
    },
    Check {
        fault: &c::DNS_05,
        explains: REFUSED,
        judge: sinkhole,
    },
    Check {
        fault: &c::DNS_08,
        explains: SILENT_OR_UNREACHABLE,
        judge: ipv6_alone,
    },
    Check {
        fault: &c::DNS_07,
        explains: WRONG_ADDRESS,
        judge: stale_address,
    },
    Check {
        fault: &c::NET_09,
        explains: ANY,
        judge: host_firewall,
    },
    Check {
        fault: &c::NET_07,
        explains: UNREACHABLE,
        judge: source_ports,
    },
    Check {
        fault: &c::SG_06,
        explains: SILENT,
        judge: needs_facts,
    },
    Check {
        fault: &c::TCP_01,
        explains: SILENT,
        judge: usual,
    },
    Check {
        fault: &c::TCP_02,
        explains: REFUSED,
        judge: usual,
    },
    Check {
        fault: &c::TCP_03,
        explains: UNREACHABLE,
        judge: usual,
    },
    Check {
        fault: &c::RTE_12,
        explains: ANY,
        judge: no_tunnel,
    },
    Check {
        fault: &c::RTE_10,
        explains: UNREACHABLE,
        judge: needs_facts,
    },
    Check {
        fault: &c::IAM_17,
        explains: REFUSED,
        judge: iam_off,
    },
    Check {
        fault: &c::CLU_07,
        explains: REFUSED,
        judge: encryption_setting,
    },
    Check {
        fault: &c::LIM_06,
        explains: SILENT,
        judge: needs_facts,
    },
    Check {
        fault: &c::SG_01,
        explains: SILENT,
        judge: needs_facts,
    },
    Check {
        fault: &c::SG_02,
        explains: SILENT,
        judge: needs_facts,
    },
    Check {
        fault: &c::NACL_01,
        explains: SILENT,
        judge: needs_facts,
    },
    Check {
        fault: &c::NACL_02,
        explains: SILENT,
        judge: needs_facts,
    },
    Check {
        fault: &c::NACL_04,
        explains: SILENT,
        judge: needs_facts,
    },
    Check {
        fault: &c::RTE_02,
        explains: SILENT,
        judge: needs_facts,
    },
    Check {
        fault: &c::RTE_04,
        explains: SILENT,
        judge: needs_facts,
    },
];

/// The cluster sends clients to a place where they get nowhere; they were not told it otherwise.
fn advertised(case: &Case, seen: &Seen<'_>) -> Stand {
    if seen.sign == Sign::AdvertisedUnusable {
        return Stand::says(Weight::Pointed, unusable(seen));
    }
    if seen.observation.purpose != Purpose::Advertised {
        return Stand::Foreign;
    }
    let asked = case
        .attempts()
        .find(|o| o.metadata().is_some())
        .map(|o| o.broker.to_string());
    Stand::says(
        Weight::Pointed,
        format!(
            "{} answers and sends clients to {}, which cannot be reached from here",
            asked.unwrap_or_else(|| "a bootstrap broker".to_owned()),
            seen.broker()
        ),
    )
}

/// The group or the transactional id is kept by a broker that cannot be reached. Where `Metadata` lists it too, it is more than the coordinator's.
fn coordinator(case: &Case, seen: &Seen<'_>) -> Stand {
    if !case.coordinators().any(|own| own == *seen.broker()) {
        return Stand::Foreign;
    }
    let words = format!("FindCoordinator sends clients to {}", seen.broker());
    let weight = match case.listed_alive(seen.broker()) {
        Some(true) => Weight::Open,
        _ => Weight::Pointed,
    };
    Stand::says(weight, words)
}

/// Which brokers of `Metadata` nobody can dial.
fn unusable(seen: &Seen<'_>) -> String {
    /// How many are named.
    const NAMED: usize = 3;
    let brokers = seen.observation.metadata().map_or(&[][..], |m| &m.brokers);
    let bad: Vec<_> = brokers
        .iter()
        .filter(|broker| broker.endpoint().is_none())
        .collect();
    let named: Vec<String> = bad
        .iter()
        .take(NAMED)
        .map(|broker| {
            // A host of thousands of characters would hide the others.
            let host: String = broker.host.chars().take(60).collect();
            format!("broker {} at \"{host}\", port {}", broker.id, broker.port)
        })
        .collect();
    let more = match bad.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let named = named.join("; ");
    if brokers.is_empty() {
        "Metadata names no broker".to_owned()
    } else if bad.len() == brokers.len() {
        format!("Metadata names no usable broker address: {named}{more}")
    } else {
        let (bad, all) = (bad.len(), brokers.len());
        format!("Metadata names {bad} of {all} brokers without a usable address: {named}{more}")
    }
}

/// A broker of which nothing is left.
fn broker_down(case: &Case, seen: &Seen<'_>) -> Stand {
    if let Some(because) = nearer(case, seen) {
        return Stand::excluded(because);
    }
    match case.listed_alive(seen.broker()) {
        Some(false) => Stand::says(
            Weight::Pointed,
            "the other brokers answer, and their Metadata does not list this one as alive",
        ),
        // A broker that ends without a word is listed until its session is over: 9 s with KRaft
        // (broker.session.timeout.ms), 18 s with ZooKeeper (zookeeper.session.timeout.ms).
        Some(true) => {
            // One host that answers without its broker; several at a time have something else in common.
            let alone = seen.sign == Sign::ConnectRefused
                && (case.attempts())
                    .filter(|o| o.broker != *seen.broker())
                    .all(|o| o.answered(Phase::Connect));
            let weight = if alone { Weight::Usual } else { Weight::Open };
            Stand::says(
                weight,
                "the other brokers' Metadata lists this one as alive: it could have ended only seconds ago",
            )
        }
        None if case.target.brokers.len() > 1 && all_alike(case, seen) => {
            Stand::excluded("every broker ends alike")
        }
        None => Stand::open(),
    }
}

/// A broker that restarts refuses while its process is not there.
fn restarts(case: &Case, seen: &Seen<'_>) -> Stand {
    let works = |other: &Endpoint| other != seen.broker() && case.works(other);
    if case.attempts().any(|o| works(&o.broker)) {
        Stand::open()
    } else {
        Stand::Foreign
    }
}

/// A refusal that comes much sooner than other brokers answer: whoever sent it is not where they are.
fn nearer(case: &Case, seen: &Seen<'_>) -> Option<String> {
    /// Below this, microseconds, the zones of a region are as far from each other.
    const FAR: u64 = 5_000;
    if seen.sign != Sign::ConnectRefused {
        return None;
    }
    let others = case
        .attempts()
        .filter(|o| o.broker != *seen.broker())
        .filter_map(|o| o.connect()?.tcp.as_ref());
    let nearest = others.map(|tcp| u64::from(tcp.rtt_us)).min()?;
    let after = seen.record.duration_us;
    (nearest >= FAR && after < nearest / 4).then(|| {
        format!(
            "the refusal came after {} ms, and the nearest other broker is {} ms away: something nearer sent it",
            after / 1_000,
            nearest / 1_000
        )
    })
}

/// Names of MSK's brokers that a DNS server leads to no host at all, or all to this one.
fn sinkhole(case: &Case, seen: &Seen<'_>) -> Stand {
    let (Some(detail), Some(address)) = (seen.observation.resolve(), seen.address()) else {
        return Stand::Foreign;
    };
    let ip = address.ip();
    let together = || {
        case.attempts()
            .any(|o| o.broker.host != seen.broker().host && o.address == Some(address))
    };
    let nowhere = ip.is_unspecified() || ip.is_loopback() && together();
    let by = detail.wire.iter().find(|own| {
        own.configured && own.name == seen.broker().host && own.addresses.contains(&ip)
    });
    match by {
        Some(answer) if nowhere && MskName::parse(&seen.broker().host).is_some() => Stand::says(
            Weight::Pointed,
            format!(
                "{} leads the name to {ip}, which is no broker's address",
                answer.server
            ),
        ),
        _ => Stand::Foreign,
    }
}

/// The name itself does not exist, and the address is that of the name with a search suffix: somebody's wildcard.
fn suffix_answers(_: &Case, seen: &Seen<'_>) -> Stand {
    let (Some(detail), Some(address)) = (seen.observation.resolve(), seen.address()) else {
        return Stand::Foreign;
    };
    let host = &seen.broker().host;
    let (own, others): (Vec<_>, Vec<_>) = detail
        .wire
        .iter()
        .filter(|answer| answer.configured)
        .partition(|answer| answer.name == *host);
    let exists = own
        .iter()
        .any(|answer| answer.rcode.as_deref() != Some("NXDOMAIN"));
    let by = others
        .iter()
        .find(|answer| answer.addresses.contains(&address.ip()));
    match by {
        Some(answer) if !own.is_empty() && !exists => Stand::says(
            Weight::Shown,
            format!(
                "{host} does not exist; {} does, by a search suffix",
                answer.name
            ),
        ),
        _ => Stand::Foreign,
    }
}

/// A name with IPv6 addresses alone.
fn ipv6_alone(_: &Case, seen: &Seen<'_>) -> Stand {
    if seen.broker().ip().is_some() || seen.address().is_none_or(|address| address.is_ipv4()) {
        return Stand::Foreign;
    }
    match seen.sign {
        Sign::ConnectUnreachable => Stand::says(
            Weight::Pointed,
            "the name has an IPv6 address, and there is no way to it",
        ),
        _ => Stand::open(),
    }
}

fn all_alike(case: &Case, seen: &Seen<'_>) -> bool {
    case.attempts()
        .all(|o| o.failure().is_some_and(|r| r.end == seen.record.end))
}

/// The application's address is one that no DNS server gives any more: nobody is there, or
/// somebody else (another broker, a tunnel's end), whose certificate says so.
pub(super) fn stale_address(_: &Case, seen: &Seen<'_>) -> Stand {
    if seen.broker().ip().is_some() {
        return Stand::excluded("an address is dialled, not a name");
    }
    let (Some(detail), Some(address)) = (seen.observation.resolve(), seen.address()) else {
        return Stand::open();
    };
    // A search suffix's answer is another name's.
    let mut fresh = detail
        .wire
        .iter()
        .filter(|answer| answer.name == seen.broker().host)
        .flat_map(|answer| &answer.addresses)
        .peekable();
    if fresh.peek().is_none() {
        return Stand::open();
    }
    if fresh.any(|ip| *ip == address.ip()) {
        return Stand::excluded("a fresh DNS answer gives the same address");
    }
    let weight = match seen.sign {
        Sign::CertificateName => Weight::Shown,
        _ => Weight::Pointed,
    };
    Stand::says(
        weight,
        format!(
            "the application is given {}, which no DNS server gives: a hosts file or a cache",
            address.ip()
        ),
    )
}

/// `EPERM` and `EACCES` come from this machine's own filter, and so may a refusal that comes at once.
fn host_firewall(case: &Case, seen: &Seen<'_>) -> Stand {
    if let Some(words) = nearer(case, seen) {
        return Stand::says(Weight::Pointed, words);
    }
    let errno = seen
        .observation
        .connect()
        .and_then(|connect| connect.errno.as_deref());
    match errno {
        Some("EPERM" | "EACCES") => Stand::says(
            Weight::Pointed,
            "this machine itself forbids the connection",
        ),
        _ => Stand::open(),
    }
}

/// `EADDRNOTAVAIL` is this machine's own, before any packet. With IPv6 it has another reading: there is
/// no address to connect from.
fn source_ports(_: &Case, seen: &Seen<'_>) -> Stand {
    let errno = seen
        .observation
        .connect()
        .and_then(|connect| connect.errno.as_deref());
    if errno != Some("EADDRNOTAVAIL") {
        return Stand::Foreign;
    }
    let words = "this machine has no free local port or address for it, and sent nothing";
    if seen.address().is_some_and(|address| address.is_ipv6()) {
        return Stand::says(Weight::Open, words);
    }
    Stand::decides(words)
}

fn no_tunnel(case: &Case, seen: &Seen<'_>) -> Stand {
    let Some(address) = seen.address() else {
        return Stand::open();
    };
    match address_class(address.ip()) {
        AddressClass::Public => Stand::excluded("the address is public"),
        AddressClass::Loopback => Stand::excluded("the address is this machine's own"),
        _ => {
            let reached = case.attempts().find(|o| {
                o.broker != *seen.broker()
                    && o.answered(Phase::Connect)
                    && o.address
                        .is_some_and(|a| address_class(a.ip()) != AddressClass::Public)
            });
            match reached {
                Some(other) => {
                    Stand::excluded(format!("{} is reached at a private address", other.broker))
                }
                None => Stand::open(),
            }
        }
    }
}

fn iam_off(case: &Case, seen: &Seen<'_>) -> Stand {
    if case.target.auth != Auth::Iam {
        return Stand::Foreign;
    }
    if let Some(because) = nearer(case, seen) {
        return Stand::excluded(because);
    }
    if case.attempts().any(|o| o.answered(Phase::Connect)) {
        return Stand::excluded("another broker has the listener");
    }
    Stand::open()
}

fn encryption_setting(case: &Case, _: &Seen<'_>) -> Stand {
    match case.target.auth {
        Auth::Plaintext | Auth::Tls | Auth::Mtls => Stand::open(),
        Auth::Iam | Auth::Scram => Stand::Foreign,
    }
}
