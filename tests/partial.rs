//! Ctrl-C and the deadline give a complete, well-formed report that says it is partial.

use std::fs;
use std::net::TcpListener;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// A broker whose kernel accepts and that never reads.
fn silent_broker() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let address = listener.local_addr().expect("an address").to_string();
    (listener, address)
}

fn diagnose(address: &str, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_msk-doctor"));
    command
        .args([
            "diagnose", address, "--auth", "tls", "--no-aws", "--output", "json",
        ])
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn check(output: &Output) {
    let report: Value = serde_json::from_slice(&output.stdout).expect("a whole report");
    assert_eq!(report["complete"], false);
    assert_eq!(report["verdict"], "inconclusive");
    assert_eq!(output.status.code(), Some(3));
    let phases = report["observations"][0]["phases"]
        .as_array()
        .expect("phases");
    let last = phases.last().expect("a phase");
    assert_eq!(
        (last["phase"].as_str(), last["end"].as_str()),
        (Some("tls"), Some("cancelled"))
    );
}

#[test]
fn the_deadline_ends_the_run_with_a_report() {
    let (_listener, address) = silent_broker();
    let output = diagnose(&address, &["--deadline", "2s"])
        .output()
        .expect("it runs");
    check(&output);
}

#[test]
fn an_interrupt_ends_the_run_with_a_report() {
    ends_with_a_report("-INT", 1 << 1);
}

/// What `timeout`, CI systems and containers send.
#[test]
fn the_end_of_a_job_ends_the_run_with_a_report() {
    ends_with_a_report("-TERM", 1 << 14);
}

fn ends_with_a_report(signal: &str, mask: u64) {
    let (listener, address) = silent_broker();
    let child = diagnose(&address, &[]).spawn().expect("it starts");
    // A first byte of its hello says that the handshake is under way (the kernel's accept does not: the program may not
    // know of it yet), and the handler is in place: only then is there something to end.
    let (connection, _) = listener.accept().expect("a connection");
    assert_eq!(connection.peek(&mut [0]).expect("a hello"), 1);
    wait_for_handler(&child, mask);
    let interrupted = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status()
        .expect("kill runs");
    assert!(interrupted.success());
    check(&child.wait_with_output().expect("it ends"));
}

/// `SigCgt` in proc(5): the signals that the process catches.
fn wait_for_handler(child: &Child, signal: u64) {
    loop {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).expect("it lives");
        let caught = status
            .lines()
            .find_map(|line| line.strip_prefix("SigCgt:"))
            .unwrap_or("0");
        if u64::from_str_radix(caught.trim(), 16).is_ok_and(|mask| mask & signal != 0) {
            return;
        }
        std::thread::yield_now();
    }
}
