//! Writing files while their digest is computed.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// Bytes kept before they are written and digested.
const BUFFER: usize = 1 << 20;

/// A writer that counts and digests what passes through it.
pub(crate) struct Digesting<W> {
    inner: W,
    digest: Sha256,
    bytes: u64,
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(data)?;
        self.digest.update(&data[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// A file in the making.
pub(crate) enum Output {
    Plain(BufWriter<Digesting<File>>),
    Gzip(Box<GzEncoder<BufWriter<Digesting<File>>>>),
}

impl Output {
    pub fn create(path: &Path, gzip: bool) -> io::Result<Self> {
        let inner = File::create(path)?;
        let plain = Digesting {
            inner,
            digest: Sha256::new(),
            bytes: 0,
        };
        let buffered = BufWriter::with_capacity(BUFFER, plain);
        Ok(match gzip {
            // The header holds neither a time nor the system: the bytes are the same everywhere.
            true => Self::Gzip(Box::new(GzEncoder::new(buffered, Compression::fast()))),
            false => Self::Plain(buffered),
        })
    }

    /// Closes the file; how many bytes it has and their SHA-256 in hexadecimal.
    pub fn finish(self) -> io::Result<(u64, String)> {
        let buffered = match self {
            Self::Plain(buffered) => buffered,
            Self::Gzip(encoder) => encoder.finish()?,
        };
        let file = buffered
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        Ok((file.bytes, hex(file.digest)))
    }
}

impl Write for Output {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(out) => out.write(data),
            Self::Gzip(out) => out.write(data),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.flush(),
            Self::Gzip(out) => out.flush(),
        }
    }
}

fn hex(digest: Sha256) -> String {
    digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
