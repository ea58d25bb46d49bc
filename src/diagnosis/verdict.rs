//! The verdict is about the client, not about where msk-doctor happens to run.

use super::sign::{Sign, signs, tells_nothing};
use super::{Cause, Unknown, Verdict};
use crate::case::{Case, ClientKind, IdentityFacts, Shares};
use crate::phase::Phase;
use crate::probe::attempt::kafka_error;
use crate::probe::observation::{Ask, CanaryPart, Detail, Observation, RightAnswer, Stop};
use crate::target::TargetBroker;

/// The verdict on the client. What is seen from elsewhere never alone makes it healthy or faulty.
pub(super) fn verdict(case: &Case, causes: &[Cause]) -> Verdict {
    let speaks = case.shares(Shares::Path) && case.shares(Shares::Identity);
    if !causes.is_empty() {
        return if causes.iter().any(|cause| cause.is_the_clients(case)) {
            Verdict::Faulty
        } else {
            Verdict::Inconclusive
        };
    }
    let told = || rights_untold(case).is_empty();
    if speaks && case.complete && everything_works(case) && canary_sings(case) && told() {
        Verdict::Healthy
    } else {
        Verdict::Inconclusive
    }
}

fn everything_works(case: &Case) -> bool {
    let mut brokers: Vec<_> = case
        .target
        .brokers
        .iter()
        .map(TargetBroker::endpoint)
        .collect();
    if case.until >= Phase::Metadata {
        brokers.extend(case.named_by_brokers());
    }
    !brokers.is_empty() && brokers.iter().all(|broker| case.works(broker))
}

/// Whether the canary, if one was asked for, came back.
fn canary_sings(case: &Case) -> bool {
    case.canary_absent.is_none() && case.canary().is_none_or(|own| own.answered(Phase::Canary))
}

/// What was asked for by name and not answered with a yes or a no.
fn rights_untold(case: &Case) -> Vec<Unknown> {
    let answers: Vec<(&Observation, &RightAnswer)> = case
        .attempts()
        .flat_map(|o| o.rights().iter().map(move |answer| (o, answer)))
        .collect();
    let mut found: Vec<Unknown> = Vec::new();
    for (observation, answer) in answers.iter().filter(|(_, answer)| tells_nothing(answer)) {
        let (asked, broker) = (answer.asked.words(), &observation.broker);
        let said = match &answer.coordinator {
            Some(nowhere) => format!("host {:?}, port {}", nowhere.host, nowhere.port),
            None => kafka_error(answer.error_code),
        };
        found.push(Unknown {
            what: format!("what {broker} means by its answer to {asked}: {said}"),
            needs: "the broker's log, or the same question later".to_owned(),
        });
    }
    let group = case.target.group.as_ref().map(|own| ("group", own));
    let id = case.target.transactional_id.as_ref();
    let id = id.map(|own| ("transactional id", own));
    let asked = |what: &str| {
        answers.iter().any(|(_, answer)| match answer.asked {
            Ask::Group { .. } => what == "group",
            Ask::Transaction { .. } => what == "transactional id",
            Ask::GroupOperations { .. } | Ask::IdempotentWrite => false,
        })
    };
    // Where no attempt came so far, that is what is wrong.
    let came = case.attempts().any(|o| o.answered(Phase::Authorise));
    if let Some(topic) = case.target.topic.as_ref().filter(|_| came) {
        let told = |o: &Observation| {
            o.metadata()
                .is_some_and(|metadata| metadata.topics.iter().any(|own| own.name == *topic))
        };
        if !case.attempts().any(told) {
            found.push(Unknown {
                what: format!("whether the topic {topic:?} is there and may be used: no broker's Metadata tells of it"),
                needs: "brokers of Kafka 0.11 or newer: older ones create a topic that they are asked for".to_owned(),
            });
        }
    }
    for (what, name) in [group, id].into_iter().flatten() {
        if came && !asked(what) {
            found.push(Unknown {
                what: format!("what may be done with the {what} {name:?}: no broker knows FindCoordinator from version 1"),
                needs: "brokers of Kafka 0.11 or newer".to_owned(),
            });
        }
    }
    found
}

/// Logins that end with another error than a refusal.
fn odd_logins(case: &Case) -> impl Iterator<Item = Unknown> + '_ {
    case.attempts().filter_map(|o| {
        let error = kafka_error(o.login()?.other_error()?);
        Some(Unknown {
            what: format!(
                "why {} answers the login with {error}, which is no refusal",
                o.broker
            ),
            needs: "the broker's log".to_owned(),
        })
    })
}

/// What the canary left open: it was not sent, or a real client failed where the probes work.
fn canary(case: &Case) -> Option<Unknown> {
    if let Some(because) = &case.canary_absent {
        return Some(Unknown {
            what: format!("whether a record can be written and read back: {because}"),
            needs: "a run in which the topic is found".to_owned(),
        });
    }
    let record = case.canary()?.failure()?;
    let Detail::Canary(detail) = &record.detail else {
        return None;
    };
    let part = detail.failed.map_or("the canary", CanaryPart::words);
    let words = detail.error.as_deref().unwrap_or("no reason was given");
    let beside = if everything_works(case) {
        ", where the probes found nothing wrong"
    } else {
        ""
    };
    let logged: String = detail
        .log
        .last()
        .map(|line| format!("; it logged: {line}"))
        .unwrap_or_default();
    Some(Unknown {
        what: format!(
            "why {} failed at {part}{beside}: {words}{logged}",
            detail.client
        ),
        needs: "a longer --deadline, or librdkafka's log with debug=broker,security".to_owned(),
    })
}

/// What a run from inside the VPC could not tell.
fn from_inside(case: &Case) -> Vec<Unknown> {
    let absent = case.remote_absent.iter().map(|because| Unknown {
        what: format!("what is seen from inside the VPC: {because}"),
        needs: "msk-doctor remote, once that is mended".to_owned(),
    });
    let tests = case.session_tests.iter().map(|statement| Unknown {
        what: format!(
            "what the client's own session may do: {statement} tests what is the client's alone, and the login was made from another function"
        ),
        needs: "a login from the function itself".to_owned(),
    });
    absent.chain(tests).collect()
}

/// What could not be checked, and what it needs.
pub(super) fn unknowns(case: &Case, causes: &[Cause]) -> Vec<Unknown> {
    let mut found = from_inside(case);
    let explained = causes
        .iter()
        .any(|cause| cause.signs.contains(&Sign::CanaryRefused));
    found.extend(canary(case).filter(|_| !explained));
    found.extend(rights_untold(case));
    found.extend(odd_logins(case));
    let mut add = |what: &str, needs: &str| {
        found.push(Unknown {
            what: what.to_owned(),
            needs: needs.to_owned(),
        });
    };
    if !case.shares(Shares::Path) {
        let place = match case.client.kind {
            ClientKind::Function => "run msk-doctor inside the function's VPC",
            _ => "run msk-doctor at the client's address",
        };
        add(
            "the client's network path: what is seen from here is not the client's",
            place,
        );
    }
    if !case.shares(Shares::Identity) {
        add(
            "what the client's identity may do: the login from here is not the client's",
            "run msk-doctor with the client's role",
        );
    }
    if let Some(because) = &case.facts_absent {
        add(
            &format!("what the AWS APIs say: {because}"),
            "credentials that may ask (`msk-doctor snapshot --policy`), or --facts",
        );
    }
    if !case.complete {
        add(
            "what the run had not come to when it was ended",
            "a longer --deadline",
        );
    }
    if let IdentityFacts::Unknown { because } = &case.identity
        && case.token.is_some()
    {
        let what = format!("whose credentials these are: {because}");
        add(
            &what,
            "sts:GetCallerIdentity, and a way to the STS endpoint",
        );
    }
    let login_failed = case.attempts().any(|o| {
        o.failure()
            .is_some_and(|record| record.phase == Phase::SaslAuthenticate)
    });
    if login_failed && case.token.is_some() && case.clock_ahead_s.is_none() {
        add(
            "the local clock against AWS's",
            "an answer of an AWS endpoint (its Date header)",
        );
    }
    if case
        .attempts()
        .any(|o| o.stopped == Some(Stop::LoginNotTried))
    {
        let what = format!(
            "the {} login: this version does not make it",
            case.target.auth.name()
        );
        add(&what, "a client that does, or a later msk-doctor");
    }
    let withheld = case
        .attempts()
        .any(|o| matches!(o.stopped, Some(Stop::UnverifiedBroker | Stop::NoTls)));
    if withheld {
        add(
            "the login: no credential is sent to a broker that was not verified",
            "a certificate that verifies (--ca-file), or --send-credentials-anyway",
        );
    }
    let failed: Vec<&Observation> = signs(case).iter().map(|seen| seen.observation).collect();
    for observation in case.attempts() {
        let cut = observation
            .failure()
            .is_some_and(|r| r.end == crate::probe::observation::End::Cancelled);
        if cut && !failed.iter().any(|o| std::ptr::eq(*o, observation)) {
            let phase = observation
                .phases
                .last()
                .map_or("resolve", |r| r.phase.name());
            add(
                &format!("{} beyond {phase}: the time was up", observation.broker),
                "a longer --deadline",
            );
        }
    }
    found
}
