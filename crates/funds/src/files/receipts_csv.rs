//! Receipts as CSV: UTF-8 or GB18030, first line the columns in any order, others are passed over.

use std::borrow::Cow;

use chrono::NaiveDate;
use encoding_rs::GB18030;

use super::parse_yuan;
use super::receipts::{RECEIPTS_MAX, Read, ReadError};
use crate::model::{Outcome, Receipt};

const REFERENCE: &str = "付款参考号";
const RESULT: &str = "结果";
const AMOUNT: &str = "金额(元)";
const DAY: &str = "日期";
const REASON: &str = "原因";
const BANK_REFERENCE: &str = "银行流水号";

pub(super) fn read(bytes: &[u8]) -> Result<Read, ReadError> {
    let text = decoded(bytes).ok_or(ReadError::Format)?;
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let columns = Columns::find(reader.headers().map_err(|_| ReadError::Format)?)?;
    let mut receipts = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|_| ReadError::Format)?;
        if record.iter().all(str::is_empty) {
            continue;
        }
        if receipts.len() > RECEIPTS_MAX {
            return Err(ReadError::TooMany);
        }
        let line = record.position().map_or(0, csv::Position::line);
        receipts.push(columns.receipt(&record, i64::try_from(line).unwrap_or(0))?);
    }
    Ok(Read {
        format: "CSV",
        receipts,
    })
}

fn decoded(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Some(text.into());
    }
    let (text, _, broken) = GB18030.decode(bytes);
    (!broken).then_some(text)
}

struct Columns {
    reference: usize,
    result: usize,
    amount: usize,
    day: usize,
    reason: Option<usize>,
    bank_reference: Option<usize>,
}

impl Columns {
    fn find(head: &csv::StringRecord) -> Result<Self, ReadError> {
        // brackets of full width are what an input method gives
        let same = |cell: &str, name: &str| cell.replace('（', "(").replace('）', ")") == name;
        let at = |name: &'static str| head.iter().position(|cell| same(cell, name));
        let must = |name| at(name).ok_or(ReadError::Column(name));
        Ok(Self {
            reference: must(REFERENCE)?,
            result: must(RESULT)?,
            amount: must(AMOUNT)?,
            day: must(DAY)?,
            reason: at(REASON),
            bank_reference: at(BANK_REFERENCE),
        })
    }

    fn receipt(&self, record: &csv::StringRecord, line: i64) -> Result<Receipt, ReadError> {
        let cell = |at: usize| record.get(at).unwrap_or_default();
        let text = |at: Option<usize>| at.map_or("", cell).to_owned();
        let wrong = |what, at: usize, mend| ReadError::Value {
            line,
            what,
            found: cell(at).chars().take(40).collect(),
            mend,
        };
        let reference = cell(self.reference).to_owned();
        if reference.is_empty() {
            return Err(wrong(REFERENCE, self.reference, "请写付款文件里的参考号"));
        }
        Ok(Receipt {
            line,
            reference,
            outcome: outcome(cell(self.result))
                .ok_or_else(|| wrong(RESULT, self.result, "请写 已付 或 退回"))?,
            amount: Some(
                parse_yuan(cell(self.amount))
                    .ok_or_else(|| wrong(AMOUNT, self.amount, "请写金额，单位元，如 1234.50"))?,
            ),
            on: day(cell(self.day))
                .ok_or_else(|| wrong(DAY, self.day, "请写日期，如 2026-11-23"))?,
            reason: text(self.reason),
            bank_reference: text(self.bank_reference),
        })
    }
}

fn outcome(text: &str) -> Option<Outcome> {
    match text {
        "已付" | "成功" | "付款成功" => Some(Outcome::Paid),
        "退回" | "退票" | "失败" | "付款失败" => Some(Outcome::Returned),
        _ => None,
    }
}

fn day(text: &str) -> Option<NaiveDate> {
    let formats = ["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y年%m月%d日"];
    formats
        .into_iter()
        .find_map(|format| NaiveDate::parse_from_str(text, format).ok())
}

#[cfg(test)]
mod tests {
    use super::super::receipts::read;
    use super::*;

    const FILE: &str = "银行流水号,付款参考号,结果,金额（元）,日期,原因\n\
        B1,ZD2026000001-0001,已付,\"1,234.50\",2026-11-23,\n\
        ,,,,,\n\
        B2,ZD2026000001-0002,退回,100,2026年11月23日,\"户名\n不符\"\n";

    #[test]
    fn columns_are_found_by_name_in_both_encodings() {
        let plain = read(FILE.as_bytes()).expect("receipts");
        assert_eq!(plain.format, "CSV");
        let [one, two] = &plain.receipts[..] else {
            panic!("{plain:?}")
        };
        assert_eq!(
            (one.line, one.amount, one.outcome),
            (2, Some(123_450), Outcome::Paid)
        );
        assert_eq!(two.reason, "户名 不符");
        assert_eq!(two.on.to_string(), "2026-11-23");
        let (encoded, ..) = GB18030.encode(FILE);
        assert_eq!(read(&encoded), Ok(plain));
    }

    #[test]
    fn a_wrong_value_is_named_with_its_line() {
        for (from, to, what) in [
            ("已付", "在途", RESULT),
            ("2026-11-23", "昨天", DAY),
            ("1,234.50", "一千", AMOUNT),
            ("ZD2026000001-0001", "", REFERENCE),
        ] {
            let error = read(FILE.replace(from, to).as_bytes()).expect_err(from);
            assert!(
                matches!(&error, ReadError::Value { line: 2, what: found, .. } if *found == what),
                "{error}"
            );
        }
        let error = read(FILE.replace("结果", "状态").as_bytes());
        assert_eq!(error, Err(ReadError::Column(RESULT)));
    }
}
