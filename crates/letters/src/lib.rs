//! 决定书: a letter in Chinese as a PDF that carries its own font and a code by which anybody can check it.
//!
//! A [`Letter`] is data: title, number, paragraphs, tables, who signs, the check. [`Letter::pdf`] sets it on A4 pages as
//! GB/T 9704-2012 sets official documents (margins, 22 lines of 28 characters, the place of the date) and writes them
//! with the used glyphs of a [`Typeface`] alone: the same letter and typeface give the same bytes. No I/O but reading the
//! font's file; no clock.
//!
//! | word | meaning |
//! |---|---|
//! | letter 决定书 | what an authority tells somebody in writing |
//! | check code 校验码 | the unguessable name under which a letter is found again |
//! | typeface 字体 | a font file with Chinese; `fonts-noto-cjk` on Debian |
//!
//! ```no_run
//! use zhida_letters::{Block, Letter, Typeface};
//!
//! let letter = Letter {
//!     title: "准予兑付决定书".into(),
//!     blocks: vec![Block::Paragraph("经审查，准予兑付 50,000.00 元。".into())],
//!     ..Letter::default()
//! };
//! std::fs::write("letter.pdf", letter.pdf(&Typeface::find(None)?)?)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod amount;
mod code;
mod docx;
mod error;
mod layout;
mod letter;
mod lines;
mod page;
mod pdf;
mod press;
mod table;
mod typeface;

pub use amount::capital_amount;
pub use code::{CODE_BYTES, CheckCode, CodeError};
pub use error::Error;
pub use letter::{Block, Check, Column, Letter, Table};
pub use press::Press;
pub use typeface::Typeface;
