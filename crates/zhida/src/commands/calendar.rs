//! `zhida calendar`: the working days and office hours that due dates are computed with.

use anyhow::{Context, Result};
use chrono::{Datelike, NaiveDate};
use zhida_office::{CalendarChange, months, to_do, years};
use zhida_platform::access::Viewer;
use zhida_platform::clock::{Clock, SystemClock};
use zhida_platform::format::count;

use super::{Outcome, open, say};
use crate::cli::{
    CalendarChangeOptions, CalendarDays, CalendarHours, CalendarImport, CalendarShow,
};

fn viewer() -> Viewer {
    Viewer::system("命令行")
}

/// `zhida calendar show`.
pub async fn show(arguments: &CalendarShow) -> Result<Outcome> {
    let office = open(&arguments.store).await?.office;
    let city = office.calendar(&viewer()).await?;
    let today = SystemClock.today();
    let year = arguments.year.unwrap_or_else(|| today.year());
    let months = months(&city.calendar, year).with_context(|| {
        format!("没有收录 {year} 年的放假安排，请用 zhida calendar import 导入")
    })?;
    say(format!("{year} 年"))?;
    for month in months {
        let days = [month.off, month.make_up, month.local].concat();
        let days = match days.is_empty() {
            true => String::new(),
            false => format!("：{}", days.join("、")),
        };
        say(format!(
            "{:>2} 月 工作日 {:>2} 天{days}",
            month.month, month.working
        ))?;
    }
    say(format!("平时的作息时间 {}", city.calendar.hours()))?;
    for season in city.calendar.seasons() {
        let (from, until) = (season.from.words(), season.until.words());
        say(format!(
            "{}（{from}至 {until}）{}",
            season.name, season.hours
        ))?;
    }
    say("已收录的年度")?;
    for line in years(&city.calendar) {
        say(format!("{} {}", line.year, line.source))?;
    }
    for line in to_do(&city.calendar, today) {
        say(format!("请注意：{line}。"))?;
    }
    Ok(Outcome::Good)
}

/// `zhida calendar close`.
pub async fn close(arguments: &CalendarDays) -> Result<Outcome> {
    let (from, until) = days(arguments);
    change(&CalendarChange::Closed { from, until }, &arguments.options).await
}

/// `zhida calendar open`.
pub async fn open_days(arguments: &CalendarDays) -> Result<Outcome> {
    let (from, until) = days(arguments);
    change(&CalendarChange::Open { from, until }, &arguments.options).await
}

fn days(arguments: &CalendarDays) -> (NaiveDate, NaiveDate) {
    (arguments.from, arguments.until.unwrap_or(arguments.from))
}

/// `zhida calendar hours`.
pub async fn hours(arguments: &CalendarHours) -> Result<Outcome> {
    let hours = arguments.hours.clone();
    let (from, until) = (arguments.from.clone(), arguments.until.clone());
    let asked = match (&arguments.season, arguments.weekday, from.zip(until)) {
        (Some(name), _, Some((from, until))) => CalendarChange::Season {
            name: name.clone(),
            from,
            until,
            hours,
        },
        (_, Some(weekday), _) => CalendarChange::Weekday { weekday, hours },
        (_, _, Some((from, until))) => CalendarChange::Hours {
            from: date(&from)?,
            until: date(&until)?,
            hours,
        },
        _ => CalendarChange::Usual { hours },
    };
    change(&asked, &arguments.options).await
}

fn date(text: &str) -> Result<NaiveDate> {
    text.parse()
        .with_context(|| format!("“{text}”不是日期，请写成 2026-02-16"))
}

/// `zhida calendar import`.
pub async fn import(arguments: &CalendarImport) -> Result<Outcome> {
    let path = &arguments.file;
    let days = std::fs::read_to_string(path);
    let days = days.with_context(|| format!("读不了 {}（要 UTF-8 的文本）", path.display()))?;
    let asked = CalendarChange::Notice {
        year: arguments.year,
        source: arguments.source.clone(),
        days,
    };
    change(&asked, &arguments.options).await
}

async fn change(change: &CalendarChange, options: &CalendarChangeOptions) -> Result<Outcome> {
    let office = open(&options.store).await?.office;
    let (viewer, why) = (viewer(), options.why.trim());
    let version = office.calendar(&viewer).await?.version;
    let preview = office.preview_calendar(&viewer, change, why).await?;
    let effect = preview.effect;
    say(preview.words)?;
    say(format!(
        "到期日在变动首日或之后的在办办件 {} 件，试算 {} 件：{} 件的到期日会变，{} 件会算到没有收录的年份",
        count(effect.concerned),
        count(effect.computed),
        count(effect.moved),
        count(effect.refused)
    ))?;
    if options.preview {
        say("没有保存。")?;
        return Ok(Outcome::Good);
    }
    office
        .change_calendar(&viewer, change, why, version)
        .await?;
    say("已保存；服务器在一分钟内重新计算在办办件的时限。")?;
    Ok(Outcome::Good)
}
