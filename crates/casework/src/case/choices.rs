use super::{Case, Rules};
use crate::kind::Kind;
use crate::party::Party;
use crate::route::Turn;

/// What may be asked of a case now: the buttons of a page. What is offered here is accepted by
/// [`Case::decide`] if its texts are there, as long as nobody was faster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices<K: Kind> {
    /// Stages it can go on to; the first is the usual one.
    pub advance: Vec<K::Stage>,
    /// Stages it can be returned to.
    pub send_back: Vec<K::Stage>,
    /// Outcomes it can be closed with.
    pub close: Vec<K::Outcome>,
    /// Whether a completion can be asked for.
    pub ask_completion: bool,
    /// Whether a completion can be sent.
    pub answer_completion: bool,
    /// Whether other bodies can be asked.
    pub ask_opinions: bool,
    /// Whether whoever asks can give the opinion of their body.
    pub give_opinion: bool,
    /// Whether whoever asks can object to having been given the case; the hour decides too.
    pub object: bool,
    /// Whether an objection waits to be decided, by another body than the one that objects.
    pub settle_objection: bool,
    /// Whether it can be taken back.
    pub withdraw: bool,
    /// Whether it can be transferred, assigned and held.
    pub manage: bool,
}

impl<K: Kind> Case<K> {
    /// What somebody may ask for. Extension and reopening also depend on the hour: ask [`Case::decide`].
    #[must_use]
    pub fn choices(&self, by: &Party, rules: &Rules<'_, K>) -> Choices<K> {
        let route = rules.route;
        let enterprise = matches!(by, Party::Enterprise { .. });
        let office = !enterprise && self.is_open();
        let contested = self.open_objection().is_some();
        let waits = contested
            || self.completion.is_some()
            || self.opinions.iter().any(super::Opinion::is_open);
        let free = self.is_open() && self.holds.is_empty() && !waits;
        let in_turn = match by {
            Party::System { .. } => true,
            Party::Enterprise { .. } => self.own_turn == Turn::Enterprise,
            Party::Officer { .. } => self.own_turn != Turn::Enterprise,
        };
        let step = route.step(self.stage);
        let mut close = Vec::new();
        if free && in_turn {
            close.extend(step.iter().flat_map(|step| step.closes.iter().copied()));
        }
        if office {
            let more = route
                .anytime
                .iter()
                .filter(|outcome| !close.contains(outcome));
            close.extend(more.copied().collect::<Vec<_>>());
        }
        let completions = route.completion.as_ref();
        Choices {
            advance: if free && in_turn {
                route.onward(self.stage)
            } else {
                Vec::new()
            },
            send_back: if free && office {
                route.back(self.stage)
            } else {
                Vec::new()
            },
            close,
            ask_completion: office
                && self.completion.is_none()
                && step.is_some_and(|step| step.completable)
                && completions.is_some_and(|policy| self.rounds < policy.rounds),
            answer_completion: enterprise && self.is_open() && self.completion.is_some(),
            ask_opinions: office && route.opinions.is_some(),
            give_opinion: self.is_open()
                && by
                    .organisation()
                    .is_some_and(|organisation| self.open_opinion(organisation).is_some()),
            object: office
                && route.objection.is_some()
                && self.objection.is_none()
                && by
                    .organisation()
                    .is_some_and(|own| self.holder().is_some_and(|holder| holder.id == own.id)),
            settle_objection: office
                && self.open_objection().is_some_and(|objection| {
                    by.organisation()
                        .is_none_or(|own| own.id != objection.organisation.id)
                }),
            withdraw: enterprise
                && self.is_open()
                && route.withdrawn.is_some()
                && step.is_some_and(|step| step.withdrawable),
            manage: office,
        }
    }
}
