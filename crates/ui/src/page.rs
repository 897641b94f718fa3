//! What every page carries: title, lead, menu, notices; and the shell that knows the menu.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use zhida_platform::access::Viewer;
use zhida_platform::export::ExportTemplates;
use zhida_platform::room::MenuItem;

use crate::{assets, is_htmx};

/// Menu entries from which on groups have headings; fewer are found without.
const HEADED_FROM: usize = 9;

/// A part of the menu under a heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuGroup {
    /// The heading; empty for none.
    pub label: &'static str,
    /// The entries under it, in the order shown.
    pub items: Vec<MenuItem>,
}

impl MenuGroup {
    /// Entries under a heading; an empty heading is not shown.
    pub fn new(label: &'static str, items: Vec<MenuItem>) -> Self {
        Self { label, items }
    }
}

/// What a viewer sees of the menu: the entries of what the viewer may do; groups without any are left out, and the
/// headings, too, where there is little to find.
fn menu_for(viewer: &Viewer, menu: &[MenuGroup]) -> Vec<MenuGroup> {
    let may = |item: &&MenuItem| item.action.is_none_or(|action| viewer.may(action));
    let seen = |group: &MenuGroup| {
        let items: Vec<MenuItem> = group.items.iter().filter(may).cloned().collect();
        (!items.is_empty()).then(|| MenuGroup::new(group.label, items))
    };
    let groups: Vec<MenuGroup> = menu.iter().filter_map(seen).collect();
    let items = groups.iter().map(|group| group.items.len());
    match items.sum::<usize>() {
        0 => Vec::new(),
        HEADED_FROM.. => groups,
        _ => {
            let items = groups.into_iter().flat_map(|group| group.items);
            vec![MenuGroup::new("", items.collect())]
        }
    }
}

/// What all pages of one server share. Cheap to clone.
#[derive(Clone)]
pub struct Shell {
    /// The menu of all rooms, in the order shown; a viewer sees the entries of what the viewer may do.
    pub menu: Arc<[MenuGroup]>,
    /// Version of the program, shown in the footer.
    pub version: &'static str,
    /// Whether the data are generated: shows the banner that says so.
    pub demo: bool,
    /// Who looks at the pages when nobody put a [`Viewer`] into the request.
    pub viewer: Viewer,
    /// Whether there is a page to sign in on.
    pub sign_in: bool,
    /// Where accounts keep templates of exports; `None` where the routes of [`crate::exports::router`] are not served.
    pub templates: Option<ExportTemplates>,
}

impl Default for Shell {
    /// No menu, no demonstration data, a public viewer: what a room's own tests need.
    fn default() -> Self {
        Self {
            menu: Arc::new([]),
            version: env!("CARGO_PKG_VERSION"),
            demo: false,
            viewer: Viewer::visitor(),
            sign_in: false,
            templates: None,
        }
    }
}

/// Extractor from which a handler makes its [`Page`].
///
/// It never refuses: without [`crate::with_frame`] around the router it holds the default [`Shell`].
#[derive(Clone)]
pub struct Frame {
    /// Who looks at the page.
    pub viewer: Viewer,
    /// Whether htmx asks for a fragment (see [`is_htmx`]).
    pub htmx: bool,
    pub(crate) shell: Shell,
    /// Path and query of the page, to come back to.
    pub(crate) here: String,
    unread: Option<Unread>,
}

/// How many messages whoever looks has not read, for the head of the page; put into the request's
/// extensions by whoever counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unread(pub u64);

impl Unread {
    /// The largest number that is shown; more are “99+”, so nobody has to count them all.
    pub const MOST: u32 = 99;

    /// As the head of a page says it.
    pub fn words(self) -> String {
        match self.0 {
            0 => "消息".to_owned(),
            few if few <= u64::from(Self::MOST) => format!("未读消息 {few}"),
            _ => format!("未读消息 {}+", Self::MOST),
        }
    }
}

impl Frame {
    /// A page with this title; the builder methods of [`Page`] add the rest.
    pub fn page(&self, title: impl Into<String>) -> Page {
        Page {
            unread: self.unread,
            ..Page::new(&self.shell, &self.viewer, title.into())
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Frame {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let shell = parts.extensions.get::<Shell>().cloned().unwrap_or_default();
        let viewer = parts
            .extensions
            .get::<Viewer>()
            .cloned()
            .unwrap_or_else(|| shell.viewer.clone());
        let here = parts.uri.path_and_query();
        Ok(Self {
            here: here.map_or("/", |here| here.as_str()).to_owned(),
            viewer,
            htmx: is_htmx(&parts.headers),
            unread: parts.extensions.get::<Unread>().copied(),
            shell,
        })
    }
}

/// The tone of a notice, tag or figure; always beside words, never colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Neutral information.
    Info,
    /// Something succeeded.
    Success,
    /// Something needs attention.
    Warning,
    /// Something failed.
    Error,
}

impl Tone {
    /// Class suffix in the theme.
    pub fn class(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// The word that stands before the text, so that the tone does not depend on colour.
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "提示",
            Self::Success => "完成",
            Self::Warning => "注意",
            Self::Error => "出错",
        }
    }
}

/// A message on top of a page.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Tone of the message.
    pub tone: Tone,
    /// The sentence.
    pub text: String,
}

/// A step of the path above the title.
#[derive(Clone, Debug)]
pub struct Crumb {
    /// Words shown.
    pub label: String,
    /// Address.
    pub href: String,
}

/// The frame's part of a page. Every room's template struct has it as field `page`.
#[derive(Clone, Debug)]
pub struct Page {
    /// Title: in the browser's tab and as the page's only `h1`.
    pub title: String,
    /// One or two sentences under the title; empty for none.
    pub lead: String,
    /// `href` of the menu item this page belongs to.
    pub active: String,
    /// Path above the title.
    pub crumbs: Vec<Crumb>,
    /// Messages on top.
    pub notices: Vec<Notice>,
    /// A sentence saying as whom one looks and what that allows; empty for the public.
    pub viewer_banner: String,
    /// Whether somebody has signed in: shows the way to the own account and out.
    pub signed_in: bool,
    /// Messages that whoever looks has not read; `None` when nobody counted.
    pub unread: Option<Unread>,
    /// Whether to offer to sign in.
    pub sign_in: bool,
    /// Menu entries this viewer may see, in their groups.
    pub menu: Vec<MenuGroup>,
    /// Version of the program.
    pub version: &'static str,
    /// Whether the data are generated.
    pub demo: bool,
    /// Back office: wider and denser.
    pub office: bool,
    /// Whether the frame leaves the heading to the page (home pages with a hero).
    pub own_heading: bool,
}

impl Page {
    /// A page of `shell` for `viewer`. Handlers use [`Frame::page`]; tests and error pages use this.
    pub fn new(shell: &Shell, viewer: &Viewer, title: String) -> Self {
        Self {
            title,
            lead: String::new(),
            active: String::new(),
            crumbs: Vec::new(),
            notices: Vec::new(),
            viewer_banner: viewer.banner(),
            signed_in: viewer.as_person().is_some(),
            unread: None,
            sign_in: shell.sign_in && viewer.as_person().is_none(),
            menu: menu_for(viewer, &shell.menu),
            version: shell.version,
            demo: shell.demo,
            office: false,
            own_heading: false,
        }
    }

    /// Sets the sentence under the title.
    #[must_use]
    pub fn lead(mut self, lead: impl Into<String>) -> Self {
        self.lead = lead.into();
        self
    }

    /// Marks the menu item with this `href` as the current one.
    #[must_use]
    pub fn active(mut self, href: impl Into<String>) -> Self {
        self.active = href.into();
        self
    }

    /// Adds a step to the path above the title.
    #[must_use]
    pub fn crumb(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.crumbs.push(Crumb {
            label: label.into(),
            href: href.into(),
        });
        self
    }

    /// Adds a message on top of the page.
    #[must_use]
    pub fn notice(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.notices.push(Notice {
            tone,
            text: text.into(),
        });
        self
    }

    /// Makes the page wider and denser, for lists that officers work through.
    #[must_use]
    pub fn office(mut self) -> Self {
        self.office = true;
        self
    }

    /// Leaves the `h1` to the page's own content.
    #[must_use]
    pub fn own_heading(mut self) -> Self {
        self.own_heading = true;
        self
    }

    /// Whether a menu item is the current one; used by the frame.
    pub fn is_active(&self, href: &str) -> bool {
        self.active == href
    }

    /// Whether the menu has headings, and is folded on a phone; used by the frame.
    pub fn has_headed_menu(&self) -> bool {
        self.menu.iter().any(|group| !group.label.is_empty())
    }

    /// Label of the menu item this page belongs to; used by the frame.
    pub fn active_label(&self) -> Option<&'static str> {
        let mut items = self.menu.iter().flat_map(|group| &group.items);
        let item = items.find(|item| self.is_active(item.href));
        item.map(|item| item.label)
    }

    /// Address of an asset with its digest; used by the frame.
    pub fn asset(&self, name: &str) -> &'static str {
        assets::url(name)
    }
}

#[cfg(test)]
mod tests {
    use zhida_platform::access::Action;

    use super::*;

    const READ: Option<Action> = Some(Action("policy.read"));
    const MANAGE: Option<Action> = Some(Action("tag.manage"));

    fn item(label: &'static str, href: &'static str, action: Option<Action>) -> MenuItem {
        MenuItem {
            label,
            href,
            action,
        }
    }

    #[test]
    fn many_unread_messages_are_not_counted_out() {
        let said = [0, 1, 99, 100, 40_000].map(|unread| Unread(unread).words());
        let many = "未读消息 99+";
        assert_eq!(said, ["消息", "未读消息 1", "未读消息 99", many, many]);
    }

    fn page(menu: Vec<MenuGroup>, viewer: &Viewer) -> Page {
        let shell = Shell {
            menu: menu.into(),
            ..Shell::default()
        };
        Page::new(&shell, viewer, "甲".into())
    }

    fn small() -> Vec<MenuGroup> {
        let policies = item("惠企政策", "/policies", READ);
        let platform = vec![
            item("标签", "/tags", MANAGE),
            item("开放接口", "/api", None),
        ];
        vec![
            MenuGroup::new("政策", vec![policies]),
            MenuGroup::new("平台", platform),
        ]
    }

    /// With one group that only officers see something of.
    fn large() -> Vec<MenuGroup> {
        let desks = ["/1", "/2", "/3", "/4", "/5", "/6"].map(|href| item("办件", href, MANAGE));
        let mut menu = small();
        menu.insert(1, MenuGroup::new("办理", desks.into()));
        menu
    }

    fn labels(page: &Page) -> Vec<(&'static str, usize)> {
        let groups = page.menu.iter();
        groups
            .map(|group| (group.label, group.items.len()))
            .collect()
    }

    #[test]
    fn the_menu_follows_the_rights() {
        let public = page(small(), &Viewer::visitor());
        assert_eq!(labels(&public), [("", 2)]);
        assert!(public.viewer_banner.is_empty());
        let officer = Viewer::officer("演示管理员");
        let office = page(small(), &officer);
        assert_eq!(labels(&office), [("", 3)]);
        assert!(office.viewer_banner.contains("演示管理员"));
        assert_eq!(labels(&page(Vec::new(), &officer)), []);
    }

    #[test]
    fn a_long_menu_has_headings_and_only_those_with_entries() {
        let officer = Viewer::officer("演示管理员");
        let office = page(large(), &officer);
        assert_eq!(labels(&office), [("政策", 1), ("办理", 6), ("平台", 2)]);
        assert!(office.has_headed_menu());
        let public = page(large(), &Viewer::visitor());
        assert_eq!(labels(&public), [("", 2)]);
        assert!(!public.has_headed_menu());
    }

    #[test]
    fn the_current_entry_is_known_by_its_address() {
        let officer = Viewer::officer("演示管理员");
        let office = page(large(), &officer).active("/tags");
        assert_eq!(office.active_label(), Some("标签"));
        assert_eq!(office.active("/elsewhere").active_label(), None);
    }
}
