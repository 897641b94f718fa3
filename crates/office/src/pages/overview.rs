//! 后台概况: to each administrator what is theirs.

use askama::Template;
use axum::extract::State;
use zhida_platform::access::Viewer;
use zhida_platform::audit::Query;
use zhida_platform::files::State as FileState;
use zhida_platform::format::{count, datetime_zh};
use zhida_platform::jobs::State as JobState;
use zhida_ui::{Frame, Html, Page, PageError, Tab};

use super::{AUDIT, App, CALENDAR, FILES, JOBS, OVERVIEW, STUCK, office, tabs};
use crate::actions::{
    ACCOUNT_READ, AUDIT_READ, CALENDAR as MANAGE_CALENDAR, FILE_READ, JOB_READ, OFFICE,
    ORGANISATION_READ, SEAT_GRANT,
};
use crate::calendar::{to_do, years};
use crate::error::Error;
use crate::filters::{AuditFilters, midnight};
use crate::service::{Office, counted};
use crate::words;

/// A figure and where it leads.
struct Figure {
    label: &'static str,
    value: String,
    note: String,
    href: String,
}

/// A part of the page.
struct Part {
    title: &'static str,
    figures: Vec<Figure>,
}

#[derive(Template)]
#[template(path = "office/overview.html")]
pub(crate) struct OverviewPage {
    page: Page,
    tabs: Vec<Tab>,
    parts: Vec<Part>,
    links: Vec<(&'static str, &'static str, &'static str)>,
}

/// 后台
pub(crate) async fn show(
    State(app): State<App>,
    frame: Frame,
) -> Result<Html<OverviewPage>, PageError> {
    let viewer = &frame.viewer;
    viewer.need(OFFICE)?;
    let mut parts = Vec::new();
    if viewer.may(AUDIT_READ) {
        parts.push(audit(&app, viewer).await?);
    }
    if viewer.may(JOB_READ) {
        parts.push(jobs(&app, viewer).await?);
    }
    if viewer.may(FILE_READ) {
        parts.push(files(&app, viewer).await?);
    }
    if viewer.may(MANAGE_CALENDAR) {
        parts.push(calendar(&app, viewer).await?);
    }
    let links = [
        (
            "组织机构",
            "/organisations",
            "建立、修改组织，看谁在哪里任职",
            ORGANISATION_READ,
        ),
        (
            "账号",
            "/accounts",
            "建立、停用账号，结束会话",
            ACCOUNT_READ,
        ),
        ("邀请", "/invitations", "发出、收回邀请", SEAT_GRANT),
    ];
    Ok(Html(OverviewPage {
        page: office(&frame, "后台").lead("系统、安全、审计三员各看各的，都不看业务数据。"),
        tabs: tabs(viewer, OVERVIEW),
        parts,
        links: links
            .into_iter()
            .filter(|(.., action)| viewer.may(*action))
            .map(|(label, href, words, _)| (label, href, words))
            .collect(),
    }))
}

async fn audit(app: &Office, viewer: &Viewer) -> Result<Part, Error> {
    let day = app.clock.today();
    let query = Query {
        from: Some(midnight(day)),
        ..Query::default()
    };
    let today = app.record_words(viewer, &query).await?;
    let all = app.record_words(viewer, &Query::default()).await?;
    let filters = AuditFilters {
        from: day.to_string(),
        ..AuditFilters::default()
    };
    let (state, note) = match app.chain(viewer).await?.last {
        None => ("尚未核验", "每夜核验一次，也可以立即核验".to_owned()),
        Some(last) if last.is_sound() => ("完整", format!("核验于 {}", datetime_zh(last.at))),
        Some(last) => ("有问题", format!("核验于 {}", datetime_zh(last.at))),
    };
    Ok(Part {
        title: "审计",
        figures: vec![
            Figure {
                label: "今天的记录",
                value: today,
                note: format!("共 {all}"),
                href: filters.to_address(AUDIT, None),
            },
            Figure {
                label: "审计链",
                value: state.to_owned(),
                note,
                href: super::CHAIN.to_owned(),
            },
        ],
    })
}

async fn jobs(app: &Office, viewer: &Viewer) -> Result<Part, Error> {
    let counts = app.job_counts(viewer, None).await?;
    let figures = [JobState::Running, JobState::Queued, JobState::Failed];
    let mut figures: Vec<Figure> = figures
        .map(|state| Figure {
            label: state.word(),
            value: count(counted(&counts, state)),
            note: match state {
                JobState::Failed => "30 天之内".to_owned(),
                _ => String::new(),
            },
            href: format!("{JOBS}?state={}", state.slug()),
        })
        .into();
    figures.push(Figure {
        label: "受阻的办件",
        value: count(app.stuck_count(viewer).await?),
        note: String::new(),
        href: STUCK.to_owned(),
    });
    Ok(Part {
        title: "任务",
        figures,
    })
}

async fn calendar(app: &Office, viewer: &Viewer) -> Result<Part, Error> {
    let calendar = app.calendar(viewer).await?.calendar;
    let last = years(&calendar).pop();
    let to_do = to_do(&calendar, app.clock.today());
    Ok(Part {
        title: "工作日历",
        figures: vec![Figure {
            label: "放假安排收录到",
            value: last.map_or_else(String::new, |last| format!("{} 年", last.year)),
            note: match to_do.len() {
                0 => String::new(),
                number => format!("{number} 件事要处理"),
            },
            href: CALENDAR.to_owned(),
        }],
    })
}

async fn files(app: &Office, viewer: &Viewer) -> Result<Part, Error> {
    let stored = app.stored(viewer).await?;
    let all: i64 = stored.tally.iter().map(|one| one.contents).sum();
    let bytes: i64 = stored.tally.iter().map(|one| one.bytes).sum();
    let of = |wanted: fn(FileState) -> bool| -> i64 {
        let tally = stored.tally.iter().filter(|one| wanted(one.state));
        tally.map(|one| one.contents).sum()
    };
    let figure = |label, number: i64, note: &str, href: String| Figure {
        label,
        value: count(number.unsigned_abs()),
        note: note.to_owned(),
        href,
    };
    let scanner = match stored.scans {
        true => "",
        false => "没有配置查毒程序",
    };
    let damaged = of(|state| state == FileState::Damaged);
    Ok(Part {
        title: "文件",
        figures: vec![
            figure("存放的内容", all, &words::bytes(bytes), FILES.to_owned()),
            figure(
                FileState::Pending.word(),
                of(|state| state == FileState::Pending),
                scanner,
                format!("{FILES}?state={}", FileState::Pending.slug()),
            ),
            figure(
                FileState::Unscannable.word(),
                of(|state| state == FileState::Unscannable),
                "",
                format!("{FILES}?state={}", FileState::Unscannable.slug()),
            ),
            figure(
                "已损坏",
                damaged,
                if damaged > 0 {
                    "请从备份恢复"
                } else {
                    ""
                },
                format!("{FILES}?state={}", FileState::Damaged.slug()),
            ),
        ],
    })
}
