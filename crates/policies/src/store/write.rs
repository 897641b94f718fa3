//! Writing: publications, drafts and withdrawals, each with its audit record in one transaction.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Datelike, Utc};
use serde_json::json;
use zhida_platform::audit::{self, Actor, Entry};
use zhida_platform::clock::{instant_text, to_shanghai};
use zhida_platform::db::{self, Bulk, Tx, Value, placeholders};

use super::{CHUNK, Existing, Store};
use crate::error::Error;
use crate::model::{PolicyDocument, PolicyEntry};
use crate::query::SEARCH;
use crate::vocabulary::ItemState;

/// An entry that compiled, ready to be published.
pub(crate) struct Prepared {
    pub entry: PolicyEntry,
    pub digest: String,
    /// Rules in normal form, JSON.
    pub rules: String,
    /// Findings at publication, JSON.
    pub lint: String,
    /// The revision that the author saw; `None` when a file is imported.
    pub expected: Option<i64>,
}

/// What publishing did to an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub id: String,
    pub number: String,
    pub revision: i64,
    /// False when the same content was already published.
    pub changed: bool,
}

/// The text under which an item is found.
pub(super) fn search_text(number: &str, entry: &PolicyEntry) -> String {
    format!("{number}\n{}", entry.search_text())
}

impl Store {
    /// Publishes all entries or none.
    pub(crate) async fn publish(
        &self,
        at: DateTime<Utc>,
        actor: &Actor,
        entries: &[Prepared],
    ) -> Result<Vec<Change>, Error> {
        self.db
            .write(|tx| self.publish_in(tx, at, actor, entries))
            .await
    }

    async fn publish_in(
        &self,
        tx: Tx,
        at: DateTime<Utc>,
        actor: &Actor,
        entries: &[Prepared],
    ) -> Result<Vec<Change>, Error> {
        lock(&tx).await?;
        let ids: Vec<&str> = entries
            .iter()
            .map(|one| one.entry.item.id.as_str())
            .collect();
        let existing: HashMap<String, Existing> = self
            .existing(&tx, &ids)
            .await?
            .into_iter()
            .map(|one| (one.id.clone(), one))
            .collect();
        let plan = plan(entries, &existing)?;
        write_documents(&tx, at, entries).await?;
        let rows = assign(&tx, at, &plan).await?;
        if !rows.is_empty() {
            write_items(&tx, at, &rows).await?;
            write_regions(&tx, &rows).await?;
            write_revisions(&tx, at, actor, &rows).await?;
            let texts: Vec<(i64, String)> = rows
                .iter()
                .map(|row| (row.seq, search_text(&row.number, &row.prepared.entry)))
                .collect();
            SEARCH.upsert_many(&tx, texts).await?;
            count_up(&tx, "version", 1).await?;
            record(&tx, at, actor, &rows).await?;
        }
        Ok(changes(&plan, &rows))
    }

    /// Keeps an entry that is not public yet.
    pub(crate) async fn save_draft(
        &self,
        at: DateTime<Utc>,
        actor: &Actor,
        entry: &PolicyEntry,
    ) -> Result<(), Error> {
        self.db
            .write(|tx| self.save_draft_in(tx, at, actor, entry))
            .await
    }

    async fn save_draft_in(
        &self,
        tx: Tx,
        at: DateTime<Utc>,
        actor: &Actor,
        entry: &PolicyEntry,
    ) -> Result<(), Error> {
        lock(&tx).await?;
        let id = entry.item.id.as_str();
        let existing = self.existing(&tx, &[id]).await?.pop();
        if let Some(existing) = existing {
            refuse_other_document(entry, &existing)?;
            let sql = "UPDATE policy_item SET draft = $1, updated_at = $2 WHERE id = $3";
            let values = [entry.content().into(), instant_text(at).into(), id.into()];
            db::execute(&tx, sql, values).await?;
        } else {
            insert_documents(
                &tx,
                at,
                &BTreeMap::from([(entry.document.id.as_str(), &entry.document)]),
            )
            .await?;
            let seq = count_up(&tx, "seq", 1).await?;
            let mut bulk = Bulk::insert("policy_item", &ITEM_COLUMNS);
            let row = item_values(
                entry,
                at,
                seq,
                None,
                ItemState::Draft,
                0,
                "",
                Some(entry.content()),
            );
            bulk.push(&tx, row).await?;
            bulk.finish(&tx).await?;
        }
        note(
            &tx,
            at,
            actor,
            "policies.draft",
            id,
            json!({ "name": entry.item.name }),
        )
        .await
    }

    /// Takes an item down, or puts it up again.
    pub(crate) async fn set_state(
        &self,
        at: DateTime<Utc>,
        actor: &Actor,
        id: &str,
        state: ItemState,
    ) -> Result<(), Error> {
        self.db
            .write(|tx| async move {
                lock(&tx).await?;
                let sql = "UPDATE policy_item SET state = $1, updated_at = $2 \
                           WHERE id = $3 AND revision > 0 AND state <> $1";
                let values = [state.slug().into(), instant_text(at).into(), id.into()];
                if db::execute(&tx, sql, values).await? == 0 {
                    return Ok(());
                }
                count_up(&tx, "version", 1).await?;
                let action = match state {
                    ItemState::Withdrawn => "policies.withdraw",
                    _ => "policies.reinstate",
                };
                note(&tx, at, actor, action, id, json!({})).await
            })
            .await
    }
}

/// Changes of the library wait for each other, on both databases.
async fn lock(tx: &Tx) -> Result<(), Error> {
    let sql = "UPDATE policy_counter SET value = value WHERE name = 'version'";
    db::execute(tx, sql, []).await?;
    Ok(())
}

/// Adds to a counter; its value then.
async fn count_up(tx: &Tx, name: &str, by: usize) -> Result<i64, Error> {
    let sql = "INSERT INTO policy_counter (name, value) VALUES ($1, $2) ON CONFLICT (name) \
               DO UPDATE SET value = policy_counter.value + excluded.value RETURNING value";
    let by = i64::try_from(by).expect("a batch has fewer entries than i64 counts");
    Ok(db::query_count(tx, sql, [name.into(), by.into()]).await?)
}

enum Step<'a> {
    Keep(&'a Existing),
    Write(&'a Prepared, Option<&'a Existing>),
}

fn refuse_other_document(entry: &PolicyEntry, existing: &Existing) -> Result<(), Error> {
    if existing.document_id == entry.document.id {
        return Ok(());
    }
    Err(Error::OtherDocument {
        id: entry.item.id.clone(),
        owner: existing.document_id.clone(),
    })
}

fn plan<'a>(
    entries: &'a [Prepared],
    existing: &'a HashMap<String, Existing>,
) -> Result<Vec<Step<'a>>, Error> {
    entries
        .iter()
        .map(|prepared| {
            let id = &prepared.entry.item.id;
            let Some(old) = existing.get(id) else {
                return Ok(Step::Write(prepared, None));
            };
            refuse_other_document(&prepared.entry, old)?;
            match prepared.expected {
                Some(expected) if expected != old.revision => {
                    return Err(Error::Stale {
                        id: id.clone(),
                        expected,
                        current: old.revision,
                    });
                }
                _ => {}
            }
            match old.digest == prepared.digest {
                true => Ok(Step::Keep(old)),
                false => Ok(Step::Write(prepared, Some(old))),
            }
        })
        .collect()
}

struct NewRow<'a> {
    prepared: &'a Prepared,
    seq: i64,
    number: String,
    revision: i64,
}

/// Gives new items their place, and first publications their number of the year.
async fn assign<'a>(
    tx: &Tx,
    at: DateTime<Utc>,
    plan: &[Step<'a>],
) -> Result<Vec<NewRow<'a>>, Error> {
    let written: Vec<(&Prepared, Option<&Existing>)> = plan
        .iter()
        .filter_map(|step| match step {
            Step::Keep(_) => None,
            Step::Write(prepared, old) => Some((*prepared, *old)),
        })
        .collect();
    let fresh = written.iter().filter(|(_, old)| old.is_none()).count();
    let unnumbered = written
        .iter()
        .filter(|(_, old)| old.is_none_or(|old| old.number.is_none()))
        .count();
    let year = to_shanghai(at).year();
    let (mut seq, mut serial) = (0, 0);
    if fresh > 0 {
        seq = count_up(tx, "seq", fresh).await? - fresh as i64;
    }
    if unnumbered > 0 {
        serial = count_up(tx, &format!("number:{year}"), unnumbered).await? - unnumbered as i64;
    }
    Ok(written
        .into_iter()
        .map(|(prepared, old)| NewRow {
            prepared,
            seq: old.map_or_else(
                || {
                    seq += 1;
                    seq
                },
                |old| old.seq,
            ),
            number: old.and_then(|old| old.number.clone()).unwrap_or_else(|| {
                serial += 1;
                format!("直达-{year}-{serial:06}")
            }),
            revision: old.map_or(1, |old| old.revision + 1),
        })
        .collect())
}

fn changes(plan: &[Step<'_>], rows: &[NewRow<'_>]) -> Vec<Change> {
    let mut rows = rows.iter();
    plan.iter()
        .filter_map(|step| match step {
            Step::Keep(old) => Some(Change {
                id: old.id.clone(),
                number: old.number.clone().unwrap_or_default(),
                revision: old.revision,
                changed: false,
            }),
            Step::Write(..) => rows.next().map(|row| Change {
                id: row.prepared.entry.item.id.clone(),
                number: row.number.clone(),
                revision: row.revision,
                changed: true,
            }),
        })
        .collect()
}

async fn write_documents(tx: &Tx, at: DateTime<Utc>, entries: &[Prepared]) -> Result<(), Error> {
    let documents: BTreeMap<&str, &PolicyDocument> = entries
        .iter()
        .map(|one| (one.entry.document.id.as_str(), &one.entry.document))
        .collect();
    insert_documents(tx, at, &documents).await
}

async fn insert_documents(
    tx: &Tx,
    at: DateTime<Utc>,
    documents: &BTreeMap<&str, &PolicyDocument>,
) -> Result<(), Error> {
    let columns = ["id", "title", "sort_date", "content", "updated_at"];
    let mut bulk = Bulk::insert("policy_document", &columns).on_conflict(
        "ON CONFLICT (id) DO UPDATE SET title = excluded.title, sort_date = excluded.sort_date, \
         content = excluded.content, updated_at = excluded.updated_at \
         WHERE policy_document.content <> excluded.content",
    );
    for document in documents.values() {
        let content = serde_json::to_string(document).expect("a document has text keys only");
        let row: [Value; 5] = [
            document.id.as_str().into(),
            document.title.as_str().into(),
            sort_date(document).into(),
            content.into(),
            instant_text(at).into(),
        ];
        bulk.push(tx, row).await?;
    }
    bulk.finish(tx).await?;
    Ok(())
}

/// Newest documents first; one without a date comes last.
fn sort_date(document: &PolicyDocument) -> String {
    let date = document.published_on.or(document.effective_from);
    date.map_or_else(|| "0000-00-00".to_owned(), |date| date.to_string())
}

const ITEM_COLUMNS: [&str; 18] = [
    "id",
    "seq",
    "number",
    "document_id",
    "state",
    "revision",
    "digest",
    "draft",
    "name",
    "level",
    "theme",
    "category",
    "delivery",
    "document_status",
    "valid_from",
    "valid_until",
    "sort_date",
    "updated_at",
];

#[allow(clippy::too_many_arguments)] // the row's columns that are not the entry's
fn item_values(
    entry: &PolicyEntry,
    at: DateTime<Utc>,
    seq: i64,
    number: Option<&str>,
    state: ItemState,
    revision: i64,
    digest: &str,
    draft: Option<String>,
) -> [Value; 18] {
    let (document, item) = (&entry.document, &entry.item);
    [
        item.id.as_str().into(),
        seq.into(),
        number.map(str::to_owned).into(),
        document.id.as_str().into(),
        state.slug().into(),
        revision.into(),
        digest.into(),
        draft.into(),
        item.name.as_str().into(),
        document.level.slug().into(),
        item.theme.slug().into(),
        item.category.slug().into(),
        item.delivery.slug().into(),
        document.status.slug().into(),
        document.effective_from.map(|day| day.to_string()).into(),
        document.effective_until.map(|day| day.to_string()).into(),
        sort_date(document).into(),
        instant_text(at).into(),
    ]
}

async fn write_items(tx: &Tx, at: DateTime<Utc>, rows: &[NewRow<'_>]) -> Result<(), Error> {
    let set: Vec<String> = ITEM_COLUMNS
        .iter()
        .filter(|column| !matches!(**column, "id" | "seq" | "document_id"))
        .map(|column| format!("{column} = excluded.{column}"))
        .collect();
    let conflict = format!("ON CONFLICT (id) DO UPDATE SET {}", set.join(", "));
    let mut bulk = Bulk::insert("policy_item", &ITEM_COLUMNS).on_conflict(&conflict);
    for row in rows {
        let prepared = row.prepared;
        let values = item_values(
            &prepared.entry,
            at,
            row.seq,
            Some(&row.number),
            ItemState::Published,
            row.revision,
            &prepared.digest,
            None,
        );
        bulk.push(tx, values).await?;
    }
    bulk.finish(tx).await?;
    Ok(())
}

async fn write_regions(tx: &Tx, rows: &[NewRow<'_>]) -> Result<(), Error> {
    for chunk in rows.chunks(CHUNK) {
        let sql = format!(
            "DELETE FROM policy_item_region WHERE item_id IN ({})",
            placeholders(1, chunk.len())
        );
        let ids = chunk
            .iter()
            .map(|row| row.prepared.entry.item.id.as_str().into());
        db::execute(tx, &sql, ids).await?;
    }
    let mut bulk = Bulk::insert("policy_item_region", &["item_id", "region"]);
    for row in rows {
        let item = &row.prepared.entry.item;
        let regions: HashSet<&str> = item.regions.iter().map(String::as_str).collect();
        for region in regions {
            bulk.push(tx, [item.id.as_str().into(), region.into()])
                .await?;
        }
    }
    bulk.finish(tx).await?;
    Ok(())
}

async fn write_revisions(
    tx: &Tx,
    at: DateTime<Utc>,
    actor: &Actor,
    rows: &[NewRow<'_>],
) -> Result<(), Error> {
    let columns = [
        "item_id",
        "revision",
        "content",
        "rules",
        "lint",
        "digest",
        "published_at",
        "published_by",
    ];
    let mut bulk = Bulk::insert("policy_revision", &columns);
    for row in rows {
        let values: [Value; 8] = [
            row.prepared.entry.item.id.as_str().into(),
            row.revision.into(),
            row.prepared.entry.content().into(),
            row.prepared.rules.as_str().into(),
            row.prepared.lint.as_str().into(),
            row.prepared.digest.as_str().into(),
            instant_text(at).into(),
            actor.name.as_str().into(),
        ];
        bulk.push(tx, values).await?;
    }
    bulk.finish(tx).await?;
    Ok(())
}

/// One audit record a document, naming its items and their revisions.
async fn record(
    tx: &Tx,
    at: DateTime<Utc>,
    actor: &Actor,
    rows: &[NewRow<'_>],
) -> Result<(), Error> {
    let mut documents: BTreeMap<&str, Vec<serde_json::Value>> = BTreeMap::new();
    for row in rows {
        let entry = &row.prepared.entry;
        documents
            .entry(&entry.document.id)
            .or_default()
            .push(json!({
                "item": entry.item.id,
                "number": row.number,
                "revision": row.revision,
                "digest": row.prepared.digest,
            }));
    }
    let entries: Vec<Entry> = documents
        .into_iter()
        .map(|(id, items)| {
            Entry::new(at, actor, "policies.publish", "policy_document", id)
                .detail(json!({ "items": items }))
        })
        .collect();
    audit::append_all(tx, &entries).await?;
    Ok(())
}

async fn note(
    tx: &Tx,
    at: DateTime<Utc>,
    actor: &Actor,
    action: &'static str,
    id: &str,
    detail: serde_json::Value,
) -> Result<(), Error> {
    let entry = Entry::new(at, actor, action, "policy_item", id).detail(detail);
    audit::append(tx, &entry).await?;
    Ok(())
}
