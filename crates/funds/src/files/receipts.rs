use super::receipts_csv;
use super::receipts_xml;
use crate::model::Receipt;

/// Receipts of one file at most; a larger one is to be split.
pub(super) const RECEIPTS_MAX: usize = 5_000;
/// Characters of a bank's words that are kept.
const REASON_CHARS_MAX: usize = 500;
/// Characters of a reference that are kept; ours have far fewer.
const REFERENCE_CHARS_MAX: usize = 64;

/// A file of receipts that was read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Read {
    /// CSV, pain.002 or camt.054.
    pub format: &'static str,
    pub receipts: Vec<Receipt>,
}

/// Why nothing of a file can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReadError {
    /// Neither of the formats.
    #[error("看不懂这个文件：请交 CSV（第一行写列名），或银行的 pain.002、camt.054 文件（XML）")]
    Format,
    /// XML that cannot be read.
    #[error("XML 第 {line} 行读不下去：文件不完整或被改动过，请向银行重新索取")]
    Xml {
        /// Line, from 1.
        line: u32,
    },
    /// A column is missing.
    #[error("缺少“{0}”一列：第一行要有 付款参考号、结果、金额(元)、日期，可以有 原因、银行流水号")]
    Column(&'static str),
    /// One value cannot be used.
    #[error("第 {line} 行的“{what}”不对（{found}）：{mend}")]
    Value {
        /// Line, or running number of the entry in XML.
        line: i64,
        /// Which value.
        what: &'static str,
        /// What stands there.
        found: String,
        /// How to mend it.
        mend: &'static str,
    },
    /// No receipt in it.
    #[error("文件里没有一条回单")]
    Empty,
    /// Too many.
    #[error("文件里的回单超过 {} 条，请拆成几个文件", RECEIPTS_MAX)]
    TooMany,
}

/// Reads a file of receipts: all of it, or nothing.
pub(crate) fn read(bytes: &[u8]) -> Result<Read, ReadError> {
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut read = match start.trim_ascii_start().first() {
        Some(b'<') => receipts_xml::read(start)?,
        Some(_) => receipts_csv::read(bytes)?,
        None => return Err(ReadError::Empty),
    };
    match read.receipts.len() {
        0 => return Err(ReadError::Empty),
        many if many > RECEIPTS_MAX => return Err(ReadError::TooMany),
        _ => {}
    }
    for receipt in &mut read.receipts {
        receipt.reason = plain(&receipt.reason, REASON_CHARS_MAX);
        receipt.reference = plain(&receipt.reference, REFERENCE_CHARS_MAX);
        receipt.bank_reference = plain(&receipt.bank_reference, REFERENCE_CHARS_MAX);
    }
    Ok(read)
}

/// The text in one line without control characters, cut.
fn plain(text: &str, chars_max: usize) -> String {
    let words = text.split(|letter: char| letter.is_whitespace() || letter.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(chars_max).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_file_of_receipts_is_told_apart() {
        assert_eq!(read(b""), Err(ReadError::Empty));
        assert_eq!(read(b" \n"), Err(ReadError::Empty));
        assert_eq!(read(b"%PDF-1.7"), Err(ReadError::Column("付款参考号")));
        assert_eq!(read(b"<html/>"), Err(ReadError::Format));
        assert!(matches!(read(b"<Document><a>"), Err(ReadError::Xml { .. })));
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _any = read(&bytes);
        }

        #[test]
        fn no_xml_breaks_the_reader(inside in "[<>/A-Za-z0-9 \"=]{0,200}") {
            let _any = read(format!("<Document>{inside}</Document>").as_bytes());
        }
    }
}
