//! What is asked of lists; list, count and export take the same.

use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use zhida_platform::vocabulary;
use zhida_platform::vocabulary::known;

use super::model::{ObjectionState, RowState};
use crate::conditions::{Where, like};
use crate::error::Error;

vocabulary! {
    /// Whether a notice still stands.
    NoticeState {
        /// Its last row has not ended.
        Open = "open", "公示中";
        /// It has.
        Over = "over", "已结束";
    }
}

/// Which notices; a value that there is not is refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct NoticeQuery {
    /// open 公示中，over 已结束；不填为全部。
    #[serde(deserialize_with = "known")]
    #[param(value_type = String)]
    pub state: Option<NoticeState>,
    /// 事项名称或公示单位中的文字。
    pub q: String,
    /// 政策事项的标识。
    pub item: String,
}

/// Which rows of a notice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct RowQuery {
    /// 企业名称中的文字，或统一社会信用代码。
    pub q: String,
    /// 状态：open、held、passed、upheld、ended；不填为全部。
    #[serde(deserialize_with = "known")]
    #[param(value_type = String)]
    pub state: Option<RowState>,
}

impl NoticeQuery {
    /// `today` decides what is over.
    pub(crate) fn conditions(&self, today: chrono::NaiveDate) -> Where {
        let mut found = Where::default();
        match self.state {
            Some(NoticeState::Open) => found.and("n.ends_on >= ?", today.to_string()),
            Some(NoticeState::Over) => found.and("n.ends_on < ?", today.to_string()),
            None => {}
        }
        if !self.q.trim().is_empty() {
            let condition = "(n.item_name LIKE ? ESCAPE '\\' OR n.organisation LIKE ? ESCAPE '\\')";
            found.and(condition, like(&self.q));
        }
        if !self.item.is_empty() {
            found.and("n.item = ?", self.item.as_str());
        }
        found
    }
}

impl RowQuery {
    pub(crate) fn conditions(&self, notice: &str) -> Where {
        let mut found = Where::default();
        found.and("r.notice = ?", notice);
        if let Some(state) = self.state {
            found.and("r.state = ?", state.slug());
        }
        if !self.q.trim().is_empty() {
            found.and(
                "(r.enterprise_name LIKE ? ESCAPE '\\' OR r.enterprise LIKE ? ESCAPE '\\')",
                like(&self.q),
            );
        }
        found
    }
}

/// Which objections an officer sees; open ones first of all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ObjectionQuery {
    /// A slug of [`ObjectionState`], or `all`; empty: those that wait.
    pub state: String,
}

impl ObjectionQuery {
    /// The state that is asked for; `None`: every one.
    pub(crate) fn wanted(&self) -> Result<Option<ObjectionState>, Error> {
        match self.state.trim() {
            "" => Ok(Some(ObjectionState::Open)),
            "all" => Ok(None),
            state => ObjectionState::parse(state).map(Some).ok_or_else(|| {
                let known: Vec<&str> = ObjectionState::ALL.iter().map(|one| one.slug()).collect();
                let known = known.join("、");
                Error::field(
                    "state",
                    format!("没有“{state}”，可以填 {known}、all，或者不填"),
                )
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_can_stand_twice_in_a_condition() {
        let query = NoticeQuery {
            q: "经信".to_owned(),
            state: Some(NoticeState::Open),
            ..NoticeQuery::default()
        };
        let found = query.conditions(chrono::NaiveDate::default());
        assert_eq!(found.values.len(), 2);
        assert!(
            found
                .sql()
                .contains("LIKE $2 ESCAPE '\\' OR n.organisation LIKE $2"),
            "{}",
            found.sql()
        );
    }
}
