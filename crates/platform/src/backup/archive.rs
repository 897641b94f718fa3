//! The ZIP: written by a thread of its own, read back and compared with its manifest.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use tokio::sync::mpsc;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::{BackupError, Column, FILES_FOLDER, FORM, FileEntry, MANIFEST, Manifest, TableEntry};
use crate::progress::Progress;

/// Bytes read at a time.
const BUFFER_BYTES: usize = 256 << 10;

/// What the writing thread is told.
pub(super) enum Part {
    /// A table begins.
    Table(String, Vec<Column>),
    /// Lines of it, and how many.
    Lines(Vec<u8>, u64),
    /// A file: where its bytes are, and what they should be.
    File(PathBuf, String),
    /// Nothing more comes; without it what was written is thrown away.
    End(Box<Manifest>),
}

/// The name of a table's entry.
pub(super) fn table_entry(name: &str) -> String {
    format!("tables/{name}.jsonl")
}

/// Writes what is told to `target`, which appears only when it is whole; the finished manifest.
pub(super) fn write(
    target: &Path,
    mut parts: mpsc::Receiver<Part>,
) -> Result<Manifest, BackupError> {
    let refused = |source| BackupError::Write {
        path: target.to_owned(),
        source,
    };
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // made with mode 600: it holds everything
    let file = NamedTempFile::new_in(folder).map_err(refused)?;
    let zip = ZipWriter::new(BufWriter::with_capacity(BUFFER_BYTES, file));
    let mut writing = Writing {
        zip,
        tables: Vec::new(),
        hasher: Sha256::new(),
        files: Vec::new(),
        missing: Vec::new(),
    };
    while let Some(part) = parts.blocking_recv() {
        if let Part::End(manifest) = part {
            let (manifest, file) = writing.end(*manifest).map_err(refused)?;
            return match file.persist_noclobber(target) {
                Ok(_) => Ok(manifest),
                Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                    Err(BackupError::Exists {
                        path: target.to_owned(),
                    })
                }
                Err(error) => Err(refused(error.error)),
            };
        }
        writing.take(part).map_err(refused)?;
    }
    // the reader has failed and says why itself
    Err(refused(io::ErrorKind::Interrupted.into()))
}

struct Writing {
    zip: ZipWriter<BufWriter<NamedTempFile>>,
    tables: Vec<TableEntry>,
    /// Of the table that is being written.
    hasher: Sha256,
    files: Vec<FileEntry>,
    missing: Vec<String>,
}

impl Writing {
    fn take(&mut self, part: Part) -> io::Result<()> {
        match part {
            Part::Table(name, columns) => {
                self.end_table();
                self.zip.start_file(table_entry(&name), packed())?;
                self.tables.push(TableEntry {
                    name,
                    columns,
                    rows: 0,
                    sha256: String::new(),
                });
            }
            Part::Lines(bytes, rows) => {
                self.zip.write_all(&bytes)?;
                self.hasher.update(&bytes);
                if let Some(table) = self.tables.last_mut() {
                    table.rows += rows;
                }
            }
            Part::File(path, digest) => match file_of(&path, &digest)? {
                Some(bytes) => {
                    self.zip
                        .start_file(format!("{FILES_FOLDER}{digest}"), as_is())?;
                    io::copy(&mut File::open(&path)?, &mut self.zip)?;
                    let sha256 = digest;
                    self.files.push(FileEntry { sha256, bytes });
                }
                None => self.missing.push(digest),
            },
            Part::End(_) => {}
        }
        Ok(())
    }

    fn end_table(&mut self) {
        let hasher = std::mem::take(&mut self.hasher);
        if let Some(table) = self.tables.last_mut()
            && table.sha256.is_empty()
        {
            table.sha256 = hex(&hasher.finalize());
        }
    }

    fn end(mut self, manifest: Manifest) -> io::Result<(Manifest, NamedTempFile)> {
        self.end_table();
        let manifest = Manifest {
            tables: self.tables,
            files: self.files,
            missing: self.missing,
            ..manifest
        };
        self.zip.start_file(MANIFEST, packed())?;
        serde_json::to_writer_pretty(&mut self.zip, &manifest)?;
        let file = self.zip.finish()?.into_inner().map_err(|error| {
            let kind = error.error().kind();
            io::Error::new(kind, error)
        })?;
        file.as_file().sync_all()?;
        Ok((manifest, file))
    }
}

fn packed() -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .large_file(true)
}

/// Pictures and documents are packed already.
fn as_is() -> SimpleFileOptions {
    packed().compression_method(CompressionMethod::Stored)
}

/// The length of a file if it holds what its name says.
fn file_of(path: &Path, digest: &str) -> io::Result<Option<u64>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let (found, bytes) = digest_of(file, io::sink())?;
    Ok((found == digest).then_some(bytes))
}

/// Copies and gives SHA-256 and length.
pub(super) fn digest_of(mut from: impl Read, mut to: impl Write) -> io::Result<(String, u64)> {
    let (mut hasher, mut bytes) = (Sha256::new(), 0);
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return Ok((hex(&hasher.finalize()), bytes));
        }
        hasher.update(&buffer[..read]);
        to.write_all(&buffer[..read])?;
        bytes += read as u64;
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A backup that is open for reading.
pub(super) struct Archive {
    path: PathBuf,
    zip: ZipArchive<BufReader<File>>,
}

impl Archive {
    pub fn open(path: &Path) -> Result<Self, BackupError> {
        let refused = |source| BackupError::Read {
            path: path.to_owned(),
            source,
        };
        let file = BufReader::with_capacity(BUFFER_BYTES, File::open(path).map_err(refused)?);
        let zip = ZipArchive::new(file).map_err(|error| damaged_by(path, &error))?;
        let path = path.to_owned();
        Ok(Self { path, zip })
    }

    pub fn manifest(&mut self) -> Result<Manifest, BackupError> {
        let path = self.path.clone();
        let entry = self.zip.by_name(MANIFEST);
        let entry = entry.map_err(|_| damaged(&path, "没有清单"))?;
        let value: serde_json::Value = serde_json::from_reader(BufReader::new(entry))
            .map_err(|_| damaged(&path, "清单读不懂"))?;
        match value["form"].as_str() {
            Some(FORM) => {}
            Some(form) if form.starts_with("zhida-backup-") => {
                return Err(BackupError::Newer {
                    what: format!("格式是 {form}"),
                });
            }
            _ => return Err(damaged(&path, "不是直达的备份")),
        }
        let manifest: Manifest =
            serde_json::from_value(value).map_err(|_| damaged(&path, "清单读不懂"))?;
        match manifest.files.iter().all(|file| is_digest(&file.sha256)) {
            true => Ok(manifest),
            false => Err(damaged(&path, "清单里的文件名不对")),
        }
    }

    /// Reads an entry; what is wrong with its packing is found while reading.
    pub fn entry(&mut self, name: &str) -> Result<impl Read + '_, BackupError> {
        let path = self.path.clone();
        let entry = self.zip.by_name(name);
        entry.map_err(|error| match error {
            ZipError::FileNotFound => damaged(&path, &format!("缺少 {name}")),
            other => damaged_by(&path, &other),
        })
    }

    /// The lines of a table, one after the other.
    pub fn lines(
        &mut self,
        table: &TableEntry,
        mut take: impl FnMut(Vec<u8>) -> Result<(), BackupError>,
    ) -> Result<(), BackupError> {
        let path = self.path.clone();
        let entry = self.entry(&table_entry(&table.name))?;
        let mut lines = BufReader::with_capacity(BUFFER_BYTES, entry);
        loop {
            let mut line = Vec::new();
            let read = lines.read_until(b'\n', &mut line);
            if read.map_err(|error| damaged(&path, &error.to_string()))? == 0 {
                return Ok(());
            }
            take(line)?;
        }
    }
}

pub(super) fn is_digest(text: &str) -> bool {
    text.len() == 64
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

pub(super) fn damaged(path: &Path, what: &str) -> BackupError {
    BackupError::Damaged {
        path: path.to_owned(),
        what: what.to_owned(),
    }
}

fn damaged_by(path: &Path, error: &ZipError) -> BackupError {
    match error {
        ZipError::Io(error) => damaged(path, &error.to_string()),
        _ => damaged(path, "不是 ZIP 文件，或不完整"),
    }
}

/// Reads a backup from end to end and compares it with its manifest. It takes as long as reading the
/// file: call it where waiting is allowed.
///
/// # Errors
/// When the file cannot be read, is no backup, or differs from its manifest.
pub fn check(path: &Path, progress: &dyn Progress) -> Result<Manifest, BackupError> {
    let mut archive = Archive::open(path)?;
    let manifest = archive.manifest()?;
    let total = (manifest.tables.len() + manifest.files.len()) as u64;
    let mut done = 0;
    let mut seen = HashMap::new();
    let mut tell = || {
        done += 1;
        progress.report(done, Some(total), "核对备份");
    };
    for table in &manifest.tables {
        let mut rows = 0;
        let mut hasher = Sha256::new();
        archive.lines(table, |line| {
            hasher.update(&line);
            rows += 1;
            Ok(())
        })?;
        let twice = seen.insert(table.name.as_str(), ()).is_some();
        if twice || rows != table.rows || hex(&hasher.finalize()) != table.sha256 {
            return Err(damaged(path, &format!("表 {} 与清单不符", table.name)));
        }
        tell();
    }
    for file in &manifest.files {
        let name = format!("{FILES_FOLDER}{}", file.sha256);
        let read = digest_of(archive.entry(&name)?, io::sink());
        let (digest, bytes) = read.map_err(|error| damaged(path, &error.to_string()))?;
        if digest != file.sha256 || bytes != file.bytes {
            return Err(damaged(path, &format!("文件 {digest} 与清单不符")));
        }
        tell();
    }
    Ok(manifest)
}
