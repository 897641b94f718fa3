//! Writes the seeds of all targets from the shipped policies and dictionary:
//! `cargo run --example seeds` in `fuzz/`.

use std::{fs, io, path::Path, sync::Arc};

use zhida_classifier::{Model, Options, PathError, Sample};
use zhida_demo::shipped;
use zhida_fuzz::{exercise, texts};
use zhida_matcher::{TableBuilder, snapshot};
use zhida_rules::{Dictionary, Facts, ItemRules, Number, Value, archive};

fn main() -> io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let folders = ["rule", "archive", "snapshot", "classifier"].map(|target| corpus.join(target));
    for folder in &folders {
        fs::create_dir_all(folder)?;
    }
    let [rules, archives, snapshots, classifiers] = folders;
    policies(&rules, &archives)?;
    enterprises(&snapshots)?;
    sorted_texts(&classifiers)
}

fn policies(rules: &Path, archives: &Path) -> io::Result<()> {
    let dictionary = Dictionary::shipped();
    for shipped::Item {
        id, rules: source, ..
    } in shipped::items()
    {
        let conditions = source.conditions.iter().flat_map(|c| &c.rule);
        let amounts = source
            .benefit
            .iter()
            .flat_map(|b| b.locals.values().chain(&b.formula));
        for (number, text) in conditions.chain(amounts).enumerate() {
            fs::write(rules.join(format!("{id}-{number}")), text)?;
        }
        let item = ItemRules::compile(dictionary, &source)
            .map_err(|errors| io::Error::other(format!("{id}: {errors:?}")))?;
        let mut bytes = Vec::new();
        archive::write(dictionary, [("a", &item)], &mut bytes).map_err(io::Error::other)?;
        fs::write(archives.join(&id), exercise::content(&bytes))?;
    }
    Ok(())
}

/// A file of all attributes, and a small one of each single fact: the smaller the file, the more of
/// it a change can reach.
fn enterprises(snapshots: &Path) -> io::Result<()> {
    let dictionary = Arc::new(Dictionary::shipped().clone());
    let [_, full] = exercise::enterprises(&dictionary);
    write(&dictionary, &full, &snapshots.join("full"))?;
    for ((index, year), fact) in full.iter() {
        // A value that the plain column holds, and one that needs the column beside it.
        let aside = match &fact.value {
            Value::Number(_) => Number::ratio(1, 3).map(Value::Number),
            Value::Set(_) => Some(Value::Set(["甲\n乙".to_owned()].into())),
            _ => None,
        };
        for (what, value) in [("plain", Some(fact.value.clone())), ("aside", aside)] {
            let Some(value) = value else { continue };
            let mut one = Facts::new();
            one.assume(*index, *year, value);
            let id = &dictionary.attribute(*index).id;
            let year = year.unwrap_or_default();
            write(
                &dictionary,
                &one,
                &snapshots.join(format!("{id}-{year}-{what}")),
            )?;
        }
    }
    Ok(())
}

/// A small model, and lines of text.
fn sorted_texts(folder: &Path) -> io::Result<()> {
    let lines = "园区2号楼又停电了\n园区３号楼，又停电了！\n银行不给续贷\n\u{1f600}\n";
    fs::write(folder.join("lines"), lines)?;
    let sample = |class: &str, text: &str| -> Result<Sample, PathError> {
        Ok(Sample {
            class: class.parse()?,
            title: String::new(),
            text: text.into(),
        })
    };
    let samples = [
        sample("a/b", "停电"),
        sample("a/c", "停水"),
        sample("d", "续贷"),
    ];
    let samples = samples
        .into_iter()
        .collect::<Result<Vec<_>, _>>()
        .map_err(io::Error::other)?;
    let model = Model::train(&samples, &Options::default()).map_err(io::Error::other)?;
    fs::write(folder.join("model"), texts::content(&model.to_bytes()))
}

/// The file of two enterprises: nothing is known of one.
fn write(dictionary: &Arc<Dictionary>, facts: &Facts, path: &Path) -> io::Result<()> {
    let mut builder = TableBuilder::new(dictionary);
    for (id, facts) in [(1, &Facts::new()), (2, facts)] {
        builder.push(id, facts).map_err(io::Error::other)?;
    }
    let table = builder.finish().map_err(io::Error::other)?;
    let folder = path.with_extension("folder");
    snapshot::save(&table, "", b"", &folder).map_err(io::Error::other)?;
    fs::rename(folder.join("enterprises.parquet"), path)?;
    fs::remove_dir_all(folder)
}
