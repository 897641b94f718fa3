//! The filters of the lists: one query behind list, count and exports. What an address asks that does not exist is
//! refused; a list of everything would look like the answer.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use zhida_platform::audit::Query;
use zhida_platform::files::{ContentQuery, State as FileState};
use zhida_platform::jobs::{JobQuery, Jobs, State as JobState};
use zhida_platform::problem::{FieldError, Problem};

/// Characters of a filter at most.
const CHARS_MAX: usize = 200;

/// Which records are wanted, as addresses say it; what is empty asks nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct AuditFilters {
    /// 操作人的姓名，要写全。
    pub actor: String,
    /// 操作，如 people.sign_in；以点结尾的是一类，如 people.。
    pub action: String,
    /// 对象的类别，如 account。
    pub kind: String,
    /// 对象的标识。
    pub object: String,
    /// 企业的统一社会信用代码。
    pub enterprise: String,
    /// 从哪一天起，如 2026-11-22（北京时间）。
    pub from: String,
    /// 到哪一天止，含当天。
    pub to: String,
    /// 来源地址，要写全。
    pub address: String,
    /// changed 只看变更，viewed 只看查看。
    pub nature: String,
}

impl AuditFilters {
    /// Whether nothing is asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The query.
    ///
    /// # Errors
    /// 400 with each field that cannot be read.
    pub fn query(&self) -> Result<Query, Problem> {
        let mut wrong = Vec::new();
        let from = day("from", &self.from, &mut wrong);
        let to = day("to", &self.to, &mut wrong);
        if let (Some(from), Some(to)) = (from, to)
            && from > to
        {
            wrong.push(fault("to", "截止日要不早于起始日"));
        }
        let viewed = match self.nature.as_str() {
            "" => None,
            "changed" => Some(false),
            "viewed" => Some(true),
            _ => {
                wrong.push(fault("nature", "请从列表中选择"));
                None
            }
        };
        if self
            .texts()
            .iter()
            .any(|text| text.chars().count() > CHARS_MAX)
        {
            wrong.push(fault("object", "条件太长，请写准确的姓名、标识或地址"));
        }
        if !wrong.is_empty() {
            let mut problem = Problem::bad_input("查询条件有误");
            problem.fields = wrong;
            return Err(problem);
        }
        Ok(Query {
            from: from.map(midnight),
            until: to.and_then(|day| day.succ_opt()).map(midnight),
            actor: given(&self.actor),
            action: given(&self.action),
            enterprise: given(&self.enterprise),
            subject_kind: given(&self.kind),
            subject_id: given(&self.object),
            viewed,
            address: given(&self.address),
            ..Query::default()
        })
    }

    /// The address of a page of the list, or of an export.
    #[must_use]
    pub fn to_address(&self, path: &str, after: Option<&str>) -> String {
        let fields = [
            ("actor", self.actor.as_str()),
            ("action", &self.action),
            ("kind", &self.kind),
            ("object", &self.object),
            ("enterprise", &self.enterprise),
            ("from", &self.from),
            ("to", &self.to),
            ("address", &self.address),
            ("nature", &self.nature),
            ("after", after.unwrap_or_default()),
        ];
        address(path, &fields)
    }

    fn texts(&self) -> [&str; 6] {
        [
            &self.actor,
            &self.action,
            &self.kind,
            &self.object,
            &self.enterprise,
            &self.address,
        ]
    }
}

/// Which jobs are wanted; what is empty asks nothing.
///
/// # Errors
/// 400 for a state that there is not, or a kind that this program does not know.
pub(crate) fn job_query(jobs: &Jobs, state: &str, kind: &str) -> Result<JobQuery, Problem> {
    let known = jobs.kinds();
    if !kind.is_empty() && !known.iter().any(|(slug, _)| *slug == kind) {
        return Err(unknown(
            "kind",
            &format!("没有任务类别「{kind}」"),
            known.iter().map(|(slug, _)| *slug),
        ));
    }
    let found = JobState::parse(state);
    if found.is_none() && !state.is_empty() {
        return Err(unknown(
            "state",
            &format!("没有任务状态「{state}」"),
            JobState::ALL.iter().map(|one| one.slug()),
        ));
    }
    Ok(JobQuery {
        state: found,
        kind: given(kind),
    })
}

/// Which contents of the store are wanted; empty for all.
///
/// # Errors
/// 400 for a state that there is not.
pub(crate) fn content_query(state: &str) -> Result<ContentQuery, Problem> {
    let found = FileState::parse(state);
    if found.is_none() && !state.is_empty() {
        return Err(unknown(
            "state",
            &format!("没有文件状态「{state}」"),
            FileState::ALL.iter().map(|one| one.slug()),
        ));
    }
    Ok(ContentQuery { state: found })
}

fn unknown<'a>(field: &str, detail: &str, known: impl IntoIterator<Item = &'a str>) -> Problem {
    let known: Vec<&str> = known.into_iter().collect();
    Problem::bad_input(detail)
        .field(field, format!("请写 {}，或不填", known.join("、")))
        .hint("请回到列表，从列出的里面选择")
}

/// A path with those of the fields that say something.
pub(crate) fn address(path: &str, fields: &[(&str, &str)]) -> String {
    let said = fields.iter().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<String> = said
        .map(|(name, value)| format!("{name}={}", percent(value)))
        .collect();
    match pairs.is_empty() {
        true => path.to_owned(),
        false => format!("{path}?{}", pairs.join("&")),
    }
}

/// Percent-encodes everything but unreserved characters (RFC 3986).
pub(crate) fn percent(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _infallible = write!(out, "%{byte:02X}");
        }
        out
    })
}

fn given(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn fault(field: &str, message: &str) -> FieldError {
    FieldError {
        field: field.to_owned(),
        message: message.to_owned(),
    }
}

fn day(field: &str, text: &str, wrong: &mut Vec<FieldError>) -> Option<NaiveDate> {
    let text = given(text)?;
    let read = NaiveDate::from_str(&text).ok();
    if read.is_none() {
        wrong.push(fault(field, "请写日期，如 2026-11-22"));
    }
    read
}

/// The beginning of the day in Asia/Shanghai.
pub(crate) fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc() - TimeDelta::hours(8)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn days_are_those_of_shanghai_and_the_last_counts() {
        let filters = AuditFilters {
            from: "2026-11-22".to_owned(),
            to: "2026-11-22".to_owned(),
            actor: "  张三 ".to_owned(),
            nature: "viewed".to_owned(),
            ..AuditFilters::default()
        };
        let query = filters.query().unwrap();
        assert_eq!(
            (
                query.from.unwrap().to_rfc3339(),
                query.until.unwrap().to_rfc3339()
            ),
            (
                "2026-11-21T16:00:00+00:00".to_owned(),
                "2026-11-22T16:00:00+00:00".to_owned()
            )
        );
        assert_eq!(query.actor.as_deref(), Some("张三"));
        assert_eq!(query.viewed, Some(true));
        assert_eq!(query.action, None);
    }

    #[test]
    fn each_wrong_field_is_named() {
        let filters = AuditFilters {
            from: "昨天".to_owned(),
            nature: "x".to_owned(),
            object: "长".repeat(201),
            ..AuditFilters::default()
        };
        let problem = filters.query().unwrap_err();
        let fields: Vec<&str> = problem
            .fields
            .iter()
            .map(|one| one.field.as_str())
            .collect();
        assert_eq!(fields, ["from", "nature", "object"]);
        let turned = AuditFilters {
            from: "2026-11-22".to_owned(),
            to: "2026-11-21".to_owned(),
            ..AuditFilters::default()
        };
        assert_eq!(turned.query().unwrap_err().fields[0].field, "to");
    }

    #[test]
    fn addresses_say_only_what_is_asked() {
        let filters = AuditFilters {
            actor: "张 三&".to_owned(),
            ..AuditFilters::default()
        };
        assert_eq!(
            filters.to_address("/office/audit", Some("x=")),
            "/office/audit?actor=%E5%BC%A0%20%E4%B8%89%26&after=x%3D"
        );
        assert_eq!(AuditFilters::default().to_address("/a", None), "/a");
    }
}
