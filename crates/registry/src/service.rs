//! Use cases of the room, called by pages, API, CLI and other rooms alike.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use futures::Stream;
use futures::stream;
use tempfile::TempDir;
use zhida_platform::clock::SharedClock;
use zhida_platform::db::{Counts, Database, Value};
use zhida_platform::files::RECEIVED;
use zhida_platform::messages::Messages;
use zhida_platform::paging::{Page, PageRequest};
use zhida_rules::Dictionary;

use crate::RegistryError;
use crate::document::{Departments, Document, Sources};
use crate::model::{Batch, Enterprise, EnterpriseName, FactChange, Query};
use crate::store::{self, StoredRow, Texts};

/// Enterprises of one chunk of [`Registry::scan`] at most.
const SCAN_CHUNK_MAX: usize = 10_000;

/// Rows that are asked, on average, until one contains a text: of rarer texts all rows are found first.
const ROWS_A_HIT_MAX: u64 = 50;

/// 市场主体库. Cheap to share behind an `Arc`.
#[derive(Debug)]
pub struct Registry {
    db: Database,
    dictionary: &'static Dictionary,
    clock: SharedClock,
    folder: Option<PathBuf>,
    own_folder: OnceLock<TempDir>,
    departments: RwLock<Arc<Departments>>,
    counts: Counts<i64>,
    /// Tells whoever imported of rejected rows; without it nobody is told.
    pub(crate) messages: Option<Messages>,
}

impl Registry {
    /// The registry in a migrated database. Uploads and rejects files go into a private folder that is
    /// removed with it; see [`Registry::with_folder`].
    pub fn new(db: Database, dictionary: &'static Dictionary, clock: SharedClock) -> Self {
        Self {
            db,
            dictionary,
            clock,
            folder: None,
            own_folder: OnceLock::new(),
            departments: RwLock::default(),
            counts: Counts::default(),
            messages: None,
        }
    }

    /// Tells whoever imports from now on; the service must know [`crate::EVENTS`].
    #[must_use]
    pub fn with_messages(mut self, messages: Messages) -> Self {
        self.messages = Some(messages);
        self
    }

    /// Keeps uploads and rejects files in this folder, uploads in its [`RECEIVED`]; servers that share a database
    /// share it.
    #[must_use]
    pub fn with_folder(mut self, folder: PathBuf) -> Self {
        self.folder = Some(folder);
        self
    }

    /// The attribute dictionary.
    pub fn dictionary(&self) -> &'static Dictionary {
        self.dictionary
    }

    pub(crate) fn db(&self) -> &Database {
        &self.db
    }

    pub(crate) fn clock(&self) -> &SharedClock {
        &self.clock
    }

    /// The folder of uploads and rejects files; made when first asked for.
    pub(crate) fn folder(&self) -> std::io::Result<PathBuf> {
        if let Some(folder) = &self.folder {
            private(folder)?;
            return Ok(folder.clone());
        }
        if let Some(folder) = self.own_folder.get() {
            return Ok(folder.path().to_owned());
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix("zhida-registry-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let made = builder.tempdir()?;
        Ok(self.own_folder.get_or_init(|| made).path().to_owned())
    }

    /// The folder of uploads; made when first asked for.
    pub(crate) fn received(&self) -> std::io::Result<PathBuf> {
        let folder = self.folder()?.join(RECEIVED);
        private(&folder)?;
        Ok(folder)
    }

    /// A number that grows with every accepted write, of facts and of tags.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn version(&self) -> Result<i64, RegistryError> {
        Ok(store::version(self.db.conn()).await?)
    }

    /// One enterprise with all its facts; `None` when no enterprise has the code.
    ///
    /// # Errors
    /// When the database fails or the document is damaged.
    pub async fn enterprise(&self, code: &str) -> Result<Option<Enterprise>, RegistryError> {
        let code = code.trim().to_uppercase();
        if code.len() > 18 || !code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Ok(None);
        }
        let Some(row) = store::enterprise(self.db.conn(), &code).await? else {
            return Ok(None);
        };
        Ok(self.whole(vec![row]).await?.pop())
    }

    /// The condition that an enterprise of another room's table is one of a query's, for that room's own SQL: its
    /// number stands in `column`, and the parameters follow those in `values`.
    ///
    /// # Errors
    /// When a condition makes no sense.
    pub fn condition(
        &self,
        query: &Query,
        column: &str,
        values: &mut Vec<Value>,
    ) -> Result<String, RegistryError> {
        store::condition(self.db.engine(), query, column, values)
    }

    /// Turns stored rows into enterprises: two queries for all of them.
    pub(crate) async fn whole(
        &self,
        rows: Vec<store::StoredEnterprise>,
    ) -> Result<Vec<Enterprise>, RegistryError> {
        let seqs: Vec<i64> = rows.iter().map(|row| row.seq).collect();
        let mut tags = store::tags_of(self.db.conn(), &seqs).await?;
        let mut documents = Vec::with_capacity(rows.len());
        let mut batches = BTreeSet::new();
        for row in &rows {
            let document = Document::parse(self.dictionary, &row.facts)
                .map_err(|_| RegistryError::Damaged(row.code.clone()))?;
            batches.extend(document.batches());
            documents.push(document);
        }
        let departments = self.departments(&batches).await?;
        let mut sources = Sources::new(&departments);
        let pairs = rows.into_iter().zip(documents);
        Ok(pairs
            .map(|(row, document)| Enterprise {
                seq: row.seq,
                facts: document.to_facts(self.dictionary, &mut sources),
                tags: tags.remove(&row.seq).unwrap_or_default(),
                code: row.code,
                name: row.name,
                division: store::known(row.division),
                industry: store::known(row.industry),
                size: store::known(row.size),
                status: store::known(row.status),
                registered_on: row.registered_on.parse().ok(),
                version: row.version,
                updated_at: store::instant(&row.updated_at),
            })
            .collect())
    }

    /// The departments of these batches, from memory where known.
    async fn departments(
        &self,
        batches: &BTreeSet<i64>,
    ) -> Result<Arc<Departments>, RegistryError> {
        let read = || {
            Arc::clone(
                &self
                    .departments
                    .read()
                    .unwrap_or_else(PoisonError::into_inner),
            )
        };
        let known = read();
        if batches.iter().all(|batch| known.contains_key(batch)) {
            return Ok(known);
        }
        let fresh = Arc::new(store::departments(self.db.conn(), 0).await?);
        *self
            .departments
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::clone(&fresh);
        Ok(fresh)
    }

    /// One page of the rows that a query finds, in its order.
    pub(crate) async fn rows(
        &self,
        query: &Query,
        page: &PageRequest,
    ) -> Result<Page<(StoredRow, Vec<String>)>, RegistryError> {
        let list = format!("enterprise:{}", query.order.slug());
        let after = page.cursor::<(String, String)>(&list)?;
        let conn = self.db.conn();
        let rows = store::list(
            conn,
            self.db.engine(),
            query,
            self.texts(query).await?,
            after.as_ref(),
            page.rows_wanted(),
        )
        .await?;
        let order = query.order;
        let page = Page::from_rows(rows, page, &list, |row| crate::listing::key(order, row))?;
        let seqs: Vec<i64> = page.items.iter().map(|row| row.seq).collect();
        let mut tags = store::tags_of(conn, &seqs).await?;
        Ok(page.map(|row| {
            let tags = tags.remove(&row.seq).unwrap_or_default();
            (row, tags)
        }))
    }

    /// How the text of a query is looked for.
    async fn texts(&self, query: &Query) -> Result<Texts, RegistryError> {
        if query.text.is_empty() {
            return Ok(Texts::Rare);
        }
        let found = self.count(query).await?;
        let all = self.count(&Query::default()).await?;
        Ok(match found.saturating_mul(ROWS_A_HIT_MAX) > all {
            true => Texts::Common,
            false => Texts::Rare,
        })
    }

    /// How many enterprises a query finds.
    ///
    /// # Errors
    /// When a condition makes no sense or the database fails.
    pub async fn count(&self, query: &Query) -> Result<u64, RegistryError> {
        let key = query.counted_by()?;
        let version = self.version().await?;
        if let Some(count) = self.counts.get(version, &key) {
            return Ok(count);
        }
        let count = store::count(self.db.conn(), self.db.engine(), query).await?;
        self.counts.put(version, key, count);
        Ok(count)
    }

    /// Whole enterprises of a query after a code, in code order; at most 10,000.
    ///
    /// # Errors
    /// As [`Registry::count`].
    pub async fn scan_after(
        &self,
        query: &Query,
        after: Option<&str>,
        chunk: usize,
    ) -> Result<Vec<Enterprise>, RegistryError> {
        let limit = chunk.clamp(1, SCAN_CHUNK_MAX) as i64;
        let rows =
            store::facts_after(self.db.conn(), self.db.engine(), query, after, limit).await?;
        self.whole(rows).await
    }

    /// All enterprises of a query in code order, chunk by chunk; no transaction stays open between chunks.
    pub fn scan<'a>(
        &'a self,
        query: &'a Query,
        chunk: usize,
    ) -> impl Stream<Item = Result<Vec<Enterprise>, RegistryError>> + 'a {
        stream::try_unfold(Some(None::<String>), move |position| async move {
            let Some(after) = position else {
                return Ok(None);
            };
            let found = self.scan_after(query, after.as_deref(), chunk).await?;
            let next = found.last().map(|enterprise| Some(enterprise.code.clone()));
            Ok((!found.is_empty()).then_some((found, next)))
        })
    }

    /// The numbers of all enterprises of a query, in no particular order.
    ///
    /// # Errors
    /// As [`Registry::count`].
    pub async fn seqs(&self, query: &Query) -> Result<Vec<i64>, RegistryError> {
        store::seqs(self.db.conn(), self.db.engine(), query).await
    }

    /// Code and name of enterprises by their numbers, in no particular order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn names(&self, seqs: &[i64]) -> Result<Vec<EnterpriseName>, RegistryError> {
        Ok(store::names(self.db.conn(), seqs).await?)
    }

    /// Whole enterprises that came or changed after a version of the registry, at most so many, in
    /// no particular order.
    ///
    /// # Errors
    /// When the database fails or a document is damaged.
    pub async fn changed_after(
        &self,
        version: i64,
        limit: usize,
    ) -> Result<Vec<Enterprise>, RegistryError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = store::changed_after(self.db.conn(), version, limit).await?;
        self.whole(rows).await
    }

    /// What is no longer current of an enterprise, newest change first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn history(&self, code: &str) -> Result<Vec<FactChange>, RegistryError> {
        store::history(self.db.conn(), &code.trim().to_uppercase()).await
    }

    /// Import batches, newest first.
    ///
    /// # Errors
    /// When the cursor is not one of this list or the database fails.
    pub async fn batches(&self, page: &PageRequest) -> Result<Page<Batch>, RegistryError> {
        let below = page.cursor::<i64>("batch")?;
        let rows = store::batches(self.db.conn(), below, page.rows_wanted()).await?;
        Ok(Page::from_rows(rows, page, "batch", |batch| batch.no)?)
    }

    /// One import batch.
    ///
    /// # Errors
    /// When there is none or the database fails.
    pub async fn batch(&self, no: i64) -> Result<Batch, RegistryError> {
        store::batch(self.db.conn(), no)
            .await?
            .ok_or(RegistryError::NoBatch(no))
    }
}

/// Makes a folder for its owner's eyes only: rejected rows hold what only officers may see.
fn private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
