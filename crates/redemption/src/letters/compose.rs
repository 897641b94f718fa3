//! The wording of letters.

use zhida_letters::{Block, Check, CheckCode, Column, Letter, Table, capital_amount};
use zhida_platform::format::{date_zh, money_fen};

use super::model::{Basis, Decided, LetterKind, Verdict};

impl Decided<'_> {
    pub(super) fn kind(&self) -> LetterKind {
        match self.verdict {
            Verdict::Granted { .. } => LetterKind::Granted,
            Verdict::Refused { .. } => LetterKind::Refused,
        }
    }

    pub(super) fn fen(&self) -> Option<i64> {
        match self.verdict {
            Verdict::Granted { fen } => Some(fen),
            Verdict::Refused { .. } => None,
        }
    }
}

/// The letter that tells a decision. `address` is the page that checks it; empty when the site's address is not set.
pub(super) fn compose(
    decided: &Decided<'_>,
    number: &str,
    code: &CheckCode,
    address: String,
) -> Letter {
    let mut blocks = vec![Block::Paragraph(opening(decided))];
    blocks.push(Block::Paragraph(verdict(decided)));
    if !decided.basis.is_empty() {
        blocks.push(Block::Heading("申报条件的核对情况".to_owned()));
        blocks.push(Block::Table(basis(decided.basis)));
    }
    let paragraphs = decided
        .words
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    blocks.extend(paragraphs.map(|line| Block::Paragraph(line.to_owned())));
    blocks.push(Block::Paragraph(format!(
        "本决定依据该事项第 {} 版规则和第 {} 版兑付方案作出，统一社会信用代码：{}。",
        decided.item_revision, decided.scheme_revision, decided.enterprise
    )));
    Letter {
        title: decided.kind().word().to_owned(),
        number: number.to_owned(),
        addressee: decided.enterprise_name.to_owned(),
        blocks,
        signed_by: decided.organisation.to_owned(),
        date: date_zh(decided.on),
        check: Some(Check {
            code: code.to_string(),
            address,
        }),
    }
}

fn opening(decided: &Decided<'_>) -> String {
    let by = match decided.policy {
        "" => String::new(),
        policy => format!("依据{policy}，"),
    };
    format!(
        "你单位的政策事项“{}”（办件编号 {}），{by}经审查，决定如下：",
        decided.item_name, decided.number
    )
}

fn verdict(decided: &Decided<'_>) -> String {
    match decided.verdict {
        Verdict::Granted { fen } => {
            let formula = match decided.formula {
                "" => String::new(),
                formula => format!("计算方法：{formula}。"),
            };
            let (amount, capital) = (money_fen(fen), capital_amount(fen));
            format!("符合兑付条件，准予兑付人民币 {amount}（大写：{capital}）。{formula}")
        }
        Verdict::Refused { reason } => {
            let reason = reason.trim_end_matches('。');
            format!("不予兑付。理由：{reason}。")
        }
    }
}

fn basis(conditions: &[Basis]) -> Table {
    let column = |heading: &str, share| Column {
        heading: heading.to_owned(),
        share,
        figures: false,
    };
    Table {
        columns: vec![
            column("条件", 5),
            column("要求", 4),
            column("核对到的情况", 5),
            column("结论", 2),
        ],
        rows: conditions
            .iter()
            .map(|one| {
                vec![
                    one.condition.clone(),
                    one.required.clone(),
                    one.known.clone(),
                    one.verdict.clone(),
                ]
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(verdict: Verdict<'static>) -> Decided<'static> {
        Decided {
            case: "1",
            number: "兑付-2026-000123-7",
            item: "first-above-scale",
            item_name: "首次上规企业奖励",
            item_revision: 3,
            scheme_revision: 2,
            policy: "《若干政策》（青政发〔2026〕1号）第四条",
            enterprise: "91331122PDY00001X6",
            enterprise_name: "青田石门精密机械有限公司",
            place: "331121",
            organisation: "青田县经济商务局",
            verdict,
            basis: &[],
            formula: "",
            words: "款项在公示期满后拨付。\n\n  请核对收款账户。  ",
            on: chrono::NaiveDate::from_ymd_opt(2026, 11, 22).unwrap_or_default(),
        }
    }

    fn text(letter: &Letter) -> String {
        let paragraphs = letter.blocks.iter().filter_map(|block| match block {
            Block::Paragraph(text) => Some(text.as_str()),
            _ => None,
        });
        paragraphs.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_grant_names_the_amount_twice_and_the_rule_in_force() {
        let code = CheckCode::from_random([1; 10]);
        let letter = compose(
            &decided(Verdict::Granted { fen: 5_000_000 }),
            "n",
            &code,
            String::new(),
        );
        let text = text(&letter);
        assert_eq!(letter.title, "准予兑付决定书");
        assert!(
            text.contains("准予兑付人民币 50,000 元（大写：伍万元整）"),
            "{text}"
        );
        assert!(text.contains("第 3 版规则和第 2 版兑付方案"), "{text}");
        assert!(
            text.contains("\n款项在公示期满后拨付。\n请核对收款账户。\n"),
            "{text}"
        );
    }

    #[test]
    fn a_refusal_gives_its_reason_and_no_amount() {
        let code = CheckCode::from_random([1; 10]);
        let verdict = Verdict::Refused {
            reason: "上年营业收入不足 2,000 万元。",
        };
        let letter = compose(&decided(verdict), "n", &code, String::new());
        let text = text(&letter);
        assert!(
            text.contains("不予兑付。理由：上年营业收入不足 2,000 万元。\n"),
            "{text}"
        );
        assert!(!text.contains("人民币"), "{text}");
    }
}
