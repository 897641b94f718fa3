//! `data/rights.toml`: which role may do what, and what each route asks for.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use axum::http::Method;
use serde::Deserialize;
use toml::Spanned;

use super::Level;

/// The word of `[routes]` for a route that asks for nothing.
const EVERYONE: &str = "everyone";
/// The role of those who have not signed in; every role has its rights.
const VISITOR: &str = "visitor";
/// The role of an account that acts in no seat; every role but the visitor's has its rights.
const ACCOUNT: &str = "account";

/// How many rows an action reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// `own`: those of the enterprise of the seat.
    Own,
    /// `place`: those within the division of the organisation.
    Place,
    /// `all`.
    All,
}

/// Where a role is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// `public`: nowhere.
    Public,
    /// `enterprise`: in an enterprise.
    Enterprise,
    /// `agency`: in an agency, under a dated mandate of an enterprise.
    Agency,
    /// `government`: in a government body.
    Government,
    /// `administration`: in the body that runs the platform; nobody holds two of these roles.
    Administration,
}

/// A role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// English name, kept in seats.
    pub id: String,
    /// Chinese name.
    pub name: String,
    /// Where it is held.
    pub side: Side,
    /// The facts it sees of rows within reach: this level and below.
    pub facts: Level,
    /// Whether it sees names, numbers and addresses of persons plain.
    pub personal: bool,
    /// Whether its rights ask for a second factor.
    pub second_factor: bool,
    may: BTreeMap<String, Scope>,
}

impl Role {
    /// What it may do, by the slug of the action, with what every role may do.
    pub fn may(&self) -> impl Iterator<Item = (&str, Scope)> {
        self.may
            .iter()
            .map(|(action, scope)| (action.as_str(), *scope))
    }

    /// How many rows an action reaches; `None` when the role may not do it.
    #[must_use]
    pub fn scope(&self, action: &str) -> Option<Scope> {
        self.may.get(action).copied()
    }

    /// Whether one person may not hold both: the administrators are kept apart.
    #[must_use]
    pub fn excludes(&self, other: &Self) -> bool {
        let administration = |role: &Self| role.side == Side::Administration;
        administration(self) && administration(other) && self.id != other.id
    }
}

/// What a route asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Open {
    /// Nothing.
    ToEveryone,
    /// That the viewer may do this action.
    To(String),
}

/// A route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Its method; HEAD is asked for like GET.
    pub method: Method,
    /// Its path as the router knows it: `/enterprises/{code}`.
    pub path: String,
    /// What it asks for.
    pub open: Open,
}

/// Why a table of rights cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("权限表第 {line} 行：{message}")]
pub struct RightsError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
}

/// The table: actions, roles, routes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    actions: BTreeMap<String, String>,
    roles: Vec<Role>,
    routes: BTreeMap<String, Vec<Route>>,
    visitor: usize,
    account: usize,
}

static SHIPPED: LazyLock<Rights> =
    LazyLock::new(
        || match Rights::parse(include_str!("../../../../data/rights.toml")) {
            Ok(rights) => rights,
            Err(error) => panic!("{error}"),
        },
    );

impl Rights {
    /// The table that is compiled in, `data/rights.toml`. It is read and checked at the first call,
    /// which the program makes at its start.
    ///
    /// # Panics
    /// When the table is wrong, naming the line; a test reads it first.
    pub fn shipped() -> &'static Self {
        &SHIPPED
    }

    /// Reads and checks a table.
    ///
    /// # Errors
    /// The line of the first mistake: no TOML, a name that is not there or twice, a missing role.
    pub fn parse(text: &str) -> Result<Self, RightsError> {
        Reading { text }.rights()
    }

    /// All actions with their Chinese names, by slug.
    pub fn actions(&self) -> impl Iterator<Item = (&str, &str)> {
        self.actions
            .iter()
            .map(|(slug, name)| (slug.as_str(), name.as_str()))
    }

    /// The Chinese name of an action.
    #[must_use]
    pub fn action_name(&self, slug: &str) -> Option<&str> {
        self.actions.get(slug).map(String::as_str)
    }

    /// All roles in the order of the table.
    #[must_use]
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// The role with this id.
    #[must_use]
    pub fn role(&self, id: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.id == id)
    }

    /// The role of those who have not signed in.
    #[must_use]
    pub fn visitor(&self) -> &Role {
        &self.roles[self.visitor]
    }

    /// The role of an account without a seat.
    #[must_use]
    pub fn account(&self) -> &Role {
        &self.roles[self.account]
    }

    /// All routes by path.
    pub fn routes(&self) -> impl Iterator<Item = &Route> {
        self.routes.values().flatten()
    }

    /// The routes of a path, one for each method.
    #[must_use]
    pub fn routes_at(&self, path: &str) -> &[Route] {
        self.routes.get(path).map_or(&[], Vec::as_slice)
    }
}

type Text = Spanned<String>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    actions: BTreeMap<Text, String>,
    roles: Vec<RoleLines>,
    routes: BTreeMap<Text, Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleLines {
    id: Text,
    name: String,
    side: Text,
    facts: Text,
    personal: Text,
    #[serde(default)]
    second_factor: bool,
    may: BTreeMap<Text, Text>,
}

struct Reading<'a> {
    text: &'a str,
}

impl Reading<'_> {
    fn error(&self, at: Range<usize>, message: String) -> RightsError {
        let before = self.text.get(..at.start).unwrap_or(self.text);
        RightsError {
            line: before.matches('\n').count() + 1,
            message,
        }
    }

    fn rights(&self) -> Result<Rights, RightsError> {
        let file: File = toml::from_str(self.text).map_err(|error| {
            let at = error.span().unwrap_or_default();
            self.error(at, format!("写法有误（{}）", error.message()))
        })?;
        let mut rights = Rights {
            actions: BTreeMap::new(),
            roles: Vec::new(),
            routes: BTreeMap::new(),
            visitor: 0,
            account: 0,
        };
        for (slug, name) in file.actions {
            rights.actions.insert(slug.into_inner(), name);
        }
        for lines in &file.roles {
            if rights.role(lines.id.get_ref()).is_some() {
                return Err(self.twice(&lines.id));
            }
            let role = self.role(&rights, lines)?;
            rights.roles.push(role);
        }
        for (key, open) in &file.routes {
            let route = self.route_of(&rights, key, open)?;
            rights
                .routes
                .entry(route.path.clone())
                .or_default()
                .push(route);
        }
        rights.visitor = self.position(&rights, VISITOR)?;
        rights.account = self.position(&rights, ACCOUNT)?;
        rights.hand_down();
        Ok(rights)
    }

    fn role(&self, rights: &Rights, lines: &RoleLines) -> Result<Role, RightsError> {
        let mut may = BTreeMap::new();
        for (action, scope) in &lines.may {
            self.known(rights, action)?;
            let scope = self.one_of(
                scope,
                &[
                    ("own", Scope::Own),
                    ("place", Scope::Place),
                    ("all", Scope::All),
                ],
            )?;
            may.insert(action.get_ref().clone(), scope);
        }
        Ok(Role {
            id: lines.id.get_ref().clone(),
            name: lines.name.clone(),
            side: self.one_of(
                &lines.side,
                &[
                    ("public", Side::Public),
                    ("enterprise", Side::Enterprise),
                    ("agency", Side::Agency),
                    ("government", Side::Government),
                    ("administration", Side::Administration),
                ],
            )?,
            facts: self.one_of(
                &lines.facts,
                &[
                    ("public", Level::Public),
                    ("internal", Level::Internal),
                    ("confidential", Level::Confidential),
                ],
            )?,
            personal: self.one_of(&lines.personal, &[("masked", false), ("plain", true)])?,
            second_factor: lines.second_factor,
            may,
        })
    }

    fn route_of(&self, rights: &Rights, key: &Text, open: &Text) -> Result<Route, RightsError> {
        let wrong = || {
            let message = format!("“{}”应写成“GET /路径”", key.get_ref());
            self.error(key.span(), message)
        };
        let (method, path) = key.get_ref().split_once(' ').ok_or_else(wrong)?;
        let method = match method {
            "GET" => Method::GET,
            "POST" => Method::POST,
            "PUT" => Method::PUT,
            "PATCH" => Method::PATCH,
            "DELETE" => Method::DELETE,
            _ => return Err(wrong()),
        };
        if !path.starts_with('/') || path.contains(' ') {
            return Err(wrong());
        }
        let open = match open.get_ref().as_str() {
            EVERYONE => Open::ToEveryone,
            action => {
                self.known(rights, open)?;
                Open::To(action.to_owned())
            }
        };
        let path = path.to_owned();
        Ok(Route { method, path, open })
    }

    fn known(&self, rights: &Rights, action: &Text) -> Result<(), RightsError> {
        match rights.actions.contains_key(action.get_ref()) {
            true => Ok(()),
            false => {
                let message = format!("[actions] 里没有“{}”", action.get_ref());
                Err(self.error(action.span(), message))
            }
        }
    }

    fn one_of<T: Copy>(&self, word: &Text, words: &[(&str, T)]) -> Result<T, RightsError> {
        let found = words.iter().find(|(known, _)| known == word.get_ref());
        found.map(|(_, value)| *value).ok_or_else(|| {
            let known: Vec<&str> = words.iter().map(|(known, _)| *known).collect();
            let message = format!("“{}”不认识，应为 {}", word.get_ref(), known.join("、"));
            self.error(word.span(), message)
        })
    }

    fn twice(&self, word: &Text) -> RightsError {
        self.error(word.span(), format!("“{}”出现了两次", word.get_ref()))
    }

    fn position(&self, rights: &Rights, id: &str) -> Result<usize, RightsError> {
        let found = rights.roles.iter().position(|role| role.id == id);
        found.ok_or_else(|| self.error(0..0, format!("缺少角色 {id}")))
    }
}

impl Rights {
    /// What visitors may do everybody may, what an account may everybody who has signed in; the
    /// own word of a role comes first, so that it can be narrower.
    fn hand_down(&mut self) {
        let visitor = self.visitor().may.clone();
        let mut account = self.account().may.clone();
        for (action, scope) in &visitor {
            account.entry(action.clone()).or_insert(*scope);
        }
        let first = self.visitor;
        for (at, role) in self.roles.iter_mut().enumerate() {
            if at == first {
                continue;
            }
            for (action, scope) in &account {
                role.may.entry(action.clone()).or_insert(*scope);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const TABLE: &str = r#"
[actions]
"policy.read" = "查看政策"
"enterprise.list" = "查询名录"
"account.own" = "管理自己的账号"

[[roles]]
id = "visitor"
name = "访客"
side = "public"
facts = "public"
personal = "masked"
may = { "policy.read" = "all", "enterprise.list" = "all" }

[[roles]]
id = "account"
name = "未任职"
side = "public"
facts = "public"
personal = "masked"
may = { "account.own" = "all" }

[[roles]]
id = "clerk"
name = "经办人员"
side = "government"
facts = "internal"
personal = "plain"
second_factor = true
may = { "enterprise.list" = "place" }

[routes]
"GET /healthz" = "everyone"
"GET /enterprises" = "enterprise.list"
"#;

    #[test]
    fn the_shipped_table_is_right() {
        assert!(Rights::shipped().roles().len() > 10);
        assert!(Rights::shipped().routes().count() > 30);
    }

    #[test]
    fn no_role_is_called_like_another() {
        let names = || Rights::shipped().roles().iter().map(|role| &role.name);
        for name in names() {
            let alike = names().filter(|other| other.contains(name.as_str()));
            assert_eq!(alike.collect::<Vec<_>>(), [name]);
        }
    }

    #[test]
    fn a_role_has_what_everybody_has_unless_it_says_otherwise() {
        let rights = Rights::parse(TABLE).expect("right");
        let clerk = rights.role("clerk").expect("there");
        assert_eq!(clerk.scope("policy.read"), Some(Scope::All));
        assert_eq!(clerk.scope("account.own"), Some(Scope::All));
        assert_eq!(clerk.scope("enterprise.list"), Some(Scope::Place));
        assert_eq!(rights.visitor().scope("account.own"), None);
        let listed = &rights.routes_at("/enterprises")[0];
        assert_eq!(listed.open, Open::To("enterprise.list".to_owned()));
        assert_eq!(rights.routes_at("/healthz")[0].open, Open::ToEveryone);
        assert!(rights.routes_at("/nothing").is_empty());
    }

    #[rstest]
    #[case::unknown_action(
        r#""enterprise.list" = "place" }"#,
        r#""enterprise.lost" = "place" }"#,
        30,
        "enterprise.lost"
    )]
    #[case::unknown_scope(
        r#""enterprise.list" = "place" }"#,
        r#""enterprise.list" = "plaice" }"#,
        30,
        "own、place、all"
    )]
    #[case::unknown_side(r#"side = "government""#, r#"side = "goverment""#, 26, "goverment")]
    #[case::unknown_level(r#"facts = "internal""#, r#"facts = "secret""#, 27, "secret")]
    #[case::unknown_masking(r#"personal = "plain""#, r#"personal = "yes""#, 28, "masked、plain")]
    #[case::role_twice(r#"id = "clerk""#, r#"id = "account""#, 24, "两次")]
    #[case::route_of_an_unknown_action(
        r#"= "enterprise.list"
"#,
        r#"= "enterprise.see"
"#,
        34,
        "enterprise.see"
    )]
    #[case::route_twice(r#""GET /healthz" ="#, r#""GET /enterprises" ="#, 34, "写法有误")]
    #[case::method(r#""GET /healthz""#, r#""FETCH /healthz""#, 33, "GET /路径")]
    #[case::no_path(r#""GET /healthz""#, r#""GET healthz""#, 33, "GET /路径")]
    #[case::unknown_key(r#"second_factor"#, r#"third_factor"#, 29, "写法有误")]
    #[case::no_visitor(r#"id = "visitor""#, r#"id = "guest""#, 1, "visitor")]
    fn a_mistake_is_told_with_its_line(
        #[case] right: &str,
        #[case] wrong: &str,
        #[case] line: usize,
        #[case] says: &str,
    ) {
        assert!(TABLE.contains(right), "the case changes something");
        let error = Rights::parse(&TABLE.replacen(right, wrong, 1)).expect_err("wrong");
        assert_eq!(error.line, line, "{error}");
        assert!(error.message.contains(says), "{error}");
    }

    #[test]
    fn administrators_exclude_each_other() {
        let rights = Rights::shipped();
        let role = |id| rights.role(id).expect("there");
        assert!(role("sysadmin").excludes(role("secadmin")));
        assert!(role("auditor").excludes(role("sysadmin")));
        assert!(!role("auditor").excludes(role("auditor")));
        assert!(!role("clerk").excludes(role("auditor")));
    }
}
