use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::Kind;
use crate::clock::instant_text;

/// What is known of the bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// 待查毒: only its uploader can read it.
    Pending,
    /// 已查毒，未发现病毒
    Clean,
    /// 未查毒: no scanner is configured here.
    Unscanned,
    /// 无法查毒: the scanner does not take it; stays in quarantine until an
    /// officer releases it.
    Unscannable,
    /// 人工放行: an officer let it out of quarantine.
    Released,
    /// 含病毒: nobody can read it, the bytes are removed.
    Infected,
    /// 已损坏: the bytes are gone or others than were handed in.
    Damaged,
}

const STATES: [(State, &str, &str); 7] = [
    (State::Pending, "pending", "待查毒"),
    (State::Clean, "clean", "已查毒"),
    (
        State::Unscanned,
        "unscanned",
        "未查毒（系统没有配置查毒程序）",
    ),
    (State::Unscannable, "unscannable", "无法查毒"),
    (State::Released, "released", "未查毒，人工放行"),
    (State::Infected, "infected", "含病毒，内容已删除"),
    (State::Damaged, "damaged", "存储内容已损坏"),
];

impl State {
    /// Chinese words for a list or a page.
    #[must_use]
    pub fn label(self) -> &'static str {
        self.row().2
    }

    /// Whether only the uploader may read it.
    #[must_use]
    pub fn is_quarantined(self) -> bool {
        matches!(self, Self::Pending | Self::Unscannable)
    }

    /// All of them, in the order of a file's life.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Clean,
        Self::Unscanned,
        Self::Unscannable,
        Self::Released,
        Self::Infected,
        Self::Damaged,
    ];

    /// Reads [`State::slug`] back; `None` for anything else.
    #[must_use]
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.slug() == slug)
    }

    /// The stored slug, also the one in addresses.
    #[must_use]
    pub fn slug(self) -> &'static str {
        self.row().1
    }

    fn row(self) -> &'static (Self, &'static str, &'static str) {
        let mut rows = STATES.iter();
        rows.find(|(state, ..)| *state == self)
            .expect("every state has its row, see the test")
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
    fn every_state_is_read_back() {
        for state in State::ALL {
            assert_eq!(State::of_slug(state.slug()), state);
        }
        assert_eq!(State::of_slug("newer"), State::Damaged);
    }
}
