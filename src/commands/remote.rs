//! `remote`: the diagnosis with the function's own network and identity, through a temporary function that is always removed.

mod confirm;
mod package;
mod run;

use std::time::Duration;

use anyhow::Result;
use msk_doctor::aws::read::Access;
use msk_doctor::aws::snapshot::Snapshot;
use msk_doctor::aws::temporary::Lambda;
use msk_doctor::case::{Asked, Case, Client, ClientKind, Shares};
use msk_doctor::cli::{CleanupArgs, DiagnoseArgs, RemoteArgs, RemoteCommand};
use msk_doctor::diagnosis::conclude;
use msk_doctor::named::{bare, function_in};
use msk_doctor::phase::Phase;
use msk_doctor::pipeline::Facts;
use msk_doctor::remote::event::event;
use msk_doctor::remote::plan::{Place, Plan};
use msk_doctor::report::Report;
use msk_doctor::rights;
use msk_doctor::target::{Auth, Target};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use self::run::{Ran, Through};
use super::diagnose::{Ends, probed, progress, save_case};
use super::output::Reported;
use super::question::{self, Question};
use super::{facts, output, runtime, wrong};

/// How long credentials may take.
const CREDENTIAL_PATIENCE: Duration = Duration::from_secs(8);
/// The largest package that Lambda takes in a call, bytes.
const MOST_PACKAGE: usize = 50 * 1024 * 1024;

/// Runs it; the result is the exit code.
pub fn run(args: &RemoteArgs) -> Result<u8> {
    match &args.command {
        Some(RemoteCommand::Package(args)) => package::write(args),
        Some(RemoteCommand::Cleanup(args)) => cleanup(args),
        None => remote(args),
    }
}

/// From where it is asked, about whom.
struct From {
    place: Place,
    client: Client,
    target: Target,
    facts: Option<Snapshot>,
}

fn remote(args: &RemoteArgs) -> Result<u8> {
    let question = &args.question;
    output::check(&question.output)?;
    let Some((case, report)) = examined(args)? else {
        return Ok(0);
    };
    save_case(&case, question.save_case.as_deref())?;
    output::write(Reported::One(&report), &question.output)?;
    Ok(report.exit_code)
}

/// Asks through a function that is there already.
pub fn examined_via(question: &DiagnoseArgs, name: &str) -> Result<(Case, Report)> {
    let asked = examined(&RemoteArgs {
        command: None,
        question: question.clone(),
        via: Some(name.to_owned()),
        package: None,
        subnets: Vec::new(),
        security_groups: Vec::new(),
        role: None,
        dry_run: false,
        yes: false,
    })?;
    asked.ok_or_else(|| anyhow::anyhow!("a function that is there is always asked"))
}

/// Asks; `None` where it is only shown what would be created.
pub fn examined(args: &RemoteArgs) -> Result<Option<(Case, Report)>> {
    let question = &args.question;
    check(args)?;
    let runtime = runtime()?;
    let done = runtime.block_on(async {
        let from = from(args).await?;
        let access = access(question, from.target.region.as_deref()).await?;
        let lambda = Lambda::new(&access).await;
        let (through, speaks_for) = match &args.via {
            Some(name) => via(&lambda, name, &from, question).await?,
            None => match temporary(args, &from)? {
                Some(through) => (through, vec![Shares::Path, Shares::Identity]),
                None => return Ok(None),
            },
        };
        let (speaks_for, tests) = of_the_session(&from, speaks_for);
        Box::pin(asked(args, from, &lambda, &through, speaks_for, tests))
            .await
            .map(Some)
    });
    runtime.shutdown_background();
    done
}

/// What cannot be asked from there.
fn check(args: &RemoteArgs) -> Result<()> {
    let question = &args.question;
    let refused = [
        (
            question.case.is_some(),
            "--case is read here: msk-doctor diagnose --case",
        ),
        (
            question.no_aws,
            "a function is created and invoked through AWS: leave out --no-aws",
        ),
        (
            question.no_probe,
            "remote is there to probe: leave out --no-probe",
        ),
        (
            question.token.is_some(),
            "a token is a secret and is not sent in an event: leave out --token, the function makes its own",
        ),
        (
            question.scram_user.is_some(),
            "a password is not sent in an event: leave out --scram-user",
        ),
        (
            question.client_cert.is_some(),
            "a private key is not sent in an event: leave out --client-cert and --client-key",
        ),
        (
            question.send_credentials_anyway,
            "nobody asks from there whether a broker may be trusted: leave out --send-credentials-anyway",
        ),
        (
            question.from.is_some(),
            "--from is for the configuration: say --subnets, --security-groups and --role",
        ),
    ];
    match refused.iter().find(|(is_wrong, _)| *is_wrong) {
        Some((_, why)) => Err(wrong(*why)),
        None => Ok(()),
    }
}

/// Reads the question from AWS or saved facts, without a packet to a broker.
async fn from(args: &RemoteArgs) -> Result<From> {
    let mut question = DiagnoseArgs {
        no_probe: true,
        ..args.question.clone()
    };
    if !args.subnets.is_empty() {
        question.from = Some(format!(
            "subnet:{}/sg:{}",
            args.subnets.join(","),
            args.security_groups.join(",")
        ));
    }
    let Question {
        target,
        client,
        facts,
        ..
    } = question::read(&question, Asked::Everything).await?;
    let Facts::Here(facts) = facts else {
        return Err(anyhow::anyhow!("the facts are waited for"));
    };
    if target.brokers.is_empty() {
        return Err(wrong(
            "the brokers are not known: give the bootstrap string with --bootstrap",
        ));
    }
    if target.auth == Auth::Mtls {
        return Err(wrong(
            "a client certificate's key is not sent to a function: --auth tls asks without one",
        ));
    }
    let place = match &args.role {
        Some(role) => Place {
            role: role.clone(),
            subnets: args.subnets.clone(),
            security_groups: args.security_groups.clone(),
            memory_mb: 128,
            function: None,
        },
        None => place_of(&client, facts.as_ref())?,
    };
    let role = Some(place.role.clone());
    Ok(From {
        client: Client { role, ..client },
        place,
        target,
        facts,
    })
}

/// The function's subnets, groups and role.
fn place_of(client: &Client, facts: Option<&Snapshot>) -> Result<Place> {
    let (ClientKind::Function, Some(name)) = (client.kind, &client.name) else {
        return Err(wrong(
            "whose place? name the function: msk-doctor remote FUNCTION, or say --subnets, --security-groups and --role",
        ));
    };
    facts
        .and_then(|facts| function_in(facts, name))
        .and_then(Place::of)
        .ok_or_else(|| {
            wrong(format!(
                "the network and the role of {name} are not known: lambda:GetFunctionConfiguration tells, or say --subnets, --security-groups and --role"
            ))
        })
}

async fn access(args: &DiagnoseArgs, of_names: Option<&str>) -> Result<Access> {
    let function = args.function.as_deref().or(args.target.as_deref());
    let of_arn = function.and_then(facts::of_arn);
    let configured = async {
        match args.aws.region.clone().or(of_arn) {
            Some(region) => Some(region),
            None => msk_doctor::aws::credentials::resolve_region(args.aws.profile.as_deref()).await,
        }
    };
    let region = configured
        .await
        .or_else(|| of_names.map(ToOwned::to_owned))
        .ok_or_else(|| wrong("no region: pass --region, such as --region eu-west-1"))?;
    facts::access(
        args.aws.profile.clone(),
        region,
        args.aws.role_arn.clone(),
        CREDENTIAL_PATIENCE,
    )
    .await
    .map_err(wrong)
}

/// The plan of a temporary function, once it is agreed to. `None` where it is only shown.
fn temporary(args: &RemoteArgs, from: &From) -> Result<Option<Through>> {
    let (package, processor) = package::of(args.package.as_deref())?;
    if package.len() > MOST_PACKAGE {
        return Err(wrong(format!(
            "the package has {} MB, and Lambda takes 50: build with `cargo build --profile dist`, or pass --package",
            package.len() / (1024 * 1024)
        )));
    }
    let run = uuid::Uuid::new_v4().simple().to_string()[..8].to_owned();
    let plan = Plan::new(
        &from.place,
        run,
        args.question.limits.deadline,
        processor,
        OffsetDateTime::now_utc(),
    );
    confirm::show(&plan, package.len());
    if args.dry_run {
        return Ok(None);
    }
    if !args.yes {
        confirm::ask("create it?")?;
    }
    Ok(Some(Through::Temporary { plan, package }))
}

/// A doctor that is there already, and in what it is the same as the client.
async fn via(
    lambda: &Lambda,
    name: &str,
    from: &From,
    args: &DiagnoseArgs,
) -> Result<(Through, Vec<Shares>)> {
    let place = lambda
        .place(name)
        .await
        .map_err(|refused| wrong(format!("--via {name}: {refused}")))?;
    let mut speaks_for = Vec::new();
    if place.shares_path(&from.place) {
        speaks_for.push(Shares::Path);
    }
    if place.role == from.place.role {
        speaks_for.push(Shares::Identity);
    }
    let through = Through::Deployed {
        name: bare(name).0.to_owned(),
        patience: args.limits.deadline + Duration::from_secs(60),
    };
    Ok((through, speaks_for))
}

/// Where a policy tests the function or its session, another function of the role is somebody else.
fn of_the_session(from: &From, speaks_for: Vec<Shares>) -> (Vec<Shares>, Vec<String>) {
    let case = Case {
        facts: from.facts.clone(),
        ..Case::of(from.target.clone(), from.client.clone(), Phase::Metadata)
    };
    let tests = match rights::of(&case) {
        Some(Ok(rights)) => rights.session_tests(),
        _ => Vec::new(),
    };
    if tests.is_empty() || from.client.kind != ClientKind::Function {
        return (speaks_for, Vec::new());
    }
    let path_only = speaks_for
        .into_iter()
        .filter(|shares| *shares == Shares::Path);
    (path_only.collect(), tests)
}

/// Asks from there and from here at the same time.
async fn asked(
    args: &RemoteArgs,
    from: From,
    lambda: &Lambda,
    through: &Through,
    speaks_for: Vec<Shares>,
    tests: Vec<String>,
) -> Result<(Case, Report)> {
    let question = &args.question;
    let ca =
        match &question.ca_file {
            Some(path) => Some(std::fs::read_to_string(path).map_err(|error| {
                wrong(format!("cannot use --ca-file {}: {error}", path.display()))
            })?),
            None => None,
        };
    let facts = from.facts.as_ref();
    let asked = event(
        question,
        &from.target,
        &from.client,
        facts,
        ca.as_deref(),
        &speaks_for,
    )?;
    if asked.without_facts {
        eprintln!(
            "msk-doctor: the AWS facts are too many for an event: they are joined here, not there"
        );
    }
    let cancel = CancellationToken::new();
    run::stop_on_signals(cancel.clone());
    let here = {
        let mut args = question.clone();
        args.given.facts.clone_from(&from.facts);
        args.bootstrap = Some(bootstrap(&from.target));
        args.target = None;
        // One record is enough: the function's.
        args.canary = false;
        if from.client.kind == ClientKind::Function {
            args.function.clone_from(&from.client.name);
        } else {
            args.from = from
                .client
                .name
                .as_ref()
                .map(|name| format!("subnet:{name}"));
        }
        args
    };
    let ends = Ends {
        cancel: cancel.clone(),
        progress: Box::new(|_| {}),
        seen: Box::new(|_| {}),
    };
    let told = progress();
    let (local, there) = tokio::join!(
        Box::pin(probed(&here, Phase::Metadata, ends)),
        run::through(lambda, through, asked.event, &cancel, &*told)
    );
    drop(told);
    let (case, here) = match there {
        Ran::Case(case) => {
            let case = Case {
                facts: from.facts,
                session_tests: tests,
                ..*case
            };
            // What fails here alone does not take away what was seen there.
            let here = local.ok().map(|(case, found)| Report::new(&case, &found));
            (case, here)
        }
        // What is seen from here, and why there is no more.
        Ran::Not(why) => {
            let (local, _) = local?;
            let case = Case {
                complete: !cancel.is_cancelled() && local.complete,
                remote_absent: Some(why),
                session_tests: tests,
                ..local
            };
            (case, None)
        }
    };
    let diagnosis = conclude(&case);
    let mut report = Report::new(&case, &diagnosis);
    report.here = here.map(Box::new);
    Ok((case, report))
}

fn bootstrap(target: &Target) -> String {
    let brokers: Vec<String> = target
        .brokers
        .iter()
        .map(|broker| broker.endpoint().to_string())
        .collect();
    brokers.join(",")
}

/// Removes what killed runs left behind.
fn cleanup(args: &CleanupArgs) -> Result<u8> {
    let runtime = runtime()?;
    let done = runtime.block_on(async {
        let region = match &args.aws.region {
            Some(region) => Some(region.clone()),
            None => msk_doctor::aws::credentials::resolve_region(args.aws.profile.as_deref()).await,
        };
        let region =
            region.ok_or_else(|| wrong("no region: pass --region, such as --region eu-west-1"))?;
        let access = facts::access(
            args.aws.profile.clone(),
            region,
            args.aws.role_arn.clone(),
            CREDENTIAL_PATIENCE,
        )
        .await
        .map_err(wrong)?;
        let lambda = Lambda::new(&access).await;
        let now = OffsetDateTime::now_utc();
        let mut found = lambda.leftovers().await?;
        let all = found.len();
        found.retain(|leftover| args.all || leftover.is_expired(now));
        if found.is_empty() {
            println!(
                "nothing is left behind{}",
                match all {
                    0 => String::new(),
                    _ => format!(
                        "; {all} may be of runs that are under way (--all removes them too)"
                    ),
                }
            );
            return Ok(0);
        }
        for leftover in &found {
            println!("{}", leftover.name);
        }
        if args.dry_run {
            return Ok(0);
        }
        if !args.yes {
            confirm::ask("remove them?")?;
        }
        let mut kept = 0;
        for leftover in &found {
            if let Err(why) = run::remove(&lambda, &leftover.name).await {
                eprintln!("msk-doctor: {} is still there: {why}", leftover.name);
                kept += 1;
            }
        }
        println!("{} removed", found.len() - kept);
        Ok::<u8, anyhow::Error>(if kept == 0 { 0 } else { 4 })
    });
    runtime.shutdown_background();
    done
}
