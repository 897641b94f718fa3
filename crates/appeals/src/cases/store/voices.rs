//! Who said it: voices move with merging, and each has an answer of its own.

use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait, Tx};
use zhida_platform::seal::Place;

use super::Id;
use crate::error::Error;
use crate::model::KnownContact;
use crate::words::{Channel, Confidentiality, Satisfaction};

/// Voices of one appeal that are shown at most; all are kept and counted.
pub(in crate::cases) const VOICES_MAX: usize = 500;

/// A voice that is to be kept.
pub(in crate::cases) struct NewVoice<'a> {
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

pub(in crate::cases) async fn insert_voice(
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
pub(in crate::cases) async fn voices(
    conn: &impl ConnectionTrait,
    case: &str,
) -> db::Result<Vec<VoiceRow>> {
    let sql = format!("{VOICE} WHERE v.case_id = $1 ORDER BY v.id LIMIT {VOICES_MAX}");
    db::query_all(conn, &sql, [case.into()]).await
}

/// The voices of a case whose last message waits for an answer of the office.
pub(in crate::cases) async fn waiting(
    conn: &impl ConnectionTrait,
    case: &str,
) -> db::Result<Vec<String>> {
    let sql = format!(
        "SELECT v.id FROM appeal_voice v JOIN thread t ON t.room = 'appeals' AND t.subject = v.id AND t.awaits = 'office'
         WHERE v.case_id = $1 ORDER BY v.id LIMIT {VOICES_MAX}"
    );
    let rows: Vec<Id> = db::query_all(conn, &sql, [case.into()]).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// The voice that has this check code.
pub(in crate::cases) async fn voice_of_code(
    conn: &impl ConnectionTrait,
    digest: &str,
) -> db::Result<Option<VoiceRow>> {
    let sql = format!("{VOICE} WHERE v.code_digest = $1");
    db::query_one(conn, &sql, [digest.into()]).await
}

/// The first voice of those that an enterprise, or an account, has submitted as this case.
pub(in crate::cases) async fn own_voice(
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

/// What a voice said last; `None` when it is to be asked again.
pub(in crate::cases) async fn answer(
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
pub(in crate::cases) async fn forget_answers(tx: &Tx, case: &str) -> db::Result<u64> {
    let sql = "UPDATE appeal_voice SET answer = NULL, answered_at = NULL WHERE case_id = $1";
    db::execute(tx, sql, [case.into()]).await
}

/// Gives all voices of one case to another; how many.
pub(in crate::cases) async fn move_voices(tx: &Tx, from: &str, to: &str) -> db::Result<u64> {
    let sql = "UPDATE appeal_voice SET case_id = $2, answer = NULL, answered_at = NULL WHERE case_id = $1";
    db::execute(tx, sql, [from.into(), to.into()]).await
}

/// Gives back to a case the voices that were submitted as it or as one of those merged into it; how many.
pub(in crate::cases) async fn return_voices(
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
