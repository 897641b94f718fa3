//! Themes and measures.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zhida_platform::access::Row;
use zhida_platform::vocabulary;

vocabulary! {
    /// 一类事的状态。
    ThemeState {
        /// 新发现: nobody has decided what to do.
        Found = "found", "新发现";
        /// 已有举措.
        Acted = "acted", "已有举措";
        /// 不作为一类事, with a reason.
        Dismissed = "dismissed", "不作为一类事";
    }
}

impl ThemeState {
    /// The tone of its tag.
    #[must_use]
    pub fn tone(self) -> &'static str {
        match self {
            Self::Found => "yellow",
            Self::Acted => "teal",
            Self::Dismissed => "grey",
        }
    }
}

vocabulary! {
    /// 举措的状态。
    MeasureState {
        /// 实施中.
        Proposed = "proposed", "实施中";
        /// 已落实.
        Done = "done", "已落实";
    }
}

/// 一类事。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AppealTheme)]
pub struct Theme {
    /// 标识。
    pub id: String,
    /// 名称。
    pub name: String,
    /// 分类的路径。
    pub category: String,
    /// 分类的名称。
    pub category_name: String,
    /// 区县代码；位置不明的为空。
    pub place: String,
    /// 状态。
    pub state: ThemeState,
    /// 最近七天的件数。
    pub recent: i64,
    /// 之前四周的件数。
    pub earlier: i64,
    /// 哪一天发现的。
    pub found_on: NaiveDate,
    /// 件数是哪一天数的。
    pub counted_on: NaiveDate,
    /// 不作为一类事的理由。
    pub why: String,
    /// 第几次修改。
    pub version: i64,
}

impl Theme {
    /// What decides who may see it.
    #[must_use]
    pub fn access(&self) -> Row<'_> {
        Row {
            enterprise: None,
            division: Some(&self.place),
        }
    }

    /// How it grows, in words: `最近七天 6 件，之前四周每周 1.5 件`.
    #[must_use]
    pub fn growth(&self) -> String {
        format!(
            "最近七天 {} 件，之前四周每周 {}.{:02} 件",
            self.recent,
            self.earlier / 4,
            self.earlier % 4 * 25
        )
    }
}

/// 对一类事的一项举措。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AppealMeasure)]
pub struct Remedy {
    /// 标识。
    pub id: String,
    /// 内容。
    pub words: String,
    /// 责任单位。
    pub body: String,
    /// 责任人。
    pub person: String,
    /// 期限。
    pub due_on: NaiveDate,
    /// 状态。
    pub state: MeasureState,
    /// 谁提出的。
    pub proposed_by: String,
    /// 哪一天落实的。
    pub done_on: Option<NaiveDate>,
    /// 落实的情况。
    pub result: String,
    /// 第几次修改。
    pub version: i64,
}

/// 要提出的一项举措。
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = NewAppealMeasure)]
pub struct NewRemedy {
    /// 内容。
    pub words: String,
    /// 责任单位。
    pub body: String,
    /// 责任人。
    pub person: String,
    /// 期限，例如 2026-12-31。
    pub due_on: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_told_exactly() {
        let theme = Theme {
            id: String::new(),
            name: String::new(),
            category: String::new(),
            category_name: String::new(),
            place: String::new(),
            state: ThemeState::Found,
            recent: 6,
            earlier: 7,
            found_on: NaiveDate::default(),
            counted_on: NaiveDate::default(),
            why: String::new(),
            version: 1,
        };
        assert_eq!(theme.growth(), "最近七天 6 件，之前四周每周 1.75 件");
    }
}
