//! What can go wrong in the room, each a sentence that says what, where and how to mend it.

use zhida_platform::problem::Problem;
use zhida_platform::{db, export};

use crate::import::ImportError;

/// An error of the room's use cases.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// No enterprise has this code.
    #[error("库中没有代码为“{0}”的市场主体，请核对代码，或先导入它的登记信息")]
    NoEnterprise(String),
    /// No batch has this number.
    #[error("没有编号为 {0} 的导入批次，请到批次列表核对")]
    NoBatch(i64),
    /// No import has this id.
    #[error("没有编号为 {0} 的导入任务，请到导入页的批次列表核对")]
    NoImport(uuid::Uuid),
    /// The upload is gone.
    #[error("上传的文件已不在服务器上，请重新上传")]
    NoUpload,
    /// The batch has no rejects file.
    #[error("这个批次没有被退回的行，或退回文件已被清理；重新导入同一文件可以再次得到它")]
    NoRejects,
    /// The tag is there already.
    #[error("标签“{0}”已存在，请换一个名称，或停用原来的标签")]
    TagExists(String),
    /// No tag of this name.
    #[error("没有名为“{0}”的标签，请到标签列表核对")]
    NoTag(String),
    /// A field of the tag form is wrong.
    #[error("{1}")]
    TagField(&'static str, String),
    /// A condition of a list that makes no sense.
    #[error("{1}")]
    Query(&'static str, String),
    /// A facts document cannot be read.
    #[error("企业“{0}”的档案数据已损坏，请从备份恢复或重新导入")]
    Damaged(String),
    /// An import failed.
    #[error(transparent)]
    Import(#[from] Box<ImportError>),
    /// A page cannot be given.
    #[error(transparent)]
    Problem(#[from] Box<Problem>),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] db::Error),
    /// A file could not be kept.
    #[error("文件无法写入服务器，请检查磁盘空间与权限")]
    Files(#[from] std::io::Error),
}

impl From<ImportError> for RegistryError {
    fn from(error: ImportError) -> Self {
        Self::Import(Box::new(error))
    }
}

impl From<Problem> for RegistryError {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl From<export::ExportError> for RegistryError {
    fn from(error: export::ExportError) -> Self {
        Problem::from(error).into()
    }
}

impl From<RegistryError> for Problem {
    fn from(error: RegistryError) -> Self {
        use RegistryError as E;
        let text = error.to_string();
        match error {
            E::NoEnterprise(code) => Problem::not_found(format!("代码为“{code}”的市场主体"))
                .hint("请核对代码；还没有收录的，由数据管理员导入登记信息"),
            E::NoBatch(no) => Problem::not_found(format!("编号为 {no} 的导入批次")),
            E::NoImport(id) => Problem::not_found(format!("导入任务 {id}"))
                .hint("任务完成 30 天后清理，结果仍在导入页的批次列表里"),
            E::NoTag(name) => Problem::not_found(format!("标签“{name}”")),
            E::NoUpload | E::NoRejects => Problem::not_found("这个文件").hint(text),
            E::TagExists(_) => Problem::conflict(text.clone()).field("name", text),
            E::TagField(field, message) | E::Query(field, message) => {
                Problem::bad_input(message.clone()).field(field, message)
            }
            E::Import(error) => (*error).into(),
            E::Problem(problem) => *problem,
            E::Database(error) => error.into(),
            error @ (E::Damaged(_) | E::Files(_)) => Problem::internal(error),
        }
    }
}
