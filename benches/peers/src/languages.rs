//! Generated rules in the languages of the peers.
//!
//! Every peer gets the kindest form it knows: plain ASCII names (a-tree, CEL and ZEN refuse Chinese
//! ones), whole numbers for codes, choices and dates, and an attribute of its own for each level of
//! a hierarchy, so that “in this city” is one equality. A ratio is a multiplication of whole
//! numbers (all generated denominators are above zero); a-tree, which has no arithmetic, gets it
//! computed beforehand.

use zhida_standards::industry;

use crate::workload::{Condition, RATIOS};

/// What tells one language of single enterprises from another.
pub struct Language {
    pub and: &'static str,
    pub or: &'static str,
    pub not: &'static str,
    pub equal: &'static str,
    pub list: [&'static str; 2],
    pub arithmetic: bool,
}

pub const A_TREE: Language = Language {
    and: " and ",
    or: " or ",
    not: "not ",
    equal: "=",
    list: ["[", "]"],
    arithmetic: false,
};
pub const CEL: Language = Language {
    and: " && ",
    or: " || ",
    not: "!",
    equal: "==",
    list: ["[", "]"],
    arithmetic: true,
};
pub const ZEN: Language = Language {
    and: " and ",
    or: " or ",
    not: "not ",
    equal: "==",
    list: ["[", "]"],
    arithmetic: true,
};
pub const FEEL: Language = Language {
    and: " and ",
    or: " or ",
    not: "not",
    equal: "=",
    list: ["(", ")"],
    arithmetic: true,
};

impl Language {
    /// A condition in this language.
    pub fn write(&self, condition: &Condition) -> String {
        match condition {
            Condition::Place(codes) => self.levels(codes.iter().map(|code| place(code))),
            Condition::Trade(codes) => self.levels(codes.iter().map(|code| trade(code))),
            Condition::Choice(n, choices) => {
                let choices: Vec<i64> = choices.iter().map(|choice| *choice as i64).collect();
                self.one_of(&format!("c{n}"), &choices)
            }
            Condition::AtLeast(n, threshold) => format!("n{n} >= {threshold}"),
            Condition::AtMost(n, threshold) => format!("n{n} <= {threshold}"),
            Condition::RatioAtLeast(n, per_mille) => match self.arithmetic {
                true => multiplied(*n, *per_mille),
                false => format!("r{n} >= {per_mille}"),
            },
            Condition::Since(n, year, month) => format!("d{n} <= {}", day(*year, *month)),
            Condition::Tag(n) => format!("t{n}"),
            Condition::Not(inner) => format!("{}({})", self.not, self.write(inner)),
            Condition::All(parts) => self.joined(parts, self.and),
            Condition::Any(parts) => self.joined(parts, self.or),
        }
    }

    fn joined(&self, parts: &[Condition], word: &str) -> String {
        let parts: Vec<String> = parts.iter().map(|part| self.write(part)).collect();
        format!("({})", parts.join(word))
    }

    fn one_of(&self, name: &str, values: &[i64]) -> String {
        match values {
            [only] => format!("{name} {} {only}", self.equal),
            _ => {
                let values: Vec<String> = values.iter().map(i64::to_string).collect();
                let [open, close] = self.list;
                format!("{name} in {open}{}{close}", values.join(", "))
            }
        }
    }

    fn levels(&self, codes: impl Iterator<Item = (&'static str, i64)>) -> String {
        let mut levels: Vec<(&str, Vec<i64>)> = Vec::new();
        for (level, code) in codes {
            match levels.iter_mut().find(|(known, _)| *known == level) {
                Some((_, list)) => list.push(code),
                None => levels.push((level, vec![code])),
            }
        }
        let parts: Vec<String> = levels
            .iter()
            .map(|(level, codes)| self.one_of(level, codes))
            .collect();
        match &*parts {
            [only] => only.clone(),
            _ => format!("({})", parts.join(self.or)),
        }
    }
}

/// A predicate over columns of whole numbers, as fast as SQL engines can have it: ranges of leaf
/// codes for hierarchies, no decimals.
pub fn sql(condition: &Condition, leaves: &[String]) -> String {
    let join = |parts: &[Condition], word: &str| {
        let parts: Vec<String> = parts.iter().map(|part| sql(part, leaves)).collect();
        format!("({})", parts.join(word))
    };
    let ranges = |name: &str, ranges: Vec<(i64, i64)>| {
        let parts: Vec<String> = ranges
            .iter()
            .map(|(from, to)| match from == to {
                true => format!("{name} = {from}"),
                false => format!("{name} BETWEEN {from} AND {to}"),
            })
            .collect();
        format!("({})", parts.join(" OR "))
    };
    match condition {
        Condition::Place(codes) => ranges("region", places(codes)),
        Condition::Trade(codes) => ranges("trade", trades(codes, leaves)),
        Condition::Choice(n, choices) => {
            let choices: Vec<String> = choices.iter().map(usize::to_string).collect();
            format!("c{n} IN ({})", choices.join(", "))
        }
        Condition::AtLeast(n, threshold) => format!("n{n} >= {threshold}"),
        Condition::AtMost(n, threshold) => format!("n{n} <= {threshold}"),
        Condition::RatioAtLeast(n, per_mille) => multiplied(*n, *per_mille),
        Condition::Since(n, year, month) => format!("d{n} <= {}", day(*year, *month)),
        Condition::Tag(n) => format!("t{n}"),
        Condition::Not(inner) => format!("NOT ({})", sql(inner, leaves)),
        Condition::All(parts) => join(parts, " AND "),
        Condition::Any(parts) => join(parts, " OR "),
    }
}

/// The same predicate in two parts, as an expert would split it: what rests on place and trade alone,
/// which are never unknown here, and the rest. The first may stand under WHERE even when unknown is
/// asked for, so that an engine can use the order of the table.
pub fn pushed(condition: &Condition, leaves: &[String]) -> [String; 2] {
    let known = |part: &Condition| matches!(part, Condition::Place(_) | Condition::Trade(_));
    let parts = match condition {
        Condition::All(parts) => &**parts,
        other => std::slice::from_ref(other),
    };
    let join = |wanted: bool| {
        let parts = parts.iter().filter(|part| known(part) == wanted);
        let parts: Vec<String> = parts.map(|part| sql(part, leaves)).collect();
        match parts.is_empty() {
            true => "TRUE".to_owned(),
            false => parts.join(" AND "),
        }
    };
    [join(true), join(false)]
}

/// Python over pairs of planes (true, possible); see `columns.py`.
pub fn numpy(condition: &Condition, leaves: &[String]) -> String {
    let join = |parts: &[Condition], word: &str| {
        let parts: Vec<String> = parts.iter().map(|part| numpy(part, leaves)).collect();
        format!("({})", parts.join(word))
    };
    match condition {
        Condition::Place(codes) => format!("within('region', {:?})", places(codes)),
        Condition::Trade(codes) => format!("within('trade', {:?})", trades(codes, leaves)),
        Condition::Choice(n, choices) => format!("one_of('c{n}', {choices:?})"),
        Condition::AtLeast(n, threshold) => format!("at_least('n{n}', {threshold})"),
        Condition::AtMost(n, threshold) => format!("at_most('n{n}', {threshold})"),
        Condition::RatioAtLeast(n, per_mille) => {
            let (top, bottom) = RATIOS[*n];
            format!("ratio_at_least('n{top}', 'n{bottom}', {per_mille})")
        }
        Condition::Since(n, year, month) => format!("at_most('d{n}', {})", day(*year, *month)),
        Condition::Tag(n) => format!("tag('t{n}')"),
        Condition::Not(inner) => format!("~{}", numpy(inner, leaves)),
        Condition::All(parts) => join(parts, " & "),
        Condition::Any(parts) => join(parts, " | "),
    }
}

fn multiplied(ratio: usize, per_mille: usize) -> String {
    let (top, bottom) = RATIOS[ratio];
    format!("n{top} * 1000 >= n{bottom} * {per_mille}")
}

fn day(year: usize, month: usize) -> usize {
    year * 10_000 + month * 100 + 1
}

/// A division by its level's attribute and digits.
pub fn place(code: &str) -> (&'static str, i64) {
    let (level, digits) = match code.as_bytes() {
        [.., b'0', b'0'] if code.len() == 6 => ("city", &code[..4]),
        _ if code.len() == 6 => ("county", code),
        _ => ("street", code),
    };
    (level, digits.parse().expect("division codes are digits"))
}

fn places(codes: &[String]) -> Vec<(i64, i64)> {
    let range = |code: &String| match place(code) {
        ("city", digits) => (digits * 100_000, digits * 100_000 + 99_999),
        ("county", digits) => (digits * 1_000, digits * 1_000 + 999),
        (_, digits) => (digits, digits),
    };
    codes.iter().map(range).collect()
}

/// An industry by its level's attribute and a number made of the letter and the digits.
pub fn trade(code: &str) -> (&'static str, i64) {
    let level = ["", "section", "", "group", "class", "line"][code.len()];
    let letter = i64::from(code.as_bytes()[0] - b'A' + 10);
    let digits = code[1..].parse().unwrap_or(0);
    (level, letter * 10_i64.pow(code.len() as u32 - 1) + digits)
}

/// Positions of the leaves below industries, as ranges of `leaves`.
fn trades(codes: &[String], leaves: &[String]) -> Vec<(i64, i64)> {
    let range = |code: &String| {
        let prefix = industry::lookup(code).map_or(code.as_str(), |found| found.code);
        let from = leaves.partition_point(|leaf| leaf.as_str() < prefix);
        let below = leaves[from..].iter();
        let count = below.take_while(|leaf| leaf.starts_with(prefix)).count();
        (from as i64, (from + count) as i64 - 1)
    };
    codes.iter().map(range).collect()
}
