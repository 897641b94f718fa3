//! What a letter says.

use serde::{Deserialize, Serialize};

use crate::docx;
use crate::error::Error;
use crate::layout::Layout;
use crate::pdf;
use crate::typeface::Typeface;

/// A letter. Texts are plain: a line break ends a line, nothing else has a meaning.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// `准予兑付决定书`.
    pub title: String,
    /// The letter's own number, under the title; empty when it has none.
    pub number: String,
    /// Whom it addresses, without the colon; empty when nobody.
    pub addressee: String,
    /// Its body.
    pub blocks: Vec<Block>,
    /// The organisation that answers for it; empty for none.
    pub signed_by: String,
    /// The day as it is written: `2026年11月22日`.
    pub date: String,
    /// How to check it.
    pub check: Option<Check>,
}

/// One part of the body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// `一、审查情况`.
    Heading(String),
    /// Text whose first line is indented by two characters.
    Paragraph(String),
    /// Rows under a heading that is repeated on every page.
    Table(Table),
    /// The QR code of an address, large and in the middle, for a sheet that hangs on a wall: a quarter of it may be damaged.
    Code(String),
}

/// Rows and columns. Every row has as many cells as there are columns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// From left to right.
    pub columns: Vec<Column>,
    /// Cells in the order of the columns.
    pub rows: Vec<Vec<String>>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its heading.
    pub heading: String,
    /// Its part of the width, in relation to the other columns' parts.
    pub share: u16,
    /// Whether it holds figures, which stand at the right.
    pub figures: bool,
}

/// How anybody can check the letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// The check code as it is printed.
    pub code: String,
    /// The page that checks it, where the QR code leads; empty when the site's address is not known.
    pub address: String,
}

impl Letter {
    /// The letter as a PDF file.
    ///
    /// # Errors
    /// Characters that the typeface does not have, an address too long for a QR code, a table whose rows and
    /// columns differ.
    pub fn pdf(&self, typeface: &Typeface) -> Result<Vec<u8>, Error> {
        let pages = Layout::new(typeface.measure()?).set(self)?;
        pdf::write(&self.title, &pages, typeface)
    }

    /// The letter as a DOCX file, for whoever goes on writing in it. The check stands as words, without the QR code.
    ///
    /// # Errors
    /// A table whose rows and columns differ.
    pub fn docx(&self) -> Result<Vec<u8>, Error> {
        docx::write(self)
    }
}
