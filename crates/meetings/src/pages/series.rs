//! 例会: rhythms and their next days.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde::Deserialize;
use zhida_platform::format::date_zh;
use zhida_ui::{Choice, Fields, FormErrors, Frame, Html, Page};

use super::list::{new_meeting, place_choices};
use super::{Answer, App, MEETINGS, SERIES, form_errors, to};
use crate::model::{NewMeeting, NewSeries, Series};
use crate::presets::{Preset, presets};
use crate::rights::MANAGE;
use crate::service::Meetings;
use crate::words::Every;

const WEEKDAYS: [&str; 7] = [
    "星期一",
    "星期二",
    "星期三",
    "星期四",
    "星期五",
    "星期六",
    "星期日",
];
const WEEKS: [&str; 6] = [
    "不适用（按周的节奏）",
    "第一个",
    "第二个",
    "第三个",
    "第四个",
    "最后一个",
];

pub(super) fn routes() -> Router<std::sync::Arc<Meetings>> {
    Router::new()
        .route("/meetings/series", get(list).post(found))
        .route("/meetings/series/{id}/switch", post(switch))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    preset: String,
}

#[derive(Template)]
#[template(path = "meetings/series.html")]
struct SeriesPage {
    page: Page,
    errors: FormErrors,
    lines: Vec<Line>,
    presets: &'static [Preset],
    new: NewMeeting,
    places: Vec<Choice>,
    task_days: String,
    starts_on: String,
    everys: Vec<Choice>,
    weekdays: Vec<Choice>,
    weeks: Vec<Choice>,
    hint: String,
    manages: bool,
}

struct Line {
    series: Series,
    words: String,
    next: String,
    why: String,
}

async fn page(
    app: &Meetings,
    frame: &Frame,
    new: NewSeries,
    hint: String,
    errors: FormErrors,
) -> Result<SeriesPage, zhida_ui::PageError> {
    let lines = app.series(&frame.viewer).await?.into_iter();
    let lines = lines.map(|(series, next)| Line {
        words: series.rhythm.words(),
        next: next
            .as_ref()
            .map(|next| date_zh(next.on))
            .unwrap_or_default(),
        why: next.map(|next| next.why).unwrap_or_default(),
        series,
    });
    let everys = Every::ALL
        .iter()
        .map(|one| Choice::new(one.slug(), one.word(), &new.every));
    let numbered = |from: usize, words: &[&str], current: &str| {
        let choices = words.iter().zip(from..);
        choices
            .map(|(word, number)| Choice::new(number.to_string(), *word, current))
            .collect()
    };
    Ok(SeriesPage {
        page: frame
            .page("例会")
            .lead("按节奏召开的会议：提前两周排好，遇放假顺延到其后第一个工作日。")
            .active(MEETINGS)
            .crumb("调度会", MEETINGS)
            .office(),
        errors,
        lines: lines.collect(),
        presets: presets(),
        everys: everys.collect(),
        weekdays: numbered(1, &WEEKDAYS, &new.weekday),
        weeks: numbered(0, &WEEKS, &new.week),
        places: place_choices(&frame.viewer, &new.meeting.place),
        task_days: new.meeting.task_days.to_string(),
        starts_on: new.starts_on,
        new: new.meeting,
        hint,
        manages: frame.viewer.may(MANAGE),
    })
}

/// 例会
async fn list(State(app): App, frame: Frame, Query(asked): Query<Asked>) -> Answer {
    let preset = presets().iter().find(|one| one.id == asked.preset);
    let new = NewSeries {
        meeting: NewMeeting {
            title: preset.map(|one| one.name.clone()).unwrap_or_default(),
            at_time: "09:30".to_owned(),
            task_days: preset.and_then(|one| one.task_days).unwrap_or(14),
            ..NewMeeting::default()
        },
        every: preset
            .map_or("fortnight", |one| one.every.slug())
            .to_owned(),
        weekday: preset.map_or(5, |one| one.weekday).to_string(),
        week: preset.map_or(0, |one| one.week).to_string(),
        starts_on: app.clock.today().to_string(),
    };
    let hint = preset.map(|one| match one.assumed.as_str() {
        "" => one.source.clone(),
        assumed => format!("{}。{assumed}，可以改。", one.source),
    });
    let page = page(
        &app,
        &frame,
        new,
        hint.unwrap_or_default(),
        FormErrors::none(),
    )
    .await?;
    Ok(Html(page).into_response())
}

/// 建立例会
async fn found(State(app): App, frame: Frame, fields: Fields) -> Answer {
    let text = |name: &str| fields.get(name).to_owned();
    let new = NewSeries {
        meeting: new_meeting(&fields),
        every: text("every"),
        weekday: text("weekday"),
        week: text("week"),
        starts_on: text("starts_on"),
    };
    match app.found_series(&frame.viewer, &new).await {
        Ok(_) => Ok(to(SERIES)),
        Err(error) => {
            let errors = form_errors(error, "title")?;
            let page = page(&app, &frame, new, String::new(), errors).await?;
            Ok((StatusCode::BAD_REQUEST, Html(page)).into_response())
        }
    }
}

/// 停开或恢复例会
async fn switch(State(app): App, frame: Frame, Path(id): Path<String>, fields: Fields) -> Answer {
    let active = fields.get("active") == "true";
    app.switch_series(&frame.viewer, &id, active).await?;
    Ok(to(SERIES))
}
