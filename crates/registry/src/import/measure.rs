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
/// Bytes of a tag that are looked at.
const TAG_BYTES: usize = 4 << 10;

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
    let (mut total, mut described, mut texts) = (0_u64, 0_u64, 0_u64);
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).map_err(|error| damaged(&error))?;
        let never_read = is_picture(part.name());
        let left = bytes_max - total;
        let mut scanner = Scanner::default();
        let size = inflate(&mut part.by_ref().take(left + 1), &mut scanner)
            .map_err(|error| damaged(&error))?;
        total += size;
        if total > bytes_max {
            return Err(unpacked(input, bytes_max));
        }
        if let Some(line) = scanner.too_long {
            let bytes_max = RECORD_BYTES_MAX;
            return Err(ImportError::RecordTooLong { line, bytes_max });
        }
        if never_read && !scanner.has_data {
            continue;
        }
        if never_read || scanner.strange {
            return Err(broken(input, "a part that is not what its name says"));
        }
        described += if scanner.has_data { scanner.head } else { size };
        texts += if scanner.texts > 0 { size } else { 0 };
        if described > DESCRIPTION_BYTES_MAX {
            return Err(unpacked(input, DESCRIPTION_BYTES_MAX));
        }
        if texts > TEXTS_BYTES_MAX || scanner.texts > TEXTS_MAX {
            return Err(unpacked(input, TEXTS_BYTES_MAX));
        }
    }
    Ok(())
}

/// Pictures and other binary parts, which are never read. What a part is called is the sender's choice,
/// so all are looked at, and one of these must not hold rows.
fn is_picture(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let kinds = [
        ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tiff", ".emf", ".wmf", ".bin",
    ];
    kinds.iter().any(|kind| name.ends_with(kind))
}

fn inflate(part: &mut impl Read, scanner: &mut Scanner) -> io::Result<u64> {
    let mut buffer = vec![0; 1 << 16];
    let mut size = 0;
    loop {
        let read = part.read(&mut buffer)?;
        size += read as u64;
        scanner.take(&buffer[..read]);
        if read == 0 || scanner.too_long.is_some() || scanner.texts > TEXTS_MAX {
            return Ok(size);
        }
    }
}

/// Follows the tags of a part as the reader would: how many texts there are, and whether a row or a
/// text is longer than anybody writes.
#[derive(Default)]
struct Scanner {
    state: State,
    /// The tag under way, or the last bytes of a comment.
    tag: Vec<u8>,
    first: Vec<u8>,
    /// Rows or shared texts have begun, after this many bytes.
    has_data: bool,
    head: u64,
    /// The rows are over; what follows them is not read.
    over: bool,
    since: u64,
    rows: u64,
    texts: u64,
    too_long: Option<u64>,
    /// Not the plain XML that spreadsheets write.
    strange: bool,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    Tag,
    /// In an attribute's value, until this quote.
    Quoted(u8),
    /// In a comment, CDATA or an instruction, until these bytes.
    Until(&'static [u8]),
}

impl Scanner {
    fn take(&mut self, bytes: &[u8]) {
        if self.first.len() < 2 {
            self.first.extend(bytes.iter().take(2));
            // UTF-16, in which no tag would be recognised here
            self.strange |= matches!(
                self.first.as_slice(),
                [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] | [0, ..] | [_, 0, ..]
            );
        }
        for byte in bytes {
            self.since += 1;
            self.head += u64::from(!self.has_data);
            self.byte(*byte);
        }
        if self.has_data && !self.over && self.since > RECORD_BYTES_MAX {
            self.too_long.get_or_insert(self.rows.max(1));
        }
    }

    fn byte(&mut self, byte: u8) {
        match (self.state, byte) {
            (State::Text, b'<') => {
                self.tag.clear();
                self.state = State::Tag;
            }
            (State::Text, _) => {}
            (State::Tag, b'>') => {
                self.state = State::Text;
                self.tagged();
            }
            (State::Tag, quote @ (b'"' | b'\'')) if !self.tag.starts_with(b"/") => {
                self.keep(quote);
                self.state = State::Quoted(quote);
            }
            (State::Tag, byte) => {
                self.keep(byte);
                match self.tag.as_slice() {
                    b"?" => self.state = State::Until(b"?>"),
                    b"!--" => self.state = State::Until(b"-->"),
                    b"![CDATA[" => self.state = State::Until(b"]]>"),
                    // definitions of entities and the like: no spreadsheet has them
                    b"!D" | b"!d" => self.strange = true,
                    _ => return,
                }
                if matches!(self.state, State::Until(_)) {
                    self.tag.clear();
                }
            }
            (State::Quoted(quote), byte) => {
                self.keep(byte);
                if byte == quote {
                    self.state = State::Tag;
                }
            }
            (State::Until(end), byte) => {
                if self.tag.len() == end.len() {
                    self.tag.remove(0);
                }
                self.tag.push(byte);
                if self.tag == end {
                    self.state = State::Text;
                }
            }
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.tag.len() < TAG_BYTES {
            self.tag.push(byte);
        }
    }

    fn tagged(&mut self) {
        let end = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        let name = self.tag.split(end).next().unwrap_or_default();
        let (closes, name) = match name.strip_prefix(b"/") {
            Some(name) => (true, name),
            None => (false, name.strip_suffix(b"/").unwrap_or(name)),
        };
        let own = name.rsplit(|byte| *byte == b':').next().unwrap_or_default();
        match (own, closes) {
            (b"row", false) => self.rows += 1,
            (b"si", false) => self.texts += 1,
            (b"row" | b"si", true) => {}
            (b"sheetData", true) => self.over = true,
            (b"sheetData", false) => self.has_data = true,
            (b"sst", false) => {
                self.has_data = true;
                // the reader makes room for as many texts as the tag announces
                self.strange |= self.tag.len() >= TAG_BYTES || announces_too_many(&self.tag);
            }
            _ => return,
        }
        self.since = 0;
    }
}

/// Whether any number in a tag is larger than the number of texts may be.
fn announces_too_many(tag: &[u8]) -> bool {
    tag.split(|byte| !byte.is_ascii_digit()).any(|digits| {
        let number =
            |n: u64, digit: &u8| n.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
        digits.iter().fold(0, number) > TEXTS_MAX
    })
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
            (
                "<?xml version=\"1.0\"?><sheetData><row r=\"1\"><c/></row><x:row/><row>",
                1,
            ),
            ("<si/><si><t>a</t></si><x:si ><t/></x:si>", 1),
            ("<!-- <si/><row> ><si/> --><![CDATA[<si/>]]><size/>", 1),
        ]);
        assert_eq!((scanner.rows, scanner.texts), (3, 3));
        assert_eq!((scanner.too_long, scanner.strange), (None, false));
    }

    #[test]
    fn what_hides_tags_from_a_simple_look_hides_none_here() {
        for before in [
            "<?x <!-- ?>",
            "<a b=\"<!--\">",
            "<a b='<![CDATA['>",
            "<a b=\">'\">",
            "</a \">",
            "<!---->",
            "<!-- ->-- >-->",
        ] {
            let scanner = scanned(&[(before, 1), ("<x:sst count=\"1\"><si/>", 1)]);
            assert!(scanner.has_data && scanner.texts == 1, "{before}");
            assert!(!scanner.strange, "{before}");
        }
        for strange in [
            "<!DOCTYPE x [<!ENTITY a 'b'>]><a/>",
            "\u{0}<\u{0}s",
            "<sst uniqueCount=\"99999999999\">",
            "<sst a='x' uniqueCount = '18446744073709551616'>",
        ] {
            assert!(scanned(&[(strange, 1)]).strange, "{strange}");
        }
        assert!(!scanned(&[("<sst uniqueCount=\"10000000\">", 1)]).strange);
    }

    #[test]
    fn what_does_not_end_is_told_with_its_row() {
        let long = "x".repeat(1 << 10);
        let tags = "<b/>".repeat(1 << 8);
        let comment = "<row><si>".repeat(1 << 7);
        for filler in [&long, &tags] {
            let begun = "<sheetData><row/><row/><row><c><is><t>";
            let scanner = scanned(&[(begun, 1), (filler, 5 << 10)]);
            assert_eq!(scanner.too_long, Some(3));
        }
        let scanner = scanned(&[("<sheetData><row/><!--", 1), (&comment, 5 << 10)]);
        assert_eq!(scanner.too_long, Some(1));
        let scanner = scanned(&[("<sheetData><row/></sheetData>", 1), (&tags, 5 << 10)]);
        assert_eq!(scanner.too_long, None, "what follows the rows is not read");
        let scanner = scanned(&[("<sheetData>", 1), ("<row><c><v>1</v></c></row>", 200_000)]);
        assert_eq!((scanner.rows, scanner.too_long), (200_000, None));
    }
}
