//! Invitations: a one-time code for a seat. For seats in enterprises and agencies whoever holds the code may make
//! an account with it; officers and administrators have theirs already, made by the system administrator.

use chrono::TimeDelta;
use serde_json::json;
use uuid::Uuid;
use zhida_platform::access::{self, Reach, Side, Viewer};
use zhida_platform::audit;
use zhida_platform::db::Tx;
use zhida_platform::ids;
use zhida_platform::problem::Problem;

use super::mandates::own_enterprise;
use super::seats::may_seat;
use super::{NewAccount, People, PlaceKey};
use crate::actions::{SEAT_GRANT, STAFF};
use crate::error::Error;
use crate::model::{Account, Invitation, Seat};
use crate::password::weakness;
use crate::record;
use crate::secret::{Secret, code_digest};
use crate::store;

/// Groups of a code: 140 bits.
const CODE_GROUPS: usize = 7;
/// Days that a code can be used at most.
const DAYS_MAX: u16 = 30;
const UNUSABLE: &str = "邀请码不对、已经用过、已撤回或已过期";

/// An invitation that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInvitation {
    /// Where the seat is.
    pub place: PlaceKey,
    /// In which role.
    pub role: String,
    /// Whom it is meant for, in the inviter's words.
    pub invitee: String,
    /// Days that the code can be used.
    pub days: u16,
}

impl People {
    /// The newest invitations that the viewer may look after.
    ///
    /// # Errors
    /// A viewer who may not; the database.
    pub async fn invitations(&self, viewer: &Viewer) -> Result<Vec<Invitation>, Error> {
        let conn = self.db.conn();
        if viewer.reach(SEAT_GRANT) == Reach::All {
            return Ok(store::invitations::newest(conn, None).await?);
        }
        let code = match viewer.may(STAFF) {
            true => own_enterprise(viewer)?,
            false => {
                return Err(viewer
                    .need(SEAT_GRANT)
                    .err()
                    .map_or(Error::NotSignedIn, Error::from));
            }
        };
        Ok(store::invitations::newest(conn, Some(code)).await?)
    }

    /// Makes an invitation; its code is shown once.
    ///
    /// # Errors
    /// A viewer who may not; a field that is wrong; the database.
    pub async fn invite(
        &self,
        viewer: &Viewer,
        new: &NewInvitation,
    ) -> Result<(Invitation, Secret), Error> {
        let place = self.place(&new.place).await?;
        may_seat(viewer, &place)?;
        self.role_at(&place, &new.role).await?;
        let invitee = new.invitee.trim();
        if invitee.is_empty() || invitee.chars().count() > 40 {
            return Err(Error::field("invitee", "请写邀请谁，最多 40 个字"));
        }
        if !(1..=DAYS_MAX).contains(&new.days) {
            return Err(Error::field(
                "days",
                format!("有效天数请写 1 至 {DAYS_MAX}"),
            ));
        }
        let code = Secret::code(CODE_GROUPS);
        let now = self.now();
        let invitation = Invitation {
            id: self.new_id(),
            place,
            role: new.role.clone(),
            invitee: invitee.to_owned(),
            created_by: viewer.name().to_owned(),
            created_by_account: viewer.account(),
            created_at: now,
            expires_at: now + TimeDelta::days(new.days.into()),
            used_at: None,
            revoked_at: None,
        };
        let (kept, digest) = (&invitation, code_digest(code.expose()));
        let digest = digest.as_str();
        self.db
            .write(|tx| async move {
                store::invitations::insert(&tx, kept, digest).await?;
                self.tell_invited(&tx, kept).await?;
                audit::append(&tx, &self.invited(viewer, "people.invite", kept)).await?;
                Ok::<_, Error>(())
            })
            .await?;
        Ok((invitation, code))
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    /// A viewer who may not; none such; one that was used; the database.
    pub async fn revoke_invitation(&self, viewer: &Viewer, id: Uuid) -> Result<(), Error> {
        self.db
            .write(|tx| async move {
                let found = store::invitations::one(&tx, id).await?;
                let found = found.ok_or(Error::Missing("这个邀请"))?;
                // another's is answered like one that is not there
                may_seat(viewer, &found.place).map_err(|_| Error::Missing("这个邀请"))?;
                if !store::invitations::revoke(&tx, id, self.now()).await? {
                    return Err(Error::Conflict("这个邀请已经用过或撤回".to_owned()));
                }
                audit::append(
                    &tx,
                    &self.invited(viewer, "people.revoke_invitation", &found),
                )
                .await?;
                Ok(())
            })
            .await
    }

    /// The invitation of a code that can still be used.
    ///
    /// # Errors
    /// A code that cannot be used; the database.
    pub async fn invitation_of(&self, code: &str) -> Result<Invitation, Error> {
        store::invitations::by_digest(self.db.conn(), &code_digest(code))
            .await?
            .filter(|invitation| invitation.open(self.now()))
            .ok_or(Error::Code(UNUSABLE))
    }

    /// Takes the seat with an account that has signed in.
    ///
    /// # Errors
    /// A code that cannot be used or is one's own; a role that is kept apart; the database.
    pub(crate) async fn accept(
        &self,
        account: &Account,
        origin: &access::Origin,
        code: &str,
    ) -> Result<Seat, Error> {
        let invitation = &self.invitation_of(code).await?;
        self.db
            .write(|tx| async move {
                store::lock_seats(&tx).await?;
                let account = store::accounts::one(&tx, account.id).await?;
                let account = account.ok_or(Error::NotSignedIn)?;
                let seat = self.take_up(&tx, invitation, &account).await?;
                let entry =
                    record::own_entry(self.now(), &account, origin, "people.accept_invitation");
                audit::append(&tx, &entry.after(self.told_seat(&seat))).await?;
                Ok(seat)
            })
            .await
    }

    /// Makes an account with a password of its own and takes the seat.
    ///
    /// # Errors
    /// A code that cannot be used, or one for a role that needs an account made by the system administrator; a field
    /// that is wrong; the database.
    pub(crate) async fn accept_anew(
        &self,
        new: &NewAccount,
        password: &Secret,
        origin: &access::Origin,
        code: &str,
    ) -> Result<(), Error> {
        let invitation = &self.invitation_of(code).await?;
        if !may_register(invitation) {
            return Err(Problem::forbidden("担任这个角色的账号由系统管理员建立")
                .hint("请先登录，再打开邀请")
                .into());
        }
        let mut account = new.checked(self)?;
        account.must_change = false;
        if let Some(message) = weakness(password.expose(), &account.login, &account.name) {
            return Err(Error::field("password", message));
        }
        let hash = self.hasher.hash(password).await?;
        let (account, hash) = (&account, hash.as_str());
        self.db
            .write(|tx| async move {
                store::lock_seats(&tx).await?;
                self.insert_account(&tx, account, hash).await?;
                let seat = self.take_up(&tx, invitation, account).await?;
                let entry = record::own_entry(self.now(), account, origin, "people.register");
                audit::append(&tx, &entry.after(self.told_seat(&seat))).await?;
                Ok(())
            })
            .await
    }

    async fn take_up(
        &self,
        tx: &Tx,
        invitation: &Invitation,
        account: &Account,
    ) -> Result<Seat, Error> {
        if invitation.created_by_account == Some(account.id) {
            return Err(Error::OwnSeat);
        }
        if !store::invitations::take(tx, invitation.id, account.id, self.now()).await? {
            return Err(Error::Code(UNUSABLE));
        }
        let seat = Seat {
            id: ids::next(self.now()),
            account: account.id,
            account_name: account.name.clone(),
            account_login: account.login.clone(),
            place: invitation.place.clone(),
            role: invitation.role.clone(),
            valid_from: self.today(),
            valid_until: None,
            granted_by: invitation.created_by.clone(),
            ended_at: None,
            reason: String::new(),
        };
        self.seat_in(tx, account, &seat).await?;
        Ok(seat)
    }

    fn told_seat(&self, seat: &Seat) -> serde_json::Value {
        json!({ "seat": seat.id, "place": seat.place.name(), "role": seat.role })
    }

    fn invited(
        &self,
        viewer: &Viewer,
        action: &'static str,
        invitation: &Invitation,
    ) -> audit::Entry {
        let entry = record::entry(self.now(), viewer, action, "invitation", invitation.id);
        let entry = entry.after(json!({
            "place": invitation.place.name(),
            "role": invitation.role,
            "invitee": invitation.invitee,
            "expires_at": invitation.expires_at,
        }));
        match invitation.place.enterprise() {
            Some(code) => entry.enterprise(code),
            None => entry,
        }
    }
}

/// Whether whoever holds the code may make an account with it.
pub(crate) fn may_register(invitation: &Invitation) -> bool {
    let role = access::Rights::shipped().role(&invitation.role);
    role.is_some_and(|role| matches!(role.side, Side::Enterprise | Side::Agency))
}
