//! Saved facts that are not what they should be: a clear word, exit code 2 or unknown, and never a panic.

#[path = "paths/world.rs"]
mod world;

use std::path::Path;
use std::process::Command;

use msk_doctor::aws::files;
use msk_doctor::target::Auth;
use msk_doctor::vpc::{From, Question, World, acls, answer};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Runs `network` on a copy of a world that `spoil` has changed.
fn network(spoil: impl Fn(&Path)) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    world::build("peered", &[], folder.path()).expect("the world");
    spoil(folder.path());
    let output = Command::new(env!("CARGO_BIN_EXE_msk-doctor"))
        .args([
            "network",
            "--function",
            "orders",
            "--output",
            "json",
            "--facts",
        ])
        .arg(folder.path())
        .output()
        .expect("the program runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn write(folder: &Path, file: &str, text: &str) {
    std::fs::write(folder.join(file), text).expect("a file is written");
}

#[test]
fn a_file_that_is_not_what_its_name_says_is_named() {
    let rows: &[(&str, &str, &[&str])] = &[
        (
            "ec2-describe-subnets.json",
            "{\"Subnets\": [",
            &["ec2-describe-subnets.json", "line 1"],
        ),
        (
            "ec2-describe-subnets.json",
            "{\"Vpcs\": []}",
            &["ec2-describe-subnets.json", "Subnets"],
        ),
        (
            "ec2-describe-subnets.json",
            "",
            &["ec2-describe-subnets.json", "empty"],
        ),
        (
            "ec2-describe-subnets.json",
            "[]",
            &["ec2-describe-subnets.json"],
        ),
        (
            "ec2-describe-subnets.json",
            "no such host\n",
            &["ec2-describe-subnets.json", "line 1"],
        ),
        (
            "ec2-describe-subnets.json",
            "{\"Subnets\": [\n{\"CidrBlock\": \"10.1.0/24\"}]}",
            &["ec2-describe-subnets.json", "line 2"],
        ),
        (
            "ec2-describe-security-groups.json",
            "{\"SecurityGroups\": [{\"GroupId\": 7}]}",
            &["ec2-describe-security-groups.json"],
        ),
        (
            "kafka-list-nodes.json",
            "{\"ClusterInfo\": {}}",
            &["kafka-list-nodes.json", "NodeInfoList"],
        ),
    ];
    for (file, text, words) in rows {
        let (code, out, error) = network(|folder| write(folder, file, text));
        assert_eq!(code, Some(2), "{text:?}: {error}");
        assert!(out.is_empty(), "{text:?}: {out}");
        for word in *words {
            assert!(error.contains(word), "{text:?}: {error}");
        }
    }
}

#[test]
fn a_folder_without_facts_is_said_to_be_one() {
    let (code, _, error) = network(|folder| {
        for entry in std::fs::read_dir(folder).expect("the folder") {
            std::fs::remove_file(entry.expect("an entry").path()).expect("it is removed");
        }
        write(folder, "notes.txt", "nothing");
    });
    assert_eq!(code, Some(2));
    assert!(error.contains("holds no AWS facts"), "{error}");
    assert!(error.contains("snapshot --script"), "{error}");
}

#[test]
fn a_denial_is_a_fact_and_a_cut_answer_is_none() {
    let denial = "\nAn error occurred (AccessDeniedException) when calling the ListNodes operation: User is not authorized\n";
    let cut = "{\"NodeInfoList\": [], \"NextToken\": \"more\"}";
    for text in [denial, cut] {
        let (code, out, _) = network(|folder| write(folder, "kafka-list-nodes.json", text));
        assert_eq!(code, Some(3), "{text}: {out}");
        let report: Value = serde_json::from_str(&out).expect("a report");
        assert_eq!(report["causes"], json!([]));
        let needs = report["unknown"].to_string();
        assert!(needs.contains("kafka:ListNodes"), "{needs}");
    }
}

#[test]
fn what_refers_to_nothing_is_unknown_and_not_open() {
    let edits: &[(&str, &str, Value)] = &[
        (
            "ec2-describe-network-interfaces",
            "/NetworkInterfaces/0/Groups",
            json!([{"GroupId": "sg-nowhere"}]),
        ),
        (
            "ec2-describe-network-interfaces",
            "/NetworkInterfaces/0/SubnetId",
            json!("subnet-nowhere"),
        ),
        (
            "ec2-describe-network-acls",
            "/NetworkAcls/1/Associations",
            json!([]),
        ),
        (
            "ec2-describe-route-tables",
            "/RouteTables/0/Routes/1/VpcPeeringConnectionId",
            json!("pcx-nowhere"),
        ),
    ];
    for (file, path, value) in edits {
        let (code, out, error) = network(|folder| {
            let name = format!("{file}.json");
            let text = std::fs::read_to_string(folder.join(&name)).expect("the file");
            let mut facts: Value = serde_json::from_str(&text).expect("JSON");
            *facts.pointer_mut(path).expect("the place") = value.clone();
            write(folder, &name, &facts.to_string());
        });
        assert_eq!(code, Some(3), "{path}: {out}{error}");
    }
}

#[test]
fn the_same_thing_twice_changes_nothing() {
    let (code, out, _) = network(|folder| {
        let name = "ec2-describe-network-interfaces.json";
        let text = std::fs::read_to_string(folder.join(name)).expect("the file");
        let mut facts: Value = serde_json::from_str(&text).expect("JSON");
        let twice = facts["NetworkInterfaces"][0].clone();
        facts["NetworkInterfaces"]
            .as_array_mut()
            .expect("a list")
            .push(twice);
        write(folder, name, &facts.to_string());
    });
    assert_eq!(code, Some(0), "{out}");
}

/// Every place of a document.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places(item, &format!("{at}/{index}"), found);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                places(field, &format!("{at}/{name}"), found);
            }
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// One value anywhere is replaced by one of another kind: an error or an answer, never a panic.
    #[test]
    fn no_value_anywhere_makes_it_panic(file in 0usize..12, place in any::<prop::sample::Index>(), kind in 0usize..9) {
        let folder = tempfile::tempdir().expect("a folder");
        world::build("transit", &[], folder.path()).expect("the world");
        let mut files: Vec<_> = std::fs::read_dir(folder.path())
            .expect("the folder")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        files.sort();
        let path = &files[file % files.len()];
        let mut facts: Value =
            serde_json::from_str(&std::fs::read_to_string(path).expect("the file")).expect("JSON");
        let mut all = Vec::new();
        places(&facts, "", &mut all);
        let at = place.get(&all);
        let values = [
            json!(null), json!(""), json!("-1"), json!(-1), json!(99_999_999_999_i64), json!([]), json!({}),
            json!("255.255.255.255/0"), json!("::/0"),
        ];
        *facts.pointer_mut(at).expect("the place") = values[kind].clone();
        std::fs::write(path, facts.to_string()).expect("it is written");
        if let Ok(snapshot) = files::read(folder.path()) {
            let acls = acls(&snapshot);
            let question = Question {
                cluster: None,
                from: From::Function { name: "orders".to_owned(), qualifier: None },
                auth: Auth::Iam,
                ports: Vec::new(),
            };
            let proof = answer(&World::new(&snapshot, &acls), &question);
            prop_assert!(proof.verdict().is_some());
        }
    }
}
