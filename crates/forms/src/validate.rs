//! Whether answers can be kept, and whether they can be sent.

use std::collections::BTreeMap;

use zhida_platform::problem::FieldError;

use crate::answers::{Answer, Answers, Dispute, Row};
use crate::filled::{Entry, Filled, Origin};
use crate::form::{Field, Form, Group, Kind, Node, TEXT_MAX};
use crate::prefill::{Given, Known, prefill};
use crate::shown::{Shown, State, against, cell, row_count, shown, stated};
use crate::typed::{Typed, read};

/// Bytes of all answers of a form at most, as JSON.
pub const ANSWERS_BYTES_MAX: usize = 1 << 20;
/// Characters of the reason of a dispute at most.
const WHY_MAX: usize = 500;

/// What is asked of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// A draft: what is there can be read.
    Draft,
    /// Sending: nothing is missing either.
    Submit,
}

/// What is wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The name of the input: `staff`, `equipment-0-price`, `payee-number`, `staff-right` of a dispute.
    pub path: String,
    /// What is wrong and how to mend it, with the field's name.
    pub message: String,
}

impl From<Fault> for FieldError {
    fn from(fault: Fault) -> Self {
        Self {
            field: fault.path,
            message: fault.message,
        }
    }
}

/// Checks answers; an empty list means that all is well.
#[must_use]
pub fn validate(form: &Form, answers: &Answers, known: &Known<'_>, when: When) -> Vec<Fault> {
    Walk::over(form, answers, known, when).faults
}

/// Reads answers that are to be sent: everything that is shown, with where it comes from. What is hidden is left out.
///
/// # Errors
/// Everything that is wrong or missing, in the order of the page.
pub fn fill(form: &Form, answers: &Answers, known: &Known<'_>) -> Result<Filled, Vec<Fault>> {
    let walk = Walk::over(form, answers, known, When::Submit);
    match walk.faults.is_empty() {
        true => Ok(Filled {
            form: form.digest().to_owned(),
            title: form.title().to_owned(),
            on: known.on,
            entries: walk.entries,
            answers: walk.kept,
        }),
        false => Err(walk.faults),
    }
}

struct Walk<'a> {
    form: &'a Form,
    answers: &'a Answers,
    shown: Shown,
    given: BTreeMap<String, Given>,
    when: When,
    faults: Vec<Fault>,
    entries: Vec<Entry>,
    /// The answers that are shown.
    kept: Answers,
}

impl<'a> Walk<'a> {
    fn over(form: &'a Form, answers: &'a Answers, known: &Known<'_>, when: When) -> Self {
        let mut walk = Self {
            form,
            answers,
            shown: shown(form, answers, known),
            given: prefill(form, known),
            when,
            faults: Vec::new(),
            entries: Vec::new(),
            kept: Answers::default(),
        };
        walk.strangers();
        for node in form.nodes() {
            match node {
                Node::Field(field) => walk.single(field),
                Node::Group(group) if group.repeats() => walk.rows(group),
                Node::Group(group) => group.fields.iter().for_each(|field| walk.single(field)),
                Node::Heading(_) | Node::Note(_) => {}
            }
        }
        walk
    }

    fn fault(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.faults.push(Fault {
            path: path.into(),
            message: message.into(),
        });
    }

    /// Answers that belong to nothing in the form.
    fn strangers(&mut self) {
        let ids = self
            .answers
            .fields
            .keys()
            .chain(self.answers.disputes.keys());
        let unknown: Vec<String> = ids
            .filter(|id| self.form.field(id).is_none() && self.form.group(id).is_none())
            .cloned()
            .collect();
        for id in unknown {
            self.fault(id.clone(), format!("表单里没有“{id}”，请刷新页面后再填"));
        }
    }

    fn single(&mut self, field: &Field) {
        let state = self.shown.at(&field.id);
        if !state.is_visible() {
            return;
        }
        let given = self.given.get(&field.id).cloned();
        match given {
            Some(given) => self.known(field, &given),
            None => {
                let answer = stated(field, self.answers);
                let read = self.answer(field, &field.id, "", answer, state);
                if let (Some(value), Some(answer)) = (read, answer) {
                    self.kept.fields.insert(field.id.clone(), answer.clone());
                    self.entry(field, None, field.id.clone(), value, Origin::Stated);
                }
            }
        }
    }

    /// A prefilled field: the fact, or what the enterprise says against it.
    fn known(&mut self, field: &Field, given: &Given) {
        let fact = Origin::Fact {
            source: given.source.clone(),
        };
        let Some(answer) = against(field, self.answers, given) else {
            let dispute = self.answers.disputes.get(&field.id);
            if self.when == When::Submit && dispute.is_some_and(|d| !d.why.trim().is_empty()) {
                let label = &field.label;
                self.fault(
                    format!("{}-right", field.id),
                    format!("{label}：您写了哪里不对，请再填写正确的内容"),
                );
            }
            self.entry(field, None, field.id.clone(), given.value.clone(), fact);
            return;
        };
        let dispute = self.answers.disputes.get(&field.id);
        let why = dispute.map_or("", |dispute| dispute.why.trim()).to_owned();
        let path = format!("{}-right", field.id);
        let Some(value) = self.answer(field, &path, "", Some(answer), State::Optional) else {
            return;
        };
        if why.chars().count() > WHY_MAX {
            self.fault(
                format!("{}-why", field.id),
                format!("{}：说明最多 {WHY_MAX} 个字", field.label),
            );
        }
        self.kept.disputes.insert(
            field.id.clone(),
            Dispute {
                value: answer.clone(),
                why: why.clone(),
            },
        );
        let origin = match value == given.value {
            true => fact,
            false => Origin::Disputed {
                fact: given.value.clone(),
                source: given.source.clone(),
                why,
            },
        };
        self.entry(field, None, field.id.clone(), value, origin);
    }

    fn rows(&mut self, group: &Group) {
        if !self.shown.at(&group.id).is_visible() {
            return;
        }
        let (least, most) = group.rows.unwrap_or_default();
        let filled = self.answers.rows(&group.id).len();
        if filled > most {
            self.fault(
                group.id.clone(),
                format!("{}：最多 {most} 行，请删去多余的", group.label),
            );
        }
        let insists = self.when == When::Submit && self.shown.at(&group.id) == State::Shown;
        let count = if insists {
            row_count(group, self.answers)
        } else {
            filled
        };
        let before = self.faults.len();
        let mut kept = Vec::new();
        for row in 0..count.min(filled.max(least)) {
            let empty = Row::new();
            let cells = self.answers.rows(&group.id).get(row).unwrap_or(&empty);
            kept.push(self.row(group, row, cells));
        }
        // where the missing rows' fields were told, that says it
        if insists && filled < least && self.faults.len() == before {
            let first = group.fields.first().map_or("", |field| field.id.as_str());
            self.fault(
                cell(&group.id, filled, first),
                format!("{}：至少填写 {least} 行", group.label),
            );
        }
        kept.truncate(filled);
        if !kept.is_empty() {
            self.kept
                .fields
                .insert(group.id.clone(), Answer::Rows(kept));
        }
    }

    fn row(&mut self, group: &Group, row: usize, cells: &Row) -> Row {
        let before = format!("{}第 {} 行的", group.label, row + 1);
        let mut kept = Row::new();
        for field in &group.fields {
            let path = cell(&group.id, row, &field.id);
            let state = self.shown.at(&path);
            if !state.is_visible() {
                continue;
            }
            let answer = cells.get(&field.id);
            let read = self.answer(field, &path, &before, answer, state);
            if let (Some(value), Some(answer)) = (read, answer) {
                kept.insert(field.id.clone(), answer.clone());
                self.entry(field, Some((group, row)), path, value, Origin::Stated);
            }
        }
        let known: Vec<&String> = group.fields.iter().map(|field| &field.id).collect();
        if let Some(other) = cells.keys().find(|id| !known.contains(id)) {
            self.fault(
                group.id.clone(),
                format!("{}里没有“{other}”，请刷新页面后再填", group.label),
            );
        }
        kept
    }

    /// Reads one answer and says what is wrong with it.
    fn answer(
        &mut self,
        field: &Field,
        path: &str,
        before: &str,
        answer: Option<&Answer>,
        state: State,
    ) -> Option<Typed> {
        let name = format!("{before}{}", field.label);
        if let Some(Answer::Text(text)) = answer
            && text.chars().count() > TEXT_MAX
        {
            self.fault(path, format!("{name}：超过 {TEXT_MAX} 个字，请缩短"));
            return None;
        }
        match answer.map_or(Ok(None), |answer| read(field, answer)) {
            Ok(Some(value)) => Some(value),
            Ok(None) => {
                if field.required && state == State::Shown && self.when == When::Submit {
                    self.fault(first_input(field, path), missing(field, &name));
                }
                None
            }
            Err(wrong) => {
                if self.when == When::Submit || !wrong.is_missing {
                    let path = match wrong.part {
                        Some(part) => format!("{path}-{part}"),
                        None => path.to_owned(),
                    };
                    self.fault(path, format!("{name}：{}", wrong.message));
                }
                None
            }
        }
    }

    fn entry(
        &mut self,
        field: &Field,
        row: Option<(&Group, usize)>,
        path: String,
        value: Typed,
        origin: Origin,
    ) {
        let label = match row {
            Some((group, row)) => format!("{}第 {} 行：{}", group.label, row + 1, field.label),
            None => field.label.clone(),
        };
        self.entries.push(Entry {
            id: field.id.clone(),
            group: row.map(|(group, _)| group.id.clone()),
            row: row.map(|(_, row)| row),
            path,
            label,
            plain: value.show(field),
            shown: value.masked(field),
            fact: match &origin {
                Origin::Disputed { fact, .. } => Some(fact.masked(field)),
                _ => None,
            },
            value,
            origin,
        });
    }
}

/// The input that the summary of errors leads to.
fn first_input(field: &Field, path: &str) -> String {
    match field.kind {
        Kind::BankAccount => format!("{path}-holder"),
        _ => path.to_owned(),
    }
}

fn missing(field: &Field, name: &str) -> String {
    match &field.kind {
        Kind::YesNo | Kind::OneOf | Kind::SeveralOf(..) => format!("请选择：{name}"),
        Kind::Files(_) => format!("请上传：{name}"),
        Kind::Declaration(_) => format!("请阅读并勾选：{name}"),
        _ => format!("请填写：{name}"),
    }
}
