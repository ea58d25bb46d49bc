//! What renderers look at. They decide nothing: verdict, order and words are made here.

mod combined;
pub mod github;
mod item;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod sarif;
pub mod text;
mod words;

pub use combined::{Combined, OfTarget, TargetReport};
pub use item::Summary;
pub use words::{escape, fact_words};

use schemars::JsonSchema;
use serde::Serialize;

use crate::case::{Case, Client, CredentialFacts, IdentityFacts, TokenJudgement, Vantage};
use crate::catalogue::Side;
use crate::clients::{Example, example};
use crate::diagnosis::{Cause, Confidence, Diagnosis, Fact, Finding, Status, Unknown, Verdict};
use crate::diagnosis::{Change, Tried};
use crate::gate::Gate;
use crate::iam::{Decision, Outcome};
use crate::phase::Phase;
use crate::probe::observation::Observation;
use crate::rights::Right;
use crate::target::{Auth, Endpoint, TargetBroker};
use crate::text::escaped;

/// The report's form; a change to what stands in it raises the number.
pub const REPORT_SCHEMA: u32 = 1;

/// Everything that is reported.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Report {
    /// [`REPORT_SCHEMA`].
    pub schema: u32,
    /// What made it.
    pub tool: Tool,
    /// The verdict on the client.
    pub verdict: Verdict,
    /// The process's exit code.
    pub exit_code: u8,
    /// The gate's word, under `preflight`: the exit code is the gate's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gate: Option<Gate>,
    /// When the run began, RFC 3339.
    pub started: String,
    /// The same question, asked from this machine, where the report is one from inside the VPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub here: Option<Box<Report>>,
    /// How long it took, milliseconds.
    pub duration_ms: u64,
    /// Whether the run came to its end.
    pub complete: bool,
    /// What was asked.
    pub target: ReportTarget,
    /// Whom the verdict is about.
    pub client: Client,
    /// From where the probes were made.
    pub vantage: Vantage,
    /// The causes, the origin first.
    pub causes: Vec<ReportCause>,
    /// What was checked, and how it came out.
    pub findings: Vec<ReportFinding>,
    /// What could not be checked.
    pub unknown: Vec<Unknown>,
    /// Experiments that were tried.
    pub experiments: Vec<String>,
    /// The credentials, without any secret.
    pub credentials: CredentialFacts,
    /// What STS said of them.
    pub identity: IdentityFacts,
    /// The token, without its signature.
    pub token: Option<TokenJudgement>,
    /// How far the local clock is ahead of AWS's, seconds.
    pub clock_ahead_s: Option<f64>,
    /// What each attempt saw.
    pub observations: Vec<Observation>,
    /// The proof of each path; empty without AWS facts.
    pub paths: Vec<crate::vpc::Path>,
    /// What the client's identity may do, by its policies; `null` where no facts tell of it.
    pub rights: Option<ReportRights>,
}

/// What an identity may do on a cluster.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ReportRights {
    /// The role or user: its ARN, or its name where the path is not known.
    pub identity: String,
    /// The cluster's ARN.
    pub cluster: String,
    /// One for each action that was asked for.
    pub actions: Vec<ReportRight>,
}

/// What is decided on one action.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ReportRight {
    /// The answer: `allowed` only where nothing is left open.
    pub answer: Decision,
    /// Our own reading of the policies.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The policy simulator's word, where it was asked.
    pub simulator: Option<Decision>,
}

/// The program.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Tool {
    /// `msk-doctor`.
    pub name: &'static str,
    /// Its version.
    pub version: String,
}

impl Tool {
    /// This program.
    fn own() -> Self {
        Self::of(env!("CARGO_PKG_VERSION").to_owned())
    }

    /// A version of it.
    fn of(version: String) -> Self {
        Self {
            name: "msk-doctor",
            version,
        }
    }
}

/// What was asked.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ReportTarget {
    /// How the client authenticates.
    pub auth: Auth,
    /// The region that tokens are signed for.
    pub region: Option<String>,
    /// The cluster's name.
    pub cluster: Option<String>,
    /// The function.
    pub function: Option<String>,
    /// The topic.
    pub topic: Option<String>,
    /// The brokers: those of the bootstrap string, then those that `Metadata` named.
    pub brokers: Vec<TargetBroker>,
}

/// A cause, in words.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ReportCause {
    /// The catalogue's code.
    pub code: &'static str,
    /// What is wrong.
    pub title: &'static str,
    /// How sure.
    pub confidence: Confidence,
    /// Where the client meets it.
    pub phase: Phase,
    /// The brokers.
    pub subjects: Vec<Endpoint>,
    /// Whose side it is on.
    pub side: Side,
    /// The same in words.
    #[serde(rename = "where")]
    pub place: String,
    /// What happens, and why.
    pub why: String,
    /// What speaks for it.
    pub evidence: Vec<String>,
    /// Symptom codes that are its consequences.
    pub explains: Vec<&'static str>,
    /// Entries that are excluded, each with the observation that does so.
    pub ruled_out: Vec<RuledOut>,
    /// Entries that fit the same evidence.
    pub not_excluded: Vec<&'static str>,
    /// What to do.
    pub fix: Vec<String>,
    /// The changes of the configuration that were tried on a copy of the facts; never made by msk-doctor.
    pub repair: Vec<ReportChange>,
    /// Lines of the client's library that do it as they should, beside a fault of the client's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<Example>,
    /// What would settle it; empty when it is proven.
    pub settle: Vec<String>,
}

/// A change of the configuration.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ReportChange {
    /// The AWS CLI command that makes it.
    pub command: String,
    /// The same as a Terraform fragment.
    pub terraform: String,
    /// What else it lets through.
    pub opens: Option<String>,
}

/// An entry that is excluded.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RuledOut {
    /// The catalogue's code.
    pub code: &'static str,
    /// What is not wrong.
    pub title: &'static str,
    /// The observation that excludes it.
    pub because: String,
}

/// A check's result.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ReportFinding {
    /// The catalogue's code.
    pub code: &'static str,
    /// What was checked for.
    pub title: &'static str,
    /// How it came out.
    pub status: Status,
    /// The broker.
    pub subject: Endpoint,
    /// What was seen.
    pub evidence: Evidence,
}

/// What a finding rests on.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Evidence {
    /// In words.
    pub seen: Vec<String>,
}

impl Report {
    /// The report on a case and its diagnosis.
    #[must_use]
    pub fn new(case: &Case, diagnosis: &Diagnosis) -> Self {
        let mut brokers = case.target.brokers.clone();
        for endpoint in case.advertised() {
            if !case.is_bootstrap(&endpoint) {
                brokers.push(TargetBroker {
                    name: endpoint.host,
                    port: endpoint.port,
                    from: crate::target::Origin::Advertised,
                });
            }
        }
        Self {
            schema: REPORT_SCHEMA,
            tool: Tool::of(case.version.clone()),
            verdict: diagnosis.verdict,
            exit_code: diagnosis.verdict.exit_code(),
            here: None,
            gate: None,
            started: case.started.clone(),
            duration_ms: case.duration_ms,
            complete: case.complete,
            target: ReportTarget {
                auth: case.target.auth,
                region: case.target.region.clone(),
                cluster: case.target.cluster.clone(),
                function: case.target.function.clone(),
                topic: case.target.topic.clone(),
                brokers,
            },
            client: case.client.clone(),
            vantage: case.vantage.clone(),
            causes: diagnosis
                .causes
                .iter()
                .map(|cause| report_cause(case, cause))
                .collect(),
            findings: diagnosis.findings.iter().map(report_finding).collect(),
            unknown: diagnosis.unknown.clone(),
            experiments: case.experiments.clone(),
            credentials: case.credentials.clone(),
            identity: case.identity.clone(),
            token: case.token.clone(),
            clock_ahead_s: case.clock_ahead_s,
            observations: case.observations.clone(),
            paths: diagnosis.paths.clone(),
            rights: diagnosis.rights.as_ref().map(|rights| ReportRights {
                identity: rights.identity.name(),
                cluster: rights.cluster.to_string(),
                actions: rights.answers.iter().map(report_right).collect(),
            }),
        }
    }
}

fn report_cause(case: &Case, cause: &Cause) -> ReportCause {
    let fault = cause.fault;
    let mut settle: Vec<String> = Vec::new();
    if cause.confidence != Confidence::Proven {
        settle.extend(fault.settle.iter().map(|words| (*words).to_owned()));
    }
    if !cause.is_the_clients(case) {
        settle.insert(0, words::from_the_client(case));
    }
    ReportCause {
        code: fault.code,
        title: fault.title,
        confidence: cause.confidence,
        phase: cause.phase,
        subjects: cause.subjects.clone(),
        side: fault.side,
        place: fault.place.to_owned(),
        why: fault.explanation.to_owned(),
        evidence: ordered(&cause.evidence).map(fact_words).collect(),
        explains: cause.explains.clone(),
        ruled_out: cause
            .ruled_out
            .iter()
            .map(|(fault, because)| RuledOut {
                code: fault.code,
                title: fault.title,
                because: escape(because),
            })
            .collect(),
        not_excluded: cause.not_excluded.iter().map(|fault| fault.code).collect(),
        fix: fix(cause),
        repair: cause.repair.changes.iter().map(report_change).collect(),
        example: example(case, fault),
        settle,
    }
}

/// What to do: the change that was tried on the facts, else what the catalogue says.
fn fix(cause: &Cause) -> Vec<String> {
    let changes = &cause.repair.changes;
    if changes.is_empty() {
        let words = cause.fault.fix.iter();
        return words.map(|words| (*words).to_owned()).collect();
    }
    let mut fix: Vec<String> = changes.iter().map(|c| escaped(&c.words())).collect();
    fix.push(match cause.repair.tried {
        Tried::Reachable(1) => {
            "verified on a copy of the facts: the path becomes reachable".to_owned()
        }
        Tried::Reachable(paths) => format!(
            "verified on a copy of the facts: with the fixes of all causes, all {paths} paths become reachable"
        ),
        Tried::NotEnough => {
            "on a copy of the facts it takes this cause away; other things still block".to_owned()
        }
        Tried::Allowed => "verified on a copy of the policies: it is allowed then".to_owned(),
        Tried::AllowedAsRead => {
            "on a copy of the policies nothing that could be read denies it then".to_owned()
        }
        Tried::Mended => "verified on a copy of the facts: it is no fault then".to_owned(),
    });
    fix.extend(
        changes
            .iter()
            .filter_map(|change| change.opens().map(|words| escape(&words))),
    );
    fix
}

fn report_right(right: &Right) -> ReportRight {
    let answer = match right.decision() {
        Decision::Allowed if !right.is_allowed() => Decision::Unknown,
        decision => decision,
    };
    ReportRight {
        answer,
        outcome: right.outcome.clone(),
        simulator: right.witness.as_ref().map(|witness| witness.decision),
    }
}

fn report_change(change: &Change) -> ReportChange {
    ReportChange {
        command: change.command(),
        terraform: change.terraform(),
        opens: change.opens(),
    }
}

/// What somebody said or an experiment showed comes before what the table of phases shows.
fn ordered(facts: &[Fact]) -> impl Iterator<Item = &Fact> {
    let is_end = |fact: &&Fact| matches!(fact, Fact::Ended { .. });
    let says = facts.iter().filter(move |fact| !is_end(fact));
    says.chain(facts.iter().filter(is_end))
}

fn report_finding(finding: &Finding) -> ReportFinding {
    ReportFinding {
        code: finding.fault.code,
        title: finding.fault.title,
        status: finding.status,
        subject: finding.subject.clone(),
        evidence: Evidence {
            seen: finding.facts.iter().map(fact_words).collect(),
        },
    }
}
