//! The engine: every check that can explain a sign is asked, and the best one is the cause.

use super::merge::{absorb, merge, merge_stated};
use super::sign::{Seen, signs};
use super::verdict::{unknowns, verdict};
use super::{Cause, Confidence, Diagnosis, Fact, Finding, Repair, Stand, Status, Verdict, Weight};
use super::{configuration, paths};
use crate::case::{Asked, Case};
use crate::catalogue::Fault;
use crate::checks::{self, Check};
use crate::experiments::{self, Move};
use crate::probe::observation::Detail;
use crate::rights::Rights;
use crate::vpc::{PathVerdict, Proof};

/// Diagnoses a case.
#[must_use]
pub fn conclude(case: &Case) -> Diagnosis {
    conclude_with(case, &|_| true)
}

/// Diagnoses a case with the checks that `on` keeps: tests switch one off to see that it matters.
#[must_use]
pub fn conclude_with(case: &Case, on: &dyn Fn(&Check) -> bool) -> Diagnosis {
    if case.asked != Asked::Everything {
        return configuration::conclude(case);
    }
    let signs = signs(case);
    let proof = paths::prove(case);
    let judged = paths::judge(case, &proof, &signs);
    let rights = crate::rights::of(case);
    let told = Told {
        proof: &proof,
        rights: rights.as_ref().and_then(|rights| rights.as_ref().ok()),
    };
    let mut causes: Vec<Cause> = Vec::new();
    let mut findings = checks::passes(case);
    for seen in signs {
        if paths::settled(case, &proof, &judged, &seen) {
            continue;
        }
        let Some(cause) = explain(case, &told, &seen, on) else {
            continue;
        };
        findings.push(Finding {
            fault: cause.fault,
            status: Status::Fault,
            subject: seen.broker().clone(),
            facts: cause.evidence.clone(),
        });
        merge(&mut causes, cause);
    }
    absorb(&mut causes);
    let stated = configuration::state(case, rights.as_ref());
    causes.extend(judged.causes);
    merge_stated(case, &mut causes, stated.causes);
    order(case, &mut causes);
    findings.extend(checks::warnings(case));
    let sure = stated.unknown.is_empty() && proof.verdict() == Some(PathVerdict::Reachable);
    findings.extend(judged.findings);
    findings.extend(stated.findings);
    let mut unknown = unknowns(case, &causes);
    unknown.extend(judged.unknown);
    unknown.extend(stated.unknown);
    unknown.extend(stated.seldom);
    unknown.extend(configuration::missing(case));
    if causes.is_empty() && sure && verdict(case, &causes) != Verdict::Healthy {
        causes.extend(configuration::what_is_left(case, told.rights));
    }
    Diagnosis {
        verdict: verdict(case, &causes),
        causes,
        findings,
        unknown,
        paths: proof.paths,
        rights: rights.and_then(Result::ok),
    }
}

/// What the AWS facts tell beside the packets.
struct Told<'a> {
    proof: &'a Proof,
    rights: Option<&'a Rights>,
}

struct Candidate {
    fault: &'static Fault,
    weight: Weight,
    facts: Vec<Fact>,
}

/// How all entries that can explain a sign stand towards it.
#[derive(Default)]
struct Standings {
    candidates: Vec<Candidate>,
    ruled_out: Vec<(&'static Fault, String)>,
    decided: Option<(&'static Fault, Vec<Fact>, String)>,
}

impl Standings {
    fn of(case: &Case, told: &Told<'_>, seen: &Seen<'_>, on: &dyn Fn(&Check) -> bool) -> Self {
        let open = paths::open(case, told.proof, seen);
        let mut standings = Self::default();
        let moves = experiments::moves(case, seen);
        let asked = checks::all().filter(|check| check.explains.contains(&seen.sign) && on(check));
        for check in asked {
            let fault = check.fault;
            let stand = match &open {
                Some(because) if paths::would_show(fault) => Stand::excluded(because),
                _ => match (check.judge)(case, seen) {
                    // What the broker's words exclude stays excluded.
                    Stand::Fits(weight, facts) => {
                        checks::rights::stand(case, told.rights, seen, fault)
                            .unwrap_or(Stand::Fits(weight, facts))
                    }
                    stand => stand,
                },
            };
            match moved(stand, fault, &moves) {
                Stand::Fits(weight, facts) => standings.candidates.push(Candidate {
                    fault,
                    weight,
                    facts,
                }),
                Stand::Decides(facts, because) if standings.decided.is_none() => {
                    standings.decided = Some((fault, facts, because));
                }
                Stand::Decides(facts, _) => standings.candidates.push(Candidate {
                    fault,
                    weight: Weight::Shown,
                    facts,
                }),
                Stand::Excluded(because) => standings.ruled_out.push((fault, because)),
                Stand::Foreign => {}
            }
        }
        standings
    }

    /// The origin and how sure it is. Among equals the order of the checks decides, most specific
    /// first.
    fn origin(&mut self) -> Option<(&'static Fault, Vec<Fact>, Confidence)> {
        if let Some((fault, facts, because)) = self.decided.take() {
            let rivals = std::mem::take(&mut self.candidates);
            let excluded = rivals
                .into_iter()
                .map(|rival| (rival.fault, because.clone()));
            self.ruled_out.extend(excluded);
            return Some((fault, facts, Confidence::Proven));
        }
        let best = self.candidates.iter().map(|c| c.weight).max()?;
        let at = self.candidates.iter().position(|c| c.weight == best)?;
        let origin = self.candidates.remove(at);
        let alone = self.candidates.is_empty();
        let confidence = match origin.weight {
            Weight::Shown | Weight::Pointed if alone => Confidence::Proven,
            Weight::Open => Confidence::Possible,
            _ => Confidence::Likely,
        };
        Some((origin.fault, origin.facts, confidence))
    }
}

/// Where an entry stands after the experiments: what they exclude or decide is so, what they say is added.
fn moved(stand: Stand, fault: &Fault, moves: &[Move]) -> Stand {
    let own = moves.iter().filter(|own| own.codes.contains(&fault.code));
    own.fold(stand, |stand, own| match (stand, &own.stand) {
        (stand @ (Stand::Foreign | Stand::Excluded(_) | Stand::Decides(..)), _) => stand,
        (Stand::Fits(weight, mut facts), Stand::Fits(more, said)) => {
            facts.extend(said.iter().cloned());
            Stand::Fits(weight.max(*more), facts)
        }
        (Stand::Fits(_, facts), Stand::Decides(said, because)) => {
            let facts = facts.into_iter().chain(said.iter().cloned());
            Stand::Decides(facts.collect(), because.clone())
        }
        (Stand::Fits(..), moved) => moved.clone(),
    })
}

/// The cause of one sign.
fn explain(
    case: &Case,
    told: &Told<'_>,
    seen: &Seen<'_>,
    on: &dyn Fn(&Check) -> bool,
) -> Option<Cause> {
    let mut standings = Standings::of(case, told, seen, on);
    let (fault, facts, confidence) = standings.origin()?;
    let mut evidence = vec![ended(seen)];
    evidence.extend(words(seen));
    evidence.extend(facts);
    let base = checks::symptom_code(seen.sign).filter(|code| *code != fault.code);
    Some(Cause {
        fault,
        confidence,
        subjects: vec![seen.broker().clone()],
        signs: vec![seen.sign],
        phase: seen.record.phase,
        evidence,
        explains: base.into_iter().collect(),
        ruled_out: standings.ruled_out,
        not_excluded: standings.candidates.into_iter().map(|c| c.fault).collect(),
        at: None,
        by_facts: false,
        repair: Repair::default(),
    })
}

fn ended(seen: &Seen<'_>) -> Fact {
    Fact::Ended {
        broker: seen.broker().clone(),
        phase: seen.record.phase,
        end: seen.record.end,
        after_us: seen.record.duration_us,
    }
}

/// What the broker itself said.
fn words(seen: &Seen<'_>) -> Option<Fact> {
    let broker = seen.broker().clone();
    match &seen.record.detail {
        Detail::SaslAuthenticate(detail) => {
            let words = detail
                .error_message
                .clone()
                .or_else(|| detail.challenge.clone())?;
            Some(Fact::BrokerWords { broker, words })
        }
        Detail::SaslHandshake(detail) if detail.error_code != 0 => Some(Fact::Offered {
            broker,
            mechanisms: detail.offered.clone(),
        }),
        _ => None,
    }
}

/// The origin first: what is the client's before what is only seen from here, then what hits most brokers, then what breaks first, then what is surest.
pub(super) fn order(case: &Case, causes: &mut [Cause]) {
    causes.sort_by_key(|cause| {
        (
            !cause.is_the_clients(case),
            std::cmp::Reverse(cause.subjects.len()),
            cause.phase,
            rank(cause),
            // What was seen to fail is before what would.
            cause.signs.is_empty(),
            cause.signs.iter().min().copied(),
            std::cmp::Reverse(cause.confidence),
        )
    });
}

/// Within one phase: a function that does not run has no path, and its poller is another client.
fn rank(cause: &Cause) -> u8 {
    match cause.fault.group() {
        "FN" => 0,
        "ESM" => 2,
        _ => 1,
    }
}
