//! A letter set on pages.

use fast_qr::ECL;
use fast_qr::qr::{QRBuilder, QRCode};

use crate::error::Error;
use crate::letter::{Block, Check, Letter};
use crate::lines::{Line, lines};
use crate::page::{
    BODY, BOTTOM, FOOT, FOOTNOTE, HEADING, LEFT, Mark, NUMBER, PAGE_WIDTH, Page, QR_SIDE, RIGHT,
    SHEET_SIDE, SMALL, TITLE, TOP, Type, WIDTH,
};
use crate::typeface::Measure;

/// A paragraph's first line, and how far the date stands from the right: in characters.
const INDENT: f32 = 2.0 * BODY.size;
const DATE_INSET: f32 = 4.0 * BODY.size;
/// A line is stretched to the margin when less than so many characters are missing.
const STRETCHED_MAX: f32 = 2.0;
const GAP: f32 = 12.0;

/// The pages as far as they are set.
pub(crate) struct Layout<'f> {
    pub(crate) measure: Measure<'f>,
    pages: Vec<Page>,
    page: Page,
    /// Where the next line begins: its upper edge.
    pub(crate) top: f32,
}

impl<'f> Layout<'f> {
    pub(crate) fn new(measure: Measure<'f>) -> Self {
        Self {
            measure,
            pages: Vec::new(),
            page: Page::default(),
            top: TOP,
        }
    }

    /// All pages of a letter.
    pub(crate) fn set(mut self, letter: &Letter) -> Result<Vec<Page>, Error> {
        self.centred(TITLE, &letter.title);
        self.centred(BODY, &letter.number);
        if !letter.addressee.is_empty() {
            self.skip(BODY.pitch / 2.0);
            self.text(BODY, 0.0, &format!("{}：", letter.addressee));
        }
        for (index, block) in letter.blocks.iter().enumerate() {
            if index + 1 == letter.blocks.len() {
                self.keep_with_signature(block, letter);
            }
            match block {
                Block::Heading(text) => {
                    // a heading does not stand alone at the end of a page
                    self.room(2.0 * BODY.pitch);
                    self.text(HEADING, INDENT, text);
                }
                Block::Paragraph(text) => self.text(BODY, INDENT, text),
                Block::Table(table) => self.table(table)?,
                Block::Code(address) => self.code(address)?,
            }
        }
        self.signature(letter);
        if let Some(check) = &letter.check {
            self.check(check)?;
        }
        self.pages.push(self.page);
        footers(&self.measure, &mut self.pages, letter);
        Ok(self.pages)
    }

    /// The page that is being set.
    pub(crate) fn page(&mut self) -> &mut Page {
        &mut self.page
    }

    /// Goes to a new page unless so many points are left on this one; true when it did.
    pub(crate) fn room(&mut self, height: f32) -> bool {
        // half a point: sums of lines that just fill a page
        let full = self.top - height < BOTTOM - 0.5;
        if full {
            self.pages.push(std::mem::take(&mut self.page));
            self.top = TOP;
        }
        full
    }

    /// Leaves so many points free, but not at the top of a page.
    pub(crate) fn skip(&mut self, height: f32) {
        if self.top < TOP {
            self.top -= height;
        }
    }

    fn text(&mut self, kind: Type, indent: f32, text: &str) {
        let first = if indent > 0.0 { indent } else { 0.0 };
        for paragraph in text.lines() {
            for (index, line) in lines(&self.measure, paragraph, kind.size, WIDTH, first)
                .iter()
                .enumerate()
            {
                let inset = if index == 0 { first } else { 0.0 };
                self.room(kind.pitch);
                self.page.stretched(
                    LEFT + inset,
                    self.top,
                    kind,
                    spacing(line, kind, WIDTH - inset),
                    &line.text,
                );
                self.top -= kind.pitch;
            }
        }
    }

    fn centred(&mut self, kind: Type, text: &str) {
        if text.is_empty() {
            return;
        }
        for line in lines(&self.measure, text, kind.size, WIDTH, 0.0) {
            self.room(kind.pitch);
            self.page
                .centred(&self.measure, PAGE_WIDTH / 2.0, self.top, kind, &line.text);
            self.top -= kind.pitch;
        }
    }

    /// A last paragraph goes to the page where it is signed: no page holds a signature alone.
    fn keep_with_signature(&mut self, last: &Block, letter: &Letter) {
        let Block::Paragraph(text) = last else {
            return;
        };
        let count = |text: &str, first| lines(&self.measure, text, BODY.size, WIDTH, first).len();
        let said: usize = text.lines().map(|line| count(line, INDENT)).sum();
        // an empty line and the date are between and below
        let signed = match letter.signed_by.is_empty() && letter.date.is_empty() {
            true => 0,
            false => count(&letter.signed_by, 0.0) + 2,
        };
        let height = (said + signed) as f32 * BODY.pitch;
        if signed > 0 && height <= TOP - BOTTOM {
            self.room(height);
        }
    }

    /// Who signs and when: the name in the middle over the date, which stands four characters from the right.
    fn signature(&mut self, letter: &Letter) {
        let signed = lines(&self.measure, &letter.signed_by, BODY.size, WIDTH, 0.0);
        if letter.signed_by.is_empty() && letter.date.is_empty() {
            return;
        }
        self.skip(BODY.pitch);
        self.room((signed.len() + 1) as f32 * BODY.pitch);
        let date = self.measure.width(&letter.date, BODY.size);
        let middle = RIGHT - DATE_INSET - date / 2.0;
        for line in signed {
            let x = (middle - line.width / 2.0).min(RIGHT - line.width);
            self.page.text(x, self.top, BODY, &line.text);
            self.top -= BODY.pitch;
        }
        self.page
            .text(RIGHT - DATE_INSET - date, self.top, BODY, &letter.date);
        self.top -= BODY.pitch;
    }

    /// The QR code with the words beside it; without an address there are words only.
    fn code(&mut self, address: &str) -> Result<(), Error> {
        let Some(code) = qr_code(address, ECL::Q)? else {
            return Ok(());
        };
        self.skip(GAP);
        self.room(SHEET_SIDE + GAP);
        let left = (PAGE_WIDTH - SHEET_SIDE) / 2.0;
        let marks = modules(&code, (left, self.top), SHEET_SIDE);
        self.page.marks.extend(marks);
        self.top -= SHEET_SIDE + GAP;
        Ok(())
    }

    fn check(&mut self, check: &Check) -> Result<(), Error> {
        let code = qr_code(&check.address, ECL::M)?;
        let mut words = vec![format!("校验码：{}", check.code)];
        if code.is_some() {
            words.push(format!("核验网址：{}", check.address));
            words.push(
                "扫描二维码或打开上述网址，可以核对本文书的内容，以及它是否仍然有效。".to_owned(),
            );
        } else {
            words.push(
                "凭校验码可以在签发单位的平台上核对本文书的内容，以及它是否仍然有效。".to_owned(),
            );
        }
        let side = code.as_ref().map_or(0.0, |_| QR_SIDE + GAP);
        let x = LEFT + side;
        let words: Vec<Line> = words
            .iter()
            .flat_map(|text| lines(&self.measure, text, SMALL.size, RIGHT - x, 0.0))
            .collect();
        let height = side.max(words.len() as f32 * SMALL.pitch);
        self.skip(GAP);
        self.room(height + GAP);
        self.page.rule((LEFT, self.top), (RIGHT, self.top));
        self.top -= GAP;
        if let Some(code) = code {
            self.page
                .marks
                .extend(modules(&code, (LEFT, self.top), QR_SIDE));
        }
        for (index, line) in words.iter().enumerate() {
            let top = self.top - index as f32 * SMALL.pitch;
            self.page.text(x, top, SMALL, &line.text);
        }
        self.top -= height;
        Ok(())
    }
}

/// The code of an address; none for none.
fn qr_code(address: &str, level: ECL) -> Result<Option<QRCode>, Error> {
    if address.is_empty() {
        return Ok(None);
    }
    let code = QRBuilder::new(address.as_bytes()).ecl(level).build();
    code.map(Some).map_err(|_| Error::LongAddress {
        length: address.len(),
    })
}

/// How far apart the characters of a line go so that it reaches the margin.
fn spacing(line: &Line, kind: Type, room: f32) -> f32 {
    let gaps = line.text.chars().count().saturating_sub(1);
    let missing = room - line.width;
    if line.goes_on && gaps > 0 && missing < STRETCHED_MAX * kind.size {
        missing / gaps as f32
    } else {
        0.0
    }
}

/// The black squares of a QR code, neighbours in a row joined.
fn modules(code: &QRCode, (left, top): (f32, f32), width: f32) -> Vec<Mark> {
    let side = width / code.size as f32;
    let mut marks = Vec::new();
    for row in 0..code.size {
        let mut column = 0;
        for run in code[row].chunk_by(|one, other| one.value() == other.value()) {
            if run[0].value() {
                marks.push(Mark::Black {
                    x: left + column as f32 * side,
                    y: top - (row + 1) as f32 * side,
                    width: run.len() as f32 * side,
                    height: side,
                });
            }
            column += run.len();
        }
    }
    marks
}

/// Numbers the pages; each says to which letter it belongs.
fn footers(measure: &Measure<'_>, pages: &mut [Page], letter: &Letter) {
    let code = letter
        .check
        .as_ref()
        .map(|check| format!("校验码 {}", check.code));
    let parts = [
        Some(letter.number.clone()).filter(|number| !number.is_empty()),
        code,
    ];
    let belongs = parts.into_iter().flatten().collect::<Vec<_>>().join("　");
    let count = pages.len();
    for (index, page) in pages.iter_mut().enumerate() {
        let number = format!("— {} / {count} —", index + 1);
        page.centred(measure, PAGE_WIDTH / 2.0, FOOT, NUMBER, &number);
        page.centred(
            measure,
            PAGE_WIDTH / 2.0,
            FOOT - NUMBER.pitch,
            FOOTNOTE,
            &belongs,
        );
    }
}
