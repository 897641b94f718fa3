use std::collections::{HashMap, HashSet};

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};
use sha2::{Digest, Sha256};

use super::{Database, Engine, Error, Result, Tx, execute, query_all};

/// One change of the schema. Once released it never changes: append another.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// Name within its room, for instance `001-enterprise`.
    pub id: &'static str,
    /// Statements for SQLite, separated by `;`.
    pub sql_sqlite: &'static str,
    /// Statements for PostgreSQL, separated by `;`.
    pub sql_postgres: &'static str,
}

/// A step whose SQL is the same on both databases.
#[must_use]
pub const fn step(id: &'static str, sql: &'static str) -> Step {
    Step {
        id,
        sql_sqlite: sql,
        sql_postgres: sql,
    }
}

/// A room's steps, oldest first.
#[derive(Debug, Clone, Copy)]
pub struct MigrationSet {
    /// The room.
    pub room: &'static str,
    /// Its steps; append only.
    pub steps: &'static [Step],
}

/// The platform's own tables, always applied first.
const PLATFORM: MigrationSet = MigrationSet {
    room: "platform",
    steps: &[
        step("001-audit", crate::audit::schema::FIRST),
        step("002-audit-chain", crate::audit::schema::CHAIN),
        step("003-jobs", crate::jobs::schema::FIRST),
        step("004-files", crate::files::SCHEMA),
        step("005-messages", crate::messages::SCHEMA),
        step("006-cases", crate::cases::schema::FIRST),
        step("007-threads", crate::thread::SCHEMA),
        step("008-phrases", crate::phrases::SCHEMA),
        step("009-cases-stuck", crate::cases::schema::STUCK),
        step("010-case-queue", crate::cases::schema::QUEUE),
        step("011-case-lists", crate::cases::schema::LISTS),
        step("012-case-opened", crate::cases::schema::OPENED),
        step("013-export-templates", crate::export::templates::SCHEMA),
        step("014-case-urged", crate::cases::schema::URGED),
        step("015-message-muted", crate::messages::MUTED),
        step("016-mail-minute", crate::messages::MINUTE),
    ],
};

const TABLE_NAME: &str = "schema_migration";
/// `digest` is the SHA-256 of the step's SQL on this engine.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migration (
    room TEXT NOT NULL,
    step TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (room, step)
)";

#[derive(FromQueryResult)]
struct Applied {
    room: String,
    step: String,
    digest: String,
}

/// How the database's schema stands to the program's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaState {
    /// There are no tables of ours.
    Empty,
    /// So many steps have yet to be applied.
    Behind(usize),
    /// It is the program's.
    Current,
}

/// The platform's steps, then the rooms'.
fn with_platform(sets: &[MigrationSet]) -> Vec<MigrationSet> {
    std::iter::once(PLATFORM)
        .chain(sets.iter().copied())
        .collect()
}

impl Database {
    /// Compares the schema with the program's and changes nothing.
    ///
    /// # Errors
    /// As [`Database::migrate`].
    pub async fn schema_state(&self, sets: &[MigrationSet]) -> Result<SchemaState> {
        if !self.tables().await?.iter().any(|table| table == TABLE_NAME) {
            return Ok(SchemaState::Empty);
        }
        let sets = with_platform(sets);
        let applied = self.applied().await?;
        self.refuse_unknown(&sets, &applied)?;
        let mut missing = 0;
        for set in &sets {
            for step in set.steps {
                match applied.get(&(set.room.to_owned(), step.id.to_owned())) {
                    Some(digest) if *digest == digest_of(self.sql_of(step)) => {}
                    Some(_) => return Err(changed(set.room, step.id)),
                    None => missing += 1,
                }
            }
        }
        Ok(match missing {
            0 => SchemaState::Current,
            missing => SchemaState::Behind(missing),
        })
    }

    /// Brings the schema up to date: the platform's tables, then each set in
    /// order. Every step is one transaction; servers that start together do
    /// not trip over each other.
    ///
    /// # Errors
    /// When the database was written by a newer program, a released step was
    /// edited, or a step fails (what came before it stays).
    pub async fn migrate(&self, sets: &[MigrationSet]) -> Result<()> {
        self.create_table().await?;
        let sets = with_platform(sets);
        check_names(&sets)?;
        let applied = self.applied().await?;
        self.refuse_unknown(&sets, &applied)?;
        for set in &sets {
            for step in set.steps {
                let sql = self.sql_of(step);
                match applied.get(&(set.room.to_owned(), step.id.to_owned())) {
                    Some(digest) if *digest == digest_of(sql) => {}
                    Some(_) => return Err(changed(set.room, step.id)),
                    None => self.apply(set.room, step.id, sql).await?,
                }
            }
        }
        Ok(())
    }

    async fn create_table(&self) -> Result<()> {
        // PostgreSQL's IF NOT EXISTS can lose a race against another server;
        // by the second try the table is there
        match self.write(|tx| async move { run(&tx, TABLE).await }).await {
            Ok(()) => Ok(()),
            Err(_) => self.write(|tx| async move { run(&tx, TABLE).await }).await,
        }
    }

    async fn applied(&self) -> Result<HashMap<(String, String), String>> {
        // as many rows as the program has steps, a few hundred at most
        let rows: Vec<Applied> = query_all(
            self.conn(),
            "SELECT room, step, digest FROM schema_migration",
            [],
        )
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| ((row.room, row.step), row.digest))
            .collect())
    }

    fn refuse_unknown(
        &self,
        sets: &[MigrationSet],
        applied: &HashMap<(String, String), String>,
    ) -> Result<()> {
        let known: HashSet<(&str, &str)> = sets
            .iter()
            .flat_map(|set| set.steps.iter().map(|step| (set.room, step.id)))
            .collect();
        let unknown = applied
            .keys()
            .filter(|(room, step)| !known.contains(&(room.as_str(), step.as_str())))
            .min();
        match unknown {
            Some((room, step)) => Err(Error::Newer {
                room: room.clone(),
                step: step.clone(),
            }),
            None => Ok(()),
        }
    }

    fn sql_of(&self, step: &Step) -> &'static str {
        match self.engine() {
            Engine::Sqlite => step.sql_sqlite,
            Engine::Postgres => step.sql_postgres,
        }
    }

    async fn apply(&self, room: &'static str, step: &'static str, sql: &'static str) -> Result<()> {
        self.write(|tx| async move { apply(&tx, room, step, sql).await })
            .await
    }
}

/// Notes the step and runs it, unless somebody else has.
async fn apply(tx: &Tx, room: &str, step: &str, sql: &str) -> Result<()> {
    // the record comes first: a second server waits here for the first
    let mine = execute(
        tx,
        "INSERT INTO schema_migration (room, step, digest) VALUES ($1, $2, $3)
         ON CONFLICT (room, step) DO NOTHING",
        [room.into(), step.into(), digest_of(sql).into()],
    )
    .await?;
    if mine == 0 {
        return Ok(());
    }
    let done = tx.execute_unprepared(sql).await;
    done.map(|_| ()).map_err(|source: DbErr| Error::Step {
        room: room.to_owned(),
        step: step.to_owned(),
        source,
    })
}

/// Room and step of all steps, the platform's first.
pub(crate) fn steps_of(
    sets: &[MigrationSet],
) -> impl Iterator<Item = (&'static str, &'static str)> {
    let sets = with_platform(sets).into_iter();
    sets.flat_map(|set| set.steps.iter().map(move |step| (set.room, step.id)))
}

/// Applies those steps that are wanted, in their order, within one transaction.
pub(crate) async fn apply_steps(
    tx: &Tx,
    sets: &[MigrationSet],
    wanted: impl Fn(&str, &str) -> bool,
) -> Result<()> {
    run(tx, TABLE).await?;
    for set in with_platform(sets) {
        for step in set.steps {
            if wanted(set.room, step.id) {
                let sql = match tx.engine() {
                    Engine::Sqlite => step.sql_sqlite,
                    Engine::Postgres => step.sql_postgres,
                };
                apply(tx, set.room, step.id, sql).await?;
            }
        }
    }
    Ok(())
}

/// The names of the tables that the steps make, read from a database in memory; the same on both.
pub(crate) async fn tables_of(sets: &[MigrationSet]) -> Result<Vec<String>> {
    let db = Database::connect("sqlite::memory:").await?;
    db.migrate(sets).await?;
    let tables = db.tables().await?;
    db.close().await;
    Ok(tables)
}

async fn run(tx: &Tx, sql: &str) -> Result<()> {
    tx.execute_unprepared(sql).await?;
    Ok(())
}

fn changed(room: &str, step: &str) -> Error {
    Error::StepChanged {
        room: room.to_owned(),
        step: step.to_owned(),
    }
}

fn check_names(sets: &[MigrationSet]) -> Result<()> {
    let mut seen = HashSet::new();
    for set in sets {
        for step in set.steps {
            if !seen.insert((set.room, step.id)) {
                return Err(Error::StepTwice {
                    room: set.room.to_owned(),
                    step: step.id.to_owned(),
                });
            }
        }
    }
    Ok(())
}

fn digest_of(sql: &str) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(sql.as_bytes()) {
        let _infallible = write!(text, "{byte:02x}");
    }
    text
}
