//! Why a snapshot cannot be kept or used.

use std::{io, path::PathBuf};

use super::VERSION;

/// Why a snapshot was not written or not used. What is not [`SnapshotError::Io`] is mended by
/// building the table from its source again.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// There is none.
    #[error("还没有匹配快照，将从企业档案重新建立")]
    Missing,
    /// Bytes are missing or changed, or it is no snapshot.
    #[error("匹配快照已损坏或不完整（{0}），将从企业档案重新建立")]
    Damaged(String),
    /// Written by an older version of the program.
    #[error("匹配快照的格式是第 {found} 版，本程序使用第 {VERSION} 版，将从企业档案重新建立")]
    Older {
        /// The snapshot's format.
        found: u32,
    },
    /// Written by a newer version of the program.
    #[error(
        "匹配快照的格式是第 {found} 版，由更新的程序写成，本程序只认识第 {VERSION} 版，将从企业档案重新建立；如需沿用，请升级程序"
    )]
    Newer {
        /// The snapshot's format.
        found: u32,
    },
    /// An attribute is of another type, or no longer or newly counted by years.
    #[error("属性“{name}”的类型在保存匹配快照之后改变了，将从企业档案重新建立")]
    Column {
        /// The attribute's name in the present dictionary.
        name: String,
    },
    /// Two columns would have one name.
    #[error("不能保存匹配快照：列名“{0}”被用了两次，请在属性字典中修改与它相同的属性标识")]
    Name(String),
    /// The folder holds something else, which would be lost.
    #[error("不能保存匹配快照：“{}”不是匹配快照的文件，请移走它，或另选一个目录", .0.display())]
    Foreign(PathBuf),
    /// The folder cannot be read or written.
    #[error("匹配快照无法读写：{0}")]
    Io(#[from] io::Error),
}

impl SnapshotError {
    pub(super) fn damaged(what: impl ToString) -> Self {
        Self::Damaged(what.to_string())
    }
}
