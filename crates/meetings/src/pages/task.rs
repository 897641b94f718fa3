//! 交办清单, and one task of it.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use zhida_platform::export::{Chosen, csv_response, xlsx_response};
use zhida_platform::format::{count, date_zh, datetime_zh, weekday_zh};
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_platform::rate::{Rate, Rounding};
use zhida_ui::{Choice, Exports, Fields, FormErrors, Frame, Html, Page, PageError, Pager};

use super::{After, Answer, App, MEETINGS, TASKS, address, form_errors, to};
use crate::model::{Note, Tally, Task};
use crate::query::TaskQuery;
use crate::rights::READ;
use crate::service::{May, Meetings, Step, lateness, task_columns};
use crate::words::{TaskStanding, TaskState};

const ROWS: u32 = 50;

pub(super) fn routes() -> Router<std::sync::Arc<Meetings>> {
    Router::new()
        .route("/meetings/tasks", get(list))
        .route("/meetings/tasks/export.csv", get(csv))
        .route("/meetings/tasks/export.xlsx", get(xlsx))
        .route("/meetings/tasks/{id}", get(show))
        .route("/meetings/tasks/{id}/{step}", post(step))
}

#[derive(Template)]
#[template(path = "meetings/tasks.html")]
struct TasksPage {
    page: Page,
    figures: Vec<Figure>,
    query: TaskQuery,
    states: Vec<Choice>,
    lines: Vec<Line>,
    exports: Exports,
    pager: Pager,
    reads: bool,
}

/// A figure with its definition and the list behind it.
struct Figure {
    label: &'static str,
    value: String,
    unit: &'static str,
    note: String,
    href: String,
}

struct Line {
    task: Task,
    due: String,
    late: String,
}

fn link(path: &str, query: &TaskQuery, state: Option<TaskStanding>, after: &str) -> String {
    let fields = [
        ("q", query.q.as_str()),
        ("state", state.map_or("", TaskStanding::slug)),
        ("meeting", query.meeting.as_str()),
        ("body", query.body.as_str()),
        ("after", after),
    ];
    address(path, &fields)
}

fn figures(query: &TaskQuery, tally: &Tally) -> Vec<Figure> {
    let number = |label, value: u64, state: Option<TaskStanding>, note: &str| Figure {
        label,
        value: count(value),
        unit: "件",
        note: note.to_owned(),
        href: link(TASKS, query, state, ""),
    };
    let struck = Rate::new(tally.struck, tally.all);
    let on_time = Rate::new(tally.on_time, tally.struck + tally.done + tally.overdue);
    let rate = |label, rate: Rate, state: TaskStanding, words: &str| Figure {
        label,
        value: rate.percent(Rounding::Nearest),
        unit: "",
        note: format!("{words}：{}", rate.fraction()),
        href: link(TASKS, query, Some(state), ""),
    };
    vec![
        number("交办", tally.all, None, "条件之内的全部"),
        number(
            "办理中",
            tally.open,
            Some(TaskStanding::Open),
            "责任单位还没有报送办结",
        ),
        number(
            "逾期",
            tally.overdue,
            Some(TaskStanding::Overdue),
            "期限已过，还没有报送办结",
        ),
        number(
            "待销号",
            tally.done,
            Some(TaskStanding::Done),
            "已报送办结，等主持人销号",
        ),
        rate("销号率", struck, TaskStanding::Struck, "已销号 ÷ 交办"),
        rate(
            "按期率",
            on_time,
            TaskStanding::OnTime,
            "按期报送办结 ÷（已报送或已销号 + 逾期未报）",
        ),
    ]
}

/// 交办清单
async fn list(
    State(app): App,
    frame: Frame,
    Query(query): Query<TaskQuery>,
    Query(after): Query<After>,
) -> Answer {
    let viewer = &frame.viewer;
    let request = PageRequest {
        after: after.after,
        limit: ROWS,
    }
    .checked(ROWS)?;
    let everything = TaskQuery {
        state: None,
        ..query.clone()
    };
    let tally = app.tally(viewer, &everything).await?;
    let total = app.tally(viewer, &query).await?.all;
    let found = app.tasks(viewer, &query, &request).await?;
    let (today, city) = (app.clock.today(), app.city().await?);
    let line = |task: Task| Line {
        due: weekday_zh(task.due_on),
        late: lateness(&task, today, &city),
        task,
    };
    let summary = format!("共 {} 件", count(total));
    let csv = link("/meetings/tasks/export.csv", &query, query.state, "");
    let exports = frame
        .exports("meetings.tasks", &csv, &task_columns(), &summary)
        .await?;
    let shown = frame
        .page("交办清单")
        .lead("调度会交办了谁、办什么、什么时候办完。先到期的在前。")
        .active(TASKS)
        .office();
    let next = found
        .next
        .map(|next| link(TASKS, &query, query.state, &next));
    Ok(Html(TasksPage {
        page: match viewer.may(READ) {
            true => shown.crumb("调度会", MEETINGS),
            false => shown,
        },
        figures: figures(&everything, &tally),
        states: Choice::words(query.state, "全部"),
        lines: found.items.into_iter().map(line).collect(),
        exports,
        pager: Pager {
            summary,
            first: request
                .after
                .as_ref()
                .map(|_| link(TASKS, &query, query.state, ""))
                .unwrap_or_default(),
            next: next.unwrap_or_default(),
        },
        reads: viewer.may(READ),
        query,
    })
    .into_response())
}

/// 交办清单的 CSV
async fn csv(
    State(app): App,
    frame: Frame,
    Query(query): Query<TaskQuery>,
    chosen: Chosen,
) -> Answer {
    let table = app.task_table(&frame.viewer, query, &chosen).await?;
    Ok(csv_response(table))
}

/// 交办清单的 XLSX
async fn xlsx(
    State(app): App,
    frame: Frame,
    Query(query): Query<TaskQuery>,
    chosen: Chosen,
) -> Answer {
    let table = app.task_table(&frame.viewer, query, &chosen).await?;
    Ok(xlsx_response(table).await?)
}

#[derive(Template)]
#[template(path = "meetings/task.html")]
struct TaskPage {
    page: Page,
    errors: FormErrors,
    task: Task,
    due: String,
    late: String,
    done: String,
    struck: String,
    notes: Vec<(String, Note)>,
    may: May,
    reads: bool,
    /// The appeal behind it is within reach: there is something to link to.
    sees_appeal: bool,
    words: String,
    due_on: String,
    is_open: bool,
    is_done: bool,
    is_struck: bool,
}

async fn page(
    app: &Meetings,
    frame: &Frame,
    id: &str,
    typed: (&str, &str),
    errors: FormErrors,
) -> Result<TaskPage, PageError> {
    let (task, notes) = app.task(&frame.viewer, id).await?;
    let city = app.city().await?;
    let sees_appeal = match &task.appeal {
        Some(appeal) => app
            .questions
            .question(&frame.viewer, appeal, app.clock.now())
            .await?
            .is_some(),
        None => false,
    };
    Ok(TaskPage {
        page: frame
            .page(task.matter.clone())
            .lead(format!(
                "{}（{}）第 {} 项",
                task.meeting_title,
                date_zh(task.meeting_on),
                task.position
            ))
            .active(TASKS)
            .crumb("交办清单", TASKS)
            .office(),
        errors,
        due: weekday_zh(task.due_on),
        late: lateness(&task, app.clock.today(), &city),
        done: task.done_on.map(date_zh).unwrap_or_default(),
        struck: task
            .struck_at
            .map(|at| format!("{}，{}", datetime_zh(at), task.struck_by))
            .unwrap_or_default(),
        notes: notes
            .into_iter()
            .map(|note| (datetime_zh(note.at), note))
            .collect(),
        may: app.may(&frame.viewer, &task),
        reads: frame.viewer.covers(READ, &task.access()),
        sees_appeal,
        words: typed.0.to_owned(),
        due_on: typed.1.to_owned(),
        is_open: task.state == TaskState::Open,
        is_done: task.state == TaskState::Done,
        is_struck: task.state == TaskState::Struck,
        task,
    })
}

/// 一个交办事项
async fn show(State(app): App, frame: Frame, Path(id): Path<String>) -> Answer {
    let page = page(&app, &frame, &id, ("", ""), FormErrors::none()).await?;
    Ok(Html(page).into_response())
}

/// 交办事项的一步
async fn step(
    State(app): App,
    frame: Frame,
    Path((id, step)): Path<(String, String)>,
    fields: Fields,
) -> Answer {
    let Some(step) = Step::read(&step, fields.get("due_on")) else {
        return Err(Problem::not_found(format!("操作 {step}")).into());
    };
    let version = fields.get("version").parse().unwrap_or_default();
    let words = fields.get("words");
    match app.step(&frame.viewer, &id, version, &step, words).await {
        Ok(()) => Ok(to(&format!("{TASKS}/{id}"))),
        Err(error) => {
            let errors = form_errors(error, "words")?;
            let typed = (words, fields.get("due_on"));
            let page = page(&app, &frame, &id, typed, errors).await?;
            Ok((StatusCode::BAD_REQUEST, Html(page)).into_response())
        }
    }
}
