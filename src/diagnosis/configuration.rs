//! What the configuration alone says: the cluster's, and the network's.

use super::{Cause, Confidence, Diagnosis, Fact, Finding, Repair, Status, Unknown, Verdict, paths};
use crate::case::{Asked, Case};
use crate::checks::configuration::{Answer, answers};
use crate::target::Endpoint;
use crate::vpc::PathVerdict;

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

/// Judges the cluster's configuration.
pub(super) fn state(case: &Case) -> Stated {
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
    } in answers(case)
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
                needs: "kafka:DescribeClusterV2".to_owned(),
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
    let verdict = match proof.verdict() {
        Some(PathVerdict::Blocked | PathVerdict::Partial) => Verdict::Faulty,
        Some(PathVerdict::Reachable) => Verdict::Healthy,
        Some(PathVerdict::Unknown) | None => Verdict::Inconclusive,
    };
    let mut causes = judged.causes;
    super::conclude::order(case, &mut causes);
    Diagnosis {
        verdict,
        causes,
        findings: judged.findings,
        unknown: judged.unknown,
        paths: proof.paths,
    }
}
