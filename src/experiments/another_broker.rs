//! A broker that the bootstrap string does not name: whether it is this one that fails, or the way to all of them.

use super::{Cost, Experiment, Move, says};
use crate::diagnosis::sign::{Seen, Sign};
use crate::diagnosis::{Stand, Weight};
use crate::phase::Phase;
use crate::probe::attempt::Plan;
use crate::probe::observation::{AdvertisedBroker, Observation};
use crate::target::{Endpoint, Flavour, MskName};

inventory::submit!(Experiment {
    name: "another-broker",
    question: "does another broker of the same cluster answer, and does it list this one as alive?",
    parts: &[&["CLU-03"], &["SG-01", "IAM-17", "CLU-07", "RTE-12"]],
    cost: Cost {
        credentials: 1,
        ..Cost::CONNECTION
    },
    brokers: 1,
    signs: &[Sign::ConnectSilent, Sign::ConnectRefused],
    // Where others are named they were asked already.
    useful: |case, seen| case.target.brokers.len() == 1 && sibling(seen.broker()).is_some(),
    plans: |_, _, plan| {
        let broker = sibling(&plan.broker);
        let plans = broker.map(|broker| Plan {
            broker,
            until: plan.until.min(Phase::Metadata),
            topic: None,
            group: None,
            transactional_id: None,
            ..plan
        });
        plans.into_iter().collect()
    },
    moves: |_, seen, answers| answers.iter().flat_map(|answer| moves(seen, answer)).collect(),
});

/// The next broker's name: brokers are numbered from 1, and no cluster has one alone.
/// Source: <https://docs.aws.amazon.com/msk/latest/developerguide/msk-get-bootstrap-brokers.html>.
fn sibling(broker: &Endpoint) -> Option<Endpoint> {
    let name = MskName::parse(&broker.host)?;
    // Elsewhere the port is the broker's own.
    if !matches!(name.flavour, Flavour::Private | Flavour::Public) {
        return None;
    }
    let number = name.broker_id?;
    let (label, rest) = broker.host.split_once('.')?;
    let other = if number == 1 { 2 } else { 1 };
    let label = label.replacen(&number.to_string(), &other.to_string(), 1);
    Some(Endpoint::new(&format!("{label}.{rest}"), broker.port))
}

fn moves(seen: &Seen<'_>, answer: &Observation) -> Vec<Move> {
    if !answer.answered(Phase::Connect) {
        return Vec::new();
    }
    let reached = format!("{} of the same cluster is reached", answer.broker);
    // The brokers of a cluster share their security groups and their listeners.
    let mut moves = vec![Move::new(
        &["SG-01", "IAM-17", "CLU-07", "RTE-12"],
        Stand::excluded(&reached),
    )];
    let listed: Vec<Endpoint> = answer
        .metadata()
        .into_iter()
        .flat_map(|metadata| &metadata.brokers)
        .filter_map(AdvertisedBroker::endpoint)
        .collect();
    // Where they name themselves otherwise, a name that is missing says nothing.
    if listed.contains(seen.broker()) {
        let words = format!("{} lists it as alive: it could have ended only seconds ago", answer.broker);
        moves.push(Move::new(&["CLU-03"], says(Weight::Open, answer, &words)));
    } else if listed.contains(&answer.broker) {
        let words = format!("{} answers, and does not list this one as alive", answer.broker);
        moves.push(Move::new(&["CLU-03"], says(Weight::Pointed, answer, &words)));
    }
    moves
}
