//! Export templates 导出模板: which columns of a list an account takes away, under a name.
//!
//! A template keeps headings, nothing of the list itself: what it names and the list has no more is left out when the
//! list is shown. It belongs to an account, in whatever seat that acts.

mod store;

pub use store::ExportTemplate;
pub(crate) use store::SCHEMA;

use serde_json::{Value, json};

use super::chosen::{COLUMNS, Chosen};
use crate::access::Viewer;
use crate::audit::{self, Entry};
use crate::clock::SharedClock;
use crate::db::Database;
use crate::ids;
use crate::problem::Problem;

/// Characters of a template's name at most.
const NAME_MAX: usize = 20;
/// Templates of one account and list at most.
const TEMPLATES_MAX: i64 = 20;
/// Templates of one account at most, whatever it calls its lists.
const ALL_MAX: i64 = 400;
/// Characters of a list's name at most.
const LIST_MAX: usize = 40;
/// Columns of a template at most, and characters of a heading.
const HEADINGS_MAX: usize = 100;
const HEADING_MAX: usize = 60;

/// The templates of all accounts. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ExportTemplates {
    db: Database,
    clock: SharedClock,
}

fn owner(viewer: &Viewer) -> Result<String, Problem> {
    let account = viewer.account().map(|id| id.to_string());
    account.ok_or_else(|| Problem::sign_in("导出模板是各人自己的，要先登录"))
}

fn told(list: &str, name: &str, headings: &[String]) -> Value {
    json!({ "list": list, "name": name, "columns": headings })
}

impl ExportTemplates {
    /// The templates that this database keeps.
    #[must_use]
    pub fn new(db: Database, clock: SharedClock) -> Self {
        Self { db, clock }
    }

    /// The viewer's own templates of a list, the oldest first; none for who has no account.
    ///
    /// # Errors
    /// The database.
    pub async fn list(&self, viewer: &Viewer, list: &str) -> Result<Vec<ExportTemplate>, Problem> {
        let Some(account) = viewer.account() else {
            return Ok(Vec::new());
        };
        let account = account.to_string();
        Ok(store::list(self.db.conn(), &account, list).await?)
    }

    /// Keeps the chosen columns of a list; a template of the same name is replaced.
    ///
    /// # Errors
    /// Nobody signed in; a name that is empty or too long, no columns; too many templates; the database.
    pub async fn save(
        &self,
        viewer: &Viewer,
        list: &str,
        name: &str,
        chosen: &Chosen,
    ) -> Result<(), Problem> {
        let account = &owner(viewer)?;
        let headings = checked(list, name, chosen)?;
        let now = self.clock.now();
        let made = &ids::next(now).to_string();
        let is_kept = self
            .db
            .write(|tx| async move {
                let before = store::named(&tx, account, list, name).await?;
                let has_room = before.is_some()
                    || store::count(&tx, account, list).await? < TEMPLATES_MAX
                        && store::count_all(&tx, account).await? < ALL_MAX;
                if !has_room {
                    return Ok(false);
                }
                let id = before.as_ref().map_or(made.as_str(), |one| one.id.as_str());
                store::save(&tx, id, (account, list, name), headings, now).await?;
                let entry = Entry {
                    before: before.as_ref().map(|one| told(list, name, &one.headings)),
                    ..Entry::new(now, viewer, "export_template.save", "export_template", id)
                };
                audit::append(&tx, &entry.after(told(list, name, headings))).await?;
                Ok::<_, audit::Error>(true)
            })
            .await?;
        match is_kept {
            true => Ok(()),
            false => Err(Problem::refused(format!(
                "一个列表最多保存 {TEMPLATES_MAX} 个导出模板，请先删去不用的"
            ))),
        }
    }

    /// Removes one of the viewer's own templates; another's is answered like one that is not there.
    ///
    /// # Errors
    /// Nobody signed in; no such template; the database.
    pub async fn remove(&self, viewer: &Viewer, id: &str) -> Result<(), Problem> {
        let account = &owner(viewer)?;
        let now = self.clock.now();
        let is_gone = self
            .db
            .write(|tx| async move {
                let Some((list, one)) = store::get(&tx, account, id).await? else {
                    return Ok(false);
                };
                store::remove(&tx, account, id).await?;
                let entry =
                    Entry::new(now, viewer, "export_template.remove", "export_template", id)
                        .before(told(&list, &one.name, &one.headings));
                audit::append(&tx, &entry).await?;
                Ok::<_, audit::Error>(true)
            })
            .await?;
        match is_gone {
            true => Ok(()),
            false => Err(Problem::not_found("这个导出模板")),
        }
    }
}

/// The headings to keep.
fn checked<'c>(list: &str, name: &str, chosen: &'c Chosen) -> Result<&'c [String], Problem> {
    let wrong = |field: &str, words: String| Problem::bad_input(words.clone()).field(field, words);
    if name.is_empty() || name.chars().count() > NAME_MAX {
        let words = format!("请给模板起个名字，最多 {NAME_MAX} 个字");
        return Err(wrong("template-name", words));
    }
    let is_slug = |text: &str| {
        let mut letters = text.bytes();
        letters.all(|letter| letter.is_ascii_lowercase() || matches!(letter, b'.' | b'_' | b'-'))
    };
    if list.is_empty() || list.len() > LIST_MAX || !is_slug(list) {
        return Err(wrong(
            "list",
            "不知道是哪个列表，请回到列表重新保存".to_owned(),
        ));
    }
    let headings = chosen.headings()?.unwrap_or_default();
    let too_long = |heading: &String| heading.chars().count() > HEADING_MAX;
    if headings.is_empty() || headings.len() > HEADINGS_MAX || headings.iter().any(too_long) {
        return Err(wrong(COLUMNS, "请选择列表里有的列，再保存模板".to_owned()));
    }
    Ok(headings)
}
