//! A schematic map: one tile per place on a grid, not a border in sight.
//!
//! Public maps of China need a review number (审图号); tiles show where places lie to each other without being a map.

use std::fmt::Write;

use super::{Caption, Chart, Datum, Picture, escape, percent, table, wrap};

/// Height of a tile in pixels, with the gap.
const TILE: usize = 68;
/// Columns that stay readable.
const COLUMNS_MAX: usize = 12;
/// Shades, from the lightest (1) to the darkest.
const LEVELS: u128 = 5;

/// One place on the grid.
#[derive(Clone, Debug)]
pub struct Tile {
    /// Column from the west, from 0.
    pub column: usize,
    /// Row from the north, from 0.
    pub row: usize,
    /// The place and its number; a label of up to four characters fits on a phone.
    pub datum: Datum,
}

impl Tile {
    /// A place at a column and row.
    pub fn new(column: usize, row: usize, datum: Datum) -> Self {
        Self { column, row, datum }
    }
}

/// Tiles shaded in five steps up to the largest value; each shows its name and number.
///
/// Tiles right of the twelfth column would be too narrow to read and are shown in the table only.
pub fn tile_map(caption: &Caption, tiles: &[Tile]) -> Chart {
    let largest = tiles.iter().map(|tile| tile.datum.value).max().unwrap_or(0);
    let drawn = || tiles.iter().filter(|tile| tile.column < COLUMNS_MAX);
    let columns = drawn().map(|tile| tile.column + 1).max().unwrap_or(1);
    let rows = drawn().map(|tile| tile.row + 1).max().unwrap_or(0);
    let step = 10_000 / columns as u128;
    let mut shapes = String::new();
    for tile in drawn() {
        let level = level(tile.datum.value, largest);
        let left = step * tile.column as u128;
        let top = tile.row * TILE;
        let shape = format!(
            "<rect class=\"zd-tile zd-level-{level}\" x=\"{x}\" y=\"{top}\" width=\"{w}\" height=\"{TILE}\" rx=\"8\"/>\
             <text class=\"zd-tile__name zd-on-level-{level}\" x=\"{middle}\" y=\"{name}\" text-anchor=\"middle\">{label}</text>\
             <text class=\"zd-tile__value zd-on-level-{level}\" x=\"{middle}\" y=\"{value}\" text-anchor=\"middle\">{text}</text>",
            x = percent(left),
            w = percent(step),
            middle = percent(left + step / 2),
            name = top + 30,
            value = top + 50,
            label = escape(&tile.datum.label.chars().take(5).collect::<String>()),
            text = escape(&tile.datum.text),
        );
        shapes.push_str(&link_around(&shape, &tile.datum));
    }
    let data: Vec<Datum> = tiles.iter().map(|tile| tile.datum.clone()).collect();
    let picture = Picture {
        kind: "tiles",
        // A picture holds no links for screen readers, a group does.
        role: if data.iter().any(|datum| !datum.href.is_empty()) {
            "group"
        } else {
            "img"
        },
        height: rows * TILE,
        shapes: &shapes,
    };
    wrap(caption, &picture, &legend(), &table(caption, &data, None))
}

/// The tile as a link where it leads somewhere.
fn link_around(shape: &str, datum: &Datum) -> String {
    if datum.href.is_empty() {
        return shape.to_owned();
    }
    format!(
        "<a class=\"zd-tile__link\" href=\"{}\" aria-label=\"{} {}\">{shape}</a>",
        escape(&datum.href),
        escape(&datum.label),
        escape(&datum.text)
    )
}

/// Shade of a value: 0 for none, then fifths of the largest, rounded up.
fn level(value: u64, largest: u64) -> u128 {
    if largest == 0 {
        0
    } else {
        (u128::from(value) * LEVELS).div_ceil(u128::from(largest))
    }
}

fn legend() -> String {
    let mut html = String::from("<p class=\"zd-chart__scale\"><span>少</span>");
    for level in 1..=LEVELS {
        // Writing to a String cannot fail.
        let _ = write!(
            html,
            "<svg width=\"28\" height=\"12\" aria-hidden=\"true\" focusable=\"false\">\
             <rect class=\"zd-level-{level}\" width=\"28\" height=\"12\"/></svg>"
        );
    }
    html.push_str("<span>多</span><span class=\"zd-chart__note\">示意图，不是地图</span></p>");
    html
}
