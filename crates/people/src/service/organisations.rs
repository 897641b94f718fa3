//! The tree of organisations.

use chrono::NaiveDate;
use serde_json::json;
use uuid::Uuid;
use zhida_platform::access::Viewer;
use zhida_platform::audit;
use zhida_platform::db::ConnectionTrait;
use zhida_platform::paging::{Page, PageRequest};
use zhida_platform::problem::Problem;
use zhida_standards::division::{self, DivisionCode};

use super::People;
use crate::actions::{ORGANISATION_MANAGE, ORGANISATION_READ, STAFF};
use crate::error::Error;
use crate::model::{Organisation, OrganisationKind};
use crate::record;
use crate::store::{self, organisations::OrganisationQuery};

/// Characters of a name at most.
pub(crate) const NAME_MAX: usize = 80;
/// Organisations that a field suggests at most.
const SUGGESTED: u32 = 20;

/// What is written about an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganisationForm {
    /// The one above it.
    pub parent: Option<Uuid>,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: OrganisationKind,
    /// Its division code, in any length that is read.
    pub division: String,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    pub valid_until: Option<NaiveDate>,
}

impl People {
    /// A page of organisations.
    ///
    /// # Errors
    /// A viewer who may not; a cursor of another list; the database.
    pub async fn organisations(
        &self,
        viewer: &Viewer,
        query: &OrganisationQuery,
        page: &PageRequest,
    ) -> Result<Page<Organisation>, Error> {
        viewer.need(ORGANISATION_READ)?;
        store::organisations::list(self.db.conn(), query, page).await
    }

    /// How many the list has.
    ///
    /// # Errors
    /// A viewer who may not; the database.
    pub async fn organisation_count(
        &self,
        viewer: &Viewer,
        query: &OrganisationQuery,
    ) -> Result<u64, Error> {
        viewer.need(ORGANISATION_READ)?;
        Ok(store::organisations::number(self.db.conn(), query).await?)
    }

    /// One organisation.
    ///
    /// # Errors
    /// A viewer who may not; none such; the database.
    pub async fn organisation(&self, viewer: &Viewer, id: Uuid) -> Result<Organisation, Error> {
        viewer.need(ORGANISATION_READ)?;
        self.known_organisation(self.db.conn(), id).await
    }

    /// A few organisations of today with this in their names, for a field that suggests.
    ///
    /// # Errors
    /// A viewer who may not; the database.
    pub(crate) async fn suggested(
        &self,
        viewer: &Viewer,
        kind: Option<OrganisationKind>,
        text: &str,
    ) -> Result<Vec<Organisation>, Error> {
        may_choose(viewer, kind)?;
        let query = OrganisationQuery {
            text: text.to_owned(),
            kind,
            held_on: Some(self.today()),
            ..OrganisationQuery::default()
        };
        self.few(&query).await
    }

    /// The organisation of today that a field names: by its id, its name, its name and place as suggested, or a part
    /// of its name that no other has. `None` for an empty field.
    ///
    /// # Errors
    /// A viewer who may not; none such, or more than one; the database.
    pub(crate) async fn named(
        &self,
        viewer: &Viewer,
        kind: Option<OrganisationKind>,
        field: &str,
        text: &str,
    ) -> Result<Option<Uuid>, Error> {
        may_choose(viewer, kind)?;
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        if let Ok(id) = Uuid::parse_str(text) {
            return Ok(Some(id));
        }
        let (name, part) = (text.to_owned(), String::new());
        let whole = OrganisationQuery {
            name,
            kind,
            held_on: Some(self.today()),
            ..OrganisationQuery::default()
        };
        let mut found = self.few(&whole).await?;
        let split = text
            .strip_suffix('）')
            .and_then(|text| text.rsplit_once('（'));
        if let (true, Some((name, place))) = (found.is_empty(), split) {
            let name = name.to_owned();
            found = self.few(&OrganisationQuery { name, ..whole }).await?;
            found.retain(|one| one.place() == place);
        } else if found.is_empty() {
            let (name, text) = (part, text.to_owned());
            found = self
                .few(&OrganisationQuery {
                    name,
                    text,
                    ..whole
                })
                .await?;
        }
        match found.as_slice() {
            [one] => Ok(Some(one.id)),
            [] => Err(Error::field(
                field,
                format!("没有“{text}”，请核对，或从提示里选"),
            )),
            several => Err(Error::field(field, told_apart(several))),
        }
    }

    async fn few(&self, query: &OrganisationQuery) -> Result<Vec<Organisation>, Error> {
        let page = PageRequest::first(SUGGESTED);
        let found = store::organisations::list(self.db.conn(), query, &page).await?;
        Ok(found.items)
    }

    /// Those above one, nearest first.
    ///
    /// # Errors
    /// A viewer who may not; the database.
    pub async fn above(&self, viewer: &Viewer, id: Uuid) -> Result<Vec<Organisation>, Error> {
        viewer.need(ORGANISATION_READ)?;
        Ok(store::organisations::above(self.db.conn(), id).await?)
    }

    pub(super) async fn known_organisation(
        &self,
        conn: &impl ConnectionTrait,
        id: Uuid,
    ) -> Result<Organisation, Error> {
        store::organisations::one(conn, id)
            .await?
            .ok_or(Error::Missing("这个组织"))
    }

    /// Puts a new organisation into the tree.
    ///
    /// # Errors
    /// A viewer who may not; a field that is wrong; the database.
    pub async fn create_organisation(
        &self,
        viewer: &Viewer,
        form: &OrganisationForm,
    ) -> Result<Organisation, Error> {
        viewer.need(ORGANISATION_MANAGE)?;
        let organisation = checked(self.new_id(), form)?;
        let organisation = &organisation;
        self.db
            .write(|tx| async move {
                store::lock_seats(&tx).await?;
                self.fits(&tx, organisation).await?;
                store::organisations::insert(&tx, organisation, self.now()).await?;
                let entry = record::entry(
                    self.now(),
                    viewer,
                    "people.create_organisation",
                    "organisation",
                    organisation.id,
                );
                audit::append(&tx, &entry.after(told(organisation))).await?;
                Ok::<_, Error>(())
            })
            .await?;
        Ok(organisation.clone())
    }

    /// Changes an organisation.
    ///
    /// # Errors
    /// A viewer who may not; none such; a field that is wrong; the database.
    pub async fn change_organisation(
        &self,
        viewer: &Viewer,
        id: Uuid,
        form: &OrganisationForm,
    ) -> Result<Organisation, Error> {
        viewer.need(ORGANISATION_MANAGE)?;
        let organisation = checked(id, form)?;
        let organisation = &organisation;
        self.db
            .write(|tx| async move {
                store::lock_seats(&tx).await?;
                let before = self.known_organisation(&tx, id).await?;
                self.fits(&tx, organisation).await?;
                store::organisations::update(&tx, organisation).await?;
                let entry = record::entry(
                    self.now(),
                    viewer,
                    "people.change_organisation",
                    "organisation",
                    id,
                );
                let entry = entry.before(told(&before)).after(told(organisation));
                audit::append(&tx, &entry).await?;
                Ok::<_, Error>(())
            })
            .await?;
        Ok(organisation.clone())
    }

    /// Whether it lies within the one above and holds all below, and is not below itself.
    async fn fits(
        &self,
        tx: &zhida_platform::db::Tx,
        organisation: &Organisation,
    ) -> Result<(), Error> {
        let own = code(&organisation.division)?;
        if let Some(parent) = organisation.parent {
            let above = store::organisations::one(tx, parent)
                .await?
                .ok_or_else(|| Error::field("parent", "没有这个上级组织，请重新选择"))?;
            let higher = store::organisations::above(tx, parent).await?;
            if parent == organisation.id || higher.iter().any(|one| one.id == organisation.id) {
                return Err(Error::field(
                    "parent",
                    "不能放到自己或自己的下级之下，请另选上级",
                ));
            }
            if !own.is_within(code(&above.division)?) {
                return Err(Error::field(
                    "division",
                    format!(
                        "辖区要在上级“{}”的辖区（{}）之内",
                        above.name,
                        above.place()
                    ),
                ));
            }
        }
        for child in store::organisations::children(tx, organisation.id).await? {
            if !code(&child.division)?.is_within(own) {
                return Err(Error::field(
                    "division",
                    format!(
                        "下级“{}”的辖区（{}）不在其中，请先改下级",
                        child.name,
                        child.place()
                    ),
                ));
            }
        }
        let held = store::seats::in_organisation(tx, organisation.id).await?;
        let unfit = held.iter().find(|seat| {
            let side = seat.role().map(|role| role.side);
            seat.ahead(self.today()) && side.is_some_and(|side| !organisation.kind.seats(side))
        });
        if let Some(seat) = unfit {
            let message = format!("还有人在这里担任{}，不能改成这一类", seat.role_name());
            return Err(Error::field("kind", message));
        }
        self.last_holders_remain(tx, organisation, &held).await
    }

    /// A last day for an organisation must not end the last administrator's seat.
    async fn last_holders_remain(
        &self,
        tx: &zhida_platform::db::Tx,
        organisation: &Organisation,
        held: &[crate::model::Seat],
    ) -> Result<(), Error> {
        if organisation.valid_until.is_none() {
            return Ok(());
        }
        for seat in held.iter().filter(|seat| seat.ahead(self.today())) {
            self.keeps_a_holder(tx, seat).await?;
        }
        Ok(())
    }
}

/// Agencies are chosen by enterprises, all organisations by those who look after them.
fn may_choose(viewer: &Viewer, kind: Option<OrganisationKind>) -> Result<(), Problem> {
    match kind == Some(OrganisationKind::Agency) && viewer.may(STAFF) {
        true => Ok(()),
        false => viewer.need(ORGANISATION_READ),
    }
}

/// What to write so that one of several is meant.
fn told_apart(several: &[Organisation]) -> String {
    let first = several[0].label();
    if several.iter().all(|one| one.label() == first) {
        return format!("有几个“{first}”：请在组织机构里打开要选的那个，把它的标识复制到这里");
    }
    let labels: Vec<String> = several.iter().take(3).map(Organisation::label).collect();
    format!("不止一个，请写全，如：{}", labels.join("、"))
}

pub(super) fn checked(id: Uuid, form: &OrganisationForm) -> Result<Organisation, Error> {
    let mut problem = Problem::bad_input("组织的内容有误");
    let name = form.name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX {
        problem = problem.field("name", format!("请填写名称，最多 {NAME_MAX} 个字"));
    }
    let division = match DivisionCode::parse(&form.division) {
        Ok(code) if division::resolve(code.as_str()).is_some() => code.as_str().to_owned(),
        Ok(_) => {
            problem = problem.field("division", "没有这个行政区划，请核对代码");
            String::new()
        }
        Err(error) => {
            problem = problem.field("division", error.to_string());
            String::new()
        }
    };
    if form.valid_until.is_some_and(|last| last < form.valid_from) {
        problem = problem.field("valid_until", "截止日不能早于起始日");
    }
    if !problem.fields.is_empty() {
        return Err(problem.into());
    }
    Ok(Organisation {
        id,
        parent: form.parent,
        name: name.to_owned(),
        kind: form.kind,
        division,
        valid_from: form.valid_from,
        valid_until: form.valid_until,
    })
}

fn code(division: &str) -> Result<DivisionCode, Error> {
    DivisionCode::parse(division).map_err(|error| Error::field("division", error.to_string()))
}

pub(super) fn told(organisation: &Organisation) -> serde_json::Value {
    json!({
        "name": organisation.name,
        "kind": organisation.kind.slug(),
        "division": organisation.division,
        "parent": organisation.parent,
        "valid_from": organisation.valid_from,
        "valid_until": organisation.valid_until,
    })
}
