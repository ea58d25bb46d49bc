//! The handshake stands, the certificate does not.

use super::Check;
use super::connect::stale_address;
use crate::case::Case;
use crate::catalogue as c;
use crate::diagnosis::sign::{Seen, Sign};
use crate::diagnosis::{Stand, Weight};
use crate::probe::certificate::CertificateJudgement;
use crate::target::MskName;

/// Beyond this, seconds, a clock is wrong enough to be the cause.
const SKEW_THAT_HURTS: f64 = 240.0;

pub(super) static CHECKS: &[Check] = &[
    Check {
        fault: &c::TLS_12,
        explains: &[Sign::CertificateUntrusted, Sign::CertificateName],
        judge: interception,
    },
    Check {
        fault: &c::TLS_03,
        explains: &[Sign::CertificateUntrusted, Sign::CertificateUsage],
        judge: untrusted,
    },
    Check {
        fault: &c::TLS_04,
        explains: &[Sign::CertificateUntrusted],
        judge: bundle,
    },
    Check {
        fault: &c::TLS_05,
        explains: &[Sign::CertificateName],
        judge: name,
    },
    Check {
        fault: &c::TLS_09,
        explains: &[Sign::CertificateDates],
        judge: clock,
    },
    Check {
        fault: &c::TLS_14,
        explains: &[Sign::CertificateDates],
        judge: dates,
    },
    Check {
        fault: &c::DNS_05,
        explains: &[Sign::CertificateName],
        judge: led_astray,
    },
    Check {
        fault: &c::NET_08,
        explains: &[Sign::CertificateName],
        judge: own_balancer,
    },
];

fn judgement<'a>(seen: &Seen<'a>) -> Option<&'a CertificateJudgement> {
    seen.observation.tls()?.certificate.as_ref()
}

fn issuer(seen: &Seen<'_>) -> String {
    judgement(seen).and_then(|j| j.chain.first()).map_or_else(
        || "nobody (no certificate came)".to_owned(),
        |leaf| leaf.issuer.clone(),
    )
}

fn interception(_: &Case, seen: &Seen<'_>) -> Stand {
    let Some(judgement) = judgement(seen) else {
        return Stand::excluded("no certificate came");
    };
    if judgement.issuer_is_amazon {
        return Stand::excluded(format!("the issuer calls itself Amazon: {}", issuer(seen)));
    }
    if judgement.trust.is_good() {
        return Stand::excluded("the chain leads to a trusted root");
    }
    // The certificates of MSK brokers are Amazon's; a name of one's own may have any issuer.
    if MskName::parse(&seen.broker().host).is_some() {
        return Stand::says(
            Weight::Pointed,
            format!(
                "an MSK broker's certificate is Amazon's; this one's issuer is {}",
                issuer(seen)
            ),
        );
    }
    Stand::open()
}

fn untrusted(_: &Case, seen: &Seen<'_>) -> Stand {
    let Some(judgement) = judgement(seen) else {
        return Stand::says(Weight::Usual, "no certificate came");
    };
    if let (Sign::CertificateUsage, Some(because)) = (seen.sign, judgement.usage.bad()) {
        return Stand::says(Weight::Pointed, because);
    }
    let because = judgement.trust.bad().unwrap_or("the chain is not trusted");
    Stand::says(Weight::Usual, format!("{because}: {}", issuer(seen)))
}

fn bundle(_: &Case, seen: &Seen<'_>) -> Stand {
    match judgement(seen) {
        Some(judgement) if judgement.issuer_is_amazon => Stand::open(),
        _ => Stand::Foreign,
    }
}

/// The certificate says it, unless the address itself is not the name's.
fn name(case: &Case, seen: &Seen<'_>) -> Stand {
    let because = judgement(seen)
        .and_then(|j| j.name.bad())
        .unwrap_or("another name");
    let words = format!("the certificate: {because}");
    match stale_address(case, seen) {
        Stand::Fits(Weight::Shown, _) => Stand::says(Weight::Usual, words),
        _ => Stand::says(Weight::Shown, words),
    }
}

/// The certificate is another MSK broker's: the name is right, and what is behind it is not.
fn another_broker(seen: &Seen<'_>) -> Option<String> {
    let leaf = judgement(seen)?.chain.first()?;
    let name = leaf
        .sans
        .iter()
        .find(|name| MskName::parse(name).is_some())?;
    MskName::parse(&seen.broker().host)?;
    Some(format!(
        "the certificate is that of {name}: DNS, or a device on the way, leads {} to it",
        seen.broker().host
    ))
}

/// A stale zone, or one of one's own, leads all resolvers to the same wrong broker.
fn led_astray(_: &Case, seen: &Seen<'_>) -> Stand {
    another_broker(seen).map_or(Stand::Foreign, |words| Stand::says(Weight::Open, words))
}

/// A load balancer of one's own has a name of one's own, and passes the brokers' certificates on.
fn own_balancer(_: &Case, seen: &Seen<'_>) -> Stand {
    if let Some(words) = another_broker(seen) {
        return Stand::says(Weight::Open, words);
    }
    if MskName::parse(&seen.broker().host).is_some() {
        Stand::Foreign
    } else {
        Stand::open()
    }
}

/// Whether there is a time at which the chains of all brokers are valid: then one clock that is wrong explains what is not.
fn some_time_suits_all(case: &Case) -> bool {
    let chains = case
        .attempts()
        .filter_map(|o| o.tls()?.certificate.as_ref())
        .flat_map(|judgement| &judgement.chain);
    let (mut from, mut to) = (i64::MIN, i64::MAX);
    for certificate in chains {
        from = from.max(certificate.not_before);
        to = to.min(certificate.not_after);
    }
    from <= to
}

/// Whether the chain would be valid by a clock that is `ahead` seconds behind ours.
fn valid_at(seen: &Seen<'_>, now: i64, ahead: f64) -> bool {
    #[expect(clippy::cast_possible_truncation, reason = "seconds of a clock fit")]
    let corrected = now - ahead.round() as i64;
    judgement(seen).is_some_and(|judgement| {
        judgement
            .chain
            .iter()
            .all(|c| (c.not_before..=c.not_after).contains(&corrected))
    })
}

fn clock(case: &Case, seen: &Seen<'_>) -> Stand {
    match case.clock_ahead_s {
        Some(ahead) if ahead.abs() >= SKEW_THAT_HURTS && valid_at(seen, case.now, ahead) => {
            Stand::decides(format!("the local clock is {ahead:+.0} s off AWS's"))
        }
        Some(ahead) if ahead.abs() >= SKEW_THAT_HURTS => Stand::excluded(format!(
            "by AWS's clock ({ahead:+.0} s off the local one) the certificate is not valid either"
        )),
        Some(ahead) => Stand::excluded(format!("the local clock is right ({ahead:+.1} s)")),
        None if some_time_suits_all(case) => Stand::open(),
        None => Stand::excluded("at no time are the certificates of all brokers valid"),
    }
}

fn dates(_: &Case, seen: &Seen<'_>) -> Stand {
    let because = judgement(seen)
        .and_then(|j| j.dates.bad())
        .unwrap_or("it is not valid now");
    Stand::says(Weight::Pointed, because)
}
