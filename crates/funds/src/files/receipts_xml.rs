//! Receipts as ISO 20022: pain.002 (CustomerPaymentStatusReport) and camt.054 (BankToCustomerDebitCreditNotification), of any
//! version: only elements are read that are the same in all of them.

use chrono::NaiveDate;
use roxmltree::{Document, Node};

use super::parse_yuan;
use super::receipts::{Read, ReadError};
use crate::model::{Outcome, Receipt};

/// Status codes of a payment that was made (ISO 20022 ExternalPaymentTransactionStatus1Code).
const PAID: [&str; 2] = ["ACSC", "ACCC"];
/// The one of a payment that was refused.
const REFUSED: &str = "RJCT";

pub(super) fn read(bytes: &[u8]) -> Result<Read, ReadError> {
    let text = std::str::from_utf8(bytes).map_err(|_| ReadError::Format)?;
    // entities could blow a small file up: banks need none
    let options = roxmltree::ParsingOptions {
        allow_dtd: false,
        nodes_limit: 1_000_000,
        ..roxmltree::ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options).map_err(|error| ReadError::Xml {
        line: error.pos().row,
    })?;
    let root = document.root_element();
    if let Some(report) = child(root, "CstmrPmtStsRpt") {
        return statuses(report);
    }
    match child(root, "BkToCstmrDbtCdtNtfctn") {
        Some(notification) => entries(notification),
        None => Err(ReadError::Format),
    }
}

fn child<'a>(node: Node<'a, 'a>, name: &str) -> Option<Node<'a, 'a>> {
    node.children()
        .find(|child| child.tag_name().name() == name)
}

/// The first element of this name below.
fn within<'a>(node: Node<'a, 'a>, name: &str) -> Option<Node<'a, 'a>> {
    node.descendants()
        .find(|child| child.tag_name().name() == name)
}

fn text<'a>(node: Node<'a, 'a>, name: &str) -> &'a str {
    within(node, name)
        .and_then(|node| node.text())
        .unwrap_or_default()
        .trim()
}

fn named<'a>(node: Node<'a, 'a>, name: &'static str) -> impl Iterator<Item = Node<'a, 'a>> {
    node.descendants()
        .filter(move |child| child.tag_name().name() == name)
}

/// The first ten characters of a date or a moment.
fn day(text: &str) -> Option<NaiveDate> {
    text.get(..10)?.parse().ok()
}

/// pain.002: one receipt for each transaction that is done; others (accepted, pending) say nothing yet.
fn statuses(report: Node<'_, '_>) -> Result<Read, ReadError> {
    let made = child(report, "GrpHdr").map_or("", |head| text(head, "CreDtTm"));
    let mut receipts = Vec::new();
    for (index, status) in named(report, "TxInfAndSts").enumerate() {
        let line = i64::try_from(index).unwrap_or(0) + 1;
        let outcome = match text(status, "TxSts") {
            code if PAID.contains(&code) => Outcome::Paid,
            REFUSED => Outcome::Returned,
            _ => continue,
        };
        let reference = text(status, "OrgnlEndToEndId");
        let on = [text(status, "AccptncDtTm"), made]
            .into_iter()
            .find_map(day);
        receipts.push(Receipt {
            line,
            reference: must(line, "OrgnlEndToEndId", reference)?,
            amount: amount(line, status, "InstdAmt")?,
            outcome,
            on: on.ok_or_else(|| wrong(line, "CreDtTm", made))?,
            bank_reference: text(status, "AcctSvcrRef").to_owned(),
            reason: reason(status, "StsRsnInf"),
        });
    }
    Ok(Read {
        format: "pain.002",
        receipts,
    })
}

/// camt.054: money that left the account was paid, money that came back was returned.
fn entries(notification: Node<'_, '_>) -> Result<Read, ReadError> {
    let mut receipts = Vec::new();
    for entry in named(notification, "Ntry") {
        let booked = child(entry, "BookgDt").map_or("", |day| {
            [text(day, "Dt"), text(day, "DtTm")]
                .into_iter()
                .find(|text| !text.is_empty())
                .unwrap_or_default()
        });
        for details in named(entry, "TxDtls") {
            let line = i64::try_from(receipts.len()).unwrap_or(0) + 1;
            let direction = child(details, "CdtDbtInd").or_else(|| child(entry, "CdtDbtInd"));
            let direction = direction.and_then(|node| node.text()).unwrap_or_default();
            let outcome = match direction.trim() {
                "DBIT" => Outcome::Paid,
                "CRDT" => Outcome::Returned,
                other => return Err(wrong(line, "CdtDbtInd", other)),
            };
            receipts.push(Receipt {
                line,
                reference: must(line, "EndToEndId", text(details, "EndToEndId"))?,
                amount: amount(line, details, "Amt")?,
                outcome,
                on: day(booked).ok_or_else(|| wrong(line, "BookgDt", booked))?,
                bank_reference: text(details, "AcctSvcrRef").to_owned(),
                reason: reason(details, "RtrInf"),
            });
        }
    }
    Ok(Read {
        format: "camt.054",
        receipts,
    })
}

/// The bank's words, else its code.
fn reason(node: Node<'_, '_>, name: &str) -> String {
    let Some(inside) = within(node, name) else {
        return String::new();
    };
    let words: Vec<&str> = named(inside, "AddtlInf")
        .filter_map(|node| node.text())
        .collect();
    match words.is_empty() {
        true => ["Cd", "Prtry"]
            .into_iter()
            .map(|code| text(inside, code))
            .find(|code| !code.is_empty())
            .unwrap_or_default()
            .to_owned(),
        false => words.join(" "),
    }
}

/// The amount in CNY; some messages do not repeat it.
fn amount(line: i64, node: Node<'_, '_>, name: &'static str) -> Result<Option<i64>, ReadError> {
    let Some(amount) = within(node, name) else {
        return Ok(None);
    };
    let written = amount.text().unwrap_or_default();
    let currency = amount.attribute("Ccy").unwrap_or("CNY");
    match parse_yuan(written).filter(|_| currency == "CNY") {
        Some(fen) => Ok(Some(fen)),
        None => Err(wrong(line, name, &format!("{written} {currency}"))),
    }
}

fn must(line: i64, what: &'static str, found: &str) -> Result<String, ReadError> {
    match found {
        "" => Err(wrong(line, what, "空")),
        found => Ok(found.to_owned()),
    }
}

fn wrong(line: i64, what: &'static str, found: &str) -> ReadError {
    ReadError::Value {
        line,
        what,
        found: found.chars().take(40).collect(),
        mend: "请向银行核对这个文件",
    }
}

#[cfg(test)]
mod tests {
    use super::super::receipts::read;
    use super::*;

    const STATUS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>
<GrpHdr><MsgId>R1</MsgId><CreDtTm>2026-11-23T10:00:00+08:00</CreDtTm></GrpHdr>
<OrgnlGrpInfAndSts><OrgnlMsgId>ZD2026000001</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId></OrgnlGrpInfAndSts>
<OrgnlPmtInfAndSts><OrgnlPmtInfId>ZD2026000001</OrgnlPmtInfId>
<TxInfAndSts><OrgnlEndToEndId>ZD2026000001-0001</OrgnlEndToEndId><TxSts>ACSC</TxSts><AcctSvcrRef>B1</AcctSvcrRef>
<OrgnlTxRef><Amt><InstdAmt Ccy="CNY">12.34</InstdAmt></Amt></OrgnlTxRef></TxInfAndSts>
<TxInfAndSts><OrgnlEndToEndId>ZD2026000001-0002</OrgnlEndToEndId><TxSts>RJCT</TxSts>
<StsRsnInf><Rsn><Cd>AC01</Cd></Rsn><AddtlInf>账号不存在</AddtlInf></StsRsnInf></TxInfAndSts>
<TxInfAndSts><OrgnlEndToEndId>ZD2026000001-0003</OrgnlEndToEndId><TxSts>PDNG</TxSts></TxInfAndSts>
</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"#;

    const NOTIFICATION: &str = r#"<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn>
<Ntfctn><Ntry><Amt Ccy="CNY">12.34</Amt><CdtDbtInd>DBIT</CdtDbtInd><BookgDt><Dt>2026-11-23</Dt></BookgDt><NtryDtls><TxDtls>
<Refs><AcctSvcrRef>B1</AcctSvcrRef><EndToEndId>ZD2026000001-0001</EndToEndId></Refs><Amt Ccy="CNY">12.34</Amt></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="CNY">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><BookgDt><DtTm>2026-11-24T00:00:00</DtTm></BookgDt><NtryDtls><TxDtls>
<Refs><EndToEndId>ZD2026000001-0002</EndToEndId></Refs><Amt Ccy="CNY">1.00</Amt>
<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf></TxDtls></NtryDtls></Ntry></Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"#;

    #[test]
    fn a_status_report_says_what_is_done_and_passes_over_what_is_pending() {
        let report = read(STATUS.as_bytes()).expect("receipts");
        assert_eq!(report.format, "pain.002");
        let [one, two] = &report.receipts[..] else {
            panic!("{report:?}")
        };
        assert_eq!((one.outcome, one.amount), (Outcome::Paid, Some(1_234)));
        assert_eq!((two.outcome, two.amount), (Outcome::Returned, None));
        assert_eq!(two.reason, "账号不存在");
        assert_eq!(two.on.to_string(), "2026-11-23");
    }

    #[test]
    fn a_notification_tells_what_left_and_what_came_back() {
        let read = read(NOTIFICATION.as_bytes()).expect("receipts");
        assert_eq!(read.format, "camt.054");
        let [one, two] = &read.receipts[..] else {
            panic!("{read:?}")
        };
        assert_eq!(
            (one.outcome, one.bank_reference.as_str()),
            (Outcome::Paid, "B1")
        );
        assert_eq!(
            (two.outcome, two.reason.as_str()),
            (Outcome::Returned, "AC04")
        );
        assert_eq!(two.on.to_string(), "2026-11-24");
    }

    #[test]
    fn another_currency_and_a_document_type_are_refused() {
        let euro = NOTIFICATION.replace("Ccy=\"CNY\"", "Ccy=\"EUR\"");
        assert!(matches!(
            read(euro.as_bytes()),
            Err(ReadError::Value { what: "Amt", .. })
        ));
        let bomb = format!("<!DOCTYPE a [<!ENTITY b \"bbbb\">]>{NOTIFICATION}");
        assert!(matches!(read(bomb.as_bytes()), Err(ReadError::Xml { .. })));
    }
}
