//! Fuzzes the reading of saved AWS facts, and the proof on what was read.
#![no_main]

#[path = "reported.rs"]
mod reported;
#[path = "facts/run.rs"]
mod run;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    run::run(data);
});
