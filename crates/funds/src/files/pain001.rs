use askama::Template;
use zhida_platform::clock::to_shanghai;
use zhida_standards::Fen;

use super::{PlainAccount, PlainBatch, yuan};

/// The version that banks and clearing houses ask for since 2022; what we write is also valid as the newest, V13.
const VERSION: &str = "pain.001.001.09";
/// ISO 20022 Max140Text.
const PURPOSE_CHARS_MAX: usize = 140;

#[derive(Template)]
#[template(path = "funds/pain001.xml")]
struct Message<'a> {
    version: &'a str,
    number: &'a str,
    made: String,
    on: String,
    total: String,
    payer: &'a PlainAccount,
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    reference: &'a str,
    yuan: String,
    enterprise: &'a str,
    account: &'a PlainAccount,
    purpose: String,
}

/// The batch as ISO 20022 pain.001 (CustomerCreditTransferInitiation), in CNY.
///
/// # Errors
/// When the template fails, which is a defect.
pub(crate) fn pain001(batch: &PlainBatch) -> Result<String, askama::Error> {
    as_version(batch, VERSION)
}

fn as_version(batch: &PlainBatch, version: &str) -> Result<String, askama::Error> {
    let rows = batch.rows.iter().map(|row| Row {
        reference: &row.reference,
        yuan: yuan(row.amount),
        enterprise: &row.enterprise,
        account: &row.account,
        purpose: row.purpose.chars().take(PURPOSE_CHARS_MAX).collect(),
    });
    let message = Message {
        version,
        number: &batch.number,
        made: to_shanghai(batch.made)
            .format("%Y-%m-%dT%H:%M:%S%:z")
            .to_string(),
        on: batch.on.to_string(),
        total: yuan(batch.rows.iter().map(|row| row.amount).sum::<Fen>()),
        payer: &batch.payer,
        rows: rows.collect(),
    };
    message.render()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::super::PlainRow;
    use super::*;

    fn account(holder: &str) -> PlainAccount {
        PlainAccount {
            holder: holder.to_owned(),
            bank: "中国工商银行<江城>支行".to_owned(),
            cnaps: "102100099996".to_owned(),
            account: "1202022419900012345".to_owned(),
        }
    }

    fn batch() -> PlainBatch {
        let row = |number: i32, amount| PlainRow {
            reference: format!("ZD2026000001-{number:04}"),
            amount,
            enterprise: "91330302MAPDY00011".to_owned(),
            account: account("江城“甲”&乙公司"),
            purpose: "研发后补助 兑付-2026-000001 ".repeat(20),
        };
        PlainBatch {
            number: "ZD2026000001".to_owned(),
            made: "2026-11-22T01:02:03Z".parse().expect("an instant"),
            on: "2026-11-23".parse().expect("a day"),
            payer: account("江城市财政局"),
            rows: vec![row(1, 1), row(2, 123_456_789), row(3, 100)],
        }
    }

    /// What libxml2 says of the message by the official schema of this version; empty: it is valid.
    fn faults(version: &str, xml: &str) -> String {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let file = folder.path().join("message.xml");
        std::fs::write(&file, xml).expect("a file can be written");
        let schema = format!("{}/tests/schemas/{version}.xsd", env!("CARGO_MANIFEST_DIR"));
        let run = Command::new("xmllint")
            .args(["--noout", "--nonet", "--schema", &schema])
            .arg(&file)
            .output()
            .expect("xmllint is missing: apt-get install libxml2-utils");
        match run.status.success() {
            true => String::new(),
            false => format!("{}!", String::from_utf8_lossy(&run.stderr)),
        }
    }

    #[test]
    fn it_is_valid_by_the_official_schemas() {
        for version in [VERSION, "pain.001.001.13"] {
            let xml = as_version(&batch(), version).expect("xml");
            assert_eq!(faults(version, &xml), "", "{version}");
        }
    }

    /// The validator finds what is wrong: the test above can fail.
    #[test]
    fn the_schema_refuses_what_is_wrong() {
        let right = pain001(&batch()).expect("xml");
        for (from, to) in [
            ("<PmtMtd>TRF</PmtMtd>", "<PmtMtd>XXX</PmtMtd>"),
            ("<PmtMtd>TRF</PmtMtd>", ""),
            ("Ccy=\"CNY\"", "Ccy=\"RMB yuan\""),
            ("<Dt>2026-11-23</Dt>", "<Dt>23.11.2026</Dt>"),
            (
                "<MsgId>ZD2026000001</MsgId>",
                "<MsgId>ZD20260000010000000000000000000000000</MsgId>",
            ),
            (
                "<InstdAmt Ccy=\"CNY\">0.01</InstdAmt>",
                "<InstdAmt Ccy=\"CNY\">one</InstdAmt>",
            ),
            ("<Nm>江城市财政局</Nm>", "<Name>江城市财政局</Name>"),
        ] {
            let wrong = right.replace(from, to).replace(
                if to == "<CdtrAgent>" {
                    "</CdtrAgt>"
                } else {
                    "\u{0}"
                },
                "</CdtrAgent>",
            );
            assert_ne!(wrong, right, "{from}");
            let said = faults(VERSION, &wrong);
            assert!(said.contains("fails to validate"), "{from} → {to}: {said}");
        }
    }

    #[test]
    fn figures_and_names_are_exact() {
        let xml = pain001(&batch()).expect("xml");
        let document = roxmltree::Document::parse(&xml).expect("well-formed");
        let all = |name: &str| -> Vec<String> {
            let named = document
                .descendants()
                .filter(|node| node.tag_name().name() == name);
            named
                .filter_map(|node| node.text())
                .map(str::to_owned)
                .collect()
        };
        assert_eq!(all("InstdAmt"), ["0.01", "1234567.89", "1.00"]);
        assert_eq!(all("CtrlSum"), ["1234568.90", "1234568.90"]);
        assert_eq!(all("NbOfTxs"), ["3", "3"]);
        assert!(all("Nm").contains(&"江城“甲”&乙公司".to_owned()));
        assert_eq!(all("CreDtTm"), ["2026-11-22T09:02:03+08:00"]);
        assert!(all("Ustrd").iter().all(|text| text.chars().count() == 140));
        let mut references = all("EndToEndId");
        references.dedup();
        assert_eq!(references.len(), 3);
    }
}
