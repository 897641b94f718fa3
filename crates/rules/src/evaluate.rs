//! The interpreter: the specification that every faster engine must equal.
//!
//! Logic is Kleene's throughout: an unknown operand makes a comparison, a membership test or an
//! arithmetic result unknown; `and` is false when a part is false, `or` true when a part is true,
//! whatever else is unknown.

use std::cmp::Ordering;

use chrono::{Datelike, NaiveDate};

use crate::{
    Absence, AttributeIndex, Comparison, Dictionary, Expr, Facts, Function, Hierarchy, Kind,
    Members, Number, Operator, Table, Test, Value, Year,
};

/// What a rule is evaluated against.
#[derive(Debug, Clone, Copy)]
pub struct Env<'a> {
    /// The dictionary that the rule was compiled with.
    pub dictionary: &'a Dictionary,
    /// The facts of one enterprise.
    pub facts: &'a Facts,
    /// 基准日: the day for which the question is asked; 上年 is the year before its year.
    pub on: NaiveDate,
}

/// Evaluation with an item's intermediate quantities and the year that relative years count from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    pub env: Env<'a>,
    pub locals: &'a [Expr],
    pub year: i32,
}

impl<'a> Env<'a> {
    pub(crate) fn context(self, locals: &'a [Expr]) -> Context<'a> {
        Context {
            env: self,
            locals,
            year: self.on.year(),
        }
    }

    /// An attribute's value, derived ones computed; `None` is unknown.
    pub fn value(&self, attribute: AttributeIndex, year: Year) -> Option<Value> {
        self.context(&[]).attribute(attribute, year)
    }
}

impl Context<'_> {
    /// The value of an expression; `None` is unknown.
    pub(crate) fn eval(&self, expr: &Expr) -> Option<Value> {
        match expr {
            Expr::Literal(value) => Some(value.clone()),
            Expr::Attribute(index, year) => self.attribute(*index, *year),
            Expr::Constant(index) => self
                .env
                .dictionary
                .constant_on(*index, self.env.on)
                .map(|number| Value::Number(number.clone())),
            Expr::ReferenceDate => Some(Value::Date(self.env.on)),
            Expr::Local(position) => self
                .locals
                .get(*position)
                .and_then(|local| self.eval(local)),
            Expr::Arithmetic(..) | Expr::Call(..) | Expr::Table(..) | Expr::Stages(..) => {
                self.number(expr).map(Value::Number)
            }
            Expr::If(condition, yes, no) => match self.truth(condition)? {
                true => self.eval(yes),
                false => self.eval(no),
            },
            _ => self.truth(expr).map(Value::Bool),
        }
    }

    /// The truth of a condition; `None` is unknown.
    pub(crate) fn truth(&self, expr: &Expr) -> Option<bool> {
        match expr {
            Expr::Not(inner) => self.truth(inner).map(|truth| !truth),
            Expr::All(parts) => all(parts.iter().map(|part| self.truth(part))),
            Expr::Any(parts) => any(parts.iter().map(|part| self.truth(part))),
            Expr::Known(inner) => Some(self.eval(inner).is_some()),
            Expr::Compare(comparison, left, right) => {
                compare(*comparison, &self.eval(left)?, &self.eval(right)?)
            }
            Expr::In(subject, tests, hierarchy) => {
                let subject = self.eval(subject)?;
                any(tests
                    .iter()
                    .map(|test| self.test(&subject, test, *hierarchy)))
            }
            Expr::Contains(members, set, wanted) => {
                let Value::Set(set) = self.eval(set)? else {
                    return None;
                };
                Some(match members {
                    Members::Any => wanted.iter().any(|member| set.contains(member)),
                    Members::All => wanted.iter().all(|member| set.contains(member)),
                })
            }
            // Unlike `eval`, a condition may be settled although which branch counts is unknown.
            Expr::If(condition, yes, no) => match self.truth(condition) {
                Some(true) => self.truth(yes),
                Some(false) => self.truth(no),
                None => {
                    let (yes, no) = (self.truth(yes), self.truth(no));
                    if yes == no { yes } else { None }
                }
            },
            other => self.eval(other).and_then(|value| value.as_bool()),
        }
    }

    fn test(&self, subject: &Value, test: &Test, hierarchy: Option<Hierarchy>) -> Option<bool> {
        match test {
            Test::Is(value) => {
                let value = self.eval(value)?;
                match (hierarchy, subject, &value) {
                    (Some(hierarchy), Value::Text(code), Value::Text(ancestor)) => {
                        hierarchy.lies_within(code, ancestor)
                    }
                    _ => compare(Comparison::Equal, subject, &value),
                }
            }
            Test::Compares(comparison, value) => compare(*comparison, subject, &self.eval(value)?),
            Test::Between {
                low,
                low_closed,
                high,
                high_closed,
            } => {
                let from = if *low_closed {
                    Comparison::GreaterOrEqual
                } else {
                    Comparison::Greater
                };
                let to = if *high_closed {
                    Comparison::LessOrEqual
                } else {
                    Comparison::Less
                };
                let low = self.eval(low).and_then(|low| compare(from, subject, &low));
                let high = self.eval(high).and_then(|high| compare(to, subject, &high));
                all([low, high].into_iter())
            }
        }
    }

    pub(crate) fn attribute(&self, index: AttributeIndex, year: Year) -> Option<Value> {
        let year = self.year_of(year);
        if let Some(formula) = self.env.dictionary.formula(index) {
            let context = Context {
                env: self.env,
                locals: &[],
                year: year.unwrap_or(self.env.on.year()),
            };
            return context.eval(formula);
        }
        if let Some(fact) = self.env.facts.get(index, year) {
            return Some(fact.value.clone());
        }
        let attribute = self.env.dictionary.attribute(index);
        match (self.env.facts.absence(attribute), attribute.kind) {
            (Absence::Unknown, _) => None,
            (Absence::No, Kind::Set) => Some(Value::Set(Default::default())),
            (Absence::No, _) => Some(Value::Bool(false)),
        }
    }

    pub(crate) fn year_of(&self, year: Year) -> Option<i32> {
        match year {
            Year::None => None,
            Year::Relative(offset) => Some(self.year + offset),
            Year::Absolute(year) => Some(year),
        }
    }

    /// The value of a numeric expression; `None` is unknown.
    pub(crate) fn number(&self, expr: &Expr) -> Option<Number> {
        match expr {
            Expr::Arithmetic(operator, left, right) => {
                let (left, right) = (self.number(left)?, self.number(right)?);
                match operator {
                    Operator::Add => Some(left + right),
                    Operator::Subtract => Some(left - right),
                    Operator::Multiply => Some(left * right),
                    Operator::Divide => left.divide(&right),
                }
            }
            Expr::Call(Function::Months | Function::Years | Function::Days, _) => self.dates(expr),
            Expr::Call(function, arguments) => {
                let numbers: Vec<Number> = arguments
                    .iter()
                    .map(|a| self.number(a))
                    .collect::<Option<_>>()?;
                apply(*function, &numbers)
            }
            Expr::Table(table, subjects, rows) => {
                let subjects: Vec<Number> = subjects
                    .iter()
                    .map(|s| self.number(s))
                    .collect::<Option<_>>()?;
                let rows: Vec<Vec<Number>> = rows
                    .iter()
                    .map(|row| {
                        row.iter()
                            .map(|cell| self.number(cell))
                            .collect::<Option<_>>()
                    })
                    .collect::<Option<_>>()?;
                Some(look_up(*table, &subjects, &rows))
            }
            Expr::Stages(set, stages) => {
                let Value::Set(reached) = self.eval(set)? else {
                    return None;
                };
                stages
                    .iter()
                    .filter(|(stage, _)| reached.contains(stage))
                    .try_fold(Number::zero(), |sum, (_, amount)| {
                        Some(sum + self.number(amount)?)
                    })
            }
            other => match self.eval(other)? {
                Value::Number(number) => Some(number),
                _ => None,
            },
        }
    }

    fn dates(&self, expr: &Expr) -> Option<Number> {
        let Expr::Call(function, arguments) = expr else {
            return None;
        };
        let [from, to] = arguments.as_slice() else {
            return None;
        };
        let (Value::Date(from), Value::Date(to)) = (self.eval(from)?, self.eval(to)?) else {
            return None;
        };
        Some(Number::integer(match function {
            Function::Months => whole_months(from, to),
            Function::Years => whole_months(from, to).div_euclid(12),
            _ => (to - from).num_days(),
        }))
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

/// Kleene's disjunction.
pub(crate) fn any(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    all(parts.map(|part| part.map(|truth| !truth))).map(|truth| !truth)
}

fn compare(comparison: Comparison, left: &Value, right: &Value) -> Option<bool> {
    let order = match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.cmp(right),
        (Value::Date(left), Value::Date(right)) => left.cmp(right),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Text(left), Value::Text(right)) => left.cmp(right),
        _ if left == right => Ordering::Equal,
        _ => Ordering::Less,
    };
    Some(comparison.holds(order))
}

/// Whole months from one day to another: the day of the month must be reached. Negative when
/// `to` lies before `from`.
pub(crate) fn whole_months(from: NaiveDate, to: NaiveDate) -> i64 {
    if to < from {
        return -whole_months(to, from);
    }
    let months =
        i64::from(to.year() - from.year()) * 12 + i64::from(to.month()) - i64::from(from.month());
    // 1 月 31 日起满一个月是 2 月末日.
    let last = to.succ_opt().is_none_or(|next| next.month() != to.month());
    if to.day() >= from.day() || last {
        months
    } else {
        months - 1
    }
}

/// Applies a numeric function to known arguments.
pub(crate) fn apply(function: Function, numbers: &[Number]) -> Option<Number> {
    let first = numbers.first()?;
    Some(match function {
        Function::Min => numbers.iter().min()?.clone(),
        Function::Max => numbers.iter().max()?.clone(),
        Function::Sum => numbers
            .iter()
            .fold(Number::zero(), |sum, n| sum + n.clone()),
        Function::Abs => first.abs(),
        Function::Floor => first.floor(),
        Function::Ceiling => first.ceil(),
        Function::Round => first.round(numbers.get(1)?.to_i64()?.clamp(0, 10) as u32),
        Function::TopUp => (first.clone() - numbers.get(1)?.clone()).max(Number::zero()),
        Function::Months | Function::Years | Function::Days => return None,
    })
}

/// Looks subjects up in a table function's rows.
pub(crate) fn look_up(table: Table, subjects: &[Number], rows: &[Vec<Number>]) -> Number {
    let reached = |row: &&Vec<Number>| {
        subjects
            .iter()
            .zip(row.iter())
            .all(|(subject, start)| subject >= start)
    };
    let value = |row: &Vec<Number>| row.last().cloned().unwrap_or_else(Number::zero);
    match table {
        Table::Tier => rows
            .iter()
            .filter(reached)
            .max_by(|a, b| a.first().cmp(&b.first()))
            .map(value)
            .unwrap_or_else(Number::zero),
        Table::Matrix => rows
            .iter()
            .filter(reached)
            .map(value)
            .max()
            .unwrap_or_else(Number::zero),
        Table::Marginal => {
            let Some(subject) = subjects.first() else {
                return Number::zero();
            };
            let mut total = Number::zero();
            for (position, row) in rows.iter().enumerate() {
                let (Some(start), Some(rate)) = (row.first(), row.get(1)) else {
                    continue;
                };
                let end = rows.get(position + 1).and_then(|next| next.first());
                let top = end.map_or(subject, |end| end.min(subject));
                if top > start {
                    total = total + (top.clone() - start.clone()) * rate.clone();
                }
            }
            total
        }
    }
}
