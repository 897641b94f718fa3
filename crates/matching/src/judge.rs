//! One set of facts against all items of a catalogue. Pure: facts, items and a day in, a match out.

use std::sync::Arc;

use chrono::NaiveDate;
use zhida_platform::format::date_zh;
use zhida_policies::{Delivery, PublishedItem, Status};
use zhida_rules::{AmountEnds, Env, Outcome};

use crate::combination::{self, Choice, Worth};
use crate::explain;
use crate::model::{
    AmountView, BestCombination, EnterpriseHead, EnterpriseMatch, ItemHead, LeftOut, MatchedItem,
    NotOpen, PairMatch,
};
use crate::rank::{self, Effort, RankKey};
use crate::verdict::{Counts, Label};

/// How much is said of each item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// The verdict only.
    Verdict,
    /// Verdict, amount and the reason in one line.
    Brief,
    /// All conditions, too.
    Full,
}

/// Of which items something is said; counts, near misses and the best combination are always of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Telling {
    /// How much.
    pub detail: Detail,
    /// At most so many of each label, best first.
    pub most: usize,
    /// This label has so many instead.
    pub more: Option<(Label, usize)>,
}

impl Telling {
    /// All items.
    pub fn all(detail: Detail) -> Self {
        Self::first(detail, usize::MAX)
    }

    /// So many of each label.
    pub fn first(detail: Detail, most: usize) -> Self {
        Self {
            detail,
            most,
            more: None,
        }
    }

    fn most(&self, label: Label) -> usize {
        match self.more {
            Some((more, most)) if more == label => most,
            _ => self.most,
        }
    }
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

/// An item with what ranks it; its words are made when somebody is to read them.
pub(crate) struct Judged<'a> {
    pub item: &'a PublishedItem,
    pub label: Label,
    outcome: Outcome,
    ends: Option<AmountEnds>,
    effort: Effort<'a>,
}

impl<'a> Judged<'a> {
    fn new(item: &'a PublishedItem, env: &Env<'_>) -> Self {
        let outcome = item.rules.evaluate(env);
        let label = Label::of(outcome);
        // what somebody out of reach would get is nobody's question, and they are most
        let ends = match label {
            Label::OutOfReach => None,
            _ => item.rules.amount_ends(env),
        };
        let delivery = match item.elements.delivery {
            Delivery::NoApplication => 0,
            Delivery::Instant => 1,
            Delivery::Application => 2,
        };
        Self {
            item,
            label,
            outcome,
            ends,
            effort: Effort {
                deadline: deadline(item),
                delivery,
                materials: item.elements.materials.len(),
                id: &item.id,
            },
        }
    }

    fn key(&self) -> RankKey<'_> {
        rank::key(self.outcome, self.ends.as_ref(), self.effort)
    }

    /// The amount as people read it.
    pub fn amount(&self, env: &Env<'_>) -> Option<AmountView> {
        let amount = self.item.rules.amount(env);
        amount.map(|amount| explain::amount(&amount, self.label))
    }

    fn told(&self, env: &Env<'_>, detail: Detail) -> MatchedItem {
        let Outcome { verdict, distance } = self.outcome;
        let bare = MatchedItem {
            head: head(self.item),
            verdict: verdict.known(),
            label: self.label,
            manual_only: false,
            distance,
            amount: None,
            reason: String::new(),
            conditions: None,
        };
        if detail == Detail::Verdict {
            return bare;
        }
        let explanation = self.item.rules.explain(env);
        MatchedItem {
            manual_only: explanation.manual_only,
            amount: self.amount(env),
            reason: explain::reason(&explanation),
            conditions: (detail == Detail::Full).then(|| explain::conditions(&explanation)),
            ..bare
        }
    }
}

/// Matches one item, explained in full, whether or not it is open.
pub fn match_pair(enterprise: EnterpriseHead, item: &PublishedItem, env: &Env<'_>) -> PairMatch {
    PairMatch {
        enterprise,
        on: env.on,
        not_open: not_open_reason(item, env.on),
        item: Judged::new(item, env).told(env, Detail::Full),
    }
}

/// All items by the facts of one enterprise.
pub(crate) struct Ranking<'a> {
    /// Those that are open, best first.
    pub judged: Vec<Judged<'a>>,
    not_open: Vec<NotOpen>,
}

impl<'a> Ranking<'a> {
    /// Judges all `items`; those that are not open are told apart with the reason.
    pub fn of(items: &'a [Arc<PublishedItem>], env: &Env<'_>) -> Self {
        let (mut judged, mut not_open) = (Vec::new(), Vec::new());
        for item in items {
            match not_open_reason(item, env.on) {
                None => judged.push(Judged::new(item, env)),
                Some(reason) => not_open.push(NotOpen {
                    id: item.id.clone(),
                    name: item.name.clone(),
                    reason,
                }),
            }
        }
        judged.sort_by(|a, b| a.key().cmp(&b.key()));
        Self { judged, not_open }
    }

    /// How many have each label.
    pub fn counts(&self) -> Counts {
        Counts::of(self.judged.iter().map(|judged| judged.label))
    }

    /// What is told of them.
    pub fn told(
        self,
        enterprise: EnterpriseHead,
        env: &Env<'_>,
        telling: Telling,
    ) -> EnterpriseMatch {
        let mut shown = Counts::default();
        let told = self.judged.iter().filter(|judged| {
            let wanted = shown.get(judged.label) < telling.most(judged.label) as u64;
            shown.add(judged.label);
            wanted
        });
        let near = self.judged.iter();
        let near = near.filter(|judged| judged.label == Label::NearMiss);
        EnterpriseMatch {
            enterprise,
            on: env.on,
            counts: self.counts(),
            near_misses: near.map(|judged| judged.item.id.clone()).collect(),
            items: told
                .map(|judged| judged.told(env, telling.detail))
                .collect(),
            best_combination: best_combination(&self.judged),
            not_open: self.not_open,
        }
    }
}

/// The best combination of the candidates.
fn best_combination(judged: &[Judged<'_>]) -> BestCombination {
    let candidates: Vec<&Judged<'_>> = judged
        .iter()
        .filter(|judged| judged.label.is_candidate())
        .collect();
    let choices: Vec<Choice<'_>> = candidates
        .iter()
        .map(|judged| Choice {
            id: &judged.item.id,
            group: Some(judged.item.elements.exclusive_group.as_str()),
            excludes: &judged.item.elements.excludes,
            worth: Worth::of(judged.ends.as_ref()),
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
