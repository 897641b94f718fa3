//! What a verdict is called on screens, in files and in the order of lists.

use serde::{Serialize, Serializer};
use zhida_rules::{OUT_OF_REACH, Outcome, Truth};
use zhida_ui::Mark;

/// A verdict with what it means for the enterprise, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    /// 符合: every condition is met.
    Eligible,
    /// 条件符合，待人工核验: all that can be computed is met.
    Manual,
    /// 只差一项: one condition is not met, all others are.
    NearMiss,
    /// 缺一项数据: one condition is unknown, all others are met.
    OneUnknown,
    /// 信息不足.
    Unknown,
    /// 不符合.
    Ineligible,
    /// 不符合, because of something that cannot be changed (place, industry, founding date).
    OutOfReach,
}

impl Label {
    /// All labels, best first.
    pub const ALL: [Self; 7] = [
        Self::Eligible,
        Self::Manual,
        Self::NearMiss,
        Self::OneUnknown,
        Self::Unknown,
        Self::Ineligible,
        Self::OutOfReach,
    ];

    /// The label of an outcome.
    ///
    /// An unknown verdict at distance 0 rests on people only: an unknown fact would make it 1.
    pub fn of(outcome: Outcome) -> Self {
        match (outcome.verdict, outcome.distance) {
            (Truth::True, _) => Self::Eligible,
            (Truth::Unknown, 0) => Self::Manual,
            (Truth::Unknown, 1) => Self::OneUnknown,
            (Truth::Unknown, _) => Self::Unknown,
            (Truth::False, 1) => Self::NearMiss,
            (Truth::False, OUT_OF_REACH..) => Self::OutOfReach,
            (Truth::False, _) => Self::Ineligible,
        }
    }

    /// The words on screens.
    pub fn words(self) -> &'static str {
        match self {
            Self::Eligible => "符合",
            Self::Manual => "条件符合，待人工核验",
            Self::NearMiss => "只差一项",
            Self::OneUnknown => "缺一项数据",
            Self::Unknown => "信息不足",
            Self::Ineligible => "不符合",
            Self::OutOfReach => "不在适用范围",
        }
    }

    /// The stable key in addresses and JSON.
    pub fn key(self) -> &'static str {
        match self {
            Self::Eligible => "eligible",
            Self::Manual => "manual",
            Self::NearMiss => "near_miss",
            Self::OneUnknown => "one_unknown",
            Self::Unknown => "unknown",
            Self::Ineligible => "ineligible",
            Self::OutOfReach => "out_of_reach",
        }
    }

    /// The label with a key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|label| label.key() == key)
    }

    /// The sign beside the words.
    pub fn mark(self) -> Mark {
        match self {
            Self::Eligible => Mark::Yes,
            Self::Manual => Mark::Manual,
            Self::OneUnknown | Self::Unknown => Mark::Unknown,
            Self::NearMiss | Self::Ineligible | Self::OutOfReach => Mark::No,
        }
    }

    /// Could the enterprise be paid as things stand? Of all others a condition is not met or not known to be: facts must
    /// change or come in before anything is had, and a zero by the facts of now does not say what it would be.
    pub fn is_candidate(self) -> bool {
        matches!(self, Self::Eligible | Self::Manual)
    }
}

impl Serialize for Label {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.words())
    }
}

/// 各类结论的数量，由列表本身统计。
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Counts {
    /// 全部。
    pub total: u64,
    /// 符合。
    pub eligible: u64,
    /// 条件符合，待人工核验。
    pub manual: u64,
    /// 只差一项。
    pub near_miss: u64,
    /// 缺一项数据。
    pub one_unknown: u64,
    /// 信息不足：缺不止一项数据。
    pub unknown: u64,
    /// 不符合：不止一条条件不符合。
    pub ineligible: u64,
    /// 不在适用范围。
    pub out_of_reach: u64,
}

impl Counts {
    /// Counts labels.
    pub fn of(labels: impl IntoIterator<Item = Label>) -> Self {
        let mut counts = Self::default();
        labels.into_iter().for_each(|label| counts.add(label));
        counts
    }

    /// Counts one more.
    pub fn add(&mut self, label: Label) {
        self.add_many(label, 1);
    }

    /// Counts so many more.
    pub fn add_many(&mut self, label: Label, number: u64) {
        self.total += number;
        *self.slot(label) += number;
    }

    /// Adds the counts of another part.
    pub fn merge(&mut self, other: &Self) {
        self.total += other.total;
        for label in Label::ALL {
            *self.slot(label) += other.get(label);
        }
    }

    fn slot(&mut self, label: Label) -> &mut u64 {
        match label {
            Label::Eligible => &mut self.eligible,
            Label::Manual => &mut self.manual,
            Label::NearMiss => &mut self.near_miss,
            Label::OneUnknown => &mut self.one_unknown,
            Label::Unknown => &mut self.unknown,
            Label::Ineligible => &mut self.ineligible,
            Label::OutOfReach => &mut self.out_of_reach,
        }
    }

    /// How many have this label.
    pub fn get(&self, label: Label) -> u64 {
        match label {
            Label::Eligible => self.eligible,
            Label::Manual => self.manual,
            Label::NearMiss => self.near_miss,
            Label::OneUnknown => self.one_unknown,
            Label::Unknown => self.unknown,
            Label::Ineligible => self.ineligible,
            Label::OutOfReach => self.out_of_reach,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_its_label_and_every_key_leads_back() {
        let label = |verdict, distance| Label::of(Outcome { verdict, distance });
        assert_eq!(label(Truth::True, 0), Label::Eligible);
        assert_eq!(label(Truth::Unknown, 0), Label::Manual);
        assert_eq!(label(Truth::Unknown, 1), Label::OneUnknown);
        assert_eq!(label(Truth::Unknown, 3), Label::Unknown);
        assert_eq!(label(Truth::False, 1), Label::NearMiss);
        assert_eq!(label(Truth::False, 2), Label::Ineligible);
        assert_eq!(label(Truth::False, OUT_OF_REACH), Label::OutOfReach);
        for label in Label::ALL {
            assert_eq!(Label::from_key(label.key()), Some(label));
        }
        assert_eq!(Label::from_key(""), None);
    }

    #[test]
    fn counts_add_up() {
        let mut counts = Counts::of(Label::ALL);
        counts.merge(&Counts::of([Label::Manual, Label::OutOfReach]));
        assert_eq!(counts.total, 9);
        assert_eq!(
            Label::ALL.map(|label| counts.get(label)),
            [1, 2, 1, 1, 1, 1, 2]
        );
    }
}
