//! Mandates: an enterprise lets an agency act for it, from a day to a day, in chosen actions.

use chrono::{Months, NaiveDate};
use serde_json::json;
use uuid::Uuid;
use zhida_platform::access::{Rights, Row, Scope, Side, Viewer};
use zhida_platform::audit;
use zhida_platform::problem::Problem;

use super::People;
use crate::actions::STAFF;
use crate::error::Error;
use crate::model::{Mandate, OrganisationKind, holds};
use crate::record;
use crate::store;

/// Months that a mandate lasts at most.
const MONTHS_MAX: u32 = 12;

/// A mandate that is to be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMandate {
    /// To which agency.
    pub organisation: Uuid,
    /// Slugs of the actions.
    pub actions: Vec<String>,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    pub valid_until: NaiveDate,
}

/// The actions that a mandate can hold: what agents may do with an enterprise's own rows, by slug and name.
#[must_use]
pub(crate) fn mandate_actions() -> Vec<(&'static str, &'static str)> {
    let rights = Rights::shipped();
    let agents = rights
        .roles()
        .iter()
        .filter(|role| role.side == Side::Agency);
    let mut actions: Vec<(&str, &str)> = agents
        .flat_map(|role| role.may())
        .filter(|(_, scope)| *scope == Scope::Own)
        .map(|(slug, _)| (slug, rights.action_name(slug).unwrap_or(slug)))
        .collect();
    actions.sort_unstable();
    actions.dedup();
    actions
}

impl People {
    /// The mandates of the viewer's enterprise, or those of the viewer's agency.
    ///
    /// # Errors
    /// A viewer who has neither; the database.
    pub async fn mandates(&self, viewer: &Viewer) -> Result<Vec<Mandate>, Error> {
        let conn = self.db.conn();
        if let Ok(code) = own_enterprise(viewer) {
            return Ok(store::mandates::of_enterprise(conn, code).await?);
        }
        let seat = viewer.seat();
        let role = seat.and_then(|seat| Rights::shipped().role(&seat.role));
        match (seat, role) {
            (Some(seat), Some(role)) if role.side == Side::Agency => match seat.organisation {
                Some(agency) => Ok(store::mandates::of_agency(conn, agency).await?),
                None => Ok(Vec::new()),
            },
            _ => Err(viewer
                .need(STAFF)
                .err()
                .map_or(Error::Missing("代办授权"), Error::from)),
        }
    }

    /// Gives a mandate for the viewer's own enterprise.
    ///
    /// # Errors
    /// A viewer who may not; a field that is wrong; the database.
    pub async fn give_mandate(&self, viewer: &Viewer, new: &NewMandate) -> Result<Mandate, Error> {
        let enterprise = own_enterprise(viewer)?.to_owned();
        let enterprise_name = viewer
            .seat()
            .map(|seat| seat.organisation_name.clone())
            .unwrap_or_default();
        let agency = store::organisations::one(self.db.conn(), new.organisation).await?;
        let agency = agency
            .filter(|one| one.kind == OrganisationKind::Agency)
            .ok_or_else(|| Error::field("organisation", "没有这个代办机构，请重新选择"))?;
        if !holds(agency.valid_from, agency.valid_until, self.today()) {
            let message = format!("“{}”已停用或还没有启用，请选择别的机构", agency.name);
            return Err(Error::field("organisation", message));
        }
        self.check(new)?;
        let mandate = Mandate {
            id: self.new_id(),
            enterprise,
            enterprise_name,
            organisation: agency.id,
            organisation_name: agency.name,
            actions: new.actions.clone(),
            valid_from: new.valid_from,
            valid_until: new.valid_until,
            granted_by: viewer.name().to_owned(),
            ended_at: None,
        };
        let kept = &mandate;
        self.db
            .write(|tx| async move {
                store::mandates::insert(&tx, kept, self.now()).await?;
                let entry = record::entry(
                    self.now(),
                    viewer,
                    "people.give_mandate",
                    "mandate",
                    kept.id,
                )
                .enterprise(&kept.enterprise)
                .after(told(kept));
                audit::append(&tx, &entry).await?;
                Ok::<_, Error>(())
            })
            .await?;
        Ok(mandate)
    }

    fn check(&self, new: &NewMandate) -> Result<(), Error> {
        let mut problem = Problem::bad_input("代办授权的内容有误");
        let known = mandate_actions();
        let unknown = |slug: &String| !known.iter().any(|(known, _)| known == slug);
        if new.actions.is_empty() || new.actions.iter().any(unknown) {
            problem = problem.field("actions", "请在列出的事项里选择，至少一项");
        }
        if new.valid_from < self.today() {
            problem = problem.field("valid_from", "起始日不能早于今天");
        }
        let latest = new.valid_from.checked_add_months(Months::new(MONTHS_MAX));
        let too_late = latest.is_none_or(|latest| latest < new.valid_until);
        if new.valid_until < new.valid_from || too_late {
            let message = format!("截止日不能早于起始日，最长 {MONTHS_MAX} 个月");
            problem = problem.field("valid_until", message);
        }
        match problem.fields.is_empty() {
            true => Ok(()),
            false => Err(problem.into()),
        }
    }

    /// Takes a mandate of the viewer's own enterprise back, at once.
    ///
    /// # Errors
    /// A viewer who may not; none such; the database.
    pub async fn end_mandate(&self, viewer: &Viewer, id: Uuid) -> Result<(), Error> {
        viewer.need(STAFF)?;
        self.db
            .write(|tx| async move {
                let mandate = store::mandates::one(&tx, id).await?;
                let own = |mandate: &Mandate| {
                    let row = Row {
                        enterprise: Some(&mandate.enterprise),
                        division: None,
                    };
                    viewer.covers(STAFF, &row)
                };
                let mandate = mandate.filter(own).ok_or(Error::Missing("这个代办授权"))?;
                if !store::mandates::end(&tx, id, self.now(), viewer.name()).await? {
                    return Err(Error::Conflict("这个代办授权已经撤回".to_owned()));
                }
                let entry = record::entry(self.now(), viewer, "people.end_mandate", "mandate", id)
                    .enterprise(&mandate.enterprise)
                    .before(told(&mandate));
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }
}

/// The enterprise whose people the viewer looks after.
pub(crate) fn own_enterprise(viewer: &Viewer) -> Result<&str, Problem> {
    viewer.need(STAFF)?;
    viewer
        .seat()
        .and_then(|seat| seat.enterprise.as_deref())
        .ok_or_else(|| Problem::forbidden("现在的任职不属于哪一家企业"))
}

fn told(mandate: &Mandate) -> serde_json::Value {
    json!({
        "agency": mandate.organisation_name,
        "actions": mandate.actions,
        "valid_from": mandate.valid_from,
        "valid_until": mandate.valid_until,
    })
}
