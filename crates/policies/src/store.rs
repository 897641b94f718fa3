//! The only file that reads the library's tables; writing is in [`write`].

mod reindex;
mod write;

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::FromQueryResult;
use zhida_platform::clock::parse_instant;
use zhida_platform::db::{self, Database, placeholders};
use zhida_platform::paging::{Page, PageRequest};

use crate::error::Error;
use crate::model::{PolicyDocument, PolicyEntry};
use crate::query::{Facet, Filter, Query, region_matters};
use crate::vocabulary::{Category, Delivery, ItemState, Level, Theme, Validity};

pub use reindex::reindex;
pub(crate) use write::{Change, Prepared};

/// Ids of a statement with `IN (…)`.
const CHUNK: usize = 500;
/// Revisions of an item, items of a document, options of a facet that are shown at most.
pub(crate) const SHOWN_MAX: i64 = 500;
/// Distinct regions that items may name.
const REGIONS_MAX: i64 = 10_000;
/// Name of the list in its cursors.
const LIST: &str = "policy_item:date";

/// A line of the policy list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRow {
    /// Stable slug.
    pub id: String,
    /// 事项编号; `None` for a draft.
    pub number: Option<String>,
    /// 事项名称.
    pub name: String,
    /// 政策文件 id.
    pub document_id: String,
    /// 政策名称.
    pub document_title: String,
    /// 发布层级.
    pub level: Level,
    /// 主题分类.
    pub theme: Theme,
    /// 政策类别.
    pub category: Category,
    /// 兑现方式.
    pub delivery: Delivery,
    /// 时效 today.
    pub validity: Validity,
    /// 有效期至.
    pub valid_until: Option<NaiveDate>,
    /// State in the library.
    pub state: ItemState,
    sort_date: String,
    seq: i64,
}

/// One option of a facet and how many items it has.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct FacetCount {
    /// Slug or code.
    pub value: String,
    /// Items.
    pub count: i64,
}

/// An item as the library holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemRecord {
    /// Stable slug.
    pub id: String,
    /// 事项编号; `None` before the first publication.
    pub number: Option<String>,
    /// Its document.
    pub document_id: String,
    /// State.
    pub state: ItemState,
    /// Current revision; 0 before the first publication.
    pub revision: i64,
    /// What was written and not yet published.
    pub draft: Option<PolicyEntry>,
    /// Last change.
    pub updated_at: DateTime<Utc>,
}

/// A published revision.
#[derive(Debug, Clone, PartialEq)]
pub struct Revision {
    /// The item.
    pub item_id: String,
    /// 1, 2, 3 …
    pub revision: i64,
    /// What it says.
    pub entry: PolicyEntry,
    /// Its rules in normal form, as JSON.
    pub rules: serde_json::Value,
    /// SHA-256 of what it says.
    pub digest: String,
    /// When it was published.
    pub published_at: DateTime<Utc>,
    /// By whom.
    pub published_by: String,
}

/// A published item as the catalogue loads it.
pub(crate) struct Current {
    pub id: String,
    pub number: String,
    pub seq: i64,
    pub revision: i64,
    pub published_at: DateTime<Utc>,
    pub entry: PolicyEntry,
}

#[derive(Clone)]
pub(crate) struct Store {
    pub(crate) db: Database,
}

#[derive(FromQueryResult)]
struct RawRow {
    id: String,
    number: Option<String>,
    name: String,
    document_id: String,
    document_title: String,
    level: String,
    theme: String,
    category: String,
    delivery: String,
    validity: String,
    valid_until: Option<String>,
    state: String,
    sort_date: String,
    seq: i64,
}

#[derive(FromQueryResult)]
struct RawItem {
    id: String,
    number: Option<String>,
    document_id: String,
    state: String,
    revision: i64,
    draft: Option<String>,
    updated_at: String,
}

#[derive(FromQueryResult)]
struct RawRevision {
    item_id: String,
    revision: i64,
    content: String,
    rules: String,
    digest: String,
    published_at: String,
    published_by: String,
}

#[derive(FromQueryResult)]
struct RawCurrent {
    id: String,
    number: String,
    seq: i64,
    revision: i64,
    published_at: String,
    content: String,
}

#[derive(FromQueryResult)]
struct Content {
    content: String,
}

#[derive(FromQueryResult)]
struct Code {
    region: String,
}

/// State of an item that a change is compared with.
#[derive(Debug, Clone, FromQueryResult)]
pub(crate) struct Existing {
    pub id: String,
    pub seq: i64,
    pub number: Option<String>,
    pub document_id: String,
    pub revision: i64,
    pub digest: String,
}

impl Store {
    pub(crate) async fn version(&self) -> Result<i64, Error> {
        let sql = "SELECT value FROM policy_counter WHERE name = 'version'";
        Ok(db::query_count(self.db.conn(), sql, []).await?)
    }

    pub(crate) async fn list(
        &self,
        query: &Query,
        page: &PageRequest,
        today: NaiveDate,
    ) -> Result<Page<ListRow>, Error> {
        let mut filter = self.filter(query, None, today).await?;
        if let Some((date, seq)) = page.cursor::<(String, i64)>(LIST)? {
            let (date, seq) = (filter.param(date), filter.param(seq));
            filter
                .clause
                .push_str(&format!(" AND (i.sort_date, i.seq) < ({date}, {seq})"));
        }
        let validity = filter.validity();
        let limit = filter.param(page.rows_wanted());
        let sql = format!(
            "SELECT i.id, i.number, i.name, i.document_id, d.title AS document_title, i.level, i.theme, \
             i.category, i.delivery, {validity} AS validity, i.valid_until, i.state, i.sort_date, i.seq \
             FROM policy_item i JOIN policy_document d ON d.id = i.document_id \
             WHERE {} ORDER BY i.sort_date DESC, i.seq DESC LIMIT {limit}",
            filter.clause
        );
        let rows: Vec<RawRow> = db::query_all(self.db.conn(), &sql, filter.values).await?;
        let rows = rows
            .into_iter()
            .map(ListRow::try_from)
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_rows(rows, page, LIST, |row| {
            (row.sort_date.clone(), row.seq)
        })?)
    }

    pub(crate) async fn count(&self, query: &Query, today: NaiveDate) -> Result<u64, Error> {
        let filter = self.filter(query, None, today).await?;
        let sql = format!("SELECT COUNT(*) FROM policy_item i WHERE {}", filter.clause);
        let count = db::query_count(self.db.conn(), &sql, filter.values).await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    pub(crate) async fn facet(
        &self,
        query: &Query,
        facet: Facet,
        today: NaiveDate,
    ) -> Result<Vec<FacetCount>, Error> {
        let mut filter = self.filter(query, Some(facet), today).await?;
        let (value, join) = match facet {
            Facet::Level => ("i.level".to_owned(), ""),
            Facet::Theme => ("i.theme".to_owned(), ""),
            Facet::Category => ("i.category".to_owned(), ""),
            Facet::Delivery => ("i.delivery".to_owned(), ""),
            Facet::Status => (filter.validity(), ""),
            Facet::Region => (
                "r.region".to_owned(),
                "JOIN policy_item_region r ON r.item_id = i.id",
            ),
        };
        let limit = filter.param(SHOWN_MAX);
        let sql = format!(
            "SELECT {value} AS value, COUNT(*) AS count FROM policy_item i {join} WHERE {} \
             GROUP BY 1 ORDER BY 1 LIMIT {limit}",
            filter.clause
        );
        Ok(db::query_all(self.db.conn(), &sql, filter.values).await?)
    }

    async fn filter(
        &self,
        query: &Query,
        without: Option<Facet>,
        today: NaiveDate,
    ) -> Result<Filter, Error> {
        let regions = match &query.region {
            Some(asked) => Some(self.regions_for(asked).await?),
            None => None,
        };
        let mut filter = Filter::new(self.db.engine(), today);
        filter.add(query, regions.as_deref(), without);
        Ok(filter)
    }

    /// Stored codes that matter for a division; at most as many as a statement can carry.
    async fn regions_for(&self, asked: &str) -> Result<Vec<String>, Error> {
        let sql = "SELECT DISTINCT region FROM policy_item_region ORDER BY region LIMIT $1";
        let codes: Vec<Code> = db::query_all(self.db.conn(), sql, [REGIONS_MAX.into()]).await?;
        let codes = codes.into_iter().map(|code| code.region);
        Ok(codes.filter(|code| region_matters(code, asked)).collect())
    }

    /// By id or number.
    pub(crate) async fn item(&self, id: &str) -> Result<ItemRecord, Error> {
        let sql = "SELECT id, number, document_id, state, revision, draft, updated_at \
                   FROM policy_item WHERE id = $1 OR number = $1";
        let found: Option<RawItem> = db::query_one(self.db.conn(), sql, [id.into()]).await?;
        let raw = found.ok_or_else(|| Error::NoItem(shown(id)))?;
        let broken = || Error::Stored(raw.id.clone());
        Ok(ItemRecord {
            state: ItemState::parse(&raw.state).ok_or_else(broken)?,
            draft: raw
                .draft
                .as_deref()
                .map(|text| entry_of(&raw.id, text))
                .transpose()?,
            updated_at: parse_instant(&raw.updated_at).ok_or_else(broken)?,
            id: raw.id,
            number: raw.number,
            document_id: raw.document_id,
            revision: raw.revision,
        })
    }

    /// Newest first.
    pub(crate) async fn revisions(&self, id: &str) -> Result<Vec<Revision>, Error> {
        let sql = "SELECT item_id, revision, content, rules, digest, published_at, published_by \
                   FROM policy_revision WHERE item_id = $1 ORDER BY revision DESC LIMIT $2";
        let rows: Vec<RawRevision> =
            db::query_all(self.db.conn(), sql, [id.into(), SHOWN_MAX.into()]).await?;
        rows.into_iter().map(Revision::try_from).collect()
    }

    pub(crate) async fn revision(&self, id: &str, revision: i64) -> Result<Revision, Error> {
        let sql = "SELECT item_id, revision, content, rules, digest, published_at, published_by \
                   FROM policy_revision WHERE item_id = $1 AND revision = $2";
        let row: Option<RawRevision> =
            db::query_one(self.db.conn(), sql, [id.into(), revision.into()]).await?;
        row.ok_or_else(|| Error::NoRevision(shown(id), revision))?
            .try_into()
    }

    pub(crate) async fn document(&self, id: &str) -> Result<PolicyDocument, Error> {
        let sql = "SELECT content FROM policy_document WHERE id = $1";
        let row: Option<Content> = db::query_one(self.db.conn(), sql, [id.into()]).await?;
        let row = row.ok_or_else(|| Error::NoDocument(shown(id)))?;
        serde_json::from_str(&row.content).map_err(|_| Error::Stored(id.to_owned()))
    }

    /// Documents, newest first, for choosing one.
    pub(crate) async fn documents(&self) -> Result<Vec<PolicyDocument>, Error> {
        let sql = "SELECT content FROM policy_document ORDER BY sort_date DESC, id LIMIT $1";
        let rows: Vec<Content> = db::query_all(self.db.conn(), sql, [SHOWN_MAX.into()]).await?;
        rows.iter()
            .map(|row| {
                serde_json::from_str(&row.content).map_err(|_| Error::Stored("政策文件".to_owned()))
            })
            .collect()
    }

    /// Published items after `seq`, for the catalogue.
    pub(crate) async fn current(&self, after: i64) -> Result<Vec<Current>, Error> {
        let sql = "SELECT i.id, i.number, i.seq, i.revision, r.published_at, r.content \
                   FROM policy_item i \
                   JOIN policy_revision r ON r.item_id = i.id AND r.revision = i.revision \
                   WHERE i.state = 'published' AND i.number IS NOT NULL AND i.seq > $1 \
                   ORDER BY i.seq LIMIT $2";
        let rows: Vec<RawCurrent> =
            db::query_all(self.db.conn(), sql, [after.into(), SHOWN_MAX.into()]).await?;
        rows.into_iter()
            .map(|row| {
                Ok(Current {
                    entry: entry_of(&row.id, &row.content)?,
                    published_at: parse_instant(&row.published_at)
                        .ok_or_else(|| Error::Stored(row.id.clone()))?,
                    id: row.id,
                    number: row.number,
                    seq: row.seq,
                    revision: row.revision,
                })
            })
            .collect()
    }

    pub(crate) async fn existing(
        &self,
        conn: &impl db::ConnectionTrait,
        ids: &[&str],
    ) -> Result<Vec<Existing>, Error> {
        let mut found = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            let sql = format!(
                "SELECT id, seq, number, document_id, revision, digest \
                 FROM policy_item WHERE id IN ({}) LIMIT {CHUNK}",
                placeholders(1, chunk.len())
            );
            let values = chunk.iter().map(|id| (*id).into());
            found.extend(db::query_all::<Existing>(conn, &sql, values).await?);
        }
        Ok(found)
    }
}

impl TryFrom<RawRow> for ListRow {
    type Error = Error;

    fn try_from(raw: RawRow) -> Result<Self, Error> {
        let broken = || Error::Stored(raw.id.clone());
        Ok(Self {
            level: Level::parse(&raw.level).ok_or_else(broken)?,
            theme: Theme::parse(&raw.theme).ok_or_else(broken)?,
            category: Category::parse(&raw.category).ok_or_else(broken)?,
            delivery: Delivery::parse(&raw.delivery).ok_or_else(broken)?,
            validity: Validity::parse(&raw.validity).ok_or_else(broken)?,
            state: ItemState::parse(&raw.state).ok_or_else(broken)?,
            valid_until: raw.valid_until.as_deref().and_then(|day| day.parse().ok()),
            id: raw.id,
            number: raw.number,
            name: raw.name,
            document_id: raw.document_id,
            document_title: raw.document_title,
            sort_date: raw.sort_date,
            seq: raw.seq,
        })
    }
}

impl TryFrom<RawRevision> for Revision {
    type Error = Error;

    fn try_from(raw: RawRevision) -> Result<Self, Error> {
        let broken = || Error::Stored(raw.item_id.clone());
        Ok(Self {
            entry: entry_of(&raw.item_id, &raw.content)?,
            rules: serde_json::from_str(&raw.rules).map_err(|_| broken())?,
            published_at: parse_instant(&raw.published_at).ok_or_else(broken)?,
            item_id: raw.item_id,
            revision: raw.revision,
            digest: raw.digest,
            published_by: raw.published_by,
        })
    }
}

fn entry_of(id: &str, content: &str) -> Result<PolicyEntry, Error> {
    serde_json::from_str(content).map_err(|error| {
        tracing::error!(item = id, %error, "库中的政策内容无法识别");
        Error::Stored(id.to_owned())
    })
}

/// What a visitor asked for, shortened for a message.
fn shown(id: &str) -> String {
    id.chars().take(80).collect()
}
