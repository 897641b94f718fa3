//! Can a condition be met at all, and can it fail? Answered by intervals and sets per attribute
//! over the disjunctive normal form, within the dictionary's ranges and choices.
//!
//! The answer is about complete facts: `Never` means that no facts meet it, `Always` that no
//! complete facts fail it. Both are safe (never said wrongly); what relates several attributes to
//! each other, or is larger than [`CLAUSES_MAX`], is called `Contingent`.

use std::{cmp::Ordering, collections::BTreeSet};

use chrono::NaiveDate;
use serde::Serialize;

use crate::{
    AttributeIndex, Comparison, Dictionary, Expr, Hierarchy, Kind, Members, Number, Test, Value,
    render::Render,
};

/// Alternatives of a normal form that are looked at.
pub const CLAUSES_MAX: usize = 512;
/// Single conditions of a normal form that are looked at.
const LITERALS_MAX: usize = 20_000;

/// Whom a condition can reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "reach")]
pub enum Reach {
    /// Nobody can meet it.
    Never {
        /// Why, in words.
        why: String,
    },
    /// Everybody whose facts are known meets it.
    Always,
    /// It depends on the facts, or was not found out.
    Contingent,
}

/// Whom a condition can reach; `locals` are the item's intermediate quantities.
pub fn analyse(expr: &Expr, locals: &[Expr], dictionary: &Dictionary) -> Reach {
    let analyser = Analyser { dictionary, locals };
    if let Some(why) = analyser.refuted(expr, false) {
        return Reach::Never { why };
    }
    match analyser.refuted(expr, true) {
        Some(_) => Reach::Always,
        None => Reach::Contingent,
    }
}

/// An expression in the normal FEEL form and in plain Chinese; `locals` names the item's
/// intermediate quantities in order.
pub fn expression_texts(
    expr: &Expr,
    locals: &[String],
    dictionary: &Dictionary,
) -> (String, String) {
    let render = Render { dictionary, locals };
    (render.feel(expr), render.plain(expr))
}

/// A value on a line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Point {
    Number(Number),
    Date(NaiveDate),
}

impl Point {
    fn of(expr: &Expr) -> Option<Self> {
        match expr {
            Expr::Literal(Value::Number(number)) => Some(Self::Number(number.clone())),
            Expr::Literal(Value::Date(date)) => Some(Self::Date(*date)),
            _ => None,
        }
    }
}

/// A single condition on one term.
#[derive(Debug, Clone)]
enum Literal<'e> {
    Order(&'e Expr, Comparison, Point),
    OneOf(&'e Expr, Vec<&'e str>, bool),
    Within(&'e Expr, Hierarchy, Vec<&'e str>, bool),
    Members(&'e Expr, Members, &'e [String], bool),
    Whole(&'e Expr, bool),
}

impl<'e> Literal<'e> {
    fn term(&self) -> &'e Expr {
        match self {
            Self::Order(term, ..)
            | Self::OneOf(term, ..)
            | Self::Within(term, ..)
            | Self::Members(term, ..)
            | Self::Whole(term, _) => term,
        }
    }
}

type Clause<'e> = Vec<Literal<'e>>;

struct Analyser<'e> {
    dictionary: &'e Dictionary,
    locals: &'e [Expr],
}

impl<'e> Analyser<'e> {
    /// Why no facts make the condition (or its negation) true; `None` when some may.
    fn refuted(&self, expr: &'e Expr, negated: bool) -> Option<String> {
        let clauses = self.clauses(expr, negated)?;
        let mut first = None;
        for clause in &clauses {
            let why = self.contradiction(clause)?;
            first.get_or_insert(why);
        }
        Some(first.unwrap_or_else(|| "条件本身恒不成立".to_owned()))
    }

    /// The alternatives; `None` when there are too many.
    fn clauses(&self, expr: &'e Expr, negated: bool) -> Option<Vec<Clause<'e>>> {
        match (expr, negated) {
            (Expr::Not(inner), _) => self.clauses(inner, !negated),
            (Expr::All(parts), false) | (Expr::Any(parts), true) => {
                parts.iter().try_fold(vec![Vec::new()], |sum, part| {
                    both(sum, self.clauses(part, negated)?)
                })
            }
            (Expr::Any(parts), false) | (Expr::All(parts), true) => {
                parts.iter().try_fold(Vec::new(), |sum, part| {
                    either(sum, self.clauses(part, negated)?)
                })
            }
            (Expr::If(condition, yes, no), _) => either(
                both(self.clauses(condition, false)?, self.clauses(yes, negated)?)?,
                both(self.clauses(condition, true)?, self.clauses(no, negated)?)?,
            ),
            (Expr::Local(position), _) => match self.locals.get(*position) {
                Some(local) => self.clauses(local, negated),
                None => one(Literal::Whole(expr, !negated)),
            },
            (Expr::Literal(Value::Bool(value)), _) => Some(if *value != negated {
                vec![Vec::new()]
            } else {
                Vec::new()
            }),
            (Expr::Compare(comparison, left, right), _) => {
                let comparison = if negated {
                    comparison.negated()
                } else {
                    *comparison
                };
                match (Point::of(left), Point::of(right), right.as_ref()) {
                    (Some(left), Some(right), _) => {
                        Some(match comparison.holds(left.cmp(&right)) {
                            true => vec![Vec::new()],
                            false => Vec::new(),
                        })
                    }
                    (None, Some(point), _) => one(Literal::Order(left, comparison, point)),
                    (_, _, Expr::Literal(Value::Text(text))) => one(Literal::OneOf(
                        left,
                        vec![text],
                        comparison == Comparison::Equal,
                    )),
                    _ => one(Literal::Whole(expr, !negated)),
                }
            }
            (Expr::In(subject, tests, hierarchy), _) => {
                self.membership(expr, negated, subject, tests, *hierarchy)
            }
            (Expr::Contains(members, set, wanted), _) => {
                one(Literal::Members(set, *members, wanted, !negated))
            }
            _ => one(Literal::Whole(expr, !negated)),
        }
    }

    fn membership(
        &self,
        whole: &'e Expr,
        negated: bool,
        subject: &'e Expr,
        tests: &'e [Test],
        hierarchy: Option<Hierarchy>,
    ) -> Option<Vec<Clause<'e>>> {
        let texts: Option<Vec<&str>> = tests
            .iter()
            .map(|test| match test {
                Test::Is(Expr::Literal(Value::Text(text))) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        match (texts, hierarchy) {
            (Some(codes), Some(hierarchy)) => {
                return one(Literal::Within(subject, hierarchy, codes, !negated));
            }
            (Some(texts), None) => return one(Literal::OneOf(subject, texts, !negated)),
            (None, Some(_)) => return one(Literal::Whole(whole, !negated)),
            (None, None) => {}
        }
        let Some(ranges) = tests.iter().map(ends).collect::<Option<Vec<_>>>() else {
            return one(Literal::Whole(whole, !negated));
        };
        let order = |comparison, point| Literal::Order(subject, comparison, point);
        if !negated {
            return ranges.into_iter().try_fold(Vec::new(), |sum, range| {
                either(
                    sum,
                    vec![range.into_iter().map(|(c, p)| order(c, p)).collect()],
                )
            });
        }
        // Outside each range: below it or above it.
        ranges.into_iter().try_fold(vec![Vec::new()], |sum, range| {
            both(
                sum,
                range
                    .into_iter()
                    .map(|(c, p)| vec![order(c.negated(), p)])
                    .collect(),
            )
        })
    }

    /// Why a clause cannot hold.
    fn contradiction(&self, clause: &[Literal<'e>]) -> Option<String> {
        let mut domains: Vec<(&Expr, Domain<'e>)> = Vec::new();
        for literal in clause {
            let term = literal.term();
            let at = match domains.iter().position(|(other, _)| *other == term) {
                Some(at) => at,
                None => {
                    domains.push((term, Domain::default()));
                    domains.len() - 1
                }
            };
            if !domains[at].1.add(literal) {
                return Some(format!("既要求又排除了“{}”", self.words(term)));
            }
        }
        domains
            .iter()
            .find_map(|(term, domain)| self.empty(term, domain))
    }

    fn empty(&self, term: &Expr, domain: &Domain<'e>) -> Option<String> {
        let words = || self.words(term);
        if domain.line_is_empty(&None, &None) {
            return Some(format!("对“{}”的要求互相矛盾，没有值能同时满足", words()));
        }
        let attribute = match term {
            Expr::Attribute(index, _) => Some(*index),
            _ => None,
        };
        let (low, high) = attribute.map_or((None, None), |index| self.range_of(index));
        if domain.line_is_empty(&low, &high) {
            let end = |point: Option<Point>| match point {
                Some(Point::Number(number)) => number.to_string(),
                _ => "不限".to_owned(),
            };
            let (low, high) = (end(low), end(high));
            return Some(format!(
                "“{}”的合理范围是 {low} 至 {high}，达不到要求",
                words()
            ));
        }
        if domain.options_are_empty(self.choices_of(attribute)) {
            return Some(format!("“{}”没有一个选项能同时满足要求", words()));
        }
        if domain.codes_are_empty() {
            return Some(format!("对“{}”的要求没有共同的范围", words()));
        }
        domain
            .members_clash()
            .map(|member| format!("“{}”既要求又排除了“{member}”", words()))
    }

    fn words(&self, term: &Expr) -> String {
        let names: Vec<String> = (1..=self.locals.len())
            .map(|number| format!("中间量{number}"))
            .collect();
        Render {
            dictionary: self.dictionary,
            locals: &names,
        }
        .plain(term)
    }

    /// The plausible range of a number that is given, not derived.
    fn range_of(&self, index: AttributeIndex) -> (Option<Point>, Option<Point>) {
        let attribute = self.dictionary.attribute(index);
        if attribute.kind != Kind::Number || attribute.formula.is_some() {
            return (None, None);
        }
        let point = |number: &Option<Number>| number.clone().map(Point::Number);
        (point(&attribute.min), point(&attribute.max))
    }

    fn choices_of(&self, index: Option<AttributeIndex>) -> Option<&'e [String]> {
        let attribute = self.dictionary.attribute(index?);
        let closed = attribute.kind == Kind::Choice && !attribute.choices.is_empty();
        closed.then_some(attribute.choices.as_slice())
    }
}

fn one(literal: Literal<'_>) -> Option<Vec<Clause<'_>>> {
    Some(vec![vec![literal]])
}

fn either<'e>(mut left: Vec<Clause<'e>>, right: Vec<Clause<'e>>) -> Option<Vec<Clause<'e>>> {
    left.extend(right);
    (left.len() <= CLAUSES_MAX).then_some(left)
}

fn both<'e>(left: Vec<Clause<'e>>, right: Vec<Clause<'e>>) -> Option<Vec<Clause<'e>>> {
    let size = |clauses: &[Clause<'_>]| clauses.iter().map(Vec::len).sum::<usize>();
    let literals = size(&left) * right.len() + size(&right) * left.len();
    if left.len() * right.len() > CLAUSES_MAX || literals > LITERALS_MAX {
        return None;
    }
    let mut product = Vec::with_capacity(left.len() * right.len());
    for a in &left {
        product.extend(
            right
                .iter()
                .map(|b| a.iter().chain(b).cloned().collect::<Clause<'e>>()),
        );
    }
    Some(product)
}

/// The test as comparisons that all hold; `None` when its ends are not written out.
fn ends(test: &Test) -> Option<Vec<(Comparison, Point)>> {
    let end = |comparison, value| Some((comparison, Point::of(value)?));
    Some(match test {
        Test::Is(value) => vec![end(Comparison::Equal, value)?],
        Test::Compares(comparison, value) => vec![end(*comparison, value)?],
        Test::Between {
            low,
            low_closed,
            high,
            high_closed,
        } => {
            let from = [Comparison::Greater, Comparison::GreaterOrEqual][usize::from(*low_closed)];
            let to = [Comparison::Less, Comparison::LessOrEqual][usize::from(*high_closed)];
            vec![end(from, low)?, end(to, high)?]
        }
    })
}

/// What a clause asks of one term.
#[derive(Default)]
struct Domain<'e> {
    low: Option<(Point, bool)>,
    high: Option<(Point, bool)>,
    not: Vec<Point>,
    allowed: Option<BTreeSet<&'e str>>,
    refused: BTreeSet<&'e str>,
    hierarchy: Option<Hierarchy>,
    inside: Option<Vec<&'e str>>,
    outside: Vec<&'e str>,
    required: BTreeSet<&'e str>,
    forbidden: BTreeSet<&'e str>,
    some_of: Vec<Vec<&'e str>>,
    not_all_of: Vec<Vec<&'e str>>,
    truth: Option<bool>,
}

impl<'e> Domain<'e> {
    /// False when a condition and its negation meet.
    fn add(&mut self, literal: &Literal<'e>) -> bool {
        match literal {
            Literal::Whole(_, truth) => return *self.truth.get_or_insert(*truth) == *truth,
            Literal::Order(_, comparison, point) => self.order(*comparison, point),
            Literal::OneOf(_, texts, true) => {
                let texts: BTreeSet<&str> = texts.iter().copied().collect();
                self.allowed = Some(match self.allowed.take() {
                    Some(allowed) => allowed.intersection(&texts).copied().collect(),
                    None => texts,
                });
            }
            Literal::OneOf(_, texts, false) => self.refused.extend(texts),
            Literal::Within(_, hierarchy, codes, yes) => self.within(*hierarchy, codes, *yes),
            Literal::Members(_, members, wanted, yes) => self.members(*members, wanted, *yes),
        }
        true
    }

    fn order(&mut self, comparison: Comparison, point: &Point) {
        let end = Some((point.clone(), comparison.holds(Ordering::Equal)));
        match comparison {
            Comparison::NotEqual => self.not.push(point.clone()),
            Comparison::Equal => {
                self.raise(end.clone());
                self.lower(end);
            }
            Comparison::Greater | Comparison::GreaterOrEqual => self.raise(end),
            Comparison::Less | Comparison::LessOrEqual => self.lower(end),
        }
    }

    fn raise(&mut self, end: Option<(Point, bool)>) {
        // At one point the open end (false) is the narrower one.
        let rank = |end: &(Point, bool)| (end.0.clone(), !end.1);
        let narrower =
            |new: &(Point, bool)| self.low.as_ref().is_none_or(|old| rank(new) > rank(old));
        if end.as_ref().is_some_and(narrower) {
            self.low = end;
        }
    }

    fn lower(&mut self, end: Option<(Point, bool)>) {
        let narrower = |new: &(Point, bool)| self.high.as_ref().is_none_or(|old| new < old);
        if end.as_ref().is_some_and(narrower) {
            self.high = end;
        }
    }

    fn within(&mut self, hierarchy: Hierarchy, codes: &[&'e str], yes: bool) {
        self.hierarchy = Some(hierarchy);
        if !yes {
            self.outside.extend(codes);
            return;
        }
        let Some(inside) = self.inside.take() else {
            self.inside = Some(codes.to_vec());
            return;
        };
        // Two areas of a hierarchy are nested or apart.
        let mut common = Vec::new();
        for a in inside {
            for b in codes {
                if hierarchy.within(a, b) {
                    common.push(a);
                } else if hierarchy.within(b, a) {
                    common.push(b);
                }
            }
        }
        self.inside = Some(common);
    }

    fn members(&mut self, members: Members, wanted: &'e [String], yes: bool) {
        let wanted = || wanted.iter().map(String::as_str);
        match (members, yes) {
            (Members::All, true) => self.required.extend(wanted()),
            (Members::Any, false) => self.forbidden.extend(wanted()),
            (Members::Any, true) => self.some_of.push(wanted().collect()),
            (Members::All, false) => self.not_all_of.push(wanted().collect()),
        }
    }

    fn line_is_empty(&self, least: &Option<Point>, most: &Option<Point>) -> bool {
        let mut narrow = Domain {
            low: self.low.clone(),
            high: self.high.clone(),
            ..Self::default()
        };
        narrow.raise(least.clone().map(|point| (point, true)));
        narrow.lower(most.clone().map(|point| (point, true)));
        match (&narrow.low, &narrow.high) {
            (Some((low, low_closed)), Some((high, high_closed))) => {
                low > high || low == high && (!low_closed || !high_closed || self.not.contains(low))
            }
            _ => false,
        }
    }

    fn options_are_empty(&self, choices: Option<&'e [String]>) -> bool {
        let allowed = |text: &str| {
            !self.refused.contains(text)
                && self
                    .allowed
                    .as_ref()
                    .is_none_or(|allowed| allowed.contains(text))
        };
        match (choices, &self.allowed) {
            (Some(choices), _) => !choices.iter().any(|choice| allowed(choice)),
            (None, Some(texts)) => !texts.iter().any(|text| allowed(text)),
            (None, None) => false,
        }
    }

    fn codes_are_empty(&self) -> bool {
        let (Some(hierarchy), Some(inside)) = (self.hierarchy, &self.inside) else {
            return false;
        };
        inside
            .iter()
            .all(|code| self.outside.iter().any(|out| hierarchy.within(code, out)))
    }

    /// A member that is both needed and refused.
    fn members_clash(&self) -> Option<&'e str> {
        let (mut required, mut forbidden) = (self.required.clone(), self.forbidden.clone());
        // A choice with one way left is no choice; each round settles at least one.
        for _ in 0..=self.some_of.len() + self.not_all_of.len() {
            let clash = settle(&self.some_of, &forbidden, &mut required)
                .or_else(|| settle(&self.not_all_of, &required, &mut forbidden));
            if clash.is_some() {
                return clash;
            }
        }
        required.intersection(&forbidden).next().copied()
    }
}

/// Takes the only member of a group that is not `lost`; a group that lost all is answered.
fn settle<'e>(
    groups: &[Vec<&'e str>],
    lost: &BTreeSet<&'e str>,
    taken: &mut BTreeSet<&'e str>,
) -> Option<&'e str> {
    groups.iter().find_map(|group| {
        let mut left = group
            .iter()
            .copied()
            .filter(|member| !lost.contains(member));
        match (left.next(), left.next()) {
            (None, _) => group.first().copied(),
            (Some(only), None) => {
                taken.insert(only);
                None
            }
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::{Env, Facts, Rule};

    fn dictionary() -> Dictionary {
        Dictionary::from_yaml(
            r#"
attributes:
  - { id: staff, name: 人数, kind: number, department: 人社, min: 0, max: 5 }
  - { id: size, name: 规模, kind: choice, choices: [微型, 小型, 中型], department: 统计 }
  - { id: tech, name: 高企, kind: bool, department: 科技 }
  - { id: tags, name: 标签, kind: set, choices: [甲, 乙], department: 科技 }
  - { id: founded, name: 成立日, kind: date, department: 市监 }
  - { id: place, name: 区划, kind: division, department: 市监 }
  - { id: trade, name: 行业, kind: industry, department: 统计 }
  - { id: double, name: 两倍, kind: number, department: 统计, formula: 人数 * 2 }
"#,
        )
        .expect("a dictionary")
    }

    fn reach(text: &str) -> Reach {
        let dictionary = dictionary();
        let rule = Rule::compile(&dictionary, text).expect("compiles");
        analyse(rule.expr(), &[], &dictionary)
    }

    #[rstest]
    #[case("人数 > 3 and 人数 < 3")]
    #[case("人数 > 5")]
    #[case("人数 in [2..4) and 人数 = 4")]
    #[case("规模 = \"小型\" and 规模 = \"微型\"")]
    #[case("not(规模 in (\"微型\", \"小型\", \"中型\"))")]
    #[case("高企 and not(高企)")]
    #[case("包含全部(标签, \"甲\", \"乙\") and not(包含(标签, \"甲\"))")]
    #[case("包含任一(标签, \"甲\", \"乙\") and not(包含任一(标签, \"甲\", \"乙\"))")]
    #[case("成立日 >= date(\"2025-01-01\") and 成立日 < date(\"2024-01-01\")")]
    #[case("区划 in (\"370100\") and 区划 in (\"330000\")")]
    #[case("区划 in (\"370102\") and not(区划 in (\"370000\"))")]
    #[case("行业 in (\"C35\") and not(行业 in (\"C\"))")]
    #[case("两倍 > 4 and 两倍 < 4")]
    #[case("if 高企 then 人数 > 5 else 人数 < 0")]
    fn nobody_can_meet(#[case] text: &str) {
        assert!(
            matches!(reach(text), Reach::Never { .. }),
            "{text}: {:?}",
            reach(text)
        );
    }

    #[rstest]
    #[case("人数 >= 0")]
    #[case("人数 > 3 or 人数 <= 3")]
    #[case("规模 in (\"微型\", \"小型\", \"中型\")")]
    #[case("高企 or not(高企)")]
    #[case("not(区划 in (\"370100\") and 区划 in (\"330100\"))")]
    fn everybody_meets(#[case] text: &str) {
        assert_eq!(reach(text), Reach::Always, "{text}");
    }

    #[rstest]
    #[case("人数 > 3")]
    #[case("区划 in (\"370000\") and 区划 in (\"370102\")")]
    #[case("行业 in (\"C\", \"I65\")")]
    // A derived number has no range of its own.
    #[case("两倍 > 1000")]
    #[case("人数 * 2 > 1000")]
    fn it_depends(#[case] text: &str) {
        assert_eq!(reach(text), Reach::Contingent, "{text}");
    }

    #[test]
    fn the_reason_names_the_attribute_and_its_range() {
        let Reach::Never { why } = reach("人数 > 5") else {
            panic!("never")
        };
        assert!(why.contains("人数") && why.contains('5'), "{why}");
    }

    #[test]
    fn a_form_that_grows_too_large_is_left_open() {
        let parts: Vec<String> = (0..12)
            .map(|n| format!("(人数 = {n} or 人数 != {n})"))
            .collect();
        assert_eq!(
            reach(&format!("{} and 人数 > 9", parts.join(" and "))),
            Reach::Contingent
        );
    }

    fn single() -> impl Strategy<Value = String> {
        prop_oneof![
            (0_usize..6, 0..6).prop_map(|(op, n)| {
                format!("人数 {} {n}", ["=", "!=", "<", "<=", ">", ">="][op])
            }),
            (0..4, 1..3, any::<bool>(), any::<bool>()).prop_map(|(low, width, left, right)| {
                let (a, b) = (if left { "[" } else { "(" }, if right { "]" } else { ")" });
                format!("人数 in {a}{low}..{}{b}", low + width)
            }),
            proptest::sample::subsequence(vec!["\"微型\"", "\"小型\"", "\"中型\""], 1..=3)
                .prop_map(|choices| format!("规模 in ({})", choices.join(", "))),
            Just("高企".to_owned()),
            (
                any::<bool>(),
                proptest::sample::subsequence(vec!["\"甲\"", "\"乙\""], 1..=2)
            )
                .prop_map(|(all, members)| {
                    let function = if all { "包含全部" } else { "包含任一" };
                    format!("{function}(标签, {})", members.join(", "))
                }),
        ]
    }

    fn rule() -> impl Strategy<Value = String> {
        single().prop_recursive(3, 8, 3, |inner| {
            prop_oneof![
                inner.clone().prop_map(|a| format!("not({a})")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} and {b})")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} or {b})")),
                (inner.clone(), inner.clone(), inner)
                    .prop_map(|(a, b, c)| format!("(if {a} then {b} else {c})")),
            ]
        })
    }

    /// Every combination of values that the rules can tell apart.
    fn worlds(dictionary: &Dictionary) -> Vec<Facts> {
        let index = |name| dictionary.find(name).expect("an attribute");
        let mut worlds = Vec::new();
        for half in 0..=10 {
            for size in ["微型", "小型", "中型"] {
                for tech in [true, false] {
                    for tags in [&[][..], &["甲"], &["乙"], &["甲", "乙"]] {
                        let mut facts = Facts::new();
                        let number = Number::ratio(half, 2).expect("not by zero");
                        facts.assume(index("人数"), None, Value::Number(number));
                        facts.assume(index("规模"), None, Value::Text(size.to_owned()));
                        facts.assume(index("高企"), None, Value::Bool(tech));
                        let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
                        facts.assume(index("标签"), None, Value::Set(tags));
                        worlds.push(facts);
                    }
                }
            }
        }
        worlds
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

        #[test]
        fn the_answer_is_that_of_trying_everything(text in rule()) {
            let dictionary = dictionary();
            let rule = Rule::compile(&dictionary, &text).expect("compiles");
            let on = "2026-11-22".parse().expect("a date");
            let met = worlds(&dictionary)
                .iter()
                .map(|facts| rule.evaluate(&Env { dictionary: &dictionary, facts, on }))
                .collect::<Vec<_>>();
            let reach = analyse(rule.expr(), &[], &dictionary);
            let (some, every) = (met.contains(&Some(true)), !met.contains(&Some(false)));
            prop_assert_eq!(matches!(reach, Reach::Never { .. }), !some, "{}: {:?}", text, reach);
            prop_assert_eq!(reach == Reach::Always, every, "{}", text);
        }
    }
}
