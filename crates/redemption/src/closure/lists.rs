//! 比对名单: who is held back, as departments give it. A list belongs to the body that made it; those see it whose
//! enterprises it may hold back.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use zhida_platform::access::{Reach, Row, Viewer};
use zhida_platform::audit::{self, Entry};
use zhida_platform::paging::{Page, PageRequest};
use zhida_platform::problem::Problem;
use zhida_standards::division::DivisionCode;
use zhida_standards::uscc::Uscc;

use super::list_store::{self, Head};
use super::model::ComparisonList;
use crate::error::Error;
use crate::rights::{LISTS, LISTS_ALL};
use crate::service::Redemption;

/// Enterprises on a list at most.
const ENTRIES_MAX: usize = 200_000;
/// Name of the list of lists in its cursors.
const LIST: &str = "redemption_list:name";
/// Mistakes that are told at most.
const MISTAKES_MAX: usize = 20;

/// 要保存的比对名单；整体替换原来的内容。
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

impl ListToSave {
    /// The id, if what was typed can be one.
    fn slug(&self) -> Result<String, Error> {
        let id = self.id.trim().to_ascii_lowercase();
        let fits = (2..=40).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        match fits {
            true => Ok(id),
            false => Err(Error::field(
                "id",
                "标识要 2 至 40 个英文字母、数字或连字符",
            )),
        }
    }
}

impl ComparisonList {
    /// Whether a viewer keeps this list: somebody of the body whose it is, or who keeps all of the place.
    fn is_kept_by(&self, viewer: &Viewer) -> bool {
        let row = Row {
            division: (!self.place.is_empty()).then_some(self.place.as_str()),
            ..Row::default()
        };
        let own = viewer.seat().and_then(|seat| seat.organisation);
        viewer.covers(LISTS_ALL, &row)
            || own.is_some_and(|own| own.to_string() == self.organisation)
    }
}

impl Redemption {
    /// A page of the lists that concern the viewer's reach.
    ///
    /// # Errors
    /// No right; a cursor of another list; the database.
    pub async fn comparison_lists(
        &self,
        viewer: &Viewer,
        page: &PageRequest,
    ) -> Result<Page<ComparisonList>, Error> {
        viewer.need(LISTS)?;
        let after = page.cursor::<(String, String)>(LIST)?;
        let reach = viewer.reach(LISTS);
        let rows = list_store::page(self.db.conn(), &reach, after, page.rows_wanted()).await?;
        let found = Page::from_rows(rows, page, LIST, |row| (row.name.clone(), row.id.clone()))?;
        Ok(found.map(|list| ComparisonList {
            may_replace: list.is_kept_by(viewer),
            ..list
        }))
    }

    /// How many they are.
    ///
    /// # Errors
    /// No right; the database.
    pub async fn comparison_list_count(&self, viewer: &Viewer) -> Result<u64, Error> {
        viewer.need(LISTS)?;
        let reach = viewer.reach(LISTS);
        let count = list_store::count(self.db.conn(), &reach).await?;
        Ok(count.unsigned_abs())
    }

    /// Keeps a list; how many enterprises stand on it now. The next night goes by it, and every case is
    /// held against it again before it is paid. A new one belongs to the body that saves it first; from then on only
    /// that body replaces it, or who keeps all lists.
    ///
    /// # Errors
    /// No right; another's list; lines that cannot be used, by their numbers; the database.
    pub async fn save_list(&self, viewer: &Viewer, list: &ListToSave) -> Result<u64, Error> {
        viewer.need(LISTS)?;
        let id = list.slug()?;
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
        let entries = &entries(&list.lines)?;
        let now = self.clock.now();
        let seat = viewer.seat();
        let organisation = seat.and_then(|seat| seat.organisation);
        let organisation = organisation.map_or_else(String::new, |id| id.to_string());
        let head = &Head {
            id: &id,
            name: list.name.trim(),
            department: list.department.trim(),
            organisation: &organisation,
            owner: seat.map_or(viewer.name(), |seat| &seat.organisation_name),
            place: seat.and_then(|seat| seat.division.as_deref()).unwrap_or(""),
        };
        let entry = &Entry::new(now, viewer, "redemption.list", "comparison_list", &id)
            .after(json!({ "name": head.name, "entries": entries.len() }));
        self.db
            .write(|tx| async move {
                let kept = list_store::take(&tx, head, viewer.name(), now).await?;
                if let Some(kept) = kept.filter(|kept| !kept.is_kept_by(viewer)) {
                    return Err(another(viewer, &kept));
                }
                list_store::put(&tx, head, entries, viewer.name(), now).await?;
                audit::append(&tx, entry).await?;
                Ok::<_, Error>(())
            })
            .await?;
        Ok(entries.len() as u64)
    }
}

/// What somebody is told who would replace another's list; one that does not concern them is not named.
fn another(viewer: &Viewer, kept: &ComparisonList) -> Error {
    match concerns(&viewer.reach(LISTS), &kept.place) {
        true => Problem::forbidden(format!(
            "名单“{}”由{}维护，只有该单位或数据管理员可以更新",
            kept.name, kept.owner
        ))
        .into(),
        false => Error::field("id", "这个标识已被其他单位的名单使用，请换一个"),
    }
}

/// Whether a place's list concerns a reach, as the query of lists has it.
fn concerns(reach: &Reach, place: &str) -> bool {
    let row = Row {
        division: Some(place),
        ..Row::default()
    };
    let above = DivisionCode::parse(place).ok();
    let lies_in = |reached: &DivisionCode| above.is_some_and(|above| reached.is_within(above));
    match reach {
        Reach::Places(places) => reach.covers(&row) || places.iter().any(lies_in),
        _ => reach.covers(&row),
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
