//! A page: what stands where on the paper, and its measures after GB/T 9704-2012 (A4, 天头 37 mm, 订口 28 mm, 版心 156 × 225 mm,
//! 22 lines of 28 characters, title in 2 号, body in 3 号).

use crate::typeface::Measure;

/// Points in a millimetre.
const MM: f32 = 72.0 / 25.4;

pub(crate) const PAGE_WIDTH: f32 = 210.0 * MM;
pub(crate) const PAGE_HEIGHT: f32 = 297.0 * MM;
pub(crate) const LEFT: f32 = 28.0 * MM;
pub(crate) const WIDTH: f32 = 156.0 * MM;
pub(crate) const RIGHT: f32 = LEFT + WIDTH;
pub(crate) const TOP: f32 = PAGE_HEIGHT - 37.0 * MM;
const HEIGHT: f32 = 225.0 * MM;
pub(crate) const BOTTOM: f32 = TOP - HEIGHT;
/// The line of the page number: 7 mm under the text.
pub(crate) const FOOT: f32 = BOTTOM - 7.0 * MM;
/// The side of the QR code: a phone reads it from an arm's length.
pub(crate) const QR_SIDE: f32 = 25.0 * MM;
/// The QR code of a sheet that hangs on a wall: it is read from two steps away.
pub(crate) const SHEET_SIDE: f32 = 100.0 * MM;

/// A size of type and the height of its lines, in points.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Type {
    pub(crate) size: f32,
    pub(crate) pitch: f32,
    pub(crate) bold: bool,
}

/// 2 号.
pub(crate) const TITLE: Type = Type {
    size: 22.0,
    pitch: 38.0,
    bold: true,
};
/// 3 号, so that 28 characters and 22 lines fill the page.
pub(crate) const BODY: Type = Type {
    size: WIDTH / 28.0,
    pitch: HEIGHT / 22.0,
    bold: false,
};
pub(crate) const HEADING: Type = Type { bold: true, ..BODY };
/// 5 号, in tables and beside the QR code.
pub(crate) const SMALL: Type = Type {
    size: 10.5,
    pitch: 16.0,
    bold: false,
};
pub(crate) const SMALL_HEADING: Type = Type {
    bold: true,
    ..SMALL
};
/// 4 号, the page number's.
pub(crate) const NUMBER: Type = Type {
    size: 14.0,
    pitch: 20.0,
    bold: false,
};
/// What every page says of its letter.
pub(crate) const FOOTNOTE: Type = Type {
    size: 9.0,
    pitch: 13.0,
    bold: false,
};

/// Something on a page; points from its lower left corner.
#[derive(Debug)]
pub(crate) enum Mark {
    /// A line of text from `x`, on the baseline `y`, its characters `spacing` further apart than usual.
    Text {
        x: f32,
        y: f32,
        kind: Type,
        spacing: f32,
        text: String,
    },
    Rule {
        from: (f32, f32),
        to: (f32, f32),
    },
    /// A black rectangle with its lower left corner.
    Black {
        x: f32,
        y: f32,
        width: f32,
        height: f32,
    },
}

/// The marks of a page.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) marks: Vec<Mark>,
}

impl Page {
    /// One line of text that starts at `x`, in the line whose upper edge is `top`.
    pub(crate) fn text(&mut self, x: f32, top: f32, kind: Type, text: &str) {
        self.stretched(x, top, kind, 0.0, text);
    }

    pub(crate) fn stretched(&mut self, x: f32, top: f32, kind: Type, spacing: f32, text: &str) {
        if !text.is_empty() {
            // a Chinese character's square reaches from 0.12 below its baseline to 0.88 above it
            let y = top - (kind.pitch + kind.size) / 2.0 + 0.12 * kind.size;
            self.marks.push(Mark::Text {
                x,
                y,
                kind,
                spacing,
                text: text.to_owned(),
            });
        }
    }

    /// One line of text with its middle at `x`.
    pub(crate) fn centred(
        &mut self,
        measure: &Measure<'_>,
        x: f32,
        top: f32,
        kind: Type,
        text: &str,
    ) {
        self.text(x - measure.width(text, kind.size) / 2.0, top, kind, text);
    }

    pub(crate) fn rule(&mut self, from: (f32, f32), to: (f32, f32)) {
        self.marks.push(Mark::Rule { from, to });
    }
}
