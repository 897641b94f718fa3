//! What changed between two rounds of answers, and what an officer has marked.

use serde::{Deserialize, Serialize};

use crate::answers::{Answer, Answers, Row};
use crate::form::{Field, Form, Node};
use crate::shown::cell;
use crate::typed::read;

/// One answer in words.
#[derive(Clone, PartialEq, Eq)]
pub struct Line {
    /// The field, or the group of a row's field.
    pub id: String,
    /// The name of its input.
    pub path: String,
    /// What was asked.
    pub label: String,
    /// Nothing hidden: what is compared.
    pub plain: String,
    /// What is shown.
    pub shown: String,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Line({}：{})", self.path, self.shown)
    }
}

/// One answer that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The field, or the group of a row's field.
    pub id: String,
    /// The name of its input.
    pub path: String,
    /// What was asked.
    pub label: String,
    /// What stood there; `None` when nothing did.
    pub before: Option<String>,
    /// What stands there now; `None` when it was taken away.
    pub after: Option<String>,
}

/// A field that an officer has marked, with a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The name of its input, [`crate::Entry::path`].
    pub path: String,
    /// What is to be mended.
    pub words: String,
    /// Who says so.
    pub by: String,
}

/// What differs, in the order of the later answers; what was taken away comes last.
#[must_use]
pub fn difference(before: &[Line], after: &[Line]) -> Vec<Change> {
    let find = |lines: &[Line], path: &str| lines.iter().find(|line| line.path == path).cloned();
    let change = |line: &Line, old: Option<&Line>, new: Option<&Line>| {
        let same_mask = old
            .zip(new)
            .is_some_and(|(old, new)| old.shown == new.shown);
        let words = |line: &Line, note: &str| match same_mask {
            true => format!("{}（{note}）", line.shown),
            false => line.shown.clone(),
        };
        Change {
            id: line.id.clone(),
            path: line.path.clone(),
            label: line.label.clone(),
            before: old.map(|old| words(old, "原来的")),
            after: new.map(|new| words(new, "已改动")),
        }
    };
    let mut changes = Vec::new();
    for line in after {
        let old = find(before, &line.path);
        if old.as_ref().is_none_or(|old| old.plain != line.plain) {
            changes.push(change(line, old.as_ref(), Some(line)));
        }
    }
    for line in before {
        if find(after, &line.path).is_none() {
            changes.push(change(line, Some(line), None));
        }
    }
    changes
}

/// The answers of a draft as lines, whatever they are worth; hidden ones too, for they are kept too.
#[must_use]
pub fn lines(form: &Form, answers: &Answers) -> Vec<Line> {
    let mut lines = Vec::new();
    for node in form.nodes() {
        match node {
            Node::Field(field) => single(&mut lines, field, answers),
            Node::Group(group) if group.repeats() => {
                for (row, cells) in answers.rows(&group.id).iter().enumerate() {
                    for field in &group.fields {
                        let path = cell(&group.id, row, &field.id);
                        let label = format!("{}第 {} 行：{}", group.label, row + 1, field.label);
                        let answer = Row::get(cells, &field.id);
                        lines.extend(answer.and_then(|a| line(field, &group.id, path, label, a)));
                    }
                }
            }
            Node::Group(group) => {
                for field in &group.fields {
                    single(&mut lines, field, answers);
                }
            }
            Node::Heading(_) | Node::Note(_) => {}
        }
    }
    lines
}

fn single(lines: &mut Vec<Line>, field: &Field, answers: &Answers) {
    let id = &field.id;
    if let Some(answer) = answers.fields.get(id) {
        lines.extend(line(field, id, id.clone(), field.label.clone(), answer));
    }
    if let Some(dispute) = answers.disputes.get(id) {
        let label = format!("{}（指出有误）", field.label);
        let mut found = line(field, id, format!("{id}-right"), label, &dispute.value);
        if let Some(found) = &mut found {
            found.plain = format!("{}；{}", found.plain, dispute.why);
            if !dispute.why.is_empty() {
                found.shown = format!("{}；{}", found.shown, dispute.why);
            }
        }
        lines.extend(found);
    }
}

fn line(field: &Field, id: &str, path: String, label: String, answer: &Answer) -> Option<Line> {
    if answer.is_empty() {
        return None;
    }
    let (plain, shown) = match read(field, answer) {
        Ok(Some(value)) => (value.show(field), value.masked(field)),
        Ok(None) => return None,
        Err(_) => {
            let typed = as_typed(answer);
            let hidden =
                field.personal.is_some() || field.sensitive || matches!(answer, Answer::Parts(_));
            let shown = match hidden {
                true => "（还没有填完或填对，内容不显示）".to_owned(),
                false => typed.clone(),
            };
            (typed, shown)
        }
    };
    Some(Line {
        id: id.to_owned(),
        path,
        label,
        plain,
        shown,
    })
}

fn as_typed(answer: &Answer) -> String {
    match answer {
        Answer::Text(text) => text.clone(),
        Answer::Texts(texts) => texts.join("、"),
        Answer::Parts(parts) => parts.values().cloned().collect::<Vec<_>>().join("，"),
        Answer::Files(files) => files
            .iter()
            .map(|f| f.name.as_str())
            .collect::<Vec<_>>()
            .join("、"),
        Answer::Rows(rows) => format!("{} 行", rows.len()),
    }
}
