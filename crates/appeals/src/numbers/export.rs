//! Figures as a table, and the report as a file; that they were taken away is on record first.

use futures::stream;
use serde_json::json;
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Entry};
use zhida_platform::export::{Cell, Chosen, Column, Row, Table};
use zhida_platform::problem::Problem;
use zhida_platform::rate::Rounding;

use super::counted::Counted;
use super::figures::{Dimension, Group};
use super::measure::Measure;
use super::period::Month;
use super::report::{Report, ReportFile};
use crate::error::Error;
use crate::query::AppealQuery;
use crate::service::Appeals;

impl Appeals {
    /// The chosen columns of the figures of a query by a dimension: every count, and every rate as it is shown.
    ///
    /// # Errors
    /// No right; a column that is not there; the database.
    pub(crate) async fn figures_table(
        &self,
        viewer: &Viewer,
        query: &AppealQuery,
        by: Dimension,
        rounding: Rounding,
        chosen: &Chosen,
    ) -> Result<Table, Error> {
        let (_, groups) = self.figures_by(viewer, query, by).await?;
        let what = json!({ "filters": query, "by": by.slug(), "groups": groups.len() });
        let name = format!("诉求数据-按{}", by.word());
        let table = table(name, by.word(), groups, rounding).only(chosen)?;
        self.taken(viewer, chosen.told(what)).await?;
        Ok(table)
    }

    /// The report of a month as a table: the whole, and every dimension's groups.
    ///
    /// # Errors
    /// No right; the database.
    pub async fn report_table(
        &self,
        viewer: &Viewer,
        month: Month,
        rounding: Rounding,
    ) -> Result<Table, Error> {
        let report = self.report(viewer, month).await?;
        self.taken(viewer, json!({ "report": report.month }))
            .await?;
        Ok(report.table(rounding))
    }

    /// The report of a month as a file.
    ///
    /// # Errors
    /// No right; no font for a PDF; the database.
    pub async fn report_file(
        &self,
        viewer: &Viewer,
        month: Month,
        rounding: Rounding,
        file: ReportFile,
    ) -> Result<Vec<u8>, Error> {
        let report = self.report(viewer, month).await?;
        self.taken(viewer, json!({ "report": report.month }))
            .await?;
        let letter = report.letter(rounding);
        Ok(match file {
            ReportFile::Pdf => self
                .press
                .pdf(&letter)
                .map_err(|why| Problem::refused(why).hint("没有字体时可以下载 DOCX 或 CSV"))?,
            ReportFile::Docx => letter.docx().map_err(Problem::internal)?,
        })
    }

    async fn taken(&self, viewer: &Viewer, what: serde_json::Value) -> Result<(), Error> {
        let now = self.clock.now();
        let entry =
            Entry::view(now, viewer, "appeal.figures_export", "appeal_figures", "").detail(what);
        audit::record(&self.db, &[entry]).await?;
        Ok(())
    }
}

impl Report {
    /// Every figure as a row: dimension, group, counts, rates.
    #[must_use]
    pub fn table(self, rounding: Rounding) -> Table {
        let mut all = self.groups;
        let groups = Dimension::ALL.iter().flat_map(move |by| {
            let groups = all.remove(by.slug()).unwrap_or_default();
            groups.into_iter().map(|group| (by.word(), group))
        });
        let rows = std::iter::once(("全部", self.whole)).chain(groups);
        let rows = rows.map(move |(by, group)| Ok(row(Some(by), &group, rounding)));
        let mut columns = vec![Column::wide("维度", 12)];
        columns.extend(headings("分组"));
        let name = format!("诉求月报-{}", self.month);
        Table::new(name, columns, stream::iter(rows))
    }
}

/// A row is made when it is written: there can be as many groups as enterprises.
fn table(name: String, heading: &str, groups: Vec<Group>, rounding: Rounding) -> Table {
    let rows = groups.into_iter();
    let rows = rows.map(move |group| Ok(row(None, &group, rounding)));
    Table::new(name, headings(heading), stream::iter(rows))
}

pub(super) fn headings(first: &str) -> Vec<Column> {
    let mut columns = vec![Column::wide(first, 30)];
    columns.extend(
        Counted::ALL
            .iter()
            .map(|one| Column::new(format!("{}（件）", one.word()))),
    );
    columns.extend(Measure::ALL.iter().map(|one| Column::new(one.word())));
    columns
}

fn row(by: Option<&str>, group: &Group, rounding: Rounding) -> Row {
    let mut cells: Row = by.map(Cell::from).into_iter().collect();
    cells.push(group.name.as_str().into());
    let number = |count: u64| Cell::Integer(i64::try_from(count).unwrap_or(i64::MAX));
    cells.extend(
        Counted::ALL
            .iter()
            .map(|one| number(group.figures.get(*one))),
    );
    cells.extend(
        Measure::ALL
            .iter()
            .map(|one| group.figures.rate(*one).percent(rounding).into()),
    );
    cells
}
