//! The handshake stands, the certificate does not.

use super::connect::stale_address;
use super::{Check, needs_facts};
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
        fault: &c::NET_08,
        explains: &[Sign::CertificateName],
        judge: needs_facts,
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
        _ => Stand::decides(words),
    }
}

/// Other brokers' certificates are valid by the same clock.
fn others_are_valid(case: &Case, seen: &Seen<'_>) -> bool {
    case.attempts().any(|o| {
        o.broker != *seen.broker()
            && o.tls()
                .and_then(|tls| tls.certificate.as_ref())
                .is_some_and(|j| j.dates.is_good() && !j.chain.is_empty())
    })
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
        None if others_are_valid(case, seen) => {
            Stand::excluded("other brokers' certificates are valid by the same clock")
        }
        None => Stand::open(),
    }
}

fn dates(_: &Case, seen: &Seen<'_>) -> Stand {
    let because = judgement(seen)
        .and_then(|j| j.dates.bad())
        .unwrap_or("it is not valid now");
    Stand::says(Weight::Pointed, because)
}
