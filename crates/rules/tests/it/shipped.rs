//! The shipped dictionary.

use zhida_rules::{Dictionary, Kind};

#[test]
fn the_shipped_dictionary_is_sound() {
    let dictionary = Dictionary::shipped();
    assert!(dictionary.attributes().len() >= 80);
    for attribute in dictionary.attributes() {
        assert!(
            !attribute.group.is_empty(),
            "{} has no group",
            attribute.name
        );
        let unitless = attribute.kind == Kind::Number && attribute.unit.is_none();
        assert!(!unitless, "{} has no unit", attribute.name);
    }
}
