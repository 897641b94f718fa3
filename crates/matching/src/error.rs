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
        "筛选范围内有 {} 家市场主体，超过网页即时匹配的上限 {} 家，请先按区域、行业或规模缩小范围，或用命令行 zhida match policy",
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
            .hint("请缩小筛选范围"),
            Error::Registry(error) => error.into(),
            Error::Policies(error) => error.into(),
            Error::Problem(problem) => *problem,
            Error::Worker(error) => Problem::internal(error),
        }
    }
}
