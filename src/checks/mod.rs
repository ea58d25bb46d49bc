//! The checks: for each catalogue entry, which signs it can explain and what speaks for it.
//!
//! A check is pure. It says how an entry stands towards one sign; `diagnosis` weighs the answers.
//! Among entries of equal weight the order of the tables decides: the more specific comes first.

mod canary;
mod certificate;
pub mod configuration;
mod connect;
mod environment;
pub mod function;
mod kafka;
mod login;
pub mod mapping;
pub mod names;
mod poller;
mod resolve;
pub mod rights;
mod tls;
mod warnings;

pub use warnings::{passes, warnings};

use crate::case::Case;
use crate::catalogue::Fault;
use crate::diagnosis::sign::{Seen, Sign};
use crate::diagnosis::{Stand, Weight};
use crate::phase::Phase;
use crate::probe::certificate::CertificateJudgement;
use crate::probe::observation::Detail;

/// How one catalogue entry is judged.
pub struct Check {
    /// The entry.
    pub fault: &'static Fault,
    /// The signs that it can explain.
    pub explains: &'static [Sign],
    /// How it stands towards one of them.
    pub judge: fn(&Case, &Seen<'_>) -> Stand,
}

/// All checks.
pub fn all() -> impl Iterator<Item = &'static Check> {
    [
        resolve::CHECKS,
        connect::CHECKS,
        tls::CHECKS,
        certificate::CHECKS,
        kafka::CHECKS,
        login::CHECKS,
        canary::CHECKS,
    ]
    .into_iter()
    .flatten()
}

/// The catalogue's code for a bare sign, where it has one: causes explain it.
#[must_use]
pub fn symptom_code(sign: Sign) -> Option<&'static str> {
    Some(match sign {
        Sign::NameNotFound => "DNS-01",
        Sign::ResolverFailed | Sign::ResolverSilent => "DNS-02",
        Sign::ConnectSilent => "TCP-01",
        Sign::ConnectRefused => "TCP-02",
        Sign::ConnectUnreachable => "TCP-03",
        Sign::TlsClosed => "TCP-04",
        Sign::TlsSilent => "TCP-05",
        Sign::LoginClosedBare => "SASL-07",
        Sign::LoginSilent => "SASL-26",
        Sign::LoginChallenged => "SASL-06",
        _ => return None,
    })
}

/// Entries that another one brings along on the same broker.
#[must_use]
pub fn consequences(code: &str) -> &'static [&'static str] {
    match code {
        // Whoever intercepts shows a certificate of their own: issuer, name and dates are theirs.
        "TLS-12" => &["TLS-03", "TLS-05", "TLS-14", "TLS-09"],
        // A certificate of somebody else's, for somebody else's name.
        "TLS-03" => &["TLS-05"],
        _ => &[],
    }
}

/// Fits, but only what AWS's APIs say could point at it.
fn needs_facts(_: &Case, _: &Seen<'_>) -> Stand {
    Stand::open()
}

/// The usual reading of the sign.
fn usual(_: &Case, _: &Seen<'_>) -> Stand {
    Stand::usual()
}

/// Why an end without an answer was the broker's own, and no device's on the way: whoever cannot read
/// the TLS session cannot end it in order.
fn closed_in_order(seen: &Seen<'_>) -> Option<&'static str> {
    let verified = seen
        .observation
        .tls()
        .and_then(|tls| tls.certificate.as_ref())
        .is_some_and(CertificateJudgement::verified);
    let notified = match &seen.record.detail {
        Detail::ApiVersions(detail) => detail.close_notify,
        Detail::SaslHandshake(detail) => detail.close_notify,
        Detail::SaslAuthenticate(detail) => detail.close_notify,
        Detail::Metadata(detail) => detail.close_notify,
        _ => false,
    };
    (verified && notified)
        .then_some("the end came within TLS (close_notify): the broker itself closed")
}

/// Why a broker that does not answer is not busy.
const NOT_ACKNOWLEDGED: &str = "the broker's kernel does not acknowledge the request, however often it is sent: it is lost on the way";

/// A busy broker's kernel acknowledges what the broker does not answer.
fn busy(_: &Case, seen: &Seen<'_>) -> Stand {
    if seen.record.is_lost_on_the_way() {
        Stand::excluded(NOT_ACKNOWLEDGED)
    } else {
        Stand::usual()
    }
}

/// A request of a connection that worked is lost: a device forgot the connection.
fn forgotten(_: &Case, seen: &Seen<'_>) -> Stand {
    if !seen.record.is_lost_on_the_way() {
        return Stand::open();
    }
    if seen.observation.answered(Phase::ApiVersions) {
        let words = "requests on this connection were answered, and this one is never acknowledged";
        Stand::says(Weight::Pointed, words)
    } else {
        Stand::says(Weight::Usual, NOT_ACKNOWLEDGED)
    }
}

/// A request that is lost while the connection stands: a device that lets the handshake pass and not what follows.
fn dropped(_: &Case, seen: &Seen<'_>) -> Stand {
    if !seen.record.is_lost_on_the_way() {
        return Stand::open();
    }
    // The first request is the first that is not a handshake.
    let weight = match seen.sign {
        Sign::ApiVersionsSilent => Weight::Pointed,
        _ => Weight::Usual,
    };
    Stand::says(weight, NOT_ACKNOWLEDGED)
}

/// An operation takes one broker at a time: this one ends connections, and the others work.
fn restarting(case: &Case, seen: &Seen<'_>) -> Stand {
    let others_work = case
        .attempts()
        .any(|o| o.broker != *seen.broker() && case.works(&o.broker));
    let all_alike = case.attempts().all(|o| {
        o.failure()
            .is_some_and(|record| record.end == seen.record.end)
    });
    if others_work {
        Stand::usual()
    } else if all_alike && case.target.brokers.len() > 1 {
        Stand::excluded("every broker ends alike, and an operation takes one at a time")
    } else {
        Stand::open()
    }
}

/// Whether the login is by `AWS_MSK_IAM`.
#[must_use]
pub fn is_native(seen: &Seen<'_>) -> bool {
    seen.observation
        .phase(Phase::SaslHandshake)
        .is_some_and(|record| {
            matches!(&record.detail, Detail::SaslHandshake(detail) if detail.mechanism == "AWS_MSK_IAM")
        })
}
