//! Due dates that remember how they were counted, so that a case can store and show it.

use chrono::{Datelike, NaiveDate};

use super::{CalendarError, DayKind, day};

/// How days are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counting {
    /// The day after the event is day 1 (期限).
    AfterEvent,
    /// The first day is day 1 if people work on it (公示期).
    FirstDayCounted,
}

/// A day that was passed over without being counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SkippedDay {
    /// The day.
    pub date: NaiveDate,
    /// Why it was not counted.
    pub kind: DayKind,
}

/// A date computed in working days, with its derivation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueDate {
    /// The event's day, or the first day of the period.
    pub start: NaiveDate,
    /// Working days counted.
    pub workdays: u32,
    /// The last day counted: the result.
    pub date: NaiveDate,
    /// How the start was treated.
    pub counting: Counting,
    /// Days passed over, in order.
    pub skipped: Vec<SkippedDay>,
    /// Weekend days that were counted because people work on them.
    pub make_up: Vec<SkippedDay>,
}

/// [`super::add_workdays`] with its derivation.
///
/// # Errors
/// A start or a day on the way outside 2020–2026.
pub fn derive_workdays(date: NaiveDate, n: u32) -> Result<DueDate, CalendarError> {
    day(date)?;
    DueDate::empty(date, Counting::AfterEvent).count(date.iter_days().skip(1), n)
}

/// [`super::notice_period`] with its derivation.
///
/// # Errors
/// `n` of zero, or a day outside 2020–2026.
pub fn derive_notice_period(first_day: NaiveDate, n: u32) -> Result<DueDate, CalendarError> {
    if n == 0 {
        return Err(CalendarError::EmptyPeriod);
    }
    DueDate::empty(first_day, Counting::FirstDayCounted).count(first_day.iter_days(), n)
}

impl DueDate {
    fn empty(start: NaiveDate, counting: Counting) -> Self {
        let (skipped, make_up) = (Vec::new(), Vec::new());
        Self {
            start,
            workdays: 0,
            date: start,
            counting,
            skipped,
            make_up,
        }
    }

    /// Counts `n` working days; ends at the calendar's last year at the latest.
    fn count(
        mut self,
        days: impl Iterator<Item = NaiveDate>,
        n: u32,
    ) -> Result<Self, CalendarError> {
        for date in days {
            if self.workdays == n {
                break;
            }
            let kind = day(date)?;
            let named = SkippedDay { date, kind };
            match kind {
                DayKind::MakeUpWorkday { .. } => self.make_up.push(named),
                DayKind::Workday => {}
                DayKind::Weekend | DayKind::Holiday { .. } => self.skipped.push(named),
            }
            if kind.is_workday() {
                self.workdays += 1;
                self.date = date;
            }
        }
        Ok(self)
    }

    /// The derivation as one Chinese sentence, for storage beside the date: 自 2026年2月13日 次日起
    /// 计 5 个工作日至 2026年2月27日；跳过春节放假 2月15日–2月23日；计入春节调休上班 2月14日。
    pub fn explain(&self) -> String {
        let how = match self.counting {
            Counting::AfterEvent => "次日起",
            Counting::FirstDayCounted => "当日起（首日计入）",
        };
        let (from, to) = (long(self.start), long(self.date));
        let mut text = format!("自 {from} {how}计 {} 个工作日至 {to}", self.workdays);
        for (verb, days) in [("跳过", &self.skipped), ("计入", &self.make_up)] {
            if !days.is_empty() {
                text.push_str(&format!("；{verb}{}", spans(days)));
            }
        }
        text.push('。');
        text
    }
}

/// Runs of neighbouring days of one kind: 春节放假 2月15日–2月23日、双休日 2月28日.
fn spans(days: &[SkippedDay]) -> String {
    let runs = days.chunk_by(|a, b| a.kind == b.kind && a.date.succ_opt() == Some(b.date));
    let texts: Vec<String> = runs
        .filter_map(|run| {
            let (first, last) = (run.first()?, run.last()?);
            let end = if run.len() > 1 {
                format!("–{}", short(last.date))
            } else {
                String::new()
            };
            Some(format!("{} {}{end}", first.kind.label(), short(first.date)))
        })
        .collect();
    texts.join("、")
}

fn long(date: NaiveDate) -> String {
    format!("{}年{}", date.year(), short(date))
}

fn short(date: NaiveDate) -> String {
    format!("{}月{}日", date.month(), date.day())
}
