//! VPC block public access: what an account's setting and its exclusions leave of the internet.
//!
//! Source: <https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa-basics.html>.

use super::Gap;
use super::world::World;
use crate::aws::snapshot::ec2::{BlockPublicAccessExclusion, Subnet};
use crate::aws::snapshot::{Answer, Answers, Facts, Response};

/// Who may open connections between a subnet and the internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Internet {
    /// Both sides.
    Open,
    /// Those inside: through NAT gateways and egress-only gateways.
    Egress,
    /// Nobody.
    Closed,
}

/// What block public access leaves to a subnet, and the mode in words. It is off where nobody turned it on, and an
/// account that was not asked is taken to have left it so.
///
/// # Errors
/// Where the setting was asked for in vain, or the exclusions are not known and would matter.
pub(super) fn internet<'a>(world: &World<'a>, subnet: &Subnet) -> Result<(Internet, &'a str), Gap> {
    let home = world.snapshot.scopes.iter().find(|facts| {
        known(&facts.subnets).any(|answer| {
            let mut subnets = answer.subnets.iter();
            subnets.any(|own| own.subnet_id == subnet.subnet_id)
        })
    });
    let Some(home) = home else {
        return Ok((Internet::Open, "off"));
    };
    asked(
        home,
        |facts| &facts.block_public_access,
        "whether VPC block public access is on",
    )?;
    let mode = known(&home.block_public_access)
        .find_map(|answer| {
            let options = &answer.vpc_block_public_access_options;
            options.internet_gateway_block_mode.as_deref()
        })
        .unwrap_or("off");
    let blocked = match mode {
        "off" => return Ok((Internet::Open, mode)),
        "block-ingress" => Internet::Egress,
        _ => Internet::Closed,
    };
    asked(
        home,
        |facts| &facts.block_public_access_exclusions,
        "what is excluded from VPC block public access",
    )?;
    let excluded = known(&home.block_public_access_exclusions)
        .flat_map(|answer| &answer.vpc_block_public_access_exclusions)
        .filter(|exclusion| is_in_force(exclusion) && covers(exclusion, subnet))
        .filter_map(|exclusion| exclusion.internet_gateway_exclusion_mode.as_deref());
    let left = excluded.fold(blocked, |left, mode| match (left, mode) {
        (_, "allow-bidirectional") | (Internet::Open, _) => Internet::Open,
        (_, "allow-egress") => Internet::Egress,
        (left, _) => left,
    });
    Ok((left, mode))
}

fn known<T>(answers: &Answers<T>) -> impl Iterator<Item = &T> {
    answers.values().filter_map(|answer| match answer {
        Answer::Known(known) => Some(known),
        Answer::Denied | Answer::Failed(_) => None,
    })
}

/// A gap where a call was made, and no answer came.
fn asked<T: Response>(
    home: &Facts,
    field: impl Fn(&Facts) -> &Answers<T>,
    what: &str,
) -> Result<(), Gap> {
    let because = field(home).values().find_map(|answer| match answer {
        Answer::Known(_) => None,
        Answer::Denied => Some("denied"),
        Answer::Failed(because) => Some(because.as_str()),
    });
    match because {
        None => Ok(()),
        Some(because) => Err(Gap {
            what: format!("{what} ({}: {because})", T::CALL.operation),
            needs: T::CALL.action(),
        }),
    }
}

/// While one is made or taken away, it does not hold for sure.
fn is_in_force(exclusion: &BlockPublicAccessExclusion) -> bool {
    matches!(
        exclusion.state.as_deref(),
        Some("create-complete" | "update-in-progress" | "update-complete" | "update-failed")
    )
}

/// An exclusion names one VPC or one subnet by its ARN.
fn covers(exclusion: &BlockPublicAccessExclusion, subnet: &Subnet) -> bool {
    let resource = exclusion.resource_arn.as_deref().unwrap_or_default();
    let id = resource.rsplit('/').next().unwrap_or_default();
    id == subnet.subnet_id || id == subnet.vpc_id
}
