//! The proof of reachability against a second one that follows one packet at a time, over random worlds.

#[path = "reachability/edges.rs"]
mod edges;
#[path = "reachability/large.rs"]
mod large;
#[path = "reachability/links.rs"]
mod links;
#[path = "reachability/oracle.rs"]
mod oracle;
#[path = "reachability/properties.rs"]
mod properties;
#[path = "reachability/roads.rs"]
mod roads;
#[path = "reachability/rules.rs"]
mod rules;
#[path = "reachability/world.rs"]
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;
use msk_doctor::aws::snapshot::Snapshot;
use msk_doctor::target::Auth;
use msk_doctor::vpc::{
    Blocker, Direction, Path, PathVerdict, Proof, Question, Rule, World, acls, answer,
};

use oracle::{Broker, Client, Fate, Heading, Oracle, Place};
use world::Made;

/// How many worlds: `MSK_DOCTOR_RANDOM_WORLDS` says otherwise.
const WORLDS: u64 = 10_000;

fn prove(snapshot: &Snapshot, from: &str, port: u16) -> Proof {
    let rules = acls(snapshot);
    let world = World::new(snapshot, &rules);
    let question = Question {
        cluster: None,
        from: from.parse().expect("a vantage"),
        auth: Auth::Iam,
        ports: vec![port],
    };
    answer(&world, &question)
}

/// Where a blocker is, in the oracle's words.
fn place_of(blocker: &Blocker) -> Place {
    let number = match &blocker.rule {
        Some(Rule::Number(number)) => Some(*number),
        _ => None,
    };
    let rule = if blocker.code.starts_with("NACL") {
        // An ACL numbers the rules of each direction on their own.
        Some(format!(
            "{} {number:?}",
            blocker.detail.contains("outgoing")
        ))
    } else if let Some(Rule::Route(range)) = &blocker.rule {
        Some(range.clone())
    } else {
        None
    };
    let mut place = Place {
        heading: match blocker.direction {
            Direction::Forward => Heading::There,
            Direction::Return => Heading::Back,
        },
        resource: blocker.resource.clone(),
        groups: blocker.resources.clone(),
        rule,
    };
    // A route into a gateway without attachment diverts, where a wider one would not have.
    let gateway = blocker
        .detail
        .split_once(" → ")
        .filter(|_| blocker.code == "RTE-08")
        .and_then(|(_, rest)| rest.split(' ').next())
        .filter(|target| target.starts_with("tgw-"));
    if let Some(gateway) = gateway {
        place.resource = Some(gateway.to_owned());
        place.rule = None;
    }
    place
}

/// Everything that the two say differently about one path.
fn differences(snapshot: &Snapshot, path: &Path) -> Vec<String> {
    let oracle = Oracle(snapshot);
    let interface = |id: &str| {
        snapshot
            .known(|facts| &facts.network_interfaces)
            .flat_map(|(_, answer)| &answer.network_interfaces)
            .find(|interface| interface.network_interface_id == id)
            .expect("an interface of the world")
    };
    let theirs = interface(path.to.interface.as_deref().expect("brokers have one"));
    let subnet = |id: &str| oracle.subnet(id).expect("a subnet of the world");
    let broker = Broker {
        subnet: subnet(theirs.subnet_id.as_deref().expect("a subnet")),
        interface: theirs.network_interface_id.clone(),
        groups: theirs.group_ids().map(ToOwned::to_owned).collect(),
        address: path.to.address,
        port: path.to.port,
    };
    let client = Client {
        subnet: subnet(path.from.subnet.as_deref().expect("a subnet")),
        interface: path.from.interface.clone(),
        groups: Some(path.from.security_groups.clone()),
    };
    let wide = edges::ports(snapshot);
    let addresses = edges::addresses(snapshot, &path.from.addresses);
    let mut fates: BTreeMap<(IpAddr, u16), Fate> = BTreeMap::new();
    let (mut drops, mut perhaps, mut overriding) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for address in &addresses {
        for port in wide.iter().filter(|port| **port >= 1024) {
            let trace = oracle.attempt(&client, *address, *port, &broker);
            fates.insert((*address, *port), trace.fate);
            drops.extend(trace.drops);
            perhaps.extend(trace.perhaps);
            overriding.extend(trace.overriding);
        }
    }
    let mut wrong = compare_sets(path, &fates);
    let listed: BTreeSet<Place> = path.blockers.iter().map(place_of).collect();
    for place in drops.difference(&listed) {
        wrong.push(format!("drops packets and is not listed: {place:?}"));
    }
    for place in listed
        .difference(&drops)
        .filter(|place| !perhaps.contains(*place))
    {
        wrong.push(format!("is listed and drops nothing: {place:?}"));
    }
    for blocker in &path.blockers {
        let place = place_of(blocker);
        let is = blocker.code == "NACL-05";
        if is != overriding.contains(&place) {
            wrong.push(format!(
                "overrides an allow, or not: {} {place:?}",
                blocker.code
            ));
        }
    }
    wrong
}

fn compare_sets(path: &Path, fates: &BTreeMap<(IpAddr, u16), Fate>) -> Vec<String> {
    let mut wrong = Vec::new();
    let all = |fate| fates.values().all(|known| *known == fate);
    let verdict = if all(Fate::Dropped) {
        PathVerdict::Blocked
    } else if all(Fate::Passes) {
        PathVerdict::Reachable
    } else if fates.values().any(|fate| *fate == Fate::Depends) {
        PathVerdict::Unknown
    } else {
        PathVerdict::Partial
    };
    if verdict != path.verdict {
        wrong.push(format!("verdict: {verdict:?}, not {:?}", path.verdict));
    }
    if path.verdict == PathVerdict::Blocked && path.blockers.is_empty() {
        wrong.push("blocked by nothing".to_owned());
    }
    if path.verdict == PathVerdict::Unknown && path.unknown.is_empty() {
        wrong.push("unknown without a reason".to_owned());
    }
    let passing = || fates.iter().filter(|(_, fate)| **fate == Fate::Passes);
    let works: BTreeSet<IpAddr> = passing().map(|((address, _), _)| *address).collect();
    let said = |address: &IpAddr| {
        path.source_addresses.is_empty()
            || path
                .source_addresses
                .iter()
                .any(|net: &IpNet| net.contains(address))
    };
    if path.verdict == PathVerdict::Partial {
        for (address, _) in fates.keys() {
            if said(address) != works.contains(address) {
                wrong.push(format!(
                    "source address {address}: {}",
                    works.contains(address)
                ));
            }
        }
    }
    let ports: BTreeSet<u16> = fates.keys().map(|(_, port)| *port).collect();
    for port in ports {
        let from_all = !works.is_empty()
            && works
                .iter()
                .all(|address| fates[&(*address, port)] == Fate::Passes);
        let listed = path.source_ports.iter().any(|range| {
            let (from, to) = range.split_once('-').unwrap_or((range, range));
            let bound = |text: &str| text.parse::<u16>().expect("a port");
            (bound(from)..=bound(to)).contains(&port)
        });
        if from_all != listed {
            wrong.push(format!("source port {port}: {from_all}"));
        }
    }
    wrong
}

fn check(seed: u64, tally: &mut BTreeMap<PathVerdict, usize>) -> Result<(), String> {
    let Made {
        snapshot,
        from,
        port,
    } = world::make(seed);
    let proof = prove(&snapshot, &from, port);
    if proof.paths.is_empty() {
        return Err(format!("seed {seed}: no path: {:?}", proof.gaps));
    }
    // One broker of each world: the seeds differ in which.
    let index = usize::try_from(seed % proof.paths.len() as u64).expect("few");
    let path = &proof.paths[index];
    *tally.entry(path.verdict).or_default() += 1;
    let mut wrong = if from.starts_with("instance:") {
        Vec::new()
    } else {
        differences(&snapshot, path)
    };
    wrong.dedup();
    if wrong.is_empty() {
        return Ok(());
    }
    let wrong = wrong.join("\n  ");
    Err(format!(
        "seed {seed}, {from}, {}:\n  {wrong}\n{:#?}",
        path.to.address, path.blockers
    ))
}

#[test]
fn the_proof_agrees_with_one_packet_at_a_time() {
    let asked = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let (first, last) = match asked("MSK_DOCTOR_SEED") {
        Some(seed) => (seed, seed + 1),
        None => (0, asked("MSK_DOCTOR_RANDOM_WORLDS").unwrap_or(WORLDS)),
    };
    let workers: u64 = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    let (mut failures, mut tally) = (Vec::new(), BTreeMap::new());
    std::thread::scope(|scope| {
        let parts: Vec<_> = (0..workers)
            .map(|worker| {
                scope.spawn(move || {
                    let (mut failures, mut tally) = (Vec::new(), BTreeMap::new());
                    for seed in (first..last).filter(|seed| seed % workers == worker) {
                        failures.extend(check(seed, &mut tally).err());
                    }
                    (failures, tally)
                })
            })
            .collect();
        for part in parts {
            let (found, counted) = part.join().expect("a worker");
            failures.extend(found);
            for (verdict, count) in counted {
                *tally.entry(verdict).or_insert(0usize) += count;
            }
        }
    });
    println!("{tally:?}");
    let count = failures.len();
    failures.truncate(8);
    assert!(
        failures.is_empty(),
        "{count} worlds differ:\n{}",
        failures.join("\n")
    );
    // The worlds are worth asking only if they differ.
    if last - first >= 1000 {
        for (verdict, count) in tally {
            assert!(
                count * 50 > usize::try_from(last - first).expect("few"),
                "{verdict:?}: {count}"
            );
        }
    }
}
