//! The request that a form on a page sends: all of its inputs, chosen files, and the button that was pressed.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::multipart::{Field as Part, Multipart};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use uuid::Uuid;
use zhida_platform::access::Viewer;
use zhida_platform::files::{
    FileError, FileUse, Received, SENT, UNFINISHED_MAX, Unfinished, Upload as Incoming, kinds,
};
use zhida_platform::problem::Problem;

use super::widget::{group_of, type_name};
use crate::answers::{Answer, Answers, Dispute, Place, Row};
use crate::drafts::{Draft, Drafts, Save, Saved, Upload, new_tab};
use crate::error::Error;
use crate::filled::Filled;
use crate::form::{Field, FileRule, Form, Group, Kind, MEGABYTES_MAX, Node, ROWS_MAX};
use crate::prefill::Known;
use crate::shown::{cell, shown};
use crate::typed::ACCOUNT_PARTS;
use crate::validate::{ANSWERS_BYTES_MAX, Fault, When, fill, validate};

/// Everything that a form may ask for; what a field takes of it is looked at after.
const ANYTHING: FileUse = FileUse {
    name: "附件",
    kinds: &[
        kinds::PAGES,
        kinds::IMAGES,
        kinds::OFFICE,
        kinds::TABLES,
        kinds::ARCHIVES,
        kinds::VIDEO,
        kinds::AUDIO,
    ],
    bytes_max: MEGABYTES_MAX << 20,
};
/// Bytes of all texts of a request at most.
const TEXT_BYTES_MAX: usize = 2 * ANSWERS_BYTES_MAX;
/// Characters of a tab's name at most.
const TAB_MAX: usize = 64;

/// What became of a form that came back. Whatever it is, what was typed has been kept.
pub enum Taken {
    /// Autosave: the room sends this answer as it is.
    Answered(Response),
    /// It is saved: the room sends the browser back to the page, at this place of it (`#…`, or empty).
    Saved(Draft, String),
    /// Something is wrong or missing: the room shows the page with it, status 400.
    Faulty(Draft, Vec<Fault>),
    /// All is well and it is to be sent: the room calls [`Drafts::submit`] in its transaction.
    Ready(Draft, Box<Filled>),
    /// It was changed elsewhere meanwhile: the room shows the page, which has both, status 409.
    Stale(Draft),
}

/// Reads the request, takes its files, saves the draft, and does what the button says. The route needs the layer
/// [`zhida_platform::http::upload_limit`].
///
/// # Errors
/// When there is no such draft, the request breaks off or is too large, or the database refuses.
pub async fn take(
    drafts: &Drafts,
    form: &Form,
    known: &Known<'_>,
    viewer: &Viewer,
    draft: &str,
    request: Multipart,
) -> Result<Taken, Error> {
    let before = drafts.get(draft).await?;
    let reading = Reading {
        drafts,
        viewer,
        form,
        before: &before.answers,
    };
    let mut posted = reading.posted(request).await?;
    if let Some(tab) = posted.action.strip_prefix("settle:") {
        let settled = drafts.settle(viewer, draft, posted.version, tab, &posted.take);
        return Ok(Taken::Saved(settled.await?, String::new()));
    }
    let mut answers = posted.answers(form, &before.answers);
    // what an earlier revision of the form asked is kept, although the page has no input for it
    let (_, elsewhere) = before.answers.split(form);
    answers.fields.extend(elsewhere.fields);
    answers.disputes.extend(elsewhere.disputes);
    let action = Action::parse(&posted.action, form)?;
    let anchor = action.apply(form, &posted, &mut answers);
    let save = Save {
        draft,
        version: posted.version,
        tab: &posted.tab,
        answers,
    };
    let saved = match &action {
        Action::Unfile(_, file) => {
            let uploads = &posted.uploads;
            drafts.remove_file(viewer, &save, uploads, file).await?
        }
        _ => drafts.save_with(viewer, &save, &posted.uploads).await?,
    };
    for id in &posted.sent {
        // the draft is saved; what stays is swept
        if let Err(error) = drafts.files().forget(viewer, *id).await {
            tracing::warn!(%error, "没传完的文件没有清掉");
        }
    }
    let faults = std::mem::take(&mut posted.faults);
    let draft = match (saved, &action) {
        (Saved::Stale(draft), Action::Autosave) => return Ok(Taken::Answered(stale(&draft))),
        (Saved::Stale(draft), _) => return Ok(Taken::Stale(draft)),
        (Saved::Kept(draft), Action::Autosave) => {
            return Ok(Taken::Answered(saved_answer(form, &draft, known)));
        }
        (Saved::Kept(draft), _) => draft,
    };
    if !faults.is_empty() {
        return Ok(Taken::Faulty(draft, faults));
    }
    Ok(match action {
        Action::Submit => submit(form, draft, known),
        Action::Save => match validate(form, &draft.answers.split(form).0, known, When::Draft) {
            faults if faults.is_empty() => Taken::Saved(draft, String::new()),
            faults => Taken::Faulty(draft, faults),
        },
        _ => Taken::Saved(draft, anchor),
    })
}

fn submit(form: &Form, draft: Draft, known: &Known<'_>) -> Taken {
    if let Some(aside) = draft.asides.first() {
        let fault = Fault {
            path: format!("aside-{}", aside.tab),
            message: "另一个窗口里的修改还没有处理：请先选择要采用哪些，再提交".to_owned(),
        };
        return Taken::Faulty(draft, vec![fault]);
    }
    match fill(form, &draft.answers.split(form).0, known) {
        Ok(filled) => Taken::Ready(draft, Box::new(filled)),
        Err(faults) => Taken::Faulty(draft, faults),
    }
}

/// What `autosave.js` shows and follows.
fn saved_answer(form: &Form, draft: &Draft, known: &Known<'_>) -> Response {
    let shown = shown(form, &draft.answers, known);
    let hidden: Vec<&str> = shown.hidden().collect();
    Json(json!({
        "version": draft.version,
        "saved": draft.saved_time(),
        "hidden": hidden,
    }))
    .into_response()
}

fn stale(draft: &Draft) -> Response {
    let words = format!(
        "草稿在别处改过了（{}，{}）。您在这里写的已另外保留，请刷新页面选择要采用的内容",
        draft.saved_by,
        draft.saved_time()
    );
    (StatusCode::CONFLICT, Json(json!({ "message": words }))).into_response()
}

/// The button that was pressed.
enum Action {
    Autosave,
    Save,
    Submit,
    Upload,
    Add(String),
    Remove(String, usize),
    Unfile(Place, String),
}

impl Action {
    fn parse(text: &str, form: &Form) -> Result<Self, Error> {
        let unknown = || Error::Unknown(text.chars().take(40).collect());
        let group = |id: &str| {
            let found = form.group(id).filter(|group| group.repeats());
            found.map(|group| group.id.clone()).ok_or_else(unknown)
        };
        match text.split(':').collect::<Vec<_>>().as_slice() {
            ["autosave"] => Ok(Self::Autosave),
            ["save"] | [""] => Ok(Self::Save),
            ["submit"] => Ok(Self::Submit),
            ["upload"] => Ok(Self::Upload),
            ["add", id] => Ok(Self::Add(group(id)?)),
            ["remove", row] => {
                let (id, row) = row.split_once('-').ok_or_else(unknown)?;
                Ok(Self::Remove(
                    group(id)?,
                    row.parse().map_err(|_| unknown())?,
                ))
            }
            ["unfile", path, file] => {
                let place = Place::parse(path).ok_or_else(unknown)?;
                Ok(Self::Unfile(place, (*file).to_owned()))
            }
            _ => Err(unknown()),
        }
    }

    /// Does what can be done on the answers; the place of the page to come back to.
    fn apply(&self, form: &Form, posted: &Posted, answers: &mut Answers) -> String {
        match self {
            Self::Add(id) => {
                let most = form
                    .group(id)
                    .and_then(|group| group.rows)
                    .map_or(0, |(_, most)| most);
                let mut rows = answers.rows(id).to_vec();
                let on_page = posted.row_count(id);
                rows.resize(
                    rows.len().max(on_page).saturating_add(1).min(most),
                    Row::new(),
                );
                let anchor = format!("#{id}-{}", rows.len().saturating_sub(1));
                answers.fields.insert(id.clone(), Answer::Rows(rows));
                anchor
            }
            Self::Remove(id, row) => {
                let mut rows = answers.rows(id).to_vec();
                if *row < rows.len() {
                    rows.remove(*row);
                }
                answers.fields.insert(id.clone(), Answer::Rows(rows));
                format!("#{id}")
            }
            Self::Unfile(place, file) => {
                if let Some(Answer::Files(files)) = answers.at_mut(place) {
                    files.retain(|known| known.file != *file);
                }
                format!("#ask-{}", path_of(place))
            }
            Self::Upload => {
                let place = posted.uploads.first().map(|upload| path_of(&upload.place));
                place.map_or_else(String::new, |path| format!("#ask-{path}"))
            }
            Self::Autosave | Self::Save | Self::Submit => String::new(),
        }
    }
}

fn path_of(place: &Place) -> String {
    match place {
        Place::Field(id) => id.clone(),
        Place::Cell(group, row, id) => cell(group, *row, id),
    }
}

/// What was sent.
struct Posted {
    version: i64,
    tab: String,
    action: String,
    take: Vec<String>,
    texts: BTreeMap<String, Vec<String>>,
    uploads: Vec<Upload>,
    /// Those of the files that had come in parts before.
    sent: Vec<Uuid>,
    faults: Vec<Fault>,
}

/// A file as it comes.
enum Coming<'p> {
    /// In the request.
    Now(Box<Part<'p>>),
    /// In parts, before it.
    Before(Unfinished),
}

/// For which draft a request is read.
struct Reading<'r> {
    drafts: &'r Drafts,
    viewer: &'r Viewer,
    form: &'r Form,
    before: &'r Answers,
}

impl Reading<'_> {
    async fn posted(&self, mut request: Multipart) -> Result<Posted, Error> {
        let mut posted = Posted {
            version: 0,
            tab: new_tab(),
            action: "save".to_owned(),
            take: Vec::new(),
            texts: BTreeMap::new(),
            uploads: Vec::new(),
            sent: Vec::new(),
            faults: Vec::new(),
        };
        let (mut room, mut sent) = (TEXT_BYTES_MAX, 0);
        while let Some(part) = request.next_field().await.map_err(|_| Error::Broken)? {
            let name = part.name().unwrap_or_default().to_owned();
            if let Some(file) = part.file_name().map(str::to_owned) {
                if !file.is_empty() {
                    let coming = Coming::Now(Box::new(part));
                    self.file(&mut posted, &name, &file, coming).await?;
                }
                continue;
            }
            let text = text(part, &mut room).await?;
            if let Some(path) = name.strip_prefix(SENT) {
                sent += 1;
                if sent > UNFINISHED_MAX {
                    return Err(Error::Broken);
                }
                self.sent(&mut posted, path, &text).await?;
                continue;
            }
            match name.as_str() {
                "version" => posted.version = text.parse().map_err(|_| Error::Broken)?,
                "tab" if !text.is_empty() => posted.tab = text.chars().take(TAB_MAX).collect(),
                "do" => posted.action = text,
                "take" => posted.take.push(text),
                _ => posted.texts.entry(name).or_default().push(text),
            }
        }
        Ok(posted)
    }

    /// Takes a file that has come in parts, as if it came now.
    async fn sent(&self, posted: &mut Posted, path: &str, id: &str) -> Result<(), Error> {
        let found = self.drafts.files().unfinished(self.viewer, id).await;
        match found {
            Ok(upload) => {
                if upload.is_whole() {
                    posted.sent.push(upload.id);
                }
                let name = upload.name.clone();
                let coming = Coming::Before(upload);
                self.file(posted, path, &name, coming).await
            }
            Err(error) => match place_of(self.form, path) {
                Some((_, field)) => posted.refused(path, field, error),
                None => Ok(()),
            },
        }
    }

    /// Receives a file for a field that takes files; what is wrong with it is said at the field.
    async fn file(
        &self,
        posted: &mut Posted,
        path: &str,
        name: &str,
        coming: Coming<'_>,
    ) -> Result<(), Error> {
        let Some((place, field)) = place_of(self.form, path) else {
            return Ok(());
        };
        let Kind::Files(rule) = &field.kind else {
            return Ok(());
        };
        let taken = posted
            .uploads
            .iter()
            .filter(|upload| upload.place == place)
            .count();
        let there = self
            .before
            .clone()
            .at_mut(&place)
            .map_or(0, |answer| match answer {
                Answer::Files(files) => files.len(),
                _ => 0,
            });
        if there + taken >= rule.count {
            let message = format!(
                "{}：最多 {} 个文件，“{name}”没有收下",
                field.label, rule.count
            );
            posted.fault(path, message);
            return Ok(());
        }
        match self.receive(name, coming).await {
            Ok(received) => match refused(rule, received.kind(), received.bytes()) {
                Some(why) => posted.fault(path, format!("{}：“{name}”{why}", field.label)),
                None => posted.uploads.push(Upload { place, received }),
            },
            Err(error) => posted.refused(path, field, error)?,
        }
        Ok(())
    }

    async fn receive(&self, name: &str, coming: Coming<'_>) -> Result<Received, FileError> {
        let files = self.drafts.files();
        let part = match coming {
            Coming::Now(part) => *part,
            Coming::Before(upload) => {
                let id = upload.id.to_string();
                return files.receive_parts(self.viewer, &id, &ANYTHING).await;
            }
        };
        let upload = Incoming {
            name,
            bytes: None,
            purpose: &ANYTHING,
        };
        files.receive(upload, part).await
    }
}

impl Posted {
    /// The store's words at the field, unless the store itself fails.
    fn refused(&mut self, path: &str, field: &Field, error: FileError) -> Result<(), Error> {
        let problem = Problem::from(error);
        if problem.status.is_server_error() {
            return Err(Error::Broken);
        }
        self.fault(path, format!("{}：{}", field.label, problem.detail));
        Ok(())
    }

    fn fault(&mut self, path: &str, message: String) {
        self.faults.push(Fault {
            path: path.to_owned(),
            message,
        });
    }

    fn row_count(&self, group: &str) -> usize {
        let count = self.one(&format!("{group}-rows")).parse().unwrap_or(0);
        ROWS_MAX.min(count)
    }

    fn one(&self, name: &str) -> &str {
        let texts = self.texts.get(name);
        texts
            .and_then(|texts| texts.first())
            .map_or("", String::as_str)
    }

    /// All answers as they stand on the page; files, which no page sends again, as they stand in the draft.
    fn answers(&self, form: &Form, before: &Answers) -> Answers {
        let mut answers = Answers::default();
        for node in form.nodes() {
            match node {
                Node::Field(field) => self.single(field, before, &mut answers),
                Node::Group(group) if group.repeats() => {
                    let rows = self.rows(group, before);
                    if !rows.is_empty() {
                        answers.fields.insert(group.id.clone(), Answer::Rows(rows));
                    }
                }
                Node::Group(group) => {
                    for field in &group.fields {
                        self.single(field, before, &mut answers);
                    }
                }
                Node::Heading(_) | Node::Note(_) => {}
            }
        }
        answers
    }

    fn single(&self, field: &Field, before: &Answers, answers: &mut Answers) {
        let id = &field.id;
        if let Some(answer) = self.answer(field, id, before.fields.get(id)) {
            answers.fields.insert(id.clone(), answer);
        }
        let why = self.one(&format!("{id}-why")).to_owned();
        let right = self.answer(field, &format!("{id}-right"), None);
        if right.is_some() || !why.is_empty() {
            let value = right.unwrap_or_else(|| Answer::Text(String::new()));
            answers.disputes.insert(id.clone(), Dispute { value, why });
        }
    }

    /// The rows on the page without the empty ones at the end.
    fn rows(&self, group: &Group, before: &Answers) -> Vec<Row> {
        let known = before.rows(&group.id);
        let row = |row: usize| {
            let cells = group.fields.iter().filter_map(|field| {
                let path = cell(&group.id, row, &field.id);
                let kept = known.get(row).and_then(|cells| cells.get(&field.id));
                Some((field.id.clone(), self.answer(field, &path, kept)?))
            });
            cells.collect::<Row>()
        };
        let mut rows: Vec<Row> = (0..self.row_count(&group.id)).map(row).collect();
        let places = self
            .uploads
            .iter()
            .filter_map(|upload| match &upload.place {
                Place::Cell(id, row, _) if *id == group.id => Some(*row + 1),
                _ => None,
            });
        let least = places.max().unwrap_or(0);
        while rows.len() > least && rows.last().is_some_and(Row::is_empty) {
            rows.pop();
        }
        rows
    }

    fn answer(&self, field: &Field, path: &str, kept: Option<&Answer>) -> Option<Answer> {
        let answer = match &field.kind {
            Kind::Files(_) => kept?.clone(),
            Kind::SeveralOf(..) => Answer::Texts(self.texts.get(path)?.clone()),
            Kind::BankAccount => {
                let part = |(key, _): &(&str, &str)| {
                    (
                        (*key).to_owned(),
                        self.one(&format!("{path}-{key}")).to_owned(),
                    )
                };
                Answer::Parts(ACCOUNT_PARTS.iter().map(part).collect())
            }
            _ => Answer::Text(self.one(path).to_owned()),
        };
        Some(answer).filter(|answer| !answer.is_empty())
    }
}

/// Why a field does not take a file that the store has taken.
fn refused(rule: &FileRule, kind: zhida_platform::files::Kind, bytes: u64) -> Option<String> {
    if bytes > rule.bytes {
        return Some(format!(
            "超过 {} MB，请压缩或拆分后再上传",
            rule.bytes >> 20
        ));
    }
    let known = rule.types.iter().any(|of| group_of(*of).contains(&kind));
    let names: Vec<&str> = rule.types.iter().map(|of| type_name(*of)).collect();
    (!known).then(|| format!("不是可以上传的类型，请换成：{}", names.join("、")))
}

fn place_of<'a>(form: &'a Form, path: &str) -> Option<(Place, &'a Field)> {
    let place = Place::parse(path)?;
    let field = match &place {
        Place::Field(id) => form.field(id)?,
        Place::Cell(group, row, id) => {
            let (_, most) = form.group(group)?.rows?;
            let fields = &form.group(group)?.fields;
            fields.iter().find(|field| field.id == *id && *row < most)?
        }
    };
    Some((place, field))
}

async fn text(mut part: Part<'_>, room: &mut usize) -> Result<String, Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(|_| Error::Broken)? {
        *room = room.checked_sub(chunk.len()).ok_or(Error::TooLarge)?;
        bytes.extend_from_slice(&chunk);
    }
    let text = String::from_utf8(bytes).map_err(|_| Error::Broken)?;
    // browsers send line ends as two characters, which would count twice
    Ok(text.replace("\r\n", "\n"))
}
