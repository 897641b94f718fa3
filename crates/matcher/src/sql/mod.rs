//! An item as one SQL predicate, and another that tells near misses, for installations whose data outgrow
//! one machine.
//!
//! The predicate is standard SQL over one row of an enterprise, a column for each attribute and
//! year, NULL for unknown: SQL's logic is Kleene's, so TRUE, FALSE and NULL are the interpreter's
//! verdict. It is exact: a quotient is carried as numerator and denominator and compared by
//! multiplication, because SQL would round it; rounding is done with remainders.
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
//! A condition that people verify is unknown, so the item is at most that. Statements of a visitor
//! (`Facts::stated`), for whom silence never means “no”, are not for this predicate. What has no
//! such form is refused and named: a division or industry compared with another attribute, or derived
//! from texts, which may be codes in other forms; a member of a set with a line feed in it; rounding
//! to a number of places that a fact gives; a constant that neither decimals nor two machine words
//! hold; and a rule whose form grows beyond [`LENGTH_MAX`] characters.
//!
//! The same text runs on PostgreSQL and on DataFusion, a columnar engine; tests compare both with
//! the interpreter. What differs:
//!
//! | construct | PostgreSQL | DataFusion |
//! |---|---|---|
//! | column of numbers | NUMERIC, of any size | DECIMAL(39, s) to DECIMAL(76, s): with up to 38 digits a product has 38 at most |
//! | products and sums | exact | exact up to 76 digits, places included; beyond them the query fails, it never rounds |
//! | number in a rule | `CAST('0.05' AS NUMERIC(2, 2))`; a bare 0.05 would do | the same; a bare 0.05 is a float |
//! | remainder | `%` or the standard's `MOD` | `%` only, so it is used |
//! | day − day | INTEGER | BIGINT; both are cast to NUMERIC(9, 0) |
//! | EXTRACT | NUMERIC | INTEGER; cast likewise |
//! | brackets within brackets | as deep as the server's stack (`max_stack_depth`) | 50 levels (`datafusion.sql_parser.recursion_limit`), or the query fails |
//!
//! `POSITION`, `COALESCE`, `NULLIF`, `CASE`, `LIKE`, `ABS`, `LEAST` and `INTERVAL '1' DAY` mean the same on both.
//!
//! **Over the file of a snapshot.** The Parquet file of [`crate::snapshot`] has these columns by name
//! and kind; the table of the predicates is a view that says what the file leaves open:
//!
//! | in the file | in the view |
//! |---|---|
//! | no column, for what is known of nobody | `CAST(NULL AS <type>)` |
//! | DECIMAL(18, s) or (38, s), as narrow as the values allow | on DataFusion `CAST(x AS DECIMAL(40, s))`, that products fit |
//! | NULL, and a text in `x__exact`, for a number of more places or digits, or a set with a line feed within a member | nothing: it is silence to the predicate, so rows with such a text are for the engine |
//!
//! Tests run the predicates so over a snapshot's own file on DataFusion, and name whom the engine names.

mod fraction;
mod near;
mod number;
mod scalar;
mod table;

use chrono::{Datelike, NaiveDate};
use zhida_rules::{
    Absence, AttributeIndex, Check, Comparison, Dictionary, Expr, Facts, Hierarchy, ItemRules,
    Kind, Members,
};

use crate::{
    error::MatcherError,
    flatten::{Flattener, Scope},
    node::{Literal, Node, NodeId, NodeTest},
};
use near::Missing;

/// Characters that a predicate may have at most: nested quantities are written out wherever they
/// are used.
pub const LENGTH_MAX: usize = 8 << 20;

type Lowered<T> = Result<T, MatcherError>;

const UNKNOWN: &str = "CAST(NULL AS BOOLEAN)";

/// The text that stands in a set's column for these members.
pub fn set_text<'m>(members: impl IntoIterator<Item = &'m str>) -> String {
    let mut text = String::from("\n");
    for member in members {
        text.push_str(member);
        text.push('\n');
    }
    text
}

/// The name of an attribute's column where nobody wishes another: its id, and `_` and the year for
/// what is counted by years, in double quotes.
pub fn column_name(dictionary: &Dictionary, index: AttributeIndex, year: Option<i32>) -> String {
    let id = dictionary.attribute(index).id.replace('"', "\"\"");
    match year {
        Some(year) => format!("\"{id}_{year}\""),
        None => format!("\"{id}\""),
    }
}

/// The SQL type of a kind's column.
pub fn column_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "BOOLEAN",
        Kind::Number => "NUMERIC",
        Kind::Date => "DATE",
        Kind::Text | Kind::Choice | Kind::Set | Kind::Division | Kind::Industry => "VARCHAR",
    }
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
    let (flattener, roots) = flattened(dictionary, item, on, |expr, flattener, scope| {
        flattener.truth(expr, scope)
    });
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
    match parts.is_empty() {
        true => Ok("TRUE".to_owned()),
        false => limited(parts.join(" AND ")),
    }
}

/// Whether one condition of an item is missing (只差一项), whatever the verdict: TRUE or FALSE, never
/// NULL. Together with [`predicate`] it tells one that is not met from one that is unknown.
///
/// # Errors
/// When a condition has no form in SQL; the message names it.
pub fn near_miss(
    dictionary: &Dictionary,
    item: &ItemRules,
    on: NaiveDate,
    column: &dyn Fn(AttributeIndex, Option<i32>) -> String,
) -> Lowered<String> {
    let (flattener, roots) = flattened(dictionary, item, on, |expr, flattener, scope| {
        Missing::of(expr, false, item, flattener, scope)
    });
    let rules: Vec<Missing> = roots.into_iter().flatten().collect();
    if rules.is_empty() {
        return Ok("FALSE".to_owned());
    }
    let writer = Writer {
        flattener: &flattener,
        column,
    };
    limited(format!("{} = 1", writer.missing(&Missing::All(rules))?))
}

/// What is made of each condition of an item, in their order; of those that people verify, nothing.
fn flattened<'d, T>(
    dictionary: &'d Dictionary,
    item: &ItemRules,
    on: NaiveDate,
    make: impl Fn(&Expr, &mut Flattener<'d>, Scope<'_>) -> T,
) -> (Flattener<'d>, Vec<Option<T>>) {
    let mut flattener = Flattener::new(dictionary, on);
    let local_nodes = flattener.locals(item.locals());
    let scope = Scope {
        local_nodes: &local_nodes,
        year: on.year(),
    };
    let conditions = item.conditions().iter();
    let made = conditions.map(|condition| match &condition.check {
        Check::Manual(_) => None,
        Check::Rule(expr) => Some(make(expr, &mut flattener, scope)),
    });
    let made = made.collect();
    (flattener, made)
}

struct Writer<'a, 'd> {
    flattener: &'a Flattener<'d>,
    column: &'a dyn Fn(AttributeIndex, Option<i32>) -> String,
}

impl Writer<'_, '_> {
    fn node(&self, id: NodeId) -> &Node {
        self.flattener.nodes.get(id)
    }

    fn kind(&self, index: AttributeIndex) -> Kind {
        self.flattener.dictionary.attribute(index).kind
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
        match self.node(id) {
            Node::Unknown => Ok(UNKNOWN.into()),
            Node::Literal(Literal::Bool(true)) => Ok("TRUE".into()),
            Node::Literal(Literal::Bool(false)) => Ok("FALSE".into()),
            Node::Fact(index, year) if self.kind(*index) == Kind::Bool => {
                Ok(self.column(*index, *year))
            }
            Node::Not(inner) => Ok(format!("(NOT {})", self.truth(*inner)?)),
            Node::All(parts) => joined(" AND ", parts.iter().map(|part| self.truth(*part))),
            Node::Any(parts) => joined(" OR ", parts.iter().map(|part| self.truth(*part))),
            Node::Known(inner) => self.known(*inner),
            Node::Compare(comparison, left, right) => self.compare(*left, *comparison, *right),
            Node::In(subject, tests, hierarchy) => {
                let tests = tests.iter();
                joined(" OR ", tests.map(|t| self.test(*subject, t, *hierarchy)))
            }
            Node::Contains(members, set, wanted) => {
                let set = self.scalar(*set)?;
                let word = match members {
                    Members::Any => " OR ",
                    Members::All => " AND ",
                };
                joined(word, wanted.iter().map(|m| scalar::contains(&set, m)))
            }
            Node::Settled(condition, yes, no) => {
                let (when, yes, no) =
                    (self.truth(*condition)?, self.truth(*yes)?, self.truth(*no)?);
                limited(format!(
                    "(({when} AND {yes}) OR (NOT {when} AND {no}) OR ({yes} AND {no}))"
                ))
            }
            Node::If(condition, yes, no) => {
                let (yes, no) = (self.truth(*yes)?, self.truth(*no)?);
                branch(&self.truth(*condition)?, &yes, &no)
            }
            _ => refused("不是条件的表达式"),
        }
    }

    fn known(&self, id: NodeId) -> Lowered<String> {
        let value = match self.is_number(id) {
            true => self.number(id)?.num,
            false => self.value(id)?,
        };
        limited(format!("({value} IS NOT NULL)"))
    }

    fn is_unknown(&self, id: NodeId) -> bool {
        match self.node(id) {
            Node::Unknown => true,
            Node::If(_, yes, no) => self.is_unknown(*yes) && self.is_unknown(*no),
            _ => false,
        }
    }

    fn compare(&self, left: NodeId, comparison: Comparison, right: NodeId) -> Lowered<String> {
        if self.is_unknown(left) || self.is_unknown(right) {
            return Ok(UNKNOWN.into());
        }
        if self.is_number(left) || self.is_number(right) {
            return self.number(left)?.compare(comparison, &self.number(right)?);
        }
        let (left, right) = (self.value(left)?, self.value(right)?);
        limited(format!("({left} {} {right})", operator(comparison)))
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
                    scalar::within(&self.code(subject, hierarchy)?, hierarchy, code)
                }
                Node::Unknown => Ok(UNKNOWN.into()),
                _ => refused("区划或行业与另一属性比较"),
            },
            (NodeTest::Is(value), None) => self.compare(subject, Comparison::Equal, *value),
            (NodeTest::Compares(comparison, value), _) => {
                self.compare(subject, *comparison, *value)
            }
            (NodeTest::Between(from, low, to, high), _) => limited(format!(
                "({} AND {})",
                self.compare(subject, *from, *low)?,
                self.compare(subject, *to, *high)?
            )),
        }
    }
}

/// One of two expressions; unknown when the condition is.
fn branch(when: &str, yes: &str, no: &str) -> Lowered<String> {
    limited(format!(
        "(CASE WHEN {when} THEN {yes} WHEN NOT {when} THEN {no} END)"
    ))
}

fn joined(word: &str, parts: impl Iterator<Item = Lowered<String>>) -> Lowered<String> {
    let parts = parts.collect::<Lowered<Vec<_>>>()?;
    limited(format!("({})", parts.join(word)))
}

fn operator(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::NotEqual => "<>",
        other => other.symbol(),
    }
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
