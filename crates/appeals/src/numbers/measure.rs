//! Rates: two figures and the sentence that defines them.

use zhida_platform::vocabulary;

use super::counted::Counted;

vocabulary! {
    /// A rate of appeals.
    Measure {
        /// 响应率.
        Response = "response", "响应率";
        /// 答复率.
        Reply = "reply", "答复率";
        /// 按时答复率.
        Punctual = "punctual", "按时答复率";
        /// 办结率.
        Closing = "closing", "办结率";
        /// 按期率.
        OnTime = "on_time", "按期率";
        /// 回访率.
        Visit = "visit", "回访率";
        /// 解决率.
        Resolution = "resolution", "解决率";
        /// 满意率.
        Satisfaction = "satisfaction", "满意率";
        /// 主动评价率 (国办发〔2019〕51号).
        Volunteering = "volunteering", "主动评价率";
        /// 差评整改率 (国办发〔2019〕51号).
        Amendment = "amendment", "差评整改率";
    }
}

impl Measure {
    /// Numerator and denominator.
    #[must_use]
    pub fn parts(self) -> (Counted, Counted) {
        match self {
            Self::Response => (Counted::Responded, Counted::ResponseDue),
            Self::Reply => (Counted::Replied, Counted::Due),
            Self::Punctual => (Counted::RepliedOnTime, Counted::Replied),
            Self::Closing => (Counted::Closed, Counted::Due),
            Self::OnTime => (Counted::OnTime, Counted::Timed),
            Self::Visit => (Counted::Visited, Counted::Closed),
            Self::Resolution => (Counted::Solved, Counted::Closed),
            Self::Satisfaction => (Counted::Satisfied, Counted::Rated),
            Self::Volunteering => (Counted::Volunteered, Counted::Closed),
            Self::Amendment => (Counted::Amended, Counted::Complained),
        }
    }

    /// What it is, in one sentence.
    #[must_use]
    pub fn definition(self) -> &'static str {
        match self {
            Self::Response => "按时响应 ÷ 应响应（已响应的，加上时限已过还没有响应的）",
            Self::Reply => "已答复 ÷ 应办理（不含不予受理、引导、并案、撤回和无效）",
            Self::Punctual => "已答复且没有环节超期 ÷ 已答复",
            Self::Closing => "办结 ÷ 应办理（不含不予受理、引导、并案、撤回和无效）",
            Self::OnTime => {
                "没有环节超期的办结 ÷（办结 + 逾期在办 + 超期后并案、不予受理等结束的）：拖着不办结、并案或者改期限，都不会使它变好"
            }
            Self::Visit => "已回访 ÷ 办结",
            Self::Resolution => "诉求人认为已解决和基本解决 ÷ 办结；未获确认的算没有解决",
            Self::Satisfaction => "满意和基本满意 ÷ 有评价的（未评价、未接通的不算，件数另列）",
            Self::Volunteering => {
                "诉求人自己在网上评价过的 ÷ 办结；工作人员回访得来的不算主动（国办发〔2019〕51号“好差评”）"
            }
            Self::Amendment => {
                "评价过不满意、现已办结并且每一位都改评满意或基本满意的 ÷ 应办理中评价过不满意的，含还在办的（国办发〔2019〕51号“好差评”，更严：不满意不论实名与否、有无道理都算应整改）"
            }
        }
    }
}
