//! The entry of the catalogue that a denial is.

use super::Right;
use crate::catalogue::{self as c, Fault};
use crate::iam::{Decision, Difference, Flaw, LayerName, Part};

/// Which entry, by the layer that does not allow and by what is wrong with the statement that comes nearest.
pub(super) fn fault(right: &Right) -> &'static Fault {
    let outcome = &right.outcome;
    if right.is_by_witness() {
        return by_witness(right);
    }
    if outcome.if_unread_pass == Decision::ExplicitDeny {
        return &c::IAM_04;
    }
    let lacks = |layer: LayerName| outcome.lacking.contains(&layer);
    if !right.request.same_account() && lacks(LayerName::Cluster) {
        return &c::IAM_06;
    }
    if !lacks(LayerName::Identity) {
        // It is allowed, and a layer above takes it away again.
        return &c::IAM_04;
    }
    let nearest = outcome
        .near_misses
        .iter()
        .find(|near| near.at.layer == LayerName::Identity);
    nearest
        .and_then(|near| near.flaws.iter().find_map(of_flaw))
        .unwrap_or_else(|| missing(right))
}

/// By the simulator alone: it says which layer denies, and not what is wrong with a statement.
fn by_witness(right: &Right) -> &'static Fault {
    let taken_away = right.witness.as_ref().is_some_and(|witness| {
        witness.decision == Decision::ExplicitDeny
            || witness.by_organizations == Some(false)
            || witness.by_boundary == Some(false)
    });
    if taken_away {
        &c::IAM_04
    } else {
        missing(right)
    }
}

/// The mistake that a flaw shows; `None` where a right is just not there.
fn of_flaw(flaw: &Flaw) -> Option<&'static Fault> {
    match flaw {
        Flaw::ActionPrefix { .. } | Flaw::ControlPlaneOnly { .. } => Some(&c::IAM_02),
        Flaw::Resource { differences, .. } => {
            differences.iter().any(is_mistaken).then_some(&c::IAM_03)
        }
        Flaw::NotResource { .. } => Some(&c::IAM_03),
        Flaw::Condition { certain: true, .. } => Some(&c::IAM_08),
        Flaw::Condition { .. }
        | Flaw::OtherActions { .. }
        | Flaw::NotAction { .. }
        | Flaw::Principal { .. } => None,
    }
}

/// Whether a pattern is for another cluster, or for none: that of another topic or group is no mistake by itself.
fn is_mistaken(difference: &Difference) -> bool {
    match difference {
        Difference::Lacks { .. } | Difference::TooLong { .. } => true,
        Difference::Other { part, .. } => !matches!(part, Part::Name | Part::Type),
    }
}

/// The entry for a right that no statement is about.
fn missing(right: &Right) -> &'static Fault {
    match right.action.name {
        "DescribeTopic" | "WriteData" | "ReadData" => &c::IAM_10,
        "DescribeGroup" | "AlterGroup" => &c::IAM_11,
        "WriteDataIdempotently" => &c::IAM_12,
        "DescribeTransactionalId" | "AlterTransactionalId" => &c::IAM_13,
        "CreateTopic" => &c::IAM_14,
        _ => &c::IAM_01,
    }
}
