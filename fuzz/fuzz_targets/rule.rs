//! Any text as a rule: understood or refused, and what is understood can be asked.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zhida_fuzz::exercise;
use zhida_rules::Dictionary;

fuzz_target!(|text: &str| {
    exercise::rule(Dictionary::shipped(), text);
});
