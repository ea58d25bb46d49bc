//! A folder of facts as one text, read as the program reads a folder, and every question that it may be asked. Used by
//! the fuzz target and by `tests/fuzz_corpus.rs`, which replays the corpus on the stable compiler.

use std::path::Path;

use msk_doctor::aws::files;
use msk_doctor::aws::snapshot::Snapshot;
use msk_doctor::case::{Asked, Case, Client, ClientKind};
use msk_doctor::phase::Phase;
use msk_doctor::target::{Auth, Target};
use msk_doctor::vpc::{From, Question, World, acls, answer};

use super::reported::reported;

/// A line that begins with it names a file; what follows is the file.
const FILE: &str = "# ";
/// More files or bytes than this say nothing new.
const MOST_FILES: usize = 64;

/// What came of an input.
#[derive(Debug, PartialEq, Eq)]
pub enum Ran {
    /// It is no folder of facts: the program says what is wrong with it.
    Refused,
    /// It was read, with so many paths proved.
    Proved(usize),
}

/// Reads a folder of facts and answers questions about it; the errors are the program's, and none may panic.
pub fn run(data: &[u8]) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in split(data).into_iter().take(MOST_FILES) {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
        std::fs::write(path, text).expect("a file is written");
    }
    let snapshot = match files::read(folder.path()) {
        Ok(snapshot) => snapshot,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return Ran::Refused;
        }
    };
    written_again(&snapshot, folder.path());
    let paths = vantages(&snapshot)
        .into_iter()
        .map(|from| proved(&snapshot, &from))
        .sum();
    report(snapshot);
    Ran::Proved(paths)
}

/// The files of an input: each begins with a line with its name. A name that is none is left out with its text.
fn split(data: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for line in data.split_inclusive(|byte| *byte == b'\n') {
        let name = line
            .strip_prefix(FILE.as_bytes())
            .and_then(|rest| std::str::from_utf8(rest).ok())
            .map(str::trim_end);
        match (name, files.last_mut()) {
            (Some(name), _) => files.push((name.to_owned(), Vec::new())),
            (None, Some((_, text))) => text.extend_from_slice(line),
            (None, None) => {}
        }
    }
    files.retain(|(name, _)| is_inside(name));
    files.sort();
    files.dedup_by(|one, other| one.0 == other.0);
    files
}

/// Whether a name stays in the folder: a file, or a file of an account and region.
fn is_inside(name: &str) -> bool {
    let plain = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part.len() < 200
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
    };
    // Folders and files have other endings, so that no name is both.
    match name.split_once('/') {
        Some((folder, file)) => {
            plain(folder) && !folder.contains('.') && plain(file) && file.contains('.')
        }
        None => plain(name) && name.contains('.'),
    }
}

/// What was read can be written, and read once more.
fn written_again(snapshot: &Snapshot, folder: &Path) {
    let folder = folder.join("again");
    let written = files::write(snapshot, &folder).expect("it is written");
    if written > 0 {
        files::read(&folder).expect("what was written is read");
    }
}

/// Clients of every kind that the facts hold, and some that they do not.
fn vantages(snapshot: &Snapshot) -> Vec<From> {
    let mut found = vec![
        "function:orders".to_owned(),
        "eni:eni-1".to_owned(),
        "instance:i-1".to_owned(),
        "ip:10.1.0.9".to_owned(),
        "ip:203.0.113.9".to_owned(),
        "ip:2001:db8::9".to_owned(),
    ];
    let subnets = snapshot.known(|facts| &facts.subnets);
    for subnet in subnets.flat_map(|(_, answer)| &answer.subnets).take(2) {
        found.push(format!("subnet:{}/sg:sg-client", subnet.subnet_id));
    }
    let functions = snapshot.known(|facts| &facts.functions);
    for function in functions.map(|(_, answer)| &answer.function_name).take(2) {
        found.push(format!("function:{function}"));
    }
    let interfaces = snapshot.known(|facts| &facts.network_interfaces);
    for interface in interfaces
        .flat_map(|(_, answer)| &answer.network_interfaces)
        .take(2)
    {
        found.push(format!("eni:{}", interface.network_interface_id));
    }
    // A name from the facts may be none that the command line takes.
    found.iter().filter_map(|text| text.parse().ok()).collect()
}

/// Proves every path of a client, by each listener.
fn proved(snapshot: &Snapshot, from: &From) -> usize {
    let acls = acls(snapshot);
    let world = World::new(snapshot, &acls);
    let mut paths = 0;
    for (auth, ports) in [
        (Auth::Iam, Vec::new()),
        (Auth::Scram, Vec::new()),
        (Auth::Iam, vec![9198]),
        (Auth::Iam, vec![20098]),
        (Auth::Iam, vec![14001, 14002]),
    ] {
        let question = Question {
            cluster: None,
            from: from.clone(),
            auth,
            ports,
        };
        let proof = answer(&world, &question);
        assert!(proof.verdict().is_some(), "no path and no gap");
        paths += proof.paths.len();
    }
    paths
}

/// The whole diagnosis with its fixes, and the reports on it.
fn report(snapshot: Snapshot) {
    let target = Target {
        function: Some("orders".to_owned()),
        ..Target::from_endpoints(&[])
    };
    let client = Client {
        kind: ClientKind::Function,
        name: Some("orders".to_owned()),
        role: None,
        library: None,
    };
    let mut case = Case {
        facts: Some(snapshot),
        ..Case::of(target, client, Phase::Connect)
    };
    for asked in [
        Asked::Network,
        Asked::Cluster,
        Asked::Lambda,
        Asked::Iam,
        Asked::Everything,
    ] {
        case.asked = asked;
        reported(&case);
    }
}
