//! libFuzzer over one target, which the variable MIMEO_FUZZ names.

#![no_main]

use std::sync::LazyLock;

static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let name = std::env::var("MIMEO_FUZZ").unwrap_or_default();
    let target = mimeo_fuzzing::target(&name);
    target
        .unwrap_or_else(|| panic!("MIMEO_FUZZ={name:?} names no target"))
        .run
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| TARGET(bytes));
