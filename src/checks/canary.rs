//! The canary failed: what the broker answered the real client.

use super::Check;
use crate::case::Case;
use crate::catalogue as c;
use crate::diagnosis::sign::{Seen, Sign};
use crate::diagnosis::{Stand, Weight};
use crate::kafka::error_name;
use crate::probe::observation::{CanaryDetail, CanaryPart, Detail};
use crate::target::Auth;

const REFUSED: &[Sign] = &[Sign::CanaryRefused];

pub(super) static CHECKS: &[Check] = &[
    Check {
        fault: &c::IAM_18,
        explains: REFUSED,
        judge: |case, seen| denied(case, seen, false),
    },
    Check {
        fault: &c::IAM_10,
        explains: REFUSED,
        judge: |case, seen| denied(case, seen, true),
    },
    Check {
        fault: &c::CLU_12,
        explains: REFUSED,
        judge: |_, seen| answered(seen, Weight::Shown, &[19, 20]),
    },
    Check {
        fault: &c::CLU_05,
        explains: REFUSED,
        judge: |_, seen| answered(seen, Weight::Shown, &[56]),
    },
];

fn detail<'a>(seen: &Seen<'a>) -> Option<&'a CanaryDetail> {
    match &seen.record.detail {
        Detail::Canary(detail) => Some(detail),
        _ => None,
    }
}

/// The broker's error is one of these.
fn answered(seen: &Seen<'_>, weight: Weight, codes: &[i16]) -> Stand {
    match detail(seen) {
        Some(detail) if codes.contains(&detail.error_code) => {
            let part = detail.failed.map_or("the canary", CanaryPart::words);
            let name = error_name(detail.error_code);
            Stand::says(
                weight,
                format!(
                    "{part} is answered with error {} ({name})",
                    detail.error_code
                ),
            )
        }
        _ => Stand::Foreign,
    }
}

/// `TOPIC_AUTHORIZATION_FAILED`: of IAM's policies where the client logs in by IAM, else of an ACL.
fn denied(case: &Case, seen: &Seen<'_>, by_iam: bool) -> Stand {
    if (case.target.auth == Auth::Iam) == by_iam {
        // Packets alone never prove a policy.
        answered(seen, Weight::Usual, &[29])
    } else {
        Stand::Foreign
    }
}
