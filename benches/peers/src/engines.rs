//! Peers that answer one enterprise at a time.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use a_tree::{ATree, AttributeDefinition};
use cel::{Context, Env};
use dsntk_feel::{FeelScope, Name, context::FeelContext, values::Value as FeelValue};
use zen_expression::{Isolate, Scope, Variable, expression::Standard, vm::VM};

use crate::{languages, row::Cell, workload::Condition};

/// The attributes of an enterprise by name.
pub type Named = [(String, Option<Cell>)];

/// What a peer found, and how long it took.
#[derive(Default)]
pub struct Found {
    /// To bring the facts into the peer's form.
    pub preparing: Duration,
    /// To ask all rules.
    pub asking: Duration,
    /// Rules that are true.
    pub met: Vec<u32>,
    /// Rules that are neither true nor false: null, or an error because a fact is missing.
    pub unknown: Vec<u32>,
}

/// A peer with all rules loaded.
pub trait Engine {
    fn ask(&self, named: &Named) -> Found;
}

/// Loads the rules into the peer of this name.
pub fn load(name: &str, rules: &[Condition], names: &Named) -> Box<dyn Engine> {
    match name {
        "a-tree" => Box::new(Tree::load(rules, names)),
        "cel" => Box::new(Cel::load(rules)),
        "dsntk-feel-evaluator" => Box::new(Feel::load(rules, names)),
        "zen-expression" => Box::new(Zen::load(rules)),
        _ => panic!("no peer is called {name}"),
    }
}

struct Tree(ATree<u32>);

impl Tree {
    fn load(rules: &[Condition], names: &Named) -> Self {
        let definitions: Vec<AttributeDefinition> = names
            .iter()
            .map(|(name, _)| match name.starts_with('t') {
                true => AttributeDefinition::boolean(name),
                false => AttributeDefinition::integer(name),
            })
            .collect();
        let mut tree = ATree::new(&definitions).expect("the names are distinct");
        for (number, rule) in (0..).zip(rules) {
            let text = languages::A_TREE.write(rule);
            if let Err(error) = tree.insert(&number, &text) {
                panic!("a-tree refuses {text}: {error:?}");
            }
        }
        Self(tree)
    }
}

impl Engine for Tree {
    fn ask(&self, named: &Named) -> Found {
        let start = Instant::now();
        let mut event = self.0.make_event();
        for (name, cell) in named {
            let done = match cell {
                Some(Cell::Int(value)) => event.with_integer(name, *value),
                Some(Cell::Bool(value)) => event.with_boolean(name, *value),
                None => Ok(()),
            };
            done.expect("the attribute is defined");
        }
        let event = event.build().expect("the event is complete");
        let preparing = start.elapsed();
        let start = Instant::now();
        let report = self.0.search(&event).expect("the search succeeds");
        let asking = start.elapsed();
        Found {
            preparing,
            asking,
            met: report.matches().iter().map(|number| **number).collect(),
            unknown: Vec::new(),
        }
    }
}

/// Asks rule by rule; `None` is unknown.
fn one_by_one<R>(
    rules: &[R],
    preparing: Duration,
    mut ask: impl FnMut(&R) -> Option<bool>,
) -> Found {
    let mut found = Found {
        preparing,
        ..Found::default()
    };
    let start = Instant::now();
    for (number, rule) in (0..).zip(rules) {
        match ask(rule) {
            Some(true) => found.met.push(number),
            Some(false) => {}
            None => found.unknown.push(number),
        }
    }
    found.asking = start.elapsed();
    found
}

struct Cel {
    env: Arc<Env>,
    programs: Vec<cel::Program>,
}

impl Cel {
    fn load(rules: &[Condition]) -> Self {
        let env = Arc::new(Env::stdlib());
        let programs = rules
            .iter()
            .map(|rule| {
                env.compile(&languages::CEL.write(rule))
                    .expect("CEL reads it")
            })
            .collect();
        Self { env, programs }
    }
}

impl Engine for Cel {
    /// What is unknown is left undeclared: CEL's “and” and “or” absorb the error as Kleene would.
    fn ask(&self, named: &Named) -> Found {
        let start = Instant::now();
        let mut context = Context::with_env(self.env.clone());
        for (name, cell) in named {
            match cell {
                Some(Cell::Int(value)) => context.add_variable_from_value(name.as_str(), *value),
                Some(Cell::Bool(value)) => context.add_variable_from_value(name.as_str(), *value),
                None => {}
            }
        }
        let preparing = start.elapsed();
        one_by_one(&self.programs, preparing, |program| {
            match program.execute(&context) {
                Ok(cel::Value::Bool(met)) => Some(met),
                _ => None,
            }
        })
    }
}

struct Zen(Vec<zen_expression::Expression<Standard>>);

impl Zen {
    fn load(rules: &[Condition]) -> Self {
        let mut isolate = Isolate::new();
        let rules = rules.iter().map(|rule| {
            let text = languages::ZEN.write(rule);
            isolate.compile_standard(&text).expect("ZEN reads it")
        });
        Self(rules.collect())
    }
}

impl Engine for Zen {
    fn ask(&self, named: &Named) -> Found {
        let start = Instant::now();
        let object: serde_json::Map<String, serde_json::Value> = named
            .iter()
            .map(|(name, cell)| {
                let value = match cell {
                    Some(Cell::Int(value)) => (*value).into(),
                    Some(Cell::Bool(value)) => (*value).into(),
                    None => serde_json::Value::Null,
                };
                (name.clone(), value)
            })
            .collect();
        let scope = Scope::new(Variable::from(serde_json::Value::Object(object)));
        let mut vm = VM::new();
        let preparing = start.elapsed();
        one_by_one(&self.0, preparing, |rule| {
            let value = rule.evaluate_with_scope(&scope, &mut vm).ok()?;
            value.as_bool()
        })
    }
}

struct Feel(Vec<dsntk_feel::Evaluator>);

impl Feel {
    fn load(rules: &[Condition], names: &Named) -> Self {
        let scope = feel_scope(names);
        let prepared = rules.iter().map(|rule| {
            let text = languages::FEEL.write(rule);
            let node = dsntk_feel_parser::parse_expression(&scope, &text, false);
            dsntk_feel_evaluator::prepare(&node.expect("FEEL reads it"))
        });
        Self(prepared.collect())
    }
}

impl Engine for Feel {
    fn ask(&self, named: &Named) -> Found {
        let start = Instant::now();
        let scope = feel_scope(named);
        let preparing = start.elapsed();
        one_by_one(&self.0, preparing, |rule| match rule(&scope) {
            FeelValue::Boolean(met) => Some(met),
            _ => None,
        })
    }
}

fn feel_scope(named: &Named) -> FeelScope {
    let mut context = FeelContext::default();
    for (name, cell) in named {
        let value = match cell {
            Some(Cell::Int(value)) => FeelValue::Number((*value).into()),
            Some(Cell::Bool(value)) => FeelValue::Boolean(*value),
            None => FeelValue::Null(None),
        };
        context.set_entry(&Name::from(name.as_str()), value);
    }
    let scope = FeelScope::default();
    scope.push(context);
    scope
}
