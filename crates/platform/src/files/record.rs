use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::Kind;
use crate::clock::instant_text;
use crate::vocabulary;

vocabulary! {
    /// 文件内容的状态：pending 待查毒、clean 已查毒、unscanned 未查毒、unscannable 无法查毒、released 人工放行、
    /// infected 含病毒、damaged 已损坏。
    State {
        /// Only its uploader can read it.
        Pending = "pending", "待查毒";
        /// No virus was found.
        Clean = "clean", "已查毒";
        /// No scanner is configured here.
        Unscanned = "unscanned", "未查毒：系统没有配置查毒程序";
        /// The scanner does not take it; stays in quarantine until an officer releases it.
        Unscannable = "unscannable", "无法查毒";
        /// An officer let it out of quarantine.
        Released = "released", "未查毒，人工放行";
        /// Nobody can read it, the bytes are removed.
        Infected = "infected", "含病毒，内容已删除";
        /// The bytes are gone or others than were handed in.
        Damaged = "damaged", "存储内容已损坏";
    }
}

impl State {
    /// Whether only the uploader may read it.
    #[must_use]
    pub fn is_quarantined(self) -> bool {
        matches!(self, Self::Pending | Self::Unscannable)
    }

    /// Whether not everybody who may see it can open it: quarantined, with a virus, damaged.
    #[must_use]
    pub fn is_held(self) -> bool {
        self.is_quarantined() || matches!(self, Self::Infected | Self::Damaged)
    }

    pub(super) fn of_slug(slug: &str) -> Self {
        // a state that only a newer program knows: show nothing of the file
        Self::parse(slug).unwrap_or(Self::Damaged)
    }
}

/// What a file belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject<'a> {
    /// A kind, for instance `application`.
    pub kind: &'a str,
    /// Which one.
    pub id: &'a str,
}

/// A file as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FileRecord {
    /// UUIDv7.
    pub id: String,
    /// SHA-256 of the bytes.
    pub digest: String,
    /// Its name as given, cleaned.
    pub name: String,
    /// What the bytes are, not what the sender said.
    pub media_type: String,
    /// Its length.
    pub bytes: i64,
    /// Kind of what it belongs to.
    pub subject_kind: String,
    /// Which one.
    pub subject_id: String,
    /// The account that handed it in.
    pub uploaded_by: String,
    /// When.
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String, format = DateTime)]
    pub uploaded_at: DateTime<Utc>,
    /// What is known of the bytes.
    pub state: State,
    /// Why: the virus, the damage, the officer's words.
    pub reason: String,
}

fn as_text<S: serde::Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&instant_text(*at))
}

impl FileRecord {
    /// Its type; `None` if a newer program has taken it.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        Kind::of_media_type(&self.media_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_state_that_only_a_newer_program_knows_nothing_is_shown() {
        assert_eq!(State::of_slug("clean"), State::Clean);
        assert_eq!(State::of_slug("newer"), State::Damaged);
    }
}
