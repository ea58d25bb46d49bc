//! Causes of several brokers and of several witnesses become one each.

use super::{Cause, Confidence, Fact};
use crate::case::Case;
use crate::checks;

/// One cause for each entry; what is excluded on one broker and not on another is not excluded.
pub(super) fn merge(causes: &mut Vec<Cause>, new: Cause) {
    let Some(old) = causes
        .iter_mut()
        .find(|cause| cause.fault.code == new.fault.code)
    else {
        causes.push(new);
        return;
    };
    for subject in new.subjects {
        if !old.subjects.contains(&subject) {
            old.subjects.push(subject);
        }
    }
    for fact in new.evidence {
        if !old.evidence.contains(&fact) {
            old.evidence.push(fact);
        }
    }
    for sign in new.signs {
        if !old.signs.contains(&sign) {
            old.signs.push(sign);
        }
    }
    for code in new.explains {
        if !old.explains.contains(&code) {
            old.explains.push(code);
        }
    }
    for fault in new.not_excluded {
        if !old.not_excluded.contains(&fault) {
            old.not_excluded.push(fault);
        }
    }
    for (fault, because) in new.ruled_out {
        if !old.ruled_out.iter().any(|(known, _)| *known == fault) {
            old.ruled_out.push((fault, because));
        }
    }
    let open = &old.not_excluded;
    old.ruled_out.retain(|(fault, _)| !open.contains(fault));
    old.confidence = old.confidence.min(new.confidence);
    old.phase = old.phase.min(new.phase);
}

/// What the configuration states, beside what packets showed: the same entry is one cause, and then proven.
pub(super) fn merge_stated(case: &Case, causes: &mut Vec<Cause>, stated: Vec<Cause>) {
    for new in stated {
        match causes.iter_mut().find(|cause| cause.fault == new.fault) {
            Some(seen) => {
                // A policy that denies does not acquit the token: that was weighed with the sign.
                if new.fault.group() != "IAM" {
                    seen.confidence = Confidence::Proven;
                }
                seen.by_facts = true;
                let known = |fact: &Fact| seen.evidence.contains(fact);
                let more: Vec<Fact> = new.evidence.into_iter().filter(|f| !known(f)).collect();
                seen.evidence.extend(more);
                seen.repair = new.repair;
            }
            None => match explained_by(case, causes, &new) {
                Some(at) => {
                    let seen = causes.remove(at);
                    causes.push(taken_over(seen, new));
                }
                None => causes.push(new),
            },
        }
    }
}

/// What packets showed, and left open whether it is this that the configuration proves.
fn explained_by(case: &Case, causes: &[Cause], stated: &Cause) -> Option<usize> {
    // A policy that denies does not acquit the token.
    let proves = stated.confidence == Confidence::Proven && stated.fault.group() != "IAM";
    causes.iter().position(|seen| {
        proves
            && seen.confidence != Confidence::Proven
            && seen.not_excluded.contains(&stated.fault)
            && seen.is_the_clients(case)
            && seen
                .subjects
                .iter()
                .all(|own| stated.subjects.contains(own))
    })
}

fn taken_over(seen: Cause, stated: Cause) -> Cause {
    let mut explains = seen.explains;
    explains.push(seen.fault.code);
    let fault = stated.fault;
    Cause {
        subjects: seen.subjects,
        signs: seen.signs,
        phase: seen.phase,
        evidence: stated.evidence.into_iter().chain(seen.evidence).collect(),
        explains,
        ruled_out: seen.ruled_out,
        not_excluded: (seen.not_excluded.into_iter())
            .filter(|other| *other != fault)
            .collect(),
        ..stated
    }
}

/// A cause that explains a symptom code on the same brokers takes it over.
pub(super) fn absorb(causes: &mut Vec<Cause>) {
    let mut taken: Vec<(usize, usize)> = Vec::new();
    for (i, cause) in causes.iter().enumerate() {
        for (j, other) in causes.iter().enumerate() {
            if i != j
                && checks::consequences(cause.fault.code).contains(&other.fault.code)
                && other
                    .subjects
                    .iter()
                    .all(|subject| cause.subjects.contains(subject))
            {
                taken.push((i, j));
            }
        }
    }
    for (i, j) in &taken {
        let (code, evidence) = (causes[*j].fault.code, causes[*j].evidence.clone());
        if !causes[*i].explains.contains(&code) {
            causes[*i].explains.push(code);
        }
        causes[*i].evidence.extend(evidence);
    }
    let mut index = 0;
    causes.retain(|_| {
        let keep = !taken.iter().any(|(_, j)| *j == index);
        index += 1;
        keep
    });
}
