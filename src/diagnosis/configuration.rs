//! What the configuration alone says: the cluster's, and the network's.

use super::{Cause, Confidence, Diagnosis, Fact, Finding, Repair, Status, Unknown, Verdict, paths};
use crate::case::{Asked, Case};
use crate::checks::configuration::{Answer, answers};
use crate::checks::names;
use crate::target::Endpoint;
use crate::vpc::{PathVerdict, World};

/// What the cluster's configuration says of a case.
#[derive(Default)]
pub(super) struct Stated {
    /// Faults.
    pub causes: Vec<Cause>,
    /// Everything that was checked.
    pub findings: Vec<Finding>,
    /// What the facts do not tell.
    pub unknown: Vec<Unknown>,
}

/// Judges the cluster's configuration, and who answers for its names.
pub(super) fn state(case: &Case) -> Stated {
    stated(case, answers(case))
}

/// Judges who answers for the brokers' names alone.
fn named(case: &Case) -> Stated {
    let Some(facts) = &case.facts else {
        return Stated::default();
    };
    stated(case, names::answers(case, &World::new(facts, &[])))
}

/// What was asked for in vain: it makes no verdict unknown, and is said.
pub(super) fn missing(case: &Case) -> Vec<Unknown> {
    let facts = case.facts.as_ref();
    facts.map_or_else(Vec::new, |facts| {
        names::missing(case, &World::new(facts, &[]))
    })
}

fn stated(case: &Case, answers: Vec<Answer>) -> Stated {
    let mut stated = Stated::default();
    let brokers: Vec<Endpoint> = case
        .target
        .brokers
        .iter()
        .map(super::super::target::TargetBroker::endpoint)
        .collect();
    let first = brokers.first().cloned().unwrap_or_else(|| {
        // A cluster without any bootstrap string: it stands for itself.
        let name = case.target.cluster.as_deref().unwrap_or("cluster");
        Endpoint::new(name.split('/').nth(1).unwrap_or(name), 0)
    });
    for Answer {
        fault,
        status,
        words,
        needs,
    } in answers
    {
        let fact = Fact::Says(words.clone());
        if status == Status::Fault {
            stated.causes.push(Cause {
                fault,
                confidence: Confidence::Proven,
                subjects: if brokers.is_empty() {
                    vec![first.clone()]
                } else {
                    brokers.clone()
                },
                signs: Vec::new(),
                phase: fault.phase,
                evidence: vec![fact.clone()],
                explains: Vec::new(),
                ruled_out: Vec::new(),
                not_excluded: Vec::new(),
                at: case.target.cluster.clone(),
                by_facts: true,
                repair: Repair::default(),
            });
        }
        if status == Status::Unknown {
            stated.unknown.push(Unknown {
                what: words,
                needs: needs.unwrap_or_else(|| "kafka:DescribeClusterV2".to_owned()),
            });
        }
        stated.findings.push(Finding {
            fault,
            status,
            subject: first.clone(),
            facts: vec![fact],
        });
    }
    stated
}

/// The diagnosis of the configuration alone, without anything that packets say.
pub(super) fn conclude(case: &Case) -> Diagnosis {
    let stated = state(case);
    if case.asked == Asked::Cluster {
        let verdict = if !stated.causes.is_empty() {
            Verdict::Faulty
        } else if stated.findings.is_empty() || !stated.unknown.is_empty() {
            Verdict::Inconclusive
        } else {
            Verdict::Healthy
        };
        let mut causes = stated.causes;
        super::conclude::order(case, &mut causes);
        return Diagnosis {
            verdict,
            causes,
            findings: stated.findings,
            unknown: stated.unknown,
            paths: Vec::new(),
        };
    }
    let proof = paths::prove(case);
    let judged = paths::judge(case, &proof, &[]);
    let named = named(case);
    let verdict = match proof.verdict() {
        _ if !named.causes.is_empty() => Verdict::Faulty,
        Some(PathVerdict::Blocked | PathVerdict::Partial) => Verdict::Faulty,
        Some(PathVerdict::Reachable) if named.unknown.is_empty() => Verdict::Healthy,
        Some(PathVerdict::Reachable | PathVerdict::Unknown) | None => Verdict::Inconclusive,
    };
    let mut causes = judged.causes;
    causes.extend(named.causes);
    super::conclude::order(case, &mut causes);
    let mut findings = judged.findings;
    findings.extend(named.findings);
    let mut unknown = judged.unknown;
    unknown.extend(named.unknown);
    unknown.extend(missing(case));
    Diagnosis {
        verdict,
        causes,
        findings,
        unknown,
        paths: proof.paths,
    }
}
