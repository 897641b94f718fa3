//! Figures and the monthly report: use cases, and the report as a letter.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use futures::TryStreamExt as _;
use serde::Serialize;
use utoipa::ToSchema;
use zhida_casework::statistics;
use zhida_letters::{Block, Column, Letter, Table};
use zhida_platform::access::Viewer;
use zhida_platform::cases::calendar;
use zhida_platform::format::{count, date_zh};
use zhida_platform::rate::Rounding;
use zhida_standards::division;

use super::counted::Counted;
use super::figures::{Dimension, Figures, Group, rest};
use super::measure::Measure;
use super::period::{Month, monday, week_of};
use super::store;
use crate::error::Error;
use crate::query::AppealQuery;
use crate::rights::NUMBERS;
use crate::service::Appeals;
use crate::words::Channel;

/// Closed appeals whose handling time is looked at, at most; the newest.
const TYPICAL_OF: i64 = 500;
/// Groups of a report's table at most; the others are summed in one line.
const GROUPS_OF_REPORT: usize = 20;
/// What groups have that have no key.
const NAMELESS: &str = "（未定）";

/// 办理用时，按工作日。
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AppealDays)]
pub struct Days {
    /// 中位数。
    pub median: u32,
    /// 九成不超过。
    pub p90: u32,
    /// 按多少件算的。
    pub of: usize,
}

/// 一个月的诉求月报。
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AppealReport)]
pub struct Report {
    /// 月份，例如 2026-10。
    pub month: String,
    /// 第一天。
    pub from: NaiveDate,
    /// 最后一天。
    pub to: NaiveDate,
    /// 数据截至什么时候。
    pub as_of: DateTime<Utc>,
    /// 当月。
    pub whole: Group,
    /// 上一个月，供比较。
    pub before: Group,
    /// 办理用时；还没有办结的没有。
    pub days: Option<Days>,
    /// 分组，键是维度的标识；一个维度最多列 1000 组，登记多的在前（周按先后）。
    pub groups: BTreeMap<&'static str, Vec<Group>>,
    /// 没有列出的各组合计，键是维度的标识；都列出的没有。
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rest: BTreeMap<&'static str, Group>,
}

/// As which file a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportFile {
    /// Looks the same everywhere.
    Pdf,
    /// For whoever goes on writing.
    Docx,
}

impl Appeals {
    /// The figures of a query in one.
    ///
    /// # Errors
    /// No right; the database.
    pub async fn figures(&self, viewer: &Viewer, query: &AppealQuery) -> Result<Figures, Error> {
        Ok(self.tally(viewer, query, &[]).await?.0)
    }

    /// The figures of a query in one, and by a dimension: weeks in their order, others the largest first.
    ///
    /// # Errors
    /// No right; the database.
    pub async fn figures_by(
        &self,
        viewer: &Viewer,
        query: &AppealQuery,
        by: Dimension,
    ) -> Result<(Figures, Vec<Group>), Error> {
        let (whole, mut groups) = self.tally(viewer, query, &[by]).await?;
        Ok((whole, groups.remove(by.slug()).unwrap_or_default()))
    }

    /// The whole, and the groups of each dimension by its slug: one statement.
    async fn tally(
        &self,
        viewer: &Viewer,
        query: &AppealQuery,
        by: &[Dimension],
    ) -> Result<(Figures, BTreeMap<&'static str, Vec<Group>>), Error> {
        viewer.need(NUMBERS)?;
        query.in_order()?;
        let now = self.clock.now();
        let rows = store::figures(self.db.conn(), query, by, viewer, now).await?;
        let mut rows = std::pin::pin!(rows);
        let mut whole = Figures::default();
        let mut sums: BTreeMap<&'static str, Sums> = BTreeMap::new();
        while let Some(row) = rows.try_next().await? {
            whole += row.figures;
            for (dimension, (key, name)) in Dimension::ALL.iter().zip(row.keys) {
                if by.contains(dimension) {
                    let (key, name) = shown(*dimension, key, name);
                    let sum = sums.entry(dimension.slug()).or_default();
                    let group = sum.entry(key).or_default();
                    // of names that changed one, whatever the order
                    group.0 = name.max(std::mem::take(&mut group.0));
                    group.1 += row.figures;
                }
            }
        }
        let groups = by.iter().map(|by| {
            let sums = sums.remove(by.slug()).unwrap_or_default();
            (by.slug(), ordered(*by, sums))
        });
        Ok((whole, groups.collect()))
    }

    /// How long the newest closed appeals of a query took the offices.
    async fn days(&self, viewer: &Viewer, query: &AppealQuery) -> Result<Option<Days>, Error> {
        let (conn, now) = (self.db.conn(), self.clock.now());
        let city = calendar::load(conn).await?;
        let mut days = Vec::new();
        for events in store::closed(conn, query, viewer, now, TYPICAL_OF).await? {
            // a case from before the calendar's years has no working days to tell
            if let Ok(worked) = statistics::worked(&events, now, &city.calendar) {
                days.push(worked.days);
            }
        }
        Ok(statistics::typical(days).map(|typical| Days {
            median: typical.median,
            p90: typical.p90,
            of: typical.count,
        }))
    }

    /// The report of a month: appeals that were registered in it, as they stand now.
    ///
    /// # Errors
    /// No right; the database.
    pub async fn report(&self, viewer: &Viewer, month: Month) -> Result<Report, Error> {
        let of = |month: Month| AppealQuery {
            from: Some(month.first()),
            to: Some(month.last()),
            ..AppealQuery::all()
        };
        let query = of(month);
        let whole = |month: Month, figures| Group {
            key: month.slug(),
            name: month.words(),
            figures,
        };
        let (figures, groups) = self.tally(viewer, &query, Dimension::ALL).await?;
        let before = month.before();
        Ok(Report {
            month: month.slug(),
            from: month.first(),
            to: month.last(),
            as_of: self.clock.now(),
            whole: whole(month, figures),
            before: whole(before, self.figures(viewer, &of(before)).await?),
            days: self.days(viewer, &query).await?,
            groups,
            rest: BTreeMap::new(),
        })
    }
}

/// Name and figures of groups by their key.
type Sums = BTreeMap<String, (String, Figures)>;

fn ordered(by: Dimension, mut sums: Sums) -> Vec<Group> {
    if by == Dimension::Week {
        fill_weeks(&mut sums);
    }
    let group = |(key, (name, figures))| Group { key, name, figures };
    let mut groups: Vec<Group> = sums.into_iter().map(group).collect();
    if by != Dimension::Week {
        let received = |group: &Group| group.figures.get(Counted::Received);
        groups.sort_by(|one, other| (received(other), &one.key).cmp(&(received(one), &other.key)));
    }
    groups
}

/// Key and name of the group in which a row of the statement belongs.
fn shown(by: Dimension, key: String, name: String) -> (String, String) {
    match by {
        Dimension::Channel => {
            let word = Channel::parse(&key).map_or("", Channel::word);
            (key, word.to_owned())
        }
        Dimension::Category => {
            let first = key.split('/').next().unwrap_or_default().to_owned();
            let name = name.split(" / ").next().unwrap_or_default().to_owned();
            named(first, name, "未分类")
        }
        Dimension::Department => named(key, name, "未指定承办单位"),
        Dimension::Place => {
            // townships are summed in their county: its list has them
            let county = key.get(..6).unwrap_or_default().to_owned();
            let name = division::full_name(&county).unwrap_or_default();
            named(county, name, "位置不明")
        }
        Dimension::Enterprise => match key.as_str() {
            "" => (key, "个人、隐名".to_owned()),
            _ => (key, name),
        },
        Dimension::Week => {
            let hour = format!("{key}:00:00Z").parse().map(week_of);
            let monday = hour.map(|monday: NaiveDate| monday.to_string());
            let monday = monday.unwrap_or_default();
            (monday.clone(), monday)
        }
    }
}

fn named(key: String, name: String, without: &str) -> (String, String) {
    match (key.is_empty(), name.is_empty()) {
        (true, _) => (key, without.to_owned()),
        (false, true) => (key.clone(), key),
        (false, false) => (key, name),
    }
}

/// A week without appeals is a week, too.
fn fill_weeks(groups: &mut BTreeMap<String, (String, Figures)>) {
    let days: Vec<NaiveDate> = groups.keys().filter_map(|key| key.parse().ok()).collect();
    let (Some(first), Some(last)) = (days.first(), days.last()) else {
        return;
    };
    for week in monday(*first).iter_weeks().take_while(|week| week <= last) {
        let key = week.to_string();
        groups
            .entry(key.clone())
            .or_insert((key, Figures::default()));
    }
}

impl Report {
    /// The report with so many groups of each dimension at most; what is left out is told as one.
    #[must_use]
    pub(crate) fn listed(mut self, most: usize) -> Self {
        for (by, groups) in &mut self.groups {
            self.rest.extend(rest(groups, most).map(|rest| (*by, rest)));
            groups.truncate(most);
        }
        self
    }

    /// The report as a letter.
    #[must_use]
    pub fn letter(&self, rounding: Rounding) -> Letter {
        let mut blocks = vec![
            Block::Paragraph(format!(
                "统计 {} 至 {} 登记的诉求，办理情况截至 {}。百分比{}，保留两位小数。",
                date_zh(self.from),
                date_zh(self.to),
                zhida_platform::format::datetime_zh(self.as_of),
                rounding.word()
            )),
            Block::Heading("一、总体情况".to_owned()),
            counts(&self.whole, &self.before),
        ];
        if let Some(days) = self.days {
            blocks.push(Block::Paragraph(format!(
                "办理用时（工作日，不含等待诉求人）：中位 {} 天，九成不超过 {} 天，按最近办结的 {} 件计算。",
                days.median, days.p90, days.of
            )));
        }
        blocks.push(Block::Heading("二、比率".to_owned()));
        blocks.push(rates(&self.whole, &self.before, rounding));
        for (number, by) in ["三", "四", "五", "六", "七", "八"]
            .iter()
            .zip(Dimension::ALL)
        {
            let groups = self.groups.get(by.slug());
            blocks.push(Block::Heading(format!("{number}、按{}", by.word())));
            blocks.push(by_group(
                *by,
                groups.map_or(&[][..], Vec::as_slice),
                rounding,
            ));
        }
        Letter {
            title: format!("{}诉求办理月报", self.whole.name),
            blocks,
            date: date_zh(zhida_platform::clock::to_shanghai(self.as_of).date_naive()),
            ..Letter::default()
        }
    }
}

fn counts(whole: &Group, before: &Group) -> Block {
    let shown = [
        Counted::Received,
        Counted::Due,
        Counted::Closed,
        Counted::Open,
        Counted::OverdueOpen,
        Counted::Second,
        Counted::Reopened,
        Counted::Wordless,
        Counted::Unconfirmed,
        Counted::Aside,
    ];
    let row = |counted: Counted| {
        let of = |group: &Group| count(group.figures.get(counted));
        vec![counted.word().to_owned(), of(whole), of(before)]
    };
    Block::Table(Table {
        columns: vec![
            column("项目（件）", 4, false),
            column(&whole.name, 2, true),
            column(&before.name, 2, true),
        ],
        rows: shown.map(row).into(),
    })
}

fn rates(whole: &Group, before: &Group, rounding: Rounding) -> Block {
    let row = |measure: &Measure| {
        let rate = whole.figures.rate(*measure);
        vec![
            measure.word().to_owned(),
            rate.percent(rounding),
            rate.fraction(),
            before.figures.rate(*measure).percent(rounding),
            measure.definition().to_owned(),
        ]
    };
    Block::Table(Table {
        columns: vec![
            column("比率", 3, false),
            column("本月", 3, true),
            column("分子 ÷ 分母", 4, true),
            column("上月", 3, true),
            column("口径", 8, false),
        ],
        rows: Measure::ALL.iter().map(row).collect(),
    })
}

fn by_group(by: Dimension, groups: &[Group], rounding: Rounding) -> Block {
    if groups.is_empty() {
        return Block::Paragraph("本月没有诉求。".to_owned());
    }
    let row = |name: &str, figures: &Figures| {
        let rate = |measure| figures.rate(measure).percent(rounding);
        let name = if name.is_empty() { NAMELESS } else { name };
        vec![
            name.to_owned(),
            count(figures.get(Counted::Received)),
            count(figures.get(Counted::Closed)),
            count(figures.get(Counted::OverdueOpen)),
            rate(Measure::OnTime),
            rate(Measure::Resolution),
            rate(Measure::Satisfaction),
        ]
    };
    let rest = rest(groups, GROUPS_OF_REPORT);
    let shown = groups.iter().take(GROUPS_OF_REPORT).chain(&rest);
    let rows = shown.map(|group| row(&group.name, &group.figures));
    let rows: Vec<Vec<String>> = rows.collect();
    let mut columns = vec![column(by.word(), 5, false)];
    columns.extend(["登记", "办结", "逾期在办"].map(|word| column(word, 2, true)));
    columns.extend(["按期率", "解决率", "满意率"].map(|word| column(word, 3, true)));
    Block::Table(Table { columns, rows })
}

fn column(heading: &str, share: u16, figures: bool) -> Column {
    Column {
        heading: heading.to_owned(),
        share,
        figures,
    }
}
