//! Lengths of time as offices write them: “5 个工作日”, “24 小时”, “5 个工作日（当日起算，下班截止）”.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The largest amount of a term: more is a slip of the hand.
pub const AMOUNT_MAX: u32 = 9_999;

/// What a term counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// 工作日, by the holiday notices and the city's changes.
    WorkingDays,
    /// 自然日.
    Days,
    /// Hours within office hours.
    WorkingHours,
    /// Hours of the wall clock.
    Hours,
    /// Minutes within office hours.
    WorkingMinutes,
    /// Minutes of the wall clock.
    Minutes,
}

/// Spellings that are read; the first of a unit is the one that is written.
const SPELLINGS: [(&str, Unit); 16] = [
    ("个工作日", Unit::WorkingDays),
    ("工作日", Unit::WorkingDays),
    ("个自然日", Unit::Days),
    ("自然日", Unit::Days),
    ("日", Unit::Days),
    ("天", Unit::Days),
    ("个工作小时", Unit::WorkingHours),
    ("工作小时", Unit::WorkingHours),
    ("个工作时", Unit::WorkingHours),
    ("小时", Unit::Hours),
    ("个小时", Unit::Hours),
    ("个工作分钟", Unit::WorkingMinutes),
    ("工作分钟", Unit::WorkingMinutes),
    ("分钟", Unit::Minutes),
    ("分", Unit::Minutes),
    ("个工作天", Unit::WorkingDays),
];

impl Unit {
    /// As it is written after a number: 个工作日, 小时.
    #[must_use]
    pub fn words(self) -> &'static str {
        let spelling = SPELLINGS.iter().find(|(_, unit)| *unit == self);
        spelling.map_or("", |(words, _)| words)
    }

    /// Whether whole days are counted, so that the clock has no hour.
    #[must_use]
    pub fn is_days(self) -> bool {
        matches!(self, Self::WorkingDays | Self::Days)
    }

    /// Whether only office time is counted.
    #[must_use]
    pub fn is_working(self) -> bool {
        matches!(
            self,
            Self::WorkingDays | Self::WorkingHours | Self::WorkingMinutes
        )
    }

    /// Minutes of one; `None` for days.
    pub(crate) fn minutes(self) -> Option<i64> {
        match self {
            Self::WorkingDays | Self::Days => None,
            Self::WorkingHours | Self::Hours => Some(60),
            Self::WorkingMinutes | Self::Minutes => Some(1),
        }
    }
}

/// Why a text is no term.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TermError {
    /// It does not begin with a number.
    #[error("时限「{0}」应以数字开头，例如“5 个工作日”“24 小时”")]
    NoNumber(String),
    /// The number is 0 or too large.
    #[error("时限「{0}」的数应在 1 至 9999 之间")]
    Amount(String),
    /// The unit is none.
    #[error("时限「{text}」的单位「{unit}」看不懂，可以写：个工作日、天、个工作小时、小时、分钟")]
    Unit {
        /// The whole text.
        text: String,
        /// What stands where the unit should.
        unit: String,
    },
    /// What stands in the brackets is not known.
    #[error(
        "时限「{text}」括号里的「{part}」看不懂，可以写：次日起算、当日起算、24时截止、下班截止"
    )]
    Part {
        /// The whole text.
        text: String,
        /// The part.
        part: String,
    },
    /// The rule is for days and the unit is not.
    #[error("时限「{0}」按小时或分钟计算，总是即时起算、到点截止，请去掉括号里的说明")]
    NotDays(String),
}

/// A length of time: 5 个工作日.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Term {
    /// How many; never 0 when it was read from a text.
    pub amount: u32,
    /// Of what.
    pub unit: Unit,
}

impl Term {
    /// So many of a unit.
    #[must_use]
    pub const fn new(amount: u32, unit: Unit) -> Self {
        Self { amount, unit }
    }

    /// Working days.
    #[must_use]
    pub const fn working_days(amount: u32) -> Self {
        Self::new(amount, Unit::WorkingDays)
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.unit.words())
    }
}

impl FromStr for Term {
    type Err = TermError;

    fn from_str(text: &str) -> Result<Self, TermError> {
        let trimmed = text.trim();
        let digits = trimmed
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(trimmed.len());
        let (number, unit) = trimmed.split_at(digits);
        if number.is_empty() {
            return Err(TermError::NoNumber(text.to_owned()));
        }
        let amount = number.parse().ok();
        let amount = amount
            .filter(|amount| (1..=AMOUNT_MAX).contains(amount))
            .ok_or_else(|| TermError::Amount(text.to_owned()))?;
        let unit = unit.trim();
        let found = SPELLINGS.iter().find(|(spelling, _)| *spelling == unit);
        let (_, unit) = found.ok_or_else(|| TermError::Unit {
            text: text.to_owned(),
            unit: unit.to_owned(),
        })?;
        Ok(Self::new(amount, *unit))
    }
}

/// From when days are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Start {
    /// 次日起算: the day after the event is day 1 (《中华人民共和国民法典》第二百零一条).
    NextDay,
    /// 当日起算: the day itself is day 1, as in a public notice (公示).
    SameDay,
    /// 即时起算: hours and minutes.
    AtOnce,
}

/// When the last day ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// 24:00 (《中华人民共和国民法典》第二百零三条第二款).
    Midnight,
    /// When the office closes: “有业务时间的，停止业务活动的时间为截止时间” (the same paragraph).
    OfficeClose,
    /// To the minute: hours and minutes.
    Exact,
}

/// A term with the rule by which it is counted (时限).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limit {
    term: Term,
    start: Start,
    end: End,
}

impl Limit {
    /// Days from the next day to 24:00; hours and minutes at once.
    #[must_use]
    pub const fn new(term: Term) -> Self {
        let (start, end) = match term.unit {
            Unit::WorkingDays | Unit::Days => (Start::NextDay, End::Midnight),
            _ => (Start::AtOnce, End::Exact),
        };
        Self { term, start, end }
    }

    /// Working days from the next day to 24:00.
    #[must_use]
    pub const fn working_days(amount: u32) -> Self {
        Self::new(Term::working_days(amount))
    }

    /// Counts the day itself as day 1; nothing changes for hours and minutes.
    #[must_use]
    pub fn from_the_same_day(mut self) -> Self {
        if self.term.unit.is_days() {
            self.start = Start::SameDay;
        }
        self
    }

    /// Ends when the office closes; nothing changes for hours and minutes.
    #[must_use]
    pub fn until_office_close(mut self) -> Self {
        if self.term.unit.is_days() {
            self.end = End::OfficeClose;
        }
        self
    }

    /// How long.
    #[must_use]
    pub fn term(self) -> Term {
        self.term
    }

    /// From when.
    #[must_use]
    pub fn start(self) -> Start {
        self.start
    }

    /// Until when on its last day.
    #[must_use]
    pub fn end(self) -> End {
        self.end
    }

    fn with(self, text: &str, part: &str) -> Result<Self, TermError> {
        if !self.term.unit.is_days() {
            return Err(TermError::NotDays(text.to_owned()));
        }
        match part.trim() {
            "次日起算" | "24时截止" | "24:00截止" => Ok(self),
            "当日起算" => Ok(self.from_the_same_day()),
            "下班截止" => Ok(self.until_office_close()),
            part => Err(TermError::Part {
                text: text.to_owned(),
                part: part.to_owned(),
            }),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let same_day = (self.start == Start::SameDay).then_some("当日起算");
        let office = (self.end == End::OfficeClose).then_some("下班截止");
        let parts: Vec<&str> = [same_day, office].into_iter().flatten().collect();
        match parts.is_empty() {
            true => self.term.fmt(f),
            false => write!(f, "{}（{}）", self.term, parts.join("，")),
        }
    }
}

impl FromStr for Limit {
    type Err = TermError;

    fn from_str(text: &str) -> Result<Self, TermError> {
        let trimmed = text.trim();
        let bracket = trimmed.split_once(['（', '(']);
        let (term, rest) = bracket.unwrap_or((trimmed, ""));
        let limit = Self::new(term.parse()?);
        rest.trim_end_matches(['）', ')'])
            .split(['，', ',', '、'])
            .filter(|part| !part.trim().is_empty())
            .try_fold(limit, |limit, part| limit.with(text, part))
    }
}

/// Serialised as the text that people read and write.
macro_rules! as_text {
    ($($name:ty),+) => {$(
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}
pub(crate) use as_text;

as_text!(Term, Limit);
