//! From a rule's typed expression to [`Node`]s.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate};
use zhida_rules::{
    AttributeIndex, Comparison, Dictionary, Expr, Facts, Function, Test, Value, Year,
};

use crate::{
    eval::Evaluation,
    node::{DayFunction, Literal, Node, NodeId, NodeTest, Nodes, NumberFunction},
};

/// Turns expressions into nodes for one dictionary and one reference date.
pub(crate) struct Flattener<'d> {
    pub dictionary: &'d Dictionary,
    pub on: NaiveDate,
    pub nodes: Nodes,
    attributes: HashMap<(AttributeIndex, Option<i32>), NodeId>,
    nothing: Facts,
}

/// What names inside an expression refer to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'e> {
    /// The nodes of the intermediate quantities so far.
    pub local_nodes: &'e [NodeId],
    /// Relative years count from it.
    pub year: i32,
}

impl<'d> Flattener<'d> {
    pub fn new(dictionary: &'d Dictionary, on: NaiveDate) -> Self {
        Self {
            dictionary,
            on,
            nodes: Nodes::default(),
            attributes: HashMap::new(),
            nothing: Facts::new(),
        }
    }

    /// The nodes of an item's intermediate quantities; each may name those before it.
    pub fn locals(&mut self, locals: &[Expr]) -> Vec<NodeId> {
        let mut nodes = Vec::with_capacity(locals.len());
        for local in locals {
            let scope = Scope {
                local_nodes: &nodes,
                year: self.on.year(),
            };
            let node = self.value(local, scope);
            nodes.push(node);
        }
        nodes
    }

    /// Adds a node, or its value when it rests on constants alone.
    fn add(&mut self, node: Node) -> NodeId {
        let mut constant = !matches!(node, Node::Unknown | Node::Literal(_) | Node::Fact(..));
        node.children(&mut |child| constant &= self.nodes.is_constant(child));
        let id = self.nodes.add(node);
        if !constant {
            return id;
        }
        let value = Evaluation::of_constants(&self.nodes, self.dictionary, &self.nothing)
            .value(id)
            .map(|value| value.to_literal());
        self.nodes.add(value.map_or(Node::Unknown, Node::Literal))
    }

    /// The node of an expression's value.
    pub fn value(&mut self, expr: &Expr, scope: Scope<'_>) -> NodeId {
        let node = match expr {
            Expr::Literal(value) => Node::Literal(Literal::from_value(value)),
            Expr::Attribute(index, year) => return self.attribute(*index, *year, scope.year),
            Expr::Constant(index) => match self.dictionary.constant_on(*index, self.on) {
                Some(number) => Node::Literal(Literal::from_value(&Value::Number(number.clone()))),
                None => Node::Unknown,
            },
            Expr::ReferenceDate => Node::Literal(Literal::Date(self.on)),
            Expr::Local(position) => match scope.local_nodes.get(*position) {
                Some(node) => return *node,
                None => Node::Unknown,
            },
            Expr::If(condition, yes, no) => Node::If(
                self.truth(condition, scope),
                self.value(yes, scope),
                self.value(no, scope),
            ),
            Expr::Arithmetic(operator, left, right) => {
                Node::Arithmetic(*operator, self.value(left, scope), self.value(right, scope))
            }
            Expr::Call(function, arguments) => self.call(*function, arguments, scope),
            Expr::Table(table, subjects, rows) => {
                let subjects = self.values(subjects, scope);
                let rows = rows.iter().map(|row| self.values(row, scope)).collect();
                Node::Table(*table, subjects, rows)
            }
            Expr::Stages(set, stages) => {
                let set = self.value(set, scope);
                let stages = stages
                    .iter()
                    .map(|(stage, amount)| (stage.clone(), self.value(amount, scope)))
                    .collect();
                Node::Stages(set, stages)
            }
            _ => return self.truth(expr, scope),
        };
        self.add(node)
    }

    /// The node of an expression as a condition.
    pub fn truth(&mut self, expr: &Expr, scope: Scope<'_>) -> NodeId {
        let node = match expr {
            Expr::Not(inner) => Node::Not(self.truth(inner, scope)),
            Expr::All(parts) => Node::All(self.truths(parts, scope)),
            Expr::Any(parts) => Node::Any(self.truths(parts, scope)),
            Expr::Known(inner) => Node::Known(self.value(inner, scope)),
            Expr::Compare(comparison, left, right) => Node::Compare(
                *comparison,
                self.value(left, scope),
                self.value(right, scope),
            ),
            Expr::In(subject, tests, hierarchy) => {
                let subject = self.value(subject, scope);
                let tests = tests.iter().map(|test| self.test(test, scope)).collect();
                Node::In(subject, tests, *hierarchy)
            }
            Expr::Contains(members, set, wanted) => Node::Contains(
                *members,
                self.value(set, scope),
                wanted.clone().into_boxed_slice(),
            ),
            Expr::If(condition, yes, no) => Node::Settled(
                self.truth(condition, scope),
                self.truth(yes, scope),
                self.truth(no, scope),
            ),
            other => return self.value(other, scope),
        };
        self.add(node)
    }

    fn values(&mut self, list: &[Expr], scope: Scope<'_>) -> Box<[NodeId]> {
        list.iter().map(|expr| self.value(expr, scope)).collect()
    }

    fn truths(&mut self, list: &[Expr], scope: Scope<'_>) -> Box<[NodeId]> {
        list.iter().map(|expr| self.truth(expr, scope)).collect()
    }

    fn test(&mut self, test: &Test, scope: Scope<'_>) -> NodeTest {
        match test {
            Test::Is(value) => NodeTest::Is(self.value(value, scope)),
            Test::Compares(comparison, value) => {
                NodeTest::Compares(*comparison, self.value(value, scope))
            }
            Test::Between {
                low,
                low_closed,
                high,
                high_closed,
            } => {
                let from = match low_closed {
                    true => Comparison::GreaterOrEqual,
                    false => Comparison::Greater,
                };
                let to = match high_closed {
                    true => Comparison::LessOrEqual,
                    false => Comparison::Less,
                };
                NodeTest::Between(from, self.value(low, scope), to, self.value(high, scope))
            }
        }
    }

    fn call(&mut self, function: Function, arguments: &[Expr], scope: Scope<'_>) -> Node {
        let nodes = self.values(arguments, scope);
        let days = |function, nodes: &[NodeId]| match nodes {
            [from, to] => Node::Days(function, *from, *to),
            _ => Node::Unknown,
        };
        let function = match function {
            Function::Months => return days(DayFunction::Months, &nodes),
            Function::Years => return days(DayFunction::Years, &nodes),
            Function::Days => return days(DayFunction::Days, &nodes),
            Function::Min => NumberFunction::Min,
            Function::Max => NumberFunction::Max,
            Function::Sum => NumberFunction::Sum,
            Function::Abs => NumberFunction::Abs,
            Function::Floor => NumberFunction::Floor,
            Function::Ceiling => NumberFunction::Ceiling,
            Function::Round => NumberFunction::Round,
            Function::TopUp => NumberFunction::TopUp,
        };
        Node::Number(function, nodes)
    }

    fn attribute(&mut self, index: AttributeIndex, year: Year, from: i32) -> NodeId {
        let year = match year {
            Year::None => None,
            Year::Relative(offset) => Some(from + offset),
            Year::Absolute(year) => Some(year),
        };
        if let Some(node) = self.attributes.get(&(index, year)) {
            return *node;
        }
        let dictionary = self.dictionary;
        let node = match dictionary.formula(index) {
            None => self.add(Node::Fact(index, year)),
            Some(formula) => {
                let scope = Scope {
                    local_nodes: &[],
                    year: year.unwrap_or(self.on.year()),
                };
                self.value(formula, scope)
            }
        };
        self.attributes.insert((index, year), node);
        node
    }
}
