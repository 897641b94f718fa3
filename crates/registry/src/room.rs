//! What the binary gets of the room.

use std::sync::Arc;

use zhida_platform::config::Config;
use zhida_platform::http::upload_limit;
use zhida_platform::room::{MenuItem, Room};

use crate::import::{ImportLimits, Importer};
use crate::{MIGRATIONS, Registry, api, pages};

/// State of the room's handlers.
#[derive(Clone)]
pub(crate) struct App {
    pub registry: Arc<Registry>,
    pub limits: ImportLimits,
}

impl App {
    pub(crate) fn importer(&self) -> Importer {
        Importer::new(Arc::clone(&self.registry))
    }
}

/// The room: pages, JSON endpoints, tables and menu.
pub fn room(registry: Arc<Registry>, config: &Config) -> Room {
    let app = App {
        registry,
        limits: ImportLimits::from(&config.limits),
    };
    let item = |label, href, officer_only| MenuItem {
        label,
        href,
        officer_only,
    };
    Room {
        name: "registry",
        routes: pages::routes(upload_limit(config)).with_state(app.clone()),
        api: api::routes(upload_limit(config)).with_state(app),
        migrations: MIGRATIONS,
        menu: vec![
            item("市场主体", "/enterprises", false),
            item("导入", "/enterprises/import", true),
            item("标签", "/tags", true),
        ],
    }
}
