//! One step for many cases: a job with a result for each, which goes on where it stopped.
//!
//! A case is marked before its step and its result written after; each step stands against the version that was seen, so one
//! that was taken just before a server died is found done and not done again.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;
use zhida_casework::{Command, Person};
use zhida_platform::access::{Origin, Person as Account, Seat, Viewer};
use zhida_platform::audit::{self, Entry};
use zhida_platform::clock::{instant_text, parse_instant};
use zhida_platform::db::{self, ConnectionTrait, Tx};
use zhida_platform::format::datetime_zh;
use zhida_platform::ids;
use zhida_platform::jobs::{JobContext, JobError, Jobs, Kind, NewJob, Outcome as Done};
use zhida_platform::problem::Problem;
use zhida_platform::progress::Progress as _;
use zhida_ui::{Frame, Html, Page};

use super::{BATCHES, DESK};
use crate::error::Error;
use crate::fields::Fields;
use crate::pages::{Answer, to};
use crate::rights::HANDLE;
use crate::service::Redemption;

const KIND: &str = "redemption.batch";
/// Cases of a batch at most.
const CASES_MAX: usize = 500;

/// What can be done to many: slug and words.
pub(super) const ACTIONS: &[(&str, &str)] = &[
    ("take", "由我办理"),
    ("advance", "送下一环节"),
    ("grant", "核定（按测算金额）"),
    ("refuse", "不予兑付"),
];

/// Who asked, with the seat at that time: the job acts with these rights and no others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Asker {
    account: Uuid,
    name: String,
    /// Nobody's seat: the officer of everything that the demonstration has.
    seat: Option<AskerSeat>,
    second_factor: bool,
    token: Option<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct AskerSeat {
    id: Uuid,
    organisation: Option<Uuid>,
    organisation_name: String,
    role: String,
    division: Option<String>,
}

impl Asker {
    fn of(viewer: &Viewer) -> Result<Self, Error> {
        let account = viewer
            .account()
            .ok_or_else(|| Problem::sign_in("登录之后才能批量办理"))?;
        let person = viewer.as_person();
        Ok(Self {
            account,
            name: person.map_or_else(|| viewer.name().to_owned(), |person| person.name.clone()),
            seat: viewer.seat().map(|seat| AskerSeat {
                id: seat.id,
                organisation: seat.organisation,
                organisation_name: seat.organisation_name.clone(),
                role: seat.role.clone(),
                division: seat.division.clone(),
            }),
            second_factor: person.is_some_and(|person| person.second_factor),
            token: person.and_then(|person| person.token.clone()),
        })
    }

    fn viewer(self) -> Viewer {
        let Some(seat) = self.seat else {
            return Viewer::officer(&self.name);
        };
        Viewer::person(Account {
            account: self.account,
            name: self.name,
            seat: Some(Seat {
                id: seat.id,
                organisation: seat.organisation,
                organisation_name: seat.organisation_name,
                role: seat.role,
                division: seat.division,
                enterprise: None,
                on_behalf_of: None,
            }),
            second_factor: self.second_factor,
            token: self.token,
            origin: Origin::default(),
        })
    }
}

#[derive(Debug, Clone, FromQueryResult)]
pub(super) struct BatchRow {
    action: String,
    words: String,
    account: String,
    viewer: String,
    asked_by: String,
    asked_at: String,
}

/// 一批中的一件和它的结果。
#[derive(Debug, Clone, FromQueryResult, Serialize, ToSchema)]
#[schema(as = DeskBatchRow)]
pub(super) struct CaseRow {
    /// 序号。
    pub no: i64,
    /// 办件标识。
    pub case_id: String,
    /// 办件编号。
    pub number: String,
    /// 企业名称。
    pub enterprise_name: String,
    /// 提交时看到的版本。
    pub version: i64,
    /// waiting 等待，running 正在办，done 已办，failed 没有办成。
    pub state: String,
    /// 办到哪一步，或没有办成的原因。
    pub result: String,
}

async fn batch(conn: &impl ConnectionTrait, id: &str) -> Result<BatchRow, Error> {
    let sql = "SELECT action, words, account, viewer, asked_by, asked_at FROM redemption_batch WHERE id = $1";
    let row = db::query_one(conn, sql, [id.into()]).await?;
    row.ok_or_else(|| Error::missing("这次批量办理"))
}

async fn rows(conn: &impl ConnectionTrait, id: &str) -> db::Result<Vec<CaseRow>> {
    let sql = format!(
        "SELECT no, case_id, number, enterprise_name, version, state, result FROM redemption_batch_row
         WHERE batch = $1 ORDER BY no LIMIT {CASES_MAX}"
    );
    db::query_all(conn, &sql, [id.into()]).await
}

async fn set_row(
    tx: &Tx,
    batch: &str,
    no: i64,
    state: &str,
    result: &str,
    at: DateTime<Utc>,
) -> db::Result<u64> {
    let sql = "UPDATE redemption_batch_row SET state = $3, result = $4, done_at = $5 WHERE batch = $1 AND no = $2";
    db::execute(
        tx,
        sql,
        [
            batch.into(),
            no.into(),
            state.into(),
            result.into(),
            instant_text(at).into(),
        ],
    )
    .await
}

impl Redemption {
    /// Asks for one step to many cases; `cases` are ids with the versions that were seen. The ids of
    /// batch and job.
    pub(super) async fn ask_batch(
        &self,
        viewer: &Viewer,
        action: &str,
        words: &str,
        cases: &[(String, i64)],
    ) -> Result<(String, String), Error> {
        viewer.need(HANDLE)?;
        let Some((_, title)) = ACTIONS.iter().find(|(slug, _)| *slug == action) else {
            return Err(Error::field("action", "请选择做什么"));
        };
        if cases.is_empty() {
            return Err(Error::Refused(
                "没有选中办件：请勾选要办理的办件".to_owned(),
            ));
        }
        if cases.len() > CASES_MAX {
            return Err(Error::Refused(format!(
                "一次最多 {CASES_MAX} 件，您选了 {} 件",
                cases.len()
            )));
        }
        if words.is_empty() && matches!(action, "grant" | "refuse") {
            return Err(Error::field("words", "核定和不予兑付都要写明意见或理由"));
        }
        let mut known = Vec::with_capacity(cases.len());
        for (id, version) in cases {
            let view = self.handled(viewer, id).await?;
            known.push((
                id.as_str(),
                view.loaded.head.number,
                view.record.enterprise_name,
                *version,
            ));
        }
        let asker = serde_json::to_string(&Asker::of(viewer)?).map_err(Problem::internal)?;
        let now = self.clock.now();
        let id = ids::next(now).to_string();
        let (batch, known, asker) = (id.as_str(), &known, asker.as_str());
        let job = self
            .db
            .write(|tx| async move {
                let sql = "INSERT INTO redemption_batch (id, action, words, account, viewer, asked_by, asked_at)
                           VALUES ($1, $2, $3, $4, $5, $6, $7)";
                let account = viewer.account().map(|id| id.to_string()).unwrap_or_default();
                let values = [
                    batch.into(),
                    action.into(),
                    words.into(),
                    account.into(),
                    asker.into(),
                    viewer.name().into(),
                    instant_text(now).into(),
                ];
                db::execute(&tx, sql, values).await?;
                for (index, (case, number, enterprise, version)) in known.iter().enumerate() {
                    let sql = "INSERT INTO redemption_batch_row (batch, no, case_id, number, enterprise_name, version, state,
                                   result, done_at) VALUES ($1, $2, $3, $4, $5, $6, 'waiting', '', NULL)";
                    let values = [
                        batch.into(),
                        i64::try_from(index + 1).unwrap_or(i64::MAX).into(),
                        (*case).into(),
                        number.as_str().into(),
                        enterprise.as_str().into(),
                        (*version).into(),
                    ];
                    db::execute(&tx, sql, values).await?;
                }
                let job = NewJob::new(KIND, json!(batch)).asked_by(viewer.name());
                let job = self.jobs.enqueue(&tx, &job).await.map_err(Problem::from)?;
                let job = job.id().to_string();
                let entry = Entry::new(now, viewer, "redemption.batch", "batch", batch)
                    .after(json!({ "action": title, "cases": known.len(), "words": words }));
                audit::append(&tx, &entry).await?;
                Ok::<_, Error>(job)
            })
            .await?;
        Ok((id, job))
    }

    /// A batch that the viewer asked for, with its rows; another's is answered like one that is not there.
    pub(super) async fn own_batch(
        &self,
        viewer: &Viewer,
        id: &str,
    ) -> Result<(BatchRow, Vec<CaseRow>), Error> {
        viewer.need(HANDLE)?;
        let found = batch(self.db.conn(), id).await?;
        let account = viewer.account().map(|id| id.to_string());
        match account.as_deref() == Some(found.account.as_str()) {
            true => Ok((found, rows(self.db.conn(), id).await?)),
            false => Err(Error::missing("这次批量办理")),
        }
    }

    async fn run_batch(&self, context: &JobContext, id: &str) -> Result<Done, JobError> {
        let retry = |error: Error| JobError::Retry(error.to_string());
        let asked = batch(self.db.conn(), id).await.map_err(retry)?;
        let asker: Asker = serde_json::from_str(&asked.viewer)
            .map_err(|error| JobError::Failed(error.to_string()))?;
        let viewer = &asker.viewer();
        let all = rows(self.db.conn(), id)
            .await
            .map_err(|error| retry(error.into()))?;
        let total = u64::try_from(all.len()).unwrap_or_default();
        let mut done = 0;
        let mut failed = 0;
        for row in &all {
            context.check()?;
            let now = self.clock.now();
            if matches!(row.state.as_str(), "waiting" | "running") {
                self.mark(context, id, row.no, ("running", "")).await?;
                let result = self.one_of_batch(viewer, &asked, row).await;
                if let Err(Error::Db(error)) = result {
                    return Err(JobError::Retry(error.to_string()));
                }
                let (state, words) = match result {
                    Ok(words) => ("done", words),
                    Err(error) => ("failed", Problem::from(error).detail),
                };
                failed += u64::from(state == "failed");
                self.mark(context, id, row.no, (state, &words)).await?;
                tracing::debug!(batch = id, no = row.no, state, at = %now, "batch row");
            } else {
                failed += u64::from(row.state == "failed");
            }
            done += 1;
            context.report(done, Some(total), "正在逐件办理");
        }
        Ok(Done::done(format!(
            "办理 {} 件，{failed} 件没有办成",
            done - failed
        )))
    }

    async fn mark(
        &self,
        context: &JobContext,
        id: &str,
        no: i64,
        (state, words): (&str, &str),
    ) -> Result<(), JobError> {
        let now = self.clock.now();
        self.db
            .write(|tx| async move {
                context.hold(&tx).await?;
                set_row(&tx, id, no, state, words, now)
                    .await
                    .map_err(|error| JobError::Retry(error.to_string()))?;
                Ok(())
            })
            .await
    }

    /// One case of a batch; its result in words.
    async fn one_of_batch(
        &self,
        viewer: &Viewer,
        asked: &BatchRow,
        row: &CaseRow,
    ) -> Result<String, Error> {
        let view = self.handled(viewer, &row.case_id).await?;
        if row.state == "running" && view.loaded.head.version != row.version {
            // the server stopped between the step and its result
            let ours = view.loaded.events.last().is_some_and(|event| {
                let account = event.by.account().map(|id| id.to_string());
                parse_instant(&asked.asked_at).is_some_and(|at| event.at >= at)
                    && account.as_deref() == Some(&asked.account)
            });
            if ours {
                return Ok(format!("已办理，现在是“{}”", view.loaded.case.words()));
            }
        }
        view.loaded.expect_version(row.version)?;
        let case = &view.record.case_id;
        match asked.action.as_str() {
            "grant" => {
                self.is_ready(&view).await?;
                self.grant(viewer, case, row.version, None, &asked.words)
                    .await?;
            }
            "refuse" => self.refuse(viewer, case, row.version, &asked.words).await?,
            "take" => {
                let handler = Person {
                    account: viewer.account().unwrap_or_default(),
                    name: viewer.name().to_owned(),
                };
                self.act(
                    viewer,
                    &view,
                    Command::Assign { handler },
                    "redemption.take",
                )
                .await?;
            }
            _ => {
                if self.is_last_approval(&view) {
                    return Err(Error::Refused(
                        "这是最后的审批环节，要核定或者不予兑付".to_owned(),
                    ));
                }
                self.is_ready(&view).await?;
                let command = Command::Advance {
                    to: None,
                    note: asked.words.clone(),
                };
                self.act(viewer, &view, command, "redemption.advance")
                    .await?;
            }
        }
        let after = self.case_of(case).await?;
        Ok(format!("已办理，现在是“{}”", after.loaded.case.words()))
    }
}

/// Registers the job.
pub(crate) fn background(redemption: &Arc<Redemption>, jobs: &Jobs) {
    let room = Arc::downgrade(redemption);
    jobs.register(Kind::new(
        KIND,
        "批量办理兑付",
        move |context: JobContext, id: String| {
            let room = room.upgrade();
            async move {
                let room = room.ok_or(JobError::Cancelled)?;
                room.run_batch(&context, &id).await
            }
        },
    ));
}

/// 批量办理
pub(super) async fn submit(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    fields: Fields,
) -> Answer {
    let cases: Vec<(String, i64)> = fields
        .all("case")
        .filter_map(|value| {
            let (id, version) = value.split_once(':')?;
            Some((id.to_owned(), version.parse().ok()?))
        })
        .collect();
    let asked = app
        .ask_batch(
            &frame.viewer,
            fields.get("action"),
            fields.get("words"),
            &cases,
        )
        .await;
    let (batch, _) = asked.map_err(Problem::from)?;
    Ok(to(&format!("{BATCHES}/{batch}")))
}

#[derive(Template)]
#[template(path = "redemption/desk/batch.html")]
struct BatchPage {
    page: Page,
    rows: Vec<(CaseRow, &'static str, &'static str)>,
    words: String,
    done: usize,
    total: usize,
    failed: usize,
}

/// 批量办理的结果
pub(super) async fn show(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path(id): Path<String>,
) -> Answer {
    let (found, all) = app.own_batch(&frame.viewer, &id).await?;
    let title = ACTIONS
        .iter()
        .find(|(slug, _)| *slug == found.action)
        .map_or("批量办理", |(_, title)| title);
    let over = |state: &str| matches!(state, "done" | "failed");
    let asked_at = parse_instant(&found.asked_at)
        .map(datetime_zh)
        .unwrap_or_default();
    Ok(Html(BatchPage {
        page: frame
            .page(format!("批量办理：{title}"))
            .lead(format!("{} {asked_at}", found.asked_by))
            .active(DESK)
            .crumb("兑付办件", DESK)
            .office(),
        done: all.iter().filter(|row| over(&row.state)).count(),
        failed: all.iter().filter(|row| row.state == "failed").count(),
        total: all.len(),
        words: found.words,
        rows: all
            .into_iter()
            .map(|row| {
                let (word, tone) = match row.state.as_str() {
                    "done" => ("已办", "green"),
                    "failed" => ("没有办成", "red"),
                    "running" => ("正在办", "blue"),
                    _ => ("等待", "grey"),
                };
                (row, word, tone)
            })
            .collect(),
    })
    .into_response())
}
