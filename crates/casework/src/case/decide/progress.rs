//! From step to step, and to an end.

use super::super::Refusal;
use super::super::desk::Desk;
use crate::clock::{Clock, Due};
use crate::event::Change;
use crate::kind::{Kind, Named as _};
use crate::party::Organisation;
use crate::route::AtDue;

pub(super) fn advance<K: Kind>(
    desk: &mut Desk<'_, K>,
    to: Option<K::Stage>,
    note: &str,
) -> Result<(), Refusal> {
    desk.open()?.in_turn()?.not_held()?.nothing_open()?;
    let onward = desk.rules.route.onward(desk.case.stage());
    let Some(next) = onward.first() else {
        return Err(Refusal::not(format!(
            "“{}”已是最后一个环节，请直接办结",
            desk.case.stage().name()
        )));
    };
    let to = to.unwrap_or(*next);
    if !onward.contains(&to) {
        let names: Vec<&str> = onward.iter().map(|stage| stage.name()).collect();
        return Err(Refusal::not(format!(
            "“{}”之后不能进入“{}”，可以进入：{}",
            desk.case.stage().name(),
            to.name(),
            names.join("、")
        )));
    }
    let step = desk.step_of(to)?;
    let change = Change::Advanced {
        to,
        turn: step.turn,
        note: desk.remark("备注", note)?,
    };
    let clocks = desk.entering(step, false)?;
    desk.push(change, clocks)
}

pub(super) fn send_back<K: Kind>(
    desk: &mut Desk<'_, K>,
    to: K::Stage,
    reason: &str,
) -> Result<(), Refusal> {
    desk.open()?.not_enterprise()?.not_held()?.nothing_open()?;
    if !desk.rules.route.back(desk.case.stage()).contains(&to) {
        return Err(Refusal::not(format!(
            "“{}”不在“{}”之前，不能退回",
            to.name(),
            desk.case.stage().name()
        )));
    }
    let step = desk.step_of(to)?;
    let change = Change::Returned {
        to,
        turn: step.turn,
        reason: desk.reason("退回原因", reason)?,
    };
    let clocks = desk.entering(step, false)?;
    desk.push(change, clocks)
}

pub(super) fn transfer<K: Kind>(
    desk: &mut Desk<'_, K>,
    to: Organisation,
    reason: &str,
) -> Result<(), Refusal> {
    desk.open()?.not_enterprise()?;
    if desk.case.holder().is_some_and(|holder| holder.id == to.id) {
        return Err(Refusal::not(format!("事项已由{}办理，无需转办", to.name)));
    }
    let reason = desk.reason("转办原因", reason)?;
    desk.push(Change::Transferred { to, reason }, Vec::new())
}

pub(super) fn close<K: Kind>(
    desk: &mut Desk<'_, K>,
    outcome: K::Outcome,
    reason: &str,
) -> Result<(), Refusal> {
    desk.open()?;
    let reason = desk.remark("办结说明", reason)?;
    if desk.rules.route.anytime.contains(&outcome) {
        desk.not_enterprise()?;
        return end(desk, outcome, reason);
    }
    desk.in_turn()?.not_held()?.nothing_open()?;
    let step = desk.step()?;
    if !step.closes.contains(&outcome) {
        return Err(Refusal::not(format!(
            "环节“{}”不能以“{}”办结",
            step.stage.name(),
            outcome.name()
        )));
    }
    end(desk, outcome, reason)
}

/// Ends the case; whatever was open ends with it.
pub(super) fn end<K: Kind>(
    desk: &mut Desk<'_, K>,
    outcome: K::Outcome,
    reason: String,
) -> Result<(), Refusal> {
    let change = Change::Closed {
        outcome,
        reason,
        reopen_until: reopen_until(desk, outcome)?,
    };
    let clocks = desk.all_stopped();
    desk.push(change, clocks)
}

fn reopen_until<K: Kind>(desk: &Desk<'_, K>, outcome: K::Outcome) -> Result<Option<Due>, Refusal> {
    match &desk.rules.route.reopening {
        Some(reopening)
            if reopening.outcomes.contains(&outcome)
                && desk.case.reopenings() < reopening.times =>
        {
            Ok(Clock::start(reopening.window, desk.at).due(desk.rules.calendar)?)
        }
        _ => Ok(None),
    }
}

pub(super) fn withdraw<K: Kind>(desk: &mut Desk<'_, K>, reason: &str) -> Result<(), Refusal> {
    desk.open()?.is_enterprise()?;
    let step = desk.step()?;
    let outcome = desk.rules.route.withdrawn.filter(|_| step.withdrawable);
    let Some(outcome) = outcome else {
        return Err(Refusal::not(format!(
            "环节“{}”不能撤回，请联系办理部门",
            step.stage.name()
        )));
    };
    let reason = desk.remark("撤回原因", reason)?;
    let clocks = desk.all_stopped();
    desk.push(Change::Withdrawn { outcome, reason }, clocks)
}

pub(super) fn reopen<K: Kind>(desk: &mut Desk<'_, K>, reason: &str) -> Result<(), Refusal> {
    let Some(ending) = desk.case.ending() else {
        return Err(Refusal::not("事项正在办理，无需重新办理"));
    };
    let route = &desk.rules.route;
    let (Some(until), Some(reopening)) = (&ending.reopen_until, &route.reopening) else {
        return Err(Refusal::not(format!(
            "结果为“{}”的事项不能重新办理，或重新办理的次数已用完",
            ending.outcome.name()
        )));
    };
    if desk.at > until.at {
        return Err(Refusal::not(format!(
            "重新办理须在 {} 前提出，现已超过",
            until.words()
        )));
    }
    let step = desk.step_of(reopening.stage)?;
    let change = Change::Reopened {
        stage: step.stage,
        turn: step.turn,
        reason: desk.reason("重新办理的原因", reason)?,
    };
    let clocks = desk.entering(step, true)?;
    desk.push(change, clocks)
}

/// What the step's clock being over does.
pub(super) fn stage_over<K: Kind>(desk: &mut Desk<'_, K>) -> Result<(), Refusal> {
    let step = desk.step()?;
    match step.at_due {
        AtDue::Nothing => Err(Refusal::not(format!(
            "环节“{}”到期后没有自动处理",
            step.stage.name()
        ))),
        AtDue::Advance => advance(desk, None, "时限届满"),
        AtDue::Close(outcome) => {
            desk.not_held()?.nothing_open()?;
            end(desk, outcome, "时限届满".to_owned())
        }
    }
}
