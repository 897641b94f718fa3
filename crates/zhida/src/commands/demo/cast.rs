//! Who acts in the demonstration: its accounts, and somebody in each of its bodies and enterprises.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow};
use zhida_appeals::Catalogue;
use zhida_people::{OrganisationForm, OrganisationKind, Place};
use zhida_platform::{
    access::{Origin, Person, Rights, Seat, Viewer},
    clock::SharedClock,
    ids,
    problem::Problem,
};

use super::{ACTOR, CITY};
use crate::app::App;

/// What all bodies of the demonstration begin with.
pub const BODIES: &str = "演示市";
/// Where the demonstration's own accounts sit.
pub const BUREAU: &str = "演示市发展和改革局";
/// Names of those who handle in the other bodies; nobody's.
const OFFICERS: [&str; 12] = [
    "张立新",
    "李慧敏",
    "王建平",
    "陈晓燕",
    "刘永强",
    "杨素芬",
    "赵志远",
    "周丽萍",
    "吴海涛",
    "徐文静",
    "孙国栋",
    "胡雅琴",
];

/// An enterprise of the demonstration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    pub code: String,
    pub name: String,
}

/// Everybody.
pub struct Cast {
    roles: BTreeMap<String, Viewer>,
    bodies: BTreeMap<String, Viewer>,
    /// The enterprise in which the demonstration's own accounts sit.
    example: Option<Company>,
    clock: SharedClock,
}

impl Cast {
    /// Makes the accounts of the demonstration and its bodies: those that answer for the categories of appeals, which are
    /// renamed to them.
    pub async fn gather(app: &App, clock: SharedClock, example: Option<Company>) -> Result<Self> {
        let code = example.as_ref().map(|one| one.code.as_str());
        app.people.make_demo_accounts(CITY, code).await?;
        let mut roles = BTreeMap::new();
        for role in Rights::shipped().roles() {
            let login = role.id.replace('_', "-");
            if let Some(viewer) = account(app, &login).await? {
                roles.insert(role.id.clone(), viewer);
            }
        }
        let mut cast = Self {
            roles,
            bodies: BTreeMap::new(),
            example,
            clock,
        };
        let names = own_categories(app).await?;
        for (name, officer) in names.iter().zip(OFFICERS.iter().cycle()) {
            let viewer = match name.as_str() {
                BUREAU => cast.role("clerk")?,
                name => cast.body(app, name, officer).await?,
            };
            cast.bodies.insert(name.clone(), viewer);
        }
        Ok(cast)
    }

    /// The demonstration's account of a role.
    pub fn role(&self, role: &str) -> Result<Viewer> {
        let found = self.roles.get(role).cloned();
        found.with_context(|| format!("没有演示身份“{role}”"))
    }

    /// Who handles in a body.
    pub fn of(&self, body: &str) -> Result<Viewer> {
        let found = self.bodies.get(body).cloned();
        found.with_context(|| format!("没有演示单位“{body}”"))
    }

    /// Who handles in an enterprise.
    pub fn handler(&self, company: &Company) -> Result<Viewer> {
        if self.example.as_ref() == Some(company) {
            return self.role("handler");
        }
        let seat = Seat {
            enterprise: Some(company.code.clone()),
            ..self.seat("handler", &company.name)
        };
        Ok(self.person("企业办事人", seat))
    }

    async fn body(&self, app: &App, name: &str, officer: &str) -> Result<Viewer> {
        let form = OrganisationForm {
            parent: None,
            name: name.to_owned(),
            kind: OrganisationKind::Government,
            division: CITY.to_owned(),
            valid_from: self.clock.today(),
            valid_until: None,
        };
        let system = Viewer::system(ACTOR);
        let body = app.people.create_organisation(&system, &form).await?;
        let seat = Seat {
            organisation: Some(body.id),
            division: Some(body.division),
            ..self.seat("clerk", name)
        };
        Ok(self.person(officer, seat))
    }

    fn seat(&self, role: &str, place: &str) -> Seat {
        Seat {
            id: ids::next(self.clock.now()),
            organisation: None,
            organisation_name: place.to_owned(),
            role: role.to_owned(),
            division: None,
            enterprise: None,
            on_behalf_of: None,
        }
    }

    fn person(&self, name: &str, seat: Seat) -> Viewer {
        Viewer::person(Person {
            account: ids::next(self.clock.now()),
            name: name.to_owned(),
            seat: Some(seat),
            second_factor: true,
            token: None,
            origin: Origin::default(),
        })
    }
}

/// An account of the demonstration in its seat; `None` for a role that has none.
async fn account(app: &App, login: &str) -> Result<Option<Viewer>> {
    let system = Viewer::system(ACTOR);
    let Ok(account) = app.people.account_by_login(&system, login).await else {
        return Ok(None);
    };
    let (account, seats) = app.people.account(&system, account.id).await?;
    Ok(seats.into_iter().next().map(|seat| {
        let role = seat.role;
        let (organisation, division, enterprise) = match &seat.place {
            Place::Organisation { id, division, .. } => (Some(*id), Some(division.clone()), None),
            Place::Enterprise { code, .. } => (None, None, Some(code.clone())),
        };
        let seat = Seat {
            id: seat.id,
            organisation,
            organisation_name: seat.place.name().to_owned(),
            role,
            division,
            enterprise,
            on_behalf_of: None,
        };
        Viewer::person(Person {
            account: account.id,
            name: account.name.clone(),
            seat: Some(seat),
            second_factor: true,
            token: None,
            origin: Origin::default(),
        })
    }))
}

/// The enterprise in which the demonstration's accounts sit, by its code.
pub async fn example(app: &App) -> Result<Option<String>> {
    let handler = account(app, "handler").await?;
    let seat = handler.as_ref().and_then(Viewer::seat);
    Ok(seat.and_then(|seat| seat.enterprise.clone()))
}

/// Publishes the categories with the demonstration's bodies in charge; the names of these.
async fn own_categories(app: &App) -> Result<Vec<String>> {
    let problem = |error: zhida_appeals::Error| anyhow!(Problem::from(error));
    let shipped = app.appeals.catalogue().await.map_err(problem)?;
    let mut catalogue: Catalogue = shipped.catalogue;
    let mut names: Vec<String> = vec![BUREAU.to_owned()];
    for category in &mut catalogue.categories {
        category.department = match category.department.as_str() {
            "" => continue,
            "发展和改革委员会" => BUREAU.to_owned(),
            name => format!("{BODIES}{name}"),
        };
        if !names.contains(&category.department) {
            names.push(category.department.clone());
        }
    }
    let system = Viewer::system(ACTOR);
    let published = app
        .appeals
        .publish_catalogue(&system, &catalogue, shipped.revision, ACTOR);
    published.await.map_err(problem)?;
    Ok(names)
}
