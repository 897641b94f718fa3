//! Texts, days and sets.

use zhida_rules::{Hierarchy, Kind};
use zhida_standards::{
    division::{DivisionCode, Level},
    industry,
};

use super::{Lowered, Writer, branch, limited, refused, set_text};
use crate::{
    dimension::normal,
    node::{Literal, Node, NodeId},
};

impl Writer<'_, '_> {
    /// What is no number: a text, a day, a set or a condition as a value.
    pub(super) fn value(&self, id: NodeId) -> Lowered<String> {
        match self.is_scalar(id) {
            true => self.scalar(id),
            false => self.truth(id),
        }
    }

    fn is_scalar(&self, id: NodeId) -> bool {
        match self.node(id) {
            Node::Literal(literal) => !matches!(literal, Literal::Bool(_)),
            Node::Fact(index, _) => self.kind(*index) != Kind::Bool,
            Node::If(_, yes, no) => self.is_scalar(*yes) || self.is_scalar(*no),
            _ => false,
        }
    }

    /// A code of a hierarchy, of which each has one form only. Texts that people wrote may be codes
    /// in other forms, which SQL cannot bring to this one.
    pub(super) fn code(&self, id: NodeId, hierarchy: Hierarchy) -> Lowered<String> {
        let kind = match hierarchy {
            Hierarchy::Division => Kind::Division,
            Hierarchy::Industry => Kind::Industry,
        };
        match self.node(id) {
            Node::Fact(index, _) if self.kind(*index) == kind => self.scalar(id),
            Node::Literal(Literal::Text(text))
                if normal(hierarchy, text).as_ref() == Some(text) =>
            {
                self.scalar(id)
            }
            Node::If(condition, yes, no) => {
                let (yes, no) = (self.code(*yes, hierarchy)?, self.code(*no, hierarchy)?);
                branch(&self.truth(*condition)?, &yes, &no)
            }
            Node::Unknown => self.scalar(id),
            _ => refused("由文字得出的区划或行业"),
        }
    }

    /// A text, a day or a set.
    pub(super) fn scalar(&self, id: NodeId) -> Lowered<String> {
        match self.node(id) {
            Node::Literal(Literal::Text(text)) => Ok(quoted(text)),
            Node::Literal(Literal::Date(date)) => Ok(format!("DATE '{date}'")),
            Node::Literal(Literal::Set(members)) => {
                let members: Vec<&str> = members.iter().map(String::as_str).collect();
                quoted_set(&members)
            }
            Node::Fact(index, year) if self.kind(*index) != Kind::Number => {
                Ok(self.column(*index, *year))
            }
            Node::If(condition, yes, no) => {
                let (yes, no) = (self.scalar(*yes)?, self.scalar(*no)?);
                branch(&self.truth(*condition)?, &yes, &no)
            }
            Node::Unknown => Ok("NULL".into()),
            _ => refused("不是文字、日期或集合的表达式"),
        }
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Members between line feeds; one with a line feed within it would look like several.
fn quoted_set(members: &[&str]) -> Lowered<String> {
    match members.iter().any(|member| member.contains('\n')) {
        true => refused("含换行的集合成员"),
        false => Ok(quoted(&set_text(members.iter().copied()))),
    }
}

/// Is a member in a set's text?
pub(super) fn contains(set: &str, member: &str) -> Lowered<String> {
    let member = quoted_set(&[member])?;
    Ok(format!("(POSITION({member} IN {set}) > 0)"))
}

/// Whole months between two days, the earlier one first; the same as the interpreter's
/// `whole_months`: the day of the month must be reached, or the month's end.
pub(super) fn whole_months(from: &str, to: &str) -> Lowered<String> {
    let ascending = |from: &str, to: &str| {
        format!(
            "(EXTRACT(YEAR FROM {to}) - EXTRACT(YEAR FROM {from})) * 12 \
             + EXTRACT(MONTH FROM {to}) - EXTRACT(MONTH FROM {from}) \
             - (CASE WHEN EXTRACT(DAY FROM {to}) >= EXTRACT(DAY FROM {from}) \
             OR EXTRACT(DAY FROM {to} + INTERVAL '1' DAY) = 1 THEN 0 ELSE 1 END)"
        )
    };
    limited(format!(
        "CAST((CASE WHEN {to} >= {from} THEN {} WHEN {to} < {from} THEN -({}) END) AS NUMERIC(9, 0))",
        ascending(from, to),
        ascending(to, from)
    ))
}

/// Does the code in a column lie within another? Unknown when it is too coarse to tell.
pub(super) fn within(column: &str, hierarchy: Hierarchy, code: &str) -> Lowered<String> {
    let (prefix, coarser) = match hierarchy {
        Hierarchy::Division => match DivisionCode::parse(code) {
            Ok(found) => (digits(&found).to_owned(), above(&found)),
            Err(_) => return refused("无效的区划代码"),
        },
        Hierarchy::Industry => match industry::lookup(code) {
            Some(found) => {
                let above = std::iter::successors(found.parent(), |industry| industry.parent());
                let above = above.map(|industry| industry.code.to_owned());
                (found.code.to_owned(), above.collect())
            }
            None => return refused("无效的行业代码"),
        },
    };
    let coarser: Vec<String> = coarser.iter().map(|code| quoted(code)).collect();
    Ok(match coarser.is_empty() {
        true => format!("({column} LIKE '{prefix}%')"),
        false => format!(
            "({column} LIKE '{prefix}%' OR (CASE WHEN {column} IN ({}) THEN NULL ELSE FALSE END))",
            coarser.join(", ")
        ),
    })
}

/// The digits that all divisions within one share.
fn digits(code: &DivisionCode) -> &str {
    let count = match code.level() {
        Level::Province => 2,
        Level::City => 4,
        Level::County => 6,
        Level::Township => 9,
    };
    &code.as_str()[..count]
}

fn above(code: &DivisionCode) -> Vec<String> {
    std::iter::successors(code.parent(), DivisionCode::parent)
        .map(|code| code.as_str().to_owned())
        .collect()
}
