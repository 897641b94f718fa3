//! Texts broken into lines: nothing stands at the start or end of a line that must not (禁则), numbers stay whole.

use unicode_linebreak::{BreakOpportunity, linebreaks};

use crate::typeface::Measure;

/// One line of a text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    pub(crate) text: String,
    /// Points.
    pub(crate) width: f32,
    /// Whether the text goes on below, so that the line may be stretched.
    pub(crate) goes_on: bool,
}

/// The lines of a text in so many points; the first is shorter by `indent`.
pub(crate) fn lines(
    measure: &Measure<'_>,
    text: &str,
    size: f32,
    width: f32,
    indent: f32,
) -> Vec<Line> {
    let text = clean(text);
    let mut breaker = Breaker {
        measure,
        size,
        width,
        indent,
        line: String::new(),
        filled: 0.0,
        lines: Vec::new(),
    };
    let mut start = 0;
    for (end, kind) in linebreaks(&text) {
        breaker.put(text[start..end].trim_end_matches('\n'));
        if kind == BreakOpportunity::Mandatory {
            breaker.end(false);
        }
        start = end;
    }
    if breaker.lines.is_empty() {
        breaker.end(false);
    }
    breaker.lines
}

/// A text without what has no shape: control characters, but line feeds; tabs are spaces.
fn clean(text: &str) -> String {
    text.trim_end()
        .chars()
        .map(|character| if character == '\t' { ' ' } else { character })
        .filter(|character| *character == '\n' || !character.is_control())
        .collect()
}

struct Breaker<'a, 'f> {
    measure: &'a Measure<'f>,
    size: f32,
    width: f32,
    indent: f32,
    line: String,
    filled: f32,
    lines: Vec<Line>,
}

impl Breaker<'_, '_> {
    /// Puts what must not be broken; what is longer than a line must be all the same.
    fn put(&mut self, piece: &str) {
        let visible = self.measure.width(piece.trim_end(), self.size);
        if self.filled + visible > self.room() && !self.line.is_empty() {
            self.end(true);
        }
        if visible <= self.room() {
            self.push(piece);
            return;
        }
        for character in piece.chars() {
            let mut buffer = [0; 4];
            let character = character.encode_utf8(&mut buffer);
            if self.filled + self.measure.width(character, self.size) > self.room() {
                self.end(true);
            }
            self.push(character);
        }
    }

    fn push(&mut self, piece: &str) {
        self.line.push_str(piece);
        self.filled += self.measure.width(piece, self.size);
    }

    fn room(&self) -> f32 {
        if self.lines.is_empty() {
            self.width - self.indent
        } else {
            self.width
        }
    }

    fn end(&mut self, goes_on: bool) {
        let text = self.line.trim_end().to_owned();
        self.line.clear();
        self.filled = 0.0;
        self.lines.push(Line {
            width: self.measure.width(&text, self.size),
            text,
            goes_on,
        });
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;
    use crate::typeface::Typeface;

    fn broken(text: &str, characters: u8) -> Vec<String> {
        let typeface = Typeface::find(None).unwrap();
        let measure = typeface.measure().unwrap();
        lines(&measure, text, 10.0, f32::from(characters) * 10.0, 0.0)
            .into_iter()
            .map(|line| line.text)
            .collect()
    }

    #[test]
    fn no_line_starts_with_a_stop_or_ends_with_an_opening_mark() {
        assert_eq!(
            broken("准予兑付，请查收。", 4),
            ["准予兑", "付，请查", "收。"]
        );
        assert_eq!(
            broken("依据《办法》办理", 3),
            ["依据", "《办", "法》办", "理"]
        );
    }

    #[test]
    fn numbers_stay_whole_unless_a_line_is_too_short_for_them() {
        assert_eq!(
            broken("金额为50,000.00元", 5),
            ["金额为", "50,000.00", "元"]
        );
        assert_eq!(
            broken("91330100PDY000018E", 3).concat(),
            "91330100PDY000018E"
        );
    }

    #[test]
    fn a_line_feed_ends_a_line_and_controls_have_no_shape() {
        assert_eq!(broken("甲\n\n乙\u{7}丙\n", 9), ["甲", "", "乙丙"]);
        assert_eq!(broken("", 9), [""]);
    }
}
