//! The login: token, identity, rights, limits.

mod scram;
mod token;
mod words;

use self::scram::{after_healing, secret_unusable, wrong_password};
use self::token::{
    clock_skew, closed_on, credentials_expired, malformed, session_token_missing, token_expired,
    wrong_region,
};
use self::words::{denies, names_another, said};
use super::{Check, busy, closed_in_order, dropped, forgotten, needs_facts, restarting};
use crate::case::Case;
use crate::catalogue as c;
use crate::diagnosis::sign::{Seen, Sign};
use crate::diagnosis::{Stand, Weight};
use crate::probe::observation::{Detail, End, SaslAuthenticateDetail};
use crate::target::{Auth, MskName};

/// A refusal in words, or one that could not be said.
const DENIED: &[Sign] = &[
    Sign::LoginRefused,
    Sign::LoginChallenged,
    Sign::LoginClosedBare,
];
const CLOSED: &[Sign] = &[Sign::LoginClosed];
/// Framed or bare: whoever ends the connection does not ask.
const CUT: &[Sign] = &[Sign::LoginClosed, Sign::LoginClosedBare];

pub(super) static CHECKS: &[Check] = &[
    Check {
        fault: &c::IAM_07,
        explains: &[Sign::CredentialMissing],
        judge: role_not_assumed,
    },
    Check {
        fault: &c::SASL_14,
        explains: &[Sign::CredentialMissing],
        judge: no_credentials,
    },
    Check {
        fault: &c::IAM_01,
        explains: DENIED,
        judge: denied,
    },
    Check {
        fault: &c::LIM_01,
        explains: DENIED,
        judge: too_many_connects,
    },
    Check {
        fault: &c::SASL_20,
        explains: DENIED,
        judge: session_too_short,
    },
    Check {
        fault: &c::SASL_19,
        explains: DENIED,
        judge: another_principal,
    },
    Check {
        fault: &c::SASL_05,
        explains: DENIED,
        judge: malformed,
    },
    Check {
        fault: &c::SASL_05,
        explains: CLOSED,
        judge: |case, _| closed_on(case, "SASL-05", Weight::Pointed),
    },
    Check {
        fault: &c::SASL_08,
        explains: CLOSED,
        judge: |case, _| closed_on(case, "SASL-08", Weight::Usual),
    },
    Check {
        fault: &c::SASL_10,
        explains: CLOSED,
        judge: |case, _| closed_on(case, "SASL-10", Weight::Usual),
    },
    Check {
        fault: &c::SASL_12,
        explains: DENIED,
        judge: session_token_missing,
    },
    Check {
        fault: &c::SASL_08,
        explains: DENIED,
        judge: token_expired,
    },
    Check {
        fault: &c::SASL_10,
        explains: DENIED,
        judge: wrong_region,
    },
    Check {
        fault: &c::SASL_13,
        explains: DENIED,
        judge: credentials_expired,
    },
    Check {
        fault: &c::SASL_09,
        explains: DENIED,
        judge: clock_skew,
    },
    Check {
        fault: &c::SASL_22,
        explains: DENIED,
        judge: wrong_password,
    },
    Check {
        fault: &c::SASL_23,
        explains: DENIED,
        judge: secret_unusable,
    },
    Check {
        fault: &c::SASL_24,
        explains: DENIED,
        judge: after_healing,
    },
    Check {
        fault: &c::SASL_21,
        explains: DENIED,
        judge: native_through_an_alias,
    },
    Check {
        fault: &c::SASL_06,
        explains: &[Sign::LoginChallenged],
        judge: challenge,
    },
    Check {
        fault: &c::SASL_07,
        explains: &[Sign::LoginClosedBare],
        judge: denied_without_words,
    },
    Check {
        fault: &c::IAM_02,
        explains: DENIED,
        judge: policy_fault,
    },
    Check {
        fault: &c::IAM_03,
        explains: DENIED,
        judge: policy_fault,
    },
    Check {
        fault: &c::IAM_04,
        explains: DENIED,
        judge: policy_fault,
    },
    Check {
        fault: &c::IAM_05,
        explains: DENIED,
        judge: policy_fault,
    },
    Check {
        fault: &c::IAM_06,
        explains: DENIED,
        judge: policy_fault,
    },
    Check {
        fault: &c::IAM_08,
        explains: DENIED,
        judge: policy_fault,
    },
    Check {
        fault: &c::IAM_09,
        explains: DENIED,
        judge: policy_fault,
    },
    Check {
        fault: &c::CLU_08,
        explains: DENIED,
        judge: policy_fault,
    },
    Check {
        fault: &c::NET_03,
        explains: CUT,
        judge: cut,
    },
    Check {
        fault: &c::CLU_02,
        explains: CUT,
        judge: restarting,
    },
    Check {
        fault: &c::LIM_07,
        explains: CUT,
        judge: needs_facts,
    },
    Check {
        fault: &c::IAM_01,
        explains: CLOSED,
        judge: not_a_denial,
    },
    Check {
        fault: &c::SASL_07,
        explains: CLOSED,
        judge: not_a_denial,
    },
    Check {
        fault: &c::NET_05,
        explains: &[Sign::LoginSilent],
        judge: token_lost,
    },
    Check {
        fault: &c::SASL_26,
        explains: &[Sign::LoginSilent],
        judge: busy,
    },
    Check {
        fault: &c::CLU_06,
        explains: &[Sign::LoginSilent],
        judge: saturated,
    },
    Check {
        fault: &c::NET_03,
        explains: &[Sign::LoginSilent],
        judge: dropped,
    },
    Check {
        fault: &c::NET_02,
        explains: &[Sign::LoginSilent],
        judge: forgotten,
    },
];

fn login<'a>(seen: &Seen<'a>) -> Option<&'a SaslAuthenticateDetail> {
    match &seen.record.detail {
        Detail::SaslAuthenticate(detail) => Some(detail),
        _ => None,
    }
}

fn role_not_assumed(case: &Case, _: &Seen<'_>) -> Stand {
    let why = case.credentials.absent.as_deref().unwrap_or_default();
    match case.credentials.absent_code.as_deref() {
        Some("IAM-07") => Stand::decides(why),
        _ => Stand::Foreign,
    }
}

fn no_credentials(case: &Case, _: &Seen<'_>) -> Stand {
    if case.credentials.absent_code.as_deref() == Some("IAM-07") {
        return Stand::excluded("there are credentials to assume the role with");
    }
    let why = case
        .credentials
        .absent
        .as_deref()
        .unwrap_or("there are none");
    Stand::decides(format!("no AWS credentials: {why}"))
}

fn too_many_connects(case: &Case, seen: &Seen<'_>) -> Stand {
    if case.target.auth == Auth::Iam {
        said(seen, "LIM-01", Stand::open())
    } else {
        Stand::Foreign
    }
}

fn session_too_short(case: &Case, seen: &Seen<'_>) -> Stand {
    if case.target.auth != Auth::Iam {
        return Stand::Foreign;
    }
    said(seen, "SASL-20", Stand::open())
}

/// A first login changes nobody: only the broker's words can tell.
fn another_principal(case: &Case, seen: &Seen<'_>) -> Stand {
    if case.target.auth != Auth::Iam {
        return Stand::Foreign;
    }
    said(seen, "SASL-19", Stand::Foreign)
}

fn challenge(case: &Case, _: &Seen<'_>) -> Stand {
    // SCRAM's own refusals (RFC 5802, 7) are of the user and the password.
    if case.target.auth == Auth::Scram {
        return Stand::Foreign;
    }
    Stand::says(
        Weight::Pointed,
        "the broker answered the token with a JSON error challenge",
    )
}

/// `AWS_MSK_IAM` signs the name that is dialled, and takes the region from it.
fn native_through_an_alias(_: &Case, seen: &Seen<'_>) -> Stand {
    if !super::is_native(seen) {
        return Stand::Foreign;
    }
    if MskName::parse(&seen.broker().host).is_some() {
        return Stand::excluded("the dialled name is the broker's own");
    }
    if names_another(seen, "SASL-21") {
        return Stand::excluded("the broker names another reason");
    }
    Stand::says(
        Weight::Usual,
        format!(
            "AWS_MSK_IAM signs the dialled name, {}, which is not the broker's own",
            seen.broker().host
        ),
    )
}

/// A broker that refuses a bare token reads it and closes; it does not reset.
fn denied_without_words(_: &Case, seen: &Seen<'_>) -> Stand {
    if seen.record.end == End::Rst {
        Stand::open()
    } else {
        Stand::usual()
    }
}

/// The usual reason for "Access denied"; packets alone never prove a policy. Words that nobody knows may mean anything.
fn denied(case: &Case, seen: &Seen<'_>) -> Stand {
    if case.target.auth != Auth::Iam {
        return Stand::Foreign;
    }
    if names_another(seen, "IAM-01") {
        return Stand::excluded("the broker names another reason");
    }
    match seen.sign {
        Sign::LoginRefused if denies(seen) => Stand::usual(),
        _ => Stand::open(),
    }
}

fn policy_fault(case: &Case, seen: &Seen<'_>) -> Stand {
    if case.target.auth != Auth::Iam {
        return Stand::Foreign;
    }
    if names_another(seen, "IAM-01") {
        return Stand::excluded("the broker names another reason");
    }
    Stand::open()
}

/// A close without words after a framed token: a denial would have been said.
fn not_a_denial(_: &Case, _: &Seen<'_>) -> Stand {
    Stand::excluded("the token was framed (SaslAuthenticate), so a denial would have had words")
}

fn cut(_: &Case, seen: &Seen<'_>) -> Stand {
    if let Some(because) = closed_in_order(seen) {
        return Stand::excluded(because);
    }
    if seen.record.end == End::Rst {
        Stand::usual()
    } else {
        Stand::open()
    }
}

/// As `busy`, of a broker that is slow at the login alone.
fn saturated(case: &Case, seen: &Seen<'_>) -> Stand {
    match busy(case, seen) {
        Stand::Fits(..) => Stand::open(),
        stand => stand,
    }
}

/// A hole in the MTU lets pass what is smaller.
fn token_lost(_: &Case, seen: &Seen<'_>) -> Stand {
    if seen.record.kernel().is_none() {
        return Stand::open();
    }
    if !seen.record.is_lost_on_the_way() {
        return Stand::excluded("the broker's kernel acknowledged the token");
    }
    let before = seen.observation.phases.iter();
    let passed = before
        .filter(|record| record.phase < seen.record.phase)
        .map(|record| record.bytes_out)
        .max();
    match passed {
        Some(passed) if passed >= seen.record.bytes_out => Stand::excluded(format!(
            "{passed} bytes passed before, and the {} of the login are lost",
            seen.record.bytes_out
        )),
        _ => Stand::says(
            Weight::Pointed,
            "smaller requests passed, and the token's packet is never acknowledged",
        ),
    }
}
