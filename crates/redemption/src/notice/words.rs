//! What is told of notices.

use zhida_platform::messages::{Audience, Channel, EventKind, Field, Urgency};

const ITEM: Field = Field {
    name: "item",
    label: "事项",
};
const RESULT: Field = Field {
    name: "result",
    label: "结果",
};

/// The enterprise's row is held by an objection.
pub const OBJECTION: EventKind = EventKind {
    slug: "redemption.objection",
    name: "公示收到异议",
    audience: Audience::Enterprises,
    urgency: Urgency::Urgent,
    channels: &[Channel::Mail],
    fields: &[ITEM],
    title: "公示收到异议：{事项}",
    body: "贵单位在“{事项}”的公示期内收到一件异议，拨付暂停，核查后会告知结果。\n其他企业的拨付不受影响。",
    sms: "",
};

/// What came of an objection, for whoever made it and for the enterprise.
pub const OBJECTION_DECIDED: EventKind = EventKind {
    slug: "redemption.objection_decided",
    name: "公示异议的处理结果",
    audience: Audience::Everyone,
    urgency: Urgency::Urgent,
    channels: &[Channel::Mail],
    fields: &[ITEM, RESULT],
    title: "公示异议有了结果：{事项}",
    body: "对“{事项}”公示的异议已经处理：{结果}",
    sms: "",
};

/// Both, for the program's list.
pub const EVENTS: [&EventKind; 2] = [&OBJECTION, &OBJECTION_DECIDED];
