use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes};
use axum::response::Response;
use chrono::NaiveDate;
use futures::stream::{self, Stream, StreamExt, TryStreamExt};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use zip::result::ZipError;
use zip::write::{SimpleFileOptions, StreamWriter, ZipWriter};

use super::xlsx_parts::{self as parts, escaped};
use super::{Cell, Column, ExportError, Table, guarded, is_plain_decimal, set_download};
use crate::problem::Problem;

/// What a sheet holds; what is more goes on in another.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Rows, the heading among them.
    lines: u32,
    /// Bytes of its XML, about.
    bytes: u64,
}

/// Rows: ECMA-376, SpreadsheetML limits as Excel holds them. Bytes: below the 4 GiB from which on a ZIP needs fields
/// (ZIP64) that make Excel offer to repair the file.
const LIMITS: Limits = Limits {
    lines: 1_048_576,
    bytes: 3 << 30,
};
/// Characters of a cell, likewise.
const CELL_CHARS_MAX: usize = 32_767;
/// Digits that a cell's number, a binary double, shows exactly.
const DIGITS_EXACT: usize = 15;
/// Rows turned into bytes at a time.
const ROWS_PER_CHUNK: usize = 512;
/// XML of lists repeats itself: more effort costs much time and saves little.
const EFFORT: i64 = 1;
const XLSX_TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Writes the table as XLSX, with memory independent of its length; how many
/// rows there were, without the headings. More rows than a sheet holds go on in
/// further sheets.
///
/// # Errors
/// When a row cannot be read or the file not written.
pub async fn write_xlsx(
    table: Table,
    target: &mut (impl AsyncWrite + Unpin),
) -> Result<u64, ExportError> {
    let mut count: u64 = 0;
    let mut chunks = std::pin::pin!(xlsx_chunks(table, LIMITS));
    while let Some(chunk) = chunks.next().await {
        let (rows, bytes) = chunk?;
        target.write_all(&bytes).await?;
        count += u64::try_from(rows).unwrap_or_default();
    }
    target.flush().await?;
    Ok(count)
}

/// The table as a download that starts before the last row is read. A row that
/// cannot be read later breaks the download off, so that no half file looks whole.
///
/// # Errors
/// When the first rows cannot be read.
pub async fn xlsx_response(table: Table) -> Result<Response, Problem> {
    let name = format!("{}.xlsx", table.name);
    let mut chunks = Box::pin(xlsx_chunks(table, LIMITS).map_ok(|(_, bytes)| bytes));
    let first = chunks.try_next().await?;
    let body = Body::from_stream(stream::iter(first.map(Ok)).chain(chunks));
    let mut response = Response::new(body);
    set_download(&mut response, XLSX_TYPE, &name);
    Ok(response)
}

/// The table as XLSX, chunk by chunk. Each chunk says how many rows it holds.
fn xlsx_chunks(
    table: Table,
    limits: Limits,
) -> impl Stream<Item = Result<(usize, Bytes), Problem>> + Send {
    let Table {
        name,
        columns,
        rows,
    } = table;
    let book = Book::new(name, columns, limits);
    let start = (Some(book), rows.chunks(ROWS_PER_CHUNK));
    stream::try_unfold(start, |(book, mut rows)| async move {
        let Some(mut book) = book else {
            return Ok(None);
        };
        let Some(chunk) = rows.next().await else {
            let bytes = book.finish().map_err(Problem::internal)?;
            return Ok(Some(((0, bytes), (None, rows))));
        };
        let count = chunk.len();
        for row in chunk {
            book.row(&row?).map_err(Problem::internal)?;
        }
        let bytes = book.taken().map_err(Problem::internal)?;
        Ok(Some(((count, bytes), (Some(book), rows))))
    })
}

/// What was packed and not taken yet.
#[derive(Clone, Default)]
struct Packed(Arc<Mutex<Vec<u8>>>);

impl Packed {
    fn take(&self) -> Bytes {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *bytes).into()
    }
}

impl Write for Packed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut packed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        packed.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A workbook that is written from front to back: its sheets, then what lists them.
struct Book {
    name: String,
    columns: Vec<Column>,
    limits: Limits,
    zip: ZipWriter<StreamWriter<Packed>>,
    packed: Packed,
    /// XML of the open sheet that is not packed yet.
    xml: String,
    sheets: u32,
    /// Lines of the open sheet; nought before the first sheet.
    lines: u32,
    /// Bytes of the open sheet that are packed.
    bytes: u64,
}

impl Book {
    fn new(name: String, columns: Vec<Column>, limits: Limits) -> Self {
        let packed = Packed::default();
        Self {
            name,
            columns,
            limits,
            zip: ZipWriter::new_stream(packed.clone()),
            packed,
            xml: String::new(),
            sheets: 0,
            lines: 0,
            bytes: 0,
        }
    }

    fn row(&mut self, row: &[Cell]) -> Result<(), ZipError> {
        let Limits { lines, bytes } = self.limits;
        if self.sheets == 0 || self.lines >= lines || self.bytes >= bytes {
            self.next_sheet()?;
        }
        self.open_line();
        for (column, cell) in row.iter().enumerate() {
            push_cell(&mut self.xml, column, self.lines, cell);
        }
        self.xml.push_str("</row>");
        Ok(())
    }

    fn open_line(&mut self) {
        self.lines += 1;
        self.xml.push_str(&format!("<row r=\"{}\">", self.lines));
    }

    fn next_sheet(&mut self) -> Result<(), ZipError> {
        self.close_sheet()?;
        self.sheets += 1;
        (self.lines, self.bytes) = (0, 0);
        self.open(&parts::sheet_path(self.sheets))?;
        self.xml.push_str(&parts::sheet_head(&self.columns));
        self.open_line();
        for (column, Column { heading, .. }) in self.columns.iter().enumerate() {
            let heading = guarded(heading);
            push_text(&mut self.xml, column, 1, &heading, parts::HEADING);
        }
        self.xml.push_str("</row>");
        Ok(())
    }

    fn close_sheet(&mut self) -> Result<(), ZipError> {
        if self.sheets > 0 {
            self.xml.push_str(parts::SHEET_END);
        }
        self.pack()
    }

    fn open(&mut self, path: &str) -> Result<(), ZipError> {
        let options = SimpleFileOptions::default().compression_level(Some(EFFORT));
        self.zip.start_file(path, options)
    }

    fn pack(&mut self) -> Result<(), ZipError> {
        self.zip.write_all(self.xml.as_bytes())?;
        self.bytes += self.xml.len() as u64;
        self.xml.clear();
        Ok(())
    }

    /// What was packed since the last time.
    fn taken(&mut self) -> Result<Bytes, ZipError> {
        self.pack()?;
        Ok(self.packed.take())
    }

    /// The rest of the file.
    fn finish(mut self) -> Result<Bytes, ZipError> {
        if self.sheets == 0 {
            self.next_sheet()?;
        }
        self.close_sheet()?;
        for (path, xml) in parts::rest(&self.name, self.sheets) {
            self.open(path)?;
            self.zip.write_all(xml.as_bytes())?;
        }
        let _stream = self.zip.finish()?;
        Ok(self.packed.take())
    }
}

fn push_cell(xml: &mut String, column: usize, line: u32, cell: &Cell) {
    match cell {
        Cell::Empty => {}
        Cell::Text(text) => push_text(xml, column, line, &guarded(text), parts::PLAIN),
        Cell::Integer(number) => push_number(xml, column, line, &number.to_string()),
        Cell::Decimal(text) if is_plain_decimal(text) => push_number(xml, column, line, text),
        Cell::Decimal(text) => push_text(xml, column, line, &guarded(text), parts::PLAIN),
        Cell::Date(day) => match serial(*day) {
            Some(number) => push_value(xml, column, line, &number.to_string(), parts::DATE),
            None => {
                let text = day.format("%Y-%m-%d").to_string();
                push_text(xml, column, line, &text, parts::PLAIN);
            }
        },
    }
}

/// The number of a day in Excel's calendar; `None` before its 29 February 1900, which never was.
fn serial(day: NaiveDate) -> Option<i64> {
    let counted_from = NaiveDate::from_ymd_opt(1899, 12, 30)?;
    let number = day.signed_duration_since(counted_from).num_days();
    (61..=2_958_465).contains(&number).then_some(number)
}

/// Numbers too long for a double go in as text.
fn push_number(xml: &mut String, column: usize, line: u32, text: &str) {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    match digits <= DIGITS_EXACT {
        true => push_value(xml, column, line, text, parts::PLAIN),
        false => push_text(xml, column, line, text, parts::PLAIN),
    }
}

fn push_open(xml: &mut String, column: usize, line: u32, style: u8) {
    xml.push_str("<c r=\"");
    parts::push_letters(xml, column);
    xml.push_str(&line.to_string());
    xml.push('"');
    if style != parts::PLAIN {
        xml.push_str(&format!(" s=\"{style}\""));
    }
}

fn push_value(xml: &mut String, column: usize, line: u32, number: &str, style: u8) {
    push_open(xml, column, line, style);
    xml.push_str("><v>");
    xml.push_str(number);
    xml.push_str("</v></c>");
}

fn push_text(xml: &mut String, column: usize, line: u32, text: &str, style: u8) {
    if text.is_empty() && style == parts::PLAIN {
        return;
    }
    push_open(xml, column, line, style);
    xml.push_str(" t=\"inlineStr\"><is><t xml:space=\"preserve\">");
    // the length in bytes is quick to know, and never less than that in characters
    if text.len() > CELL_CHARS_MAX && text.chars().count() > CELL_CHARS_MAX {
        let cut: String = text.chars().take(CELL_CHARS_MAX - 1).chain(['…']).collect();
        xml.push_str(&escaped(&cut));
    } else {
        xml.push_str(&escaped(text));
    }
    xml.push_str("</t></is></c>");
}

#[cfg(test)]
mod tests {
    use calamine::{Data, Reader, Xlsx};

    use super::*;

    async fn sheets(rows: u32, lines: u32, bytes: u64) -> Vec<(String, Vec<f64>)> {
        let rows = (0..rows).map(|n| Ok(vec![Cell::Integer(n.into())]));
        let table = Table::new("表", vec![Column::new("数")], stream::iter(rows));
        let chunks: Vec<(usize, Bytes)> = xlsx_chunks(table, Limits { lines, bytes })
            .try_collect()
            .await
            .expect("written");
        let file: Vec<u8> = chunks.into_iter().flat_map(|(_, bytes)| bytes).collect();
        assert_eq!(file[4..6], [20, 0], "no ZIP64");
        let mut book = Xlsx::new(io::Cursor::new(file)).expect("an XLSX");
        let names = book.sheet_names();
        let sheet = |name: String| {
            let range = book.worksheet_range(&name).expect("the sheet");
            assert_eq!(range.get((0, 0)), Some(&Data::String("数".to_owned())));
            let numbers = range.rows().skip(1).filter_map(|row| match row.first() {
                Some(Data::Float(number)) => Some(*number),
                _ => None,
            });
            (name, numbers.collect())
        };
        names.into_iter().map(sheet).collect()
    }

    #[tokio::test]
    async fn what_a_sheet_does_not_hold_goes_on_in_the_next_under_the_same_heading() {
        assert_eq!(
            sheets(0, 1_000, u64::MAX).await,
            [("表".to_owned(), vec![])]
        );
        let one = sheets(999, 1_000, u64::MAX).await;
        assert_eq!(
            (one.len(), one[0].1.len()),
            (1, 999),
            "the heading is a line"
        );
        let three = sheets(1_999, 1_000, u64::MAX).await;
        let names: Vec<&str> = three.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["表", "表（2）", "表（3）"]);
        let numbers: Vec<f64> = three.into_iter().flat_map(|(_, numbers)| numbers).collect();
        assert_eq!(numbers, (0..1_999).map(f64::from).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_sheet_ends_before_it_grows_too_large() {
        let parts = sheets(2_000, 1_000_000, 20_000).await;
        assert!(parts.len() > 1);
        let numbers: Vec<f64> = parts.into_iter().flat_map(|(_, numbers)| numbers).collect();
        assert_eq!(numbers, (0..2_000).map(f64::from).collect::<Vec<_>>());
    }

    #[test]
    fn days_count_as_excel_counts_them() {
        let day = |text: &str| serial(text.parse().expect("a day"));
        assert_eq!(day("1900-02-28"), None);
        assert_eq!(day("1900-03-01"), Some(61));
        assert_eq!(day("2026-11-02"), Some(46_328));
        assert_eq!(day("9999-12-31"), Some(2_958_465));
    }
}
