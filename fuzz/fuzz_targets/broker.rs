//! Fuzzes what a broker sends, whatever the phase, up to the report on it.
#![no_main]

#[path = "reported.rs"]
mod reported;
#[path = "broker/run.rs"]
mod run;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    run::run(data);
});
