//! The only code that touches the crate's tables. Everything that was filled in is sealed, and its digest compared
//! when it is read: also right after it was written, in the same transaction.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use zhida_platform::clock::{instant_text, parse_instant};
use zhida_platform::db::{self, ConnectionTrait, FromQueryResult, Tx};
use zhida_platform::seal::{Place, Sealer};

use super::Save;
use super::model::{Aside, Content, Draft, DraftLine, Start, Submission};
use crate::error::Error;
use crate::filled::Filled;

/// Drafts of one enterprise that are listed at most.
const LINES_MAX: i64 = 200;
/// Answers kept aside of one draft that are shown at most.
const ASIDES_MAX: i64 = 20;
/// Rounds of one subject at most.
const ROUNDS_MAX: i64 = 100;

const DRAFT: &str = "form_draft";
const ASIDE: &str = "form_aside";
const SUBMISSION: &str = "form_submission";
const COLUMN: &str = "content";

#[derive(FromQueryResult)]
struct Row {
    id: String,
    enterprise: String,
    purpose: String,
    form: String,
    version: i64,
    content: String,
    digest: String,
    started_at: String,
    started_by: String,
    saved_at: String,
    saved_by: String,
    saved_tab: String,
    tab_base: i64,
    recorded_by: String,
    recorded_at: String,
}

const SELECT: &str = "SELECT id, enterprise, purpose, form, version, content, digest, started_at,
    started_by, saved_at, saved_by, saved_tab, tab_base, recorded_by, recorded_at FROM form_draft";

/// What is written: sealed text and its digest.
struct Sealed {
    content: String,
    digest: String,
}

fn seal(sealer: &Sealer, place: Place<'_>, content: &impl Serialize) -> Result<Sealed, Error> {
    let text = serde_json::to_string(content).map_err(|_| Error::TooLarge)?;
    let content = sealer.seal(place, &text)?;
    Ok(Sealed {
        digest: digest(&content),
        content,
    })
}

fn open<T: DeserializeOwned>(
    sealer: &Sealer,
    place: Place<'_>,
    content: &str,
    kept: &str,
) -> Result<T, Error> {
    let damaged = || Error::Damaged(place.to_string());
    if digest(content) != kept {
        return Err(damaged());
    }
    let opened = sealer.open(place, content)?;
    serde_json::from_str(opened.secret.reveal()).map_err(|_| damaged())
}

fn digest(text: &str) -> String {
    let bytes = Sha256::digest(text.as_bytes());
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn instant(text: &str) -> DateTime<Utc> {
    parse_instant(text).unwrap_or_default()
}

impl Row {
    fn draft(self, sealer: &Sealer) -> Result<Draft, Error> {
        let place = Place::new(DRAFT, COLUMN, &self.id);
        let content: Content = open(sealer, place, &self.content, &self.digest)?;
        Ok(Draft {
            answers: content.answers,
            marks: content.marks,
            started_at: instant(&self.started_at),
            saved_at: instant(&self.saved_at),
            id: self.id,
            enterprise: self.enterprise,
            purpose: self.purpose,
            form: self.form,
            version: self.version,
            started_by: self.started_by,
            saved_by: self.saved_by,
            saved_tab: self.saved_tab,
            tab_base: self.tab_base,
            recorded_by: self.recorded_by,
            recorded_at: parse_instant(&self.recorded_at),
            asides: Vec::new(),
        })
    }
}

/// Whether it was started now; else there is one already.
pub(super) async fn start(
    tx: &Tx,
    id: &str,
    start: &Start<'_>,
    by: &str,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let content = Content {
        answers: start.answers.clone(),
        marks: start.marks.clone(),
    };
    let sealed = seal(tx.sealer(), Place::new(DRAFT, COLUMN, id), &content)?;
    let sql = "INSERT INTO form_draft (id, enterprise, purpose, form, version, content, digest,
                   started_at, started_by, saved_at, saved_by, saved_tab, tab_base)
               VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8, $7, $8, '', 1)
               ON CONFLICT (enterprise, purpose) DO NOTHING";
    let values = [
        id.into(),
        start.enterprise.into(),
        start.purpose.into(),
        start.form.into(),
        sealed.content.into(),
        sealed.digest.into(),
        instant_text(now).into(),
        by.into(),
    ];
    Ok(db::execute(tx, sql, values).await? == 1)
}

/// The draft without what was kept aside; its row is locked until the transaction ends.
pub(super) async fn hold(tx: &Tx, id: &str) -> Result<Option<Draft>, Error> {
    let sql = "UPDATE form_draft SET version = version WHERE id = $1";
    db::execute(tx, sql, [id.into()]).await?;
    let row: Option<Row> =
        db::query_one(tx, &format!("{SELECT} WHERE id = $1"), [id.into()]).await?;
    row.map(|row| row.draft(tx.sealer())).transpose()
}

pub(super) async fn get(
    conn: &impl ConnectionTrait,
    sealer: &Sealer,
    id: &str,
) -> Result<Option<Draft>, Error> {
    let row = db::query_one(conn, &format!("{SELECT} WHERE id = $1"), [id.into()]).await?;
    with_asides(conn, sealer, row).await
}

pub(super) async fn of_purpose(
    conn: &impl ConnectionTrait,
    sealer: &Sealer,
    enterprise: &str,
    purpose: &str,
) -> Result<Option<Draft>, Error> {
    let sql = format!("{SELECT} WHERE enterprise = $1 AND purpose = $2");
    let row = db::query_one(conn, &sql, [enterprise.into(), purpose.into()]).await?;
    with_asides(conn, sealer, row).await
}

async fn with_asides(
    conn: &impl ConnectionTrait,
    sealer: &Sealer,
    row: Option<Row>,
) -> Result<Option<Draft>, Error> {
    #[derive(FromQueryResult)]
    struct AsideRow {
        tab: String,
        base: i64,
        content: String,
        digest: String,
        kept_at: String,
        kept_by: String,
    }
    let Some(row) = row else {
        return Ok(None);
    };
    let mut draft = row.draft(sealer)?;
    let sql = "SELECT tab, base, content, digest, kept_at, kept_by FROM form_aside
               WHERE draft = $1 ORDER BY kept_at, tab LIMIT $2";
    let values = [draft.id.as_str().into(), ASIDES_MAX.into()];
    let rows: Vec<AsideRow> = db::query_all(conn, sql, values).await?;
    for row in rows {
        let key = aside_key(&draft.id, &row.tab);
        let place = Place::new(ASIDE, COLUMN, &key);
        let content: Content = open(sealer, place, &row.content, &row.digest)?;
        draft.asides.push(Aside {
            base: row.base,
            answers: content.answers,
            kept_at: instant(&row.kept_at),
            kept_by: row.kept_by,
            tab: row.tab,
        });
    }
    Ok(Some(draft))
}

fn aside_key(draft: &str, tab: &str) -> String {
    format!("{draft}/{tab}")
}

/// Writes the next version of a held draft.
pub(super) async fn save(
    tx: &Tx,
    draft: &Draft,
    tab: &str,
    content: &Content,
    by: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sealed = seal(tx.sealer(), Place::new(DRAFT, COLUMN, &draft.id), content)?;
    let base = match draft.saved_tab == tab {
        true => draft.tab_base,
        false => draft.version,
    };
    let sql = "UPDATE form_draft SET version = version + 1, content = $2, digest = $3,
                   saved_at = $4, saved_by = $5, saved_tab = $6, tab_base = $7
               WHERE id = $1";
    let values = [
        draft.id.as_str().into(),
        sealed.content.into(),
        sealed.digest.into(),
        instant_text(now).into(),
        by.into(),
        tab.into(),
        base.into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}

/// Notes for whose saves an audit record now stands.
pub(super) async fn recorded(tx: &Tx, id: &str, by: &str, now: DateTime<Utc>) -> db::Result<u64> {
    let sql = "UPDATE form_draft SET recorded_by = $2, recorded_at = $3 WHERE id = $1";
    db::execute(tx, sql, [id.into(), by.into(), instant_text(now).into()]).await
}

/// Writes other marks of a held draft; what was filled in, and its version, stay.
pub(super) async fn remark(tx: &Tx, draft: &Draft) -> Result<(), Error> {
    let content = Content {
        answers: draft.answers.clone(),
        marks: draft.marks.clone(),
    };
    let sealed = seal(tx.sealer(), Place::new(DRAFT, COLUMN, &draft.id), &content)?;
    let sql = "UPDATE form_draft SET content = $2, digest = $3 WHERE id = $1";
    let values = [
        draft.id.as_str().into(),
        sealed.content.into(),
        sealed.digest.into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}

/// Keeps what came too late; what the same tab writes later takes its place.
pub(super) async fn put_aside(
    tx: &Tx,
    save: &Save<'_>,
    content: &Content,
    by: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let key = aside_key(save.draft, save.tab);
    let sealed = seal(tx.sealer(), Place::new(ASIDE, COLUMN, &key), content)?;
    let sql = "INSERT INTO form_aside (draft, tab, base, content, digest, kept_at, kept_by)
               VALUES ($1, $2, $3, $4, $5, $6, $7)
               ON CONFLICT (draft, tab) DO UPDATE SET content = excluded.content,
                   digest = excluded.digest, kept_at = excluded.kept_at,
                   kept_by = excluded.kept_by";
    let values = [
        save.draft.into(),
        save.tab.into(),
        save.version.into(),
        sealed.content.into(),
        sealed.digest.into(),
        instant_text(now).into(),
        by.into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}

pub(super) async fn drop_aside(tx: &Tx, draft: &str, tab: &str) -> db::Result<u64> {
    let sql = "DELETE FROM form_aside WHERE draft = $1 AND tab = $2";
    db::execute(tx, sql, [draft.into(), tab.into()]).await
}

pub(super) async fn remove(tx: &Tx, id: &str) -> db::Result<()> {
    for sql in [
        "DELETE FROM form_aside WHERE draft = $1",
        "DELETE FROM form_draft WHERE id = $1",
    ] {
        db::execute(tx, sql, [id.into()]).await?;
    }
    Ok(())
}

pub(super) async fn lines(
    conn: &impl ConnectionTrait,
    enterprise: &str,
) -> db::Result<Vec<DraftLine>> {
    #[derive(FromQueryResult)]
    struct Line {
        id: String,
        purpose: String,
        form: String,
        saved_at: String,
        saved_by: String,
    }
    let sql = "SELECT id, purpose, form, saved_at, saved_by FROM form_draft
               WHERE enterprise = $1 ORDER BY saved_at DESC, id DESC LIMIT $2";
    let rows: Vec<Line> = db::query_all(conn, sql, [enterprise.into(), LINES_MAX.into()]).await?;
    let line = |row: Line| DraftLine {
        id: row.id,
        purpose: row.purpose,
        form: row.form,
        saved_at: instant(&row.saved_at),
        saved_by: row.saved_by,
    };
    Ok(rows.into_iter().map(line).collect())
}

pub(super) async fn submit(
    tx: &Tx,
    id: &str,
    draft: &Draft,
    filled: &Filled,
    subject: &str,
    by: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sealed = seal(tx.sealer(), Place::new(SUBMISSION, COLUMN, id), filled)?;
    let sql = "INSERT INTO form_submission (id, subject, round, enterprise, form, content, digest,
                   submitted_at, submitted_by)
               VALUES ($1, $2, (SELECT COALESCE(MAX(round), 0) + 1 FROM form_submission
                                WHERE subject = $2), $3, $4, $5, $6, $7, $8)";
    let values = [
        id.into(),
        subject.into(),
        draft.enterprise.as_str().into(),
        filled.form.as_str().into(),
        sealed.content.into(),
        sealed.digest.into(),
        instant_text(now).into(),
        by.into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct SubmissionRow {
    id: String,
    subject: String,
    round: i64,
    enterprise: String,
    content: String,
    digest: String,
    submitted_at: String,
    submitted_by: String,
}

const SUBMISSIONS: &str = "SELECT id, subject, round, enterprise, content, digest, submitted_at,
    submitted_by FROM form_submission";

impl SubmissionRow {
    fn submission(self, sealer: &Sealer) -> Result<Submission, Error> {
        let place = Place::new(SUBMISSION, COLUMN, &self.id);
        Ok(Submission {
            filled: open(sealer, place, &self.content, &self.digest)?,
            submitted_at: instant(&self.submitted_at),
            id: self.id,
            subject: self.subject,
            round: self.round,
            enterprise: self.enterprise,
            submitted_by: self.submitted_by,
        })
    }
}

pub(super) async fn submission(
    conn: &impl ConnectionTrait,
    sealer: &Sealer,
    id: &str,
) -> Result<Option<Submission>, Error> {
    let sql = format!("{SUBMISSIONS} WHERE id = $1");
    let row: Option<SubmissionRow> = db::query_one(conn, &sql, [id.into()]).await?;
    row.map(|row| row.submission(sealer)).transpose()
}

pub(super) async fn submissions(
    conn: &impl ConnectionTrait,
    sealer: &Sealer,
    subject: &str,
) -> Result<Vec<Submission>, Error> {
    let sql = format!("{SUBMISSIONS} WHERE subject = $1 ORDER BY round LIMIT $2");
    let values = [subject.into(), ROUNDS_MAX.into()];
    let rows: Vec<SubmissionRow> = db::query_all(conn, &sql, values).await?;
    rows.into_iter().map(|row| row.submission(sealer)).collect()
}
