use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::key::digest;
use super::{Actor, Entry, Error, Key, Origin};
use crate::clock::{instant_text, parse_instant};
use crate::db;

/// Names the canonical form; another form gets another name.
const FORM: &str = "zhida-audit-1\n";
/// Characters of a `User-Agent` that are kept.
const AGENT_CHARS_MAX: usize = 512;

/// The columns of a record, in the order of [`Row`].
pub(super) const COLUMNS: [&str; 19] = [
    "no",
    "at",
    "account",
    "actor",
    "organisation",
    "on_behalf_of",
    "action",
    "viewed",
    "subject_kind",
    "subject_id",
    "enterprise",
    "value_before",
    "value_after",
    "detail",
    "address",
    "agent",
    "request",
    "key_id",
    "hash",
];

/// One record, as lists show it.
///
/// # Canonical form
/// What is hashed, after the 64 hexadecimal digits of the hash before: the text `zhida-audit-1` and a line
/// break, then the values of number, time, account, actor, organisation, on behalf of, action, viewed (`1`
/// or `0`), kind and id of the subject, enterprise, before, after, detail, address, agent, request and the
/// key's name, each as a netstring (`bytes:text,`) of what the column holds, or `-,` where it is empty.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Record {
    /// Number in the chain; 0 and below are from before the chain.
    pub no: i64,
    /// When it was done.
    pub at: DateTime<Utc>,
    /// Account of who did it.
    pub account: Option<Uuid>,
    /// Name of who did it.
    pub actor: String,
    /// Organisation acted for.
    pub organisation: Option<String>,
    /// On whose behalf by mandate.
    pub on_behalf_of: Option<String>,
    /// What was done, `room.verb`.
    pub action: String,
    /// Whether something was looked at, not changed.
    pub viewed: bool,
    /// What it was done to: a kind.
    pub subject_kind: String,
    /// Which one.
    pub subject_id: String,
    /// Whose file it concerns (统一社会信用代码).
    pub enterprise: Option<String>,
    /// What stood there before.
    pub before: Option<Value>,
    /// What stood there after.
    pub after: Option<Value>,
    /// Anything else.
    pub detail: Option<Value>,
    /// Address it came from.
    pub address: Option<String>,
    /// Program it came from.
    pub agent: Option<String>,
    /// Id of the request.
    pub request: Option<String>,
    /// Hash of the chain up to here; empty before the chain.
    pub hash: String,
}

/// The record as the table holds it: what is hashed is these texts, never a reading of them.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub(super) struct Row {
    pub(super) no: i64,
    at: String,
    account: Option<String>,
    actor: String,
    organisation: Option<String>,
    on_behalf_of: Option<String>,
    pub(super) action: String,
    viewed: bool,
    subject_kind: String,
    subject_id: String,
    enterprise: Option<String>,
    value_before: Option<String>,
    value_after: Option<String>,
    pub(super) detail: Option<String>,
    address: Option<String>,
    agent: Option<String>,
    request: Option<String>,
    pub(super) key_id: String,
    pub(super) hash: String,
}

impl Row {
    /// The entry as record number `no`, after the hash `before`.
    pub(super) fn chained(entry: &Entry, no: i64, before: &str, key: Option<&Key>) -> Self {
        let Actor {
            account,
            name,
            organisation,
            on_behalf_of,
            origin,
        } = &entry.actor;
        let json = |value: &Value| (!value.is_null()).then(|| value.to_string());
        let of_origin = |part: fn(&Origin) -> &str| origin.as_ref().and_then(|o| text(part(o)));
        let mut row = Self {
            no,
            at: instant_text(entry.at),
            account: account.map(|id| id.to_string()),
            actor: stored(name),
            organisation: organisation.as_deref().and_then(text),
            on_behalf_of: on_behalf_of.as_deref().and_then(text),
            action: entry.action.to_owned(),
            viewed: entry.viewed,
            subject_kind: entry.subject_kind.to_owned(),
            subject_id: stored(&entry.subject_id),
            enterprise: entry.enterprise.as_deref().and_then(text),
            value_before: entry.before.as_ref().and_then(json),
            value_after: entry.after.as_ref().and_then(json),
            detail: json(&entry.detail),
            address: of_origin(|origin| &origin.address),
            agent: of_origin(|origin| &origin.agent)
                .map(|agent| agent.chars().take(AGENT_CHARS_MAX).collect()),
            request: of_origin(|origin| &origin.request),
            key_id: key.map_or_else(String::new, |key| key.name().to_owned()),
            hash: String::new(),
        };
        row.hash = row.hash_after(before, key);
        row
    }

    /// What the record's hash must be after the hash `before`.
    pub(super) fn hash_after(&self, before: &str, key: Option<&Key>) -> String {
        digest(key, &[before.as_bytes(), &self.canonical()])
    }

    fn canonical(&self) -> Vec<u8> {
        let no = self.no.to_string();
        let viewed = if self.viewed { "1" } else { "0" };
        let parts = [
            Some(no.as_str()),
            Some(&self.at),
            self.account.as_deref(),
            Some(&self.actor),
            self.organisation.as_deref(),
            self.on_behalf_of.as_deref(),
            Some(&self.action),
            Some(viewed),
            Some(&self.subject_kind),
            Some(&self.subject_id),
            self.enterprise.as_deref(),
            self.value_before.as_deref(),
            self.value_after.as_deref(),
            self.detail.as_deref(),
            self.address.as_deref(),
            self.agent.as_deref(),
            self.request.as_deref(),
            Some(&self.key_id),
        ];
        let mut form = FORM.as_bytes().to_vec();
        for part in parts {
            match part {
                Some(text) => {
                    form.extend_from_slice(text.len().to_string().as_bytes());
                    form.push(b':');
                    form.extend_from_slice(text.as_bytes());
                    form.push(b',');
                }
                None => form.extend_from_slice(b"-,"),
            }
        }
        form
    }

    /// The values in the order of [`COLUMNS`].
    pub(super) fn into_values(self) -> [db::Value; 19] {
        [
            self.no.into(),
            self.at.into(),
            self.account.into(),
            self.actor.into(),
            self.organisation.into(),
            self.on_behalf_of.into(),
            self.action.into(),
            self.viewed.into(),
            self.subject_kind.into(),
            self.subject_id.into(),
            self.enterprise.into(),
            self.value_before.into(),
            self.value_after.into(),
            self.detail.into(),
            self.address.into(),
            self.agent.into(),
            self.request.into(),
            self.key_id.into(),
            self.hash.into(),
        ]
    }

    /// For showing.
    pub(super) fn into_record(self) -> Result<Record, Error> {
        // a text that is no JSON was changed by hand; it is shown as it stands
        let json = |text: Option<String>| {
            text.map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text)))
        };
        Ok(Record {
            no: self.no,
            at: parse_instant(&self.at).ok_or(Error::Unreadable { no: self.no })?,
            account: self.account.and_then(|id| Uuid::parse_str(&id).ok()),
            actor: self.actor,
            organisation: self.organisation,
            on_behalf_of: self.on_behalf_of,
            action: self.action,
            viewed: self.viewed,
            subject_kind: self.subject_kind,
            subject_id: self.subject_id,
            enterprise: self.enterprise,
            before: json(self.value_before),
            after: json(self.value_after),
            detail: json(self.detail),
            address: self.address,
            agent: self.agent,
            request: self.request,
            hash: self.hash,
        })
    }
}

/// PostgreSQL holds no NUL in a text.
fn stored(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// An empty text says nothing.
fn text(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| stored(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(parts: &[Option<String>; 3]) -> Row {
        let entry = Entry::new(
            DateTime::UNIX_EPOCH,
            "经办员甲",
            "registry.import",
            "batch",
            "1",
        );
        let mut row = Row::chained(&entry, 1, "", None);
        let [organisation, on_behalf_of, enterprise] = parts.clone();
        row.organisation = organisation;
        row.on_behalf_of = on_behalf_of;
        row.enterprise = enterprise;
        row
    }

    #[test]
    fn the_canonical_form_is_as_documented() {
        let form = row(&[Some("局".to_owned()), None, None]).canonical();
        let expected = "zhida-audit-1\n1:1,27:1970-01-01T00:00:00.000000Z,-,12:经办员甲,3:局,-,\
            15:registry.import,1:0,5:batch,1:1,-,-,-,-,-,-,-,0:,";
        assert_eq!(String::from_utf8(form).as_deref(), Ok(expected));
    }

    proptest! {
        /// No text can be moved from one column to the next without being seen.
        #[test]
        fn different_records_have_different_forms(
            one in prop::array::uniform3(prop::option::of("[-0-9:,a]{0,4}")),
            two in prop::array::uniform3(prop::option::of("[-0-9:,a]{0,4}")),
        ) {
            prop_assert_eq!(one == two, row(&one).canonical() == row(&two).canonical());
        }
    }
}
