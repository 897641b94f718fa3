//! Any bytes as an archive of compiled rules, with and without the sums that belong to them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zhida_fuzz::exercise;
use zhida_rules::Dictionary;

fuzz_target!(|bytes: &[u8]| {
    exercise::archive(Dictionary::shipped(), bytes);
});
