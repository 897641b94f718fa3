//! A complete entry for the tests of this crate.

use zhida_rules::Dictionary;

use crate::model::PolicyEntry;
use crate::{read, yaml};

pub(crate) const FILE: &str = include_str!("../tests/data/sample.yaml");

pub(crate) fn dictionary() -> &'static Dictionary {
    Dictionary::shipped()
}

/// The first item of the sample file.
pub(crate) fn entry() -> PolicyEntry {
    let mut file = yaml::read(FILE.as_bytes()).expect("the sample is YAML");
    let document = read::document(file.get_mut("document").map(serde_json::Value::take))
        .expect("the sample's document is complete");
    let item = read::item(file["items"][0].take()).expect("the sample's item is complete");
    PolicyEntry { document, item }
}
