//! What an amount can be while some facts are unknown: interval arithmetic over the dictionary's
//! plausible ranges. Of their upper ends only those of shares count: that nobody has more than five million
//! employees keeps a slip out of the register, but a subsidy a head is not “up to” that many heads.

use crate::{
    Expr, Function, Number, Operator, Table,
    evaluate::{Context, apply, look_up},
};

/// An interval of numbers; a missing end is unbounded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Interval {
    pub low: Option<Number>,
    pub high: Option<Number>,
}

impl Interval {
    fn point(number: Number) -> Self {
        Self {
            low: Some(number.clone()),
            high: Some(number),
        }
    }

    const ANY: Self = Self {
        low: None,
        high: None,
    };

    /// The number, when the interval holds only one.
    pub(crate) fn exact(&self) -> Option<&Number> {
        self.low
            .as_ref()
            .filter(|low| Some(*low) == self.high.as_ref())
    }

    fn hull(self, other: Self) -> Self {
        Self {
            low: self.low.zip(other.low).map(|(a, b)| a.min(b)),
            high: self.high.zip(other.high).map(|(a, b)| a.max(b)),
        }
    }

    /// Both ends through a function that never falls where its argument rises.
    pub(crate) fn rising(self, f: impl Fn(Number) -> Number) -> Self {
        Self {
            low: self.low.map(&f),
            high: self.high.map(&f),
        }
    }

    fn negated(self) -> Self {
        Self {
            low: self.high.map(|n| -n),
            high: self.low.map(|n| -n),
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            low: self.low.zip(other.low).map(|(a, b)| a + b),
            high: self.high.zip(other.high).map(|(a, b)| a + b),
        }
    }

    fn is_non_negative(&self) -> bool {
        self.low.as_ref().is_some_and(|low| !low.is_negative())
    }

    fn times(self, other: Self) -> Self {
        if self.is_non_negative() && other.is_non_negative() {
            let zero = |end: &Option<Number>| end.as_ref().is_some_and(Number::is_zero);
            let high = match (&self.high, &other.high) {
                (Some(a), Some(b)) => Some(a.clone() * b.clone()),
                _ if zero(&self.high) || zero(&other.high) => Some(Number::zero()),
                _ => None,
            };
            return Self {
                low: self.low.zip(other.low).map(|(a, b)| a * b),
                high,
            };
        }
        match (self.low, self.high, other.low, other.high) {
            (Some(a), Some(b), Some(c), Some(d)) => {
                let products = [a.clone() * c.clone(), a * d.clone(), b.clone() * c, b * d];
                Self {
                    low: products.iter().min().cloned(),
                    high: products.into_iter().max(),
                }
            }
            _ => Self::ANY,
        }
    }

    fn inverse(self) -> Self {
        let positive = self.low.as_ref().is_some_and(|low| *low > Number::zero());
        let negative = self.high.as_ref().is_some_and(Number::is_negative);
        let one = Number::integer(1);
        let over = |end: Option<Number>| end.and_then(|end| one.divide(&end));
        match (positive, negative) {
            (true, _) => Self {
                low: over(self.high).or(Some(Number::zero())),
                high: over(self.low),
            },
            (_, true) => Self {
                low: over(self.high),
                high: over(self.low).or(Some(Number::zero())),
            },
            _ => Self::ANY,
        }
    }
}

impl Context<'_> {
    /// The interval in which a numeric expression must lie.
    pub(crate) fn bounds(&self, expr: &Expr) -> Interval {
        if let Some(number) = self.number(expr) {
            return Interval::point(number);
        }
        match expr {
            Expr::Attribute(index, year) => {
                if let Some(formula) = self.env.dictionary.formula(*index) {
                    let year = self.year_of(*year).unwrap_or(self.year);
                    return Context {
                        year,
                        locals: &[],
                        ..*self
                    }
                    .bounds(formula);
                }
                let attribute = self.env.dictionary.attribute(*index);
                Interval {
                    low: attribute.min.clone(),
                    high: attribute.max.clone().filter(|_| attribute.is_share()),
                }
            }
            Expr::Local(position) => match self.locals.get(*position) {
                Some(local) => self.bounds(local),
                None => Interval::ANY,
            },
            Expr::Arithmetic(operator, left, right) => {
                let (left, right) = (self.bounds(left), self.bounds(right));
                match operator {
                    Operator::Add => left.plus(right),
                    Operator::Subtract => left.plus(right.negated()),
                    Operator::Multiply => left.times(right),
                    Operator::Divide => left.times(right.inverse()),
                }
            }
            Expr::If(condition, yes, no) => match self.truth(condition) {
                Some(true) => self.bounds(yes),
                Some(false) => self.bounds(no),
                None => self.bounds(yes).hull(self.bounds(no)),
            },
            Expr::Call(function, arguments) => self.call_bounds(*function, arguments),
            Expr::Table(table, subjects, rows) => self.table_bounds(*table, subjects, rows),
            Expr::Stages(_, stages) => stages
                .iter()
                .map(|(_, amount)| self.bounds(amount))
                .fold(Interval::point(Number::zero()), |sum, amount| {
                    sum.plus(amount.hull(Interval::point(Number::zero())))
                }),
            _ => Interval::ANY,
        }
    }

    fn call_bounds(&self, function: Function, arguments: &[Expr]) -> Interval {
        let bounds: Vec<Interval> = arguments.iter().map(|a| self.bounds(a)).collect();
        let known = |ends: Vec<Option<Number>>| ends.into_iter().flatten().collect::<Vec<_>>();
        let lows = || bounds.iter().map(|b| b.low.clone()).collect::<Vec<_>>();
        let highs = || bounds.iter().map(|b| b.high.clone()).collect::<Vec<_>>();
        let every = |ends: Vec<Option<Number>>| ends.into_iter().collect::<Option<Vec<_>>>();
        match function {
            // An upper end is known as soon as one argument has one; a lower end needs them all.
            Function::Min => Interval {
                low: every(lows()).and_then(|ends| ends.into_iter().min()),
                high: known(highs()).into_iter().min(),
            },
            Function::Max => Interval {
                low: known(lows()).into_iter().max(),
                high: every(highs()).and_then(|ends| ends.into_iter().max()),
            },
            Function::Sum => bounds
                .into_iter()
                .fold(Interval::point(Number::zero()), Interval::plus),
            Function::Floor | Function::Ceiling => match bounds.into_iter().next() {
                Some(one) => one.rising(|n| match function {
                    Function::Floor => n.floor(),
                    _ => n.ceil(),
                }),
                None => Interval::ANY,
            },
            Function::Round => match (bounds.first(), bounds.get(1).and_then(Interval::exact)) {
                (Some(one), Some(places)) => {
                    let places = places.clone();
                    one.clone().rising(|n| {
                        apply(Function::Round, &[n.clone(), places.clone()]).unwrap_or(n)
                    })
                }
                _ => Interval::ANY,
            },
            Function::TopUp => match bounds.as_slice() {
                [due, had] => due
                    .clone()
                    .plus(had.clone().negated())
                    .rising(|n| n.max(Number::zero()))
                    .at_least_zero(),
                _ => Interval::ANY,
            },
            Function::Abs => Interval {
                low: Some(Number::zero()),
                high: None,
            },
            Function::Months | Function::Years | Function::Days => Interval::ANY,
        }
    }

    fn table_bounds(&self, table: Table, subjects: &[Expr], rows: &[Vec<Expr>]) -> Interval {
        let rows: Option<Vec<Vec<Number>>> = rows
            .iter()
            .map(|row| row.iter().map(|cell| self.number(cell)).collect())
            .collect();
        let Some(rows) = rows else {
            return Interval::ANY;
        };
        let subjects: Vec<Interval> = subjects.iter().map(|s| self.bounds(s)).collect();
        // Values are looked up at every corner and every start in between, so that tables whose
        // values fall again are right too.
        let mut values = Vec::new();
        let mut unbounded = false;
        let axes: Vec<Vec<Number>> = subjects
            .iter()
            .enumerate()
            .map(|(axis, interval)| {
                unbounded |= interval.high.is_none();
                let starts = rows.iter().filter_map(|row| row.get(axis)).cloned();
                let inside = |n: &Number| {
                    interval.low.as_ref().is_none_or(|low| n > low)
                        && interval.high.as_ref().is_none_or(|high| n < high)
                };
                let below = rows
                    .iter()
                    .filter_map(|row| row.get(axis))
                    .min()
                    .map(|least| least.clone() - Number::integer(1));
                interval
                    .low
                    .clone()
                    .or(below)
                    .into_iter()
                    .chain(starts.filter(inside))
                    .chain(interval.high.clone())
                    .collect()
            })
            .collect();
        match axes.as_slice() {
            [xs] => values.extend(
                xs.iter()
                    .map(|x| look_up(table, std::slice::from_ref(x), &rows)),
            ),
            [xs, ys] => {
                for x in xs {
                    values.extend(
                        ys.iter()
                            .map(|y| look_up(table, &[x.clone(), y.clone()], &rows)),
                    );
                }
            }
            _ => return Interval::ANY,
        }
        let open = unbounded && table == Table::Marginal;
        Interval {
            low: values.iter().min().cloned(),
            high: if open { None } else { values.into_iter().max() },
        }
    }

    /// Attributes (with year) that are unknown and on which the expression's value depends.
    pub(crate) fn missing(
        &self,
        expr: &Expr,
        found: &mut Vec<(crate::AttributeIndex, Option<i32>)>,
    ) {
        match expr {
            Expr::Attribute(index, year) => {
                let year = self.year_of(*year);
                if let Some(formula) = self.env.dictionary.formula(*index) {
                    let year = year.unwrap_or(self.year);
                    Context {
                        year,
                        locals: &[],
                        ..*self
                    }
                    .missing(formula, found);
                } else if self.env.facts.get(*index, year).is_none()
                    && self
                        .env
                        .facts
                        .absence(self.env.dictionary.attribute(*index))
                        == crate::Absence::Unknown
                    && !found.contains(&(*index, year))
                {
                    found.push((*index, year));
                }
            }
            Expr::Local(position) => {
                if let Some(local) = self.locals.get(*position) {
                    self.missing(local, found);
                }
            }
            // Only the branch that counts is needed once the condition is known.
            Expr::If(condition, yes, no) => match self.truth(condition) {
                Some(true) => self.missing(yes, found),
                Some(false) => self.missing(no, found),
                None => {
                    self.missing(condition, found);
                    self.missing(yes, found);
                    self.missing(no, found);
                }
            },
            // A settled part of a condition needs nothing more.
            Expr::All(parts) | Expr::Any(parts) => {
                for part in parts.iter().filter(|part| self.truth(part).is_none()) {
                    self.missing(part, found);
                }
            }
            Expr::Known(_) => {}
            // A code is known, but too coarse to tell.
            Expr::In(subject, _, Some(_)) if self.eval(subject).is_some() => {
                if let Expr::Attribute(index, year) = subject.as_ref() {
                    let key = (*index, self.year_of(*year));
                    if self.truth(expr).is_none() && !found.contains(&key) {
                        found.push(key);
                    }
                }
            }
            other => other.children(&mut |child| self.missing(child, found)),
        }
    }
}

impl Interval {
    fn at_least_zero(mut self) -> Self {
        self.low = self.low.or_else(|| Some(Number::zero()));
        self
    }
}
