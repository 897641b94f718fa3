//! What the classifier learns from: texts, and what people decided where the machine had said something else.

use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait, Tx};

use crate::model::AppealRow;

/// Keeps what a person chose where the machine had said something else.
pub(in crate::cases) async fn correct(
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

/// A text to remember, or to learn from.
#[derive(Debug, Clone, FromQueryResult)]
pub(in crate::cases) struct TextRow {
    pub id: String,
    pub title: String,
    pub text: String,
    pub category: String,
    pub enterprise: String,
    pub place: String,
    pub confidentiality: String,
    /// Whether the machine had said something else than what a person decided.
    pub corrected: bool,
}

/// Texts of appeals before an id, newest first: those whose category a person decided, or all.
pub(in crate::cases) async fn texts(
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
        "SELECT h.id, h.title, a.text, a.category, h.enterprise, h.place, a.confidentiality,
            EXISTS (SELECT 1 FROM appeal_correction c WHERE c.case_id = h.id AND c.chosen = a.category) AS corrected
         {} WHERE h.room = 'appeals' AND h.id < $1 {sorted} ORDER BY h.id DESC LIMIT {limit}",
        AppealRow::FROM
    );
    db::query_all(conn, &sql, [before.into()]).await
}
