//! The only SQL of the room's cases.

use chrono::{DateTime, Utc};
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use zhida_platform::access::Viewer;
use zhida_platform::cases::Head;
use zhida_platform::clock::{instant_text, parse_instant};
use zhida_platform::db::{self, ConnectionTrait, Tx};
use zhida_platform::paging::{Page, PageRequest};
use zhida_platform::seal::Place;

use crate::error::Error;
use crate::model::{AppealRow, KnownContact};
use crate::query::{AppealQuery, DUE};
use crate::words::{Channel, Claim, Confidentiality, Part, Satisfaction, Supervision, Track, Way};

const BY_DUE: &str = "appeals:due";
const BY_OPENING: &str = "appeals:opened";
/// What [`DUE`] says where there is no due date.
const NEVER: &str = "9999";
/// Voices of one appeal that are shown at most; all are kept and counted.
pub(super) const VOICES_MAX: usize = 500;
/// Closed appeals from which on a usual time is said.
const TYPICAL_MIN: usize = 20;

/// An appeal's own row that is to be kept.
pub(super) struct NewRow<'a> {
    pub case: &'a str,
    pub channel: Channel,
    pub source: &'a str,
    pub text: &'a str,
    pub category: &'a str,
    pub category_name: &'a str,
    pub place_words: &'a str,
    pub enterprise_name: &'a str,
    pub confidentiality: Confidentiality,
    pub rules: i64,
    pub suggested: &'a str,
}

pub(super) async fn insert(tx: &Tx, row: &NewRow<'_>) -> db::Result<u64> {
    let sql = "INSERT INTO appeal (case_id, channel, source, text, category, category_name, track, place_words,
            enterprise_name, confidentiality, rules, voices, repeats, dispatches, dissatisfied, reopenings, response_late,
            late, suggested)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, 0, 0, 0, 0, FALSE, FALSE, $12)";
    let values = [
        row.case.into(),
        row.channel.slug().into(),
        row.source.into(),
        row.text.into(),
        row.category.into(),
        row.category_name.into(),
        Track::Simple.slug().into(),
        row.place_words.into(),
        row.enterprise_name.into(),
        row.confidentiality.slug().into(),
        row.rules.into(),
        row.suggested.into(),
    ];
    db::execute(tx, sql, values).await
}

/// A voice that is to be kept.
pub(super) struct NewVoice<'a> {
    pub id: &'a str,
    pub case: &'a str,
    pub channel: Channel,
    pub enterprise: &'a str,
    pub enterprise_name: &'a str,
    pub account: Option<String>,
    pub text: &'a str,
    /// JSON, sealed here.
    pub contact: &'a str,
    pub confidentiality: Confidentiality,
    pub code_digest: &'a str,
}

pub(super) async fn insert_voice(
    tx: &Tx,
    voice: &NewVoice<'_>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let place = Place::new("appeal_voice", "contact", voice.id);
    let contact = tx.sealer().seal(place, voice.contact);
    let contact = contact.map_err(zhida_platform::problem::Problem::internal)?;
    let sql = "INSERT INTO appeal_voice (id, case_id, origin, said_at, channel, enterprise, enterprise_name, account,
            text, contact, confidentiality, code_digest)
        VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let values = [
        voice.id.into(),
        voice.case.into(),
        instant_text(now).into(),
        voice.channel.slug().into(),
        voice.enterprise.into(),
        voice.enterprise_name.into(),
        voice.account.clone().into(),
        voice.text.into(),
        contact.into(),
        voice.confidentiality.slug().into(),
        voice.code_digest.into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}

/// An appeal with what only its own page needs.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub row: AppealRow,
    pub text: String,
    pub rules: i64,
    pub suggested: String,
}

impl FromQueryResult for Kept {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        Ok(Self {
            row: AppealRow::from_query_result(row, prefix)?,
            text: row.try_get(prefix, "text")?,
            rules: row.try_get(prefix, "rules")?,
            suggested: row.try_get(prefix, "suggested")?,
        })
    }
}

/// An appeal, whoever asks.
pub(crate) async fn find(conn: &impl ConnectionTrait, id: &str) -> db::Result<Option<Kept>> {
    let sql = format!(
        "SELECT {}, {}, a.text, a.rules, a.suggested {} WHERE h.id = $1 AND h.room = 'appeals'",
        Head::COLUMNS,
        AppealRow::COLUMNS,
        AppealRow::FROM
    );
    db::query_one(conn, &sql, [id.into()]).await
}

/// Whether an appeal is within a viewer's reach: by the conditions of every list.
pub(super) async fn reaches(
    conn: &impl ConnectionTrait,
    viewer: &Viewer,
    id: &str,
    now: DateTime<Utc>,
) -> db::Result<bool> {
    let mut found = AppealQuery::all().conditions(viewer, now);
    found.and("h.id = ?", id);
    let sql = format!("SELECT COUNT(*) {} {}", AppealRow::FROM, found.sql());
    Ok(db::query_count(conn, &sql, found.values).await? > 0)
}

fn key(row: &AppealRow) -> (String, String) {
    let due = row
        .head
        .due_at
        .map_or_else(|| NEVER.to_owned(), instant_text);
    (due, row.head.id.to_string())
}

/// A page: what is due first stands first; others are newest first.
pub(super) async fn list(
    conn: &impl ConnectionTrait,
    query: &AppealQuery,
    viewer: &Viewer,
    now: DateTime<Utc>,
    page: &PageRequest,
) -> Result<Page<AppealRow>, Error> {
    let mut found = query.conditions(viewer, now);
    let (name, order) = match query.by_due() {
        true => (BY_DUE, format!("{DUE}, h.id")),
        false => (BY_OPENING, "h.id DESC".to_owned()),
    };
    if let Some((due, id)) = page.cursor::<(String, String)>(name)? {
        if query.by_due() {
            found.values.extend([due.into(), id.into()]);
            let at = found.values.len();
            found.always(format!("({DUE}, h.id) > (${}, ${at})", at - 1));
        } else {
            found.and("h.id < ?", id);
        }
    }
    let sql = format!(
        "SELECT {}, {} {} {} ORDER BY {order} LIMIT {}",
        Head::COLUMNS,
        AppealRow::COLUMNS,
        AppealRow::FROM,
        found.sql(),
        page.rows_wanted()
    );
    let rows: Vec<AppealRow> = db::query_all(conn, &sql, found.values).await?;
    Ok(Page::from_rows(rows, page, name, key)?)
}

/// True of every case; it has SQLite choose the index of open cases, of which it knows no sizes.
const IN_QUEUE: &str = "COALESCE(h.due_at, '9999') > ''";

/// How many rows [`list`] has in all. The appeal's own row is looked at only when something of it is asked: each case of the
/// room has one.
pub(super) async fn count(
    conn: &impl ConnectionTrait,
    query: &AppealQuery,
    viewer: &Viewer,
    now: DateTime<Utc>,
) -> db::Result<u64> {
    let mut found = query.conditions(viewer, now);
    if query.by_due() {
        found.always(IN_QUEUE);
    }
    let conditions = found.sql();
    let from = match conditions.contains("a.") {
        true => AppealRow::FROM,
        false => "FROM case_head h",
    };
    let sql = format!("SELECT COUNT(*) {from} {conditions}");
    let count = db::query_count(conn, &sql, found.values).await?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// A voice as it is kept.
#[derive(Debug, Clone, FromQueryResult)]
pub(crate) struct VoiceRow {
    pub id: String,
    pub case_id: String,
    pub origin: String,
    pub said_at: String,
    pub channel: String,
    pub enterprise: String,
    pub enterprise_name: String,
    pub account: Option<String>,
    pub text: String,
    contact: String,
    pub answer: Option<String>,
    /// How often nobody answered since the last reply.
    pub tries: i64,
}

impl VoiceRow {
    /// How to reach them. What cannot be opened (another key) is nothing, and said in the log.
    pub(crate) fn contact(&self, sealer: &zhida_platform::seal::Sealer) -> KnownContact {
        let place = Place::new("appeal_voice", "contact", &self.id);
        match sealer.open(place, &self.contact) {
            Ok(opened) => serde_json::from_str(opened.secret.reveal()).unwrap_or_default(),
            Err(error) => {
                tracing::warn!(voice = %self.id, %error, "诉求人的联系方式解不开");
                KnownContact::default()
            }
        }
    }
}

const VOICE: &str = "SELECT v.id, v.case_id, v.origin, v.said_at, v.channel, v.enterprise, v.enterprise_name, v.account, v.text,
        v.contact, v.answer,
        (SELECT COUNT(*) FROM appeal_visit i JOIN appeal a ON a.case_id = v.case_id
            WHERE i.voice = v.id AND i.case_id = v.case_id AND i.satisfaction = 'unreached' AND i.round = a.dispatches)
            AS tries
    FROM appeal_voice v";

/// The voices of an appeal, those merged into it too.
pub(super) async fn voices(conn: &impl ConnectionTrait, case: &str) -> db::Result<Vec<VoiceRow>> {
    let sql = format!("{VOICE} WHERE v.case_id = $1 ORDER BY v.id LIMIT {VOICES_MAX}");
    db::query_all(conn, &sql, [case.into()]).await
}

/// The voices of a case whose last message waits for an answer of the office.
pub(super) async fn waiting(conn: &impl ConnectionTrait, case: &str) -> db::Result<Vec<String>> {
    let sql = format!(
        "SELECT v.id FROM appeal_voice v JOIN thread t ON t.room = 'appeals' AND t.subject = v.id AND t.awaits = 'office'
         WHERE v.case_id = $1 ORDER BY v.id LIMIT {VOICES_MAX}"
    );
    let rows: Vec<Id> = db::query_all(conn, &sql, [case.into()]).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// The voice that has this check code.
pub(super) async fn voice_of_code(
    conn: &impl ConnectionTrait,
    digest: &str,
) -> db::Result<Option<VoiceRow>> {
    let sql = format!("{VOICE} WHERE v.code_digest = $1");
    db::query_one(conn, &sql, [digest.into()]).await
}

/// The first voice of those that an enterprise, or an account, has submitted as this case.
pub(super) async fn own_voice(
    conn: &impl ConnectionTrait,
    case: &str,
    enterprises: &[String],
    account: &str,
) -> db::Result<Option<VoiceRow>> {
    let mut values = vec![case.into(), account.into()];
    values.extend(enterprises.iter().map(|code| code.as_str().into()));
    let codes = db::placeholders(3, enterprises.len().max(1));
    if enterprises.is_empty() {
        values.push("-".into());
    }
    let sql = format!(
        "{VOICE} WHERE (v.case_id = $1 OR v.origin = $1) AND (v.account = $2 OR v.enterprise IN ({codes}))
         ORDER BY v.id LIMIT 1"
    );
    db::query_one(conn, &sql, values).await
}

/// One change of an appeal's row.
pub(super) async fn set(
    tx: &Tx,
    case: &str,
    assignments: &str,
    mut values: Vec<db::Value>,
) -> db::Result<u64> {
    values.insert(0, case.into());
    let sql = format!("UPDATE appeal SET {assignments} WHERE case_id = $1");
    db::execute(tx, &sql, values).await
}

/// Notes that a body has to do with an appeal; whoever leads keeps being named so.
pub(super) async fn add_body(
    tx: &Tx,
    case: &str,
    organisation: &str,
    part: Part,
) -> db::Result<u64> {
    let sql = "INSERT INTO appeal_body (case_id, organisation, part) VALUES ($1, $2, $3)
        ON CONFLICT (case_id, organisation) DO UPDATE SET part = CASE WHEN appeal_body.part = 'lead' THEN 'lead' ELSE excluded.part END";
    db::execute(
        tx,
        sql,
        [case.into(), organisation.into(), part.slug().into()],
    )
    .await
}

/// A reply as it is kept.
#[derive(Debug, Clone, FromQueryResult)]
pub(crate) struct ReplyRow {
    pub id: String,
    pub claim: String,
    pub text: String,
    pub signer: String,
    pub organisation_name: String,
    pub replied_by: String,
    pub replied_at: String,
}

pub(super) async fn insert_reply(tx: &Tx, case: &str, reply: &ReplyRow) -> db::Result<u64> {
    let sql = "INSERT INTO appeal_reply (id, case_id, claim, text, signer, organisation_name, replied_by, replied_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = [
        reply.id.as_str().into(),
        case.into(),
        reply.claim.as_str().into(),
        reply.text.as_str().into(),
        reply.signer.as_str().into(),
        reply.organisation_name.as_str().into(),
        reply.replied_by.as_str().into(),
        reply.replied_at.as_str().into(),
    ];
    db::execute(tx, sql, values).await
}

pub(crate) async fn replies(conn: &impl ConnectionTrait, case: &str) -> db::Result<Vec<ReplyRow>> {
    let sql = "SELECT id, claim, text, signer, organisation_name, replied_by, replied_at FROM appeal_reply
        WHERE case_id = $1 ORDER BY id LIMIT 100";
    db::query_all(conn, sql, [case.into()]).await
}

/// A return visit as it is kept.
#[derive(Debug, Clone, FromQueryResult)]
pub(crate) struct VisitRow {
    pub round: i64,
    pub way: String,
    pub satisfaction: String,
    pub resolved: Option<bool>,
    pub words: String,
    pub visited_by: String,
    pub visited_at: String,
}

pub(super) struct NewVisitRow<'a> {
    pub id: &'a str,
    pub case: &'a str,
    pub voice: &'a str,
    pub round: i64,
    pub way: Way,
    pub satisfaction: Satisfaction,
    pub resolved: Option<bool>,
    pub words: &'a str,
    pub by: &'a str,
    pub at: DateTime<Utc>,
}

pub(super) async fn insert_visit(tx: &Tx, visit: &NewVisitRow<'_>) -> db::Result<u64> {
    let sql = "INSERT INTO appeal_visit (id, case_id, voice, round, way, satisfaction, resolved, words, visited_by,
            visited_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = [
        visit.id.into(),
        visit.case.into(),
        visit.voice.into(),
        visit.round.into(),
        visit.way.slug().into(),
        visit.satisfaction.slug().into(),
        visit.resolved.into(),
        visit.words.into(),
        visit.by.into(),
        instant_text(visit.at).into(),
    ];
    db::execute(tx, sql, values).await
}

pub(crate) async fn visits(conn: &impl ConnectionTrait, case: &str) -> db::Result<Vec<VisitRow>> {
    let sql =
        "SELECT round, way, satisfaction, resolved, words, visited_by, visited_at FROM appeal_visit
        WHERE case_id = $1 ORDER BY id LIMIT 1000";
    db::query_all(conn, sql, [case.into()]).await
}

/// What each voice said last in a round of whether it is solved; whoever said nothing of it is not among them.
pub(super) async fn resolutions(
    conn: &impl ConnectionTrait,
    case: &str,
    round: i64,
) -> db::Result<Vec<bool>> {
    #[derive(FromQueryResult)]
    struct Said {
        resolved: bool,
    }
    let sql = "SELECT i.resolved FROM appeal_visit i
        WHERE i.case_id = $1 AND i.round = $2 AND i.resolved IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM appeal_visit later WHERE later.case_id = i.case_id AND later.round = i.round
                AND later.voice = i.voice AND later.resolved IS NOT NULL AND later.id > i.id)";
    let said: Vec<Said> = db::query_all(conn, sql, [case.into(), round.into()]).await?;
    Ok(said.into_iter().map(|one| one.resolved).collect())
}

/// What a voice said last; `None` when it is to be asked again.
pub(super) async fn answer(
    tx: &Tx,
    voice: &str,
    answer: Option<Satisfaction>,
    at: DateTime<Utc>,
) -> db::Result<u64> {
    let sql = "UPDATE appeal_voice SET answer = $2, answered_at = $3 WHERE id = $1";
    let text = answer.map(|answer| answer.slug().to_owned());
    let at = answer.map(|_| instant_text(at));
    db::execute(tx, sql, [voice.into(), text.into(), at.into()]).await
}

/// All voices of an appeal are to be asked again.
pub(super) async fn forget_answers(tx: &Tx, case: &str) -> db::Result<u64> {
    let sql = "UPDATE appeal_voice SET answer = NULL, answered_at = NULL WHERE case_id = $1";
    db::execute(tx, sql, [case.into()]).await
}

/// An application for more time as it is kept.
#[derive(Debug, Clone, FromQueryResult)]
pub(crate) struct ExtensionRow {
    pub id: String,
    /// In which dispatch: another body's application is another's.
    pub round: i64,
    /// In the unit of handling.
    pub amount: i64,
    pub reason: String,
    pub asked_by: String,
    pub asked_at: String,
    pub granted: Option<bool>,
    pub words: String,
    pub decided_by: String,
}

const EXTENSION: &str =
    "SELECT id, round, amount, reason, asked_by, asked_at, granted, words, decided_by
    FROM appeal_extension";

pub(super) async fn insert_extension(tx: &Tx, case: &str, row: &ExtensionRow) -> db::Result<u64> {
    let sql = "INSERT INTO appeal_extension (id, case_id, round, amount, reason, asked_by, asked_at, words, decided_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, '', '')";
    let values = [
        row.id.as_str().into(),
        case.into(),
        row.round.into(),
        row.amount.into(),
        row.reason.as_str().into(),
        row.asked_by.as_str().into(),
        row.asked_at.as_str().into(),
    ];
    db::execute(tx, sql, values).await
}

/// The application of a dispatch that nobody has decided.
pub(crate) async fn open_extension(
    conn: &impl ConnectionTrait,
    case: &str,
    round: i64,
) -> db::Result<Option<ExtensionRow>> {
    let sql = format!("{EXTENSION} WHERE case_id = $1 AND round = $2 AND granted IS NULL");
    db::query_one(conn, &sql, [case.into(), round.into()]).await
}

pub(crate) async fn extensions(
    conn: &impl ConnectionTrait,
    case: &str,
) -> db::Result<Vec<ExtensionRow>> {
    let sql = format!("{EXTENSION} WHERE case_id = $1 ORDER BY id LIMIT 100");
    db::query_all(conn, &sql, [case.into()]).await
}

pub(super) async fn settle_extension(
    tx: &Tx,
    id: &str,
    granted: bool,
    (words, by): (&str, &str),
    now: DateTime<Utc>,
) -> db::Result<u64> {
    let sql =
        "UPDATE appeal_extension SET granted = $2, words = $3, decided_by = $4, decided_at = $5
        WHERE id = $1 AND granted IS NULL";
    let values = [
        id.into(),
        granted.into(),
        words.into(),
        by.into(),
        instant_text(now).into(),
    ];
    db::execute(tx, sql, values).await
}

/// A step of supervision as it is kept.
#[derive(Debug, Clone, FromQueryResult)]
pub(crate) struct SupervisionRow {
    pub step: String,
    pub words: String,
    pub due_on: String,
    pub taken_by: String,
    pub taken_at: String,
}

pub(super) async fn insert_supervision(
    tx: &Tx,
    id: &str,
    case: &str,
    step: Supervision,
    (words, due_on, by): (&str, &str, &str),
    now: DateTime<Utc>,
) -> db::Result<u64> {
    let sql =
        "INSERT INTO appeal_supervision (id, case_id, step, words, due_on, taken_by, taken_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let values = [
        id.into(),
        case.into(),
        step.slug().into(),
        words.into(),
        due_on.into(),
        by.into(),
        instant_text(now).into(),
    ];
    db::execute(tx, sql, values).await
}

pub(crate) async fn supervision(
    conn: &impl ConnectionTrait,
    case: &str,
) -> db::Result<Vec<SupervisionRow>> {
    let sql = "SELECT step, words, due_on, taken_by, taken_at FROM appeal_supervision
        WHERE case_id = $1 ORDER BY id LIMIT 200";
    db::query_all(conn, sql, [case.into()]).await
}

/// Keeps what a person chose where the machine had said something else.
pub(super) async fn correct(
    tx: &Tx,
    case: &str,
    (suggested, chosen, by): (&str, &str, &str),
    now: DateTime<Utc>,
) -> db::Result<u64> {
    let sql = "INSERT INTO appeal_correction (case_id, suggested, chosen, corrected_by, corrected_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (case_id) DO UPDATE SET chosen = excluded.chosen, corrected_by = excluded.corrected_by,
            corrected_at = excluded.corrected_at";
    let values = [
        case.into(),
        suggested.into(),
        chosen.into(),
        by.into(),
        instant_text(now).into(),
    ];
    db::execute(tx, sql, values).await
}

#[derive(FromQueryResult)]
struct Id {
    id: String,
}

/// A case and those that were merged into it, directly or not.
pub(super) async fn merged_tree(
    conn: &impl ConnectionTrait,
    case: &str,
) -> db::Result<Vec<String>> {
    let sql = "SELECT case_id AS id FROM appeal WHERE merged_into = $1 ORDER BY case_id LIMIT 1000";
    let (mut all, mut at) = (vec![case.to_owned()], 0);
    while let Some(one) = all.get(at).cloned() {
        let rows: Vec<Id> = db::query_all(conn, sql, [one.into()]).await?;
        all.extend(rows.into_iter().map(|row| row.id));
        at += 1;
    }
    Ok(all)
}

/// Gives all voices of one case to another; how many.
pub(super) async fn move_voices(tx: &Tx, from: &str, to: &str) -> db::Result<u64> {
    let sql = "UPDATE appeal_voice SET case_id = $2, answer = NULL, answered_at = NULL WHERE case_id = $1";
    db::execute(tx, sql, [from.into(), to.into()]).await
}

/// Gives back to a case the voices that were submitted as it or as one of those merged into it; how many.
pub(super) async fn return_voices(
    tx: &Tx,
    from: &str,
    to: &str,
    origins: &[String],
) -> db::Result<u64> {
    let mut moved = 0;
    let sql = "UPDATE appeal_voice SET case_id = $2, answer = NULL, answered_at = NULL
        WHERE case_id = $1 AND origin = $3";
    for origin in origins {
        moved += db::execute(tx, sql, [from.into(), to.into(), origin.as_str().into()]).await?;
    }
    Ok(moved)
}

/// A text to remember, or to learn from.
#[derive(Debug, Clone, FromQueryResult)]
pub(super) struct TextRow {
    pub id: String,
    pub title: String,
    pub text: String,
    pub category: String,
    pub enterprise: String,
    pub place: String,
    pub confidentiality: String,
}

/// Texts of appeals before an id, newest first: those whose category a person decided, or all.
pub(super) async fn texts(
    conn: &impl ConnectionTrait,
    before: &str,
    sorted: bool,
    limit: i64,
) -> db::Result<Vec<TextRow>> {
    let sorted = match sorted {
        true => "AND a.category <> '' AND a.accepted_at IS NOT NULL",
        false => "",
    };
    let sql = format!(
        "SELECT h.id, h.title, a.text, a.category, h.enterprise, h.place, a.confidentiality {} WHERE h.room = 'appeals' AND h.id < $1 {sorted}
         ORDER BY h.id DESC LIMIT {limit}",
        AppealRow::FROM
    );
    db::query_all(conn, &sql, [before.into()]).await
}

/// The text of the last reply and its claim, for the row.
pub(super) async fn replied(
    tx: &Tx,
    case: &str,
    claim: Claim,
    text: &str,
    now: DateTime<Utc>,
) -> db::Result<u64> {
    let values = vec![claim.slug().into(), text.into(), instant_text(now).into()];
    let sets = "claim = $2, reply = $3, replied_at = $4, responded_at = COALESCE(responded_at, $4)";
    set(tx, case, sets, values).await
}

/// Days that the last closed appeals took, from registration to the end; the middle one, if there are enough to say so.
pub(super) async fn median_days(conn: &impl ConnectionTrait) -> db::Result<Option<i64>> {
    #[derive(FromQueryResult)]
    struct Span {
        opened_at: String,
        closed_at: String,
    }
    let sql = "SELECT h.opened_at, h.closed_at FROM case_head h WHERE h.room = 'appeals' AND h.closed_at IS NOT NULL
            AND h.outcome IN ('solved', 'basically', 'explained', 'unsolved') ORDER BY h.id DESC LIMIT 200";
    let rows: Vec<Span> = db::query_all(conn, sql, []).await?;
    let span = |row: &Span| {
        let (opened, closed) = (
            parse_instant(&row.opened_at)?,
            parse_instant(&row.closed_at)?,
        );
        Some((closed - opened).num_days())
    };
    let mut days: Vec<i64> = rows.iter().filter_map(span).collect();
    days.sort_unstable();
    Ok(match days.len() >= TYPICAL_MIN {
        true => days.get(days.len() / 2).copied(),
        false => None,
    })
}
