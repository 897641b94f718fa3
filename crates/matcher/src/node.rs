//! Expressions with everything fixed that does not depend on the enterprise.
//!
//! Years are calendar years, the reference date and the constants are values, derived attributes
//! and intermediate quantities are replaced by their formulas, and whatever rests on values alone
//! is computed. Equal expressions are one node, so a ratio that a thousand rules use is computed
//! once per enterprise.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use zhida_rules::{AttributeIndex, Comparison, Hierarchy, Members, Operator, Table, Value};

use crate::exact::Exact;

/// Position of a node among all of a program.
pub(crate) type NodeId = u32;

/// A value that stands in the rules.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Literal {
    Bool(bool),
    Number(Exact),
    Text(String),
    Date(NaiveDate),
    Set(BTreeSet<String>),
}

impl Literal {
    pub fn from_value(value: &Value) -> Self {
        match value {
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => Self::Number(Exact::from_number(number)),
            Value::Text(text) => Self::Text(text.clone()),
            Value::Date(date) => Self::Date(*date),
            Value::Set(members) => Self::Set(members.clone()),
        }
    }
}

/// One alternative of an `in` test.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum NodeTest {
    Is(NodeId),
    Compares(Comparison, NodeId),
    /// Both ends, each with the comparison that the subject must pass.
    Between(Comparison, NodeId, Comparison, NodeId),
}

/// A function of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum NumberFunction {
    Min,
    Max,
    Sum,
    Abs,
    Floor,
    Ceiling,
    Round,
    TopUp,
}

/// A function of two days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum DayFunction {
    Months,
    Years,
    Days,
}

/// An expression over the facts of one enterprise.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    /// Unknown for every enterprise, such as a lapsed constant.
    Unknown,
    Literal(Literal),
    Fact(AttributeIndex, Option<i32>),
    Known(NodeId),
    Not(NodeId),
    All(Box<[NodeId]>),
    Any(Box<[NodeId]>),
    Compare(Comparison, NodeId, NodeId),
    In(NodeId, Box<[NodeTest]>, Option<Hierarchy>),
    Contains(Members, NodeId, Box<[String]>),
    /// As a value: unknown when the condition is.
    If(NodeId, NodeId, NodeId),
    /// As a condition: settled when both branches agree.
    Settled(NodeId, NodeId, NodeId),
    Arithmetic(Operator, NodeId, NodeId),
    Number(NumberFunction, Box<[NodeId]>),
    Days(DayFunction, NodeId, NodeId),
    Table(Table, Box<[NodeId]>, Box<[Box<[NodeId]>]>),
    Stages(NodeId, Box<[(String, NodeId)]>),
}

impl Node {
    /// Calls `each` for the direct parts.
    pub fn children(&self, each: &mut dyn FnMut(NodeId)) {
        match self {
            Node::Unknown | Node::Literal(_) | Node::Fact(..) => {}
            Node::Known(a) | Node::Not(a) | Node::Contains(_, a, _) => each(*a),
            Node::All(parts) | Node::Any(parts) | Node::Number(_, parts) => {
                parts.iter().copied().for_each(each);
            }
            Node::Compare(_, a, b) | Node::Arithmetic(_, a, b) | Node::Days(_, a, b) => {
                each(*a);
                each(*b);
            }
            Node::In(subject, tests, _) => {
                each(*subject);
                for test in tests {
                    match test {
                        NodeTest::Is(a) | NodeTest::Compares(_, a) => each(*a),
                        NodeTest::Between(_, a, _, b) => {
                            each(*a);
                            each(*b);
                        }
                    }
                }
            }
            Node::If(a, b, c) | Node::Settled(a, b, c) => [*a, *b, *c].into_iter().for_each(each),
            Node::Table(_, arguments, rows) => {
                arguments.iter().copied().for_each(&mut *each);
                rows.iter().flatten().copied().for_each(each);
            }
            Node::Stages(set, stages) => {
                each(*set);
                stages.iter().for_each(|(_, amount)| each(*amount));
            }
        }
    }
}

impl Node {
    /// The same with other parts; `None` when there is none for one of them.
    pub fn with_parts(&self, part: &dyn Fn(NodeId) -> Option<NodeId>) -> Option<Self> {
        let all = |parts: &[NodeId]| parts.iter().map(|p| part(*p)).collect::<Option<Box<_>>>();
        let test = |test: &NodeTest| {
            Some(match test {
                NodeTest::Is(a) => NodeTest::Is(part(*a)?),
                NodeTest::Compares(how, a) => NodeTest::Compares(*how, part(*a)?),
                NodeTest::Between(from, a, to, b) => {
                    NodeTest::Between(*from, part(*a)?, *to, part(*b)?)
                }
            })
        };
        Some(match self {
            Node::Unknown | Node::Literal(_) | Node::Fact(..) => self.clone(),
            Node::Known(a) => Node::Known(part(*a)?),
            Node::Not(a) => Node::Not(part(*a)?),
            Node::Contains(which, a, wanted) => Node::Contains(*which, part(*a)?, wanted.clone()),
            Node::All(parts) => Node::All(all(parts)?),
            Node::Any(parts) => Node::Any(all(parts)?),
            Node::Number(function, parts) => Node::Number(*function, all(parts)?),
            Node::Compare(how, a, b) => Node::Compare(*how, part(*a)?, part(*b)?),
            Node::Arithmetic(how, a, b) => Node::Arithmetic(*how, part(*a)?, part(*b)?),
            Node::Days(function, a, b) => Node::Days(*function, part(*a)?, part(*b)?),
            Node::In(subject, tests, hierarchy) => {
                let tests = tests.iter().map(test).collect::<Option<_>>()?;
                Node::In(part(*subject)?, tests, *hierarchy)
            }
            Node::If(a, b, c) => Node::If(part(*a)?, part(*b)?, part(*c)?),
            Node::Settled(a, b, c) => Node::Settled(part(*a)?, part(*b)?, part(*c)?),
            Node::Table(table, subjects, rows) => {
                let rows = rows.iter().map(|row| all(row)).collect::<Option<_>>()?;
                Node::Table(*table, all(subjects)?, rows)
            }
            Node::Stages(set, stages) => {
                let stage =
                    |(name, amount): &(String, NodeId)| Some((name.clone(), part(*amount)?));
                let stages = stages.iter().map(stage).collect::<Option<_>>()?;
                Node::Stages(part(*set)?, stages)
            }
        })
    }
}

/// All nodes of a program, each once.
#[derive(Debug, Default)]
pub(crate) struct Nodes {
    list: Vec<Node>,
    ids: HashMap<Node, NodeId>,
    slots: Vec<u32>,
    used: u32,
}

const UNUSED: u32 = u32::MAX;

impl Nodes {
    pub fn add(&mut self, node: Node) -> NodeId {
        if let Some(id) = self.ids.get(&node) {
            return *id;
        }
        let id = self.list.len() as NodeId;
        self.list.push(node.clone());
        self.ids.insert(node, id);
        id
    }

    /// The position of a node that is there.
    pub fn find(&self, node: &Node) -> Option<NodeId> {
        self.ids.get(node).copied()
    }

    pub fn get(&self, id: NodeId) -> &Node {
        &self.list[id as usize]
    }

    /// Numbers the nodes that these rest on, for values computed once: few of all the nodes of the
    /// rules are left when conditions have become codes. Constants need no computing.
    pub fn number(&mut self, roots: impl Iterator<Item = NodeId>) {
        self.slots = vec![UNUSED; self.list.len()];
        self.used = 0;
        let mut open: Vec<NodeId> = roots.collect();
        while let Some(id) = open.pop() {
            let constant = self.is_constant(id);
            let slot = &mut self.slots[id as usize];
            if *slot == UNUSED && !constant {
                *slot = self.used;
                self.used += 1;
                self.get(id).children(&mut |child| open.push(child));
            }
        }
    }

    /// How many nodes were numbered.
    pub fn used(&self) -> usize {
        self.used as usize
    }

    /// The number of a node; beyond [`Nodes::used`] when it has none.
    pub fn slot(&self, id: NodeId) -> usize {
        self.slots
            .get(id as usize)
            .map_or(usize::MAX, |slot| *slot as usize)
    }

    /// Is it the same for every enterprise?
    pub fn is_constant(&self, id: NodeId) -> bool {
        matches!(self.get(id), Node::Unknown | Node::Literal(_))
    }

    /// The truth of a constant condition.
    pub fn literal(&self, id: NodeId) -> Option<&Literal> {
        match self.get(id) {
            Node::Literal(literal) => Some(literal),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_computed_has_a_place_for_its_value() {
        let mut nodes = Nodes::default();
        let number = |n| Node::Literal(Literal::Number(Exact::integer(n)));
        let tests = (0..1_000).map(|n| NodeTest::Is(nodes.add(number(n))));
        let tests = tests.collect();
        let subject = nodes.add(Node::Not(0));
        let list = nodes.add(Node::In(subject, tests, None));
        nodes.number([list].into_iter());
        assert_eq!(nodes.used(), 2);
        assert!(nodes.slot(list) < 2 && nodes.slot(subject) < 2);
        assert!(nodes.slot(0) >= 2);
    }
}
