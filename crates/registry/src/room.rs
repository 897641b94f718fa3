//! What the binary gets of the room.

use std::sync::Arc;

use zhida_platform::config::Config;
use zhida_platform::http::upload_limit;
use zhida_platform::jobs::Jobs;
use zhida_platform::room::{MenuItem, Room};

use crate::import::{ImportLimits, Importer};
use crate::{MIGRATIONS, Registry, api, pages, rights};

/// State of the room's handlers.
#[derive(Clone)]
pub(crate) struct App {
    pub registry: Arc<Registry>,
    pub limits: ImportLimits,
    pub jobs: Jobs,
}

impl App {
    pub(crate) fn importer(&self) -> Importer {
        Importer::new(Arc::clone(&self.registry))
    }
}

/// The room: pages, JSON endpoints, tables and menu. Imports are asked of `jobs`, where [`crate::background`] has
/// registered them.
pub fn room(registry: Arc<Registry>, jobs: Jobs, config: &Config) -> Room {
    let app = App {
        registry,
        limits: ImportLimits::from(&config.limits),
        jobs,
    };
    let item = |label, href, action| MenuItem {
        label,
        href,
        action: Some(action),
    };
    Room {
        name: "registry",
        routes: pages::routes(upload_limit(config)).with_state(app.clone()),
        api: api::routes(upload_limit(config)).with_state(app),
        migrations: MIGRATIONS,
        menu: vec![
            item("市场主体", "/enterprises", rights::LIST),
            item("导入", "/enterprises/import", rights::IMPORT),
            item("标签", "/tags", rights::TAGS),
        ],
    }
}
