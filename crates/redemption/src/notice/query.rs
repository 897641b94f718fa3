//! What is asked of lists; list, count and export take the same.

use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::model::{ObjectionState, RowState};
use crate::conditions::{Where, like};

/// Which notices.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct NoticeQuery {
    /// open 公示中，over 已结束；不填为全部。
    pub state: String,
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
    pub state: String,
}

impl NoticeQuery {
    /// `today` decides what is over.
    pub(crate) fn conditions(&self, today: chrono::NaiveDate) -> Where {
        let mut found = Where::default();
        match self.state.as_str() {
            "open" => found.and("n.ends_on >= ?", today.to_string()),
            "over" => found.and("n.ends_on < ?", today.to_string()),
            _ => {}
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
        if let Some(state) = RowState::parse(&self.state) {
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
    /// A slug of [`ObjectionState`]; empty: those that wait.
    pub state: String,
}

impl ObjectionQuery {
    pub(crate) fn wanted(&self) -> Option<ObjectionState> {
        match self.state.as_str() {
            "" => Some(ObjectionState::Open),
            state => ObjectionState::parse(state),
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
            state: "open".to_owned(),
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
