//! What an import did, or would do.

use std::path::PathBuf;

use serde::Serialize;
use utoipa::ToSchema;

use super::header::ColumnReport;
use super::rejects::RejectedRow;

/// The result of an import; `rows = accepted + rejected + unchanged`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImportReport {
    /// Data rows of the file.
    pub rows: u64,
    /// Rows that changed something stored (or would, in a dry run).
    pub accepted: u64,
    /// Rows refused.
    pub rejected: u64,
    /// Rows that said nothing new.
    pub unchanged: u64,
    /// The rejects file; absent when no row was refused.
    #[schema(value_type = Option<String>)]
    pub rejects: Option<PathBuf>,
    /// Enterprises that were new, among the accepted rows.
    pub created: u64,
    /// Nothing was stored.
    pub dry_run: bool,
    /// Number of the batch; absent in a dry run.
    pub batch: Option<i64>,
    /// Data rows that an interrupted import of the same file had already dealt with.
    pub resumed_after: Option<u64>,
    /// The file.
    pub file: FileReport,
    /// How the columns were understood.
    pub columns: Vec<ColumnReport>,
    /// What was left out of accepted rows, with how often.
    pub notes: Vec<Note>,
    /// The first refused rows.
    pub examples: Vec<RejectedRow>,
}

/// How the file was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FileReport {
    /// Its name.
    pub name: String,
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// In words: encoding and delimiter, or the sheet.
    pub form: String,
}

/// Something left out of accepted rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Note {
    /// What and why.
    pub message: String,
    /// How often.
    pub count: u64,
}
