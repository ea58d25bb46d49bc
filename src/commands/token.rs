//! `token`: make an MSK IAM token, or say what is wrong with one.

use std::time::{Duration, SystemTime};

use anyhow::Result;
use msk_doctor::aws::credentials::{CredentialOptions, load};
use msk_doctor::cli::{Format, TokenArgs};
use msk_doctor::sasl::inspect::{inspect, judge_for_region};
use msk_doctor::sasl::{msk_iam, token_page};
use msk_doctor::text::json;

use super::{read_text, runtime, wrong};

/// How long credentials may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Makes or inspects; 1 when the inspected token is no good.
pub fn run(args: &TokenArgs) -> Result<u8> {
    let now = SystemTime::now();
    let text = match &args.inspect {
        Some(name) => read_text(name)?,
        None => make(args, now)?,
    };
    let mut facts = inspect(&text, now);
    if let Some(problem) = args
        .region
        .as_deref()
        .and_then(|r| judge_for_region(&facts, r))
    {
        facts.problems.push(problem);
    }
    if args.show_secrets {
        println!("{}", text.trim());
    } else if args.output == Format::Json {
        print!("{}", json(&facts)?);
    } else {
        print!("{}", token_page::page(&facts, now));
    }
    Ok(u8::from(facts.refusal().is_some()))
}

fn make(args: &TokenArgs, now: SystemTime) -> Result<String> {
    let options = CredentialOptions {
        profile: args.profile.clone(),
        region: args.region.clone(),
        role_arn: args.role_arn.clone(),
        timeout: PATIENCE,
    };
    let runtime = runtime()?;
    let region = match &args.region {
        Some(region) => region.clone(),
        None => runtime
            .block_on(msk_doctor::aws::credentials::resolve_region(
                args.profile.as_deref(),
            ))
            .ok_or_else(|| {
                wrong("no region: pass --region, such as --region eu-west-1, or set AWS_REGION")
            })?,
    };
    let outcome = runtime.block_on(load(&options));
    runtime.shutdown_background();
    let loaded = outcome
        .result
        .map_err(|failure| wrong(format!("no token without credentials: {failure}")))?;
    let token =
        msk_iam::sign(&loaded.credentials, &region, now).map_err(|e| wrong(e.to_string()))?;
    Ok(token.expose().to_owned())
}
