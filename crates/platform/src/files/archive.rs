//! A ZIP, and every Office or OFD file is one, measured before it is kept: its
//! directory may lie, so everything in it is really unpacked, and thrown away.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};

use zip::ZipArchive;
use zip::result::ZipError;

use super::{FileError, FilesConfig, Kind};
use crate::format::count;

/// Below this size no ratio is suspicious: sheets of blanks pack very well.
const RATIO_FREE_BYTES: u64 = 16 << 20;
/// The mark of an entry in a ZIP's directory.
const ENTRY_MARK: &[u8; 4] = b"PK\x01\x02";
/// The mark that a ZIP with entries begins with.
const ZIP_MARK: &[u8; 4] = b"PK\x03\x04";

/// How much an archive may hold, with all archives in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub entries_max: u64,
    pub unpacked_bytes_max: u64,
    pub ratio_max: u64,
    pub depth_max: u64,
}

impl Limits {
    pub(super) fn of(config: &FilesConfig) -> Self {
        Self {
            entries_max: config.archive_entries_max,
            unpacked_bytes_max: config.archive_unpacked_bytes_max,
            ratio_max: config.archive_ratio_max,
            depth_max: config.archive_depth_max,
        }
    }
}

/// Checks the archive and says what it is: a document of a known kind, or a
/// plain ZIP.
pub(super) fn check(file: &mut File, name: &str, limits: &Limits) -> Result<Kind, FileError> {
    let packed = file.seek(SeekFrom::End(0))?;
    let mut measure = Measure {
        limits,
        packed,
        entries: 0,
        unpacked: 0,
    };
    let kind = match measure.archive(file, 1) {
        Ok(kind) => kind,
        Err(Fault::Says(fault)) => {
            return Err(FileError::Archive {
                name: name.to_owned(),
                fault,
            });
        }
        Err(Fault::Disk(error)) => return Err(error.into()),
    };
    Ok(kind)
}

/// The refusal of a file that only its password opens.
pub(super) fn locked(name: &str) -> FileError {
    FileError::Archive {
        name: name.to_owned(),
        fault: LOCKED.to_owned(),
    }
}

const LOCKED: &str = "带有打开口令，无法查毒，受理人员也打不开：请去掉口令后重新上传";

enum Fault {
    Says(String),
    Disk(io::Error),
}

impl From<ZipError> for Fault {
    fn from(error: ZipError) -> Self {
        Self::Says(match error {
            ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_) => {
                "用了不常见的压缩方法：请用系统自带的压缩功能重新打包".to_owned()
            }
            _ => "是残缺或损坏的压缩包：请重新打包".to_owned(),
        })
    }
}

struct Measure<'a> {
    limits: &'a Limits,
    packed: u64,
    entries: u64,
    unpacked: u64,
}

impl Measure<'_> {
    fn archive(&mut self, file: &mut File, depth: u64) -> Result<Kind, Fault> {
        if depth > self.limits.depth_max {
            let depth_max = self.limits.depth_max;
            return Err(Fault::Says(format!(
                "压缩包套压缩包超过 {depth_max} 层：请减少层数"
            )));
        }
        // the directory is held in memory, so it is counted before it is read
        if count_marks(file).map_err(Fault::Disk)? > self.limits.entries_max {
            return Err(self.too_many());
        }
        let mut archive = ZipArchive::new(BufReader::new(&mut *file))?;
        self.entries += archive.len() as u64;
        if self.entries > self.limits.entries_max {
            return Err(self.too_many());
        }
        let mut contents = Contents::default();
        for index in 0..archive.len() {
            check_entry(&archive.by_index_raw(index)?, &mut contents)?;
        }
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index)?;
            if let Some(mut inner) = self.unpack(&mut entry)? {
                self.archive(&mut inner, depth + 1)?;
            }
        }
        Ok(contents.kind())
    }

    /// Unpacks an entry; kept only when it is an archive itself.
    fn unpack(&mut self, entry: &mut impl Read) -> Result<Option<File>, Fault> {
        let mut buffer = vec![0; 64 << 10];
        let mut first = 0;
        while first < ZIP_MARK.len() {
            let read = inflate(entry, &mut buffer[first..])?;
            first += read;
            self.add(read)?;
            if read == 0 {
                return Ok(None);
            }
        }
        let mut inner = match buffer.starts_with(ZIP_MARK) {
            true => Some(tempfile::tempfile().map_err(Fault::Disk)?),
            false => None,
        };
        let mut read = first;
        while read > 0 {
            if let Some(inner) = &mut inner {
                inner.write_all(&buffer[..read]).map_err(Fault::Disk)?;
            }
            read = inflate(entry, &mut buffer)?;
            self.add(read)?;
        }
        Ok(inner)
    }

    fn add(&mut self, bytes: usize) -> Result<(), Fault> {
        let Limits {
            unpacked_bytes_max,
            ratio_max,
            ..
        } = *self.limits;
        self.unpacked += bytes as u64;
        if self.unpacked > unpacked_bytes_max {
            let most = count(unpacked_bytes_max);
            return Err(Fault::Says(format!(
                "解压后超过 {most} 字节：请拆成几个压缩包"
            )));
        }
        let free = self.unpacked <= RATIO_FREE_BYTES;
        if !free && self.unpacked > self.packed.saturating_mul(ratio_max) {
            return Err(Fault::Says(format!(
                "解压后是压缩包的 {ratio_max} 倍以上，像是压缩炸弹：请检查来源"
            )));
        }
        Ok(())
    }

    fn too_many(&self) -> Fault {
        let most = count(self.limits.entries_max);
        Fault::Says(format!("里面的文件超过 {most} 个：请拆成几个压缩包"))
    }
}

/// Reading an entry checks its length and CRC; any fault is the archive's.
fn inflate(entry: &mut impl Read, buffer: &mut [u8]) -> Result<usize, Fault> {
    loop {
        match entry.read(buffer) {
            Ok(read) => return Ok(read),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(ZipError::Io(error).into()),
        }
    }
}

fn check_entry<R: Read + ?Sized>(
    entry: &zip::read::ZipFile<'_, R>,
    contents: &mut Contents,
) -> Result<(), Fault> {
    if entry.encrypted() {
        return Err(Fault::Says(LOCKED.to_owned()));
    }
    let name = entry.name();
    let leaves = name.split(['/', '\\']).any(|part| part == "..")
        || name.starts_with(['/', '\\'])
        || name.as_bytes().get(1) == Some(&b':')
        || name.contains('\0');
    if leaves || entry.is_symlink() {
        return Err(Fault::Says(
            "里面有指向包外的路径或链接，解压会写到别处：请重新打包".to_owned(),
        ));
    }
    contents.see(name);
    Ok(())
}

/// What the names of the entries say about the document.
#[derive(Default)]
struct Contents {
    types: bool,
    word: bool,
    sheets: bool,
    slides: bool,
    ofd: bool,
}

impl Contents {
    fn see(&mut self, name: &str) {
        self.types |= name == "[Content_Types].xml";
        self.word |= name == "word/document.xml";
        self.sheets |= name == "xl/workbook.xml" || name == "xl/workbook.bin";
        self.slides |= name == "ppt/presentation.xml";
        self.ofd |= name == "OFD.xml";
    }

    fn kind(&self) -> Kind {
        match self {
            Self {
                types: true,
                word: true,
                ..
            } => Kind::Docx,
            Self {
                types: true,
                sheets: true,
                ..
            } => Kind::Xlsx,
            Self {
                types: true,
                slides: true,
                ..
            } => Kind::Pptx,
            Self { ofd: true, .. } => Kind::Ofd,
            _ => Kind::Zip,
        }
    }
}

/// How many entries a directory in this file could hold at most.
fn count_marks(file: &mut File) -> io::Result<u64> {
    file.seek(SeekFrom::Start(0))?;
    let mut buffer = vec![0; 64 << 10];
    let (mut marks, mut kept) = (0, 0);
    loop {
        let read = file.read(&mut buffer[kept..])?;
        if read == 0 {
            return Ok(marks);
        }
        let bytes = &buffer[..kept + read];
        marks += bytes
            .windows(4)
            .filter(|window| window == ENTRY_MARK)
            .count() as u64;
        // a mark may lie across two readings
        let tail = bytes.len().saturating_sub(3);
        kept = bytes.len() - tail;
        buffer.copy_within(tail..tail + kept, 0);
    }
}
