//! Hand-over: somebody leaves, all seats end at a day and the successor sits in them from that day on.
//! What was done and is under way belongs to the organisation or enterprise, so nothing of it moves or is lost.

use chrono::{Days, NaiveDate};
use serde_json::json;
use uuid::Uuid;
use zhida_platform::access::{Reach, Viewer};
use zhida_platform::audit;
use zhida_platform::db::Tx;
use zhida_platform::ids;
use zhida_platform::problem::Problem;

use super::seats::{REASON_MAX, may_seat, same};
use super::{People, accounts};
use crate::actions::{SEAT_GRANT, STAFF};
use crate::error::Error;
use crate::model::{Account, Seat};
use crate::store::{self, seats::Ending};

/// Who leaves, when, and who follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOver {
    /// Who leaves.
    pub leaver: Uuid,
    /// Who follows; nobody when the work ends.
    pub successor: Option<Uuid>,
    /// First day of the successor: today means at once.
    pub on: NaiveDate,
    /// Why.
    pub reason: String,
}

impl People {
    /// The seats that a hand-over by this viewer would move.
    ///
    /// # Errors
    /// A viewer who may not; none such; the database.
    pub async fn seats_to_hand_over(
        &self,
        viewer: &Viewer,
        leaver: Uuid,
    ) -> Result<(Account, Vec<Seat>), Error> {
        may_hand_over(viewer)?;
        let seats = store::seats::of_account(self.db.conn(), leaver).await?;
        let seats = self.within_reach(viewer, seats);
        // somebody elsewhere is answered like nobody
        if seats.is_empty() && viewer.reach(SEAT_GRANT) != Reach::All {
            return Err(Error::Missing("这个人在本企业的任职"));
        }
        let account = accounts::known(self.db.conn(), leaver).await?;
        Ok((account, seats))
    }

    /// Ends all seats of a person within the viewer's reach, and seats the successor in them.
    ///
    /// # Errors
    /// A viewer who may not; nothing to hand over; a successor who may not hold a role; the last holder of a role
    /// without a successor; the database.
    pub async fn hand_over(&self, viewer: &Viewer, order: &HandOver) -> Result<Vec<Seat>, Error> {
        may_hand_over(viewer)?;
        if order.on < self.today() {
            return Err(Error::field("on", "交接日不能早于今天"));
        }
        if order.successor == Some(order.leaver) {
            return Err(Error::field("successor", "接任的人不能是离任的人自己"));
        }
        if order.successor.is_some() && order.successor == viewer.account() {
            return Err(Error::OwnSeat);
        }
        self.db
            .write(|tx| async move {
                store::lock_seats(&tx).await?;
                let seats = store::seats::of_account(&tx, order.leaver).await?;
                let seats = self.within_reach(viewer, seats);
                if seats.is_empty() {
                    return Err(Error::Missing("可以交接的任职"));
                }
                let mut entries = Vec::new();
                for seat in &seats {
                    self.move_seat(&tx, viewer, order, seat).await?;
                    let entry = self.seated(viewer, "people.hand_over", seat);
                    entries.push(entry.detail(json!({
                        "successor": order.successor, "on": order.on, "reason": order.reason.trim(),
                    })));
                }
                audit::append_all(&tx, &entries).await?;
                Ok(seats)
            })
            .await
    }

    async fn move_seat(
        &self,
        tx: &Tx,
        viewer: &Viewer,
        order: &HandOver,
        seat: &Seat,
    ) -> Result<(), Error> {
        let reason: String = order.reason.trim().chars().take(REASON_MAX).collect();
        // a seat that has not begun by then, or ends before, has no day left to end at
        let at_once = order.on <= self.today() || seat.valid_from >= order.on;
        let ending = Ending {
            at: self.now(),
            last_day: if at_once {
                None
            } else {
                order.on.checked_sub_days(Days::new(1))
            },
            by: viewer.name(),
            reason: &reason,
            successor: order.successor,
        };
        let ends_before = seat.valid_until.is_some_and(|last| last < order.on);
        let Some(successor) = order.successor else {
            self.keeps_a_holder(tx, seat).await?;
            if !ends_before {
                store::seats::end(tx, seat.id, &ending).await?;
            }
            return Ok(());
        };
        if ends_before {
            return Ok(());
        }
        store::seats::end(tx, seat.id, &ending).await?;
        let successor = accounts::known(tx, successor).await?;
        let held = store::seats::of_account(tx, successor.id).await?;
        let has = |held: &Seat| {
            held.ahead(order.on) && held.role == seat.role && same(&held.place, &seat.place)
        };
        if held.iter().any(has) {
            return Ok(());
        }
        let next = Seat {
            id: ids::next(self.now()),
            account: successor.id,
            account_name: successor.name.clone(),
            account_login: successor.login.clone(),
            valid_from: order.on.max(seat.valid_from),
            granted_by: viewer.name().to_owned(),
            ..seat.clone()
        };
        self.seat_in(tx, &successor, &next).await
    }

    fn within_reach(&self, viewer: &Viewer, seats: Vec<Seat>) -> Vec<Seat> {
        let today = self.today();
        seats
            .into_iter()
            .filter(|seat| seat.ahead(today) && may_seat(viewer, &seat.place).is_ok())
            .collect()
    }
}

fn may_hand_over(viewer: &Viewer) -> Result<(), Problem> {
    match viewer.may(STAFF) {
        true => Ok(()),
        false => viewer.need(SEAT_GRANT),
    }
}
