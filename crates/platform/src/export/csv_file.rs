use std::borrow::Cow;

use axum::body::{Body, Bytes};
use axum::response::Response;
use futures::stream::{Stream, StreamExt, TryStreamExt};
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::{Cell, Column, ExportError, Row, Table, guarded, is_plain_decimal, set_download};
use crate::problem::Problem;

/// Excel takes a CSV without it for the local code page.
const BOM: &[u8] = b"\xef\xbb\xbf";
/// Rows turned into bytes at a time.
const ROWS_PER_CHUNK: usize = 512;

/// The table as CSV in UTF-8 with BOM and CRLF (RFC 4180), chunk by chunk.
/// Each chunk says how many rows it holds.
fn csv_chunks(table: Table) -> impl Stream<Item = Result<(usize, Bytes), Problem>> + Send {
    let head = futures::stream::once(async move { head_bytes(&table.columns) });
    let body = table.rows.chunks(ROWS_PER_CHUNK).map(rows_bytes);
    head.chain(body)
}

/// Writes the table as CSV; how many rows there were.
///
/// # Errors
/// When a row cannot be read or the file not written.
pub async fn write_csv(
    table: Table,
    target: &mut (impl AsyncWrite + Unpin),
) -> Result<u64, ExportError> {
    let mut count: u64 = 0;
    let mut chunks = std::pin::pin!(csv_chunks(table));
    while let Some(chunk) = chunks.next().await {
        let (rows, bytes) = chunk?;
        target.write_all(&bytes).await?;
        count += u64::try_from(rows).unwrap_or_default();
    }
    target.flush().await?;
    Ok(count)
}

/// The table as a download that starts before the last row is read. A row that
/// cannot be read breaks the download off, so that no half file looks whole.
#[must_use]
pub fn csv_response(table: Table) -> Response {
    let name = format!("{}.csv", table.name);
    let chunks = csv_chunks(table).map_ok(|(_, bytes)| bytes);
    let mut response = Response::new(Body::from_stream(chunks));
    set_download(&mut response, "text/csv; charset=utf-8", &name);
    response
}

fn head_bytes(columns: &[Column]) -> Result<(usize, Bytes), Problem> {
    let mut writer = writer(BOM.to_vec());
    let headings = columns
        .iter()
        .map(|column| guarded(&column.heading).into_owned());
    writer.write_record(headings).map_err(Problem::internal)?;
    Ok((0, finished(writer)?))
}

fn rows_bytes(rows: Vec<Result<Row, Problem>>) -> Result<(usize, Bytes), Problem> {
    let count = rows.len();
    let mut writer = writer(Vec::new());
    for row in rows {
        for cell in row? {
            let text = cell_text(&cell);
            writer
                .write_field(text.as_bytes())
                .map_err(Problem::internal)?;
        }
        writer
            .write_record(None::<&[u8]>)
            .map_err(Problem::internal)?;
    }
    Ok((count, finished(writer)?))
}

fn writer(start: Vec<u8>) -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(start)
}

fn finished(writer: csv::Writer<Vec<u8>>) -> Result<Bytes, Problem> {
    let bytes = writer
        .into_inner()
        .map_err(|error| Problem::internal(error.into_error()))?;
    Ok(bytes.into())
}

fn cell_text(cell: &Cell) -> Cow<'_, str> {
    match cell {
        Cell::Empty => "".into(),
        Cell::Text(text) => guarded(text),
        Cell::Integer(number) => number.to_string().into(),
        Cell::Decimal(text) if is_plain_decimal(text) => text.into(),
        Cell::Decimal(text) => guarded(text),
        Cell::Date(date) => date.format("%Y-%m-%d").to_string().into(),
    }
}
