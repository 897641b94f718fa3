//! Signing in and out.

use chrono::TimeDelta;
use serde_json::json;
use uuid::Uuid;
use zhida_platform::access::Origin;
use zhida_platform::audit;
use zhida_platform::db::Tx;

use super::{Current, People, Stage};
use crate::error::Error;
use crate::factor::accepted_step;
use crate::model::{Account, Session};
use crate::record;
use crate::secret::{Secret, code_digest};
use crate::store::{self, accounts::Candidate, attempts::Turn};

/// How long an initial password can be used.
const INITIAL_LASTS: TimeDelta = TimeDelta::days(14);
/// Characters of `User-Agent` that are kept.
const AGENT_MAX: usize = 200;

/// How somebody proved who they are.
#[derive(Clone, Copy, Default)]
pub(crate) struct How<'a> {
    /// With a provider: the identity, its subject, and whether the provider's word for a second factor counts from now.
    pub identity: Option<(Uuid, &'a str, bool)>,
    /// Whether a second factor was given.
    pub factor: bool,
}

/// A session that was started or may do something else now: its new cookie, and what comes first.
pub(crate) struct Entrance {
    pub cookie: Secret,
    pub stage: Stage,
}

impl People {
    /// Checks login and password, and starts a session of its own; whatever cookie the browser had is not used.
    ///
    /// A login that does not exist, a wrong password and a paused login all cost the same work and leave the same
    /// record: neither answer nor time tells which logins exist, or whether a password is right while it is paused.
    ///
    /// # Errors
    /// Wrong, paused after failures; the database.
    pub(crate) async fn sign_in(
        &self,
        login: &str,
        password: &Secret,
        origin: &Origin,
    ) -> Result<Entrance, Error> {
        let turn = self.turn(login).await?;
        let login = login.trim().to_lowercase();
        let found = store::accounts::to_sign_in(self.db.conn(), &login).await?;
        let kept = found.as_ref().and_then(|one| one.password.as_deref());
        let right = self.hasher.verify(password, kept).await?;
        let account = found.as_ref().map(|one| &one.account);
        let admitted = account.filter(|account| right && self.admits(account));
        let over = found.as_ref().is_some_and(|one| self.is_over(one));
        match (turn, admitted) {
            (Turn::Go, Some(account)) if !over => self.start(account, origin, How::default()).await,
            (turn, admitted) => {
                self.fail(account, origin, "people.sign_in_failed").await?;
                Err(match (self.paused(&turn), admitted) {
                    (Some(paused), _) => paused,
                    (None, Some(_)) => Error::Expired,
                    (None, None) => Error::WrongSignIn,
                })
            }
        }
    }

    /// Whether it is an initial password that nobody has used in time: it may have gone astray.
    fn is_over(&self, candidate: &Candidate) -> bool {
        let since = candidate.password_at;
        candidate.account.must_change && since.is_some_and(|at| self.now() - at > INITIAL_LASTS)
    }

    pub(super) async fn start(
        &self,
        account: &Account,
        origin: &Origin,
        how: How<'_>,
    ) -> Result<Entrance, Error> {
        let cookie = Secret::session();
        let now = self.now();
        let (seats, ahead) = self.seats_of(account).await?;
        let session = Session {
            id: self.new_id(),
            account: account.id,
            seat: seats.first().map(|seat| seat.id),
            mandate: None,
            factor: how.factor,
            identity: how.identity.map(|(id, _, _)| id),
            address: record::address(origin),
            agent: origin.agent.chars().take(AGENT_MAX).collect(),
            started_at: now,
            seen_at: now,
        };
        let stage = self.stage(account, &session, &ahead);
        let (kept, digest) = (&session, cookie.digest());
        let digest = digest.as_str();
        self.db
            .write(|tx| async move {
                let (idle, absolute) = (self.settings.idle, self.settings.absolute);
                store::sessions::purge(&tx, now - idle, now - absolute).await?;
                if let Some((id, subject, trusted)) = how.identity
                    && !store::identities::used(&tx, id, subject, trusted, now).await?
                {
                    return Err(Error::NoFlow);
                }
                store::sessions::insert(&tx, kept, digest).await?;
                store::accounts::drop_unconfirmed_key(&tx, account.id).await?;
                if stage != Stage::GiveCode {
                    // guesses at the password are not forgiven by another way in
                    if how.identity.is_none() {
                        store::attempts::forget(&tx, &account.login).await?;
                    }
                    store::accounts::signed_in(&tx, account.id, now).await?;
                    self.note_device(&tx, account.id, origin).await?;
                }
                let entry = record::own_entry(now, account, origin, "people.sign_in").detail(
                    json!({ "session": kept.id, "complete": stage == Stage::Complete,
                            "identity": kept.identity, "second_factor": kept.factor }),
                );
                audit::append(&tx, &entry).await?;
                Ok::<_, Error>(())
            })
            .await?;
        Ok(Entrance { cookie, stage })
    }

    /// Takes the code of the authenticator app, or a recovery code instead of it.
    ///
    /// # Errors
    /// Wrong or used before, paused after failures; the database.
    pub(crate) async fn give_code(&self, current: &Current, code: &str) -> Result<Entrance, Error> {
        let account = &current.account;
        self.take_turn(&account.login).await?;
        let session = current.session.as_ref().ok_or(Error::NotSignedIn)?;
        let step = self.step_of(account.id, code).await?;
        let renewed = Session {
            factor: true,
            ..session.clone()
        };
        let cookie = Secret::session();
        let (kept, digest) = (&renewed, cookie.digest());
        let digest = digest.as_str();
        let done = self
            .db
            .write(|tx| async move {
                let taken = match step {
                    Some(step) => store::accounts::take_step(&tx, account.id, step).await?,
                    None => self.take_recovery(&tx, account.id, code).await?,
                };
                if !taken {
                    return Ok(false);
                }
                if !store::sessions::renew(&tx, kept, digest).await? {
                    return Err(Error::NotSignedIn);
                }
                if let Some(identity) = kept.identity {
                    store::identities::trust(&tx, identity).await?;
                }
                store::attempts::forget(&tx, &account.login).await?;
                store::accounts::signed_in(&tx, account.id, self.now()).await?;
                self.note_device(&tx, account.id, &current.origin).await?;
                let entry =
                    record::own_entry(self.now(), account, &current.origin, "people.give_code")
                        .detail(json!({ "session": kept.id, "recovery_code": step.is_none() }));
                audit::append(&tx, &entry).await?;
                Ok::<_, Error>(true)
            })
            .await?;
        if !done {
            self.fail(Some(account), &current.origin, "people.code_failed")
                .await?;
            return Err(Error::WrongCode);
        }
        let (_, ahead) = self.seats_of(account).await?;
        let stage = self.stage(account, &renewed, &ahead);
        Ok(Entrance { cookie, stage })
    }

    /// The step of a right code of the app; `None` for everything else, which may be a recovery code.
    async fn step_of(&self, account: Uuid, code: &str) -> Result<Option<i64>, Error> {
        let credentials = store::accounts::credentials(&self.db, account).await?;
        let credentials = credentials.ok_or(Error::NotSignedIn)?;
        match credentials.factor_key {
            Some(key) => accepted_step(key.expose(), code, self.now(), credentials.factor_step),
            None => Ok(None),
        }
    }

    async fn take_recovery(&self, tx: &Tx, account: Uuid, code: &str) -> Result<bool, Error> {
        let digest = store::accounts::recovery_digest(account, &code_digest(code));
        Ok(store::accounts::take_recovery_code(tx, account, &digest, self.now()).await?)
    }

    /// Ends the session.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn sign_out(&self, current: &Current) -> Result<(), Error> {
        let Some(session) = &current.session else {
            return Ok(());
        };
        let account = &current.account;
        self.db
            .write(|tx| async move {
                store::sessions::end(&tx, account.id, session.id).await?;
                let entry =
                    record::own_entry(self.now(), account, &current.origin, "people.sign_out");
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }

    /// Counts an attempt before it is made, so that many at the same time do not slip through.
    pub(super) async fn take_turn(&self, login: &str) -> Result<(), Error> {
        let turn = self.turn(login).await?;
        self.paused(&turn).map_or(Ok(()), Err)
    }

    async fn turn(&self, login: &str) -> Result<Turn, Error> {
        let now = self.now();
        self.db
            .write(|tx| async move { Ok(store::attempts::take(&tx, login, now).await?) })
            .await
    }

    fn paused(&self, turn: &Turn) -> Option<Error> {
        match turn {
            Turn::Go => None,
            Turn::Wait(until) => Some(Error::Locked {
                minutes: (*until - self.now()).num_minutes() + 1,
            }),
        }
    }

    pub(super) async fn fail(
        &self,
        account: Option<&Account>,
        origin: &Origin,
        action: &'static str,
    ) -> Result<(), Error> {
        let entry = record::failure(self.now(), account, origin, action);
        audit::record(&self.db, &[entry]).await?;
        Ok(())
    }
}
