//! Reports, and what is noted for them when a case ends.

use std::collections::{BTreeMap, HashMap};

use zhida_casework::statistics;
use zhida_platform::access::Viewer;
use zhida_platform::cases::calendar;
use zhida_platform::db::Tx;
use zhida_platform::export::{Cell, Column, Table};
use zhida_standards::division;

use super::model::{By, Report, ReportLine};
use super::query::ReportQuery;
use super::store::{self, Alike, End};
use crate::apply::TypicalDays;
use crate::cases::CaseView;
use crate::error::Error;
use crate::rights::REPORT;
use crate::service::Redemption;
use crate::words::{Outcome, Stage};

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
        let mut keys: HashMap<String, (String, String)> = HashMap::new();
        let mut lines: BTreeMap<String, ReportLine> = BTreeMap::new();
        let mut sum = ReportLine::default();
        let mut days: BTreeMap<String, Histogram> = BTreeMap::new();
        let mut all = Histogram::new();
        for row in store::alike(self.db.conn(), &asked, &reach, self.clock.now()).await? {
            let known = keys.get(&row.key).cloned();
            let (key, name) = match known {
                Some(known) => known,
                None => {
                    let named = self.line_name(asked.by, &row.key).await?;
                    keys.insert(row.key.clone(), named.clone());
                    named
                }
            };
            let line = lines.entry(key.clone()).or_default();
            (line.key, line.name) = (key.clone(), name);
            add(line, &row);
            add(&mut sum, &row);
            if let (true, Some(took)) = (row.is_closed(), row.days) {
                let took = u32::try_from(took).unwrap_or(u32::MAX);
                for histogram in [days.entry(key).or_default(), &mut all] {
                    *histogram.entry(took).or_default() += row.number.unsigned_abs();
                }
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
    async fn line_name(&self, by: By, key: &str) -> Result<(String, String), Error> {
        Ok(match by {
            By::Item => {
                let catalogue = self.policies.catalogue(self.clock.today());
                let name = match catalogue.find(key) {
                    Some(item) => item.name.clone(),
                    None => store::last_name(self.db.conn(), key).await?,
                };
                (key.to_owned(), name)
            }
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
        })
    }

    /// Notes what reports need of a case that ends: how, its working days, and whether a stage of an office was left late.
    /// A year whose calendar is not known leaves the days open and ends the case all the same.
    pub(crate) async fn note_end(
        &self,
        tx: &Tx,
        view: &CaseView,
        outcome: Outcome,
    ) -> Result<(), Error> {
        let city = calendar::load(tx).await?;
        let now = self.clock.now();
        let events = &view.loaded.events;
        let worked = statistics::worked(events, now, &city.calendar).ok();
        // the enterprise's own stage, and the one that ends by itself when it is due, are nobody's delay
        let counts = |stage: Stage| !matches!(stage, Stage::Confirm | Stage::Notice);
        let late = statistics::stays(events)
            .iter()
            .any(|stay| counts(stay.stage) && stay.is_late(now));
        let end = End {
            outcome,
            days: worked.map(|worked| worked.days),
            late,
        };
        store::note_end(tx, &view.record.case_id, end).await?;
        Ok(())
    }
}

impl Alike {
    fn outcome(&self) -> Option<Outcome> {
        self.outcome.as_deref().and_then(Outcome::parse)
    }

    /// Granted or refused: what the office brought to its end.
    fn is_closed(&self) -> bool {
        matches!(self.outcome(), Some(Outcome::Paid | Outcome::Refused))
    }
}

fn add(line: &mut ReportLine, row: &Alike) {
    let (outcome, closed) = (row.outcome(), row.is_closed());
    let number = |counts: bool| if counts { row.number.unsigned_abs() } else { 0 };
    line.opened += number(true);
    line.open += number(outcome.is_none());
    line.overdue += row.overdue.unsigned_abs();
    line.decided += number(row.decided || outcome == Some(Outcome::Refused));
    line.closed += number(closed);
    line.on_time += number(closed && row.late != Some(true));
    line.paid += number(outcome == Some(Outcome::Paid));
    line.ended += number(outcome.is_some() && !closed);
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
        let rows: Vec<Vec<Cell>> = self.lines.iter().chain([&self.sum]).map(cells).collect();
        let rows = futures::stream::iter(rows.into_iter().map(Ok));
        Table::new("兑付报表", columns(self.by), rows)
    }
}

/// The columns of a report.
pub(super) fn columns(by: By) -> Vec<Column> {
    let columns = [
        (by.word(), 36),
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
    columns
        .map(|(heading, width)| Column::wide(heading, width))
        .to_vec()
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
