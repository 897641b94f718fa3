//! Lists and counts, and what an appellant does.

use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use zhida_casework::{Command, Party};
use zhida_letters::CheckCode;
use zhida_platform::access::{Reach, Viewer};
use zhida_platform::audit::{self, Actor, Entry};
use zhida_platform::cases::party;
use zhida_platform::db::Tx;
use zhida_platform::paging::{Page, PageRequest};

use super::store::{self, VoiceRow};
use super::submit::code_digest;
use super::view::{AppealView, missing};
use super::visit::can_withdraw;
use crate::error::Error;
use crate::model::AppealRow;
use crate::query::AppealQuery;
use crate::rights::OWN;
use crate::service::Appeals;
use crate::words::{Outcome, Satisfaction};

/// What an appellant does.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(tag = "step", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum OwnStep {
    /// 评价。
    Rate {
        /// satisfied 满意、basically 基本满意、not 不满意。
        satisfaction: Satisfaction,
        /// 想说的话；不满意的必须写。
        #[serde(default)]
        words: String,
    },
    /// 要求重新办理。
    Reopen {
        /// 原因。
        reason: String,
    },
    /// 撤回。
    Withdraw {
        /// 原因。
        #[serde(default)]
        reason: String,
    },
}

/// An appeal as its appellant follows it, with the voice that is theirs.
#[derive(Debug, Clone)]
pub(crate) struct Followed {
    /// The case that they submitted.
    pub own: AppealView,
    /// The case that it goes on within; the same while it is not merged.
    pub main: AppealView,
    /// Their voice.
    pub voice: VoiceRow,
    /// What they can do now.
    pub can_rate: bool,
    /// Whether they can have it taken up again, the window being open.
    pub can_reopen: bool,
    /// Whether they can take it back.
    pub can_withdraw: bool,
}

impl Appeals {
    /// A page of appeals within a viewer's reach; whose they are only where the viewer may know.
    ///
    /// # Errors
    /// A cursor of another list; a first day after the last; the database.
    pub async fn list(
        &self,
        viewer: &Viewer,
        query: &AppealQuery,
        page: &PageRequest,
    ) -> Result<Page<AppealRow>, Error> {
        query.in_order()?;
        let found = store::list(self.db.conn(), query, viewer, self.clock.now(), page).await?;
        Ok(found.map(|mut row| {
            if !Self::may_name(viewer, &row) {
                row.conceal();
            }
            row
        }))
    }

    /// How many [`Appeals::list`] has in all.
    ///
    /// # Errors
    /// A first day after the last; the database.
    pub async fn count(&self, viewer: &Viewer, query: &AppealQuery) -> Result<u64, Error> {
        query.in_order()?;
        Ok(store::count(self.db.conn(), query, viewer, self.clock.now()).await?)
    }

    /// As [`Appeals::count`] for several queries, in their order.
    ///
    /// # Errors
    /// The database.
    pub async fn counts(
        &self,
        viewer: &Viewer,
        queries: &[AppealQuery],
    ) -> Result<Vec<u64>, Error> {
        Ok(store::counts(self.db.conn(), queries, viewer, self.clock.now()).await?)
    }

    /// An appeal by its check code.
    ///
    /// # Errors
    /// No such code; the database.
    pub(crate) async fn followed_by_code(&self, code: &CheckCode) -> Result<Followed, Error> {
        let voice = store::voice_of_code(self.db.conn(), &code_digest(code)).await?;
        self.followed(voice.ok_or_else(missing)?).await
    }

    /// An appeal of the viewer's own enterprise, or of their own account.
    ///
    /// # Errors
    /// No such appeal, or another's; the database.
    pub(crate) async fn followed_by_owner(
        &self,
        viewer: &Viewer,
        id: &str,
    ) -> Result<Followed, Error> {
        let codes = match viewer.reach(OWN) {
            Reach::Own(codes) => codes,
            _ => Vec::new(),
        };
        let account = viewer
            .account()
            .map(|id| id.to_string())
            .unwrap_or_default();
        let voice = store::own_voice(self.db.conn(), id, &codes, &account).await?;
        self.followed(voice.ok_or_else(missing)?).await
    }

    /// How long it usually takes, in words; empty while too few have ended to say so.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn typical_days(&self) -> Result<String, Error> {
        let days = store::median_days(self.db.conn()).await?;
        Ok(days.map_or_else(String::new, |days| match days {
            0 => "最近办结的，一半在当天办结".to_owned(),
            days => format!("最近办结的，一半在 {days} 天内办结"),
        }))
    }

    async fn followed(&self, voice: VoiceRow) -> Result<Followed, Error> {
        let conn = self.db.conn();
        let own = self.view_in(conn, &voice.origin).await?;
        let main = self.view_in(conn, &voice.case_id).await?;
        let case = &main.loaded.case;
        let until = case
            .ending()
            .and_then(|ending| ending.reopen_until.as_ref());
        let merged = case
            .ending()
            .is_some_and(|ending| ending.outcome == Outcome::Merged);
        Ok(Followed {
            can_rate: main.row.awaits_word(voice.answer.as_deref()),
            can_reopen: !merged && until.is_some_and(|until| self.clock.now() <= until.at),
            can_withdraw: main.row.voices == 1 && can_withdraw(&main),
            own,
            main,
            voice,
        })
    }

    /// Takes a step of an appellant, whom the caller has found by code or as owner.
    ///
    /// # Errors
    /// Not possible now; somebody was faster; the database.
    pub(crate) async fn act_own(
        &self,
        viewer: &Viewer,
        followed: &Followed,
        step: &OwnStep,
    ) -> Result<(), Error> {
        let id = &followed.main.id();
        let by = &own_party(viewer, followed);
        let actor = match viewer.is_visitor() {
            true => Actor::named("诉求人（凭校验码）"),
            false => Actor::from(viewer),
        };
        let (now, actor) = (self.clock.now(), &actor);
        self.db
            .write(|tx| async move {
                let view = self.view_in(&tx, id).await?;
                let (action, detail) = self.own_step(&tx, &view, followed, step, by).await?;
                let entry = Entry::new(now, actor.clone(), action, "appeal", id).after(detail);
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }

    async fn own_step(
        &self,
        tx: &Tx,
        view: &AppealView,
        followed: &Followed,
        step: &OwnStep,
        by: &Party,
    ) -> Result<(&'static str, Value), Error> {
        match step {
            OwnStep::Rate {
                satisfaction,
                words,
            } => {
                let detail = self
                    .rate(tx, view, &followed.voice.id, *satisfaction, words)
                    .await?;
                Ok(("appeals.rate", detail))
            }
            OwnStep::Reopen { reason } => {
                let reopened = Command::Reopen {
                    reason: reason.clone(),
                };
                self.run(tx, view, reopened, by).await?;
                store::set(tx, &view.id(), "reopenings = reopenings + 1", Vec::new()).await?;
                store::forget_answers(tx, &view.id()).await?;
                Ok(("appeals.reopen", json!({ "reason": reason })))
            }
            OwnStep::Withdraw { reason } => {
                if view.row.voices > 1 {
                    return Err(Error::refused(format!(
                        "这件诉求由 {} 位共同提出，不能由一位撤回；回访时可以说明您不再需要办理",
                        view.row.voices
                    )));
                }
                self.run(
                    tx,
                    view,
                    Command::Withdraw {
                        reason: reason.clone(),
                    },
                    by,
                )
                .await?;
                Ok(("appeals.withdraw", json!({ "reason": reason })))
            }
        }
    }
}

/// The appellant as a party; who has no account is named by nothing but the appeal.
fn own_party(viewer: &Viewer, followed: &Followed) -> Party {
    match party(viewer) {
        Some(party @ Party::Enterprise { .. }) => party,
        _ => Party::Enterprise {
            code: followed.voice.enterprise.clone(),
            person: None,
            agency: None,
        },
    }
}
