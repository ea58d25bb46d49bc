//! A healthy cluster is healthy however late its answers are: 100 runs here, 1,000 in `bench/healthy`.

#[path = "lab/client.rs"]
#[allow(dead_code, reason = "shared with lab_wire.rs, which needs the rest")]
mod client;

use std::net::SocketAddr;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use client::{Running, start_with};
use msk_doctor::lab::{LabConfig, Schedule, TlsVersion};
use serde_json::Value;

/// How many runs there are, where `MSK_DOCTOR_HEALTHY_RUNS` does not say so.
const RUNS: usize = 100;
/// Runs of one lab, each with later answers than the one before.
const ROUND: usize = 10;
/// The most that an answer is late: a client in another continent, behind a busy broker.
const MOST_LATE: Duration = Duration::from_millis(400);
/// Runs beside each other.
const AT_ONCE: usize = 4;

fn lab(number: usize) -> Running {
    let seed = u64::try_from(number).expect("a number");
    // The square: most answers come soon, some late.
    let part = f64::from(u32::try_from(number % ROUND).expect("a number")) / 9.0;
    start_with(
        &[],
        LabConfig {
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 0)); 1 + number % 4],
            schedule: Schedule {
                delay: MOST_LATE.mul_f64(part * part),
                ..Schedule::default()
            },
            seed,
            tls: [None, Some(TlsVersion::Tls12), Some(TlsVersion::Tls13)][number % 3],
            ..LabConfig::default()
        },
    )
}

/// One run; what is wrong with it.
fn diagnosed(number: usize) -> Result<(), String> {
    let lab = lab(number);
    let folder = tempfile::tempdir().expect("a folder");
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, lab.ca_pem()).expect("written");
    let bootstrap: Vec<String> = lab
        .brokers()
        .iter()
        .map(|broker| broker.address.to_string())
        .collect();
    let done = Command::new(env!("CARGO_BIN_EXE_msk-doctor"))
        .args([
            "diagnose",
            &bootstrap.join(","),
            "--region",
            lab.region(),
            "--no-aws",
            "--output",
            "json",
        ])
        .args(["--topic", "lab", "--group", "lab", "--ca-file"])
        .arg(&ca)
        .env_clear()
        .env("HOME", folder.path())
        .env("AWS_ACCESS_KEY_ID", lab.credentials().access_key_id())
        .env(
            "AWS_SECRET_ACCESS_KEY",
            lab.credentials().secret_access_key(),
        )
        .output()
        .expect("the program runs");
    let report: Value = serde_json::from_slice(&done.stdout).map_err(|error| error.to_string())?;
    // Warnings of slowness are right; faults are not.
    let faults: Vec<&Value> = report["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|finding| finding["status"] == "fault")
        .collect();
    if report["verdict"] == "healthy" && faults.is_empty() && done.status.code() == Some(0) {
        return Ok(());
    }
    Err(format!(
        "run {number}: {} {}",
        report["verdict"], report["causes"]
    ))
}

#[test]
fn late_answers_are_no_fault() {
    let runs = std::env::var("MSK_DOCTOR_HEALTHY_RUNS")
        .map_or(RUNS, |text| text.parse().expect("a number of runs"));
    let next = AtomicUsize::new(0);
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let runners: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                scope.spawn(|| {
                    std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed))
                        .take_while(|number| *number < runs)
                        .filter_map(|number| diagnosed(number).err())
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        runners
            .into_iter()
            .flat_map(|runner| runner.join().expect("no panic"))
            .collect()
    });
    assert!(
        wrong.is_empty(),
        "{} of {runs} runs:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    println!("{runs} healthy runs");
}
