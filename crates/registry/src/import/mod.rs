//! Files into the registry: CSV (also packed by gzip) and XLSX of any size.
//!
//! A file is first read completely for problems of the file as a whole; only then it is applied, chunk by
//! chunk, each chunk one transaction with its checkpoint and audit record. An interrupted import goes on
//! where it stopped when the same file is imported again with the same options. Which statement wins is
//! decided in `precedence.rs`: the later as-of date, then the owning department, then the later batch.

mod apply;
mod compose;
mod detect;
mod error;
mod header;
mod heading;
mod measure;
mod merge;
mod rejects;
mod report;
mod row;
mod source;
mod text_file;
mod workbook;

use std::path::PathBuf;

use chrono::NaiveDate;
use serde::Serialize;
use uuid::Uuid;
use zhida_platform::audit;
use zhida_platform::config::LimitsConfig;

pub use apply::Importer;
pub(crate) use compose::Write;
pub use error::ImportError;
pub use header::ColumnReport;
pub(crate) use merge::{Losers, Merged};
pub use rejects::RejectedRow;
pub use report::{FileReport, ImportReport, Note};

/// How the names of rejects files in the room's folder begin.
pub(crate) const REJECTS_PREFIX: &str = "退回明细-";

/// Bytes of one row at most.
pub(crate) const RECORD_BYTES_MAX: u64 = 4 << 20;

/// How much is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportLimits {
    /// Bytes of the file.
    pub bytes_max: u64,
    /// Bytes of the file once unpacked.
    pub unpacked_bytes_max: u64,
    /// Data rows.
    pub rows_max: u64,
}

impl Default for ImportLimits {
    /// The defaults of `config.default.toml`.
    fn default() -> Self {
        Self {
            bytes_max: 512 << 20,
            unpacked_bytes_max: 2 << 30,
            rows_max: 5_000_000,
        }
    }
}

impl From<&LimitsConfig> for ImportLimits {
    fn from(config: &LimitsConfig) -> Self {
        Self {
            bytes_max: config.upload_bytes_max,
            unpacked_bytes_max: config.xlsx_unpacked_bytes_max,
            rows_max: config.import_rows_max,
        }
    }
}

/// What the importer is told besides the file.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// Report everything, store nothing.
    pub dry_run: bool,
    /// The department whose data it is.
    pub department: String,
    /// The day for which the facts hold; `None`: today.
    pub as_of: Option<NaiveDate>,
    /// Year of annual columns whose heading names none; `None`: the year before the as-of date's.
    pub year: Option<i32>,
    /// What columns mean that the headings do not say: heading → `code`, `province`, `city`, `area`, an
    /// attribute by id or name (with `@year`), or `-` to leave it out.
    pub mapping: Vec<(String, String)>,
    /// Sheet of a workbook; `None`: the first.
    pub sheet: Option<String>,
    /// Name of the file in messages and in the batch; `None`: that of the path.
    pub file_name: Option<String>,
    /// Who imports: for the audit record, and to be told of rejected rows.
    pub actor: audit::Actor,
    /// The job that imports; `None`: none does.
    pub job: Option<Uuid>,
    /// Where the rejects file goes; `None`: into the registry's folder.
    pub rejects: Option<PathBuf>,
    /// With `dry_run`: read no more than this many data rows.
    pub sample: Option<u64>,
    /// Limits.
    pub limits: ImportLimits,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self {
            dry_run: false,
            department: "市场监管".to_owned(),
            as_of: None,
            year: None,
            mapping: Vec::new(),
            sheet: None,
            file_name: None,
            actor: audit::Actor::system(),
            job: None,
            rejects: None,
            sample: None,
            limits: ImportLimits::default(),
        }
    }
}

/// What decides the meaning of a file's rows besides the file: an interrupted import goes on only with
/// the same.
#[derive(Serialize)]
struct Meaning<'a> {
    year: i32,
    mapping: &'a [(String, String)],
    sheet: &'a Option<String>,
}
