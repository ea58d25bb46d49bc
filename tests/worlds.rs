//! Saved facts of real accounts, each with a question and its answer, in the folder that `MSK_DOCTOR_WORLDS` names.

use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};
use msk_doctor::aws::files;
use msk_doctor::target::Auth;
use msk_doctor::vpc::{Direction, PathVerdict, Question, World, acls, answer};
use serde::Deserialize;

/// What a world's authors expect.
#[derive(Deserialize)]
struct Expected {
    from: String,
    cluster: String,
    forward: String,
    stopped_by: Option<String>,
}

/// The codes that say what `stopped_by` says.
fn codes(stopped_by: &str) -> &'static [&'static str] {
    match stopped_by {
        "security group of the destination" => &["SG-01", "SG-05", "SG-06", "SG-11"],
        "security group of the source" => &["SG-02", "SG-05"],
        "route" => &[
            "RTE-02", "RTE-03", "RTE-05", "RTE-06", "RTE-07", "RTE-08", "RTE-14",
        ],
        _ => &[],
    }
}

fn check(folder: &Path) -> Result<(), Failed> {
    let expected: Expected =
        serde_json::from_str(&std::fs::read_to_string(folder.join("expected.json"))?)?;
    let snapshot = files::read(&folder.join("facts"))?;
    let acls = acls(&snapshot);
    let world = World::new(&snapshot, &acls);
    let question = Question {
        cluster: Some(expected.cluster),
        from: expected.from.parse()?,
        auth: Auth::Iam,
        ports: Vec::new(),
    };
    let proof = answer(&world, &question);
    let [path] = proof.paths.as_slice() else {
        return Err(format!("one path was expected: {proof:#?}").into());
    };
    let forward: Vec<&str> = path
        .blockers
        .iter()
        .filter(|blocker| blocker.direction == Direction::Forward)
        .map(|blocker| blocker.code.as_str())
        .collect();
    match expected.forward.as_str() {
        "blocked" => {
            let wanted = codes(expected.stopped_by.as_deref().unwrap_or_default());
            if wanted.is_empty() {
                return Err(format!("what is {:?}?", expected.stopped_by).into());
            }
            if path.verdict != PathVerdict::Blocked
                || !forward.iter().any(|code| wanted.contains(code))
            {
                return Err(format!("expected one of {wanted:?}: {path:#?}").into());
            }
        }
        "reachable" => {
            if !forward.is_empty() || path.verdict == PathVerdict::Unknown {
                return Err(format!("nothing stops the way there: {path:#?}").into());
            }
        }
        other => return Err(format!("what is {other:?}?").into()),
    }
    Ok(())
}

fn main() {
    let arguments = Arguments::from_args();
    let Some(folder) = std::env::var_os("MSK_DOCTOR_WORLDS").map(PathBuf::from) else {
        eprintln!("MSK_DOCTOR_WORLDS names no folder of worlds");
        std::process::exit(1);
    };
    let mut worlds: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the folder of worlds can be listed")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_dir())
        .collect();
    worlds.sort();
    assert!(!worlds.is_empty(), "{} holds no world", folder.display());
    let trials = worlds
        .into_iter()
        .map(|world| {
            let name = world
                .file_name()
                .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            Trial::test(name, move || check(&world))
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}
