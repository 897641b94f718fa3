//! What everybody does with the own account: password, second factor, sessions, the seat to act in.

use serde_json::json;
use uuid::Uuid;
use zhida_platform::access::Viewer;
use zhida_platform::audit;

use super::recognise::is_agents;
use super::{Current, Entrance, People, Stage};
use crate::error::Error;
use crate::factor::{self, accepted_step};
use crate::model::{Account, Session};
use crate::password::weakness;
use crate::record;
use crate::secret::{Secret, code_digest};
use crate::store;

/// What an app needs to be set up.
pub(crate) struct FactorSetUp {
    /// The key in base32, for typing.
    pub key: Secret,
    /// The picture with the same key.
    pub picture: String,
}

impl People {
    /// Changes the password; all other sessions of the account end, and this one gets a new cookie.
    ///
    /// # Errors
    /// A wrong current password, a new one that is weak or was used before; the database.
    pub(crate) async fn change_password(
        &self,
        current: &Current,
        old: &Secret,
        new: &Secret,
    ) -> Result<Entrance, Error> {
        let session = current.session.as_ref().ok_or(Error::NotSignedIn)?;
        if current.stage == Stage::GiveCode {
            return Err(Error::First("请先输入验证器上的验证码"));
        }
        let account = &current.account;
        self.check_password(account, old).await?;
        if let Some(message) = weakness(new.expose(), &account.login, &account.name) {
            return Err(Error::field("new", message));
        }
        self.not_used_before(account.id, new).await?;
        let hash = self.hasher.hash(new).await?;
        let cookie = Secret::session();
        let (hash, digest) = (hash.as_str(), cookie.digest());
        let digest = digest.as_str();
        self.db
            .write(|tx| async move {
                store::accounts::set_password(&tx, account.id, hash, false, self.now()).await?;
                let ended = store::sessions::end_all(&tx, account.id, Some(session.id)).await?;
                if !store::sessions::renew(&tx, session, digest).await? {
                    return Err(Error::NotSignedIn);
                }
                store::attempts::forget(&tx, &account.login).await?;
                let entry = record::own_entry(
                    self.now(),
                    account,
                    &current.origin,
                    "people.change_password",
                );
                let entry = entry.detail(json!({ "other_sessions_ended": ended }));
                audit::append(&tx, &entry).await?;
                Ok::<_, Error>(())
            })
            .await?;
        let changed = Account {
            must_change: false,
            ..account.clone()
        };
        self.entrance(&changed, session, cookie).await
    }

    /// The current password, asked for again before something that an unwatched screen must not allow.
    pub(super) async fn check_password(
        &self,
        account: &Account,
        password: &Secret,
    ) -> Result<(), Error> {
        self.take_turn(&account.login).await?;
        let credentials = store::accounts::credentials(&self.db, account.id).await?;
        let kept = credentials.and_then(|credentials| credentials.password);
        if !self.hasher.verify(password, kept.as_deref()).await? {
            return Err(Error::field("old", "现在的密码不对，请重新输入"));
        }
        self.db
            .write(|tx| async move { store::attempts::forget(&tx, &account.login).await })
            .await?;
        Ok(())
    }

    async fn not_used_before(&self, account: Uuid, new: &Secret) -> Result<(), Error> {
        for kept in store::accounts::last_passwords(self.db.conn(), account).await? {
            if self.hasher.verify(new, Some(&kept)).await? {
                return Err(Error::field("new", "最近用过的 5 个密码不能再用，请换一个"));
            }
        }
        Ok(())
    }

    /// The key of an app that is to be set up; it stays the same until it is confirmed.
    ///
    /// # Errors
    /// A factor that is set up already; the database.
    pub(crate) async fn begin_factor(&self, current: &Current) -> Result<FactorSetUp, Error> {
        let account = self.may_set_up(current)?;
        let credentials = store::accounts::credentials(&self.db, account.id).await?;
        let kept = credentials.and_then(|credentials| credentials.factor_key);
        let key = match kept {
            Some(key) => key,
            None => {
                let key = factor::new_key();
                let new = &key;
                self.db
                    .write(|tx| async move {
                        store::factors::set(&tx, account.id, new).await?;
                        let entry = record::own_entry(
                            self.now(),
                            account,
                            &current.origin,
                            "people.begin_factor",
                        );
                        audit::append(&tx, &entry).await?;
                        Ok::<_, Error>(())
                    })
                    .await?;
                key
            }
        };
        let picture = factor::picture(&factor::address(key.expose(), &account.login)?)?;
        Ok(FactorSetUp { key, picture })
    }

    /// Seals the keys of second factors that are kept plain, or under an older key; how many. Called at start.
    ///
    /// # Errors
    /// A key that cannot be read; the database.
    pub async fn seal_factors(&self) -> Result<u64, Error> {
        let (mut sealed, mut after) = (0, String::new());
        loop {
            let (stale, last) = store::factors::stale(&self.db, &after).await?;
            if !stale.is_empty() {
                sealed += self.seal_chunk(&stale).await?;
            }
            match last {
                Some(last) => after = last,
                None => return Ok(sealed),
            }
        }
    }

    async fn seal_chunk(&self, stale: &[store::factors::Stale]) -> Result<u64, Error> {
        self.db
            .write(|tx| async move {
                let mut sealed = 0;
                for one in stale {
                    sealed += u64::from(store::factors::reseal(&tx, one).await?);
                }
                let viewer = Viewer::system("启动");
                let (at, all) = (self.now(), Uuid::nil());
                let entry = record::entry(at, &viewer, "people.seal_factors", "account", all);
                audit::append(&tx, &entry.detail(json!({ "accounts": sealed }))).await?;
                Ok(sealed)
            })
            .await
    }

    /// Confirms the app with its first code; the recovery codes are shown once.
    ///
    /// # Errors
    /// A wrong code; a factor that is set up already; the database.
    pub(crate) async fn confirm_factor(
        &self,
        current: &Current,
        code: &str,
    ) -> Result<(Entrance, Vec<Secret>), Error> {
        let account = self.may_set_up(current)?;
        let session = current.session.as_ref().ok_or(Error::NotSignedIn)?;
        self.take_turn(&account.login).await?;
        let credentials = store::accounts::credentials(&self.db, account.id).await?;
        let credentials = credentials.ok_or(Error::NotSignedIn)?;
        let key = credentials.factor_key.ok_or(Error::WrongCode)?;
        let step = accepted_step(key.expose(), code, self.now(), credentials.factor_step)?;
        let step = step.ok_or(Error::WrongCode)?;
        let codes = factor::recovery_codes();
        let digests = digests(account.id, &codes);
        let renewed = Session {
            factor: true,
            ..session.clone()
        };
        let cookie = Secret::session();
        let (kept, digests, digest) = (&renewed, digests.as_slice(), cookie.digest());
        let digest = digest.as_str();
        self.db
            .write(|tx| async move {
                if !store::accounts::take_step(&tx, account.id, step).await?
                    || !store::sessions::renew(&tx, kept, digest).await?
                {
                    return Err(Error::WrongCode);
                }
                store::accounts::confirm_factor(&tx, account.id).await?;
                store::accounts::set_recovery_codes(&tx, account.id, digests).await?;
                store::attempts::forget(&tx, &account.login).await?;
                let entry =
                    record::own_entry(self.now(), account, &current.origin, "people.set_up_factor");
                audit::append(&tx, &entry).await?;
                Ok::<_, Error>(())
            })
            .await?;
        let changed = Account {
            factor: true,
            ..account.clone()
        };
        Ok((self.entrance(&changed, kept, cookie).await?, codes))
    }

    fn may_set_up<'a>(&self, current: &'a Current) -> Result<&'a Account, Error> {
        if current.stage == Stage::ChangePassword {
            return Err(Error::First("请先修改初始密码"));
        }
        if current.account.factor || current.session.is_none() {
            return Err(Error::Conflict(
                "第二因素已经设置；手机丢失请联系安全管理员重置".to_owned(),
            ));
        }
        Ok(&current.account)
    }

    /// Puts a new set of recovery codes in place of the old, shown once.
    ///
    /// # Errors
    /// A wrong password; no second factor; the database.
    pub(crate) async fn new_recovery_codes(
        &self,
        current: &Current,
        password: &Secret,
    ) -> Result<Vec<Secret>, Error> {
        let account = &current.account;
        let complete = current.stage == Stage::Complete && current.session.is_some();
        if !complete || !account.factor {
            return Err(Error::First("请先设置第二因素"));
        }
        self.check_password(account, password).await?;
        let codes = factor::recovery_codes();
        let digests = digests(account.id, &codes);
        let digests = digests.as_slice();
        self.db
            .write(|tx| async move {
                store::accounts::set_recovery_codes(&tx, account.id, digests).await?;
                store::attempts::forget(&tx, &account.login).await?;
                let entry = record::own_entry(
                    self.now(),
                    account,
                    &current.origin,
                    "people.new_recovery_codes",
                );
                audit::append(&tx, &entry).await?;
                Ok::<_, Error>(())
            })
            .await?;
        Ok(codes)
    }

    /// How many recovery codes are left.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn recovery_codes_left(&self, current: &Current) -> Result<u64, Error> {
        Ok(store::accounts::recovery_codes_left(self.db.conn(), current.account.id).await?)
    }

    /// Acts in another seat from now on, or under a mandate; the session gets a new cookie.
    ///
    /// # Errors
    /// A seat or mandate that is not one's own or has ended; the database.
    pub(crate) async fn switch(
        &self,
        current: &Current,
        seat: Uuid,
        mandate: Option<Uuid>,
    ) -> Result<Entrance, Error> {
        let session = current.session.as_ref().ok_or(Error::NotSignedIn)?;
        let own = current.seats.iter().find(|one| one.id == seat);
        let own = own.ok_or(Error::Missing("这个任职"))?;
        if let Some(id) = mandate
            && self.mandate_for(own, id).await?.is_none()
        {
            return Err(Error::Missing("这个代办授权"));
        }
        let renewed = Session {
            seat: Some(seat),
            mandate,
            ..session.clone()
        };
        let cookie = Secret::session();
        let (kept, digest, account) = (&renewed, cookie.digest(), &current.account);
        let digest = digest.as_str();
        self.db
            .write(|tx| async move {
                if !store::sessions::renew(&tx, kept, digest).await? {
                    return Err(Error::NotSignedIn);
                }
                let entry =
                    record::own_entry(self.now(), account, &current.origin, "people.switch_seat")
                        .detail(json!({ "seat": seat, "mandate": mandate }));
                audit::append(&tx, &entry).await?;
                Ok::<_, Error>(())
            })
            .await?;
        Ok(Entrance {
            cookie,
            stage: current.stage,
        })
    }

    /// The mandates under which the current seats can act.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn mandates_of(
        &self,
        current: &Current,
    ) -> Result<Vec<(Uuid, crate::model::Mandate)>, Error> {
        let (mut found, today) = (Vec::new(), self.today());
        for seat in current.seats.iter().filter(|seat| is_agents(seat)) {
            let Some(agency) = seat.place.organisation() else {
                continue;
            };
            let mandates = store::mandates::of_agency(self.db.conn(), agency).await?;
            let active = mandates.into_iter().filter(|one| one.active(today));
            found.extend(active.map(|mandate| (seat.id, mandate)));
        }
        Ok(found)
    }

    /// One's own sessions, the last used first.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn own_sessions(&self, current: &Current) -> Result<Vec<Session>, Error> {
        let mut sessions = store::sessions::of_account(self.db.conn(), current.account.id).await?;
        let now = self.now();
        sessions.retain(|one| {
            now < one.seen_at + self.settings.idle && now < one.started_at + self.settings.absolute
        });
        Ok(sessions)
    }

    /// Ends one of one's own sessions, or with `None` all but the current one. No token does.
    ///
    /// # Errors
    /// No session, none such; the database.
    pub(crate) async fn end_own_session(
        &self,
        current: &Current,
        id: Option<Uuid>,
    ) -> Result<(), Error> {
        let account = &current.account;
        let keep = current.session.as_ref().map(|session| session.id);
        if keep.is_none() {
            return Err(Error::NotSignedIn);
        }
        self.db
            .write(|tx| async move {
                match id {
                    Some(id) if !store::sessions::end(&tx, account.id, id).await? => {
                        return Err(Error::Missing("这个会话"));
                    }
                    Some(_) => {}
                    None => {
                        store::sessions::end_all(&tx, account.id, keep).await?;
                    }
                }
                let entry =
                    record::own_entry(self.now(), account, &current.origin, "people.end_session")
                        .detail(json!({ "session": id }));
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }

    async fn entrance(
        &self,
        account: &Account,
        session: &Session,
        cookie: Secret,
    ) -> Result<Entrance, Error> {
        let (_, ahead) = self.seats_of(account).await?;
        let stage = self.stage(account, session, &ahead);
        Ok(Entrance { cookie, stage })
    }
}

fn digests(account: Uuid, codes: &[Secret]) -> Vec<String> {
    codes
        .iter()
        .map(|code| store::accounts::recovery_digest(account, &code_digest(code.expose())))
        .collect()
}
