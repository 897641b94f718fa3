use axum::http::StatusCode;

use crate::db;
use crate::format::count;
use crate::problem::Problem;

/// Why a file is not taken, or not handed out; each sentence is for whoever
/// asked.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// No bytes at all.
    #[error("「{name}」是空文件，没有收下：请打开原文件确认有内容后重新上传")]
    Empty {
        /// The file.
        name: String,
    },
    /// More bytes than the use or the settings allow.
    #[error("「{name}」超过 {} 字节，没有收下：请压缩或拆分后重新上传", count(*.bytes_max))]
    TooLarge {
        /// The file.
        name: String,
        /// The limit.
        bytes_max: u64,
    },
    /// The name says nothing of what the file is.
    #[error("文件名「{name}」没有扩展名，没有收下：请补上，如 .pdf、.jpg")]
    NoExtension {
        /// The file.
        name: String,
    },
    /// A type that is not wanted here.
    #[error("「{name}」是{found}，{purpose}不接受，没有收下：请上传 {allowed}")]
    NotAllowed {
        /// The file.
        name: String,
        /// What it is.
        found: String,
        /// What it was meant for.
        purpose: String,
        /// Extensions that are taken.
        allowed: String,
    },
    /// The name says one thing, the bytes another.
    #[error(
        "「{name}」的扩展名是 .{extension}，内容却是{found}，没有收下：请上传真正的 .{extension} 文件，不要只改扩展名"
    )]
    Mismatch {
        /// The file.
        name: String,
        /// Its extension.
        extension: String,
        /// What it is.
        found: String,
    },
    /// A picture that would fill the memory of whoever opens it.
    #[error("图片「{name}」为 {width}×{height} 像素，超过 {} 像素，没有收下：请缩小后重新上传", count(*.pixels_max))]
    Pixels {
        /// The file.
        name: String,
        /// Pixels across.
        width: u64,
        /// Pixels down.
        height: u64,
        /// The limit on their product.
        pixels_max: u64,
    },
    /// An archive that is dangerous or cannot be looked into.
    #[error("「{name}」{fault}，没有收下")]
    Archive {
        /// The file.
        name: String,
        /// What is wrong with it.
        fault: String,
    },
    /// The bytes are not what their type needs.
    #[error("「{name}」看起来是{found}，但内容残缺或损坏，没有收下：请确认能正常打开后重新上传")]
    Broken {
        /// The file.
        name: String,
        /// What it seems to be.
        found: String,
    },
    /// The sender went away.
    #[error("「{name}」上传中断，没有收下：请检查网络后重新上传")]
    Interrupted {
        /// The file.
        name: String,
        /// What the connection said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Handed in before all of its parts were there.
    #[error("「{name}」还没有传完，没有收下：请重新选择同一个文件，会接着断开的地方传")]
    Unfinished {
        /// The file.
        name: String,
    },
    /// A part for another place than where the file goes on.
    #[error("这一段接不上：已经收到 {} 字节，请从这里接着传", count(*.holds))]
    Elsewhere {
        /// How far the file has come.
        holds: u64,
    },
    /// A part that cannot be taken.
    #[error("这一段{fault}，没有收下：请重新选择文件上传")]
    Part {
        /// What is wrong with it.
        fault: &'static str,
    },
    /// No such upload, or another account's, or one that lay too long.
    #[error("没有找到这个没传完的文件，可能隔得太久已被清理：请重新选择文件上传")]
    NoUpload,
    /// The content was found infected before.
    #[error("「{name}」含有病毒（{reason}），不能使用：请查杀后重新上传")]
    Infected {
        /// The file.
        name: String,
        /// The virus, as the scanner calls it.
        reason: String,
    },
    /// In quarantine, and asked for by another than its uploader.
    #[error("「{name}」{state}，目前只有上传人可以查看：请稍后再试")]
    Quarantined {
        /// The file.
        name: String,
        /// Its state in words.
        state: &'static str,
    },
    /// Only a file in quarantine can be released.
    #[error("「{name}」不在隔离中，无需放行")]
    NotQuarantined {
        /// The file.
        name: String,
    },
    /// The stored bytes are not those that were handed in.
    #[error(
        "「{name}」的存储内容已损坏（{reason}），不能提供：请联系管理员从备份恢复，或重新上传同一文件"
    )]
    Damaged {
        /// The file.
        name: String,
        /// How it showed.
        reason: String,
    },
    /// Received so long ago that it was collected.
    #[error("「{name}」上传后太久没有提交，已被清理：请重新上传")]
    Swept {
        /// The file.
        name: String,
    },
    /// No such file.
    #[error("没有找到编号为「{id}」的文件")]
    NotFound {
        /// What was asked for.
        id: String,
    },
    /// The settings cannot be used.
    #[error("文件存储的设置不能用：{message}")]
    Settings {
        /// Which, and what is wanted.
        message: String,
    },
    /// The disk refused.
    #[error("文件存储目录读写失败，没有保存：请稍后重试；仍不成功请让管理员检查磁盘空间与权限")]
    Disk(#[from] std::io::Error),
    /// The database refused.
    #[error(transparent)]
    Database(#[from] db::Error),
}

impl From<FileError> for Problem {
    fn from(error: FileError) -> Self {
        let detail = error.to_string();
        let refused = |status, code, title| Self::new(status, code, title, detail.clone());
        match error {
            FileError::TooLarge { .. } => {
                refused(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "文件太大")
            }
            FileError::NotAllowed { .. } | FileError::Mismatch { .. } => refused(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "file-type",
                "文件类型不符",
            ),
            FileError::Empty { .. }
            | FileError::NoExtension { .. }
            | FileError::Pixels { .. }
            | FileError::Archive { .. }
            | FileError::Broken { .. }
            | FileError::Part { .. }
            | FileError::Interrupted { .. } => {
                refused(StatusCode::BAD_REQUEST, "file-refused", "文件没有收下")
            }
            FileError::Infected { .. } => {
                refused(StatusCode::GONE, "file-infected", "文件含有病毒")
            }
            FileError::Quarantined { .. } => {
                refused(StatusCode::FORBIDDEN, "file-quarantined", "文件还在隔离")
            }
            FileError::NotQuarantined { .. }
            | FileError::Swept { .. }
            | FileError::Unfinished { .. }
            | FileError::Elsewhere { .. } => {
                refused(StatusCode::CONFLICT, "conflict", "与已有内容冲突")
            }
            FileError::NoUpload => refused(StatusCode::NOT_FOUND, "not-found", "没有找到"),
            FileError::Damaged { .. } => {
                tracing::error!(error = %detail, "提供文件时发现存储损坏");
                refused(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "file-damaged",
                    "文件已损坏",
                )
            }
            FileError::NotFound { id } => Self::not_found(format!("文件「{id}」")),
            FileError::Settings { .. } | FileError::Disk(_) => Self::internal(error),
            FileError::Database(error) => Self::internal(error),
        }
    }
}
