//! One set of facts against all items of a catalogue. Pure: facts, items and a day in, a match out.

use std::sync::Arc;

use chrono::NaiveDate;
use zhida_platform::format::date_zh;
use zhida_policies::{Delivery, PublishedItem, Status};
use zhida_rules::{Amount, Env, Outcome};

use crate::combination::{self, Choice, Worth};
use crate::explain;
use crate::model::{
    BestCombination, EnterpriseHead, EnterpriseMatch, ItemHead, LeftOut, MatchedItem, NotOpen,
    PairMatch,
};
use crate::rank::{self, Effort, RankKey};
use crate::verdict::{Counts, Label};

/// How much is said of each item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Verdict, amount and the reason in one line.
    Brief,
    /// All conditions, too.
    Full,
}

/// What lists show of an item.
pub fn head(item: &PublishedItem) -> ItemHead {
    ItemHead {
        id: item.id.clone(),
        number: item.number.clone(),
        revision: item.revision,
        name: item.name.clone(),
        document: item.document.title.clone(),
        level: item.document.level.word().to_owned(),
        theme: item.elements.theme.word().to_owned(),
        delivery: item.elements.delivery.word().to_owned(),
        department: item.elements.department.clone(),
        deadline: deadline(item),
    }
}

/// The last day on which the item can be had: of applications or of the document, the sooner.
pub fn deadline(item: &PublishedItem) -> Option<NaiveDate> {
    let ends = [item.elements.apply_until, item.document.effective_until];
    ends.into_iter().flatten().min()
}

/// Why an item is not open on a day; `None` when it is.
pub fn not_open_reason(item: &PublishedItem, on: NaiveDate) -> Option<String> {
    if item.is_open(on) {
        return None;
    }
    let (document, elements) = (&item.document, &item.elements);
    Some(match (document.effective_until, document.effective_from) {
        _ if document.status == Status::Repealed => "政策文件已废止".to_owned(),
        (Some(until), _) if until < on => format!("政策文件已于 {} 到期", date_zh(until)),
        _ if document.status.has_ended() => "政策文件已失效".to_owned(),
        (_, Some(from)) if from > on => format!("政策文件自 {} 起施行", date_zh(from)),
        _ => match (elements.apply_from, elements.apply_until) {
            (Some(from), _) if from > on => format!("{} 开始申报", date_zh(from)),
            (_, Some(until)) if until < on => format!("申报已于 {} 截止", date_zh(until)),
            _ => "当前不受理".to_owned(),
        },
    })
}

/// Where an item stands in a ranking.
pub fn rank_key(item: &PublishedItem, outcome: Outcome, amount: Option<&Amount>) -> RankKey {
    let delivery = match item.elements.delivery {
        Delivery::NoApplication => 0,
        Delivery::Instant => 1,
        Delivery::Application => 2,
    };
    let effort = Effort {
        deadline: deadline(item),
        delivery,
        materials: item.elements.materials.len(),
        id: &item.id,
    };
    rank::key(outcome, amount, effort)
}

struct Judged<'a> {
    item: &'a PublishedItem,
    amount: Option<Amount>,
    shown: MatchedItem,
    key: RankKey,
}

fn judge<'a>(item: &'a PublishedItem, env: &Env<'_>, detail: Detail) -> Judged<'a> {
    let explanation = item.rules.explain(env);
    let outcome = Outcome {
        verdict: explanation.verdict,
        distance: explanation.distance,
    };
    let amount = item.rules.amount(env);
    let label = Label::of(outcome);
    let shown = MatchedItem {
        head: head(item),
        verdict: explanation.verdict.known(),
        label,
        manual_only: explanation.manual_only,
        distance: explanation.distance,
        amount: amount.as_ref().map(|amount| explain::amount(amount, label)),
        reason: explain::reason(&explanation),
        conditions: (detail == Detail::Full).then(|| explain::conditions(&explanation)),
    };
    Judged {
        key: rank_key(item, outcome, amount.as_ref()),
        item,
        amount,
        shown,
    }
}

/// Matches one item, explained in full, whether or not it is open.
pub fn match_pair(enterprise: EnterpriseHead, item: &PublishedItem, env: &Env<'_>) -> PairMatch {
    PairMatch {
        enterprise,
        on: env.on,
        not_open: not_open_reason(item, env.on),
        item: judge(item, env, Detail::Full).shown,
    }
}

/// Matches all `items`; those that are not open are told apart with the reason.
pub fn match_items(
    enterprise: EnterpriseHead,
    items: &[Arc<PublishedItem>],
    env: &Env<'_>,
    detail: Detail,
) -> EnterpriseMatch {
    let mut not_open = Vec::new();
    let mut judged = Vec::new();
    for item in items {
        match not_open_reason(item, env.on) {
            None => judged.push(judge(item, env, detail)),
            Some(reason) => {
                not_open.push(NotOpen {
                    id: item.id.clone(),
                    name: item.name.clone(),
                    reason,
                });
            }
        }
    }
    judged.sort_by(|a, b| a.key.cmp(&b.key));
    let best_combination = best_combination(&judged);
    let items: Vec<MatchedItem> = judged.into_iter().map(|judged| judged.shown).collect();
    EnterpriseMatch {
        enterprise,
        on: env.on,
        counts: Counts::of(items.iter().map(|item| item.label)),
        near_misses: items
            .iter()
            .filter(|item| item.label == Label::NearMiss)
            .map(|item| item.head.id.clone())
            .collect(),
        items,
        not_open,
        best_combination,
    }
}

/// The best combination of the candidates.
fn best_combination(judged: &[Judged<'_>]) -> BestCombination {
    let candidates: Vec<&Judged<'_>> = judged
        .iter()
        .filter(|judged| judged.shown.label.is_candidate())
        .collect();
    let choices: Vec<Choice<'_>> = candidates
        .iter()
        .map(|judged| Choice {
            id: &judged.item.id,
            group: Some(judged.item.elements.exclusive_group.as_str()),
            excludes: &judged.item.elements.excludes,
            worth: Worth::of(judged.amount.as_ref()),
        })
        .collect();
    let best = combination::best(&choices);
    let id = |at: &usize| choices[*at].id.to_owned();
    BestCombination {
        items: best.chosen.iter().map(id).collect(),
        total_low: best.worth.low.clone(),
        total_high: best.worth.total_high(),
        exact: best.exact,
        left_out: best
            .left_out
            .iter()
            .map(|(at, because)| LeftOut {
                id: id(at),
                because: because.iter().map(id).collect(),
            })
            .collect(),
    }
}
