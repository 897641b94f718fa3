//! What can go wrong in the library; each variant a sentence for the user.

use std::path::PathBuf;

use zhida_platform::files::FileError;
use zhida_platform::problem::Problem;
use zhida_platform::{audit, db};
use zhida_rules::RuleError;

/// An error of the room.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such item.
    #[error("没有找到政策事项“{0}”，请核对编号，或到政策库重新查找")]
    NoItem(String),
    /// No such document.
    #[error("没有找到政策文件“{0}”，请核对编号，或到政策库重新查找")]
    NoDocument(String),
    /// No such revision.
    #[error("政策事项“{0}”没有第 {1} 版，请从历次版本中选择")]
    NoRevision(String, i64),
    /// The rules do not compile.
    #[error("事项“{id}”的规则有误：{}", .errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("；"))]
    Rules {
        /// The item.
        id: String,
        /// All mistakes.
        errors: Vec<RuleError>,
    },
    /// Somebody else published meanwhile.
    #[error(
        "事项“{id}”已由别人发布到第 {current} 版，您编辑的是第 {expected} 版：请看过最新内容后再发布"
    )]
    Stale {
        /// The item.
        id: String,
        /// The revision that the editor started from.
        expected: i64,
        /// The current one.
        current: i64,
    },
    /// An item cannot move to another document.
    #[error("事项“{id}”属于政策文件“{owner}”，不能改到另一个文件：请换一个事项标识")]
    OtherDocument {
        /// The item.
        id: String,
        /// Its document.
        owner: String,
    },
    /// A file or folder that cannot be read.
    #[error("读不到“{}”（{reason}），请检查路径和权限", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        reason: String,
    },
    /// Nothing to import.
    #[error("“{}”里没有政策文件：请给出 .yaml、.yml 或 .json 文件，或它们所在的目录", .0.display())]
    NoFiles(PathBuf),
    /// Too many files or items at once.
    #[error("一次最多导入 {limit} 个{what}，请分批导入")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// What is stored cannot be read: a defect.
    #[error("库中事项“{0}”的内容无法识别，请把日志交给管理员")]
    Stored(String),
    /// A request that cannot be used.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// A file that is attached.
    #[error(transparent)]
    Attached(#[from] FileError),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] db::Error),
}

impl From<audit::Error> for Error {
    fn from(error: audit::Error) -> Self {
        match error {
            audit::Error::Db(error) => Self::Database(error),
            other => Problem::from(other).into(),
        }
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Refused(Box::new(problem))
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(problem) => *problem,
            Error::Attached(error) => error.into(),
            Error::NoItem(_) | Error::NoDocument(_) | Error::NoRevision(..) => {
                let mut problem = Problem::not_found("政策");
                problem.detail = error.to_string();
                problem
            }
            Error::Rules { ref errors, .. } => errors
                .iter()
                .fold(Problem::bad_input(error.to_string()), |problem, one| {
                    problem.field("rules", one.to_string())
                }),
            Error::Stale { .. } | Error::OtherDocument { .. } => {
                Problem::conflict(error.to_string())
            }
            Error::File { .. } | Error::NoFiles(_) | Error::TooMany { .. } => {
                Problem::bad_input(error.to_string())
            }
            Error::Stored(_) | Error::Database(_) => Problem::internal(error),
        }
    }
}
