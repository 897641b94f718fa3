//! 工作日历: what is known, the year, and the forms that change it, each over a page that says what it would do.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use chrono::{Datelike, NaiveDate};
use serde::Deserialize;
use zhida_casework::Calendar;
use zhida_platform::cases::calendar::CityCalendar;
use zhida_platform::format::{count, datetime_zh};
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, Fields, FormErrors, Frame, Html, Page, Tab};

use super::{Answer, App, CALENDAR, OVERVIEW, office, tabs, to};
use crate::actions::CALENDAR as MANAGE;
use crate::calendar::{
    CalendarChange, MonthView, Preview, YearLine, months, to_do, weekday_name, years,
};
use crate::error::Error;

struct HoursLine {
    when: String,
    hours: String,
}

#[derive(Template)]
#[template(path = "office/calendar.html")]
struct CalendarPage {
    page: Page,
    tabs: Vec<Tab>,
    to_do: Vec<String>,
    /// Why and when it was changed last; empty as shipped.
    last: String,
    years: Vec<YearLine>,
    year: i32,
    heading: String,
    months: Vec<MonthView>,
    hours: Vec<HoursLine>,
    manages: bool,
    errors: FormErrors,
    fields: Fields,
    days: Vec<Choice>,
    weekdays: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "office/calendar_preview.html")]
struct PreviewPage {
    page: Page,
    words: String,
    why: String,
    effect: Vec<String>,
    change: String,
    version: i64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    year: String,
}

/// 工作日历
pub(crate) async fn show(
    State(app): State<App>,
    frame: Frame,
    Query(asked): Query<Asked>,
) -> Answer {
    let city = app.calendar(&frame.viewer).await?;
    let year = asked
        .year
        .parse()
        .unwrap_or_else(|_| app.clock.today().year());
    let page = page_of(&frame, &city, (app.clock.today(), year), Fields::default());
    Ok(Html(page).into_response())
}

fn page_of(
    frame: &Frame,
    city: &CityCalendar,
    (today, year): (NaiveDate, i32),
    fields: Fields,
) -> CalendarPage {
    let calendar = &city.calendar;
    let known = months(calendar, year);
    let year = if known.is_some() { year } else { today.year() };
    let changed = city.changed_at.map(datetime_zh);
    let day_kinds = [
        ("closed", "停止办公"),
        ("open", "照常上班"),
        ("hours", "另定作息时间"),
        ("undo", "取消这几天的本地变动"),
    ];
    let kind = match fields.get("day-kind") {
        "" => "closed",
        kind => kind,
    };
    let weekday = fields.get("weekday");
    CalendarPage {
        page: office(frame, "工作日历")
            .lead("办件的时限按这份日历计算。改动后，所有没有办结的办件在一分钟内重新计算，并写进各自的办理记录；已办结的不变。")
            .crumb("后台", OVERVIEW),
        tabs: tabs(&frame.viewer, CALENDAR),
        to_do: to_do(calendar, today),
        last: changed.map_or_else(String::new, |at| format!("{at}，{}", city.why)),
        years: years(calendar),
        months: known.or_else(|| months(calendar, year)).unwrap_or_default(),
        heading: format!("{year} 年的工作日和放假"),
        year,
        hours: hours(calendar),
        manages: frame.viewer.may(MANAGE),
        errors: FormErrors::none(),
        days: day_kinds
            .map(|(slug, label)| Choice::new(slug, label, kind))
            .into(),
        weekdays: (1..=5)
            .map(|number: u32| Choice::new(number.to_string(), weekday_name(number), weekday))
            .collect(),
        fields,
    }
}

fn hours(calendar: &Calendar) -> Vec<HoursLine> {
    let line = |when: String, hours: String| HoursLine { when, hours };
    let mut lines = vec![line("平时".to_owned(), calendar.hours().to_string())];
    for season in calendar.seasons() {
        let (from, until) = (season.from.words(), season.until.words());
        let when = format!("{}（每年 {from}至 {until}）", season.name);
        lines.push(line(when, season.hours.to_string()));
    }
    for (weekday, hours) in calendar.weekly() {
        let when = format!("每{}（先于季节）", weekday_name(*weekday));
        lines.push(line(when, hours.to_string()));
    }
    lines
}

/// 试算一项变更
pub(crate) async fn preview(State(app): State<App>, frame: Frame, fields: Fields) -> Answer {
    let viewer = &frame.viewer;
    let why = fields.get("why").to_owned();
    let tried = match read(&fields) {
        Ok(change) => match app.preview_calendar(viewer, &change, &why).await {
            Ok(preview) => Ok((change, preview)),
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    };
    let city = app.calendar(viewer).await?;
    match tried {
        Ok((change, preview)) => {
            let change = serde_json::to_string(&change).map_err(Problem::internal)?;
            let page = preview_page(&frame, preview, why, change, city.version);
            Ok(Html(page).into_response())
        }
        Err(error @ Error::Field { .. }) => {
            let today = app.clock.today();
            let mut page = page_of(&frame, &city, (today, today.year()), fields);
            page.errors = Problem::from(error).fields.into();
            Ok((StatusCode::BAD_REQUEST, Html(page)).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

fn preview_page(
    frame: &Frame,
    preview: Preview,
    why: String,
    change: String,
    version: i64,
) -> PreviewPage {
    let effect = preview.effect;
    let mut words = Vec::new();
    match effect.concerned {
        0 => words.push("没有办件的到期日会受影响。".to_owned()),
        _ => words.push(format!(
            "到期日在变动首日或之后的在办办件 {} 件，试算 {} 件：{} 件的到期日会变。",
            count(effect.concerned),
            count(effect.computed),
            count(effect.moved)
        )),
    }
    if effect.refused > 0 {
        words.push(format!(
            "{} 件会算到没有放假安排的年份，不能重新计算，将列为受阻办件。",
            count(effect.refused)
        ));
    }
    if effect.computed < effect.concerned {
        words.push("办件太多，只试算了一部分；保存后会全部重新计算。".to_owned());
    }
    PreviewPage {
        page: office(frame, "核对工作日历的变更").crumb("工作日历", CALENDAR),
        words: preview.words,
        why,
        effect: words,
        change,
        version,
    }
}

/// The change that one of the page's forms describes.
fn read(fields: &Fields) -> Result<CalendarChange, Error> {
    let text = |name: &str| fields.get(name).to_owned();
    Ok(match fields.get("form") {
        "day" => day_change(fields)?,
        "usual" => CalendarChange::Usual {
            hours: text("usual"),
        },
        "weekday" => CalendarChange::Weekday {
            weekday: fields.get("weekday").parse().unwrap_or_default(),
            hours: text("weekday-hours"),
        },
        "season" => CalendarChange::Season {
            name: text("season"),
            from: text("season-from"),
            until: text("season-until"),
            hours: text("season-hours"),
        },
        "notice" => CalendarChange::Notice {
            year: fields
                .get("year")
                .parse()
                .map_err(|_| Error::field("year", "请填写年份，如 2027"))?,
            source: text("source"),
            days: text("days"),
        },
        _ => return Err(Problem::bad_input("没有这种变更，请从工作日历页面提交").into()),
    })
}

fn day_change(fields: &Fields) -> Result<CalendarChange, Error> {
    let date = |name: &'static str| {
        let read: Result<NaiveDate, _> = fields.get(name).parse();
        read.map_err(|_| Error::field(name, "请填写日期，如 2026-11-26"))
    };
    let from = date("from")?;
    let until = match fields.get("until") {
        "" => from,
        _ => date("until")?,
    };
    Ok(match fields.get("day-kind") {
        "open" => CalendarChange::Open { from, until },
        "hours" => CalendarChange::Hours {
            from,
            until,
            hours: fields.get("hours").to_owned(),
        },
        "undo" => CalendarChange::Undo { from, until },
        _ => CalendarChange::Closed { from, until },
    })
}

/// 保存一项变更
pub(crate) async fn save(State(app): State<App>, frame: Frame, fields: Fields) -> Answer {
    let change: CalendarChange = serde_json::from_str(fields.get("change"))
        .map_err(|_| Problem::bad_input("变更的内容不完整，请从工作日历页面重新填写"))?;
    let version = fields.get("version").parse().unwrap_or(-1);
    app.change_calendar(&frame.viewer, &change, fields.get("why"), version)
        .await?;
    Ok(to(CALENDAR))
}
