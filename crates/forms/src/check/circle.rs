//! In which order conditions are asked; circles among them.

use std::collections::HashMap;

use super::Checker;
use crate::form::{Condition, Node, Slot};

/// Something with a condition, and what must be known before it.
struct Asked {
    key: String,
    needs: Vec<String>,
    slot: Slot,
    /// Whether it is asked row by row, after everything else.
    in_rows: bool,
}

impl Checker<'_> {
    /// Puts nodes and fields, and the fields of each row, in an order in which all conditions can be asked.
    pub(super) fn order(&mut self, nodes: &mut [Node]) -> Vec<Slot> {
        let asked: Vec<Asked> = nodes.iter().enumerate().flat_map(asked_of).collect();
        let places: HashMap<&str, usize> = asked
            .iter()
            .enumerate()
            .map(|(place, asked)| (asked.key.as_str(), place))
            .collect();
        let mut walk = Walk {
            asked: &asked,
            places,
            state: vec![State::New; asked.len()],
            path: Vec::new(),
            done: Vec::new(),
            circle: None,
        };
        for place in 0..asked.len() {
            walk.visit(place);
        }
        if let Some(circle) = walk.circle {
            self.wrong(
                format!("字段“{}”", circle[0]),
                format!(
                    "显示条件互相依赖成环：{}，永远无法判断，请改写其中一个 shown_when",
                    circle.join(" → ")
                ),
            );
            return Vec::new();
        }
        let done: Vec<&Asked> = walk.done.iter().map(|place| &asked[*place]).collect();
        for (position, node) in nodes.iter_mut().enumerate() {
            if let Node::Group(group) = node {
                let here = done.iter().filter(|asked| asked.slot.0 == position);
                let rows = here.filter(|asked| asked.in_rows);
                group.order = rows.filter_map(|asked| asked.slot.1).collect();
            }
        }
        let once = done.iter().filter(|asked| !asked.in_rows);
        once.map(|asked| asked.slot).collect()
    }
}

fn asked_of((position, node): (usize, &Node)) -> Vec<Asked> {
    let needs = |condition: &Option<Condition>| {
        let names = condition.as_ref().map(|condition| condition.names.clone());
        names.unwrap_or_default()
    };
    let one = |key: &str, condition: &Option<Condition>, place| Asked {
        key: key.to_owned(),
        needs: needs(condition),
        slot: (position, place),
        in_rows: false,
    };
    match node {
        Node::Heading(words) | Node::Note(words) => vec![one(&words.key, &words.condition, None)],
        Node::Field(field) => vec![one(&field.id, &field.condition, None)],
        Node::Group(group) => {
            let mut asked = vec![one(&group.id, &group.condition, None)];
            for (place, field) in group.fields.iter().enumerate() {
                let mut field = one(&field.id, &field.condition, Some(place));
                field.needs.push(group.id.clone());
                field.in_rows = group.repeats();
                asked.push(field);
            }
            asked
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}

struct Walk<'a> {
    asked: &'a [Asked],
    places: HashMap<&'a str, usize>,
    state: Vec<State>,
    path: Vec<usize>,
    done: Vec<usize>,
    /// The first circle found, its beginning repeated at its end.
    circle: Option<Vec<String>>,
}

impl Walk<'_> {
    fn visit(&mut self, place: usize) {
        if self.circle.is_some() || self.state[place] == State::Done {
            return;
        }
        if self.state[place] == State::Open {
            let from = self.path.iter().position(|open| *open == place);
            let around = self.path[from.unwrap_or(0)..].iter().chain([&place]);
            self.circle = Some(around.map(|at| self.asked[*at].key.clone()).collect());
            return;
        }
        self.state[place] = State::Open;
        self.path.push(place);
        for name in &self.asked[place].needs {
            if let Some(next) = self.places.get(name.as_str()).copied() {
                self.visit(next);
            }
        }
        self.path.pop();
        self.state[place] = State::Done;
        self.done.push(place);
    }
}
