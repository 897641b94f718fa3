//! An item as one SQL predicate, for installations whose data outgrow one machine.
//!
//! The predicate is standard SQL over one row of an enterprise, a column for each attribute and
//! year, NULL for unknown: SQL's logic is Kleene's, so TRUE, FALSE and NULL are the interpreter's
//! verdict. It is exact: a quotient is carried as numerator and denominator and compared by
//! multiplication, because SQL would round it.
//!
//! | kind | column |
//! |---|---|
//! | bool | BOOLEAN |
//! | number | NUMERIC |
//! | text, choice | VARCHAR |
//! | date | DATE |
//! | division | VARCHAR, six or nine digits as `DivisionCode` writes them |
//! | industry | VARCHAR, the letter and up to four digits |
//! | set | VARCHAR, each member with a line feed before and after it, an empty set as one |
//!
//! A condition that people verify is unknown, so the item is at most that. What has no such form is
//! refused and named: 取整, 四舍五入, 满月数, 满年数, 分档, 二维分档, 超额累进 and 累计 of facts,
//! equality of two composed conditions. Statements of a visitor (`Facts::stated`), for whom silence
//! never means “no”, are not for this predicate.

use chrono::{Datelike, NaiveDate};
use zhida_rules::{
    Absence, AttributeIndex, Check, Comparison, Dictionary, Facts, Hierarchy, ItemRules, Kind,
    Members, Operator,
};
use zhida_standards::{
    division::{DivisionCode, Level},
    industry,
};

use crate::{
    error::MatcherError,
    exact::Exact,
    flatten::{Flattener, Scope},
    node::{DayFunction, Literal, Node, NodeId, NodeTest, NumberFunction},
};

/// Characters that a predicate may have at most.
const LENGTH_MAX: usize = 8 << 20;

type Lowered<T> = Result<T, MatcherError>;

/// A numeric expression: numerator, and denominator when it is not 1.
struct Fraction {
    num: String,
    den: Option<String>,
}

/// The member of a set column as it is stored there.
pub fn set_text<'m>(members: impl IntoIterator<Item = &'m str>) -> String {
    let mut text = String::from("\n");
    for member in members {
        text.push_str(member);
        text.push('\n');
    }
    text
}

/// The predicate of an item on a reference date; `column` names the column of an attribute and
/// year, as it stands in the predicate.
///
/// # Errors
/// When a condition has no form in SQL; the message names it.
pub fn predicate(
    dictionary: &Dictionary,
    item: &ItemRules,
    on: NaiveDate,
    column: &dyn Fn(AttributeIndex, Option<i32>) -> String,
) -> Lowered<String> {
    let mut flattener = Flattener::new(dictionary, on);
    let local_nodes = flattener.locals(item.locals());
    let mut roots = Vec::new();
    for condition in item.conditions() {
        match &condition.check {
            Check::Manual(_) => roots.push(None),
            Check::Rule(expr) => {
                let scope = Scope {
                    local_nodes: &local_nodes,
                    year: on.year(),
                };
                roots.push(Some(flattener.truth(expr, scope)));
            }
        }
    }
    let writer = Writer {
        flattener: &flattener,
        column,
    };
    let parts = roots
        .into_iter()
        .map(|root| match root {
            Some(node) => writer.truth(node),
            None => Ok(UNKNOWN.to_owned()),
        })
        .collect::<Lowered<Vec<_>>>()?;
    let text = match parts.is_empty() {
        true => "TRUE".to_owned(),
        false => parts.join(" AND "),
    };
    match text.len() > LENGTH_MAX {
        true => Err(MatcherError::Sql("展开后太长".into())),
        false => Ok(text),
    }
}

const UNKNOWN: &str = "CAST(NULL AS BOOLEAN)";

struct Writer<'a, 'd> {
    flattener: &'a Flattener<'d>,
    column: &'a dyn Fn(AttributeIndex, Option<i32>) -> String,
}

impl Writer<'_, '_> {
    fn node(&self, id: NodeId) -> &Node {
        self.flattener.nodes.get(id)
    }

    fn column(&self, index: AttributeIndex, year: Option<i32>) -> String {
        let column = (self.column)(index, year);
        let attribute = self.flattener.dictionary.attribute(index);
        match (Facts::new().absence(attribute), attribute.kind) {
            (Absence::Unknown, _) => column,
            (Absence::No, Kind::Set) => format!("COALESCE({column}, '\n')"),
            (Absence::No, _) => format!("COALESCE({column}, FALSE)"),
        }
    }

    fn truth(&self, id: NodeId) -> Lowered<String> {
        let joined = |parts: &[NodeId], word: &str| {
            let parts = parts.iter().map(|part| self.truth(*part));
            let parts = parts.collect::<Lowered<Vec<_>>>()?;
            limited(format!("({})", parts.join(word)))
        };
        match self.node(id) {
            Node::Unknown => Ok(UNKNOWN.into()),
            Node::Literal(Literal::Bool(true)) => Ok("TRUE".into()),
            Node::Literal(Literal::Bool(false)) => Ok("FALSE".into()),
            Node::Fact(index, year) => Ok(self.column(*index, *year)),
            Node::Not(inner) => Ok(format!("(NOT {})", self.truth(*inner)?)),
            Node::All(parts) => joined(parts, " AND "),
            Node::Any(parts) => joined(parts, " OR "),
            Node::Known(inner) => self.known(*inner),
            Node::Compare(comparison, left, right) => self.compare(*left, *comparison, *right),
            Node::In(subject, tests, hierarchy) => {
                let tests = tests
                    .iter()
                    .map(|test| self.test(*subject, test, *hierarchy));
                let tests = tests.collect::<Lowered<Vec<_>>>()?;
                limited(format!("({})", tests.join(" OR ")))
            }
            Node::Contains(members, set, wanted) => {
                let Node::Fact(index, year) = self.node(*set) else {
                    return refused("派生的集合");
                };
                let column = self.column(*index, *year);
                let tests: Vec<String> = wanted
                    .iter()
                    .map(|member| {
                        format!(
                            "POSITION({} IN {column}) > 0",
                            quoted(&set_text([member.as_str()]))
                        )
                    })
                    .collect();
                let word = match members {
                    Members::Any => " OR ",
                    Members::All => " AND ",
                };
                Ok(format!("({})", tests.join(word)))
            }
            Node::Settled(condition, yes, no) => {
                let (when, yes, no) =
                    (self.truth(*condition)?, self.truth(*yes)?, self.truth(*no)?);
                limited(format!(
                    "(({when} AND {yes}) OR (NOT {when} AND {no}) OR ({yes} AND {no}))"
                ))
            }
            Node::If(condition, yes, no) => {
                let (when, yes, no) =
                    (self.truth(*condition)?, self.truth(*yes)?, self.truth(*no)?);
                limited(format!(
                    "(CASE WHEN {when} THEN {yes} WHEN NOT {when} THEN {no} END)"
                ))
            }
            _ => refused("不是条件的表达式"),
        }
    }

    fn known(&self, id: NodeId) -> Lowered<String> {
        if self.is_number(id) {
            let Fraction { num, den } = self.number(id)?;
            let known = match den {
                Some(den) => format!("({num}) IS NOT NULL AND ({den}) <> 0"),
                None => format!("({num}) IS NOT NULL"),
            };
            // A product with an unknown factor is unknown, the comparison is too.
            return Ok(format!("COALESCE({known}, FALSE)"));
        }
        let value = match self.scalar(id) {
            Ok(value) => value,
            Err(_) => self.truth(id)?,
        };
        Ok(format!("({value} IS NOT NULL)"))
    }

    fn is_number(&self, id: NodeId) -> bool {
        match self.node(id) {
            Node::Fact(index, _) => {
                self.flattener.dictionary.attribute(*index).kind == Kind::Number
            }
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

    fn compare(&self, left: NodeId, comparison: Comparison, right: NodeId) -> Lowered<String> {
        let unknown = |id| matches!(self.node(id), Node::Unknown);
        if unknown(left) || unknown(right) {
            return Ok(UNKNOWN.into());
        }
        if self.is_number(left) || self.is_number(right) {
            let (left, right) = (self.number(left)?, self.number(right)?);
            return ordered(&left, comparison, &right);
        }
        let (left, right) = (self.scalar(left)?, self.scalar(right)?);
        Ok(format!("({left} {} {right})", operator(comparison)))
    }

    fn test(
        &self,
        subject: NodeId,
        test: &NodeTest,
        hierarchy: Option<Hierarchy>,
    ) -> Lowered<String> {
        match (test, hierarchy) {
            (NodeTest::Is(value), Some(hierarchy)) => match self.node(*value) {
                Node::Literal(Literal::Text(code)) => {
                    within(&self.scalar(subject)?, hierarchy, code)
                }
                Node::Unknown => Ok(UNKNOWN.into()),
                _ => refused("区划或行业与另一属性比较"),
            },
            (NodeTest::Is(value), None) => self.compare(subject, Comparison::Equal, *value),
            (NodeTest::Compares(comparison, value), _) => {
                self.compare(subject, *comparison, *value)
            }
            (NodeTest::Between(from, low, to, high), _) => Ok(format!(
                "({} AND {})",
                self.compare(subject, *from, *low)?,
                self.compare(subject, *to, *high)?
            )),
        }
    }

    /// A text or a day.
    fn scalar(&self, id: NodeId) -> Lowered<String> {
        match self.node(id) {
            Node::Literal(Literal::Text(text)) => Ok(quoted(text)),
            Node::Literal(Literal::Date(date)) => Ok(format!("DATE '{date}'")),
            Node::Fact(index, year) => match self.flattener.dictionary.attribute(*index).kind {
                Kind::Number => refused("数与其他类型比较"),
                _ => Ok(self.column(*index, *year)),
            },
            Node::If(condition, yes, no) => {
                let (when, yes, no) = (
                    self.truth(*condition)?,
                    self.scalar(*yes)?,
                    self.scalar(*no)?,
                );
                limited(format!(
                    "(CASE WHEN {when} THEN {yes} WHEN NOT {when} THEN {no} END)"
                ))
            }
            Node::Unknown => Ok("NULL".into()),
            _ => refused("不是文字或日期的表达式"),
        }
    }

    fn number(&self, id: NodeId) -> Lowered<Fraction> {
        let whole = |num: String| Ok(Fraction { num, den: None });
        match self.node(id) {
            Node::Unknown => whole("CAST(NULL AS NUMERIC)".into()),
            Node::Literal(Literal::Number(number)) => literal(number),
            Node::Fact(index, year) => whole(self.column(*index, *year)),
            Node::Arithmetic(operator, left, right) => {
                self.number(*left)?.combine(*operator, self.number(*right)?)
            }
            Node::Number(function, arguments) => self.function(*function, arguments),
            Node::Days(DayFunction::Days, from, to) => whole(format!(
                "CAST({} - {} AS NUMERIC)",
                self.scalar(*to)?,
                self.scalar(*from)?
            )),
            Node::If(condition, yes, no) => {
                let when = self.truth(*condition)?;
                let (yes, no) = (self.number(*yes)?, self.number(*no)?);
                choose(&when, &format!("NOT {when}"), yes, no)
            }
            Node::Days(..) => refused("满月数、满年数"),
            Node::Table(..) => refused("分档、二维分档、超额累进"),
            Node::Stages(..) => refused("累计"),
            _ => refused("不是数字的表达式"),
        }
    }

    fn function(&self, function: NumberFunction, arguments: &[NodeId]) -> Lowered<Fraction> {
        let list = arguments.iter().map(|argument| self.number(*argument));
        let mut list = list.collect::<Lowered<Vec<_>>>()?.into_iter();
        let Some(first) = list.next() else {
            return refused("没有参数的函数");
        };
        let zero = || Fraction {
            num: "0".into(),
            den: None,
        };
        // Where one side is unknown neither branch counts, and the result is unknown.
        let pick = |a: Fraction, comparison: Comparison, b: Fraction| {
            let when = ordered(&a, comparison, &b)?;
            let unless = ordered(&a, comparison.negated(), &b)?;
            choose(&when, &unless, a, b)
        };
        let mut rest = list;
        match function {
            NumberFunction::Min => rest.try_fold(first, |a, b| pick(a, Comparison::LessOrEqual, b)),
            NumberFunction::Max => {
                rest.try_fold(first, |a, b| pick(a, Comparison::GreaterOrEqual, b))
            }
            NumberFunction::Sum => rest.try_fold(first, |a, b| a.combine(Operator::Add, b)),
            NumberFunction::Abs => {
                let negative = zero().combine(Operator::Subtract, first.copied())?;
                pick(first, Comparison::GreaterOrEqual, negative)
            }
            NumberFunction::TopUp => {
                let Some(had) = rest.next() else {
                    return refused("缺少参数的补差");
                };
                let left = first.combine(Operator::Subtract, had)?;
                pick(left, Comparison::GreaterOrEqual, zero())
            }
            NumberFunction::Floor | NumberFunction::Ceiling | NumberFunction::Round => {
                refused("取整、四舍五入")
            }
        }
    }
}

impl Fraction {
    fn copied(&self) -> Self {
        Self {
            num: self.num.clone(),
            den: self.den.clone(),
        }
    }

    fn combine(self, operator: Operator, other: Self) -> Lowered<Self> {
        let times = |a: &str, b: &Option<String>| match b {
            Some(b) => format!("({a} * {b})"),
            None => a.to_owned(),
        };
        let product = |a: &Option<String>, b: &Option<String>| match (a, b) {
            (Some(a), b) => Some(times(a, b)),
            (None, b) => b.clone(),
        };
        let (num, den) = match operator {
            Operator::Add | Operator::Subtract => {
                let sign = if operator == Operator::Add { '+' } else { '-' };
                let (left, right) = (times(&self.num, &other.den), times(&other.num, &self.den));
                (
                    format!("({left} {sign} {right})"),
                    product(&self.den, &other.den),
                )
            }
            Operator::Multiply => (
                format!("({} * {})", self.num, other.num),
                product(&self.den, &other.den),
            ),
            Operator::Divide => {
                let num = times(&self.num, &other.den);
                // b/d of the divisor turns over; d = 0 leaves the divisor unknown, so it stays a
                // factor below: a/c ÷ b/d = a·d·d / (c·b·d).
                let num = times(&num, &other.den);
                let below = times(&other.num, &other.den);
                (num, Some(times(&below, &self.den)))
            }
        };
        Ok(Self {
            num: limited(num)?,
            den: den.map(limited).transpose()?,
        })
    }
}

/// Comparison without dividing: both sides times the squares of both denominators, which are above
/// zero; a denominator of zero makes it unknown.
fn ordered(left: &Fraction, comparison: Comparison, right: &Fraction) -> Lowered<String> {
    let side = |num: &str, own: &Option<String>, other: &Option<String>| {
        let mut text = num.to_owned();
        if let Some(own) = own {
            text = format!("{text} * NULLIF({own}, 0)");
        }
        if let Some(other) = other {
            text = format!("{text} * NULLIF({other}, 0) * {other}");
        }
        text
    };
    limited(format!(
        "({} {} {})",
        side(&left.num, &left.den, &right.den),
        operator(comparison),
        side(&right.num, &right.den, &left.den)
    ))
}

/// One of two numbers; unknown when neither condition holds.
fn choose(when: &str, unless: &str, yes: Fraction, no: Fraction) -> Lowered<Fraction> {
    let pick = |yes: &str, no: &str| {
        limited(format!(
            "(CASE WHEN {when} THEN {yes} WHEN {unless} THEN {no} END)"
        ))
    };
    let den = match (&yes.den, &no.den) {
        (None, None) => None,
        (a, b) => Some(pick(
            a.as_deref().unwrap_or("1"),
            b.as_deref().unwrap_or("1"),
        )?),
    };
    Ok(Fraction {
        num: pick(&yes.num, &no.num)?,
        den,
    })
}

fn literal(number: &Exact) -> Lowered<Fraction> {
    let number = number.to_number();
    match number.exact_text() {
        // The type, or SQL would divide and multiply in machine integers.
        Some(text) => Ok(Fraction {
            num: format!("CAST({text} AS NUMERIC)"),
            den: None,
        }),
        None => refused("写不成有限小数的常数"),
    }
}

fn within(column: &str, hierarchy: Hierarchy, code: &str) -> Lowered<String> {
    let prefix = match hierarchy {
        Hierarchy::Division => match DivisionCode::parse(code) {
            Ok(found) => {
                let digits = match found.level() {
                    Level::Province => 2,
                    Level::City => 4,
                    Level::County => 6,
                    Level::Township => 9,
                };
                found.as_str()[..digits].to_owned()
            }
            Err(_) => return refused("无效的区划代码"),
        },
        Hierarchy::Industry => match industry::lookup(code) {
            Some(found) => found.code.to_owned(),
            None => return refused("无效的行业代码"),
        },
    };
    Ok(format!("({column} LIKE '{prefix}%')"))
}

fn operator(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::NotEqual => "<>",
        other => other.symbol(),
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn refused<T>(what: &str) -> Lowered<T> {
    Err(MatcherError::Sql(what.to_owned()))
}

/// Nested expressions are written out where they are used; a text that grows too large is refused
/// before it fills the memory.
fn limited(text: String) -> Lowered<String> {
    match text.len() > LENGTH_MAX {
        true => refused("展开后太长"),
        false => Ok(text),
    }
}
