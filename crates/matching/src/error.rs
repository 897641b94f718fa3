//! What can go wrong in the room.

use axum::http::StatusCode;
use chrono::NaiveDate;
use zhida_platform::format::{count, date_zh};
use zhida_platform::problem::{FieldError, Problem};

/// An error of matching.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such enterprise.
    #[error("库中没有统一社会信用代码为“{0}”的市场主体，请核对代码，或先导入该主体的数据")]
    NoEnterprise(String),
    /// No such published item.
    #[error("没有找到已发布的政策事项“{0}”，请核对事项编号，或到政策库中查找")]
    NoItem(String),
    /// A day for which nothing can be said.
    #[error("基准日 {} 超出范围，请写 1990-01-01 至 2100-12-31 之间的日期", date_zh(*.0))]
    Day(NaiveDate),
    /// Facts that cannot be read.
    #[error("填写的内容有误：{}", sentences(.0))]
    Facts(Vec<FieldError>),
    /// More enterprises than a page may match while somebody waits.
    #[error(
        "筛选范围内有 {} 家市场主体，匹配索引正在建立，在此之前网页最多逐家匹配 {} 家，请稍后再试，或先按区域、行业或规模缩小范围",
        count(*.0), count(*.1)
    )]
    TooMany(u64, u64),
    /// The registry failed.
    #[error(transparent)]
    Registry(#[from] zhida_registry::RegistryError),
    /// The library failed.
    #[error(transparent)]
    Policies(#[from] zhida_policies::Error),
    /// A page request, cursor or other problem that has its words already.
    #[error("{}", .0.detail)]
    Problem(Box<Problem>),
    /// The engine is not there.
    #[error("匹配索引没有建立起来，请查看日志中的原因，改正数据后重试")]
    NoEngine,
    /// A run without items or enterprises.
    #[error("库中还没有在办事项或市场主体，没有可以比较的，请先导入政策和市场主体")]
    NothingToCompare,
    /// Somebody cancelled the run, or the server stops.
    #[error("全量匹配按要求停止，下一次接着进行")]
    Stopped,
    /// What an earlier run kept cannot be read.
    #[error("事项“{0}”上次匹配的记录已损坏，请从备份恢复数据库")]
    Damaged(String),
    /// The database.
    #[error(transparent)]
    Db(#[from] zhida_platform::db::Error),
    /// The engine refuses.
    #[error(transparent)]
    Engine(#[from] zhida_matcher::MatcherError),
    /// A worker thread died.
    #[error("匹配计算中断，请重试")]
    Worker(#[from] tokio::task::JoinError),
}

fn sentences(fields: &[FieldError]) -> String {
    let parts: Vec<String> = fields
        .iter()
        .map(|field| format!("{}（{}）", field.message, field.field))
        .collect();
    parts.join("；")
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NoEnterprise(code) => {
                Problem::not_found(format!("统一社会信用代码为“{code}”的市场主体"))
                    .hint("请核对代码，或先导入该主体的数据")
            }
            Error::NoItem(id) => Problem::not_found(format!("已发布的政策事项“{id}”"))
                .hint("请核对事项编号，或到政策库中查找"),
            Error::Day(_) => {
                Problem::bad_input(error.to_string()).field("on", "请写成 2026-11-22 的形式")
            }
            Error::Facts(fields) => {
                let mut problem = Problem::bad_input("填写的内容有误");
                problem.fields = fields;
                problem
            }
            Error::TooMany(..) => Problem::new(
                StatusCode::BAD_REQUEST,
                "too-many",
                "范围太大",
                error.to_string(),
            )
            .hint("请稍后再试，或缩小筛选范围"),
            Error::Registry(error) => error.into(),
            Error::Policies(error) => error.into(),
            Error::Problem(problem) => *problem,
            Error::NoEngine | Error::Damaged(_) => Problem::internal(error),
            Error::NothingToCompare => Problem::bad_input(error.to_string()),
            Error::Stopped => Problem::conflict(error.to_string()),
            Error::Db(error) => error.into(),
            Error::Engine(error) => Problem::internal(error),
            Error::Worker(error) => Problem::internal(error),
        }
    }
}
