//! What the templates show.

use std::collections::BTreeMap;

use askama::Template;
use zhida_platform::files::State as FileState;
use zhida_platform::format::datetime_zh;
use zhida_ui::FormErrors;

use super::conflict::{AsideView, asides};
use super::widget::{Widget, widget};
use crate::answers::{Answer, Row};
use crate::difference::{Change, Mark};
use crate::drafts::{Draft, new_tab};
use crate::filled::{Filled, Origin};
use crate::form::{Condition, Field, Form, Group, Kind, Node};
use crate::prefill::{Given, Known, prefill};
use crate::shown::{Shown, State, against, cell, row_count, shown, stated};
use crate::typed::read;
use crate::validate::{ANSWERS_BYTES_MAX, Fault};

/// A whole form with its draft: `{{ form }}`. Buttons and autosave send to `action`, see [`super::take`].
#[derive(Template)]
#[template(path = "forms/form.html")]
pub struct FormView {
    action: String,
    version: i64,
    tab: String,
    saved: String,
    lead: String,
    submit: String,
    faults: FormErrors,
    marks: Vec<Mark>,
    blocks: Vec<Block>,
    asides: Vec<AsideView>,
    /// The form has changed since the draft was begun.
    is_other: bool,
    /// Answers that have no place in it any more.
    placeless: Vec<(String, String)>,
    bytes_max: usize,
}

impl FormView {
    /// The form at `action`, an address within the site.
    #[must_use]
    pub fn new(form: &Form, draft: &Draft, known: &Known<'_>, action: impl Into<String>) -> Self {
        Self::with_faults(form, draft, known, action, Vec::new())
    }

    /// The form with what is wrong with it.
    #[must_use]
    pub fn with_faults(
        form: &Form,
        draft: &Draft,
        known: &Known<'_>,
        action: impl Into<String>,
        faults: Vec<Fault>,
    ) -> Self {
        let errors: Vec<_> = faults.into_iter().map(Into::into).collect();
        let faults = FormErrors::from(errors);
        let view = Viewing {
            draft,
            given: prefill(form, known),
            shown: shown(form, &draft.answers, known),
            faults: &faults,
        };
        let blocks = form.nodes().iter().map(|node| view.block(node)).collect();
        Self {
            action: action.into(),
            version: draft.version,
            tab: new_tab(),
            saved: format!("已保存 {}", draft.saved_time()),
            lead: form.source().lead.clone(),
            submit: "核对无误，提交".to_owned(),
            marks: draft.marks.clone(),
            asides: asides(form, draft),
            is_other: draft.form != form.digest(),
            placeless: placeless(form, draft),
            blocks,
            faults,
            bytes_max: ANSWERS_BYTES_MAX,
        }
    }

    /// Links the files to where they can be read again; `href` makes the address from a file's id.
    #[must_use]
    pub fn files(mut self, href: impl Fn(&str) -> String) -> Self {
        let fields = self.blocks.iter_mut().flat_map(Block::fields_mut);
        for field in fields {
            if let Widget::Files(view) = &mut field.widget {
                for file in &mut view.files {
                    file.href = href(&file.file);
                }
            }
        }
        self
    }

    /// Other words on the button that sends.
    #[must_use]
    pub fn submit(mut self, label: impl Into<String>) -> Self {
        self.submit = label.into();
        self
    }
}

/// What was answered on an earlier revision of the form and has no question now, in as far as it is text. What it told
/// of is not known any more, so nothing long or made of digits is shown.
fn placeless(form: &Form, draft: &Draft) -> Vec<(String, String)> {
    let (_, rest) = draft.answers.split(form);
    let shown = |answer: Answer| match answer {
        Answer::Text(text) if text.chars().filter(char::is_ascii_digit).count() < 8 => text,
        Answer::Texts(texts) => texts.join("、"),
        _ => "（内容不显示）".to_owned(),
    };
    let answers = rest.fields.into_iter();
    answers.map(|(id, answer)| (id, shown(answer))).collect()
}

/// A part of the page.
pub(crate) enum Block {
    Heading(Said),
    Note(Said),
    Field(Box<FieldView>),
    Group {
        said: Said,
        help: String,
        fields: Vec<FieldView>,
    },
    Rows {
        said: Said,
        help: String,
        rows: Vec<RowView>,
        more: bool,
        error: String,
    },
}

impl Block {
    fn fields_mut(&mut self) -> Vec<&mut FieldView> {
        match self {
            Self::Heading(_) | Self::Note(_) => Vec::new(),
            Self::Field(field) => vec![field],
            Self::Group { fields, .. } => fields.iter_mut().collect(),
            Self::Rows { rows, .. } => rows.iter_mut().flat_map(|row| &mut row.fields).collect(),
        }
    }
}

pub(crate) struct Said {
    pub key: String,
    pub text: String,
    pub hidden: bool,
}

pub(crate) struct RowView {
    pub number: usize,
    pub key: String,
    pub fields: Vec<FieldView>,
}

pub(crate) struct FieldView {
    /// Its place, by which conditions show and hide it.
    pub place: String,
    /// The name of its input.
    pub path: String,
    pub title: String,
    pub label: String,
    pub help: String,
    pub error: String,
    pub hidden: bool,
    /// How what was typed is read; empty when that is plain.
    pub read: String,
    pub mark: Option<Mark>,
    pub widget: Widget,
    pub given: Option<GivenView>,
}

pub(crate) struct GivenView {
    pub shown: String,
    pub source: String,
    pub why: String,
    pub why_error: String,
    pub open: bool,
}

struct Viewing<'a> {
    draft: &'a Draft,
    given: BTreeMap<String, Given>,
    shown: Shown,
    faults: &'a FormErrors,
}

impl Viewing<'_> {
    fn block(&self, node: &Node) -> Block {
        match node {
            Node::Heading(words) => Block::Heading(self.said(&words.key, &words.text)),
            Node::Note(words) => Block::Note(self.said(&words.key, &words.text)),
            Node::Field(field) => Block::Field(Box::new(self.single(field))),
            Node::Group(group) if group.repeats() => self.rows(group),
            Node::Group(group) => Block::Group {
                said: self.said(&group.id, &group.label),
                help: group.help.clone(),
                fields: group
                    .fields
                    .iter()
                    .map(|field| self.single(field))
                    .collect(),
            },
        }
    }

    fn said(&self, key: &str, text: &str) -> Said {
        Said {
            key: key.to_owned(),
            text: text.to_owned(),
            hidden: !self.shown.at(key).is_visible(),
        }
    }

    fn rows(&self, group: &Group) -> Block {
        let answers = &self.draft.answers;
        // one empty row invites to write
        let count = row_count(group, answers).max(1);
        let empty = Row::new();
        let row = |row| {
            let cells = answers.rows(&group.id).get(row).unwrap_or(&empty);
            let fields = group.fields.iter().map(|field| {
                let path = cell(&group.id, row, &field.id);
                self.field(field, path, cells.get(&field.id), None)
            });
            RowView {
                number: row + 1,
                key: format!("{}-{row}", group.id),
                fields: fields.collect(),
            }
        };
        let most = group.rows.map_or(0, |(_, most)| most);
        Block::Rows {
            said: self.said(&group.id, &group.label),
            help: group.help.clone(),
            more: count < most,
            error: self.faults.of(&group.id).to_owned(),
            rows: (0..count).map(row).collect(),
        }
    }

    fn single(&self, field: &Field) -> FieldView {
        let answers = &self.draft.answers;
        let Some(given) = self.given.get(&field.id) else {
            return self.field(field, field.id.clone(), stated(field, answers), None);
        };
        let path = format!("{}-right", field.id);
        let dispute = answers.disputes.get(&field.id);
        let against = against(field, answers, given);
        let why = dispute
            .map_or("", |dispute| dispute.why.as_str())
            .to_owned();
        let why_error = self.faults.of(&format!("{}-why", field.id)).to_owned();
        let error = self.faults.of(&path);
        let view = GivenView {
            shown: given.shown.clone(),
            source: given.source.clone(),
            open: against.is_some() || !why.is_empty() || !error.is_empty(),
            why,
            why_error,
        };
        let mut single = self.field(field, path, against, Some(view));
        single.mark = self.mark(&field.id);
        single.hidden = !self.shown.at(&field.id).is_visible();
        single
    }

    fn field(
        &self,
        field: &Field,
        path: String,
        answer: Option<&Answer>,
        given: Option<GivenView>,
    ) -> FieldView {
        // of a prefilled field's second input, and of a first empty row, the form itself says nothing
        let state = match self.shown.at(&path) {
            State::Hidden if given.is_some() => State::Shown,
            state => state,
        };
        let optional = given.is_none()
            && (!field.required || state == State::Optional)
            && !matches!(field.kind, Kind::Declaration(_));
        let depends = field
            .condition
            .as_ref()
            .map(|condition: &Condition| &condition.plain);
        let depends = depends.filter(|_| state == State::Optional);
        let mut help = vec![field.help.clone(), usual_help(field)];
        help.extend(
            depends.map(|plain| format!("系统无法判断是否需要填写，如符合“{plain}”请填写")),
        );
        help.retain(|line| !line.is_empty());
        FieldView {
            label: match (&field.kind, given.is_some()) {
                (_, true) => "正确的内容".to_owned(),
                (Kind::Declaration(_), _) => field.label.clone(),
                _ if optional => format!("{}（选填）", field.label),
                _ => field.label.clone(),
            },
            help: help.join("。"),
            error: self.faults.of(&path).to_owned(),
            hidden: !state.is_visible(),
            read: answer.map_or_else(String::new, |answer| read_as(field, answer)),
            mark: self.mark(&path),
            widget: widget(field, &path, answer, self.faults),
            title: field.label.clone(),
            place: match given {
                Some(_) => field.id.clone(),
                None => path.clone(),
            },
            given,
            path,
        }
    }

    fn mark(&self, path: &str) -> Option<Mark> {
        self.draft
            .marks
            .iter()
            .find(|mark| mark.path == path)
            .cloned()
    }
}

fn usual_help(field: &Field) -> String {
    match &field.kind {
        Kind::Division => "填县（市、区）的名称或 6 位代码，如 吴兴区 或 330502".to_owned(),
        Kind::Industry => "填 GB/T 4754-2017 的行业代码或名称，如 C3587".to_owned(),
        Kind::Money => "以元计，可以写 12万".to_owned(),
        Kind::SeveralOf(least, most) if *least > 0 || *most < field.choices().len() => {
            match *most < field.choices().len() {
                true if *least > 0 => format!("选 {least} 至 {most} 项"),
                true => format!("最多选 {most} 项"),
                false => format!("至少选 {least} 项"),
            }
        }
        _ => String::new(),
    }
}

/// Codes, and numbers written with 万 or 亿, are shown as they are understood.
fn read_as(field: &Field, answer: &Answer) -> String {
    let Answer::Text(text) = answer else {
        return String::new();
    };
    let told = match field.kind {
        Kind::Division | Kind::Industry => true,
        Kind::Money | Kind::Number(_) | Kind::Integer => text.contains(['万', '亿']),
        _ => false,
    };
    match read(field, answer) {
        Ok(Some(value)) if told => format!("识别为：{}", value.show(field)),
        _ => String::new(),
    }
}

/// What was sent, for reading: `{{ summary }}`.
#[derive(Template)]
#[template(path = "forms/summary.html")]
pub struct SummaryView {
    lines: Vec<SummaryLine>,
}

pub(crate) struct SummaryLine {
    pub path: String,
    pub label: String,
    pub value: String,
    pub source: String,
    pub fact: String,
    pub why: String,
    pub disputed: bool,
    pub mark: Option<Mark>,
    pub files: Vec<SummaryFile>,
}

pub(crate) struct SummaryFile {
    pub id: String,
    pub name: String,
    pub href: String,
    /// Why not everybody who sees the page can open it; empty for nothing.
    pub held: &'static str,
}

impl SummaryView {
    /// Account numbers and what tells of persons masked; with `reveal` plain: for the enterprise's own people, or where the
    /// room has recorded who looks.
    /// `file_href` makes the address of a file from its id.
    #[must_use]
    pub fn new(filled: &Filled, reveal: bool, file_href: impl Fn(&str) -> String) -> Self {
        let line = |entry: &crate::Entry| {
            let (source, why, disputed) = match &entry.origin {
                Origin::Stated => ("企业填报".to_owned(), String::new(), false),
                Origin::Fact { source } => (source.clone(), String::new(), false),
                Origin::Disputed { source, why, .. } => (source.clone(), why.clone(), true),
            };
            let files = match &entry.value {
                crate::Typed::Files(files) => files
                    .iter()
                    .map(|file| SummaryFile {
                        id: file.file.clone(),
                        name: file.name.clone(),
                        href: file_href(&file.file),
                        held: "",
                    })
                    .collect(),
                _ => Vec::new(),
            };
            SummaryLine {
                path: entry.path.clone(),
                label: entry.label.clone(),
                value: if reveal { &entry.plain } else { &entry.shown }.clone(),
                fact: fact(entry, reveal),
                source,
                why,
                disputed,
                mark: None,
                files,
            }
        };
        Self {
            lines: filled.entries.iter().map(line).collect(),
        }
    }

    /// Says beside each file why it cannot be opened, by what [`crate::Drafts::held_files`] has found.
    #[must_use]
    pub fn held(mut self, held: &BTreeMap<String, FileState>) -> Self {
        for file in self.lines.iter_mut().flat_map(|line| &mut line.files) {
            file.held = held.get(&file.id).map_or("", |state| state.word());
        }
        self
    }

    /// Shows an officer's marks beside the fields they are of.
    #[must_use]
    pub fn marks(mut self, marks: &[Mark]) -> Self {
        for line in &mut self.lines {
            line.mark = marks.iter().find(|mark| mark.path == line.path).cloned();
        }
        self
    }
}

/// What the register says against an answer; what tells of a person is a text, and that is told plain without its field.
fn fact(entry: &crate::Entry, reveal: bool) -> String {
    let is_masked = entry.plain != entry.shown;
    match &entry.origin {
        Origin::Disputed {
            fact: crate::Typed::Text(plain),
            ..
        } if reveal && is_masked => plain.clone(),
        _ => entry.fact.clone().unwrap_or_default(),
    }
}

/// What changed between two rounds: `{{ difference }}`.
#[derive(Template)]
#[template(path = "forms/difference.html")]
pub struct DifferenceView {
    caption: String,
    before: String,
    after: String,
    changes: Vec<Change>,
}

impl DifferenceView {
    /// A table of changes with the heads of its two columns.
    #[must_use]
    pub fn new(
        caption: impl Into<String>,
        before: impl Into<String>,
        after: impl Into<String>,
        changes: Vec<Change>,
    ) -> Self {
        Self {
            caption: caption.into(),
            before: before.into(),
            after: after.into(),
            changes,
        }
    }
}

pub(crate) fn when_and_who(at: chrono::DateTime<chrono::Utc>, by: &str) -> String {
    format!("{by}，{}", datetime_zh(at))
}
