//! The steps of officers: what pages, forms and interface ask for alike, and whose step each is.

use serde::Deserialize;
use utoipa::ToSchema;

use super::supervise::SupervisionStep;
use super::view::Sight;
use super::visit::NewVisit;
use crate::words::{Claim, Outcome, Track};

/// 交给谁主办、请谁协办，写单位的名称。
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Given {
    /// 主办单位的名称；不写的按分类的责任单位，分类没有的交兜底单位。
    pub department: String,
    /// 协办单位的名称。
    pub helpers: Vec<String>,
    /// 交办意见。
    pub note: String,
}

/// 一次答复。
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplyTo {
    /// 办理的结论。
    pub claim: Claim,
    /// 答复的内容，诉求人看得到。
    pub text: String,
    /// 由谁回复：疑难、重大和二次交办的，能办由分管领导回复，不能办由主要领导回复，写明姓名和职务。
    #[serde(default)]
    pub signer: String,
}

/// 工作人员办理的一步。
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(tag = "step", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Step {
    /// 由我办理。
    Take {},
    /// 受理。
    Accept {
        /// 分类的路径。
        category: String,
        /// 办理类型。
        track: Track,
    },
    /// 不予受理、引导其他途径，或者认定无效。
    TurnDown {
        /// 结果：not_accepted、redirected 或者 invalid。
        outcome: Outcome,
        /// 原因和去处，诉求人看得到。
        reason: String,
    },
    /// 交办，也用于二次交办。
    Dispatch(Given),
    /// 派单异议。
    Object {
        /// 理由。
        reason: String,
    },
    /// 裁定派单异议。
    SettleObjection {
        /// 由哪个单位办理；不写的为原单位。
        department: String,
        /// 理由。
        reason: String,
    },
    /// 已经联系诉求人。
    Contacted {
        /// 联系的情况。
        note: String,
    },
    /// 初步答复。
    Plan {
        /// 内容，诉求人看得到。
        text: String,
    },
    /// 请其他单位协办。
    Ask {
        /// 请协办什么。
        question: String,
        /// 单位的名称。
        departments: Vec<String>,
    },
    /// 反馈协办意见。
    Opinion {
        /// 意见。
        text: String,
    },
    /// 答复，转入回访。
    Reply(ReplyTo),
    /// 申请延期；由登记或者督查人员审批，批准后期限才变。
    Extend {
        /// 多少，单位与办理时限相同。
        amount: u32,
        /// 原因。
        reason: String,
    },
    /// 审批延期申请。
    SettleExtension {
        /// 同意 true，不同意 false。
        granted: bool,
        /// 审批的理由。
        reason: String,
    },
    /// 转办。
    Transfer {
        /// 单位的名称。
        department: String,
        /// 原因。
        reason: String,
    },
    /// 提级办理：交上级单位，按疑难办理。
    Escalate {
        /// 上级单位的名称。
        department: String,
        /// 原因。
        reason: String,
    },
    /// 改分类和办理类型。
    Sort {
        /// 分类的路径。
        category: String,
        /// 办理类型。
        track: Track,
        /// 原因。
        reason: String,
    },
    /// 记一笔。
    Note {
        /// 内容。
        text: String,
    },
    /// 并入另一件。
    Merge {
        /// 那一件的编号。
        number: String,
        /// 原因。
        reason: String,
    },
    /// 撤销并案。
    Unmerge {
        /// 原因。
        reason: String,
    },
    /// 改保密程度。
    Conceal {
        /// 保密程度。
        confidentiality: crate::words::Confidentiality,
    },
    /// 回访。
    Visit(NewVisit),
    /// 督查督办的一步。
    Supervise(SupervisionStep),
    /// 督办后交原单位重新办理。
    Rehandle {
        /// 要求。
        reason: String,
    },
    /// 督办后认定因客观原因不能解决。
    Conclude {
        /// 原因，诉求人看得到。
        reason: String,
    },
}

impl Step {
    /// Slug of the audit record.
    pub(super) fn action(&self) -> &'static str {
        match self {
            Self::Take {} => "appeals.take",
            Self::Accept { .. } => "appeals.accept",
            Self::TurnDown { .. } => "appeals.turn_down",
            Self::Dispatch(_) => "appeals.dispatch",
            Self::Object { .. } => "appeals.object",
            Self::SettleObjection { .. } => "appeals.settle_objection",
            Self::Contacted { .. } => "appeals.contacted",
            Self::Plan { .. } => "appeals.plan",
            Self::Ask { .. } => "appeals.ask",
            Self::Opinion { .. } => "appeals.opinion",
            Self::Reply(_) => "appeals.reply",
            Self::Extend { .. } => "appeals.ask_extension",
            Self::SettleExtension { .. } => "appeals.settle_extension",
            Self::Transfer { .. } => "appeals.transfer",
            Self::Escalate { .. } => "appeals.escalate",
            Self::Sort { .. } => "appeals.sort",
            Self::Note { .. } => "appeals.note",
            Self::Merge { .. } => "appeals.merge",
            Self::Unmerge { .. } => "appeals.unmerge",
            Self::Conceal { .. } => "appeals.conceal",
            Self::Visit(_) => "appeals.visit",
            Self::Supervise(_) => "appeals.supervise",
            Self::Rehandle { .. } => "appeals.rehandle",
            Self::Conclude { .. } => "appeals.conclude",
        }
    }

    /// Why somebody may not take it; `None` when they may.
    pub(super) fn barred(&self, sight: &Sight) -> Option<&'static str> {
        let (may, words) = match self {
            Self::Take {}
            | Self::Object { .. }
            | Self::Contacted { .. }
            | Self::Plan { .. }
            | Self::Reply(_)
            | Self::Extend { .. } => (sight.leads, "这一步由主办单位办理"),
            Self::Opinion { .. } => (sight.asked, "没有请您的单位协办，或者意见已经反馈"),
            Self::Ask { .. } => (
                sight.leads || sight.intake,
                "这一步由主办单位或者诉求登记人员办理",
            ),
            Self::Visit(_) => (sight.visits, "这一步由回访人员办理"),
            Self::Supervise(_) | Self::Rehandle { .. } | Self::Conclude { .. } => {
                (sight.supervises, "这一步由督查人员办理")
            }
            Self::SettleObjection { .. } => (
                sight.intake || sight.supervises,
                "派单异议由诉求登记人员或者督查人员裁定",
            ),
            Self::SettleExtension { .. } => (
                sight.intake || sight.supervises,
                "延期由诉求登记人员或者督查人员审批",
            ),
            Self::Escalate { .. } => (
                sight.intake || sight.supervises || sight.leads,
                "您不能把这件诉求提级",
            ),
            Self::Note { .. } => (
                sight.leads || sight.asked || sight.intake || sight.supervises || sight.visits,
                "您只能查看这件诉求",
            ),
            Self::Accept { .. }
            | Self::TurnDown { .. }
            | Self::Dispatch(_)
            | Self::Transfer { .. }
            | Self::Sort { .. }
            | Self::Merge { .. }
            | Self::Unmerge { .. }
            | Self::Conceal { .. } => (sight.intake, "这一步由诉求登记人员办理"),
        };
        (!may).then_some(words)
    }
}
