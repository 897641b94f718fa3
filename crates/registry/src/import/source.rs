//! Reads the rows of a file, one at a time, whatever its kind.

use serde::Serialize;

use super::detect::{Container, Input};
use super::header::{Mapper, Plan};
use super::{ImportError, ImportLimits, text_file, workbook};

/// Encoding of a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum Encoding {
    Utf8,
    Gb18030,
}

impl Encoding {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Gb18030 => "GB18030（GBK）",
        }
    }
}

/// How the rows are written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Form {
    Text { encoding: Encoding, delimiter: u8 },
    Workbook { sheet: String },
}

/// What the complete first reading found.
#[derive(Debug, Clone)]
pub(crate) struct Scan {
    pub form: Form,
    /// The record that is the heading, counted from 0 among those that are not blank.
    pub heading_at: u64,
    pub plan: Plan,
    /// Data rows, blank ones not counted.
    pub rows: u64,
}

/// A row as it stands in the file.
#[derive(Debug, Clone)]
pub(crate) struct RawRow {
    /// Its number as a spreadsheet shows it: the first line is 1, blank lines count.
    pub number: u64,
    pub cells: Vec<String>,
    /// Why it cannot be read.
    pub fault: Option<&'static str>,
}

impl RawRow {
    pub(crate) fn is_blank(&self) -> bool {
        self.fault.is_none() && self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}

/// Rows among which the heading is looked for: official tables begin with a title.
pub(crate) const HEADING_ROWS: usize = 10;

/// Reads the whole file once: every problem of the file as a whole shows here, before anything is stored.
pub(crate) fn scan(
    input: &Input,
    mapper: &Mapper<'_>,
    limits: &ImportLimits,
    sheet: Option<&str>,
) -> Result<Scan, ImportError> {
    let scan = match input.container {
        Container::Zip => workbook::scan(input, mapper, limits, sheet)?,
        Container::Text | Container::Gzip => text_file::scan(input, mapper, limits)?,
    };
    match scan.rows {
        0 => Err(ImportError::NoRows(input.name.clone())),
        rows if rows > limits.rows_max => Err(ImportError::TooManyRows(limits.rows_max)),
        _ => Ok(scan),
    }
}

/// Hands every data row to `take`, which answers whether to go on.
pub(crate) fn read(
    input: &Input,
    scan: &Scan,
    limits: &ImportLimits,
    take: &mut dyn FnMut(RawRow) -> bool,
) -> Result<(), ImportError> {
    let mut seen = 0;
    let mut data = |row: RawRow| {
        seen += 1;
        seen <= scan.heading_at + 1 || take(row)
    };
    match &scan.form {
        Form::Workbook { sheet } => workbook::read(input, sheet, &mut data),
        Form::Text {
            encoding,
            delimiter,
        } => text_file::read(input, *encoding, *delimiter, limits, &mut data),
    }
}

/// Picks the heading among the first rows and understands it.
pub(crate) fn understand(
    mapper: &Mapper<'_>,
    first_rows: &[Vec<String>],
) -> Result<(u64, Plan), ImportError> {
    let at = first_rows
        .iter()
        .position(|cells| mapper.is_heading(cells))
        .unwrap_or(0);
    let none = Vec::new();
    let mut headings = first_rows.get(at).unwrap_or(&none).clone();
    while headings
        .last()
        .is_some_and(|heading| heading.trim().is_empty())
    {
        headings.pop();
    }
    Ok((at as u64, mapper.plan(&headings)?))
}
