//! Files made from the code are what the code makes. `MSK_DOCTOR_BLESS=1` rewrites them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{env, fs};

use msk_doctor::catalogue::pages;
use msk_doctor::clients::Library;

#[test]
fn fault_pages() {
    pages_are("docs/faults", &pages::files().collect());
}

#[test]
fn client_pages() {
    let pages = Library::ALL.map(|library| (format!("{}.md", library.name()), library.page()));
    pages_are("docs/clients", &pages.into());
}

/// A folder has these files, and no others.
fn pages_are(name: &str, wanted: &BTreeMap<String, String>) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name);
    if env::var_os("MSK_DOCTOR_BLESS").is_some_and(|value| value == "1") {
        rewrite(&folder, wanted);
    }
    let found = read(&folder);
    for (file, text) in wanted {
        let same = found.get(file).is_some_and(|found| found == text);
        assert!(
            same,
            "{name}/{file} differs: run the tests with MSK_DOCTOR_BLESS=1"
        );
    }
    let stale: Vec<&String> = found
        .keys()
        .filter(|name| !wanted.contains_key(*name))
        .collect();
    assert!(
        stale.is_empty(),
        "nothing has these pages in {name}: {stale:?}"
    );
}

fn rewrite(folder: &PathBuf, wanted: &BTreeMap<String, String>) {
    fs::create_dir_all(folder).expect("the folder can be made");
    for name in read(folder)
        .keys()
        .filter(|name| !wanted.contains_key(*name))
    {
        fs::remove_file(folder.join(name)).expect("a stale page can be removed");
    }
    for (name, text) in wanted {
        fs::write(folder.join(name), text).expect("a page can be written");
    }
}

fn read(folder: &PathBuf) -> BTreeMap<String, String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return BTreeMap::new();
    };
    entries
        .map(|entry| {
            let path = entry.expect("the folder can be listed").path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            (name, fs::read_to_string(&path).expect("a page is text"))
        })
        .collect()
}

/// A file has this text.
fn file_is(name: &str, wanted: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name);
    if env::var_os("MSK_DOCTOR_BLESS").is_some_and(|value| value == "1") {
        fs::write(&path, wanted).expect("the file can be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "{name} differs: run the tests with MSK_DOCTOR_BLESS=1"
    );
}

#[test]
fn report_schema() {
    file_is(
        "docs/report.schema.json",
        &msk_doctor::report::json::schema(),
    );
}

#[test]
fn combined_schema() {
    file_is(
        "docs/combined.schema.json",
        &msk_doctor::report::json::combined_schema(),
    );
}

#[test]
fn event_schema() {
    let schema = msk_doctor::text::json(&msk_doctor::cli::event_schema());
    file_is("docs/event.schema.json", &schema.expect("JSON"));
}

#[test]
fn permissions() {
    file_is("docs/permissions.md", &msk_doctor::aws::permissions::page());
}
