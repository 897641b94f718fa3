use crate::audit;
use crate::db;
use crate::files::FileError;
use crate::messages::MessageError;
use crate::problem::Problem;

/// Why nothing was written or read; each sentence is for whoever tried.
#[derive(Debug, thiserror::Error)]
pub enum ThreadError {
    /// A field of the form.
    #[error("{message}")]
    Field {
        /// Its name: `message` or `remark`.
        field: &'static str,
        /// The sentence at it.
        message: String,
    },
    /// The thread has no such file for this reader.
    #[error("没有找到这个附件")]
    NoFile,
    /// The request broke off.
    #[error("提交中断或格式有误，请重新填写后提交")]
    Broken,
    /// A file that is not taken, or not handed out.
    #[error(transparent)]
    File(#[from] FileError),
    /// The other side cannot be told.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// The audit record cannot be written.
    #[error(transparent)]
    Audit(#[from] audit::Error),
    /// The database refused.
    #[error(transparent)]
    Database(#[from] db::Error),
}

impl From<ThreadError> for Problem {
    fn from(error: ThreadError) -> Self {
        match error {
            ThreadError::Field { field, message } => {
                Self::bad_input(message.clone()).field(field, message)
            }
            ThreadError::NoFile => Self::not_found("这个附件"),
            ThreadError::Broken => Self::bad_input(error.to_string()),
            ThreadError::File(error) => error.into(),
            ThreadError::Message(error) => error.into(),
            ThreadError::Audit(error) => error.into(),
            ThreadError::Database(error) => Self::internal(error),
        }
    }
}
