//! Every transition. What is not here does not happen.

mod progress;
mod requests;
mod time;

use chrono::{DateTime, Utc};

use super::desk::Desk;
use super::{Case, Command, Opening, Refusal, Rules};
use crate::event::{Change, Event};
use crate::kind::{Kind, Named as _};
use crate::party::Party;
use crate::route::Turn;

pub(super) fn open<K: Kind>(
    opening: &Opening,
    by: &Party,
    at: DateTime<Utc>,
    rules: &Rules<'_, K>,
) -> Result<Vec<Event<K>>, Refusal> {
    let first = rules.route.first();
    let step = first.ok_or_else(|| Refusal::not("流程没有环节"))?;
    let mut opened = Event {
        seq: 1,
        at,
        by: by.clone(),
        change: Change::Opened {
            stage: step.stage,
            turn: step.turn,
            holder: opening.holder.clone(),
        },
        clocks: Vec::new(),
    };
    let broken = |broken: super::Broken| Refusal::not(broken.to_string());
    let case = Case::begun(&opened).map_err(broken)?;
    opened.clocks = Desk::new(&case, by, at, rules).entering(step, true)?;
    let case = Case::begun(&opened).map_err(broken)?;
    let mut events = vec![opened];
    if let Some(handler) = opening.handler.clone() {
        let mut desk = Desk::new(&case, by, at, rules);
        desk.push(Change::Assigned { handler }, Vec::new())?;
        events.extend(desk.into_events());
    }
    Ok(events)
}

pub(super) fn decide<K: Kind>(
    case: &Case<K>,
    command: Command<K>,
    by: &Party,
    at: DateTime<Utc>,
    rules: &Rules<'_, K>,
) -> Result<Vec<Event<K>>, Refusal> {
    let mut desk = Desk::new(case, by, at, rules);
    let desk = &mut desk;
    match command {
        Command::Assign { handler } => {
            desk.open()?.not_enterprise()?;
            desk.push(Change::Assigned { handler }, Vec::new())
        }
        Command::Advance { to, note } => progress::advance(desk, to, &note),
        Command::Return { to, reason } => progress::send_back(desk, to, &reason),
        Command::AskCompletion { lack, points } => requests::ask_completion(desk, lack, points),
        Command::AnswerCompletion { note } => requests::answer_completion(desk, &note),
        Command::AskOpinions {
            question,
            organisations,
            limit,
        } => requests::ask_opinions(desk, &question, organisations, limit),
        Command::GiveOpinion { stance, text } => requests::give_opinion(desk, stance, &text),
        Command::WithdrawOpinion {
            organisation,
            reason,
        } => requests::withdraw_opinion(desk, organisation, &reason),
        Command::Extend { amount, reason } => time::extend(desk, amount, &reason),
        Command::Relimit { limit, reason } => time::relimit(desk, limit, &reason),
        Command::Transfer { to, reason } => progress::transfer(desk, to, &reason),
        Command::Object { reason } => requests::object(desk, &reason),
        Command::SettleObjection { to, reason } => requests::settle_objection(desk, to, &reason),
        Command::Hold { hold, reason } => time::hold(desk, &hold, &reason),
        Command::Release { hold, result } => time::release(desk, &hold, &result),
        Command::TimeUp { clock } => time::time_up(desk, clock),
        Command::Tell(telling) => time::tell(desk, telling),
        Command::Recalculate { why } => time::recalculate(desk, &why),
        Command::Close { outcome, reason } => progress::close(desk, outcome, &reason),
        Command::Withdraw { reason } => progress::withdraw(desk, &reason),
        Command::Reopen { reason } => progress::reopen(desk, &reason),
        Command::Note { text } => {
            let text = desk.reason("备注内容", &text)?;
            desk.push(Change::Noted { text }, Vec::new())
        }
    }?;
    Ok(std::mem::replace(desk, Desk::new(case, by, at, rules)).into_events())
}

/// What several transitions ask for.
impl<K: Kind> Desk<'_, K> {
    fn open(&self) -> Result<&Self, Refusal> {
        match self.case.ending() {
            None => Ok(self),
            Some(ending) => Err(Refusal::not(format!(
                "事项已办结（{}），不能再办理",
                ending.outcome.name()
            ))),
        }
    }

    fn not_enterprise(&self) -> Result<&Self, Refusal> {
        match self.by {
            Party::Enterprise { .. } => Err(Refusal::not("这一步由部门办理，企业不能操作")),
            _ => Ok(self),
        }
    }

    fn is_enterprise(&self) -> Result<&Self, Refusal> {
        match self.by {
            Party::Enterprise { .. } => Ok(self),
            _ => Err(Refusal::not("这一步由企业办理，部门不能代替")),
        }
    }

    fn is_system(&self) -> Result<&Self, Refusal> {
        match self.by {
            Party::System { .. } => Ok(self),
            _ => Err(Refusal::not("这一步由系统按时限自动处理，不能手工操作")),
        }
    }

    /// Whoever's turn it is acts; the system may always.
    fn in_turn(&self) -> Result<&Self, Refusal> {
        match (self.case.own_turn, self.by) {
            (_, Party::System { .. })
            | (Turn::Enterprise, Party::Enterprise { .. })
            | (Turn::Office | Turn::System, Party::Officer { .. }) => Ok(self),
            (Turn::Enterprise, Party::Officer { .. }) => self.is_enterprise(),
            (Turn::Office | Turn::System, Party::Enterprise { .. }) => self.not_enterprise(),
        }
    }

    fn not_held(&self) -> Result<&Self, Refusal> {
        match self.case.holds().values().next() {
            None => Ok(self),
            Some(reason) => Err(Refusal::not(format!(
                "事项暂停办理（{reason}），请先处理后再继续"
            ))),
        }
    }

    /// Nobody is waited for.
    fn nothing_open(&self) -> Result<&Self, Refusal> {
        if self.case.open_objection().is_some() {
            return Err(Refusal::not("派单异议还没有裁定，裁定后才能继续"));
        }
        if self.case.completion().is_some() {
            return Err(Refusal::not("正在等待企业补正，收到补正或逾期后才能继续"));
        }
        let open: Vec<&str> = self
            .case
            .opinions()
            .iter()
            .filter(|opinion| opinion.is_open())
            .map(|opinion| opinion.organisation.name.as_str())
            .collect();
        match open.len() {
            0 => Ok(self),
            n => Err(Refusal::not(format!(
                "还有 {n} 个部门未反馈意见（{}），请等待反馈，或先撤回征求意见",
                open.join("、")
            ))),
        }
    }
}
