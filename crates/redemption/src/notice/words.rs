//! What is told of notices.

use zhida_platform::messages::{Audience, EventKind, Field};

const ITEM: Field = Field::new("item", "事项");
const RESULT: Field = Field::new("result", "结果");

/// The enterprise's row is held by an objection.
pub const OBJECTION: EventKind =
    EventKind::new("redemption.objection", "公示收到异议", Audience::Enterprises)
        .urgent()
        .fields(&[ITEM])
        .says("公示收到异议：{事项}", "贵单位在“{事项}”的公示期内收到一件异议，拨付暂停，核查后会告知结果。\n其他企业的拨付不受影响。");

/// What came of an objection, for whoever made it and for the enterprise.
pub const OBJECTION_DECIDED: EventKind = EventKind::new(
    "redemption.objection_decided",
    "公示异议的处理结果",
    Audience::Everyone,
)
.urgent()
.fields(&[ITEM, RESULT])
.says(
    "公示异议有了结果：{事项}",
    "对“{事项}”公示的异议已经处理：{结果}",
);
