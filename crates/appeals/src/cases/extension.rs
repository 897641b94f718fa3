//! 延期: the lead body applies with a reason, and operators or supervisors decide, once. Until they do, the due date stays.
//!
//! Whether it can be asked for, how often and how long before the end is the city's rule. A decision has to come before
//! the due date: nothing that is overdue is extended.

use serde_json::{Value, json};
use zhida_casework::{Command, Party, Rules};
use zhida_platform::cases::calendar;
use zhida_platform::clock::instant_text;
use zhida_platform::db::Tx;
use zhida_platform::ids;
use zhida_platform::messages::Recipient;

use super::run::{OPERATORS, due_words};
use super::steps::{need_stage, required};
use super::store::{self, ExtensionRow};
use super::view::AppealView;
use crate::error::Error;
use crate::rules;
use crate::service::Appeals;
use crate::told::{GIVEN, REMINDER};
use crate::words::Stage;

impl Appeals {
    /// Keeps an application that could be granted now, and tells who decides.
    pub(super) async fn ask_extension(
        &self,
        tx: &Tx,
        view: &AppealView,
        amount: u32,
        reason: &str,
        (name, by): (&str, &Party),
    ) -> Result<Value, Error> {
        need_stage(view, Stage::Handle)?;
        let reason = required("reason", "请写明为什么要延期", reason)?;
        let (now, id) = (self.clock.now(), view.id());
        if store::open_extension(tx, &id, view.row.dispatches)
            .await?
            .is_some()
        {
            return Err(Error::refused("已经申请延期，正在等审批，不必重复申请"));
        }
        let city = calendar::load(tx).await?;
        let rules = Rules {
            route: &view.route,
            calendar: &city.calendar,
        };
        let extend = Command::Extend {
            amount,
            reason: reason.clone(),
        };
        view.loaded.case.decide(extend, by, now, &rules)?;
        let row = ExtensionRow {
            id: ids::next(now).to_string(),
            round: view.row.dispatches,
            amount: i64::from(amount),
            reason: reason.clone(),
            asked_by: name.to_owned(),
            asked_at: instant_text(now),
            granted: None,
            words: String::new(),
            decided_by: String::new(),
        };
        store::insert_extension(tx, &id, &row).await?;
        let text = format!("申请延期 {}：{reason}", view.longer(amount));
        let after = self.run(tx, view, Command::Note { text }, by).await?;
        let due = due_words(&after);
        let fields = [("due", due.as_str()), ("reason", "申请延期，请审批")];
        let to = Recipient::Role(OPERATORS);
        self.tell_to(tx, &after.loaded.head, to, &REMINDER, &fields)
            .await?;
        Ok(json!({ "amount": amount, "reason": reason }))
    }

    /// Decides the application, once.
    pub(super) async fn settle_extension(
        &self,
        tx: &Tx,
        view: &AppealView,
        granted: bool,
        reason: &str,
        (name, by): (&str, &Party),
    ) -> Result<Value, Error> {
        let reason = required("reason", "请写明审批的理由", reason)?;
        let (now, id) = (self.clock.now(), view.id());
        let open = store::open_extension(tx, &id, view.row.dispatches).await?;
        let open = open.ok_or_else(|| Error::refused("没有待审批的延期申请，可能已经审批"))?;
        let amount = u32::try_from(open.amount).map_err(|_| Error::Stored("延期申请"))?;
        let after = match granted {
            true => {
                let reason = format!("{}（{name} 同意：{reason}）", open.reason);
                let view = self.without_notice(view)?;
                self.run(tx, &view, Command::Extend { amount, reason }, by)
                    .await?
            }
            false => {
                let text = format!("不同意延期 {}：{reason}", view.longer(amount));
                self.run(tx, view, Command::Note { text }, by).await?
            }
        };
        store::settle_extension(tx, &open.id, granted, (&reason, name), now).await?;
        if let Some(lead) = after.loaded.case.holder() {
            let (body, due) = (lead.id.to_string(), due_words(&after));
            let words = if granted {
                "同意延期"
            } else {
                "不同意延期"
            };
            let fields = [("due", due.as_str()), ("reason", words)];
            let to = Recipient::Organisation(&body);
            self.tell_to(tx, &after.loaded.head, to, &GIVEN, &fields)
                .await?;
        }
        Ok(json!({ "granted": granted, "amount": amount, "reason": reason }))
    }

    /// The same with a route that asks for no notice: the application kept it, and who decides has until the due date.
    fn without_notice(&self, view: &AppealView) -> Result<AppealView, Error> {
        let mut preset = view.rules.preset.clone();
        if let Some(extension) = &mut preset.extension {
            extension.ahead = None;
        }
        Ok(AppealView {
            route: rules::route_of(&preset, view.row.track)?,
            ..view.clone()
        })
    }
}

impl AppealView {
    /// So much longer, in the unit of handling: 3 个工作日.
    pub(crate) fn longer(&self, amount: u32) -> String {
        let unit = self.rules.preset.handling(self.row.track).term().unit;
        zhida_casework::Term::new(amount, unit).to_string()
    }
}
