//! 诉求数据 and 月报.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use axum::routing::get;
use serde::Deserialize;
use zhida_platform::cases::Scope;
use zhida_platform::export::{Chosen, csv_response, xlsx_response};
use zhida_platform::format::{count, date_zh, datetime_zh};
use zhida_platform::rate::Rounding;
use zhida_platform::vocabulary::known;
use zhida_ui::chart::{Caption, Chart, Datum, bars};
use zhida_ui::{Choice, Exports, FormErrors, Frame, Html, Page, Tab, Tone, places};

use super::counted::Counted;
use super::export::headings;
use super::figures::{Dimension, Figures, Group};
use super::measure::Measure;
use super::period::Month;
use super::report::{Days, ReportFile};
use crate::desk::setup::NO_CITY;
use crate::pages::{Answer, attachment};
use crate::query::AppealQuery;
use crate::rights::NUMBERS as MAY;
use crate::service::Appeals;
use crate::words::{Alert, Channel};

/// 诉求数据.
pub(crate) const NUMBERS: &str = "/appeals/numbers";
const REPORT: &str = "/appeals/report";
/// The list behind every figure.
const LIST: &str = "/appeals";
/// Groups of a page at most; the export has all.
const GROUPS_SHOWN: usize = 50;
/// Bars of a chart at most.
const BARS: usize = 12;

type App = State<Arc<Appeals>>;

pub(super) fn routes(app: Arc<Appeals>) -> Router {
    Router::new()
        .route("/appeals/numbers", get(numbers))
        .route("/appeals/numbers/export.csv", get(csv))
        .route("/appeals/numbers/export.xlsx", get(xlsx))
        .route("/appeals/report", get(report))
        .route("/appeals/report/export.csv", get(report_csv))
        .route("/appeals/report/export.xlsx", get(report_xlsx))
        .route("/appeals/report/report.pdf", get(report_pdf))
        .route("/appeals/report/report.docx", get(report_docx))
        .with_state(app)
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    #[serde(deserialize_with = "known")]
    by: Option<Dimension>,
    #[serde(deserialize_with = "known")]
    rounding: Option<Rounding>,
    month: String,
}

impl Asked {
    fn rounding(&self) -> Rounding {
        self.rounding.unwrap_or_default()
    }

    fn by(&self) -> Dimension {
        self.by.unwrap_or(Dimension::Channel)
    }
}

/// The list of what a figure counts.
pub(crate) fn list_address(query: &AppealQuery, counted: Counted) -> String {
    let query = AppealQuery {
        counted: Some(counted).filter(|one| *one != Counted::Received),
        ..query.clone()
    };
    query.address(LIST, &[])
}

/// The query of one group; `None` where no query of a list says just that.
fn of_group(query: &AppealQuery, by: Dimension, group: &Group) -> Option<AppealQuery> {
    let mut query = query.clone();
    let key = group.key.clone();
    match by {
        Dimension::Channel => query.channel = Some(Channel::parse(&key)?),
        Dimension::Category if !key.is_empty() => query.category = key,
        Dimension::Department if key.is_empty() => query.standing = Some(Alert::Unassigned),
        Dimension::Department => query.department = key,
        // a city's own code would list its counties, too
        Dimension::Place if !key.is_empty() && !key.ends_with("00") => query.place = key,
        Dimension::Enterprise if !key.is_empty() => query.enterprise = key,
        Dimension::Week => {
            let monday: chrono::NaiveDate = key.parse().ok()?;
            let sunday = monday.checked_add_days(chrono::Days::new(6))?;
            query.from = Some(query.from.map_or(monday, |from| from.max(monday)));
            query.to = Some(query.to.map_or(sunday, |to| to.min(sunday)));
        }
        Dimension::Category | Dimension::Place | Dimension::Enterprise => return None,
    }
    Some(query)
}

/// A figure as it is shown: value, and the list behind it.
struct Linked {
    value: String,
    href: String,
}

fn linked(figures: &Figures, counted: Counted, query: Option<&AppealQuery>) -> Linked {
    Linked {
        value: count(figures.get(counted)),
        href: query
            .map(|query| list_address(query, counted))
            .unwrap_or_default(),
    }
}

/// A rate with its definition, numerator and denominator.
struct RateShown {
    word: &'static str,
    percent: String,
    of: Linked,
    all: Linked,
    definition: &'static str,
    before: String,
}

fn rate(
    measure: Measure,
    figures: &Figures,
    query: &AppealQuery,
    rounding: Rounding,
    before: Option<&Figures>,
) -> RateShown {
    let (of, all) = measure.parts();
    RateShown {
        word: measure.word(),
        percent: figures.rate(measure).percent(rounding),
        of: linked(figures, of, Some(query)),
        all: linked(figures, all, Some(query)),
        definition: measure.definition(),
        before: before
            .map(|before| before.rate(measure).percent(rounding))
            .unwrap_or_default(),
    }
}

/// Counts that stand beside the rates.
const COUNTS: [(Counted, &str); 8] = [
    (Counted::Received, "条件之内登记的全部"),
    (Counted::Closed, "办到底的，不论诉求人怎么说"),
    (Counted::Open, "还没有办结"),
    (Counted::OverdueOpen, "已过期限，或有环节已经超期"),
    (Counted::Second, "不满意之后再次交办"),
    (Counted::Reopened, "办结之后重新办理"),
    (Counted::Wordless, "满意率不算这些"),
    (Counted::Unconfirmed, "没有人确认，算没有解决"),
];

struct CountShown {
    word: &'static str,
    note: &'static str,
    figure: Linked,
}

fn counts(figures: &Figures, query: &AppealQuery) -> Vec<CountShown> {
    let shown = COUNTS.map(|(counted, note)| CountShown {
        word: counted.word(),
        note,
        figure: linked(figures, counted, Some(query)),
    });
    shown.into()
}

/// A group's line of a table.
struct Line {
    name: String,
    received: Linked,
    closed: Linked,
    overdue: Linked,
    /// What it is called, per cent and fraction.
    rates: Vec<(&'static str, String, String)>,
}

/// Rates of a group's line.
const OF_LINE: [Measure; 4] = [
    Measure::Response,
    Measure::OnTime,
    Measure::Resolution,
    Measure::Satisfaction,
];

/// A group as it is called; a week by its Monday.
fn group_name(by: Dimension, group: &Group) -> String {
    match (by, group.key.parse()) {
        (Dimension::Week, Ok(monday)) => format!("{} 起", date_zh(monday)),
        _ => group.name.clone(),
    }
}

fn line(query: &AppealQuery, by: Dimension, group: &Group, rounding: Rounding) -> Line {
    let own = of_group(query, by, group);
    let figure = |counted| linked(&group.figures, counted, own.as_ref());
    let rate = |measure: Measure| {
        let rate = group.figures.rate(measure);
        (measure.word(), rate.percent(rounding), rate.fraction())
    };
    Line {
        name: group_name(by, group),
        received: figure(Counted::Received),
        closed: figure(Counted::Closed),
        overdue: figure(Counted::OverdueOpen),
        rates: OF_LINE.map(rate).into(),
    }
}

fn chart(query: &AppealQuery, by: Dimension, groups: &[Group]) -> Option<Chart> {
    // weeks are a course of time: the last ones; others are the largest
    let from = match by {
        Dimension::Week => groups.len().saturating_sub(BARS),
        _ => 0,
    };
    let shown = groups.iter().skip(from).take(BARS);
    let data: Vec<Datum> = shown
        .map(|group| {
            let datum = Datum::new(group_name(by, group), group.figures.get(Counted::Received));
            match of_group(query, by, group) {
                Some(own) => datum.href(list_address(&own, Counted::Received)),
                None => datum,
            }
        })
        .collect();
    let told = match (groups.len() > BARS, by) {
        (false, _) => format!("共 {} 组。", groups.len()),
        (true, Dimension::Week) => format!("最近 {BARS} 周。"),
        (true, _) => format!("最多的 {BARS} 组，共 {} 组。", groups.len()),
    };
    let caption = Caption::new(
        format!("登记的诉求，按{}", by.word()),
        told,
        by.word(),
        "登记（件）",
    );
    (!data.is_empty()).then(|| bars(&caption, &data))
}

fn roundings(current: Rounding) -> Vec<Choice> {
    let label = |one: Rounding| match one {
        Rounding::Nearest => one.word(),
        Rounding::Down => "截尾（不进位）",
    };
    let all = Rounding::ALL.iter();
    all.map(|one| Choice::new(one.slug(), label(*one), current.slug()))
        .collect()
}

#[derive(Template)]
#[template(path = "appeals/numbers/numbers.html")]
struct NumbersPage {
    page: Page,
    tabs: Vec<Tab>,
    query: AppealQuery,
    from: String,
    to: String,
    channels: Vec<Choice>,
    places: Vec<Choice>,
    roundings: Vec<Choice>,
    rounding: &'static str,
    by: Dimension,
    rates: Vec<RateShown>,
    counts: Vec<CountShown>,
    chart: Option<Chart>,
    lines: Vec<Line>,
    exports: Exports,
}

/// The query of the page: all appeals of this month unless somebody says otherwise.
fn asked_for(app: &Appeals, mut query: AppealQuery) -> AppealQuery {
    query.state = query.state.or(Some(Scope::All));
    if query.from.is_none() && query.to.is_none() {
        query.from = Some(Month::of(app.clock.today()).first());
        query.to = Some(app.clock.today());
    }
    query
}

/// 诉求数据
async fn numbers(
    State(app): App,
    frame: Frame,
    Query(asked): Query<Asked>,
    Query(query): Query<AppealQuery>,
) -> Answer {
    let viewer = &frame.viewer;
    viewer.need(MAY)?;
    let query = asked_for(&app, query);
    let (by, rounding) = (asked.by(), asked.rounding());
    let (figures, groups) = app.figures_by(viewer, &query, by).await?;
    let kept = asked.rounding.map_or("", Rounding::slug);
    let more = |by: Dimension| [("by", by.slug()), ("rounding", kept)];
    let tab = |one: &Dimension| {
        let href = query.address(NUMBERS, &more(*one));
        Tab::new(format!("按{}", one.word()), href, *one == by)
    };
    let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let mut shown = frame
        .page("诉求数据")
        .lead("每个数都能点开，看到它数的是哪些诉求；每个比率都写明分子、分母和口径。")
        .active(NUMBERS)
        .office();
    let city = app.rules().await?.rules.place;
    if city.is_empty() {
        shown = shown.notice(Tone::Warning, NO_CITY);
    }
    let summary = match groups.len() > GROUPS_SHOWN {
        true => format!(
            "只列前 {GROUPS_SHOWN} 组，共 {} 组；导出有全部。",
            groups.len()
        ),
        false => String::new(),
    };
    let csv = query.address("/appeals/numbers/export.csv", &more(by));
    let exports = frame
        .exports("appeals.numbers", &csv, &headings(by.word()), &summary)
        .await?;
    Ok(Html(NumbersPage {
        page: shown,
        tabs: Dimension::ALL.iter().map(tab).collect(),
        from: day(query.from),
        to: day(query.to),
        channels: Choice::words(query.channel, "全部"),
        places: places::choices("全部", &places::roots(viewer, MAY, &city), &query.place),
        roundings: roundings(rounding),
        rounding: rounding.word(),
        by,
        rates: Measure::ALL
            .iter()
            .map(|one| rate(*one, &figures, &query, rounding, None))
            .collect(),
        counts: counts(&figures, &query),
        chart: chart(&query, by, &groups),
        lines: groups
            .iter()
            .take(GROUPS_SHOWN)
            .map(|group| line(&query, by, group, rounding))
            .collect(),
        exports,
        query,
    })
    .into_response())
}

/// 诉求数据的 CSV
async fn csv(
    State(app): App,
    frame: Frame,
    Query(asked): Query<Asked>,
    Query(query): Query<AppealQuery>,
    chosen: Chosen,
) -> Answer {
    let query = asked_for(&app, query);
    let (by, rounding) = (asked.by(), asked.rounding());
    let table = app.figures_table(&frame.viewer, &query, by, rounding, &chosen);
    Ok(csv_response(table.await?))
}

/// 诉求数据的 XLSX
async fn xlsx(
    State(app): App,
    frame: Frame,
    Query(asked): Query<Asked>,
    Query(query): Query<AppealQuery>,
    chosen: Chosen,
) -> Answer {
    let query = asked_for(&app, query);
    let (by, rounding) = (asked.by(), asked.rounding());
    let table = app.figures_table(&frame.viewer, &query, by, rounding, &chosen);
    Ok(xlsx_response(table.await?).await?)
}

#[derive(Template)]
#[template(path = "appeals/numbers/report.html")]
struct ReportPage {
    page: Page,
    errors: FormErrors,
    month: String,
    months: (String, String),
    roundings: Vec<Choice>,
    rounding: &'static str,
    rates: Vec<RateShown>,
    counts: Vec<CountShown>,
    days: Option<Days>,
    parts_of_report: Vec<Part>,
    files: String,
}

struct Part {
    word: &'static str,
    lines: Vec<Line>,
    all: String,
}

/// The month that is asked for; the one before this without a question.
fn month_of(app: &Appeals, asked: &Asked) -> Result<Month, String> {
    match asked.month.as_str() {
        "" => Ok(Month::of(app.clock.today()).before()),
        text => text.parse(),
    }
}

/// Rows of a part of the report's page.
const LINES_OF_PART: usize = 10;

/// 诉求月报
async fn report(State(app): App, frame: Frame, Query(asked): Query<Asked>) -> Answer {
    let viewer = &frame.viewer;
    viewer.need(MAY)?;
    let mut errors = FormErrors::none();
    let month = month_of(&app, &asked).unwrap_or_else(|why| {
        errors.add("month", why);
        Month::of(app.clock.today()).before()
    });
    let rounding = asked.rounding();
    let report = app.report(viewer, month).await?;
    let query = AppealQuery {
        from: Some(month.first()),
        to: Some(month.last()),
        ..AppealQuery::all()
    };
    let (whole, before) = (&report.whole.figures, &report.before.figures);
    let part = |by: &Dimension| {
        let groups = report.groups.get(by.slug()).map_or(&[][..], Vec::as_slice);
        Part {
            word: by.word(),
            lines: groups
                .iter()
                .take(LINES_OF_PART)
                .map(|group| line(&query, *by, group, rounding))
                .collect(),
            all: match groups.len() > LINES_OF_PART {
                true => query.address(NUMBERS, &[("by", by.slug())]),
                false => String::new(),
            },
        }
    };
    let status = match errors.is_empty() {
        true => axum::http::StatusCode::OK,
        false => axum::http::StatusCode::BAD_REQUEST,
    };
    let slug = |month: Month| format!("{REPORT}?month={}", month.slug());
    let page = ReportPage {
        page: frame
            .page(format!("{}诉求办理月报", month.words()))
            .lead(format!(
                "当月登记的诉求，办理情况截至 {}。",
                datetime_zh(report.as_of)
            ))
            .active(NUMBERS)
            .crumb("诉求数据", NUMBERS)
            .office(),
        errors,
        month: month.slug(),
        months: (month.before().words(), slug(month.before())),
        roundings: roundings(rounding),
        rounding: rounding.word(),
        rates: Measure::ALL
            .iter()
            .map(|one| rate(*one, whole, &query, rounding, Some(before)))
            .collect(),
        counts: counts(whole, &query),
        days: report.days,
        parts_of_report: Dimension::ALL.iter().map(part).collect(),
        files: format!("month={}&rounding={}", month.slug(), rounding.slug()),
    };
    Ok((status, Html(page)).into_response())
}

fn month_or_problem(
    app: &Appeals,
    asked: &Asked,
) -> Result<Month, zhida_platform::problem::Problem> {
    month_of(app, asked)
        .map_err(|why| zhida_platform::problem::Problem::bad_input(why.clone()).field("month", why))
}

/// 月报的 CSV
async fn report_csv(State(app): App, frame: Frame, Query(asked): Query<Asked>) -> Answer {
    let month = month_or_problem(&app, &asked)?;
    let table = app
        .report_table(&frame.viewer, month, asked.rounding())
        .await?;
    Ok(csv_response(table))
}

/// 月报的 XLSX
async fn report_xlsx(State(app): App, frame: Frame, Query(asked): Query<Asked>) -> Answer {
    let month = month_or_problem(&app, &asked)?;
    let table = app
        .report_table(&frame.viewer, month, asked.rounding())
        .await?;
    Ok(xlsx_response(table).await?)
}

/// 月报的 PDF
async fn report_pdf(State(app): App, frame: Frame, Query(asked): Query<Asked>) -> Answer {
    file(&app, &frame, &asked, ReportFile::Pdf).await
}

/// 月报的 DOCX
async fn report_docx(State(app): App, frame: Frame, Query(asked): Query<Asked>) -> Answer {
    file(&app, &frame, &asked, ReportFile::Docx).await
}

async fn file(app: &Appeals, frame: &Frame, asked: &Asked, kind: ReportFile) -> Answer {
    let month = month_or_problem(app, asked)?;
    let bytes = app
        .report_file(&frame.viewer, month, asked.rounding(), kind)
        .await?;
    let (media, extension) = match kind {
        ReportFile::Pdf => ("application/pdf", "pdf"),
        ReportFile::Docx => (
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "docx",
        ),
    };
    Ok(attachment(
        media,
        &format!("appeals-{}.{extension}", month.slug()),
        bytes,
    ))
}
