//! Page frame, components, theme and vendored assets of all rooms; no business words.
//!
//! # Writing a room's page
//!
//! 1. The room's folder has `askama.toml` with `[general]` `dirs = ["templates", "../ui/templates"]`.
//! 2. The template extends the frame and imports the components:
//!
//! ```html
//! {% extends "ui/frame.html" %}
//! {% import "ui/components.html" as ui %}
//! {% block content %}
//! {% call ui::section("基本信息") %}
//!   {% call ui::summary_list() %}
//!     {{ ui::row("名称", name) }}
//!     {% call ui::row("结论") %}{{ ui::verdict(mark) }}{% endcall %}
//!   {% endcall %}
//! {% endcall %}
//! {% endblock %}
//! ```
//!
//! 3. The handler takes a [`Frame`], makes a [`Page`] and answers [`Html`] or [`PageError`]:
//!
//! ```
//! use askama::Template;
//! use zhida_platform::problem::Problem;
//! use zhida_ui::{Frame, Html, Page, PageError};
//!
//! #[derive(Template)]
//! #[template(source = "{{ page.title }}：{{ name }}", ext = "html")]
//! struct ShowPage {
//!     page: Page,
//!     name: String,
//! }
//!
//! async fn show(frame: Frame) -> Result<Html<ShowPage>, PageError> {
//!     let name = load().map_err(PageError::from)?;
//!     let page = frame.page("企业档案").active("/enterprises").crumb("市场主体", "/enterprises");
//!     Ok(Html(ShowPage { page, name }))
//! }
//!
//! fn load() -> Result<String, Problem> {
//!     Ok("湖州某某有限公司".to_owned())
//! }
//! ```
//!
//! Rules: no inline script, style or event attribute (the content security policy blocks them); every page works
//! without JavaScript; `hx-*` attributes only beside a plain `href` or `action`; no `hx-on` and no `[filter]` in
//! `hx-trigger`, which need eval. Which macro for what: `docs/ui.md`; all of them at work: [`gallery`].

// Templates of this crate name paths as those of the rooms do.
extern crate self as zhida_ui;

mod address;
pub mod assets;
pub mod chart;
mod error_page;
pub mod exports;
mod fields;
mod form;
mod frame;
pub mod gallery;
mod html;
pub mod industries;
mod local;
mod page;
pub mod phrases;
pub mod places;
pub mod thread;
mod views;

pub use address::{address, filtered};
pub use error_page::PageError;
pub use exports::Exports;
pub use fields::Fields;
pub use form::{Choice, FormErrors, Mark, Pager, Tab};
pub use frame::with_frame;
pub use html::{Html, is_htmx};
pub use local::safe_address;
pub use page::{Crumb, Frame, MenuGroup, Notice, Page, Shell, Tone, Unread};
pub use thread::{ThreadForm, ThreadView};
pub use views::SavedView;
