//! The demonstration's appeals: what is said, and how far each gets. `zhida demo` takes them step by step.

use serde::Deserialize;

/// An appeal of the demonstration; `data/demo/appeals.yaml` explains the fields.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleAppeal {
    /// Working days before today on which it is submitted.
    pub ago: u32,
    /// Slug of the channel.
    pub channel: String,
    /// Path of the category in which it is accepted.
    pub category: String,
    /// Slug of 办理类型.
    pub track: String,
    /// Division code.
    pub place: String,
    /// Where, in words.
    #[serde(default, rename = "where")]
    pub place_words: String,
    /// Which of the sample enterprises says it; nobody's is somebody without an enterprise.
    #[serde(default)]
    pub of: Option<usize>,
    /// What is said.
    pub text: String,
    /// The bodies that help 协办.
    #[serde(default)]
    pub with: Vec<String>,
    /// Slug of 保密程度; empty for none.
    #[serde(default)]
    pub secrecy: String,
    /// The lead body's answer.
    #[serde(default)]
    pub reply: String,
    /// Working days after which it is answered.
    #[serde(default = "three")]
    pub takes: u32,
    /// What the appellant says of it.
    #[serde(default)]
    pub said: String,
    /// Its name, for those that are merged into it.
    #[serde(default)]
    pub key: String,
    /// The one into which it is merged.
    #[serde(default)]
    pub into: String,
    /// How far it gets.
    pub to: End,
}

/// How far an appeal gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Nobody has accepted it.
    New,
    /// Not accepted, with another way.
    TurnedDown,
    /// Dispatched, and nothing since.
    Dispatched,
    /// The lead body has spoken to the appellant.
    Contacted,
    /// Waits for one of those that help.
    Joint,
    /// Answered, not visited yet.
    Replied,
    /// Taken back.
    Withdrawn,
    /// Its appellant is satisfied,
    Satisfied,
    /// basically satisfied,
    Basically,
    /// satisfied on the telephone,
    Phone,
    /// or could not be reached.
    Unreached,
    /// Not satisfied; dispatched again.
    Once,
    /// Not satisfied, and satisfied the second time.
    OnceThen,
    /// Twice not satisfied; supervised.
    Twice,
    /// Satisfied after it was supervised.
    Turned,
    /// Goes on within another.
    Merged,
}

const fn three() -> u32 {
    3
}

/// The demonstration's appeals, the oldest first.
#[must_use]
pub fn sample_appeals() -> Vec<SampleAppeal> {
    let text = include_str!("../../../data/demo/appeals.yaml");
    serde_norway::from_str(text)
        .unwrap_or_else(|error| panic!("a test reads the shipped appeals: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_appeals_are_read() {
        let appeals = sample_appeals();
        assert!(appeals.len() >= 30);
        assert!(appeals.is_sorted_by_key(|one| std::cmp::Reverse(one.ago)));
        for one in appeals.iter().filter(|one| one.to == End::Merged) {
            let main = appeals.iter().find(|main| main.key == one.into);
            assert!(main.is_some_and(|main| main.ago >= one.ago), "{}", one.text);
        }
        let unanswered = |one: &&SampleAppeal| one.reply.is_empty();
        let open = [
            End::New,
            End::Dispatched,
            End::Contacted,
            End::Joint,
            End::Withdrawn,
            End::Merged,
        ];
        for one in appeals.iter().filter(unanswered) {
            assert!(open.contains(&one.to), "nobody answers “{}”", one.text);
        }
    }
}
