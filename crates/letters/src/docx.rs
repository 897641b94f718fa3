//! A letter as DOCX, for whoever goes on writing in it: the same parts in the same order, in the sizes and margins of
//! GB/T 9704-2012. Its fonts are those of the reader's machine, so that it looks right only where they are; the PDF
//! looks the same everywhere.

use std::io::Cursor;

use docx_rs::{
    AlignmentType, Docx, Footer, PageMargin, PageNum, Paragraph, Run, RunFonts, SpecialIndentType,
    Table as Grid, TableCell, TableRow, WidthType,
};

use crate::error::Error;
use crate::letter::{Block, Check, Letter, Table};
use crate::table;

/// Half points: 2 号, 3 号, 5 号.
const TITLE: usize = 44;
const BODY: usize = 32;
const SMALL: usize = 21;
/// Twentieths of a point: A4, 天头 37 mm, 订口 28 mm, 版心 156 × 225 mm, two characters.
const PAPER: (u32, u32) = (11_906, 16_838);
const MARGINS: PageMargin = PageMargin {
    top: 2_098,
    left: 1_588,
    bottom: 1_984,
    right: 1_474,
    header: 851,
    footer: 1_400,
    gutter: 0,
};
const WIDTH: usize = 8_844;
const INDENT: i32 = 640;

pub(crate) fn write(letter: &Letter) -> Result<Vec<u8>, Error> {
    let mut document = Docx::new()
        .page_size(PAPER.0, PAPER.1)
        .page_margin(MARGINS)
        .default_size(BODY)
        .default_fonts(fonts("仿宋"))
        .footer(Footer::new().add_paragraph(number()));
    for paragraph in head(letter) {
        document = document.add_paragraph(paragraph);
    }
    for block in &letter.blocks {
        document = match block {
            Block::Heading(text) => document.add_paragraph(heading(text)),
            Block::Paragraph(text) => text
                .lines()
                .map(|line| plain(line).indent(None, first_line(), None, None))
                .fold(document, Docx::add_paragraph),
            Block::Code(address) => document.add_paragraph(plain(address)),
            Block::Table(rows) => {
                table::check(rows)?;
                document.add_table(grid(rows)).add_paragraph(plain(""))
            }
        };
    }
    for paragraph in foot(letter) {
        document = document.add_paragraph(paragraph);
    }
    let mut file = Cursor::new(Vec::new());
    document
        .pack(&mut file)
        .map_err(|error| Error::Document(error.to_string()))?;
    Ok(file.into_inner())
}

fn fonts(name: &str) -> RunFonts {
    RunFonts::new()
        .east_asia(name)
        .ascii("Times New Roman")
        .hi_ansi("Times New Roman")
}

/// XML has no control characters, and a file that holds one does not open.
fn run(text: &str) -> Run {
    let text: String = text
        .chars()
        .filter(|sign| !sign.is_control() && !matches!(sign, '\u{fffe}' | '\u{ffff}'))
        .collect();
    Run::new().add_text(text)
}

fn plain(text: &str) -> Paragraph {
    Paragraph::new().add_run(run(text))
}

fn first_line() -> Option<SpecialIndentType> {
    Some(SpecialIndentType::FirstLine(INDENT))
}

fn heading(text: &str) -> Paragraph {
    let words = run(text).fonts(fonts("黑体"));
    Paragraph::new()
        .add_run(words)
        .indent(None, first_line(), None, None)
        .keep_next(true)
        .outline_lvl(0)
}

fn number() -> Paragraph {
    Paragraph::new()
        .add_page_num(PageNum::new())
        .align(AlignmentType::Center)
}

/// Title, number and whom it addresses.
fn head(letter: &Letter) -> Vec<Paragraph> {
    let title = run(&letter.title).size(TITLE).bold().fonts(fonts("宋体"));
    let mut parts = vec![Paragraph::new().add_run(title).align(AlignmentType::Center)];
    if !letter.number.is_empty() {
        parts.push(plain(&letter.number).align(AlignmentType::Center));
    }
    if !letter.addressee.is_empty() {
        parts.push(plain(&format!("{}：", letter.addressee)));
    }
    parts
}

/// Who signs, when, and how to check it.
fn foot(letter: &Letter) -> Vec<Paragraph> {
    let signed = [&letter.signed_by, &letter.date]
        .into_iter()
        .filter(|text| !text.is_empty())
        .map(|text| plain(text).align(AlignmentType::Right));
    signed.chain(letter.check.iter().flat_map(check)).collect()
}

fn check(check: &Check) -> Vec<Paragraph> {
    let mut words = vec![format!("校验码：{}", check.code)];
    if !check.address.is_empty() {
        words.push(format!("核验网址：{}", check.address));
    }
    words.iter().map(|text| small(text, false)).collect()
}

fn small(text: &str, bold: bool) -> Paragraph {
    let words = run(text).size(SMALL);
    Paragraph::new().add_run(if bold { words.bold() } else { words })
}

fn grid(table: &Table) -> Grid {
    let whole: usize = table
        .columns
        .iter()
        .map(|column| usize::from(column.share.max(1)))
        .sum();
    let widths: Vec<usize> = table
        .columns
        .iter()
        .map(|column| WIDTH * usize::from(column.share.max(1)) / whole)
        .collect();
    let row = |cells: Vec<&str>, bold: bool| {
        let cells = cells.into_iter().zip(&table.columns).zip(&widths);
        TableRow::new(
            cells
                .map(|((text, column), width)| cell(text, *width, column.figures, bold))
                .collect(),
        )
        .cant_split()
    };
    let headings = table.columns.iter().map(|column| column.heading.as_str());
    let mut rows = vec![row(headings.collect(), true)];
    for cells in &table.rows {
        rows.push(row(cells.iter().map(String::as_str).collect(), false));
    }
    Grid::new(rows)
        .set_grid(widths)
        .width(WIDTH, WidthType::Dxa)
}

/// A cell; each line of its text is a paragraph.
fn cell(text: &str, width: usize, figures: bool, bold: bool) -> TableCell {
    let cell = TableCell::new().width(width, WidthType::Dxa);
    let lines: Vec<&str> = if text.is_empty() {
        vec![""]
    } else {
        text.lines().collect()
    };
    lines.into_iter().fold(cell, |cell, line| {
        let paragraph = small(line, bold);
        cell.add_paragraph(if figures {
            paragraph.align(AlignmentType::Right)
        } else {
            paragraph
        })
    })
}
