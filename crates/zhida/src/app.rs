//! The program put together: database, rooms, routes. The only list of rooms.

use std::sync::Arc;

use anyhow::{Context, Result};
use zhida_platform::{
    clock::{SharedClock, SystemClock},
    config::Config,
    db::Database,
};
use zhida_policies::Policies;
use zhida_registry::Registry;
use zhida_rules::Dictionary;

use crate::cli::Store;

/// The rooms over one database.
pub struct App {
    /// 市场主体库.
    pub registry: Arc<Registry>,
    /// 惠企政策库.
    pub policies: Arc<Policies>,
    /// The clock of the whole program.
    pub clock: SharedClock,
}

/// The settings of a command: defaults, file, environment, command line.
pub fn config(store: &Store) -> Result<Config> {
    let mut config = Config::load(store.config.as_deref())?;
    if let Some(url) = &store.database {
        config.database.url = url.clone();
    }
    Ok(config)
}

impl App {
    /// Opens the database, brings its schema up to date and builds the rooms.
    pub async fn open(config: &Config) -> Result<Self> {
        let db = Database::connect(&config.database.url).await.context("打不开数据库")?;
        db.migrate(&[zhida_registry::migrations(), zhida_policies::migrations()])
            .await
            .context("无法更新数据库结构")?;
        let dictionary = Dictionary::shipped();
        let clock: SharedClock = Arc::new(SystemClock);
        let registry = Arc::new(Registry::new(db.clone(), dictionary, clock.clone()));
        let policies = Arc::new(Policies::new(db, dictionary, clock.clone()).await?);
        Ok(Self { registry, policies, clock })
    }
}
