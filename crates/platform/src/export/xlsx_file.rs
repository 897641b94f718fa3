use std::fs::File;
use std::io::{Seek, SeekFrom, Write};

use axum::body::{Body, Bytes};
use axum::response::Response;
use chrono::{Datelike, NaiveDate};
use futures::stream::{self, StreamExt};
use rust_xlsxwriter::{ExcelDateTime, Format, FormatBorder, Workbook, Worksheet, XlsxError};
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;

use super::{Cell, Column, ExportError, Row, Table, guarded, is_plain_decimal, set_download};
use crate::problem::Problem;

/// Rows of a sheet, the heading among them (ECMA-376, SpreadsheetML limits as
/// Excel holds them).
pub const XLSX_ROWS_MAX: u32 = 1_048_576;
/// Characters of a cell, likewise.
const CELL_CHARS_MAX: usize = 32_767;
const SHEET_NAME_CHARS_MAX: usize = 31;
const ROWS_PER_CHUNK: usize = 512;
const CHUNKS_IN_FLIGHT: usize = 4;
const READ_BYTES: usize = 64 << 10;
const XLSX_TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Writes the table as XLSX, with memory independent of its length; how many
/// rows there were, without the heading. `target` is overwritten from its
/// present position.
///
/// # Errors
/// When a row cannot be read, there are too many, or the file cannot be
/// written; `target` is then not to be used.
pub async fn write_xlsx(table: Table, target: File) -> Result<u64, ExportError> {
    write_limited(table, target, XLSX_ROWS_MAX).await
}

async fn write_limited(table: Table, target: File, lines_max: u32) -> Result<u64, ExportError> {
    let Table {
        name,
        columns,
        mut rows,
    } = table;
    let (sender, receiver) = mpsc::channel::<Vec<Row>>(CHUNKS_IN_FLIGHT);
    let (finish, finished) = tokio::sync::oneshot::channel::<()>();
    let writing = tokio::task::spawn_blocking(move || {
        let sheet = Sheet {
            name: &name,
            columns: &columns,
            lines_max,
        };
        sheet.write(receiver, finished, target)
    });
    let mut chunk = Vec::with_capacity(ROWS_PER_CHUNK);
    while let Some(row) = rows.next().await {
        // an error drops both channels, and the writer stops without saving
        chunk.push(row?);
        if chunk.len() == ROWS_PER_CHUNK && sender.send(std::mem::take(&mut chunk)).await.is_err() {
            break;
        }
    }
    let _writer_has_stopped = sender.send(chunk).await;
    let _writer_has_stopped = finish.send(());
    drop(sender);
    writing.await.map_err(std::io::Error::other)?
}

/// The table as a download, once its file is complete.
///
/// # Errors
/// As [`write_xlsx`].
pub async fn xlsx_response(table: Table) -> Result<Response, Problem> {
    let name = format!("{}.xlsx", table.name);
    let file = tempfile::tempfile().map_err(ExportError::Io)?;
    let target = file.try_clone().map_err(ExportError::Io)?;
    write_xlsx(table, target).await?;
    let mut file = file;
    file.seek(SeekFrom::Start(0)).map_err(ExportError::Io)?;
    let chunks = stream::try_unfold(tokio::fs::File::from_std(file), |mut file| async move {
        let mut bytes = vec![0; READ_BYTES];
        let read = file.read(&mut bytes).await?;
        bytes.truncate(read);
        std::io::Result::Ok((read > 0).then(|| (Bytes::from(bytes), file)))
    });
    let mut response = Response::new(Body::from_stream(chunks));
    set_download(&mut response, XLSX_TYPE, &name);
    Ok(response)
}

/// What is known of the sheet before its rows come.
struct Sheet<'a> {
    name: &'a str,
    columns: &'a [Column],
    lines_max: u32,
}

impl Sheet<'_> {
    fn write(
        &self,
        mut chunks: mpsc::Receiver<Vec<Row>>,
        mut finished: tokio::sync::oneshot::Receiver<()>,
        mut target: File,
    ) -> Result<u64, ExportError> {
        let mut workbook = Workbook::new();
        let sheet = workbook
            .add_worksheet_with_constant_memory()
            .map_err(ExportError::Xlsx)?;
        write_head(sheet, self.name, self.columns).map_err(ExportError::Xlsx)?;
        let date = Format::new().set_num_format("yyyy-mm-dd");
        let mut line: u32 = 1;
        while let Some(rows) = chunks.blocking_recv() {
            for row in rows {
                if line >= self.lines_max {
                    return Err(ExportError::TooManyRows);
                }
                write_row(sheet, line, &row, &date).map_err(ExportError::Xlsx)?;
                line += 1;
            }
        }
        if finished.try_recv().is_err() {
            return Err(ExportError::Io(std::io::ErrorKind::Interrupted.into()));
        }
        workbook
            .save_to_writer(&mut target)
            .map_err(ExportError::Xlsx)?;
        target.flush()?;
        Ok(u64::from(line - 1))
    }
}

fn write_head(sheet: &mut Worksheet, name: &str, columns: &[Column]) -> Result<(), XlsxError> {
    sheet.set_name(sheet_name(name))?;
    sheet.set_freeze_panes(1, 0)?;
    let bold = Format::new()
        .set_bold()
        .set_border_bottom(FormatBorder::Thin);
    for (number, column) in (0u16..).zip(columns) {
        sheet.set_column_width(number, column.width)?;
        sheet.write_string_with_format(0, number, guarded(&column.heading), &bold)?;
    }
    Ok(())
}

/// Excel forbids some characters in a sheet's name, and length beyond 31.
fn sheet_name(name: &str) -> String {
    let name: String = name
        .chars()
        .filter(|c| !matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\' | '\''))
        .take(SHEET_NAME_CHARS_MAX)
        .collect();
    if name.is_empty() {
        "导出".to_owned()
    } else {
        name
    }
}

fn write_row(
    sheet: &mut Worksheet,
    line: u32,
    row: &[Cell],
    date: &Format,
) -> Result<(), XlsxError> {
    for (number, cell) in (0u16..).zip(row) {
        match cell {
            Cell::Empty => {}
            Cell::Text(text) => write_text(sheet, line, number, text)?,
            Cell::Integer(integer) => write_number(sheet, line, number, &integer.to_string())?,
            Cell::Decimal(text) if is_plain_decimal(text) => {
                write_number(sheet, line, number, text)?;
            }
            Cell::Decimal(text) => write_text(sheet, line, number, text)?,
            // Excel's calendar starts in 1900; older dates are shown as text
            Cell::Date(day) if (1900..=9999).contains(&day.year()) => {
                sheet.write_date_with_format(line, number, excel_date(*day)?, date)?;
            }
            Cell::Date(day) => {
                write_text(sheet, line, number, &day.format("%Y-%m-%d").to_string())?
            }
        }
    }
    Ok(())
}

fn excel_date(day: NaiveDate) -> Result<ExcelDateTime, XlsxError> {
    let part = |part: u32| u8::try_from(part).unwrap_or(u8::MAX);
    let year = u16::try_from(day.year()).unwrap_or(u16::MAX);
    ExcelDateTime::from_ymd(year, part(day.month()), part(day.day()))
}

fn write_text(sheet: &mut Worksheet, line: u32, column: u16, text: &str) -> Result<(), XlsxError> {
    let text = guarded(text);
    if text.chars().count() > CELL_CHARS_MAX {
        let cut: String = text.chars().take(CELL_CHARS_MAX - 1).chain(['…']).collect();
        sheet.write_string(line, column, cut)?;
    } else {
        sheet.write_string(line, column, text)?;
    }
    Ok(())
}

/// A cell's number is a binary double in the format itself. Up to 15 digits
/// it shows exactly what was written; longer ones go in as text.
fn write_number(
    sheet: &mut Worksheet,
    line: u32,
    column: u16,
    text: &str,
) -> Result<(), XlsxError> {
    const DIGITS_EXACT: usize = 15;
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    match text.parse::<f64>() {
        Ok(number) if digits <= DIGITS_EXACT => sheet.write_number(line, column, number)?,
        _ => sheet.write_string(line, column, text)?,
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn written(rows: u32, lines_max: u32) -> Result<u64, ExportError> {
        let rows = stream::iter((0..rows).map(|n| Ok(vec![Cell::Integer(n.into())])));
        let table = Table::new("表", vec![Column::new("数")], rows);
        write_limited(table, tempfile::tempfile()?, lines_max).await
    }

    #[tokio::test]
    async fn the_heading_counts_as_a_line_and_one_more_is_refused_with_the_way_out() {
        assert_eq!(written(1_999, 2_000).await.expect("fits"), 1_999);
        let error = written(2_000, 2_000).await.expect_err("one too many");
        assert!(error.to_string().contains("CSV"), "{error}");
        assert!(error.to_string().contains("1,048,576"), "{error}");
    }

    #[test]
    fn a_sheet_is_named_as_excel_allows() {
        assert_eq!(sheet_name("企业[2026]/*?:'\\"), "企业2026");
        assert_eq!(sheet_name("？".repeat(40).as_str()).chars().count(), 31);
        assert_eq!(sheet_name("[]"), "导出");
    }
}
