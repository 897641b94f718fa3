//! The typed form of a rule: what the interpreter evaluates and the column engine compiles.
//!
//! The order of the variants that can be serialized is part of the archive's format
//! ([`crate::archive`]).

use std::convert::Infallible;

use serde::{Deserialize, Serialize};

use crate::{AttributeIndex, ConstantIndex, Value};

/// Which year's value of an annual attribute is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Year {
    /// The attribute is not annual.
    None,
    /// Relative to the reference date's year (上年 is −1), or to the year of the annual formula.
    Relative(i32),
    /// A calendar year.
    Absolute(i32),
}

/// A comparison of two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    /// The comparison that holds exactly when this one does not.
    pub fn negated(self) -> Self {
        match self {
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::Less => Self::GreaterOrEqual,
            Self::LessOrEqual => Self::Greater,
            Self::Greater => Self::LessOrEqual,
            Self::GreaterOrEqual => Self::Less,
        }
    }

    /// The comparison with its sides exchanged.
    pub fn mirrored(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            same => same,
        }
    }

    /// The FEEL operator.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// Does the comparison hold for this order of its sides?
    pub fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// An arithmetic operator on two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Operator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
}

/// How codes of an attribute nest: `in` means “lies within” for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Hierarchy {
    /// Administrative divisions.
    Division,
    /// Industries.
    Industry,
}

impl Hierarchy {
    /// Does `code` lie within `ancestor` (or equal it)?
    pub fn within(self, code: &str, ancestor: &str) -> bool {
        match self {
            Self::Division => zhida_standards::division::is_within(code, ancestor),
            Self::Industry => zhida_standards::industry::is_within(code, ancestor),
        }
    }

    /// Does a known code lie within another? Unknown when it is too coarse to tell: 杭州市 may or
    /// may not mean 钱塘区.
    pub fn lies_within(self, code: &str, ancestor: &str) -> Option<bool> {
        match (self.within(code, ancestor), self.within(ancestor, code)) {
            (true, _) => Some(true),
            (false, true) => None,
            (false, false) => Some(false),
        }
    }
}

/// One alternative of an `in` test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// Equals (or lies within) this value.
    Is(Expr),
    /// Compares so with this value.
    Compares(Comparison, Expr),
    /// Lies between two values; the flags tell whether the ends belong to it.
    Between {
        /// Lower end.
        low: Expr,
        /// Does the lower end belong to it?
        low_closed: bool,
        /// Upper end.
        high: Expr,
        /// Does the upper end belong to it?
        high_closed: bool,
    },
}

/// How members of a set are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Members {
    /// At least one of them (包含, 包含任一).
    Any,
    /// Each of them (包含全部).
    All,
}

/// A function of the rule language (docs/rules.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Function {
    /// Smallest argument.
    Min,
    /// Largest argument.
    Max,
    /// Sum of the arguments.
    Sum,
    /// Absolute value.
    Abs,
    /// Largest integer not above.
    Floor,
    /// Smallest integer not below.
    Ceiling,
    /// Rounded half up to decimal places.
    Round,
    /// Whole months from one day to another.
    Months,
    /// Whole years from one day to another.
    Years,
    /// Days from one day to another.
    Days,
    /// 补差: first minus second, not below zero.
    TopUp,
}

/// A table function over rows of numbers (docs/rules.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Table {
    /// 分档: value of the highest row whose start is not above x.
    Tier,
    /// 二维分档: greatest value of the rows whose two starts are both reached.
    Matrix,
    /// 超额累进: marginal brackets.
    Marginal,
}

/// A typed expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// A value written in the rule.
    Literal(Value),
    /// An enterprise's attribute.
    Attribute(AttributeIndex, Year),
    /// A named number that changes by date.
    Constant(ConstantIndex),
    /// 基准日.
    ReferenceDate,
    /// An intermediate quantity of the item, by position.
    Local(usize),
    /// Is the value known?
    Known(Box<Expr>),
    /// Not.
    Not(Box<Expr>),
    /// And; never empty.
    All(Vec<Expr>),
    /// Or; never empty.
    Any(Vec<Expr>),
    /// A comparison.
    Compare(Comparison, Box<Expr>, Box<Expr>),
    /// Membership: equals, lies within or compares so with at least one of the tests.
    In(Box<Expr>, Vec<Test>, Option<Hierarchy>),
    /// Members of a set.
    Contains(Members, Box<Expr>, Vec<String>),
    /// Condition, value when true, value when false.
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// Arithmetic.
    Arithmetic(Operator, Box<Expr>, Box<Expr>),
    /// A function.
    Call(Function, Vec<Expr>),
    /// A table function: arguments and rows.
    Table(Table, Vec<Expr>, Vec<Vec<Expr>>),
    /// 累计: the set, and each stage with its amount.
    Stages(Box<Expr>, Vec<(String, Expr)>),
}

impl Expr {
    /// Calls `visit` for this expression and everything inside it.
    pub fn visit(&self, visit: &mut dyn FnMut(&Expr)) {
        visit(self);
        self.children(&mut |child| child.visit(visit));
    }

    /// Calls `each` for the direct parts.
    pub fn children(&self, each: &mut dyn FnMut(&Expr)) {
        let Ok(()) = self.try_children(&mut |child| {
            each(child);
            Ok::<(), Infallible>(())
        });
    }

    /// As [`Expr::children`], up to the first error.
    pub(crate) fn try_children<'e, E>(
        &'e self,
        each: &mut dyn FnMut(&'e Expr) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Expr::Literal(_)
            | Expr::Attribute(..)
            | Expr::Constant(_)
            | Expr::ReferenceDate
            | Expr::Local(_) => Ok(()),
            Expr::Known(inner) | Expr::Not(inner) | Expr::Contains(_, inner, _) => each(inner),
            Expr::All(parts) | Expr::Any(parts) | Expr::Call(_, parts) => {
                parts.iter().try_for_each(each)
            }
            Expr::Compare(_, left, right) | Expr::Arithmetic(_, left, right) => {
                each(left)?;
                each(right)
            }
            Expr::In(subject, tests, _) => {
                each(subject)?;
                tests.iter().try_for_each(|test| match test {
                    Test::Is(value) | Test::Compares(_, value) => each(value),
                    Test::Between { low, high, .. } => {
                        each(low)?;
                        each(high)
                    }
                })
            }
            Expr::If(condition, yes, no) => {
                each(condition)?;
                each(yes)?;
                each(no)
            }
            Expr::Table(_, arguments, rows) => {
                arguments.iter().try_for_each(&mut *each)?;
                rows.iter().flatten().try_for_each(each)
            }
            Expr::Stages(set, stages) => {
                each(set)?;
                stages.iter().try_for_each(|(_, amount)| each(amount))
            }
        }
    }

    /// Attributes named directly, in order of appearance, each once.
    pub fn attributes(&self) -> Vec<AttributeIndex> {
        let mut found = Vec::new();
        self.visit(&mut |expr| {
            if let Expr::Attribute(index, _) = expr
                && !found.contains(index)
            {
                found.push(*index);
            }
        });
        found
    }

    /// Is it joined from other conditions, rather than being a condition itself?
    pub fn is_connective(&self) -> bool {
        matches!(
            self,
            Expr::Not(_) | Expr::All(_) | Expr::Any(_) | Expr::If(..)
        )
    }
}
