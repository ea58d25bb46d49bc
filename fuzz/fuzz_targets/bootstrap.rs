//! Fuzzes the reading of bootstrap strings and of MSK's names.
#![no_main]

#[path = "bootstrap/run.rs"]
mod run;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    run::run(data);
});
