//! What the room tells people.

use zhida_platform::messages::{Audience, Channel, EventKind, Field};

use crate::notice::{OBJECTION, OBJECTION_DECIDED};

const ITEM: Field = Field::new("item", "事项名称");
const NUMBER: Field = Field::new("number", "办件编号");
const AMOUNT: Field = Field::new("amount", "金额");
const DUE: Field = Field::new("due", "期限");
const REASON: Field = Field::new("reason", "原因");
const COUNT: Field = Field::new("count", "数量");

/// An enterprise is due something and only has to say yes.
pub const CONFIRM: EventKind = EventKind::new(
    "redemption.confirm",
    "免申即享待确认",
    Audience::Enterprises,
)
.urgent()
.channels(&[Channel::Mail, Channel::Sms])
.fields(&[ITEM, AMOUNT, DUE])
.says(
    "免申即享：{事项名称}，请确认",
    "经数据比对，贵单位符合“{事项名称}”的条件，金额 {金额}。不用申请，请在 {期限} 前确认或放弃。",
);
/// A case was filed.
pub const FILED: EventKind =
    EventKind::new("redemption.filed", "兑付申请已提交", Audience::Enterprises)
        .fields(&[ITEM, NUMBER, DUE])
        .says(
            "已提交：{事项名称}",
            "“{事项名称}”已提交，编号 {办件编号}，本环节期限 {期限}。进度随时可以查看。",
        );
/// Something is to be completed.
pub const COMPLETION: EventKind = EventKind::new(
    "redemption.completion",
    "兑付申请要补正",
    Audience::Enterprises,
)
.urgent()
.channels(&[Channel::Mail, Channel::Sms])
.fields(&[ITEM, NUMBER, DUE])
.says(
    "请补正：{事项名称}",
    "“{事项名称}”（{办件编号}）有内容要补正，请在 {期限} 前完成，逾期按放弃处理。",
);
/// It was decided.
pub const DECIDED: EventKind =
    EventKind::new("redemption.decided", "兑付决定", Audience::Enterprises)
        .urgent()
        .fields(&[ITEM, NUMBER, AMOUNT])
        .says(
            "已核定：{事项名称}",
            "“{事项名称}”（{办件编号}）核定金额 {金额}。",
        );
/// It ended without money.
pub const ENDED: EventKind = EventKind::new("redemption.ended", "兑付办结", Audience::Enterprises)
    .urgent()
    .fields(&[ITEM, NUMBER, REASON])
    .says(
        "已办结：{事项名称}",
        "“{事项名称}”（{办件编号}）已办结：{原因}。",
    );
/// The money is there.
pub const PAID: EventKind = EventKind::new("redemption.paid", "兑付完成", Audience::Enterprises)
    .urgent()
    .channels(&[Channel::Mail, Channel::Sms])
    .fields(&[ITEM, NUMBER, AMOUNT])
    .says(
        "已兑付：{事项名称}",
        "“{事项名称}”（{办件编号}）已兑付 {金额}。请为这次办理打个分。",
    );
/// A payment was stopped: a condition is not met any more.
pub const STOPPED: EventKind =
    EventKind::new("redemption.stopped", "兑付被拦下", Audience::Officers)
        .urgent()
        .fields(&[ITEM, NUMBER, REASON])
        .says(
            "拨付被拦下：{办件编号}",
            "“{事项名称}”（{办件编号}）拨付前复核未通过：{原因}。请核对后决定。",
        );
/// The night found candidates.
pub const CANDIDATES: EventKind = EventKind::new(
    "redemption.candidates",
    "免申候选有变化",
    Audience::Officers,
)
.fields(&[COUNT])
.says("免申候选：{数量}", "夜间比对的结果：{数量}。请核对后放行。");
/// Time is short or over.
pub const REMINDER: EventKind =
    EventKind::new("redemption.reminder", "兑付办理提醒", Audience::Everyone)
        .urgent()
        .fields(&[ITEM, NUMBER, DUE, REASON])
        .says(
            "{原因}：{事项名称}",
            "“{事项名称}”（{办件编号}）：{原因}，期限 {期限}。",
        );

/// Something of what was demanded back came, or was given up.
pub const REPAID: EventKind =
    EventKind::new("redemption.repaid", "追回登记", Audience::Enterprises)
        .fields(&[ITEM, NUMBER, AMOUNT, REASON])
        .says(
            "追回登记：{事项名称}",
            "“{事项名称}”（{办件编号}）的追回：{金额}，{原因}。",
        );

/// An expert was named.
pub const SCORE_ASKED: EventKind =
    EventKind::new("redemption.score-asked", "请您评审", Audience::Officers)
        .urgent()
        .fields(&[ITEM, NUMBER])
        .says(
            "请您评审：{事项名称}",
            "请您评审“{事项名称}”（{办件编号}）：先声明有没有利害关系，再看材料、打分。",
        );

/// All that the room tells, those of notices too.
pub const EVENTS: &[&EventKind] = &[
    &CONFIRM,
    &FILED,
    &COMPLETION,
    &DECIDED,
    &ENDED,
    &PAID,
    &STOPPED,
    &CANDIDATES,
    &REMINDER,
    &SCORE_ASKED,
    &REPAID,
    &OBJECTION,
    &OBJECTION_DECIDED,
];
