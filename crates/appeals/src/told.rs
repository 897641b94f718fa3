//! What the room tells people. No message holds personal data or the text of an appeal.

use zhida_platform::messages::{Audience, Channel, EventKind, Field};

const TITLE: Field = Field::new("title", "诉求标题");
const NUMBER: Field = Field::new("number", "办件编号");
const DUE: Field = Field::new("due", "期限");
const REASON: Field = Field::new("reason", "原因");

/// An appeal was registered.
pub const SUBMITTED: EventKind =
    EventKind::new("appeals.submitted", "诉求已登记", Audience::Enterprises)
        .fields(&[TITLE, NUMBER, DUE])
        .says(
            "已登记：{诉求标题}",
            "“{诉求标题}”已登记，编号 {办件编号}，{期限} 前受理。进度随时可以查看。",
        );
/// An appeal moved on, as the appellant should know.
pub const MOVED: EventKind = EventKind::new("appeals.moved", "诉求有进展", Audience::Enterprises)
    .fields(&[TITLE, NUMBER, REASON])
    .says("{原因}：{诉求标题}", "“{诉求标题}”（{办件编号}）：{原因}。");
/// A reply is there: the appellant has the last word.
pub const REPLIED: EventKind = EventKind::new(
    "appeals.replied",
    "诉求已答复，请评价",
    Audience::Enterprises,
)
.urgent()
.channels(&[Channel::Mail, Channel::Sms])
.fields(&[TITLE, NUMBER, DUE])
.says(
    "已答复，请评价：{诉求标题}",
    "“{诉求标题}”（{办件编号}）已答复。请在 {期限} 前评价；不满意的，会再次交办。",
);
/// A body got an appeal, as lead or to help.
pub const GIVEN: EventKind = EventKind::new("appeals.given", "收到诉求", Audience::Officers)
    .urgent()
    .fields(&[TITLE, NUMBER, DUE, REASON])
    .says(
        "{原因}：{诉求标题}",
        "“{诉求标题}”（{办件编号}）：{原因}，期限 {期限}。",
    );
/// Time is short or over, or somebody above has to look.
pub const REMINDER: EventKind = EventKind::new("appeals.reminder", "诉求催办", Audience::Officers)
    .urgent()
    .fields(&[TITLE, NUMBER, DUE, REASON])
    .says(
        "{原因}：{诉求标题}",
        "“{诉求标题}”（{办件编号}）：{原因}，期限 {期限}。",
    );

/// All.
pub const EVENTS: &[&EventKind] = &[&SUBMITTED, &MOVED, &REPLIED, &GIVEN, &REMINDER];
