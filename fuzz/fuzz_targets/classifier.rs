//! Any bytes as a saved model with the digest that belongs to it, and as lines of text to be sorted and compared.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zhida_fuzz::texts;

fuzz_target!(|bytes: &[u8]| {
    texts::model(bytes);
    if let Ok(all) = std::str::from_utf8(bytes) {
        texts::texts(all);
    }
});
