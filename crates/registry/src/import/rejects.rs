//! The rejects file: each refused row with its number, the reason and how to mend it.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use utoipa::ToSchema;
use zhida_platform::export::guarded;

use super::ImportError;
use super::row::Rejected;

/// One thing wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub column: String,
    pub value: String,
    pub reason: String,
    pub mend: String,
}

/// Characters of a value shown in a message.
const VALUE_CHARS_MAX: usize = 80;
/// Refused rows shown in the report itself.
const EXAMPLES_MAX: usize = 20;

impl Fault {
    pub(crate) fn new(column: &str, value: &str, reason: &str, mend: &str) -> Self {
        Self {
            column: column.to_owned(),
            value: value.chars().take(VALUE_CHARS_MAX).collect(),
            reason: reason.to_owned(),
            mend: mend.to_owned(),
        }
    }

    /// A fault of the row as a whole.
    pub(crate) fn whole(reason: &str, mend: &str) -> Self {
        Self::new("（整行）", "", reason, mend)
    }

    /// From an error whose sentence says what is wrong and, after “，请”, how to mend it.
    pub(crate) fn of(column: &str, value: &str, error: &dyn std::fmt::Display) -> Self {
        let text = error.to_string();
        let split = text
            .find("，请")
            .or_else(|| text.find("，应"))
            .or_else(|| text.find("，这里应"));
        let (reason, mend) = match split {
            Some(at) => (&text[..at], text[at..].trim_start_matches('，')),
            None => (text.as_str(), "请按要求改正后重新导入这一行"),
        };
        Self::new(column, value, reason, mend)
    }
}

/// 退回的一行。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RejectedRow {
    /// 行号，与表格软件显示的一致：第一行是 1。
    pub row: u64,
    /// 列名；几列时用“；”隔开。
    pub column: String,
    /// 原来的值。
    pub value: String,
    /// 原因。
    pub reason: String,
    /// 怎样改正。
    pub mend: String,
}

impl From<&Rejected> for RejectedRow {
    fn from(rejected: &Rejected) -> Self {
        let join = |part: fn(&Fault) -> &str| {
            let mut parts: Vec<&str> = Vec::new();
            for fault in &rejected.faults {
                if !parts.contains(&part(fault)) {
                    parts.push(part(fault));
                }
            }
            parts.join("；")
        };
        Self {
            row: rejected.row,
            column: join(|fault| &fault.column),
            value: join(|fault| &fault.value),
            reason: join(|fault| &fault.reason),
            mend: join(|fault| &fault.mend),
        }
    }
}

/// Writes the rejects file; it is made when the first row is refused.
pub(crate) struct RejectsFile {
    path: PathBuf,
    headings: Vec<String>,
    writer: Option<csv::Writer<BufWriter<File>>>,
    /// The first refused rows, for the report.
    pub examples: Vec<RejectedRow>,
    pub count: u64,
}

impl RejectsFile {
    pub(crate) fn new(path: PathBuf, headings: Vec<String>) -> Self {
        Self {
            path,
            headings,
            writer: None,
            examples: Vec::new(),
            count: 0,
        }
    }

    pub(crate) fn push(&mut self, rejected: &Rejected) -> Result<(), ImportError> {
        let shown = RejectedRow::from(rejected);
        self.write(&shown, &rejected.cells)
            .map_err(|error| failed(&self.path, error))?;
        self.count += 1;
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(shown);
        }
        Ok(())
    }

    fn write(&mut self, row: &RejectedRow, cells: &[String]) -> std::io::Result<()> {
        let writer = match &mut self.writer {
            Some(writer) => writer,
            empty => empty.insert(start(&self.path, &self.headings)?),
        };
        let number = row.row.to_string();
        let explained = [
            number.as_str(),
            &row.column,
            &row.value,
            &row.reason,
            &row.mend,
        ];
        let all = explained
            .into_iter()
            .chain(cells.iter().map(String::as_str));
        writer
            .write_record(all.map(|text| guarded(text).into_owned()))
            .map_err(std::io::Error::from)
    }

    /// Closes the file; its path when there is one.
    pub(crate) fn finish(&mut self) -> Result<Option<PathBuf>, ImportError> {
        let Some(mut writer) = self.writer.take() else {
            return Ok(None);
        };
        writer.flush().map_err(|error| failed(&self.path, error))?;
        Ok(Some(self.path.clone()))
    }

    /// Where the file is, or would be.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

fn start(path: &Path, headings: &[String]) -> std::io::Result<csv::Writer<BufWriter<File>>> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = BufWriter::new(private(path)?);
    file.write_all(b"\xef\xbb\xbf")?;
    let mut writer = csv::WriterBuilder::new()
        .flexible(true)
        .terminator(csv::Terminator::CRLF)
        .from_writer(file);
    let explained = ["行号", "列", "值", "原因", "怎样改正"].into_iter();
    let all = explained.chain(headings.iter().map(String::as_str));
    writer.write_record(all.map(|text| guarded(text).into_owned()))?;
    Ok(writer)
}

/// A new file that only its owner reads: rejected rows hold what is not public.
fn private(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn failed(path: &Path, source: std::io::Error) -> ImportError {
    ImportError::Rejects {
        path: path.display().to_string(),
        source,
    }
}
