//! The types of the room.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use zhida_platform::access::{self, Reach};
use zhida_platform::problem::Problem;
use zhida_platform::vocabulary;
use zhida_rules::Facts;

use crate::RegistryError;

/// One enterprise with everything known of it: 一企一档.
#[derive(Debug, Clone)]
pub struct Enterprise {
    /// Its number in this database, given once; it never changes and no other enterprise gets it.
    pub seq: i64,
    /// 统一社会信用代码, the key.
    pub code: String,
    /// 企业名称.
    pub name: String,
    /// 所在区划, a division code; `None` when unknown.
    pub division: Option<String>,
    /// 所属行业, a GB/T 4754-2017 code; `None` when unknown.
    pub industry: Option<String>,
    /// 企业规模, given or computed; `None` when unknown.
    pub size: Option<String>,
    /// 登记状态; `None` when unknown.
    pub status: Option<String>,
    /// 成立日期; `None` when unknown.
    pub registered_on: Option<NaiveDate>,
    /// Every fact with its source.
    pub facts: Facts,
    /// Tags that the tag rules gave it.
    pub tags: Vec<String>,
    /// The registry's version when it last changed.
    pub version: i64,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Enterprise {
    /// What decides who reaches it.
    #[must_use]
    pub fn access(&self) -> access::Row<'_> {
        access::Row {
            enterprise: Some(&self.code),
            division: self.division.as_deref(),
        }
    }
}

/// Which enterprise a number stands for.
#[derive(Debug, Clone, PartialEq, Eq, sea_orm::FromQueryResult)]
pub struct EnterpriseName {
    /// Its number, [`Enterprise::seq`].
    pub seq: i64,
    /// 统一社会信用代码.
    pub code: String,
    /// 企业名称.
    pub name: String,
    /// 所在区划, a division code; empty when unknown.
    pub division: String,
}

/// 名录中的一家市场主体。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Row {
    /// 统一社会信用代码。
    pub code: String,
    /// 企业名称。
    pub name: String,
    /// 所在区划代码；不知道时没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub division: Option<String>,
    /// 所属行业代码；不知道时没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub industry: Option<String>,
    /// 企业规模；不知道或不公开时没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// 登记状态；不知道时没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// 成立日期；不知道时没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registered_on: Option<NaiveDate>,
    /// 查看者可以看到的标签。
    pub tags: Vec<String>,
}

vocabulary! {
    /// 排序。
    #[derive(Default)]
    Order {
        /// 按信用代码。
        #[default]
        Code = "code", "按信用代码";
        /// 按名称。
        Name = "name", "按名称";
        /// 成立日期新的在前。
        RegisteredOn = "registered_on", "按成立日期（新的在前）";
    }
}

/// Which enterprises: the one object behind list, count and export. Empty texts ask nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Query {
    /// Any part of the name; several words separated by spaces must all occur.
    pub text: String,
    /// The code or its beginning.
    pub code: String,
    /// A division code; its whole area counts.
    pub region: String,
    /// An industry code; everything under it counts.
    pub industry: String,
    /// A tag.
    pub tag: String,
    /// 企业规模.
    pub size: String,
    /// 登记状态.
    pub status: String,
    /// Order.
    pub order: Order,
    /// The rows that may be found at all: all for the program itself; for somebody who looks, what
    /// [`zhida_platform::access::Viewer::reach`] says.
    pub reach: Reach,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            text: String::new(),
            code: String::new(),
            region: String::new(),
            industry: String::new(),
            tag: String::new(),
            size: String::new(),
            status: String::new(),
            order: Order::default(),
            reach: Reach::All,
        }
    }
}

impl Query {
    /// The conditions as text: the same for queries that find the same enterprises in another order.
    pub(crate) fn counted_by(&self) -> Result<String, RegistryError> {
        let query = Self {
            order: Order::default(),
            ..self.clone()
        };
        Ok(serde_json::to_string(&query).map_err(Problem::internal)?)
    }
}

vocabulary! {
    /// 导入批次的状态：running 未完成、done 已完成。
    BatchStatus {
        /// 正在导入，或已中断；再次导入同一文件会从中断处继续。
        Running = "running", "未完成";
        /// 全部行都已处理。
        Done = "done", "已完成";
    }
}

/// 一个文件的一次导入。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Batch {
    /// 批次编号，按时间递增。
    pub no: i64,
    /// 数据来源部门。
    pub department: String,
    /// 文件名。
    pub file_name: String,
    /// 文件的 SHA-256，十六进制。
    pub sha256: String,
    /// 数据日期。
    pub as_of: NaiveDate,
    /// 状态。
    pub status: BatchStatus,
    /// 导入人。
    pub actor: String,
    /// 文件的数据行数。
    pub total: i64,
    /// 已处理的行数。
    pub position: i64,
    /// 导入的行数：写入了新增或变化的数据。
    pub accepted: i64,
    /// 没有变化的行数。
    pub unchanged: i64,
    /// 退回的行数。
    pub rejected: i64,
    /// 新增的市场主体数。
    pub created: i64,
    /// Where the rejects file is on the server; empty when there is none.
    #[serde(skip)]
    pub rejects: String,
    /// 导入它的任务；用命令行导入的没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<Uuid>,
    /// 开始时间（UTC）。
    pub started_at: DateTime<Utc>,
    /// 最近一次写入的时间（UTC）。
    pub updated_at: DateTime<Utc>,
}

/// 一项不是现行的数据：已被替换，或没有被采用。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PastFact {
    /// 属性标识。
    pub attribute: String,
    /// 年度指标的年份。
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<i32>,
    /// 数据的值。
    pub value: serde_json::Value,
    /// 数据来源部门。
    pub department: String,
    /// 数据日期。
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<NaiveDate>,
    /// 导入批次；系统计算的没有。
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<i64>,
    /// true 曾经现行，后被替换；false 没有被采用。
    pub adopted: bool,
}

/// 一个批次对一家企业数据的改动。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FactChange {
    /// 引起改动的批次。
    pub batch: i64,
    /// 时间（UTC）。
    pub at: DateTime<Utc>,
    /// 被替换或没有被采用的数据。
    pub facts: Vec<PastFact>,
}

/// 标签和它的规则。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TagRule {
    /// 标签名称。
    pub name: String,
    /// 规则的规范形式。
    pub rule: String,
    /// 说明。
    pub note: String,
    /// 是否启用。
    pub active: bool,
    /// 最近一次改动的时间（UTC）。
    pub updated_at: DateTime<Utc>,
}
