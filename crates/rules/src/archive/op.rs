//! An expression as a row of steps: parts first, then what joins them. Reading it back needs no
//! recursion, so that no archive can exhaust the stack.

use chrono::Datelike;
use serde::{Deserialize, Serialize};

use crate::{
    Comparison, Expr, Function, Hierarchy, Members, Operator, RuleError, Table, Test, Value, Year,
};

/// One step. The order of the variants is the file's format.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Op<'a> {
    /// The expression is complete.
    End,
    Bool(bool),
    /// Numerator and denominator.
    Number(i128, i128),
    Text(&'a str),
    /// Days from the common era.
    Date(i32),
    Attribute(u16, Year),
    Constant(u16),
    ReferenceDate,
    Local(usize),
    Known,
    Not,
    /// Joins so many parts.
    All(usize),
    /// Joins so many parts.
    Any(usize),
    Compare(Comparison),
    In(Vec<TestForm>, Option<Hierarchy>),
    Contains(Members, #[serde(borrow)] Vec<&'a str>),
    If,
    Arithmetic(Operator),
    /// With so many arguments.
    Call(Function, usize),
    /// With so many rows.
    Table(Table, usize),
    Stages(#[serde(borrow)] Vec<&'a str>),
}

/// A [`Test`] without its values.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) enum TestForm {
    Is,
    Compares(Comparison),
    /// Do the lower and the upper end belong to it?
    Between(bool, bool),
}

impl TestForm {
    fn of(test: &Test) -> Self {
        match test {
            Test::Is(_) => Self::Is,
            Test::Compares(comparison, _) => Self::Compares(*comparison),
            Test::Between {
                low_closed,
                high_closed,
                ..
            } => Self::Between(*low_closed, *high_closed),
        }
    }

    /// How many values it takes.
    pub(super) fn values(self) -> usize {
        match self {
            Self::Is | Self::Compares(_) => 1,
            Self::Between(..) => 2,
        }
    }
}

/// Calls `each` for the steps of an expression.
pub(super) fn flatten<'e, E>(
    expr: &'e Expr,
    each: &mut dyn FnMut(Result<Op<'e>, RuleError>) -> Result<(), E>,
) -> Result<(), E> {
    expr.try_children(&mut |child| flatten(child, each))?;
    each(step(expr))
}

fn step(expr: &Expr) -> Result<Op<'_>, RuleError> {
    Ok(match expr {
        Expr::Literal(value) => literal(value)?,
        Expr::Attribute(index, year) => Op::Attribute(index.raw(), *year),
        Expr::Constant(index) => Op::Constant(index.raw()),
        Expr::ReferenceDate => Op::ReferenceDate,
        Expr::Local(position) => Op::Local(*position),
        Expr::Known(_) => Op::Known,
        Expr::Not(_) => Op::Not,
        Expr::All(parts) => Op::All(parts.len()),
        Expr::Any(parts) => Op::Any(parts.len()),
        Expr::Compare(comparison, ..) => Op::Compare(*comparison),
        Expr::In(_, tests, hierarchy) => {
            Op::In(tests.iter().map(TestForm::of).collect(), *hierarchy)
        }
        Expr::Contains(members, _, wanted) => {
            Op::Contains(*members, wanted.iter().map(String::as_str).collect())
        }
        Expr::If(..) => Op::If,
        Expr::Arithmetic(operator, ..) => Op::Arithmetic(*operator),
        Expr::Call(function, arguments) => Op::Call(*function, arguments.len()),
        Expr::Table(table, _, rows) => Op::Table(*table, rows.len()),
        Expr::Stages(_, stages) => {
            Op::Stages(stages.iter().map(|(stage, _)| stage.as_str()).collect())
        }
    })
}

fn literal(value: &Value) -> Result<Op<'_>, RuleError> {
    Ok(match value {
        Value::Bool(value) => Op::Bool(*value),
        Value::Number(number) => {
            let (numerator, denominator) = number
                .parts()
                .ok_or_else(|| RuleError::new("number", crate::NumberError::TooLong.to_string()))?;
            Op::Number(numerator, denominator)
        }
        Value::Text(text) => Op::Text(text),
        Value::Date(date) => Op::Date(date.num_days_from_ce()),
        Value::Set(_) => return Err(super::build::malformed()),
    })
}
