//! Tables: rows between rules, the heading on every page.

use crate::error::Error;
use crate::layout::Layout;
use crate::letter::{Column, Table};
use crate::lines::{Line, lines};
use crate::page::{BOTTOM, LEFT, RIGHT, SMALL, SMALL_HEADING, TOP, Type, WIDTH};

/// Between a rule and the text, in points.
const PADDING: f32 = 4.0;
/// Lines of a row's part at most: a row longer than a page goes on after its heading on the next.
const LINES_MAX: usize = ((TOP - BOTTOM) / SMALL.pitch) as usize - 8;

impl Layout<'_> {
    pub(crate) fn table(&mut self, table: &Table) -> Result<(), Error> {
        check(table)?;
        let grid = grid(&table.columns);
        let headings: Vec<&str> = table
            .columns
            .iter()
            .map(|column| column.heading.as_str())
            .collect();
        let heading = self.cells(&grid, &headings, SMALL_HEADING);
        self.skip(PADDING);
        let mut row = 0;
        let mut parts: Vec<Vec<Vec<Line>>> = Vec::new();
        for cells in &table.rows {
            let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
            parts.extend(split(self.cells(&grid, &cells, SMALL)));
        }
        let first = parts.first().map_or(0.0, |part| height(part));
        self.room(height(&heading) + first);
        self.row(&grid, &heading, &table.columns, SMALL_HEADING);
        while let Some(part) = parts.get(row) {
            if self.room(height(part)) {
                self.row(&grid, &heading, &table.columns, SMALL_HEADING);
            }
            self.row(&grid, part, &table.columns, SMALL);
            row += 1;
        }
        self.skip(2.0 * PADDING);
        Ok(())
    }

    /// The lines of each cell.
    fn cells(&self, grid: &[f32], cells: &[&str], kind: Type) -> Vec<Vec<Line>> {
        cells
            .iter()
            .zip(grid.windows(2))
            .map(|(text, edges)| {
                lines(
                    &self.measure,
                    text,
                    kind.size,
                    edges[1] - edges[0] - 2.0 * PADDING,
                    0.0,
                )
            })
            .collect()
    }

    fn row(&mut self, grid: &[f32], cells: &[Vec<Line>], columns: &[Column], kind: Type) {
        let (top, bottom) = (self.top, self.top - height(cells));
        let page = self.page();
        for edge in [top, bottom] {
            page.rule((LEFT, edge), (RIGHT, edge));
        }
        for edge in grid {
            page.rule((*edge, top), (*edge, bottom));
        }
        for ((cell, edges), column) in cells.iter().zip(grid.windows(2)).zip(columns) {
            for (index, line) in cell.iter().enumerate() {
                let x = if column.figures {
                    edges[1] - PADDING - line.width
                } else {
                    edges[0] + PADDING
                };
                page.text(
                    x,
                    top - PADDING - index as f32 * kind.pitch,
                    kind,
                    &line.text,
                );
            }
        }
        self.top = bottom;
    }
}

/// The edges of the columns.
fn grid(columns: &[Column]) -> Vec<f32> {
    let whole: f32 = columns
        .iter()
        .map(|column| f32::from(column.share.max(1)))
        .sum();
    let mut edge = LEFT;
    let mut edges = vec![edge];
    for column in columns {
        edge += WIDTH * f32::from(column.share.max(1)) / whole;
        edges.push(edge);
    }
    edges
}

fn height(cells: &[Vec<Line>]) -> f32 {
    let lines = cells.iter().map(Vec::len).max().unwrap_or_default();
    lines as f32 * SMALL.pitch + 2.0 * PADDING
}

/// A row in parts that fit on a page.
fn split(mut cells: Vec<Vec<Line>>) -> Vec<Vec<Vec<Line>>> {
    let mut parts = Vec::new();
    while cells.iter().any(|cell| cell.len() > LINES_MAX) {
        let rest = cells
            .iter_mut()
            .map(|cell| cell.split_off(LINES_MAX.min(cell.len())))
            .collect();
        parts.push(std::mem::replace(&mut cells, rest));
    }
    parts.push(cells);
    parts
}

/// Whether every row has as many cells as there are columns.
pub(crate) fn check(table: &Table) -> Result<(), Error> {
    let columns = table.columns.len();
    let rows = table.rows.iter().map(Vec::len).enumerate();
    let ragged = rows
        .map(|(index, cells)| (index + 1, cells))
        .find(|(_, cells)| *cells != columns);
    match ragged.or((columns == 0).then_some((0, 0))) {
        Some((row, cells)) => Err(Error::Ragged {
            row,
            cells,
            columns,
        }),
        None => Ok(()),
    }
}
