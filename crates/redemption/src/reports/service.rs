//! Reports, and what is noted for them when a case ends.

use std::collections::BTreeMap;

use zhida_casework::statistics;
use zhida_platform::access::Viewer;
use zhida_platform::cases::calendar;
use zhida_platform::db::Tx;
use zhida_platform::export::{Cell, Column, Table};
use zhida_standards::division;

use super::model::{By, Report, ReportLine};
use super::query::ReportQuery;
use super::store::{self, CountRow};
use crate::apply::TypicalDays;
use crate::cases::CaseView;
use crate::error::Error;
use crate::rights::REPORT;
use crate::service::Redemption;
use crate::words::Stage;

/// How many cases took how many days.
type Histogram = BTreeMap<u32, u64>;

impl Redemption {
    /// A report of the cases within the viewer's reach.
    ///
    /// # Errors
    /// No right; a date that is none; the database.
    pub async fn report(&self, viewer: &Viewer, query: &ReportQuery) -> Result<Report, Error> {
        viewer.need(REPORT)?;
        let asked = query.asked()?;
        let reach = viewer.reach(REPORT);
        let (conn, now) = (self.db.conn(), self.clock.now());
        let mut lines: BTreeMap<String, ReportLine> = BTreeMap::new();
        let mut sum = ReportLine::default();
        for row in store::counts(conn, &asked, &reach, now).await? {
            let (key, name) = self.line_name(asked.by, &row.key, &row.name);
            let line = lines.entry(key.clone()).or_default();
            (line.key, line.name) = (key, name);
            add(line, &row);
            add(&mut sum, &row);
        }
        let mut days: BTreeMap<String, Histogram> = BTreeMap::new();
        let mut all = Histogram::new();
        for row in store::days(conn, &asked, &reach).await? {
            let (key, _) = self.line_name(asked.by, &row.key, "");
            let took = u32::try_from(row.days).unwrap_or(u32::MAX);
            for histogram in [days.entry(key).or_default(), &mut all] {
                *histogram.entry(took).or_default() += row.number.unsigned_abs();
            }
        }
        for line in lines.values_mut() {
            line.days = days.get(&line.key).and_then(typical);
        }
        sum.days = typical(&all);
        "合计".clone_into(&mut sum.name);
        let mut lines: Vec<ReportLine> = lines.into_values().collect();
        lines.sort_by(|a, b| (b.opened, &a.name).cmp(&(a.opened, &b.name)));
        Ok(Report {
            by: asked.by,
            from: asked.from,
            until: asked.until,
            lines,
            sum,
        })
    }

    /// Key and name of the line that a row belongs to.
    fn line_name(&self, by: By, key: &str, name: &str) -> (String, String) {
        match by {
            By::Item => (key.to_owned(), name.to_owned()),
            By::Place => {
                let known = division::full_name(key);
                let name = known.unwrap_or_else(|| match key {
                    "" => "区划不明".to_owned(),
                    key => key.to_owned(),
                });
                (key.to_owned(), name)
            }
            By::Department => {
                let department = match self.department(key) {
                    department if department.is_empty() => "部门不明（事项已撤下）".to_owned(),
                    department => department,
                };
                (department.clone(), department)
            }
        }
    }

    /// Notes what reports need of a case that ends: its working days, and whether a stage of an office was left late.
    /// A year whose calendar is not known leaves the days open and ends the case all the same.
    pub(crate) async fn note_time(&self, tx: &Tx, view: &CaseView) -> Result<(), Error> {
        let city = calendar::load(tx).await?;
        let now = self.clock.now();
        let events = &view.loaded.events;
        let worked = statistics::worked(events, now, &city.calendar).ok();
        // the enterprise's own stage, and the one that ends by itself when it is due, are nobody's delay
        let counts = |stage: Stage| !matches!(stage, Stage::Confirm | Stage::Notice);
        let late = statistics::stays(events)
            .iter()
            .any(|stay| counts(stay.stage) && stay.is_late(now));
        let days = worked.map(|worked| worked.days);
        store::note_time(tx, &view.record.case_id, days, late).await?;
        Ok(())
    }
}

fn add(line: &mut ReportLine, row: &CountRow) {
    line.opened += row.opened.unsigned_abs();
    line.open += row.open.unsigned_abs();
    line.overdue += row.overdue.unsigned_abs();
    line.decided += row.decided.unsigned_abs();
    line.closed += row.closed.unsigned_abs();
    line.on_time += row.on_time.unsigned_abs();
    line.paid += row.paid.unsigned_abs();
    line.ended += row.ended.unsigned_abs();
    line.paid_fen += row.paid_fen;
}

/// Median and 90th percentile by nearest rank, as `casework::statistics` has them.
fn typical(histogram: &Histogram) -> Option<TypicalDays> {
    let count: u64 = histogram.values().sum();
    let rank = |percent: u64| {
        let place = (count * percent).div_ceil(100);
        let mut below = 0;
        histogram.iter().find_map(|(days, number)| {
            below += number;
            (below >= place).then_some(*days)
        })
    };
    (count > 0).then_some(())?;
    Some(TypicalDays {
        median: rank(50)?,
        p90: rank(90)?,
        count: usize::try_from(count).unwrap_or(usize::MAX),
    })
}

impl Report {
    /// The report as a table for CSV and XLSX, the sum last.
    #[must_use]
    pub fn table(&self) -> Table {
        let columns = [
            (self.by.word(), 36),
            ("受理", 10),
            ("在办", 10),
            ("其中逾期", 10),
            ("已决定", 10),
            ("办结", 10),
            ("按时办结", 10),
            ("按时率", 10),
            ("已兑付", 10),
            ("企业放弃和终止", 16),
            ("工作日中位", 12),
            ("工作日九成以内", 16),
            ("已拨付（元）", 18),
        ];
        let columns = columns.map(|(heading, width)| Column::wide(heading, width));
        let rows: Vec<Vec<Cell>> = self.lines.iter().chain([&self.sum]).map(cells).collect();
        let rows = futures::stream::iter(rows.into_iter().map(Ok));
        Table::new("兑付报表", columns.to_vec(), rows)
    }
}

fn cells(line: &ReportLine) -> Vec<Cell> {
    let number = |number: u64| Cell::Integer(i64::try_from(number).unwrap_or(i64::MAX));
    let days = |of: fn(&TypicalDays) -> u32| {
        let days = line.days.as_ref().map(of);
        days.map_or(Cell::Empty, |days| Cell::Integer(days.into()))
    };
    vec![
        line.name.as_str().into(),
        number(line.opened),
        number(line.open),
        number(line.overdue),
        number(line.decided),
        number(line.closed),
        number(line.on_time),
        line.on_time_percent().into(),
        number(line.paid),
        number(line.ended),
        days(|days| days.median),
        days(|days| days.p90),
        Cell::Decimal(format!(
            "{}.{:02}",
            line.paid_fen / 100,
            line.paid_fen % 100
        )),
    ]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ranks_are_those_of_casework(values in prop::collection::vec(0_u32..30, 0..60)) {
            let mut histogram = Histogram::new();
            for value in &values {
                *histogram.entry(*value).or_default() += 1;
            }
            let expected = statistics::typical(values).map(|one| (one.median, one.p90, one.count));
            let found = typical(&histogram).map(|one| (one.median, one.p90, one.count));
            prop_assert_eq!(found, expected);
        }
    }
}
