//! 比对名单: who is held back, as departments give it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Entry};
use zhida_standards::uscc::Uscc;

use super::model::ComparisonList;
use super::store;
use crate::error::Error;
use crate::rights::HANDLE;
use crate::service::Redemption;

/// Enterprises on a list at most.
const ENTRIES_MAX: usize = 200_000;
/// Mistakes that are told at most.
const MISTAKES_MAX: usize = 20;

/// A list as it is sent: it takes the place of what the list was.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct ListToSave {
    /// 名单的标识：英文字母、数字和连字符。
    pub id: String,
    /// 名单的名称。
    pub name: String,
    /// 提供的部门。
    pub department: String,
    /// 一行一家：统一社会信用代码，可以接着写原因，用空格、逗号或制表符隔开。
    pub lines: String,
}

impl Redemption {
    /// All lists.
    ///
    /// # Errors
    /// No right; the database.
    pub async fn comparison_lists(&self, viewer: &Viewer) -> Result<Vec<ComparisonList>, Error> {
        viewer.need(HANDLE)?;
        Ok(store::lists(self.db.conn()).await?)
    }

    /// Keeps a list; how many enterprises stand on it now. The next night goes by it, and every case is
    /// held against it again before it is paid.
    ///
    /// # Errors
    /// No right; lines that cannot be used, by their numbers; the database.
    pub async fn save_list(&self, viewer: &Viewer, list: &ListToSave) -> Result<u64, Error> {
        viewer.need(HANDLE)?;
        let id = list.id.trim().to_ascii_lowercase();
        let is_slug = |id: &str| {
            (2..=40).contains(&id.len())
                && id
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        if !is_slug(&id) {
            return Err(Error::field(
                "id",
                "标识要 2 至 40 个英文字母、数字或连字符",
            ));
        }
        for (field, text, what) in [
            ("name", &list.name, "名称"),
            ("department", &list.department, "提供的部门"),
        ] {
            if text.trim().is_empty() || text.chars().count() > 100 {
                return Err(Error::field(
                    field,
                    format!("请填写名单的{what}，最多 100 个字"),
                ));
            }
        }
        let entries = Arc::new(entries(&list.lines)?);
        let now = self.clock.now();
        let by = viewer.name().to_owned();
        let entry = Entry::new(now, viewer, "redemption.list", "comparison_list", &id)
            .after(json!({ "name": list.name, "entries": entries.len() }));
        let write = |tx| {
            let (id, by, entry, entries) =
                (id.clone(), by.clone(), entry.clone(), Arc::clone(&entries));
            async move {
                let head = (id.as_str(), list.name.trim(), list.department.trim());
                store::put_list(&tx, head, &entries, &by, now).await?;
                audit::append(&tx, &entry).await?;
                Ok::<_, Error>(())
            }
        };
        self.db.write(write).await?;
        Ok(entries.len() as u64)
    }
}

/// The lines of a list, each enterprise once.
fn entries(text: &str) -> Result<Vec<(String, String)>, Error> {
    let mut found = BTreeMap::new();
    let mut mistakes = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let (code, reason) = line
            .split_once([' ', ',', '，', '\t', '　'])
            .unwrap_or((line, ""));
        match Uscc::parse(code) {
            Ok(code) => {
                let reason: String = reason.trim().chars().take(200).collect();
                found.insert(code.as_str().to_owned(), reason);
            }
            Err(error) => mistakes.push(format!("第 {number} 行“{code}”：{error}")),
        }
        if found.len() > ENTRIES_MAX {
            return Err(Error::field(
                "lines",
                format!("一个名单最多 {ENTRIES_MAX} 家企业，请拆开"),
            ));
        }
    }
    if mistakes.is_empty() {
        return Ok(found.into_iter().collect());
    }
    let more = mistakes.len().saturating_sub(MISTAKES_MAX);
    mistakes.truncate(MISTAKES_MAX);
    let rest = match more {
        0 => String::new(),
        more => format!("；另有 {more} 行也不对"),
    };
    Err(Error::field(
        "lines",
        format!("{}{rest}", mistakes.join("；")),
    ))
}
