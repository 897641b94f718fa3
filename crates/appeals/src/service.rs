//! The room's state; its use cases stand in the modules.

use std::sync::{Arc, RwLock};

use zhida_letters::Press;
use zhida_platform::cases::{Departments, Hierarchy};
use zhida_platform::clock::SharedClock;
use zhida_platform::db::Database;
use zhida_platform::files::FileStore;
use zhida_platform::messages::Messages;
use zhida_platform::phrases::Phrases;
use zhida_platform::thread::Threads;
use zhida_registry::Registry;

use crate::cases::Memory;

/// What the room stands on.
#[derive(Clone)]
pub struct Ground {
    /// The migrated database.
    pub db: Database,
    /// The time.
    pub clock: SharedClock,
    /// Tells people; it must know [`crate::EVENTS`].
    pub messages: Messages,
    /// Where files lie.
    pub files: FileStore,
    /// 市场主体库.
    pub registry: Arc<Registry>,
    /// Finds the bodies that are charged and asked.
    pub departments: Arc<dyn Departments>,
    /// Who stands above them.
    pub hierarchy: Arc<dyn Hierarchy>,
    /// Prints the monthly report.
    pub press: Press,
    /// The site's own address without a slash at its end; empty when nobody set it.
    pub site: String,
}

/// 诉求. Made once at start, after the migrations, and shared.
pub struct Appeals {
    pub(crate) db: Database,
    pub(crate) clock: SharedClock,
    pub(crate) messages: Messages,
    pub(crate) files: FileStore,
    pub(crate) registry: Arc<Registry>,
    pub(crate) departments: Arc<dyn Departments>,
    pub(crate) hierarchy: Arc<dyn Hierarchy>,
    pub(crate) press: Press,
    pub(crate) site: String,
    pub(crate) threads: Threads,
    pub(crate) phrases: Phrases,
    /// What is remembered of texts: the model and the index, made again at start.
    pub(crate) memory: Arc<RwLock<Memory>>,
}

impl Appeals {
    /// The room.
    #[must_use]
    pub fn new(ground: Ground) -> Arc<Self> {
        Arc::new(Self {
            threads: Threads::new(ground.files.clone(), ground.clock.clone()),
            phrases: Phrases::new(ground.db.clone(), ground.clock.clone(), &crate::talk::BOOK),
            db: ground.db,
            clock: ground.clock,
            messages: ground.messages,
            files: ground.files,
            registry: ground.registry,
            departments: ground.departments,
            hierarchy: ground.hierarchy,
            press: ground.press,
            site: ground.site,
            memory: Arc::default(),
        })
    }
}
