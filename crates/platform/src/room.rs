//! What a room hands to the binary, its state already applied.

use axum::Router;
use utoipa_axum::router::OpenApiRouter;

use crate::access::Action;
use crate::db::MigrationSet;

/// One line of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuItem {
    /// Chinese text of the link.
    pub label: &'static str,
    /// Path within the site, beginning with `/`.
    pub href: &'static str,
    /// Shown to those who may do this; `None`: to everybody.
    pub action: Option<Action>,
}

/// A room: one library or desk with all of its domain.
pub struct Room {
    /// English name, also the first part of its tables' names.
    pub name: &'static str,
    /// Pages.
    pub routes: Router,
    /// JSON endpoints and their description.
    pub api: OpenApiRouter,
    /// Steps that build the room's tables.
    pub migrations: MigrationSet,
    /// Its lines in the menu, in order.
    pub menu: Vec<MenuItem>,
}
