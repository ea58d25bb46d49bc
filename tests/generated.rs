//! Files made from the code are what the code makes. `MSK_DOCTOR_BLESS=1` rewrites them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{env, fs};

use msk_doctor::catalogue::pages;

#[test]
fn fault_pages() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/faults");
    let wanted: BTreeMap<String, String> = pages::files().collect();
    if env::var_os("MSK_DOCTOR_BLESS").is_some_and(|value| value == "1") {
        rewrite(&folder, &wanted);
    }
    let found = read(&folder);
    for (name, text) in &wanted {
        let same = found.get(name).is_some_and(|found| found == text);
        assert!(
            same,
            "docs/faults/{name} differs: run the tests with MSK_DOCTOR_BLESS=1"
        );
    }
    let stale: Vec<&String> = found
        .keys()
        .filter(|name| !wanted.contains_key(*name))
        .collect();
    assert!(
        stale.is_empty(),
        "no fault has these pages in docs/faults: {stale:?}"
    );
}

fn rewrite(folder: &PathBuf, wanted: &BTreeMap<String, String>) {
    fs::create_dir_all(folder).expect("docs/faults can be made");
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
            let path = entry.expect("docs/faults can be listed").path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            (name, fs::read_to_string(&path).expect("a page is text"))
        })
        .collect()
}

#[test]
fn report_schema() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/report.schema.json");
    let wanted = msk_doctor::report::json::schema();
    if env::var_os("MSK_DOCTOR_BLESS").is_some_and(|value| value == "1") {
        fs::write(&path, &wanted).expect("the schema can be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "docs/report.schema.json differs: run the tests with MSK_DOCTOR_BLESS=1"
    );
}

#[test]
fn permissions() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/permissions.md");
    let wanted = msk_doctor::aws::permissions::page();
    if env::var_os("MSK_DOCTOR_BLESS").is_some_and(|value| value == "1") {
        fs::write(&path, &wanted).expect("the page can be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "docs/permissions.md differs: run the tests with MSK_DOCTOR_BLESS=1"
    );
}
