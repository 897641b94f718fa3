//! The closed vocabularies of the room: stages a case runs through and how it ends.

use zhida_platform::vocabulary;

vocabulary! {
    /// 环节, in the order in which cases run through them.
    Stage {
        /// 意愿确认: the enterprise says whether it wants what it is due.
        Confirm = "confirm", "意愿确认";
        /// 受理: is the application complete?
        Accept = "accept", "受理";
        /// 审核: is it right?
        Review = "review", "审核";
        /// 部门联审: several departments at once, each by its own date.
        Joint = "joint", "部门联审";
        /// 现场核查.
        Inspection = "inspection", "现场核查";
        /// 专家评审.
        Scoring = "scoring", "专家评审";
        /// 审计.
        Audit = "audit", "审计";
        /// 审定: who may decide decides.
        Decision = "decision", "审定";
        /// 公示.
        Notice = "notice", "公示";
        /// 拨付.
        Payment = "payment", "拨付";
    }
}

impl Stage {
    /// Whether somebody in office approves at this stage: what “审批环节” counts.
    #[must_use]
    pub fn is_approval(self) -> bool {
        !matches!(self, Self::Confirm | Self::Notice | Self::Payment)
    }
}

vocabulary! {
    /// 办理结果.
    Outcome {
        /// 已兑付.
        Paid = "paid", "已兑付";
        /// 不予兑付.
        Refused = "refused", "不予兑付";
        /// 撤回, by the enterprise.
        Withdrawn = "withdrawn", "已撤回";
        /// 放弃, by the enterprise, of what it was due without applying.
        Declined = "declined", "已放弃";
        /// 逾期未确认, 逾期未补正.
        Lapsed = "lapsed", "逾期终止";
        /// 终止: nothing can come of it any more, for instance because the policy was repealed.
        Ended = "ended", "已终止";
    }
}

vocabulary! {
    /// 同一企业多久可以享受一次。
    Period {
        /// Once a year.
        Year = "year", "每年一次";
        /// Once and never again.
        Once = "once", "只有一次";
        /// As often as it meets the conditions.
        Any = "any", "不限次数";
    }
}

vocabulary! {
    /// What is given where an enterprise has another item of the same group (从高不重复、互斥) already.
    Overlap {
        /// Nothing: it is one of the two.
        Refuse = "refuse", "只能享受一项";
        /// What this one is more than the other.
        Difference = "difference", "级差补足，只补差额";
    }
}

vocabulary! {
    /// How candidates of 免申即享 become cases.
    Release {
        /// An officer looks at the list and releases it.
        Officer = "officer", "经办人员核对后放行";
        /// The night's run does.
        Automatic = "automatic", "比对通过自动放行";
    }
}

vocabulary! {
    /// 期限: how near an open case is to it.
    DueIn {
        /// Past it.
        Overdue = "overdue", "已逾期";
        /// Today.
        Today = "today", "今天到期";
        /// Within seven days.
        Week = "week", "七天内到期";
    }
}

vocabulary! {
    /// 谁办, seen from who asks.
    Whose {
        /// The own account handles it.
        Mine = "mine", "我办理的";
        /// Nobody handles it yet.
        Free = "free", "还没有人办的";
        /// The own body was asked for its opinion.
        Asked = "asked", "征求我单位意见的";
    }
}

vocabulary! {
    /// Whose turn it is in the messages.
    Awaits {
        /// The office's.
        Office = "office", "待部门答复";
        /// The enterprise's.
        Enterprise = "enterprise", "待企业答复";
    }
}

/// A case of the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Grant;

impl zhida_casework::Kind for Grant {
    type Stage = Stage;
    type Outcome = Outcome;
}
