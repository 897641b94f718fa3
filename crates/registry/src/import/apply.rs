//! Runs an import: scan, then read, merge and store chunk by chunk.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use futures::FutureExt;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinHandle, spawn_blocking};
use zhida_platform::audit;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{ConnectionTrait, Tx};
use zhida_platform::progress::Progress;

use super::compose::{Composer, Prepared};
use super::detect::{self, Input};
use super::header::Mapper;
use super::merge::{Current, Losers, Merged, Merger};
use super::rejects::RejectsFile;
use super::row::{Rejected, RowReader};
use super::source::{self, Form, Scan};
use super::{FileReport, ImportError, ImportOptions, ImportReport, Meaning, Note, REJECTS_PREFIX};
use crate::document::{Departments, Document, Origin};
use crate::model::BatchStatus;
use crate::store::{self, NewBatch, Progressed, Stored};
use crate::tags::Tags;
use crate::{Registry, RegistryError};

/// Data rows of one transaction: the more, the fewer pages of the codes' index are written twice; a
/// chunk takes some 30 MB of memory.
const CHUNK_ROWS: usize = 10_000;
/// Bytes of one transaction; few long rows are one, too.
const CHUNK_BYTES: usize = 16 << 20;
/// Chunks read ahead, besides the one being read and the one being stored.
const CHUNKS_AHEAD: usize = 1;
/// Data rows from which an import into an empty registry makes the indexes of lists at its end.
const BULK_ROWS: i64 = 20_000;

/// Imports files into a registry.
#[derive(Debug, Clone)]
pub struct Importer {
    registry: Arc<Registry>,
}

type Chunk = Vec<Result<Prepared, Rejected>>;
type Notes = HashMap<String, u64>;

/// Sums over the chunks.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    accepted: u64,
    unchanged: u64,
    created: u64,
    not_adopted: u64,
}

/// What all chunks of a run share.
struct Run<'a> {
    options: &'a ImportOptions,
    as_of: NaiveDate,
    owner: String,
    batch: Option<i64>,
    /// Data rows dealt with by an interrupted run.
    resumed: u64,
    total: u64,
    composer: Arc<Composer>,
    departments: Departments,
    rejects: RejectsFile,
    counts: Counts,
    position: u64,
    /// The next number of an enterprise when all enterprises there are come from this run.
    alone: Option<i64>,
}

/// A batch that was begun or taken over.
struct Begun {
    no: i64,
    counts: Counts,
    resumed: u64,
    alone: Option<i64>,
}

impl Importer {
    /// An importer of this registry.
    pub fn new(registry: Arc<Registry>) -> Self {
        Self { registry }
    }

    /// Imports a file, or says what importing it would do.
    ///
    /// # Errors
    /// A problem of the whole file: then nothing is stored. A failure while storing, or that the progress wants it to
    /// stop: the chunks before it stay, and the same call goes on after them.
    pub async fn run(
        &self,
        path: &Path,
        options: &ImportOptions,
        progress: &dyn Progress,
    ) -> Result<ImportReport, ImportError> {
        let as_of = self.checked(options)?;
        let year = options.year.unwrap_or(as_of.year() - 1);
        progress.report(0, None, "检查文件");
        let (input, scan) = self.scan(path, options, year).await?;
        let (input, scan) = (Arc::new(input), Arc::new(scan));
        let mut run = self.start(&input, &scan, options, as_of, year).await?;
        let composer = Arc::clone(&run.composer);
        let (chunks, reading) = read_ahead(composer, &input, &scan, options);
        let stored = self.store_all(&mut run, chunks, progress).await;
        let read = reading.await.map_err(|error| crashed(&input, &error))?;
        stored?;
        let notes = read?;
        if run.position != run.total {
            return Err(ImportError::Changed(input.name.clone()));
        }
        self.finish(run, &input, &scan, notes).await
    }

    /// Looks for problems of the whole file, as [`Importer::run`] does before it stores anything.
    ///
    /// # Errors
    /// The problem.
    pub async fn check(&self, path: &Path, options: &ImportOptions) -> Result<(), ImportError> {
        let as_of = self.checked(options)?;
        let year = options.year.unwrap_or(as_of.year() - 1);
        self.scan(path, options, year).await?;
        Ok(())
    }

    fn checked(&self, options: &ImportOptions) -> Result<NaiveDate, ImportError> {
        let today = self.registry.clock().today();
        let as_of = options.as_of.unwrap_or(today);
        if as_of > today {
            return Err(ImportError::AsOf(as_of));
        }
        let length = options.department.trim().chars().count();
        if length == 0 || length > 40 || options.department.chars().any(char::is_control) {
            return Err(ImportError::Department);
        }
        Ok(as_of)
    }

    async fn scan(
        &self,
        path: &Path,
        options: &ImportOptions,
        year: i32,
    ) -> Result<(Input, Scan), ImportError> {
        let dictionary = self.registry.dictionary();
        let (path, options) = (path.to_owned(), options.clone());
        let name = options.file_name.clone().unwrap_or_else(|| {
            path.file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned()
        });
        let shown = name.clone();
        let scanning = spawn_blocking(move || {
            let input = detect::open(&path, &name, options.limits.bytes_max)?;
            let mapper = Mapper::new(dictionary, year, &options.mapping);
            let scan = source::scan(&input, &mapper, &options.limits, options.sheet.as_deref())?;
            Ok((input, scan))
        });
        // a reader that panics on a hostile workbook refuses the file, nothing more
        scanning.await.map_err(|error| panicked(&shown, &error))?
    }

    /// Finds the interrupted batch of the same file, or begins a new one.
    async fn start<'a>(
        &self,
        input: &Input,
        scan: &Scan,
        options: &'a ImportOptions,
        as_of: NaiveDate,
        year: i32,
    ) -> Result<Run<'a>, ImportError> {
        let now = self.registry.clock().now();
        let meaning = Meaning {
            year,
            mapping: &options.mapping,
            sheet: &options.sheet,
        };
        let owner = format!("{}-{:?}", instant_text(now), std::thread::current().id());
        let new = NewBatch {
            department: options.department.trim().to_owned(),
            file_name: input.name.clone(),
            sha256: input.sha256.clone(),
            as_of,
            options: serde_json::to_string(&meaning).unwrap_or_default(),
            owner: format!("{owner}-{}", process_token()),
            actor: options.actor.name.clone(),
            job: options.job.map_or_else(String::new, |job| job.to_string()),
            total: scan.rows as i64,
            at: now,
        };
        let begun = match options.dry_run {
            true => None,
            false => Some(self.begin_batch(&new).await?),
        };
        let batch = begun.as_ref().map(|begun| begun.no);
        let conn = self.registry.db().conn();
        let rules = store::rules(conn).await?;
        let dictionary = self.registry.dictionary();
        let origin = Origin {
            batch: batch.unwrap_or(i64::MAX),
            as_of: Some(as_of),
        };
        let tags = Tags::compile(dictionary, &rules);
        let today = self.registry.clock().today();
        let headings = scan
            .plan
            .columns
            .iter()
            .map(|column| column.heading.clone())
            .collect();
        Ok(Run {
            options,
            as_of,
            owner: new.owner,
            batch,
            resumed: begun.as_ref().map_or(0, |begun| begun.resumed),
            total: options
                .sample
                .filter(|_| options.dry_run)
                .unwrap_or(u64::MAX)
                .min(scan.rows),
            composer: Arc::new(Composer::new(dictionary, tags, origin, today)),
            departments: store::departments(conn, 0).await?,
            rejects: RejectsFile::new(self.rejects_path(options, batch, input)?, headings),
            counts: begun.as_ref().map(|begun| begun.counts).unwrap_or_default(),
            position: 0,
            alone: begun.and_then(|begun| begun.alone),
        })
    }

    async fn begin_batch(&self, new: &NewBatch) -> Result<Begun, ImportError> {
        self.registry
            .db()
            .write(|tx: Tx| {
                async move {
                    let mut counters = store::lock(&tx).await?;
                    if let Some(batch) = store::running_batch(&tx, new).await? {
                        store::take_over(&tx, batch.no, new).await?;
                        let sum = |count: i64| u64::try_from(count).unwrap_or_default();
                        let counts = Counts {
                            accepted: sum(batch.accepted),
                            unchanged: sum(batch.unchanged),
                            created: sum(batch.created),
                            not_adopted: 0,
                        };
                        return Ok(Begun {
                            no: batch.no,
                            counts,
                            resumed: sum(batch.position),
                            alone: None,
                        });
                    }
                    let alone = (counters.next_seq == 1).then_some(1);
                    if alone.is_some() && new.total >= BULK_ROWS {
                        store::drop_list_indexes(&tx).await?;
                    }
                    let no = store::create_batch(&tx, &mut counters, new).await?;
                    counters.save(&tx).await?;
                    Ok(Begun {
                        no,
                        counts: Counts::default(),
                        resumed: 0,
                        alone,
                    })
                }
                .boxed()
            })
            .await
    }

    fn rejects_path(
        &self,
        options: &ImportOptions,
        batch: Option<i64>,
        input: &Input,
    ) -> Result<std::path::PathBuf, ImportError> {
        if let Some(path) = &options.rejects {
            return Ok(path.clone());
        }
        let name = match batch {
            Some(no) => format!("{REJECTS_PREFIX}批次{no}.csv"),
            None => format!("{REJECTS_PREFIX}试运行-{}.csv", &input.sha256[..12]),
        };
        let folder = self.registry.folder();
        let folder = folder.map_err(|source| ImportError::Rejects {
            path: name.clone(),
            source,
        })?;
        Ok(folder.join(name))
    }

    async fn store_all(
        &self,
        run: &mut Run<'_>,
        mut chunks: mpsc::Receiver<Chunk>,
        progress: &dyn Progress,
    ) -> Result<(), ImportError> {
        while let Some(chunk) = chunks.recv().await {
            let rows = chunk.len() as u64;
            let (mut good, mut bad) = (Vec::with_capacity(chunk.len()), Vec::new());
            for (at, row) in chunk.into_iter().enumerate() {
                match row {
                    Ok(row) => good.push((run.position + at as u64 >= run.resumed, row)),
                    Err(row) => bad.push(row),
                }
            }
            let fresh = good.partition_point(|(fresh, _)| !fresh);
            let mut good: Vec<Prepared> = good.into_iter().map(|(_, row)| row).collect();
            let new = good.split_off(fresh);
            bad.extend(self.refused_before(&good).await?);
            run.position += rows;
            self.store_chunk(run, new, bad).await?;
            progress.report(run.position, Some(run.total), "导入市场主体");
            if progress.is_cancelled() && run.position < run.total {
                return Err(ImportError::Stopped);
            }
        }
        Ok(())
    }

    /// Rows of the interrupted part that were refused because their enterprise was unknown and unnamed.
    async fn refused_before(&self, rows: &[Prepared]) -> Result<Vec<Rejected>, ImportError> {
        let nameless: Vec<&Prepared> = rows.iter().filter(|row| !row.named).collect();
        if nameless.is_empty() {
            return Ok(Vec::new());
        }
        let codes: Vec<&str> = nameless.iter().map(|row| row.code.as_str()).collect();
        let stored = store::currents(self.registry.db().conn(), &codes).await?;
        let stored: HashSet<&str> = stored.iter().map(|stored| stored.code.as_str()).collect();
        let unknown = nameless
            .into_iter()
            .filter(|row| !stored.contains(row.code.as_str()));
        Ok(unknown.map(super::merge::unnamed).collect())
    }

    /// Merges and stores one chunk in one transaction, with its checkpoint and audit record.
    async fn store_chunk(
        &self,
        run: &mut Run<'_>,
        rows: Vec<Prepared>,
        mut bad: Vec<Rejected>,
    ) -> Result<(), ImportError> {
        let parsed_bad = bad.len() as u64;
        let (merged, next_seq) = match run.batch {
            None => {
                let conn = self.registry.db().conn();
                (self.merge(conn, run, &rows).await?, None)
            }
            Some(_) if run.position <= run.resumed => (Merged::default(), None),
            Some(no) => {
                let (run, rows) = (&*run, rows.as_slice());
                let write = |tx: Tx| self.write(tx, run, no, rows, parsed_bad).boxed();
                self.registry.db().write(write).await?
            }
        };
        run.alone = run.alone.and(next_seq);
        run.counts.add(&merged);
        bad.extend(merged.rejected);
        bad.sort_by_key(|rejected| rejected.row);
        for rejected in &bad {
            run.rejects.push(rejected)?;
        }
        Ok(())
    }

    /// What the chunk amounts to, and the next enterprise's number when all there are come from this run.
    async fn write<'r>(
        &self,
        tx: Tx,
        run: &Run<'_>,
        no: i64,
        rows: &'r [Prepared],
        parsed_bad: u64,
    ) -> Result<(Merged<'r>, Option<i64>), ImportError> {
        let tx = &tx;
        tx.expect_much().await?;
        let mut counters = store::lock(tx).await?;
        let alone = run.alone == Some(counters.next_seq);
        let merged = match alone {
            // a code comes once in a file, so none of these can be there
            true => self
                .merger(run, &run.departments)
                .merge(rows, HashMap::new(), &Losers::new()),
            false => self.merge(tx, run, rows).await?,
        };
        let at = self.registry.clock().now();
        store::write_chunk(tx, &mut counters, &merged, no, at).await?;
        counters.save(tx).await?;
        let mut counts = run.counts;
        counts.add(&merged);
        let rejected = run.rejects.count + parsed_bad + merged.rejected.len() as u64;
        let rejects = run.rejects.path().display().to_string();
        let progressed = Progressed {
            position: run.position as i64,
            accepted: counts.accepted as i64,
            unchanged: counts.unchanged as i64,
            rejected: rejected as i64,
            created: counts.created as i64,
            status: if run.position == run.total {
                BatchStatus::Done
            } else {
                BatchStatus::Running
            },
            rejects: if rejected == 0 {
                String::new()
            } else {
                rejects
            },
            at,
        };
        if !store::advance(tx, no, &run.owner, &progressed).await? {
            return Err(ImportError::TakenOver(no));
        }
        if progressed.status == BatchStatus::Done {
            store::restore_list_indexes(tx).await?;
            let account = run.options.actor.account.map(|id| id.to_string());
            self.registry
                .tell_imported(tx, account.as_deref(), no, &progressed)
                .await?;
        }
        audit::append(tx, &self.audit_entry(run, no, &progressed)).await?;
        Ok((merged, alone.then_some(counters.next_seq)))
    }

    fn audit_entry(&self, run: &Run<'_>, no: i64, progressed: &Progressed) -> audit::Entry {
        let actor = &run.options.actor;
        let (action, kind) = ("registry.import", "import_batch");
        audit::Entry::new(progressed.at, actor, action, kind, no.to_string()).detail(
            serde_json::json!({
                "department": run.options.department,
                "as_of": run.as_of,
                "rows": progressed.position,
                "accepted": progressed.accepted,
                "unchanged": progressed.unchanged,
                "rejected": progressed.rejected,
                "created": progressed.created,
            }),
        )
    }

    fn merger<'m>(&self, run: &'m Run<'_>, departments: &'m Departments) -> Merger<'m> {
        Merger {
            composer: &run.composer,
            departments,
            department: run.options.department.trim(),
        }
    }

    async fn merge<'r>(
        &self,
        conn: &impl ConnectionTrait,
        run: &Run<'_>,
        rows: &'r [Prepared],
    ) -> Result<Merged<'r>, ImportError> {
        let codes: Vec<&str> = rows.iter().map(|row| row.code.as_str()).collect();
        let stored = store::currents(conn, &codes).await?;
        let stored = self.read_stored(run, rows, stored)?;
        // facts of a batch that began after this run did
        let known = |batch: &i64| run.departments.contains_key(batch);
        let mut documents = stored
            .values()
            .filter_map(|current| current.document.as_ref());
        let late = documents.any(|document| !document.batches().iter().all(known));
        let refreshed = match late {
            true => Some(store::departments(conn, 0).await?),
            false => None,
        };
        let merger = self.merger(run, refreshed.as_ref().unwrap_or(&run.departments));
        let losing = merger.losing(rows, &stored);
        let losers = match losing.is_empty() {
            true => Losers::new(),
            false => store::known_losers(conn, &losing).await.map_err(damaged)?,
        };
        Ok(merger.merge(rows, stored, &losers))
    }

    /// Reads the stored documents, but not those that say what the row says.
    fn read_stored(
        &self,
        run: &Run<'_>,
        rows: &[Prepared],
        stored: Vec<Stored>,
    ) -> Result<HashMap<String, Current>, ImportError> {
        let merger = self.merger(run, &run.departments);
        let by_code: HashMap<&str, &Prepared> =
            rows.iter().map(|row| (row.code.as_str(), row)).collect();
        let mut currents = HashMap::with_capacity(stored.len());
        for Stored {
            seq,
            code,
            name,
            facts,
        } in stored
        {
            let row = by_code.get(code.as_str());
            let document = match row.is_some_and(|row| merger.is_same(row, &facts)) {
                true => None,
                false => Some(
                    Document::parse(self.registry.dictionary(), &facts)
                        .map_err(|_| ImportError::Document(code.clone()))?,
                ),
            };
            let current = Current {
                seq,
                name,
                document,
            };
            currents.insert(code, current);
        }
        Ok(currents)
    }

    async fn finish(
        &self,
        mut run: Run<'_>,
        input: &Input,
        scan: &Scan,
        notes: Notes,
    ) -> Result<ImportReport, ImportError> {
        let mut notes: Vec<Note> = notes
            .into_iter()
            .map(|(message, count)| Note { message, count })
            .collect();
        if run.counts.not_adopted > 0 {
            let message =
                "数据早于库中已有的数据（或同日而非责任部门），记入历史，没有采用".to_owned();
            notes.push(Note {
                message,
                count: run.counts.not_adopted,
            });
        }
        notes.sort_by(|a, b| b.count.cmp(&a.count).then(a.message.cmp(&b.message)));
        let rejects = run.rejects.finish()?;
        Ok(ImportReport {
            rows: run.total,
            accepted: run.counts.accepted,
            rejected: run.rejects.count,
            unchanged: run.counts.unchanged,
            rejects,
            created: run.counts.created,
            dry_run: run.batch.is_none(),
            batch: run.batch,
            resumed_after: (run.resumed > 0).then_some(run.resumed),
            file: FileReport {
                name: input.name.clone(),
                sha256: input.sha256.clone(),
                form: form_words(&scan.form),
            },
            columns: scan.plan.reports.clone(),
            notes,
            examples: std::mem::take(&mut run.rejects.examples),
        })
    }
}

impl Counts {
    fn add(&mut self, merged: &Merged<'_>) {
        self.accepted += merged.accepted;
        self.unchanged += merged.unchanged;
        self.created += merged.created;
        self.not_adopted += merged.not_adopted;
    }
}

/// Reads and checks rows on a thread of their own while chunks are being stored.
fn read_ahead(
    composer: Arc<Composer>,
    input: &Arc<Input>,
    scan: &Arc<Scan>,
    options: &ImportOptions,
) -> (
    mpsc::Receiver<Chunk>,
    JoinHandle<Result<Notes, ImportError>>,
) {
    let (sender, receiver) = mpsc::channel(CHUNKS_AHEAD);
    let (input, scan, limits) = (Arc::clone(input), Arc::clone(scan), options.limits);
    let rows_max = options
        .sample
        .filter(|_| options.dry_run)
        .unwrap_or(u64::MAX);
    let reading = spawn_blocking(move || {
        let mut reader = RowReader::new(composer.dictionary, &scan.plan);
        let mut chunk = Vec::with_capacity(CHUNK_ROWS);
        let (mut rows, mut bytes) = (0, 0);
        source::read(&input, &scan, &limits, &mut |row| {
            bytes += row.cells.iter().map(String::len).sum::<usize>();
            chunk.push(reader.read(row).map(|parsed| composer.prepare(parsed)));
            rows += 1;
            let full = chunk.len() == CHUNK_ROWS || bytes > CHUNK_BYTES;
            bytes = if full { 0 } else { bytes };
            let sent = !full || sender.blocking_send(std::mem::take(&mut chunk)).is_ok();
            sent && rows < rows_max
        })?;
        if !chunk.is_empty() {
            let _storing_has_stopped = sender.blocking_send(chunk);
        }
        Ok(reader.notes)
    });
    (receiver, reading)
}

fn form_words(form: &Form) -> String {
    match form {
        Form::Workbook { sheet } => format!("XLSX 工作表“{sheet}”"),
        Form::Text {
            encoding,
            delimiter,
        } => {
            let delimiter = match delimiter {
                b'\t' => "制表符",
                b';' => "分号",
                _ => "逗号",
            };
            format!("{} 编码，{delimiter}分隔", encoding.name())
        }
    }
}

/// Tells runs of different processes apart.
fn process_token() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static RUNS: AtomicU64 = AtomicU64::new(0);
    format!(
        "{}-{}",
        std::process::id(),
        RUNS.fetch_add(1, Ordering::Relaxed)
    )
}

fn panicked(file: &str, error: &JoinError) -> ImportError {
    ImportError::Workbook {
        file: file.to_owned(),
        reason: error.to_string(),
    }
}

fn crashed(input: &Input, error: &JoinError) -> ImportError {
    panicked(&input.name, error)
}

fn damaged(error: RegistryError) -> ImportError {
    match error {
        RegistryError::Damaged(code) => ImportError::Document(code),
        RegistryError::Database(error) => ImportError::Database(error),
        RegistryError::Import(error) => *error,
        other => ImportError::Document(other.to_string()),
    }
}
