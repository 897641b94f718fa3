//! Accounts for the demonstration: one for each role.

use uuid::Uuid;
use zhida_platform::access::{Origin, Rights, Role, Side, Viewer};
use zhida_platform::audit;
use zhida_platform::problem::Problem;

use super::sign_in::How;
use super::{Entrance, NewAccount, OrganisationForm, People};
use crate::error::Error;
use crate::model::{Account, OrganisationKind, Place, Seat};
use crate::record;
use crate::secret::Secret;
use crate::store;

/// An account of the demonstration.
#[derive(Debug, Clone)]
pub struct DemoAccount {
    /// The role's name.
    pub role: String,
    /// What is typed at sign-in.
    pub login: String,
}

impl People {
    /// Makes one account for each role, all with one new password; those that are there get that one, too. They sign in
    /// without a second factor, and nowhere but in the demonstration.
    ///
    /// # Errors
    /// Outside the demonstration; the database.
    pub async fn make_demo_accounts(
        &self,
        division: &str,
        enterprise: Option<&str>,
    ) -> Result<(Secret, Vec<DemoAccount>), Error> {
        if !self.settings.demo {
            return Err(Problem::forbidden("演示账号只能由 zhida demo 建立").into());
        }
        let viewer = &Viewer::system("演示");
        let bureau = self
            .demo_organisation(
                viewer,
                division,
                "演示市发展和改革局",
                OrganisationKind::Government,
            )
            .await?;
        let agency = self
            .demo_organisation(
                viewer,
                division,
                "演示代办服务公司",
                OrganisationKind::Agency,
            )
            .await?;
        let enterprise = match enterprise {
            Some(code) => Some(
                self.place(&super::PlaceKey::Enterprise(code.to_owned()))
                    .await?,
            ),
            None => None,
        };
        let password = Secret::code(4);
        let hash = self.hasher.hash(&password).await?;
        let mut made = Vec::new();
        for role in Rights::shipped().roles() {
            let place = match role.side {
                Side::Public => None,
                Side::Enterprise => enterprise.clone(),
                Side::Agency => Some(agency.clone()),
                Side::Government | Side::Administration => Some(bureau.clone()),
            };
            if let Some(place) = place {
                made.extend(self.demo_account(viewer, role, &place, &hash).await?);
            }
        }
        Ok((password, made))
    }

    /// The roles in which the demonstration can be entered.
    ///
    /// # Errors
    /// Outside the demonstration; the database.
    pub(crate) async fn demo_roles(&self) -> Result<Vec<String>, Error> {
        let mut found = Vec::new();
        for role in Rights::shipped().roles() {
            if self.demo_account_of(&role.id).await?.is_some() {
                found.push(role.id.clone());
            }
        }
        Ok(found)
    }

    /// Starts a session of the demonstration's account for a role, without a password.
    ///
    /// # Errors
    /// Outside the demonstration; no such role; the database.
    pub(crate) async fn enter_demo(&self, role: &str, origin: &Origin) -> Result<Entrance, Error> {
        let account = self.demo_account_of(role).await?;
        let account = account.ok_or(Error::Missing("这个演示身份"))?;
        self.start(&account, origin, How::default()).await
    }

    /// Only accounts that the demonstration made itself: none of a database that is served in earnest.
    async fn demo_account_of(&self, role: &str) -> Result<Option<Account>, Error> {
        if !self.settings.demo {
            return Err(Error::Missing("演示"));
        }
        let login = login_of(role);
        let found = store::accounts::by_login(self.db.conn(), &login).await?;
        Ok(found.filter(|account| account.demo && account.open))
    }

    async fn demo_organisation(
        &self,
        viewer: &Viewer,
        division: &str,
        name: &str,
        kind: OrganisationKind,
    ) -> Result<Place, Error> {
        let query = crate::OrganisationQuery {
            text: name.to_owned(),
            ..Default::default()
        };
        let page = zhida_platform::paging::PageRequest::first(1);
        let found = self.organisations(viewer, &query, &page).await?.items.pop();
        let organisation = match found {
            Some(organisation) => organisation,
            None => {
                let form = OrganisationForm {
                    parent: None,
                    name: name.to_owned(),
                    kind,
                    division: division.to_owned(),
                    valid_from: self.today(),
                    valid_until: None,
                };
                self.create_organisation(viewer, &form).await?
            }
        };
        Ok(Place::Organisation {
            id: organisation.id,
            name: organisation.name,
            division: organisation.division,
        })
    }

    /// `None` when somebody else's account has this login: it stays as it is.
    async fn demo_account(
        &self,
        viewer: &Viewer,
        role: &'static Role,
        place: &Place,
        hash: &str,
    ) -> Result<Option<DemoAccount>, Error> {
        let login = login_of(&role.id);
        let new = NewAccount {
            login: login.clone(),
            name: format!("演示{}", role.name),
            ..NewAccount::default()
        };
        let account = Account {
            demo: true,
            must_change: false,
            ..new.checked(self)?
        };
        let (account, seat) = (
            &account,
            self.demo_seat(&account, role, place, self.new_id()),
        );
        let seat = &seat;
        let ours = self
            .db
            .write(|tx| async move {
                store::lock_seats(&tx).await?;
                if let Some(known) = store::accounts::by_login(&tx, &account.login).await? {
                    if known.demo {
                        // a visitor may have closed it
                        store::accounts::set_open(&tx, known.id, true).await?;
                        store::accounts::set_password(&tx, known.id, hash, false, self.now())
                            .await?;
                    }
                    return Ok(known.demo);
                }
                self.insert_account(&tx, account, hash).await?;
                self.seat_in(&tx, account, seat).await?;
                let entry = record::entry(
                    self.now(),
                    viewer,
                    "people.make_demo_account",
                    "account",
                    account.id,
                );
                audit::append(&tx, &entry).await?;
                Ok::<_, Error>(true)
            })
            .await?;
        Ok(ours.then(|| DemoAccount {
            role: role.name.clone(),
            login,
        }))
    }

    fn demo_seat(&self, account: &Account, role: &Role, place: &Place, id: Uuid) -> Seat {
        Seat {
            id,
            account: account.id,
            account_name: account.name.clone(),
            account_login: account.login.clone(),
            place: place.clone(),
            role: role.id.clone(),
            valid_from: self.today(),
            valid_until: None,
            granted_by: "演示".to_owned(),
            ended_at: None,
            reason: String::new(),
        }
    }
}

fn login_of(role: &str) -> String {
    role.replace('_', "-")
}
