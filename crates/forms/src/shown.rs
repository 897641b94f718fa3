//! What of a form is shown, by the conditions over what is known and answered.
//!
//! Unknown is not false: only what is known not to concern the enterprise is hidden. A condition over a question that
//! must be answered and is not yet waits for it; one that stays unknown shows its field, which then may stay empty.
//! A hidden question says nothing: what builds on it alone is hidden with it.

use std::collections::{BTreeMap, HashMap};

use zhida_rules::{Env, Fact, Facts};

use crate::answers::{Answer, Answers, Row};
use crate::form::{Condition, Field, Form, Group, Node};
use crate::prefill::{Given, Known, prefill};
use crate::typed::{Typed, read, year_on};

/// Whether a part of a form is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is shown, and asked as the form says.
    Shown,
    /// Nobody can say whether it is meant: shown, and may stay empty.
    Optional,
    /// It depends on a question that is still open: hidden for now.
    Waiting,
    /// It does not concern this enterprise.
    Hidden,
}

impl State {
    /// Whether it is on the page.
    #[must_use]
    pub fn is_visible(self) -> bool {
        matches!(self, Self::Shown | Self::Optional)
    }

    /// That of something within something else.
    fn within(self, outer: Self) -> Self {
        match (outer, self) {
            (Self::Shown, inner) => inner,
            (Self::Optional, Self::Shown) => Self::Optional,
            (Self::Optional, inner) => inner,
            (outer, _) => outer,
        }
    }
}

/// What is shown, by the name of its place: `staff`, `equipment`, `equipment-0-price`, `node-3`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown(BTreeMap<String, State>);

impl Shown {
    /// The state at a place; what is not in the form is hidden.
    #[must_use]
    pub fn at(&self, path: &str) -> State {
        self.0.get(path).copied().unwrap_or(State::Hidden)
    }

    /// The places that are not on the page.
    pub fn hidden(&self) -> impl Iterator<Item = &str> {
        let off = self.0.iter().filter(|(_, state)| !state.is_visible());
        off.map(|(path, _)| path.as_str())
    }
}

/// The name of an input of a row: group, row from 0, field.
pub(crate) fn cell(group: &str, row: usize, id: &str) -> String {
    format!("{group}-{row}-{id}")
}

/// Rows on the page: those filled in, and as many as there must be.
pub(crate) fn row_count(group: &Group, answers: &Answers) -> usize {
    let least = group.rows.map_or(0, |(least, _)| least);
    answers.rows(&group.id).len().max(least)
}

/// Asks all conditions.
#[must_use]
pub fn shown(form: &Form, answers: &Answers, known: &Known<'_>) -> Shown {
    let mut asking = Asking {
        form,
        given: prefill(form, known),
        facts: known.facts.clone(),
        known,
        states: BTreeMap::new(),
        open: HashMap::new(),
    };
    for (position, place) in form.order() {
        match (&form.nodes()[*position], place) {
            (Node::Heading(words) | Node::Note(words), _) => {
                let state = asking.state(words.condition.as_ref());
                asking.states.insert(words.key.clone(), state);
            }
            (Node::Field(field), _) => {
                let state = asking.state(field.condition.as_ref());
                asking.field(field, state, answers);
            }
            (Node::Group(group), None) => {
                let state = asking.state(group.condition.as_ref());
                asking.states.insert(group.id.clone(), state);
            }
            (Node::Group(group), Some(place)) => {
                let field = &group.fields[*place];
                let state = asking.state(field.condition.as_ref());
                let state = state.within(asking.at(&group.id));
                asking.field(field, state, answers);
            }
        }
    }
    for node in form.nodes() {
        if let Node::Group(group) = node
            && group.repeats()
        {
            asking.rows(group, answers);
        }
    }
    Shown(asking.states)
}

struct Asking<'a> {
    form: &'a Form,
    given: BTreeMap<String, Given>,
    known: &'a Known<'a>,
    /// What is known, with the answers in the places they stand for.
    facts: Facts,
    states: BTreeMap<String, State>,
    /// Fields without a value, by id: whether the form insists on one.
    open: HashMap<String, Open>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Required,
    Optional,
    Hidden,
}

impl Asking<'_> {
    fn at(&self, path: &str) -> State {
        self.states.get(path).copied().unwrap_or(State::Hidden)
    }

    fn state(&self, condition: Option<&Condition>) -> State {
        let Some(condition) = condition else {
            return State::Shown;
        };
        let env = Env {
            dictionary: self.form.dictionary(),
            facts: &self.facts,
            on: self.known.on,
        };
        let open = |wanted| {
            let mut named = condition.names.iter();
            named.any(|name| self.open.get(name) == Some(&wanted))
        };
        match condition.rule.evaluate(&env) {
            Some(true) => State::Shown,
            Some(false) => State::Hidden,
            None if open(Open::Required) => State::Waiting,
            None if open(Open::Hidden) => State::Hidden,
            None => State::Optional,
        }
    }

    fn field(&mut self, field: &Field, state: State, answers: &Answers) {
        self.states.insert(field.id.clone(), state);
        let value = match state.is_visible() {
            true => effective(field, answers, self.given.get(&field.id)).map(|(value, _)| value),
            false => None,
        };
        self.overlay(field, state, value);
    }

    /// Puts a value where conditions look for it.
    fn overlay(&mut self, field: &Field, state: State, value: Option<Typed>) {
        let open = match state {
            _ if value.is_some() => None,
            State::Hidden => Some(Open::Hidden),
            State::Waiting => Some(Open::Required),
            State::Shown if field.required => Some(Open::Required),
            State::Shown | State::Optional => Some(Open::Optional),
        };
        match open {
            Some(open) => self.open.insert(field.id.clone(), open),
            None => self.open.remove(&field.id),
        };
        let fact = value.and_then(|value| value.value()).map(|value| Fact {
            value,
            provenance: None,
        });
        if let Some(index) = field.index {
            match fact.clone() {
                Some(fact) => self.facts.insert(index, None, fact),
                None => drop(self.facts.remove(index, None)),
            }
        }
        if let (Some(source), Some(fact)) = (&field.source, fact) {
            let year = year_on(source.year, self.known.on);
            self.facts.insert(source.attribute, year, fact);
        }
    }

    fn rows(&mut self, group: &Group, answers: &Answers) {
        let outer = self.at(&group.id);
        let before = (self.facts.clone(), self.open.clone());
        let empty = Row::new();
        // the page shows a first row even where none is there yet
        for row in 0..row_count(group, answers).max(1) {
            let cells = answers.rows(&group.id).get(row).unwrap_or(&empty);
            for place in &group.order {
                let field = &group.fields[*place];
                let state = self.state(field.condition.as_ref()).within(outer);
                self.states.insert(cell(&group.id, row, &field.id), state);
                let answer = cells.get(&field.id).filter(|_| state.is_visible());
                let value = answer.and_then(|answer| read(field, answer).ok().flatten());
                self.overlay(field, state, value);
            }
            (self.facts, self.open) = before.clone();
        }
    }
}

/// Whose word an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    Stated,
    Fact,
    Disputed,
}

/// The answer that counts, if it can be read: what the enterprise says against the fact, the fact, or what was typed.
pub(crate) fn effective(
    field: &Field,
    answers: &Answers,
    given: Option<&Given>,
) -> Option<(Typed, Whose)> {
    let typed = |answer: &Answer| read(field, answer).ok().flatten();
    let Some(given) = given else {
        let stated = stated(field, answers).and_then(typed);
        return stated.map(|value| (value, Whose::Stated));
    };
    match against(field, answers, given) {
        Some(answer) => typed(answer).map(|value| (value, Whose::Disputed)),
        None => Some((given.value.clone(), Whose::Fact)),
    }
}

/// What the enterprise says of a field that nobody else knows; also what it once said against a fact that is gone.
pub(crate) fn stated<'a>(field: &Field, answers: &'a Answers) -> Option<&'a Answer> {
    let dispute = || {
        answers
            .disputes
            .get(&field.id)
            .map(|dispute| &dispute.value)
    };
    answers
        .fields
        .get(&field.id)
        .filter(|answer| !answer.is_empty())
        .or_else(dispute)
}

/// What stands against a prefilled value: a dispute, or an answer from before the fact was known that differs from it.
pub(crate) fn against<'a>(
    field: &Field,
    answers: &'a Answers,
    given: &Given,
) -> Option<&'a Answer> {
    let dispute = answers.disputes.get(&field.id);
    if let Some(dispute) = dispute.filter(|dispute| !dispute.value.is_empty()) {
        return Some(&dispute.value);
    }
    let stated = answers.fields.get(&field.id)?;
    match read(field, stated) {
        Ok(Some(value)) if value != given.value => Some(stated),
        _ => None,
    }
}
