//! Drafts and what was sent: kept sealed, each save acknowledged with a version, nothing lost.
//!
//! There is one draft for an enterprise and a purpose: starting again opens it. A save names the version it rests on.
//! When somebody else has saved since, what was written is kept aside and shown beside the draft, until a person
//! chooses ([`Drafts::settle`]). Saves of one tab follow each other without such questions, also when an answer got lost on the way.
//!
//! **Who saved what when**: each submission, deletion, conflict and change of marks is an audit record. Saves are recorded
//! when a person begins to save and every hour from then on, with the version, the time and the name of the save before:
//! so the record shows who had the draft from when to when, and thousands of autosaves do not bury the rest.
//!
//! Rights are the room's: it asks `viewer.covers` for the enterprise of the draft before it calls anything here.

mod model;
mod store;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Entry};
use zhida_platform::clock::SharedClock;
use zhida_platform::db::{ConnectionTrait, Database, Tx};
use zhida_platform::files::{Download, FileRecord, FileStore, Received, State, Subject};
use zhida_platform::format::datetime_zh;
use zhida_platform::ids;

pub use model::{Aside, Draft, DraftLine, Opened, Saved, Start, Submission};

use crate::answers::{Answer, Answers, FileRef, Place};
use crate::error::Error;
use crate::filled::Filled;
use crate::validate::ANSWERS_BYTES_MAX;
use model::Content;

/// Kind of what the files of a draft belong to; its id is the draft's, also after it was sent.
pub const FILES_OF: &str = "form_draft";

/// For how long a record of a save stands for further saves of the same person.
const SESSION: TimeDelta = TimeDelta::hours(1);

/// The drafts of all rooms. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Drafts {
    db: Database,
    clock: SharedClock,
    files: FileStore,
}

/// A save: what was written, in which tab, on which version.
#[derive(Debug, Clone)]
pub struct Save<'a> {
    /// The draft.
    pub draft: &'a str,
    /// The version that was seen.
    pub version: i64,
    /// Names the tab or the program that writes; any text that is its own.
    pub tab: &'a str,
    /// What was written.
    pub answers: Answers,
}

/// A file that was received for a field.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub place: Place,
    pub received: Received,
}

impl Drafts {
    /// Over the platform's parts.
    #[must_use]
    pub fn new(db: Database, clock: SharedClock, files: FileStore) -> Self {
        Self { db, clock, files }
    }

    /// The store of files.
    #[must_use]
    pub fn files(&self) -> &FileStore {
        &self.files
    }

    /// Starts a draft, or opens the one that is there.
    ///
    /// # Errors
    /// When the database refuses, or a draft that is there is damaged.
    pub async fn open(&self, viewer: &Viewer, start: &Start<'_>) -> Result<Opened, Error> {
        let now = self.clock.now();
        let id = &ids::next(now).to_string();
        self.db
            .write(|tx| async move {
                let is_new = store::start(&tx, id, start, viewer.actor(), now).await?;
                let draft = store::of_purpose(&tx, tx.sealer(), start.enterprise, start.purpose);
                let mut draft = draft.await?.ok_or(Error::NoDraft)?;
                let action = match is_new {
                    true => "forms.open",
                    // asked anew while an earlier answer lies unsent: the newer marks count
                    false if !start.marks.is_empty() && draft.marks != start.marks => {
                        let held = store::hold(&tx, &draft.id).await?.ok_or(Error::NoDraft)?;
                        draft = Draft {
                            marks: start.marks.clone(),
                            asides: draft.asides,
                            ..held
                        };
                        store::remark(&tx, &draft).await?;
                        "forms.mark"
                    }
                    false => return Ok(Opened { draft, is_new }),
                };
                let entry = entry(now, viewer, action, &draft);
                audit::append(&tx, &entry).await?;
                Ok(Opened { draft, is_new })
            })
            .await
    }

    /// The files of what was sent that not everybody who may see it can open, by id: quarantined, with a virus, damaged.
    ///
    /// # Errors
    /// When a file has no record, or the database refuses.
    pub async fn held_files(&self, filled: &Filled) -> Result<BTreeMap<String, State>, Error> {
        let files = filled.all_files();
        let Some(first) = files.first() else {
            return Ok(BTreeMap::new());
        };
        // all files of what was sent belong to its draft
        let record = self.files.get(self.db.conn(), &first.file).await?;
        let draft = Subject {
            kind: FILES_OF,
            id: &record.subject_id,
        };
        let all = self.files.of_subject(self.db.conn(), draft).await?;
        let held = all.into_iter().filter(|file| file.state.is_held());
        Ok(held.map(|file| (file.id, file.state)).collect())
    }

    /// A draft with what was kept aside.
    ///
    /// # Errors
    /// When there is none, it is damaged, or the database refuses.
    pub async fn get(&self, id: &str) -> Result<Draft, Error> {
        let draft = store::get(self.db.conn(), self.db.sealer(), id).await?;
        draft.ok_or(Error::NoDraft)
    }

    /// The draft of an enterprise for a purpose, if there is one.
    ///
    /// # Errors
    /// When it is damaged, or the database refuses.
    pub async fn find(&self, enterprise: &str, purpose: &str) -> Result<Option<Draft>, Error> {
        store::of_purpose(self.db.conn(), self.db.sealer(), enterprise, purpose).await
    }

    /// The drafts of an enterprise, last saved first, 200 at most.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn of_enterprise(&self, enterprise: &str) -> Result<Vec<DraftLine>, Error> {
        Ok(store::lines(self.db.conn(), enterprise).await?)
    }

    /// Saves. What rests on an older version is kept aside, and both are in the answer.
    ///
    /// # Errors
    /// When there is no such draft, the answers are too large or name files of others, or the database refuses.
    pub async fn save(&self, viewer: &Viewer, save: &Save<'_>) -> Result<Saved, Error> {
        self.save_with(viewer, save, &[]).await
    }

    pub(crate) async fn save_with(
        &self,
        viewer: &Viewer,
        save: &Save<'_>,
        uploads: &[Upload],
    ) -> Result<Saved, Error> {
        let now = self.clock.now();
        let by = &account(viewer);
        self.db
            .write(|tx| async move {
                let draft = store::hold(&tx, save.draft).await?.ok_or(Error::NoDraft)?;
                let mut answers = save.answers.clone();
                for upload in uploads {
                    let subject = subject(&draft.id);
                    let file = self
                        .files
                        .attach(&tx, &upload.received, subject, by)
                        .await?;
                    add_file(&mut answers, &upload.place, &file);
                }
                self.check_files(&tx, &draft, &answers).await?;
                let content = Content {
                    answers,
                    marks: draft.marks.clone(),
                };
                check_size(&content)?;
                if content.answers == draft.answers {
                    let same = store::get(&tx, tx.sealer(), save.draft).await?;
                    return same.map(Saved::Kept).ok_or(Error::NoDraft);
                }
                let own = draft.saved_tab == save.tab && save.version >= draft.tab_base;
                let is_stale = save.version != draft.version && !own;
                let action = match is_stale {
                    true => {
                        store::put_aside(&tx, save, &content, viewer.actor(), now).await?;
                        "forms.keep_aside"
                    }
                    false => {
                        store::save(&tx, &draft, save.tab, &content, viewer.actor(), now).await?;
                        "forms.save"
                    }
                };
                let before = draft;
                let is_recorded = is_stale || begins_session(&before, viewer, now);
                if is_recorded {
                    store::recorded(&tx, &before.id, viewer.actor(), now).await?;
                }
                let draft = store::get(&tx, tx.sealer(), save.draft).await?;
                let draft = draft.ok_or(Error::NoDraft)?;
                if is_recorded {
                    let entry = Entry {
                        before: Some(json!({
                            "version": before.version,
                            "saved_at": before.saved_at,
                            "saved_by": before.saved_by,
                        })),
                        ..entry(now, viewer, action, &draft)
                    };
                    audit::append(&tx, &entry).await?;
                }
                Ok(match is_stale {
                    true => Saved::Stale(draft),
                    false => Saved::Kept(draft),
                })
            })
            .await
    }

    /// Ends a conflict: of the answers kept aside under `tab`, these fields (and groups) are taken, the others
    /// stay as they are in the draft; what was kept aside is dropped.
    ///
    /// # Errors
    /// When draft or answers are not there, somebody saved since, or the database refuses.
    pub async fn settle(
        &self,
        viewer: &Viewer,
        id: &str,
        version: i64,
        tab: &str,
        take: &[String],
    ) -> Result<Draft, Error> {
        let now = self.clock.now();
        self.db
            .write(|tx| async move {
                let draft = held(&tx, id, version).await?;
                let full = store::get(&tx, tx.sealer(), id)
                    .await?
                    .ok_or(Error::NoDraft)?;
                let aside = full.asides.iter().find(|aside| aside.tab == tab);
                let aside = aside.ok_or(Error::NoDraft)?;
                let mut content = Content {
                    answers: full.answers.clone(),
                    marks: full.marks.clone(),
                };
                for id in take {
                    content.answers.take(id, &aside.answers);
                }
                check_size(&content)?;
                store::save(&tx, &draft, tab, &content, viewer.actor(), now).await?;
                store::drop_aside(&tx, id, tab).await?;
                let draft = store::get(&tx, tx.sealer(), id)
                    .await?
                    .ok_or(Error::NoDraft)?;
                let entry = entry(now, viewer, "forms.settle", &draft);
                audit::append(&tx, &entry.detail(json!({ "taken": take }))).await?;
                Ok(draft)
            })
            .await
    }

    /// Opens a file that stands in a draft, for somebody who may see the draft.
    ///
    /// # Errors
    /// When the draft has no such file, or the store does not give it out.
    pub async fn file(
        &self,
        viewer: &Viewer,
        draft: &Draft,
        file: &str,
    ) -> Result<Download, Error> {
        let asides = draft.asides.iter().map(|aside| &aside.answers);
        let mut all = asides.chain([&draft.answers]).flat_map(Answers::files);
        if !all.any(|known| known.file == file) {
            return Err(Error::StrangeFile(file.chars().take(40).collect()));
        }
        Ok(self
            .files
            .open_for(&self.db, file, &account(viewer))
            .await?)
    }

    /// Removes a file from a draft, if it was handed in there; the answer that named it no longer does. What is handed
    /// in with the same press is kept.
    pub(crate) async fn remove_file(
        &self,
        viewer: &Viewer,
        save: &Save<'_>,
        uploads: &[Upload],
        file: &str,
    ) -> Result<Saved, Error> {
        let saved = self.save_with(viewer, save, uploads).await?;
        let Saved::Kept(draft) = &saved else {
            return Ok(saved);
        };
        if draft
            .asides
            .iter()
            .any(|a| a.answers.files().iter().any(|f| f.file == file))
        {
            return Ok(saved);
        }
        let now = self.clock.now();
        self.db
            .write(|tx| async move {
                let of_draft = self.files.of_subject(&tx, subject(&draft.id)).await?;
                if of_draft.iter().any(|known| known.id == file) {
                    self.files.detach(&tx, file).await?;
                    let entry = entry(now, viewer, "forms.detach", draft);
                    audit::append(&tx, &entry.detail(json!({ "file": file }))).await?;
                }
                Ok::<_, Error>(())
            })
            .await?;
        Ok(saved)
    }

    /// Deletes a draft and its files, on its owner's word.
    ///
    /// # Errors
    /// When there is none, somebody saved since, or the database refuses.
    pub async fn discard(&self, viewer: &Viewer, id: &str, version: i64) -> Result<(), Error> {
        let now = self.clock.now();
        self.db
            .write(|tx| async move {
                let draft = held(&tx, id, version).await?;
                for file in self.files.of_subject(&tx, subject(id)).await? {
                    self.files.detach(&tx, &file.id).await?;
                }
                store::remove(&tx, id).await?;
                let entry = entry(now, viewer, "forms.discard", &draft);
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }

    /// Sends: the draft becomes a submission of `subject` (the room's case), the next round of it. Within the room's
    /// transaction, which appends the audit record itself, last.
    ///
    /// # Errors
    /// When somebody saved since the draft was read, or the database refuses.
    pub async fn submit(
        &self,
        tx: &Tx,
        draft: &Draft,
        filled: &Filled,
        subject_id: &str,
        by: &str,
        now: DateTime<Utc>,
    ) -> Result<Submission, Error> {
        held(tx, &draft.id, draft.version).await?;
        let kept = filled.all_files();
        for file in self.files.of_subject(tx, subject(&draft.id)).await? {
            if !kept.iter().any(|known| known.file == file.id) {
                self.files.detach(tx, &file.id).await?;
            }
        }
        store::remove(tx, &draft.id).await?;
        let id = ids::next(now).to_string();
        store::submit(tx, &id, draft, filled, subject_id, by, now).await?;
        store::submission(tx, tx.sealer(), &id)
            .await?
            .ok_or(Error::NoSubmission)
    }

    /// What was sent for a subject, first round first.
    ///
    /// # Errors
    /// When something is damaged, or the database refuses.
    pub async fn submissions(
        &self,
        conn: &impl ConnectionTrait,
        subject: &str,
    ) -> Result<Vec<Submission>, Error> {
        store::submissions(conn, self.db.sealer(), subject).await
    }

    /// Files must have been handed in here, or stand in the draft already.
    async fn check_files(&self, tx: &Tx, draft: &Draft, answers: &Answers) -> Result<(), Error> {
        let before = draft.answers.files();
        let new: Vec<FileRef> = answers
            .files()
            .into_iter()
            .filter(|file| !before.contains(file))
            .cloned()
            .collect();
        if new.is_empty() {
            return Ok(());
        }
        let here = self.files.of_subject(tx, subject(&draft.id)).await?;
        let here: Vec<FileRef> = here.iter().map(file_ref).collect();
        match new.into_iter().find(|file| !here.contains(file)) {
            Some(file) => Err(Error::StrangeFile(file.name)),
            None => Ok(()),
        }
    }
}

/// A name for a tab that has none yet.
#[must_use]
pub(crate) fn new_tab() -> String {
    Uuid::new_v4().to_string()
}

fn subject(id: &str) -> Subject<'_> {
    Subject { kind: FILES_OF, id }
}

fn account(viewer: &Viewer) -> String {
    let account = viewer.account().map(|account| account.to_string());
    account.unwrap_or_else(|| viewer.actor().to_owned())
}

fn file_ref(file: &FileRecord) -> FileRef {
    FileRef {
        file: file.id.clone(),
        name: file.name.clone(),
        bytes: u64::try_from(file.bytes).unwrap_or_default(),
    }
}

fn add_file(answers: &mut Answers, place: &Place, file: &FileRecord) {
    match answers.at_mut(place) {
        Some(Answer::Files(files)) => files.push(file_ref(file)),
        _ => answers.put(place, Answer::Files(vec![file_ref(file)])),
    }
}

fn check_size(content: &Content) -> Result<(), Error> {
    let bytes = serde_json::to_vec(content).map_or(usize::MAX, |text| text.len());
    match bytes > ANSWERS_BYTES_MAX {
        true => Err(Error::TooLarge),
        false => Ok(()),
    }
}

/// The draft, locked until the transaction ends, if it still has this version.
async fn held(tx: &Tx, id: &str, version: i64) -> Result<Draft, Error> {
    let draft = store::hold(tx, id).await?.ok_or(Error::NoDraft)?;
    match draft.version == version {
        true => Ok(draft),
        false => Err(Error::Changed {
            by: draft.saved_by,
            at: datetime_zh(draft.saved_at),
        }),
    }
}

/// Whether a save is to be recorded: by another person than the last record's, or an hour after it.
fn begins_session(draft: &Draft, viewer: &Viewer, now: DateTime<Utc>) -> bool {
    let same = draft.recorded_by == viewer.actor();
    !same || draft.recorded_at.is_none_or(|at| now - at >= SESSION)
}

/// What was written is in the draft, not in the record.
fn entry(now: DateTime<Utc>, viewer: &Viewer, action: &'static str, draft: &Draft) -> Entry {
    Entry::new(now, viewer, action, "form_draft", &draft.id)
        .enterprise(&draft.enterprise)
        .detail(json!({ "purpose": draft.purpose, "version": draft.version }))
}
