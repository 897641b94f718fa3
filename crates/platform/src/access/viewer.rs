//! Whoever made a request, and what that allows.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use uuid::Uuid;
use zhida_standards::division::DivisionCode;

use super::{Action, Level, Reach, Rights, Role, Row, Scope, gate};
use crate::problem::Problem;

/// The account of [`Viewer::officer`].
const OFFICER: Uuid = Uuid::from_u128(0x0000_7a68_6964_7000_8000_0000_0000_0001);
/// The seats of [`Viewer::officer`].
const OFFICER_ROLES: [&str; 4] = ["clerk", "specialist", "policy_editor", "data_manager"];

/// Whoever made the request. Cheap to clone.
///
/// As an extractor it is what was put into the request's extensions, and [`Viewer::visitor`] when
/// nothing was put there: forgetting to sign somebody in can only show less.
#[derive(Debug, Clone)]
pub struct Viewer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: String,
    kind: Kind,
    /// What may be done is what one of these may do.
    roles: Vec<&'static Role>,
}

#[derive(Debug)]
enum Kind {
    Visitor,
    Person(Box<Person>),
    /// An officer of everything, for the demonstration and for tests.
    Officer,
    /// The program itself.
    System,
}

/// Somebody who has signed in, or whose token was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The account.
    pub account: Uuid,
    /// The person's name.
    pub name: String,
    /// The seat in which the session acts; without one a person may no more than look after the own account.
    pub seat: Option<Seat>,
    /// Whether a second factor was given. A role that asks for one gives no rights without it. A
    /// token, which only such a session can make, counts as one that was given.
    pub second_factor: bool,
    /// The slugs of the actions to which a token cuts down the seat's rights; `None` for a session.
    pub token: Option<Vec<String>>,
    /// From where the request came.
    pub origin: Origin,
}

/// A seat: what somebody is, where, at the time of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// Its id.
    pub id: Uuid,
    /// The government body or agency; `None` in a seat of an enterprise.
    pub organisation: Option<Uuid>,
    /// The name of the body, agency or enterprise.
    pub organisation_name: String,
    /// Id of a role of `data/rights.toml`.
    pub role: String,
    /// The division of the government body; rights on a place reach what lies in it.
    pub division: Option<String>,
    /// The enterprise whose rows are its own: the seat's, or the one that gave the agency its mandate.
    pub enterprise: Option<String>,
    /// The name of the enterprise that gave the agency its mandate.
    pub on_behalf_of: Option<String>,
}

/// From where a request came, for the audit record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// The address of the client.
    pub address: Option<IpAddr>,
    /// What the client says it is (`User-Agent`), shortened.
    pub agent: String,
}

static VISITOR: LazyLock<Viewer> = LazyLock::new(|| {
    Viewer(Arc::new(Inner {
        name: "公众".to_owned(),
        kind: Kind::Visitor,
        roles: vec![Rights::shipped().visitor()],
    }))
});

impl Default for Viewer {
    fn default() -> Self {
        Self::visitor()
    }
}

impl Viewer {
    /// Nobody that has signed in.
    #[must_use]
    pub fn visitor() -> Self {
        VISITOR.clone()
    }

    /// Somebody who has signed in; made by the room of accounts only.
    ///
    /// A role that is not in the table, or whose second factor is missing, leaves what an account
    /// without a seat may do.
    #[must_use]
    pub fn person(person: Person) -> Self {
        let rights = Rights::shipped();
        let seat = person.seat.as_ref();
        let role = seat
            .and_then(|seat| rights.role(&seat.role))
            .filter(|role| person.second_factor || !role.second_factor);
        let name = match (&person.name, seat) {
            (name, Some(seat)) => match &seat.on_behalf_of {
                Some(enterprise) => {
                    format!("{enterprise}（由{} {name}代办）", seat.organisation_name)
                }
                None => name.clone(),
            },
            (name, None) => name.clone(),
        };
        Self(Arc::new(Inner {
            name,
            roles: vec![role.unwrap_or_else(|| rights.account())],
            kind: Kind::Person(Box::new(person)),
        }))
    }

    /// The program itself: command line and jobs. It may do everything.
    #[must_use]
    pub fn system(name: &str) -> Self {
        Self(Arc::new(Inner {
            name: name.to_owned(),
            kind: Kind::System,
            roles: Vec::new(),
        }))
    }

    /// An officer who handles, edits and imports everything everywhere: the demonstration without
    /// sign-in, and tests.
    #[must_use]
    pub fn officer(name: &str) -> Self {
        let role = |id| Rights::shipped().role(id);
        Self(Arc::new(Inner {
            name: name.to_owned(),
            kind: Kind::Officer,
            roles: OFFICER_ROLES.into_iter().filter_map(role).collect(),
        }))
    }

    /// Whether the action may be done, on some row at least.
    #[must_use]
    pub fn may(&self, action: Action) -> bool {
        self.may_slug(action.0)
    }

    pub(super) fn may_slug(&self, action: &str) -> bool {
        match &self.0.kind {
            Kind::System => true,
            _ => self.scope(action).is_some(),
        }
    }

    /// Lets those through who may do the action.
    ///
    /// # Errors
    /// 401 with the address of the sign-in page for a visitor; 403 with what is missing for others.
    pub fn need(&self, action: Action) -> Result<(), Problem> {
        self.need_slug(action.0)
    }

    pub(super) fn need_slug(&self, action: &str) -> Result<(), Problem> {
        match self.may_slug(action) {
            true => Ok(()),
            false => Err(gate::refusal(self, action)),
        }
    }

    /// The rows that the action reaches.
    #[must_use]
    pub fn reach(&self, action: Action) -> Reach {
        match (&self.0.kind, self.scope(action.0)) {
            (Kind::System, _) | (Kind::Officer, Some(_)) | (_, Some(Scope::All)) => Reach::All,
            (_, None) => Reach::Nothing,
            (_, Some(scope)) => self
                .seat()
                .map_or(Reach::Nothing, |seat| reach(seat, scope)),
        }
    }

    /// Whether the action may be done on this row.
    #[must_use]
    pub fn covers(&self, action: Action, row: &Row) -> bool {
        self.reach(action).covers(row)
    }

    /// The viewer before this row: itself when the action reaches the row, else a visitor. What is
    /// shown of one row is asked of this one, so that an enterprise sees its own file whole and
    /// others’ as everybody does.
    #[must_use]
    pub fn facing(&self, action: Action, row: &Row) -> Self {
        match self.covers(action, row) {
            true => self.clone(),
            false => Self::visitor(),
        }
    }

    /// Whether facts of this level may be shown of rows within reach; of one row ask [`Viewer::facing`].
    #[must_use]
    pub fn can_see(&self, level: Level) -> bool {
        let sees = |role: &&Role| role.facts >= level;
        matches!(self.0.kind, Kind::System) || self.0.roles.iter().any(sees)
    }

    /// Whether what names a person is shown plain of rows within reach; otherwise [`super::mask`] is
    /// applied. Of one row ask [`Viewer::facing`].
    #[must_use]
    pub fn sees_personal(&self) -> bool {
        matches!(self.0.kind, Kind::System) || self.0.roles.iter().any(|role| role.personal)
    }

    /// The name as shown, with whom an agent acts for: “甲公司（由乙代办 丙代办）”.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The name for the audit record.
    #[must_use]
    pub fn actor(&self) -> &str {
        self.name()
    }

    /// As what one looks, for the line above every page; empty for a visitor.
    #[must_use]
    pub fn banner(&self) -> String {
        let name = self.name();
        match (&self.0.kind, self.seat()) {
            (Kind::Visitor, _) => String::new(),
            (Kind::Person(_), None) => format!("当前身份：{name}（未任职）"),
            (Kind::Person(_), Some(seat)) => {
                let role = Rights::shipped().role(&seat.role);
                let role = role.map_or(seat.role.as_str(), |role| role.name.as_str());
                match seat.on_behalf_of {
                    Some(_) => format!("当前身份：{name}"),
                    None => format!("当前身份：{name}（{}，{role}）", seat.organisation_name),
                }
            }
            (Kind::Officer, _) => format!("当前身份：{name}（工作人员视图）"),
            (Kind::System, _) => format!("当前身份：{name}（系统）"),
        }
    }

    /// The account; `None` for a visitor and for the program itself.
    #[must_use]
    pub fn account(&self) -> Option<Uuid> {
        match &self.0.kind {
            Kind::Person(person) => Some(person.account),
            Kind::Officer => Some(OFFICER),
            Kind::Visitor | Kind::System => None,
        }
    }

    /// The seat in which the person acts.
    #[must_use]
    pub fn seat(&self) -> Option<&Seat> {
        self.as_person()?.seat.as_ref()
    }

    /// The code of the enterprise for which the person acts.
    #[must_use]
    pub fn own_enterprise(&self) -> Option<&str> {
        self.seat()?.enterprise.as_deref()
    }

    /// Whoever has signed in, with all that is known of the session.
    #[must_use]
    pub fn as_person(&self) -> Option<&Person> {
        match &self.0.kind {
            Kind::Person(person) => Some(person),
            _ => None,
        }
    }

    /// Whether nobody has signed in.
    #[must_use]
    pub fn is_visitor(&self) -> bool {
        matches!(self.0.kind, Kind::Visitor)
    }

    /// The widest scope that a role gives, unless a token leaves the action out.
    fn scope(&self, action: &str) -> Option<Scope> {
        let cut = self.as_person().and_then(|person| person.token.as_ref());
        if cut.is_some_and(|actions| !actions.iter().any(|allowed| allowed == action)) {
            return None;
        }
        self.0
            .roles
            .iter()
            .filter_map(|role| role.scope(action))
            .max()
    }
}

fn reach(seat: &Seat, scope: Scope) -> Reach {
    match scope {
        Scope::All => Reach::All,
        Scope::Own => match &seat.enterprise {
            Some(code) => Reach::Own(vec![code.clone()]),
            None => Reach::Nothing,
        },
        Scope::Place => match seat.division.as_deref().map(DivisionCode::parse) {
            Some(Ok(code)) => Reach::Places(vec![code]),
            Some(Err(_)) | None => Reach::Nothing,
        },
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Viewer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: Action = Action("enterprise.read");
    const LIST: Action = Action("enterprise.list");
    const EDIT: Action = Action("policy.edit");
    const OWN: &str = "91330106MA27XL0A1B";

    fn seated(role: &str, division: Option<&str>, enterprise: Option<&str>) -> Person {
        Person {
            account: Uuid::from_u128(1),
            name: "张三".to_owned(),
            seat: Some(Seat {
                id: Uuid::from_u128(2),
                organisation: Some(Uuid::from_u128(3)),
                organisation_name: "某单位".to_owned(),
                role: role.to_owned(),
                division: division.map(str::to_owned),
                enterprise: enterprise.map(str::to_owned),
                on_behalf_of: None,
            }),
            second_factor: true,
            token: None,
            origin: Origin::default(),
        }
    }

    fn row<'a>(enterprise: &'a str, division: &'a str) -> Row<'a> {
        Row {
            enterprise: Some(enterprise),
            division: Some(division),
        }
    }

    #[test]
    fn a_visitor_sees_public_facts_only_and_writes_nothing() {
        let visitor = Viewer::default();
        assert!(visitor.is_visitor() && visitor.account().is_none());
        assert!(visitor.can_see(Level::Public));
        assert!(!visitor.can_see(Level::Internal) && !visitor.sees_personal());
        assert!(!visitor.may(EDIT) && !visitor.may(READ));
        assert_eq!(visitor.reach(LIST), Reach::All);
        assert_eq!(visitor.reach(READ), Reach::Nothing);
        assert_eq!(visitor.name(), "公众");
        assert!(visitor.banner().is_empty());
        assert_eq!(visitor.need(EDIT).expect_err("no").status.as_u16(), 401);
    }

    #[test]
    fn an_officer_of_everything_and_the_program_reach_every_row() {
        for viewer in [Viewer::officer("甲"), Viewer::system("夜间任务")] {
            assert!(viewer.can_see(Level::Confidential) && viewer.sees_personal());
            assert!(viewer.may(EDIT));
            assert_eq!(viewer.reach(READ), Reach::All);
        }
        assert!(Viewer::officer("甲").account().is_some());
        let rule_less = Action("nothing.like.this");
        assert!(!Viewer::officer("甲").may(rule_less));
        assert_eq!(Viewer::officer("甲").reach(rule_less), Reach::Nothing);
    }

    #[test]
    fn an_officer_of_a_county_reaches_its_rows_only() {
        let clerk = Viewer::person(seated("clerk", Some("330106"), None));
        assert!(clerk.covers(READ, &row(OWN, "330106109")));
        assert!(!clerk.covers(READ, &row(OWN, "330105")));
        let next = clerk.facing(READ, &row(OWN, "330105"));
        assert!(next.is_visitor() && !next.can_see(Level::Internal));
        assert!(clerk.facing(READ, &row(OWN, "330106")).sees_personal());
        assert_eq!(clerk.reach(EDIT), Reach::Nothing);
        assert_eq!(clerk.need(EDIT).expect_err("no").status.as_u16(), 403);
        assert_eq!(clerk.banner(), "当前身份：张三（某单位，经办人员）");
    }

    #[test]
    fn a_place_that_is_missing_or_no_code_reaches_nothing() {
        for division in [None, Some("33010"), Some("")] {
            let clerk = Viewer::person(seated("clerk", division, None));
            assert_eq!(clerk.reach(READ), Reach::Nothing, "{division:?}");
        }
    }

    #[test]
    fn an_enterprise_reaches_its_own_rows_and_sees_others_as_everybody() {
        let handler = Viewer::person(seated("handler", None, Some(OWN)));
        assert_eq!(handler.reach(READ), Reach::Own(vec![OWN.to_owned()]));
        assert!(
            handler
                .facing(READ, &row(OWN, "330105"))
                .can_see(Level::Confidential)
        );
        let other = handler.facing(READ, &row("91330106MA27XL0A2X", "330106"));
        assert!(!other.can_see(Level::Internal));
        assert_eq!(handler.reach(LIST), Reach::All);
    }

    #[test]
    fn an_agent_is_named_with_whom_it_acts_for() {
        let mut person = seated("agent", None, Some(OWN));
        if let Some(seat) = &mut person.seat {
            seat.on_behalf_of = Some("甲公司".to_owned());
        }
        let agent = Viewer::person(person);
        assert_eq!(agent.name(), "甲公司（由某单位 张三代办）");
        assert!(!agent.sees_personal());
    }

    #[test]
    fn without_a_seat_a_known_role_or_the_second_factor_there_is_the_account_only() {
        let mut unseated = seated("clerk", Some("33"), None);
        unseated.seat = None;
        let mut once = seated("clerk", Some("33"), None);
        once.second_factor = false;
        let unknown = seated("king", Some("33"), None);
        for person in [unseated, once, unknown] {
            let viewer = Viewer::person(person);
            assert!(viewer.may(Action("account.own")) && viewer.may(Action("policy.read")));
            assert!(!viewer.may(READ) && !viewer.can_see(Level::Internal));
        }
    }

    #[test]
    fn a_token_cuts_the_rights_down() {
        let mut person = seated("data_manager", Some("3301"), None);
        person.token = Some(vec!["enterprise.list".to_owned(), "policy.edit".to_owned()]);
        let token = Viewer::person(person);
        assert!(token.may(LIST));
        assert!(!token.may(READ), "left out");
        assert!(!token.may(EDIT), "the seat has it not");
    }

    #[test]
    fn the_three_administrators_see_no_business_data() {
        for role in ["sysadmin", "secadmin", "auditor"] {
            let admin = Viewer::person(seated(role, Some("3301"), None));
            assert!(!admin.may(READ) && !admin.may(Action("match.list")) && !admin.may(EDIT));
            assert!(!admin.can_see(Level::Internal) && !admin.sees_personal());
        }
    }
}
