use std::fmt::Write as _;

/// A type of file that can be taken; which of them are is said by the use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the file type of its name")]
pub enum Kind {
    Jpeg,
    Png,
    Gif,
    Webp,
    Bmp,
    Tiff,
    Heif,
    Pdf,
    Ofd,
    Doc,
    Docx,
    Xls,
    Xlsx,
    Ppt,
    Pptx,
    Csv,
    Text,
    Zip,
    Mp3,
    M4a,
    Aac,
    Wav,
    Amr,
    Ogg,
    Flac,
    Mp4,
    Mov,
    Avi,
    Webm,
    Mkv,
}

/// Groups of [`Kind`]s for a [`FileUse`].
pub mod kinds {
    use super::Kind;

    /// 图片
    pub const IMAGES: &[Kind] = &[
        Kind::Jpeg,
        Kind::Png,
        Kind::Gif,
        Kind::Webp,
        Kind::Bmp,
        Kind::Tiff,
        Kind::Heif,
    ];
    /// 版式文件: pages that look alike everywhere.
    pub const PAGES: &[Kind] = &[Kind::Pdf, Kind::Ofd];
    /// Office 文档; WPS's own formats count as the matching ones.
    pub const OFFICE: &[Kind] = &[
        Kind::Doc,
        Kind::Docx,
        Kind::Xls,
        Kind::Xlsx,
        Kind::Ppt,
        Kind::Pptx,
    ];
    /// 表格
    pub const TABLES: &[Kind] = &[Kind::Csv, Kind::Xls, Kind::Xlsx];
    /// 纯文本
    pub const TEXT: &[Kind] = &[Kind::Text, Kind::Csv];
    /// 压缩包
    pub const ARCHIVES: &[Kind] = &[Kind::Zip];
    /// 录音
    pub const AUDIO: &[Kind] = &[
        Kind::Mp3,
        Kind::M4a,
        Kind::Aac,
        Kind::Wav,
        Kind::Amr,
        Kind::Ogg,
        Kind::Flac,
    ];
    /// 视频
    pub const VIDEO: &[Kind] = &[Kind::Mp4, Kind::Mov, Kind::Avi, Kind::Webm, Kind::Mkv];
}

/// What files are wanted somewhere: declared as a constant by the room.
#[derive(Debug, Clone, Copy)]
pub struct FileUse {
    /// Chinese name of what is asked for, for messages.
    pub name: &'static str,
    /// The types taken, as groups.
    pub kinds: &'static [&'static [Kind]],
    /// Bytes of one file; `files.file_bytes_max` holds as well.
    pub bytes_max: u64,
}

impl FileUse {
    /// Whether this type is taken.
    #[must_use]
    pub fn allows(&self, kind: Kind) -> bool {
        self.kinds.iter().any(|group| group.contains(&kind))
    }

    /// The value of a file input's `accept`: `.jpg,.jpeg,.pdf`.
    #[must_use]
    pub fn accept(&self) -> String {
        self.extensions(",")
    }

    pub(super) fn extensions(&self, separator: &str) -> String {
        let mut text = String::new();
        for extension in self
            .kinds
            .iter()
            .copied()
            .flatten()
            .flat_map(|kind| kind.extensions())
        {
            if !text.is_empty() {
                text.push_str(separator);
            }
            let _infallible = write!(text, ".{extension}");
        }
        text
    }
}

impl Kind {
    /// Chinese name.
    #[must_use]
    pub fn label(self) -> &'static str {
        self.facts().0
    }

    /// Media type it is served with.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        self.facts().1
    }

    /// Extensions that agree with it, the usual one first.
    #[must_use]
    pub fn extensions(self) -> &'static [&'static str] {
        self.facts().2
    }

    /// Whether browsers may show it in place. Formats that can carry scripts
    /// of this site are never among them.
    #[must_use]
    pub fn is_inline(self) -> bool {
        matches!(
            self,
            Self::Jpeg | Self::Png | Self::Gif | Self::Webp | Self::Bmp | Self::Pdf
        )
    }

    /// The kind that is served with this media type.
    #[must_use]
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        ALL.into_iter().find(|kind| kind.media_type() == media_type)
    }

    fn facts(self) -> (&'static str, &'static str, &'static [&'static str]) {
        match self {
            Self::Jpeg => ("JPEG 图片", "image/jpeg", &["jpg", "jpeg", "jfif"]),
            Self::Png => ("PNG 图片", "image/png", &["png"]),
            Self::Gif => ("GIF 图片", "image/gif", &["gif"]),
            Self::Webp => ("WebP 图片", "image/webp", &["webp"]),
            Self::Bmp => ("BMP 图片", "image/bmp", &["bmp"]),
            Self::Tiff => ("TIFF 图片", "image/tiff", &["tif", "tiff"]),
            Self::Heif => ("HEIF 图片", "image/heif", &["heic", "heif"]),
            Self::Pdf => ("PDF 文件", "application/pdf", &["pdf"]),
            Self::Ofd => ("OFD 文件", "application/ofd", &["ofd"]),
            Self::Doc => ("Word 文档", "application/msword", &["doc", "wps"]),
            Self::Docx => (
                "Word 文档",
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                &["docx"],
            ),
            Self::Xls => ("Excel 工作簿", "application/vnd.ms-excel", &["xls", "et"]),
            Self::Xlsx => (
                "Excel 工作簿",
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                &["xlsx"],
            ),
            Self::Ppt => (
                "PowerPoint 演示文稿",
                "application/vnd.ms-powerpoint",
                &["ppt", "dps"],
            ),
            Self::Pptx => (
                "PowerPoint 演示文稿",
                "application/vnd.openxmlformats-officedocument.presentationml.presentation",
                &["pptx"],
            ),
            Self::Csv => ("CSV 表格", "text/csv", &["csv"]),
            Self::Text => ("纯文本", "text/plain", &["txt"]),
            Self::Zip => ("ZIP 压缩包", "application/zip", &["zip"]),
            Self::Mp3 => ("MP3 录音", "audio/mpeg", &["mp3"]),
            Self::M4a => ("M4A 录音", "audio/mp4", &["m4a"]),
            Self::Aac => ("AAC 录音", "audio/aac", &["aac"]),
            Self::Wav => ("WAV 录音", "audio/wav", &["wav"]),
            Self::Amr => ("AMR 录音", "audio/amr", &["amr"]),
            Self::Ogg => ("Ogg 录音", "audio/ogg", &["ogg", "oga", "opus"]),
            Self::Flac => ("FLAC 录音", "audio/flac", &["flac"]),
            Self::Mp4 => ("MP4 视频", "video/mp4", &["mp4", "m4v"]),
            Self::Mov => ("MOV 视频", "video/quicktime", &["mov"]),
            Self::Avi => ("AVI 视频", "video/x-msvideo", &["avi"]),
            Self::Webm => ("WebM 视频", "video/webm", &["webm"]),
            Self::Mkv => ("MKV 视频", "video/x-matroska", &["mkv"]),
        }
    }
}

const ALL: [Kind; 30] = [
    Kind::Jpeg,
    Kind::Png,
    Kind::Gif,
    Kind::Webp,
    Kind::Bmp,
    Kind::Tiff,
    Kind::Heif,
    Kind::Pdf,
    Kind::Ofd,
    Kind::Doc,
    Kind::Docx,
    Kind::Xls,
    Kind::Xlsx,
    Kind::Ppt,
    Kind::Pptx,
    Kind::Csv,
    Kind::Text,
    Kind::Zip,
    Kind::Mp3,
    Kind::M4a,
    Kind::Aac,
    Kind::Wav,
    Kind::Amr,
    Kind::Ogg,
    Kind::Flac,
    Kind::Mp4,
    Kind::Mov,
    Kind::Avi,
    Kind::Webm,
    Kind::Mkv,
];

/// What the first bytes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Head {
    /// This type, needing no further look at its structure.
    Is(Kind),
    /// A ZIP: its entries tell what it is.
    Zip,
    /// A compound file (OLE2): its streams tell what it is.
    Compound,
    /// Some type that is never taken, by its media type.
    Other(&'static str),
    /// Nothing known: text, perhaps.
    Unknown,
}

impl Head {
    /// Bytes that are looked at.
    pub(super) const BYTES: usize = 8 << 10;

    pub(super) fn of(head: &[u8]) -> Self {
        if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            return Self::Zip;
        }
        if head.starts_with(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]) {
            return Self::Compound;
        }
        // to `infer` the `#!` is that of a script
        if head.starts_with(b"#!AMR") {
            return Self::Is(Kind::Amr);
        }
        let Some(found) = infer::get(head) else {
            return Self::Unknown;
        };
        let kind = match found.mime_type() {
            "image/jpeg" => Kind::Jpeg,
            "image/png" => Kind::Png,
            "image/gif" => Kind::Gif,
            "image/webp" => Kind::Webp,
            "image/bmp" => Kind::Bmp,
            "image/tiff" => Kind::Tiff,
            "image/heif" => Kind::Heif,
            "application/pdf" => Kind::Pdf,
            "audio/mpeg" => Kind::Mp3,
            "audio/m4a" => Kind::M4a,
            "audio/aac" => Kind::Aac,
            "audio/x-wav" => Kind::Wav,
            "audio/amr" => Kind::Amr,
            "audio/ogg" | "audio/opus" => Kind::Ogg,
            "audio/x-flac" => Kind::Flac,
            "video/mp4" | "video/x-m4v" => Kind::Mp4,
            "video/quicktime" => Kind::Mov,
            "video/x-msvideo" => Kind::Avi,
            "video/webm" => Kind::Webm,
            "video/x-matroska" => Kind::Mkv,
            other => return Self::Other(other),
        };
        Self::Is(kind)
    }
}

/// Chinese words for a type that is never taken.
pub(super) fn other_label(media_type: &str) -> String {
    let words = match media_type {
        "application/vnd.microsoft.portable-executable" => "Windows 程序",
        "application/x-executable" | "application/x-mach-binary" => "可执行程序",
        "application/java" | "application/vnd.android.dex" => "程序代码",
        "text/x-shellscript" => "脚本程序",
        "text/html" => "网页",
        "text/xml" | "image/svg+xml" => "XML 或 SVG 文件",
        "application/vnd.rar" => "RAR 压缩包（请改用 ZIP）",
        "application/x-7z-compressed" => "7z 压缩包（请改用 ZIP）",
        "application/gzip" | "application/x-tar" | "application/x-bzip2" | "application/x-xz" => {
            "其他格式的压缩包（请改用 ZIP）"
        }
        _ if media_type.starts_with("video/") => "其他格式的视频",
        _ if media_type.starts_with("audio/") => "其他格式的录音",
        _ if media_type.starts_with("image/") => "其他格式的图片",
        _ => return format!("其他类型的文件（{media_type}）"),
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_own_media_type_and_extensions() {
        let mut extensions = std::collections::HashSet::new();
        for kind in ALL {
            assert_eq!(Kind::of_media_type(kind.media_type()), Some(kind));
            for extension in kind.extensions() {
                assert!(extensions.insert(extension), "{extension}");
            }
        }
    }

    #[test]
    fn nothing_that_runs_scripts_is_shown_in_place() {
        for kind in ALL.into_iter().filter(|kind| kind.is_inline()) {
            let media_type = kind.media_type();
            assert!(media_type.starts_with("image/") || media_type == "application/pdf");
            assert!(!media_type.contains("svg"));
        }
    }
}
