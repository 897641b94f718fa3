//! What a received file is, and whether it may be kept. All of it reads from
//! disk and runs on a blocking thread.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use super::archive::{self, Limits};
use super::kind::{Head, other_label};
use super::{FileError, FileUse, FilesConfig, Kind, name, text};

/// One file to be looked at.
pub(super) struct Suspect<'a> {
    pub file: &'a mut File,
    /// Cleaned.
    pub name: &'a str,
    pub purpose: &'a FileUse,
    pub config: &'a FilesConfig,
}

/// What was recognised: a kind, or words for what it is instead.
enum Found {
    Kind(Kind),
    Words(String),
}

/// The type of the content, when it agrees with the name, is wanted here and
/// is harmless as far as one can tell.
pub(super) fn inspect(suspect: Suspect<'_>) -> Result<Kind, FileError> {
    let Suspect {
        file,
        name,
        purpose,
        config,
    } = suspect;
    let extension = name::extension(name).ok_or_else(|| FileError::NoExtension {
        name: name.to_owned(),
    })?;
    let found = recognise(file, name, &extension, config)?;
    let kind = agreed(found, name, &extension, purpose)?;
    if super::kinds::IMAGES.contains(&kind) {
        check_pixels(file, name, kind, config.image_pixels_max)?;
    }
    Ok(kind)
}

fn agreed(found: Found, name: &str, extension: &str, purpose: &FileUse) -> Result<Kind, FileError> {
    let words = match &found {
        Found::Kind(kind) if kind.extensions().contains(&extension) => {
            if purpose.allows(*kind) {
                return Ok(*kind);
            }
            kind.label().to_owned()
        }
        Found::Kind(kind) => {
            return Err(mismatch(name, extension, kind.label().to_owned()));
        }
        Found::Words(words) => words.clone(),
    };
    let claims_more = |kind: &Kind| kind.extensions().contains(&extension) && purpose.allows(*kind);
    if purpose.kinds.iter().copied().flatten().any(claims_more) {
        return Err(mismatch(name, extension, words));
    }
    Err(FileError::NotAllowed {
        name: name.to_owned(),
        found: words,
        purpose: purpose.name.to_owned(),
        allowed: purpose.extensions("、"),
    })
}

fn mismatch(name: &str, extension: &str, found: String) -> FileError {
    FileError::Mismatch {
        name: name.to_owned(),
        extension: extension.to_owned(),
        found,
    }
}

fn recognise(
    file: &mut File,
    name: &str,
    extension: &str,
    config: &FilesConfig,
) -> Result<Found, FileError> {
    // text comes first: what it begins with may look like the mark of a picture (“BM”)
    let textual = [Kind::Csv, Kind::Text]
        .into_iter()
        .find(|kind| kind.extensions().contains(&extension));
    if let Some(kind) = textual {
        file.seek(SeekFrom::Start(0))?;
        if text::is_text(&mut *file)? {
            return Ok(Found::Kind(kind));
        }
    }
    let mut head = Vec::with_capacity(Head::BYTES);
    file.seek(SeekFrom::Start(0))?;
    file.by_ref()
        .take(Head::BYTES as u64)
        .read_to_end(&mut head)?;
    Ok(match Head::of(&head) {
        Head::Is(kind) => Found::Kind(kind),
        Head::Zip => Found::Kind(archive::check(file, name, &Limits::of(config))?),
        Head::Compound => compound(file, name)?,
        Head::Other(media_type) => Found::Words(other_label(media_type)),
        Head::Unknown => {
            file.seek(SeekFrom::Start(0))?;
            let is_text = text::is_text(&mut *file)?;
            Found::Words(
                if is_text {
                    "纯文本"
                } else {
                    "认不出类型的内容"
                }
                .to_owned(),
            )
        }
    })
}

/// The old formats of Office, and WPS's, are told apart by the stream that
/// holds the document.
fn compound(file: &mut File, name: &str) -> Result<Found, FileError> {
    file.seek(SeekFrom::Start(0))?;
    let broken = || FileError::Broken {
        name: name.to_owned(),
        found: "旧版 Office 文档".to_owned(),
    };
    let compound = cfb::CompoundFile::open(BufReader::new(&mut *file)).map_err(|_| broken())?;
    if compound.exists("/EncryptedPackage") {
        return Err(archive::locked(name));
    }
    let streams = [
        ("/WordDocument", Kind::Doc),
        ("/Workbook", Kind::Xls),
        ("/Book", Kind::Xls),
        ("/PowerPoint Document", Kind::Ppt),
    ];
    let found = streams
        .into_iter()
        .find(|(stream, _)| compound.is_stream(stream));
    Ok(match found {
        Some((_, kind)) => Found::Kind(kind),
        None => Found::Words("其他类型的复合文件（如安装包、邮件）".to_owned()),
    })
}

fn check_pixels(file: &mut File, name: &str, kind: Kind, pixels_max: u64) -> Result<(), FileError> {
    file.seek(SeekFrom::Start(0))?;
    let size = imagesize::reader_size(BufReader::new(file)).map_err(|_| FileError::Broken {
        name: name.to_owned(),
        found: kind.label().to_owned(),
    })?;
    let (width, height) = (size.width as u64, size.height as u64);
    if width == 0 || height == 0 {
        return Err(FileError::Broken {
            name: name.to_owned(),
            found: kind.label().to_owned(),
        });
    }
    if width.saturating_mul(height) > pixels_max {
        return Err(FileError::Pixels {
            name: name.to_owned(),
            width,
            height,
            pixels_max,
        });
    }
    Ok(())
}
