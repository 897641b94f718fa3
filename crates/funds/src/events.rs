//! What the room tells people.

use zhida_platform::messages::{Audience, Channel, EventKind, Field, Urgency};

/// All of them, to be declared to the platform.
pub const EVENTS: [&EventKind; 3] = [&PAID, &RETURNED, &DEMANDED];

const CASE: Field = Field {
    name: "case",
    label: "办件编号",
};
const ITEM: Field = Field {
    name: "item",
    label: "事项名称",
};
const AMOUNT: Field = Field {
    name: "amount",
    label: "金额",
};
const REASON: Field = Field {
    name: "reason",
    label: "原因",
};

/// The enterprise has its money.
pub(crate) const PAID: EventKind = EventKind {
    slug: "funds.paid",
    name: "资金已拨付",
    audience: Audience::Enterprises,
    urgency: Urgency::Normal,
    channels: &[Channel::Mail],
    fields: &[
        CASE,
        ITEM,
        AMOUNT,
        Field {
            name: "day",
            label: "拨付日期",
        },
    ],
    title: "已拨付：{事项名称} {金额}",
    body: "贵单位“{事项名称}”（{办件编号}）的 {金额} 已于 {拨付日期} 由银行付出，请查收账户。",
    sms: "",
};

/// The bank has sent money back.
pub(crate) const RETURNED: EventKind = EventKind {
    slug: "funds.returned",
    name: "拨付被银行退回",
    audience: Audience::Enterprises,
    urgency: Urgency::Urgent,
    channels: &[Channel::Mail],
    fields: &[CASE, ITEM, AMOUNT, REASON],
    title: "拨付被退回，请更正收款账户：{事项名称} {金额}",
    body: "贵单位“{事项名称}”（{办件编号}）的 {金额} 被银行退回，原因：{原因}。\n资金仍为贵单位保留。请在“收款账户”页面核对并更正账户，更正后会再次拨付。",
    sms: "",
};

/// The enterprise has to give money back.
pub(crate) const DEMANDED: EventKind = EventKind {
    slug: "funds.demanded",
    name: "资金追回通知",
    audience: Audience::Enterprises,
    urgency: Urgency::Urgent,
    channels: &[Channel::Mail],
    fields: &[
        CASE,
        ITEM,
        AMOUNT,
        REASON,
        Field {
            name: "day",
            label: "限期",
        },
    ],
    title: "请退回资金：{事项名称} {金额}",
    body: "贵单位“{事项名称}”（{办件编号}）应退回 {金额}，原因：{原因}。\n请于 {限期} 前按责任单位的通知退回；有异议可以联系责任单位。",
    sms: "",
};
