use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock::parse_instant;

/// One row of a list of cases. A room that joins `case_head` in its own query selects [`Head::COLUMNS`] and
/// reads them with [`Head::from_query_result`](FromQueryResult).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Head {
    /// Id; sorts by time of opening.
    #[schema(value_type = String)]
    pub id: Uuid,
    /// The room.
    pub room: String,
    /// 办件编号, with a check digit.
    #[schema(example = "兑付-2026-000123-8")]
    pub number: String,
    /// 统一社会信用代码 of whose case it is.
    pub enterprise: String,
    /// The division it lies in; empty when unknown.
    pub place: String,
    /// What it is about.
    pub title: String,
    /// Slug of the stage; where it ended, when it is closed.
    pub stage: String,
    /// Slug of the outcome.
    pub outcome: Option<String>,
    /// Whose turn it is: `enterprise`, `office` or `system`.
    pub turn: String,
    /// Whether something holds it.
    pub held: bool,
    /// The body that holds it.
    #[schema(value_type = Option<String>)]
    pub holder: Option<Uuid>,
    /// Its name.
    pub holder_name: Option<String>,
    /// Account of who handles it.
    #[schema(value_type = Option<String>)]
    pub handler: Option<Uuid>,
    /// The name.
    pub handler_name: Option<String>,
    /// Number of its last event.
    pub version: i64,
    /// When it began.
    pub opened_at: DateTime<Utc>,
    /// When it ended.
    pub closed_at: Option<DateTime<Utc>>,
    /// When something last happened. For display and synchronisation only; no clock looks at it.
    pub changed_at: DateTime<Utc>,
    /// The earliest due date of a clock that runs.
    pub due_at: Option<DateTime<Utc>>,
    /// Which clock that is.
    pub due_clock: Option<String>,
}

impl Head {
    /// The columns, each with `h.` before it: `SELECT {COLUMNS} FROM case_head h JOIN …`.
    pub const COLUMNS: &'static str = "h.id, h.room, h.number, h.enterprise, h.place, h.title, h.stage, h.outcome, \
        h.turn, h.held, h.holder, h.holder_name, h.handler, h.handler_name, h.version, h.opened_at, h.closed_at, \
        h.changed_at, h.due_at, h.due_clock";

    /// Whether it goes on.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.closed_at.is_none()
    }
}

impl FromQueryResult for Head {
    fn from_query_result(row: &sea_orm::QueryResult, prefix: &str) -> Result<Self, sea_orm::DbErr> {
        let text = |name: &str| row.try_get::<String>(prefix, name);
        let some = |name: &str| row.try_get::<Option<String>>(prefix, name);
        let id = |name: &str| Ok::<_, sea_orm::DbErr>(some(name)?.and_then(|id| id.parse().ok()));
        let instant =
            |name: &str| Ok::<_, sea_orm::DbErr>(some(name)?.as_deref().and_then(parse_instant));
        Ok(Self {
            id: id("id")?.unwrap_or_default(),
            room: text("room")?,
            number: text("number")?,
            enterprise: text("enterprise")?,
            place: text("place")?,
            title: text("title")?,
            stage: text("stage")?,
            outcome: some("outcome")?,
            turn: text("turn")?,
            held: row.try_get(prefix, "held")?,
            holder: id("holder")?,
            holder_name: some("holder_name")?,
            handler: id("handler")?,
            handler_name: some("handler_name")?,
            version: row.try_get(prefix, "version")?,
            opened_at: instant("opened_at")?.unwrap_or_default(),
            closed_at: instant("closed_at")?,
            changed_at: instant("changed_at")?.unwrap_or_default(),
            due_at: instant("due_at")?,
            due_clock: some("due_clock")?,
        })
    }
}
