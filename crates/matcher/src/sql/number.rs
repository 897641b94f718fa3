//! Numbers and their functions.

use zhida_rules::{Comparison, Kind, Operator};

use super::{
    Lowered, Writer,
    fraction::{Fraction, Rounding, choose},
    limited, refused, scalar,
};
use crate::{
    exact::Exact,
    node::{DayFunction, Literal, Node, NodeId, NumberFunction},
};

/// Decimal places that the interpreter rounds to at most.
const PLACES_MAX: i64 = 10;

impl Writer<'_, '_> {
    pub(super) fn is_number(&self, id: NodeId) -> bool {
        match self.node(id) {
            Node::Fact(index, _) => self.kind(*index) == Kind::Number,
            Node::Literal(Literal::Number(_)) => true,
            Node::If(_, yes, no) => self.is_number(*yes) || self.is_number(*no),
            node => matches!(
                node,
                Node::Arithmetic(..)
                    | Node::Number(..)
                    | Node::Days(..)
                    | Node::Table(..)
                    | Node::Stages(..)
            ),
        }
    }

    /// The number that stands in the rules.
    pub(super) fn constant(&self, id: NodeId) -> Option<&Exact> {
        match self.flattener.nodes.literal(id) {
            Some(Literal::Number(number)) => Some(number),
            _ => None,
        }
    }

    pub(super) fn number(&self, id: NodeId) -> Lowered<Fraction> {
        match self.node(id) {
            Node::Unknown => Ok(Fraction::unknown()),
            Node::Literal(Literal::Number(number)) => Fraction::literal(number),
            Node::Fact(index, year) if self.kind(*index) == Kind::Number => {
                Ok(Fraction::whole(self.column(*index, *year)))
            }
            Node::Arithmetic(operator, left, right) => self.arithmetic(*operator, *left, *right),
            Node::Number(function, arguments) => self.function(*function, arguments),
            Node::Days(function, from, to) => self.days(*function, *from, *to),
            Node::If(condition, yes, no) => {
                let when = self.truth(*condition)?;
                let unless = format!("NOT {when}");
                choose(&when, Some(&unless), self.number(*yes)?, self.number(*no)?)
            }
            Node::Table(table, subjects, rows) => self.table(*table, subjects, rows),
            Node::Stages(set, stages) => self.stages(*set, stages),
            _ => refused("不是数字的表达式"),
        }
    }

    pub(super) fn numbers(&self, ids: &[NodeId]) -> Lowered<Vec<Fraction>> {
        ids.iter().map(|id| self.number(*id)).collect()
    }

    fn arithmetic(&self, operator: Operator, left: NodeId, right: NodeId) -> Lowered<Fraction> {
        let dividend = self.number(left)?;
        match (operator, self.constant(right)) {
            (Operator::Divide, Some(divisor)) => dividend.part(divisor),
            _ => dividend.combine(operator, self.number(right)?),
        }
    }

    fn days(&self, function: DayFunction, from: NodeId, to: NodeId) -> Lowered<Fraction> {
        if self.is_unknown(from) || self.is_unknown(to) {
            return Ok(Fraction::unknown());
        }
        let (from, to) = (self.scalar(from)?, self.scalar(to)?);
        match function {
            DayFunction::Days => Ok(Fraction::whole(limited(format!(
                "CAST({to} - {from} AS NUMERIC(9, 0))"
            ))?)),
            DayFunction::Months => Ok(Fraction::whole(scalar::whole_months(&from, &to)?)),
            DayFunction::Years => {
                let (months, twelve) = (scalar::whole_months(&from, &to)?, Exact::integer(12));
                let months = Fraction::whole(months).rounded(Rounding::Down, &twelve)?;
                months.part(&twelve)
            }
        }
    }

    fn function(&self, function: NumberFunction, arguments: &[NodeId]) -> Lowered<Fraction> {
        let mut list = self.numbers(arguments)?.into_iter();
        let Some(first) = list.next() else {
            return refused("没有参数的函数");
        };
        match function {
            NumberFunction::Min => list.try_fold(first, |a, b| pick(a, Comparison::LessOrEqual, b)),
            NumberFunction::Max => {
                list.try_fold(first, |a, b| pick(a, Comparison::GreaterOrEqual, b))
            }
            NumberFunction::Sum => Fraction::sum(std::iter::once(first).chain(list).collect()),
            NumberFunction::Abs => Ok(Fraction {
                num: format!("ABS({})", first.num),
                den: first.den,
            }),
            NumberFunction::TopUp => {
                let Some(had) = list.next() else {
                    return refused("缺少参数的补差");
                };
                let left = first.combine(Operator::Subtract, had)?;
                let nothing = left.nothing();
                pick(left, Comparison::GreaterOrEqual, nothing)
            }
            NumberFunction::Floor => first.rounded(Rounding::Down, &Exact::integer(1)),
            NumberFunction::Ceiling => first.rounded(Rounding::Up, &Exact::integer(1)),
            NumberFunction::Round => {
                let Some(places) = arguments.get(1).and_then(|id| self.constant(*id)) else {
                    return refused("小数位数不是常数的四舍五入");
                };
                match places.to_i64() {
                    Some(places) => first.rounded(Rounding::Nearest, &unit(places)),
                    None => Ok(Fraction::unknown()),
                }
            }
        }
    }
}

/// One unit of the last of these decimal places.
fn unit(places: i64) -> Exact {
    let tenth = Exact::integer(1).div(&Exact::integer(10));
    let tenth = tenth.unwrap_or_else(|| Exact::integer(0));
    (0..places.clamp(0, PLACES_MAX)).fold(Exact::integer(1), |unit, _| unit.mul(&tenth))
}

/// The first number when it compares so with the second, else the second. Where one is unknown
/// neither branch counts, and the result is unknown.
pub(super) fn pick(a: Fraction, comparison: Comparison, b: Fraction) -> Lowered<Fraction> {
    let (a, b) = a.aligned(b)?;
    let when = a.compare(comparison, &b)?;
    let unless = a.compare(comparison.negated(), &b)?;
    choose(&when, Some(&unless), a, b)
}
