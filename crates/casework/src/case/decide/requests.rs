//! What is asked of the enterprise and of other bodies.

use uuid::Uuid;

use super::super::Refusal;
use super::super::desk::Desk;
use crate::clock::Clock;
use crate::event::{Change, ClockName, Lack, Point, Stance};
use crate::kind::{Kind, Named as _};
use crate::party::Organisation;
use crate::route::Lapse;
use crate::term::Limit;

/// Cause of the pauses while a completion is waited for.
const COMPLETION: &str = "completion";
/// Things in one request at most.
const POINTS_MAX: usize = 200;
/// Bodies asked at once at most.
const ORGANISATIONS_MAX: usize = 50;

pub(super) fn ask_completion<K: Kind>(
    desk: &mut Desk<'_, K>,
    lack: Lack,
    points: Vec<Point>,
) -> Result<(), Refusal> {
    desk.open()?.not_enterprise()?;
    let step = desk.step()?;
    let policy = desk.rules.route.completion.as_ref();
    let Some(policy) = policy.filter(|_| step.completable) else {
        return Err(Refusal::not(format!(
            "环节“{}”不能要求补正",
            step.stage.name()
        )));
    };
    if desk.case.completion().is_some() {
        return Err(Refusal::not("正在等待企业补正，不能再次要求"));
    }
    if desk.case.rounds() >= policy.rounds {
        return Err(Refusal::not(format!(
            "补正最多要求 {} 次，已用完；请按现有材料办理",
            policy.rounds
        )));
    }
    if points.is_empty() || points.len() > POINTS_MAX {
        return Err(Refusal::not(format!(
            "请写明要补正什么，1 至 {POINTS_MAX} 处"
        )));
    }
    for point in &points {
        desk.reason("每一处补正的说明", &point.text)?;
    }
    let resume = match lack {
        Lack::Missing => policy.missing,
        Lack::Wrong => policy.wrong,
    };
    let mut clocks = desk.office_paused(COMPLETION, "等待企业补正", resume)?;
    clocks.push(desk.begin(ClockName::Completion, policy.limit)?);
    let change = Change::CompletionAsked {
        lack,
        points,
        resume,
    };
    desk.push(change, clocks)
}

pub(super) fn answer_completion<K: Kind>(
    desk: &mut Desk<'_, K>,
    note: &str,
) -> Result<(), Refusal> {
    desk.open()?.is_enterprise()?;
    if desk.case.completion().is_none() {
        return Err(Refusal::not("没有待补正的内容，可能已逾期或已提交过"));
    }
    let note = desk.remark("补正说明", note)?;
    let mut clocks = desk.office_resumed(COMPLETION)?;
    clocks.extend(desk.stopped(ClockName::Completion));
    desk.push(Change::CompletionAnswered { note }, clocks)
}

/// What the enterprise's clock being over does.
pub(super) fn completion_over<K: Kind>(desk: &mut Desk<'_, K>) -> Result<(), Refusal> {
    let mut clocks = desk.office_resumed(COMPLETION)?;
    clocks.extend(desk.stopped(ClockName::Completion));
    desk.push(Change::CompletionLapsed {}, clocks)?;
    match desk
        .rules
        .route
        .completion
        .as_ref()
        .map(|policy| policy.lapse)
    {
        Some(Lapse::Close(outcome)) => super::progress::end(desk, outcome, "逾期未补正".to_owned()),
        _ => Ok(()),
    }
}

pub(super) fn ask_opinions<K: Kind>(
    desk: &mut Desk<'_, K>,
    question: &str,
    organisations: Vec<Organisation>,
    limit: Option<Limit>,
) -> Result<(), Refusal> {
    desk.open()?.not_enterprise()?;
    let Some(policy) = &desk.rules.route.opinions else {
        return Err(Refusal::not("本流程没有征求意见的环节"));
    };
    let question = desk.reason("征求意见的内容", question)?;
    if organisations.is_empty() || organisations.len() > ORGANISATIONS_MAX {
        return Err(Refusal::not(format!(
            "请选择征求意见的部门，1 至 {ORGANISATIONS_MAX} 个"
        )));
    }
    let mut clocks = Vec::new();
    for (at, organisation) in organisations.iter().enumerate() {
        let twice = organisations[..at]
            .iter()
            .any(|other| other.id == organisation.id);
        if twice || desk.case.open_opinion(organisation).is_some() {
            return Err(Refusal::not(format!(
                "正在等待{}的意见，不必重复征求",
                organisation.name
            )));
        }
        let name = ClockName::Opinion(organisation.id);
        clocks.push(desk.begin(name, limit.unwrap_or(policy.limit))?);
    }
    let change = Change::OpinionsAsked {
        question,
        organisations,
    };
    desk.push(change, clocks)
}

pub(super) fn give_opinion<K: Kind>(
    desk: &mut Desk<'_, K>,
    stance: Stance,
    text: &str,
) -> Result<(), Refusal> {
    desk.open()?;
    let asked = desk.by.organisation().cloned();
    let organisation = asked.filter(|organisation| desk.case.open_opinion(organisation).is_some());
    let Some(organisation) = organisation else {
        return Err(Refusal::not("没有向您的部门征求意见，或意见已反馈、已撤回"));
    };
    let text = match stance {
        Stance::Agree => desk.remark("意见", text)?,
        Stance::Disagree | Stance::Remark => desk.reason("意见", text)?,
    };
    let clocks = desk.stopped(ClockName::Opinion(organisation.id));
    let change = Change::OpinionGiven {
        organisation,
        stance,
        text,
    };
    desk.push(change, clocks.into_iter().collect())
}

pub(super) fn withdraw_opinion<K: Kind>(
    desk: &mut Desk<'_, K>,
    organisation: Uuid,
    reason: &str,
) -> Result<(), Refusal> {
    desk.open()?.not_enterprise()?;
    let asked = desk
        .case
        .opinions()
        .iter()
        .find(|opinion| opinion.is_open() && opinion.organisation.id == organisation);
    let Some(asked) = asked.map(|opinion| opinion.organisation.clone()) else {
        return Err(Refusal::not("没有在等待这个部门的意见"));
    };
    let reason = desk.reason("撤回征求意见的原因", reason)?;
    let clocks = desk.stopped(ClockName::Opinion(organisation));
    let change = Change::OpinionWithdrawn {
        organisation: asked,
        reason,
    };
    desk.push(change, clocks.into_iter().collect())
}

pub(super) fn object<K: Kind>(desk: &mut Desk<'_, K>, reason: &str) -> Result<(), Refusal> {
    desk.open()?.not_enterprise()?;
    let Some(policy) = &desk.rules.route.objection else {
        return Err(Refusal::not("本流程不接受派单异议"));
    };
    let own = desk.by.organisation().cloned();
    let holds = |own: &Organisation| desk.case.holder().is_some_and(|holder| holder.id == own.id);
    let Some(organisation) = own.filter(holds) else {
        return Err(Refusal::not("只有承办单位可以提出派单异议"));
    };
    match desk.case.objection() {
        Some(objection) if objection.settled => {
            return Err(Refusal::not("派单异议已经裁定，不得再次提出"));
        }
        Some(_) => return Err(Refusal::not("派单异议正在裁定，不必重复提出")),
        None => {}
    }
    let until = Clock::start(policy.window, desk.case.held_since()).due(desk.rules.calendar)?;
    if let Some(until) = until.filter(|until| desk.at > until.at) {
        return Err(Refusal::not(format!(
            "派单异议须在收到后 {} 内提出，已于 {} 截止",
            policy.window,
            until.words()
        )));
    }
    let reason = desk.reason("派单异议的理由", reason)?;
    let clock = desk.begin(ClockName::Objection, policy.decide)?;
    let change = Change::Objected {
        organisation,
        reason,
    };
    desk.push(change, vec![clock])
}

pub(super) fn settle_objection<K: Kind>(
    desk: &mut Desk<'_, K>,
    to: Organisation,
    reason: &str,
) -> Result<(), Refusal> {
    desk.open()?.not_enterprise()?;
    let objection = desk.case.open_objection();
    let Some(organisation) = objection.map(|objection| objection.organisation.clone()) else {
        return Err(Refusal::not("没有待裁定的派单异议，可能已经裁定"));
    };
    if desk
        .by
        .organisation()
        .is_some_and(|own| own.id == organisation.id)
    {
        return Err(Refusal::not("提出异议的单位不能自己裁定"));
    }
    let reason = desk.reason("裁定的理由", reason)?;
    let moved = to.id != organisation.id;
    let mut clocks: Vec<_> = desk.stopped(ClockName::Objection).into_iter().collect();
    // the new body has not had the time that is gone
    if let Some(limit) = desk.step()?.limit.filter(|_| moved) {
        clocks.push(desk.begin(ClockName::Stage, limit)?);
    }
    desk.push(Change::ObjectionSettled { to, moved, reason }, clocks)
}
