//! One bar cut into parts of a whole, with a legend that names every part.

use std::fmt::Write;

use super::{
    Caption, Chart, Datum, Picture, WHOLE, escape, linked, percent, percent_text, share, table,
    wrap,
};

/// Height of the bar in pixels.
const BAR: usize = 40;
/// Tones used in turn where a datum names none.
const TONES: [&str; 6] = ["1", "2", "3", "4", "5", "6"];
/// Parts narrower than this (hundredths of a per cent) carry no words.
const WORDS_FROM: u128 = 1_400;

/// One bar of parts; the widths add up to the whole exactly.
pub fn stacked_bar(caption: &Caption, data: &[Datum]) -> Chart {
    let total = data
        .iter()
        .fold(0_u64, |sum, datum| sum.saturating_add(datum.value));
    let mut shapes = String::new();
    let mut legend = String::from("<ul class=\"zd-chart__legend\">");
    let mut before = 0_u64;
    for (at, datum) in data.iter().enumerate() {
        let tone = if datum.tone.is_empty() {
            TONES[at % TONES.len()]
        } else {
            datum.tone
        };
        let left = share(before, total);
        before = before.saturating_add(datum.value);
        let width = share(before, total) - left;
        let part = percent_text(datum.value, total);
        // Writing to a String cannot fail.
        let _ = write!(
            shapes,
            "<rect class=\"zd-chart__part zd-fill-{tone}\" x=\"{}\" y=\"0\" width=\"{}\" height=\"{BAR}\"/>",
            percent(left),
            percent(width)
        );
        if width >= WORDS_FROM {
            let _ = write!(
                shapes,
                "<text class=\"zd-chart__inside zd-on-{tone}\" x=\"{}\" y=\"25\" text-anchor=\"middle\">{part}</text>",
                percent(left + width / 2)
            );
        }
        let _ = write!(
            legend,
            "<li><svg class=\"zd-chart__key\" width=\"14\" height=\"14\" aria-hidden=\"true\" focusable=\"false\">\
             <rect class=\"zd-fill-{tone}\" width=\"14\" height=\"14\" rx=\"3\"/></svg>\
             <span>{}</span><strong>{}</strong><span class=\"zd-chart__share\">{part}</span></li>",
            linked(&datum.label, &datum.href),
            escape(&datum.text)
        );
    }
    legend.push_str("</ul>");
    if total == 0 {
        let _ = write!(
            shapes,
            "<rect class=\"zd-chart__track\" width=\"{}\" height=\"{BAR}\"/>",
            percent(WHOLE)
        );
    }
    let picture = Picture {
        kind: "stacked",
        role: "img",
        height: BAR,
        shapes: &shapes,
    };
    wrap(
        caption,
        &picture,
        &legend,
        &table(caption, data, Some(total)),
    )
}
