//! What can go wrong, in words for whoever fills in a form.

use zhida_platform::files::FileError;
use zhida_platform::problem::Problem;
use zhida_platform::seal::SealError;
use zhida_platform::{audit, db};

use crate::validate::ANSWERS_BYTES_MAX;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such draft any more.
    #[error("没有找到这份草稿：可能已经提交，或已被本企业的其他人删除")]
    NoDraft,
    /// There is no such submission.
    #[error("没有找到提交记录")]
    NoSubmission,
    /// Somebody saved since.
    #[error("草稿在别处又改过了（{by}，{at}），请看过最新内容后再操作")]
    Changed {
        /// Who.
        by: String,
        /// When.
        at: String,
    },
    /// More than a form can hold.
    #[error("填写的内容超过 {} KB，请缩短文字，长材料请作为附件上传", ANSWERS_BYTES_MAX >> 10)]
    TooLarge,
    /// A file that was not handed in here.
    #[error("文件“{0}”不属于这份草稿，请重新上传")]
    StrangeFile(String),
    /// What was kept is not what was written.
    #[error("{0}的内容与保存时的校验值不一致，可能被改动或损坏，请联系管理员从备份恢复")]
    Damaged(String),
    /// The request breaks off, or is none of a form.
    #[error("提交中断或格式有误，请重试")]
    Broken,
    /// A button that the form does not have.
    #[error("表单没有“{0}”这个操作，请刷新页面后再试")]
    Unknown(String),
    /// A file was refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// A secret cannot be sealed or opened.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The audit refused.
    #[error(transparent)]
    Audit(#[from] audit::Error),
    /// The database refused.
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NoDraft => Self::not_found("这份草稿")
                .hint("它可能已经提交，或已被本企业的其他人删除；请回到列表查看"),
            Error::NoSubmission => Self::not_found("提交记录"),
            Error::Changed { .. } => Self::conflict(error.to_string()),
            Error::TooLarge => Self::too_large(ANSWERS_BYTES_MAX as u64).hint(error.to_string()),
            Error::StrangeFile(_) | Error::Broken | Error::Unknown(_) => {
                Self::bad_input(error.to_string())
            }
            Error::Damaged(_) => Self::internal(error),
            Error::File(error) => error.into(),
            Error::Seal(error) => error.into(),
            Error::Audit(error) => error.into(),
            Error::Db(error) => error.into(),
        }
    }
}
