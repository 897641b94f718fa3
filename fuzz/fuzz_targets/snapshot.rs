//! Any bytes as the Parquet file of a snapshot, whatever their sum.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use zhida_fuzz::enterprises;
use zhida_rules::Dictionary;

static DICTIONARY: LazyLock<Arc<Dictionary>> =
    LazyLock::new(|| Arc::new(Dictionary::shipped().clone()));

fuzz_target!(|bytes: &[u8]| {
    enterprises::enterprises(&DICTIONARY, bytes);
});
