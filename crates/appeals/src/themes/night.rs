//! The night's look: heaps of similar texts that grow, and what is similar to those that are followed.

use std::collections::HashMap;

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde_json::json;
use uuid::Uuid;
use zhida_classifier::themes::{Grouped, ThemeOptions, themes};
use zhida_classifier::{Ask, Index};
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Entry};
use zhida_platform::clock::to_shanghai;
use zhida_platform::db::Tx;
use zhida_platform::ids;
use zhida_standards::division;

use super::model::{Theme, ThemeState};
use super::store;
use crate::error::Error;
use crate::service::Appeals;

/// Days of which appeals are looked at: the last seven and the four weeks before.
const WINDOW: u64 = 35;
const RECENT: u64 = 7;
/// Appeals of the last seven days that a new theme has at least.
pub(crate) const RECENT_MIN: i64 = 3;

/// What a night came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Night {
    /// Appeals that were looked at.
    pub looked: usize,
    /// New themes.
    pub found: usize,
    /// Themes that are followed.
    pub followed: usize,
}

/// An appeal of the window.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub id: Uuid,
    pub category: String,
    pub category_name: String,
    pub place: String,
    pub title: String,
    pub text: String,
    pub opened_at: DateTime<Utc>,
    pub theme: Option<String>,
}

impl Text {
    fn group(&self) -> String {
        format!("{}|{}", self.category, self.county())
    }

    fn county(&self) -> &str {
        self.place.get(..6).unwrap_or_default()
    }

    fn words(&self) -> String {
        format!("{}\n{}", self.title, self.text)
    }
}

/// Whether so many in seven days are a growth over so many in the four weeks before.
fn grows(recent: i64, earlier: i64) -> bool {
    recent >= RECENT_MIN && 8 * recent >= 3 * earlier
}

impl Appeals {
    /// Looks for themes among the appeals of the last five weeks. Repeated it changes nothing but the counts.
    ///
    /// # Errors
    /// The database.
    pub async fn find_themes(&self) -> Result<Night, Error> {
        let today = self.clock.today();
        let since = today.checked_sub_days(Days::new(WINDOW)).unwrap_or(today);
        let mut texts = store::window(self.db.conn(), since).await?;
        let followed = store::followed(self.db.conn()).await?;
        self.follow_themes(&followed, &mut texts).await?;
        let found = self.discover_themes(&mut texts).await?;
        self.count_themes(&followed, &texts).await?;
        Ok(Night {
            looked: texts.len(),
            found,
            followed: followed.len() + found,
        })
    }

    /// Gives to followed themes what is similar to their appeals.
    async fn follow_themes(&self, followed: &[Theme], texts: &mut [Text]) -> Result<(), Error> {
        let mut index: Index<(String, String)> = Index::new();
        for text in texts.iter() {
            let theme = followed
                .iter()
                .find(|one| Some(&one.id) == text.theme.as_ref());
            if let Some(theme) = theme {
                let attributes = (text.group(), theme.id.clone());
                index.add(text.id.as_u128(), attributes, &text.words());
            }
        }
        let mut joined: HashMap<String, Vec<Uuid>> = HashMap::new();
        for text in texts.iter_mut().filter(|text| text.theme.is_none()) {
            let group = text.group();
            let alike = index.query(&text.words(), &Ask::default(), |one| one.0 == group);
            if let Some(first) = alike.first() {
                let theme = first.attributes.1.clone();
                joined.entry(theme.clone()).or_default().push(text.id);
                text.theme = Some(theme);
            }
        }
        for (theme, members) in &joined {
            self.db
                .write(|tx: Tx| async move {
                    store::join(&tx, theme, members).await?;
                    let entry = self.night_entry("appeal.theme_follow", theme);
                    audit::append(&tx, &entry.after(json!({ "appeals": members.len() }))).await?;
                    Ok::<_, Error>(())
                })
                .await?;
        }
        Ok(())
    }

    /// Heaps of what belongs to no theme yet; how many grow.
    async fn discover_themes(&self, texts: &mut [Text]) -> Result<usize, Error> {
        let free: Vec<&Text> = texts.iter().filter(|text| text.theme.is_none()).collect();
        let words: Vec<(String, String)> = free
            .iter()
            .map(|text| (text.group(), text.words()))
            .collect();
        let grouped: Vec<Grouped<'_>> = free
            .iter()
            .zip(&words)
            .map(|(text, (group, words))| Grouped {
                id: text.id.as_u128(),
                group,
                text: words,
            })
            .collect();
        let heaps = themes(&grouped, &ThemeOptions::default());
        let by_id: HashMap<u128, &Text> =
            free.iter().map(|text| (text.id.as_u128(), *text)).collect();
        let mut new = Vec::new();
        for heap in heaps {
            let members: Vec<&Text> = heap
                .members
                .iter()
                .filter_map(|id| by_id.get(id).copied())
                .collect();
            let (recent, earlier) = self.theme_tally(&members);
            let Some(middle) = by_id.get(&heap.middle).filter(|_| grows(recent, earlier)) else {
                continue;
            };
            let ids: Vec<Uuid> = members.iter().map(|text| text.id).collect();
            new.push((self.new_theme(middle, &heap.labels, recent, earlier), ids));
        }
        for (theme, members) in &new {
            self.db
                .write(|tx: Tx| async move {
                    store::insert(&tx, theme).await?;
                    store::join(&tx, &theme.id, members).await?;
                    let entry = self.night_entry("appeal.theme_find", &theme.id);
                    let after = json!({ "name": theme.name, "appeals": members.len() });
                    audit::append(&tx, &entry.after(after)).await?;
                    Ok::<_, Error>(())
                })
                .await?;
        }
        for text in texts.iter_mut() {
            let theme = new.iter().find(|(_, members)| members.contains(&text.id));
            if let Some((theme, _)) = theme {
                text.theme = Some(theme.id.clone());
            }
        }
        Ok(new.len())
    }

    fn new_theme(&self, middle: &Text, labels: &[String], recent: i64, earlier: i64) -> Theme {
        let words = match labels.is_empty() {
            true => middle.title.clone(),
            false => labels.join("、"),
        };
        let last = middle
            .category_name
            .rsplit(" / ")
            .next()
            .unwrap_or_default();
        let place = division::full_name(middle.county()).unwrap_or_default();
        let about: Vec<&str> = [last, place.as_str()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        let name = match about.is_empty() {
            true => words,
            false => format!("{words}（{}）", about.join("，")),
        };
        let today = self.clock.today();
        Theme {
            id: ids::next(self.clock.now()).to_string(),
            name,
            category: middle.category.clone(),
            category_name: middle.category_name.clone(),
            place: middle.county().to_owned(),
            state: ThemeState::Found,
            recent,
            earlier,
            found_on: today,
            counted_on: today,
            why: String::new(),
            version: 1,
        }
    }

    /// Counts followed themes anew.
    async fn count_themes(&self, followed: &[Theme], texts: &[Text]) -> Result<(), Error> {
        let today = self.clock.today();
        for theme in followed {
            let of = |text: &&Text| text.theme.as_ref() == Some(&theme.id);
            let members: Vec<&Text> = texts.iter().filter(of).collect();
            let (recent, earlier) = self.theme_tally(&members);
            let id = theme.id.as_str();
            // a count of the day, which nobody decides: the figure's own list is the record
            self.db
                .write(|tx: Tx| async move {
                    store::count(&tx, id, (recent, earlier), today).await?;
                    Ok::<_, Error>(())
                })
                .await?;
        }
        Ok(())
    }

    /// How many came in the last seven days, and in the four weeks before.
    fn theme_tally(&self, members: &[&Text]) -> (i64, i64) {
        let today = self.clock.today();
        let border: NaiveDate = today.checked_sub_days(Days::new(RECENT)).unwrap_or(today);
        let day = |text: &&Text| to_shanghai(text.opened_at).date_naive() > border;
        let recent = members.iter().copied().filter(day).count();
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        (number(recent), number(members.len() - recent))
    }

    fn night_entry(&self, action: &'static str, theme: &str) -> Entry {
        let system = Viewer::system("一类事");
        Entry::new(self.clock.now(), &system, action, "appeal_theme", theme)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_theme_grows_by_half_over_the_weekly_average() {
        assert!(grows(3, 0), "out of nothing");
        assert!(!grows(2, 0), "two are no theme");
        assert!(grows(3, 8), "three against two a week");
        assert!(!grows(3, 9));
        assert!(!grows(10, 40), "as many as always");
    }
}
