//! Lists leave the system as CSV or XLSX from one row source, row by row, all columns or those that were [`Chosen`].
//!
//! Text cells that a spreadsheet would run as a formula get a leading `'`
//! (OWASP, “CSV Injection”); numbers stay numbers.

mod chosen;
mod csv_file;
pub(crate) mod templates;
mod xlsx_file;
mod xlsx_parts;

use std::future::Future;

use axum::http::{HeaderValue, header};
use axum::response::Response;
use chrono::NaiveDate;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use tokio::task::JoinSet;

pub use chosen::{COLUMNS, Chosen};
pub use csv_file::{csv_response, write_csv};
pub use templates::{ExportTemplate, ExportTemplates};
pub use xlsx_file::{write_xlsx, xlsx_response};

use crate::problem::Problem;

/// A column of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Chinese heading, by which the column is chosen: once in a table, without a comma.
    pub heading: String,
    /// Width in XLSX, in characters of the digit 0.
    pub width: u16,
}

impl Column {
    /// A column of the usual width.
    #[must_use]
    pub fn new(heading: impl Into<String>) -> Self {
        Self::wide(heading, 16)
    }

    /// A column of this width, in characters of the digit 0.
    #[must_use]
    pub fn wide(heading: impl Into<String>, width: u16) -> Self {
        Self {
            heading: heading.into(),
            width,
        }
    }
}

/// One value of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing: unknown or not given.
    Empty,
    /// Text, guarded against being run as a formula.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A plain decimal number as text, exact; anything else is treated as text.
    Decimal(String),
    /// A date.
    Date(NaiveDate),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<NaiveDate> for Cell {
    fn from(date: NaiveDate) -> Self {
        Self::Date(date)
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

/// One row of an export, as wide as its columns.
pub type Row = Vec<Cell>;
/// Rows as they come from the database.
pub type Rows = BoxStream<'static, Result<Row, Problem>>;

/// What is exported: the columns and the row source.
pub struct Table {
    /// Name of the sheet and, with its extension, of the file; Chinese.
    pub name: String,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Rows,
}

impl Table {
    /// A table from any stream of rows.
    pub fn new(
        name: impl Into<String>,
        columns: Vec<Column>,
        rows: impl futures::Stream<Item = Result<Row, Problem>> + Send + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            columns,
            rows: rows.boxed(),
        }
    }

    /// A table read in pages by keyset: `fetch` is called with the last key
    /// (`None` first) and answers rows with the key to go on after, `None` at
    /// the end. No transaction stays open between pages, so a slow reader of
    /// the export holds nothing up. While a page is written the next one is
    /// read, on another core if there is one.
    pub fn by_pages<K, F, Fut>(name: impl Into<String>, columns: Vec<Column>, fetch: F) -> Self
    where
        K: Send + 'static,
        F: Fn(Option<K>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(Vec<Row>, Option<K>), Problem>> + Send + 'static,
    {
        let fetch = std::sync::Arc::new(fetch);
        let pages = stream::try_unfold(None::<JoinSet<_>>, move |ahead| {
            let fetch = std::sync::Arc::clone(&fetch);
            async move {
                // what is being read ends when nobody wants it any more
                let mut ahead = ahead.unwrap_or_else(|| {
                    let mut first = JoinSet::new();
                    first.spawn(fetch(None));
                    first
                });
                let Some(page) = ahead.join_next().await else {
                    return Ok(None);
                };
                let (rows, next) = page.map_err(Problem::internal)??;
                if let Some(after) = next {
                    ahead.spawn(fetch(Some(after)));
                }
                Ok::<_, Problem>(Some((rows, Some(ahead))))
            }
        });
        let rows = pages
            .map_ok(|rows| stream::iter(rows.into_iter().map(Ok)))
            .try_flatten();
        Self::new(name, columns, rows)
    }

    /// The same rows with the chosen columns only, in the order of the table.
    ///
    /// # Errors
    /// A column that the table does not have, with the list of those it has; none at all.
    pub fn only(self, chosen: &Chosen) -> Result<Self, Problem> {
        let Some(kept) = chosen.among(&self.columns)? else {
            return Ok(self);
        };
        let columns = kept_of(self.columns, &kept);
        let rows = self.rows.map_ok(move |row| kept_of(row, &kept));
        Ok(Self::new(self.name, columns, rows))
    }
}

fn kept_of<T>(all: Vec<T>, kept: &[bool]) -> Vec<T> {
    let all = all.into_iter().zip(kept);
    all.filter_map(|(one, is_kept)| is_kept.then_some(one))
        .collect()
}

/// Why an export cannot be finished.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The rows could not be read.
    #[error(transparent)]
    Rows(#[from] Problem),
    /// The file could not be written.
    #[error("导出文件写不进去：请检查磁盘空间与权限")]
    Io(#[from] std::io::Error),
}

impl From<ExportError> for Problem {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Rows(problem) => problem,
            other => Self::internal(other),
        }
    }
}

/// The text as a spreadsheet shows it without running it.
#[must_use]
pub fn guarded(text: &str) -> std::borrow::Cow<'_, str> {
    // a spreadsheet skips leading blanks, and treats full-width signs alike
    let first = text
        .trim_start_matches([' ', '\u{3000}', '\u{feff}'])
        .chars()
        .next();
    match first {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠') => {
            format!("'{text}").into()
        }
        _ => text.into(),
    }
}

/// Whether a decimal text is a plain number that needs no guard.
fn is_plain_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let all_digits =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    all_digits(whole) && fraction.is_none_or(all_digits)
}

/// Headers of a download: its type and its Chinese name (RFC 6266, RFC 8187).
fn set_download(response: &mut Response, kind: &'static str, name: &str) {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let extension = name.rsplit('.').next().unwrap_or_default();
    let value = format!(
        "attachment; filename=\"export.{extension}\"; filename*=UTF-8''{}",
        percent_encoded(name)
    );
    if let Ok(value) = HeaderValue::from_str(&value) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
}

/// The text for a part of an address: all but the unreserved characters of RFC 3986 as `%XX`.
#[must_use]
pub fn percent_encoded(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
            encoded.push(char::from(byte));
        } else {
            let _infallible = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_guarded() {
        for text in [
            "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "　=1", "＝1",
        ] {
            assert_eq!(guarded(text), format!("'{text}"));
        }
        for text in ["", "江城", "1-2", "'=1", "a=b"] {
            assert_eq!(guarded(text), text);
        }
    }

    #[test]
    fn only_plain_decimals_are_numbers() {
        for text in ["0", "-1", "12.50", "-0.5"] {
            assert!(is_plain_decimal(text), "{text}");
        }
        for text in [
            "", "-", "1.", ".5", "1e3", "+1", "=1", "1,000", "--1", "NaN",
        ] {
            assert!(!is_plain_decimal(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_guarded_text_starts_a_formula(text in "[ =+@\\-\t\r\n'a甲]{0,6}") {
            let first = guarded(&text).trim_start_matches(' ').chars().next();
            prop_assert!(!matches!(first, Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n')));
        }
    }
}
