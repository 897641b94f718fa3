//! 定时任务: when what runs by itself, switched on and off, run now.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use serde::Deserialize;
use zhida_platform::format::datetime_zh;
use zhida_platform::jobs::Plan;
use zhida_ui::{Frame, Html, Page, Tab};

use super::{Answer, App, JOBS, OVERVIEW, SCHEDULES, office, tabs, to};
use crate::actions::JOB_MANAGE;

struct Line {
    name: String,
    title: String,
    when: String,
    enabled: bool,
    next: String,
    last: String,
    /// The job of then; empty when there was none.
    job: String,
}

impl Line {
    fn new(plan: Plan) -> Self {
        let days = if plan.workdays_only {
            "（工作日）"
        } else {
            ""
        };
        Self {
            when: format!("{}{days}", plan.cadence.words()),
            enabled: plan.enabled,
            next: match plan.enabled {
                true => datetime_zh(plan.next_at),
                false => String::new(),
            },
            last: plan.last_at.map(datetime_zh).unwrap_or_default(),
            job: plan
                .last_job
                .map(|id| format!("{JOBS}/{id}"))
                .unwrap_or_default(),
            name: plan.name,
            title: plan.title,
        }
    }
}

#[derive(Template)]
#[template(path = "office/schedules.html")]
struct SchedulesPage {
    page: Page,
    tabs: Vec<Tab>,
    lines: Vec<Line>,
    manages: bool,
}

/// 定时任务
pub(crate) async fn list(State(app): State<App>, frame: Frame) -> Answer {
    let viewer = &frame.viewer;
    let plans = app.plans(viewer).await?;
    let page = office(&frame, "定时任务")
        .lead("到时间自动排队，有几台服务器也只做一次。停机期间错过的，启动后补做一次。")
        .crumb("后台", OVERVIEW);
    let mut lines = Vec::new();
    for plan in plans {
        // it may have been swept, or have left no trace
        let there = match plan.last_job {
            Some(id) => app
                .jobs
                .find(id)
                .await
                .map_err(crate::Error::from)?
                .is_some(),
            None => false,
        };
        let mut line = Line::new(plan);
        if !there {
            line.job.clear();
        }
        lines.push(line);
    }
    Ok(Html(SchedulesPage {
        page,
        tabs: tabs(viewer, SCHEDULES),
        lines,
        manages: viewer.may(JOB_MANAGE),
    })
    .into_response())
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Switch {
    on: String,
}

/// 启用、停用
pub(crate) async fn switch(
    State(app): State<App>,
    frame: Frame,
    Path(name): Path<String>,
    Form(switch): Form<Switch>,
) -> Answer {
    app.switch_plan(&frame.viewer, &name, switch.on == "1")
        .await?;
    Ok(to(SCHEDULES))
}

/// 现在运行
pub(crate) async fn run(State(app): State<App>, frame: Frame, Path(name): Path<String>) -> Answer {
    let job = app.run_plan(&frame.viewer, &name).await?;
    Ok(to(&format!("{JOBS}/{job}")))
}
