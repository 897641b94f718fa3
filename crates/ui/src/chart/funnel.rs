//! A funnel: steps that each keep a part of the one before.

use std::fmt::Write;

use super::{
    Caption, Chart, Datum, Picture, WHOLE, escape, percent, percent_text, short, table,
    visible_share, wrap,
};

/// Height of one step in pixels.
const ROW: usize = 66;

/// Steps from top to bottom, each with its share of the step before; widths are relative to the widest step.
pub fn funnel(caption: &Caption, data: &[Datum]) -> Chart {
    let widest = data.iter().map(|datum| datum.value).max().unwrap_or(0);
    let mut shapes = String::new();
    let mut previous: Option<u64> = None;
    for (at, datum) in data.iter().enumerate() {
        let top = at * ROW;
        let width = visible_share(datum.value, widest);
        let kept = previous.map_or_else(String::new, |before| {
            format!("占上一步 {}", percent_text(datum.value, before))
        });
        previous = Some(datum.value);
        let tone = if datum.tone.is_empty() {
            "1"
        } else {
            datum.tone
        };
        // Writing to a String cannot fail.
        let _ = write!(
            shapes,
            "<text class=\"zd-chart__label\" x=\"0\" y=\"{words}\">{label}</text>\
             <text class=\"zd-chart__note\" x=\"50%\" y=\"{words}\" text-anchor=\"middle\">{kept}</text>\
             <text class=\"zd-chart__value\" x=\"100%\" y=\"{words}\" text-anchor=\"end\">{text}</text>\
             <rect class=\"zd-chart__track\" x=\"0\" y=\"{bar}\" width=\"100%\" height=\"28\" rx=\"3\"/>\
             <rect class=\"zd-fill-{tone}\" x=\"{left}\" y=\"{bar}\" width=\"{wide}\" height=\"28\" rx=\"3\"/>",
            words = top + 17,
            bar = top + 25,
            label = short(&datum.label),
            text = escape(&datum.text),
            left = percent((WHOLE - width) / 2),
            wide = percent(width),
        );
    }
    let picture = Picture {
        kind: "funnel",
        role: "img",
        height: data.len() * ROW,
        shapes: &shapes,
    };
    wrap(caption, &picture, "", &table(caption, data, None))
}
