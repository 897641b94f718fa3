//! The days on which the notices depart from the week.

use std::sync::LazyLock;

use chrono::NaiveDate;

/// A day named by a notice.
pub(super) struct Exception {
    pub date: NaiveDate,
    /// Day off, or working day.
    pub off: bool,
    pub holiday: &'static str,
}

static EXCEPTIONS: LazyLock<Vec<Exception>> = LazyLock::new(|| {
    include_str!("../../../../data/standards/holidays.csv")
        .lines()
        .map(|line| {
            let mut cells = line.split(',');
            let mut cell = || {
                cells
                    .next()
                    .expect("the embedded calendar has three columns")
            };
            let date = cell()
                .parse()
                .expect("the embedded calendar holds ISO dates");
            Exception {
                date,
                off: cell() == "off",
                holiday: cell(),
            }
        })
        .collect()
});

pub(super) fn exception(date: NaiveDate) -> Option<&'static Exception> {
    let list: &'static [Exception] = &EXCEPTIONS;
    list.binary_search_by(|exception| exception.date.cmp(&date))
        .ok()
        .map(|index| &list[index])
}

pub(super) fn notices(year: i32) -> impl Iterator<Item = &'static str> {
    include_str!("../../../../data/standards/holiday_notices.csv")
        .lines()
        .filter_map(|line| line.split_once(','))
        .filter(move |(of, _)| of.parse() == Ok(year))
        .map(|(_, address)| address)
}
