//! What the room tells people.

use zhida_platform::messages::{Audience, EventKind, Field};

/// All of them, to be declared to the platform.
pub const EVENTS: &[&EventKind] = &[&PAID, &RETURNED, &DEMANDED];

const CASE: Field = Field::new("case", "办件编号");
const ITEM: Field = Field::new("item", "事项名称");
const AMOUNT: Field = Field::new("amount", "金额");
const REASON: Field = Field::new("reason", "原因");

/// The enterprise has its money.
pub(crate) const PAID: EventKind =
    EventKind::new("funds.paid", "资金已拨付", Audience::Enterprises)
        .fields(&[CASE, ITEM, AMOUNT, Field::new("day", "拨付日期")])
        .says(
            "已拨付：{事项名称} {金额}",
            "贵单位“{事项名称}”（{办件编号}）的 {金额} 已于 {拨付日期} 由银行付出，请查收账户。",
        );

/// The bank has sent money back.
pub(crate) const RETURNED: EventKind =
    EventKind::new("funds.returned", "拨付被银行退回", Audience::Enterprises)
        .urgent()
        .fields(&[CASE, ITEM, AMOUNT, REASON])
        .says("拨付被退回，请更正收款账户：{事项名称} {金额}", "贵单位“{事项名称}”（{办件编号}）的 {金额} 被银行退回，原因：{原因}。\n资金仍为贵单位保留。请在“收款账户”页面核对并更正账户，更正后会再次拨付。");

/// The enterprise has to give money back.
pub(crate) const DEMANDED: EventKind =
    EventKind::new("funds.demanded", "资金追回通知", Audience::Enterprises)
        .urgent()
        .fields(&[
        CASE,
        ITEM,
        AMOUNT,
        REASON,
        Field::new("day", "限期"),
    ])
        .says("请退回资金：{事项名称} {金额}", "贵单位“{事项名称}”（{办件编号}）应退回 {金额}，原因：{原因}。\n请于 {限期} 前按责任单位的通知退回；有异议可以联系责任单位。");
