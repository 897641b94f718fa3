//! Steps back to an expression. Each step is typed and measured as the compiler does it, so that a
//! forged archive can do no more than a rule's text.

use chrono::{Datelike, NaiveDate};

use super::op::{Op, TestForm};
use crate::{
    Comparison, DIGITS_MAX, Dictionary, Expr, Function, Hierarchy, Number, RuleError, Table, Test,
    Value, Year,
    compile::{Locals, Type, Typed, arithmetic},
    fit::{YEARS, choose, fit},
    functions::refuse_unsorted,
    read,
    size::Size,
};

/// What the denominator of every decimal divides.
const DECIMAL: i128 = 10_i128.pow(DIGITS_MAX as u32);

/// An expression with its type and size.
pub(super) type Part = (Expr, Type, Size);

pub(super) fn malformed() -> RuleError {
    RuleError::new("archive", "内容不是编译得出的规则")
}

pub(super) struct Builder<'a> {
    dictionary: &'a Dictionary,
    locals: &'a Locals,
    stack: Vec<Part>,
}

/// The parts that a step joins, in order.
struct Parts<'a> {
    dictionary: &'a Dictionary,
    parts: std::vec::IntoIter<Part>,
}

impl Parts<'_> {
    fn any(&mut self) -> Typed {
        let (expr, found, _) = self.parts.next().ok_or_else(malformed)?;
        Ok((expr, found))
    }

    fn of(&mut self, wanted: Type) -> Result<Expr, RuleError> {
        let (expr, found) = self.any()?;
        (found == wanted).then_some(expr).ok_or_else(malformed)
    }

    fn fitting(&mut self, wanted: Type) -> Result<Expr, RuleError> {
        let (expr, found) = self.any()?;
        fit(self.dictionary, expr, found, wanted)
    }

    fn boxed(&mut self, wanted: Type) -> Result<Box<Expr>, RuleError> {
        self.of(wanted).map(Box::new)
    }

    fn list(&mut self, count: usize, wanted: Type) -> Result<Vec<Expr>, RuleError> {
        (0..count).map(|_| self.of(wanted)).collect()
    }
}

impl<'a> Builder<'a> {
    pub(super) fn new(dictionary: &'a Dictionary, locals: &'a Locals) -> Self {
        Self {
            dictionary,
            locals,
            stack: Vec::new(),
        }
    }

    pub(super) fn finish(mut self) -> Result<Part, RuleError> {
        match (self.stack.pop(), self.stack.is_empty()) {
            (Some(part), true) => Ok(part),
            _ => Err(malformed()),
        }
    }

    pub(super) fn apply(&mut self, op: Op<'_>) -> Result<(), RuleError> {
        let from = arity(&op)
            .and_then(|count| self.stack.len().checked_sub(count))
            .ok_or_else(malformed)?;
        let parts = self.stack.split_off(from);
        let sizes: Vec<Size> = parts.iter().map(|(_, _, size)| *size).collect();
        let (expr, found) = self.join(
            op,
            Parts {
                dictionary: self.dictionary,
                parts: parts.into_iter(),
            },
        )?;
        let size = Size::joined(&expr, &sizes, self.dictionary, &self.locals.sizes).check()?;
        self.stack.push((expr, found, size));
        Ok(())
    }

    fn join(&self, op: Op<'_>, mut parts: Parts<'_>) -> Typed {
        Ok(match op {
            Op::End => return Err(malformed()),
            Op::Bool(value) => (Expr::Literal(Value::Bool(value)), Type::Bool),
            Op::Number(numerator, denominator) => {
                let number = Number::of_parts(numerator, denominator)
                    .filter(|_| DECIMAL % denominator == 0)
                    .ok_or_else(malformed)?;
                (Expr::Literal(Value::Number(number)), Type::Number)
            }
            Op::Text(text) => (Expr::Literal(Value::Text(text.to_owned())), Type::Text),
            Op::Date(days) => {
                let date = NaiveDate::from_num_days_from_ce_opt(days)
                    .filter(|date| YEARS.contains(&date.year()))
                    .ok_or_else(malformed)?;
                (Expr::Literal(Value::Date(date)), Type::Date)
            }
            Op::Attribute(position, year) => self.attribute(position, year)?,
            Op::Constant(position) => {
                let index = self
                    .dictionary
                    .constant_at(position)
                    .ok_or_else(malformed)?;
                (Expr::Constant(index), Type::Number)
            }
            Op::ReferenceDate => (Expr::ReferenceDate, Type::Date),
            Op::Local(position) => {
                let found = *self.locals.types.get(position).ok_or_else(malformed)?;
                (Expr::Local(position), found)
            }
            Op::Known => (Expr::Known(Box::new(parts.any()?.0)), Type::Bool),
            Op::Not => (Expr::Not(parts.boxed(Type::Bool)?), Type::Bool),
            Op::All(count) => (Expr::All(parts.list(count, Type::Bool)?), Type::Bool),
            Op::Any(count) => (Expr::Any(parts.list(count, Type::Bool)?), Type::Bool),
            Op::Compare(comparison) => compare(comparison, parts)?,
            Op::In(tests, hierarchy) => membership(&tests, hierarchy, parts)?,
            Op::Contains(members, wanted) => {
                let set = self.set(&mut parts, &wanted)?;
                let wanted = wanted.into_iter().map(str::to_owned).collect();
                (Expr::Contains(members, set, wanted), Type::Bool)
            }
            Op::If => {
                let condition = parts.boxed(Type::Bool)?;
                let (yes, found) = parts.any()?;
                let no = parts.fitting(found)?;
                (Expr::If(condition, Box::new(yes), Box::new(no)), found)
            }
            Op::Arithmetic(operator) => {
                arithmetic(operator, parts.of(Type::Number)?, parts.of(Type::Number)?)?
            }
            Op::Call(function, count) => call(function, count, parts)?,
            Op::Table(table, count) => {
                let subjects = parts.list(keys(table), Type::Number)?;
                let rows = (0..count)
                    .map(|_| parts.list(keys(table) + 1, Type::Number))
                    .collect::<Result<Vec<_>, _>>()?;
                if keys(table) == 1 {
                    refuse_unsorted("", &rows)?;
                }
                (Expr::Table(table, subjects, rows), Type::Number)
            }
            Op::Stages(stages) => {
                let set = self.set(&mut parts, &stages)?;
                let stages = stages
                    .into_iter()
                    .map(|stage| Ok((stage.to_owned(), parts.of(Type::Number)?)))
                    .collect::<Result<_, RuleError>>()?;
                (Expr::Stages(set, stages), Type::Number)
            }
        })
    }

    fn attribute(&self, position: u16, year: Year) -> Typed {
        let index = self
            .dictionary
            .attribute_at(position)
            .ok_or_else(malformed)?;
        let attribute = self.dictionary.attribute(index);
        let sound = match year {
            Year::None => !attribute.annual,
            Year::Relative(offset) => attribute.annual && (-3..=0).contains(&offset),
            Year::Absolute(year) => attribute.annual && read::YEARS.contains(&year),
        };
        match sound && attribute.personal.is_none() {
            true => Ok((Expr::Attribute(index, year), Type::of(attribute, index))),
            false => Err(malformed()),
        }
    }

    /// A set, all of whose named members are possible.
    fn set(&self, parts: &mut Parts<'_>, members: &[&str]) -> Result<Box<Expr>, RuleError> {
        let (set, Type::Set(index)) = parts.any()? else {
            return Err(malformed());
        };
        for member in members {
            choose(self.dictionary, index, member)?;
        }
        Ok(Box::new(set))
    }
}

/// How many parts a step joins; `None` when it joins none but must.
fn arity(op: &Op<'_>) -> Option<usize> {
    let some = |count: usize| (count > 0).then_some(count);
    match op {
        Op::End
        | Op::Bool(_)
        | Op::Number(..)
        | Op::Text(_)
        | Op::Date(_)
        | Op::Attribute(..)
        | Op::Constant(_)
        | Op::ReferenceDate
        | Op::Local(_) => Some(0),
        Op::Known | Op::Not => Some(1),
        Op::Contains(_, wanted) => some(wanted.len()).map(|_| 1),
        Op::Compare(_) | Op::Arithmetic(_) => Some(2),
        Op::If => Some(3),
        Op::All(count) | Op::Any(count) | Op::Call(_, count) => some(*count),
        Op::In(tests, _) => some(tests.iter().map(|test| test.values()).sum())?.checked_add(1),
        Op::Table(table, rows) => some(*rows)?
            .checked_mul(keys(*table) + 1)?
            .checked_add(keys(*table)),
        Op::Stages(stages) => some(stages.len())?.checked_add(1),
    }
}

fn keys(table: Table) -> usize {
    match table {
        Table::Tier | Table::Marginal => 1,
        Table::Matrix => 2,
    }
}

fn compare(comparison: Comparison, mut parts: Parts<'_>) -> Typed {
    let (left, found) = parts.any()?;
    let right = parts.fitting(found)?;
    let equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
    let sound = match found {
        Type::Number | Type::Date => true,
        Type::Bool | Type::Text | Type::Choice(_) => equality,
        Type::Set(_) | Type::Code(_) => false,
    };
    match sound {
        true => Ok((
            Expr::Compare(comparison, Box::new(left), Box::new(right)),
            Type::Bool,
        )),
        false => Err(malformed()),
    }
}

fn membership(forms: &[TestForm], hierarchy: Option<Hierarchy>, mut parts: Parts<'_>) -> Typed {
    let (subject, found) = parts.any()?;
    let (wanted, ordered) = match found {
        Type::Number | Type::Date => (None, true),
        Type::Text | Type::Choice(_) => (None, false),
        Type::Code(hierarchy) => (Some(hierarchy), false),
        Type::Bool | Type::Set(_) => return Err(malformed()),
    };
    let plain = forms.iter().all(|form| matches!(form, TestForm::Is));
    if hierarchy != wanted || !(plain || ordered) {
        return Err(malformed());
    }
    let mut value = || parts.fitting(found);
    let tests = forms
        .iter()
        .map(|form| {
            Ok(match *form {
                TestForm::Is => Test::Is(value()?),
                TestForm::Compares(comparison) => Test::Compares(comparison, value()?),
                TestForm::Between(low_closed, high_closed) => Test::Between {
                    low: value()?,
                    low_closed,
                    high: value()?,
                    high_closed,
                },
            })
        })
        .collect::<Result<_, RuleError>>()?;
    Ok((Expr::In(Box::new(subject), tests, hierarchy), Type::Bool))
}

fn call(function: Function, count: usize, mut parts: Parts<'_>) -> Typed {
    let (allowed, wanted) = match function {
        Function::Min | Function::Max | Function::Sum => (1..=50, Type::Number),
        Function::Abs | Function::Floor | Function::Ceiling => (1..=1, Type::Number),
        Function::Round | Function::TopUp => (2..=2, Type::Number),
        Function::Months | Function::Years | Function::Days => (2..=2, Type::Date),
    };
    if !allowed.contains(&count) {
        return Err(malformed());
    }
    Ok((
        Expr::Call(function, parts.list(count, wanted)?),
        Type::Number,
    ))
}
