//! The AWS facts of a question, asked as the arguments say: whose credentials, which regions.

use std::time::{Duration, Instant};

use msk_doctor::aws::credentials::{
    CredentialOptions, IdentityAnswer, IdentityOptions, identity, load, resolve_region, warm,
};
use msk_doctor::aws::read::{Access, Limits, Wanted, read};
use msk_doctor::aws::snapshot::sts::GetCallerIdentity;
use msk_doctor::aws::snapshot::{Answer, Snapshot};
use msk_doctor::cli::{AwsArgs, LimitArgs};

/// What the names say of regions, where no flag does.
#[derive(Debug, Clone, Default)]
pub struct Regions {
    /// The function's.
    pub client: Option<String>,
    /// The cluster's.
    pub cluster: Option<String>,
}

impl Regions {
    /// As the ARNs of a function and a cluster say.
    pub fn of(function: Option<&str>, cluster: Option<&str>) -> Self {
        Self {
            client: function.and_then(of_arn),
            cluster: cluster.and_then(of_arn),
        }
    }
}

/// The region of an ARN.
pub fn of_arn(arn: &str) -> Option<String> {
    let region = arn.strip_prefix("arn:")?.split(':').nth(2)?;
    Some(region.to_owned()).filter(|region| !region.is_empty())
}

/// Whose rights are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Those of the function or principal that is named, if any.
    Named,
    /// Those of the credentials: STS says whose they are.
    Callers,
}

/// Asks AWS; the error says why nobody could be asked.
pub async fn ask(
    args: &AwsArgs,
    limits: LimitArgs,
    mut wanted: Wanted,
    regions: Regions,
    whose: Whose,
) -> Result<Snapshot, String> {
    let started = Instant::now();
    warm();
    let region = match args.region.clone().or(regions.client) {
        Some(region) => region,
        None => match resolve_region(args.profile.as_deref()).await {
            Some(region) => region,
            None => regions
                .cluster
                .clone()
                .ok_or("no region: pass --region, such as --region eu-west-1, or set AWS_REGION")?,
        },
    };
    let client = access(
        args.profile.clone(),
        region.clone(),
        args.role_arn.clone(),
        limits.deadline,
    );
    let theirs = args.cluster_region.clone().or(regions.cluster);
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
        let cluster = access(profile, theirs.unwrap_or(region), role, limits.deadline);
        let (client, cluster) = tokio::join!(client, cluster);
        (client?, Some(cluster?))
    } else {
        (client.await?, None)
    };
    let caller = match whose {
        Whose::Callers => caller(&client, limits.phase_timeout).await,
        Whose::Named => None,
    };
    wanted.principal = wanted
        .principal
        .or_else(|| caller.as_ref().map(|caller| caller.arn.clone()));
    let limits = Limits {
        whole: limits.deadline.saturating_sub(started.elapsed()),
        call: limits.phase_timeout,
    };
    let mut facts = read(&wanted, &client, cluster.as_ref(), limits).await;
    if let (Some(caller), Some(first)) = (caller, facts.scopes.first_mut()) {
        first.caller.insert(String::new(), Answer::Known(caller));
    }
    Ok(facts)
}

/// Whose the credentials are, as far as STS says.
async fn caller(access: &Access, timeout: Duration) -> Option<GetCallerIdentity> {
    let options = IdentityOptions {
        region: access.region.clone(),
        profile: access.profile.clone(),
        endpoint_url: None,
        timeout,
    };
    match identity(&access.credentials, &options).await.answer {
        IdentityAnswer::Known {
            account,
            arn,
            user_id,
        } => Some(GetCallerIdentity {
            user_id: user_id.to_string(),
            account: account.to_string(),
            arn: arn.to_string(),
        }),
        _ => None,
    }
}

/// Credentials for a region; the error says why there are none.
pub async fn access(
    profile: Option<String>,
    region: String,
    role_arn: Option<String>,
    timeout: Duration,
) -> Result<Access, String> {
    let options = CredentialOptions {
        profile: profile.clone(),
        region: Some(region.clone()),
        role_arn,
        timeout,
    };
    let loaded = load(&options)
        .await
        .result
        .map_err(|failure| format!("no facts without credentials: {failure}"))?;
    Ok(Access {
        credentials: loaded.credentials,
        region,
        profile,
    })
}

/// What is known of the facts.
#[derive(Debug, Default)]
pub struct Told {
    /// Whether anything is known.
    pub anything: bool,
    /// What is not, and what would tell it.
    pub refusals: Vec<String>,
}

/// Sums up which questions were answered.
pub fn told(facts: &Snapshot) -> Result<Told, serde_json::Error> {
    let mut told = Told::default();
    for scope in &facts.scopes {
        scope.each(|call, key, answer| {
            let of = if key.is_empty() {
                String::new()
            } else {
                format!(" ({key})")
            };
            match answer {
                Answer::Known(_) => told.anything = true,
                Answer::Denied => {
                    let refusal = format!("{}{of}: needs {}", call.lost, call.action());
                    told.refusals.push(refusal);
                }
                Answer::Failed(because) => told.refusals.push(format!(
                    "{}{of}: {} failed: {because}",
                    call.lost, call.operation
                )),
            }
        })?;
    }
    Ok(told)
}
