//! Files as the writer never makes them, which would ask for more memory or time than they are worth.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray, UInt32Array, UInt64Array};
use parquet::{
    arrow::{ArrowWriter, arrow_writer::ArrowWriterOptions},
    basic::Encoding,
    file::{
        metadata::KeyValue,
        properties::{WriterProperties, WriterPropertiesBuilder},
    },
};
use zhida_matcher::snapshot;

use super::{KINDS, dictionary};

/// Rows of a chunk at most.
const ROWS: usize = 2_048;

/// Is a file taken that has these chunks, and for a column of the dictionary these texts?
fn is_taken(
    chunks: impl Iterator<Item = u32>,
    texts: Option<(&str, &str, Vec<String>)>,
    properties: WriterPropertiesBuilder,
) -> bool {
    let chunks: Vec<u32> = chunks.collect();
    let rows = chunks.len();
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        (
            "id",
            Arc::new(UInt64Array::from_iter_values(1..=rows as u64)),
        ),
        ("county", Arc::new(UInt32Array::from(vec![330_106; rows]))),
        ("chunk", Arc::new(UInt32Array::from(chunks))),
    ];
    let mut list = Vec::new();
    if let Some((attribute, kind, texts)) = texts {
        let exact = matches!(kind, "number" | "set");
        list.push(serde_json::json!({
            "name": "column", "attribute": attribute, "year": null, "kind": kind,
            "annual": false, "exact": exact,
        }));
        let texts = texts.into_iter().map(Some);
        columns.push(("column", Arc::new(StringArray::from_iter(texts))));
    }
    let nullable = |name: &str| name == "column";
    let columns = columns
        .into_iter()
        .map(|(name, array)| (name, array, nullable(name)));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let list = serde_json::to_string(&list).unwrap();
    let note = KeyValue::new("zhida.columns".to_owned(), list);
    let options = ArrowWriterOptions::new()
        .with_properties(properties.set_key_value_metadata(Some(vec![note])).build())
        .with_skip_arrow_metadata(true);
    let mut writer =
        ArrowWriter::try_new_with_options(Vec::new(), batch.schema(), options).unwrap();
    writer.write(&batch).unwrap();
    let bytes = writer.into_inner().unwrap();
    match snapshot::parse(&dictionary(&KINDS), bytes) {
        Ok(table) => table.len() == rows,
        Err(refused) => {
            assert!(refused.to_string().contains("已损坏"), "{refused}");
            false
        }
    }
}

fn plain() -> WriterPropertiesBuilder {
    WriterProperties::builder()
}

#[test]
fn a_group_has_no_more_chunks_than_the_writer_makes() {
    assert!(is_taken(0..32, None, plain()));
    assert!(!is_taken(0..33, None, plain()));
}

#[test]
fn texts_stand_once_each() {
    let texts = || (0..2_000).map(|n| format!("名称{n}")).collect::<Vec<_>>();
    let taken = |properties| {
        let chunks = std::iter::repeat_n(0, 2_000);
        is_taken(chunks, Some(("note", "text", texts())), properties)
    };
    let without = || plain().set_dictionary_enabled(false);
    assert!(taken(plain()));
    for encoding in [
        Encoding::PLAIN,
        Encoding::DELTA_BYTE_ARRAY,
        Encoding::DELTA_LENGTH_BYTE_ARRAY,
    ] {
        let column = "column".into();
        assert!(!taken(without().set_column_encoding(column, encoding)));
    }
    // First once each, then in full.
    let mixed = plain()
        .set_dictionary_page_size_limit(1_000)
        .set_write_batch_size(100);
    assert!(!taken(mixed));
}

#[test]
fn numbers_beyond_all_that_can_be_typed_are_refused() {
    let taken = |text: String| is_taken(0..1, Some(("amount", "number", vec![text])), plain());
    let digits = |count| "9".repeat(count);
    assert!(taken(format!("-{}/{}", digits(100), digits(100))));
    assert!(!taken(digits(101)));
    assert!(!taken(format!("1/{}", digits(101))));
    assert!(!taken(digits(1_000_000)));
}

#[test]
fn exact_texts_are_bounded() {
    let taken = |rows: usize| {
        let chunks = (0..rows).map(|row| (row / ROWS) as u32);
        let text = serde_json::json!(["甲\n".repeat(256)]).to_string();
        is_taken(chunks, Some(("tags", "set", vec![text; rows])), plain())
    };
    assert!(taken(10_000));
    assert!(!taken(20_000));
}
