//! The font read once, for all who print.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use crate::letter::Letter;
use crate::typeface::Typeface;

/// Prints letters; clones share the font, which is read when the first is printed (26 MB of memory from then on).
#[derive(Debug, Clone, Default)]
pub struct Press {
    font: Option<PathBuf>,
    typeface: Arc<OnceLock<Result<Typeface, String>>>,
}

impl Press {
    /// With the configured font, or the first of the usual ones.
    #[must_use]
    pub fn new(font: Option<PathBuf>) -> Self {
        Self {
            font,
            typeface: Arc::default(),
        }
    }

    /// A letter as PDF.
    ///
    /// # Errors
    /// The sentence that says what is missing and how to mend it: no font, or characters that it does not have.
    pub fn pdf(&self, letter: &Letter) -> Result<Vec<u8>, String> {
        let found = self.typeface.get_or_init(|| {
            Typeface::find(self.font.as_deref()).map_err(|error| error.to_string())
        });
        let typeface = found.as_ref().map_err(Clone::clone)?;
        letter.pdf(typeface).map_err(|error| error.to_string())
    }
}
