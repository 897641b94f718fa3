//! What is done with themes: looking, dismissing, proposing a measure and saying that it is done.

use chrono::{Days, NaiveDate};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use zhida_platform::access::{Action, Viewer};
use zhida_platform::audit::{self, Entry};
use zhida_platform::ids;
use zhida_platform::paging::{Page, PageRequest};

use super::model::{MeasureState, NewRemedy, Remedy, Theme, ThemeState};
use super::store;
use crate::error::Error;
use crate::numbers::{Counted, Dimension, Group};
use crate::query::AppealQuery;
use crate::rights::{NUMBERS, SUPERVISE};
use crate::service::Appeals;

/// Weeks before and after a measure that are compared.
pub(super) const WEEKS: u64 = 8;

/// 举措前后每周的件数。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AppealEffect)]
pub struct Effect {
    /// 落实的日期。
    pub done_on: NaiveDate,
    /// 之前有几个整周。
    pub weeks_before: u64,
    /// 之前这些周共几件。
    pub before: u64,
    /// 之后有几个整周。
    pub weeks_after: u64,
    /// 之后这些周共几件。
    pub after: u64,
}

impl Effect {
    /// What it came to, in words that claim no cause.
    #[must_use]
    pub fn words(&self) -> String {
        if self.weeks_after == 0 {
            return "落实不满一周，还不能比较。".to_owned();
        }
        format!(
            "落实之前 {} 周共 {} 件，每周 {} 件；之后 {} 周共 {} 件，每周 {} 件。件数的变化不一定都是举措带来的。",
            self.weeks_before,
            self.before,
            per_week(self.before, self.weeks_before),
            self.weeks_after,
            self.after,
            per_week(self.after, self.weeks_after)
        )
    }
}

/// With two decimals, cut off.
fn per_week(count: u64, weeks: u64) -> String {
    let hundredths = count * 100 / weeks.max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

impl Appeals {
    /// A page of the themes within reach, newest first.
    ///
    /// # Errors
    /// No right; a cursor of another list; the database.
    pub async fn themes(
        &self,
        viewer: &Viewer,
        state: Option<ThemeState>,
        page: &PageRequest,
    ) -> Result<Page<Theme>, Error> {
        viewer.need(NUMBERS)?;
        store::list(self.db.conn(), &viewer.reach(NUMBERS), state, page).await
    }

    /// How many themes [`Appeals::themes`] has in all.
    ///
    /// # Errors
    /// As [`Appeals::themes`].
    pub async fn theme_count(
        &self,
        viewer: &Viewer,
        state: Option<ThemeState>,
    ) -> Result<u64, Error> {
        viewer.need(NUMBERS)?;
        store::number(self.db.conn(), &viewer.reach(NUMBERS), state).await
    }

    /// A theme with its measures.
    ///
    /// # Errors
    /// Beyond reach; the database.
    pub async fn theme(&self, viewer: &Viewer, id: &str) -> Result<(Theme, Vec<Remedy>), Error> {
        let theme = self.theme_within(viewer, NUMBERS, id).await?;
        let remedies = store::remedies(self.db.conn(), id).await?;
        Ok((theme, remedies))
    }

    async fn theme_within(
        &self,
        viewer: &Viewer,
        action: Action,
        id: &str,
    ) -> Result<Theme, Error> {
        viewer.need(action)?;
        let found = store::find(self.db.conn(), id).await?;
        found
            .filter(|theme| viewer.covers(action, &theme.access()))
            .ok_or_else(|| Error::missing("这个一类事"))
    }

    /// The appeals of a theme by week, the first and the last week with an appeal included.
    pub(super) async fn weeks_of(&self, viewer: &Viewer, id: &str) -> Result<Vec<Group>, Error> {
        let query = theme_query(id);
        let (_, weeks) = self.figures_by(viewer, &query, Dimension::Week).await?;
        Ok(weeks)
    }

    /// The weeks before and after a measure was done: whole weeks of seven days on both sides of that day, the day itself
    /// in neither.
    pub(super) async fn effect(
        &self,
        viewer: &Viewer,
        theme: &Theme,
        remedy: &Remedy,
    ) -> Result<Option<Effect>, Error> {
        let Some(done_on) = remedy.done_on else {
            return Ok(None);
        };
        let today = self.clock.today();
        let gone = (today - done_on).num_days().max(0).unsigned_abs();
        let weeks_after = (gone.saturating_sub(1) / 7).min(WEEKS);
        // nobody looked earlier than five weeks before it was found
        let known = (done_on - theme.found_on).num_days().max(0).unsigned_abs() + 35;
        let weeks_before = (known / 7).min(WEEKS);
        let within = |from: Option<NaiveDate>, to: Option<NaiveDate>| AppealQuery {
            from,
            to,
            ..theme_query(&theme.id)
        };
        let day_before = done_on.pred_opt();
        let begin = done_on.checked_sub_days(Days::new(7 * weeks_before));
        let end = done_on.checked_add_days(Days::new(7 * weeks_after));
        let count = async |query: AppealQuery| -> Result<u64, Error> {
            Ok(self.figures(viewer, &query).await?.get(Counted::Received))
        };
        let before = count(within(begin, day_before)).await?;
        let after = match weeks_after {
            0 => 0,
            _ => count(within(done_on.succ_opt(), end)).await?,
        };
        Ok(Some(Effect {
            done_on,
            weeks_before,
            before,
            weeks_after,
            after,
        }))
    }

    /// Says that a theme is none, with a reason; what comes later is not given to it.
    ///
    /// # Errors
    /// Beyond reach; no reason; somebody else was faster.
    pub async fn dismiss_theme(&self, viewer: &Viewer, id: &str, why: &str) -> Result<(), Error> {
        let mut theme = self.theme_within(viewer, SUPERVISE, id).await?;
        if theme.state != ThemeState::Found {
            return Err(Error::refused(format!(
                "这个一类事{}，不能再改",
                theme.state.word()
            )));
        }
        theme.why = words("why", why, "理由")?;
        theme.state = ThemeState::Dismissed;
        let entry = &self
            .theme_entry(viewer, "appeal.theme_dismiss", id)
            .after(json!({ "why": theme.why }));
        let theme = &theme;
        self.db
            .write(|tx| async move {
                changed(store::set_state(&tx, theme).await?)?;
                audit::append(&tx, entry).await?;
                Ok(())
            })
            .await
    }

    /// Proposes a measure against a theme; its id.
    ///
    /// # Errors
    /// Beyond reach; a field that is wrong; a theme that was dismissed.
    pub async fn propose_remedy(
        &self,
        viewer: &Viewer,
        id: &str,
        new: &NewRemedy,
    ) -> Result<String, Error> {
        let mut theme = self.theme_within(viewer, SUPERVISE, id).await?;
        if theme.state == ThemeState::Dismissed {
            return Err(Error::refused("已经判断不作为一类事，不能再提举措"));
        }
        theme.state = ThemeState::Acted;
        let now = self.clock.now();
        let remedy = &Remedy {
            id: ids::next(now).to_string(),
            words: words("words", &new.words, "举措")?,
            body: line("body", &new.body, "责任单位")?,
            person: line("person", &new.person, "责任人")?,
            due_on: self.remedy_due(&new.due_on)?,
            state: MeasureState::Proposed,
            proposed_by: viewer.name().to_owned(),
            done_on: None,
            result: String::new(),
            version: 1,
        };
        let entry = &self
            .theme_entry(viewer, "appeal.theme_measure", id)
            .after(json!({ "words": remedy.words, "body": remedy.body, "due_on": remedy.due_on }));
        let theme = &theme;
        self.db
            .write(|tx| async move {
                changed(store::set_state(&tx, theme).await?)?;
                store::insert_remedy(&tx, id, remedy, now).await?;
                audit::append(&tx, entry).await?;
                Ok::<_, Error>(())
            })
            .await?;
        Ok(remedy.id.clone())
    }

    fn remedy_due(&self, text: &str) -> Result<NaiveDate, Error> {
        let day: NaiveDate = text
            .trim()
            .parse()
            .map_err(|_| Error::field("due_on", "请写日期，例如 2026-12-31"))?;
        match day < self.clock.today() {
            true => Err(Error::field("due_on", "期限已经过去，请写今天或以后的日期")),
            false => Ok(day),
        }
    }

    /// Says that a measure is done; from that day on its effect is followed.
    ///
    /// # Errors
    /// Beyond reach; done already; no words.
    pub async fn finish_remedy(
        &self,
        viewer: &Viewer,
        id: &str,
        remedy: &str,
        result: &str,
    ) -> Result<(), Error> {
        self.theme_within(viewer, SUPERVISE, id).await?;
        let known = store::remedies(self.db.conn(), id).await?;
        if known.iter().all(|one| one.id != remedy) {
            return Err(Error::missing("这条举措"));
        }
        let result = &words("result", result, "落实的情况")?;
        let entry = &self
            .theme_entry(viewer, "appeal.theme_measure_done", id)
            .after(json!({ "measure": remedy, "result": result }));
        self.db
            .write(|tx| async move {
                let today = self.clock.today();
                changed(store::finish_remedy(&tx, remedy, result, today).await?)?;
                audit::append(&tx, entry).await?;
                Ok(())
            })
            .await
    }

    fn theme_entry(&self, viewer: &Viewer, action: &'static str, id: &str) -> Entry {
        Entry::new(self.clock.now(), viewer, action, "appeal_theme", id)
    }
}

/// All appeals of a theme.
pub(super) fn theme_query(id: &str) -> AppealQuery {
    AppealQuery {
        theme: id.to_owned(),
        ..AppealQuery::all()
    }
}

fn changed(done: bool) -> Result<(), Error> {
    match done {
        true => Ok(()),
        false => Err(Error::refused("别人刚刚已经改过，请刷新页面核对后再操作")),
    }
}

fn words(field: &'static str, text: &str, what: &str) -> Result<String, Error> {
    let text = text.trim();
    match text.chars().count() {
        5..=1_000 => Ok(text.to_owned()),
        _ => Err(Error::field(field, format!("请写明{what}，5 至 1000 字"))),
    }
}

fn line(field: &'static str, text: &str, what: &str) -> Result<String, Error> {
    let text = text.trim();
    match text.chars().count() {
        1..=100 if !text.contains('\n') => Ok(text.to_owned()),
        _ => Err(Error::field(
            field,
            format!("请写明{what}，一行，100 字以内"),
        )),
    }
}
