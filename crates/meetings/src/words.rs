//! The closed vocabularies of the room.

use zhida_platform::vocabulary;

vocabulary! {
    /// How often a series meets.
    Every {
        /// 每周.
        Week = "week", "每周";
        /// 双周.
        Fortnight = "fortnight", "双周";
        /// 每月.
        Month = "month", "每月";
        /// 每季度.
        Quarter = "quarter", "每季度";
        /// 每半年.
        HalfYear = "half_year", "每半年";
        /// 每年.
        Year = "year", "每年";
    }
}

vocabulary! {
    /// 会议的状态。
    MeetingState {
        /// 筹备中: its agenda is made.
        Planned = "planned", "筹备中";
        /// 已召开: its tasks are given.
        Held = "held", "已召开";
        /// 纪要已印发: its minutes no longer change.
        Issued = "issued", "纪要已印发";
        /// 已取消.
        Cancelled = "cancelled", "已取消";
    }
}

impl MeetingState {
    /// The tone of its tag.
    #[must_use]
    pub fn tone(self) -> &'static str {
        match self {
            Self::Planned => "blue",
            Self::Held => "teal",
            Self::Issued => "green",
            Self::Cancelled => "grey",
        }
    }
}

vocabulary! {
    /// 以什么身份参会。
    AttendeePart {
        /// 主持.
        Chair = "chair", "主持";
        /// 参加.
        Member = "member", "参加";
        /// 列席.
        Observer = "observer", "列席";
        /// 企业代表.
        Enterprise = "enterprise", "企业代表";
    }
}

vocabulary! {
    /// 交办事项的状态。
    TaskState {
        /// 办理中.
        Open = "open", "办理中";
        /// 待销号: the body says that it is done.
        Done = "done", "待销号";
        /// 已销号, by the chair.
        Struck = "struck", "已销号";
    }
}

vocabulary! {
    /// By what the list of tasks is filtered.
    TaskStanding {
        /// 办理中.
        Open = "open", "办理中";
        /// 逾期: open past its day.
        Overdue = "overdue", "逾期";
        /// 待销号.
        Done = "done", "待销号";
        /// 已销号.
        Struck = "struck", "已销号";
        /// 按期报送: reported as done in time.
        OnTime = "on_time", "按期报送";
    }
}

impl TaskState {
    /// The tone of its tag.
    #[must_use]
    pub fn tone(self) -> &'static str {
        match self {
            Self::Open => "blue",
            Self::Done => "yellow",
            Self::Struck => "green",
        }
    }
}

vocabulary! {
    /// 交办事项上发生了什么。
    NoteKind {
        /// 交办.
        Given = "given", "交办";
        /// 进展.
        Progress = "progress", "进展";
        /// 报送办结.
        Done = "done", "报送办结";
        /// 退回继续办理.
        Returned = "returned", "退回继续办理";
        /// 调整期限.
        Moved = "moved", "调整期限";
        /// 销号.
        Struck = "struck", "销号";
        /// 恢复: it was struck off wrongly.
        Restored = "restored", "恢复办理";
    }
}
