//! Fuzzes the inspection of tokens.
#![no_main]

#[path = "token/run.rs"]
mod run;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    run::run(data);
});
