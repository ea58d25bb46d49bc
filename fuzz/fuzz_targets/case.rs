//! Fuzzes the reading of saved cases, up to the report on what was read.
#![no_main]

#[path = "reported.rs"]
mod reported;
#[path = "case/run.rs"]
mod run;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    run::run(data);
});
