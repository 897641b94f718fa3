//! The font of the letters: where it lies, what it has, how wide its characters are.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ttf_parser::{Face, GlyphId};

use crate::error::Error;

/// Where systems keep a font with Chinese, the best first. Debian's `fonts-noto-cjk`, Fedora, Arch, Windows, macOS.
const USUAL: [&str; 10] = [
    "/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-serif-cjk-fonts/NotoSerifCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSerifCJK-Regular.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "C:\\Windows\\Fonts\\simfang.ttf",
    "C:\\Windows\\Fonts\\simsun.ttc",
    "/System/Library/Fonts/Supplemental/Songti.ttc",
];
/// What the family names of faces for simplified Chinese end in.
const SIMPLIFIED: [&str; 3] = [" SC", " CN", " GB"];

/// A font file in memory (Noto Serif: 26 MB); clones share it.
#[derive(Clone)]
pub struct Typeface {
    path: PathBuf,
    data: Arc<[u8]>,
    index: u32,
}

impl Typeface {
    /// The configured font, or the first of the usual ones.
    ///
    /// # Errors
    /// None is there, or the file cannot be used.
    pub fn find(configured: Option<&Path>) -> Result<Self, Error> {
        let path = match configured {
            Some(path) => path,
            None => USUAL
                .iter()
                .map(Path::new)
                .find(|path| path.is_file())
                .ok_or(Error::NoTypeface)?,
        };
        let data = std::fs::read(path).map_err(|error| Error::Unreadable {
            path: path.to_owned(),
            error,
        })?;
        let typeface = Self {
            path: path.to_owned(),
            index: simplified(&data),
            data: data.into(),
        };
        typeface.measure()?;
        Ok(typeface)
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn data(&self) -> &[u8] {
        &self.data
    }

    pub(crate) fn index(&self) -> u32 {
        self.index
    }

    pub(crate) fn measure(&self) -> Result<Measure<'_>, Error> {
        let face = Face::parse(&self.data, self.index).map_err(|_| self.no_font())?;
        Ok(Measure { face })
    }

    pub(crate) fn no_font(&self) -> Error {
        Error::NoFont {
            path: self.path.clone(),
        }
    }
}

impl fmt::Debug for Typeface {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Typeface")
            .field("path", &self.path)
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}

/// The face for simplified Chinese of a collection, else its first.
fn simplified(data: &[u8]) -> u32 {
    let faces = ttf_parser::fonts_in_collection(data).unwrap_or(1);
    (0..faces)
        .find(|index| Face::parse(data, *index).is_ok_and(|face| is_simplified(&face)))
        .unwrap_or_default()
}

fn is_simplified(face: &Face<'_>) -> bool {
    face.names()
        .into_iter()
        .filter(|name| name.name_id == ttf_parser::name_id::FAMILY)
        .filter_map(|name| name.to_string())
        .any(|family| SIMPLIFIED.iter().any(|end| family.ends_with(end)))
}

/// The face opened: glyphs and widths.
pub(crate) struct Measure<'a> {
    face: Face<'a>,
}

impl<'a> Measure<'a> {
    pub(crate) fn face(&self) -> &Face<'a> {
        &self.face
    }

    pub(crate) fn glyph(&self, character: char) -> Option<GlyphId> {
        self.face.glyph_index(character)
    }

    /// Thousandths of the font's size; a character that is not there is as wide as a Chinese one.
    pub(crate) fn advance(&self, character: char) -> f32 {
        self.glyph(character)
            .and_then(|glyph| self.face.glyph_hor_advance(glyph))
            .map_or(1000.0, |advance| self.thousandths(f32::from(advance)))
    }

    /// Units of the font in thousandths of its size.
    pub(crate) fn thousandths(&self, units: f32) -> f32 {
        units * 1000.0 / f32::from(self.face.units_per_em())
    }

    /// The width of a text in points.
    pub(crate) fn width(&self, text: &str, size: f32) -> f32 {
        text.chars()
            .map(|character| self.advance(character))
            .sum::<f32>()
            * size
            / 1000.0
    }
}
