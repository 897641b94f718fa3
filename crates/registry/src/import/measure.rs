//! A workbook measured before it is opened: how much it unpacks to, and how much of that the reader
//! would hold in memory at once.

use std::fs::File;
use std::io::{self, BufReader, Read};

use zip::ZipArchive;

use super::detect::Input;
use super::{ImportError, RECORD_BYTES_MAX};

/// Parts of a workbook at most.
const PARTS_MAX: usize = 10_000;
/// Bytes of the shared texts at most; they are held in memory.
const TEXTS_BYTES_MAX: u64 = 512 << 20;
/// Shared texts at most: an empty one takes five bytes of the file and twenty-four of memory.
const TEXTS_MAX: u64 = 10_000_000;
/// Bytes at most of the parts that describe the workbook; they are held in memory, many times larger.
const DESCRIPTION_BYTES_MAX: u64 = 64 << 20;
/// Bytes of a tag's name that are looked at.
const NAME_BYTES: usize = 32;

/// Refuses a bomb: by what the zip's directory declares, then by really inflating every part, since the
/// directory may lie. Nothing inflated is kept.
pub(crate) fn measure(input: &Input, bytes_max: u64) -> Result<(), ImportError> {
    let damaged = |error: &dyn std::fmt::Display| broken(input, &error.to_string());
    let file = File::open(&input.path).map_err(|error| damaged(&error))?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| damaged(&error))?;
    if archive.len() > PARTS_MAX {
        return Err(unpacked(input, bytes_max));
    }
    let mut declared = 0_u64;
    let mut has_workbook = false;
    for at in 0..archive.len() {
        let part = archive.by_index_raw(at).map_err(|error| damaged(&error))?;
        declared = declared.saturating_add(part.size());
        has_workbook |= part.name() == "xl/workbook.xml";
    }
    if declared > bytes_max {
        return Err(unpacked(input, bytes_max));
    }
    if !has_workbook {
        return Err(ImportError::NotA {
            file: input.name.clone(),
            expected: "电子表格（.xlsx）",
        });
    }
    let (mut total, mut described) = (0_u64, 0_u64);
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).map_err(|error| damaged(&error))?;
        let (kind, left) = (Kind::of(part.name()), bytes_max - total);
        let mut scanner = Scanner::default();
        let size = inflate(&mut part.by_ref().take(left + 1), kind, &mut scanner)
            .map_err(|error| damaged(&error))?;
        total += size;
        described += if kind == Kind::Description { size } else { 0 };
        let (held, max) = match kind {
            Kind::Texts => (size, TEXTS_BYTES_MAX),
            Kind::Description => (described, DESCRIPTION_BYTES_MAX),
            Kind::Sheet | Kind::Other => (0, bytes_max),
        };
        if total > bytes_max {
            return Err(unpacked(input, bytes_max));
        }
        if held > max || scanner.texts > TEXTS_MAX {
            return Err(unpacked(input, max));
        }
        if let Some(line) = scanner.too_long {
            let bytes_max = RECORD_BYTES_MAX;
            return Err(ImportError::RecordTooLong { line, bytes_max });
        }
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sheet,
    Texts,
    /// Names, styles, relations.
    Description,
    /// Pictures and the like, which are never read.
    Other,
}

impl Kind {
    fn of(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        match name {
            _ if name.starts_with("xl/worksheets/") && name.ends_with(".xml") => Self::Sheet,
            _ if name == "xl/sharedstrings.xml" => Self::Texts,
            _ if name.ends_with(".xml") || name.ends_with(".rels") => Self::Description,
            _ => Self::Other,
        }
    }
}

fn inflate(part: &mut impl Read, kind: Kind, scanner: &mut Scanner) -> io::Result<u64> {
    let looked_at = matches!(kind, Kind::Sheet | Kind::Texts);
    let mut buffer = vec![0; 1 << 16];
    let mut size = 0;
    loop {
        let read = part.read(&mut buffer)?;
        if read == 0 {
            return Ok(size);
        }
        size += read as u64;
        if looked_at {
            scanner.take(&buffer[..read]);
        }
        if scanner.too_long.is_some() || scanner.texts > TEXTS_MAX {
            return Ok(size);
        }
    }
}

/// Follows the tags of a sheet or of the shared texts: how many texts there are, and whether a row or
/// a text is longer than anybody writes.
#[derive(Default)]
struct Scanner {
    /// Name of the tag under way.
    name: Vec<u8>,
    state: State,
    since: u64,
    rows: u64,
    texts: u64,
    too_long: Option<u64>,
    after_sheet: bool,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Between,
    InName,
    /// In a comment or the like, where tags are none; only its length counts.
    Closed,
}

impl Scanner {
    fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.since += 1;
            match (self.state, byte) {
                (State::Between, b'<') => {
                    self.name.clear();
                    self.state = State::InName;
                }
                (State::InName, b'!') if self.name.is_empty() => self.state = State::Closed,
                (State::InName, b' ' | b'\t' | b'\r' | b'\n' | b'>') => self.named(),
                (State::InName, byte) if self.name.len() < NAME_BYTES => self.name.push(*byte),
                // `-->` and `]]>`
                (State::Closed, b'>')
                    if self.name.ends_with(b"--") || self.name.ends_with(b"]]") =>
                {
                    self.state = State::Between;
                }
                (State::Closed, byte) => {
                    if self.name.len() >= 2 {
                        self.name.remove(0);
                    }
                    self.name.push(*byte);
                }
                _ => {}
            }
        }
        if self.since > RECORD_BYTES_MAX && !self.after_sheet {
            self.too_long.get_or_insert(self.rows.max(1));
        }
    }

    fn named(&mut self) {
        self.state = State::Between;
        let own = self
            .name
            .rsplit(|byte| *byte == b':')
            .next()
            .unwrap_or_default();
        let own = own.strip_suffix(b"/").unwrap_or(own);
        let ends = self.name.starts_with(b"/");
        match own {
            b"row" => self.rows += u64::from(!ends),
            b"si" => self.texts += u64::from(!ends),
            b"/row" | b"/si" => {}
            b"/sheetData" => self.after_sheet = true,
            _ => return,
        }
        self.since = 0;
    }
}

pub(crate) fn broken(input: &Input, reason: &str) -> ImportError {
    ImportError::Workbook {
        file: input.name.clone(),
        reason: reason.to_owned(),
    }
}

fn unpacked(input: &Input, bytes_max: u64) -> ImportError {
    ImportError::Unpacked {
        file: input.name.clone(),
        bytes_max,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanned(parts: &[(&str, usize)]) -> Scanner {
        let mut scanner = Scanner::default();
        for (text, times) in parts {
            for _ in 0..*times {
                scanner.take(text.as_bytes());
            }
        }
        scanner
    }

    #[test]
    fn rows_and_texts_are_counted_under_any_prefix() {
        let scanner = scanned(&[
            ("<sheetData><row r=\"1\"><c/></row><x:row/><row>", 1),
            ("<si/><si><t>a</t></si><x:si ><t/></x:si>", 1),
            ("<!-- <si/><row> ><si/> --><![CDATA[<si/>]]><size/>", 1),
        ]);
        assert_eq!((scanner.rows, scanner.texts), (3, 3));
        assert_eq!(scanner.too_long, None);
    }

    #[test]
    fn what_does_not_end_is_told_with_its_row() {
        let long = "x".repeat(1 << 10);
        let tags = "<b/>".repeat(1 << 8);
        let comment = "<row><si>".repeat(1 << 7);
        for filler in [&long, &tags] {
            let scanner = scanned(&[("<row/><row/><row><c><is><t>", 1), (filler, 5 << 10)]);
            assert_eq!(scanner.too_long, Some(3));
        }
        let scanner = scanned(&[("<row/><!--", 1), (&comment, 5 << 10)]);
        assert_eq!(scanner.too_long, Some(1));
        let scanner = scanned(&[("<row/></sheetData>", 1), (&tags, 5 << 10)]);
        assert_eq!(scanner.too_long, None, "what follows the rows is not read");
        let scanner = scanned(&[("<row><c><v>1</v></c></row>", 500_000)]);
        assert_eq!((scanner.rows, scanner.too_long), (500_000, None));
    }
}
