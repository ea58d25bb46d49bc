//! Small experiments that part causes which the evidence leaves together, and the engine that picks one.
//!
//! Each file of this folder but `controlled`, which several share, is an experiment: it says which causes it parts, what it costs, what it
//! does and what its answer means. Nothing else names it.

use std::net::SocketAddr;
use std::time::Duration;

use indexmap::IndexSet;

use crate::case::Case;
use crate::diagnosis::sign::{Seen, Sign, signs};
use crate::diagnosis::{Cause, Diagnosis, Fact, Stand, Weight};
use crate::phase::Phase;
use crate::probe::attempt::Plan;
use crate::probe::observation::{End, Observation, Purpose};
use crate::target::Endpoint;

automod::dir!("src/experiments");

/// Connections that all experiments of a run may open.
const MOST_CONNECTIONS: u32 = 40;
/// Credentials that they may send.
const MOST_CREDENTIALS: u32 = 2;

/// What an experiment costs, on one broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Credentials that are sent.
    pub credentials: u32,
    /// How long it waits on purpose.
    pub waits: Duration,
    /// Connections that are opened.
    pub connections: u32,
    /// Whether they are opened beside each other, instead of one after the other.
    pub at_once: bool,
}

impl Cost {
    /// One connection, no credential, no wait.
    pub const CONNECTION: Self = Self {
        credentials: 0,
        waits: Duration::ZERO,
        connections: 1,
        at_once: false,
    };
}

/// How an answer moves a cause.
#[derive(Debug, Clone, PartialEq)]
pub struct Move {
    /// The causes, by their codes.
    pub codes: &'static [&'static str],
    /// Where they stand now.
    pub stand: Stand,
}

impl Move {
    /// Moves some causes.
    #[must_use]
    pub fn new(codes: &'static [&'static str], stand: Stand) -> Self {
        Self { codes, stand }
    }
}

/// One experiment.
pub struct Experiment {
    /// Its name in reports.
    pub name: &'static str,
    /// The question that it answers.
    pub question: &'static str,
    /// Groups of causes, by their codes: an answer moves a group as one, and causes that are in none not at all. It parts two causes that
    /// are not in the same place.
    pub parts: &'static [&'static [&'static str]],
    /// What it costs.
    pub cost: Cost,
    /// On how many brokers it is made at most, of those that fare alike.
    pub brokers: usize,
    /// The signs that call for it.
    pub signs: &'static [Sign],
    /// Whether it would tell anything about this sign.
    pub useful: fn(&Case, &Seen<'_>) -> bool,
    /// Turns the plan of the attempt whose phase showed the sign into those of the experiment, made one after the other.
    pub plans: fn(&Case, Phase, Plan) -> Vec<Plan>,
    /// What the answers mean, in the order of the plans.
    pub moves: fn(&Case, &Seen<'_>, &[&Observation]) -> Vec<Move>,
}

inventory::collect!(Experiment);

impl Experiment {
    /// Whether it parts two of these causes.
    fn parts_any(&self, codes: &[&str]) -> bool {
        let place = |code: &str| self.parts.iter().position(|group| group.contains(&code));
        let mut places: Vec<Option<usize>> = codes.iter().map(|code| place(code)).collect();
        places.sort_unstable();
        places.dedup();
        places.len() > 1
    }

    /// The cheapest first: what is sent weighs more than time, time more than connections.
    fn rank(&self) -> (u32, Duration, u32, &'static str) {
        let Cost {
            credentials,
            waits,
            connections,
            ..
        } = self.cost;
        (credentials, waits, connections, self.name)
    }
}

/// All experiments.
pub fn all() -> impl Iterator<Item = &'static Experiment> {
    inventory::iter::<Experiment>.into_iter()
}

/// The cheapest experiment that parts two of the causes.
fn cheapest<'a>(
    codes: &[&str],
    experiments: impl Iterator<Item = &'a Experiment>,
) -> Option<&'a Experiment> {
    experiments
        .filter(|experiment| experiment.parts_any(codes))
        .min_by_key(|experiment| experiment.rank())
}

/// An experiment to make now, on one broker.
#[derive(Clone)]
pub struct Wanted {
    /// Which.
    pub experiment: &'static Experiment,
    /// The broker.
    pub broker: Endpoint,
    /// The broker's address to try it on.
    pub address: SocketAddr,
    /// The phase that showed the sign.
    pub phase: Phase,
}

impl Wanted {
    /// The attempts to make, one after the other: `plan` as the first attempt had it, changed.
    #[must_use]
    pub fn plans(&self, case: &Case, plan: Plan) -> Vec<Plan> {
        let mut plans = (self.experiment.plans)(
            case,
            self.phase,
            Plan {
                broker: self.broker.clone(),
                address: self.address,
                ..plan
            },
        );
        for plan in &mut plans {
            plan.purpose = Purpose::Experiment(self.experiment.name.to_owned());
        }
        plans
    }
}

/// How the answers that a case has move the causes of a sign.
#[must_use]
pub fn moves(case: &Case, seen: &Seen<'_>) -> Vec<Move> {
    let mut found = Vec::new();
    for experiment in all().filter(|experiment| experiment.signs.contains(&seen.sign)) {
        let answers = answers(case, experiment, seen);
        if !answers.is_empty() {
            found.extend((experiment.moves)(case, seen, &answers));
        }
    }
    found
}

/// The attempts of an experiment on the broker that shows a sign. What was not made on it holds as it holds for one that fared alike.
fn answers<'a>(case: &'a Case, experiment: &Experiment, seen: &Seen<'_>) -> Vec<&'a Observation> {
    let made = || {
        let all = case.observations.iter();
        all.filter(|o| o.purpose.experiment() == Some(experiment.name))
    };
    let on = |broker: &Endpoint| made().filter(|o| o.broker == *broker).collect::<Vec<_>>();
    let own = on(seen.broker());
    if !own.is_empty() {
        return own;
    }
    let fared = signs(case);
    let speaks_for = |broker: &Endpoint| {
        // Made on one that nobody asked about, on behalf of the only one.
        case.attempts().all(|o| o.broker != *broker)
            || fared.iter().any(|other| {
                other.broker() == broker
                    && other.sign == seen.sign
                    && other.record.end == seen.record.end
            })
    };
    match made().find(|o| speaks_for(&o.broker)) {
        Some(alike) => on(&alike.broker),
        None => own,
    }
}

/// What an attempt of an experiment showed, as a fact.
#[must_use]
pub fn fact(observation: &Observation) -> Option<Fact> {
    let record = observation.phases.last()?;
    Some(Fact::Experiment {
        name: observation.purpose.experiment()?.to_owned(),
        broker: observation.broker.clone(),
        phase: record.phase,
        end: record.end,
        after_us: record.duration_us,
        words: observation
            .login()
            .and_then(|login| login.error_message.clone()),
    })
}

/// Decided by what an attempt showed.
#[must_use]
pub fn decides(observation: &Observation, because: &str) -> Stand {
    Stand::Decides(fact(observation).into_iter().collect(), because.to_owned())
}

/// Spoken for by what an attempt showed.
#[must_use]
pub fn says(weight: Weight, observation: &Observation, words: &str) -> Stand {
    let mut facts: Vec<Fact> = fact(observation).into_iter().collect();
    facts.push(Fact::Says(words.to_owned()));
    Stand::Fits(weight, facts)
}

/// What the experiments of a case have cost so far.
fn spent(case: &Case) -> (u32, u32) {
    let made: IndexSet<(&str, &Endpoint)> = case
        .observations
        .iter()
        .filter_map(|o| Some((o.purpose.experiment()?, &o.broker)))
        .collect();
    made.into_iter()
        .filter_map(|(name, _)| all().find(|experiment| experiment.name == name))
        .fold((0, 0), |(connections, credentials), experiment| {
            (
                connections + experiment.cost.connections,
                credentials + experiment.cost.credentials,
            )
        })
}

/// The cheapest experiment that parts causes which are still together, on the brokers that call for it, if `left` of the run is enough for
/// it; empty when there is nothing to part.
#[must_use]
pub fn next(case: &Case, diagnosis: &Diagnosis, left: Duration) -> Vec<Wanted> {
    let (connections, credentials) = spent(case);
    let seen = signs(case);
    let may = |experiment: &&Experiment| {
        !case.tried(experiment.name)
            && experiment.cost.waits < left
            && connections + experiment.cost.connections <= MOST_CONNECTIONS
            && credentials + experiment.cost.credentials <= MOST_CREDENTIALS
    };
    let calls = |experiment: &Experiment, cause: &Cause, seen: &Seen<'_>| {
        cause.subjects.contains(seen.broker())
            && cause.signs.contains(&seen.sign)
            && experiment.signs.contains(&seen.sign)
            && (experiment.useful)(case, seen)
    };
    let together = diagnosis
        .causes
        .iter()
        .filter(|cause| !cause.not_excluded.is_empty());
    let best = together.filter_map(|cause| {
        let mut codes = vec![cause.fault.code];
        codes.extend(cause.not_excluded.iter().map(|fault| fault.code));
        let fit = all()
            .filter(may)
            .filter(|experiment| seen.iter().any(|seen| calls(experiment, cause, seen)));
        Some((cheapest(&codes, fit)?, cause))
    });
    let Some((experiment, cause)) = best.min_by_key(|(experiment, _)| experiment.rank()) else {
        return Vec::new();
    };
    let affordable = |made: usize| {
        let all = u32::try_from(made).unwrap_or(u32::MAX).saturating_add(1);
        let Cost {
            connections: each,
            credentials: sent,
            ..
        } = experiment.cost;
        connections.saturating_add(all.saturating_mul(each)) <= MOST_CONNECTIONS
            && credentials.saturating_add(all.saturating_mul(sent)) <= MOST_CREDENTIALS
    };
    let mut wanted: Vec<Wanted> = Vec::new();
    let mut fared: Vec<(Sign, End)> = Vec::new();
    for seen in seen.iter().filter(|seen| calls(experiment, cause, seen)) {
        let known = wanted.iter().any(|wanted| wanted.broker == *seen.broker());
        // A limit ends one connection with FIN and the next with RST: each is asked, for neither speaks for the other.
        let how = (seen.sign, seen.record.end);
        let alike = fared.iter().filter(|other| **other == how).count();
        if known || alike >= experiment.brokers || !affordable(wanted.len()) {
            continue;
        }
        if let Some(address) = seen.address() {
            fared.push(how);
            wanted.push(Wanted {
                experiment,
                broker: seen.broker().clone(),
                address,
                phase: seen.record.phase,
            });
        }
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{Client, ClientKind};
    use crate::probe::attempt::Knobs;
    use crate::probe::observation::{Detail, Framing, Meter, PhaseRecord};

    fn case() -> Case {
        let target = crate::target::Target::from_endpoints(&[Endpoint::new("b-1", 9098)]);
        let client = Client {
            kind: ClientKind::Machine,
            name: None,
            role: None,
            library: None,
        };
        Case::of(target, client, Phase::Metadata)
    }

    fn handshake(end: End) -> Observation {
        let record = PhaseRecord::new(Phase::Tls, Meter::default(), end, Detail::Nothing {});
        Observation {
            broker: Endpoint::new("b-1", 9098),
            address: None,
            purpose: Purpose::Bootstrap,
            phases: vec![record],
            stopped: None,
        }
    }

    /// Whether an experiment decides, by how the first attempt ended and its own did.
    fn moved(name: &str, alert: bool, ends: &[End]) -> bool {
        let experiment = all().find(|own| own.name == name).expect("it exists");
        let failed = handshake(End::Rst);
        let seen = Seen {
            sign: if alert { Sign::TlsAlert } else { Sign::TlsCut },
            observation: &failed,
            record: &failed.phases[0],
        };
        let made: Vec<Observation> = ends.iter().map(|end| handshake(*end)).collect();
        let answers: Vec<&Observation> = made.iter().collect();
        (experiment.moves)(&case(), &seen, &answers)
            .iter()
            .any(|own| matches!(own.stand, Stand::Decides(..)))
    }

    /// An experiment that parts invented causes.
    fn invented(
        name: &'static str,
        parts: &'static [&'static [&'static str]],
        cost: Cost,
    ) -> Experiment {
        Experiment {
            name,
            question: "?",
            parts,
            cost,
            brokers: 1,
            signs: &[],
            useful: |_, _| true,
            plans: |_, _, plan| vec![plan],
            moves: |_, _, _| Vec::new(),
        }
    }

    #[test]
    fn the_cheapest_that_parts_them_is_picked() {
        let waits = Cost {
            waits: Duration::from_secs(2),
            ..Cost::CONNECTION
        };
        let sends = Cost {
            credentials: 1,
            ..Cost::CONNECTION
        };
        let experiments = [
            invented("sends", &[&["INV-01"]], sends),
            invented("waits", &[&["INV-01"]], waits),
            invented("together", &[&["INV-01", "INV-02"]], Cost::CONNECTION),
            invented("other", &[&["INV-03"], &["INV-04"]], Cost::CONNECTION),
        ];
        let picked = |codes: &[&str]| cheapest(codes, experiments.iter()).map(|own| own.name);
        assert_eq!(picked(&["INV-01", "INV-02"]), Some("waits"));
        assert_eq!(picked(&["INV-01", "INV-03"]), Some("other"));
        assert_eq!(picked(&["INV-02", "INV-05"]), Some("together"));
        assert_eq!(picked(&["INV-05", "INV-06"]), None);
        assert_eq!(picked(&["INV-01"]), None);
    }

    #[test]
    fn what_comes_and_goes_decides_nothing() {
        use End::{Answered, Rst};
        for name in ["tls12-only", "without-name", "small-segments"] {
            let steady = [Answered, Rst, Rst, Answered, Answered, Rst];
            let alert = name == "tls12-only";
            assert!(moved(name, alert, &steady), "{name}");
            // By turns, by chance, cut short, and where the change does not matter.
            for unsteady in [
                &[Answered, Rst, Answered][..],
                &[Answered, Rst, Rst, Rst],
                &[Answered, Rst, Rst, Answered, Rst],
                &[Answered, Rst, Rst, Answered, Answered, Answered],
                &steady[..5],
                &[Answered, Answered],
                &[Answered],
                &[Rst],
            ] {
                assert!(!moved(name, alert, unsteady), "{name} {unsteady:?}");
            }
        }
        // An end without an alert is nobody's word on versions.
        let steady = [Answered, Rst, Rst, Answered, Answered, Rst];
        assert!(!moved("tls12-only", false, &steady));
    }

    #[test]
    fn what_sends_a_credential_says_so() {
        let case = case();
        for experiment in all() {
            let plan = Plan {
                broker: Endpoint::new("b-1.demo.abc123.c2.kafka.eu-west-1.amazonaws.com", 9098),
                address: SocketAddr::from(([10, 0, 0, 1], 9098)),
                purpose: Purpose::Bootstrap,
                tls: true,
                mechanism: Some("OAUTHBEARER".to_owned()),
                framing: Framing::SaslAuthenticate,
                until: Phase::Metadata,
                topic: None,
                group: None,
                transactional_id: None,
                send_credentials_anyway: false,
                knobs: Knobs::default(),
            };
            // As an attempt that failed before its login has it.
            let plans = (experiment.plans)(&case, Phase::Tls, plan);
            let logins = plans
                .iter()
                .filter(|plan| plan.mechanism.is_some() && plan.until >= Phase::SaslAuthenticate);
            assert_eq!(
                u32::try_from(logins.count()).expect("few"),
                experiment.cost.credentials,
                "{}",
                experiment.name
            );
            assert!(experiment.cost.connections > 0 && experiment.brokers > 0);
        }
    }

    #[test]
    fn each_parts_causes_of_the_catalogue() {
        let mut names: Vec<&str> = all().map(|experiment| experiment.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        for experiment in all() {
            assert!(!experiment.parts.is_empty(), "{}", experiment.name);
            for code in experiment.parts.iter().copied().flatten() {
                assert!(crate::catalogue::find(code).is_some(), "{code}");
            }
        }
    }
}
