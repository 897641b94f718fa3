//! The predicates over the very file of a snapshot, opened by another engine's Parquet reader.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Fields};
use tempfile::TempDir;
use zhida_matcher::{Store, Table, TableBuilder, Want, snapshot, sql};
use zhida_rules::{Dictionary, Facts};

use crate::{
    columns, corners,
    engines::{Columnar, Engine},
    is_stated, predicate,
    tools::{Case, noise},
};

/// More rows than a row group holds.
const MANY: usize = 70_000;

fn table(dictionary: &Arc<Dictionary>, rows: &[&Facts], count: usize) -> Table {
    let mut builder = TableBuilder::new(dictionary);
    for (id, facts) in (0..count as u64).zip(rows.iter().cycle()) {
        builder.push(id * 7_919 % 1_000_003, facts).unwrap();
    }
    builder.finish().unwrap()
}

/// Saves a table, opens its file as `<name>_file`, and puts the table of the predicates over it.
/// The folder goes with what is given back.
async fn open(engine: &Columnar, name: &str, table: &Table) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("snapshot");
    snapshot::save(table, "", b"", &saved).unwrap();
    let file = format!("{name}_file");
    let path = saved.join("enterprises.parquet");
    let fields = engine.open(&file, &path).await;
    let view = view(engine, table.dictionary(), &fields);
    let create = format!("CREATE VIEW {name} AS SELECT id, {view} FROM {file}");
    engine.run(&create).await;
    folder
}

/// The columns of the predicates from those of a snapshot's file, see `zhida_matcher::sql`.
fn view(engine: &Columnar, dictionary: &Dictionary, file: &Fields) -> String {
    let columns = columns(dictionary).into_iter().map(|(index, year)| {
        let name = sql::column_name(dictionary, index, year);
        let found = file.find(name.trim_matches('"'));
        match found.map(|(_, field)| field.data_type()) {
            Some(DataType::Decimal128(_, places)) => {
                format!("CAST({name} AS DECIMAL(40, {places})) AS {name}")
            }
            Some(_) => name,
            None => {
                let kind = engine.column_type(dictionary.attribute(index).kind);
                format!("CAST(NULL AS {kind}) AS {name}")
            }
        }
    });
    columns.collect::<Vec<_>>().join(", ")
}

/// Compares the ids of both lists, item by item; gives how many there were.
async fn check(engine: &Columnar, name: &str, case: &Case, table: &Table) -> [usize; 2] {
    let _folder = open(engine, name, table).await;
    let store = Store::encode(&case.program(), table.clone());
    let mut seen = [0; 2];
    for (number, item) in case.items.iter().enumerate() {
        let found = store.one_item(number as u32, Want::EVERYTHING).unwrap();
        let [met, unknown]: [Vec<u64>; 2] = [found.met().collect(), found.unknown().collect()];
        assert_eq!(found.counts.met, met.len() as u64);
        assert_eq!(found.counts.unknown, unknown.len() as u64);
        let text = predicate(case, item).unwrap();
        let lists = [(text.clone(), met), (format!("({text}) IS NULL"), unknown)];
        for (count, (condition, mut expected)) in seen.iter_mut().zip(lists) {
            let query = format!("SELECT id FROM {name} WHERE {condition} ORDER BY id");
            expected.sort_unstable();
            assert_eq!(
                engine.ids(&query).await,
                expected,
                "{}\n{text}",
                case.texts[number]
            );
            *count += expected.len();
        }
    }
    seen
}

#[test]
fn predicates_over_the_file_of_a_snapshot_name_whom_the_engine_names() {
    zhida_testkit::block_on(async {
        let engine = Columnar::start();
        let random = (0..8).map(|seed| (Case::draw(&noise(2_000 + seed, 9_000), 16, 40), 40));
        let large = (Case::draw(&noise(3_000, 9_000), 6, 40), MANY);
        let mut seen = [0; 2];
        for (number, (case, rows)) in random.chain([large]).enumerate() {
            // A snapshot holds what registers know, not what a visitor states.
            let facts = case.enterprises.iter().filter(|f| !is_stated(&case, f));
            let table = table(&case.dictionary, &facts.collect::<Vec<_>>(), rows);
            let found = check(&engine, &format!("enterprise_{number}"), &case, &table).await;
            seen.iter_mut()
                .zip(found)
                .for_each(|(sum, one)| *sum += one);
        }
        assert!(seen.iter().all(|count| *count > 10_000), "{seen:?}");
    });
}

#[test]
fn what_a_column_cannot_hold_is_silence_to_the_predicates_and_stands_beside_it() {
    let case = corners::long(&["甲 > 1", "乙 = 1"]);
    zhida_testkit::block_on(async {
        let engine = Columnar::start();
        let table = table(&case.dictionary, &[&case.enterprises[0]], 1);
        let _folder = open(&engine, "aside", &table).await;
        let store = Store::encode(&case.program(), table);
        for item in [0, 1] {
            assert_eq!(store.one_item(item, Want::default()).unwrap().counts.met, 1);
        }
        let [long, plain] = [0, 1].map(|item| predicate(&case, &case.items[item]).unwrap());
        let ids = async |rest| engine.ids(&format!("SELECT id FROM {rest}")).await;
        assert_eq!(ids(format!("aside WHERE ({long}) IS NULL")).await, [0]);
        assert_eq!(ids(format!("aside WHERE {plain}")).await, [0]);
        assert_eq!(
            ids("aside_file WHERE a__exact IS NOT NULL".into()).await,
            [0]
        );
    });
}
