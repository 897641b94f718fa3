//! The closed vocabularies of the room.

use zhida_platform::vocabulary;

vocabulary! {
    /// 渠道：诉求从哪里来。
    Channel {
        /// 网页和手机.
        Web = "web", "网页";
        /// 二维码 of a place, a window or an enterprise.
        Code = "code", "扫码";
        /// 热线, written down by an operator.
        Hotline = "hotline", "热线";
        /// 走访记录.
        Visit = "visit", "走访";
        /// 会议纪要.
        Meeting = "meeting", "会议";
        /// 代表建议、委员提案.
        Proposal = "proposal", "代表建议和委员提案";
        /// 来信.
        Letter = "letter", "来信";
        /// Another system over our own interface.
        Api = "api", "接口";
        /// Another system over Open311.
        Open311 = "open311", "Open311";
    }
}

vocabulary! {
    /// 环节, in the order of the route. Second dispatch is a return to [`Stage::Dispatch`]; supervision stands before
    /// handling, because what is supervised is handled again.
    Stage {
        /// 受理: is it ours?
        Intake = "intake", "受理";
        /// 交办: who handles it?
        Dispatch = "dispatch", "交办";
        /// 响应: the lead body speaks to the appellant.
        Contact = "contact", "响应";
        /// 初步答复: a plan, or a first answer.
        Plan = "plan", "初步答复";
        /// 督查督办.
        Supervision = "supervision", "督查督办";
        /// 办理.
        Handle = "handle", "办理";
        /// 回访: the appellant's word.
        Visit = "visit", "回访";
    }
}

vocabulary! {
    /// 办理结果。已解决、基本解决、已解释说明、未解决都出自回访，不由工作人员自己认定。
    Outcome {
        /// 已解决.
        Solved = "solved", "已解决";
        /// 基本解决.
        Basically = "basically", "基本解决";
        /// 解释说明, and the appellant accepts it.
        Explained = "explained", "已解释说明";
        /// 未解决: it cannot be done now, with the reason.
        Unsolved = "unsolved", "未解决";
        /// 未获确认: nobody answered as often as the rules ask, or gave no word; never counted as solved.
        Unconfirmed = "unconfirmed", "未获确认";
        /// 不予受理.
        NotAccepted = "not_accepted", "不予受理";
        /// 引导其他途径: court, arbitration, another authority.
        Redirected = "redirected", "引导其他途径";
        /// 并案: it goes on within another.
        Merged = "merged", "已并案";
        /// 撤回.
        Withdrawn = "withdrawn", "已撤回";
        /// 无效: spam, a test.
        Invalid = "invalid", "无效来件";
    }
}

impl Outcome {
    /// Whether it counts as settled work (办结) in figures: what was handled to an end and visited.
    #[must_use]
    pub fn is_handled(self) -> bool {
        matches!(
            self,
            Self::Solved | Self::Basically | Self::Explained | Self::Unsolved | Self::Unconfirmed
        )
    }
}

vocabulary! {
    /// 办理类型：有多难办，决定办理的时限。
    Track {
        /// 一般: simple, answered at once.
        Simple = "simple", "一般";
        /// 单部门.
        Single = "single", "单部门";
        /// 跨部门.
        Joint = "joint", "跨部门";
        /// 疑难.
        Difficult = "difficult", "疑难";
        /// 重大.
        Major = "major", "重大";
    }
}

vocabulary! {
    /// 保密：谁可以知道是谁提出的。
    Confidentiality {
        /// 公开身份.
        Normal = "normal", "不保密";
        /// 隐名: bodies handle it without knowing whose it is.
        Concealed = "concealed", "隐名";
        /// 保密: besides, only the lead body and those who supervise see it at all.
        Secret = "secret", "保密";
    }
}

vocabulary! {
    /// 答复的结论：主办单位怎样说；以诉求人的话为准。
    Claim {
        /// 已解决.
        Solved = "solved", "已解决";
        /// 解释说明.
        Explained = "explained", "解释说明";
        /// 暂不能解决.
        Unsolved = "unsolved", "暂不能解决";
    }
}

vocabulary! {
    /// 回访时的评价。
    Satisfaction {
        /// 满意.
        Satisfied = "satisfied", "满意";
        /// 基本满意.
        Basically = "basically", "基本满意";
        /// 不满意.
        Not = "not", "不满意";
        /// 未评价: reached, but says nothing of it; left out of the satisfaction rate, and shown.
        NoWord = "no_word", "未评价";
        /// 未接通.
        Unreached = "unreached", "未接通";
    }
}

vocabulary! {
    /// 回访的方式。
    Way {
        /// 电话.
        Phone = "phone", "电话";
        /// 上门.
        Door = "door", "上门";
        /// 短信.
        Sms = "sms", "短信";
        /// 本人在网上评价.
        Own = "own", "本人网上评价";
    }
}

vocabulary! {
    /// 督查督办的步骤，一步比一步重。
    Supervision {
        /// 催办.
        Urge = "urge", "催办";
        /// 督办.
        Supervise = "supervise", "督办";
        /// 约谈.
        Interview = "interview", "约谈";
        /// 问责.
        Accountability = "accountability", "问责";
    }
}

vocabulary! {
    /// What a body has to do with an appeal.
    Part {
        /// 主办.
        Lead = "lead", "主办";
        /// 协办.
        Asked = "asked", "协办";
    }
}

vocabulary! {
    /// 期限和督办: why an open appeal wants to be looked at.
    Alert {
        /// Past its due date.
        Overdue = "overdue", "已逾期";
        /// Due today.
        Today = "today", "今天到期";
        /// Due within seven days.
        Week = "week", "七天内到期";
        /// Without a lead body.
        Unassigned = "unassigned", "未指定承办单位";
        /// Nobody has done anything for [`crate::SILENT_DAYS`].
        Silent = "silent", "七天没有动静";
        /// Opened again.
        Reopened = "reopened", "重新办理的";
        /// Somebody was dissatisfied once.
        Dissatisfied = "dissatisfied", "不满意过的";
        /// 督查督办.
        Supervised = "supervised", "督查督办中";
    }
}

vocabulary! {
    /// 谁办, seen from who asks.
    Whose {
        /// The own account handles it.
        Mine = "mine", "我办理的";
        /// Nobody handles it yet.
        Free = "free", "还没有人办的";
        /// The own body leads.
        Lead = "lead", "本单位主办的";
        /// The own body is asked to help.
        Asked = "asked", "等本单位协办的";
    }
}

vocabulary! {
    /// Whose turn it is in the messages.
    Awaits {
        /// The office's.
        Office = "office", "等部门答复的";
        /// The appellant's.
        Enterprise = "enterprise", "等诉求人答复的";
    }
}

/// A case of the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Appeal;

impl zhida_casework::Kind for Appeal {
    type Stage = Stage;
    type Outcome = Outcome;
}
