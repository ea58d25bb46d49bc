//! What a shell and a person at it get: completions, manual pages, a word on what was perhaps meant.

use std::process::{Command, Output, Stdio};

fn doctor(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_msk-doctor"))
        .args(words)
        .output()
        .expect("it runs")
}

fn error(words: &[&str]) -> String {
    let output = doctor(words);
    assert_eq!(output.status.code(), Some(2), "{words:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn what_is_mistyped_gets_a_suggestion() {
    for (typed, meant) in [
        ("diagnoze", "diagnose"),
        ("prefligth", "preflight"),
        ("remot", "remote"),
    ] {
        let error = error(&["--no-aws", typed]);
        assert!(error.contains(&format!("(perhaps {meant:?})")), "{error}");
    }
    let text = error(&["--no-aws", "orders-writer"]);
    assert!(text.contains("(msk-doctor --help)"), "{text}");
    let text = error(&["diagnose", "--bootstap", "b-1:9098"]);
    assert!(text.contains("--bootstrap"), "{text}");
    let text = error(&["remote", "clean", "--dry-rum"]);
    assert!(text.contains("--dry-run"), "{text}");
}

#[test]
fn completions_name_the_subcommands() {
    for shell in ["bash", "zsh", "fish"] {
        let output = doctor(&["completions", shell]);
        let text = String::from_utf8(output.stdout).expect("text");
        assert_eq!(output.status.code(), Some(0));
        for name in ["preflight", "snapshot", "compare"] {
            assert!(text.contains(name), "{shell} without {name}");
        }
    }
    let script = doctor(&["completions", "bash"]).stdout;
    let mut bash = Command::new("bash")
        .arg("-n")
        .stdin(Stdio::piped())
        .spawn()
        .expect("bash runs");
    std::io::Write::write_all(&mut bash.stdin.take().expect("its input"), &script)
        .expect("written");
    assert!(
        bash.wait().expect("it ends").success(),
        "bash cannot read it"
    );
}

#[test]
fn every_subcommand_has_a_manual_page_with_examples_where_its_help_has() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = doctor(&["man", &folder.path().to_string_lossy()]);
    assert_eq!(output.status.code(), Some(0));
    for name in [
        "msk-doctor",
        "msk-doctor-diagnose",
        "msk-doctor-preflight",
        "msk-doctor-remote-cleanup",
    ] {
        let page = std::fs::read_to_string(folder.path().join(format!("{name}.1"))).expect(name);
        assert!(page.starts_with(".ie") || page.contains(".TH"), "{name}");
    }
    let page = std::fs::read_to_string(folder.path().join("msk-doctor-compare.1")).expect("a page");
    assert!(page.contains("function.case"), "{page}");
    let first = doctor(&["man"]);
    assert!(String::from_utf8_lossy(&first.stdout).contains(".TH"));
}
