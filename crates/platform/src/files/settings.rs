use serde::{Deserialize, Serialize};

/// `[files]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilesConfig {
    /// Where the bytes lie.
    pub folder: String,
    /// Bytes of one file, whatever its use allows.
    pub file_bytes_max: u64,
    /// Width times height of a picture.
    pub image_pixels_max: u64,
    /// Entries of an archive with those of the archives in it.
    pub archive_entries_max: u64,
    /// Bytes that an archive unpacks to, with the archives in it.
    pub archive_unpacked_bytes_max: u64,
    /// How many times its size a large archive may unpack to.
    pub archive_ratio_max: u64,
    /// Archives within archives, itself counted.
    pub archive_depth_max: u64,
    /// `unix:PATH`, `tcp:HOST:PORT`, or empty: not scanned.
    pub clamd: String,
    /// How long clamd may take for one file.
    pub clamd_timeout_seconds: u64,
    /// How long bytes are kept that no file refers to.
    pub unreferenced_keep_hours: u64,
}

impl FilesConfig {
    /// Each number with its key and the largest value that makes sense.
    pub(crate) fn limits(&self) -> [(&'static str, u64, u64); 8] {
        [
            ("files.file_bytes_max", self.file_bytes_max, (1 << 31) - 1),
            ("files.image_pixels_max", self.image_pixels_max, 1 << 40),
            (
                "files.archive_entries_max",
                self.archive_entries_max,
                1_000_000,
            ),
            (
                "files.archive_unpacked_bytes_max",
                self.archive_unpacked_bytes_max,
                1 << 40,
            ),
            ("files.archive_ratio_max", self.archive_ratio_max, 100_000),
            ("files.archive_depth_max", self.archive_depth_max, 10),
            (
                "files.clamd_timeout_seconds",
                self.clamd_timeout_seconds,
                3_600,
            ),
            (
                "files.unreferenced_keep_hours",
                self.unreferenced_keep_hours,
                10_000,
            ),
        ]
    }
}
