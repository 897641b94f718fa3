//! What is counted: conditions on an appeal that lists and sums share.

use zhida_platform::vocabulary;

vocabulary! {
    /// Which appeals a figure counts. Each is a condition on one appeal, so that every figure has its list.
    Counted {
        /// 登记: every appeal.
        Received = "received", "登记";
        /// 应办理: without those that were not accepted, redirected, merged, withdrawn or void.
        Due = "due", "应办理";
        /// 在办.
        Open = "open", "在办";
        /// 办结: handled to an end, whatever the appellant said.
        Closed = "closed", "办结";
        /// 按期办结: no stage of the offices was left too late.
        OnTime = "on_time", "按期办结";
        /// 逾期在办: past its due date, or late once already.
        OverdueOpen = "overdue_open", "逾期在办";
        /// 办结、逾期在办, and what ended otherwise after it was late (merged, turned down, withdrawn): what on-time work is measured against.
        Timed = "timed", "办结、逾期在办和超期结束";
        /// 应响应: responded to, or past the time for it.
        ResponseDue = "response_due", "应响应";
        /// 按时响应.
        Responded = "responded", "按时响应";
        /// 已答复.
        Replied = "replied", "已答复";
        /// 按时答复: replied, and no stage was left too late.
        RepliedOnTime = "replied_on_time", "按时答复";
        /// 已回访: closed, and the appellant was asked.
        Visited = "visited", "已回访";
        /// 有评价: said satisfied, basically satisfied or not.
        Rated = "rated", "有评价";
        /// 满意和基本满意.
        Satisfied = "satisfied", "满意和基本满意";
        /// 不满意.
        Dissatisfied = "dissatisfied", "不满意";
        /// 未评价、未接通: left out of the satisfaction rate, and shown.
        Wordless = "wordless", "未评价、未接通";
        /// 本人主动评价: whoever said it did so by themselves on the page, not asked by an officer.
        Volunteered = "volunteered", "本人主动评价";
        /// 评价过不满意: of what is to be handled, what somebody was not satisfied with once; is to be amended.
        Complained = "complained", "评价过不满意";
        /// 差评已整改: closed, and each voice that was not satisfied has said better since.
        Amended = "amended", "不满意后改评满意、基本满意";
        /// 已解决和基本解决, by the appellant's word.
        Solved = "solved", "已解决和基本解决";
        /// 未获确认: nobody reached; counts as not solved.
        Unconfirmed = "unconfirmed", "未获确认";
        /// 二次交办.
        Second = "second", "二次交办";
        /// 重新办理.
        Reopened = "reopened", "重新办理";
        /// 并案 and others that are not handled by themselves.
        Aside = "aside", "不单独办理";
    }
}

/// Outcomes of what was handled to an end.
const HANDLED: &str =
    "h.outcome IN ('solved', 'basically', 'explained', 'unsolved', 'unconfirmed')";
const DUE: &str = "(h.outcome IS NULL OR h.outcome IN ('solved', 'basically', 'explained', 'unsolved', 'unconfirmed'))";
const LATE_NOW: &str = "h.closed_at IS NULL AND (h.due_at < ? OR a.late)";
const RESPONSE_OVER: &str = "(a.responded_at IS NOT NULL OR a.response_late OR (h.closed_at IS NULL AND h.stage = 'contact' AND h.due_at < ?))";
/// What a voice was not satisfied with, and has not said better of since.
const UNAMENDED: &str = "SELECT 1 FROM appeal_visit v WHERE v.case_id = h.id AND v.satisfaction = 'not' AND NOT EXISTS (
        SELECT 1 FROM appeal_visit later WHERE later.case_id = v.case_id AND later.voice = v.voice AND later.id > v.id
            AND later.satisfaction IN ('satisfied', 'basically'))";

impl Counted {
    /// The condition on `case_head h` and `appeal a`; each `?` stands for the moment of which the figures are.
    pub(crate) fn condition(self) -> String {
        match self {
            Self::Received => "1 = 1".to_owned(),
            Self::Due => DUE.to_owned(),
            Self::Open => "h.closed_at IS NULL".to_owned(),
            Self::Closed => HANDLED.to_owned(),
            Self::OnTime => format!("({HANDLED} AND NOT a.late)"),
            Self::OverdueOpen => format!("({LATE_NOW})"),
            Self::Timed => format!("({HANDLED} OR a.late OR ({LATE_NOW}))"),
            Self::ResponseDue => format!("({DUE} AND {RESPONSE_OVER})"),
            Self::Responded => {
                format!("({DUE} AND a.responded_at IS NOT NULL AND NOT a.response_late)")
            }
            Self::Replied => format!("({DUE} AND a.replied_at IS NOT NULL)"),
            Self::RepliedOnTime => format!("({DUE} AND a.replied_at IS NOT NULL AND NOT a.late)"),
            Self::Visited => format!(
                "({HANDLED} AND EXISTS (SELECT 1 FROM appeal_visit v WHERE v.case_id = h.id))"
            ),
            Self::Rated => {
                format!("({HANDLED} AND a.satisfaction IN ('satisfied', 'basically', 'not'))")
            }
            Self::Satisfied => {
                format!("({HANDLED} AND a.satisfaction IN ('satisfied', 'basically'))")
            }
            Self::Dissatisfied => format!("({HANDLED} AND a.satisfaction = 'not')"),
            Self::Wordless => format!(
                "({HANDLED} AND (a.satisfaction IS NULL OR a.satisfaction IN ('no_word', 'unreached')))"
            ),
            Self::Volunteered => format!(
                "({HANDLED} AND EXISTS (SELECT 1 FROM appeal_visit v WHERE v.case_id = h.id AND v.way = 'own'))"
            ),
            Self::Complained => format!("({DUE} AND a.dissatisfied > 0)"),
            Self::Amended => {
                format!("({HANDLED} AND a.dissatisfied > 0 AND NOT EXISTS ({UNAMENDED}))")
            }
            Self::Solved => "h.outcome IN ('solved', 'basically')".to_owned(),
            Self::Unconfirmed => "h.outcome = 'unconfirmed'".to_owned(),
            Self::Second => "a.dispatches > 1".to_owned(),
            Self::Reopened => "a.reopenings > 0".to_owned(),
            Self::Aside => format!("(h.outcome IS NOT NULL AND NOT {HANDLED})"),
        }
    }
}
