//! Writes the seeds of both targets from the shipped policies: `cargo run --example seeds` in `fuzz/`.

use std::{fs, io, path::Path};

use zhida_fuzz::exercise;
use zhida_rules::{Dictionary, ItemRules, ItemRulesSource, archive};

#[derive(serde::Deserialize)]
struct File {
    items: Vec<Item>,
}

#[derive(serde::Deserialize)]
struct Item {
    id: String,
    #[serde(flatten)]
    rules: ItemRulesSource,
}

fn main() -> io::Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (rules, archives) = (here.join("corpus/rule"), here.join("corpus/archive"));
    fs::create_dir_all(&rules)?;
    fs::create_dir_all(&archives)?;
    for entry in fs::read_dir(here.join("../data/policies"))? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let file: File =
            serde_norway::from_str(&fs::read_to_string(&path)?).map_err(io::Error::other)?;
        for Item { id, rules: source } in file.items {
            let conditions = source.conditions.iter().flat_map(|c| &c.rule);
            let amounts = source
                .benefit
                .iter()
                .flat_map(|b| b.locals.values().chain(&b.formula));
            for (number, text) in conditions.chain(amounts).enumerate() {
                fs::write(rules.join(format!("{id}-{number}")), text)?;
            }
            let item = ItemRules::compile(Dictionary::shipped(), &source)
                .map_err(|errors| io::Error::other(format!("{id}: {errors:?}")))?;
            let mut bytes = Vec::new();
            archive::write(Dictionary::shipped(), [("a", &item)], &mut bytes)
                .map_err(io::Error::other)?;
            fs::write(archives.join(&id), exercise::content(&bytes))?;
        }
    }
    Ok(())
}
