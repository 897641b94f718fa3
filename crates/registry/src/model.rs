//! The types of the room.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zhida_platform::access::{self, Reach};
use zhida_platform::problem::Problem;
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

/// One line of the list of enterprises.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Row {
    /// 统一社会信用代码.
    pub code: String,
    /// 企业名称.
    pub name: String,
    /// 所在区划代码; absent when unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub division: Option<String>,
    /// 所属行业代码; absent when unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub industry: Option<String>,
    /// 企业规模; absent when unknown or not public.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// 登记状态; absent when unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// 成立日期; absent when unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registered_on: Option<NaiveDate>,
    /// 标签, as far as the viewer may see them.
    pub tags: Vec<String>,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// By code.
    #[default]
    Code,
    /// By name.
    Name,
    /// Newest registration first.
    RegisteredOn,
}

impl Order {
    /// All orders with the words shown for them.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Code, "code", "按信用代码"),
        (Self::Name, "name", "按名称"),
        (
            Self::RegisteredOn,
            "registered_on",
            "按成立日期（新的在前）",
        ),
    ];

    /// The name in addresses.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Name => "name",
            Self::RegisteredOn => "registered_on",
        }
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

/// How far an import batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchStatus {
    /// Being applied, or interrupted; the same file goes on where it stopped.
    Running,
    /// All rows dealt with.
    Done,
}

impl BatchStatus {
    /// The storage form.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
        }
    }

    /// The word shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "未完成",
            Self::Done => "已完成",
        }
    }
}

/// One import of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Batch {
    /// Number, ascending in time.
    pub no: i64,
    /// The department whose data it is.
    pub department: String,
    /// Name of the file.
    pub file_name: String,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// The day for which its facts hold.
    pub as_of: NaiveDate,
    /// How far it is.
    pub status: BatchStatus,
    /// Who started it.
    pub actor: String,
    /// Data rows of the file.
    pub total: i64,
    /// Data rows dealt with so far.
    pub position: i64,
    /// Rows that changed something stored.
    pub accepted: i64,
    /// Rows that said nothing new.
    pub unchanged: i64,
    /// Rows refused.
    pub rejected: i64,
    /// Enterprises that were new.
    pub created: i64,
    /// Where the rejects file is on the server; empty when there is none.
    #[serde(skip)]
    pub rejects: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When its last chunk was stored.
    pub updated_at: DateTime<Utc>,
}

/// A statement about a fact that is not the current one: replaced, or never adopted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PastFact {
    /// Id of the attribute.
    pub attribute: String,
    /// Year, of an annual attribute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<i32>,
    /// The value in its storage form.
    pub value: serde_json::Value,
    /// Who said so.
    pub department: String,
    /// The day for which it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<NaiveDate>,
    /// The batch that brought it; absent when the system computed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<i64>,
    /// `true`: it was current until replaced; `false`: it lost against a fact already there.
    pub adopted: bool,
}

/// What one batch did to the facts of one enterprise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FactChange {
    /// The batch that caused it.
    pub batch: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// The statements that are not current.
    pub facts: Vec<PastFact>,
}

/// A tag and the rule that gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TagRule {
    /// The tag.
    pub name: String,
    /// The rule in its normal form.
    pub rule: String,
    /// What it means, for people.
    pub note: String,
    /// Whether it gives tags now.
    pub active: bool,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}
