//! Any bytes as the Parquet file of a snapshot, whatever their sum.
#![no_main]

use std::{
    panic,
    sync::{Arc, LazyLock},
};

use libfuzzer_sys::fuzz_target;
use zhida_fuzz::enterprises;
use zhida_rules::Dictionary;

static DICTIONARY: LazyLock<Arc<Dictionary>> =
    LazyLock::new(|| Arc::new(Dictionary::shipped().clone()));

/// The reader takes a panic of the Parquet library for damage, before which the fuzzer would end the
/// process; it shall do so for our own only.
fn pass_over_libraries() {
    let end = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map_or("", |place| place.file());
        if place.contains("/crates/") {
            end(panic);
        }
    }));
}

fuzz_target!(init: pass_over_libraries(), |bytes: &[u8]| {
    enterprises::enterprises(&DICTIONARY, bytes);
});
