//! All items of a catalogue, compiled for one reference date.

use std::{collections::HashMap, sync::Arc};

use chrono::NaiveDate;
use zhida_rules::{Dictionary, Env, Facts, Hierarchy, ItemRules};

use crate::{
    dimension::{Dimension, Scale, ScaleKind, Source},
    eval::{Evaluation, Given},
    flatten::Flattener,
    lower::{Literal, Lowered, Lowering, Term},
    node::{Node, Nodes},
    scalar::Checks,
};

/// A condition on the code of one dimension, shared by all rules that use it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Atom {
    pub dimension: u32,
    /// Codes for which it is true, ascending ranges with both ends.
    pub ranges: Box<[(u16, u16)]>,
    /// Codes other than 0 for which it is unknown: places too coarse to tell.
    pub unsure: Box<[(u16, u16)]>,
    /// Is it false, rather than unknown, when nothing is known?
    pub known: bool,
}

impl Atom {
    /// Is it true of this code?
    pub fn accepts(&self, code: u16) -> bool {
        match &*self.ranges {
            [(from, to)] => (*from..=*to).contains(&code),
            ranges => {
                let after = ranges.partition_point(|(from, _)| *from <= code);
                after > 0 && code <= ranges[after - 1].1
            }
        }
    }

    /// Is it unknown for this code?
    pub fn is_unknown(&self, code: u16) -> bool {
        match code {
            0 => !self.known,
            code => self
                .unsure
                .iter()
                .any(|(from, to)| (*from..=*to).contains(&code)),
        }
    }
}

/// One step of a rule's program; a group is followed by its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    Literal(Literal),
    /// All of the next tokens, so many in all.
    All(u32),
    /// Any of the next tokens, so many in all.
    Any(u32),
}

/// The programs of one item: the parts of the outermost “and”.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub verdict: Box<[Token]>,
    /// When it differs from the verdict's.
    pub distance: Option<Box<[Token]>>,
    /// Conditions remain that people verify.
    pub manual: bool,
}

/// How items were compiled.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Items.
    pub items: usize,
    /// Single conditions of all items together.
    pub conditions: usize,
    /// Distinct conditions on codes.
    pub atoms: usize,
    /// Columns of codes.
    pub dimensions: usize,
    /// Codes of all columns together.
    pub codes: usize,
    /// Distinct conditions that are no range of one scale, such as the comparison of two
    /// attributes: each is a column of its own, computed row by row when facts are encoded.
    pub computed: usize,
    /// Items without a column form, answered by the interpreter when facts are encoded.
    pub interpreted: Vec<u32>,
}

/// All items compiled for one dictionary and reference date; items are known by their position.
pub struct Program {
    pub(crate) dictionary: Arc<Dictionary>,
    pub(crate) on: NaiveDate,
    pub(crate) nodes: Nodes,
    pub(crate) dimensions: Vec<Dimension>,
    pub(crate) atoms: Vec<Atom>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) checks: Checks,
    /// The column of each dimension's codes, and how many there are of one byte and of two.
    pub(crate) widths: Arc<[Width]>,
    pub(crate) columns: (usize, usize),
    /// The dimension of the place that most conditions rest on, when it is a plain attribute.
    pub(crate) place: Option<u32>,
    interpreted: HashMap<u32, ItemRules>,
    report: Report,
}

/// Which column among those of its width holds a dimension's codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Width {
    /// One byte a code.
    Narrow(u32),
    /// Two bytes a code.
    Wide(u32),
}

/// Columns for all dimensions, and how many there are of one byte and of two.
fn widths(dimensions: &[Dimension]) -> (Arc<[Width]>, (usize, usize)) {
    let (mut narrow, mut wide) = (0, 0);
    let widths = dimensions.iter().map(|dimension| match dimension.codes() {
        ..=256 => {
            narrow += 1;
            Width::Narrow(narrow - 1)
        }
        _ => {
            wide += 1;
            Width::Wide(wide - 1)
        }
    });
    let widths = widths.collect();
    (widths, (narrow as usize, wide as usize))
}

/// The codes of one enterprise's facts, one for each dimension of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Codes(pub(crate) Box<[u16]>);

impl Program {
    /// Compiles items for a reference date (基准日).
    pub fn compile<'i>(
        dictionary: &Arc<Dictionary>,
        on: NaiveDate,
        items: impl IntoIterator<Item = &'i ItemRules>,
    ) -> Self {
        let mut lowering = Lowering::new(Flattener::new(dictionary, on));
        let mut lowered = Vec::new();
        let mut interpreted = HashMap::new();
        for (number, item) in items.into_iter().enumerate() {
            let number = number as u32;
            let (rule, columns) = lowering.item(number, item);
            if !columns {
                interpreted.insert(number, item.clone());
            }
            lowered.push(rule);
        }
        let computed = lowering.opaque;
        let Lowering {
            flattener,
            drafts,
            atoms,
            ..
        } = lowering;
        let dimensions: Vec<Dimension> = drafts.into_iter().map(|draft| draft.finish()).collect();
        let mut nodes = flattener.nodes;
        nodes.number(
            dimensions
                .iter()
                .filter_map(|dimension| match dimension.source {
                    Source::Node(node) => Some(node),
                    Source::Verdict(_) | Source::Distance(_) => None,
                }),
        );
        let mut consed: HashMap<Atom, u32> = HashMap::new();
        let mut list = Vec::new();
        let numbers: Vec<u32> = atoms
            .into_iter()
            .map(|draft| {
                let dimension = &dimensions[draft.dimension as usize];
                let (ranges, unsure) = dimension.ranges(&draft.accepted);
                let atom = Atom {
                    dimension: draft.dimension,
                    ranges: ranges.into(),
                    unsure: unsure.into(),
                    known: matches!(draft.accepted, crate::dimension::Accepted::Known),
                };
                *consed.entry(atom).or_insert_with_key(|atom| {
                    list.push(atom.clone());
                    list.len() as u32 - 1
                })
            })
            .collect();
        let rules: Vec<Rule> = lowered.iter().map(|rule| finish(rule, &numbers)).collect();
        let mut interpreted_items: Vec<u32> = interpreted.keys().copied().collect();
        interpreted_items.sort_unstable();
        let report = Report {
            items: rules.len(),
            conditions: rules.iter().map(|rule| literals(&rule.verdict)).sum(),
            atoms: list.len(),
            dimensions: dimensions.len(),
            codes: dimensions.iter().map(Dimension::codes).sum(),
            computed,
            interpreted: interpreted_items,
        };
        let (widths, columns) = widths(&dimensions);
        let mut program = Self {
            dictionary: Arc::clone(dictionary),
            on,
            nodes,
            dimensions,
            checks: Checks::of(&rules, &list),
            atoms: list,
            rules,
            widths,
            columns,
            place: None,
            interpreted,
            report,
        };
        program.place = program.main_dimension(ScaleKind::Code(Hierarchy::Division));
        program
    }

    /// How the items were compiled.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The number of items.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Are there no items?
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The dictionary that the items were compiled with.
    pub fn dictionary(&self) -> &Arc<Dictionary> {
        &self.dictionary
    }

    /// The reference date that the items were compiled for.
    pub fn on(&self) -> NaiveDate {
        self.on
    }

    /// The codes of an enterprise's facts, real or hypothetical.
    pub fn encode(&self, facts: &Facts) -> Codes {
        let mut evaluation = Evaluation::new(&self.nodes, &self.dictionary, Given::Facts(facts));
        let codes = self
            .dimensions
            .iter()
            .map(|dimension| match dimension.source {
                Source::Node(node) => evaluation
                    .value(node)
                    .map_or(0, |value| dimension.code(&value)),
                Source::Verdict(_) | Source::Distance(_) => self.interpreted_code(dimension, facts),
            });
        Codes(codes.collect())
    }

    /// The code of a dimension that the interpreter fills.
    pub(crate) fn interpreted_code(&self, dimension: &Dimension, facts: &Facts) -> u16 {
        match dimension.source {
            Source::Node(_) => 0,
            Source::Verdict(item) => match self.interpret(item, facts).verdict.known() {
                None => 0,
                Some(met) => 1 + u16::from(met),
            },
            Source::Distance(item) => 1 + self.interpret(item, facts).distance.min(2) as u16,
        }
    }

    fn interpret(&self, item: u32, facts: &Facts) -> zhida_rules::Outcome {
        let env = Env {
            dictionary: &self.dictionary,
            facts,
            on: self.on,
        };
        self.interpreted
            .get(&item)
            .expect("only interpreted items have such columns")
            .evaluate(&env)
    }

    /// The dimension of this kind that most conditions rest on, when it is a plain attribute.
    fn main_dimension(&self, kind: ScaleKind) -> Option<u32> {
        let mut uses = vec![0_u32; self.dimensions.len()];
        for token in self.rules.iter().flat_map(|rule| &rule.verdict) {
            if let Token::Literal(literal) = token {
                uses[self.atoms[literal.atom as usize].dimension as usize] += 1;
            }
        }
        let fits = |dimension: &Dimension| match (&dimension.scale, dimension.source) {
            (Scale::Code(places), Source::Node(node)) => {
                ScaleKind::Code(places.hierarchy()) == kind
                    && matches!(self.nodes.get(node), Node::Fact(..))
            }
            _ => false,
        };
        let candidates = self.dimensions.iter().enumerate();
        candidates
            .filter(|(_, dimension)| fits(dimension))
            .map(|(position, _)| position as u32)
            .max_by_key(|position| uses[*position as usize])
    }
}

fn literals(tokens: &[Token]) -> usize {
    let single = |token: &&Token| matches!(token, Token::Literal(_));
    tokens.iter().filter(single).count()
}

fn finish(rule: &Lowered, atoms: &[u32]) -> Rule {
    let program = |term: &Term| {
        let mut tokens = Vec::new();
        match term {
            Term::All(parts) => parts.iter().for_each(|part| emit(part, atoms, &mut tokens)),
            other => emit(other, atoms, &mut tokens),
        }
        tokens.into_boxed_slice()
    };
    Rule {
        verdict: program(&rule.verdict),
        distance: rule.distance.as_ref().map(program),
        manual: rule.manual,
    }
}

fn emit(term: &Term, atoms: &[u32], tokens: &mut Vec<Token>) {
    let at = tokens.len();
    match term {
        Term::Literal(literal) => tokens.push(Token::Literal(Literal {
            atom: atoms[literal.atom as usize],
            ..*literal
        })),
        Term::All(parts) | Term::Any(parts) => {
            tokens.push(Token::All(0));
            parts.iter().for_each(|part| emit(part, atoms, tokens));
            let length = (tokens.len() - at - 1) as u32;
            tokens[at] = match term {
                Term::Any(_) => Token::Any(length),
                _ => Token::All(length),
            };
        }
    }
}
