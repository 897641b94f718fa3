//! What a file is, told by its first bytes and not by its name.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::ImportError;

/// What the bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Container {
    /// Plain text.
    Text,
    /// Text packed by gzip.
    Gzip,
    /// A zip file: XLSX or nothing we know.
    Zip,
}

/// A file that is small enough and of a kind we read.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    pub path: std::path::PathBuf,
    /// The name shown in messages.
    pub name: String,
    pub container: Container,
    pub sha256: String,
}

/// Checks size and kind, then takes the digest.
pub(crate) fn open(path: &Path, name: &str, bytes_max: u64) -> Result<Input, ImportError> {
    let failed = |source| ImportError::Open {
        file: name.to_owned(),
        source,
    };
    let mut file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(failed(io::ErrorKind::InvalidInput.into()));
    }
    if metadata.len() > bytes_max {
        let (file, bytes) = (name.to_owned(), metadata.len());
        return Err(ImportError::TooLarge {
            file,
            bytes,
            bytes_max,
        });
    }
    let mut head = [0; 8];
    let length = read_up_to(&mut file, &mut head).map_err(failed)?;
    let container = container(&head[..length], name)?;
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    let sha256 = digest(&mut file).map_err(failed)?;
    Ok(Input {
        path: path.to_owned(),
        name: name.to_owned(),
        container,
        sha256,
    })
}

fn container(head: &[u8], name: &str) -> Result<Container, ImportError> {
    let lower = name.to_lowercase();
    let named_workbook = [".xlsx", ".xlsm", ".et"]
        .iter()
        .any(|end| lower.ends_with(end));
    let not_a = |expected| {
        Err(ImportError::NotA {
            file: name.to_owned(),
            expected,
        })
    };
    match head {
        [] => Err(ImportError::Empty(name.to_owned())),
        [0xD0, 0xCF, 0x11, 0xE0, ..] => Err(ImportError::OldWorkbook(name.to_owned())),
        [b'P', b'K', 3, 4, ..] => Ok(Container::Zip),
        _ if named_workbook => not_a("电子表格（.xlsx）"),
        [0x1F, 0x8B, ..] => Ok(Container::Gzip),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Err(ImportError::Utf16(name.to_owned())),
        _ if lower.ends_with(".gz") => not_a(" gzip 压缩文件"),
        _ => Ok(Container::Text),
    }
}

fn read_up_to(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..])? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

fn digest(file: &mut File) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            read => hasher.update(&buffer[..read]),
        }
    }
    Ok(hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

/// The text's bytes, unpacked where needed, never more than `bytes_max`.
pub(crate) fn text_reader(input: &Input, bytes_max: u64) -> io::Result<Box<dyn Read + Send>> {
    let file = BufReader::with_capacity(1 << 16, File::open(&input.path)?);
    Ok(match input.container {
        Container::Gzip => Box::new(Capped::new(MultiGzDecoder::new(file), bytes_max)),
        _ => Box::new(Capped::new(file, bytes_max)),
    })
}

/// Marks the error of [`Capped`], so that it can be told from a damaged file.
#[derive(Debug, thiserror::Error)]
#[error("unpacked size limit exceeded")]
pub(crate) struct OverLimit;

/// Fails once more than its limit has been read.
pub(crate) struct Capped<R> {
    inner: R,
    left: u64,
}

impl<R> Capped<R> {
    pub(crate) fn new(inner: R, bytes_max: u64) -> Self {
        Self {
            inner,
            left: bytes_max,
        }
    }
}

impl<R: Read> Read for Capped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => return Err(io::Error::other(OverLimit)),
        }
        Ok(read)
    }
}

/// The error of a reader in the file's words.
pub(crate) fn read_error(input: &Input, bytes_max: u64, source: io::Error) -> ImportError {
    let file = input.name.clone();
    let over = source
        .get_ref()
        .is_some_and(|inner| inner.is::<OverLimit>());
    match (over, input.container) {
        (true, _) => ImportError::Unpacked { file, bytes_max },
        (_, Container::Gzip) => ImportError::Damaged { file, source },
        _ => ImportError::Open { file, source },
    }
}
