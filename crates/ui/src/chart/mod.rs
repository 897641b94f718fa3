//! Charts drawn on the server: SVG without script, ids or inline style, beside a table with the same numbers.
//!
//! Widths are percentages and heights are pixels, so the words keep their size on a phone. Values are whole numbers
//! (people, enterprises, fen); the words shown for a value are the caller's, so that units are right.
//! Every chart has a `title` and a `desc` for screen readers and a fold with the table.

mod bars;
mod funnel;
mod stacked;
mod tile_map;

use std::fmt;
use std::fmt::Write;

pub use bars::bars;
pub use funnel::funnel;
pub use stacked::stacked_bar;
pub use tile_map::{Tile, tile_map};

/// A finished chart; in a template: `{{ chart }}`, without `|safe`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart(String);

impl fmt::Display for Chart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Charts escape the texts they are given, so a template must not escape them again.
impl askama::filters::HtmlSafe for Chart {}

/// What stands around a chart.
#[derive(Clone, Debug, Default)]
pub struct Caption {
    /// Title above the chart.
    pub title: String,
    /// The chart in one sentence, read out instead of the picture and shown under the title.
    pub summary: String,
    /// Head of the table's first column, such as `行业`.
    pub name: String,
    /// Head of the table's second column, such as `企业数（家）`.
    pub value: String,
}

impl Caption {
    /// A caption with the two heads of the table.
    pub fn new(
        title: impl Into<String>,
        summary: impl Into<String>,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        Self {
            title: title.into(),
            summary: summary.into(),
            name: name.into(),
            value: value.into(),
        }
    }
}

/// One number of a chart.
#[derive(Clone, Debug)]
pub struct Datum {
    /// What is counted.
    pub label: String,
    /// How much, in whatever whole unit; decides the length.
    pub value: u64,
    /// How the value is written, such as `1,234 家`.
    pub text: String,
    /// Where the number leads (the list behind it); empty for nowhere.
    pub href: String,
    /// Colour class in the theme: `yes`, `no`, `unknown`, `manual`, `1` … `6`; empty for the chart's own order.
    pub tone: &'static str,
}

impl Datum {
    /// A number written with thousands separators.
    pub fn new(label: impl Into<String>, value: u64) -> Self {
        Self {
            label: label.into(),
            value,
            text: zhida_platform::format::count(value),
            href: String::new(),
            tone: "",
        }
    }

    /// Sets how the value is written.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// Sets where the number leads.
    #[must_use]
    pub fn href(mut self, href: impl Into<String>) -> Self {
        self.href = href.into();
        self
    }

    /// Sets the colour class.
    #[must_use]
    pub fn tone(mut self, tone: &'static str) -> Self {
        self.tone = tone;
        self
    }
}

/// Characters of a label inside the picture; the table has it whole.
const LABEL_CHARS_MAX: usize = 14;

/// Hundredths of a per cent: the resolution of positions.
const WHOLE: u128 = 10_000;

/// `value` of `total` in hundredths of a per cent, rounded down; 0 of 0 is 0.
fn share(value: u64, total: u64) -> u128 {
    if total == 0 {
        0
    } else {
        u128::from(value) * WHOLE / u128::from(total)
    }
}

/// Like [`share`], but what is not zero stays visible.
fn visible_share(value: u64, total: u64) -> u128 {
    const VISIBLE: u128 = 40;
    if value == 0 {
        0
    } else {
        share(value, total).max(VISIBLE)
    }
}

/// Hundredths of a per cent as an SVG length.
fn percent(hundredths: u128) -> String {
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

/// A share for people: one decimal, rounded half up.
fn percent_text(value: u64, total: u64) -> String {
    if total == 0 {
        return "—".to_owned();
    }
    let total = u128::from(total);
    let tenths = (u128::from(value) * 2_000 + total) / (2 * total);
    if tenths == 0 && value > 0 {
        return "＜0.1%".to_owned();
    }
    format!("{}.{}%", tenths / 10, tenths % 10)
}

/// Text for HTML and for attributes in double quotes.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// A label short enough for the picture, escaped.
fn short(label: &str) -> String {
    if label.chars().count() <= LABEL_CHARS_MAX {
        return escape(label);
    }
    let head: String = label.chars().take(LABEL_CHARS_MAX - 1).collect();
    escape(&format!("{head}…"))
}

/// The drawn part of a chart.
struct Picture<'a> {
    /// Class suffix of the figure.
    kind: &'static str,
    /// `img`, or `group` where the picture holds links.
    role: &'static str,
    /// Pixels.
    height: usize,
    /// SVG elements.
    shapes: &'a str,
}

/// Figure, title, picture, whatever stands under it, and the fold with the table.
fn wrap(caption: &Caption, picture: &Picture<'_>, below: &str, table: &str) -> Chart {
    let Picture {
        kind,
        role,
        height,
        shapes,
    } = picture;
    let title = escape(&caption.title);
    let summary = escape(&caption.summary);
    Chart(format!(
        "<figure class=\"zd-chart zd-chart--{kind}\"><figcaption class=\"zd-chart__caption\">\
         <span class=\"zd-chart__title\">{title}</span><span class=\"zd-chart__summary\">{summary}</span></figcaption>\
         <svg class=\"zd-chart__picture\" width=\"100%\" height=\"{height}\" role=\"{role}\" aria-label=\"{title}\" focusable=\"false\">\
         <title>{title}</title><desc>{summary}</desc>{shapes}</svg>{below}{table}</figure>"
    ))
}

/// The fold with the numbers; with shares of `total` where one is given.
fn table(caption: &Caption, data: &[Datum], total: Option<u64>) -> String {
    let mut html = format!(
        "<details class=\"zd-chart__fold\"><summary>查看数据表</summary><table class=\"zd-table\">\
         <caption class=\"govuk-visually-hidden\">{}</caption>\
         <thead><tr><th scope=\"col\">{}</th><th scope=\"col\" class=\"zd-num\">{}</th>",
        escape(&caption.title),
        escape(&caption.name),
        escape(&caption.value)
    );
    if total.is_some() {
        html.push_str("<th scope=\"col\" class=\"zd-num\">占比</th>");
    }
    html.push_str("</tr></thead><tbody>");
    for datum in data {
        let label = linked(&datum.label, &datum.href);
        let text = escape(&datum.text);
        // Writing to a String cannot fail.
        let _ = write!(
            html,
            "<tr><th scope=\"row\">{label}</th><td class=\"zd-num\">{text}</td>"
        );
        if let Some(total) = total {
            let _ = write!(
                html,
                "<td class=\"zd-num\">{}</td>",
                percent_text(datum.value, total)
            );
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody></table></details>");
    html
}

/// A label, as a link where it leads somewhere.
fn linked(label: &str, href: &str) -> String {
    let label = escape(label);
    if href.is_empty() {
        label
    } else {
        format!(
            "<a class=\"govuk-link\" href=\"{}\">{label}</a>",
            escape(href)
        )
    }
}

#[cfg(test)]
mod tests;
