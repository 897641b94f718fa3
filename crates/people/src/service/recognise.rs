//! Who makes a request: from the cookie of a session or from an API token, anew for every request, so that a seat,
//! mandate or account that has ended gives nothing any more.

use chrono::TimeDelta;
use zhida_platform::access::{self, Origin, Person, Rights, Side, Viewer};
use zhida_platform::problem::Problem;

use super::People;
use crate::error::Error;
use crate::model::{Account, Mandate, Place, Seat, Session};
use crate::secret::Secret;
use crate::store;

/// “Last used” is kept to the minute: not every request is a write.
const TOUCH_EVERY: TimeDelta = TimeDelta::seconds(60);

/// What has to be done before a session may do anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The code of the authenticator app is missing.
    GiveCode,
    /// The initial password has to be changed.
    ChangePassword,
    /// The second factor has to be set up.
    SetUpFactor,
    /// Nothing.
    Complete,
}

impl Stage {
    /// The page on which it is done.
    #[must_use]
    pub fn page(self) -> &'static str {
        match self {
            Self::GiveCode => "/sign-in/code",
            Self::ChangePassword => "/account/password",
            Self::SetUpFactor => "/account/factor",
            Self::Complete => "/account",
        }
    }
}

/// Whoever makes a request, with all that is known.
#[derive(Debug, Clone)]
pub struct Current {
    /// The account.
    pub account: Account,
    /// The session; `None` when a token was shown.
    pub session: Option<Session>,
    /// The seats that hold today.
    pub seats: Vec<Seat>,
    /// The one in which it is acted.
    pub seat: Option<Seat>,
    /// The mandate under which it is acted.
    pub mandate: Option<Mandate>,
    /// What comes first.
    pub stage: Stage,
    /// From where.
    pub origin: Origin,
    /// To which actions a token is cut down.
    pub(crate) token: Option<Vec<String>>,
}

/// What a request shows.
pub(crate) enum Recognised {
    Nobody,
    Somebody(Box<Current>),
}

impl Current {
    /// What the request may do: nothing more than a visitor before the sign-in is complete.
    #[must_use]
    pub fn viewer(&self) -> Viewer {
        if self.stage != Stage::Complete {
            return Viewer::visitor();
        }
        let session = self.session.as_ref();
        Viewer::person(Person {
            account: self.account.id,
            name: self.account.name.clone(),
            seat: self.seat.as_ref().map(|seat| self.acting(seat)),
            // a token can only be made by a session that has given the factor its seat asks for
            second_factor: session.is_none_or(|session| session.factor) || self.account.demo,
            token: self.cut(),
            origin: self.origin.clone(),
        })
    }

    fn acting(&self, seat: &Seat) -> access::Seat {
        let mandate = self.mandate.as_ref();
        let own = seat.place.enterprise().map(str::to_owned);
        access::Seat {
            id: seat.id,
            organisation: seat.place.organisation(),
            organisation_name: seat.place.name().to_owned(),
            role: seat.role.clone(),
            division: match &seat.place {
                Place::Organisation { division, .. } => Some(division.clone()),
                Place::Enterprise { .. } => None,
            },
            enterprise: mandate.map(|one| one.enterprise.clone()).or(own),
            on_behalf_of: mandate.map(|one| one.enterprise_name.clone()),
        }
    }

    /// A token's actions; under a mandate those of the mandate, and what every account may do.
    fn cut(&self) -> Option<Vec<String>> {
        if self.token.is_some() {
            return self.token.clone();
        }
        let mandate = self.mandate.as_ref()?;
        let always = Rights::shipped().account().may().map(|(slug, _)| slug);
        let given = mandate.actions.iter().map(String::as_str);
        Some(always.chain(given).map(str::to_owned).collect())
    }
}

impl People {
    /// Whose session the cookie is.
    pub(crate) async fn by_cookie(
        &self,
        cookie: &Secret,
        origin: &Origin,
    ) -> Result<Recognised, Error> {
        let now = self.now();
        let conn = self.db.conn();
        let Some(session) = store::sessions::by_digest(conn, &cookie.digest()).await? else {
            return Ok(Recognised::Nobody);
        };
        let over = now >= session.seen_at + self.settings.idle
            || now >= session.started_at + self.settings.absolute;
        let account = store::accounts::one(conn, session.account).await?;
        let account = account.filter(|account| !over && self.admits(account));
        let Some(account) = account else {
            return Ok(Recognised::Nobody);
        };
        if now - session.seen_at >= TOUCH_EVERY {
            let id = session.id;
            self.db
                .write(|tx| async move { store::sessions::touch(&tx, id, now).await })
                .await?;
        }
        let (seats, ahead) = self.seats_of(&account).await?;
        // one that has ended is not replaced by another behind the person's back
        let seat = match session.seat {
            Some(id) => seats.iter().find(|seat| seat.id == id).cloned(),
            None => seats.first().cloned(),
        };
        let mandate = match (&seat, session.mandate) {
            (Some(seat), Some(id)) => self.mandate_for(seat, id).await?,
            _ => None,
        };
        let stage = self.stage(&account, &session, &ahead);
        Ok(Recognised::Somebody(Box::new(Current {
            account,
            session: Some(session),
            seats,
            seat,
            mandate,
            stage,
            origin: origin.clone(),
            token: None,
        })))
    }

    /// Whose token it is.
    ///
    /// # Errors
    /// 401 when it is none that can be used.
    pub(crate) async fn by_token(
        &self,
        token: &Secret,
        origin: &Origin,
    ) -> Result<Recognised, Error> {
        let now = self.now();
        let conn = self.db.conn();
        let found = store::tokens::by_digest(conn, &token.digest()).await?;
        let found = found.filter(|token| token.open(now)).ok_or_else(unusable)?;
        let account = store::accounts::one(conn, found.account).await?;
        let account = account
            .filter(|account| self.admits(account))
            .ok_or_else(unusable)?;
        let (seats, _) = self.seats_of(&account).await?;
        let seat = seats.iter().find(|seat| seat.id == found.seat).cloned();
        let seat = seat.ok_or_else(unusable)?;
        if found.used_at.is_none_or(|used| now - used >= TOUCH_EVERY) {
            let id = found.id;
            self.db
                .write(|tx| async move { store::tokens::touch(&tx, id, now).await })
                .await?;
        }
        Ok(Recognised::Somebody(Box::new(Current {
            account,
            session: None,
            seats,
            seat: Some(seat),
            mandate: None,
            stage: Stage::Complete,
            origin: origin.clone(),
            token: Some(found.actions),
        })))
    }

    /// Whether an account can be used here: it is open, and not one of the demonstration elsewhere.
    pub(super) fn admits(&self, account: &Account) -> bool {
        account.open && (self.settings.demo || !account.demo)
    }

    /// The seats that hold today, and those that hold today or will.
    pub(super) async fn seats_of(
        &self,
        account: &Account,
    ) -> Result<(Vec<Seat>, Vec<Seat>), Error> {
        let today = self.today();
        let mut ahead = store::seats::of_account(self.db.conn(), account.id).await?;
        ahead.retain(|seat| seat.ahead(today));
        let active = ahead.iter().filter(|seat| seat.active(today)).cloned();
        Ok((active.collect(), ahead))
    }

    pub(super) async fn mandate_for(
        &self,
        seat: &Seat,
        id: uuid::Uuid,
    ) -> Result<Option<Mandate>, Error> {
        let found = store::mandates::one(self.db.conn(), id).await?;
        Ok(found.filter(|mandate| {
            let for_seat = seat.place.organisation() == Some(mandate.organisation);
            is_agents(seat) && for_seat && mandate.active(self.today())
        }))
    }

    /// What a session has to do first.
    pub(super) fn stage(&self, account: &Account, session: &Session, ahead: &[Seat]) -> Stage {
        let asks = |seat: &Seat| seat.role().is_some_and(|role| role.second_factor);
        let missing = !session.factor && !account.demo;
        if account.factor && missing {
            Stage::GiveCode
        } else if account.must_change && session.identity.is_none() {
            // whoever came with a provider does not use the password
            Stage::ChangePassword
        } else if !account.factor && missing && ahead.iter().any(asks) {
            Stage::SetUpFactor
        } else {
            Stage::Complete
        }
    }
}

/// Whether somebody in this seat acts for others, under their mandates.
pub(super) fn is_agents(seat: &Seat) -> bool {
    seat.role().is_some_and(|role| role.side == Side::Agency)
}

/// One answer for every reason: a stranger learns nothing about the token.
fn unusable() -> Problem {
    Problem::new(
        axum::http::StatusCode::UNAUTHORIZED,
        "token",
        "访问令牌不能用",
        "访问令牌不对、已过期、已停用，或它的任职已经结束",
    )
    .hint("请在“我的账号”里重新建立访问令牌")
}
