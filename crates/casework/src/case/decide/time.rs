//! What is done to the clocks.

use super::super::Refusal;
use super::super::desk::Desk;
use super::{progress, requests};
use crate::clock::Resume;
use crate::escalation::{Telling, ahead};
use crate::event::{Change, ClockName};
use crate::kind::Kind;
use crate::party::Party;
use crate::term::{Limit, Term};

/// Characters of the id of a hold at most.
const HOLD_MAX: usize = 100;

pub(super) fn extend<K: Kind>(
    desk: &mut Desk<'_, K>,
    amount: u32,
    reason: &str,
) -> Result<(), Refusal> {
    desk.open()?.not_enterprise()?;
    let Some(policy) = &desk.rules.route.extension else {
        return Err(Refusal::not("本流程不允许延期"));
    };
    if desk.case.extensions() >= policy.times {
        return Err(Refusal::not(format!(
            "最多延期 {} 次，已用完",
            policy.times
        )));
    }
    let Some(due) = desk.running_due(ClockName::Stage) else {
        return Err(Refusal::not("本环节没有正在计时的时限，不能延期"));
    };
    let until = match policy.ahead {
        Some(term) => ahead(due, term, desk.rules.calendar)?,
        None => due.at,
    };
    if desk.at > until {
        return Err(Refusal::not(match policy.ahead {
            Some(term) => format!("延期须在到期前 {term} 提出，现已来不及"),
            None => "时限已过，不能再延期".to_owned(),
        }));
    }
    let unit = desk.step()?.limit.map(|limit| limit.term().unit);
    if unit != Some(policy.most.unit) || amount == 0 || amount > policy.most.amount {
        return Err(Refusal::not(format!("本环节每次最多延期 {}", policy.most)));
    }
    let reason = desk.reason("延期原因", reason)?;
    let (by, at) = (Term::new(amount, policy.most.unit), desk.at);
    // the promise of the whole moves along if it is counted alike
    let clocks = desk.office_moved(|clock| {
        if clock.limit.term().unit == by.unit {
            clock.extend(by.amount, &reason, at);
        }
    })?;
    desk.push(Change::Extended { by, reason }, clocks)
}

pub(super) fn relimit<K: Kind>(
    desk: &mut Desk<'_, K>,
    limit: Limit,
    reason: &str,
) -> Result<(), Refusal> {
    desk.open()?.not_enterprise()?;
    let reason = desk.reason("调整时限的原因", reason)?;
    let clock = desk.moved(ClockName::Stage, |clock| {
        *clock = clock.clone().with_limit(limit);
    })?;
    let Some(clock) = clock else {
        return Err(Refusal::not("本环节没有时限，无从调整"));
    };
    desk.push(Change::Relimited { limit, reason }, vec![clock])
}

pub(super) fn hold<K: Kind>(
    desk: &mut Desk<'_, K>,
    hold: &str,
    reason: &str,
) -> Result<(), Refusal> {
    desk.open()?.not_enterprise()?;
    if hold.is_empty() || hold.chars().count() > HOLD_MAX || desk.case.holds().contains_key(hold) {
        return Err(Refusal::not("同一事由已暂停办理，不必重复"));
    }
    let reason = desk.reason("暂停办理的原因", reason)?;
    let clocks = desk.office_paused(&cause(hold), "暂停办理", Resume::Continue)?;
    let hold = hold.to_owned();
    desk.push(Change::Held { hold, reason }, clocks)
}

pub(super) fn release<K: Kind>(
    desk: &mut Desk<'_, K>,
    hold: &str,
    result: &str,
) -> Result<(), Refusal> {
    desk.open()?.not_enterprise()?;
    if !desk.case.holds().contains_key(hold) {
        return Err(Refusal::not("事项没有因此暂停，或已恢复办理"));
    }
    let result = desk.reason("处理结果", result)?;
    let clocks = desk.office_resumed(&cause(hold))?;
    let hold = hold.to_owned();
    desk.push(Change::Released { hold, result }, clocks)
}

fn cause(hold: &str) -> String {
    format!("hold:{hold}")
}

pub(super) fn time_up<K: Kind>(desk: &mut Desk<'_, K>, clock: ClockName) -> Result<(), Refusal> {
    desk.open()?.is_system()?;
    let due = desk.running_due(clock);
    if due.is_none_or(|due| due.at >= desk.at) {
        return Err(Refusal::not(format!("{}未到期", clock.words())));
    }
    match clock {
        ClockName::Stage => progress::stage_over(desk),
        ClockName::Completion => requests::completion_over(desk),
        ClockName::Total | ClockName::Opinion(_) | ClockName::Objection => {
            Err(Refusal::not(format!("{}到期后没有自动处理", clock.words())))
        }
    }
}

pub(super) fn tell<K: Kind>(desk: &mut Desk<'_, K>, telling: Telling) -> Result<(), Refusal> {
    desk.open()?.is_system()?;
    let Telling {
        clock,
        due,
        rung,
        act,
        to,
        missing,
    } = telling;
    let running = desk.case.clocks().get(&clock);
    let told = running.is_none_or(|running| running.reached.contains(&(rung, due)));
    if told || desk.running_due(clock).map(|due| due.at) != Some(due) {
        return Err(Refusal::not("这一级催办已经发出，或时限已变动"));
    }
    let change = Change::Escalated {
        clock,
        due,
        rung,
        action: act,
        to,
        missing,
    };
    desk.push(change, Vec::new())
}

/// Computes running clocks again. Those that are stopped or whose case is closed stay as they were frozen.
pub(super) fn recalculate<K: Kind>(desk: &mut Desk<'_, K>, why: &str) -> Result<(), Refusal> {
    if let Party::Enterprise { .. } = desk.by {
        return desk.not_enterprise().map(|_| ());
    }
    let why = desk.reason("日历变动的说明", why)?;
    if !desk.case.is_open() {
        return Ok(());
    }
    let mut clocks = Vec::new();
    let names: Vec<ClockName> = desk.case.clocks().keys().copied().collect();
    for name in names {
        let before = desk.running_due(name).cloned();
        let after = desk.moved(name, |_| {})?;
        if let (Some(before), Some(after)) = (before, after)
            && after.due.as_ref() != Some(&before)
        {
            clocks.push(after);
        }
    }
    match clocks.is_empty() {
        true => Ok(()),
        false => desk.push(Change::Recalculated { why }, clocks),
    }
}
