//! One test for each folder of `tests/scenarios`: a fault is made, msk-doctor is asked, and the
//! answer is compared with the row. `tests/scenarios/README.md` says how to add one.

mod formats;
#[path = "scenarios/harness/mod.rs"]
mod harness;

use std::path::Path;

use harness::{breadth, run, secrets, spec, switched_off};
use libtest_mimic::{Arguments, Trial};

fn main() {
    let mut arguments = Arguments::from_args();
    // Most of a scenario is waiting for silence; more at once would only compete for the CPU.
    arguments.test_threads.get_or_insert(3);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut trials: Vec<Trial> = spec::folders(&root)
        .into_iter()
        .map(|folder| {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            Trial::test(name.into_owned(), move || {
                run::folder(&folder).map_err(Into::into)
            })
        })
        .collect();
    trials.push(Trial::test("secrets-are-found-when-they-leak", || {
        secrets::finds_what_leaks().map_err(Into::into)
    }));
    trials.push(Trial::test("the-rows-are-broad", || {
        breadth::is_enough().map_err(Into::into)
    }));
    trials.push(Trial::test("look-alikes-are-told-apart", || {
        breadth::look_alikes_are_told_apart().map_err(Into::into)
    }));
    let conclusion = libtest_mimic::run(&arguments, trials);
    // Only all scenarios together can say that a check matters.
    if conclusion.num_filtered_out == 0 && !conclusion.has_failed() && !arguments.list {
        let idle = switched_off::idle();
        if !idle.is_empty() {
            println!("no scenario notices when these checks are switched off:");
            println!("  {}", idle.join("\n  "));
            std::process::exit(101);
        }
        println!("every check is noticed by some scenario when it is switched off");
    }
    conclusion.exit();
}
