//! `snapshot`: the AWS facts into a folder; a script for somebody who may ask; the least policy.

use std::time::{Duration, Instant};

use anyhow::Result;
use msk_doctor::aws::credentials::{CredentialOptions, load, resolve_region};
use msk_doctor::aws::files;
use msk_doctor::aws::permissions::{self, ScriptFor};
use msk_doctor::aws::read::{Access, Limits, Wanted, read};
use msk_doctor::aws::snapshot::{Answer, Snapshot};
use msk_doctor::cli::SnapshotArgs;
use msk_doctor::vpc::From;

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
            region: args.region.clone(),
            profile: args.profile.clone(),
        };
        print!("{}", permissions::script(&target));
        return Ok(0);
    }
    if from.is_none() && args.cluster.is_none() {
        return Err(wrong(
            "what is it about? pass --cluster, --function or --from",
        ));
    }
    let wanted = match from {
        Some(from) => Wanted::of(args.cluster.as_deref(), &from),
        None => Wanted {
            cluster: args.cluster.clone(),
            ..Wanted::default()
        },
    };
    let runtime = runtime()?;
    let snapshot = runtime.block_on(ask(args, &wanted));
    runtime.shutdown_background();
    let snapshot = snapshot?;
    let folder = args.dir.clone().unwrap_or_default();
    let written = files::write(&snapshot, &folder).map_err(|error| wrong(error.to_string()))?;
    println!("{}: {written} files", folder.display());
    let known = tell(&snapshot)?;
    Ok(if known { 0 } else { 3 })
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

async fn ask(args: &SnapshotArgs, wanted: &Wanted) -> Result<Snapshot> {
    let started = Instant::now();
    let region_of = |arn: Option<&str>| {
        arn.filter(|arn| arn.starts_with("arn:"))
            .and_then(|arn| arn.split(':').nth(3))
            .filter(|region| !region.is_empty())
            .map(ToOwned::to_owned)
    };
    let of_cluster = region_of(args.cluster.as_deref());
    let region = match args
        .region
        .clone()
        .or_else(|| region_of(args.function.as_deref()))
    {
        Some(region) => region,
        None => match resolve_region(args.profile.as_deref()).await {
            Some(region) => region,
            None => of_cluster.clone().ok_or_else(|| {
                wrong("no region: pass --region, such as --region eu-west-1, or set AWS_REGION")
            })?,
        },
    };
    let client = access(
        args.profile.clone(),
        region.clone(),
        args.role_arn.clone(),
        args.deadline,
    );
    let theirs = args.cluster_region.clone().or(of_cluster);
    let elsewhere = args.cluster_role_arn.is_some()
        || args.cluster_profile.is_some()
        || theirs.as_ref().is_some_and(|theirs| *theirs != region);
    let (client, cluster) = if elsewhere {
        // Where only the region differs, the credentials are the client's.
        let role = args.cluster_role_arn.clone().or_else(|| {
            args.role_arn
                .clone()
                .filter(|_| args.cluster_profile.is_none())
        });
        let profile = args
            .cluster_profile
            .clone()
            .or_else(|| args.profile.clone());
        let cluster = access(profile, theirs.unwrap_or(region), role, args.deadline);
        let (client, cluster) = tokio::join!(client, cluster);
        (client?, Some(cluster?))
    } else {
        (client.await?, None)
    };
    let limits = Limits {
        whole: args.deadline.saturating_sub(started.elapsed()),
        call: args.phase_timeout,
    };
    Ok(read(wanted, &client, cluster.as_ref(), limits).await)
}

async fn access(
    profile: Option<String>,
    region: String,
    role_arn: Option<String>,
    timeout: Duration,
) -> Result<Access> {
    let options = CredentialOptions {
        profile: profile.clone(),
        region: Some(region.clone()),
        role_arn,
        timeout,
    };
    let loaded = load(&options)
        .await
        .result
        .map_err(|failure| wrong(format!("no facts without credentials: {failure}")))?;
    Ok(Access {
        credentials: loaded.credentials,
        region,
        profile,
    })
}

/// Says what is not known, and what is lost by it; whether anything is known.
fn tell(snapshot: &Snapshot) -> Result<bool> {
    let mut any = false;
    let mut lines = Vec::new();
    for facts in &snapshot.scopes {
        facts.each(|call, key, answer| {
            let of = if key.is_empty() {
                String::new()
            } else {
                format!(" ({key})")
            };
            match answer {
                Answer::Known(_) => any = true,
                Answer::Denied => lines.push(format!(
                    "unknown: {}{of}: needs {}",
                    call.lost,
                    call.action()
                )),
                Answer::Failed(because) => lines.push(format!(
                    "unknown: {}{of}: {} failed: {because}",
                    call.lost, call.operation
                )),
            }
        })?;
    }
    for line in lines {
        println!("{line}");
    }
    Ok(any)
}
