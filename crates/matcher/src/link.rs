//! Codes that follow from the codes of another program.
//!
//! A new item names mostly what older items name too, so its columns need no look at the facts: each
//! is a column of the base, read through a list. Only of a threshold that is new, the rows whose
//! class it cuts in two are looked at.
//!
//! ```text
//! base   ─────┼────────────┼──────────────┼─────    new threshold │
//! codes    1         2      │      3            4
//!                           ▼      └ open: these rows' numbers are compared
//! new    ───────────────────────────┼───────────
//! ```

use crate::{
    dimension::{Dimension, Scale, Source},
    encode::filled,
    node::{NodeId, Nodes},
    plan::Zone,
    planes::Column,
    program::Program,
    store::{ColumnMut, Tile},
};

/// With more thresholds of its own a column is computed from the facts.
const CUTS_MAX: usize = 16;

/// How one dimension's codes follow from another program's.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// The other program's dimension.
    from: usize,
    told: Told,
}

#[derive(Debug, PartialEq, Eq)]
enum Told {
    /// One more with each of these codes that is reached. Of rows with one of the open codes that
    /// is not enough.
    Reached { cuts: Vec<u16>, open: Vec<u16> },
    /// For each code.
    Listed(Vec<u16>),
}

/// The links of a program's dimensions to those of another of the same dictionary and date.
pub(crate) fn links(program: &Program, base: &Program) -> Vec<Option<Link>> {
    let link = |dimension: &Dimension| {
        let Source::Node(node) = dimension.source else {
            return None;
        };
        let node = counterpart(&program.nodes, node, &base.nodes)?;
        let mut others = base.dimensions.iter().enumerate();
        others.find_map(|(from, other)| {
            let same = other.source == Source::Node(node);
            let told = same.then(|| told(&dimension.scale, &other.scale))??;
            Some(Link { from, told })
        })
    };
    program.dimensions.iter().map(link).collect()
}

/// The node of another program with the same meaning.
fn counterpart(nodes: &Nodes, node: NodeId, others: &Nodes) -> Option<NodeId> {
    let part = |part| counterpart(nodes, part, others);
    others.find(&nodes.get(node).with_parts(&part)?)
}

fn told(scale: &Scale, base: &Scale) -> Option<Told> {
    match (scale, base) {
        (Scale::Flag, Scale::Flag) => Some(Told::Listed(vec![0, 1, 2])),
        (Scale::Ordered(borders), Scale::Ordered(known)) if borders.len() <= CUTS_MAX => {
            let (mut cuts, mut open) = (Vec::new(), Vec::new());
            for border in borders {
                let at = known.binary_search(border);
                if let Err(at) = at {
                    open.push(at as u16 + 1);
                }
                // the class after the border, or after the class that it cuts in two
                cuts.push(at.unwrap_or_else(|at| at) as u16 + 2);
            }
            open.dedup();
            Some(Told::Reached { cuts, open })
        }
        (Scale::Text(texts), Scale::Text(known)) => {
            let mut codes = vec![1; known.len() + 2];
            codes[0] = 0;
            for (text, code) in texts {
                codes[usize::from(*known.get(text)?)] = *code;
            }
            Some(Told::Listed(codes))
        }
        (Scale::Code(places), Scale::Code(known)) => places.through(known).map(Told::Listed),
        _ => None,
    }
}

impl Link {
    /// The codes of so many rows, from a tile of the other program.
    ///
    /// Gives the rows that have to be looked at too; what occurs is known without them, but for
    /// these.
    pub fn follow(&self, base: &Tile, rows: usize, column: ColumnMut<'_>) -> (Zone, Vec<u32>) {
        let (codes, zone) = (base.column(self.from), base.zones[self.from]);
        match &self.told {
            Told::Listed(list) => (listed(list, codes, zone, rows, column), Vec::new()),
            Told::Reached { cuts, open } => {
                let zone = reached(cuts, codes, rows, column);
                let open = open
                    .iter()
                    .filter(|code| base.zones[self.from].contains(**code));
                let open: Vec<u16> = open.copied().collect();
                (zone, rows_with(&open, codes, rows))
            }
        }
    }
}

fn listed(list: &[u16], codes: Column<'_>, zone: Zone, rows: usize, column: ColumnMut<'_>) -> Zone {
    if let Some(code) = zone.only(list) {
        return filled(column, rows, |_| code);
    }
    match codes {
        Column::Narrow(codes) => filled(column, rows, |row| list[usize::from(codes[row])]),
        Column::Wide(codes) => filled(column, rows, |row| list[usize::from(codes[row])]),
    }
}

fn reached(cuts: &[u16], codes: Column<'_>, rows: usize, column: ColumnMut<'_>) -> Zone {
    // One loop for each number of cuts that is usual: the compiler makes wide instructions of it.
    match (cuts, codes) {
        ([], codes) => with(codes, column, rows, |code| u16::from(code > 0)),
        ([a], codes) => with(codes, column, rows, |code| {
            u16::from(code > 0) + u16::from(code >= *a)
        }),
        ([a, b], codes) => with(codes, column, rows, |code| {
            u16::from(code > 0) + u16::from(code >= *a) + u16::from(code >= *b)
        }),
        (cuts, codes) => with(codes, column, rows, |code| {
            let passed: u16 = cuts.iter().map(|cut| u16::from(code >= *cut)).sum();
            u16::from(code > 0) + passed
        }),
    }
}

#[inline(always)]
fn with(codes: Column<'_>, column: ColumnMut<'_>, rows: usize, each: impl Fn(u16) -> u16) -> Zone {
    match codes {
        Column::Narrow(codes) => filled(column, rows, |row| each(u16::from(codes[row]))),
        Column::Wide(codes) => filled(column, rows, |row| each(codes[row])),
    }
}

/// The rows that have one of some codes.
fn rows_with(wanted: &[u16], codes: Column<'_>, rows: usize) -> Vec<u32> {
    let mut found = Vec::new();
    for code in wanted {
        match codes {
            Column::Narrow(codes) => note(&codes[..rows], *code as u8, &mut found),
            Column::Wide(codes) => note(&codes[..rows], *code, &mut found),
        }
    }
    found
}

fn note<C: Copy + PartialEq>(codes: &[C], wanted: C, found: &mut Vec<u32>) {
    for (part, from) in codes.chunks(64).zip((0..).step_by(64)) {
        // A loop of its own, wide again: most parts have none.
        if part.iter().fold(false, |any, code| any | (*code == wanted)) {
            let rows = (from..).zip(part).filter(|(_, code)| **code == wanted);
            found.extend(rows.map(|(row, _): (u32, _)| row));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use zhida_rules::{ConditionSource, Dictionary, ItemRules, ItemRulesSource};

    use super::*;

    const DICTIONARY: &str = r#"
attributes:
  - { id: place, name: 所在区划, kind: division, department: 市场监管, fixed: true }
  - { id: staff, name: 从业人数, kind: number, unit: 人, department: 人社 }
  - { id: revenue, name: 营业收入, kind: number, unit: 元, department: 税务 }
  - { id: kind, name: 类型, kind: choice, choices: [甲, 乙, 丙], department: 市场监管 }
"#;

    fn program(dictionary: &Arc<Dictionary>, rules: &[&str]) -> Program {
        let items = rules.iter().map(|rule| item(dictionary, rule));
        let items: Vec<ItemRules> = items.collect();
        let on = chrono::NaiveDate::from_ymd_opt(2026, 11, 22);
        Program::compile(dictionary, on.expect("a date"), &items)
    }

    fn item(dictionary: &Dictionary, rule: &str) -> ItemRules {
        let condition = ConditionSource {
            text: String::new(),
            rule: Some(rule.to_owned()),
            manual: None,
        };
        let source = ItemRulesSource {
            conditions: vec![condition],
            benefit: None,
        };
        ItemRules::compile(dictionary, &source).expect("a rule")
    }

    #[test]
    fn a_new_threshold_opens_one_class_and_known_names_are_read_through_a_list() {
        let dictionary = Arc::new(Dictionary::from_yaml(DICTIONARY).expect("a dictionary"));
        let base = program(
            &dictionary,
            &[
                "从业人数 >= 10",
                "从业人数 >= 100",
                "所在区划 in (\"330100\",\"330102\")",
                "类型 in (\"甲\",\"乙\")",
                "从业人数 / 营业收入 >= 10%",
            ],
        );
        let links = |rule: &str| links(&program(&dictionary, &[rule]), &base);
        let reached = |cuts: &[u16], open: &[u16]| Told::Reached {
            cuts: cuts.to_vec(),
            open: open.to_vec(),
        };
        let told = |rule: &str| {
            let mut links = links(rule);
            assert_eq!(links.len(), 1);
            links.remove(0).map(|link| link.told)
        };
        assert_eq!(told("从业人数 >= 10"), Some(reached(&[2], &[])));
        assert_eq!(told("从业人数 >= 50"), Some(reached(&[3], &[2])));
        assert_eq!(told("从业人数 / 营业收入 >= 5%"), Some(reached(&[2], &[1])));
        assert_eq!(told("类型 = \"乙\""), Some(Told::Listed(vec![0, 1, 2, 1])));
        assert_eq!(told("类型 = \"丙\""), None);
        assert!(matches!(
            told("所在区划 in (\"330102\")"),
            Some(Told::Listed(_))
        ));
        assert_eq!(told("所在区划 in (\"330106\")"), None);
        assert_eq!(told("营业收入 >= 10"), None);
    }
}
