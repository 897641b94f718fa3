//! A table as a Parquet file.

use std::{collections::HashMap, io, io::Write, sync::Arc, thread};

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal64Array, Decimal128Array, DictionaryArray,
    Int32Array, StringArray, UInt32Array, UInt64Array,
};
use arrow_schema::{DataType, Field, Schema};
use parquet::{
    arrow::{
        ArrowWriter,
        arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, ArrowWriterOptions, compute_leaves},
    },
    basic::{Compression, Encoding},
    errors::{ParquetError, Result},
    file::{
        metadata::KeyValue,
        properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder},
    },
    schema::types::ColumnPath,
};
use zhida_rules::{FactKey, Kind, TEXT_MAX};

use super::{
    CHUNKS, SnapshotError, exact,
    layout::{self, CHUNK, COUNTY, Column, Extent, ID, NARROW, WIDE},
};
use crate::{
    planes::ROWS,
    raw::{NO_DAY, Raw, Word},
    sql,
    table::{Chunk, Table, threads},
};

/// Bytes of distinct texts in a row group up to which they are written once each: more than texts
/// can have, for the reader takes no others.
const DICTIONARY_BYTES: usize = CHUNKS * ROWS * (4 * TEXT_MAX + size_of::<u32>()) + 1;

/// A chunk that is written: its number in the file and its county.
struct Part<'t> {
    number: u32,
    county: u32,
    chunk: &'t Chunk,
    /// Those in use.
    rows: Vec<usize>,
}

/// Writes the file; row groups are encoded on all cores.
pub(super) fn write<W: Write + Send>(
    table: &Table,
    to: W,
) -> std::result::Result<W, SnapshotError> {
    let columns = layout::columns(table)?;
    encode(table, &columns, to).map_err(|error| match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => SnapshotError::Io(*error),
            Err(error) => SnapshotError::Io(io::Error::other(error)),
        },
        error => SnapshotError::Io(io::Error::other(error)),
    })
}

fn encode<W: Write + Send>(
    table: &Table,
    columns: &[(Column, FactKey, Extent)],
    to: W,
) -> Result<W> {
    let list: Vec<&Column> = columns.iter().map(|(column, ..)| column).collect();
    let list =
        serde_json::to_string(&list).map_err(|error| ParquetError::External(error.into()))?;
    let schema = Arc::new(schema(columns));
    let options = ArrowWriterOptions::new()
        .with_properties(properties(columns, list))
        .with_skip_arrow_metadata(true);
    let writer = ArrowWriter::try_new_with_options(to, Arc::clone(&schema), options)?;
    let (mut file, factory) = writer.into_serialized_writer()?;
    let parts = parts(table);
    let groups: Vec<&[Part<'_>]> = parts.chunks(CHUNKS).collect();
    for (wave, groups) in groups.chunks(threads()).enumerate() {
        let writers = (0..groups.len())
            .map(|group| factory.create_column_writers(wave * threads() + group))
            .collect::<Result<Vec<_>>>()?;
        let encoded: Vec<Result<Vec<ArrowColumnChunk>>> = thread::scope(|scope| {
            let pairs = groups.iter().zip(writers);
            let tasks: Vec<_> = pairs
                .map(|(group, writers)| {
                    let schema = &schema;
                    scope.spawn(move || encode_group(group, columns, schema, writers))
                })
                .collect();
            let failed = || Err(ParquetError::General("a row group was not encoded".into()));
            tasks
                .into_iter()
                .map(|task| task.join().unwrap_or_else(|_| failed()))
                .collect()
        });
        for chunks in encoded {
            let mut group = file.next_row_group()?;
            for chunk in chunks? {
                chunk.append_to_row_group(&mut group)?;
            }
            group.close()?;
        }
    }
    file.into_inner()
}

/// How columns are packed. Whole numbers as differences of few bits and texts once each make the
/// file about as small as any compressor would, and nothing has to be unpacked before it is known
/// how large it is.
fn properties(columns: &[(Column, FactKey, Extent)], list: String) -> WriterProperties {
    let builder = WriterProperties::builder()
        .set_compression(Compression::UNCOMPRESSED)
        .set_dictionary_page_size_limit(DICTIONARY_BYTES)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_key_value_metadata(Some(vec![KeyValue::new(layout::KEY.to_owned(), list)]));
    let packed = |builder: WriterPropertiesBuilder, name: &str, encoding| {
        let path = ColumnPath::from(name);
        builder
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path, encoding)
    };
    // The reader relies on eight bytes for each row.
    let builder = packed(builder, ID, Encoding::PLAIN);
    let whole = columns.iter().filter(|(column, _, extent)| {
        let narrow = column.kind == Kind::Number && extent.precision == NARROW;
        !column.exact && (narrow || column.kind == Kind::Date)
    });
    let builder = whole.fold(builder, |builder, (column, ..)| {
        packed(builder, &column.name, Encoding::DELTA_BINARY_PACKED)
    });
    builder.build()
}

fn schema(columns: &[(Column, FactKey, Extent)]) -> Schema {
    let own = [
        Field::new(ID, DataType::UInt64, false),
        Field::new(COUNTY, DataType::UInt32, false),
        Field::new(CHUNK, DataType::UInt32, false),
    ];
    let facts = columns.iter().map(|(column, _, extent)| {
        let text = || DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let kind = match column.kind {
            _ if column.exact => DataType::Utf8,
            Kind::Bool => DataType::Boolean,
            Kind::Date => DataType::Date32,
            Kind::Number if extent.precision == NARROW => {
                DataType::Decimal64(NARROW, extent.places as i8)
            }
            Kind::Number => DataType::Decimal128(WIDE, extent.places as i8),
            Kind::Text | Kind::Choice | Kind::Set | Kind::Division | Kind::Industry => text(),
        };
        Field::new(&column.name, kind, true)
    });
    Schema::new(own.into_iter().chain(facts).collect::<Vec<_>>())
}

/// Chunks with rows in use.
fn parts(table: &Table) -> Vec<Part<'_>> {
    let mut counties = vec![0; table.chunks.len()];
    for (county, chunks) in &table.counties {
        for chunk in chunks {
            counties[*chunk as usize] = *county;
        }
    }
    let chunks = table
        .chunks
        .iter()
        .zip(counties)
        .filter_map(|(chunk, county)| {
            let rows: Vec<usize> = (0..chunk.ids.len())
                .filter(|row| chunk.is_alive(*row))
                .collect();
            (!rows.is_empty()).then_some((&**chunk, county, rows))
        });
    let parts = (0..)
        .zip(chunks)
        .map(|(number, (chunk, county, rows))| Part {
            number,
            county,
            chunk,
            rows,
        });
    parts.collect()
}

fn encode_group(
    group: &[Part<'_>],
    columns: &[(Column, FactKey, Extent)],
    schema: &Schema,
    writers: Vec<ArrowColumnWriter>,
) -> Result<Vec<ArrowColumnChunk>> {
    let each = |value: fn(&Part<'_>) -> u32| -> ArrayRef {
        let rows = group
            .iter()
            .flat_map(|p| std::iter::repeat_n(value(p), p.rows.len()));
        Arc::new(UInt32Array::from_iter_values(rows))
    };
    let ids = group
        .iter()
        .flat_map(|p| p.rows.iter().map(|row| p.chunk.ids.at(*row)));
    let own: [ArrayRef; 3] = [
        Arc::new(UInt64Array::from_iter_values(ids)),
        each(|part| part.county),
        each(|part| part.number),
    ];
    let facts = columns
        .iter()
        .map(|(column, key, extent)| match column.exact {
            true => Ok(exact_texts(group, *key)),
            false => values(group, *key, column.kind, *extent),
        });
    let arrays = own.into_iter().map(Ok).chain(facts);
    let fields = schema.fields().iter();
    let chunks = arrays
        .zip(fields)
        .zip(writers)
        .map(|((array, field), mut writer)| {
            for leaf in compute_leaves(field, &array?)? {
                writer.write(&leaf)?;
            }
            writer.close()
        });
    chunks.collect()
}

/// A group's rows of one column; `None` where the value is not of this form.
fn rows<'g, T: 'g>(
    group: &'g [Part<'_>],
    key: FactKey,
    value: impl Fn(&'g Raw, usize) -> Option<T> + Copy + 'g,
) -> impl Iterator<Item = Option<T>> + 'g {
    group.iter().flat_map(move |part| {
        let raw = part.chunk.column(key);
        let rows = part.rows.iter();
        rows.map(move |row| raw.and_then(|raw| value(raw, *row)))
    })
}

fn values(group: &[Part<'_>], key: FactKey, kind: Kind, extent: Extent) -> Result<ArrayRef> {
    Ok(match kind {
        Kind::Bool => Arc::new(BooleanArray::from_iter(rows(
            group,
            key,
            |raw, row| match raw {
                Raw::Flags(flags) => flags[row].checked_sub(1).map(|flag| flag == 1),
                _ => None,
            },
        ))),
        Kind::Date => Arc::new(Date32Array::from_iter(rows(
            group,
            key,
            |raw, row| match raw {
                Raw::Days(days) => Some(days[row]).filter(|day| *day != NO_DAY),
                _ => None,
            },
        ))),
        Kind::Number => {
            let places = extent.places;
            let decimals = rows(group, key, move |raw, row| match raw {
                Raw::Numbers(numbers) => {
                    let unit = 10_i128.pow((places - numbers.places).into());
                    numbers
                        .decimal_at(row)
                        .map(|value| i128::from(value) * unit)
                }
                _ => None,
            });
            match extent.precision {
                NARROW => {
                    let decimals = decimals.map(|value| value.map(|value| value as i64));
                    let array = Decimal64Array::from_iter(decimals);
                    Arc::new(array.with_precision_and_scale(NARROW, places as i8)?)
                }
                _ => {
                    let array = Decimal128Array::from_iter(decimals);
                    Arc::new(array.with_precision_and_scale(WIDE, places as i8)?)
                }
            }
        }
        Kind::Text | Kind::Choice | Kind::Set | Kind::Division | Kind::Industry => {
            Arc::new(words(group, key)?)
        }
    })
}

/// Texts, each once; `None` for a set whose text would look like that of another.
fn words(
    group: &[Part<'_>],
    key: FactKey,
) -> Result<DictionaryArray<arrow_array::types::Int32Type>> {
    let mut known: HashMap<String, i32> = HashMap::new();
    let mut texts: Vec<String> = Vec::new();
    let mut keys: Vec<Option<i32>> = Vec::new();
    for part in group {
        let Some(Raw::Words(words)) = part.chunk.column(key) else {
            keys.extend(std::iter::repeat_n(None, part.rows.len()));
            continue;
        };
        let mut positions: Vec<Option<i32>> = vec![None; words.values.len() + 1];
        for row in &part.rows {
            let at = words.at[*row] as usize;
            let word = at.checked_sub(1).map(|at| &words.values[at]);
            if let Some(word) = word.filter(|word| !layout::is_ambiguous(word))
                && positions[at].is_none()
            {
                let text = match word {
                    Word::Text(text) => text.clone(),
                    Word::Set(members) => sql::set_text(members.iter().map(String::as_str)),
                };
                let next = known.len() as i32;
                let position = *known.entry(text).or_insert_with_key(|text| {
                    texts.push(text.clone());
                    next
                });
                positions[at] = Some(position);
            }
            keys.push(positions[at]);
        }
    }
    let texts = StringArray::from_iter_values(texts);
    Ok(DictionaryArray::try_new(
        Int32Array::from(keys),
        Arc::new(texts),
    )?)
}

fn exact_texts(group: &[Part<'_>], key: FactKey) -> ArrayRef {
    let texts = rows(group, key, |raw, row| match raw {
        Raw::Numbers(numbers) => {
            let odd = numbers.odd.get(&(row as u32))?;
            Some(exact::number_text(odd))
        }
        Raw::Words(words) => match words.get(row)? {
            word @ Word::Set(members) if layout::is_ambiguous(word) => {
                Some(exact::members_text(members))
            }
            _ => None,
        },
        _ => None,
    });
    Arc::new(StringArray::from_iter(texts))
}
