//! `snapshot`: the AWS facts into a folder; a script for somebody who may ask; the least policy.

use anyhow::Result;
use msk_doctor::aws::files;
use msk_doctor::aws::permissions::{self, ScriptFor};
use msk_doctor::aws::read::Wanted;
use msk_doctor::cli::SnapshotArgs;
use msk_doctor::vpc::From;

use super::facts::{Regions, Whose, ask, told};
use super::{runtime, wrong};

/// Runs it: 3 where nothing could be read at all.
pub fn run(args: &SnapshotArgs) -> Result<u8> {
    if args.policy {
        print!("{}", permissions::policy());
        return Ok(0);
    }
    let from = from(args)?;
    if args.script {
        let function = match from {
            Some(From::Function { name, qualifier }) => Some((name, qualifier)),
            _ => None,
        };
        let target = ScriptFor {
            cluster: args.cluster.clone(),
            function,
            region: args.aws.region.clone(),
            profile: args.aws.profile.clone(),
        };
        print!("{}", permissions::script(&target));
        return Ok(0);
    }
    if from.is_none() && args.cluster.is_none() {
        return Err(wrong(
            "what is it about? pass --cluster, --function or --from",
        ));
    }
    let mut wanted = match from {
        Some(from) => Wanted::of(args.cluster.as_deref(), &from),
        None => Wanted {
            cluster: args.cluster.clone(),
            ..Wanted::default()
        },
    };
    wanted.rights = true;
    let runtime = runtime()?;
    let regions = Regions::of(args.function.as_deref(), args.cluster.as_deref());
    let snapshot = runtime.block_on(ask(&args.aws, args.limits, wanted, regions, Whose::Named));
    runtime.shutdown_background();
    let snapshot = snapshot.map_err(wrong)?;
    let folder = args.dir.clone().unwrap_or_default();
    let written = files::write(&snapshot, &folder).map_err(|error| wrong(error.to_string()))?;
    println!("{}: {written} files", folder.display());
    let told = told(&snapshot)?;
    for refusal in told.refusals {
        println!("unknown: {refusal}");
    }
    Ok(if told.anything { 0 } else { 3 })
}

/// Whose path is in question, said either way.
fn from(args: &SnapshotArgs) -> Result<Option<From>> {
    match (&args.from, &args.function) {
        (Some(from), _) => Ok(Some(from.clone())),
        (None, Some(function)) => format!("function:{function}")
            .parse()
            .map(Some)
            .map_err(wrong),
        (None, None) => Ok(None),
    }
}
