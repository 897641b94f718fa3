//! Experts are named by the office; they take a place themselves only where the scheme says so.

use sea_orm::prelude::async_trait::async_trait;
use serde_json::json;
use uuid::Uuid;
use zhida_platform::access::Viewer;
use zhida_platform::audit;
use zhida_platform::messages::{Message, Recipient};
use zhida_platform::problem::Problem;

use super::SCORING;
use super::forms::text;
use super::scoring::{self, ScoreState, Who};
use crate::cases::{CaseView, store};
use crate::error::Error;
use crate::fields::Fields;
use crate::service::Redemption;
use crate::told::SCORE_ASKED;
use crate::words::Stage;

/// Somebody who may score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expert {
    /// The account.
    pub account: Uuid,
    /// The name.
    pub name: String,
    /// The body in which the expert sits.
    pub organisation: String,
}

/// Finds experts. The program gives one over its room of accounts.
#[async_trait]
pub trait Experts: Send + Sync {
    /// Those of today whose name, or sign-in name, is exactly this.
    async fn named(&self, name: &str) -> Result<Vec<Expert>, Problem>;
}

impl Redemption {
    /// Gives an expert a place, who is told and declares before anything is shown.
    pub(super) async fn assign_expert(
        &self,
        viewer: &Viewer,
        view: &CaseView,
        fields: &Fields,
    ) -> Result<(), Error> {
        if view.loaded.case.stage() != Stage::Scoring || !view.loaded.case.is_open() {
            return Err(Error::Refused("这件办件不在专家评审环节".to_owned()));
        }
        let name = text(fields, "expert", "请写专家的姓名或登录名")?;
        let mut found = self.experts.named(&name).await?;
        let expert = match (found.pop(), found.is_empty()) {
            (Some(expert), true) => expert,
            (None, _) => {
                return Err(Error::field(
                    "expert",
                    format!(
                        "没有叫“{name}”的评审专家：请核对姓名，或请系统管理员先给他评审专家的任职"
                    ),
                ));
            }
            (Some(_), false) => {
                return Err(Error::field(
                    "expert",
                    format!("有几位评审专家叫“{name}”，请写登录名"),
                ));
            }
        };
        let who = Who {
            account: expert.account.to_string(),
            name: expert.name,
            organisation: expert.organisation,
        };
        scoring::stands_free(&who, None, view).map_err(|tie| {
            Error::field(
                "expert",
                format!("{}{}，应当回避，请换一位", who.name, tie.word()),
            )
        })?;
        let id = view.record.case_id.as_str();
        let entry = &self
            .entry(viewer, "redemption.score_assign", view)
            .after(json!({ "expert": who.account, "name": who.name }));
        let (now, who) = (self.clock.now(), &who);
        self.db
            .write(|tx| async move {
                store::take_turn(&tx, &view.record.enterprise).await?;
                scoring::has_place(&tx, view, &who.account).await?;
                scoring::insert(&tx, view, who, (ScoreState::Assigned, ""), now).await?;
                let link = format!("{SCORING}/{id}");
                let fields = [
                    ("item", view.record.item_name.as_str()),
                    ("number", view.loaded.head.number.as_str()),
                ];
                let message = Message {
                    event: &SCORE_ASKED,
                    to: Recipient::Account(&who.account),
                    fields: &fields,
                    link: Some(&link),
                    subject: ("case", id),
                };
                self.messages.send(&tx, &message).await?;
                audit::append(&tx, entry).await?;
                Ok(())
            })
            .await
    }
}
