//! From an item's conditions to conditions on codes.
//!
//! The structure is the interpreter's (`verdict.rs` of the rules): “and” and “or” with negation
//! pushed down to single conditions. A single condition becomes a [`Literal`]: an atom (some codes
//! of one dimension), perhaps negated, perhaps out of an enterprise's reach. One that compares two
//! attributes, or is otherwise no range of one scale, gets a flag of its own, computed row by row.
//!
//! `if c then a else b` is settled when both branches agree, but its distance counts the branches
//! only. So such a rule has two programs:
//!
//! ```text
//! verdict   (c and a) or (not c and b) or (a and b)
//! distance  (c and a) or (not c and b)
//! ```

use std::collections::HashMap;

use zhida_rules::{Check, Comparison, Expr, Hierarchy, ItemRules, Kind, is_fixed};

use crate::{
    dimension::{Accepted, Border, Draft, Point, ScaleKind, Source},
    flatten::{Flattener, Scope},
    node::{self, Node, NodeId, NodeTest},
};

/// Literals that an item may expand to; nested `if` doubles them, and a larger item is left to the
/// interpreter.
const LITERALS_MAX: usize = 30_000;

/// A single condition of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Literal {
    /// Index of the atom.
    pub atom: u32,
    /// Is it met when the atom is false?
    pub negated: bool,
    /// When it is not met, can the enterprise not change that?
    pub fixed: bool,
}

/// A condition joined from literals.
#[derive(Debug, Clone)]
pub(crate) enum Term {
    Literal(Literal),
    All(Vec<Term>),
    Any(Vec<Term>),
}

/// A lowered item.
#[derive(Debug)]
pub(crate) struct Lowered {
    pub verdict: Term,
    /// When it differs from the verdict's.
    pub distance: Option<Term>,
    /// Has it conditions that people verify?
    pub manual: bool,
}

/// An atom in terms of values.
#[derive(Debug)]
pub(crate) struct DraftAtom {
    pub dimension: u32,
    pub accepted: Accepted,
}

/// Collects dimensions and atoms over all items.
pub(crate) struct Lowering<'d> {
    pub flattener: Flattener<'d>,
    pub drafts: Vec<Draft>,
    pub atoms: Vec<DraftAtom>,
    /// Conditions that got a flag of their own.
    pub opaque: usize,
    /// The one of each kind that has room yet.
    dimensions: HashMap<(Source, ScaleKind), u32>,
    flags: HashMap<u32, u32>,
}

/// One item on its way.
struct ItemScope<'s> {
    locals: &'s [Expr],
    nodes: Scope<'s>,
    literals: usize,
    branches: bool,
}

/// The item is too large once branches are written out.
struct TooLarge;

impl<'d> Lowering<'d> {
    pub fn new(flattener: Flattener<'d>) -> Self {
        Self {
            flattener,
            drafts: Vec::new(),
            atoms: Vec::new(),
            opaque: 0,
            dimensions: HashMap::new(),
            flags: HashMap::new(),
        }
    }

    /// The item's program; the flag tells whether it has a column form of its own.
    pub fn item(&mut self, number: u32, item: &ItemRules) -> (Lowered, bool) {
        match self.columns(item) {
            Ok(lowered) => (lowered, true),
            Err(TooLarge) => (self.interpreted(number), false),
        }
    }

    fn columns(&mut self, item: &ItemRules) -> Result<Lowered, TooLarge> {
        use chrono::Datelike;
        let local_nodes = self.flattener.locals(item.locals());
        let nodes = Scope {
            local_nodes: &local_nodes,
            year: self.flattener.on.year(),
        };
        let mut scope = ItemScope {
            locals: item.locals(),
            nodes,
            literals: 0,
            branches: false,
        };
        let rules: Vec<&Expr> = item
            .conditions()
            .iter()
            .filter_map(|condition| match &condition.check {
                Check::Rule(expr) => Some(expr),
                Check::Manual(_) => None,
            })
            .collect();
        let mut program = |settle: bool, scope: &mut ItemScope<'_>| {
            rules
                .iter()
                .map(|rule| self.term(rule, false, settle, scope))
                .collect::<Result<Vec<_>, _>>()
                .map(|terms| simplified(Term::All(terms)))
        };
        let verdict = program(true, &mut scope)?;
        let distance = match scope.branches {
            true => Some(program(false, &mut scope)?),
            false => None,
        };
        Ok(Lowered {
            verdict,
            distance,
            manual: item.manual_count() > 0,
        })
    }

    /// The item as two columns that the interpreter fills.
    fn interpreted(&mut self, number: u32) -> Lowered {
        let mut literal = |source, kind, accepted, fixed| {
            let atom = self.accept(source, kind, accepted);
            let atom = atom.expect("a flag and a distance always have room");
            Term::Literal(Literal {
                atom,
                negated: false,
                fixed,
            })
        };
        let verdict = literal(
            Source::Verdict(number),
            ScaleKind::Flag,
            Accepted::Yes,
            false,
        );
        let distances = Source::Distance(number);
        let none = literal(distances, ScaleKind::Distance, Accepted::Distance(0), false);
        let one = literal(distances, ScaleKind::Distance, Accepted::Distance(1), true);
        Lowered {
            verdict: Term::All(vec![verdict]),
            distance: Some(Term::All(vec![none, one])),
            manual: false,
        }
    }

    fn term(
        &mut self,
        expr: &Expr,
        negated: bool,
        settle: bool,
        scope: &mut ItemScope<'_>,
    ) -> Result<Term, TooLarge> {
        let mut parts = |list: &[Expr], scope: &mut ItemScope<'_>| {
            list.iter()
                .map(|part| self.term(part, negated, settle, scope))
                .collect::<Result<Vec<_>, _>>()
        };
        match expr {
            Expr::Not(inner) => self.term(inner, !negated, settle, scope),
            Expr::All(list) if !negated => parts(list, scope).map(Term::All),
            Expr::Any(list) if negated => parts(list, scope).map(Term::All),
            Expr::All(list) | Expr::Any(list) => parts(list, scope).map(Term::Any),
            Expr::If(condition, yes, no) => {
                scope.branches = true;
                let when = self.term(condition, false, settle, scope)?;
                let unless = self.term(condition, true, settle, scope)?;
                let yes = self.term(yes, negated, settle, scope)?;
                let no = self.term(no, negated, settle, scope)?;
                let mut ways = Vec::with_capacity(3);
                if settle {
                    ways.push(Term::All(vec![yes.clone(), no.clone()]));
                    scope.count(literals(&yes) + literals(&no))?;
                }
                ways.push(Term::All(vec![when, yes]));
                ways.push(Term::All(vec![unless, no]));
                Ok(Term::Any(ways))
            }
            single => {
                scope.count(1)?;
                let atom = self.single(single, scope.nodes);
                let fixed = is_fixed(self.flattener.dictionary, scope.locals, single);
                Ok(Term::Literal(Literal {
                    atom,
                    negated,
                    fixed,
                }))
            }
        }
    }

    fn single(&mut self, single: &Expr, scope: Scope<'_>) -> u32 {
        let node = self.flattener.truth(single, scope);
        if let Some((source, kind, accepted)) = self.scaled(node)
            && let Some(atom) = self.accept(Source::Node(source), kind, accepted)
        {
            return atom;
        }
        if !matches!(
            self.flattener.nodes.get(node),
            Node::Fact(..) | Node::Contains(..) | Node::Literal(_) | Node::Unknown
        ) && !self.flags.contains_key(&node)
        {
            self.opaque += 1;
        }
        let atom = self
            .accept(Source::Node(node), ScaleKind::Flag, Accepted::Yes)
            .expect("a flag always has room");
        self.flags.insert(node, atom);
        atom
    }

    /// The condition as classes of one scale, when it has that form.
    fn scaled(&self, node: NodeId) -> Option<(NodeId, ScaleKind, Accepted)> {
        match self.flattener.nodes.get(node) {
            Node::Compare(comparison, left, right) => self.compared(*left, *comparison, *right),
            Node::In(subject, tests, hierarchy) => self.member(*subject, tests, *hierarchy),
            Node::Known(inner) => Some((*inner, self.natural_kind(*inner)?, Accepted::Known)),
            _ => None,
        }
    }

    /// The scale on which other conditions are likely to use a node.
    fn natural_kind(&self, node: NodeId) -> Option<ScaleKind> {
        Some(match self.flattener.nodes.get(node) {
            Node::Fact(index, _) => match self.flattener.dictionary.attribute(*index).kind {
                Kind::Number | Kind::Date => ScaleKind::Ordered,
                Kind::Text | Kind::Choice => ScaleKind::Text,
                Kind::Division => ScaleKind::Code(Hierarchy::Division),
                Kind::Industry => ScaleKind::Code(Hierarchy::Industry),
                Kind::Bool | Kind::Set => return None,
            },
            Node::Arithmetic(..) | Node::Number(..) | Node::Days(..) => ScaleKind::Ordered,
            _ => return None,
        })
    }

    fn compared(
        &self,
        left: NodeId,
        comparison: Comparison,
        right: NodeId,
    ) -> Option<(NodeId, ScaleKind, Accepted)> {
        if let Some(point) = self.point(right) {
            let accepted = Accepted::Intervals(intervals(comparison, &point));
            return Some((left, ScaleKind::Ordered, accepted));
        }
        if let Some(point) = self.point(left) {
            let accepted = Accepted::Intervals(intervals(comparison.mirrored(), &point));
            return Some((right, ScaleKind::Ordered, accepted));
        }
        let node::Literal::Text(text) = self.flattener.nodes.literal(right)? else {
            return None;
        };
        let negated = match comparison {
            Comparison::Equal => false,
            Comparison::NotEqual => true,
            _ => return None,
        };
        let texts = [text.clone()].into();
        Some((left, ScaleKind::Text, Accepted::Texts(texts, negated)))
    }

    fn member(
        &self,
        subject: NodeId,
        tests: &[NodeTest],
        hierarchy: Option<Hierarchy>,
    ) -> Option<(NodeId, ScaleKind, Accepted)> {
        let texts = tests.iter().map(|test| match test {
            NodeTest::Is(value) => match self.flattener.nodes.literal(*value)? {
                node::Literal::Text(text) => Some(text.clone()),
                _ => None,
            },
            _ => None,
        });
        if let Some(texts) = texts.collect::<Option<_>>() {
            return Some(match hierarchy {
                Some(hierarchy) => (subject, ScaleKind::Code(hierarchy), Accepted::Within(texts)),
                None => (subject, ScaleKind::Text, Accepted::Texts(texts, false)),
            });
        }
        let mut ranges = Vec::with_capacity(tests.len());
        for test in tests {
            match test {
                NodeTest::Is(value) => {
                    ranges.extend(intervals(Comparison::Equal, &self.point(*value)?));
                }
                NodeTest::Compares(comparison, value) => {
                    ranges.extend(intervals(*comparison, &self.point(*value)?));
                }
                NodeTest::Between(from, low, to, high) => {
                    let low = intervals(*from, &self.point(*low)?).pop()?;
                    let high = intervals(*to, &self.point(*high)?).pop()?;
                    ranges.push((low.0, high.1));
                }
            }
        }
        Some((subject, ScaleKind::Ordered, Accepted::Intervals(ranges)))
    }

    fn point(&self, node: NodeId) -> Option<Point> {
        match self.flattener.nodes.literal(node)? {
            node::Literal::Number(number) => Some(Point::Number(number.clone())),
            node::Literal::Date(date) => Some(Point::Date(*date)),
            _ => None,
        }
    }

    /// A new atom; `None` when it has more classes than a dimension has room for.
    fn accept(&mut self, source: Source, kind: ScaleKind, accepted: Accepted) -> Option<u32> {
        let last = self.dimensions.get(&(source, kind)).copied();
        let open = last.filter(|at| self.drafts[*at as usize].collect(&accepted));
        let dimension = match open {
            Some(dimension) => dimension,
            None => {
                // A full one stays as it is; a further one takes what comes.
                let mut draft = Draft::new(source, kind);
                if !draft.collect(&accepted) {
                    return None;
                }
                let next = self.drafts.len() as u32;
                self.drafts.push(draft);
                self.dimensions.insert((source, kind), next);
                next
            }
        };
        self.atoms.push(DraftAtom {
            dimension,
            accepted,
        });
        Some(self.atoms.len() as u32 - 1)
    }
}

impl ItemScope<'_> {
    fn count(&mut self, literals: usize) -> Result<(), TooLarge> {
        self.literals += literals;
        match self.literals > LITERALS_MAX {
            true => Err(TooLarge),
            false => Ok(()),
        }
    }
}

fn literals(term: &Term) -> usize {
    match term {
        Term::Literal(_) => 1,
        Term::All(parts) | Term::Any(parts) => parts.iter().map(literals).sum(),
    }
}

fn intervals(comparison: Comparison, point: &Point) -> Vec<(Option<Border>, Option<Border>)> {
    let below = || Some((point.clone(), false));
    let above = || Some((point.clone(), true));
    match comparison {
        Comparison::Equal => vec![(below(), above())],
        Comparison::NotEqual => vec![(None, below()), (above(), None)],
        Comparison::Less => vec![(None, below())],
        Comparison::LessOrEqual => vec![(None, above())],
        Comparison::Greater => vec![(above(), None)],
        Comparison::GreaterOrEqual => vec![(below(), None)],
    }
}

/// “And” within “and” is one “and”; likewise “or”. Both verdict and distance stay the same.
fn simplified(term: Term) -> Term {
    match term {
        Term::Literal(literal) => Term::Literal(literal),
        Term::All(parts) => {
            let mut flat = Vec::with_capacity(parts.len());
            for part in parts.into_iter().map(simplified) {
                match part {
                    Term::All(inner) => flat.extend(inner),
                    other => flat.push(other),
                }
            }
            Term::All(flat)
        }
        Term::Any(parts) => {
            let mut flat = Vec::with_capacity(parts.len());
            for part in parts.into_iter().map(simplified) {
                match part {
                    Term::Any(inner) => flat.extend(inner),
                    other => flat.push(other),
                }
            }
            Term::Any(flat)
        }
    }
}
