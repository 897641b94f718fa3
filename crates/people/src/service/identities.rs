//! Signing in with a city's identity provider, and whose account that is. An account is linked by the system
//! administrator, who names the person before the first sign-in, or by the person, signed in here; never because an
//! e-mail address or a name is the same.

use chrono::TimeDelta;
use serde_json::json;
use uuid::Uuid;
use zhida_platform::access::{Origin, Viewer};
use zhida_platform::audit;
use zhida_platform::config::OidcConfig;

use super::sign_in::{Entrance, How};
use super::{Current, People, Stage, accounts};
use crate::actions::{ACCOUNT_READ, ORGANISATION_MANAGE};
use crate::error::Error;
use crate::model::Identity;
use crate::oidc::{Fault, Flow, Proof, Provider, VALUE_MAX};
use crate::record;
use crate::secret::Secret;
use crate::store::{self, identities::Started};
use crate::told::IDENTITY_LINKED;

/// How long somebody may take at the provider's pages.
const FLOW: TimeDelta = TimeDelta::minutes(10);

/// What brought the browser back.
#[derive(Default)]
pub(crate) struct Returned {
    pub state: String,
    pub code: Secret,
    /// Why the provider did not sign anybody in; empty when it did.
    pub error: String,
    /// Who answers, when the answer says so.
    pub issuer: Option<String>,
}

/// A sign-in that was started: what the browser keeps, and where it goes.
pub(crate) struct Departure {
    pub cookie: Secret,
    pub address: String,
}

/// What came of it.
pub(crate) enum Arrival {
    /// Signed in, and where to go on.
    In(Entrance, String),
    /// The signed-in account is linked now.
    Linked,
}

impl People {
    /// Lets people sign in with these providers; `site` is our own address, to which they send people back.
    ///
    /// # Errors
    /// Which setting cannot be used, and why.
    pub fn with_providers(mut self, providers: &[OidcConfig], site: &str) -> Result<Self, String> {
        let providers = providers
            .iter()
            .map(|config| Provider::new(config, site).map(Into::into));
        self.providers = providers.collect::<Result<_, _>>()?;
        Ok(self)
    }

    pub(crate) fn provider(&self, id: &str) -> Result<&Provider, Error> {
        let mut all = self.providers.iter();
        let found = all.find(|provider| provider.config.id == id);
        found.map(AsRef::as_ref).ok_or(Error::Missing("这个身份源"))
    }

    /// Sends somebody to the provider to sign in.
    ///
    /// # Errors
    /// A provider that does not answer; the database.
    pub(crate) async fn depart(&self, provider: &Provider, next: &str) -> Result<Departure, Error> {
        let started = Started {
            next: next.to_owned(),
            session: None,
        };
        self.started(provider, started).await
    }

    /// Sends somebody who is signed in to the provider, to link the account to whom that finds.
    ///
    /// # Errors
    /// A wrong password; a provider that does not answer; the database.
    pub(crate) async fn depart_to_link(
        &self,
        provider: &Provider,
        current: &Current,
        password: &Secret,
    ) -> Result<Departure, Error> {
        let session = complete(current)?;
        self.check_password(&current.account, password).await?;
        let started = Started {
            next: String::new(),
            session: Some(session),
        };
        self.started(provider, started).await
    }

    async fn started(&self, provider: &Provider, started: Started) -> Result<Departure, Error> {
        let now = self.now();
        let cookie = Secret::session();
        let flow = Flow::of(&cookie);
        let address = provider
            .address(&flow, started.session.is_some(), now)
            .await
            .map_err(|fault| failed(provider, &fault))?;
        let (digest, id, started) = (cookie.digest(), provider.config.id.as_str(), &started);
        let digest = digest.as_str();
        self.db
            .write(|tx| async move {
                store::identities::start(&tx, digest, id, started, now, now + FLOW).await
            })
            .await?;
        Ok(Departure { cookie, address })
    }

    /// Takes what brought the browser back: checks that it is the one that left, and whom the provider vouches for.
    ///
    /// # Errors
    /// Nothing under way; a provider that does not vouch; an account that is not linked; the database.
    pub(crate) async fn arrive(
        &self,
        provider: &Provider,
        cookie: Option<&Secret>,
        returned: &Returned,
        current: Option<&Current>,
        origin: &Origin,
    ) -> Result<Arrival, Error> {
        let cookie = cookie.ok_or(Error::NoFlow)?;
        match self
            .arrived(provider, cookie, returned, current, origin)
            .await
        {
            Err(error) => {
                self.refuse(provider, &error, origin).await?;
                Err(error)
            }
            done => done,
        }
    }

    async fn arrived(
        &self,
        provider: &Provider,
        cookie: &Secret,
        returned: &Returned,
        current: Option<&Current>,
        origin: &Origin,
    ) -> Result<Arrival, Error> {
        let flow = Flow::of(cookie);
        if !flow.is_state(&returned.state) {
            return Err(Error::NoFlow);
        }
        let (digest, now) = (cookie.digest(), self.now());
        let (digest, id) = (digest.as_str(), provider.config.id.as_str());
        let started = self
            .db
            .write(|tx| async move { store::identities::take(&tx, digest, id, now).await })
            .await?
            .ok_or(Error::NoFlow)?;
        let sender = returned.issuer.as_deref();
        if sender.is_some_and(|issuer| !provider.sent(issuer)) {
            return Err(Error::NoFlow);
        }
        let name = provider.config.name.clone();
        if !returned.error.is_empty() {
            return Err(Error::Declined(name));
        }
        let proof = provider.prove(&flow, &returned.code, now).await;
        let proof = proof.map_err(|fault| failed(provider, &fault))?;
        match started.session {
            Some(session) => {
                let current = current.filter(|current| complete(current).ok() == Some(session));
                let current = current.ok_or(Error::NotSignedIn)?;
                self.link_own(provider, current, &proof).await?;
                Ok(Arrival::Linked)
            }
            None => {
                let entrance = self.enter(provider, &proof, origin).await?;
                Ok(Arrival::In(entrance, started.next))
            }
        }
    }

    /// Starts a session of the account that is linked to whom the provider vouches for.
    async fn enter(
        &self,
        provider: &Provider,
        proof: &Proof,
        origin: &Origin,
    ) -> Result<Entrance, Error> {
        let conn = self.db.conn();
        let (issuer, value) = (provider.issuer(), proof.value.as_deref());
        let identity = store::identities::found(conn, issuer, &proof.subject, value).await?;
        let Some(identity) = identity else {
            return Err(unlinked(provider, proof));
        };
        let account = accounts::known(conn, identity.account).await?;
        if !self.admits(&account) {
            return Err(Error::Closed);
        }
        // whoever set up an expectation could name oneself: an account with a second factor of its own asks for it
        // once, before the provider's word for one is enough
        let first = identity.subject.is_none();
        let trusted = identity.trusted || first && !account.factor;
        let how = How {
            identity: Some((identity.id, proof.subject.as_str(), trusted)),
            factor: proof.factor && trusted,
        };
        self.start(&account, origin, how).await
    }

    /// Links the signed-in account.
    async fn link_own(
        &self,
        provider: &Provider,
        current: &Current,
        proof: &Proof,
    ) -> Result<(), Error> {
        let (account, issuer) = (&current.account, provider.issuer());
        let own = store::identities::of_account(self.db.conn(), account.id).await?;
        let own = own.into_iter().find(|one| one.issuer == issuer);
        if own.as_ref().is_some_and(|one| one.subject.is_some()) {
            let name = &provider.config.name;
            let message = format!("您的账号已经关联了“{name}”，要换一个请先解除");
            return Err(Error::Conflict(message));
        }
        let identity = &Identity {
            id: own.as_ref().map_or_else(|| self.new_id(), |one| one.id),
            account: account.id,
            issuer: issuer.to_owned(),
            expected: None,
            subject: Some(proof.subject.clone()),
            trusted: true,
            linked_by: account.name.clone(),
            linked_at: self.now(),
            signed_in_at: None,
        };
        let waits = own.is_some();
        self.db
            .write(|tx| async move {
                if waits {
                    store::identities::remove(&tx, identity.id).await?;
                }
                if !store::identities::insert(&tx, identity).await? {
                    return Err(Error::Conflict(
                        "这个统一身份已经关联了别的账号，请联系系统管理员".to_owned(),
                    ));
                }
                self.tell(&tx, account.id, &IDENTITY_LINKED).await?;
                let at = self.now();
                let entry = record::own_entry(at, account, &current.origin, "people.link_identity")
                    .after(told(identity));
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }

    /// Names whom the provider will vouch for: the account is theirs from their first sign-in on.
    ///
    /// # Errors
    /// A viewer who may not; a field that is wrong; somebody else's; the database.
    pub async fn expect_identity(
        &self,
        viewer: &Viewer,
        account: Uuid,
        provider: &str,
        value: &str,
    ) -> Result<(), Error> {
        viewer.need(ORGANISATION_MANAGE)?;
        let provider = self
            .provider(provider)
            .map_err(|_| Error::field("provider", "请选择身份源"))?;
        let value = value.trim();
        if value.is_empty() || value.chars().count() > VALUE_MAX {
            let name = &provider.config.claim_name;
            return Err(Error::field(
                "value",
                format!("请填写{name}，最多 255 个字"),
            ));
        }
        let identity = &Identity {
            id: self.new_id(),
            account,
            issuer: provider.issuer().to_owned(),
            expected: Some(value.to_owned()),
            subject: None,
            trusted: false,
            linked_by: viewer.name().to_owned(),
            linked_at: self.now(),
            signed_in_at: None,
        };
        self.db
            .write(|tx| async move {
                accounts::known(&tx, account).await?;
                if !store::identities::insert(&tx, identity).await? {
                    let message = "这个账号已经关联，或这个标识已经关联了别的账号：请先解除";
                    return Err(Error::field("value", message));
                }
                self.tell(&tx, account, &IDENTITY_LINKED).await?;
                let at = self.now();
                let entry = record::entry(at, viewer, "people.expect_identity", "account", account);
                audit::append(&tx, &entry.after(told(identity))).await?;
                Ok(())
            })
            .await
    }

    /// The identities of an account.
    ///
    /// # Errors
    /// A viewer who may not; the database.
    pub async fn identities(&self, viewer: &Viewer, account: Uuid) -> Result<Vec<Identity>, Error> {
        viewer.need(ACCOUNT_READ)?;
        Ok(store::identities::of_account(self.db.conn(), account).await?)
    }

    /// One's own identities.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn own_identities(&self, current: &Current) -> Result<Vec<Identity>, Error> {
        Ok(store::identities::of_account(self.db.conn(), current.account.id).await?)
    }

    /// Removes an identity; the sessions that came with it end.
    ///
    /// # Errors
    /// A viewer who may not; none such; the database.
    pub async fn unlink(&self, viewer: &Viewer, id: Uuid) -> Result<Uuid, Error> {
        viewer.need(ORGANISATION_MANAGE)?;
        self.db
            .write(|tx| async move {
                let identity = store::identities::one(&tx, id).await?;
                let identity = identity.ok_or(Error::Missing("这个关联"))?;
                store::identities::remove(&tx, id).await?;
                let (at, account) = (self.now(), identity.account);
                let entry = record::entry(at, viewer, "people.unlink_identity", "account", account);
                audit::append(&tx, &entry.before(told(&identity))).await?;
                Ok(account)
            })
            .await
    }

    /// Removes one of one's own identities.
    ///
    /// # Errors
    /// None such; the database.
    pub(crate) async fn unlink_own(&self, current: &Current, id: Uuid) -> Result<(), Error> {
        complete(current)?;
        let account = &current.account;
        self.db
            .write(|tx| async move {
                let identity = store::identities::one(&tx, id).await?;
                let identity = identity.filter(|one| one.account == account.id);
                let identity = identity.ok_or(Error::Missing("这个关联"))?;
                store::identities::remove(&tx, id).await?;
                let at = self.now();
                let entry =
                    record::own_entry(at, account, &current.origin, "people.unlink_identity")
                        .before(told(&identity));
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }

    /// The provider with which a session was started, and where to sign out there, too.
    pub(crate) async fn farewell(&self, current: &Current) -> Option<(String, String)> {
        let id = current.session.as_ref()?.identity?;
        let found = store::identities::one(self.db.conn(), id).await;
        let issuer = found.ok()??.issuer;
        let mut all = self.providers.iter();
        let provider = all.find(|provider| provider.issuer() == issuer)?;
        let address = provider.leave(self.now()).await?;
        Some((provider.config.name.clone(), address))
    }

    async fn refuse(
        &self,
        provider: &Provider,
        error: &Error,
        origin: &Origin,
    ) -> Result<(), Error> {
        let entry = record::failure(self.now(), None, origin, "people.identity_refused");
        let entry = zhida_platform::audit::Entry {
            subject_kind: "identity_provider",
            subject_id: provider.config.id.clone(),
            ..entry
        };
        let entry = entry.detail(json!({ "reason": error.to_string() }));
        audit::record(&self.db, &[entry]).await?;
        Ok(())
    }
}

/// The session of somebody who has signed in completely.
fn complete(current: &Current) -> Result<Uuid, Error> {
    let session = current.session.as_ref();
    let session = session.filter(|_| current.stage == Stage::Complete);
    session.map(|session| session.id).ok_or(Error::NotSignedIn)
}

fn failed(provider: &Provider, fault: &Fault) -> Error {
    tracing::warn!(provider = provider.config.id, %fault, "身份源没有证明身份");
    let name = provider.config.name.clone();
    match fault {
        Fault::Unreachable(_) => Error::Unreachable(name),
        Fault::Unproved(_) => Error::Unproved(name),
    }
}

fn unlinked(provider: &Provider, proof: &Proof) -> Error {
    let config = &provider.config;
    let value = match &proof.value {
        Some(value) => format!("{} {value}", config.claim_name),
        None => format!("没有{}", config.claim_name),
    };
    Error::Unlinked {
        provider: config.name.clone(),
        value,
    }
}

fn told(identity: &Identity) -> serde_json::Value {
    json!({
        "issuer": identity.issuer,
        "expected": identity.expected,
        "subject": identity.subject,
    })
}
