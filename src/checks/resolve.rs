//! The name never becomes the right address.

use super::{Check, usual};
use crate::case::Case;
use crate::catalogue as c;
use crate::diagnosis::sign::{Seen, Sign};
use crate::diagnosis::{Stand, Weight};
use crate::probe::observation::Purpose;
use crate::probe::resolve::{AddressClass, WireAnswer, address_class};
use crate::target::{Flavour, MskName};

const NO_NAME: &[Sign] = &[Sign::NameNotFound];
const NO_ANSWER: &[Sign] = &[Sign::NameNotFound, Sign::NameWithoutAddress];
const EMPTY: &[Sign] = &[Sign::NameWithoutAddress];
const FAILED: &[Sign] = &[Sign::ResolverFailed, Sign::ResolverSilent];

pub(super) static CHECKS: &[Check] = &[
    Check {
        fault: &c::DNS_04,
        explains: NO_ANSWER,
        judge: serverless_outside,
    },
    Check {
        fault: &c::CLU_16,
        explains: NO_NAME,
        judge: bootstrap_outdated,
    },
    Check {
        fault: &c::DNS_05,
        explains: NO_ANSWER,
        judge: shadowed,
    },
    Check {
        fault: &c::DNS_10,
        explains: NO_ANSWER,
        judge: firewalled,
    },
    Check {
        fault: &c::CLU_13,
        explains: NO_NAME,
        judge: public_access,
    },
    Check {
        fault: &c::DNS_01,
        explains: NO_NAME,
        judge: no_such_name,
    },
    Check {
        fault: &c::DNS_03,
        explains: EMPTY,
        judge: private_answers_stripped,
    },
    Check {
        fault: &c::DNS_09,
        explains: FAILED,
        judge: packet_quota,
    },
    Check {
        fault: &c::DNS_02,
        explains: NO_ANSWER,
        judge: own_look_up,
    },
    Check {
        fault: &c::DNS_02,
        explains: FAILED,
        judge: usual,
    },
];

fn name_of(seen: &Seen<'_>) -> Option<MskName> {
    MskName::parse(&seen.broker().host)
}

/// Answers of servers that the system does not use: `--dns-server`.
fn elsewhere<'a>(seen: &Seen<'a>) -> impl Iterator<Item = &'a WireAnswer> {
    let wire = seen
        .observation
        .resolve()
        .map(|detail| detail.wire.as_slice());
    wire.unwrap_or_default()
        .iter()
        .filter(|answer| !answer.configured)
}

/// An answer with an address of a server that is not the first that the system asks.
fn found_elsewhere<'a>(seen: &Seen<'a>) -> Option<&'a WireAnswer> {
    let differs = of_the_system(seen, false).and_then(|_| of_the_system(seen, true));
    elsewhere(seen)
        .find(|answer| !answer.addresses.is_empty())
        .or(differs)
}

/// Another server says the same as the system's.
fn same_elsewhere(seen: &Seen<'_>) -> bool {
    let rcode = if seen.sign == Sign::NameNotFound {
        "NXDOMAIN"
    } else {
        "NOERROR"
    };
    found_elsewhere(seen).is_none()
        && elsewhere(seen).any(|answer| answer.rcode.as_deref() == Some(rcode))
}

fn serverless_outside(_: &Case, seen: &Seen<'_>) -> Stand {
    match name_of(seen) {
        Some(name) if name.flavour == Flavour::Serverless => Stand::says(
            Weight::Pointed,
            "names of MSK Serverless resolve only in the VPCs attached to the cluster",
        ),
        _ => Stand::Foreign,
    }
}

fn bootstrap_outdated(case: &Case, seen: &Seen<'_>) -> Stand {
    if seen.observation.purpose != Purpose::Bootstrap {
        return Stand::Foreign;
    }
    match case.listed_alive(seen.broker()) {
        Some(false) => Stand::says(
            Weight::Pointed,
            "the brokers that answer name their cluster's brokers, and this one is not among them",
        ),
        Some(true) => Stand::excluded("the cluster's own Metadata names this broker"),
        None => Stand::open(),
    }
}

/// Answers of the system's servers for the name itself and IPv4, with an address or surely without.
fn of_the_system<'a>(seen: &Seen<'a>, with_address: bool) -> Option<&'a WireAnswer> {
    let answers = &seen.observation.resolve()?.wire;
    answers.iter().find(|own| {
        own.configured
            && own.name == seen.observation.broker.host
            && own.record_type == "A"
            && own.addresses.is_empty() != with_address
            && matches!(own.rcode.as_deref(), Some("NOERROR" | "NXDOMAIN"))
    })
}

/// The system's servers all give an address, and the application is told none: what stands between them (nsswitch.conf,
/// nscd, the C library) does not ask, or keeps an older answer.
fn lost_on_this_machine(seen: &Seen<'_>) -> Option<String> {
    let answer = of_the_system(seen, true)?;
    of_the_system(seen, false).is_none().then(|| {
        format!(
            "{}, which this machine is to ask, gives an address: its own look-up does not ask it, or keeps an older answer",
            answer.server
        )
    })
}

fn no_such_name(_: &Case, seen: &Seen<'_>) -> Stand {
    match lost_on_this_machine(seen) {
        Some(because) => Stand::excluded(because),
        None => Stand::usual(),
    }
}

fn own_look_up(_: &Case, seen: &Seen<'_>) -> Stand {
    match lost_on_this_machine(seen) {
        // Or the servers answer now so, now otherwise.
        Some(words) => Stand::says(Weight::Usual, words),
        None => Stand::Foreign,
    }
}

fn shadowed(_: &Case, seen: &Seen<'_>) -> Stand {
    if let Some(because) = lost_on_this_machine(seen) {
        return Stand::excluded(because);
    }
    if let Some(answer) = found_elsewhere(seen) {
        return Stand::says(
            // An empty answer where another server has one is a filter first (DNS-03).
            if seen.sign == Sign::NameNotFound {
                Weight::Pointed
            } else {
                Weight::Open
            },
            format!(
                "{} knows the name, the resolver that is asked first does not",
                answer.server
            ),
        );
    }
    if same_elsewhere(seen) {
        return Stand::excluded("another DNS server gives the same answer");
    }
    Stand::open()
}

fn firewalled(_: &Case, seen: &Seen<'_>) -> Stand {
    if let Some(because) = lost_on_this_machine(seen) {
        return Stand::excluded(because);
    }
    if same_elsewhere(seen) {
        return Stand::excluded("another DNS server gives the same answer");
    }
    Stand::open()
}

fn public_access(_: &Case, seen: &Seen<'_>) -> Stand {
    match name_of(seen) {
        Some(name) if name.flavour == Flavour::Public => Stand::open(),
        _ => Stand::Foreign,
    }
}

fn private_answers_stripped(_: &Case, seen: &Seen<'_>) -> Stand {
    if let Some(because) = lost_on_this_machine(seen) {
        return Stand::excluded(because);
    }
    let private = found_elsewhere(seen).filter(|a| {
        a.addresses
            .iter()
            .all(|ip| address_class(*ip) != AddressClass::Public)
    });
    if let Some(answer) = private {
        return Stand::says(
            Weight::Pointed,
            format!(
                "{} gives private addresses, the resolver that is asked first none",
                answer.server
            ),
        );
    }
    if same_elsewhere(seen) {
        return Stand::says(Weight::Open, "another DNS server gives no address either");
    }
    Stand::usual()
}

fn packet_quota(case: &Case, seen: &Seen<'_>) -> Stand {
    let some_resolve = case
        .attempts()
        .any(|o| o.broker != *seen.broker() && o.answered(crate::phase::Phase::Resolve));
    if some_resolve {
        Stand::open()
    } else {
        Stand::excluded("no name was resolved: a quota loses some queries, not all")
    }
}
