//! What is asked of a report.

use chrono::{Duration, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use zhida_platform::access::Reach;
use zhida_platform::clock::instant_text;
use zhida_platform::db::Where;

use super::model::By;
use crate::error::Error;

/// What is asked, as it is typed. Empty fields ask nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ReportQuery {
    /// 按什么汇总：item 事项（不填时）、place 区划、department 责任部门。
    #[serde(skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// 从这一天起受理的，如 2026-01-01。
    #[serde(skip_serializing_if = "String::is_empty")]
    pub from: String,
    /// 到这一天为止受理的，含当天。
    #[serde(skip_serializing_if = "String::is_empty")]
    pub until: String,
    /// 只要这个事项的。
    #[serde(skip_serializing_if = "String::is_empty")]
    pub item: String,
}

/// The same, understood.
pub(super) struct Asked {
    pub by: By,
    pub from: Option<NaiveDate>,
    pub until: Option<NaiveDate>,
    item: String,
}

impl ReportQuery {
    pub(super) fn asked(&self) -> Result<Asked, Error> {
        let by = match self.by.as_str() {
            "" => By::Item,
            by => {
                By::parse(by).ok_or_else(|| Error::field("by", "请写 item、place 或 department"))?
            }
        };
        let day = |field: &str, text: &str| match text.trim() {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| {
                Error::field(field, format!("“{text}”不是日期，请写成 2026-01-01 的样子"))
            }),
        };
        let (from, until) = (day("from", &self.from)?, day("until", &self.until)?);
        if from.zip(until).is_some_and(|(from, until)| from > until) {
            return Err(Error::field("until", "结束的日期早于开始的日期"));
        }
        Ok(Asked {
            by,
            from,
            until,
            item: self.item.trim().to_owned(),
        })
    }
}

/// Where a table has what a report is asked by.
pub(super) struct Columns {
    enterprise: &'static str,
    place: &'static str,
    opened: &'static str,
    item: &'static str,
}

impl Columns {
    /// `redemption_case c`.
    pub(super) const OF_CASE: Self = Self {
        enterprise: "c.enterprise",
        place: "c.place",
        // a case is opened when it is filed, at the same instant
        opened: "c.filed_at",
        item: "c.item",
    };
    /// `case_head h`.
    pub(super) const OF_HEAD: Self = Self {
        enterprise: "h.enterprise",
        place: "h.place",
        opened: "h.opened_at",
        item: "h.topic",
    };
}

impl Asked {
    /// The conditions on a table.
    pub(super) fn conditions(&self, reach: &Reach, of: &Columns, found: &mut Where) {
        found.within(reach, (of.enterprise, of.place));
        if let Some(from) = self.from {
            found.and(&format!("{} >= ?", of.opened), begins(from));
        }
        if let Some(until) = self.until {
            let after = begins(until + Duration::days(1));
            found.and(&format!("{} < ?", of.opened), after);
        }
        if !self.item.is_empty() {
            found.and(&format!("{} = ?", of.item), self.item.as_str());
        }
    }
}

/// When a day begins in Asia/Shanghai.
fn begins(day: NaiveDate) -> String {
    instant_text(day.and_time(chrono::NaiveTime::MIN).and_utc() - Duration::hours(8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_at_midnight_in_china() {
        let day = NaiveDate::from_ymd_opt(2026, 1, 1).expect("a day");
        assert_eq!(begins(day), "2025-12-31T16:00:00.000000Z");
    }

    #[test]
    fn what_cannot_be_asked_is_said_at_its_field() {
        for (query, field) in [
            (("stage", "", ""), "by"),
            (("", "昨天", ""), "from"),
            (("", "", "2026-02-30"), "until"),
            (("place", "2026-02-01", "2026-01-31"), "until"),
        ] {
            let (by, from, until) = query;
            let query = ReportQuery {
                by: by.to_owned(),
                from: from.to_owned(),
                until: until.to_owned(),
                item: String::new(),
            };
            let refused = query.asked().err();
            assert!(
                matches!(&refused, Some(Error::Field { field: at, .. }) if at == field),
                "{query:?}: {refused:?}"
            );
        }
    }
}
