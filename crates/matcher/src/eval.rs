//! The value of [`Node`]s for one enterprise: the same meaning as the interpreter's, on exact
//! small fractions, each node at most once.

use std::{cmp::Ordering, collections::BTreeSet, sync::LazyLock};

use chrono::{Datelike, NaiveDate};
use zhida_rules::{
    Absence, AttributeIndex, Comparison, Dictionary, Facts, Hierarchy, Kind, Members, Operator,
    Table, Value,
};

use crate::{
    exact::Exact,
    node::{DayFunction, Literal, Node, NodeId, NodeTest, Nodes, NumberFunction},
    table::Chunk,
};

static EMPTY: LazyLock<BTreeSet<String>> = LazyLock::new(BTreeSet::new);

/// A known value.
#[derive(Debug, Clone)]
pub(crate) enum Val<'a> {
    Bool(bool),
    Number(Exact),
    Text(&'a str),
    Date(NaiveDate),
    Set(&'a BTreeSet<String>),
}

impl Val<'_> {
    pub fn to_literal(&self) -> Literal {
        match self {
            Val::Bool(value) => Literal::Bool(*value),
            Val::Number(number) => Literal::Number(number.clone()),
            Val::Text(text) => Literal::Text((*text).to_owned()),
            Val::Date(date) => Literal::Date(*date),
            Val::Set(members) => Literal::Set((*members).clone()),
        }
    }
}

/// Where the facts of one enterprise are.
#[derive(Clone, Copy)]
pub(crate) enum Given<'a> {
    Facts(&'a Facts),
    /// A row of a chunk.
    Row(&'a Chunk, usize),
}

/// The nodes' values for one enterprise.
pub(crate) struct Evaluation<'a> {
    nodes: &'a Nodes,
    dictionary: &'a Dictionary,
    given: Given<'a>,
    memo: Vec<Option<Option<Val<'a>>>>,
}

impl<'a> Evaluation<'a> {
    pub fn new(nodes: &'a Nodes, dictionary: &'a Dictionary, given: Given<'a>) -> Self {
        Self {
            nodes,
            dictionary,
            given,
            memo: vec![None; nodes.used()],
        }
    }

    /// For a node whose parts are all constants.
    pub fn of_constants(nodes: &'a Nodes, dictionary: &'a Dictionary, facts: &'a Facts) -> Self {
        Self {
            nodes,
            dictionary,
            given: Given::Facts(facts),
            memo: Vec::new(),
        }
    }

    /// `None` is unknown.
    pub fn value(&mut self, id: NodeId) -> Option<Val<'a>> {
        if let Some(Some(value)) = self.memo.get(self.nodes.slot(id)) {
            return value.clone();
        }
        let value = self.compute(id);
        if let Some(slot) = self.memo.get_mut(self.nodes.slot(id)) {
            *slot = Some(value.clone());
        }
        value
    }

    /// `None` is unknown.
    pub fn truth(&mut self, id: NodeId) -> Option<bool> {
        match self.value(id)? {
            Val::Bool(truth) => Some(truth),
            _ => None,
        }
    }

    fn number(&mut self, id: NodeId) -> Option<Exact> {
        match self.value(id)? {
            Val::Number(number) => Some(number),
            _ => None,
        }
    }

    fn numbers(&mut self, ids: &[NodeId]) -> Option<Vec<Exact>> {
        ids.iter().map(|id| self.number(*id)).collect()
    }

    fn compute(&mut self, id: NodeId) -> Option<Val<'a>> {
        let nodes = self.nodes;
        match nodes.get(id) {
            Node::Unknown => None,
            Node::Literal(literal) => Some(borrowed(literal)),
            Node::Fact(index, year) => fact(self.dictionary, self.given, *index, *year),
            Node::If(condition, yes, no) => match self.truth(*condition)? {
                true => self.value(*yes),
                false => self.value(*no),
            },
            Node::Arithmetic(operator, left, right) => {
                let (left, right) = (self.number(*left)?, self.number(*right)?);
                let result = match operator {
                    Operator::Add => left.add(&right),
                    Operator::Subtract => left.sub(&right),
                    Operator::Multiply => left.mul(&right),
                    Operator::Divide => left.div(&right)?,
                };
                Some(Val::Number(result))
            }
            Node::Number(function, arguments) => {
                let numbers = self.numbers(arguments)?;
                apply(*function, &numbers).map(Val::Number)
            }
            Node::Days(function, from, to) => {
                let (Val::Date(from), Val::Date(to)) = (self.value(*from)?, self.value(*to)?)
                else {
                    return None;
                };
                Some(Val::Number(Exact::integer(match function {
                    DayFunction::Months => whole_months(from, to),
                    DayFunction::Years => whole_months(from, to).div_euclid(12),
                    DayFunction::Days => (to - from).num_days(),
                })))
            }
            Node::Table(table, subjects, rows) => {
                let subjects = self.numbers(subjects)?;
                let rows: Vec<Vec<Exact>> = rows
                    .iter()
                    .map(|row| self.numbers(row))
                    .collect::<Option<_>>()?;
                Some(Val::Number(look_up(*table, &subjects, &rows)))
            }
            Node::Stages(set, stages) => {
                let Val::Set(reached) = self.value(*set)? else {
                    return None;
                };
                let mut sum = Exact::integer(0);
                for (stage, amount) in stages {
                    if reached.contains(stage) {
                        sum = sum.add(&self.number(*amount)?);
                    }
                }
                Some(Val::Number(sum))
            }
            condition => self.condition(condition).map(Val::Bool),
        }
    }

    fn condition(&mut self, node: &'a Node) -> Option<bool> {
        match node {
            Node::Known(inner) => Some(self.value(*inner).is_some()),
            Node::Not(inner) => self.truth(*inner).map(|truth| !truth),
            Node::All(parts) => all(parts.iter().map(|part| self.truth(*part))),
            Node::Any(parts) => any(parts.iter().map(|part| self.truth(*part))),
            Node::Compare(comparison, left, right) => {
                let (left, right) = (self.value(*left)?, self.value(*right)?);
                Some(comparison.holds(order(&left, &right)))
            }
            Node::In(subject, tests, hierarchy) => {
                let subject = self.value(*subject)?;
                any(tests
                    .iter()
                    .map(|test| self.test(&subject, test, *hierarchy)))
            }
            Node::Contains(members, set, wanted) => {
                let Val::Set(set) = self.value(*set)? else {
                    return None;
                };
                Some(match members {
                    Members::Any => wanted.iter().any(|member| set.contains(member)),
                    Members::All => wanted.iter().all(|member| set.contains(member)),
                })
            }
            Node::Settled(condition, yes, no) => match self.truth(*condition) {
                Some(true) => self.truth(*yes),
                Some(false) => self.truth(*no),
                None => {
                    let (yes, no) = (self.truth(*yes), self.truth(*no));
                    if yes == no { yes } else { None }
                }
            },
            _ => None,
        }
    }

    fn test(
        &mut self,
        subject: &Val<'a>,
        test: &NodeTest,
        hierarchy: Option<Hierarchy>,
    ) -> Option<bool> {
        match test {
            NodeTest::Is(value) => {
                let value = self.value(*value)?;
                match (hierarchy, subject, &value) {
                    (Some(hierarchy), Val::Text(code), Val::Text(ancestor)) => {
                        hierarchy.lies_within(code, ancestor)
                    }
                    _ => Some(order(subject, &value).is_eq()),
                }
            }
            NodeTest::Compares(comparison, value) => {
                Some(comparison.holds(order(subject, &self.value(*value)?)))
            }
            NodeTest::Between(from, low, to, high) => {
                let mut end = |comparison: &Comparison, id: &NodeId| {
                    self.value(*id)
                        .map(|end| comparison.holds(order(subject, &end)))
                };
                let ends = [end(from, low), end(to, high)];
                all(ends.into_iter())
            }
        }
    }
}

/// An attribute's value, or what silence means for it.
pub(crate) fn fact<'a>(
    dictionary: &'a Dictionary,
    given: Given<'a>,
    index: AttributeIndex,
    year: Option<i32>,
) -> Option<Val<'a>> {
    let attribute = dictionary.attribute(index);
    let (value, absence) = match given {
        Given::Facts(facts) => {
            let fact = facts.get(index, year);
            (fact.map(|fact| val(&fact.value)), facts.absence(attribute))
        }
        Given::Row(chunk, row) => {
            let column = chunk.column((index, year));
            (column.and_then(|raw| raw.get(row)), attribute.absence)
        }
    };
    value.or(match (absence, attribute.kind) {
        (Absence::Unknown, _) => None,
        (Absence::No, Kind::Set) => Some(Val::Set(&EMPTY)),
        (Absence::No, _) => Some(Val::Bool(false)),
    })
}

fn val(value: &Value) -> Val<'_> {
    match value {
        Value::Bool(value) => Val::Bool(*value),
        Value::Number(number) => Val::Number(Exact::from_number(number)),
        Value::Text(text) => Val::Text(text),
        Value::Date(date) => Val::Date(*date),
        Value::Set(members) => Val::Set(members),
    }
}

fn borrowed(literal: &Literal) -> Val<'_> {
    match literal {
        Literal::Bool(value) => Val::Bool(*value),
        Literal::Number(number) => Val::Number(number.clone()),
        Literal::Text(text) => Val::Text(text),
        Literal::Date(date) => Val::Date(*date),
        Literal::Set(members) => Val::Set(members),
    }
}

/// Kleene's conjunction.
pub(crate) fn all(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut result = Some(true);
    for part in parts {
        match part {
            Some(false) => return Some(false),
            None => result = None,
            Some(true) => {}
        }
    }
    result
}

fn any(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    all(parts.map(|part| part.map(|truth| !truth))).map(|truth| !truth)
}

/// The order of two values; values of different kinds are unequal and count as ascending.
pub(crate) fn order(left: &Val<'_>, right: &Val<'_>) -> Ordering {
    match (left, right) {
        (Val::Number(left), Val::Number(right)) => left.cmp(right),
        (Val::Date(left), Val::Date(right)) => left.cmp(right),
        (Val::Bool(left), Val::Bool(right)) => left.cmp(right),
        (Val::Text(left), Val::Text(right)) => left.cmp(right),
        (Val::Set(left), Val::Set(right)) if left == right => Ordering::Equal,
        _ => Ordering::Less,
    }
}

/// Whole months from one day to another: the day of the month must be reached, or the month end.
fn whole_months(from: NaiveDate, to: NaiveDate) -> i64 {
    if to < from {
        return -whole_months(to, from);
    }
    let months =
        i64::from(to.year() - from.year()) * 12 + i64::from(to.month()) - i64::from(from.month());
    let month_end = to.succ_opt().is_none_or(|next| next.month() != to.month());
    if to.day() >= from.day() || month_end {
        months
    } else {
        months - 1
    }
}

fn apply(function: NumberFunction, numbers: &[Exact]) -> Option<Exact> {
    let first = numbers.first()?;
    Some(match function {
        NumberFunction::Min => numbers.iter().min()?.clone(),
        NumberFunction::Max => numbers.iter().max()?.clone(),
        NumberFunction::Sum => numbers
            .iter()
            .fold(Exact::integer(0), |sum, number| sum.add(number)),
        NumberFunction::Abs => first.abs(),
        NumberFunction::Floor => first.floor(),
        NumberFunction::Ceiling => first.ceil(),
        NumberFunction::Round => first.round(numbers.get(1)?.to_i64()?.clamp(0, 10) as u32),
        NumberFunction::TopUp => first.sub(numbers.get(1)?).max(Exact::integer(0)),
    })
}

fn look_up(table: Table, subjects: &[Exact], rows: &[Vec<Exact>]) -> Exact {
    let zero = || Exact::integer(0);
    let reached = |row: &&Vec<Exact>| {
        let mut starts = subjects.iter().zip(row.iter());
        starts.all(|(subject, start)| subject >= start)
    };
    let value = |row: &Vec<Exact>| row.last().cloned().unwrap_or_else(zero);
    match table {
        Table::Tier => rows
            .iter()
            .filter(reached)
            .max_by(|a, b| a.first().cmp(&b.first()))
            .map_or_else(zero, value),
        Table::Matrix => rows
            .iter()
            .filter(reached)
            .map(value)
            .max()
            .unwrap_or_else(zero),
        Table::Marginal => {
            let Some(subject) = subjects.first() else {
                return zero();
            };
            let mut total = zero();
            for (position, row) in rows.iter().enumerate() {
                let (Some(start), Some(rate)) = (row.first(), row.get(1)) else {
                    continue;
                };
                let end = rows.get(position + 1).and_then(|next| next.first());
                let top = end.map_or(subject, |end| end.min(subject));
                if top > start {
                    total = total.add(&top.sub(start).mul(rate));
                }
            }
            total
        }
    }
}
