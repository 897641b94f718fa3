//! What the room tells people.

use zhida_platform::messages::{Audience, Channel, EventKind, Field, Urgency};

const ITEM: Field = Field {
    name: "item",
    label: "事项名称",
};
const NUMBER: Field = Field {
    name: "number",
    label: "办件编号",
};
const AMOUNT: Field = Field {
    name: "amount",
    label: "金额",
};
const DUE: Field = Field {
    name: "due",
    label: "期限",
};
const REASON: Field = Field {
    name: "reason",
    label: "原因",
};
const COUNT: Field = Field {
    name: "count",
    label: "数量",
};

const USUAL: EventKind = EventKind {
    slug: "",
    name: "",
    audience: Audience::Enterprises,
    urgency: Urgency::Urgent,
    channels: &[Channel::Mail],
    fields: &[],
    title: "",
    body: "",
    sms: "",
};

/// An enterprise is due something and only has to say yes.
pub const CONFIRM: EventKind = EventKind {
    slug: "redemption.confirm",
    name: "免申即享待确认",
    channels: &[Channel::Mail, Channel::Sms],
    fields: &[ITEM, AMOUNT, DUE],
    title: "免申即享：{事项名称}，请确认",
    body: "经数据比对，贵单位符合“{事项名称}”的条件，金额 {金额}。不用申请，请在 {期限} 前确认或放弃。",
    ..USUAL
};
/// A case was filed.
pub const FILED: EventKind = EventKind {
    slug: "redemption.filed",
    name: "兑付申请已提交",
    urgency: Urgency::Normal,
    fields: &[ITEM, NUMBER, DUE],
    title: "已提交：{事项名称}",
    body: "“{事项名称}”已提交，编号 {办件编号}，本环节期限 {期限}。进度随时可以查看。",
    ..USUAL
};
/// Something is to be completed.
pub const COMPLETION: EventKind = EventKind {
    slug: "redemption.completion",
    name: "兑付申请要补正",
    channels: &[Channel::Mail, Channel::Sms],
    fields: &[ITEM, NUMBER, DUE],
    title: "请补正：{事项名称}",
    body: "“{事项名称}”（{办件编号}）有内容要补正，请在 {期限} 前完成，逾期按放弃处理。",
    ..USUAL
};
/// It was decided.
pub const DECIDED: EventKind = EventKind {
    slug: "redemption.decided",
    name: "兑付决定",
    fields: &[ITEM, NUMBER, AMOUNT],
    title: "已核定：{事项名称}",
    body: "“{事项名称}”（{办件编号}）核定金额 {金额}。",
    ..USUAL
};
/// It ended without money.
pub const ENDED: EventKind = EventKind {
    slug: "redemption.ended",
    name: "兑付办结",
    fields: &[ITEM, NUMBER, REASON],
    title: "已办结：{事项名称}",
    body: "“{事项名称}”（{办件编号}）已办结：{原因}。",
    ..USUAL
};
/// The money is there.
pub const PAID: EventKind = EventKind {
    slug: "redemption.paid",
    name: "兑付完成",
    channels: &[Channel::Mail, Channel::Sms],
    fields: &[ITEM, NUMBER, AMOUNT],
    title: "已兑付：{事项名称}",
    body: "“{事项名称}”（{办件编号}）已兑付 {金额}。请为这次办理打个分。",
    ..USUAL
};
/// A payment was stopped: a condition is not met any more.
pub const STOPPED: EventKind = EventKind {
    slug: "redemption.stopped",
    name: "兑付被拦下",
    audience: Audience::Officers,
    fields: &[ITEM, NUMBER, REASON],
    title: "拨付被拦下：{办件编号}",
    body: "“{事项名称}”（{办件编号}）拨付前复核未通过：{原因}。请核对后决定。",
    ..USUAL
};
/// The night found candidates.
pub const CANDIDATES: EventKind = EventKind {
    slug: "redemption.candidates",
    name: "免申候选有变化",
    audience: Audience::Officers,
    urgency: Urgency::Normal,
    fields: &[COUNT],
    title: "免申候选：{数量}",
    body: "夜间比对的结果：{数量}。请核对后放行。",
    ..USUAL
};
/// Time is short or over.
pub const REMINDER: EventKind = EventKind {
    slug: "redemption.reminder",
    name: "兑付办理提醒",
    audience: Audience::Everyone,
    fields: &[ITEM, NUMBER, DUE, REASON],
    title: "{原因}：{事项名称}",
    body: "“{事项名称}”（{办件编号}）：{原因}，期限 {期限}。",
    ..USUAL
};

/// All.
pub const EVENTS: [&EventKind; 9] = [
    &CONFIRM,
    &FILED,
    &COMPLETION,
    &DECIDED,
    &ENDED,
    &PAID,
    &STOPPED,
    &CANDIDATES,
    &REMINDER,
];
