//! Phrases 常用语: texts that officers write again and again, with places to be filled in.
//!
//! A phrase belongs to a body, and all who sit in it use it, or to one account. A room says with a [`Book`] for what its
//! phrases are and which places `{企业名称}` they may name; an unknown one is refused when the phrase is saved, with
//! the list of the known. Filled in they become what was typed: nothing remembers that they came from a phrase.

mod store;

pub use store::Phrase;
pub(crate) use store::SCHEMA;

use serde_json::json;

use crate::access::{Action, Viewer};
use crate::audit::{self, Entry};
use crate::clock::SharedClock;
use crate::db::{self, Database};
use crate::ids;
use crate::messages::{Field, Template};
use crate::problem::Problem;

/// Characters of a phrase's name at most.
pub const NAME_MAX: usize = 30;
/// Characters of a phrase at most.
pub const WORDS_MAX: usize = 2_000;
/// Phrases of one owner at most.
pub const PHRASES_MAX: u64 = 100;

/// What a room's phrases are for.
#[derive(Debug, Clone, Copy)]
pub struct Book {
    /// The room, the first part of its audit actions.
    pub room: &'static str,
    /// Whoever may do one of these uses and writes them.
    pub actions: &'static [Action],
    /// Slug and Chinese name of each purpose, for instance `("refusal", "不予兑付的理由")`.
    pub uses: &'static [(&'static str, &'static str)],
    /// The places that may be filled in.
    pub fields: &'static [Field],
}

impl Book {
    /// Whether somebody uses and writes them.
    #[must_use]
    pub fn is_open_to(&self, viewer: &Viewer) -> bool {
        self.actions.iter().any(|action| viewer.may(*action))
    }

    fn need(&self, viewer: &Viewer) -> Result<(), Problem> {
        match self.actions.first() {
            Some(first) if !self.is_open_to(viewer) => viewer.need(*first),
            _ => Ok(()),
        }
    }

    /// The Chinese name of a purpose.
    #[must_use]
    pub fn use_name(&self, slug: &str) -> Option<&'static str> {
        let found = self.uses.iter().find(|(known, _)| *known == slug);
        found.map(|(_, name)| *name)
    }

    /// Looks for places that are not known.
    ///
    /// # Errors
    /// A sentence with the place and the list of the known.
    pub fn check(&self, text: &str) -> Result<(), String> {
        Template::parse(text, self.fields).map(|_| ())
    }

    /// Fills in a phrase. A place whose value is empty is left to be written: `【截止日期】`.
    #[must_use]
    pub fn fill(&self, text: &str, values: &[(&str, &str)]) -> String {
        let blanks: Vec<(&str, String)> = self
            .fields
            .iter()
            .map(|field| {
                let given = values.iter().find(|(name, _)| *name == field.name);
                match given
                    .map(|(_, value)| *value)
                    .filter(|value| !value.is_empty())
                {
                    Some(value) => (field.name, value.to_owned()),
                    None => (field.name, format!("【{}】", field.label)),
                }
            })
            .collect();
        let all: Vec<(&str, &str)> = blanks
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        // what no longer parses was saved under other places: it is given as it stands
        let template = Template::parse(text, self.fields).ok();
        template
            .and_then(|template| template.fill(&all).ok())
            .unwrap_or_else(|| text.to_owned())
    }

    /// All places as an author writes them: `{企业名称}、{事项}`.
    #[must_use]
    pub fn places(&self) -> String {
        let places: Vec<String> = self
            .fields
            .iter()
            .map(|field| format!("{{{}}}", field.label))
            .collect();
        places.join("、")
    }
}

/// A phrase as its form gives it.
#[derive(Debug, Clone, Copy)]
pub struct NewPhrase<'a> {
    /// Its purpose: a slug of the book.
    pub purpose: &'a str,
    /// What it is called in lists.
    pub name: &'a str,
    /// The words.
    pub text: &'a str,
    /// Whether all of the author's body use it.
    pub is_shared: bool,
}

/// A room's phrases: cheap to clone.
#[derive(Debug, Clone)]
pub struct Phrases {
    db: Database,
    clock: SharedClock,
    book: &'static Book,
}

/// Who owns a phrase, as the table names it.
fn owners(viewer: &Viewer) -> Result<(String, String), Problem> {
    let account = viewer.account().map(|id| id.to_string());
    let account =
        account.ok_or_else(|| Problem::sign_in("常用语是各人、各单位自己的，要先登录"))?;
    let body = viewer.seat().and_then(|seat| seat.organisation);
    Ok((account, body.map(|id| id.to_string()).unwrap_or_default()))
}

impl Phrases {
    /// The phrases of a room.
    #[must_use]
    pub fn new(db: Database, clock: SharedClock, book: &'static Book) -> Self {
        Self { db, clock, book }
    }

    /// What they are for.
    #[must_use]
    pub fn book(&self) -> &'static Book {
        self.book
    }

    /// What this viewer can choose from: those of the body first, then the own ones, by purpose and name.
    ///
    /// # Errors
    /// No right, nobody signed in; the database.
    pub async fn list(&self, viewer: &Viewer) -> Result<Vec<Phrase>, Problem> {
        self.book.need(viewer)?;
        let (account, body) = owners(viewer)?;
        let found = store::list(self.db.conn(), self.book.room, &account, &body).await;
        found.map_err(Problem::internal)
    }

    /// One of those; another's is answered like one that is not there.
    ///
    /// # Errors
    /// No right; no such phrase; the database.
    pub async fn get(&self, viewer: &Viewer, id: &str) -> Result<Phrase, Problem> {
        let all = self.list(viewer).await?;
        let found = all.into_iter().find(|phrase| phrase.id == id);
        found.ok_or_else(|| Problem::not_found("这条常用语"))
    }

    /// Writes a phrase, or changes one; its id.
    ///
    /// # Errors
    /// No right; what is wrong at the fields `purpose`, `name`, `text`, `shared`; too many; the database.
    pub async fn save(
        &self,
        viewer: &Viewer,
        id: Option<&str>,
        new: &NewPhrase<'_>,
    ) -> Result<String, Problem> {
        self.book.need(viewer)?;
        let (account, body) = owners(viewer)?;
        self.check(new, &body)?;
        let before = match id {
            Some(id) => Some(self.get(viewer, id).await?),
            None => None,
        };
        let owner = match new.is_shared {
            true => ("organisation", body.as_str()),
            false => ("account", account.as_str()),
        };
        let now = self.clock.now();
        let made = ids::next(now).to_string();
        let id = before
            .as_ref()
            .map_or(made.as_str(), |phrase| phrase.id.as_str());
        let entry = &Entry {
            before: before
                .as_ref()
                .map(|phrase| json!({ "name": phrase.name, "text": phrase.text })),
            ..Entry::new(now, viewer, "phrase.save", "phrase", id)
        }
        .after(
            json!({ "room": self.book.room, "use": new.purpose, "name": new.name, "text": new.text,
            "shared": new.is_shared }),
        );
        self.db
            .write(|tx| async move {
                let there = store::count(&tx, self.book.room, owner, id).await?;
                if there >= PHRASES_MAX {
                    return Err(Failed::TooMany);
                }
                let by = (viewer.name(), now);
                store::save(&tx, self.book.room, id, owner, new, by).await?;
                audit::append(&tx, entry).await?;
                Ok(())
            })
            .await?;
        Ok(id.to_owned())
    }

    /// Removes a phrase.
    ///
    /// # Errors
    /// No right; no such phrase; the database.
    pub async fn remove(&self, viewer: &Viewer, id: &str) -> Result<(), Problem> {
        let phrase = self.get(viewer, id).await?;
        let now = self.clock.now();
        let entry = &Entry {
            before: Some(json!({ "name": phrase.name, "text": phrase.text })),
            ..Entry::new(now, viewer, "phrase.remove", "phrase", id)
        };
        self.db
            .write(|tx| async move {
                store::remove(&tx, id).await?;
                audit::append(&tx, entry).await?;
                Ok::<_, Failed>(())
            })
            .await?;
        Ok(())
    }

    fn check(&self, new: &NewPhrase<'_>, body: &str) -> Result<(), Problem> {
        let mut wrong: Vec<(&str, String)> = Vec::new();
        if self.book.use_name(new.purpose).is_none() {
            wrong.push(("purpose", "请选择用在哪里".to_owned()));
        }
        if new.name.is_empty() || new.name.chars().count() > NAME_MAX {
            wrong.push(("name", format!("请起个名字，最多 {NAME_MAX} 个字")));
        }
        if new.text.is_empty() || new.text.chars().count() > WORDS_MAX {
            wrong.push(("text", format!("请写内容，最多 {WORDS_MAX} 个字")));
        } else if let Err(sentence) = self.book.check(new.text) {
            wrong.push(("text", sentence));
        }
        if new.is_shared && body.is_empty() {
            let words = "您没有在单位任职，只能存为自己用的".to_owned();
            wrong.push(("shared", words));
        }
        let Some((_, first)) = wrong.first() else {
            return Ok(());
        };
        let problem = Problem::bad_input(first.clone());
        Err(wrong.into_iter().fold(problem, |problem, (field, words)| {
            problem.field(field, words)
        }))
    }
}

/// Why a phrase was not written.
enum Failed {
    TooMany,
    Db(db::Error),
    Audit(audit::Error),
}

impl From<db::Error> for Failed {
    fn from(error: db::Error) -> Self {
        Self::Db(error)
    }
}

impl From<audit::Error> for Failed {
    fn from(error: audit::Error) -> Self {
        Self::Audit(error)
    }
}

impl From<Failed> for Problem {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::TooMany => {
                let words = format!("常用语最多 {PHRASES_MAX} 条，请先删去不用的");
                Self::bad_input(words.clone()).field("name", words)
            }
            Failed::Db(error) => Self::internal(error),
            Failed::Audit(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOK: Book = Book {
        room: "test",
        actions: &[Action("redemption.handle")],
        uses: &[("refusal", "不予兑付的理由")],
        fields: &[
            Field {
                name: "enterprise",
                label: "企业名称",
            },
            Field {
                name: "due",
                label: "截止日期",
            },
        ],
    };

    #[test]
    fn places_are_filled_in_and_what_is_not_known_is_left_to_be_written() {
        let text = "{企业名称}：请在{截止日期}前补正。";
        let values = [("enterprise", "甲公司{截止日期}"), ("due", "")];
        assert_eq!(
            BOOK.fill(text, &values),
            "甲公司{截止日期}：请在【截止日期】前补正。"
        );
        assert_eq!(BOOK.fill("没有{关上", &values), "没有{关上");
    }

    #[test]
    fn an_unknown_place_is_refused_with_the_list_of_the_known() {
        let sentence = BOOK.check("请{企业}补正").expect_err("unknown");
        for words in ["「企业」", "{企业名称}", "{截止日期}"] {
            assert!(sentence.contains(words), "{sentence}");
        }
        assert!(BOOK.check("请{企业名称}补正").is_ok());
    }
}
