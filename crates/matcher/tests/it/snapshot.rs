//! What is saved comes back as it was, or not at all.

mod exercise;
mod forged;

use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::Path,
    sync::Arc,
};

use parquet::{
    file::reader::{FileReader, SerializedFileReader},
    record::{Row, RowAccessor},
    schema::printer,
};
use proptest::{prelude::*, test_runner::RngSeed};
use zhida_matcher::{
    Store, Table, TableBuilder,
    snapshot::{self, Loaded, SnapshotError},
};
use zhida_rules::{Dictionary, Facts, Number, Value};

use crate::{random, tools::Case};

const FILES: [&str; 3] = ["enterprises.parquet", "rules.bin", "manifest.json"];

fn dictionary(attributes: &[(&str, &str)]) -> Arc<Dictionary> {
    let mut yaml = String::from("attributes:\n");
    for (position, (id, rest)) in attributes.iter().enumerate() {
        yaml.push_str(&format!(
            "  - {{ id: {id}, name: 属性{position}{id}, department: 测试, {rest} }}\n"
        ));
    }
    Dictionary::from_yaml(&yaml).unwrap().into()
}

fn facts(dictionary: &Dictionary, values: &[(&str, Option<i32>, Value)]) -> Facts {
    let mut facts = Facts::new();
    for (id, year, value) in values {
        facts.assume(dictionary.find(id).unwrap(), *year, value.clone());
    }
    facts
}

fn table(dictionary: &Arc<Dictionary>, enterprises: &[Facts]) -> Table {
    let mut builder = TableBuilder::new(dictionary);
    for (id, facts) in (1..).zip(enterprises) {
        builder.push(id, facts).unwrap();
    }
    builder.finish().unwrap()
}

fn there_and_back(table: &Table) -> Loaded {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("snapshot");
    snapshot::save(table, "第 7 号", &[1, 2, 3], &folder).unwrap();
    snapshot::load(table.dictionary(), &folder).unwrap()
}

/// The same enterprises in the same order.
fn assert_same(before: &Table, after: &Table) {
    assert!(before.ids().eq(after.ids()), "the order of rows");
    assert_same_facts(before, after);
}

fn assert_same_facts(before: &Table, after: &Table) {
    assert_eq!(before.len(), after.len());
    for id in before.ids() {
        assert_eq!(before.facts(id), after.facts(id), "enterprise {id}");
    }
}

fn number(text: &str) -> Value {
    Value::Number(text.parse().unwrap())
}

fn ratio(top: i64, bottom: i64) -> Number {
    Number::ratio(top, bottom).unwrap()
}

fn set(members: &[&str]) -> Value {
    Value::Set(members.iter().map(|member| (*member).to_owned()).collect())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 40, rng_seed: RngSeed::Fixed(11), failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn random_tables_come_back_as_they_were(
        bytes in proptest::collection::vec(any::<u8>(), 1_000..4_000),
        rows in prop_oneof![8 => 0_usize..60, 1 => 4_000_usize..5_000],
        changes in proptest::collection::vec((any::<u16>(), any::<[u8; 12]>()), 0..40),
    ) {
        let case = Case::draw(&bytes, 6, 16);
        let mut builder = TableBuilder::new(&case.dictionary);
        for row in 0..rows {
            let facts = &case.enterprises[row % case.enterprises.len()];
            builder.push(row as u64 * 7_919 % 100_003, facts).unwrap();
        }
        let mut table = builder.finish().unwrap();
        for (id, bytes) in &changes {
            let id = u64::from(*id) % (rows as u64 + 20) * 7_919 % 100_003;
            if bytes[0] % 3 == 0 {
                table.remove(id);
            } else {
                let facts = &case.enterprises[usize::from(bytes[1]) % case.enterprises.len()];
                table.put(id, &random::change(bytes, &case.dictionary, facts)).unwrap();
            }
        }
        let loaded = there_and_back(&table);
        prop_assert_eq!(&*loaded.mark, "第 7 号");
        prop_assert_eq!(&*loaded.rules, [1, 2, 3]);
        prop_assert!(loaded.same_dictionary);
        assert_same(&table, &loaded.table);
        let program = case.program();
        let after = Store::encode(&program, loaded.table.clone());
        let before = Store::encode(&program, table.clone());
        for id in table.ids() {
            prop_assert_eq!(before.codes(id), after.codes(id));
        }
        // A table that was read is changed and saved like any other.
        let (mut table, mut read) = (table, loaded.table);
        for (id, bytes) in &changes {
            let id = u64::from(*id) * 31;
            let facts = random::change(bytes, &case.dictionary, &case.enterprises[0]);
            table.put(id, &facts).unwrap();
            read.put(id, &facts).unwrap();
            prop_assert_eq!(table.remove(id / 2), read.remove(id / 2));
        }
        // Rows of removed enterprises were left out, so that new ones may lie elsewhere.
        assert_same_facts(&table, &read);
        assert_same(&read, &there_and_back(&read).table);
    }

    #[test]
    fn a_damaged_file_is_refused(
        file in 0_usize..3, at in any::<prop::sample::Index>(), bit in 0_u8..9,
    ) {
        let dictionary = dictionary(&KINDS);
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("snapshot");
        let table = table(&dictionary, &every_kind(&dictionary));
        snapshot::save(&table, "第 7 号", b"rules", &folder).unwrap();
        let path = folder.join(FILES[file]);
        let mut bytes = fs::read(&path).unwrap();
        let at = at.index(bytes.len());
        match bit {
            8 => bytes.truncate(at),
            bit => bytes[at] ^= 1 << bit,
        }
        fs::write(&path, &bytes).unwrap();
        let refused = snapshot::load(&dictionary, &folder).map(|_| ()).unwrap_err();
        let fine = matches!(
            refused,
            SnapshotError::Damaged(_) | SnapshotError::Older { .. } | SnapshotError::Newer { .. }
        );
        prop_assert!(fine, "{refused:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000, rng_seed: RngSeed::Fixed(5), failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn a_forged_file_does_no_harm(seed in any::<[u8; 16]>()) {
        let dictionary = dictionary(&KINDS);
        let mut bytes = ENTERPRISES.with(Clone::clone);
        // The description at the end is where most can go wrong.
        let tail = bytes.len() - bytes.len() / (1 + usize::from(seed[0] % 3));
        for change in seed[1..].chunks_exact(3).take(1 + usize::from(seed[15] % 4)) {
            let length = bytes.len() - tail;
            let at = tail + usize::from(change[0]) * length / 256 + usize::from(change[1]) % 8;
            let at = at.min(bytes.len() - 1);
            match change[2] % 4 {
                0 => bytes[at] = change[2],
                1 => bytes[at] ^= 1 << (change[2] / 32),
                2 => bytes.insert(at, change[2]),
                _ => drop(bytes.remove(at)),
            }
        }
        exercise::enterprises(&dictionary, &bytes);
    }
}

thread_local! {
    static ENTERPRISES: Vec<u8> = {
        let dictionary = dictionary(&KINDS);
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("snapshot");
        let table = table(&dictionary, &every_kind(&dictionary));
        snapshot::save(&table, "", b"", &folder).unwrap();
        let bytes = fs::read(folder.join(FILES[0])).unwrap();
        assert!(exercise::enterprises(&dictionary, &bytes));
        bytes
    };
}

const KINDS: [(&str, &str); 9] = [
    ("flag", "kind: bool"),
    ("amount", "kind: number"),
    ("revenue", "kind: number, annual: true"),
    ("note", "kind: text"),
    ("size", "kind: choice, choices: [大型, 小型]"),
    ("tags", "kind: set"),
    ("founded", "kind: date"),
    ("region", "kind: division"),
    ("trade", "kind: industry"),
];

/// An enterprise of which everything is known, one of which nothing is, and some between.
fn every_kind(dictionary: &Dictionary) -> Vec<Facts> {
    let first = [
        ("flag", None, Value::Bool(true)),
        ("amount", None, number("-12.5")),
        ("revenue", Some(2024), number("20000000")),
        ("revenue", Some(2025), number("19999999.99")),
        ("note", None, Value::Text("甲\"乙\n".into())),
        ("size", None, Value::Text("小型".into())),
        ("tags", None, set(&["一期", "临床前"])),
        ("founded", None, Value::Date("2020-02-29".parse().unwrap())),
        ("region", None, Value::Text("330106".into())),
        ("trade", None, Value::Text("C1311".into())),
    ];
    let second = [
        ("flag", None, Value::Bool(false)),
        ("amount", None, Value::Number(ratio(1, 3))),
        ("revenue", Some(2025), number("0")),
        ("tags", None, set(&[])),
        ("region", None, Value::Text("330282".into())),
    ];
    vec![
        facts(dictionary, &first),
        Facts::new(),
        facts(dictionary, &second),
    ]
}

#[test]
fn values_that_other_engines_cannot_hold_come_back_exactly() {
    let dictionary = dictionary(&KINDS);
    let big = Number::integer(i64::MAX) * Number::integer(i64::MAX);
    let numbers = [
        ratio(1, 3),
        ratio(-7, 9),
        big.clone(),
        -big.divide(&Number::integer(7)).unwrap(),
        Number::integer(i64::MAX),
        Number::integer(i64::MIN),
        Number::integer(i64::MAX - 1),
        Number::integer(1_000_000_000_000_000_000),
        Number::integer(-999_999_999_999_999_999),
        "0.000001".parse().unwrap(),
        "0.0000001".parse().unwrap(),
        "999999999999999999.999999".parse().unwrap(),
        Number::zero(),
    ];
    let sets = [
        set(&[]),
        set(&[""]),
        set(&["", "甲"]),
        set(&["甲\n乙"]),
        set(&["甲", "乙"]),
        set(&["\n"]),
        set(&["[\"甲\"]"]),
    ];
    let days = [chrono::NaiveDate::MIN, chrono::NaiveDate::MAX];
    let texts = ["", "\n", "\0", "'\"\\", "𠮷"];
    let values = numbers
        .into_iter()
        .map(|value| ("amount", Value::Number(value)));
    let values = values
        .chain(sets.map(|value| ("tags", value)))
        .chain(days.map(|value| ("founded", Value::Date(value))))
        .chain(texts.map(|value| ("note", Value::Text(value.into()))));
    let enterprises: Vec<Facts> = values
        .map(|(id, value)| facts(&dictionary, &[(id, None, value)]))
        .collect();
    // All in one chunk, and each in a table of its own.
    let together = table(&dictionary, &enterprises);
    assert_same(&together, &there_and_back(&together).table);
    for (row, facts) in enterprises.iter().enumerate() {
        let alone = table(&dictionary, std::slice::from_ref(facts));
        let loaded = there_and_back(&alone).table;
        assert_eq!(loaded.facts(1).as_ref(), Some(facts), "value {row}");
    }
}

/// The text of 甲⏎乙 would be that of 甲 and 乙.
#[test]
fn a_set_that_looks_like_another_stands_beside_its_column() {
    let dictionary = dictionary(&[("tags", "kind: set")]);
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("snapshot");
    let enterprises = [&["甲\n乙"][..], &["丙", "甲\n乙"], &["丙"]]
        .map(|members| facts(&dictionary, &[("tags", None, set(members))]));
    let table = table(&dictionary, &enterprises);
    snapshot::save(&table, "", b"", &folder).unwrap();
    let file = SerializedFileReader::new(File::open(folder.join(FILES[0])).unwrap()).unwrap();
    let rows = file.get_row_iter(None).unwrap();
    let rows: Vec<String> = rows.map(|row| row.unwrap().to_string()).collect();
    assert_eq!(
        rows,
        [
            "{id: 1, county: 0, chunk: 0, tags: null, tags__exact: \"[\"甲\\n乙\"]\"}",
            "{id: 2, county: 0, chunk: 0, tags: null, tags__exact: \"[\"丙\",\"甲\\n乙\"]\"}",
            "{id: 3, county: 0, chunk: 0, tags: \"\n丙\n\", tags__exact: null}",
        ]
    );
    assert_same(&table, &snapshot::load(&dictionary, &folder).unwrap().table);
}

#[test]
fn chunks_of_different_places_share_a_column() {
    let dictionary = dictionary(&KINDS);
    // Counties lie in chunks of their own, each with the places of its numbers.
    let values = [
        ("330106", "5"),
        ("330282", "0.000001"),
        ("441900", "9000000000000000000"),
    ];
    let enterprises = values.map(|(region, amount)| {
        let region = Value::Text(region.into());
        facts(
            &dictionary,
            &[("region", None, region), ("amount", None, number(amount))],
        )
    });
    let before = table(&dictionary, &enterprises);
    assert_same(&before, &there_and_back(&before).table);
}

/// Each county has chunks of its own, so 40 of them are more than a row group holds.
#[test]
fn what_is_known_in_one_row_group_may_be_unknown_in_another() {
    let dictionary = dictionary(&[
        ("place", "kind: division"),
        ("tags", "kind: set"),
        ("word", "kind: text"),
        ("level", "kind: choice, choices: [甲, 乙]"),
        ("count", "kind: number"),
        ("day", "kind: date"),
        ("flag", "kind: bool"),
    ]);
    let text = |text: &str| Value::Text(text.to_owned());
    let enterprise = |at: usize| {
        let mut values = vec![("place", None, text(&format!("3301{:02}", at + 1)))];
        if at == 0 {
            values.extend([
                ("tags", None, set(&["甲", "乙"])),
                ("word", None, text("词")),
                ("level", None, text("甲")),
                ("count", None, number("7")),
                ("day", None, Value::Date("2026-11-22".parse().unwrap())),
                ("flag", None, Value::Bool(true)),
            ]);
        }
        facts(&dictionary, &values)
    };
    let table = table(&dictionary, &(0..40).map(enterprise).collect::<Vec<_>>());
    assert_same(&table, &there_and_back(&table).table);
}

#[test]
fn other_engines_find_names_types_and_values() {
    let dictionary = dictionary(&KINDS);
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("snapshot");
    let table = table(&dictionary, &every_kind(&dictionary));
    snapshot::save(&table, "", b"", &folder).unwrap();
    let file = SerializedFileReader::new(File::open(folder.join(FILES[0])).unwrap()).unwrap();
    let mut schema = Vec::new();
    printer::print_schema(&mut schema, file.metadata().file_metadata().schema());
    assert_eq!(
        String::from_utf8(schema).unwrap(),
        "message arrow_schema {
  REQUIRED INT64 id (INTEGER(64,false));
  REQUIRED INT32 county (INTEGER(32,false));
  REQUIRED INT32 chunk (INTEGER(32,false));
  OPTIONAL BOOLEAN flag;
  OPTIONAL INT64 amount (DECIMAL(18,1));
  OPTIONAL BYTE_ARRAY amount__exact (STRING);
  OPTIONAL INT64 revenue_2024 (DECIMAL(18,0));
  OPTIONAL INT64 revenue_2025 (DECIMAL(18,2));
  OPTIONAL BYTE_ARRAY note (STRING);
  OPTIONAL BYTE_ARRAY size (STRING);
  OPTIONAL BYTE_ARRAY tags (STRING);
  OPTIONAL INT32 founded (DATE);
  OPTIONAL BYTE_ARRAY region (STRING);
  OPTIONAL BYTE_ARRAY trade (STRING);
}
"
    );
    let rows: Vec<Row> = file
        .get_row_iter(None)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let text = |row: &Row| row.to_string();
    assert_eq!(
        rows.iter().map(text).collect::<Vec<_>>(),
        [
            "{id: 2, county: 0, chunk: 0, flag: null, amount: null, amount__exact: null, revenue_2024: null, revenue_2025: null, note: null, size: null, tags: null, founded: null, region: null, trade: null}",
            "{id: 1, county: 330106, chunk: 1, flag: true, amount: -12.5, amount__exact: null, revenue_2024: 20000000., revenue_2025: 19999999.99, note: \"甲\"乙\n\", size: \"小型\", tags: \"\n一期\n临床前\n\", founded: 2020-02-29, region: \"330106\", trade: \"C1311\"}",
            "{id: 3, county: 330282, chunk: 2, flag: false, amount: null, amount__exact: \"1/3\", revenue_2024: null, revenue_2025: 0.00, note: null, size: null, tags: \"\n\", founded: null, region: \"330282\", trade: null}",
        ]
    );
    assert_eq!(rows[1].get_ulong(0).unwrap(), 1);
}

#[test]
fn a_changed_dictionary_is_met() {
    let old = dictionary(&KINDS);
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("snapshot");
    let enterprises = every_kind(&old);
    snapshot::save(&table(&old, &enterprises), "", b"", &folder).unwrap();

    let mut grown = KINDS.to_vec();
    grown.reverse();
    grown.push(("capital", "kind: number"));
    let grown = dictionary(&grown);
    let loaded = snapshot::load(&grown, &folder).unwrap();
    assert!(!loaded.same_dictionary);
    let found = loaded.table.facts(1).unwrap();
    assert_eq!(found.iter().count(), enterprises[0].iter().count());
    for ((index, year), fact) in enterprises[0].iter() {
        let now = grown.find(&old.attribute(*index).id).unwrap();
        assert_eq!(found.get(now, *year).map(|f| &f.value), Some(&fact.value));
    }

    let fewer: Vec<_> = KINDS
        .into_iter()
        .filter(|(id, _)| !["amount", "tags"].contains(id))
        .collect();
    let fewer = dictionary(&fewer);
    let loaded = snapshot::load(&fewer, &folder).unwrap();
    assert!(!loaded.same_dictionary);
    let kept: BTreeSet<&str> = loaded
        .table
        .facts(1)
        .unwrap()
        .iter()
        .map(|((index, _), _)| &*fewer.attribute(*index).id)
        .collect::<Vec<_>>()
        .into_iter()
        .collect();
    assert_eq!(
        kept,
        BTreeSet::from([
            "flag", "revenue", "note", "size", "founded", "region", "trade"
        ])
    );

    for (id, rest) in [
        ("amount", "kind: text"),
        ("amount", "kind: number, annual: true"),
        ("revenue", "kind: number"),
        ("tags", "kind: text"),
        ("trade", "kind: division"),
    ] {
        let changed = KINDS.map(|kept| if kept.0 == id { (id, rest) } else { kept });
        let refused = snapshot::load(&dictionary(&changed), &folder)
            .map(|_| ())
            .unwrap_err();
        assert!(matches!(&refused, SnapshotError::Column { name } if name.ends_with(id)));
        assert!(refused.to_string().contains("类型"), "{refused}");
    }
}

#[test]
fn names_that_meet_are_refused() {
    for attributes in [
        &[("county", "kind: text")][..],
        &[
            ("sales", "kind: number, annual: true"),
            ("sales_2025", "kind: number"),
        ],
    ] {
        let dictionary = dictionary(attributes);
        let mut facts = Facts::new();
        for index in dictionary.indices() {
            let attribute = dictionary.attribute(index);
            let value = match attribute.id.as_str() {
                "county" => Value::Text("甲".into()),
                _ => number("1"),
            };
            facts.assume(index, attribute.annual.then_some(2025), value);
        }
        let folder = tempfile::tempdir().unwrap();
        let refused = snapshot::save(
            &table(&dictionary, &[facts]),
            "",
            b"",
            &folder.path().join("snapshot"),
        );
        assert!(
            matches!(refused, Err(SnapshotError::Name(_))),
            "{refused:?}"
        );
    }
}

fn mark(dictionary: &Arc<Dictionary>, folder: &Path) -> String {
    snapshot::load(dictionary, folder).unwrap().mark
}

#[test]
fn a_stop_at_any_moment_leaves_a_whole_snapshot() {
    let dictionary = dictionary(&KINDS);
    let table = table(&dictionary, &every_kind(&dictionary));
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("snapshot");
    let missing = snapshot::load(&dictionary, &folder).map(|_| ());
    assert!(matches!(missing, Err(SnapshotError::Missing)));
    // Before the first was done.
    let (fresh, old) = (
        root.path().join("snapshot.new"),
        root.path().join("snapshot.old"),
    );
    fs::create_dir(&fresh).unwrap();
    fs::write(fresh.join(FILES[0]), b"PAR1").unwrap();
    let missing = snapshot::load(&dictionary, &folder).map(|_| ());
    assert!(matches!(missing, Err(SnapshotError::Missing)));
    snapshot::save(&table, "1", b"", &folder).unwrap();
    assert_eq!(mark(&dictionary, &folder), "1");
    // Between the two steps of the exchange.
    fs::rename(&folder, &old).unwrap();
    assert_eq!(mark(&dictionary, &folder), "1");
    snapshot::save(&table, "2", b"", &folder).unwrap();
    assert_eq!(mark(&dictionary, &folder), "2");
    // Before the old one was removed.
    fs::create_dir(&old).unwrap();
    fs::write(old.join(FILES[2]), b"{}").unwrap();
    assert_eq!(mark(&dictionary, &folder), "2");
    snapshot::save(&table, "3", b"", &folder.join("")).unwrap();
    assert_eq!(mark(&dictionary, &folder), "3");
    let left: Vec<_> = fs::read_dir(root.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(left, ["snapshot"]);
}

#[test]
fn a_folder_of_something_else_is_left_alone() {
    let dictionary = dictionary(&KINDS);
    let table = table(&dictionary, &every_kind(&dictionary));
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("snapshot");
    let save = || snapshot::save(&table, "", b"", &folder);
    for name in ["snapshot", "snapshot.old", "snapshot.new"] {
        let other = root.path().join(name);
        fs::create_dir_all(other.join(FILES[2])).unwrap();
        let refused = save().unwrap_err();
        assert!(matches!(refused, SnapshotError::Foreign(_)), "{refused:?}");
        fs::remove_dir(other.join(FILES[2])).unwrap();
        let letter = other.join("信.txt");
        fs::write(&letter, "重要").unwrap();
        let refused = save().unwrap_err().to_string();
        assert!(refused.contains("信.txt"), "{refused}");
        assert_eq!(fs::read_to_string(&letter).unwrap(), "重要");
        assert!(!folder.join(FILES[2]).exists());
        // An empty one is what a person may have made for it.
        fs::remove_file(&letter).unwrap();
        save().unwrap();
        fs::remove_dir_all(&folder).unwrap();
    }
}

#[test]
fn other_versions_are_named() {
    let dictionary = dictionary(&KINDS);
    let table = table(&dictionary, &every_kind(&dictionary));
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("snapshot");
    snapshot::save(&table, "", b"", &folder).unwrap();
    let manifest = fs::read_to_string(folder.join(FILES[2])).unwrap();
    for (version, words) in [(0, "第 0 版"), (2, "由更新的程序写成")] {
        let other = manifest.replace(
            "\"version\": 1",
            &format!("\"version\": {version}, \"x\": 1"),
        );
        fs::write(folder.join(FILES[2]), other).unwrap();
        let refused = snapshot::load(&dictionary, &folder)
            .map(|_| ())
            .unwrap_err();
        assert!(refused.to_string().contains(words), "{refused}");
    }
    fs::write(folder.join(FILES[2]), manifest).unwrap();
    fs::remove_file(folder.join(FILES[1])).unwrap();
    let refused = snapshot::load(&dictionary, &folder)
        .map(|_| ())
        .unwrap_err();
    assert!(matches!(refused, SnapshotError::Damaged(_)), "{refused:?}");
}
