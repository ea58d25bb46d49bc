//! What the configuration alone says: the cluster's, and the network's.

use super::{
    Cause, Change, Confidence, Diagnosis, Fact, Finding, Repair, Setting, Status, Tried, Unknown,
    Verdict, paths,
};
use crate::aws::snapshot::Snapshot;
use crate::case::{Asked, Case};
use crate::catalogue::{self as c, Fault};
use crate::checks::configuration::{Answer, answers};
use crate::checks::{function, mapping, names, rights};
use crate::rights::{Right, Rights};
use crate::target::Endpoint;
use crate::vpc::{Gap, PathVerdict, World};

/// What the cluster's configuration says of a case.
#[derive(Default)]
pub(super) struct Stated {
    /// Faults.
    pub causes: Vec<Cause>,
    /// Everything that was checked.
    pub findings: Vec<Finding>,
    /// What the facts do not tell.
    pub unknown: Vec<Unknown>,
    /// What can seldom be told, and stands in no verdict's way unless it is what was asked.
    pub seldom: Vec<Unknown>,
}

impl Stated {
    fn take(&mut self, other: Self) {
        self.causes.extend(other.causes);
        self.findings.extend(other.findings);
        self.unknown.extend(other.unknown);
        self.seldom.extend(other.seldom);
    }
}

/// Judges the cluster's configuration, who answers for its names, and what the client may do there.
pub(super) fn state(case: &Case, rights: Option<&Known>) -> Stated {
    let mut all = functions(case);
    all.extend(answers(case));
    let mut stated = stated(case, all);
    stated.take(of_rights(case, rights));
    stated
}

/// What is known of the client's rights, or why nothing is.
pub(super) type Known = Result<Rights, Gap>;

/// What the policies say.
fn of_rights(case: &Case, rights: Option<&Known>) -> Stated {
    match rights {
        None => Stated::default(),
        Some(Ok(rights)) => {
            let mut answers = rights::answers(rights);
            let facts = case.facts.as_ref();
            if facts.is_some_and(|own| mapping::is_fed_otherwise(case, &World::new(own, &[]))) {
                answers.iter_mut().for_each(Answer::as_a_word);
            }
            stated(case, answers)
        }
        Some(Err(gap)) => Stated {
            seldom: vec![Unknown {
                what: gap.what.clone(),
                needs: gap.needs.clone(),
            }],
            ..Stated::default()
        },
    }
}

/// What is said of the function, and of what feeds it.
fn functions(case: &Case) -> Vec<Answer> {
    let Some(facts) = &case.facts else {
        return Vec::new();
    };
    let world = World::new(facts, &[]);
    let mut found = both(case, &world);
    for answer in found.iter_mut().filter(|own| own.status == Status::Fault) {
        if let Some(setting) = answer.setting.take() {
            answer.repair = tried(case, facts, answer.fault, setting);
        }
    }
    found
}

/// A time-out that hides what goes wrong, where nothing else that is known does: what works is not hurt by it. Where the rights
/// are not known it is one of two.
pub(super) fn what_is_left(case: &Case, rights: Option<&Rights>) -> Option<Cause> {
    let facts = case.facts.as_ref()?;
    let short = |answer: &Answer| answer.fault == &c::FN_09 && answer.status == Status::Warning;
    let mut answer = both(case, &World::new(facts, &[]))
        .into_iter()
        .find(short)?;
    answer.status = Status::Fault;
    if let Some(setting) = answer.setting.take() {
        answer.repair = tried(case, facts, answer.fault, setting);
    }
    let cause = stated(case, vec![answer]).causes.pop()?;
    let connect = rights.and_then(|rights| rights.about("Connect"));
    let confidence = if connect.is_some_and(Right::is_allowed_as_read) {
        Confidence::Likely
    } else {
        Confidence::Possible
    };
    Some(Cause {
        confidence,
        ..cause
    })
}

fn both(case: &Case, world: &World<'_>) -> Vec<Answer> {
    let mut found = function::answers(case, world);
    found.extend(mapping::answers(case, world));
    found
}

/// The setting, made in a copy of the facts; nothing where the fault is still there.
fn tried(case: &Case, facts: &Snapshot, fault: &Fault, setting: Setting) -> Repair {
    let mut copy = facts.clone();
    setting.apply(&mut copy);
    let after = both(case, &World::new(&copy, &[]));
    let is_there = |answer: &Answer| {
        answer.fault == fault && matches!(answer.status, Status::Fault | Status::Warning)
    };
    if after.iter().any(is_there) {
        return Repair::default();
    }
    Repair {
        changes: vec![Change::Setting(setting)],
        tried: Tried::Mended,
    }
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
        only_seldom_read,
        at,
        more,
        repair,
        setting: _,
    } in answers
    {
        let mut facts = vec![Fact::Says(words.clone())];
        facts.extend(more);
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
                evidence: facts.clone(),
                explains: Vec::new(),
                ruled_out: Vec::new(),
                not_excluded: Vec::new(),
                at: at.or_else(|| case.target.cluster.clone()),
                by_facts: true,
                repair,
            });
        }
        if status == Status::Unknown {
            let list = if only_seldom_read {
                &mut stated.seldom
            } else {
                &mut stated.unknown
            };
            list.push(Unknown {
                what: words,
                needs: needs.unwrap_or_else(|| {
                    match fault.group() {
                        "FN" | "ESM" => "lambda:GetFunctionConfiguration",
                        _ => "kafka:DescribeClusterV2",
                    }
                    .to_owned()
                }),
            });
        }
        stated.findings.push(Finding {
            fault,
            status,
            subject: first.clone(),
            facts,
        });
    }
    stated
}

/// The diagnosis of the configuration alone, without anything that packets say.
pub(super) fn conclude(case: &Case) -> Diagnosis {
    match case.asked {
        Asked::Network => network(case),
        Asked::Cluster => settled(case, stated(case, answers(case)), None),
        Asked::Lambda => {
            let known = crate::rights::of(case);
            let mut all = stated(case, functions(case));
            all.take(of_rights(case, known.as_ref()));
            settled(case, all, known)
        }
        Asked::Iam | Asked::Everything => {
            let known = crate::rights::of(case);
            let mut own = of_rights(case, known.as_ref());
            own.unknown.append(&mut own.seldom);
            settled(case, own, known)
        }
    }
}

/// The verdict on what is stated.
fn settled(case: &Case, stated: Stated, rights: Option<Known>) -> Diagnosis {
    let verdict = if !stated.causes.is_empty() {
        Verdict::Faulty
    } else if stated.findings.is_empty() || !stated.unknown.is_empty() {
        Verdict::Inconclusive
    } else {
        Verdict::Healthy
    };
    let mut causes = stated.causes;
    super::conclude::order(case, &mut causes);
    let mut unknown = stated.unknown;
    unknown.extend(stated.seldom);
    Diagnosis {
        verdict,
        causes,
        findings: stated.findings,
        unknown,
        paths: Vec::new(),
        rights: rights.and_then(Result::ok),
    }
}

fn network(case: &Case) -> Diagnosis {
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
        rights: None,
    }
}
