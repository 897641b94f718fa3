//! Horizontal bars: label and value above each bar, so that long Chinese names have room on a phone.

use std::fmt::Write;

use super::{Caption, Chart, Datum, Picture, escape, percent, short, table, visible_share, wrap};

/// Height of one row in pixels: a line of words and the bar under it.
const ROW: usize = 46;

/// Horizontal bars in the order given, the longest filling the width.
pub fn bars(caption: &Caption, data: &[Datum]) -> Chart {
    let longest = data.iter().map(|datum| datum.value).max().unwrap_or(0);
    let mut shapes = String::new();
    for (at, datum) in data.iter().enumerate() {
        let top = at * ROW;
        let tone = if datum.tone.is_empty() {
            "1"
        } else {
            datum.tone
        };
        // Writing to a String cannot fail.
        let _ = write!(
            shapes,
            "<text class=\"zd-chart__label\" x=\"0\" y=\"{words}\">{label}</text>\
             <text class=\"zd-chart__value\" x=\"100%\" y=\"{words}\" text-anchor=\"end\">{text}</text>\
             <rect class=\"zd-chart__track\" x=\"0\" y=\"{bar}\" width=\"100%\" height=\"12\" rx=\"3\"/>\
             <rect class=\"zd-fill-{tone}\" x=\"0\" y=\"{bar}\" width=\"{width}\" height=\"12\" rx=\"3\"/>",
            words = top + 17,
            bar = top + 25,
            label = short(&datum.label),
            text = escape(&datum.text),
            width = percent(visible_share(datum.value, longest)),
        );
    }
    let picture = Picture {
        kind: "bars",
        role: "img",
        height: data.len() * ROW,
        shapes: &shapes,
    };
    wrap(caption, &picture, "", &table(caption, data, None))
}
