//! What a route must be to be one: every mistake at once, each with its place and how to mend it.

use std::fmt;

use super::{AtDue, Draft, Ladder, Lapse, Step, Turn};
use crate::kind::{Kind, Named as _};
use crate::term::{Limit, Unit};

/// Steps of a route at most.
const STEPS_MAX: usize = 30;
/// Rungs of a ladder at most.
const RUNGS_MAX: usize = 20;

/// Everything that is wrong with a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteFault {
    /// One Chinese sentence each.
    pub sentences: Vec<String>,
}

impl fmt::Display for RouteFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentences.join("；"))
    }
}

impl std::error::Error for RouteFault {}

pub(super) fn check<K: Kind>(draft: &Draft<K>) -> Result<(), RouteFault> {
    let mut faults = Vec::new();
    if draft.name.trim().is_empty() {
        faults.push("流程没有名称，请填写名称".to_owned());
    }
    match draft.steps.len() {
        0 => faults.push("流程没有环节，请至少写一个环节".to_owned()),
        n if n > STEPS_MAX => faults.push(format!("流程有 {n} 个环节，最多 {STEPS_MAX} 个")),
        _ => {}
    }
    for (at, step) in draft.steps.iter().enumerate() {
        of_step(draft, at, step, &mut faults);
    }
    if let Some(last) = draft.steps.last()
        && last.closes.is_empty()
    {
        faults.push(format!(
            "最后一个环节“{}”没有办结结果，事项会永远办不完：请在 closes 写明",
            last.stage.name()
        ));
    }
    of_policies(draft, &mut faults);
    match faults.is_empty() {
        true => Ok(()),
        false => Err(RouteFault { sentences: faults }),
    }
}

fn of_step<K: Kind>(draft: &Draft<K>, at: usize, step: &Step<K>, faults: &mut Vec<String>) {
    let name = step.stage.name();
    let last = at + 1 == draft.steps.len();
    let mut fault = |text: String| faults.push(format!("环节“{name}”{text}"));
    if draft.steps[..at]
        .iter()
        .any(|other| other.stage == step.stage)
    {
        fault("出现了两次，每个环节只能写一次".to_owned());
    }
    if let Some(twice) = repeated(&step.closes) {
        fault(format!("的办结结果“{}”写了两次", twice.name()));
    }
    match step.at_due {
        AtDue::Nothing => {}
        _ if step.limit.is_none() => fault("没有时限，却写了到期自动处理，请补上 limit".to_owned()),
        AtDue::Advance if last => fault("是最后一个环节，到期不能自动进入下一环节".to_owned()),
        AtDue::Close(outcome) if !step.closes.contains(&outcome) => fault(format!(
            "到期自动办结为“{}”，但它不在本环节的办结结果 closes 里",
            outcome.name()
        )),
        AtDue::Advance | AtDue::Close(_) => {}
    }
    if at == 0 && step.optional {
        fault("是第一个环节，不能写成可跳过".to_owned());
    }
    if step.withdrawable && draft.withdrawn.is_none() {
        fault("允许撤回，但流程没有写撤回的结果 withdrawn".to_owned());
    }
    if step.completable && draft.completion.is_none() {
        fault("允许补正，但流程没有写补正规则 completion".to_owned());
    }
    if step.completable && step.turn != Turn::Office {
        fault("不由部门办理，不能要求补正".to_owned());
    }
    if let Some(since) = step.since {
        if step.limit.is_none() {
            fault("没有时限，却写了起算环节 since，请补上 limit 或删去".to_owned());
        }
        if !draft.steps[..at].iter().any(|other| other.stage == since) {
            fault(format!("从“{}”起算，但它不在本环节之前", since.name()));
        }
    }
    of_ladder(&step.ladder, step.limit, &mut fault);
}

fn of_ladder(ladder: &Ladder, limit: Option<Limit>, fault: &mut impl FnMut(String)) {
    if !ladder.is_empty() && limit.is_none() {
        fault("没有时限，催办规则 ladder 不会起作用，请补上 limit 或删去".to_owned());
    }
    if ladder.0.len() > RUNGS_MAX {
        fault(format!("的催办规则多于 {RUNGS_MAX} 条"));
    }
    if let Some(rung) = repeated(&ladder.0) {
        fault(format!("的催办规则“{rung}”写了两次"));
    }
}

fn of_policies<K: Kind>(draft: &Draft<K>, faults: &mut Vec<String>) {
    let mut total = |text: String| faults.push(format!("总时限{text}"));
    of_ladder(&draft.total_ladder, draft.total, &mut total);
    if let Some(completion) = &draft.completion {
        if completion.rounds == 0 {
            faults.push("补正次数 rounds 至少为 1；不允许补正请删去 completion".to_owned());
        }
        let mut fault = |text: String| faults.push(format!("补正{text}"));
        of_ladder(&completion.ladder, Some(completion.limit), &mut fault);
        if let Lapse::Close(outcome) = completion.lapse
            && !closes_somewhere(draft, outcome)
        {
            faults.push(format!(
                "逾期未补正办结为“{}”，但没有一个允许补正的环节可以这样办结",
                outcome.name()
            ));
        }
    }
    if let Some(opinions) = &draft.opinions {
        let mut fault = |text: String| faults.push(format!("征求意见{text}"));
        of_ladder(&opinions.ladder, Some(opinions.limit), &mut fault);
    }
    if let Some(objection) = &draft.objection {
        let mut fault = |text: String| faults.push(format!("派单异议{text}"));
        of_ladder(&objection.ladder, Some(objection.decide), &mut fault);
    }
    of_extension(draft, faults);
    if let Some(reopening) = &draft.reopening {
        if !draft.steps.iter().any(|step| step.stage == reopening.stage) {
            let name = reopening.stage.name();
            faults.push(format!("重新办理从“{name}”开始，但流程没有这个环节"));
        }
        if reopening.times == 0 || reopening.outcomes.is_empty() {
            faults.push(
                "重新办理要写明次数 times（至少 1）和适用的结果 outcomes；不允许请删去 reopening"
                    .to_owned(),
            );
        }
    }
}

/// An extension is granted in the unit of the step: two units cannot be added.
fn of_extension<K: Kind>(draft: &Draft<K>, faults: &mut Vec<String>) {
    let Some(extension) = &draft.extension else {
        return;
    };
    if extension.times == 0 {
        faults.push("延期次数 times 至少为 1；不允许延期请删去 extension".to_owned());
    }
    let units: Vec<Unit> = draft
        .steps
        .iter()
        .filter(|step| step.turn == Turn::Office)
        .filter_map(|step| step.limit)
        .map(|limit| limit.term().unit)
        .collect();
    if !units.is_empty() && !units.contains(&extension.most.unit) {
        faults.push(format!(
            "延期以“{}”计，但没有一个部门办理的环节以此计时",
            extension.most.unit.words()
        ));
    }
}

/// A case can be closed by a lapse where a completion can be asked for.
fn closes_somewhere<K: Kind>(draft: &Draft<K>, outcome: K::Outcome) -> bool {
    draft.anytime.contains(&outcome)
        || draft
            .steps
            .iter()
            .filter(|step| step.completable)
            .any(|step| step.closes.contains(&outcome))
}

fn repeated<T: PartialEq>(list: &[T]) -> Option<&T> {
    let mut seen = list.iter().enumerate();
    seen.find(|(at, one)| list[..*at].contains(one))
        .map(|(_, one)| one)
}
