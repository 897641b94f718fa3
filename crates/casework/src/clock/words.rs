//! A derivation in sentences: what a page shows under “为什么是这一天”.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, Weekday};

use super::Clock;
use super::days::Taken;
use crate::calendar::{Calendar, Day, local};
use crate::term::{Start, Term, Unit};

/// 2026年9月24日 24:00; a time within the day as it is.
pub(super) fn until(day: NaiveDate, at: NaiveDateTime) -> String {
    match at.time() == NaiveTime::MIN && at.date() > day {
        true => format!("{} 24:00", long(day)),
        false => format!("{} {}", long(at.date()), at.format("%H:%M")),
    }
}

fn long(date: NaiveDate) -> String {
    format!("{}年{}", date.year(), short(date))
}

fn short(date: NaiveDate) -> String {
    format!("{}月{}日", date.month(), date.day())
}

fn moment(at: NaiveDateTime) -> String {
    format!("{} {}", long(at.date()), at.format("%H:%M"))
}

/// 10月1日至8日, 9月30日至10月8日, 10月10日.
fn span(from: NaiveDate, to: NaiveDate) -> String {
    match (from == to, from.month() == to.month()) {
        (true, _) => short(from),
        (false, true) => format!("{}至{}日", short(from), to.day()),
        (false, false) => format!("{}至{}", short(from), short(to)),
    }
}

/// Neighbouring days of one kind.
struct Run {
    from: NaiveDate,
    to: NaiveDate,
    label: String,
    taken: Taken,
}

/// The sentences as they come.
pub(super) struct Story {
    before: Vec<String>,
    runs: Vec<Run>,
    weekend_days: u32,
    provisional: Option<i32>,
    after: Vec<String>,
}

impl Story {
    pub(super) fn of_days(clock: &Clock) -> Self {
        let how = match clock.limit.start() {
            Start::SameDay => "当日起算",
            _ => "次日起算",
        };
        Self::new(clock, how)
    }

    pub(super) fn of_hours(clock: &Clock, calendar: &Calendar) -> Self {
        let mut story = Self::new(clock, "即时起算");
        if clock.limit.term().unit.is_working() {
            let hours = calendar.hours().to_string().replace('-', "至");
            let hours = hours.replace(", ", "、");
            story
                .before
                .push(format!("只计办公时间（{hours}），午休、夜间和非工作日不计"));
        }
        for pause in &clock.pauses {
            if let Some(to) = pause.to {
                let (from, to) = (moment(local(pause.from)), moment(local(to)));
                story
                    .after
                    .push(format!("{from} 至 {to} {}，不计", pause.why));
            }
        }
        story
    }

    fn new(clock: &Clock, how: &str) -> Self {
        let mut before = vec![format!("{} 开始，{how}", moment(local(clock.started)))];
        if let Some(pause) = clock.restarted() {
            let back = pause.to.map(local).unwrap_or_default();
            let from = match clock.limit.term().unit.is_days() {
                true => "，次日起重新计算",
                false => "，重新计算",
            };
            before.push(format!("{} {}结束{from}", moment(back), pause.why));
        }
        let after = clock.extensions.iter().map(|extension| {
            let added = Term::new(extension.amount, clock.limit.term().unit);
            let on = short(local(extension.at).date());
            format!("{on} 经批准延期 {added}（{}）", extension.why)
        });
        Self {
            before,
            runs: Vec::new(),
            weekend_days: 0,
            provisional: None,
            after: after.collect(),
        }
    }

    /// A day on the way of a clock of days.
    pub(super) fn pass(&mut self, date: NaiveDate, day: &Day, taken: Taken, unit: Unit) {
        self.note_year(date, day);
        match (taken, unit) {
            (Taken::Paused, _) => {}
            (Taken::Off, _) if day.named => self.run(date, &day.label, taken),
            (Taken::Off, _) => self.weekend_days += 1,
            (Taken::Counted, Unit::WorkingDays) if day.named => self.run(date, &day.label, taken),
            (Taken::Counted, _) => {}
        }
    }

    /// A day on the way that a pause takes out.
    pub(super) fn pass_paused(&mut self, date: NaiveDate, day: &Day, why: &str) {
        self.note_year(date, day);
        self.run(date, why, Taken::Paused);
    }

    /// A day on the way of a clock of working hours.
    pub(super) fn pass_office_day(&mut self, date: NaiveDate, day: &Day) {
        self.note_year(date, day);
        if day.named {
            let taken = if day.working {
                Taken::Counted
            } else {
                Taken::Off
            };
            self.run(date, &day.label, taken);
        }
    }

    fn note_year(&mut self, date: NaiveDate, day: &Day) {
        if day.provisional {
            self.provisional = Some(date.year());
        }
    }

    fn run(&mut self, date: NaiveDate, label: &str, taken: Taken) {
        match self.runs.last_mut() {
            Some(run)
                if run.to.succ_opt() == Some(date) && run.label == label && run.taken == taken =>
            {
                run.to = date;
            }
            _ => self.runs.push(Run {
                from: date,
                to: date,
                label: label.to_owned(),
                taken,
            }),
        }
    }

    /// The last year on the way whose notice is not out.
    pub(super) fn provisional(&self) -> Option<i32> {
        self.provisional
    }

    /// The sentences of a clock of days: the last day counted, and the one it ends on.
    pub(super) fn close(
        mut self,
        total: Term,
        counted: NaiveDate,
        last: NaiveDate,
        end: &str,
    ) -> Vec<String> {
        let mut last_words = vec![match total.unit {
            Unit::WorkingDays => format!("第 {} 个工作日为 {}", total.amount, short(counted)),
            _ => format!("第 {} 天为 {}", total.amount, short(counted)),
        }];
        if last != counted {
            let rolled = format!("该日不上班，顺延至其后第一个工作日 {}", short(last));
            last_words.push(rolled);
        }
        last_words.push(format!("{end} 截止"));
        self.after.append(&mut last_words);
        self.sentences()
    }

    /// The sentences of a clock of hours or minutes.
    pub(super) fn close_hours(mut self, total: Term, end: &str) -> Vec<String> {
        self.after.push(format!("满 {total}，{end} 截止"));
        self.sentences()
    }

    fn sentences(self) -> Vec<String> {
        let mut all = self.before;
        for run in &self.runs {
            all.push(run.sentence());
        }
        if self.weekend_days > 0 {
            all.push(format!("期间双休日 {} 天不计", self.weekend_days));
        }
        if let Some(year) = self.provisional {
            all.push(format!(
                "{year} 年放假安排尚未公布，暂按法定节假日推算，公布后重新计算"
            ));
        }
        all.extend(self.after);
        all
    }
}

impl Run {
    fn sentence(&self) -> String {
        let days = span(self.from, self.to);
        match self.taken {
            Taken::Paused | Taken::Off => format!("{days} {}，不计", self.label),
            Taken::Counted => format!("{days}{} {}，计入", weekday(self), self.label),
        }
    }
}

/// （星期六） of a single day that is worked although the week says otherwise.
fn weekday(run: &Run) -> &'static str {
    match (run.from == run.to, run.from.weekday()) {
        (true, Weekday::Sat) => "（星期六）",
        (true, Weekday::Sun) => "（星期日）",
        _ => "",
    }
}
