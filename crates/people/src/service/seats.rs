//! Granting and ending seats.

use chrono::NaiveDate;
use serde_json::json;
use uuid::Uuid;
use zhida_platform::access::{Reach, Rights, Role, Row, Side, Viewer};
use zhida_platform::audit::{self, Entry};
use zhida_platform::db::Tx;
use zhida_platform::problem::Problem;
use zhida_standards::uscc::Uscc;

use super::{People, accounts};
use crate::actions::{SEAT_GRANT, STAFF};
use crate::error::Error;
use crate::model::{Account, OrganisationKind, Place, Seat};
use crate::record;
use crate::store::{self, seats::Ending};

/// The role that has to stay with somebody in every enterprise that has one.
const HEAD_OF_ENTERPRISE: &str = "legal";
/// Characters of a reason at most.
pub(crate) const REASON_MAX: usize = 200;

/// Where a seat is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceKey {
    /// In this organisation.
    Organisation(Uuid),
    /// In the enterprise with this unified social credit code.
    Enterprise(String),
}

/// A seat that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSeat {
    /// For whom.
    pub account: Uuid,
    /// Where.
    pub place: PlaceKey,
    /// In which role.
    pub role: String,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day; `None` without end.
    pub valid_until: Option<NaiveDate>,
}

impl People {
    /// Seats in an organisation or enterprise, past ones last.
    ///
    /// # Errors
    /// A viewer who may not grant there; none such; the database.
    pub async fn seats_at(&self, viewer: &Viewer, place: &PlaceKey) -> Result<Vec<Seat>, Error> {
        let place = self.place(place).await?;
        may_seat(viewer, &place)?;
        let conn = self.db.conn();
        Ok(match &place {
            Place::Organisation { id, .. } => store::seats::in_organisation(conn, *id).await?,
            Place::Enterprise { code, .. } => store::seats::in_enterprise(conn, code).await?,
        })
    }

    /// Grants a seat.
    ///
    /// # Errors
    /// A viewer who may not; the own account; a role that does not fit or is kept apart; the database.
    pub async fn grant(&self, viewer: &Viewer, new: &NewSeat) -> Result<Seat, Error> {
        let place = self.place(&new.place).await?;
        may_seat(viewer, &place)?;
        if viewer.account() == Some(new.account) {
            return Err(Error::OwnSeat);
        }
        self.role_at(&place, &new.role).await?;
        self.period(new.valid_from, new.valid_until)?;
        let (place, id) = (&place, self.new_id());
        self.db
            .write(|tx| async move {
                store::lock_seats(&tx).await?;
                let account = accounts::known(&tx, new.account).await?;
                let seat = Seat {
                    id,
                    account: account.id,
                    account_name: account.name.clone(),
                    account_login: account.login.clone(),
                    place: place.clone(),
                    role: new.role.clone(),
                    valid_from: new.valid_from,
                    valid_until: new.valid_until,
                    granted_by: viewer.name().to_owned(),
                    ended_at: None,
                    reason: String::new(),
                };
                self.seat_in(&tx, &account, &seat).await?;
                audit::append(&tx, &self.seated(viewer, "people.grant_seat", &seat)).await?;
                Ok(seat)
            })
            .await
    }

    /// Keeps a seat, when nothing speaks against it.
    pub(super) async fn seat_in(
        &self,
        tx: &Tx,
        account: &Account,
        seat: &Seat,
    ) -> Result<(), Error> {
        if !account.open {
            return Err(Error::Conflict(
                "这个账号已停用，不能任职：请先启用".to_owned(),
            ));
        }
        let Some(role) = seat.role() else {
            return Err(Error::field("role", "没有这个角色，请重新选择"));
        };
        for held in store::seats::of_account(tx, account.id).await? {
            if !held.ahead(self.today()) {
                continue;
            }
            if let Some(other) = held.role().filter(|other| role.excludes(other)) {
                return Err(Error::Separated {
                    name: account.name.clone(),
                    held: other.name.clone(),
                    role: role.name.clone(),
                });
            }
            if held.role == seat.role && same(&held.place, &seat.place) {
                let at = held.place.name();
                return Err(Error::Conflict(format!(
                    "{}已经是{at}的{}，不必再授",
                    account.name, role.name
                )));
            }
        }
        store::seats::insert(tx, seat, self.now()).await?;
        Ok(())
    }

    /// Ends a seat at once; the rights of its sessions and tokens end with it.
    ///
    /// # Errors
    /// A viewer who may not; none such; the last holder of a role; the database.
    pub async fn end_seat(&self, viewer: &Viewer, id: Uuid, reason: &str) -> Result<Seat, Error> {
        let reason: String = reason.trim().chars().take(REASON_MAX).collect();
        let reason = reason.as_str();
        self.db
            .write(|tx| async move {
                store::lock_seats(&tx).await?;
                let seat = store::seats::one(&tx, id).await?;
                let seat = seat.ok_or(Error::Missing("这个任职"))?;
                // another's is answered like one that is not there
                may_seat(viewer, &seat.place).map_err(|_| Error::Missing("这个任职"))?;
                if seat.ended_at.is_some() {
                    return Err(Error::Conflict("这个任职已经结束".to_owned()));
                }
                self.keeps_a_holder(&tx, &seat).await?;
                let ending = Ending {
                    at: self.now(),
                    last_day: None,
                    by: viewer.name(),
                    reason,
                    successor: None,
                };
                store::seats::end(&tx, id, &ending).await?;
                let entry = self.seated(viewer, "people.end_seat", &seat);
                audit::append(&tx, &entry.detail(json!({ "reason": reason }))).await?;
                Ok(seat)
            })
            .await
    }

    /// Whether somebody else is left who holds the role: an administrator's, or the head's of an enterprise.
    pub(super) async fn keeps_a_holder(&self, tx: &Tx, seat: &Seat) -> Result<(), Error> {
        let today = self.today();
        let needed = seat
            .role()
            .is_some_and(|role| role.side == Side::Administration || role.id == HEAD_OF_ENTERPRISE);
        if !needed || !seat.active(today) {
            return Ok(());
        }
        match store::seats::other_holders(tx, seat, today).await? {
            0 => Err(Error::LastHolder(seat.role_name().to_owned())),
            _ => Ok(()),
        }
    }

    /// The place with its names.
    pub(super) async fn place(&self, key: &PlaceKey) -> Result<Place, Error> {
        match key {
            PlaceKey::Organisation(id) => {
                let found = store::organisations::one(self.db.conn(), *id).await?;
                let found = found
                    .ok_or_else(|| Error::field("organisation", "没有这个组织，请重新选择"))?;
                Ok(Place::Organisation {
                    id: found.id,
                    name: found.name,
                    division: found.division,
                })
            }
            PlaceKey::Enterprise(code) => {
                let code = Uscc::parse(code)
                    .map_err(|error| Error::field("enterprise", error.to_string()))?;
                let name = self.enterprises.name(code.as_str()).await?;
                let name = name.ok_or_else(|| {
                    Error::field(
                        "enterprise",
                        "市场主体库里没有这家企业，请核对统一社会信用代码",
                    )
                })?;
                Ok(Place::Enterprise {
                    code: code.as_str().to_owned(),
                    name,
                })
            }
        }
    }

    /// The role, when it is held in such a place.
    pub(super) async fn role_at(&self, place: &Place, id: &str) -> Result<&'static Role, Error> {
        let unfit = || Error::field("role", "这里没有这个角色，请重新选择");
        let role = Rights::shipped().role(id).ok_or_else(unfit)?;
        let fits = match place {
            Place::Enterprise { .. } => role.side == Side::Enterprise,
            Place::Organisation { id, .. } => {
                let organisation = self.known_organisation(self.db.conn(), *id).await?;
                organisation.kind.seats(role.side)
            }
        };
        fits.then_some(role).ok_or_else(unfit)
    }

    fn period(&self, from: NaiveDate, until: Option<NaiveDate>) -> Result<(), Error> {
        if until.is_some_and(|last| last < from || last < self.today()) {
            return Err(Error::field(
                "valid_until",
                "截止日不能早于起始日，也不能早于今天",
            ));
        }
        Ok(())
    }

    pub(super) fn seated(&self, viewer: &Viewer, action: &'static str, seat: &Seat) -> Entry {
        let entry = record::entry(self.now(), viewer, action, "seat", seat.id);
        let entry = entry.after(json!({
            "account": seat.account,
            "name": seat.account_name,
            "place": seat.place.name(),
            "organisation": seat.place.organisation(),
            "role": seat.role,
            "valid_from": seat.valid_from,
            "valid_until": seat.valid_until,
        }));
        match seat.place.enterprise() {
            Some(code) => entry.enterprise(code),
            None => entry,
        }
    }
}

/// The roles that can be held in an enterprise or in an organisation of this kind.
pub(crate) fn roles_in(kind: Option<OrganisationKind>) -> Vec<&'static Role> {
    let fits = |role: &&Role| match kind {
        Some(kind) => kind.seats(role.side),
        None => role.side == Side::Enterprise,
    };
    Rights::shipped().roles().iter().filter(fits).collect()
}

/// Lets those through who grant seats everywhere, or look after their own enterprise's people.
pub(super) fn may_seat(viewer: &Viewer, place: &Place) -> Result<(), Problem> {
    let row = Row {
        enterprise: place.enterprise(),
        division: None,
    };
    if viewer.reach(SEAT_GRANT) == Reach::All || viewer.covers(STAFF, &row) {
        return Ok(());
    }
    match viewer.may(STAFF) {
        true => Err(Problem::forbidden("只能管理本企业的人员")),
        false => viewer.need(SEAT_GRANT),
    }
}

pub(super) fn same(one: &Place, other: &Place) -> bool {
    one.organisation() == other.organisation() && one.enterprise() == other.enterprise()
}
