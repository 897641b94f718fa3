//! A table of a Parquet file.
//!
//! The file's sum has been checked before, so a mistake here is one of its writer; yet nothing in
//! it is believed: sizes are checked before memory is asked for, and values before they are used.
//!
//! What is not bounded: a column in which all is equal takes next to nothing in the file and up to
//! sixteen bytes a row in memory, and each chunk has words of its own, so a file can ask for as many
//! times its size as it names columns, or as a group has chunks. A large table's own file does the
//! same, and whoever can forge the sum could as well forge the facts.

use std::{
    collections::{HashMap, HashSet},
    panic::{self, AssertUnwindSafe},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use arrow_array::{ArrayRef, RecordBatch, cast::AsArray, types};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use bytes::Bytes;
use parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder},
    },
    basic::{Compression, Encoding, Type},
    column::page::Page,
    file::{
        metadata::{
            ColumnChunkMetaData, ParquetMetaData, ParquetStatisticsPolicy, RowGroupMetaData,
        },
        serialized_reader::SerializedPageReader,
    },
};
use zhida_rules::{Dictionary, FactKey, Kind};

use super::{
    CHUNKS, SnapshotError, columns,
    layout::{self, CHUNK, COUNTY, Column, ID, NARROW, WIDE},
};
use crate::{
    planes::{self, ROWS},
    table::{Chunk, Table, threads},
};

type Read<T> = Result<T, SnapshotError>;

/// Bytes of an id in the file.
const ID_BYTES: usize = 8;

/// A column that is read.
struct Source {
    key: FactKey,
    kind: Kind,
    exact: bool,
    /// Its place in the file, then among the columns that are read.
    at: usize,
}

/// Reads the file; row groups are decoded on all cores.
pub(super) fn read(dictionary: &Arc<Dictionary>, file: Bytes) -> Read<Table> {
    let table = panic::catch_unwind(AssertUnwindSafe(|| decode(dictionary, file)));
    table.unwrap_or_else(|_| Err(SnapshotError::damaged("企业数据文件无法解析")))
}

fn decode(dictionary: &Arc<Dictionary>, file: Bytes) -> Read<Table> {
    let options = ArrowReaderOptions::new()
        .with_skip_arrow_metadata(true)
        .with_column_stats_policy(ParquetStatisticsPolicy::SkipAll);
    let found = ArrowReaderMetadata::load(&file, options.clone())?;
    check_sizes(found.metadata(), file.len())?;
    let (schema, mut sources) = plan(dictionary, &found)?;
    let metadata = Arc::clone(found.metadata());
    let metadata = ArrowReaderMetadata::try_new(metadata, options.with_schema(schema))?;
    let own = (0..3).chain(sources.iter().map(|source| source.at));
    let projection = ProjectionMask::leaves(metadata.parquet_schema(), own);
    let mut kept: Vec<usize> = sources.iter().map(|source| source.at).collect();
    kept.sort_unstable();
    for source in &mut sources {
        source.at = 3 + kept.partition_point(|at| *at < source.at);
    }
    let groups = Groups {
        file,
        metadata,
        projection,
        sources,
    };
    assembled(dictionary, groups.read()?)
}

/// Does every group lie in the file, and has every row its bytes there?
fn check_sizes(metadata: &ParquetMetaData, bytes: usize) -> Read<()> {
    let inside = |group: &RowGroupMetaData| {
        let rows = usize::try_from(group.num_rows()).ok()?;
        let columns = group.columns().iter();
        let fits = columns.clone().all(|column| {
            let start = column
                .dictionary_page_offset()
                .unwrap_or(column.data_page_offset());
            let end = start.checked_add(column.compressed_size());
            start >= 0
                && column.compressed_size() >= 0
                && end.is_some_and(|end| end as u64 <= bytes as u64)
                && column.num_values() == group.num_rows()
                && column.compression() == Compression::UNCOMPRESSED
        });
        (fits && (1..=CHUNKS * ROWS).contains(&rows)).then_some(rows)
    };
    let rows: Option<Vec<usize>> = metadata.row_groups().iter().map(inside).collect();
    let rows = rows.map(|rows| rows.iter().sum::<usize>());
    match rows.is_some_and(|rows| rows <= bytes / ID_BYTES) {
        true => Ok(()),
        false => Err(SnapshotError::damaged("企业数据文件的行数与长度不符")),
    }
}

/// The types in which columns are read, and which are.
fn plan(dictionary: &Dictionary, found: &ArrowReaderMetadata) -> Read<(SchemaRef, Vec<Source>)> {
    let strange = || SnapshotError::damaged("企业数据文件的列与说明不符");
    let notes = found.metadata().file_metadata().key_value_metadata();
    let list = notes
        .into_iter()
        .flatten()
        .find(|note| note.key == layout::KEY);
    let list = list
        .and_then(|note| note.value.as_deref())
        .ok_or_else(strange)?;
    let list: Vec<Column> = serde_json::from_str(list).map_err(SnapshotError::damaged)?;
    let fields = found.schema().fields();
    let own =
        [ID, COUNTY, CHUNK]
            .into_iter()
            .zip([DataType::UInt64, DataType::UInt32, DataType::UInt32]);
    let own = own.zip(fields).all(|((name, kind), field)| {
        field.name() == name && *field.data_type() == kind && !field.is_nullable()
    });
    if !own || fields.len() != list.len() + 3 {
        return Err(strange());
    }
    let mut typed: Vec<Field> = fields.iter().map(|field| (**field).clone()).collect();
    let mut sources = Vec::new();
    for (at, column) in (3..).zip(&list) {
        let wanted = wanted(column, typed[at].data_type());
        if typed[at].name() != &column.name {
            return Err(strange());
        }
        typed[at].set_data_type(wanted.ok_or_else(strange)?);
        if let Some(key) = column.key(dictionary)? {
            let (kind, exact) = (column.kind, column.exact);
            sources.push(Source {
                key,
                kind,
                exact,
                at,
            });
        }
    }
    // Exact texts come after the column that they complete.
    sources.sort_by_key(|source| (source.key, source.exact));
    let mut known = HashSet::new();
    match sources
        .iter()
        .all(|source| known.insert((source.key, source.exact)))
    {
        true => Ok((Arc::new(Schema::new(typed)), sources)),
        false => Err(strange()),
    }
}

/// The type in which a column is read; `None` when the file's is none of ours.
fn wanted(column: &Column, found: &DataType) -> Option<DataType> {
    let places = 0..=crate::raw::PLACES_MAX as i8;
    let texts = || DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    match (column.kind, found) {
        (_, DataType::Utf8) if column.exact => Some(texts()),
        _ if column.exact => None,
        (Kind::Bool, DataType::Boolean) | (Kind::Date, DataType::Date32) => Some(found.clone()),
        (Kind::Number, DataType::Decimal128(NARROW, scale)) if places.contains(scale) => {
            Some(DataType::Decimal64(NARROW, *scale))
        }
        (Kind::Number, DataType::Decimal128(WIDE, scale)) if places.contains(scale) => {
            Some(found.clone())
        }
        (Kind::Bool | Kind::Date | Kind::Number, _) => None,
        (_, DataType::Utf8) => Some(texts()),
        _ => None,
    }
}

/// A chunk as it stands in the file.
struct Part {
    number: u32,
    county: u32,
    chunk: Chunk,
}

struct Groups {
    file: Bytes,
    metadata: ArrowReaderMetadata,
    projection: ProjectionMask,
    sources: Vec<Source>,
}

impl Groups {
    fn read(&self) -> Read<Vec<Part>> {
        let count = self.metadata.metadata().num_row_groups();
        let next = AtomicUsize::new(0);
        let work = || -> Read<Vec<(usize, Vec<Part>)>> {
            let mut done = Vec::new();
            loop {
                let group = next.fetch_add(1, Ordering::Relaxed);
                if group >= count {
                    return Ok(done);
                }
                done.push((group, self.group(group)?));
            }
        };
        let mut groups = Vec::with_capacity(count);
        thread::scope(|scope| {
            let tasks: Vec<_> = (0..threads()).map(|_| scope.spawn(work)).collect();
            for task in tasks {
                let done = task.join();
                groups.extend(done.unwrap_or_else(|_| Err(unreadable("一组行")))?);
            }
            Ok::<_, SnapshotError>(())
        })?;
        groups.sort_unstable_by_key(|(group, _)| *group);
        Ok(groups.into_iter().flat_map(|(_, parts)| parts).collect())
    }

    fn group(&self, group: usize) -> Read<Vec<Part>> {
        let metadata = self.metadata.metadata().row_group(group);
        let rows = metadata.num_rows() as usize;
        check_texts(&self.file, metadata)?;
        let batch = self.batch(group, rows)?;
        let ids = batch.column(0).as_primitive::<types::UInt64Type>().values();
        let counties = batch.column(1).as_primitive::<types::UInt32Type>().values();
        let numbers = batch.column(2).as_primitive::<types::UInt32Type>().values();
        let mut parts = Vec::with_capacity(CHUNKS);
        for numbers in numbers.chunk_by(|a, b| a == b) {
            let start = parts.iter().map(|part: &Part| part.chunk.ids.len()).sum();
            let run = start..start + numbers.len();
            let county = counties[start];
            let many = parts.len() == CHUNKS || run.len() > ROWS;
            if many || counties[run.clone()].iter().any(|other| *other != county) {
                return Err(SnapshotError::damaged("企业数据文件的分块不成立"));
            }
            parts.push(Part {
                number: numbers[0],
                county,
                chunk: Chunk {
                    ids: ids[run].iter().copied().collect(),
                    alive: planes::first(numbers.len()),
                    columns: Vec::with_capacity(self.sources.len()),
                },
            });
        }
        for source in &self.sources {
            fill(&mut parts, source, batch.column(source.at))?;
        }
        Ok(parts)
    }

    fn batch(&self, group: usize, rows: usize) -> Read<RecordBatch> {
        let (file, metadata) = (self.file.clone(), self.metadata.clone());
        let mut reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
            .with_projection(self.projection.clone())
            .with_row_groups(vec![group])
            .with_batch_size(rows)
            .build()?;
        match reader.next() {
            Some(Ok(batch)) if batch.num_rows() == rows => Ok(batch),
            Some(Err(error)) => Err(SnapshotError::damaged(error)),
            _ => Err(unreadable("一组行")),
        }
    }
}

/// Is each text of a group written once, as the writer does? Otherwise a few bytes could ask for
/// gigabytes: as differences to the text before, or one long text for all rows among others in full.
fn check_texts(file: &Bytes, group: &RowGroupMetaData) -> Read<()> {
    let rows = group.num_rows() as usize;
    let file = Arc::new(file.clone());
    let texts = |column: &&ColumnChunkMetaData| column.column_type() == Type::BYTE_ARRAY;
    for column in group.columns().iter().filter(texts) {
        let pages = SerializedPageReader::new(Arc::clone(&file), column, rows, None)?;
        for (at, page) in pages.enumerate() {
            let page = page?;
            let fine = match page {
                Page::DictionaryPage { encoding, .. } => at == 0 && encoding == Encoding::PLAIN,
                _ => at > 0 && page.encoding() == Encoding::RLE_DICTIONARY,
            };
            if !fine {
                return Err(SnapshotError::damaged("企业数据文件的编码与说明不符"));
            }
        }
    }
    Ok(())
}

/// Deals a column out to the chunks.
fn fill(parts: &mut [Part], source: &Source, array: &ArrayRef) -> Read<()> {
    let mut decoder = columns::Decoder::new(source.kind, source.exact, array)
        .ok_or_else(|| unreadable("一列"))?;
    let mut start = 0;
    for Part { chunk, .. } in parts {
        let rows = start..start + chunk.ids.len();
        start = rows.end;
        let done = match source.exact {
            false => decoder.raw(rows).map(|raw| {
                chunk.columns.extend(raw.map(|raw| (source.key, raw)));
            }),
            true => decoder.complete(rows, source.key, &mut chunk.columns),
        };
        done.ok_or_else(|| unreadable("一列"))?;
    }
    Ok(())
}

fn assembled(dictionary: &Arc<Dictionary>, parts: Vec<Part>) -> Read<Table> {
    if !parts
        .iter()
        .zip(0..)
        .all(|(part, number)| part.number == number)
    {
        return Err(SnapshotError::damaged("企业数据文件的分块不成立"));
    }
    let mut counties: Vec<(u32, Vec<u32>)> = Vec::new();
    let mut known: HashMap<u32, usize> = HashMap::new();
    for part in &parts {
        let at = *known.entry(part.county).or_insert(counties.len());
        match counties.get_mut(at) {
            Some((_, chunks)) => chunks.push(part.number),
            None => counties.push((part.county, vec![part.number])),
        }
    }
    let chunks = parts.into_iter().map(|part| part.chunk).collect();
    Table::assembled(Arc::clone(dictionary), chunks, counties).map_err(SnapshotError::damaged)
}

fn unreadable(what: &str) -> SnapshotError {
    SnapshotError::damaged(format!("企业数据文件有{what}无法解析"))
}

impl From<parquet::errors::ParquetError> for SnapshotError {
    fn from(error: parquet::errors::ParquetError) -> Self {
        Self::damaged(error)
    }
}
