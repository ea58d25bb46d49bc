//! What works now and will hurt, and what was looked at and is right.

use crate::case::Case;
use crate::catalogue::{self as c, Fault};
use crate::diagnosis::sign::is_spare_ipv6;
use crate::diagnosis::{Fact, Finding, Status};
use crate::phase::Phase;
use crate::probe::observation::{Detail, Observation};
use crate::probe::resolve::{WireAnswer, slow};
use crate::target::{Auth, MskName};
use crate::text::escaped;

/// Days before the end of a certificate from which on it is worth a word.
const DAYS_LEFT: i64 = 21;
/// kafka-python 2's budget for the whole way, microseconds.
const KAFKA_PYTHON_BUDGET_US: u64 = 2_000_000;
/// kafkajs's limit for TCP and TLS, microseconds.
const KAFKAJS_LIMIT_US: u64 = 1_000_000;

fn warning(fault: &'static Fault, observation: &Observation, words: String) -> Finding {
    finding(fault, Status::Warning, observation, vec![Fact::Says(words)])
}

fn finding(
    fault: &'static Fault,
    status: Status,
    observation: &Observation,
    facts: Vec<Fact>,
) -> Finding {
    Finding {
        fault,
        status,
        subject: observation.broker.clone(),
        facts,
    }
}

/// Warnings never change the verdict.
#[must_use]
pub fn warnings(case: &Case) -> Vec<Finding> {
    let mut found: Vec<Finding> = case.attempts().flat_map(|o| of_attempt(case, o)).collect();
    let advertised = case.advertised();
    if case.target.brokers.len() == 1
        && advertised.len() > 1
        && let Some(first) = case.attempts().next()
    {
        let words = format!(
            "one of {} brokers stands in the bootstrap string",
            advertised.len()
        );
        found.push(warning(&c::CLI_16, first, words));
    }
    found
}

fn of_attempt(case: &Case, observation: &Observation) -> Vec<Finding> {
    let mut found = Vec::new();
    if is_spare_ipv6(case, observation) {
        let words = "the name has an IPv6 address that cannot be reached; IPv4 works".to_owned();
        found.push(warning(&c::DNS_08, observation, words));
    }
    if let Some(judgement) = observation.tls().and_then(|tls| tls.certificate.as_ref()) {
        if let Some(leaf) = judgement.chain.first()
            && judgement.dates.is_good()
            && leaf.days_left <= DAYS_LEFT
        {
            let words = format!("the certificate ends in {} days", leaf.days_left);
            found.push(warning(&c::TLS_14, observation, words));
        }
        let by_platform = matches!(
            &judgement.trust,
            crate::probe::certificate::Judgement::Good { by: Some(by) } if by == "platform"
        );
        if by_platform
            && !judgement.issuer_is_amazon
            && MskName::parse(&observation.broker.host).is_some()
        {
            let words = "the certificate is trusted, but its issuer is not Amazon".to_owned();
            found.push(warning(&c::TLS_12, observation, words));
        }
    }
    if observation.answered(Phase::Resolve)
        && let Some(detail) = observation.resolve()
        && let Some(took) = slow(detail)
    {
        let words = format!("resolving took {} ms", took.as_millis());
        // Without suffixes it is the resolver itself that is slow.
        let suffixed = |answer: &WireAnswer| answer.name != observation.broker.host;
        let fault = if detail.wire.iter().any(suffixed) {
            &c::DNS_11
        } else {
            &c::DNS_02
        };
        found.push(warning(fault, observation, words));
    }
    if let Some(other) = same_address(case, observation) {
        let words = format!(
            "{} and {other} are one address and port: a request for the one may come to the other",
            observation.broker
        );
        found.push(warning(&c::NET_08, observation, words));
    }
    found.extend(of_times(observation));
    found.extend(half_rights(case, observation));
    found
}

/// Another broker with the address and the port of this one. Whoever sorts by the server's name tells them apart; a load balancer that
/// passes TLS on does not.
fn same_address(case: &Case, observation: &Observation) -> Option<String> {
    let address = observation.address?;
    let works = |o: &Observation| o.answered(Phase::Tls);
    let other = case.attempts().find(|o| {
        o.broker.host != observation.broker.host && o.address == Some(address) && works(o)
    })?;
    works(observation).then(|| other.broker.to_string())
}

/// Topics of which the broker allows one side alone: whether the client reads or writes is not known.
fn half_rights(case: &Case, observation: &Observation) -> Vec<Finding> {
    let fault = if case.target.auth == Auth::Iam {
        &c::IAM_10
    } else {
        &c::IAM_18
    };
    let topics = observation.metadata().into_iter().flat_map(|m| &m.topics);
    let found = topics.filter_map(|topic| {
        let (side, what) = match (topic.may_read(), topic.may_write()) {
            (Some(true), Some(false)) => ("producer", "written"),
            (Some(false), Some(true)) => ("consumer", "read"),
            _ => return None,
        };
        let name = escaped(&topic.name);
        let words = format!("a {side} fails: the broker does not let topic {name} be {what}");
        Some(warning(fault, observation, words))
    });
    found.collect()
}

fn of_times(observation: &Observation) -> Vec<Finding> {
    let mut found = Vec::new();
    let spent = |phases: &[Phase]| -> u64 {
        let records = observation
            .phases
            .iter()
            .filter(|r| phases.contains(&r.phase));
        // A saved case may say anything.
        records.fold(0, |sum, record| sum.saturating_add(record.duration_us))
    };
    if observation.failure().is_some() {
        return found;
    }
    let all = spent(&Phase::ALL);
    if all > KAFKA_PYTHON_BUDGET_US {
        let words = format!(
            "the whole way takes {} ms, kafka-python 2 allows 2000",
            all / 1000
        );
        found.push(warning(&c::CLI_01, observation, words));
    }
    let opening = spent(&[Phase::Connect, Phase::Tls]);
    if opening > KAFKAJS_LIMIT_US {
        let words = format!(
            "TCP and TLS take {} ms, kafkajs allows 1000",
            opening / 1000
        );
        found.push(warning(&c::CLI_06, observation, words));
    }
    for record in &observation.phases {
        let throttled = match &record.detail {
            Detail::ApiVersions(detail) => detail.throttle_time_ms,
            Detail::Metadata(detail) => detail.throttle_time_ms,
            _ => 0,
        };
        if throttled > 0 {
            let words = format!("{} was throttled for {throttled} ms", record.phase);
            found.push(warning(&c::LIM_08, observation, words));
        }
    }
    found
}

/// What was looked at and is right, per broker.
#[must_use]
pub fn passes(case: &Case) -> Vec<Finding> {
    let mut found = Vec::new();
    for observation in case.attempts() {
        let passed = |fault| finding(fault, Status::Pass, observation, Vec::new());
        if observation.answered(Phase::Resolve) {
            found.push(passed(&c::DNS_01));
        }
        if observation.answered(Phase::Connect) {
            found.push(passed(&c::TCP_01));
        }
        if let Some(judgement) = observation.tls().and_then(|tls| tls.certificate.as_ref()) {
            let questions = [
                (&judgement.trust, &c::TLS_03),
                (&judgement.name, &c::TLS_05),
                (&judgement.dates, &c::TLS_14),
            ];
            found.extend(
                questions
                    .into_iter()
                    .filter(|(question, _)| question.is_good())
                    .map(|(_, fault)| passed(fault)),
            );
        }
        if observation.answered(Phase::SaslHandshake) {
            found.push(passed(&c::SASL_03));
        }
        if observation.answered(Phase::SaslAuthenticate) {
            found.push(passed(&c::IAM_01));
        }
    }
    found
}
