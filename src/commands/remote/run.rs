//! Creates, waits, invokes, removes: whatever happens, what was created is removed.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt as _;
use msk_doctor::aws::temporary::{Invoked, Lambda, Refused, State};
use msk_doctor::case::{CASE_SCHEMA, Case};
use msk_doctor::remote::plan::Plan;
use serde_json::Value;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::super::diagnose::end;
use super::super::signals;

/// How often is looked whether something has happened.
const POLL: Duration = Duration::from_millis(500);
/// How long a role may be too young, or a function busy.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a function may take until it can be invoked: its interfaces are made.
const ACTIVATION: Duration = Duration::from_secs(300);
/// What an invocation may take beyond its timeout.
const COLD: Duration = Duration::from_secs(15);

/// Through which function is asked.
pub enum Through {
    /// One that is created for it.
    Temporary {
        /// How.
        plan: Plan,
        /// With what code.
        package: Vec<u8>,
    },
    /// One that is there.
    Deployed {
        /// Its name.
        name: String,
        /// How long it may take.
        patience: Duration,
    },
}

/// What came of it.
pub enum Ran {
    /// The case from there.
    Case(Box<Case>),
    /// Nothing, and why.
    Not(String),
}

/// Asks from there. The function is removed on success, on errors, on Ctrl-C and on a panic.
pub async fn through(
    lambda: &Lambda,
    through: &Through,
    event: Vec<u8>,
    cancel: &CancellationToken,
    progress: &(dyn Fn(&str) + Send + Sync),
) -> Ran {
    let (plan, package) = match through {
        Through::Deployed { name, patience } => {
            progress(&format!("invoking {name}"));
            let asked = cancel.run_until_cancelled(invoked(lambda, name, event, *patience));
            return or_not(asked.await.unwrap_or_else(ended));
        }
        Through::Temporary { plan, package } => (plan, package),
    };
    // Whoever ends the run while the function is being created has one all the same: it is waited for, and removed.
    progress(&format!("creating {}", plan.name));
    let work = async {
        created(lambda, plan, package, cancel).await?;
        let rest = async {
            active(lambda, &plan.name, progress).await?;
            progress(&format!("invoking {}", plan.name));
            invoked(lambda, &plan.name, event, plan.timeout + COLD).await
        };
        cancel.run_until_cancelled(rest).await.unwrap_or_else(ended)
    };
    let worked = AssertUnwindSafe(work).catch_unwind().await;
    progress(&format!("removing {}", plan.name));
    let removed = remove(lambda, &plan.name).await;
    if let Err(why) = &removed {
        eprintln!(
            "msk-doctor: {} is still there: {why}\n  remove it with `msk-doctor remote cleanup --all`",
            plan.name
        );
    }
    or_not(worked.unwrap_or_else(|_| Err("msk-doctor failed while it waited".to_owned())))
}

fn ended<T>() -> Result<T, String> {
    Err("the run was ended".to_owned())
}

fn or_not(result: Result<Case, String>) -> Ran {
    match result {
        Ok(case) => Ran::Case(Box::new(case)),
        Err(why) => Ran::Not(why),
    }
}

/// Creates it; a role that is too young to be assumed is waited for.
async fn created(
    lambda: &Lambda,
    plan: &Plan,
    package: &[u8],
    cancel: &CancellationToken,
) -> Result<(), String> {
    let since = Instant::now();
    loop {
        match lambda.create(plan, package).await {
            Ok(()) => return Ok(()),
            Err(refused) if refused.passes() && since.elapsed() < PATIENCE => {
                if cancel.run_until_cancelled(sleep(POLL)).await.is_none() {
                    return ended();
                }
            }
            Err(refused) => return Err(in_words(&refused, plan)),
        }
    }
}

/// What a refusal means, and what to do.
fn in_words(refused: &Refused, plan: &Plan) -> String {
    let what = match refused.code.as_deref() {
        Some("AccessDeniedException") => {
            format!("; it needs {}", plan.permissions().join("; "))
        }
        Some("InvalidParameterValueException") if refused.words.contains("cannot be assumed") => {
            format!(
                "; the trust policy of {} has to let lambda.amazonaws.com assume it",
                plan.role
            )
        }
        Some("CodeStorageExceededException") => {
            "; the account's code storage is full: delete functions or versions".to_owned()
        }
        Some("EC2ThrottledException" | "ENILimitReachedException" | "EC2AccessDeniedException") => {
            "; Lambda could not make its network interfaces".to_owned()
        }
        _ => String::new(),
    };
    format!("{refused}{what}")
}

/// What to do about a function that could not be set up.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html>, `StateReasonCode`.
fn what_to_do(code: &str) -> &'static str {
    match code {
        "EniLimitExceeded" => {
            "; the quota of network interfaces in a VPC is used up: ask Lambda for a higher one, or use a doctor that is there (--via)"
        }
        "SubnetOutOfIPAddresses" => {
            "; no address is free in a subnet: the function itself gets no further interface there either"
        }
        "InsufficientRolePermissions" => {
            "; the role needs ec2:CreateNetworkInterface, ec2:DescribeNetworkInterfaces and ec2:DeleteNetworkInterface (AWSLambdaVPCAccessExecutionRole)"
        }
        "InvalidSubnet" | "InvalidSecurityGroup" => {
            "; it is not there any more: the function itself cannot be updated either"
        }
        "InvalidConfiguration" => "; see the function's VPC and role",
        _ => "",
    }
}

/// Waits until it can be invoked.
async fn active(
    lambda: &Lambda,
    name: &str,
    progress: &(dyn Fn(&str) + Send + Sync),
) -> Result<(), String> {
    let since = Instant::now();
    loop {
        match lambda.state(name).await {
            Ok(State::Active) => return Ok(()),
            Ok(State::Failed { code, words }) => {
                return Err(format!(
                    "Lambda could not set the function up: {code}: {words}{}",
                    what_to_do(&code)
                ));
            }
            Ok(State::Pending) if since.elapsed() < ACTIVATION => {
                progress(&format!(
                    "waiting for {name}: its network interfaces are made, {} s",
                    since.elapsed().as_secs()
                ));
            }
            Ok(State::Pending) => {
                return Err(format!(
                    "the function did not become active within {} s",
                    ACTIVATION.as_secs()
                ));
            }
            Err(refused) if refused.passes() && since.elapsed() < ACTIVATION => {}
            Err(refused) => return Err(refused.to_string()),
        }
        sleep(POLL).await;
    }
}

/// Invokes it, and reads the case that it answers with.
async fn invoked(
    lambda: &Lambda,
    name: &str,
    event: Vec<u8>,
    patience: Duration,
) -> Result<Case, String> {
    let Invoked { failed, payload } = lambda
        .invoke(name, event, patience)
        .await
        .map_err(|refused| refused.to_string())?;
    let answer: Value = serde_json::from_slice(&payload)
        .map_err(|error| format!("the function's answer is no JSON: {error}"))?;
    if failed {
        let words = answer["errorMessage"].as_str().unwrap_or("no words");
        return Err(format!("the function failed: {words}"));
    }
    let case: Case = serde_json::from_value(answer).map_err(|error| {
        format!("the function's answer is not a case of this version of msk-doctor: {error}")
    })?;
    if case.schema != CASE_SCHEMA {
        return Err(format!(
            "the function's case has form {}, this version reads form {CASE_SCHEMA}",
            case.schema
        ));
    }
    Ok(case)
}

/// Removes a function; one that is being changed is waited for.
pub async fn remove(lambda: &Lambda, name: &str) -> Result<(), Refused> {
    let since = Instant::now();
    loop {
        match lambda.delete(name).await {
            Ok(()) => return Ok(()),
            // A call that gave no answer may have been made or not: it is made again.
            Err(refused)
                if (refused.passes() || refused.code.is_none()) && since.elapsed() < PATIENCE =>
            {
                sleep(POLL).await;
            }
            Err(refused) => return Err(refused),
        }
    }
}

/// Ctrl-C and the end of a CI job end the run; what was created is removed first.
pub fn stop_on_signals(cancel: CancellationToken) {
    tokio::spawn(async move {
        signals::interrupted().await;
        end(&cancel);
        eprintln!(
            "msk-doctor: removing what was created; once more leaves it behind, for `msk-doctor remote cleanup`"
        );
        signals::interrupted().await;
        std::process::exit(130);
    });
}
