//! Pages written as a PDF 1.7 file with the used glyphs of the font.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, TextRenderingMode, UnicodeCmap};
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use subsetter::GlyphRemapper;
use ttf_parser::{RawFace, Tag};

use crate::error::Error;
use crate::page::{Mark, PAGE_HEIGHT, PAGE_WIDTH, Page};
use crate::typeface::{Measure, Typeface};

/// The one font under its name in the pages.
const FONT: Name<'static> = Name(b"F");
/// Its name in the file: six letters, as a subset's name begins.
const BASE_FONT: Name<'static> = Name(b"ZHIDAA+Letter");
const SYSTEM: SystemInfo<'static> = SystemInfo {
    registry: Str(b"Adobe"),
    ordering: Str(b"Identity"),
    supplement: 0,
};
const RULE_WIDTH: f32 = 0.5;
/// Bold type is drawn with an outline of this part of its size: the font is embedded once.
const BOLD: f32 = 0.02;

const CATALOG: Ref = Ref::new(1);
const PAGES: Ref = Ref::new(2);
const INFO: Ref = Ref::new(3);
const TYPE0: Ref = Ref::new(4);
const CID_FONT: Ref = Ref::new(5);
const DESCRIPTOR: Ref = Ref::new(6);
const FONT_FILE: Ref = Ref::new(7);
const UNICODE: Ref = Ref::new(8);
/// Pages and their contents follow in pairs.
const FIRST_PAGE: i32 = 9;

/// The file.
pub(crate) fn write(title: &str, pages: &[Page], typeface: &Typeface) -> Result<Vec<u8>, Error> {
    let measure = typeface.measure()?;
    let glyphs = Glyphs::of(pages, &measure)?;
    let mut pdf = Pdf::new();
    let mut catalog = pdf.catalog(CATALOG);
    catalog.pages(PAGES).lang(TextStr("zh-CN"));
    catalog.viewer_preferences().display_doc_title(true);
    catalog.finish();
    pdf.document_info(INFO)
        .title(TextStr(title))
        .producer(TextStr("Zhida"));
    pdf.pages(PAGES)
        .kids(ids(pages).map(|(page, _)| page))
        .count(i32::try_from(pages.len()).unwrap_or(i32::MAX));
    for ((page, content), marks) in ids(pages).zip(pages) {
        pdf.page(page)
            .parent(PAGES)
            .media_box(Rect::new(0.0, 0.0, PAGE_WIDTH, PAGE_HEIGHT))
            .contents(content)
            .resources()
            .fonts()
            .pair(FONT, TYPE0);
        let drawn = packed(&draw(marks, &glyphs));
        pdf.stream(content, &drawn).filter(Filter::FlateDecode);
    }
    font(&mut pdf, &glyphs, &measure, typeface)?;
    Ok(pdf.finish())
}

fn ids(pages: &[Page]) -> impl Iterator<Item = (Ref, Ref)> {
    (FIRST_PAGE..)
        .step_by(2)
        .map(|id| (Ref::new(id), Ref::new(id + 1)))
        .take(pages.len())
}

/// The characters in use with their glyphs, old and new.
struct Glyphs {
    remapper: GlyphRemapper,
    new: BTreeMap<char, u16>,
}

impl Glyphs {
    fn of(pages: &[Page], measure: &Measure<'_>) -> Result<Self, Error> {
        let mut glyphs = Self {
            remapper: GlyphRemapper::new(),
            new: BTreeMap::new(),
        };
        let mut missing = Vec::new();
        for character in used(pages) {
            match measure.glyph(character) {
                Some(glyph) => {
                    let new = glyphs.remapper.remap(glyph.0);
                    glyphs.new.insert(character, new);
                }
                None => missing.push(format!("{character}（U+{:04X}）", u32::from(character))),
            }
        }
        if missing.is_empty() {
            Ok(glyphs)
        } else {
            Err(Error::Missing {
                characters: missing.join("、"),
            })
        }
    }

    /// A text as the font's own numbers, two bytes each.
    fn encoded(&self, text: &str) -> Vec<u8> {
        text.chars()
            .filter_map(|character| self.new.get(&character))
            .flat_map(|glyph| glyph.to_be_bytes())
            .collect()
    }
}

fn used(pages: &[Page]) -> BTreeSet<char> {
    let texts = pages
        .iter()
        .flat_map(|page| &page.marks)
        .filter_map(|mark| match mark {
            Mark::Text { text, .. } => Some(text),
            _ => None,
        });
    texts.flat_map(|text| text.chars()).collect()
}

fn draw(page: &Page, glyphs: &Glyphs) -> Vec<u8> {
    let mut content = Content::new();
    content.set_line_width(RULE_WIDTH);
    for mark in &page.marks {
        match mark {
            Mark::Text {
                x,
                y,
                kind,
                spacing,
                text,
            } => {
                content
                    .save_state()
                    .begin_text()
                    .set_font(FONT, kind.size)
                    .set_char_spacing(*spacing);
                if kind.bold {
                    content
                        .set_text_rendering_mode(TextRenderingMode::FillStroke)
                        .set_line_width(kind.size * BOLD);
                }
                content
                    .next_line(*x, *y)
                    .show(Str(&glyphs.encoded(text)))
                    .end_text()
                    .restore_state();
            }
            Mark::Rule { from, to } => {
                content.move_to(from.0, from.1).line_to(to.0, to.1).stroke();
            }
            Mark::Black {
                x,
                y,
                width,
                height,
            } => {
                content.rect(*x, *y, *width, *height).fill_nonzero();
            }
        }
    }
    content.finish().into_vec()
}

fn font(
    pdf: &mut Pdf,
    glyphs: &Glyphs,
    measure: &Measure<'_>,
    typeface: &Typeface,
) -> Result<(), Error> {
    let subset = subsetter::subset(typeface.data(), typeface.index(), &glyphs.remapper)
        .map_err(|_| typeface.no_font())?;
    // of a font with PostScript outlines the file holds the outlines' table alone
    let outlines = RawFace::parse(&subset, 0)
        .ok()
        .and_then(|face| face.table(Tag::from_bytes(b"CFF ")));
    let postscript = outlines.is_some();
    pdf.type0_font(TYPE0)
        .base_font(BASE_FONT)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(CID_FONT)
        .to_unicode(UNICODE);
    let mut cid = pdf.cid_font(CID_FONT);
    cid.subtype(if postscript {
        CidFontType::Type0
    } else {
        CidFontType::Type2
    })
    .base_font(BASE_FONT)
    .system_info(SYSTEM)
    .font_descriptor(DESCRIPTOR)
    .default_width(1000.0);
    if !postscript {
        cid.cid_to_gid_map_predefined(Name(b"Identity"));
    }
    cid.widths().consecutive(0, widths(glyphs, measure));
    cid.finish();
    descriptor(pdf, measure, postscript);
    let file = packed(outlines.unwrap_or(&subset));
    let mut stream = pdf.stream(FONT_FILE, &file);
    stream.filter(Filter::FlateDecode);
    if postscript {
        stream.pair(Name(b"Subtype"), Name(b"CIDFontType0C"));
    }
    stream.finish();
    let map = packed(&unicode(glyphs));
    pdf.cmap(UNICODE, &map).filter(Filter::FlateDecode);
    Ok(())
}

fn widths(glyphs: &Glyphs, measure: &Measure<'_>) -> Vec<f32> {
    let advance = |glyph| {
        measure
            .face()
            .glyph_hor_advance(ttf_parser::GlyphId(glyph))
            .unwrap_or_default()
    };
    glyphs
        .remapper
        .remapped_gids()
        .map(|glyph| measure.thousandths(f32::from(advance(glyph))))
        .collect()
}

fn descriptor(pdf: &mut Pdf, measure: &Measure<'_>, postscript: bool) {
    let face = measure.face();
    let scaled = |units: i16| measure.thousandths(f32::from(units));
    let bounds = face.global_bounding_box();
    let mut descriptor = pdf.font_descriptor(DESCRIPTOR);
    descriptor
        .name(BASE_FONT)
        .flags(FontFlags::SYMBOLIC)
        .bbox(Rect::new(
            scaled(bounds.x_min),
            scaled(bounds.y_min),
            scaled(bounds.x_max),
            scaled(bounds.y_max),
        ))
        .italic_angle(0.0)
        .ascent(scaled(face.ascender()))
        .descent(scaled(face.descender()))
        .cap_height(scaled(
            face.capital_height().unwrap_or_else(|| face.ascender()),
        ))
        .stem_v(80.0);
    if postscript {
        descriptor.font_file3(FONT_FILE);
    } else {
        descriptor.font_file2(FONT_FILE);
    }
}

/// Which character a glyph stands for, so that the text can be searched and copied.
fn unicode(glyphs: &Glyphs) -> Vec<u8> {
    let mut map = UnicodeCmap::new(Name(b"Letter"), SYSTEM);
    let mut told = BTreeSet::new();
    for (character, glyph) in &glyphs.new {
        if told.insert(*glyph) {
            map.pair(*glyph, *character);
        }
    }
    map.finish().into_vec()
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    let done = encoder.write_all(bytes).and_then(|()| encoder.finish());
    done.expect("writing into memory does not fail")
}
