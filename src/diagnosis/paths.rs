//! What the proof of the paths says of the client, joined with what the packets say.
//!
//! The facts judge the path, whoever looks. Packets confirm or contradict them only where this machine shares the
//! client's path.

use std::collections::{BTreeMap, BTreeSet};

use super::sign::{Seen, Sign};
use super::{Cause, Change, Confidence, Fact, Finding, Repair, Status, Tried, Unknown};
use crate::case::{Case, Shares};
use crate::catalogue::{self, Fault};
use crate::phase::Phase;
use crate::target::Endpoint;
use crate::vpc::{
    Blocker, Direction, Hop, Passes, Path, PathVerdict, Proof, Question, World, acls, answer,
    client_vpcs, repair,
};

/// The proof of every path of a case; empty where there are no facts, or no client whose path they tell.
#[must_use]
pub fn prove(case: &Case) -> Proof {
    let (Some(facts), Some(question)) = (&case.facts, question(case)) else {
        return Proof::default();
    };
    let acls = acls(facts);
    answer(&World::new(facts, &acls), &question)
}

/// The question that a case asks of the facts; `None` where it is not known whose path is meant.
#[must_use]
pub fn question(case: &Case) -> Option<Question> {
    let ports: BTreeSet<u16> = case.target.brokers.iter().map(|b| b.port).collect();
    Some(Question {
        cluster: case.target.cluster.clone(),
        from: case.whose_path()?,
        auth: case.target.auth,
        ports: ports.into_iter().collect(),
    })
}

/// What the paths say of a case.
pub(super) struct Judged {
    /// What stops packets, each with the brokers that it cuts off.
    pub causes: Vec<Cause>,
    /// What does not hurt this client and would hurt another.
    pub findings: Vec<Finding>,
    /// What the facts do not tell, and where the packets contradict them.
    pub unknown: Vec<Unknown>,
    /// Evidence beyond what is shown of each cause, by its code.
    more: BTreeMap<&'static str, BTreeSet<String>>,
}

/// How many paths of one cause are told one by one.
const SHOWN: usize = 2;

/// Judges the paths of a case.
pub(super) fn judge(case: &Case, proof: &Proof, signs: &[Seen<'_>]) -> Judged {
    let mut judged = Judged {
        causes: Vec::new(),
        findings: Vec::new(),
        unknown: Vec::new(),
        more: BTreeMap::new(),
    };
    for path in &proof.paths {
        let broker = endpoint(case, path);
        if contradicted(case, path, &broker) {
            let blocker = path
                .blockers
                .first()
                .map_or("a blocker", |b| b.detail.as_str());
            judged.add_unknown(
                format!(
                    "why {broker} answers though the facts say that it cannot be reached: {blocker}"
                ),
                "fresh facts of the path that is really taken",
            );
            continue;
        }
        for blocker in &path.blockers {
            judged.blame(path, blocker, &broker);
        }
        if !(case.shares(Shares::Path) && connected(case, path, &broker)) {
            for suspect in &path.suspects {
                judged.suspect(path, suspect, &broker);
            }
        }
        for blocker in &path.warnings {
            judged.warn(blocker, &broker);
        }
        for gap in &path.unknown {
            judged.add_unknown(gap.what.clone(), &gap.needs);
        }
        if path.verdict == PathVerdict::Reachable
            && case.shares(Shares::Path)
            && is_silent(signs, &broker)
        {
            judged.add_unknown(
                format!("what swallows the packets to {broker}: the facts say that they pass"),
                "the host's own firewall, an on-premises firewall, flow logs of the broker's interface; or fresh facts",
            );
        }
    }
    for gap in &proof.gaps {
        judged.add_unknown(gap.what.clone(), &gap.needs);
    }
    for cause in &mut judged.causes {
        if let Some(more) = judged.more.get(cause.fault.code) {
            let words = format!("and the same on {} more paths", more.len());
            cause.evidence.push(Fact::Says(words));
        }
        join(case, cause, signs);
        cause.ruled_out = ruled_out(&proof.paths, cause.fault);
    }
    repair(case, proof, &mut judged.causes);
    judged.findings.extend(api_endpoints(case, proof));
    judged
}

/// An interface endpoint for the service `kafka` carries MSK's API. Who has no way to the brokers often adds one, in vain.
/// Source: <https://docs.aws.amazon.com/msk/latest/developerguide/privatelink-vpc-endpoints.html>.
fn api_endpoints(case: &Case, proof: &Proof) -> Vec<Finding> {
    let (Some(facts), Some(from)) = (&case.facts, case.whose_path()) else {
        return Vec::new();
    };
    let unrouted = proof.paths.iter().find_map(|path| {
        let blocker = path.blockers.iter().find(|b| b.code.starts_with("RTE-"))?;
        Some((catalogue::find(&blocker.code)?, endpoint(case, path)))
    });
    let Some((fault, subject)) = unrouted else {
        return Vec::new();
    };
    let vpcs = client_vpcs(&World::new(facts, &[]), &from);
    facts
        .known(|facts| &facts.vpc_endpoints)
        .flat_map(|(_, answer)| &answer.vpc_endpoints)
        .filter(|own| own.vpc_id.as_deref().is_some_and(|vpc| vpcs.contains(vpc)))
        .filter_map(|own| Some((own, own.service_name.as_deref()?)))
        .filter(|(_, service)| service.rsplit('.').next() == Some("kafka"))
        .map(|(own, service)| Finding {
            fault,
            status: Status::Warning,
            subject: subject.clone(),
            facts: vec![Fact::Says(format!(
                "{} is an endpoint for {service}: it carries MSK's API, and no packet to a broker",
                own.vpc_endpoint_id
            ))],
        })
        .collect()
}

impl Judged {
    fn add_unknown(&mut self, what: String, needs: &str) {
        let unknown = Unknown {
            what,
            needs: needs.to_owned(),
        };
        if !self.unknown.contains(&unknown) {
            self.unknown.push(unknown);
        }
    }

    /// One cause for each thing that stops packets.
    fn blame(&mut self, path: &Path, blocker: &Blocker, broker: &Endpoint) {
        self.add(path, blocker, broker, Confidence::Proven);
    }

    /// One for each that would, and is not known to.
    fn suspect(&mut self, path: &Path, blocker: &Blocker, broker: &Endpoint) {
        self.add(path, blocker, broker, Confidence::Possible);
    }

    fn add(&mut self, path: &Path, blocker: &Blocker, broker: &Endpoint, confidence: Confidence) {
        let Some(fault) = catalogue::find(&blocker.code) else {
            return;
        };
        let fact = Fact::Says(words(path, blocker));
        let at = at(blocker);
        let same = |cause: &&mut Cause| cause.fault == fault && cause.at == at;
        if let Some(cause) = self.causes.iter_mut().find(same) {
            if !cause.subjects.contains(broker) {
                cause.subjects.push(broker.clone());
            }
            if cause.evidence.len() < SHOWN {
                cause.evidence.push(fact);
            } else {
                self.more
                    .entry(cause.fault.code)
                    .or_default()
                    .insert(words(path, blocker));
            }
            return;
        }
        self.causes.push(Cause {
            fault,
            confidence,
            subjects: vec![broker.clone()],
            signs: Vec::new(),
            phase: Phase::Connect,
            evidence: vec![fact],
            explains: Vec::new(),
            ruled_out: Vec::new(),
            not_excluded: Vec::new(),
            at,
            by_facts: confidence == Confidence::Proven,
            repair: Repair::default(),
        });
    }

    fn warn(&mut self, blocker: &Blocker, broker: &Endpoint) {
        let Some(fault) = catalogue::find(&blocker.code) else {
            return;
        };
        self.findings.push(Finding {
            fault,
            status: Status::Warning,
            subject: broker.clone(),
            facts: vec![Fact::Says(format!(
                "{}; this client's ports are not among them",
                blocker.detail
            ))],
        });
    }
}

/// What a blocker is blamed on: the same groups on every broker's interface are one cause.
fn at(blocker: &Blocker) -> Option<String> {
    match blocker.resources.as_slice() {
        [] => blocker.resource.clone(),
        groups => Some(groups.join(", ")),
    }
}

/// The smallest change for each cause, tried on a copy of the facts: alone, and all of them together.
fn repair(case: &Case, proof: &Proof, causes: &mut [Cause]) {
    let (Some(facts), Some(question)) = (&case.facts, question(case)) else {
        return;
    };
    let mut all = Vec::new();
    for cause in &mut *causes {
        let found: Vec<(&Path, &Blocker)> = proof
            .paths
            .iter()
            .flat_map(|path| path.blockers.iter().map(move |blocker| (path, blocker)))
            .filter(|(_, blocker)| blocker.code == cause.fault.code && at(blocker) == cause.at)
            .collect();
        let changes = repair::repair(facts, &question, &proof.paths, &found);
        for change in &changes {
            if !all.contains(change) {
                all.push(change.clone());
            }
        }
        cause.repair.changes = changes.into_iter().map(Change::Network).collect();
    }
    if all.is_empty() {
        return;
    }
    let paths = repair::with_changes(facts, &question, &all);
    if repair::all_reachable(&paths) {
        for cause in causes {
            cause.repair.tried = Tried::Reachable(paths.len());
        }
    }
}

/// The broker of a path, by the name that the case has for it.
fn endpoint(case: &Case, path: &Path) -> Endpoint {
    let by_address = case
        .attempts()
        .find(|o| {
            o.address
                .is_some_and(|a| a.ip() == path.to.address && a.port() == path.to.port)
        })
        .map(|o| o.broker.clone());
    by_address.unwrap_or_else(|| match &path.to.name {
        Some(name) => Endpoint::new(name, path.to.port),
        None => Endpoint::new(&path.to.address.to_string(), path.to.port),
    })
}

fn is_silent(signs: &[Seen<'_>], broker: &Endpoint) -> bool {
    signs
        .iter()
        .any(|seen| seen.sign == Sign::ConnectSilent && seen.broker() == broker)
}

/// A connection over a path that the facts call blocked, from where the client's path is this machine's.
fn contradicted(case: &Case, path: &Path, broker: &Endpoint) -> bool {
    path.verdict == PathVerdict::Blocked
        && case.shares(Shares::Path)
        && connected(case, path, broker)
}

/// Whether a connection came about to where a path ends.
fn connected(case: &Case, path: &Path, broker: &Endpoint) -> bool {
    case.attempts().any(|o| {
        o.broker == *broker
            && o.answered(Phase::Connect)
            && o.address.is_some_and(|a| a.ip() == path.to.address)
    })
}

/// The packets as evidence, where they are the client's.
fn join(case: &Case, cause: &mut Cause, signs: &[Seen<'_>]) {
    if !case.shares(Shares::Path) {
        return;
    }
    for seen in signs {
        if seen.sign == Sign::ConnectSilent && cause.subjects.contains(seen.broker()) {
            cause.evidence.push(Fact::Ended {
                broker: seen.broker().clone(),
                phase: seen.record.phase,
                end: seen.record.end,
                after_us: seen.record.duration_us,
            });
            if !cause.explains.contains(&"TCP-01") {
                cause.explains.push("TCP-01");
            }
            if !cause.by_facts {
                // A suspicion, and what it would make the packets do.
                cause.confidence = Confidence::Likely;
                cause.signs = vec![Sign::ConnectSilent];
            }
        }
    }
}

/// Whether a sign is explained by the causes that the facts prove, or does not speak of the client at all because the
/// facts do.
pub(super) fn settled(case: &Case, proof: &Proof, judged: &Judged, seen: &Seen<'_>) -> bool {
    if !matches!(
        seen.sign,
        Sign::ConnectSilent | Sign::ConnectUnreachable | Sign::ConnectRefused
    ) {
        return false;
    }
    if !case.shares(Shares::Path) {
        return !proof.paths.is_empty();
    }
    seen.sign == Sign::ConnectSilent
        && judged.causes.iter().any(|cause| {
            cause.confidence >= Confidence::Likely && cause.subjects.contains(seen.broker())
        })
}

/// Why the configuration does not explain a broker's silence: the facts prove that packets pass, and answers.
pub(super) fn open(case: &Case, proof: &Proof, seen: &Seen<'_>) -> Option<String> {
    let address = seen.address()?;
    let mut own = proof
        .paths
        .iter()
        .filter(|path| path.to.address == address.ip() && path.to.port == address.port())
        .peekable();
    own.peek()?;
    let passes = own.all(|path| path.verdict == PathVerdict::Reachable);
    (passes && case.shares(Shares::Path)).then(|| {
        "the facts prove that groups, ACLs and routes let every packet pass, and every answer"
            .to_owned()
    })
}

/// Whether the proof of the paths would show an entry.
pub(super) fn would_show(fault: &Fault) -> bool {
    matches!(fault.group(), "SG" | "NACL" | "RTE")
}

/// A blocker in words, with the path that it was found on.
fn words(path: &Path, blocker: &Blocker) -> String {
    let way = match blocker.direction {
        Direction::Forward => "to",
        Direction::Return => "back from",
    };
    let from = path
        .from
        .interface
        .as_deref()
        .or(path.from.subnet.as_deref())
        .map_or_else(
            || {
                path.from
                    .addresses
                    .first()
                    .map_or_else(|| "the client".to_owned(), ToString::to_string)
            },
            ToOwned::to_owned,
        );
    let broker = path.to.broker.map_or_else(
        || path.to.address.to_string(),
        |id| format!("broker {id} ({})", path.to.address),
    );
    let resource = blocker
        .resource
        .as_deref()
        .filter(|resource| !blocker.detail.contains(resource))
        .map(|resource| format!("{resource}: "))
        .unwrap_or_default();
    format!("{resource}{} (from {from}, {way} {broker})", blocker.detail)
}

/// What every path passes, and the entries that this excludes.
fn ruled_out(paths: &[Path], fault: &Fault) -> Vec<(&'static Fault, String)> {
    /// A kind of place, which way, what it does there, and the entry that it would be.
    const PLACES: &[(&str, Direction, Option<&str>, &str)] = &[
        ("security group", Direction::Forward, Some("out"), "SG-02"),
        ("security group", Direction::Forward, Some("in"), "SG-01"),
        ("network ACL", Direction::Forward, Some("out"), "NACL-03"),
        ("network ACL", Direction::Forward, Some("in"), "NACL-01"),
        ("network ACL", Direction::Return, Some("out"), "NACL-02"),
        ("network ACL", Direction::Return, Some("in"), "NACL-04"),
        ("route", Direction::Forward, None, "RTE-03"),
        ("route", Direction::Return, None, "RTE-04"),
    ];
    let mut found = Vec::new();
    for (what, direction, detail, code) in PLACES {
        let is_there = |hop: &&Hop| {
            hop.what == *what
                && hop.direction == *direction
                && detail.is_none_or(|detail| hop.detail == detail)
        };
        let blocked = |path: &Path| {
            let alike = |blocker: &&Blocker| {
                blocker.direction == *direction && blocker.code.starts_with(&code[..3])
            };
            path.blockers.iter().any(|blocker| alike(&blocker))
        };
        if *what == "route" && paths.iter().any(blocked) {
            continue;
        }
        let hops: Vec<&Hop> = paths
            .iter()
            .flat_map(|path| path.hops.iter().filter(is_there))
            .collect();
        if hops.is_empty() || hops.iter().any(|hop| hop.passes != Passes::Yes) {
            continue;
        }
        let Some(entry) = catalogue::find(code).filter(|entry| *entry != fault) else {
            continue;
        };
        let names: BTreeSet<&str> = hops.iter().map(|hop| hop.resource.as_str()).collect();
        let names: Vec<&str> = names.into_iter().take(4).collect();
        found.push((
            entry,
            format!("{} let every packet of it pass", names.join(", ")),
        ));
    }
    found
}
