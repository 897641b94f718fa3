//! Matches as text for a terminal: Chinese columns aligned by their width on the screen.

use unicode_width::UnicodeWidthStr;
use zhida_platform::format::{count, date_zh};

use crate::everything::{Pairs, Summary};
use crate::model::{EnterpriseMatch, ItemMatch, MatchedItem, PairMatch};
use crate::verdict::{Counts, Label};

/// Columns of a cell at most; longer texts are cut with `…`.
const CELL_MAX: usize = 44;

/// A table whose columns are as wide as their widest cell.
pub fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let cut_rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| cut(cell, CELL_MAX)).collect())
        .collect();
    let widths: Vec<usize> = headings
        .iter()
        .enumerate()
        .map(|(at, heading)| {
            let cells = cut_rows
                .iter()
                .filter_map(|row| row.get(at))
                .map(|cell| cell.width());
            cells.chain([heading.width()]).max().unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    let headings: Vec<String> = headings
        .iter()
        .map(|heading| (*heading).to_owned())
        .collect();
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    for row in [&headings, &rule].into_iter().chain(&cut_rows) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width.saturating_sub(cell.width()) + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The text cut to `width` columns, without what a terminal would obey.
fn cut(text: &str, width: usize) -> String {
    let clean: String = text.chars().filter(|c| !c.is_control()).collect();
    if clean.width() <= width {
        return clean;
    }
    let mut kept = String::new();
    for c in clean.chars() {
        let next = c.to_string();
        if kept.width() + next.width() + 1 > width {
            break;
        }
        kept.push_str(&next);
    }
    kept.push('…');
    kept
}

/// Counts in one line.
pub fn counts(counts: &Counts, unit: &str) -> String {
    let parts: Vec<String> = Label::ALL
        .into_iter()
        .filter(|label| counts.get(*label) > 0)
        .map(|label| format!("{} {}", label.words(), count(counts.get(label))))
        .collect();
    if parts.is_empty() {
        return format!("共 0 {unit}");
    }
    format!("共 {} {unit}：{}", count(counts.total), parts.join("，"))
}

/// A full run: totals, levels, regions, size classes, and the items that reach most.
pub fn everything(found: &Summary, items: usize) -> String {
    let mut text = format!(
        "基准日 {}：{} 个事项，{} 家市场主体，其中 {} 家至少符合一项\n符合 {} 对，信息不足 {} 对，只差一项 {} 对\n",
        date_zh(found.on),
        count(found.items.len() as u64),
        count(found.enterprises),
        count(found.reached),
        count(found.total.met),
        count(found.total.unknown),
        count(found.total.near_miss),
    );
    if !found.interpreted.is_empty() {
        text.push_str(&format!(
            "{} 个事项的条件展开后太长，没有列式形式，由解释器逐家计算：{}\n",
            found.interpreted.len(),
            cut(&found.interpreted.join("、"), 2 * CELL_MAX),
        ));
    }
    let pairs = |pairs: &Pairs| [pairs.met, pairs.unknown, pairs.near_miss].map(count);
    let line = |head: Vec<String>, pairs: &[String]| [&head, pairs].concat();
    let levels = found.levels.iter();
    let levels = levels.map(|sum| {
        line(
            vec![sum.level.clone(), count(sum.items)],
            &pairs(&sum.pairs),
        )
    });
    let headings = ["发布层级", "事项", "符合", "信息不足", "只差一项"];
    text.push_str(&format!(
        "\n{}",
        table(&headings, &levels.collect::<Vec<_>>())
    ));
    for (heading, groups) in [("地区", &found.regions), ("企业规模", &found.sizes)] {
        let headings = [
            heading,
            "市场主体",
            "至少符合一项",
            "符合",
            "信息不足",
            "只差一项",
        ];
        let rows = groups.iter().map(|sum| {
            let head = vec![sum.name.clone(), count(sum.enterprises), count(sum.reached)];
            line(head, &pairs(&sum.pairs))
        });
        text.push_str(&format!(
            "\n{}",
            table(&headings, &rows.collect::<Vec<_>>())
        ));
    }
    let shown = found.items.iter().take(items);
    let rows = shown.map(|sum| {
        line(
            vec![sum.head.name.clone(), sum.head.id.clone()],
            &pairs(&sum.pairs),
        )
    });
    let headings = ["事项", "标识", "符合", "信息不足", "只差一项"];
    text.push_str(&format!(
        "\n{}",
        table(&headings, &rows.collect::<Vec<_>>())
    ));
    if found.items.len() > items {
        text.push_str(&format!(
            "另有 {} 个事项未列出；--csv 写出全部\n",
            found.items.len() - items
        ));
    }
    text
}

/// All items for one enterprise; those out of reach are counted, not listed.
pub fn enterprise(found: &EnterpriseMatch) -> String {
    let mut text = String::new();
    let head = &found.enterprise;
    let parts = [
        &head.name,
        &head.code,
        &head.division_name,
        &head.industry_name,
        &head.size,
    ];
    let known: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    if !known.is_empty() {
        text.push_str(&format!("{}\n", cut(&known.join("  "), 160)));
    }
    text.push_str(&format!(
        "基准日 {}，{}\n\n",
        date_zh(found.on),
        counts(&found.counts, "项")
    ));
    let listed: Vec<&MatchedItem> = found
        .items
        .iter()
        .filter(|item| item.label != Label::OutOfReach)
        .collect();
    if listed.is_empty() {
        text.push_str("没有可能适用的政策事项。\n");
    } else {
        let rows: Vec<Vec<String>> = listed.into_iter().map(item_row).collect();
        text.push_str(&table(
            &["结论", "事项", "标识", "金额", "截止", "依据"],
            &rows,
        ));
    }
    let best = &found.best_combination;
    if !best.items.is_empty() {
        let exact = if best.exact {
            ""
        } else {
            "（近似：组合太多，没有全部比较）"
        };
        text.push_str(&format!(
            "\n可同时享受 {} 项，合计 {}{exact}\n",
            best.items.len(),
            best.words()
        ));
        for left in &best.left_out {
            text.push_str(&format!(
                "  不含 {}：与 {} 不能兼得\n",
                left.id,
                left.because.join("、")
            ));
        }
    }
    if !found.not_open.is_empty() {
        text.push_str(&format!("\n未判断的 {} 项：\n", found.not_open.len()));
        let rows: Vec<Vec<String>> = found
            .not_open
            .iter()
            .map(|item| vec![item.name.clone(), item.id.clone(), item.reason.clone()])
            .collect();
        text.push_str(&table(&["事项", "标识", "原因"], &rows));
    }
    text
}

fn item_row(item: &MatchedItem) -> Vec<String> {
    vec![
        item.label.words().to_owned(),
        item.head.name.clone(),
        item.head.id.clone(),
        item.amount
            .as_ref()
            .map(|amount| amount.text.clone())
            .unwrap_or_default(),
        item.head
            .deadline
            .map(|day| day.to_string())
            .unwrap_or_default(),
        item.reason.clone(),
    ]
}

/// One item for one enterprise, condition by condition.
pub fn pair(found: &PairMatch) -> String {
    let item = &found.item;
    let mut text = format!("{}：{}\n", item.head.name, item.label.words());
    if let Some(reason) = &found.not_open {
        text.push_str(&format!("注意：{reason}\n"));
    }
    if let Some(amount) = &item.amount {
        text.push_str(&format!("金额：{}\n", amount.text));
    }
    for (at, condition) in item.conditions.iter().flatten().enumerate() {
        let word = match condition.verdict {
            Some(true) => "符合",
            Some(false) => "不符合",
            None if condition.manual.is_some() => "待核验",
            None => "信息不足",
        };
        text.push_str(&format!("\n{}. [{word}] {}\n", at + 1, condition.text));
        if let Some(how) = &condition.manual {
            text.push_str(&format!("   人工核验：{how}\n"));
        }
        for test in &condition.tests {
            let known = test.known.as_deref().unwrap_or("没有数据");
            text.push_str(&format!(
                "   {} 要求{}，现有 {known}\n",
                test.subject, test.required
            ));
            for fact in &test.facts {
                let day = fact
                    .as_of
                    .map(|day| format!("，{}", date_zh(day)))
                    .unwrap_or_default();
                text.push_str(&format!(
                    "     来源：{}（{}{day}）\n",
                    fact.attribute, fact.department
                ));
            }
            if let Some(change) = &test.change {
                text.push_str(&format!("     {change}\n"));
            }
        }
    }
    text
}

/// A page of the enterprises for one item.
pub fn item(found: &ItemMatch) -> String {
    let mut text = format!("{}（{}）\n", found.item.name, found.item.id);
    if let Some(reason) = &found.not_open {
        text.push_str(&format!("注意：{reason}，以下结论只供参考\n"));
    }
    text.push_str(&format!(
        "基准日 {}，{}\n",
        date_zh(found.on),
        counts(&found.counts, "家")
    ));
    let open = match found.cost.open {
        0 => String::new(),
        open => format!("，另有 {} 家金额待定", count(open)),
    };
    text.push_str(&format!(
        "符合和待核验的合计 {}{open}\n\n",
        found.cost.words()
    ));
    if found.enterprises.is_empty() {
        text.push_str("没有符合筛选条件的市场主体。\n");
        return text;
    }
    let rows: Vec<Vec<String>> = found
        .enterprises
        .iter()
        .map(|row| {
            let amount = row.amount.as_ref().map(|amount| amount.text.clone());
            vec![
                row.label.words().to_owned(),
                row.code.clone(),
                row.name.clone(),
                amount.unwrap_or_default(),
            ]
        })
        .collect();
    text.push_str(&table(&["结论", "统一社会信用代码", "名称", "金额"], &rows));
    if found.next.is_some() {
        text.push_str("……只列出第一页，全部请用 --json 或 --csv\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_columns_line_up() {
        let rows = vec![
            vec!["符合".to_owned(), "abc".to_owned(), "末".to_owned()],
            vec!["信息不足".to_owned(), "甲".to_owned(), "尾".to_owned()],
        ];
        let text = table(&["结论", "名称", "注"], &rows);
        let at = |line: &str, word: &str| line.split(word).next().map(UnicodeWidthStr::width);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(at(lines[2], "abc"), at(lines[3], "甲"));
        assert_eq!(at(lines[2], "末"), at(lines[3], "尾"));
        assert_eq!(at(lines[0], "注"), at(lines[3], "尾"));
    }

    #[test]
    fn long_cells_are_cut_and_escapes_removed() {
        assert_eq!(cut("一二三四五", 7), "一二三…");
        assert_eq!(cut("\u{1b}[31m红", 20), "[31m红");
    }

    #[test]
    fn counts_name_what_there_is() {
        assert_eq!(
            counts(
                &Counts::of([Label::Eligible, Label::Eligible, Label::NearMiss]),
                "项"
            ),
            "共 3 项：符合 2，只差一项 1"
        );
        assert_eq!(counts(&Counts::default(), "家"), "共 0 家");
    }
}
