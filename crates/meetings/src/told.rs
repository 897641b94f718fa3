//! What the room tells people.

use zhida_platform::messages::{Audience, EventKind, Field};

const MEETING: Field = Field::new("meeting", "会议");
const MATTER: Field = Field::new("matter", "事项");
const DUE: Field = Field::new("due", "期限");
const WORDS: Field = Field::new("words", "说明");

/// A body is charged with something.
pub const GIVEN: EventKind = EventKind::new("meeting.task_given", "调度会交办", Audience::Officers)
    .urgent()
    .fields(&[MEETING, MATTER, DUE])
    .says(
        "调度会交办：{事项}",
        "{会议}交办贵单位：{事项}，请在 {期限} 前办结，并在“交办清单”中报送进展。",
    );
/// Something became of a task.
pub const CHANGED: EventKind =
    EventKind::new("meeting.task_changed", "交办事项有变化", Audience::Officers)
        .fields(&[MEETING, MATTER, WORDS])
        .says("{说明}：{事项}", "{会议}交办的“{事项}”：{说明}。");
/// Time is over.
pub const OVERDUE: EventKind = EventKind::new(
    "meeting.task_overdue",
    "交办事项到期提醒",
    Audience::Officers,
)
.urgent()
.fields(&[MEETING, MATTER, DUE, WORDS])
.says(
    "{说明}：{事项}",
    "{会议}交办的“{事项}”{说明}，期限 {期限}。请报送办结，或说明原因申请调整期限。",
);
/// A meeting of a series comes up.
pub const COMING: EventKind = EventKind::new("meeting.coming", "例会将要召开", Audience::Officers)
    .fields(&[MEETING, DUE])
    .says(
        "请准备：{会议}",
        "{会议}将于 {期限} 召开，已按节奏建立。请选定议题、确认参加的单位。",
    );

/// All.
pub const EVENTS: &[&EventKind] = &[&GIVEN, &CHANGED, &OVERDUE, &COMING];
