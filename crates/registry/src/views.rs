//! 谁看过我们的档案: what the record of views tells the enterprise itself, and how views get into it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use zhida_platform::access::{Action, Rights, Viewer, mask};
use zhida_platform::audit::{self, Look, Record};
use zhida_platform::clock::to_shanghai;
use zhida_platform::export::{Column, Row as Line, Table};
use zhida_platform::paging::{Page, PageRequest};
use zhida_platform::problem::Problem;

use crate::model::{Enterprise, Query};
use crate::rights::AUDIT;
use crate::{Registry, RegistryError};

/// Records of an export that are read at a time.
const EXPORT_ROWS: u32 = 500;
/// Who looked without a seat: the demonstration, which nobody signs in to.
const NO_ORGANISATION: &str = "平台工作人员";

/// 一次对本企业档案的查看。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FileView {
    /// 审计记录编号。
    pub no: i64,
    /// 时间（UTC）。
    pub at: DateTime<Utc>,
    /// 单位。
    pub organisation: String,
    /// 角色；没有任职的为空。
    pub role: String,
    /// 姓名，已脱敏。
    pub person: String,
    /// 是否受本企业委托代办。
    pub by_mandate: bool,
    /// 查看内容。
    pub part: String,
    /// 依据的权限。
    pub right: String,
}

impl From<Record> for FileView {
    fn from(record: Record) -> Self {
        let detail = record.detail.unwrap_or_default();
        let text = |name: &str| detail[name].as_str().unwrap_or_default();
        let rights = Rights::shipped();
        let person = match text("person") {
            "" => record.actor.as_str(),
            person => person,
        };
        let part = match text("part") {
            // a record of before parts were told
            "" => record.action.as_str(),
            part => part,
        };
        let item = detail["filter"]["item"].as_str();
        Self {
            no: record.no,
            at: record.at,
            organisation: record
                .organisation
                .clone()
                .unwrap_or_else(|| NO_ORGANISATION.to_owned()),
            role: match rights.role(text("role")) {
                Some(role) => role.name.clone(),
                None => text("role").to_owned(),
            },
            person: mask::name(person),
            by_mandate: record.on_behalf_of.is_some(),
            part: item.map_or_else(|| part.to_owned(), |item| format!("{part}（事项 {item}）")),
            right: rights
                .action_name(text("right"))
                .unwrap_or_default()
                .to_owned(),
        }
    }
}

/// The columns of [`Registry::views_table`].
pub(crate) fn view_columns() -> Vec<Column> {
    vec![
        Column::new("记录编号"),
        Column::wide("时间", 20),
        Column::wide("单位", 30),
        Column::new("角色"),
        Column::new("姓名（脱敏）"),
        Column::wide("查看内容", 30),
        Column::wide("依据的权限", 28),
        Column::new("是否受托代办"),
    ]
}

impl Registry {
    /// The enterprise whose record of views the viewer may see: the own one only. Any other is
    /// answered like one that is not there.
    ///
    /// # Errors
    /// No such enterprise, or another's; the database.
    pub(crate) async fn watched(
        &self,
        viewer: &Viewer,
        code: &str,
    ) -> Result<Enterprise, RegistryError> {
        let found = self.enterprise(code).await?;
        found
            .filter(|enterprise| viewer.covers(AUDIT, &enterprise.access()))
            .ok_or_else(|| RegistryError::NoEnterprise(code.chars().take(30).collect()))
    }

    /// One page of those who looked at the enterprise's file, newest first unless asked otherwise.
    pub(crate) async fn views(
        &self,
        enterprise: &Enterprise,
        oldest_first: bool,
        page: &PageRequest,
    ) -> Result<Page<FileView>, RegistryError> {
        let query = views_query(&enterprise.code, oldest_first);
        let found = audit::list(self.db(), &query, page).await?;
        Ok(found.map(FileView::from))
    }

    /// How many lines [`Registry::views`] has in all.
    pub(crate) async fn views_count(&self, enterprise: &Enterprise) -> Result<u64, RegistryError> {
        let query = views_query(&enterprise.code, false);
        Ok(audit::count(self.db(), &query).await?)
    }

    /// All of [`Registry::views`] for CSV and XLSX.
    pub(crate) fn views_table(
        self: &Arc<Self>,
        enterprise: &Enterprise,
        oldest_first: bool,
    ) -> Table {
        let registry = Arc::clone(self);
        let query = views_query(&enterprise.code, oldest_first);
        let name = format!("{}_谁看过档案", enterprise.name);
        Table::by_pages(name, view_columns(), move |after: Option<String>| {
            let (registry, query) = (Arc::clone(&registry), query.clone());
            async move {
                let limit = EXPORT_ROWS;
                let page = PageRequest { after, limit };
                let found = audit::list(registry.db(), &query, &page).await?;
                let lines = found.items.into_iter().map(FileView::from).map(line);
                Ok((lines.collect(), found.next))
            }
        })
    }

    /// Records that more of one enterprise is about to be shown than everybody sees; call before
    /// showing it.
    pub(crate) async fn record_view(
        &self,
        viewer: &Viewer,
        enterprise: &Enterprise,
        right: Action,
        part: &str,
    ) -> Result<(), RegistryError> {
        let look = Look {
            action: "registry.view",
            right,
            part: part.to_owned(),
            filter: Value::Null,
        };
        let entry = look.of_one(self.clock().now(), viewer, &enterprise.code);
        Ok(audit::record(self.db(), entry.as_slice()).await?)
    }

    /// Records a list or an export of `count` lines that shows more than everybody sees.
    pub(crate) async fn record_list(
        &self,
        viewer: &Viewer,
        look: Look,
        count: u64,
    ) -> Result<(), RegistryError> {
        let entry = look.of_many(self.clock().now(), viewer, count);
        Ok(audit::record(self.db(), entry.as_slice()).await?)
    }
}

fn views_query(code: &str, oldest_first: bool) -> audit::Query {
    audit::Query {
        oldest_first,
        ..audit::views_of(code)
    }
}

impl Query {
    /// The conditions that were given, for the record of a list.
    #[must_use]
    pub fn told(&self) -> Value {
        let conditions = [
            ("text", &self.text),
            ("code", &self.code),
            ("region", &self.region),
            ("industry", &self.industry),
            ("tag", &self.tag),
            ("size", &self.size),
            ("status", &self.status),
        ];
        let given = conditions.into_iter().filter(|(_, text)| !text.is_empty());
        let told: Map<String, Value> = given
            .map(|(name, text)| (name.to_owned(), json!(text)))
            .collect();
        Value::Object(told)
    }
}

fn line(view: FileView) -> Line {
    let at = to_shanghai(view.at).format("%Y-%m-%d %H:%M:%S");
    vec![
        view.no.into(),
        at.to_string().into(),
        view.organisation.into(),
        view.role.into(),
        view.person.into(),
        view.part.into(),
        view.right.into(),
        if view.by_mandate { "是" } else { "否" }.into(),
    ]
}

impl From<audit::Error> for RegistryError {
    fn from(error: audit::Error) -> Self {
        Problem::from(error).into()
    }
}
