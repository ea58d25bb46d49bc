//! Sockets, AWS clients and printing have their places; everything else is pure.

use std::fs;
use std::path::{Path, PathBuf};

/// Files below `src/` that may name a socket, and why.
const SOCKETS: &[(&str, &str)] = &[
    ("probe/io.rs", "the probes' connections"),
    ("probe/io/", "the probes' connections"),
    ("probe/tcp_info.rs", "a loopback connection in its test"),
    ("probe/resolve/wire.rs", "DNS queries"),
    ("probe/resolve/exchange.rs", "one DNS exchange"),
    ("probe/resolve/tests.rs", "scripted name servers"),
    ("lab.rs", "the embedded cluster"),
    ("lab/", "the embedded cluster"),
];
/// Files that may name an AWS client.
const AWS: &[(&str, &str)] = &[("aws/", "the edge to AWS")];
/// Files that may print.
const PRINTING: &[(&str, &str)] = &[
    ("main.rs", "errors of the command line"),
    ("commands/", "reports and pages"),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("src can be listed") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn check(words: &[&str], allowed: &[(&str, &str)]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 30, "only {} sources were found", files.len());
    let mut wrong = Vec::new();
    for file in files {
        let name = file
            .strip_prefix(&root)
            .expect("below src")
            .to_string_lossy()
            .into_owned();
        if allowed
            .iter()
            .any(|(place, _)| name == *place || place.ends_with('/') && name.starts_with(place))
        {
            continue;
        }
        let text = fs::read_to_string(&file).expect("a source is text");
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if words.iter().any(|word| code.contains(word)) {
                wrong.push(format!("{name}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{words:?} belong elsewhere:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn sockets_stay_at_the_edge() {
    check(
        &["TcpStream", "TcpListener", "UdpSocket", "TcpSocket"],
        SOCKETS,
    );
}

#[test]
fn aws_clients_stay_at_the_edge() {
    check(&["aws_sdk", "aws_config::"], AWS);
}

#[test]
fn only_commands_print() {
    check(&["println!", "print!(", "eprintln!", "dbg!"], PRINTING);
}
