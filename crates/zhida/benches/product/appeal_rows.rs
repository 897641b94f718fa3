//! What the rooms keep of an appeal, for copies of it.

use super::copies::Hanging;

/// Voices stand before visits, which name them.
pub const APPEALS: Hanging = Hanging {
    rows: &[
        ("case_head", "id = $1"),
        ("case_event", "case_id = $1"),
        ("case_clock", "case_id = $1"),
        ("appeal", "case_id = $1"),
        ("appeal_voice", "case_id = $1"),
        ("message", "subject_id = $1"),
    ],
    shared: &[],
    unique: &[
        ("appeal_voice", "code_digest"),
        ("appeal_intake", "token"),
        ("appeal_intake", "digest"),
    ],
    period: &[],
    verbatim: &[],
    once: &[],
};
