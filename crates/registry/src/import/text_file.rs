//! CSV and its kin: encoding and delimiter are detected, rows that do not decode are said so.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use csv::ByteRecord;
use encoding_rs::GB18030;

use super::detect::{self, Input};
use super::header::Mapper;
use super::source::{self, Encoding, Form, HEADING_ROWS, RawRow, Scan};
use super::{ImportError, ImportLimits, RECORD_BYTES_MAX};

/// Bytes at the beginning by which the delimiter is told.
const SAMPLE_BYTES: u64 = 1 << 16;

/// Reads the file once: delimiter, encoding, heading, number of rows.
pub(crate) fn scan(
    input: &Input,
    mapper: &Mapper<'_>,
    limits: &ImportLimits,
) -> Result<Scan, ImportError> {
    let delimiter = delimiter(input, mapper, limits)?;
    let mut first_rows = Vec::new();
    let mut tally = Tally::default();
    let mut records: u64 = 0;
    each_record(input, delimiter, limits, &mut |_, record| {
        if is_blank(record) {
            return true;
        }
        if first_rows.len() < HEADING_ROWS {
            first_rows.push(record.clone());
        }
        tally.count(record);
        records += 1;
        // one more than allowed tells that there are too many
        records <= limits.rows_max.saturating_add(HEADING_ROWS as u64 + 1)
    })?;
    let encoding = tally.encoding();
    let decoded: Vec<Vec<String>> = first_rows
        .iter()
        .map(|record| decode(record, encoding).unwrap_or_default())
        .collect();
    let (heading_at, plan) = match source::understand(mapper, &decoded) {
        Err(ImportError::NoCodeColumn { .. }) if decoded.first().is_some_and(Vec::is_empty) => {
            let (file, encoding) = (input.name.clone(), encoding.name());
            return Err(ImportError::HeadingEncoding { file, encoding });
        }
        found => found?,
    };
    let rows = records.saturating_sub(heading_at + 1);
    Ok(Scan {
        form: Form::Text {
            encoding,
            delimiter,
        },
        heading_at,
        plan,
        rows,
    })
}

/// Hands every record that is not blank to `take`.
pub(crate) fn read(
    input: &Input,
    encoding: Encoding,
    delimiter: u8,
    limits: &ImportLimits,
    take: &mut dyn FnMut(RawRow) -> bool,
) -> Result<(), ImportError> {
    each_record(input, delimiter, limits, &mut |number, record| {
        is_blank(record)
            || take(match decode(record, encoding) {
                Ok(cells) => RawRow {
                    number,
                    cells,
                    fault: None,
                },
                Err(fault) => RawRow {
                    number,
                    cells: lossy(record, encoding),
                    fault: Some(fault),
                },
            })
    })
}

fn each_record(
    input: &Input,
    delimiter: u8,
    limits: &ImportLimits,
    take: &mut dyn FnMut(u64, &ByteRecord) -> bool,
) -> Result<(), ImportError> {
    let failed = |error| detect::read_error(input, limits.unpacked_bytes_max, error);
    let inner = detect::text_reader(input, limits.unpacked_bytes_max).map_err(failed)?;
    let since = Arc::new(AtomicU64::new(0));
    let watched = Watched {
        inner,
        since: Arc::clone(&since),
    };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .buffer_capacity(1 << 16)
        .from_reader(Lines::new(watched));
    let mut record = ByteRecord::new();
    let (mut number, mut line) = (0, 1);
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) => return Err(csv_error(error, number + 1, failed)),
        }
        since.store(0, Ordering::Relaxed);
        // a spreadsheet counts blank lines, which the reader skips, and not the lines within a cell
        let within = record.as_slice().iter().filter(|b| **b == b'\n').count() as u64;
        let end = reader.position().line();
        number += (end - line).saturating_sub(within).max(1);
        line = end;
        if !take(number, &record) {
            return Ok(());
        }
    }
}

fn csv_error(
    error: csv::Error,
    line: u64,
    failed: impl FnOnce(io::Error) -> ImportError,
) -> ImportError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) if error.get_ref().is_some_and(|inner| inner.is::<Endless>()) => {
            ImportError::RecordTooLong {
                line,
                bytes_max: RECORD_BYTES_MAX,
            }
        }
        csv::ErrorKind::Io(error) => failed(error),
        other => failed(io::Error::other(format!("{other:?}"))),
    }
}

/// Marks a record that does not end.
#[derive(Debug, thiserror::Error)]
#[error("record without end")]
struct Endless;

/// Fails when too much is read without a record being finished: memory stays bounded.
struct Watched {
    inner: Box<dyn Read + Send>,
    since: Arc<AtomicU64>,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let before = self.since.fetch_add(read as u64, Ordering::Relaxed);
        if before > RECORD_BYTES_MAX {
            return Err(io::Error::other(Endless));
        }
        Ok(read)
    }
}

/// Ends every line with one line feed, the last one too, so that counting them counts lines whatever
/// program wrote the file.
struct Lines<R> {
    inner: R,
    after_return: bool,
    ended: bool,
}

impl<R: Read> Lines<R> {
    fn new(inner: R) -> Self {
        Self {
            inner,
            after_return: false,
            ended: true,
        }
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.inner.read(buffer)?;
            if read == 0 {
                let missing = !self.ended && !buffer.is_empty();
                if missing {
                    buffer[0] = b'\n';
                    self.ended = true;
                }
                return Ok(usize::from(missing));
            }
            let mut kept = 0;
            for at in 0..read {
                let byte = buffer[at];
                let second = byte == b'\n' && self.after_return;
                self.after_return = byte == b'\r';
                if !second {
                    buffer[kept] = if byte == b'\r' { b'\n' } else { byte };
                    kept += 1;
                }
            }
            if kept > 0 {
                self.ended = buffer[kept - 1] == b'\n';
                return Ok(kept);
            }
        }
    }
}

/// The delimiter under which the heading is recognised, else the one that occurs most.
fn delimiter(input: &Input, mapper: &Mapper<'_>, limits: &ImportLimits) -> Result<u8, ImportError> {
    let failed = |error| detect::read_error(input, limits.unpacked_bytes_max, error);
    let reader = detect::text_reader(input, limits.unpacked_bytes_max).map_err(failed)?;
    let mut sample = Vec::new();
    reader
        .take(SAMPLE_BYTES)
        .read_to_end(&mut sample)
        .map_err(failed)?;
    if sample.is_empty() {
        return Err(ImportError::Empty(input.name.clone()));
    }
    if sample.starts_with(&[0xFF, 0xFE]) || sample.starts_with(&[0xFE, 0xFF]) {
        return Err(ImportError::Utf16(input.name.clone()));
    }
    if sample.contains(&0) {
        return Err(ImportError::NotA {
            file: input.name.clone(),
            expected: "文本（CSV）",
        });
    }
    let candidates = [b',', b';', b'\t'];
    let recognised = candidates.into_iter().find(|delimiter| {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(*delimiter)
            .from_reader(sample.as_slice());
        let rows = reader
            .byte_records()
            .take(HEADING_ROWS)
            .filter_map(Result::ok);
        rows.into_iter()
            .any(|record| record.len() > 1 && mapper.is_heading(&any_encoding(&record)))
    });
    let count = |delimiter: &u8| sample.iter().filter(|byte| *byte == delimiter).count();
    Ok(recognised.unwrap_or_else(|| candidates.into_iter().max_by_key(count).unwrap_or(b',')))
}

fn any_encoding(record: &ByteRecord) -> Vec<String> {
    let decoded = decode(record, Encoding::Utf8).or_else(|_| decode(record, Encoding::Gb18030));
    decoded.unwrap_or_default()
}

fn is_blank(record: &ByteRecord) -> bool {
    record
        .iter()
        .all(|cell| cell.iter().all(u8::is_ascii_whitespace))
}

/// How many rows speak for either encoding; rows of ASCII alone speak for none.
#[derive(Default)]
struct Tally {
    utf8: u64,
    other: u64,
}

impl Tally {
    fn count(&mut self, record: &ByteRecord) {
        let bytes = record.as_slice();
        if bytes.is_ascii() {
            return;
        }
        match record.iter().all(|cell| std::str::from_utf8(cell).is_ok()) {
            true => self.utf8 += 1,
            false => self.other += 1,
        }
    }

    fn encoding(&self) -> Encoding {
        if self.other > self.utf8 {
            Encoding::Gb18030
        } else {
            Encoding::Utf8
        }
    }
}

const NOT_UTF8: &str = "这一行的字节不是文件所用的 UTF-8 编码（混用了编码）";
const NOT_GB18030: &str = "这一行的字节不是文件所用的 GB18030 编码（混用了编码）";

/// The record's cells; or why it is not in the file's encoding.
fn decode(record: &ByteRecord, encoding: Encoding) -> Result<Vec<String>, &'static str> {
    match encoding {
        Encoding::Utf8 => record
            .iter()
            .map(|cell| {
                std::str::from_utf8(cell)
                    .map(str::to_owned)
                    .map_err(|_| NOT_UTF8)
            })
            .collect(),
        Encoding::Gb18030 if looks_like_utf8(record) => Err(NOT_GB18030),
        Encoding::Gb18030 => record
            .iter()
            .map(|cell| {
                let decoded = GB18030.decode_without_bom_handling_and_without_replacement(cell);
                decoded.map(String::from).ok_or(NOT_GB18030)
            })
            .collect(),
    }
}

/// Chinese in UTF-8 is often valid GB18030 by chance, the other way round hardly ever.
fn looks_like_utf8(record: &ByteRecord) -> bool {
    let bytes = record.as_slice();
    !bytes.is_ascii()
        && record.iter().all(|cell| {
            std::str::from_utf8(cell).is_ok_and(|text| {
                text.chars().all(|c| {
                    c.is_ascii() || ('\u{3000}'..='\u{9fff}').contains(&c) || c >= '\u{ff00}'
                })
            })
        })
}

fn lossy(record: &ByteRecord, encoding: Encoding) -> Vec<String> {
    let cells = record.iter().map(|cell| match encoding {
        Encoding::Utf8 => GB18030.decode_without_bom_handling(cell).0.into_owned(),
        Encoding::Gb18030 => String::from_utf8_lossy(cell).into_owned(),
    });
    cells.collect()
}
