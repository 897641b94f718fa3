//! 督查督办 as recorded steps: 催办, 督办, 约谈, 问责.

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use zhida_casework::{Command, Party};
use zhida_platform::access::Viewer;
use zhida_platform::db::Tx;
use zhida_platform::format::date_zh;
use zhida_platform::ids;
use zhida_platform::messages::Recipient;

use super::run::SUPERVISORS;
use super::steps::required;
use super::store;
use super::view::AppealView;
use crate::error::Error;
use crate::service::Appeals;
use crate::told::REMINDER;
use crate::words::Supervision;

/// 督查督办的一步。
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SupervisionStep {
    /// 哪一步。
    pub kind: Supervision,
    /// 要求，承办单位看得到。
    pub words: String,
    /// 要求在哪一天前办到；不限的不写。
    #[serde(default)]
    pub due_on: Option<NaiveDate>,
}

impl Appeals {
    /// Keeps a step, notes it in the history and tells the lead body; the hardest step is shown in lists.
    pub(super) async fn supervise(
        &self,
        tx: &Tx,
        view: &AppealView,
        step: &SupervisionStep,
        viewer: &Viewer,
        by: &Party,
    ) -> Result<Value, Error> {
        let (id, now) = (view.id(), self.clock.now());
        if !view.loaded.case.is_open() {
            return Err(Error::refused("这件诉求已经办结，不能再督办"));
        }
        let words = required("words", "请写明督办的要求", &step.words)?;
        if step.due_on.is_some_and(|day| day < self.clock.today()) {
            return Err(Error::field("due_on", "要求的日期已经过了"));
        }
        let due = step.due_on.map(|day| day.to_string()).unwrap_or_default();
        let row = ids::next(now).to_string();
        store::insert_supervision(tx, &row, &id, step.kind, (&words, &due, viewer.name()), now)
            .await?;
        if view.row.supervision.is_none_or(|before| before < step.kind) {
            store::set(tx, &id, "supervision = $2", vec![step.kind.slug().into()]).await?;
        }
        let text = match step.due_on {
            Some(day) => format!("{}：{words}（{} 前）", step.kind.word(), date_zh(day)),
            None => format!("{}：{words}", step.kind.word()),
        };
        let after = self.run(tx, view, Command::Note { text }, by).await?;
        let due = super::run::due_words(&after);
        let fields = [("due", due.as_str()), ("reason", step.kind.word())];
        let holder = after
            .loaded
            .case
            .holder()
            .map(|holder| holder.id.to_string());
        let to = match &holder {
            Some(id) => Recipient::Organisation(id),
            None => Recipient::Role(SUPERVISORS),
        };
        self.tell_to(tx, &after.loaded.head, to, &REMINDER, &fields)
            .await?;
        Ok(json!({ "kind": step.kind, "words": words, "due_on": due_text(step.due_on) }))
    }
}

fn due_text(day: Option<NaiveDate>) -> Value {
    day.map_or(Value::Null, |day| day.to_string().into())
}
