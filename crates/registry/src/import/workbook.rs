//! XLSX: measured before it is opened, then read cell by cell.

use std::fs::File;
use std::io::BufReader;

use calamine::{DataRef, Reader, Xlsx, XlsxError};

use super::detect::Input;
use super::header::{COLUMNS_MAX, Mapper};
use super::measure::{broken, measure};
use super::source::{self, Form, HEADING_ROWS, RawRow, Scan};
use super::{ImportError, ImportLimits, RECORD_BYTES_MAX};

type Book = Xlsx<BufReader<File>>;

/// Measures and reads the workbook once.
pub(crate) fn scan(
    input: &Input,
    mapper: &Mapper<'_>,
    limits: &ImportLimits,
    sheet: Option<&str>,
) -> Result<Scan, ImportError> {
    measure(input, limits.unpacked_bytes_max)?;
    let book = open(input)?;
    let names = book.sheet_names();
    let sheet = match sheet {
        Some(wanted) => {
            names
                .iter()
                .find(|name| *name == wanted)
                .ok_or_else(|| ImportError::NoSheet {
                    sheet: wanted.to_owned(),
                    sheets: names.join("、"),
                })?
        }
        None => names.first().ok_or_else(|| broken(input, "没有工作表"))?,
    };
    let sheet = sheet.clone();
    let (mut first_rows, mut records) = (Vec::new(), 0_u64);
    read(input, &sheet, &mut |row| {
        if first_rows.len() < HEADING_ROWS {
            first_rows.push(row.cells);
        }
        records += 1;
        records <= limits.rows_max.saturating_add(HEADING_ROWS as u64 + 1)
    })?;
    let (heading_at, plan) = source::understand(mapper, &first_rows)?;
    let rows = records.saturating_sub(heading_at + 1);
    Ok(Scan {
        form: Form::Workbook { sheet },
        heading_at,
        plan,
        rows,
    })
}

/// Hands every row of the sheet that is not blank to `take`.
pub(crate) fn read(
    input: &Input,
    sheet: &str,
    take: &mut dyn FnMut(RawRow) -> bool,
) -> Result<(), ImportError> {
    let mut book = open(input)?;
    let failed = |error: XlsxError| broken(input, &error.to_string());
    let mut cells = book.worksheet_cells_reader(sheet).map_err(failed)?;
    let mut row = RawRow {
        number: 0,
        cells: Vec::new(),
        fault: None,
    };
    let mut bytes = 0;
    loop {
        let cell = cells.next_cell().map_err(failed)?;
        let position = cell.as_ref().map(calamine::Cell::get_position);
        let number = position.map(|(line, _)| u64::from(line) + 1);
        if number != Some(row.number) {
            let next = RawRow {
                number: number.unwrap_or(0),
                cells: Vec::new(),
                fault: None,
            };
            bytes = 0;
            let finished = std::mem::replace(&mut row, next);
            if !finished.is_blank() && !take(finished) {
                return Ok(());
            }
        }
        let (Some(cell), Some((_, column))) = (cell, position) else {
            return Ok(());
        };
        let column = column as usize;
        let text = cell_text(cell.get_value());
        if text.is_empty() {
            continue;
        }
        if column >= COLUMNS_MAX {
            return Err(ImportError::TooManyColumns {
                found: column + 1,
                max: COLUMNS_MAX,
            });
        }
        // one shared text may stand in every cell
        bytes += text.len() as u64;
        if bytes > RECORD_BYTES_MAX {
            return Err(ImportError::RecordTooLong {
                line: row.number,
                bytes_max: RECORD_BYTES_MAX,
            });
        }
        if row.cells.len() <= column {
            row.cells.resize(column + 1, String::new());
        }
        row.cells[column] = text;
    }
}

fn open(input: &Input) -> Result<Book, ImportError> {
    let file = File::open(&input.path).map_err(|error| broken(input, &error.to_string()))?;
    Xlsx::new(BufReader::new(file)).map_err(|error| broken(input, &error.to_string()))
}

/// A cell as a person reads it. A number's shortest decimal text is exactly what was typed in.
fn cell_text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(true) => "是".to_owned(),
        DataRef::Bool(false) => "否".to_owned(),
        DataRef::DateTime(instant) if instant.is_datetime() => {
            let (year, month, day, ..) = instant.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        DataRef::DateTime(duration) => duration.as_f64().to_string(),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(error) => error.to_string(),
    }
}
